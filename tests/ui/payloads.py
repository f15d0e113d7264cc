"""Script as text: what the tests of the panel, of JupyterLab and of reports put into every text of a run.

Each payload does one of several things if it runs, so that no single way of looking has to see all; `Watch` looks at
all of them. A mark behind a payload tells where it was put: a payload that stands in the page as text, whole and
with its mark, was shown there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .waits import until

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page, Request

CANARY = "canary.invalid"
# What a payload does when it runs: a flag, a dialog, the console, the page, the network, another address.
EFFECTS = (
    "window.pwned=1", "alert`pwned`", "console.log`pwned`", "sentinel.remove()", f"fetch`//{CANARY}/f`",
    f"open(`//{CANARY}/o`)",
)  # fmt: skip
_TEMPLATES = (
    "<img src=x onerror=RUN>", "<script>RUN</script>", '"><svg onload=RUN>', "javascript:RUN",
    '[x](javascript:RUN) ![y](x"onerror="RUN)', "<iframe srcdoc='<script>parent.RUN</script>'></iframe>",
    "<iframe src='javascript:parent.RUN'></iframe>", "{{constructor.constructor('RUN')()}}",
    "<a href=# data-commandlinker-command='apputils:change-theme' autofocus onfocus=RUN>x</a>",
    "<button data-commandlinker-command='filebrowser:create-new-file' data-commandlinker-args='{}'>x</button>",
    "</style></title></textarea></pre></code><img src=x onerror=RUN>", "<details open ontoggle=RUN>x</details>",
    "<video><source onerror=RUN></video>", "<audio src=x onerror=RUN></audio>", "<body onload=RUN>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=RUN></style></mglyph></math>",
    "<object data='data:text/html,<script>parent.RUN</script>'></object>",
    "<form action='javascript:RUN'><input type=submit autofocus onfocus=RUN></form>",
    "<base href='javascript:/'><a href='..'>RUN</a>", f"<link rel=stylesheet href=//{CANARY}/l.css>",
    "<div style='animation-name:x' onanimationstart=RUN><style>@keyframes x{}</style></div>",
    "<input id=jupyter-config-data name=cookie onfocus=RUN autofocus>",
    "<img id=sentinel name=body src=x onerror=RUN>",
    "\u202e<img src=x onerror=RUN>\u2066", "__proto__ constructor <img src=x onerror=RUN>",
    "$\\href{javascript:RUN}{x}$ $\\unicode{<img src=x onerror=RUN>}$", "</script><script>RUN</script>",
    "<!--<script>RUN//", "' onmouseover='RUN' autofocus onfocus='RUN' x='",
    '" style="position:fixed;inset:0" onpointerenter="RUN" x="', "<a href=javascript:RUN>run</a>",
    f"<meta http-equiv=refresh content='0;url=//{CANARY}/m'>",
    f"<form action=//{CANARY}/s><button autofocus>go</button>",
    "]]><math><mtext></form><form><mglyph><style></math><img src onerror=RUN>",
    "<template shadowrootmode=open><img src=x onerror=RUN></template>", f"<style>@import '//{CANARY}/i.css';</style>",
    f"<div style='background:url(//{CANARY}/u.png)'>x</div>", f"<img src=//{CANARY}/p.png>",
    f"<svg><image href=//{CANARY}/s.png /><animate onbegin=RUN attributeName=x></svg>",
    "<svg><a xlink:href=javascript:RUN><text y=9>x</text></a></svg>", "<select autofocus onfocus=RUN><option>x</select>",  # noqa: E501
    "<marquee onstart=RUN>x</marquee>", "<x contenteditable onfocus=RUN autofocus tabindex=1>x</x>", "${RUN}`${RUN}`",
    "<embed src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"RUN\"/>'>",
)  # fmt: skip
PAYLOADS = tuple(one.replace("RUN", EFFECTS[at % len(EFFECTS)]) for at, one in enumerate(_TEMPLATES))
# For each way of looking one that it sees for sure, and that leaves the page to the others. Not all do: in an attribute
# `open` is the document's own and takes the page away, so that it is chance what runs before.
_WAYS = ("flag", "dialog", "console", "page", "network")
SURE = {way: _TEMPLATES[0].replace("RUN", effect) for way, effect in zip(_WAYS, EFFECTS[:5], strict=True)}
# Those of reports, which have no script of the page that could call: the flag tells.
OF_REPORTS = (
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "<!--<script>window.pwned=1//",
    '"><svg onload=window.pwned=1>',
    "' onmouseover='window.pwned=1' autofocus onfocus='window.pwned=1' x='",
    '" style="position:fixed;inset:0" onpointerenter="window.pwned=1" x="',
    "</style></title></textarea></pre></details><img src=x onerror=window.pwned=1>",
    "javascript:window.pwned=1",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<a href=javascript:window.pwned=1>run</a>",
    "<base href=//example.com><link rel=stylesheet href=//example.com/x.css>",
    "<meta http-equiv=refresh content='0;url=data:text/html,<script>opener.pwned=1</script>'>",
    "<form action=//example.com><button autofocus>go</button></form>",
    "]]><math><mtext></form><form><mglyph><style></math><img src onerror=window.pwned=1>",
    "\u2028window.pwned=1;\u2029//\u202e&lt;script&gt;",
    "{{constructor.constructor('window.pwned=1')()}}${window.pwned=1}",
    "<template shadowrootmode=open><img src=x onerror=window.pwned=1></template>",
)
_MARK = re.compile(r"//§(\w+) (\d+)§")
# What people read of an element: its text, its tooltip, its name for those who hear it, what stands in its boxes.
TEXTS = """(roots) => [...document.querySelectorAll(roots)].flatMap((root) => [
    root.textContent,
    ...[root, ...root.querySelectorAll("[title], [aria-label], input, textarea")].flatMap((one) =>
        [one.title, one.ariaLabel, one.value].filter((text) => typeof text === "string" && text)),
])"""

_ELEMENTS = (
    "script", "img[src='x']", "[onerror]", "[onload]", "[onfocus]", "[data-commandlinker-command]", "object", "base",
    "link", "meta", "form[action]", "#jupyter-config-data", "marquee", "embed", "[href^='javascript']",
)  # fmt: skip


def _is_canary(url: str) -> bool:
    """Whether it is asked of the host that only payloads name; an address of ours may have a payload in its query."""
    return urlsplit(url).hostname == CANARY


def _is_question(url: str) -> bool:
    """Whether it asks for what is shown next; for revisions is asked again and again."""
    path = urlsplit(url).path
    return "/api/" in path and not path.endswith("project.revision")


def marked(at: int, place: str) -> str:
    """A payload with the mark of a place behind it, as a comment of script."""
    return f"{PAYLOADS[at]}//§{place} {at}§"


def read(text: str) -> Iterator[tuple[str, int]]:
    """The place and the number of each payload that stands in a text as it is, with its mark; lines may be broken."""
    flat = " ".join(text.split())
    for mark in _MARK.finditer(flat):
        at = int(mark[2])
        if flat.endswith(" ".join(PAYLOADS[at].split()), 0, mark.start()):
            yield mark[1], at


class Watch:
    """Looks at a page: what ran in it, and which payloads it showed where."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.ran: list[str] = []
        self.shown: set[tuple[str, int]] = set()
        self._asked: set[Request] = set()  # of the project, and not answered yet
        page.on("dialog", self._dialog)
        page.on("request", lambda one: self.ran.append("network") if _is_canary(one.url) else None)
        page.on("request", lambda one: self._asked.add(one) if _is_question(one.url) else None)
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, self._answered)
        page.on("console", lambda one: self.ran.append("console") if "pwned" in one.text else None)
        page.on("popup", lambda popup: (self.ran.append("popup"), popup.close()))
        page.on("framenavigated", lambda one: self.ran.append("navigation") if _is_canary(one.url) else None)

    def _answered(self, request: Request) -> None:
        self._asked.discard(request)

    def _dialog(self, dialog: Dialog) -> None:
        self.ran.append("dialog")
        with suppress(Exception):  # it is gone with its page
            dialog.dismiss()

    def begin(self) -> None:
        """Put the element into the page that a payload would take away."""
        self.page.evaluate(
            """() => {
                const it = document.createElement("i");
                it.id = "sentinel";
                document.body.append(it);
                window.watched = it;
            }"""
        )

    def look(self, roots: str) -> list[str]:
        """What has run until now; the payloads that are text where a selector finds are taken down."""
        flag, there, texts = self.page.evaluate(
            f"(roots) => [window.pwned !== undefined, window.watched.isConnected, ({TEXTS})(roots)]", roots
        )
        if flag:
            self.ran.append("flag")
        if not there:
            self.ran.append("page")
        self.shown |= set(read(" ".join(texts)))
        return sorted(set(self.ran))

    def look_at_all(self, roots: str) -> list[str]:
        """The same, once all that was asked for is there, and no more payloads come into sight for a while."""
        before, same = -1, 0

        def whole() -> bool:
            nonlocal before, same
            self.look(roots)
            same = same + 1 if len(self.shown) == before and not self._asked else 0
            before = len(self.shown)
            self.page.wait_for_timeout(100)
            return same >= 3

        until(self.page, whole, "it goes on asking, or changing what it shows")
        return self.look(roots)

    def sees_without_a_defence(self, root: str) -> None:
        """Each way of looking sees the payload that is made for it, once that comes into the page as HTML."""
        for way, text in SURE.items():
            assert way not in self.look(root), "it was seen before it was there"
            self.page.evaluate(
                """([root, text]) => {
                    const put = Object.assign(document.createElement("div"), { innerHTML: text });
                    document.querySelector(root).append(put);
                }""",
                [root, text],
            )
            until(self.page, lambda way=way: way in self.look(root), f"a payload that runs was not seen: {way}")

    def elements(self, roots: str) -> str:
        """What became an element of a payload's in a part of the page, or ""."""
        return str(
            self.page.evaluate(
                """([roots, payloads]) => {
                    for (const root of document.querySelectorAll(roots)) {
                        const found = root.querySelector(payloads);
                        if (found) return found.outerHTML;
                    }
                    return "";
                }""",
                [roots, ", ".join(_ELEMENTS)],
            )
        )
