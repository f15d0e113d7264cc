"""``{lr}`` and ``$lr`` in the line of a magic.

IPython puts the user's variables in before it calls a magic, in a time that grows with the square of the line's length:
minutes for what we refuse at once. So our magics do it themselves, by the same rules, in one pass, below a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, TypeVar

from IPython.core.magic import needs_local_scope, no_var_expand
from IPython.utils.text import FullEvalFormatter

from nbtrack.sdk.verbs.parsing import LONGEST

Magic = TypeVar("Magic", bound=Callable[..., Any])

_SIGN = re.compile(r"[{}$]")
_NAME = re.compile(r"\$(\$?[\w.]+)")
_Part = tuple[Any, Any, Any, Any]


class _Variables(FullEvalFormatter):
    """What IPython's `DollarFormatter` is, but for its time."""

    def parse(self, text: str) -> Iterator[_Part]:
        """The parts of a text: what stands there, and the expression behind it."""
        for literal, expression, spec, conversion in super().parse(text):
            rest = yield from _dollars(literal or "")
            yield rest, expression, spec, conversion


def _dollars(literal: str) -> Generator[_Part, None, str]:
    """The parts that ``$name`` makes; returns what is left. In single quotes there is none, ``$$name`` is ``$name``."""
    quotes, done, before = literal.count("'"), 0, ""
    for found in _NAME.finditer(literal):
        quotes -= literal.count("'", done, found.start())
        before, done = before + literal[done : found.start()], found.end()
        if quotes % 2:
            before += found[0]
        elif found[1].startswith("$"):
            before += found[1]
        else:
            yield before, found[1], "", None
            before = ""
    return before + literal[done:]


def expands_itself(magic: Magic) -> Magic:
    """A magic whose line IPython hands on as it was typed, with the names where it stands as ``local_ns``."""
    return no_var_expand(needs_local_scope(magic))


def expanded(line: str, *names: Mapping[str, Any]) -> str:
    """The line with the values of variables; as it is if one is not known, or if it is longer than any that is read.

    names: where they are looked for, the last first.
    """
    if len(line) > LONGEST or not _SIGN.search(line):
        return line
    known: dict[str, Any] = {}
    for each in names:
        known.update(each)
    try:
        return _Variables().vformat(line, [], known)
    except Exception:  # noqa: BLE001 (whatever a user's expression raises: IPython leaves the line as it is, too)
        return line
