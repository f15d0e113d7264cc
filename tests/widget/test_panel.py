"""`nbtrack.panel`: what it is about, what it leaves in a notebook, what it says where it cannot be shown."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

import nbtrack
from nbtrack.api import built
from nbtrack.base.config import Project
from nbtrack.base.errors import FilterError, InvalidOption, InvalidValue, NotFound
from nbtrack.capture.bundles import is_ours
from nbtrack.runs import current
from nbtrack.sdk import verbs
from nbtrack.widget.panel import MIME, WIDGET, Panel

from .conftest import Comms

LARGEST_SPEC = 600  # bytes of JSON
SPEC_KEYS = [
    *("v", "version", "project", "root", "filter", "sort", "columns", "charts", "also", "experiment", "notebook"),
    *("open", "height"),
]


def in_notebook(panels: list[Panel]) -> list[dict[str, Any]]:
    """What IPython puts into the notebook for each."""
    return [DisplayFormatter().format(one)[0] for one in panels]


def size(bundles: list[dict[str, Any]]) -> int:
    """Bytes that they take in the notebook's file."""
    return len(json.dumps(bundles, ensure_ascii=False).encode())


def learn(project: Project, runs: int = 14, steps: int = 600) -> None:
    """Runs with curves that wiggle, which no few points say."""
    for number in range(runs):
        with current.begin(project, name=f"run-{number}") as run:
            run.set_params({"lr": 10**-number, "depth": number, "model": "forest" * 5})
            for step in range(steps):
                run.log({f"m{key}": math.sin(step * (number + 1) * (key + 1) * 0.37) for key in range(6)}, step=step)


# -- what it is about --------------------------------------------------------------------------------------------------


def test_a_spec_says_everything_that_was_asked_for(filled: Project) -> None:
    found = nbtrack.panel(
        "params.lr > 0",
        sort="-metrics.acc",
        columns=["params.lr", "metrics.*", "name"],
        metrics=["loss", "metrics.acc"],
        experiment="digits",
        notebook="a.ipynb",
        height=480,
    ).spec
    assert list(found) == SPEC_KEYS
    assert found == {
        "v": 1,
        "version": nbtrack.__version__,
        "project": ".",
        "root": "project",
        "filter": "params.lr > 0",
        "sort": ["-metrics.acc"],
        "columns": ["params.lr", "metrics.*", "name"],
        "charts": ["loss", "acc"],
        "also": [],
        "experiment": "digits",
        "notebook": "a.ipynb",
        "open": None,
        "height": 480,
    }


