"""HTML in pieces. Every text goes through `esc`: what users typed is text and never markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from nbtrack.base import words


def esc(text: object) -> str:
    """Text as HTML, safe between tags and inside quoted attributes."""
    return escape(words.clean(str(text)), quote=True)


def tag(name: str, body: str, classes: str = "", title: str = "") -> str:
    """An element around HTML. classes: without their prefix. title: text shown on hover."""
    named = f' class="{" ".join("nbt-" + one for one in classes.split())}"' if classes else ""
    hover = f' title="{esc(title)}"' if title else ""
    return f"<{name}{named}{hover}>{body}</{name}>"


def span(text: object, classes: str = "", title: str = "") -> str:
    """A text with a class."""
    return tag("span", esc(text), classes, title)


def pill(status: str, title: str = "") -> str:
    """A status: sign and word, and a colour beside them."""
    return tag("span", f"{esc(words.SIGNS.get(status, '·'))}&nbsp;{esc(status)}", f"pill s-{esc(status)}", title)


def moment(at: float) -> str:
    """A point in time; in a saved notebook "3 min ago" would soon be wrong, so it is a date."""
    return f'<time datetime="{esc(words.iso(at))}" title="{esc(words.iso(at))}">{esc(words.when(at))}</time>'


def chips(tags: dict[str, str]) -> str:
    """Tags, each with a border around it."""
    return " ".join(
        span(words.one_line(f"{name}={text}" if text else name, 60), "chip", f"{name} = {text}")
        for name, text in tags.items()
    )


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: Iterable[int] = (),
    caption: str = "",
    classes: str = "",
) -> str:
    """A table of HTML cells in a box that scrolls by itself. numeric: columns with their digits under one another.

    ``align`` says it again for viewers that take styles away, and ``style`` for JupyterLab before it trusts a notebook:
    it takes only the style sheet away then, and has a table's cells stand on the right.
    """
    right = set(numeric)
    left = ' align="left" style="text-align:left"'
    side = [' class="nbt-n" align="right"' if at in right else left for at in range(len(head))]
    top = "".join(f'<th scope="col"{side[at]}>{cell}</th>' for at, cell in enumerate(head))
    lines = "".join(f"<tr>{''.join(f'<td{side[at]}>{cell}</td>' for at, cell in enumerate(row))}</tr>" for row in rows)
    title = f"<caption>{caption}</caption>" if caption else ""
    thead = f"<thead><tr>{top}</tr></thead>" if any(head) else ""
    extra = f" nbt-{classes}" if classes else ""
    return f'<div class="nbt-box"><table class="nbt-t{extra}">{title}{thead}<tbody>{lines}</tbody></table></div>'


def pairs(items: Iterable[tuple[str, str]]) -> str:
    """A table of names (text) and values (HTML)."""
    return table(["", ""], [[span(name, "dim"), body] for name, body in items], classes="pairs")


def section(title: str, body: str, *, opened: bool = True, count: str = "") -> str:
    """A part that folds. Without styles and scripts too: ``details`` is plain HTML."""
    more = f" {span(count, 'dim')}" if count else ""
    is_open = " open" if opened else ""
    return f"<details{is_open}><summary><b>{esc(title)}</b>{more}</summary>{body}</details>"


def pre(text: str) -> str:
    """Text with its line breaks, in a box that scrolls."""
    return f'<pre class="nbt-pre">{esc(text)}</pre>'
