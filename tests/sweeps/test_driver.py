"""A sweep from its first trial to its last, however its trials end."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from nbtrack.base.errors import InvalidOption
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService
from nbtrack.sweeps.driver import AllFailed, Sweep
from nbtrack.sweeps.trial import Result
from tests.sweeps.conftest import Sweeping


def statuses(sweep: Sweep) -> list[str]:
    return [result.status for result in sorted(sweep.results, key=lambda one: one.number)]


def test_one_failure_does_not_stop_the_rest(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"loss": 1 / x}, x=[2, 0, 4])
    sweep.go()
    assert statuses(sweep) == ["finished", "failed", "finished"]
    assert sweep.counts() == {"finished": 2, "failed": 1}
    assert next(one.reason for one in sweep.results if one.status == "failed") == "ZeroDivisionError: division by zero"


def test_the_best_is_by_the_metric_whose_name_says_what_is_better(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"loss": (x - 3) ** 2, "other": -x}, x="1:5")
    sweep.go()
    assert (sweep.objective, sweep.direction) == ("loss", "min")
    best = sweep.best()
    assert best is not None
    assert (best.values, best.metrics["loss"]) == ({"x": 3}, 0.0)
    assert [one.values["x"] for one in sweep.ranked()] == [3, 2, 4, 1, 5]


def test_without_a_metric_that_says_so_nothing_is_best(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"thing": x}, x="1:3")
    sweep.go()
    assert (sweep.objective, sweep.best()) == (None, None)


def test_a_trial_without_a_number_is_never_the_best(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"q": math.nan if x == 2 else x}, x=[1, 2, 3], maximize="q")
    sweep.go()
    best = sweep.best()
    assert best is not None
    assert best.values == {"x": 3}
    assert [one.values["x"] for one in sweep.ranked()] == [3, 1, 2]


def test_the_run_of_the_sweep_keeps_what_was_asked_what_came_of_it_and_the_best(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"acc": x / 10}, x=[1, 2], maximize="acc")
    sweep.go()
    sweep.parent.end()
    detail = RunsService(sweeping.project).get(c.RunRequest(sweep.parent.id))
    about = detail.about["sweep"]
    assert (about["axes"], about["objective"], about["counts"]) == ({"x": [1, 2]}, "acc", {"finished": 2})
    assert (about["best"]["value"], about["best"]["values"]) == (0.2, {"x": 2})
    assert detail.row.metrics["acc"].last == 0.2


def test_when_all_fail_the_sweep_fails_and_says_why(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"loss": 1 / 0}, x=[1, 2])
    with pytest.raises(AllFailed, match="All 2 trials failed; the first: ZeroDivisionError"):
        sweep.go()


def test_an_interrupt_ends_it_and_nothing_else_begins(sweeping: Sweeping) -> None:
    def call(x: int) -> dict[str, float]:
        if x == 2:
            raise KeyboardInterrupt
        return {"loss": x}

    sweep = sweeping.make(call, x="1:9")
    with pytest.raises(KeyboardInterrupt):
        sweep.go()
    assert statuses(sweep) == ["finished", "interrupted"]
    assert sweep.about()["stopped"] == "interrupted"


def test_an_interrupt_ends_all_that_are_under_way_at_once(sweeping: Sweeping) -> None:
    def call(x: int) -> dict[str, float]:
        raise KeyboardInterrupt

    sweep = sweeping.make(call, width=3, x="1:9")
    with pytest.raises(KeyboardInterrupt):
        sweep.go()
    assert statuses(sweep) == ["interrupted"] * 3
    assert not sweep.running


def test_as_many_run_at_once_as_the_executor_takes(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"loss": x}, width=3, x="1:7")
    sweep.go()
    assert sweeping.calls is not None
    assert sweeping.calls.most == 3
    assert statuses(sweep) == ["finished"] * 7


def test_after_the_time_nothing_else_begins(sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]  # of the sweep alone: threads that wait by the time go on
    monkeypatch.setattr("nbtrack.sweeps.driver.time", SimpleNamespace(monotonic=lambda: clock[0]))

    def call(x: int) -> dict[str, float]:
        clock[0] += 10.0
        return {"loss": x}

    sweep = sweeping.make(call, x="1:9", timeout=25.0)
    sweep.go()
    assert statuses(sweep) == ["finished"] * 3
    assert sweep.about()["stopped"] == "timeout"


def test_the_estimate_is_by_what_trials_took_so_far(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"loss": x}, x="1:9")
    assert sweep.estimate() is None
    sweep.results += [Result(number, {"x": number}, "k", "finished", seconds=2.0) for number in (1, 2, 3)]
    assert sweep.estimate() == 12.0
    sweep.results.append(Result(4, {"x": 4}, "k", "finished", seconds=60.0, earlier=True))
    assert sweep.estimate() == 12.0


def test_a_metric_that_decides_but_never_comes_is_said_after_the_first_trial(sweeping: Sweeping) -> None:
    sweep = sweeping.make(lambda x: {"loss": x}, x="1:9", maximize="accuracy")
    with pytest.raises(InvalidOption, match=r"--maximize accuracy: .* It gave: loss"):
        sweep.go()
    assert statuses(sweep) == ["finished"]


def test_finished_combinations_are_not_run_again(sweeping: Sweeping) -> None:
    first = sweeping.make(lambda x: {"loss": 1 / x}, x=[0, 1, 2])
    first.go()
    done = [one for one in first.results if one.good]
    for one in done:
        one.earlier = True
    ran: list[int] = []
    second = sweeping.make(lambda x: ran.append(x) or {"loss": x}, earlier=done, x=[2, 3, 1, 0])
    second.go()
    assert sorted(ran) == [0, 3]
    assert [one.values["x"] for one in second.reused] == [2, 1]
    assert second.counts() == {"finished": 2}
