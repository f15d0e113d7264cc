"""Which params tell about a metric."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.api.dispatch import answer
from nbtrack.base.config import Project
from nbtrack.base.errors import FilterError, InvalidOption, NotFound, StoreError
from nbtrack.charts import contract as c
from nbtrack.charts.features import features, spearman
from nbtrack.charts.importance import importance
from nbtrack.charts.param_table import ParamTable
from nbtrack.charts.service import ChartsService
from nbtrack.runs.current import begin
from nbtrack.runs.service import RunsService


def trials(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Runs of a search: five params, of which a test makes some matter."""
    chance = random.Random(seed)
    return [
        {
            "lr": chance.choice([1e-4, 1e-3, 1e-2, 0.1]),
            "model": chance.choice(["forest", "svm", "tree"]),
            "depth": chance.randint(1, 10),
            "augment": chance.random() < 0.5,
            "seed": chance.random(),
        }
        for _ in range(count)
    ]


def weighed(params: Sequence[dict[str, Any]], values: Sequence[float], **more: Any) -> c.Importance:
    return importance(ParamTable("acc", params, values, matched=len(values), **more))


def shares(found: c.Importance) -> dict[str, float]:
    return {one.param: one.importance for one in found.params}


# -- what it finds


def test_a_planted_number_and_a_planted_category_come_first() -> None:
    chance, params = random.Random(5), trials(200)
    values = [0.1 * math.log10(one["lr"]) + 0.2 * (one["model"] == "svm") + chance.gauss(0, 0.02) for one in params]
    found = weighed(params, values)
    assert [one.param for one in found.params[:2]] == ["lr", "model"]
    own = shares(found)
    assert own["lr"] + own["model"] > 0.95
    assert sum(own.values()) == pytest.approx(1.0)
    assert found.score is not None
    assert found.score > 0.8
    assert found.notice == ""
    assert found.runs == 200


def test_a_param_with_many_values_that_says_nothing_gets_no_share() -> None:
    chance, params = random.Random(6), trials(150)
    values = [float(one["augment"]) + chance.gauss(0, 1.0) for one in params]
    own = shares(weighed(params, values))
    assert own["augment"] > 3 * own["seed"]  # by impurity it would be the other way round


def test_two_params_that_matter_only_together_are_found() -> None:
    params = trials(300)
    values = [float(one["augment"] == (one["depth"] > 5)) for one in params]
    found = weighed(params, values)
    assert {one.param for one in found.params[:2]} == {"augment", "depth"}
    assert all(abs(one.correlation or 0.0) < 0.2 for one in found.params)  # which correlation cannot see


def test_the_answer_is_the_same_each_time() -> None:
    params = trials(60)
    values = [one["lr"] + one["seed"] for one in params]
    assert weighed(params, values) == weighed(params, values)


def test_a_correlation_has_the_sign_of_the_influence_and_a_text_has_none() -> None:
    params = trials(100)
    found = {one.param: one for one in weighed(params, [-one["lr"] for one in params]).params}
    assert found["lr"].correlation == pytest.approx(-1.0)
    assert found["model"].correlation is None
    assert found["augment"].correlation is not None


def test_constants_are_left_out_and_a_param_that_only_some_runs_have_is_not() -> None:
    params = [{**one, "fixed": 7, "always": "x"} for one in trials(80)]
    for at, one in enumerate(params):
        one["mine"] = at  # each run has its own: the value itself
        one |= {"extra": True} if at % 2 else {}
        one |= {"none": None, "nan": math.nan}
    found = {one.param: one for one in weighed(params, [float(at % 2) for at in range(80)]).params}
    assert {"fixed", "always", "none", "nan"}.isdisjoint(found)
    assert found["extra"].runs == 40
    assert found["extra"].importance > 0.9


def test_every_text_of_its_own_tells_nothing_and_is_left_out() -> None:
    params = [{"path": f"/data/{at}", "lr": at % 5} for at in range(40)]
    assert [one.param for one in weighed(params, [float(at % 5) for at in range(40)]).params] == ["lr"]


