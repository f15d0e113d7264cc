"""scikit-learn in tracked cells of a real kernel: what a run knows without a line about it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from nbtrack.runs import contract as c
from tests.capture.frameworks.conftest import Cells, params

SETUP = '''
import joblib, sklearn.base, nbtrack, numpy as np
from sklearn.datasets import load_iris, load_diabetes
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

X, y = load_iris(return_X_y=True, as_frame=True)
train, test = np.arange(150) % 3 > 0, np.arange(150) % 3 == 0

def left():
    """What of us stands somewhere; a traceback may still hold one that was taken off."""
    import gc, sys
    from nbtrack.capture.frameworks.patches import Wrapped
    ours = [one for one in gc.get_objects() if type(one) is Wrapped]
    spaces = [getattr(module, "__dict__", {}) for module in list(sys.modules.values())]
    held = {id(value) for space in spaces for value in list(space.values())}
    finders = [one for one in sys.meta_path if "nbtrack" in type(one).__module__]
    return [one for one in ours if vars(one.owner).get(one.__name__) is one or id(one) in held] + finders
'''


@pytest.fixture(scope="module")
def sk(cells: Cells) -> Cells:
    cells.run(SETUP)
    # A transformer has its time told if it took 0.1 s, as none here does on a machine that has nothing else to do.
    cells.run("import nbtrack.capture.frameworks.sklearn as ours; ours._WORTH = 60.0")
    return cells


def metrics(run: c.RunDetail) -> dict[str, float]:
    return {name: series.last for name, series in run.row.metrics.items()}  # type: ignore[misc]


def artifacts(run: c.RunDetail) -> list[str]:
    return [one.path for one in run.artifacts if one.path.startswith("autolog/")]


def table(cells: Cells, run: c.RunDetail, path: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(cells.text(run, path))))


def sources(run: c.RunDetail) -> dict[str, str]:
    return {param.name: param.source for param in run.params}


def test_a_fit_gives_settings_time_score_importances_and_confusion(sk: Cells) -> None:
    run = sk.track("""
model = RandomForestClassifier(n_estimators=5, max_depth=2, random_state=0)
model.fit(X[train], y[train])
accuracy = model.score(X[test], y[test])
""")
    found = params(run)
    assert found["RandomForestClassifier.max_depth"] == 2
    assert found["RandomForestClassifier.min_samples_leaf"] == 1  # the default too
    assert sources(run)["RandomForestClassifier.max_depth"] == "autolog"
    assert sources(run)["RandomForestClassifier.min_samples_leaf"] == "default"
    got = metrics(run)
    assert got["score"] == got["accuracy"]
    assert got["system/fit_seconds"] > 0
    assert 0.8 < got["training_score"] <= 1
    folder = "autolog/RandomForestClassifier"
    rows = table(sk, run, f"{folder}/feature_importances.csv")
    assert rows[0] == ["feature", "importance"]
    assert {row[0] for row in rows[1:]} == {
        "sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"
    }  # fmt: skip
    assert [float(row[1]) for row in rows[1:]] == sorted((float(row[1]) for row in rows[1:]), reverse=True)
    for which, count in (("training", 100), ("evaluation", 50)):
        counts = table(sk, run, f"{folder}/confusion_matrix_{which}.csv")
        assert counts[0] == ["true \\ predicted", "0", "1", "2"]
        assert sum(int(one) for row in counts[1:] for one in row[1:]) == count
    right = sum(int(counts[at][at]) for at in (1, 2, 3))
    assert right / 50 == pytest.approx(got["score"])
    figure = json.loads(sk.text(run, f"{folder}/confusion_matrix_evaluation.json"))
    assert figure["data"][0]["type"] == "heatmap"


def test_a_pipeline_is_one_fit_with_its_steps(sk: Cells) -> None:
    run = sk.track("make_pipeline(StandardScaler(with_mean=False), PCA(2), LogisticRegression(C=2.0)).fit(X, y)")
    found = params(run)
    assert found["Pipeline.steps"] == ["StandardScaler", "PCA", "LogisticRegression"]
    assert (found["StandardScaler.with_mean"], found["PCA.n_components"], found["LogisticRegression.C"]) == (
        False,
        2,
        2,
    )
    assert "StandardScaler.with_std" not in found  # its default
    assert found["LogisticRegression.fit_intercept"] is True  # a default of what it ends with
    assert sorted(metrics(run)) == ["system/fit_seconds", "training_score"]
    assert run.row.metrics["system/fit_seconds"].count == 1
    rows = table(sk, run, "autolog/Pipeline/coefficients.csv")
    assert rows[0] == ["feature", "0", "1", "2"]
    assert sorted(row[0] for row in rows[1:]) == ["pca0", "pca1"]


def test_models_beside_one_another_have_names_of_their_own(sk: Cells) -> None:
    run = sk.track("""
