"""What stands behind ``%%track`` on a cell, read as a shell would read it."""

from __future__ import annotations

import shlex
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption, InvalidValue
from nbtrack.capture.cell import Options
from nbtrack.runs.given import checked_note, checked_tags
from nbtrack.runs.values import brief, check_name
from nbtrack.sdk.lines import PARSER
from nbtrack.sdk.verbs.parsing import LONGEST, MOST

if TYPE_CHECKING:
    from nbtrack.sweeps.spec import Spec


def read_options(line: str) -> Options:
    """The options of one ``%%track`` line, without the magic's name.

    Raises:
        InvalidOption: an unknown option, one without what it needs (one line of usage is its hint), or a name or text
        that cannot be stored.
    """
    given = _given(line)
    _check_no_sweep(given)
    try:
        return Options(
            name=None if given.name is None else check_name("run", given.name),
            experiment=None if given.experiment is None else check_name("experiment", given.experiment),
            tags=dict(checked_tags(dict(map(_tag, given.tag)))),
            note=None if given.note is None else checked_note(given.note),
            params=_names(given.params),
            metrics=_names(given.metrics),
            autolog=not given.no_autolog,
        )
    except InvalidValue as error:
        raise InvalidOption(f"%%track: {error.message}", error.hint) from None


def read_sweep(line: str) -> Spec | None:
    """The sweep that one ``%%track`` line asks for; None for a line without.

    Raises:
        InvalidOption: it is not understood, or does not go together.
    """
    given = _given(line)
    if not given.sweep:
        _check_no_sweep(given)
        return None
    from nbtrack.sweeps.spec import checked, seconds
    from nbtrack.sweeps.values import read_axis

    axes: dict[str, Any] = {}
    for text in given.sweep:
        name, axis = read_axis(text)
        if name in axes:
            raise InvalidOption(f"--sweep gives values of '{name}' twice.", "Put them into one list.")
        axes[name] = axis
    return checked(
        axes,
        search=given.search,
        trials=given.trials,
        maximize=given.maximize,
        minimize=given.minimize,
        timeout=None if given.timeout is None else seconds(given.timeout),
        seed=given.seed,
        again=given.again,
        on=given.on,
    )


def asks_for_sweep(line: str) -> bool:
    """Whether a ``%%track`` line asks for a sweep, whatever its values are.

    Raises:
        InvalidOption: the line is not understood.
    """
    given = _given(line)
    _check_no_sweep(given)
    return bool(given.sweep)


def of_each(line: str, name: str) -> str:
    """The ``%%track`` line of one trial: that of the sweep without what makes it one, and its own name."""
    given = _given(line)
    words = [name] if not name.startswith("-") else []
    for option in ("experiment", "params", "metrics"):
        value = getattr(given, option)
        words += [] if value is None else [f"--{option}={value}"] if value.startswith("-") else [f"--{option}", value]
    words += [word for tag in given.tag for word in (("--tag", tag) if not tag.startswith("-") else (f"--tag={tag}",))]
    words += ["--no-autolog"] if given.no_autolog else []
    return shlex.join(words if words[:1] == [name] else [*words, "--", name])


def _given(line: str) -> Namespace:
    if len(line) > LONGEST:
        raise InvalidOption(f"%%track: the line has {len(line):,} characters.", f"At most {LONGEST:,} are read.")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InvalidOption(f"%%track: {error} in: {line.strip()[:200]}.", "Close the quotes.") from None
    if len(words) > MOST:
        raise InvalidOption(f"%%track: the line has {len(words):,} words.", f"At most {MOST:,} are read.")
    return PARSER.parse_args(words)


def _check_no_sweep(given: Namespace) -> None:
    """An option of sweeps on a line without one says nothing."""
    for option in ("search", "trials", "maximize", "minimize", "timeout", "seed", "again", "on"):
        if not given.sweep and getattr(given, option) not in (None, False):
            raise InvalidOption(f"%%track: --{option} is for a sweep.", "Add --sweep NAME=VALUES, or leave it out.")


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidOption(f"%%track: --tag {brief(text)} has no '='.", "Write --tag stage=draft.")
    return key, value


def _names(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    if text.strip() == "none":
        return frozenset()
    return frozenset(name.strip() for name in text.split(",") if name.strip())
