"""A run executed again from what was recorded, and held against it by the rule of `nbtrack.execute.verdicts`.

The cells that the run comes from (`nbtrack.lineage`) are executed in their order in a fresh kernel, as they were when
they ran, its own cell last; of a notebook that was executed as a whole, all of its cells; of a run begun inside a cell,
those of the cell. The kernel records into a project of its own, which is thrown away: what a cell of the past logs
never mixes with your runs. Files that the cells write are written again, as the kernel works in the notebook's folder.

A run that failed has come out again when it fails by the same error. The verdict is stored as a child run of kind
``reproduction``, with the new metrics, and why it may have turned out otherwise.
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.base.cells import MAGIC, split_cell
from nbtrack.base.config import Project
from nbtrack.base.ids import new_id
from nbtrack.base.secrets import redact
from nbtrack.execute.causes import causes
from nbtrack.execute.environments import Environment, recorded
from nbtrack.execute.kernels import CellFailed, Kernel
from nbtrack.execute.notebook import Progress
from nbtrack.execute.scene import KIND, Behind, behind, check, ordered, whole, with_inner
from nbtrack.execute.verdicts import TOLERANCE, Recorded, Verdict
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun, status_of
from nbtrack.runs.projects import database_of, recorder_of
from nbtrack.runs.service import RunsService

_KEPT = ("--params", "--metrics")  # options of %%track that say what is captured


@dataclass
class _Scene:
    """What is executed. numbers: of each cell, which ``In[n]`` it was. own: the name of the run that counts."""

    notebook: Any
    path: Path
    numbers: list[int | None]
    own: str


@dataclass
class _Found:
    """A run of the second time, and the points of it and of those inside it."""

    detail: c.RunDetail
    recorded: list[Recorded]


def reproduce(
    service: RunsService,
    given: str,
    *,
    tolerance: float = TOLERANCE,
    env: bool = False,
    timeout: int | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[ActiveRun, Verdict]:
    """Execute a run again and compare; the child run that keeps the verdict, ended, and the verdict.

    env: in the environment that it recorded, made anew where needed. timeout: seconds that a cell may take.

    Raises:
        NotFound, Ambiguous: the run. CannotRun: nothing of it can be executed; no kernel; no environment.
        KeyboardInterrupt: Ctrl-C; the child was interrupted.
    """
    asked = service.get(c.RunRequest(given))
    its = behind(service, asked)
    detail, part, lineage = its
    scene = _scene(service, its)
    place = recorded(service.project, detail.environment, tell) if env else None
    folder = scene.path.parent if scene.path.parent.is_dir() else service.project.root
    kernel = Kernel(scene.notebook, folder, None, place.python if place else None, timeout)
    verdict = Verdict("ran", asked.row.id, tolerance=tolerance, environment=_environment(place))
    run = _begin(service.project, asked)
    status, reason = "finished", None
    try:
        with _scratch(service.project) as scratch:
            failed = _cells(scratch, kernel, scene, verdict, progress)
            found = _read(scratch, scene, part)
            roots = service.project.root, scratch.root
        error = _error(failed, scene, detail.row)
        _judge(verdict, error, found, [_points(service, one) for one in with_inner(service, detail)[part]])
        good = verdict.verdict in ("reproduced", "ran")
        verdict.reasons += causes(detail, lineage, found.detail if found else None, error, good, roots)
        _copy(found, run)
        if error is not None:
            status, reason = "failed", error
    except BaseException as raised:
        status, reason = status_of(raised)
        raise
    finally:
        run.set_about(reproduced=verdict.plain())
        run.end(status, reason)
    return run, verdict


def _judge(verdict: Verdict, error: str | None, found: _Found | None, then: list[Recorded]) -> None:
    if error is not None:
        verdict.verdict = "failed"
        verdict.reasons.append(error)
    verdict.judge(then, found.recorded if found else [])


def _copy(found: _Found | None, run: ActiveRun) -> None:
    """The points of the second time into the run that is kept."""
    for name, (steps, values) in found.recorded[0].metrics.items() if found is not None and found.recorded else ():
        for step, value in zip(steps, values, strict=True):
            run.log({name: value}, step)


def _begin(project: Project, detail: c.RunDetail) -> ActiveRun:
    row = detail.row
    run = current.begin(
        project,
        name=f"{row.name} again"[:1000],
        experiment=row.experiment,
        kind=KIND,
        parent=row.id,
        notebook=row.notebook,
        source=detail.code,
        enter=False,
    )
    run.set_params({param.name: param.value for param in detail.params}, KIND)
    return run


# -- what is executed


def _scene(service: RunsService, found: Behind) -> _Scene:
    row, lineage = found.detail.row, found.lineage
    path = service.project.root / (row.notebook or "reproduction.ipynb")
    if row.kind == "notebook":
        notebook = whole(service, row)
        return _Scene(notebook, path, [None] * len(notebook.cells), "")
    code = check(found)
    name = f"again-{new_id()}"
    sources = [one.source or "" for one in lineage.cells[:-1]] + [_own_cell(code, name)]
    numbers: list[int | None] = [one.execution or one.number for one in lineage.cells]
    notebook = _notebook(["%load_ext nbtrack", *sources])
    for cell, one in zip(notebook.cells[1:-1], lineage.cells, strict=False):
        if one.status == "error":
            cell.metadata["tags"] = ["raises-exception"]  # it failed then as well, and gave what it gave
    return _Scene(notebook, path, [None, *numbers], name)


def _own_cell(code: str, name: str) -> str:
    """The run's own cell, its run named so that it is found, and with what says what is captured."""
    given, body = split_cell(code)
    words = []
    with suppress(ValueError):
        words = shlex.split(given or "")
    kept = []
    for number, word in enumerate(words):
        if word in _KEPT:
            kept += words[number : number + 2]
        elif word == "--no-autolog" or word.startswith(tuple(f"{one}=" for one in _KEPT)):
            kept.append(word)
    return f"{MAGIC} {name} {shlex.join(kept)}".rstrip() + f"\n{body}"


