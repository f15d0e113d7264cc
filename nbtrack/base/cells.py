"""The text of a cell: ``%%track`` with its options, cell magics whose body is Python, and the syntax tree of it."""

from __future__ import annotations

import ast
import re
import warnings

MAGIC = "%%track"
PASS_THROUGH = ("%%time", "%%timeit", "%%capture", "%%prun")  # cell magics whose body is Python
_FILENAME = "<nbtrack cell>"
_MAGIC_LINE = re.compile(r"\s*(%%?[A-Za-z_]|!|\?|[\w.]+\?{1,2}\s*$)")  # what IPython understands and Python does not
_ASSIGNED_MAGIC = re.compile(r"(\s*[\w.,\s]+=\s*)[%!][A-Za-z_].*")


def split_cell(source: str) -> tuple[str | None, str]:
    """A cell as (the text behind ``%%track``, or None without it; the rest of the cell).

    Blank lines before the magic are passed over, as IPython does.
    """
    text = source.lstrip()
    first, _, rest = text.partition("\n")
    if first.rstrip() != MAGIC and not first.startswith((MAGIC + " ", MAGIC + "\t")):
        return None, source
    indent = source[: len(source) - len(text)].rpartition("\n")[2]
    if indent:  # a cell that is indented as a whole; IPython takes it off the first line and off those that have it
        rest = "".join(line.removeprefix(indent) for line in rest.splitlines(keepends=True))
    return first[len(MAGIC) :].strip(), rest


def sweeps(options: str | None) -> bool:
    """Whether the text behind ``%%track`` asks for a sweep: the cell runs once for each trial, never by itself."""
    return any(word == "--sweep" or word.startswith("--sweep=") for word in (options or "").split())


def python_part(body: str) -> str:
    """The body without stacked cell magics such as ``%%time``; empty for a cell of another language."""
    while body.lstrip().startswith("%%"):
        first, _, rest = body.lstrip().partition("\n")
        if first.split()[0] not in PASS_THROUGH:
            return ""
        body = rest
    return body


def without_magic(line: str) -> str:
    """A line with nothing in place of what only IPython understands."""
    if _MAGIC_LINE.match(line):
        indent = line[: len(line) - len(line.lstrip())]
        return f"{indent}pass" if indent else ""
    return _ASSIGNED_MAGIC.sub(r"\1None", line)


def parse(source: str) -> ast.Module:
    """The syntax tree of a cell; raises what `ast.parse` raises, and warns of nothing."""
    _keep_quiet()
    return ast.parse(source, _FILENAME)


def _keep_quiet() -> None:
    """Warnings on the cell's code (``"\\d"``) come from its own compilation, not from ours.

    One filter for our file name, kept in front, because `warnings.catch_warnings` would put back, from a
    thread of ours, filters that the user has changed meanwhile.
    """
    first = warnings.filters[0] if warnings.filters else None
    if first is None or getattr(first[3], "pattern", first[3]) != _FILENAME:
        warnings.filterwarnings("ignore", module=_FILENAME)
