"""One run as a Python script: the cells that it comes from, in the order they ran, and its own as a run.

What only IPython understands becomes plain Python where it can (``!ls``, ``%cd``, ``%time``, ``%%bash``), else a
comment that the head of the script speaks of. A script captures less by itself than a cell does: the literals and
results that the cell's run got by itself are logged by lines at the end. With the option ``plain``, or where there is
no nbtrack, it only computes.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from nbtrack.base.cells import PASS_THROUGH, parse, split_cell
from nbtrack.base.errors import CannotRun
from nbtrack.base.words import one_line
from nbtrack.execute.scene import whole
from nbtrack.lineage.masked import masked
from nbtrack.runs.contract import RunDetail, RunRequest
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.exporters.slice import Slice, slice_of

_CAPTURED = ("cell", "notebook")
_SHELLS = {"%%bash": "bash", "%%sh": "sh", "%%!": "sh"}


class Script:
    """Lines of Python, the modules they need, and what of the cells could not go along."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.needs: set[str] = set()
        self.left: list[str] = []
        self.names: set[str] = set()  # that the cells so far assign

    def add(self, cell: str, title: str) -> None:
        """One more cell."""
        python = self._python(cell)
        self.lines += [f"# {title}", *python.strip("\n").split("\n"), ""]
        self.names |= _assigned(python)

    def _python(self, cell: str) -> str:
        _, body = split_cell(cell)
        first = body.lstrip().split("\n", 1)[0]
        word = (first.split() or [""])[0]
        if word.startswith("%%") and word not in PASS_THROUGH:
            return self._other(word, first, body.lstrip().partition("\n")[2])
        found = masked(cell)
        if found is None:
            return self._other(word, first, body)
        lines, python = cell.split("\n"), found.python.split("\n")
        made = []
        for number, (line, plain) in enumerate(zip(lines, python, strict=True)):
            was = line[found.taken[number] :]
            if plain == was or not was.strip():
                made.append(plain)
            elif plain.endswith("_"):
                end = next((at for at in range(number + 1, len(lines)) if python[at] or not lines[at]), len(lines))
                rest = "".join(one.rstrip("\\").strip() + " " for one in lines[number + 1 : end])
                made.append(self._magic(plain[:-1], (was[len(plain) - 1 :].rstrip("\\") + rest).strip()))
        return "\n".join(made)

    def _magic(self, before: str, text: str) -> str:
        """A line in place of one of IPython's. before: its indentation, or what the outcome is given to."""
        given = bool(before.strip())
        word, _, rest = text.partition(" ")
        if text.startswith("!"):
            self.needs.add("subprocess")
            command = repr(text.lstrip("!").strip())
            if given or text.startswith("!!"):
                return (
                    f"{before}subprocess.run({command}, shell=True, capture_output=True, text=True).stdout.splitlines()"
                )
            return f"{before}subprocess.run({command}, shell=True)"
        if word == "%cd" and not given and rest.strip():
            self.needs.add("os")
            return f"{before}os.chdir({rest.replace('-q', '').strip()!r})"
        if word == "%time" and _is_python(rest):
            return f"{before}{rest}"
        if word not in ("%load_ext", "%matplotlib", "%autoreload", "%config", "%track"):
            self.left.append(text)
        return f"{before}{'None' if given else 'pass'}  # IPython: {one_line(text)}"

    def _other(self, word: str, first: str, body: str) -> str:
        """A cell of another language."""
        if word in _SHELLS:
            self.needs.add("subprocess")
            return f"subprocess.run([{_SHELLS[word]!r}, '-c', {body!r}])"
        parts = first.split()
        if word == "%%writefile" and len(parts) == 2:
            self.needs.add("pathlib")
            return f"pathlib.Path({parts[1]!r}).write_text({body!r}, encoding='utf-8')"
        self.left.append(first)
        return "\n".join(f"# {line}" for line in [first, *body.split("\n")])


