"""Use cases that change runs by a user's hand. Each notes what takes it back."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption, NotFound, StoreError
from nbtrack.base.reasons import reason
from nbtrack.runs import contract as c
from nbtrack.runs import objects
from nbtrack.runs.store import edits, experiments, meta, moves, params, runs, trash
from nbtrack.runs.values import brief, check_name, check_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from nbtrack.runs.service import RunsService

Inverse = list[Any]  # [verb, run, …], applied by `_VERBS`


class EditingService:
    """Edits of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads
        self._database = reads.database

    def edit(self, request: c.EditRequest) -> c.Done:
        """Rename, note, star, tag or move runs, all of them or none.

        Raises:
            NotFound: a run does not exist. InvalidValue: a text that cannot be stored.
        """
        fields: dict[str, Any] = {}
        if request.name is not None:
            fields["name"] = check_name("run", request.name)
        if request.note is not None:
            fields["note"] = check_text("A note", request.note)
        if request.starred is not None:
            fields["starred"] = int(request.starred)
        tags = {check_name("tag", name): _tag(name, value) for name, value in request.tags.items()}
        experiment = request.experiment and check_name("experiment", request.experiment)
        self._reads.connection()
        with self._database.write() as conn:
            numbers = [runs.resolve(conn, given) for given in request.runs]
            inverse: list[Inverse] = _make_experiment(conn, experiment) if experiment else []
            for number in numbers:
                inverse += [["set", number, field, _set(conn, number, field, v)] for field, v in fields.items()]
                if experiment:
                    inverse.append(["move", number, _move(conn, number, experiment)])
                inverse += [["tag", number, name, _put_tag(conn, number, name, v)] for name, v in tags.items()]
            return self._done(conn, _deed(request), numbers, inverse)

    def moved(self, request: c.Rename) -> c.Done:
        """A notebook, or a folder of notebooks, has another path now: its runs go with it.

        Those, too, that a kernel records from now on which was started before: it was told the old path. The experiment
        that is named after the notebook keeps its name.

        Raises:
            InvalidOption: a path is empty. InvalidValue: it cannot be stored.
        """
        old, new = _path(request.old), _path(request.new)
        if old == new or self._reads.nothing_yet():
            return c.Done("Nothing to move.", 0, self._reads.revision().revision, undo=False)
        with self._database.write() as conn:
            count = len(moves.move_runs(conn, old, new))
            moves.remember(conn, old, new, time.time())
            text = f"Moved {count} run{'s' * (count != 1)} from '{old}' to '{new}'"
            return c.Done(text, count, meta.revision(conn), undo=False)

    def trash(self, request: c.RunsRequest) -> c.Done:
        """Put runs into the trash; they can be restored until it is emptied."""
        return self._set_trashed(request.runs, time.time(), "Put into the trash:")

    def restore(self, request: c.RunsRequest) -> c.Done:
        """Take runs out of the trash."""
        return self._set_trashed(request.runs, None, "Restored")

    def purge(self, progress: Callable[[Sequence[int]], Iterable[int]] = iter) -> c.Done:
        """Delete the runs in the trash for good and free their space; artifacts that other runs use stay.

        Points go in small transactions, so that a kernel that records meanwhile is not held up.
        progress: goes through the runs, showing how far it is.
        """
        self._reads.connection()
        self._reads.refresh(force=True)
        with self._database.read() as conn:
            numbers = trash.in_trash(conn)
        for number in progress(numbers):
            more = True
            while more:
                with self._database.write() as conn:
                    more = trash.delete_some_points(conn, number)
            with self._database.write() as conn:
                trash.delete_run(conn, number)
                edits.forget_run(conn, number)
        with self._database.write() as conn:
            unused = trash.delete_unused(conn)
            known = trash.object_names(conn)
        folder = self._reads.project.objects
        try:
            orphans = [name for name in objects.all_names(folder) if name not in known]
        except OSError as error:
            raise StoreError(
                f"The runs are deleted, but not all of their files: {reason(error, folder)}",
                "Empty the trash again when it can be read.",
            ) from error
        freed = objects.remove(folder, {*unused, *orphans}) + self._reads.database.shrink()
        text = f"Deleted {len(numbers)} run{'s' * (len(numbers) != 1)} for good, {freed / 2**20:.1f} MiB freed."
        return c.Done(text, len(numbers), self._database.revision(), undo=False)

    def rename_experiment(self, request: c.Rename) -> c.Done:
        """Give an experiment another name.

        Raises:
            NotFound: there is none of the old name. InvalidOption: the new name is taken.
        """
        new = check_name("experiment", request.new)
        self._reads.connection()
        with self._database.write() as conn:
            experiments.rename_experiment(conn, request.old, new)
            return self._done(conn, f"Renamed '{request.old}' to '{new}';", [], [["rename", new, request.old]])

    def merge_experiments(self, request: c.Rename) -> c.Done:
        """Move all runs of one experiment into another, which is made if it does not exist."""
        new = check_name("experiment", request.new)
        if new == request.old:
            raise InvalidOption(f"The experiment {brief(new)} cannot be merged into itself.", "Name two.")
        self._reads.connection()
        with self._database.write() as conn:
            note, created = experiments.about(conn, request.old)
            inverse = _make_experiment(conn, new)
            moved = experiments.merge_experiments(conn, request.old, new)
            inverse += [["move", number, request.old] for number in moved]
            if request.old != new:
                inverse.append(["make", None, request.old, note, created])
            return self._done(conn, f"Merged '{request.old}' into '{new}'{':' if moved else ';'}", moved, inverse)

    def undo(self) -> c.Done:
        """Take the latest edit back; called again, the one before.

        Raises:
            NotFound: there is nothing left to take back.
        """
        self._reads.connection()
        with self._database.write() as conn:
            found = edits.take_last(conn)
            if found is None:
                raise NotFound("There is nothing to undo.", "Edits and deletions can be undone, logging cannot.")
            label, inverse = found
            for verb, *what in reversed(inverse):
                _VERBS[verb](conn, *what)
            touched = {what[0] for verb, *what in inverse if verb in _OF_RUNS}
            runs.touch(conn, touched)
            return c.Done(f"Undone: {label}", len(touched), meta.revision(conn), undo=False)

    def _set_trashed(self, given: list[str], moment: float | None, label: str) -> c.Done:
        self._reads.connection()
        with self._database.write() as conn:
            numbers = [runs.resolve(conn, run) for run in given]
            inverse = [["set", number, "trashed", runs.edit(conn, number, "trashed", moment)] for number in numbers]
            return self._done(conn, label, numbers, inverse)

    def _done(self, conn: sqlite3.Connection, label: str, numbers: list[int], inverse: list[Inverse]) -> c.Done:
        names = [row["name"] for row in runs.rows(conn, numbers[:3])]
        more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
        text = f"{label} {', '.join(names)}{more}".strip().rstrip(";")
        if inverse:
            edits.remember(conn, text, inverse)
        runs.touch(conn, numbers)
        return c.Done(text, len(numbers), meta.revision(conn))


