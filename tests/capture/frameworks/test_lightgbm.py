"""LightGBM in tracked cells of a real kernel, native and behind its scikit-learn classes."""

from __future__ import annotations

import csv
import io

import pytest

from tests.capture.frameworks.conftest import Cells, params

SETUP = """
import warnings; warnings.simplefilter("ignore")
import nbtrack, numpy as np
import lightgbm as lgb
from lightgbm import train as fit_booster
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
a, b, c, d = X[::2], X[1::2], y[::2], y[1::2]
def data():
    D = lgb.Dataset(a, c)
    return D, lgb.Dataset(b, d, reference=D)
settings = dict([("num_leaves", 4), ("learning_rate", 0.3), ("objective", "binary"), ("verbose", -1),
                 ("num_threads", 1)])
"""


@pytest.fixture(scope="module")
def boost(cells: Cells) -> Cells:
    cells.run(SETUP)
    return cells


def test_a_native_training_gives_each_iteration_and_the_best(boost: Cells) -> None:
    run = boost.track("""
D, E = data()
history = {}
booster = fit_booster(settings, D, 80, [E], valid_names=["held"],
                      callbacks=[lgb.early_stopping(2, verbose=False), lgb.record_evaluation(history)])
losses = history["held"]["binary_logloss"]
""")
    found = params(run)
    assert (found["lightgbm.num_leaves"], found["lightgbm.num_boost_round"]) == (4, 80)
    losses = boost.points(run, "held.binary_logloss")
    assert boost.run("print([float(one) for one in losses])").text.strip() == str([value for _, value in losses])
    assert [step for step, _ in losses] == list(range(len(losses)))
    assert run.row.metrics["best_iteration"].last == len(losses) - 2  # counted from one, as LightGBM does
    assert run.row.metrics["best_score"].last == min(value for _, value in losses)
    rows = list(csv.reader(io.StringIO(boost.text(run, "autolog/lightgbm/importances.csv"))))
    assert rows[0] == ["feature", "gain", "split"]
    assert float(rows[1][1]) >= float(rows[2][1]) > 0


def test_an_estimator_has_its_settings_once_and_its_evaluations(boost: Cells) -> None:
    run = boost.track("""
model = lgb.LGBMClassifier(n_estimators=4, num_leaves=5, verbose=-1, n_jobs=1).fit(a, c, eval_set=[(b, d)])
score = model.score(b, d)
""")
    found = params(run)
    assert (found["LGBMClassifier.n_estimators"], found["LGBMClassifier.num_leaves"]) == (4, 5)
    assert not any(name.startswith("lightgbm.") for name in found)
    assert len(boost.points(run, "valid_0.binary_logloss")) == 4
    assert {"system/fit_seconds", "training_score", "score"} <= set(run.row.metrics)
    assert "autolog/LGBMClassifier/importances.csv" in {one.path for one in run.artifacts}


def test_cross_validation_gives_mean_and_deviation(boost: Cells) -> None:
    run = boost.track("found = lgb.cv(settings, data()[0], 3, nfold=2)")
    assert [step for step, _ in boost.points(run, "valid.binary_logloss.mean")] == [0, 1, 2]
    last = float(boost.run("print(found['valid binary_logloss-mean'][-1])").text)
    assert boost.points(run, "valid.binary_logloss.mean")[-1][1] == pytest.approx(last)
    assert len(boost.points(run, "valid.binary_logloss.std")) == 3


def test_trainings_of_a_cross_validation_are_not_the_users_own(boost: Cells) -> None:
    run = boost.track("s = cross_val_score(lgb.LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1), X, y, cv=2)")
    assert params(run)["LGBMClassifier.n_estimators"] == 2
    assert not [one for one in run.artifacts if one.path.startswith("autolog/")]


def test_two_trainings_with_other_settings_have_names_of_their_own(boost: Cells) -> None:
    run = boost.track("""
for leaves in (3, 6):
    D, E = data()
    lgb.train({**settings, "num_leaves": leaves}, D, 2, [E])
""")
    found = params(run)
    assert (found["lightgbm.num_leaves"], found["lightgbm#2.num_leaves"]) == (3, 6)
    assert len(boost.points(run, "valid_0.binary_logloss")) == 2
    assert len(boost.points(run, "lightgbm#2.valid_0.binary_logloss")) == 2


def test_the_users_own_callbacks_and_results_are_as_ever(boost: Cells) -> None:
    code = """
def stop(env):
    if env.iteration == 1:
        raise lgb.callback.EarlyStopException(env.iteration, env.evaluation_result_list)
mine = [stop]
D, E = data()
quiet = fit_booster(settings, D, 10, [E], callbacks=mine)
print(quiet.current_iteration(), quiet.best_iteration, mine == [stop], quiet.model_to_string()[-200:])
"""
    before = boost.run(code).text
    run = boost.track(code)
    assert boost.outputs(run) == before
    assert [step for step, _ in boost.points(run, "valid_0.binary_logloss")] == [0, 1]


def test_nothing_stays_in_the_module_nor_in_the_notebook(boost: Cells) -> None:
    code = "from lightgbm import cv as fold\nm = fit_booster(settings, data()[0], 2)"
    assert "lightgbm.num_leaves" in params(boost.track(code))
    held = "[type(f).__name__ for f in (fit_booster, fold, lgb.train, lgb.engine.train, lgb.sklearn.train, lgb.cv)]"
    assert boost.run(held).result == str(["function"] * 6)
