"""What the names of ``nbtrack`` may be given wrongly in Python."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nbtrack

from .ground import Case
from .things import FOREIGN, NO_TEXT, Endless, EndlessMapping, Liar, Raising

Make = Callable[[], Any]
Call = Callable[[Any], Any]


# What is not refused, and what has to be true then of the ground and of what the call gave.
KEPT: dict[str, Any] = {
    "log_image: NaN": lambda ground, given: _stored("image.png")[:4] == b"\x89PNG",
    "log_image: bytes": lambda ground, given: _stored("image.png") == b"no picture",  # bytes are taken as they are
    "log_image: text": lambda ground, given: _stored("image.png") == (ground.root / "here.txt").read_bytes(),
    "log_dict: array": lambda ground, given: json.loads(_stored("dict.json")) == [0.0, 0.0],
    "runs().table(columns): unknown": lambda ground, given: "nothing.at all" not in given,
    "run.untag: missing": lambda ground, given: given.tags == {"stage": "draft"},  # nothing to take off
    "export(runs): none": lambda ground, given: len(given.splitlines()) <= 1,
}


def _stored(path: str) -> bytes:
    return nbtrack.run("@1").artifacts[path].bytes()


def inside(call: Call) -> Call:
    """The call in a run that is being recorded."""

    def called(value: Any) -> Any:
        with nbtrack.start_run("around"):
            return call(value)

    return called


def _torch() -> Any:
    """All of torch that is looked at before a model is known to be one; which tests have imported it says nothing."""
    return SimpleNamespace(nn=SimpleNamespace(Module=type("Module", (), {})))


def _watched(torch: Any, model: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", torch)  # None: as if it had not been imported
        return nbtrack.watch(model)


def _case(name: str, call: Call, make: Make, *says: str, kept: Any = None) -> Case:
    return Case("Python API", name, lambda ground: call(make()), says, kept)


def _each(what: str, call: Call, makes: dict[str, Make], *says: str) -> Iterator[Case]:
    for kind, make in makes.items():
        more = ("EndlessMapping", "mapping") if says else ()
        yield _case(f"{what}: {kind}", call, make, *says, *more, kept=KEPT.get(f"{what}: {kind}"))


def _named(*names: str) -> dict[str, Make]:
    return {name: NO_TEXT.get(name) or FOREIGN[name] for name in names}


NUMBERS: dict[str, Make] = {
    "text": lambda: "five", "NaN": lambda: math.nan, "list": lambda: [5], "raising": Raising, "lying": Liar,
    "minus": lambda: -5, "10**400": lambda: 10**400,
}  # fmt: skip
PATHS: dict[str, Make] = {
    "number": lambda: 5, "empty": lambda: "", "NUL": lambda: "a\0b", "list": lambda: ["x"], "raising": Raising,
    "lying": Liar, "half a character": lambda: "a\ud800b", "long": lambda: "x/" * 5_000,
}  # fmt: skip
NO_LIST: dict[str, Make] = {
    "number": lambda: 5, "numbers": lambda: [1, 2], "None inside": lambda: [None], "endless": Endless,
    "raising": Raising, "mapping": lambda: {1: 2},
}  # fmt: skip
NO_MAPPING: dict[str, Make] = {
    "number": lambda: 5, "text": lambda: "a=1", "pairs": lambda: [("a", 1)], "raising": Raising, "endless": Endless,
    "set": lambda: {1},
}  # fmt: skip
NO_RUN: dict[str, Make] = {
    "missing": lambda: "nobody-here", "empty": lambda: "", "far": lambda: "@99999999999999999999", "zero": lambda: "@0",
    "NUL": lambda: "a\0b", "half a character": lambda: "a\ud800b", "long": lambda: "r" * 100_000, "number": lambda: 5,
    "None": lambda: None, "raising": Raising, "lying": Liar, "bytes": lambda: b"good",
}  # fmt: skip


def _reading() -> Iterator[Case]:
    yield from _each("run(given)", nbtrack.run, NO_RUN)
    yield from _each("run(project)", lambda v: nbtrack.run("good", project=v), PATHS)
    yield from _each("diff(left)", lambda v: nbtrack.diff(v, "good"), NO_RUN)
    yield from _each("diff(right)", lambda v: nbtrack.diff("good", v), NO_RUN)
    yield from _each("compare(run)", lambda v: nbtrack.compare("good", v), {**NO_RUN, "endless": Endless})
    yield from _each(
        "compare(baseline)",
        lambda v: nbtrack.compare("good", "other", baseline=v).text(),
        {
            **_named("bytes", "list", "raising", "lying"),
            "missing": lambda: "nobody-here",
            "far": lambda: 17,
            "NaN": lambda: math.nan,
            "None": lambda: None,
        },
        "baseline",
        "nobody",
    )
    yield from _each(
        "compare(directions)",
        lambda v: nbtrack.compare("good", directions=v).text(),
        {**NO_MAPPING, "up": lambda: {"loss": "up"}},
        "directions",
    )
    yield from _each("runs(filter)", lambda v: len(nbtrack.runs(v)), NO_TEXT, "filter")
    yield from _each("runs(sort)", lambda v: len(nbtrack.runs(sort=v)), NO_LIST, "sort")
    yield from _each("runs(limit)", lambda v: len(nbtrack.runs(limit=v)), NUMBERS, "limit")
    yield from _each("runs(experiment)", lambda v: len(nbtrack.runs(experiment=v)), NO_TEXT, "experiment")
    yield from _each("runs(notebook)", lambda v: len(nbtrack.runs(notebook=v)), NO_TEXT, "notebook")
    yield from _each("runs(project)", lambda v: len(nbtrack.runs(project=v)), PATHS)
    yield from _each("search_runs(filter_string)", nbtrack.search_runs, NO_TEXT, "filter")
    yield from _each("search_runs(order_by)", lambda v: nbtrack.search_runs(order_by=v), NO_LIST, "order_by")
    yield from _each("search_runs(max_results)", lambda v: nbtrack.search_runs(max_results=v), NUMBERS, "max_results")
    yield from _each(
        "search_runs(experiment_names)", lambda v: nbtrack.search_runs(experiment_names=v), NO_LIST, "experiment_names"
    )
    yield from _each(
        "runs()[…]",
        lambda v: nbtrack.runs()[v],
        {"far": lambda: 10**6, "raising": Raising, "float": lambda: 0.5, "NaN": lambda: math.nan, "None": lambda: None},
        "run",
    )
    yield from _each(
        "run.metrics[…]",
        lambda v: nbtrack.run("good").metrics[v],
        {**NO_TEXT, "missing": lambda: "nothing", "None": lambda: None},
        "metric",
    )
    yield from _each(
        "run.metrics(…)", lambda v: nbtrack.run("good").metrics(v), {**NO_TEXT, "missing": lambda: "nothing"}, "metric"
    )
    yield from _each(
        "run.artifacts[…]",
        lambda v: nbtrack.run("good").artifacts[v],
        {**NO_TEXT, "missing": lambda: "nothing", "..": lambda: "../x", "None": lambda: None},
    )
    yield from _each(
        "runs().table(columns)",
        lambda v: nbtrack.runs().table(columns=v).text(),
        {**NO_LIST, "unknown": lambda: ["nothing.at all"]},
        "column",
    )


def _editing() -> Iterator[Case]:
    good = lambda: nbtrack.run("good")  # noqa: E731 (asked anew in each case)
    texts = {**NO_TEXT, "NUL": lambda: "a\0b", "half a character": lambda: "a\ud800b", "None": lambda: None}
    long = {"long": lambda: "n" * 2_000_000}
    yield from _each("run.rename", lambda v: good().rename(v), {**texts, **long, "empty": lambda: ""}, "name")
    yield from _each("run.set_note", lambda v: good().set_note(v), {**texts, **long}, "note")
    yield from _each("run.move", lambda v: good().move(v), {**texts, **long, "empty": lambda: " "}, "experiment")
    yield from _each("run.tag", lambda v: good().tag(v), NO_MAPPING, "tag")
    yield from _each(
        "run.tag(value)",
        lambda v: good().tag(stage=v),
        {"raising": Raising, "lying": Liar, "NUL": lambda: "a\0b", "long": lambda: "n" * 2_000_000},
        "tag",
    )
    yield from _each("run.untag", lambda v: good().untag(v), {**NO_TEXT, "missing": lambda: "nothing"}, "tag")
    yield from _each("runs().tag", lambda v: nbtrack.runs().tag(v), NO_MAPPING, "tag")


def _showing() -> Iterator[Case]:
    yield from _each("panel(filter)", nbtrack.panel, {**NO_TEXT, "broken": lambda: "metrics.loss >"})
    yield from _each("panel(sort)", lambda v: nbtrack.panel(sort=v), NO_LIST, "sort")
    yield from _each(
        "panel(columns)", lambda v: nbtrack.panel(columns=v), {**NO_LIST, "unknown": lambda: "nothing"}, "column"
    )
    yield from _each("panel(metrics)", lambda v: nbtrack.panel(metrics=v), NO_LIST, "metrics")
    yield from _each("panel(height)", lambda v: nbtrack.panel(height=v), NUMBERS, "high", "height")
    yield from _each("panel(run)", lambda v: nbtrack.panel(run=v), {k: v for k, v in NO_RUN.items() if k != "None"})
    yield from _each("panel(runs)", lambda v: nbtrack.panel(runs=v), {k: v for k, v in NO_RUN.items() if k != "None"})
    yield from _each("panel(experiment)", lambda v: nbtrack.panel(experiment=v), NO_TEXT, "experiment")
    yield from _each("panel(notebook)", lambda v: nbtrack.panel(notebook=v), NO_TEXT, "notebook")
    yield from _each("panel(project)", lambda v: nbtrack.panel(project=v), PATHS)
    yield from _each(
        "plot_metrics(runs)",
        nbtrack.plot_metrics,
        {
            "number": lambda: 5,
            "broken": lambda: "loss >",
            "endless": Endless,
            "raising": Raising,
            "bytes": lambda: b"x",
        },
    )
    yield from _each("plot_metrics(keys)", lambda v: nbtrack.plot_metrics(keys=v), NO_LIST, "keys")
    yield from _each("plot_metrics(x)", lambda v: nbtrack.plot_metrics(x=v), {**NO_TEXT, "None": lambda: None}, "x")
    yield from _each("plot_metrics(smoothing)", lambda v: nbtrack.plot_metrics(smoothing=v), NUMBERS, "smoothing")
    yield from _each("plot_metrics(width)", lambda v: nbtrack.plot_metrics(width=v), NUMBERS, "width")
    yield from _each(
        "plot_metrics(group_by)",
        lambda v: nbtrack.plot_metrics(group_by=v),
        {**NO_TEXT, "unknown": lambda: "colour"},
        "group",
    )
    yield from _each("plot_parallel(params)", lambda v: nbtrack.plot_parallel(params=v), NO_LIST, "params")
    yield from _each("plot_parallel(metric)", lambda v: nbtrack.plot_parallel(metric=v), NO_TEXT, "metric")
    yield from _each(
        "plot_scatter(x)",
        lambda v: nbtrack.plot_scatter(x=v, y="metrics.loss"),
        {**NO_TEXT, "unknown": lambda: "params.none", "None": lambda: None},
    )
    yield from _each(
        "plot_scatter(color)",
        lambda v: nbtrack.plot_scatter(x="params.lr", y="metrics.loss", color=v),
        {**NO_TEXT, "unknown": lambda: "params.none"},
    )


def _going_out() -> Iterator[Case]:
    yield from _each(
        "export(target)",
        nbtrack.export,
        {
            **PATHS,
            "no format": lambda: "runs",
            "no folder": lambda: "no/where/runs.csv",
            "a folder": lambda: ".nbtrack",
        },
    )
    yield from _each(
        "export(runs)",
        lambda v: nbtrack.export(runs=v, format="csv"),
        {**{k: v for k, v in NO_RUN.items() if k != "None"}, "endless": Endless, "none": list},
    )
    yield from _each(
        "export(format)",
        lambda v: nbtrack.export(format=v),
        {**NO_TEXT, "unknown": lambda: "xls", "no text": lambda: "parquet"},
        "format",
        "printed",
    )
    for name in ("filter", "title"):
        yield from _each(f"export({name})", lambda v, n=name: nbtrack.export(format="md", **{n: v}), NO_TEXT, name)
    for name in ("sort", "columns", "mean_over"):
        yield from _each(f"export({name})", lambda v, n=name: nbtrack.export(format="md", **{n: v}), NO_LIST, name)
    yield from _each("export(digits)", lambda v: nbtrack.export(format="md", digits=v), NUMBERS, "digits")
    yield from _each(
        "backup(target)",
        nbtrack.backup,
        {**PATHS, "no zip": lambda: "copy.tar", "no folder": lambda: "no/where/copy.zip", "there": lambda: "here.txt"},
    )
    yield from _each(
        "import_runs(source)",
        nbtrack.import_runs,
        {**PATHS, "None": lambda: None, "missing": lambda: "nowhere.zip", "scheme": lambda: "gopher://x/y"},
    )
    yield from _each(
        "import_runs(tool)",
        lambda v: nbtrack.import_runs("here.txt", tool=v),
        {**NO_TEXT, "unknown": lambda: "excel"},
        "importer",
        "tool",
    )
    yield from _each(
        "import_runs(map)",
        lambda v: nbtrack.import_runs("table.csv", map=v),
        {
            **NO_MAPPING,
            "unknown": lambda: {"a": "nothing.x"},
            "empty": lambda: {"": ""},
            "number": lambda: {"a": 5},
        },
        "map",
        "column",
    )
    yield from _each(
        "import_runs(experiment)",
        lambda v: nbtrack.import_runs("table.csv", experiment=v),
        {**NO_TEXT, "empty": lambda: ""},
        "experiment",
    )
    yield from _each(
        "import_runs(option)",
        lambda v: nbtrack.import_runs("table.csv", nonsense=v),
        {"text": lambda: "x", "number": lambda: 5, "raising": Raising},
        "nonsense",
    )


def _executing() -> Iterator[Case]:
    yield from _each(
        "run_notebook",
        nbtrack.run_notebook,
        {
            **PATHS,
            "None": lambda: None,
            "missing": lambda: "no.ipynb",
            "text": lambda: "here.txt",
            "folder": lambda: ".",
        },
    )
    yield from _each(
        "run_notebook(params)",
        lambda v: nbtrack.run_notebook("empty.ipynb", v),
        {
            **NO_MAPPING,
            "no name": lambda: {"a b": 1},
            "key": lambda: {5: 1},
            "raising value": lambda: {"lr": Raising()},
            "unknown": lambda: {"nothing": 1},
        },
        "param",
        "'nothing'",
    )
    yield from _each(
        "run_notebook(entry)",
        lambda v: nbtrack.run_notebook(entry=v),
        {**NO_TEXT, "unknown": lambda: "train"},
        "entry",
        "nbtrack.toml",
    )
    yield from _each(
        "run_notebook(kernel)",
        lambda v: nbtrack.run_notebook("empty.ipynb", kernel=v),
        {**NO_TEXT, "unknown": lambda: "fortran", "path": lambda: "../x"},
        "kernel",
    )
    yield from _each(
        "run_notebook(timeout)", lambda v: nbtrack.run_notebook("empty.ipynb", timeout=v), NUMBERS, "timeout"
    )
    yield from _each(
        "run_notebook(name)",
        lambda v: nbtrack.run_notebook("empty.ipynb", name=v),
        {**NO_TEXT, "empty": lambda: ""},
        "name",
    )
    yield from _each(
        "run_notebook(experiment)", lambda v: nbtrack.run_notebook("empty.ipynb", experiment=v), NO_TEXT, "experiment"
    )
    yield from _each(
        "run_notebook(on)",
        lambda v: nbtrack.run_notebook("empty.ipynb", on=v),
        {**NO_TEXT, "scheme": lambda: "spark://x", "no port": lambda: "dask://h:none"},
    )
    yield from _each(
        "run_notebook(output)",
        lambda v: nbtrack.run_notebook("empty.ipynb", output=v),
        {k: v for k, v in PATHS.items() if k != "long"},
    )
    yield from _each("reproduce(run)", nbtrack.reproduce, NO_RUN)
    yield from _each(
        "reproduce(tolerance)",
        lambda v: nbtrack.reproduce("good", tolerance=v),
        {k: v for k, v in NUMBERS.items() if k != "10**400"},
        "tolerance",
    )
    yield from _each("reproduce(timeout)", lambda v: nbtrack.reproduce("good", timeout=v), NUMBERS, "timeout")
    yield from _each(
        "sweep(function)",
        lambda v: nbtrack.sweep(v, {"a": [1]}),
        {"number": lambda: 5, "None": lambda: None, "text": lambda: "f", "raising": Raising},
        "function",
        "param",
    )
    yield from _each(
        "sweep(values)",
        lambda v: nbtrack.sweep(_trial, v),
        {
            **NO_MAPPING,
            "none": dict,
            "no values": lambda: {"a": []},
            "unknown": lambda: {"b": [1]},
            "key": lambda: {5: [1]},
            "endless values": lambda: {"a": Endless()},
            "raising values": lambda: {"a": Raising()},
            "number for values": lambda: {"a": 5},
        },
    )
    for name in ("trials", "timeout", "seed"):
        yield from _each(
            f"sweep({name})",
            lambda v, n=name: nbtrack.sweep(_trial, {"a": [1]}, **{n: v}),
            {k: v for k, v in NUMBERS.items() if (name, k) != ("seed", "10**400")},
            name,
        )
    for name in ("search", "maximize", "minimize", "on"):
        yield from _each(
            f"sweep({name})",
            lambda v, n=name: nbtrack.sweep(_trial, {"a": [1, 2]}, **{n: v}),
            _named("number", "raising", "lying"),
            name,
        )
    for torch, where in ((None, "before torch"), (_torch(), "after torch")):
        yield from _each(
            f"watch(model) {where} is imported",
            lambda v, t=torch: _watched(t, v),
            {**FOREIGN, "None": lambda: None, "text": lambda: "model"},
            "watch",
        )
    yield from _each("watch(log)", lambda v: nbtrack.watch(None, log=v), _named("number", "raising"), "log")
    yield from _each(
        "watch(every)",
        lambda v: nbtrack.watch(None, every=v),
        {k: v for k, v in NUMBERS.items() if k != "10**400"},
        "every",
    )
    yield from _each("autolog", nbtrack.autolog, {**NO_TEXT, "unknown": lambda: "fortran"}, "framework", "autolog")
    for name in ("disable", "params", "models"):
        yield from _each(
            f"autolog({name})",
            lambda v, n=name: nbtrack.autolog(**{n: v}),
            {"text": lambda: "yes", "None": lambda: None, "raising": Raising},
            name,
        )


def _trial(a: int) -> int:
    return a


def _logging() -> Iterator[Case]:
    mappings, endless = NO_MAPPING, {"endless mapping": EndlessMapping}
    for name, call in {"log": nbtrack.log, "set_tags": nbtrack.set_tags, "config": nbtrack.config.update}.items():
        yield from _each(name, inside(call), endless)
    for name in ("log", "log_metrics", "log_params", "set_tags"):
        yield from _each(f"{name}: no mapping", inside(getattr(nbtrack, name)), mappings)
    yield from _each("config.update", inside(nbtrack.config.update), mappings)
    yield from _each("summary.update", inside(nbtrack.summary.update), mappings)
    yield from _each(
        "log(value)",
        inside(lambda v: nbtrack.log({"loss": v})),
        {**FOREIGN, "matrix": lambda: np.zeros((2, 2)), "wrong shape": lambda: np.zeros((0, 3)), "None": lambda: None},
        "loss",
    )
    yield from _each(
        "log_metric(value)",
        inside(lambda v: nbtrack.log_metric("loss", v)),
        _named("raising", "lying", "long repr"),
        "loss",
    )
    yield from _each("log_param(value)", inside(lambda v: nbtrack.log_param("lr", v)), FOREIGN, "lr")
    yield from _each("set_tag(value)", inside(lambda v: nbtrack.set_tag("stage", v)), FOREIGN, "stage")
    yield from _each(
        "log(time)",
        inside(lambda v: nbtrack.log({"loss": 1.0}, time=v)),
        {k: v for k, v in NUMBERS.items() if k != "minus"},
        "time",
    )
    yield from _each(
        "log_image",
        inside(nbtrack.log_image),
        {
            **FOREIGN,
            "3 × 3 × 7": lambda: np.zeros((3, 3, 7)),
            "NaN": lambda: np.full((2, 2), np.nan),
            "words": lambda: np.array([["a"]]),
            "empty": lambda: np.zeros((0, 0)),
            "vector": lambda: np.zeros(3),
            "None": lambda: None,
            "bytes": lambda: b"no picture",
            "missing": lambda: "no.png",
            "text": lambda: "here.txt",
        },
    )
    yield from _each(
        "log_table",
        inside(nbtrack.log_table),
        {
            **FOREIGN,
            "number": lambda: 5,
            "None": lambda: None,
            "ragged": lambda: {"a": [1, 2], "b": [1]},
        },
    )
    yield from _each("log_figure", inside(nbtrack.log_figure), {**FOREIGN, "None": lambda: None, "text": lambda: "x"})
    yield from _each(
        "log_dict",
        inside(nbtrack.log_dict),
        {
            **FOREIGN,
            "set": lambda: {1},
            "tuple key": lambda: {(1, 2): 3},
            "array": lambda: np.zeros(2),
            "deep": lambda: _deep(100_000),
        },
    )
    yield from _each("log_text", inside(nbtrack.log_text), {**FOREIGN, "bytes": lambda: b"x", "None": lambda: None})
    yield from _each(
        "log_input(path)",
        inside(lambda v: nbtrack.log_input([1], "x", v)),
        {k: v for k, v in PATHS.items() if k in ("number", "list", "raising", "lying", "NUL")},
    )
    yield from _each("end_run", nbtrack.end_run, {**NO_TEXT, "unknown": lambda: "GONE", "None": lambda: None}, "Status")
    yield from _each("finish", inside(nbtrack.finish), {"raising": Raising, "lying": Liar}, "exit_code")
    yield from _each("init(config)", lambda v: _ended(nbtrack.init(config=v)), mappings, "config", "params")
    yield from _each(
        "init(tags)",
        lambda v: _ended(nbtrack.init(tags=v)),
        {k: v for k, v in NO_MAPPING.items() if k not in ("pairs", "set")},
        "tags",
        "tag",
    )
    yield from _each("start_run(project)", lambda v: _ended(nbtrack.start_run(project=v)), PATHS)
    yield from _each("start_run(params)", lambda v: _ended(nbtrack.start_run(params=v)), mappings, "params")
    for name in ("log", "log_metrics", "log_params", "set_tags"):
        yield _case(f"{name} without a run", getattr(nbtrack, name), lambda: {"a": 1}, "run")
    for name in ("log_text", "log_dict", "log_table", "log_image"):
        yield _case(f"{name} without a run", lambda v, n=name: getattr(nbtrack, n)(v), lambda: "x", "run")
    for name, call in {"log": lambda run: run.log({"a": 1.0}), "params": lambda run: run.set_params({"a": 1}),
                       "tags": lambda run: run.set_tags({"a": "1"}),
                       "bytes": lambda run: run.add_bytes("x", b"")}.items():  # fmt: skip
        yield _case(f"an ended run: {name}", call, _over, "ended", "over")
    for name, kept in {"note": lambda run: run.note == "x", "name": lambda run: run.name == "x"}.items():
        yield _case(
            f"an ended run: {name}",
            lambda run, n=name: getattr(run, f"set_{n}")("x") or run,
            _over,
            kept=lambda ground, run, k=kept: k(nbtrack.run(run.id)),
        )


def _ended(run: Any) -> Any:
    run.end()
    return run


def _over() -> Any:
    with nbtrack.start_run("over") as run:
        pass
    return run


def _deep(levels: int) -> Any:
    held: Any = []
    for _ in range(levels):
        held = [held]
    return held


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (_logging, _reading, _editing, _showing, _going_out, _executing):
        yield from part()
