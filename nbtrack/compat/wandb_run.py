"""A run in W&B's words: ``wandb.init()`` gives one. What it is told goes to a run of nbtrack's."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

from nbtrack.base.errors import InvalidOption, InvalidValue, NoActiveRun, NotFound
from nbtrack.compat.wandb_data import Artifact, Image, Table
from nbtrack.runs import given
from nbtrack.runs.active import ActiveRun, status_of
from nbtrack.runs.values import brief, check_text
from nbtrack.sdk import media
from nbtrack.sdk.live import vars_of

_MISSING = object()


class Config(MutableMapping[str, Any]):
    """Params as attributes and items: ``config.lr``, ``config["lr"]``; nested mappings stay mappings here."""

    def __init__(self, of: Callable[[], Run]) -> None:
        object.__setattr__(self, "_of", of)

    def _data(self) -> dict[str, Any]:
        found: dict[str, Any] = self._of().settings
        return found

    def __getitem__(self, name: str) -> Any:
        return self._data()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        raise InvalidOption(f"The param '{name}' cannot be taken back.", "Set it to another value; both are kept.")

    def update(self, other: Any = (), /, allow_val_change: bool | None = None, **more: Any) -> None:
        """Set several at once, or none if one of them cannot be stored. A value that changes keeps the one before."""
        self._of().set_config({**dict_of(other), **more})

    def setdefaults(self, other: Any) -> None:
        """Set those that are not set yet."""
        self.update({name: value for name, value in dict_of(other).items() if name not in self})

    def as_dict(self) -> dict[str, Any]:
        """A plain dict."""
        return dict(self._data())

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._data()))

    def __len__(self) -> int:
        return len(self._data())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._data().get(name, _MISSING)
        if found is _MISSING:
            raise AttributeError(f"The config has no '{name}'.")
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __repr__(self) -> str:
        return repr(self._data())


class Summary(Config):
    """The last value of each metric; setting one logs it, and a text becomes the tag ``summary.NAME``."""

    def _data(self) -> dict[str, Any]:
        run: Run = self._of()
        return {**run.last, **run.texts}

    def update(self, other: Any = (), /, allow_val_change: bool | None = None, **more: Any) -> None:
        """Set several at once."""
        self._of().set_summary({**dict_of(other), **more})


def dict_of(data: Any) -> dict[str, Any]:
    """What a config holds: a mapping, a Namespace, another config, or nothing. Raises InvalidOption for a file."""
    if isinstance(data, Config):
        return data.as_dict()
    if isinstance(data, str):
        raise InvalidOption("A config from a file is not supported here.", "Read the file and give a dict.")
    if data is None or (not isinstance(data, Mapping) and data == ()):
        return {}
    return dict(given.mapping("config", vars_of(data)))


class Run:
    """A run. active: nbtrack's, None where the mode is "disabled"; then nothing is kept but the config."""

    def __init__(self, active: ActiveRun | None, project: str | None = None, **about: Any) -> None:
        self.active = active
        self.project = project or (active.experiment if active else "default")
        self.settings: dict[str, Any] = {}
        self.texts: dict[str, str] = {}
        self.config = Config(lambda: self)
        self.summary = Summary(lambda: self)
        self.entity: str | None = about.get("entity")
        self.group: str = about.get("group") or ""
        self.job_type: str = about.get("job_type") or ""
        self._tags: tuple[str, ...] = tuple(about.get("tags") or ())
        self._notes: str | None = about.get("notes")
        self._step = 0

    @property
    def id(self) -> str:
        """The id that nbtrack gave it."""
        return self.active.id if self.active else "disabled"

    @property
    def name(self) -> str:
        """Its name."""
        return self.active.name if self.active else "disabled"

    @name.setter
    def name(self, name: str) -> None:
        if self.active:
            self.active.set_name(name)

    @property
    def notes(self) -> str | None:
        """Its note."""
        return self._notes

    @notes.setter
    def notes(self, text: str) -> None:
        self._notes = text
        if self.active:
            self.active.set_note(text)

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags. Those that are added are stored; none is taken away."""
        return self._tags

    @tags.setter
    def tags(self, words: Any) -> None:
        self._tags = tuple(words)
        if self.active:
            self.active.set_tags(dict.fromkeys(self._tags, ""))

    @property
    def step(self) -> int:
        """The step that the next `log` is about."""
        return self._step

    @property
    def last(self) -> dict[str, float]:
        """The last value of each metric."""
        return dict(self.active.last) if self.active else {}

    @property
    def disabled(self) -> bool:
        """Whether nothing is kept."""
        return self.active is None

    @property
    def dir(self) -> str:
        """The project's folder."""
        return str(self.active.recorder.project.root if self.active else Path.cwd())

    @property
    def url(self) -> None:
        """None: a run of nbtrack's has no address."""

    def get_url(self) -> None:
        """None: a run of nbtrack's has no address."""

    # -- logging

    def log(self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, **_: Any) -> None:
        """Log at a step: the one given, else the run's, which counts on unless ``commit`` is False.

        data: numbers, nested mappings, Table, Image, lists of these, figures and DataFrames. A text becomes a tag.

        Raises:
            InvalidValue: something in it cannot be stored; then nothing of the call is.
        """
        if not isinstance(data, Mapping):
            raise InvalidValue(f"wandb.log() was given {type(data).__name__}, not a dict.", "Write log({'loss': 0.5}).")
        if step is not None:
            self._step = max(self._step, given.step_number(step))
        at = self._step if step is None else given.step_number(step)
        if self.active is not None:
            self._store(self.active, data, at)
        if commit or (commit is None and step is None):
            self._step = at + 1

    def _store(self, run: ActiveRun, data: Mapping[str, Any], step: int) -> None:
        numbers, texts, files = _sorted(data, step)
        if numbers:
            try:
                run.log(numbers, step)
            except InvalidValue:
                media.log_mixed(run, numbers, step, None)
        for path, (content, mime) in files.items():
            run.add_bytes(path, content, mime, "media")
        if texts:
            run.set_tags(texts)

    def set_config(self, values: Mapping[str, Any]) -> None:
        """Set params."""
        if self.active is not None:
            self.active.set_params(values)
        self.settings.update(values)

    def set_summary(self, values: Mapping[str, Any]) -> None:
        """Set last values of metrics; texts become tags."""
        texts = {name: check_text(name, value) for name, value in values.items() if isinstance(value, str)}
        if self.active is not None:
            self._store(self.active, {name: value for name, value in values.items() if name not in texts}, self._step)
            if texts:
                self.active.set_tags({f"summary.{name}": value for name, value in texts.items()})
        self.texts.update(texts)

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | Path,
        name: str | None = None,
        type: str | None = None,
        aliases: Any = None,
        **_: Any,
    ) -> Artifact:
        """Store an artifact's files, or a file or folder, below ``artifacts/NAME``."""
        artifact = artifact_or_path
        if not isinstance(artifact, Artifact):
            path = given.local_path(artifact)
            artifact = Artifact(name or path.name, type or "unspecified")
            (artifact.add_dir if path.is_dir() else artifact.add_file)(path)
        if self.active is not None:
            root = f"artifacts/{artifact.name}"
            for where, content in artifact.files.items():
                mime = media.guess_type(where)
                if isinstance(content, bytes):
                    self.active.add_bytes(f"{root}/{where}", content, mime, "artifact")
                else:
                    self.active.add_file(content, f"{root}/{where}", mime, "artifact")
            if artifact.metadata or artifact.description:
                self.active.add_bytes(f"{root}/artifact.json", artifact.about(), "application/json", "artifact")
        return artifact

    def save(self, glob_str: str | Path, base_path: str | Path | None = None, policy: str = "live") -> list[str]:
        """Store the files that fit, as they are now."""
        pattern = given.local_path(glob_str)
        root = pattern.parent if base_path is None else given.local_path(base_path)
        inside = pattern.relative_to(root).as_posix() if pattern.is_relative_to(root) else pattern.name
        found = [path for path in sorted(root.glob(inside)) if path.is_file() and not given.is_own(path)]
        if not found:
            raise NotFound(f"No file fits {brief(str(glob_str))} in '{Path.cwd()}'.", "Give a file that exists.")
        if self.active is not None:
            for path in found:
                where = given.artifact_path(path.relative_to(root).as_posix())
                self.active.add_file(path, where, media.guess_type(path.name))
        return [str(path) for path in found]

    def watch(
        self, models: Any, criterion: Any = None, log: str | None = "gradients", log_freq: int = 1000, **_: Any
    ) -> None:
        """Log how large gradients, parameters or both are; see `nbtrack.watch`."""
        if self.active is None or log is None:
            return
        from nbtrack.sdk.watch import watch

        what = {"parameters": "weights"}.get(log, log)
        for model in models if isinstance(models, (list, tuple)) else [models]:
            watch(model, what, log_freq)

    def alert(self, title: str, text: str, level: Any = None, wait_duration: Any = None) -> None:
        """Say it here, and keep it as the tag ``alert.TITLE``: nbtrack sends no messages."""
        sys.stderr.write(f"{title}: {text}\n")
        if self.active is not None:
            self.active.set_tags({f"alert.{title}": text})

    def define_metric(self, name: str, *_: Any, **__: Any) -> None:
        """Nothing to do: nbtrack keeps last, smallest and largest of each metric, and charts choose their axis."""

    def finish(self, exit_code: int | None = None, **_: Any) -> None:
        """End the run, failed if the code is not 0. A tracked cell's run ends with its cell."""
        if self.active is not None and not self.active.of_cell:
            self.active.end("failed" if exit_code else "finished")

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.active is not None and not self.active.of_cell:
            self.active.end(*status_of(error))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        from nbtrack.compat.wandb import refuse

        raise refuse(f"run.{name}", name)

    def __repr__(self) -> str:
        return f"<nbtrack.compat.wandb run {self.name!r} ({self.id})>"


