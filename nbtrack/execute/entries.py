"""``nbtrack.toml`` in the project's folder: notebooks by name, with the params they take.

[entry_points.train]
notebook = "notebooks/train.ipynb"      # from the folder of this file
help = "trains the model"
kernel = "python3"                      # optional: without, the notebook's own
environment = "requirements.txt"        # optional: an environment made of these, see `nbtrack.execute.environments`

[entry_points.train.params]
lr = { type = "float", default = 0.1, help = "learning rate" }
depth = { type = "int" }                # without a default it has to be given
kind = "rbf"                            # short for a default, whose type counts
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption
from nbtrack.base.words import why
from nbtrack.execute.parameters import read_value

FILE = "nbtrack.toml"
_MISSING: Any = object()
_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "str": (str,), "bool": (bool,), "any": ()}


@dataclass(frozen=True)
class EntryParam:
    """A param of an entry point."""

    name: str
    type: str = "any"
    default: Any = _MISSING
    help: str = ""

    def value(self, given: str) -> Any:
        """What a text on the command line means.

        Raises:
            InvalidOption: it is not of the param's type.
        """
        if self.type == "str":
            return given
        if self.type == "bool" and given.strip().lower() in ("true", "false"):
            return given.strip().lower() == "true"
        return self.checked(read_value(given))

    def checked(self, value: Any) -> Any:
        """The value, as a float where an integer was given for one.

        Raises:
            InvalidOption: it is not of the param's type.
        """
        kinds = _TYPES[self.type]
        if not kinds or (isinstance(value, kinds) and (self.type == "bool") == isinstance(value, bool)):
            return float(value) if self.type == "float" else value
        said = f" ({self.help})" if self.help else ""
        raise InvalidOption(f"The param '{self.name}'{said} is {value!r}.", f"It should be of type {self.type}.")

    def words(self) -> str:
        """As it can be given: ``lr=0.1``, or ``depth=int`` where there is no default."""
        return f"{self.name}={self.type if self.default is _MISSING else self.default}"


@dataclass(frozen=True)
class Entry:
    """A notebook that can be executed by a name."""

    name: str
    notebook: Path
    params: dict[str, EntryParam] = field(default_factory=dict)
    kernel: str | None = None
    environment: Path | None = None
    help: str = ""

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The params as they are to be: those given, and defaults.

        Raises:
            InvalidOption: one that it does not take, of another type, or one that is missing.
        """
        unknown = [name for name in given if name not in self.params]
        if unknown:
            takes = ", ".join(one.words() for one in self.params.values()) or "none"
            raise InvalidOption(f"The entry point '{self.name}' takes no param '{unknown[0]}'.", f"It takes: {takes}.")
        found = {name: self.params[name].value(text) for name, text in given.items()}
        for name, one in self.params.items():
            if name not in found and one.default is _MISSING:
                about = f", {one.help}" if one.help else ""
                raise InvalidOption(f"The param '{name}' ({one.type}{about}) is missing.", f"Add -p {name}=….")
            found.setdefault(name, one.default)
        return {name: found[name] for name in self.params}


def read_entries(project: Project) -> dict[str, Entry]:
    """The entry points of a project; none where there is no ``nbtrack.toml``.

    Raises:
        InvalidOption: the file cannot be read, or something in it is not as it should be.
    """
    path = project.root / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidOption(f"'{path}' cannot be read: {why(error)}.", "Mend or remove it.") from error
    found = _parsed(text, path).get("entry_points", {})
    if not isinstance(found, dict):
        raise InvalidOption(f"entry_points in '{path}' is no table.", "Write [entry_points.NAME].")
    return {name: _entry(name, about, path) for name, about in found.items()}


def entry(project: Project, name: str) -> Entry:
    """One entry point.

    Raises:
        InvalidOption: there is none of this name, or the file is not as it should be.
    """
    found = read_entries(project)
    if name in found:
        return found[name]
    if not found:
        raise InvalidOption(f"There is no entry point '{name}'.", f"Entry points stand in {project.root / FILE}.")
    near = difflib.get_close_matches(name, found, 3, 0.5) or list(found)
    raise InvalidOption(f"{FILE} has no entry point '{name}'.", f"It has: {', '.join(near)}.")


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        import tomllib
    except ImportError:  # Python 3.10
        try:
            import tomli as tomllib  # type: ignore[import-not-found,unused-ignore,no-redef]
        except ImportError:
            raise InvalidOption(f"Python 3.10 cannot read {FILE} by itself.", "pip install tomli") from None
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidOption(f"'{path}' is no TOML: {error}.", "Mend it.") from error
    return found


def _entry(name: str, about: Any, path: Path) -> Entry:
    where = f"[entry_points.{name}] in '{path}'"
    if not isinstance(about, dict) or not isinstance(about.get("notebook"), str):
        raise InvalidOption(f"{where} names no notebook.", 'Write notebook = "train.ipynb".')
    unknown = sorted(about.keys() - {"notebook", "params", "kernel", "environment", "help"})
    if unknown:
        raise InvalidOption(f"{where} has '{unknown[0]}'.", "There are: notebook, params, kernel, environment, help.")
    for key in ("kernel", "environment", "help"):
        if not isinstance(about.get(key, ""), str):
            raise InvalidOption(f"'{key}' of {where} is {about[key]!r}.", "It should be a text.")
    params = about.get("params", {})
    if not isinstance(params, dict):
        raise InvalidOption(f"'params' of {where} is {params!r}.", f"Write [entry_points.{name}.params].")
    environment = about.get("environment")
    return Entry(
        name,
        path.parent / about["notebook"],
        {one: _param(one, said, where) for one, said in params.items()},
        about.get("kernel"),
        path.parent / environment if environment else None,
        about.get("help", ""),
    )


def _param(name: str, said: Any, where: str) -> EntryParam:
    if not isinstance(said, dict):
        return EntryParam(name, _type_of(said), said)
    kind = said.get("type", _type_of(said["default"]) if "default" in said else "any")
    if kind not in _TYPES or not said.keys() <= {"type", "default", "help"}:
        raise InvalidOption(
            f"The param '{name}' of {where} is {said!r}.",
            f"Write {{ type = …, default = …, help = … }}, the type one of {', '.join(_TYPES)}.",
        )
    made = EntryParam(name, kind, said.get("default", _MISSING), str(said.get("help", "")))
    if made.default is not _MISSING:
        made.checked(made.default)
    return made


def _type_of(value: Any) -> str:
    return type(value).__name__ if type(value).__name__ in _TYPES else "any"
