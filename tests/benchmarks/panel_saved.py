"""What panels add to the file of a notebook that was executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from child import in_child
from panel import line, prepared, ui
from table import Line

PART = "panel_saved"
PANELS = 10
_WHY_WITH = (
    "a picture takes at most 50 kB of HTML, its style included, and ten of them ten times that; the rest are the "
    "panel's spec, the widget's name and a line of text in each output."
)
_WHY_WITHOUT = (
    "an output is the panel's spec, the widget's name and a line of text, some hundred bytes each, beside what a "
    "notebook says of any output; nothing of it grows with the runs."
)


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    panels, steps = (2, 10) if quick else (PANELS, 120)
    with prepared("demo", _demo(steps), quick, steps=steps) as project:
        found = in_child("panel_saved:grown", str(project), panels=panels)
    kilo = {how: size / 1000 for how, size in found.items()}
    note = "Panels in a notebook: of 18 runs with 4 metrics each, executed by nbclient without keeping widgets' state."
    return [
        line(
            PART,
            f"{panels} panels with their static pictures",
            f"{kilo['with']:,.1f} kB",
            "≤ 600 kB",
            kilo["with"] <= 600,
            why=_WHY_WITH,
            note=note,
            kB=kilo["with"],
        ),
        line(
            PART,
            f"{panels} panels without (`static=False`)",
            f"{kilo['without']:,.1f} kB",
            "≤ 10 kB",
            kilo["without"] <= 10,
            why=_WHY_WITHOUT,
            kB=kilo["without"],
        ),
        line(
            PART,
            f"{panels} panels without, if an executor keeps the widgets' state",
            f"{kilo['state']:,.1f} kB",
            kB=kilo["state"],
        ),
    ]


def grown(place: str, panels: int) -> dict[str, int]:
    """Inside a child: by how many bytes executed notebooks are larger than one whose cells show nothing."""
    nothing = _size(_executed(place, ["None"] * panels, state=False)) - panels * len("None")
    return {
        how: _size(_shown(place, panels, call, state)) - nothing - panels * len(call)
        for how, call, state in (
            ("with", "nbtrack.panel()", False),
            ("without", "nbtrack.panel(static=False)", False),
            ("state", "nbtrack.panel(static=False)", True),
        )
    }


def _shown(place: str, panels: int, call: str, state: bool) -> Any:
    shown = _executed(place, [call] * panels, state)
    for cell in shown.cells[1:]:
        kinds = set(cell.outputs[0].data) if cell.outputs else set()
        if "application/vnd.jupyter.widget-view+json" not in kinds or ("text/html" in kinds) == ("static" in call):
            raise RuntimeError(f"{call} shows {kinds}")
    return shown


def _executed(place: str, cells: list[str], state: bool) -> Any:
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in ["import nbtrack", *cells]])
    client = NotebookClient(
        book,
        kernel_name="python3",
        resources={"metadata": {"path": place}},
        store_widget_state=state,
    )
    return client.execute()


def _size(book: Any) -> int:
    import nbformat

    return len(nbformat.writes(book).encode())


def _demo(steps: int) -> Any:
    def make(place: Path) -> None:
        in_child("panel_saved:demo", str(place), steps=steps)

    return make


def demo(place: str, steps: int) -> None:
    """Inside a child: fill a project with the runs that the tests of the panel look at."""
    from nbtrack.base.config import Project

    ui("demo").fill(Project(Path(place)), steps=steps)
