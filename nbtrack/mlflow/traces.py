"""Traces and what MLflow builds on them: nbtrack keeps none, and says so where somebody would store one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from mlflow.exceptions import MlflowException, MlflowNotImplementedException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities import PagedList


def unsupported(name: str, instead: str) -> Callable[..., Any]:
    """A method that says that there is no such thing here, and what to use."""

    def refuse(self: object, *_: Any, **__: Any) -> NoReturn:
        raise MlflowNotImplementedException(f"nbtrack does not support `{name}` yet. {instead}")

    refuse.__name__ = name
    refuse.__doc__ = f"{name} is not supported yet."
    return refuse


_ELSEWHERE = "Use a tracking URI of an MLflow server or a SQLite file for it."


def _no_trace(self: object, trace_id: str, *_: Any, **__: Any) -> NoReturn:
    raise MlflowException(f"Trace with ID '{trace_id}' not found.", RESOURCE_DOES_NOT_EXIST)


def _no_list(self: object, *_: Any, **__: Any) -> list[Any]:
    return []


def _no_page(self: object, *_: Any, **__: Any) -> PagedList[Any]:
    return PagedList([], token=None)


class Traces:
    """What a store without traces answers: reads find nothing, writes are refused."""

    def search_traces(self, *_: Any, **__: Any) -> tuple[list[Any], str | None]:
        """No traces."""
        return [], None

    def link_traces_to_run(self, trace_ids: list[str], run_id: str) -> None:
        """Link no traces to a run."""
        if trace_ids:
            _no_trace(self, trace_ids[0])

    def _delete_traces(self, *_: Any, **__: Any) -> int:
        return 0

    get_trace: Any = _no_trace
    get_trace_info: Any = _no_trace
    get_assessment: Any = _no_trace
    set_trace_tag: Any = _no_trace
    delete_trace_tag: Any = _no_trace
    create_assessment: Any = unsupported("create_assessment", _ELSEWHERE)
    update_assessment: Any = _no_trace
    delete_assessment: Any = _no_trace
    batch_get_traces: Any = _no_list
    batch_get_trace_infos: Any = _no_list
    find_completed_sessions: Any = _no_list
    query_trace_metrics: Any = _no_page
    search_issues: Any = _no_page
    search_datasets: Any = _no_page
    list_scorers: Any = _no_list
    list_scorers_across_experiments: Any = _no_list
    list_scorer_versions: Any = _no_list
    get_online_scoring_configs: Any = _no_list
    get_active_online_scorers: Any = _no_list
    start_trace: Any = unsupported("start_trace", _ELSEWHERE)
    log_spans: Any = unsupported("log_spans", _ELSEWHERE)
    register_scorer: Any = unsupported("register_scorer", _ELSEWHERE)
    create_dataset: Any = unsupported("create_dataset", "mlflow.log_input() keeps what a run read.")
    create_issue: Any = unsupported("create_issue", _ELSEWHERE)
