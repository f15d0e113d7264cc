"""Keras 3, whatever computes behind it: a Callback, which autolog adds to what fit() and evaluate() call back.

Metrics: what an epoch ended with, at the epoch's number (``loss``, ``val_loss``, …); of an evaluate() outside of fit()
as ``test_loss`` and the like. Params: ``keras.model``, ``keras.optimizer``, ``keras.loss``, ``fit.epochs``, ``Adam.…``
and what the model is made of, ``Sequential.parameters``, ``.trainable`` and ``.layers``. Artifact: the model's own
summary, as ``models/NAME.txt``. TensorFlow's Keras is this package from TensorFlow 2.16 on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from nbtrack.capture.frameworks.callbacks import guarded
from nbtrack.capture.frameworks.patches import Call, Patches
from nbtrack.capture.frameworks.records import put_metrics, put_params
from nbtrack.capture.scalars import NOTHING, setting
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.current import current, must

_WIDTH = 100  # of a summary


def install(patches: Patches) -> None:
    """Add a callback of ours to each list of callbacks that Keras makes, unless the user has put one there."""
    import keras

    def after(call: Call) -> None:
        ours = callback_class()
        if call.error is not None or any(isinstance(one, ours) for one in call.subject.callbacks):
            return
        added = ours(choices=patches.choices)
        call.subject.callbacks.append(added)
        if call.subject.params:
            added.set_params(call.subject.params)
        added.set_model(call.kwargs.get("model") or call.subject.model)

    patches.wrap(keras.callbacks.CallbackList, "__init__", after=after)


def put_model(run: ActiveRun, model: Any, params: Mapping[str, Any] | None) -> None:
    """What is trained, by what, and for how long."""
    optimizer, loss = getattr(model, "optimizer", None), getattr(model, "loss", None)
    told: dict[str, Any] = {"model": type(model).__name__}
    if optimizer is not None:
        told["optimizer"] = type(optimizer).__name__
        config = {name: value for name, value in optimizer.get_config().items() if name != "name"}
        put_params(run, told["optimizer"], {name: v for name, v in config.items() if v is not None and v is not False})
    if loss is not None:
        told["loss"] = loss if setting(loss) is not NOTHING else getattr(loss, "name", type(loss).__name__)
    put_params(run, "keras", told)
    put_params(run, "fit", {name: value for name, value in (params or {}).items() if name in ("epochs", "steps")})
    if getattr(model, "built", False):
        about = {
            "parameters": model.count_params(),
            "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
            "layers": len(model.layers),
        }
        put_params(run, told["model"], about)


def put_summary(run: ActiveRun, model: Any) -> None:
    """The model's own summary as a text."""
    if getattr(model, "built", False):
        lines: list[str] = []
        model.summary(line_length=_WIDTH, print_fn=lambda line, *_, **__: lines.append(str(line)))
        run.add_bytes(f"models/{model.name}.txt", "\n".join([*lines, ""]).encode(), "text/plain", "autolog")


class _Epochs:
    """What our callback does, whatever Keras' own class is."""

    model: Any
    params: Any

    def __init__(self, choices: Any = None) -> None:
        super().__init__()
        self._choices = choices
        self._training = False
        self._told = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Called by Keras."""
        if self._choices is None:
            must("train")
        self._training, self._told = True, False

    @guarded
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Called by Keras. The model tells of itself at the first: only then is it built in any case."""
        run = current()
        if run is None:
            return
        if not self._told:
            self._told = True
            if self._wants("params"):
                put_model(run, self.model, self.params)
            if self._wants("artifacts"):
                put_summary(run, self.model)
        if self._wants("metrics"):
            put_metrics(run, dict(logs or {}), epoch)

    def on_train_end(self, logs: Any = None) -> None:
        """Called by Keras."""
        self._training = False

    def on_test_begin(self, logs: Any = None) -> None:
        """Called by Keras."""
        if self._choices is None and not self._training:
            must("train")

    @guarded
    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Called by Keras; in a training what this tells comes with the epoch."""
        run = current()
        if run is not None and not self._training and self._wants("metrics"):
            put_metrics(run, {f"test_{name}": value for name, value in dict(logs or {}).items()})

    def _wants(self, what: str) -> bool:
        return self._choices is None or bool(getattr(self._choices, what))


@cache
def callback_class() -> type:
    """`KerasCallback`.

    Raises:
        ImportError: Keras is not installed.
    """
    import keras

    class KerasCallback(_Epochs, keras.callbacks.Callback):  # type: ignore[misc]
        """Logs a training to the run that is active: ``model.fit(x, y, callbacks=[nbtrack.KerasCallback()])``.

        choices: set by autolog, to what the user wants of it.
        """

    KerasCallback.__module__, KerasCallback.__qualname__ = "nbtrack.sdk.loggers", "KerasCallback"
    return KerasCallback
