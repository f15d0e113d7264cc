"""What a fitted estimator of scikit-learn's kind tells: its settings, its quality on a sample, what it relies on."""

from __future__ import annotations

import inspect
import json
import pickle
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nbtrack.capture.frameworks.records import put_table
from nbtrack.capture.scalars import NOTHING, same, setting
from nbtrack.runs.active import ActiveRun

SAMPLE = 500
"""Rows that the training score is made from, spread evenly over the training data."""
SLOW_SAMPLE = 50  # of models that do their work when they predict, by all of the training data
LAZY_ROWS = 50_000  # of which more have no training score with those
ROWS = 1_000  # features kept, those with the largest weights
SHOWN = 20  # of them in the figure
CLASSES = 100  # of a confusion matrix
PREDICTED = 20_000  # rows that a confusion matrix is counted from
LARGEST = 256 << 20  # bytes of a model that is kept

_LAZY = ("KNeighbors", "RadiusNeighbors", "GaussianProcess", "KernelRidge", "LocalOutlier", "LabelPropagation",
         "LabelSpreading", "SVC", "SVR", "NuSV")  # fmt: skip
_SEARCHED = ("param_grid", "param_distributions", "search_spaces")
_OURS = frozenset({"sklearn", "xgboost", "lightgbm", "catboost", "imblearn", "numpy", "builtins"})
_PLOTLY = "application/vnd.plotly.v1+json"


def title_of(estimator: Any) -> str:
    """What an estimator is called: its class."""
    return type(estimator).__name__


def own_params(estimator: Any) -> dict[str, Any]:
    """Its parameters, without those of estimators in it; {} if it cannot tell."""
    try:
        found = estimator.get_params(deep=False)
    except Exception:  # noqa: BLE001 (a user's class may have no such names)
        return {}
    return found if type(found) is dict else {}


def steps_in(estimator: Any) -> list[tuple[str, Any]]:
    """The estimators among its parameters, with the names that they have there."""
    found: list[tuple[str, Any]] = []
    for name, value in own_params(estimator).items():
        if _is_estimator(value):
            found.append((name, value))
        elif type(value) in (list, tuple):
            for item in value:
                if type(item) is tuple and len(item) >= 2 and type(item[0]) is str and _is_estimator(item[1]):
                    found.append((item[0], item[1]))
    return found


def final_of(estimator: Any) -> Any:
    """What a pipeline ends with; the estimator itself if it is none."""
    steps = getattr(estimator, "steps", None)
    while type(steps) is list and steps and type(steps[-1]) is tuple and _is_estimator(steps[-1][-1]):
        estimator = steps[-1][-1]
        steps = getattr(estimator, "steps", None)
    return estimator


def described(estimator: Any) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """(title, settings, estimator) of an estimator and all those in it.

    All settings of it, or of what a pipeline ends with, if that predicts; of the others, and of what only holds others,
    those that are not as by default. What a search varies is not told before it has found the best.
    """
    final = final_of(estimator)
    waiting, seen = [estimator], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen or len(seen) > 100:
            continue
        seen.add(id(one))
        inner = steps_in(one)
        values = _told(one, one is final and not inner and hasattr(one, "predict"))
        if inner and hasattr(one, "steps"):
            values["steps"] = [title_of(part) for _, part in inner]
        elif inner:
            values |= {name: title_of(part) for name, part in inner}
        yield title_of(one), values, one
        if not any(hasattr(one, name) for name in _SEARCHED):
            waiting += [part for _, part in inner]


def _told(estimator: Any, whole: bool) -> dict[str, Any]:
    found = own_params(estimator)
    if type(estimator).__module__.startswith("xgboost"):  # whose None is "not given", and nearly all are
        found = {name: value for name, value in found.items() if value is not None}
    if whole:
        return found
    usual = as_by_default(estimator, found)
    return {name: value for name, value in found.items() if name not in usual}


