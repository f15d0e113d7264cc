"""Which metric a short list shows, how its curve is thinned, and how far a run is."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.tables.main_metric import Metric, choose, rank, votes
from nbtrack.tables.progress import counted, total_of
from nbtrack.tables.spark import MOST, stretched, thinned


def metric(name: str, source: str = "explicit", points: int = 10) -> Metric:
    return Metric(name, 0, source, points, 1.0, 9)


def shown(*names: str) -> str:
    """The one of these metrics of a run that is shown."""
    return min((metric(name) for name in names), key=rank).name


@pytest.mark.parametrize(
    ("best", "others"),
    [
        ("val_acc", ["acc", "train_acc", "val_loss", "loss", "epoch_time", "lr", "epoch"]),
        ("accuracy", ["loss", "time", "foo"]),
        ("loss", ["foo", "seconds", "lr", "epoch", "memory_mb"]),
        ("foo", ["fit_time", "epoch", "n_params", "gpu_memory"]),
        ("test/f1", ["f1", "train/f1"]),
        ("acc", ["train_acc", "trainAcc", "trainacc"]),
        ("valLoss", ["trainLoss", "loss"]),
        ("valloss", ["trainloss", "loss"]),
        ("validation.rmse", ["training.rmse", "rmse"]),
        ("score", ["score_time", "latency"]),
        ("loss", ["throughput", "fps"]),
    ],
)
def test_what_says_most_of_a_run_is_shown(best: str, others: list[str]) -> None:
    assert shown(*others, best) == shown(best, *others) == best


def test_what_the_user_logged_comes_before_what_was_captured_and_a_curve_before_one_value() -> None:
    run = [metric("val_acc", "assigned"), metric("foo")]
    assert min(run, key=rank).name == "foo"
    assert min([metric("acc", points=1), metric("auc")], key=rank).name == "auc"
    assert min([metric("acc", points=1), metric("loss")], key=rank).name == "acc"


def by_name(*names: str) -> dict[str, Metric]:
    return {name: metric(name) for name in names}


def test_neighbours_show_the_same_metric_where_they_have_it() -> None:
    runs = [by_name("acc", "f1"), by_name("acc"), by_name("acc"), by_name("val_f1", "acc")]
    known = votes(run.values() for run in runs)
    assert known == {"acc": 3, "val_f1": 1}
    chosen = [choose(run, None, known) for run in runs]
    assert [one.name for one in chosen if one] == ["acc"] * 4
    other = choose(by_name("f1", "loss"), None, known)
    assert other is not None
    assert other.name == "f1", "a run without it shows its own"


def test_the_metric_that_was_asked_for_is_shown_where_a_run_has_it() -> None:
    for names, expected in ((("acc", "time"), "time"), (("acc",), "acc")):
        found = choose(by_name(*names), "time", {"acc": 5})
        assert found is not None
        assert found.name == expected
    assert choose({}, "time", {"acc": 5}) is None


# -- curves


@given(st.lists(st.floats(), max_size=300))
def test_a_thinned_curve_has_at_most_forty_values_its_ends_and_its_extremes(values: list[float]) -> None:
    found = thinned(values)
    assert len(found) == min(len(values), MOST)
    assert repr(found[:1] + found[-1:]) == repr(values[:1] + values[-1:])
    finite = [value for value in values if math.isfinite(value)]
    if finite:
        seen = [value for value in found if math.isfinite(value)]
        assert (min(seen), max(seen)) == (min(finite), max(finite))
    if len(values) <= MOST:
        assert repr(found) == repr(values)


def test_a_peak_in_a_long_curve_is_kept_where_it_was() -> None:
    chance = random.Random(1)
    for place in (0, 1, 500, 49_999, 99_998, 99_999):
        values = [chance.random() for _ in range(100_000)]
        values[place] = 9.0
        found = thinned(values)
        assert found.count(9.0) == 1
        assert abs(found.index(9.0) / (MOST - 1) - place / 99_999) < 0.05


def test_a_stretch_without_a_number_is_a_gap() -> None:
    found = thinned([1.0] * 100 + [math.nan] * 100 + [2.0] * 100)
    assert [math.isnan(value) for value in found[:3] + found[19:21] + found[-3:]] == [False] * 3 + [True] * 2 + [
        False
    ] * 3
    assert not any(map(math.isnan, thinned([1.0, math.nan, math.inf] * 100)[1:-1]))


def test_a_sample_gets_the_extremes_that_are_known_of_the_whole() -> None:
    assert stretched([5.0, 1.0, 2.0, 3.0, 5.0], -7.0, 9.0) == [5.0, -7.0, 2.0, 3.0, 5.0]
    assert stretched([0.0, 1.0, 3.0, 2.0, 1.0], 0.0, 9.0) == [0.0, 1.0, 9.0, 2.0, 1.0]
    assert stretched([math.nan] * 3, 0.0, 1.0)[1] != 0.0
    assert stretched([1.0, 2.0, 1.0], -math.inf, math.inf) == [1.0, 2.0, 1.0]


# -- progress


@pytest.mark.parametrize(
    ("params", "step", "total"),
    [
        ({"epochs": 10}, 3, 10),
        ({"cfg.train.numEpochs": 10}, 3, 10),
        ({"EPOCHS": 10}, 10, 10),
        ({"epochs": 10}, 11, None),
        ({"epochs": 10, "max_steps": 5000}, 3, 10),
        ({"epochs": 10, "max_steps": 5000}, 11, 5000),
        ({"Booster.n_estimators": 100}, 5, 100),
        ({"batch_size": 32, "seed": 7}, 3, None),
        ({"epochs_done": 32}, 3, None),
        ({}, 3, None),
    ],
)
def test_the_param_that_says_how_many_steps_there_are(params: dict[str, int], step: int, total: int | None) -> None:
    assert total_of(params, step) == total


def test_steps_are_counted_from_one() -> None:
    assert (counted(0, [0]), counted(9, [0]), counted(9, [1]), counted(9, [])) == (1, 10, 9, 9)