Z = StandardScaler().fit_transform(X)
for C in (0.1, 1.0):
    LogisticRegression(C=C).fit(Z, y)
Ridge(alpha=0.5).fit(Z, y)
""")
    found = params(run)
    assert (found["LogisticRegression.C"], found["LogisticRegression#2.C"], found["Ridge.alpha"]) == (0.1, 1.0, 0.5)
    expected = {f"{kind}{label}{name}" for label in ("", "LogisticRegression#2.", "Ridge.")
                for kind, name in (("system/", "fit_seconds"), ("", "training_score"))}  # fmt: skip
    assert set(metrics(run)) == expected


def test_what_was_set_later_stands_over_the_text_of_the_code(sk: Cells) -> None:
    run = sk.track("tree = DecisionTreeClassifier(max_depth=2)\ntree.set_params(max_depth=4)\ntree.fit(X, y)")
    assert params(run)["DecisionTreeClassifier.max_depth"] == 4


def test_the_candidates_of_a_search_are_child_runs(sk: Cells) -> None:
    run = sk.track("""
pipe = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=1, random_state=0))
search = GridSearchCV(pipe, {"decisiontreeclassifier__max_depth": [1, 2, 3]}, cv=3).fit(X, y)
best, mean = search.best_params_, search.cv_results_["mean_test_score"].tolist()
""")
    found = params(run)
    best = found["best_params.DecisionTreeClassifier.max_depth"]
    assert found["DecisionTreeClassifier.max_depth"] == best > 1
    assert not any("#2" in name for name in found)
    assert run.row.metrics["system/fit_seconds"].count == 1
    children = sk.children(run)
    assert len(children) == 3
    by_depth = {params(child)["DecisionTreeClassifier.max_depth"]: child for child in children}
    means = {depth: metrics(child)["mean_test_score"] for depth, child in by_depth.items()}
    assert max(means.values()) == means[best] == metrics(run)["best_score"]
    assert [step for step, _ in sk.points(by_depth[1], "test_score")] == [0, 1, 2]
    assert all(child.row.kind == "candidate" and child.row.status == "finished" for child in children)
    assert {"mean_fit_time", "std_test_score", "rank_test_score"} <= set(metrics(by_depth[2]))
    assert run.about["search"] == {
        "what": "GridSearchCV",
        "candidates": 3,
        "recorded": 3,
        "best": by_depth[best].row.id,
    }
    assert len(table(sk, run, "autolog/GridSearchCV/candidates.csv")) == 4


def test_of_many_candidates_the_best_become_runs_and_the_rest_are_told(sk: Cells) -> None:
    sk.run("import nbtrack.capture.frameworks.searches as searches; searches.CHILDREN = 2")
    run = sk.track("""
search = RandomizedSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": list(range(1, 6))}, n_iter=5, cv=2)
search.fit(X, y)
""")
    sk.run("searches.CHILDREN = 200")
    assert {metrics(child)["rank_test_score"] for child in sk.children(run)} <= {1.0, 2.0}
    assert (run.about["search"]["candidates"], run.about["search"]["recorded"]) == (5, 2)
    assert len(table(sk, run, "autolog/RandomizedSearchCV/candidates.csv")) == 6


def test_a_candidate_whose_fits_fail_is_a_failed_run(sk: Cells) -> None:
    run = sk.track("""
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    GridSearchCV(DecisionTreeClassifier(), {"max_depth": [2, -5]}, cv=2).fit(X, y)
""")
    statuses = {params(child)["DecisionTreeClassifier.max_depth"]: child.row.status for child in sk.children(run)}
    assert statuses == {2: "finished", -5: "failed"}


def test_halving_tells_its_rounds(sk: Cells) -> None:
    sk.run("from sklearn.experimental import enable_halving_search_cv")
    run = sk.track("""
from sklearn.model_selection import HalvingGridSearchCV
HalvingGridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3]}, cv=2, random_state=0).fit(X, y)
""")
    rounds = {metrics(child)["iter"] for child in sk.children(run)}
    assert {0.0, 1.0} <= rounds


def test_cross_validation_is_no_fit_of_the_users(sk: Cells) -> None:
    run = sk.track("scores = cross_val_score(LogisticRegression(C=3.0, max_iter=200), X, y, cv=3)")
    assert params(run)["LogisticRegression.C"] == 3.0
    assert not {"system/fit_seconds", "score"} & set(metrics(run))


def test_an_ensemble_of_models_is_one_fit(sk: Cells) -> None:
    run = sk.track("""
parts = [("a", LogisticRegression(C=0.5, max_iter=200)), ("b", DecisionTreeClassifier(max_depth=2))]
VotingClassifier(parts, voting="soft").fit(X, y)
""")
    found = params(run)
    assert (found["VotingClassifier.a"], found["VotingClassifier.voting"]) == ("LogisticRegression", "soft")
    assert (found["LogisticRegression.C"], found["DecisionTreeClassifier.max_depth"]) == (0.5, 2)
    assert run.row.metrics["system/fit_seconds"].count == 1


def test_a_regressor_has_no_confusion_matrix(sk: Cells) -> None:
    run = sk.track("A, b = load_diabetes(return_X_y=True)\nm = LinearRegression().fit(A, b)\nm.score(A, b)")
    assert not [path for path in artifacts(run) if "confusion" in path]
    got = metrics(run)
    assert got["score"] == pytest.approx(got["training_score"])  # 442 rows: all are in the sample
    assert table(sk, run, "autolog/LinearRegression/coefficients.csv")[0] == ["feature", "coefficient"]


def test_a_prediction_that_is_compared_with_the_truth_gives_a_confusion_matrix(sk: Cells) -> None:
    run = sk.track("guess = model.predict(X[test])\nprint(accuracy_score(y[test], guess))")
    assert "autolog/RandomForestClassifier/confusion_matrix_evaluation.csv" in artifacts(run)
    assert params(run)["RandomForestClassifier.n_estimators"] == 5


def test_a_failed_fit_leaves_its_settings_and_the_users_error(sk: Cells) -> None:
    run = sk.track("DecisionTreeClassifier(max_depth=-1).fit(X, y)", status="failed")
    assert params(run)["DecisionTreeClassifier.max_depth"] == -1
    assert "max_depth" in (run.row.end_reason or "")
    assert "system/fit_seconds" not in metrics(run)


def test_a_class_of_the_notebooks_own_is_told_but_never_asked_to_predict(sk: Cells) -> None:
    run = sk.track("""
class Mine(sklearn.base.ClassifierMixin, sklearn.base.BaseEstimator):
    def __init__(self, strength=3):
        self.strength = strength
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self
    def predict(self, X):
        print("predicting")
        return np.zeros(len(X), int)

