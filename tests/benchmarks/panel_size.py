"""How large the panel is, and how long a page takes to have it."""

from __future__ import annotations

import gzip
from pathlib import Path

from child import folder
from panel import STATIC, browser, line, served, spread
from table import Line, median

PART = "panel_size"
_WHY_SIZE = (
    "a widget's module has no address that parts could be loaded from, so it is one file; curves, one run and plots "
    "are given to it apart when they are first shown, without which it would be about 390 kB."
)
_WHY_IMPORT = (
    "the module comes to the page as text, as over the comm, and each new page compiles all of it, on a core that "
    "others may use meanwhile."
)
# As anywidget does it: the module comes as text over the comm, and is imported from memory.
IMPORT = """async () => {
    const text = await (await fetch("/static/panel.js")).text();
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const began = performance.now();
    await import(url);
    return performance.now() - began;
}"""


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    files = {path.name: path.read_bytes() for path in sorted(STATIC.glob("*.*s")) if path.suffix in (".js", ".css")}
    size = {name: len(content) / 1000 for name, content in files.items()}
    shown = {name: f"{size[name]:,.1f} kB ({len(gzip.compress(files[name], 9)) / 1000:,.1f} kB gzip)" for name in files}
    took = _imports(1 if quick else 5)
    note = (
        "Panel: in a headless Chromium without a GPU, in a window of 1280 × 900. Of several values the median is shown "
        "and judged; in parentheses the least and the most."
    )
    what = {"panel.js": "`panel.js`, minified", "panel.css": "`panel.css`"}
    return [
        *(
            line(
                PART,
                what.get(name, f"`{name}`, loaded when it is first needed"),
                shown[name],
                "≤ 250 kB" if name == "panel.js" else "",
                size[name] <= 250 if name == "panel.js" else None,
                why=_WHY_SIZE,
                kB=size[name],
            )
            for name in sorted(files, key=lambda name: (name not in what, name))
        ),
        line(
            PART,
            "import of `panel.js` in a new page",
            spread(took),
            "< 300 ms",
            median(took) < 300,
            note=note,
            why=_WHY_IMPORT,
            ms=median(took),
        ),
    ]


def _imports(rounds: int) -> list[float]:
    took = []
    with folder() as place, served(Path(place)) as server:
        for _ in range(rounds):  # a browser each: it keeps compiled code
            with browser() as new:
                watched = new()
                watched.page.goto(f"{server.address}/static/panel.css")  # a page with nothing in it but text
                took.append(float(watched.ask(IMPORT)))
    return took