def _notebook(sources: list[str]) -> Any:
    import nbformat

    new: Any = nbformat.v4
    return new.new_notebook(cells=[new.new_code_cell(source) for source in sources])


def _environment(place: Environment | None) -> str:
    if place is None:
        return "this environment"
    return "; ".join(["the recorded environment", *place.notes])


# -- executing


@contextmanager
def _scratch(project: Project) -> Iterator[Project]:
    """A project to throw away, with the settings of the real one."""
    root = Path(tempfile.mkdtemp(prefix="nbtrack-"))
    made = Project(root)
    try:
        made.create()
        with suppress(OSError):
            shutil.copy(project.folder / "settings.json", made.folder / "settings.json")
        yield made
    finally:
        recorder_of(made).close()
        database_of(made).close()
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def _whole_run(scratch: Project) -> Iterator[dict[str, str]]:
    """A run that the kernel finds as its parent, and nobody else: what it has to be told for that."""
    run = current.begin(scratch, name="whole", kind="notebook", enter=False)
    try:
        run.recorder.announce(run.id)
        yield {current.PARENT_VARIABLE: run.recorder.address()}
    finally:
        run.end()


def _cells(
    scratch: Project, kernel: Kernel, scene: _Scene, verdict: Verdict, progress: Progress | None
) -> CellFailed | None:
    around = {"NBTRACK_DIR": str(scratch.root), "JPY_SESSION_NAME": str(scene.path)}
    indices = [number for number, cell in enumerate(scene.notebook.cells) if cell.cell_type == "code"]
    try:
        with _whole_run(scratch) as told, kernel.running({**around, **told}):
            for index in indices if progress is None else progress(indices, "running cells", len(indices)):
                kernel.execute(index)
                verdict.cells += 1
    except CellFailed as failed:
        verdict.trace = failed.trace
        return failed
    return None


def _error(failed: CellFailed | None, scene: _Scene, row: c.RunRow) -> str | None:
    """Which cell failed, and why; None where the run did so itself, in the same words."""
    if failed is None:
        return None
    reason = redact(failed.reason)[0]
    if row.status == "failed" and row.end_reason in (reason[:500], redact(str(failed))[0][:500]):
        return None
    number = scene.numbers[failed.index]
    where = f"the cell that was In[{number}]" if number else f"cell {failed.index + 1}"
    return f"{where} failed: {reason}"


def _read(scratch: Project, scene: _Scene, part: slice) -> _Found | None:
    """What the kernel recorded; ``part`` of the run and those inside it."""
    reads = RunsService(scratch)
    reads.refresh(force=True)
    rows = reads.page(c.PageRequest(limit=1000, sort=["started"])).rows
    own = next((row for row in rows if row.name == (scene.own or "whole")), None)
    if own is None:
        return None
    inside = ordered([row for row in rows if row.parent == own.id])
    return _Found(reads.get(c.RunRequest(own.id)), [_points(reads, one) for one in (own, *inside)[part]])


def _points(reads: RunsService, row: c.RunRow) -> Recorded:
    found = Recorded(row.name, {})
    for name in row.metrics:
        series = reads.history(row.id, name)
        found.metrics[name] = (series.steps, series.values)
    return found