mine = Mine().fit(X, y)
""")
    assert params(run)["Mine.strength"] == 3
    assert sorted(metrics(run)) == ["system/fit_seconds"]
    assert sk.outputs(run) == ""
    run = sk.track("FunctionTransformer(print).fit(X)\nmake_pipeline(FunctionTransformer(lambda v: print('called')"
                   " or v), KNeighborsClassifier()).fit(X, y)")  # fmt: skip
    assert "training_score" not in metrics(run)
    assert sk.outputs(run).count("called") == 1  # by the fit itself


@pytest.mark.parametrize("options", ["--no-autolog", "--params none --metrics none"])
def test_a_cell_can_do_without(sk: Cells, options: str) -> None:
    run = sk.track("m = LogisticRegression(max_iter=200).fit(X, y)", options)
    assert not [name for name, source in sources(run).items() if source == "autolog"]
    assert not metrics(run)


def test_it_is_switched_off_and_on_by_name(sk: Cells) -> None:
    code = "m = LogisticRegression(C=4.0, max_iter=200).fit(X, y)"
    sk.run("nbtrack.autolog('sklearn', disable=True)")
    assert "system/fit_seconds" not in metrics(sk.track(code))
    sk.run("nbtrack.autolog('sklearn', artifacts=False, models=True)")
    run = sk.track(code)
    assert "system/fit_seconds" in metrics(run)
    assert artifacts(run) == ["autolog/LogisticRegression/model.pkl"]
    sk.run("nbtrack.autolog()")


def test_workers_and_threads_of_a_fit_are_not_told(sk: Cells) -> None:
    run = sk.track("""
RandomForestClassifier(n_estimators=4, n_jobs=2).fit(X, y)
GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2, n_jobs=2).fit(X, y)
with joblib.parallel_backend("threading"):
    VotingClassifier([("t", DecisionTreeClassifier()), ("k", KNeighborsClassifier())], n_jobs=2).fit(X, y)
""")
    assert not any(name.startswith(("DecisionTreeClassifier.", "KNeighbors")) for name in metrics(run))
    assert run.row.metrics["system/fit_seconds"].count == 1
    assert "system/GridSearchCV.fit_seconds" in metrics(run)
    assert len(sk.children(run)) == 2


def test_many_fits_of_a_kind_are_a_series(sk: Cells) -> None:
    run = sk.track("for n in range(30):\n    LinearRegression().fit(X[n:], y[n:])")
    assert run.row.metrics["system/fit_seconds"].count == 30
    assert not any("#" in name for name in params(run))


def test_partial_fits_tell_their_settings_once(sk: Cells) -> None:
    run = sk.track("m = SGDClassifier(random_state=0)\nfor _ in range(5):\n    m.partial_fit(X, y, classes=[0, 1, 2])")
    assert run.row.metrics["system/fit_seconds"].count == 5
    assert params(run)["SGDClassifier.random_state"] == 0


def test_nothing_stays_after_the_cell_nor_after_the_extension(sk: Cells) -> None:
    sk.run("nbtrack.autolog(disable=True); nbtrack.autolog()")
    assert sk.run("len(left()) > 100").result == "True"
    sk.run("%unload_ext nbtrack")
    assert sk.run("left()").result == "[]"
    sk.run("%load_ext nbtrack")
    run = sk.track("m = DecisionTreeClassifier(max_depth=3).fit(X, y)")
    assert "system/fit_seconds" in metrics(run)
    assert sk.run("left()").result == "[]"


def test_a_package_imported_by_the_cell_is_told_from_there_on(sk: Cells) -> None:
    sk.kernel.restart()
    sk.run("%load_ext nbtrack")
    run = sk.track("""
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score, GridSearchCV
X, y = load_iris(return_X_y=True)
model = LogisticRegression(max_iter=200).fit(PCA(3).fit_transform(X), y)
scores = cross_val_score(LogisticRegression(max_iter=200, C=2.0), X, y, cv=2)
""")
    found: dict[str, Any] = params(run)
    assert (found["PCA.n_components"], found["LogisticRegression.C"], found["LogisticRegression#2.C"]) == (3, 1.0, 2.0)
    assert run.row.metrics["system/fit_seconds"].count == 1
    code = "import gc\nfrom nbtrack.capture.frameworks.patches import Wrapped\nfound = gc.collect()\n"
    assert sk.run(code + "[one for one in gc.get_objects() if type(one) is Wrapped]").result == "[]"