def write(order: Order, file: BinaryIO) -> None:
    """Write the script.

    Raises:
        CannotRun: the run has no cells, or they await something outside of any function.
    """
    found = slice_of(order)
    script = Script()
    cells = list(_cells(order, found))
    tracked = not order.options.plain or any("nbtrack" in split_cell(text)[1] for _, text, _ in cells)
    for title, cell, run in cells:
        detail = order.service.get(RunRequest(run)) if tracked and run is not None else None
        if detail is not None:
            script.needs.add("nbtrack")
            script.lines += [f"nbtrack.start_run({_named(detail)})", ""]
        script.add(cell, title)
        if detail is not None:
            script.lines += [*_logged(detail, script.names), "nbtrack.end_run()", ""]
    future, text = _future_first("\n".join([*_head(found, script), *script.lines]))
    _check(future + text, found)
    file.write((future + text).encode("utf-8", "replace"))


def _cells(order: Order, found: Slice) -> Iterator[tuple[str, str, str | None]]:
    """(what to call it, its text, the run that it was) of each cell."""
    if found.ran.row.kind == "notebook":
        for number, cell in enumerate(whole(order.service, found.ran.row).cells, 1):
            if cell.cell_type == "code":
                yield f"Cell {number}", cell.source, None
        return
    for number, one in enumerate(found.cells, 1):
        own = number == len(found.cells)
        title = f"In[{one.execution}]" if one.execution else f"Cell {number}"
        yield title, found.own if own else one.source or "", found.ran.row.id if own else one.run


def _head(found: Slice, script: Script) -> list[str]:
    row = found.asked.row
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(row.started))
    lines = [f"# Exported by nbtrack: the cells behind the run {one_line(row.name)} ({row.id}) of {when} UTC."]
    if script.left:
        lines.append("# What only IPython understands was left out:")
        lines += [f"#   {one_line(text)}" for text in dict.fromkeys(script.left)]
    needs = set(script.needs) | ({"os"} if found.folder is not None else set())
    lines += ["", *(f"import {name}" for name in sorted(needs - {"nbtrack"}))] if needs - {"nbtrack"} else []
    lines += ["", "import nbtrack"] if "nbtrack" in needs else []
    if found.folder is not None:
        lines += ["", "# Files that the cells name are looked for in the folder of their notebook."]
        lines += [f"folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), {found.folder!r})"]
        lines += ["if os.path.isdir(folder):", "    os.chdir(folder)"]
    return [*lines, ""]


def _named(detail: RunDetail) -> str:
    row = detail.row
    given = {"name": row.name, "experiment": row.experiment, **({"tags": row.tags} if row.tags else {})}
    return ", ".join(f"{name}={value!r}" for name, value in given.items())


def _logged(detail: RunDetail, there: set[str]) -> Iterator[str]:
    """Lines that log what the cell's run had captured by itself: its literals, and results that it assigned."""
    params = [_pair(one.name, one.value, there) for one in detail.params if one.source in _CAPTURED]
    metrics = [name for name, one in detail.row.metrics.items() if one.source == "assigned" and name in there]
    if params or metrics:
        yield "# What a tracked cell captures by itself"
    if params:
        yield f"nbtrack.log_params({{{', '.join(params)}}})"
    if metrics:
        yield f"nbtrack.log({{{', '.join(f'{name!r}: {name}' for name in metrics)}}})"


def _pair(name: str, value: Any, there: set[str]) -> str:
    return f"{name!r}: {name if name in there else repr(value)}"


def _assigned(python: str) -> set[str]:
    """The names that the top level of a text assigns."""
    try:
        tree = parse(python)
    except (SyntaxError, ValueError):
        return set()
    return {
        target.id
        for node in tree.body
        for target in ast.walk(node)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
    }


def _is_python(text: str) -> bool:
    try:
        parse(text)
    except (SyntaxError, ValueError):
        return False
    return bool(text.strip())


def _future_first(text: str) -> tuple[str, str]:
    """Lines such as ``from __future__ import annotations`` stand before all else in a script."""
    pattern = re.compile(r"^from __future__ import [\w, ]+[ \t]*(#.*)?\n", re.MULTILINE)
    lines = list(dict.fromkeys(found[0] for found in pattern.finditer(text)))
    head, newline, rest = text.partition("\n")
    return (head + newline + "".join(lines), pattern.sub("", rest)) if lines else ("", text)


def _check(text: str, found: Slice) -> None:
    """The script is Python; of a run that failed by a mistake of syntax it is what was run."""
    try:
        compile(text, "<script>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        if found.ran.row.status == "failed":
            return
        raise CannotRun(
            f"The cells of '{found.asked.row.name}' are no script: {error}.",
            "A notebook can hold them: export it as .ipynb.",
        ) from None