def as_by_default(estimator: Any, values: Mapping[str, Any]) -> frozenset[str]:
    """The names of those settings that an estimator made without arguments has as well."""
    defaults = _defaults(type(estimator))
    plain = {name: setting(value) for name, value in values.items() if name in defaults}
    return frozenset(
        name for name, value in plain.items() if value is not NOTHING and same(value, setting(defaults[name]))
    )


def _defaults(kind: type) -> dict[str, Any]:
    try:
        parameters = inspect.signature(kind).parameters
    except (TypeError, ValueError):
        return {}
    return {one.name: one.default for one in parameters.values() if one.default is not inspect.Parameter.empty}


def is_known(estimator: Any) -> bool:
    """Whether all of its code is of libraries whose predictions have no side effects: none of the user's own."""
    return all(
        type(one).__module__.partition(".")[0] in _OURS and not callable(getattr(one, "func", None))
        for _, _, one in described(estimator)
    )


def sample_of(estimator: Any, x: Any, y: Any) -> tuple[Any, Any] | None:
    """At most `SAMPLE` rows of the data, spread evenly; None if they cannot be taken. Draws no random numbers."""
    import numpy
    from sklearn.utils import _safe_indexing

    rows = _rows(x)
    if not rows or _rows(y) != rows:
        return None
    lazy = title_of(final_of(estimator)).startswith(_LAZY)
    if lazy and rows > LAZY_ROWS:
        return None
    most = SLOW_SAMPLE if lazy else SAMPLE
    if rows <= most:
        return x, y
    picked = numpy.arange(most) * rows // most
    return _safe_indexing(x, picked), _safe_indexing(y, picked)


def _rows(data: Any) -> int:
    shape = getattr(data, "shape", None)
    if isinstance(shape, tuple) and shape:
        return int(shape[0])
    return len(data) if type(data) in (list, tuple) else 0


def score_of(estimator: Any, x: Any, y: Any) -> float:
    """Its own score on these rows, in silence: what was fine for the fit is not checked again."""
    from sklearn import config_context

    with warnings.catch_warnings(), config_context(skip_parameter_validation=True, assume_finite=True):
        warnings.simplefilter("ignore")
        return float(estimator.score(x, y))


def put_importances(run: ActiveRun, folder: str, estimator: Any) -> None:
    """Store feature importances, or coefficients, as a table and a figure, the largest first."""
    final = final_of(getattr(estimator, "best_estimator_", estimator))
    what, values = "feature_importances", _importances(final)
    if values is None:
        what, values = "coefficients", getattr(final, "coef_", None)
    if values is None or not hasattr(values, "shape"):
        return
    rows = values.reshape(1, -1) if len(values.shape) == 1 else values
    if len(rows.shape) != 2 or not rows.shape[1] or not hasattr(rows, "argsort"):
        return  # sparse, or of a kind of its own
    names = _features(getattr(estimator, "best_estimator_", estimator), final, rows.shape[1])
    size = abs(rows).max(axis=0)
    order = (-size).argsort(kind="stable")[:ROWS]
    outputs = _outputs(final, rows.shape[0])
    columns = ["feature", "importance"] if what == "feature_importances" else ["feature", *outputs]
    table = [(names[at], *(repr(float(row[at])) for row in rows)) for at in order]
    put_table(run, f"{folder}/{what}.csv", columns, table)
    shown = [int(at) for at in order[:SHOWN]][::-1]
    bars = [
        {"type": "bar", "orientation": "h", "name": label, "x": [float(row[at]) for at in shown],
         "y": [names[at] for at in shown]}
        for label, row in zip(columns[1:], rows, strict=False)
    ]  # fmt: skip
    title = f"{what.replace('_', ' ').capitalize()} of {title_of(final)}"
    put_figure(run, f"{folder}/{what}.json", bars, title)


