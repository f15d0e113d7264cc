"""The first lines of a cell: ``%%track`` with its options, and cell magics whose body is Python."""

from __future__ import annotations

MAGIC = "%%track"
PASS_THROUGH = ("%%time", "%%timeit", "%%capture", "%%prun")  # cell magics whose body is Python


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


def python_part(body: str) -> str:
    """The body without stacked cell magics such as ``%%time``; empty for a cell of another language."""
    while body.lstrip().startswith("%%"):
        first, _, rest = body.lstrip().partition("\n")
        if first.split()[0] not in PASS_THROUGH:
            return ""
        body = rest
    return body