def test_values_of_any_size_are_told_apart() -> None:
    params = [
        {"huge": 10 ** (300 + at % 3), "fine": 1 + (at % 2) * 1e-15, "big": 10**400 * (at % 2)} for at in range(60)
    ]
    values = [1e300 * (at % 3) for at in range(60)]
    found = weighed(params, values)
    assert shares(found)["huge"] > 0.9
    tiny = weighed(params, [1.0 + 1e-13 * (at % 2) for at in range(60)])
    assert shares(tiny)["fine"] + shares(tiny)["big"] > 0.9


values_of_params = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(), max_size=2)
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), values_of_params), min_size=1, max_size=14),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=14, max_size=14),
)
def test_any_params_and_values_have_an_answer_on_the_wire(params: list[dict[str, Any]], values: list[float]) -> None:
    from nbtrack.base.wire import encode

    found = weighed(params, values[: len(params)])
    assert encode(found)
    assert all(0 <= one.importance <= 1 for one in found.params)
    assert all(one.correlation is None or -1 <= one.correlation <= 1 for one in found.params)
    assert sum(shares(found).values()) == pytest.approx(1.0) or not any(shares(found).values())
    assert found.score is None or math.isfinite(found.score)


# -- features and correlation


def test_numbers_become_ranks_and_what_is_missing_is_told() -> None:
    (one,) = features([{"lr": 0.1}, {"lr": 10}, {}, {"lr": 0.1}, {"lr": math.inf}])
    assert [column.tolist() for column in one.columns] == [[0, 1, 0.5, 0, 2], [0, 0, 1, 0, 0]]
    assert one.runs == 4


def test_rare_categories_share_a_column() -> None:
    rows = [{"m": "a"}] * 50 + [{"m": "b"}] * 47 + [{"m": "c"}, {"m": "d"}, {"m": "e"}]
    (one,) = features(rows)
    assert [int(column.sum()) for column in one.columns] == [50, 47, 3]


def test_mixed_values_and_lists_are_categories() -> None:
    found = features([{"x": 1, "y": [1, 2]}, {"x": "1", "y": [1, 2]}, {"x": True, "y": [3]}, {"x": 1, "y": [3]}] * 3)
    assert [one.numbers for one in found] == [None, None]
    assert len(found[1].columns) == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=40))
def test_spearman_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    from scipy.stats import spearmanr

    left, right = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    mine = spearman(left, right)
    if len(set(left)) < 2 or len(set(right)) < 2:
        assert mine is None
    else:
        assert mine == pytest.approx(float(spearmanr(left, right).statistic))


# -- what it says


def test_without_scikit_learn_correlations_remain_and_the_notice_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    params = trials(50)
    found = weighed(params, [one["depth"] / 10 for one in params])
    assert "pip install scikit-learn" in found.notice
    assert found.score is None
    assert not any(shares(found).values())
    assert (found.params[0].param, found.params[0].correlation) == ("depth", pytest.approx(1.0))


def test_few_runs_are_not_weighed() -> None:
    params = trials(7)
    found = weighed(params, [one["depth"] / 10 for one in params])
    assert found.notice == "Only 7 runs have acc; 8 are needed to weigh params against each other."
    assert (found.score, found.runs) == (None, 7)
    assert found.params[0].correlation == pytest.approx(1.0)
    assert "With only 12 runs the shares are rough." in weighed(trials(12), list(range(12))).notice


def test_a_metric_that_params_do_not_explain_is_said_to_be_so() -> None:
    chance, params = random.Random(7), trials(300)
    little = weighed(params, [one["depth"] / 10 + chance.gauss(0, 0.7) for one in params])
    nothing = weighed(params, [chance.random() for _ in params])
    assert "explain little of acc (R² 0." in little.notice
    assert "explain nothing of acc (R² -" in nothing.notice


def test_a_metric_with_one_value_has_nothing_to_explain() -> None:
    found = weighed(trials(20), [0.5] * 20)
    assert (found.params, found.score) == ([], None)
    assert found.notice == "All 20 runs have the same acc. There is nothing to explain."
    assert "This is a single run." in weighed(trials(1), [0.5]).notice


