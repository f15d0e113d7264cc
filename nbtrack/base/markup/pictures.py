"""Pictures and HTML that a run kept, shown so that nothing in them can run."""

from __future__ import annotations

import base64
from html import escape

from nbtrack.base import words
from nbtrack.base.markup import html

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/bmp")
MAX_PICTURE = 512 * 1024  # bytes put into a notebook's output; larger ones are named
_MAX_HTML = 256 * 1024

# Nothing is loaded from elsewhere and nothing runs; `sandbox` without permissions says the same to the browser.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"
_HEAD = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'


def picture(mime: str | None, data: bytes, name: str = "") -> str:
    """A picture as HTML; inside ``img`` an SVG's scripts and links are dead. A large one is only named."""
    if mime not in PICTURES:
        return ""
    if len(data) > MAX_PICTURE:
        return html.tag("div", html.esc(f"{name}: a picture of {words.size(len(data))}, use .save(path)"), "foot")
    content = base64.b64encode(data).decode()
    return f'<img class="nbt-pic" alt="{html.esc(name)}" src="data:{mime};base64,{content}">'


def sealed(markup: str, title: str) -> str:
    """Someone's HTML in a frame without scripts, forms, network or access to the page."""
    if len(markup) > _MAX_HTML:
        return html.tag("div", html.esc(f"{title}: HTML of {words.size(len(markup))}"), "foot")
    document = escape(_HEAD + words.clean(markup), quote=True)
    return f'<iframe sandbox="" referrerpolicy="no-referrer" title="{html.esc(title)}" srcdoc="{document}"></iframe>'
