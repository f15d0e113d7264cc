"""What a cell printed and displayed, as text and as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.base.markup.pictures import picture, sealed

if TYPE_CHECKING:
    from nbtrack.runs.contract import Artifact, Output

Pictures = Mapping[str, bytes]  # content by artifact path

_MOST_TEXT = 20_000  # characters of one output in a view


def output_text(outputs: Sequence[Output]) -> str:
    """The outputs as a terminal would have shown them."""
    return "\n".join(part for part in map(_plain, outputs) if part)


def _plain(output: Output) -> str:
    if output.artifact:
        text = output.text or f"[{output.mime}: {output.artifact}]"
    elif output.mime == "text/plain":
        text = output.text or ""
    else:
        text = output.plain or (output.text or "" if output.mime != "text/html" else "")
    cut = f"[{words.size(output.dropped)} were cut]\n" if output.dropped else ""
    return cut + text.rstrip("\n")


def output_html(outputs: Sequence[Output], artifacts: Sequence[Artifact], pictures: Pictures) -> str:
    """The outputs in their order; pictures among them where their bytes are given."""
    mimes = {artifact.path: artifact.mime for artifact in artifacts}
    parts = [_one(output, mimes, pictures) for output in outputs]
    return "".join(parts) or html.tag("div", "Nothing was printed or displayed.", "foot")


def _one(output: Output, mimes: Mapping[str, str | None], pictures: Pictures) -> str:
    if output.artifact and output.artifact in pictures:
        shown = picture(mimes.get(output.artifact) or output.mime, pictures[output.artifact], output.artifact)
        if shown:
            return shown
    text = _plain(output)
    label = html.tag("div", html.esc(output.kind), "dim") if output.kind in ("stderr", "error") else ""
    body = label + html.pre(text[-_MOST_TEXT:]) if text else ""
    if output.mime == "text/html" and output.text and not output.artifact:
        framed = sealed(output.text, "HTML output")
        return body + html.section("as HTML", framed, opened=not text)
    return body