def test_runs_whose_params_are_all_the_same_are_said_to_be_so() -> None:
    assert weighed([{"lr": 1}] * 9, list(range(9))).notice == "These runs have no params that differ."
    assert weighed([{}] * 9, list(range(9))).notice == "These runs have no params that differ."


def test_one_run_that_exploded_is_pointed_at() -> None:
    params = trials(40)
    found = weighed(params, [one["depth"] / 10 for one in params[:-1]] + [1e9])
    assert "come from one extreme value" in found.notice


# -- from a project


def fill(project: Project, count: int = 30) -> None:
    for at, params in enumerate(trials(count)):
        with begin(project, name=f"r{at}", experiment="even" if at % 2 == 0 else "odd") as run:
            run.set_params(params)
            for step in range(3):
                run.log({"acc": params["depth"] * (step + 1), 'odd "name" / 1': 1.0 * at}, step=step)
            run.log({"dead": (math.nan, math.inf, 1.0)[at % 3]})


def ask(project: Project, metric: str, **more: Any) -> c.Importance:
    return ChartsService(RunsService(project)).importance(c.ImportanceRequest(metric=metric, **more))


def test_the_runs_that_match_are_weighed(project: Project) -> None:
    fill(project)
    every = ask(project, "acc")
    assert (every.runs, every.params[0].param, every.params[0].runs) == (30, "depth", 30)
    assert every.revision > 0
    assert ask(project, "acc", experiment="odd").runs == 15
    assert ask(project, "acc", filter="params.augment = true", also=["params.depth > 3"]).runs == sum(
        one["augment"] and one["depth"] > 3 for one in trials(30)
    )
    assert ask(project, "acc", filter="params.depth > 100").notice == "No run here has acc."


@pytest.mark.parametrize("metric", ["acc", "acc.min", "acc.max", "acc.mean", "metrics.acc", "metrics.acc.min"])
def test_parts_of_a_metric_can_be_asked_for(project: Project, metric: str) -> None:
    fill(project, 12)
    found = ask(project, metric)
    depth = next(one for one in found.params if one.param == "depth")
    assert depth.correlation == pytest.approx(1.0)


def test_a_metric_of_any_name_can_be_asked_for(project: Project) -> None:
    fill(project, 9)
    assert ask(project, 'odd "name" / 1').runs == 9


def test_values_that_are_no_numbers_are_left_out_and_counted(project: Project) -> None:
    fill(project)
    found = ask(project, "dead")
    assert found.runs == 10
    assert "20 runs are left out, whose dead is NaN or infinite." in found.notice


def test_only_the_latest_runs_are_looked_at_where_there_are_very_many(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbtrack.charts import param_table

    fill(project)
    monkeypatch.setattr(param_table, "MOST_RUNS", 20)
    found = ask(project, "acc")
    assert found.runs == 20
    assert "Only the latest 20 of 30 runs are looked at." in found.notice


def test_of_ten_thousand_params_those_that_most_runs_have_are_read(project: Project) -> None:
    for at in range(10):
        with begin(project, name=f"r{at}", experiment="e") as run:
            run.set_params({f"own.{at}.{place}": place for place in range(1000)})
            run.set_params({f"p{place:03}": (at * place) % 7 for place in range(100)})
            run.log({"acc": float(at * 3 % 7)})
    found = ask(project, "acc")
    assert "Of 10,100 params, the 100 that most runs have are looked at." in found.notice
    assert all(one.param.startswith("p") for one in found.params)
    assert found.params[0].importance > 0


def test_a_metric_that_no_run_has_is_not_found_and_near_names_are_given(project: Project) -> None:
    fill(project, 2)
    with pytest.raises(NotFound, match=r"No run has a metric 'accc'\. Near: metrics\.acc"):
        ask(project, "accc")
    with pytest.raises(NotFound):
        ask(project, "acc.nothing")
    with pytest.raises(InvalidOption, match="No metric was named"):
        ask(project, "")
    with pytest.raises(FilterError):
        ask(project, "acc", filter="params.depth >")
    assert answer(project, "charts.importance", {"metric": "x" * 10_000})["error"]["code"] == "not_found"


def test_an_empty_project_has_nothing_to_weigh(project: Project) -> None:
    with pytest.raises(StoreError):
        ask(project, "acc")
