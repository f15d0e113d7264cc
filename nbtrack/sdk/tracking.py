"""What user code calls to record a run, in the two dialects people know, as thin names of one model.

``log``, ``config``, ``summary``, ``init``, ``finish`` and ``start_run``, ``log_param``, ``log_metric``, ``set_tag``,
``log_artifact``, ``end_run``. Inside a tracked cell they reach the cell's run; `start_run` there makes a child of it.
In a script ``with nbtrack.start_run():`` makes a run. Threads and worker processes log to the run of their parent.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.config import Project, find_project, load_settings
from nbtrack.base.errors import InvalidOption, InvalidValue, NotFound
from nbtrack.runs import given, values
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.current import begin, current, must
from nbtrack.runs.values import brief, is_a
from nbtrack.sdk import asked, media
from nbtrack.sdk.live import config, summary, vars_of

if TYPE_CHECKING:
    from argparse import Namespace

_STATUSES = {
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "interrupted",
    "INTERRUPTED": "interrupted",
}


__all__ = [
    "active_run", "config", "end_run", "finish", "init", "log", "log_artifact", "log_artifacts", "log_dict",
    "log_figure", "log_image", "log_input", "log_metric", "log_metrics", "log_param", "log_params", "log_table",
    "log_text", "set_tag", "set_tags", "start_run", "summary",
]  # fmt: skip


def active_run() -> ActiveRun | None:
    """The run that logging goes to now, or None."""
    return current()


# -- beginning and ending


def start_run(
    name: str | None = None,
    *,
    run_name: str | None = None,
    experiment: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    note: str | None = None,
    nested: bool = True,
    project: Project | str | os.PathLike[str] | None = None,
) -> ActiveRun:
    """Begin a run; it ends with the ``with`` block, with `end_run`, or with the process.

    name (or run_name): one is made up without. experiment: that of the run around it, else "default". Inside another
    run it becomes its child, whatever ``nested`` says. project: a folder; by default that of the working directory.

    Raises:
        InvalidValue: a name, tag or param that cannot be stored; no run is begun then.

    >>> import nbtrack
    >>> with nbtrack.start_run(name="doc", params={"lr": 0.1}):      # doctest: +SKIP
    ...     nbtrack.log({"loss": 0.5})
    """
    parent = current()
    where = project_of(project, parent)
    captured = load_settings(where).capture
    _check(params, tags, note)
    if experiment is None:
        experiment = parent.experiment if parent else "default"
    name = name if name is not None else run_name
    run = begin(where, name=name, experiment=experiment, parent=parent, **script_of())
    _describe(run, params, tags, note)
    surroundings().describe(run, where.root, captured, None)
    if "system" in captured:
        from nbtrack.capture.system import follow

        follow(run)
    return run


def end_run(status: str = "FINISHED") -> None:
    """End the innermost run begun with `start_run` or `init`; a tracked cell's own run ends with its cell.

    Raises:
        InvalidOption: a status other than FINISHED, FAILED or KILLED.
    """
    known = _STATUSES.get(status.upper()) if type(status) is str else None
    if known is None:
        raise InvalidOption(f"Status {brief(status)} is not known.", f"Use one of {', '.join(_STATUSES)}.")
    run = current()
    if run is not None and not run.of_cell:
        run.end(known)


def init(
    project: str | None = None,
    *,
    name: str | None = None,
    config: Mapping[str, Any] | Namespace | None = None,
    experiment: str | None = None,
    tags: Mapping[str, Any] | Iterable[str] | None = None,
    notes: str | None = None,
    **_: Any,
) -> ActiveRun:
    """W&B's way to begin: inside a tracked cell this is the cell's run, else a run that `finish` ends.

    project: taken as the experiment's name. config: params. tags: a mapping, or a list of words.

    Raises:
        InvalidValue: a name, tag or param that cannot be stored; nothing of this call was stored then.
    """
    run = current()
    params = vars_of(config)
    words = dict.fromkeys(tags or (), "") if is_a(tags, list, tuple, set, frozenset) else tags
    if run is None:
        named = experiment if experiment is not None else project
        return start_run(name, experiment=named, params=params, tags=words, note=notes)  # type: ignore[arg-type]
    _check(params, words, notes)
    if name is not None:
        run.set_name(name)
    _describe(run, params, words, notes)
    return run


def finish(exit_code: int = 0) -> None:
    """W&B's way to end: as `end_run`, failed if ``exit_code`` is not 0."""
    end_run("FAILED" if asked.whole(-(1 << 63), 1 << 63)("finish", "exit_code", exit_code) else "FINISHED")


