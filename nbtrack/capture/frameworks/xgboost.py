"""XGBoost: a TrainingCallback of ours goes with each training, native or behind XGBoost's scikit-learn classes.

Per iteration the evaluations (``validation_0.logloss``), at the end ``best_iteration`` and ``best_score`` where early
stopping found one, and importances by gain and weight. A native training has its params as ``xgboost.max_depth``; an
estimator's are told as scikit-learn's are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from nbtrack.capture.frameworks.boosting import Training, begin
from nbtrack.capture.frameworks.patches import Call, Patches
from nbtrack.runs.current import current


def install(patches: Patches) -> None:
    """Give each training our callback, first of all: one after early stopping would miss the last iteration."""
    import xgboost
    from xgboost.callback import CallbackContainer

    params: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
    ours = _callback_class(patches, params)

    def remember(call: Call) -> None:
        given = call.kwargs.get("params", call.args[0] if call.args else None)
        if given and call.error is None:
            params[call.subject] = given

    def add(call: Call) -> None:
        given = call.kwargs.get("callbacks", call.args[0] if call.args else ())
        callbacks = [ours(), *given]
        if call.args:
            call.args = (callbacks, *call.args[1:])
        else:
            call.kwargs = {**call.kwargs, "callbacks": callbacks}

    patches.wrap(xgboost.Booster, "__init__", after=remember)
    patches.wrap(CallbackContainer, "__init__", before=add)


def _callback_class(patches: Patches, params: WeakKeyDictionary[Any, Any]) -> type:
    import xgboost

    class NbtrackCallback(xgboost.callback.TrainingCallback):
        """Tells one training. Never stops it."""

        def __init__(self) -> None:
            super().__init__()
            self.training: Training | None = None

        def before_training(self, model: Any) -> Any:
            """See who trains."""
            try:
                booster = _booster(model)
                self.training = begin(patches, current(), params.get(booster))
            except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's training)
                patches.report("the params of a training", error)
            return model

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            """Log what was evaluated."""
            if self.training is not None and evals_log:
                try:
                    _tell(self.training, epoch, evals_log)
                except Exception as error:  # noqa: BLE001 (see above)
                    patches.report("the evaluation of an iteration", error)
            return False

        def after_training(self, model: Any) -> Any:
            """Store the best iteration and the importances."""
            if self.training is not None:
                try:
                    _end(patches, self.training, model)
                except Exception as error:  # noqa: BLE001 (see above)
                    patches.report("the end of a training", error)
            return model

    return NbtrackCallback


def _booster(model: Any) -> Any:
    folds = getattr(model, "cvfolds", None)
    return folds[0].bst if folds else model


def _tell(training: Training, epoch: int, evals_log: Any) -> None:
    values: list[float] = []
    for metrics in evals_log.values():
        for series in metrics.values():
            last = series[-1]
            if type(last) is tuple:  # of xgboost.cv: mean and standard deviation
                values += last
            else:
                values.append(last)
    training.evaluated(lambda: _keys(evals_log), values, epoch)


def _keys(evals_log: Any) -> Iterator[tuple[str, ...]]:
    for data, metrics in evals_log.items():
        for metric, series in metrics.items():
            if type(series[-1]) is tuple:
                yield data, metric, "mean"
                yield data, metric, "std"
            else:
                yield data, metric


def _end(patches: Patches, training: Training, model: Any) -> None:
    if getattr(model, "cvfolds", None) is not None:
        return
    best, score = model.attr("best_iteration"), model.attr("best_score")
    training.best(None if best is None else int(best), None if score is None else float(score))
    if patches.choices.artifacts:
        kinds = {kind: _flat(model.get_score(importance_type=kind)) for kind in ("gain", "weight")}
        training.importances(kinds)
    if patches.choices.models:
        training.model("ubj", bytes(model.save_raw("ubj")))


def _flat(scores: Any) -> dict[str, float]:
    """What a linear booster gives for several classes is a list for each feature."""
    return {
        str(name): float(max(map(abs, value)) if isinstance(value, list) else value) for name, value in scores.items()
    }
