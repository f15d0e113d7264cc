"""The verbs that ``%track`` and ``nbtrack`` share, in one table.

>>> from nbtrack.sdk import verbs
>>> verbs.run("ls metrics.acc > 0.9 --sort -metrics.acc")      # doctest: +SKIP
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence

from nbtrack.base.errors import InvalidOption
from nbtrack.runs.values import brief
from nbtrack.sdk.verbs.completing import complete
from nbtrack.sdk.verbs.parsing import HelpAsked, Verb, overview, split
from nbtrack.sdk.verbs.setting import Context, Shown, message
from nbtrack.sdk.verbs.table import VERBS

__all__ = ["VERBS", "Context", "Shown", "Verb", "complete", "message", "parser", "run"]


def run(given: str | Sequence[str], prog: str = "%track", context: Context | None = None) -> Shown:
    """What a verb with its arguments shows.

    given: the words, or the whole line, read as a shell would; as a line, a filter keeps the quotes around its texts.
    prog: how the user calls the host. context: the project and what the host can do; the current project without.

    Raises:
        InvalidOption: no such verb or option, or one without what it needs; its hint is one line of usage.
        NbtrackError: what the verb itself raises.
    """
    words = split(given) if isinstance(given, str) else list(given)
    if not words or words[0] in ("-h", "--help", "help"):
        return _help(words[1:], prog)
    verb = VERBS.get(words[0])
    if verb is None:
        near = difflib.get_close_matches(words[0][:100], VERBS, 3, 0.5)
        hint = f"Closest: {', '.join(near)}." if near else f"There are: {', '.join(VERBS)}."
        raise InvalidOption(f"{prog} has no verb {brief(words[0])}.", hint)
    try:
        arguments = verb.parser(prog).read(words[1:])
    except HelpAsked as asked:
        return message(asked.text)
    return verb.function()(arguments, context or Context(prog=prog))


def parser(prog: str) -> argparse.ArgumentParser:
    """A parser that knows nothing but the list of verbs, for its help."""
    return overview(prog, VERBS.values())


def _help(words: Sequence[str], prog: str) -> Shown:
    verb = VERBS.get(words[0]) if words else None
    return message((verb.parser(prog) if verb else parser(prog)).format_help())