def test_the_project_is_named_as_seen_from_the_notebook(filled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = filled.root / "deep" / "er"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    spec = nbtrack.panel(project=filled.root).spec
    assert (spec["project"], spec["root"]) == ("../..", "project")
    assert str(filled.root.parent) not in json.dumps(spec)


def test_a_project_elsewhere_is_not_named(
    filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comms: Comms
) -> None:
    monkeypatch.chdir(tmp_path)
    (bundle,) = in_notebook([nbtrack.panel(project=filled.root)])
    assert bundle[MIME]["project"] == ""
    assert str(filled.root.name) not in bundle[MIME].values()


@pytest.mark.parametrize("given", [{"run": "@1"}, {"filter": "@1"}, {"filter": " @1 "}, {"run": "odd"}])
def test_it_opens_on_a_run(filled: Project, given: dict[str, Any]) -> None:
    spec = nbtrack.panel(**given).spec
    assert spec["open"] == nbtrack.run("odd").id
    assert spec["filter"] == ""


def test_it_opens_on_a_run_given_as_an_object(filled: Project) -> None:
    assert nbtrack.panel(run=nbtrack.run("svm")).spec["open"] == nbtrack.run("svm").id


def test_it_is_about_the_runs_given_and_no_others(filled: Project) -> None:
    (also,) = nbtrack.panel(runs=["svm", nbtrack.run("forest")]).spec["also"]
    assert sorted(row.name for row in nbtrack.runs(also)) == ["forest", "svm"]
    assert nbtrack.panel(runs="svm").spec["also"] == [f"id in ('{nbtrack.run('svm').id}')"]
    assert nbtrack.panel(runs=nbtrack.runs("metrics.acc > 0.9")).spec["also"] == nbtrack.panel(runs="svm").spec["also"]


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"filter": "metrics.acc >"}, FilterError, "found the end"),
        ({"filter": "metrics.acd > 1"}, FilterError, "metrics.acc"),
        ({"filter": 3}, InvalidValue, "text"),
        ({"filter": "@99"}, NotFound, "@99"),
        ({"sort": "metrics.acd"}, FilterError, "metrics.acc"),
        ({"sort": [1]}, InvalidValue, "1 (int) in sort"),
        ({"sort": {1: "a"}}, InvalidValue, "1 (int) in sort"),
        ({"columns": "lr"}, InvalidOption, "params.lr"),
        ({"columns": ["params."]}, InvalidOption, "no column"),
        ({"columns": [f"params.{number}" for number in range(1000)]}, InvalidOption, "at most"),
        ({"metrics": ["m" * 10_000]}, InvalidOption, "at most"),
        ({"experiment": 3}, InvalidValue, "experiment=3 (int), not a text"),
        ({"run": "nobody"}, NotFound, "nobody"),
        ({"run": ["svm", "forest"]}, InvalidOption, "one run, not on 2"),
        ({"run": 3}, InvalidValue, "names no run"),
        ({"runs": []}, InvalidOption, "no run among"),
        ({"runs": ["svm", "nobody"]}, NotFound, "nobody"),
        ({"height": 100}, InvalidOption, "200 to 4,000"),
        ({"height": True}, InvalidValue, "not a whole number"),
        ({"height": math.nan}, InvalidValue, "not a whole number"),
    ],
)
def test_what_is_wrong_is_said_at_once(
    filled: Project, given: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as found:
        nbtrack.panel(**given)
    assert says in str(found.value)
    assert len(str(found.value)) < 1000


def test_a_project_without_runs_has_a_panel_too(project: Project, comms: Comms) -> None:
    (bundle,) = in_notebook([nbtrack.panel()])
    assert bundle[MIME]["project"] == "."
    assert not project.folder.exists(), "looking made a file"


# -- what it leaves in a notebook --------------------------------------------------------------------------------------


def test_a_notebook_gets_the_spec_the_widget_a_picture_and_a_line_of_text(filled: Project, comms: Comms) -> None:
    panel = nbtrack.panel("metrics.acc > 0.1", sort="-metrics.acc")
    (bundle,) = in_notebook([panel])
    assert set(bundle) == {MIME, WIDGET, "text/plain", "text/html"}
    assert list(bundle[MIME]) == [key for key in SPEC_KEYS if key not in ("version", "root")]
    assert bundle[MIME].items() <= panel.spec.items()
    assert size([bundle[MIME]]) < LARGEST_SPEC
    assert bundle[WIDGET] == {"version_major": 2, "version_minor": 0, "model_id": panel.widget.model_id}
    assert panel.widget.model_id not in json.dumps(bundle[MIME])
    assert "svm" in bundle["text/html"]


def test_the_text_is_the_same_whatever_the_runs_are(filled: Project, comms: Comms) -> None:
    before = in_notebook([nbtrack.panel("metrics.acc > 0.1")])[0]["text/plain"]
    with current.begin(filled, name="another") as run:
        run.log({"acc": 0.99})
    after = in_notebook([nbtrack.panel("metrics.acc > 0.1")])[0]["text/plain"]
    assert before == after == "nbtrack panel: runs where metrics.acc > 0.1"


def test_our_own_capture_passes_panels_over(filled: Project, comms: Comms) -> None:
    assert all(is_ours(bundle) for bundle in in_notebook([nbtrack.panel(), nbtrack.panel(static=False)]))


def test_ten_panels_stay_small(project: Project, comms: Comms) -> None:
    learn(project)
    with_picture = in_notebook([nbtrack.panel("params.depth >= 0", sort="-metrics.m1") for _ in range(10)])
    without = in_notebook([nbtrack.panel("params.depth >= 0", sort="-metrics.m1", static=False) for _ in range(10)])
    assert all(len(bundle["text/html"].encode()) <= 50_000 for bundle in with_picture)
    assert all(bundle["text/html"].count("<svg") >= 1 for bundle in with_picture), "no curve is in the picture"
    assert size(with_picture) <= 600_000
    assert not any("text/html" in bundle for bundle in without)
    assert size(without) <= 10_000


# -- where it cannot be shown ------------------------------------------------------------------------------------------


def test_a_panel_that_was_not_built_says_so_above_its_picture(filled: Project, comms: Comms, static: Path) -> None:
    (static / "panel.js").unlink()
    panel = nbtrack.panel()
    (bundle,) = in_notebook([panel])
    assert set(bundle) == {"text/plain", "text/html"}
    for said in bundle.values():
        assert "The panel was not built" in said
        assert "make ui" in said
    assert "svm" in bundle["text/html"]
    assert not comms.opened(), "half a panel is left open"
    with pytest.raises(built.NotBuilt, match="The panel was not built"):
        _ = panel.widget
    (static / "panel.js").write_text("export default {}", encoding="utf-8")
    assert WIDGET in in_notebook([panel])[0]


def test_without_anywidget_the_picture_is_shown_with_what_to_do(
    filled: Project, comms: Comms, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbtrack.widget

    monkeypatch.delitem(sys.modules, "nbtrack.widget.models", raising=False)
    monkeypatch.delattr(nbtrack.widget, "models", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    (bundle,) = in_notebook([nbtrack.panel()])
    assert "pip install --upgrade anywidget" in bundle["text/html"]
    assert "svm" in bundle["text/html"]
    assert WIDGET not in bundle


def test_in_a_terminal_it_is_a_table_and_says_where_the_panel_is(filled: Project) -> None:
    panel = nbtrack.panel(sort="-metrics.acc")
    assert panel._repr_mimebundle_() == {"text/plain": repr(panel)}
    assert "✓ finished" in repr(panel)
    assert panel.text(200).endswith("opens in a notebook: %track panel")
    assert panel._live is None


def test_in_a_terminal_it_shows_the_run_that_it_opens_on(filled: Project) -> None:
    assert "ValueError: no" in nbtrack.panel(run="forest").text()


def test_the_verb_takes_what_the_function_takes(filled: Project) -> None:
    line = 'panel metrics.acc > 0.1 and name != "x y" -s -metrics.acc -c params.lr,name -m acc,loss -e digits --run svm'
    shown = verbs.run(line).to_dict()
    wanted = nbtrack.panel(
        'metrics.acc > 0.1 and name != "x y"',
        sort="-metrics.acc",
        columns=["params.lr", "name"],
        metrics=["acc", "loss"],
        experiment="digits",
        run="svm",
    )
    assert shown == wanted.spec
    assert verbs.run("panel @1").to_dict()["open"] == nbtrack.run("odd").id
    assert verbs.run("panel --notebook a.ipynb").to_dict()["notebook"] == "a.ipynb"


def test_the_verb_is_completed(filled: Project) -> None:
    from nbtrack.runs.service import RunsService

    service = RunsService(filled)
    assert verbs.complete(["pan"], service) == ["panel"]
    assert "svm" in verbs.complete(["panel", "--run", "s"], service)
    assert verbs.complete(["panel", "--metrics", "loss,a"], service) == ["loss,acc"]
    assert "metrics.acc" in verbs.complete(["panel", "metrics.a"], service)
    assert "--notebook" in verbs.complete(["panel", "--n"], service)


IMPORTS = """
import sys, nbtrack
heavy = {"anywidget", "ipywidgets", "comm", "IPython", "pandas"}
assert callable(nbtrack.panel)
print(sorted(heavy & set(sys.modules)))
panel = nbtrack.panel()
panel.text()
print(sorted(heavy & set(sys.modules)))
"""


def test_widgets_are_imported_when_a_panel_is_shown_and_not_before(filled: Project) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]
