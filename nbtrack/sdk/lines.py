"""Lines that begin with a magic: the options of ``%%track``, and what can stand at the end of a line.

The magics complete by this in the kernel; the server does where there is none, or it is busy.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from nbtrack.base.cells import MAGIC
from nbtrack.base.errors import InvalidOption
from nbtrack.sdk.verbs.parsing import in_part
from nbtrack.sweeps.words import SEARCHES

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

LINE = "%track"
_AUTO = ("on", "off", "quiet", "loud")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidOption(f"%%track: {in_part(message)}.", " ".join(self.format_usage().split()))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=MAGIC, add_help=False, allow_abbrev=False)
    parser.add_argument("name", nargs="?", help="a name for the run (one is made up without)")
    parser.add_argument("--experiment", "-e", metavar="E", help="the experiment it belongs to (default: the notebook)")
    parser.add_argument("--tag", "-t", metavar="K=V", action="append", default=[], help="a tag; may be repeated")
    parser.add_argument("--note", metavar="TEXT", help='a note: --note "two words"')
    parser.add_argument("--params", metavar="A,B|none", help="only these names are captured as params, or none")
    parser.add_argument("--metrics", metavar="X,Y|none", help="these names are the metrics, or none")
    parser.add_argument("--no-autolog", action="store_true", help="what frameworks tell of this cell is not recorded")
    _add_sweep(parser)
    return parser


def _add_sweep(parser: argparse.ArgumentParser) -> None:
    """What makes a sweep of the cell, see `nbtrack.sweeps`."""
    add = parser.add_argument_group("a run for each of many values").add_argument
    add(
        "--sweep",
        metavar="NAME=VALUES",
        action="append",
        default=[],
        help="run the cell with each: lr=0.1,0.01 or depth=2:6; may be repeated, then with each combination",
    )
    add("--search", metavar="HOW", help=f"let Optuna choose among them: {', '.join(SEARCHES)}; needs a metric")
    add("--trials", metavar="N", type=int, help="how many a search runs, those that ended before included")
    add("--maximize", metavar="METRIC", help="the metric that decides, where more is better")
    add("--minimize", metavar="METRIC", help="the metric that decides, where less is better")
    add("--timeout", metavar="T", help="after 90 (seconds), 10m or 2h nothing more begins")
    add("--seed", metavar="N", type=int, help="of a search")
    add("--again", action="store_true", help="run also what was finished before")
    add("--on", metavar="URL", help="where to run: dask://HOST:PORT")


PARSER = _parser()
WORDS = tuple(option for action in PARSER._actions for option in action.option_strings if option.startswith("--"))


def complete_line(line: str, service: RunsService) -> tuple[list[str], int]:
    """What can stand at the end of a line of the magics, and where the word begins that it replaces.

    line: up to the cursor. Nothing for any other line. Quick, and never creates anything.
    """
    words = _words(line.lstrip(), service)
    last = line.rpartition(" ")[2].lower()
    begins = next(
        (at for at in range(len(last) + 1) if all(word.lower().startswith(last[at:]) for word in words)), len(last)
    )
    return words, len(line) - len(last) + begins


def _words(line: str, service: RunsService) -> list[str]:
    magic, space, rest = line.partition(" ")
    if not space or magic not in (LINE, MAGIC):
        return []
    words = rest.split(" ")
    if magic == MAGIC:
        offered = SEARCHES if words[-2:-1] == ["--search"] else (*WORDS, "none")
        return [word for word in offered if word.startswith(words[-1])]
    from nbtrack.sdk import verbs

    if len(words) == 1:
        return [name for name in (*verbs.VERBS, "auto") if name.startswith(words[0])]
    if words[0] == "auto":
        return [word for word in _AUTO if word.startswith(words[-1])]
    return verbs.complete(words, service)
