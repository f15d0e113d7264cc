"""Selections: a filter, further ones that must hold beside it, and how many runs there are without them."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import FilterError
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import pages
from nbtrack.tables.contract import FactsRequest, GroupsRequest
from nbtrack.tables.service import TablesService


@pytest.fixture
def service(filled: Project) -> RunsService:
    return RunsService(filled)


def found(service: RunsService, **given: Any) -> set[str]:
    """The names of the runs on a page; `numbers` must say the same ones."""
    request = c.PageRequest(**given)
    page = service.page(request)
    names = {row.name for row in page.rows}
    assert page.matched == len(page.rows) == len(names)
    assert {row.name for row in service.rows(service.numbers(request))} == names
    return names


@pytest.mark.parametrize(
    ("filter", "also", "names"),
    [
        ("", [], {"forest", "svm", "child", "odd"}),
        ("", ["metrics.acc > 0.1"], {"forest", "svm", "child"}),
        ("metrics.acc > 0.1", ["params.lr < 0.05"], {"svm"}),
        ("metrics.acc > 0.1", ["params.lr <= 0.1", "metrics.loss > 0"], {"forest"}),
        ("metrics.acc > 0.1 or name = 'odd'", ["params.lr is null"], {"child", "odd"}),
        ("name = 'svm' or name = 'odd'", ["name = 'svm' or name = 'forest'"], {"svm"}),
        ("metrics.acc > 0.1", ["metrics.acc < 0.1"], set()),
        ("digits", ["params.lr is not null"], {"forest", "svm"}),
        ("digits", ["forest"], {"forest"}),
        ("", ["digits", "not (name = 'child')"], {"forest", "svm"}),
        ("", ["", "  ", "status = 'failed'"], {"forest"}),
        (" ", ["\t"], {"forest", "svm", "child", "odd"}),
    ],
)
def test_all_filters_must_hold(service: RunsService, filter: str, also: list[str], names: set[str]) -> None:
    assert found(service, filter=filter, also=also) == names
    assert found(service, filter="", also=[filter, *also]) == names
    assert found(service, filter="", also=[*also[::-1], filter]) == names


def test_what_there_is_in_all_is_counted_without_any_filter(service: RunsService) -> None:
    page = service.page(c.PageRequest(also=["status = 'failed'"]))
    assert (page.matched, page.total) == (1, 4)
    page = service.page(c.PageRequest(filter="acc", also=["status = 'failed'"], trashed=True))
    assert (page.matched, page.total) == (0, 1)
    page = service.page(c.PageRequest(also=["starred"], experiment="old"))
    assert (page.matched, page.total) == (0, 1)


def test_sorted_and_cut_pages_keep_to_all_filters(service: RunsService) -> None:
    for sort in ([], ["-metrics.acc"], ["name"]):
        request = c.PageRequest(filter="digits", also=["metrics.acc > 0.1"], sort=sort, limit=2)
        pages_of = [service.page(request), service.page(c.PageRequest(**{**_plain(request), "offset": 2}))]
        names = [row.name for page in pages_of for row in page.rows]
        assert sorted(names) == ["child", "forest", "svm"]


def _plain(request: c.PageRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


def test_a_mistake_in_a_further_filter_names_its_text_and_has_no_column(service: RunsService) -> None:
    with pytest.raises(FilterError, match=r"In the further filter 'params\.lr < <': Expected") as raised:
        service.page(c.PageRequest(filter="metrics.acc > 0.1", also=["metrics.acc < 1", "params.lr < <"]))
    assert raised.value.column is None
    with pytest.raises(FilterError, match=r"params\.lrr") as raised:
        service.page(c.PageRequest(also=["params.lrr < 1"]))
    assert "params.lr" in raised.value.hint
    with pytest.raises(FilterError) as raised:
        service.page(c.PageRequest(filter="params.lr < <", also=["metrics.acc < 1"]))
    assert raised.value.column == 12
    assert "further" not in raised.value.message


@pytest.mark.parametrize("text", ["x" * 10_001, "name = 'a\0'", "name = '\ud800'", "<script>", "'" * 9_999])
def test_a_further_filter_that_cannot_be_read_is_refused(service: RunsService, text: str) -> None:
    with pytest.raises(FilterError, match="In the further filter"):
        service.page(c.PageRequest(also=["starred", text]))


@pytest.mark.parametrize("also", [["starred"] * 51, ["x" * 9_999] * 5])
def test_more_filters_than_are_read_are_refused(service: RunsService, also: list[str]) -> None:
    with pytest.raises(FilterError, match="further filters"):
        service.page(c.PageRequest(also=also))


@pytest.mark.parametrize(
    "text",
    [
        "params.lr=1 or ",
        "params.lr!=1 and ",
        "parent='' or ",
        "metrics.acc in (1,2) or ",
        "params.lr is null and ",
        "started>'-7d'or ",
        "not " * 40 + "starred and ",
    ],
)
@pytest.mark.parametrize("filters", [1, 4, 50])
def test_the_longest_filters_are_no_trouble_for_sqlite(service: RunsService, text: str, filters: int) -> None:
    size = 10_000 if filters < 5 else 800
    also = [text * ((size - 10) // len(text)) + "starred"] * filters
    found(service, filter="", also=also[: 40_000 // len(also[0])])


def test_deep_filters_together_are_answered_or_refused(service: RunsService) -> None:
    for depth in range(40, 50):
        deep = "(" * depth + "starred" + ")" * depth + " or " + "not " * depth + "starred"
        also = [deep] * 50
        told = ""
        try:
            service.page(c.PageRequest(filter=deep, also=also))
        except FilterError as error:
            told = error.message
        assert "nested" in told or not told


def test_counts_are_remembered_until_the_file_changes(
    service: RunsService, filled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbtrack.runs.editing import EditingService

    counted: list[Any] = []
    real = pages.find
    monkeypatch.setattr(pages, "find", lambda *args: counted.append(args) or real(*args))
    request = c.PageRequest(filter="metrics.acc > 0.1", also=["status = 'failed'"])
    assert [service.page(request).matched for _ in range(3)] == [1, 1, 1]
    assert len(counted) == 2, "the selection and the whole, once each"
    assert service.page(c.PageRequest(filter="metrics.acc > 0.1")).matched == 3
    assert service.page(c.PageRequest(filter="metrics.acc > 0.1", trashed=True)).matched == 0
    EditingService(service).trash(c.RunsRequest(["forest"]))
    assert service.page(request).matched == 0


def test_few_runs_that_were_searched_for_are_not_searched_for_again(service: RunsService) -> None:
    asked: list[str] = []
    service.database.connection().set_trace_callback(asked.append)
    tables = TablesService(service)
    for sort in ([], ["name"], ["-metrics.acc"]):
        assert found(service, filter="digits", sort=sort, columns=[]) == {"forest", "svm", "child"}
    assert tables.facts(FactsRequest(filter="digits", columns=["metrics.acc"])).matched == 3
    assert [group.runs for group in tables.groups(GroupsRequest(filter="digits", by="experiment")).groups] == [3]
    service.database.connection().set_trace_callback(None)
    searches = [query for query in asked if "LIKE" in query]
    assert len(searches) == 4, "once for all pages, facts and groups; `numbers` searches for itself"


def test_counts_by_the_clock_are_not_remembered(service: RunsService, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Any] = []
    real = pages.find
    monkeypatch.setattr(pages, "find", lambda *args: counted.append(args) or real(*args))
    for _ in range(3):
        service.page(c.PageRequest(also=["started > '-1h'"]))
    assert len(counted) == 4, "the whole is counted once"


def test_many_selections_are_remembered_without_end(service: RunsService) -> None:
    for number in range(300):
        assert service.page(c.PageRequest(filter=f"metrics.acc > {number}")).matched == (0 if number else 3)
