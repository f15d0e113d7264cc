"""What autolog costs: a scikit-learn fit of about a second, a metric of a training's iteration, a tracked cell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from child import folder, in_child
from table import Line, judge, median, micro, milli

POINTS = 20_000
NOTE = (
    "Autolog: wall (CPU of its thread). Fits: 20 features; recorded are settings, training score, importances and "
    "confusion matrix."
)
_WHY_FIT = (
    "the model predicts 500 rows of its training data, for a score and a confusion matrix, and settings and "
    "importances are written beside it, however short the fit: of a longer one it is a smaller share. Later fits "
    "alike in a run are scored only as long as that takes little."
)
_WHY_METRIC = (
    "XGBoost gives its callback all evaluations so far, in dicts of dicts of lists, whose last ones are gathered in "
    "Python; what is then logged is the `log` it is held against."
)
KINDS = ("wall", "cpu")
IMPORTED = ("sklearn.ensemble", "sklearn.cluster", "sklearn.svm", "sklearn.datasets")  # by all children of this part
ROWS = {"RandomForestClassifier": 6_000, "LogisticRegression": 24_000}


def _estimator(name: str) -> Callable[[], Any]:
    """One whose fit on the data below takes about a second."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    made: dict[str, Callable[[], Any]] = {
        "RandomForestClassifier": lambda: RandomForestClassifier(n_estimators=40, random_state=0),
        "LogisticRegression": lambda: make_pipeline(
            StandardScaler(), LogisticRegression(solver="saga", tol=1e-12, max_iter=2500)
        ),
    }
    return made[name]


def fits(place: str, name: str, count: int, rows: int) -> dict[str, float]:
    """Inside a child: seconds of the fit alone, and how many of ours are around it, in a run each, taken in turns.

    What is ours is measured as such, not as the small difference of two large numbers.
    """
    from sklearn.datasets import make_classification

    import nbtrack
    from nbtrack.capture.frameworks import patches

    x, y = make_classification(rows, 20, n_informative=12, random_state=0)
    make, spent, deep = _estimator(name), [0.0, 0.0], [0]
    look = patches.Wrapped._look

    def timed(self: Any, *given: Any) -> None:
        began, worked = time.perf_counter(), time.thread_time()
        deep[0] += 1
        look(self, *given)
        deep[0] -= 1
        if not deep[0]:  # else it is inside of another
            spent[0] += time.perf_counter() - began
            spent[1] += time.thread_time() - worked

    patches.Wrapped._look = timed  # type: ignore[method-assign]
    make().fit(x, y)
    bare: list[tuple[float, ...]] = []
    ours: list[tuple[float, ...]] = []
    for _ in range(count):
        nbtrack.autolog(disable=True)
        began, worked = time.perf_counter(), time.thread_time()
        make().fit(x, y)
        bare.append((time.perf_counter() - began, time.thread_time() - worked))
        nbtrack.autolog("sklearn")
        with nbtrack.start_run() as run:
            spent[:] = [0.0, 0.0]
            make().fit(x, y)
            ours.append(tuple(spent))
        if "training_score" not in run.last or not run.params:
            raise RuntimeError("autolog recorded nothing: its time means nothing")
    of = {"bare": bare, "ours": ours}
    return {f"{what} {kind}": median(one[at] for one in of[what]) for what in of for at, kind in enumerate(KINDS)}


def points(place: str, count: int) -> dict[str, float]:
    """Inside a child: CPU seconds of a metric by `log` itself, and by the callback of XGBoost."""
    import nbtrack
    from nbtrack.capture.frameworks import Choices
    from nbtrack.capture.frameworks.boosting import Training
    from nbtrack.capture.frameworks.patches import Patches
    from nbtrack.capture.frameworks.xgboost import _tell

    names = [f"validation_{data}" for data in range(2)]
    patches = Patches("xgboost", lambda _: Choices(), lambda module, step: None)
    took: dict[str, list[float]] = {"log": [], "autolog": []}
    for _ in range(5):
        with nbtrack.start_run() as run:
            values = {f"{name}.logloss": 0.5 for name in names}
            began = time.thread_time()
            for step in range(count):
                run.log(values, step)
            took["log"].append(time.thread_time() - began)
        with nbtrack.start_run() as run:
            training = Training(patches, run, "xgboost")
            history: Any = {name: {"logloss": [0.5]} for name in names}
            began = time.thread_time()
            for step in range(count):
                _tell(training, step, history)
            took["autolog"].append(time.thread_time() - began)
    return {kind: median(times) / count / len(names) for kind, times in took.items()}


def cells(place: str, count: int) -> dict[str, float]:
    """Inside a child: CPU seconds to put everything on and take it off again, with most of scikit-learn imported."""
    import sklearn.cluster
    import sklearn.decomposition
    import sklearn.ensemble
    import sklearn.model_selection
    import sklearn.neighbors
    import sklearn.pipeline
    import sklearn.svm  # noqa: F401

    import nbtrack
    from nbtrack.capture import frameworks

    took = []
    with nbtrack.start_run():
        for _ in range(count):
            began = time.thread_time()
            frameworks._switch.hold(list(frameworks.FRAMEWORKS), _raise)
            frameworks._switch.release(list(frameworks.FRAMEWORKS))
            took.append(time.thread_time() - began)
    return {"cell": median(took)}


def _raise(error: BaseException) -> None:
    raise error


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    found = []
    for name in list(ROWS)[: 1 if quick else None]:
        with folder() as place:
            took = in_child(
                "autolog:fits", place, name=name, count=1 if quick else 3, rows=500 if quick else ROWS[name]
            )
        share, by_cpu = (took[f"ours {kind}"] / took[f"bare {kind}"] for kind in KINDS)
        ours = f"{milli(took['ours wall'])} ({milli(took['ours cpu'])}): {share:.1%} ({by_cpu:.1%})"
        found.append(
            Line(
                "autolog",
                f"{name}: what autolog adds to a fit of {took['bare wall']:.2f} s ({took['bare cpu']:.2f} s)",
                {"nbtrack": ours},
                "≤ 2 %",
                judge(share <= 0.02, by_cpu <= 0.02),
                NOTE if not found else "",
                why=_WHY_FIT,
            )
        )
    with folder() as place:
        each = in_child("autolog:points", place, count=200 if quick else POINTS)
    more = each["autolog"] - each["log"]
    text = f"{micro(more)} (log {micro(each['log'])})"
    found.append(
        Line(
            "autolog",
            "a metric of an iteration, CPU on top of log",
            {"nbtrack": text},
            "≤ 2 µs",
            judge(more <= 2e-6),
            why=_WHY_METRIC,
        )
    )
    with folder() as place:
        cell = in_child("autolog:cells", place, count=3 if quick else 50)["cell"]
    found.append(Line("autolog", "put on and taken off around a tracked cell, CPU", {"nbtrack": milli(cell)}))
    return found
