"""Hugging Face's Trainer: a callback of its own kind, which autolog gives to Trainers while they work.

Metrics: what the Trainer logs, by its own names (``loss``, ``eval_loss``, ``grad_norm``, …) at its global step; of
predict() those that it returns. Params: of the TrainingArguments those that differ from their default, and `ALWAYS`; of
the model's configuration what differs from its class's default, ``BertConfig.hidden_size``. Where checkpoints are, and
which is the best: ``checkpoints.json``. The Trainer is not imported for this: its module is waited for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from nbtrack.capture.frameworks.callbacks import guarded
from nbtrack.capture.frameworks.patches import Call, Patches
from nbtrack.capture.frameworks.records import put_metrics, put_params
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.current import current, must

ALWAYS = frozenset({
    "learning_rate", "lr_scheduler_type", "num_train_epochs", "optim", "per_device_train_batch_size", "seed",
    "weight_decay",
})  # fmt: skip
# Of this machine, or set by the class itself: they say nothing of a training.
_NEVER = frozenset({"output_dir", "logging_dir", "run_name", "report_to", "local_rank", "accelerator_config"})
_HOME = "transformers.trainer"


def install(patches: Patches) -> None:
    """Give each Trainer that begins to work a callback of ours, until its work is done."""
    patches.when_imported(_HOME, lambda: _install(patches))


def _install(patches: Patches) -> None:
    trainer = sys.modules[_HOME].Trainer

    def before(call: Call) -> None:
        ours = callback_class()
        if not any(isinstance(one, ours) for one in call.subject.callback_handler.callbacks):
            call.notes["added"] = ours(choices=patches.choices)
            call.subject.add_callback(call.notes["added"])

    def after(call: Call) -> None:
        if "added" in call.notes:
            call.subject.remove_callback(call.notes["added"])

    for work in ("train", "evaluate", "predict"):
        patches.wrap(trainer, work, before=before, after=after)


def changed_arguments(arguments: Any) -> dict[str, Any]:
    """Of TrainingArguments, what differs from the default, and what is always told."""
    found: dict[str, Any] = {}
    for one in fields(arguments):
        if not one.init or one.name in _NEVER or one.name.startswith("hub_") or "token" in one.name:
            continue
        value = _plain(getattr(arguments, one.name, None))
        default = _plain(one.default_factory() if one.default_factory is not MISSING else one.default)
        if one.name in ALWAYS or (value != default and value is not None):
            found[one.name] = value
    return found


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def put_setup(run: ActiveRun, arguments: Any, model: Any) -> None:
    """What a training was told, and what its model is."""
    put_params(run, type(arguments).__name__, changed_arguments(arguments))
    config = getattr(model, "config", None)
    if config is not None and hasattr(config, "to_diff_dict"):
        told = config.to_diff_dict()
        told.pop("transformers_version", None)
        name = getattr(config, "_name_or_path", "")
        put_params(run, type(config).__name__, told | ({"name": name} if name else {}))


def put_checkpoints(run: ActiveRun, arguments: Any, state: Any) -> None:
    """Where the checkpoints are, and which is the best."""
    root, folder = run.recorder.project.root.resolve(), Path(arguments.output_dir)
    kept = sorted(folder.glob("checkpoint-*"), key=lambda path: path.stat().st_mtime) if folder.is_dir() else []
    if not kept:
        return

    def short(path: Path) -> str:
        with suppress(ValueError):
            return path.resolve().relative_to(root).as_posix()
        return str(path)

    best = state.best_model_checkpoint
    about = {
        "kept": [short(path) for path in kept],
        "best": short(Path(best)) if best else None,
        "monitor": arguments.metric_for_best_model,
        "score": state.best_metric,
    }
    run.add_bytes("checkpoints.json", json.dumps(about, indent=1).encode(), "application/json", "autolog")


@cache
def callback_class() -> type:
    """`TransformersCallback`.

    Raises:
        ImportError: transformers, or torch, is not installed.
    """
    from transformers import TrainerCallback

    class TransformersCallback(TrainerCallback):
        """Logs a training to the run that is active: ``Trainer(…, callbacks=[nbtrack.TransformersCallback()])``.

        choices: set by autolog, to what the user wants of it.
        """

        def __init__(self, choices: Any = None) -> None:
            self._choices = choices

        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            """Called by the Trainer."""
            if self._choices is None:
                must("train")
            self._begin(args, state, model)

        @guarded
        def _begin(self, args: Any, state: Any, model: Any) -> None:
            run = self._run(state)
            if run is not None and self._wants("params"):
                put_setup(run, args, model)

        @guarded
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            """Called by the Trainer with numbers."""
            self._put(state, logs)

        @guarded
        def on_predict(self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any) -> None:
            """Called by the Trainer after predict()."""
            self._put(state, metrics)

        @guarded
        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Called by the Trainer."""
            run = self._run(state)
            if run is not None and self._wants("artifacts"):
                put_checkpoints(run, args, state)

        def _put(self, state: Any, found: Mapping[str, Any] | None) -> None:
            run = self._run(state)
            if run is not None and found and self._wants("metrics"):
                put_metrics(run, dict(found), state.global_step)

        def _run(self, state: Any) -> ActiveRun | None:
            return current() if state.is_world_process_zero else None

        def _wants(self, what: str) -> bool:
            return self._choices is None or bool(getattr(self._choices, what))

    TransformersCallback.__module__ = "nbtrack.sdk.loggers"
    TransformersCallback.__qualname__ = "TransformersCallback"
    return TransformersCallback
