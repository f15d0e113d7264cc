"""MLflow's tracking store on the project's file: one class, a part of it per noun."""

from __future__ import annotations

from mlflow.store.tracking.abstract_store import AbstractStore

from nbtrack.mlflow.experiments import Experiments
from nbtrack.mlflow.history import History
from nbtrack.mlflow.logging import Logging
from nbtrack.mlflow.search import Search
from nbtrack.mlflow.traces import Traces


class NbtrackStore(Experiments, Logging, Search, History, Traces, AbstractStore):
    """What MLflow asks of a tracking store. MLflow keeps one object per URI, used by all threads of the process."""
