"""The model registry that nbtrack does not have yet: empty to whoever reads, a clear refusal to whoever writes."""

from __future__ import annotations

from typing import Any, NoReturn

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore

from nbtrack.mlflow.traces import unsupported

_INSTEAD = (
    "Models that are logged with log_model() are kept and loaded without it; to register them, name a registry: "
    "mlflow.set_registry_uri('sqlite:///registry.db')."
)


def _refused(name: str) -> Any:
    return unsupported(name, _INSTEAD)


class NbtrackRegistry(AbstractStore):
    """What MLflow asks of a registry store."""

    def __init__(self, store_uri: str | None = None, tracking_uri: str | None = None) -> None:
        begin: Any = super().__init__
        begin(store_uri, tracking_uri)

    # -- reading: there is nothing

    def search_registered_models(self, *_: Any, **__: Any) -> PagedList[Any]:
        """No models."""
        return PagedList([], token=None)

    def search_model_versions(self, *_: Any, **__: Any) -> PagedList[Any]:
        """No versions."""
        return PagedList([], token=None)

    def list_webhooks(self, *_: Any, **__: Any) -> PagedList[Any]:
        """No webhooks."""
        return PagedList([], token=None)

    def list_webhooks_by_event(self, *_: Any, **__: Any) -> PagedList[Any]:
        """No webhooks."""
        return PagedList([], token=None)

    def get_registered_model(self, name: str) -> NoReturn:
        """None of this name."""
        _missing(f"Registered Model with name={name} not found")

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> NoReturn:
        """None of this name."""
        _missing(f"Registered Model with name={name} not found")

    def get_model_version(self, name: str, version: str) -> NoReturn:
        """None of this name."""
        _missing(f"Model Version (name={name}, version={version}) not found")

    def get_model_version_download_uri(self, name: str, version: str) -> NoReturn:
        """None of this name."""
        _missing(f"Model Version (name={name}, version={version}) not found")

    def get_model_version_by_alias(self, name: str, alias: str) -> NoReturn:
        """None of this name."""
        _missing(f"Registered Model with name={name} not found")

    # -- writing

    create_registered_model: Any = _refused("create_registered_model")
    update_registered_model: Any = _refused("update_registered_model")
    rename_registered_model: Any = _refused("rename_registered_model")
    delete_registered_model: Any = _refused("delete_registered_model")
    set_registered_model_tag: Any = _refused("set_registered_model_tag")
    delete_registered_model_tag: Any = _refused("delete_registered_model_tag")
    create_model_version: Any = _refused("create_model_version")
    update_model_version: Any = _refused("update_model_version")
    transition_model_version_stage: Any = _refused("transition_model_version_stage")
    delete_model_version: Any = _refused("delete_model_version")
    set_model_version_tag: Any = _refused("set_model_version_tag")
    delete_model_version_tag: Any = _refused("delete_model_version_tag")
    set_registered_model_alias: Any = _refused("set_registered_model_alias")
    delete_registered_model_alias: Any = _refused("delete_registered_model_alias")
    create_webhook: Any = _refused("create_webhook")


def _missing(message: str) -> NoReturn:
    raise MlflowException(message, RESOURCE_DOES_NOT_EXIST)