def _importances(final: Any) -> Any:
    """``feature_importances_``; of a forest what that computes, without its checks of each tree, which take longer."""
    trees = getattr(final, "estimators_", None)
    if type(final).__module__ == "sklearn.ensemble._forest" and isinstance(trees, list):
        found = [one.tree_.compute_feature_importances() for one in trees if one.tree_.node_count > 1]
        if found:
            mean = sum(found) / len(found)
            return mean / mean.sum()
    return getattr(final, "feature_importances_", None)


def _outputs(final: Any, count: int) -> list[str]:
    classes = getattr(final, "classes_", None)
    labels = [str(one) for one in classes] if classes is not None and len(classes) == count else []
    return labels or (["coefficient"] if count == 1 else [str(at) for at in range(count)])


def _features(estimator: Any, final: Any, count: int) -> list[str]:
    names: Any = None
    if final is not estimator and hasattr(estimator, "steps"):
        try:
            names = estimator[:-1].get_feature_names_out()
        except Exception:  # noqa: BLE001 (many transformers have no names to give)
            names = None
    if names is None:
        names = getattr(final, "feature_names_in_", None)
    if names is None or len(names) != count:
        names = [f"x{at}" for at in range(count)]
    return [str(name) for name in names]


def put_confusion(run: ActiveRun, folder: str, which: str, truth: Any, predicted: Any) -> None:
    """Store a confusion matrix as a table and a figure: rows are true classes, columns predicted ones.

    which: what the data are, for the name. Counted from at most `PREDICTED` rows, spread evenly; not stored for more
    than `CLASSES` classes, or where there is more than one output.
    """
    import numpy as np

    true, guessed = np.asarray(truth), np.asarray(predicted)
    if true.ndim == 2 and true.shape[1] == 1:
        true = true.ravel()
    if true.ndim != 1 or guessed.shape != true.shape or not len(true):
        return
    rows = len(true)
    if rows > PREDICTED:
        picked = np.arange(PREDICTED) * rows // PREDICTED
        true, guessed = true[picked], guessed[picked]
    labels, place = np.unique(np.concatenate([true, guessed]), return_inverse=True)
    size = len(labels)
    if size > CLASSES:
        return
    place = place.reshape(2, -1)
    counts = np.bincount(place[0] * size + place[1], minlength=size * size).reshape(size, size).tolist()
    names = [str(label) for label in labels.tolist()]
    name = f"{folder}/confusion_matrix_{which}"
    put_table(run, f"{name}.csv", ["true \\ predicted", *names], [(n, *c) for n, c in zip(names, counts, strict=True)])
    heat = {"type": "heatmap", "x": names, "y": names, "z": counts, "colorscale": "Blues"}
    if len(names) <= SHOWN:
        heat |= {"text": counts, "texttemplate": "%{text}"}
    of = f"{len(true):,} of {rows:,}" if rows > len(true) else f"{rows:,}"
    axes = {
        "xaxis": {"title": {"text": "predicted"}, "type": "category"},
        "yaxis": {"title": {"text": "true"}, "type": "category", "autorange": "reversed"},
    }
    put_figure(run, f"{name}.json", [heat], f"Confusion matrix, {which} data, {of} rows", **axes)


def put_figure(run: ActiveRun, path: str, traces: Sequence[Any], title: str, **layout: Any) -> None:
    """Store a figure as plotly's JSON, which needs no plotly here."""
    figure = {"data": list(traces), "layout": {"title": {"text": title}, **layout}}
    run.add_bytes(path, json.dumps(figure).encode(), _PLOTLY, "autolog")


def put_model(run: ActiveRun, folder: str, estimator: Any) -> None:
    """Store the estimator itself, pickled, if it is not too large."""
    data = pickle.dumps(estimator, protocol=5)
    if len(data) > LARGEST:
        raise ValueError(f"the model has {len(data):,} bytes pickled; {LARGEST:,} are kept")
    run.add_bytes(f"{folder}/model.pkl", data, "application/octet-stream", "model")


def _is_estimator(value: Any) -> bool:
    return not isinstance(value, type) and callable(getattr(type(value), "get_params", None))
