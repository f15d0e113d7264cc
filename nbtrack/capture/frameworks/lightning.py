"""Lightning, also under its earlier name pytorch_lightning: a Logger of its own kind, which autolog gives to Trainers.

What a module logs with ``self.log`` becomes metrics at Lightning's global step. Params: ``Trainer.max_epochs`` and
the like; of module and data module what `save_hyperparameters` kept, named after their classes. Checkpoints stay where
Lightning puts them, also where the Trainer has no other logger; ``checkpoints.json`` says where that is and how good
they are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from nbtrack.capture.frameworks import records
from nbtrack.capture.frameworks.callbacks import guarded
from nbtrack.capture.frameworks.patches import Call, Patches
from nbtrack.capture.scalars import NOTHING, setting
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.current import current, must

_TRAINER = ("max_epochs", "max_steps", "accumulate_grad_batches", "gradient_clip_val", "precision", "num_devices")


def install(patches: Patches) -> None:
    """Give each Trainer that begins to work a logger of ours, until its work is done."""
    trainer = import_module(_home(patches.package)).Trainer

    def before(call: Call) -> None:
        assert call.run is not None
        if patches.choices.metrics and not any(getattr(one, "is_nbtrack", False) for one in call.subject.loggers):
            added = call.notes["logger"] = logger_class(patches.package)(folder=call.subject.default_root_dir)
            call.subject.loggers = [*call.subject.loggers, added]
        if patches.choices.params:
            put_settings(call.run, call.subject, [*call.args[:1], *call.kwargs.values()])

    def after(call: Call) -> None:
        added = call.notes.get("logger")
        if added is not None:
            call.subject.loggers = [one for one in call.subject.loggers if one is not added]
        if patches.choices.artifacts and call.run is not None:
            put_checkpoints(call.run, call.subject)

    for work in ("fit", "validate", "test"):
        patches.wrap(trainer, work, before=before, after=after)


def put_settings(run: ActiveRun, trainer: Any, given: Iterable[Any]) -> None:
    """What a Trainer was told, and the hyperparameters of the module and the data module that it is given."""
    told = {name: getattr(trainer, name, None) for name in _TRAINER}
    told["strategy"] = type(trainer.strategy).__name__
    told = {name: value for name, value in told.items() if value is not None and value != -1}
    records.put_params(run, type(trainer).__name__, told)
    for one in given:
        kept = getattr(one, "hparams_initial", None)
        if isinstance(kept, Mapping) and kept:
            records.put_params(run, type(one).__name__, dict(kept))


def put_checkpoints(run: ActiveRun, trainer: Any) -> None:
    """Note where a Trainer's checkpoints are."""
    found = []
    for callback in getattr(trainer, "checkpoint_callbacks", []):
        kept = {_short(run, path): _number(score) for path, score in getattr(callback, "best_k_models", {}).items()}
        best = getattr(callback, "best_model_path", "")
        if best or kept:
            about = {"best": _short(run, best), "last": _short(run, getattr(callback, "last_model_path", ""))}
            score = _number(getattr(callback, "best_model_score", None))
            found.append({**about, "monitor": callback.monitor, "score": score, "kept": kept})
    if found:
        run.add_bytes("checkpoints.json", json.dumps(found, indent=1).encode(), "application/json", "autolog")


def _short(run: ActiveRun, path: str) -> str:
    with suppress(ValueError):
        return Path(path).resolve().relative_to(run.recorder.project.root.resolve()).as_posix() if path else ""
    return path


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _home(package: str) -> str:
    return "lightning.pytorch" if package == "lightning" else package


def installed() -> str:
    """The package that a logger is made for: the one that is imported, else the one that is there."""
    for package in ("lightning", "pytorch_lightning"):
        if package in sys.modules:
            return package
    with suppress(ImportError):
        import_module("lightning")
        return "lightning"
    return "pytorch_lightning"


def _is_first() -> bool:
    """Whether this is the process that speaks for all those that train together."""
    known = sys.modules.get("lightning_utilities.core.rank_zero")
    return not getattr(getattr(known, "rank_zero_only", None), "rank", 0)


class _Log:
    """What our logger does, whichever of the two packages it is for."""

    is_nbtrack = True

    def __init__(self, folder: str | None = None) -> None:
        super().__init__()
        self._folder = folder
        self._asked = folder is None

    @property
    def name(self) -> str:
        """The first part of the path for checkpoints."""
        return "nbtrack" if self._asked else ""

    @property
    def version(self) -> str:
        """The second part: the run's id."""
        run = current() if self._asked else None
        return run.id if run is not None else ""

    @property
    def save_dir(self) -> str | None:
        """Where Lightning's files go; None is where it likes."""
        return self._folder

    @property
    def experiment(self) -> ActiveRun | None:
        """The run."""
        return current()

    @guarded
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Called by Lightning with numbers."""
        run = current()
        if run is not None and _is_first():
            records.put_metrics(run, dict(metrics), step)

    @guarded
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        """Called by Lightning with hyperparameters; autolog has told them already."""
        run = current()
        if run is not None and self._asked and _is_first():
            given = params if isinstance(params, Mapping) else vars(params)
            plain = {name: setting(value) for name, value in given.items()}
            run.set_params({name: value for name, value in plain.items() if value is not NOTHING})

    def log_graph(self, model: Any, input_array: Any = None) -> None:
        """Called when a Trainer begins: the moment to say that no run is active."""
        if self._asked and _is_first():
            must("train")


@cache
def logger_class(package: str) -> type:
    """`NbtrackLogger`, a Logger as this package knows them.

    Raises:
        ImportError: the package is not installed.
    """
    base: Any = import_module(f"{_home(package)}.loggers").Logger

    class NbtrackLogger(_Log, base):  # type: ignore[misc]
        """Logs what Lightning logs to the run that is active: ``Trainer(logger=nbtrack.NbtrackLogger())``.

        Checkpoints go to ``nbtrack/<run id>/checkpoints`` if nothing else is said. folder: set by autolog, whose
        logger is to change nothing of where Lightning puts its files.
        """

    NbtrackLogger.__module__, NbtrackLogger.__qualname__ = "nbtrack.sdk.loggers", "NbtrackLogger"
    return NbtrackLogger