def _deed(request: c.EditRequest) -> str:
    """What was done, in one word."""
    given = {name for name in ("name", "note", "starred", "experiment", "tags") if getattr(request, name)}
    if request.starred is False:
        given.add("unstarred")
    words = {"name": "Renamed", "starred": "Starred", "unstarred": "Unstarred", "experiment": "Moved", "tags": "Tagged"}
    return words.get(given.pop(), "Edited") if len(given) == 1 else "Edited"


def _path(given: str) -> str:
    """A notebook's path as runs have it."""
    text = check_text("A path", given)
    if not text.strip("/"):
        raise InvalidOption(f"The path '{text}' names no notebook and no folder.", "Give its path in the project.")
    return PurePosixPath(text).as_posix()


def _tag(name: str, value: str | None) -> str | None:
    return None if value is None else check_text(f"Tag '{name}'", value)


def _set(conn: sqlite3.Connection, run: int, field: str, value: Any) -> Any:
    return runs.edit(conn, run, field, value)


def _put_tag(conn: sqlite3.Connection, run: int, name: str, value: str | None) -> str | None:
    before = params.tags_of(conn, run).get(name)
    if value is None:
        params.remove_tag(conn, run, name)
    else:
        params.set_tag(conn, run, name, value)
    return before


def _undo_set(conn: sqlite3.Connection, run: int, field: str, value: Any) -> None:
    runs.edit(conn, run, field, value)


def _move(conn: sqlite3.Connection, run: int, experiment: str) -> str:
    """Move a run; the name of the experiment it was in."""
    before = runs.edit(conn, run, "experiment", experiments.experiment_number(conn, experiment))
    return experiments.name_of(conn, before)


def _undo_move(conn: sqlite3.Connection, run: int, experiment: str) -> None:
    _move(conn, run, experiment)


def _make_experiment(conn: sqlite3.Connection, name: str) -> list[Inverse]:
    """See to it that an experiment exists; what takes that back, once its runs have left it."""
    if experiments.exists(conn, name):
        return []
    experiments.experiment_number(conn, name)
    return [["drop", None, name]]


def _undo_make(conn: sqlite3.Connection, _: None, name: str) -> None:
    experiments.drop_empty(conn, name)


def _undo_drop(conn: sqlite3.Connection, _: None, name: str, note: str, created: float) -> None:
    experiments.restore(conn, name, note, created)


def _undo_tag(conn: sqlite3.Connection, run: int, name: str, value: str | None) -> None:
    _put_tag(conn, run, name, value)


_VERBS: dict[str, Callable[..., None]] = {
    "set": _undo_set,
    "tag": _undo_tag,
    "move": _undo_move,
    "drop": _undo_make,
    "make": _undo_drop,
    "rename": experiments.rename_experiment,
}


_OF_RUNS = ("set", "tag", "move")
