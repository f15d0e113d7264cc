"""``nbtrack.sweep`` over a function, here and on the workers of a real cluster."""

from __future__ import annotations

import gc
import os
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption, InvalidValue, NbtrackError
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

called: list[dict[str, Any]] = []


@pytest.fixture(autouse=True)
def service(project: Project) -> RunsService:
    called.clear()
    return RunsService(project)


def train(lr: float, depth: int = 2) -> dict[str, float]:
    called.append({"lr": lr, "depth": depth})
    if depth == 4:
        raise ValueError("no four")
    for step in range(3):
        nbtrack.log({"loss": 1 / (step + 1)})
    return {"accuracy": lr * depth}


def rows(service: RunsService, **about: Any) -> list[c.RunRow]:
    return service.page(c.PageRequest(sort=["started"], **about)).rows


def test_each_call_is_a_run_under_one_of_the_sweep(service: RunsService) -> None:
    found = nbtrack.sweep(train, {"lr": [0.1, 0.2], "depth": "2:3"}, name="fn", tags={"a": "b"}, experiment="e")
    sweep, *trials = rows(service)
    assert (sweep.name, sweep.kind, sweep.status, sweep.id, sweep.tags) == (
        "fn",
        "sweep",
        "finished",
        found.run,
        {"a": "b"},
    )
    assert [(one.name, one.kind, one.parent, one.experiment) for one in trials] == [
        (f"fn-{number}", "function", sweep.id, "e") for number in (1, 2, 3, 4)
    ]
    assert trials[1].params == {"lr": 0.1, "depth": 3}
    assert (trials[1].metrics["loss"].count, trials[1].metrics["accuracy"].last) == (3, 0.1 * 3)
    assert "def train" in (service.get(c.RunRequest("fn-1")).code or "")
    best = found.best
    assert best is not None
    assert (best.name, best.values) == ("fn-4", {"lr": 0.2, "depth": 3})
    assert list(found.frame()["metrics.accuracy"]) == [one.metrics["accuracy"].last for one in trials]


def test_one_number_is_the_metric_that_decides(service: RunsService) -> None:
    found = nbtrack.sweep(lambda x: (x - 2) ** 2, {"x": range(5)}, minimize="cost")
    assert found.best is not None
    assert (found.best.values, found.best.metrics) == ({"x": 2}, {"cost": 0.0})
    assert nbtrack.sweep(lambda x: x, {"x": [5]}).results[0].metrics == {"result": 5.0}
    assert nbtrack.sweep(lambda x: "text", {"x": [5]}).results[0].metrics == {}


def test_a_call_that_fails_is_a_failed_run_with_its_traceback(service: RunsService) -> None:
    found = nbtrack.sweep(train, {"lr": [0.1], "depth": [2, 4, 3]}, name="fn")
    assert [one.status for one in found.results] == ["finished", "failed", "finished"]
    outputs = service.outputs(c.RunRequest("fn-2")).outputs
    assert "no four" in (outputs[0].text or "")
    assert rows(service)[0].status == "finished"


def test_what_was_finished_is_not_called_again_unless_asked(service: RunsService) -> None:
    nbtrack.sweep(train, {"lr": [0.1, 0.2], "depth": [2, 4]})
    assert len(called) == 4
    found = nbtrack.sweep(train, {"lr": [0.1, 0.2, 0.3], "depth": [2, 4]})
    assert called[4:] == [
        {"lr": 0.1, "depth": 4},
        {"lr": 0.2, "depth": 4},
        {"lr": 0.3, "depth": 2},
        {"lr": 0.3, "depth": 4},
    ]
    assert [one.earlier for one in found.results] == [True, False, True, False, False, False]
    nbtrack.sweep(train, {"lr": [0.1, 0.2], "depth": [2, 4]}, again=True)
    assert len(called) == 12


def test_ctrl_c_ends_it_with_true_statuses_and_the_next_goes_on(service: RunsService) -> None:
    stop = [True]

    def work(x: int) -> float:
        called.append({"x": x})
        if x == 2 and stop[0]:
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        nbtrack.sweep(work, {"x": "1:4"}, name="first")
    assert [(one.name, one.status) for one in rows(service)] == [
        ("first", "interrupted"), ("first-1", "finished"), ("first-2", "interrupted"),
    ]  # fmt: skip
    stop[0] = False
    found = nbtrack.sweep(work, {"x": "1:4"})
    assert [one["x"] for one in called] == [1, 2, 2, 3, 4]
    assert [one.status for one in found.results] == ["finished"] * 4


def test_a_search_finds_and_goes_on(service: RunsService) -> None:
    found = nbtrack.sweep(lambda x: (x - 1) ** 2, {"x": "-5.0:5"}, search="tpe", trials=8, minimize="loss", seed=1)
    assert len(found.results) == 8
    more = nbtrack.sweep(lambda x: (x - 1) ** 2, {"x": "-5.0:5"}, search="tpe", trials=10, minimize="loss", seed=1)
    assert sum(one.earlier for one in more.results) == 8  # the same code, though it stands at another place
    assert len(more.results) == 10


