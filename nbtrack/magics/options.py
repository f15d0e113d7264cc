"""What stands behind ``%%track`` on a cell, read as a shell would read it."""

from __future__ import annotations

import argparse
import shlex
from typing import NoReturn

from nbtrack.base.cells import MAGIC
from nbtrack.base.errors import InvalidOption, InvalidValue
from nbtrack.capture.cell import Options
from nbtrack.runs.given import checked_note, checked_tags
from nbtrack.runs.values import check_name


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidOption(f"%%track: {message}.", " ".join(self.format_usage().split()))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=MAGIC, add_help=False, allow_abbrev=False)
    parser.add_argument("name", nargs="?", help="a name for the run (one is made up without)")
    parser.add_argument("--experiment", "-e", metavar="E", help="the experiment it belongs to (default: the notebook)")
    parser.add_argument("--tag", "-t", metavar="K=V", action="append", default=[], help="a tag; may be repeated")
    parser.add_argument("--note", metavar="TEXT", help='a note: --note "two words"')
    parser.add_argument("--params", metavar="A,B|none", help="only these names are captured as params, or none")
    parser.add_argument("--metrics", metavar="X,Y|none", help="these names are the metrics, or none")
    return parser


PARSER = _parser()
WORDS = tuple(option for action in PARSER._actions for option in action.option_strings if option.startswith("--"))


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
