"""What stands behind ``%%track`` on a cell, read as a shell would read it."""

from __future__ import annotations

import shlex

from nbtrack.base.errors import InvalidOption, InvalidValue
from nbtrack.capture.cell import Options
from nbtrack.runs.given import checked_note, checked_tags
from nbtrack.runs.values import check_name
from nbtrack.sdk.lines import PARSER


def read_options(line: str) -> Options:
    """The options of one ``%%track`` line, without the magic's name.

    Raises:
        InvalidOption: an unknown option, one without what it needs (one line of usage is its hint), or a name or text
        that cannot be stored.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InvalidOption(f"%%track: {error} in: {line.strip()}", "Close the quotes.") from None
    given = PARSER.parse_args(words)
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


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidOption(f"%%track: --tag {text!r} has no '='.", "Write --tag stage=draft.")
    return key, value


def _names(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    if text.strip() == "none":
        return frozenset()
    return frozenset(name.strip() for name in text.split(",") if name.strip())
