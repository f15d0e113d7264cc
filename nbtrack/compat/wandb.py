"""W&B's words for nbtrack: change ``import wandb`` to ``import nbtrack.compat.wandb as wandb``.

What is here: init, log, config, summary, finish, run, Run, Table, Image, Artifact, log_artifact, save, watch, alert,
define_metric, login, setup, Settings. A project is an experiment, config are params, what is logged metrics. Inside a
tracked cell the run is the cell's. Anything else raises one error that names what to use.

>>> import nbtrack.compat.wandb as wandb                              # doctest: +SKIP
>>> with wandb.init(project="fish", config={"lr": 0.1}) as run:       # doctest: +SKIP
...     run.log({"loss": 0.5})

Where it differs: a step that goes back is kept rather than dropped; a point logged twice at one step is kept twice; a
param that changes keeps its history, whatever ``allow_val_change`` says; a text that is logged becomes a tag; None is
passed over. ``mode="disabled"`` keeps nothing, every other mode writes to the project's file: nothing is ever sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption, NbtrackError
from nbtrack.compat.wandb_data import Artifact, Image, Table
from nbtrack.compat.wandb_run import Config, Run, Summary, dict_of, no_run
from nbtrack.runs import given
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.current import current
from nbtrack.runs.values import brief

__all__ = [
    "Artifact", "Image", "NotHere", "Run", "Settings", "Table", "alert", "config", "define_metric", "finish", "init",
    "log", "log_artifact", "login", "save", "setup", "summary", "unwatch", "watch",
]  # fmt: skip

if TYPE_CHECKING:
    run: Run | None

_INSTEAD = {
    "Api": "nbtrack.runs() and nbtrack.run() find runs",
    "sweep": "%%track --sweep or nbtrack.sweep() tries many values",
    "agent": "%%track --sweep or nbtrack.sweep() tries many values",
    "controller": "%%track --sweep or nbtrack.sweep() tries many values",
    "Histogram": "draw it with matplotlib or plotly and log the figure",
    "plot": "draw it with matplotlib or plotly and log the figure",
    "Plotly": "log the figure itself",
    "Html": "nbtrack.log_text(text, 'page.html') keeps it",
    "Audio": "write the file and call save() or nbtrack.log_artifact()",
    "Video": "write the file and call save() or nbtrack.log_artifact()",
    "use_artifact": "nbtrack.log_input() notes data that a run read; nbtrack.run(…).artifacts has what one wrote",
    "link_artifact": "a registry of models is not part of nbtrack yet",
    "log_model": "log_artifact() keeps the model's files",
    "log_code": "nbtrack keeps the cell's code by itself",
    "restore": "nbtrack.run(…).artifacts has the files of a run",
    "sklearn": "nbtrack.autolog() logs what scikit-learn trains",
    "xgboost": "nbtrack.autolog() logs what XGBoost trains",
    "lightgbm": "nbtrack.autolog() logs what LightGBM trains",
    "keras": "nbtrack.autolog() or nbtrack.KerasCallback logs what Keras trains",
    "integration": "nbtrack.autolog() logs what the frameworks train",
    "tensorboard": "`nbtrack import FOLDER` brings TensorBoard's event files in",
    "sync_tensorboard": "`nbtrack import FOLDER` brings TensorBoard's event files in",
    "resume": "every start is a run of its own: nbtrack.start_run(nested=True) inside of another makes it a child",
    "fork_from": "every start is a run of its own",
    "resume_from": "every start is a run of its own",
}
_REFUSED = ("sync_tensorboard", "fork_from", "resume_from")
_AGAIN = ("finish_previous", "return_previous", "create_new", "default")
_begun: Run | None = None  # the last that init() gave


class NotHere(NbtrackError, AttributeError, NotImplementedError):
    """Something of W&B's that nbtrack.compat.wandb does not have."""

    code = "not_here"