@pytest.mark.filterwarnings("default")  # of the framework
def test_a_training_that_a_framework_tells_of_is_stopped_early(service: RunsService) -> None:
    import numpy
    import xgboost

    rows_of, answers = numpy.random.default_rng(0).normal(size=(200, 5)), numpy.arange(200) % 2
    data = xgboost.DMatrix(rows_of, answers)

    def fit(eta: float) -> None:
        xgboost.train(
            {"eta": eta, "nthread": 1, "objective": "binary:logistic"}, data, 6, evals=[(data, "train")], verbose_eval=0
        )

    nbtrack.autolog("xgboost")
    try:
        found = nbtrack.sweep(
            fit, {"eta": "1e-4:0.9:log"}, search="random", trials=12, minimize="train.logloss", seed=0
        )
    finally:
        nbtrack.autolog(disable=True)
    ended = {one.pruned: one.status for one in found.results}
    assert ended == {False: "finished", True: "interrupted"}


def test_inside_of_a_run_it_is_a_child(service: RunsService) -> None:
    with nbtrack.start_run("outer") as outer:
        nbtrack.sweep(train, {"lr": [0.1]}, name="fn")
        assert nbtrack.active_run() is outer
    assert [one.parent for one in rows(service)][:2] == [None, outer.id]


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        ({"x": [1]}, {}, r"train\(lr.*cannot be called so.*Give values of lr, depth"),
        ({"lr": []}, {}, "no values of 'lr'"),
        ({"lr": 5}, {}, "not a list"),
        ({}, {}, "needs values"),
        ([1, 2], {}, "must be a dict"),
        ({"lr": [0.1]}, {"search": "tpe"}, "which metric decides"),
        ({"lr": [0.1]}, {"on": "spark://x"}, "not understood"),
        ({"lr": [object()]}, {}, "lr"),
        ({"lr": [0.1]}, {"tags": {"a\0": 1}}, "tag"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_called(
    service: RunsService, values: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises((InvalidOption, InvalidValue), match=said):
        nbtrack.sweep(train, values, **options)
    assert not called
    assert not rows(service)


def test_it_reads_well_as_text_and_as_html(service: RunsService) -> None:
    found = nbtrack.sweep(train, {"lr": [0.1, 1 / 3], "depth": [2, 4]}, name="<b>fn</b>")
    text = repr(found)
    assert text.startswith("<b>fn</b>: 4 of 4 trials (2 finished, 2 failed)")
    assert re.search(r"★ 3 +0.333333 +2 +0.6667", text)
    assert "trial 2 failed: ValueError: no four" in text
    html = found._repr_html_()
    assert "<b>fn</b>" not in html
    assert "&lt;b&gt;fn&lt;/b&gt;-3" in html
    assert found.to_dict()["counts"] == {"finished": 2, "failed": 2}


# -- on a cluster


def _wait_until_it_is_known(root: Path) -> None:
    """On the worker: until the one who waits for the trial has its run and the point in the file."""
    known = RunsService(Project(root))
    deadline = time.monotonic() + 200.0
    while not known.page(c.PageRequest(filter="params.x = 3 and metrics.loss = 3")).matched:
        assert time.monotonic() < deadline, "the trial's point did not arrive"
        time.sleep(0.05)


def far(x: int, where: str) -> dict[str, float]:
    nbtrack.log({"loss": float(x)}, step=0)
    if x == 3 and not (Path(where) / "lost").exists():
        (Path(where) / "lost").touch()
        _wait_until_it_is_known(Path(where))
        os._exit(1)  # as a machine that is gone
    nbtrack.log({"loss": float(x * x)}, step=1)
    return {"pid": os.getpid()}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, scheduler_port=0
    ) as found:
        yield found.scheduler_address.replace("tcp://", "dask://")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the cluster left open: now, not in whatever test comes later
        gc.collect()


@pytest.mark.filterwarnings("default")  # of the cluster's own processes and threads
def test_workers_run_the_calls_and_a_lost_one_is_made_again(
    service: RunsService, project: Project, cluster: str
) -> None:
    found = nbtrack.sweep(far, {"x": "1:5", "where": [str(project.root)]}, minimize="loss", name="fn", on=cluster)
    assert [one.status for one in found.results] == ["finished"] * 5
    assert found.best is not None
    assert found.best.values["x"] == 1
    assert os.getpid() not in {one.metrics["pid"] for one in found.results}
    trials = rows(service, filter="kind = 'function'")
    crashed = [one for one in trials if one.status == "crashed"]
    assert {one.params["x"] for one in crashed} == {3}
    assert len(trials) == 5 + len(crashed)
    assert all(one.metrics["loss"].count == 2 for one in trials if one.status == "finished")
    again = nbtrack.sweep(far, {"x": "1:5", "where": [str(project.root)]}, minimize="loss", on=cluster)
    assert [one.earlier for one in again.results] == [True] * 5


@pytest.mark.filterwarnings("default")  # of the cluster of the test before, which ends with this one
def test_a_cluster_that_is_not_there_leaves_no_run(service: RunsService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.execute.cluster._CONNECT", 0.5)
    with pytest.raises(NbtrackError, match=r"127\.0\.0\.1:9"):
        nbtrack.sweep(train, {"lr": [0.1]}, on="dask://127.0.0.1:9")
    assert not rows(service)
