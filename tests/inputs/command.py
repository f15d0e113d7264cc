"""What the command line may be given wrongly: every verb, each of its options, and what only a hand thinks of."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

from nbtrack.cli import main

from . import judge
from .ground import Case, Ground
from .words import lines


def said(words: list[str]) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a call in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()


def refused(words: list[str]) -> bool:
    """Whether a call said clearly what is wrong; what was unclear is raised as AssertionError."""
    code, out, err = said(words)
    if code == 0:
        raise AssertionError(f"taken: {out[:200]!r}")
    lines = err.rstrip("\n").split("\n  ")
    assert code in (1, 2, 3), code
    assert err.startswith("error: "), err[:300]
    first, rest = lines[0].removeprefix("error: "), "\n".join(lines[1:])
    if first.startswith("Expected "):  # below it stands the filter, with an arrow to the place
        first, rest = f"{first}\n{rest}", ""
    faults = judge.unclear(first, rest)
    assert not faults, (faults, err[:400])
    assert "%track" not in err, "it names the magic"
    return True


def cases() -> Iterator[Case]:
    """All of them."""
    for name, words in lines():
        yield Case("command line", name, lambda ground, w=words: refused(w), kept=_only_refused)


def _only_refused(ground: Ground, given: object) -> bool:
    return given is True