class Settings(dict[str, Any]):
    """W&B's settings, taken and left alone: none of them says anything about nbtrack."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(settings)


def refuse(what: str, name: str) -> NotHere:
    """The error for what is not here."""
    hint = _INSTEAD.get(name)
    return NotHere(
        f"wandb.{what} is not part of nbtrack.compat.wandb.",
        f"Instead: {hint}." if hint else "Log numbers, Table and Image with log(), files with log_artifact().",
    )


def __getattr__(name: str) -> Any:
    if name == "run":
        return _current()
    if name.startswith("__"):
        raise AttributeError(name)
    raise refuse(name, name)


# -- beginning and ending


def init(
    project: str | None = None,
    *,
    entity: str | None = None,
    name: str | None = None,
    config: Any = None,
    tags: Iterable[str] | str | None = None,
    notes: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    id: str | None = None,
    resume: bool | str | None = None,
    reinit: bool | str | None = None,
    mode: str | None = None,
    config_include_keys: Iterable[str] | None = None,
    config_exclude_keys: Iterable[str] | None = None,
    **more: Any,
) -> Run:
    """Begin a run; inside a tracked cell, the cell's run.

    project: the experiment. dir: the folder of the nbtrack project; else that of the working directory. group,
    job_type, id and words in tags become tags. reinit: "finish_previous" (True; the default in notebooks),
    "return_previous" (False; elsewhere) or "create_new" (a child of the one that goes on). mode: "disabled" keeps
    nothing. W&B's variables in the environment (WANDB_PROJECT, WANDB_MODE and so on) stand for what is not given.

    Raises:
        InvalidValue: a name, tag or param that cannot be stored. NotHere: resume="must", fork_from and the like.
    """
    for asked in _REFUSED:
        if more.get(asked):
            raise refuse(f"init({asked}=…)", asked)
    if resume == "must":
        raise refuse("init(resume='must')", "resume")
    words = _words(tags)
    about: dict[str, Any] = {"entity": _given(entity, "ENTITY"), "group": _given(group, "RUN_GROUP"), "tags": words}
    about |= {"job_type": _given(job_type, "JOB_TYPE"), "notes": _given(notes, "NOTES")}
    params = _chosen(config, config_include_keys, config_exclude_keys)
    project, name, mode = _given(project, "PROJECT"), _given(name, "NAME"), _given(mode, "MODE")
    if mode == "disabled":
        return _become(Run(None, project, **about), params)
    active = _previous(reinit)
    if active is not None and _begun is not None and _begun.active is active:
        run = _begun
    else:
        run = Run(active if active is not None else _start(name, project, dir), project, **about)
    _describe(run, name if active is not None else None, about, _given(id, "RUN_ID"))
    return _become(run, params)


def _start(name: str | None, project: str | None, folder: str | os.PathLike[str] | None) -> ActiveRun:
    from nbtrack.sdk.tracking import start_run

    if folder is not None:
        given.local_path(folder).mkdir(parents=True, exist_ok=True)
    return start_run(name, experiment=project, project=None if folder is None else given.local_path(folder))


def _become(run: Run, params: Mapping[str, Any]) -> Run:
    global _begun
    if params:
        run.set_config(params)
    _begun = run
    return run


def _describe(run: Run, name: str | None, about: Mapping[str, Any], id: str | None) -> None:
    active = run.active
    assert active is not None
    if name is not None:
        active.set_name(name)
    tags = dict.fromkeys(about["tags"], "")
    for key, value in (("group", about["group"]), ("job_type", about["job_type"]), ("wandb.id", id)):
        if value:
            tags[key] = str(value)
    if tags:
        active.set_tags(tags)
    if about["notes"]:
        active.set_note(about["notes"])


def _previous(reinit: bool | str | None) -> ActiveRun | None:
    """The run that goes on, after the one that does not was ended."""
    if reinit not in (None, True, False, *_AGAIN):
        raise InvalidOption(f"init() was given reinit={brief(reinit)}.", f"Use one of {', '.join(_AGAIN)}.")
    active = current()
    if active is None or active.of_cell or active.attached:
        return active
    if reinit == "create_new":
        return None
    if reinit in (None, "default"):
        reinit = active.recorder.kind == "kernel"
    if reinit in (True, "finish_previous"):
        if _begun is not None and _begun.active is active:
            active.end()
            return None
        return active  # begun by something else, which ends it
    return active


def _given(value: Any, variable: str) -> Any:
    return value if value is not None else os.environ.get(f"WANDB_{variable}") or None


def _words(tags: Iterable[str] | str | None) -> list[str]:
    found = _given(tags, "TAGS")
    if isinstance(found, str):
        found = found.split(",")
    return [str(word).strip() for word in found or () if str(word).strip()]


def _chosen(config: Any, include: Iterable[str] | None, exclude: Iterable[str] | None) -> dict[str, Any]:
    found, left = dict_of(config), set(exclude or ())
    wanted = None if include is None else set(include)
    return {key: value for key, value in found.items() if key not in left and (wanted is None or key in wanted)}


def _current() -> Run | None:
    """The run that init() gave, or a tracked cell's, or one begun in nbtrack's words."""
    global _begun
    active = current()
    if _begun is not None and (_begun.active is active if active is not None else _begun.active is None):
        return _begun
    if active is None:
        return None
    _begun = Run(active)
    _begun.settings.update(active.params)
    return _begun


def _must(doing: str) -> Run:
    found = _current()
    if found is None:
        raise no_run(doing)
    return found


def finish(exit_code: int | None = None, **_: Any) -> None:
    """End the run, failed if the code is not 0."""
    global _begun
    found = _current()
    if found is not None:
        found.finish(exit_code)
        if found.active is None:
            _begun = None


# -- in a run


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, **more: Any) -> None:
    """Log to the current run; see `Run.log`."""
    _must("log()").log(data, step, commit, **more)


def log_artifact(
    artifact_or_path: Any, name: str | None = None, type: str | None = None, aliases: Any = None
) -> Artifact:
    """Store an artifact, a file or a folder with the current run."""
    return _must("log_artifact()").log_artifact(artifact_or_path, name, type, aliases)


def save(glob_str: str | Path, base_path: str | Path | None = None, policy: str = "live") -> list[str]:
    """Store files with the current run, as they are now."""
    return _must("save()").save(glob_str, base_path, policy)


def watch(models: Any, criterion: Any = None, log: str | None = "gradients", log_freq: int = 1000, **_: Any) -> None:
    """Log how large gradients, parameters or both are; see `nbtrack.watch`."""
    _must("watch()").watch(models, criterion, log, log_freq)


def unwatch(models: Any = None) -> None:
    """Nothing to do: a watch ends with its run."""


def alert(title: str, text: str, level: Any = None, wait_duration: Any = None) -> None:
    """Say it here, and keep it as a tag."""
    _must("alert()").alert(title, text, level, wait_duration)


def define_metric(name: str, *_: Any, **__: Any) -> None:
    """Nothing to do: nbtrack keeps last, smallest and largest of each metric."""


def login(*_: Any, **__: Any) -> bool:
    """True: nobody has to log in to a file."""
    return True


def setup(*_: Any, **__: Any) -> None:
    """Nothing to do."""


config = Config(lambda: _must("config"))
summary = Summary(lambda: _must("summary"))
