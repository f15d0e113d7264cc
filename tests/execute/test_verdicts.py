"""The rule by which a second time is held against the first."""

from __future__ import annotations

import math

import pytest

from nbtrack.execute.verdicts import Recorded, Verdict, close, is_time


def row(name: str, **metrics: float) -> Recorded:
    return Recorded(name, {key: ([0], [value]) for key, value in metrics.items()})


def judged(then: list[Recorded], now: list[Recorded], tolerance: float = 1e-6) -> Verdict:
    verdict = Verdict("ran", "x", tolerance=tolerance)
    verdict.judge(then, now)
    return verdict


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1.0, 1.0, True), (1.0, 1.0 + 1e-9, True), (1.0, 1.00001, False), (math.nan, math.nan, True),
        (math.nan, 1.0, False), (math.inf, math.inf, True), (math.inf, -math.inf, False), (math.inf, 1e308, False),
        (0.0, -0.0, True), (0.0, 1e-300, False), (1e308, -1e308, False), (5e-324, 5e-324, True),
    ],
)  # fmt: skip
def test_values_are_the_same_within_a_share_of_the_larger(one: float, other: float, same: bool) -> None:
    assert close(one, other, 1e-6) is same
    assert close(other, one, 1e-6) is same


@pytest.mark.parametrize(
    "name", ["fit_seconds", "system/cpu", "time", "fitTime", "epoch.duration", "samples_per_second", "step_ms"]
)
def test_metrics_of_time_and_machine_decide_nothing(name: str) -> None:
    assert is_time(name)


@pytest.mark.parametrize("name", ["loss", "val_acc", "timesteps", "sometime_loss", "perplexity", "ecosystem/acc"])
def test_other_metrics_decide(name: str) -> None:
    assert not is_time(name)


def test_the_verdicts() -> None:
    then = [row("a", acc=0.9, fit_seconds=1.0)]
    assert judged(then, [row("b", acc=0.9, fit_seconds=9.0)]).verdict == "reproduced"
    assert judged(then, [row("b", acc=0.91)]).verdict == "differs"
    assert judged(then, [row("b", acc=0.91)], tolerance=0.1).verdict == "reproduced"
    missing = judged(then, [row("b", other=1.0)])
    assert (missing.verdict, missing.missing) == ("incomplete", ["acc", "fit_seconds"])
    assert judged(then, []).verdict == "incomplete"
    assert judged([row("a", fit_seconds=1.0)], [row("b", fit_seconds=2.0)]).verdict == "ran"
    assert judged([row("a")], [row("b")]).verdict == "ran"


def test_runs_inside_are_paired_by_their_order() -> None:
    then = [row("a"), row("x", score=1.0), row("y", score=2.0)]
    assert judged(then, [row("b"), row("p", score=1.0), row("q", score=2.0)]).verdict == "reproduced"
    other = judged(then, [row("b"), row("p", score=1.0)])
    assert (other.verdict, other.missing) == ("incomplete", ["y: score"])


def test_points_are_compared_by_step_in_whatever_order_they_came() -> None:
    then = [Recorded("a", {"acc": ([0, 1, 1, 2], [0.1, 0.3, 0.2, math.nan])})]
    same = judged(then, [Recorded("b", {"acc": ([2, 1, 0, 1], [math.nan, 0.2, 0.1, 0.3])})])
    assert (same.verdict, same.metrics[0].apart, same.metrics[0].points) == ("reproduced", 0, 4)
    other = judged(then, [Recorded("b", {"acc": ([0, 1, 1, 2], [0.1, 0.3, 0.25, math.nan])})])
    assert (other.verdict, other.metrics[0].apart) == ("differs", 1)
    short = judged(then, [Recorded("b", {"acc": ([0, 1], [0.1, 0.2])})])
    assert (short.verdict, short.metrics[0].apart) == ("differs", 2)


def test_of_scores_that_are_taken_as_time_allows_only_the_first_decides() -> None:
    then = [Recorded("a", {"SVC.training_score": ([0, 1], [0.9, 0.8])})]
    assert judged(then, [Recorded("b", {"SVC.training_score": ([0, 1, 2], [0.9, 0.7, 0.6])})]).verdict == "reproduced"
    assert judged(then, [Recorded("b", {"SVC.training_score": ([0], [0.8])})]).verdict == "differs"