# -- metrics and params


def log(metrics: Mapping[str, Any], step: int | None = None, time: float | None = None) -> None:
    """Log metrics at a step. The points are safe from a killed process when this returns.

    metrics: numbers by name; nested mappings get dotted names; figures, images and tables become artifacts.
    step: an integer; without one each metric counts on from its own last step, beginning at 0. Steps may repeat or
    go back. time: Unix seconds.

    Raises:
        NoActiveRun: no run is active. InvalidValue: something cannot be stored; then nothing of the call is.

    >>> import nbtrack
    >>> with nbtrack.start_run():                                      # doctest: +SKIP
    ...     for epoch in range(3):
    ...         nbtrack.log({"loss": 1 / (epoch + 1)}, step=epoch)
    """
    run = current()
    if run is None:
        run = must()
    try:
        run.log(metrics, step, time)
    except InvalidValue:
        media.log_mixed(run, metrics, step, time)


def log_metric(key: str, value: Any, step: int | None = None) -> None:
    """Log one metric; see `log`."""
    must().log({key: value}, step)


def log_metrics(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Log metrics; see `log`."""
    must().log(metrics, step)


def log_param(key: str, value: Any) -> None:
    """Store a param. One that changes keeps its history.

    Raises:
        NoActiveRun: no run is active. InvalidValue: the name or value cannot be stored.
    """
    must().set_params({key: value})


def log_params(params: Mapping[str, Any]) -> None:
    """Store params; nested mappings get dotted names."""
    must().set_params(params)


def set_tag(key: str, value: Any) -> None:
    """Store a tag."""
    must().set_tags({key: value})


def set_tags(tags: Mapping[str, Any]) -> None:
    """Store tags."""
    must().set_tags(tags)


# -- artifacts


def log_artifact(local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
    """Store a copy of a file (or of all files in a folder) with the run.

    artifact_path: the folder inside the run to put it into.

    Raises:
        NoActiveRun: no run is active. NotFound: there is no such file. InvalidValue: the path leaves the run, or the
        file cannot be read or is nbtrack's own.
    """
    run, source = must(), given.local_path(local_path)
    if source.is_dir():
        log_artifacts(source, artifact_path if artifact_path is not None else source.resolve().name)
        return
    if not source.exists():
        raise NotFound(f"No file {brief(str(source))} in '{Path.cwd()}'.", "Give the path of a file that exists.")
    if not source.is_file():
        raise InvalidValue(f"'{source}' is no regular file.", "Give a file or a folder.")
    run.add_file(source, _inside(artifact_path, source.name), media.guess_type(source.name))


def log_artifacts(local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
    """Store copies of all files in a folder, with their folders. ``.nbtrack`` and links that lead out are left out.

    Raises:
        NoActiveRun: no run is active. NotFound: there is no such folder. InvalidValue: a path leaves the run, or a
        file cannot be read; then none is stored.
    """
    run, folder = must(), given.local_path(local_dir)
    if not folder.is_dir():
        raise NotFound(f"No folder {brief(str(folder))} in '{Path.cwd()}'.", "Give the path of a folder that exists.")
    if given.is_own(folder):
        raise InvalidValue(f"'{folder}' is nbtrack's own.", "Give another folder.")
    root = folder.resolve()
    files: list[tuple[Path, str]] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.resolve().is_relative_to(root) and not given.is_own(path):
            files.append((path, _inside(artifact_path, path.relative_to(folder).as_posix())))
            given.check_source(path, run.recorder.project.database)
    for path, where in files:
        run.add_file(path, where, media.guess_type(path.name))


def log_figure(figure: Any, artifact_file: str | None = None) -> None:
    """Store a matplotlib or plotly figure, as ``figure.png`` or ``figure.json`` if nothing else is said.

    A matplotlib figure goes to any format it knows; a plotly figure to ``.json`` (kept interactive) or ``.html``.

    Raises:
        NoActiveRun: no run is active. InvalidValue: it is no such figure.
    """
    run = must()
    path = media.figure_path(figure) if artifact_file is None else given.artifact_path(artifact_file)
    media.put(run, path, *media.figure_bytes(figure, path))


def log_image(image: Any, artifact_file: str = "image.png") -> None:
    """Store a picture: an array (height × width, or × 3 or 4; 0–255, or floats 0–1), a PIL image, a file, or bytes.

    Raises:
        NoActiveRun: no run is active. InvalidValue: it is no picture.
    """
    run, path = must(), given.artifact_path(artifact_file)
    media.put(run, path, *media.image_bytes(image, path))


def log_text(text: str, artifact_file: str = "text.txt") -> None:
    """Store a text as an artifact, in UTF-8; half characters (lone surrogates) stay, as ``surrogatepass`` reads them.

    Raises:
        NoActiveRun: no run is active. InvalidValue: it is no text, or the path leaves the run.
    """
    if not is_a(text, str):
        raise InvalidValue(f"log_text() was given {values.told(text)}, not text.", "Use str(value) or log_dict().")
    media.put(must(), artifact_file, text.encode("utf-8", "surrogatepass"), "text/plain")


def log_dict(dictionary: Any, artifact_file: str = "dict.json") -> None:
    """Store a dict or list as JSON.

    Raises:
        InvalidValue: something in it has no form in JSON.
    """
    media.put(must(), artifact_file, *media.json_bytes(dictionary))


def log_table(table: Any, artifact_file: str = "table.csv") -> None:
    """Store a DataFrame, or what pandas can make one of, as ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        InvalidValue: it is no table.
    """
    run, path = must(), given.artifact_path(artifact_file)
    media.put(run, path, *media.table_bytes(table, path))


def log_input(data: Any, name: str, path: str | os.PathLike[str] | None = None, full: bool = False) -> None:
    """Note a data set that the run read: its kind, shape and columns, and a hash of its content (not the content).

    data: a DataFrame, Series, array, tensor, list or dict of these, or the path of a file or folder. path: where it
    came from. full: hash all of it; else what is larger than 64 MiB is sampled, and the hash says so.

    Raises:
        NoActiveRun: no run is active. InvalidValue: the name cannot be stored.
    """
    run = must()
    run.add_dataset(name, **media.about_data(data, path, full, run.recorder.project.root))


# -- parts


def project_of(project: Project | str | os.PathLike[str] | None, parent: ActiveRun | None) -> Project:
    """The project that a call is about: the one given, else that of the run around it, else the current one.

    Raises:
        InvalidOption: it is no folder.
    """
    if type(project) is Project:
        return project
    if project is not None:
        root = given.local_path(project).absolute()
        if not root.is_dir():
            raise InvalidOption(f"The project {brief(str(root))} is no folder.", "Give one that exists.")
        return Project(root)
    if parent is not None:
        return parent.recorder.project
    context = sys.modules.get("nbtrack.sdk.context")
    return context.current_project() if context is not None else find_project()


def script_of() -> dict[str, Any]:
    """In a script, its name stands where a notebook's would."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return {"kind": "script", "notebook": Path(main).name if main else None}


_session: Any = None


def surroundings() -> Any:
    """The session of this process, which knows its environment and the state of git."""
    global _session
    from nbtrack.capture.session import Session

    if _session is None:
        _session = Session()
    return _session


def _check(params: object, tags: object, note: object) -> None:
    """Before anything of a call is stored."""
    if params is not None:
        given.checked_params(params)
    if tags is not None:
        given.checked_tags(tags)
    if note is not None:
        given.checked_note(note)


def _describe(run: ActiveRun, params: Any, tags: Any, note: Any) -> None:
    if params is not None:
        run.set_params(params)
    if tags is not None:
        run.set_tags(tags)
    if note is not None:
        run.set_note(note)


def _inside(folder: str | None, name: str) -> str:
    """Where a file goes in a run. Raises InvalidValue if that is not inside."""
    if folder is None or (type(folder) is str and not folder):
        return given.artifact_path(name)
    return given.artifact_path(f"{given.artifact_path(folder, folder=True)}/{name}")
