"""What the magics may be given wrongly: ``%track`` with every verb and option, ``%%track`` with every line."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from . import judge
from .ground import Case, Ground
from .words import lines

LONG = 5_500  # characters: IPython itself takes a quarter of a second to look for variables in so long a line
SLOW = ("servers",)  # tried on the command line, where the same verbs do the same
LINES = {
    "an unknown option": "--nonsense", "an unknown letter": "-Z", "two names": "one two", "help": "--help",
    "an open quote": "--note 'open", "a backslash": "--note x\\", "no name": "''", "a blank name": "'  '",
    "a long name": "n" * 5_000, "half a character": "a\ud800", "NUL": "a\0b", "escape": "a\x1bb",
    "no experiment": "--experiment ''", "no value": "--tag", "no equals sign": "--tag stage", "no tag": "--tag =x",
    "a tag with NUL": "--tag a=\0",
    "values without a name": "--sweep =1,2", "no values": "--sweep lr=", "values twice": "--sweep a=1 --sweep a=2",
    "a search of nothing": "--search tpe", "an unknown search": "--sweep a=1 --search magic --maximize x",
    "no metric": "--sweep a=1,2 --search tpe", "both ways": "--sweep a=1 --maximize x --minimize x",
    "no trials": "--sweep a=1 --search tpe --maximize x --trials 0", "trials of words": "--sweep a=1 --trials x",
    "no time": "--sweep a=1 --timeout soon", "a time of nothing": "--sweep a=1 --timeout 0",
    "an unknown cluster": "--sweep a=1 --on spark://x", "too many": "--sweep a=1:100000 --sweep b=1:100000",
    "a range backwards": "--sweep a=5:1", "a range of nothing": "--sweep a=1:5:0",
    "a log of minus": "--sweep a=-1:1:log",
    "again without values": "--again", "a seed of words": "--sweep a=1 --search tpe --seed x",
    "trials without end": "--sweep a=1 --search tpe --maximize x --trials 99999999999999999999",
}  # fmt: skip
CELLS = {
    "auto with nonsense": "%track auto nonsense", "auto with two words": "%track auto on off",
    "an open quote": "%track ls 'open", "a verb in capitals": "%track LS", "nothing but dashes": "%track --",
    "a semicolon": "%track ls; rm", "a long line": "%track " + "x" * 5_000,
    "an unknown file": "%track import no/where", "a brace": "%track show {no_such_name}",
    "another option": "%track --nonsense", "a number": "%track 5", "a path": "%track /etc/passwd",
    "a filter": "%track ls metrics.loss >",
}  # fmt: skip


def shell_of(ground: Ground) -> Any:
    """An IPython in this process with the extension loaded, made once."""
    if ground.shell is None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        from nbtrack.magics import load_ipython_extension

        config = Config()
        config.HistoryManager.enabled = False
        ground.shell = InteractiveShell(config=config)
        load_ipython_extension(ground.shell)
    return ground.shell


def _faults(text: str) -> list[str]:
    """What is wrong with a line whose message and hint are one."""
    message, usage, hint = text.partition(" usage: ")
    return judge.unclear(message, f"usage: {hint}" if usage else "It is said above.")


def _line(words: list[str], ground: Ground) -> bool:
    from IPython.core.error import UsageError

    shell = shell_of(ground)
    try:
        given = shell.run_line_magic("track", shlex.join(words), _stack_depth=0)
    except UsageError as error:
        text = str(error)
    else:
        raise AssertionError(f"taken: {given!r:.200}")
    faults = _faults(text)
    assert not faults, (faults, text[:300])
    return True


def _cell(text: str, ground: Ground) -> bool:
    shell = shell_of(ground)
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        result = shell.run_cell(text, store_history=False)
    shown = out.getvalue()
    assert not result.success, shown[:300]
    assert "Traceback" not in shown, shown[:600]
    assert "/nbtrack/" not in shown, shown[:600]
    name, _, said = shown.strip().partition(": ")
    assert name.rpartition("\n")[2] in ("UsageError", "InvalidOption"), shown[:300]
    faults = _faults(said)
    assert not faults, (faults, shown[:300])
    return True


def cases() -> Iterator[Case]:
    """All of them."""
    for number, (name, words) in enumerate(lines()):
        # All of them are tried on the command line.
        if number % 4 == 0 and not name.startswith(SLOW) and sum(map(len, words)) < LONG:
            yield Case("%track", name, lambda ground, w=words: _line(w, ground), kept=_only_refused)
    for name, text in CELLS.items():
        yield Case("%track", f"a cell: {name}", lambda ground, t=text: _cell(t, ground), kept=_only_refused)
    for name, line in LINES.items():
        text = f"%%track {line}\nx = 1"
        yield Case("%%track", name, lambda ground, t=text: _cell(t, ground), kept=_only_refused)


def _only_refused(ground: Ground, given: object) -> bool:
    return given is True
