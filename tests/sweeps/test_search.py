"""Searches through Optuna: they find, learn from what was run before, and stop what promises nothing."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from nbtrack.base.errors import InvalidOption
from nbtrack.runs import current
from nbtrack.sweeps.search import Search
from nbtrack.sweeps.spec import checked
from nbtrack.sweeps.trial import Result
from nbtrack.sweeps.values import axis_of
from tests.sweeps.conftest import Sweeping


def bowl(x: float, kind: str = "a") -> dict[str, float]:
    return {"loss": (x - 2) ** 2 + (kind == "b") * 50}


@pytest.mark.parametrize("how", ["tpe", "random", "qmc"])
def test_a_search_runs_as_many_trials_as_were_asked_for(sweeping: Sweeping, how: str) -> None:
    sweep = sweeping.make(bowl, x="-10.0:10", kind=["a", "b"], search=how, trials=12, minimize="loss", seed=0)
    sweep.go()
    assert sweep.counts() == {"finished": 12}
    best = sweep.best()
    assert best is not None
    assert best.metrics["loss"] == min(one.metrics["loss"] for one in sweep.results)
    assert all(-10 <= one.values["x"] <= 10 and one.values["kind"] in ("a", "b") for one in sweep.results)


def test_values_have_the_types_of_their_range(sweeping: Sweeping) -> None:
    sweep = sweeping.make(
        lambda n, lr, layers, flag: {"acc": n},
        n="1:64:log", lr="1e-4:1e-1:log", layers=[[64], [64, 32]], flag=[True, False],
        search="random", trials=6, maximize="acc", seed=1,
    )  # fmt: skip
    sweep.go()
    for one in sweep.results:
        assert {name: type(value) for name, value in one.values.items()} == {
            "n": int, "lr": float, "layers": list, "flag": bool,
        }  # fmt: skip
        assert 1e-4 <= one.values["lr"] <= 1e-1


def test_the_same_seed_tries_the_same(sweeping: Sweeping) -> None:
    tried = []
    for _ in range(2):
        sweep = sweeping.make(bowl, x="-10.0:10", search="tpe", trials=5, minimize="loss", seed=7)
        sweep.go()
        tried.append([one.values["x"] for one in sweep.results])
    assert tried[0] == tried[1]


def test_trials_that_ended_before_count_and_are_learnt_from(sweeping: Sweeping) -> None:
    def earlier(number: int, x: float, **about: Any) -> Result:
        return Result(number, {"x": x}, f"k{number}", "finished", metrics=bowl(x), earlier=True, **about)

    before = [earlier(number, number / 2) for number in range(10)]
    odd = [Result(11, {"x": 99.0}, "k11", "finished", metrics={"loss": 1.0}), Result(12, {"y": 1}, "k12", "finished")]
    sweep = sweeping.make(bowl, earlier=[*before, *odd], x="-10.0:10", search="tpe", trials=12, minimize="loss", seed=0)
    sweep.go()
    assert (len(sweep.reused), sweep.counts()) == (10, {"finished": 2})
    assert len(sweep.results) == 12
    done = sweeping.make(bowl, earlier=before, x="-10.0:10", search="tpe", trials=10, minimize="loss")
    done.go()
    assert done.counts() == {}


def test_a_trial_that_logs_steps_and_promises_nothing_is_stopped(sweeping: Sweeping) -> None:
    steps: dict[float, int] = {}

    def train(x: float) -> dict[str, float]:
        run = current.current()
        assert run is not None
        for step in range(10):
            try:
                run.log({"loss": x * 10 + 10 - step})
            except Exception:  # noqa: BLE001 (code that goes on whatever happens)
                raise AssertionError("stopping is no Exception") from None
            steps[x] = step
        return {"loss": x * 10}

    sweep = sweeping.make(train, x="0.0:10", search="random", trials=20, minimize="loss", seed=3)
    sweep.go()
    counts = sweep.counts()
    assert counts["finished"] + counts["pruned"] == 20
    assert counts["pruned"] > 0
    for one in sweep.results:
        assert one.pruned == (steps.get(one.values["x"], -1) < 9)
        assert one.status == ("interrupted" if one.pruned else "finished")
        if one.pruned:
            assert "promises less" in (one.reason or "")
    assert not sweep.stopped


def test_failed_trials_do_not_end_a_search(sweeping: Sweeping) -> None:
    def call(x: float) -> dict[str, float]:
        if x < 0:
            raise ValueError(x)
        return {"loss": x}

    sweep = sweeping.make(call, x="-1.0:1", search="random", trials=10, minimize="loss", seed=0)
    sweep.go()
    counts = sweep.counts()
    assert counts["failed"] + counts["finished"] == 10
    assert counts["failed"] > 0


def test_without_optuna_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    spec = checked({"x": axis_of("x", "1:5")}, search="tpe", minimize="loss")
    with pytest.raises(InvalidOption, match=r"pip install 'nbtrack\[sweep\]'"):
        Search(spec, "cell")


def test_a_way_of_searching_that_needs_more_says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    find = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *more: None if name == "cmaes" else find(name, *more))
    spec = checked({"x": axis_of("x", "1:5")}, search="cmaes", minimize="loss")
    with pytest.raises(InvalidOption, match="needs cmaes"):
        Search(spec, "cell")


def test_optuna_says_nothing_of_its_own(sweeping: Sweeping, capfd: pytest.CaptureFixture[str]) -> None:
    import optuna

    before = optuna.logging.get_verbosity()
    sweeping.make(bowl, x="-1.0:1", search="tpe", trials=3, minimize="loss").go()
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == before
