"""What was logged since, and the means of groups, read from a project."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nbtrack.api.dispatch import answer
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption, StoreError
from nbtrack.charts import contract as c
from nbtrack.charts.bands import allowance, mean_band, placed
from nbtrack.charts.series import Curve, smooth
from nbtrack.charts.service import ChartsService
from nbtrack.runs.contract import RunsRequest
from nbtrack.runs.current import begin
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService


def logged(project: Project, name: str, values: Any, key: str = "loss", first: int = 0) -> str:
    with begin(project, name=name, experiment="e") as run:
        for step, value in enumerate(values, start=first):
            run.log({key: value}, step=step)
    return run.id


def charts(project: Project) -> ChartsService:
    return ChartsService(RunsService(project))


# -- tail


@pytest.mark.parametrize("after", [0, 1, 127, 128, 129, 5_000, 9_999])
def test_a_tail_is_the_end_of_the_full_history(project: Project, after: int) -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    run = logged(project, "long", values.tolist())
    reads = RunsService(project)
    (one,) = ChartsService(reads).tail(c.TailRequest([c.CurveTail(run, "loss", after)], 20_000)).series
    full = reads.history(run, "loss")
    assert one.total == 10_000
    assert (one.run, one.key) == (run, "loss")
    assert one.steps == full.steps[after:].tolist()
    assert one.times == full.times[after:].tolist()
    assert one.values == full.values[after:].tolist()


def test_a_tail_of_a_run_that_is_being_logged_has_its_last_point(project: Project) -> None:
    with begin(project, name="live", experiment="e") as run:
        run.log({"loss": 3.0})
        first = charts(project).tail(c.TailRequest([c.CurveTail(run.id, "loss", 0)]))
        run.log({"loss": 2.0})
        second = charts(project).tail(c.TailRequest([c.CurveTail(run.id, "loss", first.series[0].total)]))
        third = charts(project).tail(c.TailRequest([c.CurveTail(run.id, "loss", second.series[0].total)]))
    assert [one.values for one in first.series] == [[3.0]]
    assert [(one.values, one.total) for one in second.series] == [([2.0], 2)]
    assert third.series == []
    assert third.revision >= second.revision > first.revision


def test_a_tail_of_many_points_is_thinned_and_keeps_its_peak(project: Project) -> None:
    values = [0.0] * 5_000
    values[3_003] = 9.0
    run = logged(project, "spike", values)
    (one,) = charts(project).tail(c.TailRequest([c.CurveTail(run, "loss", 1_000)], 50)).series
    assert len(one.values) <= 4 * 50
    assert max(one.values) == 9.0
    assert one.steps[one.values.index(9.0)] == 3_003
    assert one.total == 5_000


def test_what_a_tail_sends_depends_on_what_is_new_alone(project: Project) -> None:
    short, long = logged(project, "short", range(20)), logged(project, "long", range(9_000))
    found = charts(project).tail(c.TailRequest([c.CurveTail(short, "loss", 10), c.CurveTail(long, "loss", 8_990)]))
    assert [len(one.values) for one in found.series] == [10, 10]


def test_a_tail_leaves_out_what_has_nothing_new_and_names_runs_that_are_gone(project: Project) -> None:
    run = logged(project, "a", [1.0, 2.0])
    asked = [(run, "loss", 2), (run, "no such metric", 0), ("gone", "loss", 0), ("gone", "acc", 0), (run, "loss", 99)]
    found = charts(project).tail(c.TailRequest([c.CurveTail(*one) for one in asked]))
    assert found.series == []
    assert found.missing == ["gone"]


def test_a_purged_run_is_missing_and_one_in_the_trash_is_not(project: Project) -> None:
    run = logged(project, "a", [1.0, 2.0])
    reads = RunsService(project)
    EditingService(reads).trash(RunsRequest([run]))
    request = c.TailRequest([c.CurveTail(run, "loss", 0)])
    assert [one.values for one in ChartsService(reads).tail(request).series] == [[1.0, 2.0]]
    EditingService(reads).purge()
    assert ChartsService(reads).tail(request).missing == [run]


@pytest.mark.parametrize(("after", "width"), [(-1, 400), (0, 0), (0, 1_000_000)])
def test_a_tail_that_makes_no_sense_is_refused(project: Project, after: int, width: int) -> None:
    run = logged(project, "a", [1.0])
    with pytest.raises(InvalidOption):
        charts(project).tail(c.TailRequest([c.CurveTail(run, "loss", after)], width))


def test_a_project_without_runs_says_so(project: Project) -> None:
    with pytest.raises(StoreError, match="No runs are kept"):
        charts(project).tail(c.TailRequest([]))
    with pytest.raises(StoreError, match="No runs are kept"):
        charts(project).bands(c.BandsRequest({}, "loss"))


def test_nan_and_infinity_of_a_tail_travel_as_words(project: Project) -> None:
    run = logged(project, "odd", [math.nan, math.inf, -math.inf, 1.5])
    found = answer(project, "charts.tail", {"curves": [{"run": run, "key": "loss", "after": 0}]})
    assert found["ok"]
    assert found["result"]["series"][0]["values"] == ["NaN", "Infinity", "-Infinity", 1.5]


# -- bands


def test_a_band_is_the_mean_and_the_sample_deviation_at_each_step(project: Project) -> None:
    rows = np.random.default_rng(2).normal(size=(5, 40))
    runs = [logged(project, f"r{at}", row.tolist()) for at, row in enumerate(rows)]
    found = charts(project).bands(c.BandsRequest({"all": runs, "two": runs[:2], "one": runs[:1]}, "loss"))
    every, two, one = found.bands
    assert (every.group, every.runs, two.runs, one.runs) == ("all", 5, 2, 1)
    assert every.xs == list(range(40))
    assert every.mean == pytest.approx(rows.mean(axis=0))
    assert every.high == pytest.approx(rows.mean(axis=0) + rows.std(axis=0, ddof=1))
    assert every.low == pytest.approx(rows.mean(axis=0) - rows.std(axis=0, ddof=1))
    assert two.mean == pytest.approx(rows[:2].mean(axis=0))
    assert one.low == one.mean == one.high == pytest.approx(rows[0])


def test_runs_of_a_band_are_interpolated_between_their_own_points(project: Project) -> None:
    sparse = logged(project, "sparse", [0.0])
    with begin(project, name="ends", experiment="e") as ends:
        ends.log({"loss": 0.0}, step=0)
        ends.log({"loss": 10.0}, step=10)
    with begin(project, name="middle", experiment="e") as middle:
        middle.log({"loss": 7.0}, step=5)
    (band,) = charts(project).bands(c.BandsRequest({"g": [sparse, ends.id, middle.id]}, "loss")).bands
    assert band.xs == [0, 5, 10]
    assert band.mean == [0.0, 6.0, 10.0]  # at 5: 5 between the ends, and 7; nothing is made up beyond a run's points


def test_runs_are_smoothed_before_their_mean(project: Project) -> None:
    rows = np.random.default_rng(3).normal(size=(3, 30))
    runs = [logged(project, f"r{at}", row.tolist()) for at, row in enumerate(rows)]
    (band,) = charts(project).bands(c.BandsRequest({"g": runs}, "loss", smoothing=0.8)).bands
    assert band.mean == pytest.approx(np.mean([smooth(row, 0.8) for row in rows], axis=0))


def test_relative_time_counts_from_the_start_of_each_run_and_time_does_not(project: Project) -> None:
    runs = [logged(project, f"r{at}", [1.0, 2.0, 3.0]) for at in range(2)]
    reads = RunsService(project)
    started = {run: reads.row(run).started for run in runs}
    times = {run: np.array(reads.history(run, "loss").times) for run in runs}
    (relative,) = ChartsService(reads).bands(c.BandsRequest({"g": runs}, "loss", "relative")).bands
    (absolute,) = ChartsService(reads).bands(c.BandsRequest({"g": runs}, "loss", "time")).bands
    # Unique: the clock goes in steps, and two runs may have a point the same time after their start.
    assert relative.xs == pytest.approx(np.unique(np.concatenate([times[run] - started[run] for run in runs])))
    assert absolute.xs == pytest.approx(np.unique(np.concatenate([times[run] for run in runs])))
    assert min(relative.xs) >= 0
    assert max(relative.xs) < 1e6 < min(absolute.xs)


def test_groups_without_the_metric_are_left_out_and_runs_that_are_gone_passed_over(project: Project) -> None:
    run, other = logged(project, "a", [1.0, 3.0]), logged(project, "b", [0.5], key="acc")
    groups = {"here": [run, "gone", run], "other": [other], "nobody": ["gone"], "empty": []}
    found = charts(project).bands(c.BandsRequest(groups, "loss")).bands
    assert [(one.group, one.runs, one.mean) for one in found] == [("here", 1, [1.0, 3.0])]
    assert charts(project).bands(c.BandsRequest(groups, "no such metric")).bands == []


def test_a_gap_of_all_runs_is_a_gap_of_the_band(project: Project) -> None:
    run = logged(project, "a", [1.0, math.nan, math.inf, 3.0])
    found = answer(project, "charts.bands", {"groups": {"g": [run]}, "key": "loss"})
    assert found["result"]["bands"][0]["mean"] == [1.0, "NaN", "NaN", 3.0]


def test_a_thinned_band_keeps_its_extremes_and_its_values() -> None:
    chance = np.random.default_rng(4)
    rows = chance.normal(size=(6, 20_000)).cumsum(axis=1)
    rows[2, 7_777] += 500.0  # one run's spike lifts the mean and widens the band
    curves = [Curve(f"r{at}", "", "k", range(20_000), (), row) for at, row in enumerate(rows)]
    lines = [placed(curve, "step", 0, 0, 1 << 30) for curve in curves]
    band = mean_band("g", lines, 100)
    assert band is not None
    mean, spread = rows.mean(axis=0), rows.std(axis=0, ddof=1)
    at = np.array(band.xs).astype(int)
    assert len(at) <= 6 * 100
    assert band.mean == pytest.approx(mean[at])
    assert band.high == pytest.approx((mean + spread)[at])
    assert band.low == pytest.approx((mean - spread)[at])
    assert max(band.mean) == pytest.approx(mean.max())
    for columns in np.array_split(np.arange(20_000), 50):  # each holds two pixel columns
        inside = [place for place, x in enumerate(at) if columns[0] <= x <= columns[-1]]
        assert max(band.high[place] for place in inside) == pytest.approx((mean + spread)[columns].max(), rel=0.05)
        assert min(band.low[place] for place in inside) == pytest.approx((mean - spread)[columns].min(), rel=0.05)


def test_runs_too_long_for_their_group_count_with_their_outline() -> None:
    assert allowance(10) == 200_000
    assert allowance(1_000_000) == 400
    values = np.zeros(50_000)
    values[31_234] = 5.0
    line = placed(Curve("r", "", "k", range(50_000), (), values), "step", 0, 0, 400)
    assert len(line.x) <= 400
    assert line.y[line.x == 31_234].tolist() == [5.0]


def test_a_band_of_many_long_runs_that_share_no_moment_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.charts import series

    monkeypatch.setattr(series, "_CELLS", 4_000)
    values = np.arange(500.0)
    lines = [series.Line(Curve(f"r{at}", "", "k", (), (), ()), values + at / 20, values, values) for at in range(20)]
    band = series.band(lines)
    assert len(band.x) == 200
    inner = (band.x > 1) & (band.x < 498)
    assert band.mean[inner] == pytest.approx(band.x[inner] - np.arange(20).mean() / 20)  # what is left is exact


@pytest.mark.parametrize("bad", [{"smoothing": 1.0}, {"smoothing": -0.1}, {"smoothing": math.nan}, {"width": 0}])
def test_bands_that_make_no_sense_are_refused(project: Project, bad: dict[str, Any]) -> None:
    logged(project, "a", [1.0])
    with pytest.raises(InvalidOption):
        charts(project).bands(c.BandsRequest({}, "loss", **bad))
