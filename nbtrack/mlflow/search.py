"""Finding experiments and runs with MLflow's grammar."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from mlflow.entities import Experiment, Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.entities import PagedList
from mlflow.store.tracking import SEARCH_MAX_RESULTS_DEFAULT, SEARCH_MAX_RESULTS_THRESHOLD
from mlflow.utils.search_utils import SearchUtils

from nbtrack.mlflow.runs import Runs
from nbtrack.mlflow.store import experiments, search

_STAGES = {ViewType.ACTIVE_ONLY: "active", ViewType.DELETED_ONLY: "deleted", ViewType.ALL: "all"}
_ALL = -1  # SQLite's limit for no limit


class Search(Runs):
    """Search of experiments and runs, in pages."""

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = SEARCH_MAX_RESULTS_DEFAULT,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """A page of experiments, those made last first if nothing else is said."""
        most = _checked(max_results)
        offset = SearchUtils.parse_start_offset_from_page_token(page_token)
        with self.reading() as conn:
            search.prepare(conn, str)
            found = search.find_experiments(conn, _STAGES[view_type], filter_string, order_by, most + 1, offset)
            page = [self.experiment_entity(one) for one in found[:most]]
        return PagedList(page, SearchUtils.create_page_token(offset + most) if len(found) > most else None)

    def _search_runs(
        self,
        experiment_ids: Sequence[str | int],
        filter_string: str | None,
        run_view_type: int,
        max_results: int | None,
        order_by: Sequence[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        most = None if max_results is None else _checked(max_results)
        conditions = [
            search.run_condition(clause, self.dataset_condition)
            for clause in SearchUtils.parse_search_filter(filter_string)
        ]
        order = search.run_order(order_by)
        offset = SearchUtils.parse_start_offset_from_page_token(page_token)
        with self.reading() as conn:

            @cache
            def place_of(number: int) -> str:
                return self.location_of(experiments.select(conn, "n = ?", (number,))[0])

            search.prepare(conn, place_of)
            within = self.experiment_rows(conn, experiment_ids)
            limit = _ALL if most is None else most + 1
            found = search.find_runs(conn, within, _STAGES[run_view_type], conditions, order, limit, offset)
            runs = self.run_entities(conn, found[:most])
        more = most is not None and len(found) > most
        return runs, SearchUtils.create_page_token(offset + len(runs)) if more else None


def _checked(max_results: int | None) -> int:
    if max_results is None or max_results < 1:
        raise MlflowException(
            f"Invalid value {max_results} for parameter 'max_results' supplied. It must be a positive integer",
            INVALID_PARAMETER_VALUE,
        )
    if max_results > SEARCH_MAX_RESULTS_THRESHOLD:
        raise MlflowException(
            f"Invalid value {max_results} for parameter 'max_results' supplied. "
            f"It must be at most {SEARCH_MAX_RESULTS_THRESHOLD}",
            INVALID_PARAMETER_VALUE,
        )
    return max_results
