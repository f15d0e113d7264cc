"""XGBoost in tracked cells of a real kernel, native and behind its scikit-learn classes."""

from __future__ import annotations

import csv
import io

import pytest

from tests.capture.frameworks.conftest import Cells, params

SETUP = """
import nbtrack, numpy as np
import xgboost as xgb
from xgboost import train as fit_booster
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
a, b, c, d = X[::2], X[1::2], y[::2], y[1::2]
D, E = xgb.DMatrix(a, c), xgb.DMatrix(b, d)
settings = dict([("max_depth", 2), ("eta", 0.3), ("objective", "binary:logistic"), ("nthread", 1)])
"""


@pytest.fixture(scope="module")
def boost(cells: Cells) -> Cells:
    cells.run(SETUP)
    return cells


def test_a_native_training_gives_each_iteration_and_the_best(boost: Cells) -> None:
    run = boost.track("""
history = {}
booster = fit_booster(settings, D, 60, evals=[(D, "train"), (E, "held")], early_stopping_rounds=2, verbose_eval=False,
                      evals_result=history)
best, losses = booster.best_iteration, history["held"]["logloss"]
""")
    found = params(run)
    assert (found["xgboost.eta"], found["xgboost.max_depth"]) == (0.3, 2)
    losses = boost.points(run, "held.logloss")
    assert boost.run("print(losses)").text.strip() == str([value for _, value in losses])
    assert [step for step, _ in losses] == list(range(len(losses)))
    assert len(boost.points(run, "train.logloss")) == len(losses)
    best = int(boost.run("best").result or -1)
    assert run.row.metrics["best_iteration"].last == best == len(losses) - 3
    assert run.row.metrics["best_score"].last == pytest.approx(min(value for _, value in losses))
    rows = list(csv.reader(io.StringIO(boost.text(run, "autolog/xgboost/importances.csv"))))
    assert rows[0] == ["feature", "gain", "weight"]
    assert float(rows[1][1]) >= float(rows[2][1]) > 0


def test_an_estimator_has_its_settings_once_and_its_evaluations(boost: Cells) -> None:
    run = boost.track("""
model = xgb.XGBClassifier(n_estimators=4, max_depth=2, n_jobs=1)
model.fit(a, c, eval_set=[(b, d)], verbose=False)
""")
    found = {name: value for name, value in params(run).items() if name.startswith("X")}
    assert found == {"XGBClassifier.n_estimators": 4, "XGBClassifier.max_depth": 2, "XGBClassifier.n_jobs": 1,
                     "XGBClassifier.objective": "binary:logistic", "XGBClassifier.enable_categorical": False,
                     "XGBClassifier.missing": pytest.approx(float("nan"), nan_ok=True)}  # fmt: skip
    assert not any(name.startswith("xgboost.") for name in params(run))
    assert len(boost.points(run, "validation_0.logloss")) == 4
    assert {"system/fit_seconds", "training_score"} <= set(run.row.metrics)
    paths = {one.path for one in run.artifacts if one.path.endswith(".csv")}
    assert paths == {"autolog/XGBClassifier/importances.csv", "autolog/XGBClassifier/confusion_matrix_training.csv"}


def test_cross_validation_gives_mean_and_deviation(boost: Cells) -> None:
    run = boost.track("found = xgb.cv(settings, D, num_boost_round=3, nfold=2)")
    assert [step for step, _ in boost.points(run, "test.logloss.mean")] == [0, 1, 2]
    assert len(boost.points(run, "train.logloss.std")) == 3
    last = float(boost.run("print(found['test-logloss-mean'].iloc[-1])").text)
    assert boost.points(run, "test.logloss.mean")[-1][1] == pytest.approx(last)


def test_trainings_of_a_search_are_not_the_users_own_and_that_of_a_pipeline_is(boost: Cells) -> None:
    run = boost.track("""
GridSearchCV(xgb.XGBClassifier(n_estimators=2, n_jobs=1), {"max_depth": [1, 2]}, cv=2).fit(
    a, c, eval_set=[(b, d)], verbose=False)
""")
    assert "validation_0.logloss" not in run.row.metrics
    assert len(boost.children(run)) == 2
    run = boost.track("""
pipe = make_pipeline(StandardScaler(), xgb.XGBClassifier(n_estimators=3, n_jobs=1))
pipe.fit(a, c, xgbclassifier__eval_set=[(b.to_numpy(), d)], xgbclassifier__verbose=False)
""")
    assert len(boost.points(run, "validation_0.logloss")) == 3


def test_the_users_own_callbacks_and_results_are_as_ever(boost: Cells) -> None:
    code = """
class Stop(xgb.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        return epoch == 1

quiet = fit_booster(settings, D, 10, evals=[(E, "held")], callbacks=[Stop()], verbose_eval=False)
print(quiet.num_boosted_rounds(), quiet.attributes(), len(quiet.save_raw()))
"""
    before = boost.run(code).text
    run = boost.track(code)
    assert boost.outputs(run) == before
    assert [step for step, _ in boost.points(run, "held.logloss")] == [0, 1]  # the last iteration too


def test_a_training_that_fails_leaves_what_it_had(boost: Cells) -> None:
    run = boost.track("""
def broken(predictions, data):
    broken.calls += 1
    if broken.calls > 2:
        raise RuntimeError("mine")
    return "mine", 1.0
broken.calls = 0
xgb.train(settings, D, 10, evals=[(E, "held")], custom_metric=broken, verbose_eval=False)
""", status="failed")  # fmt: skip
    assert len(boost.points(run, "held.mine")) == 2
    assert run.row.end_reason == "RuntimeError: mine"


def test_the_booster_is_kept_only_when_asked_for_and_nothing_stays(boost: Cells) -> None:
    code = "m = fit_booster(settings, D, 2)"
    assert not [one for one in boost.track(code).artifacts if "model" in one.path]
    boost.run("nbtrack.autolog('xgboost', models=True)")
    assert [one.path for one in boost.track(code).artifacts if "model" in one.path] == ["autolog/xgboost/model.ubj"]
    boost.run("nbtrack.autolog('xgboost', disable=True)")
    assert not [name for name in params(boost.track(code)) if name.startswith("xgboost.")]
    boost.run("nbtrack.autolog('xgboost')\n%unload_ext nbtrack")
    left = "[type(vars(k)['__init__']).__name__ for k in (xgb.Booster, xgb.callback.CallbackContainer)]"
    assert boost.run(left).result == "['function', 'function']"
    boost.run("%load_ext nbtrack")
