"""Python source with its words told apart, by a look at the text: nothing is run or parsed."""

from __future__ import annotations

import keyword
import re

from nbtrack.base.markup.html import esc

_MOST = 50_000  # characters that are coloured; the rest is plain
_KEYWORDS = "|".join(keyword.kwlist)
_TOKEN = re.compile(
    r"(?P<str>\b[rbfuRBFU]{0,2}(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<com>\#[^\n]*)"
    rf"|(?P<kw>\b(?:{_KEYWORDS})\b)"
    r"|(?P<num>\b\d[\w.]*)"
    r"|(?P<word>\w+)"
)


def highlight(source: str) -> str:
    """Source as HTML: keywords, strings, numbers and comments in spans."""
    parts, at = [], 0
    for found in _TOKEN.finditer(source[:_MOST]):
        kind = found.lastgroup
        if kind == "word":
            continue
        parts.append(esc(source[at : found.start()]))
        parts.append(f'<span class="nbt-{kind}">{esc(found[0])}</span>')
        at = found.end()
    return "".join([*parts, esc(source[at:])])


def source_block(source: str) -> str:
    """Source in a box that scrolls."""
    return f'<pre class="nbt-pre">{highlight(source)}</pre>'
