"""Runs cut to what a small table shows."""

from __future__ import annotations

from typing import Any

from nbtrack.runs import contract as c
from nbtrack.sdk.views.brief import Brief, briefly

SUMMARY = c.Summary(1, 1, 1, 1, 1, 0)


def row(id: str = "a", **more: Any) -> c.RunRow:
    given: dict[str, Any] = {
        "name": id,
        "status": "finished",
        "experiment": "e",
        "started": 1.7e9,
        "ended": 1.7e9 + 1,
        "duration": 1.0,
        "kind": "cell",
        "notebook": None,
        "cell": None,
        "execution": None,
        "parent": None,
        "note": "",
        "starred": False,
        "trashed": None,
        "end_reason": None,
        "revision": 1,
    }
    return c.RunRow(id=id, **given | more)


def test_short_runs_stay_as_they_are() -> None:
    one = row(params={"lr": 0.1, "big": 10**80, "list": [1]}, metrics={"a": SUMMARY}, tags={"t": ""})
    assert briefly([one], None) == Brief([one], None, [])


def test_every_text_is_cut() -> None:
    long = "x" * 10_000
    params = {f"{long}{at}": long for at in range(3)} | {"list": [long]}
    one = row(name=long, note=long, end_reason=long, experiment=long, notebook=long, params=params, tags={long: long})
    (found,) = briefly([one], None).rows
    texts = [found.name, found.note, found.end_reason, found.experiment, found.notebook]
    texts += [*found.params, *found.params.values(), *found.tags, *found.tags.values()]
    assert all(isinstance(text, str) and len(text) <= 160 for text in texts)
    assert len(found.params) == 4  # names that begin alike stay apart


def test_texts_that_differ_at_their_end_still_differ() -> None:
    values = ["a" * 100 + "1", "a" * 100 + "2", "a" * 100 + "1", ["a" * 100, 1], ["a" * 100, 2]]
    brief = briefly([row(str(at), params={"x": value}) for at, value in enumerate(values)], None)
    shown = [one.params["x"] for one in brief.rows]
    assert shown[0] == shown[2]
    assert len(set(shown)) == 4
    assert all(len(text) <= 70 for text in shown)


def test_only_the_columns_asked_for_are_kept() -> None:
    one = row(params={"lr": 1, "depth": 2}, metrics={"acc": SUMMARY, "loss": SUMMARY}, tags={"a": "", "b": ""})
    brief = briefly([one], ["params.lr", "metrics.acc", "tags.b"])
    (found,) = brief.rows
    assert (found.params, list(found.metrics), found.tags) == ({"lr": 1}, ["acc"], {"b": ""})
    assert brief.only == ["params.lr", "metrics.acc", "tags.b"]
    brief = briefly([one], ["params.*"])
    (found,) = brief.rows
    assert (found.params, found.metrics, found.tags, brief.only) == (one.params, {}, {}, None)


def test_of_very_many_names_a_hundred_are_looked_at_and_the_others_counted() -> None:
    rows = [row(str(at), params={f"p{place}": 1 for place in range(100 + at)}, metrics={}) for at in range(3)]
    brief = briefly(rows, None)
    assert {len(one.params) for one in brief.rows} == {100}
    assert brief.more == ["2 more params"]
    assert briefly([row(metrics={f"m{at}": SUMMARY for at in range(1101)})], None).more == ["1,001 more metrics"]


def test_of_many_tags_a_few_are_shown() -> None:
    (found,) = briefly([row(tags={f"t{at}": "" for at in range(1000)})], None).rows
    assert len(found.tags) == 5
