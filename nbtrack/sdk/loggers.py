"""Loggers and callbacks to put into a framework by hand, where autolog does not: each is made when first asked for.

========================  ==========================================================================================
`NbtrackLogger`           Lightning: ``Trainer(logger=nbtrack.NbtrackLogger())``
`KerasCallback`           Keras 3: ``model.fit(x, y, callbacks=[nbtrack.KerasCallback()])``
`TransformersCallback`    Hugging Face: ``Trainer(…, callbacks=[nbtrack.TransformersCallback()])``
`OptunaCallback`          Optuna: ``study.optimize(objective, 20, callbacks=[nbtrack.OptunaCallback()])``
========================  ==========================================================================================

They log to the run that is active, and raise `NoActiveRun` if none is when the training begins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    KerasCallback: Any
    NbtrackLogger: Any
    OptunaCallback: Any
    TransformersCallback: Any

_MAKERS = {
    "NbtrackLogger": ("lightning", "logger_class"),
    "KerasCallback": ("keras", "callback_class"),
    "TransformersCallback": ("transformers", "callback_class"),
    "OptunaCallback": ("optuna", "callback_class"),
}


def __getattr__(name: str) -> Any:
    if name not in _MAKERS:
        raise AttributeError(f"module 'nbtrack.sdk.loggers' has no attribute {name!r}")
    framework, maker = _MAKERS[name]
    module = import_module(f"nbtrack.capture.frameworks.{framework}")
    made = getattr(module, maker)(*([module.installed()] if framework == "lightning" else []))
    globals()[name] = made  # the same class each time, which pickle finds here
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *_MAKERS})