def _sorted(data: Mapping[str, Any], step: int) -> tuple[dict[str, Any], dict[str, str], dict[str, tuple[bytes, str]]]:
    """What is logged by where it goes: numbers (and what nbtrack itself knows), texts, files."""
    numbers: dict[str, Any] = {}
    texts: dict[str, str] = {}
    files: dict[str, tuple[bytes, str]] = {}
    for name, value in data.items():
        held = value if isinstance(value, (list, tuple)) and value else [value]
        if value is None:
            continue  # W&B's own null: nothing was measured
        if isinstance(value, str):
            texts[name] = value
        elif isinstance(value, Mapping):
            inner, words, drawn = _sorted(value, step)
            if inner:
                numbers[name] = inner
            texts |= {f"{name}.{key}": word for key, word in words.items()}
            files |= {path.replace("media/", f"media/{name}.", 1): content for path, content in drawn.items()}
        elif all(isinstance(one, (Table, Image)) for one in held):
            files |= _drawn(str(name), held, step)
        else:
            numbers[name] = value
    return numbers, texts, files


def _drawn(name: str, held: Any, step: int) -> dict[str, tuple[bytes, str]]:
    files: dict[str, tuple[bytes, str]] = {}
    captions: dict[str, str] = {}
    for number, one in enumerate(held):
        content, mime = one.contents()
        suffix = ".csv" if isinstance(one, Table) else media_suffix(mime)
        path = given.artifact_path(f"media/{name}-{step}{f'-{number}' if len(held) > 1 else ''}{suffix}")
        files[path] = content, mime
        if isinstance(one, Image) and one.caption:
            captions[path] = one.caption
    if captions:
        where = given.artifact_path(f"media/{name}-{step}.captions.json")
        files[where] = json.dumps(captions, indent=2).encode(), "application/json"
    return files


def media_suffix(mime: str) -> str:
    """The ending of a picture's file."""
    return {"image/jpeg": ".jpg", "image/gif": ".gif", "image/svg+xml": ".svg", "image/webp": ".webp"}.get(mime, ".png")


def no_run(doing: str) -> NoActiveRun:
    """The error for what needs a run."""
    return NoActiveRun(f"wandb.{doing} needs a run.", "Call wandb.init() first, or put %%track on the cell.")
