"""One run as a notebook: the cells that it comes from, in the order they ran, with the outputs that were recorded.

It runs from top to bottom in a fresh kernel, where nbtrack is installed, and each of its tracked cells is a run again.
Of a notebook that was executed as a whole it is that notebook. What the cells read from files is read where it was: if
the file is written into another folder of the project, its first cell goes to the notebook's.
"""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from nbtrack import __version__
from nbtrack.base.errors import NbtrackError
from nbtrack.base.words import one_line
from nbtrack.execute.scene import whole
from nbtrack.runs.contract import Output, RunRequest
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.exporters.markdown import escaped
from nbtrack.transfer.exporters.slice import Slice, slice_of

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

_TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "application/javascript")


def write(order: Order, file: BinaryIO) -> None:
    """Write the notebook.

    Raises:
        CannotRun: the run has no cells.
    """
    import nbformat

    found = slice_of(order)
    row, is_whole = found.asked.row, found.ran.row.kind == "notebook"
    notebook = whole(order.service, found.ran.row) if is_whole else _made(order.service, found)
    notebook.metadata["nbtrack"] = {"exported": row.id, "run": one_line(row.name), "version": __version__}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what an executed notebook brings along
        text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    file.write(text.encode("utf-8", "replace"))


def _made(service: RunsService, found: Slice) -> Any:
    import nbformat

    new: Any = nbformat.v4
    cells = [new.new_markdown_cell(_heading(found), id="run"), new.new_code_cell(_setup(found), id="setup")]
    for number, one in enumerate(found.cells, 1):
        own = number == len(found.cells)
        run = found.ran.row.id if own else one.run
        outputs = list(outputs_of(service, run, one.execution)) if run is not None else []
        cell = new.new_code_cell(
            found.own if own else one.source or "", id=f"cell-{number}", execution_count=one.execution, outputs=outputs
        )
        if one.status == "error" and not own:
            cell.metadata["tags"] = ["raises-exception"]  # it failed then as well, and gave what it gave
        cells.append(cell)
    notebook = new.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    version = found.ran.environment.get("python")
    notebook.metadata["language_info"] = {"name": "python", **({"version": version} if version else {})}
    return notebook


def _heading(found: Slice) -> str:
    row = found.asked.row
    lines = [f"# {escaped(row.name)}", "", f"{row.status} · {escaped(row.experiment)} · `{row.id}`", ""]
    values = [f"{name} = {summary.last:.6g}" for name, summary in row.metrics.items() if not name.startswith("system/")]
    lines += [escaped(", ".join(values[:20])), ""] if values else []
    several = f"{len(found.cells)} cells" if len(found.cells) > 1 else "cell"
    lines.append(f"The {several} behind this run, in the order they ran, with their outputs as far as recorded.")
    if found.ran.row.id != row.id:
        lines.append(f"It was begun inside of the run {escaped(found.ran.row.name)}, whose cell is the last one.")
    return "\n".join(lines)


def _setup(found: Slice) -> str:
    lines = ["%load_ext nbtrack"]
    if found.folder is not None:
        folder = json.dumps(found.folder)
        lines += ["# Files that the cells name are looked for in the folder of the notebook that they come from."]
        lines += ["import os", f"if os.path.isdir({folder}):", f"    os.chdir({folder})"]
    return "\n".join(lines)


# -- outputs


def outputs_of(service: RunsService, run: str, execution: int | None) -> Iterator[Any]:
    """What a run showed, as outputs of a notebook's cell. execution: the number of the cell."""
    import nbformat

    new: Any = nbformat.v4.new_output
    for output in service.outputs(RunRequest(run)).outputs:
        if output.kind in ("stdout", "stderr"):
            yield new("stream", name=output.kind, text=output.text or "")
        elif output.kind == "error":
            lines = (output.text or "").split("\n")
            name, _, value = next((line for line in reversed(lines) if line.strip()), "").partition(": ")
            yield new("error", ename=name, evalue=value, traceback=lines)
        elif (data := _data(service, run, output)) is not None:
            if output.kind == "result":
                yield new("execute_result", data=data, execution_count=execution)
            else:
                yield new("display_data", data=data)


def _data(service: RunsService, run: str, output: Output) -> dict[str, Any] | None:
    """A MIME bundle. A picture whose file is gone leaves its text."""
    data: dict[str, Any] = {}
    if output.artifact is not None:
        data = {"text/plain": output.text} if output.text else {}
        try:
            content = service.artifact(run, output.artifact)[1]
        except NbtrackError:
            return data or None
        data[output.mime] = _content(output.mime, content)
    elif output.text is not None:
        data[output.mime] = _content(output.mime, output.text.encode("utf-8", "replace"))
    if output.plain is not None:
        data.setdefault("text/plain", output.plain)
    return data or None


def _content(mime: str, content: bytes) -> Any:
    if mime in _TEXTS or mime.startswith("text/"):
        return content.decode("utf-8", "replace")
    if mime.endswith("json"):
        try:
            return json.loads(content)
        except ValueError:
            return content.decode("utf-8", "replace")
    return base64.b64encode(content).decode()
