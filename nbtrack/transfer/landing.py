"""Records into the file: each run whole or not at all, and each only once.

Everything is read and checked first, into a spool (`nbtrack.transfer.spool`): what is broken raises BadSource, which
names the record, before anything was stored. Then the runs are stored, parents first, a few in each short transaction;
an import that is killed leaves whole runs only, and repeated it goes on. A run of millions of points takes several
transactions: until the last of them it lies in the trash.

**The same run again.** A run is known by the place it comes from and its id there (table ``elsewhere``), where a digest
of all it brought is kept. With the same digest it is passed over. With another, the source is right about what was
measured: its params, metrics, data, outputs and files take the place of those that came before, and what is gone at the
source goes here, too; what was logged here under further names stays. The user is right about what can be edited:
name, note, star, experiment, the trash and each tag are taken over only where they are still as they came. A run whose
id is here but which did not come from that place is the project's own and stays as it is.

**Secrets.** What comes in is kept as it is; nothing is redacted, and what had been redacted before does not come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from nbtrack.base.config import Project
from nbtrack.base.errors import BadSource, NbtrackError
from nbtrack.runs.service import RunsService
from nbtrack.transfer.checking import Notes, checked_experiment, checked_model, title, upper
from nbtrack.transfer.preparing import Prepared, Preparing, digest_of
from nbtrack.transfer.ready import Ready
from nbtrack.transfer.records import ExperimentRecord, Item, Whole, WholeModel
from nbtrack.transfer.spool import Spool
from nbtrack.transfer.store import writing
from nbtrack.transfer.storing import Entry, Plan, Progress, store
from nbtrack.transfer.taking import taken

if TYPE_CHECKING:
    from nbtrack.base.db import Database

_NOTHING = "Nothing was imported."


@dataclass
class Landed:
    """What came, or would come: runs that are new, that were here just so, and that had changed at the source.

    points, files and bytes (of the files) are those of new and changed runs; experiments: their runs by experiment.
    notes: what had to be mended or left out, a sentence each.
    """

    new: int = 0
    same: int = 0
    changed: int = 0
    points: int = 0
    files: int = 0
    bytes: int = 0
    experiments: dict[str, int] = field(default_factory=dict)
    models: int = 0
    notes: list[str] = field(default_factory=list)


def silent(items: Iterable[Any], what: str, total: int) -> Iterable[Any]:
    """Go through items and show nothing."""
    return items


def land(
    project: Project, wholes: Iterable[Item], place: str, *, dry: bool = False, progress: Progress = silent
) -> Landed:
    """Store what an importer gives; see the module's text for the rules.

    wholes: runs in any order, beside them experiments and logged models. place: what their source is called in the
    table ``elsewhere``. dry: look at everything and answer the same, but store nothing. progress: goes through items
    while showing how far it is; the total is -1 while nobody knows how many there are.

    Raises:
        BadSource: a record is broken; nothing was stored. StoreError: there is no room, or the file cannot be written.
    """
    reads = RunsService(project)
    reads.refresh(force=True)
    items = _readable(wholes)
    first = list(islice(items, 1))
    if not first:
        return Landed()
    if not dry:
        project.create()
    with Spool(None if dry else project) as spool:
        reading = _Reading(reads, place, spool)
        for item in progress(chain(first, items), "reading", -1):
            reading.add(item)
        plan = reading.finished()
        if not dry:
            store(project, reads.database, place, spool, plan, progress)
    reading.landed.notes = reading.notes.sentences()
    return reading.landed


class _Reading:
    """The first half: what comes is checked, counted and put into the spool."""

    def __init__(self, reads: RunsService, place: str, spool: Spool) -> None:
        self.landed = Landed()
        self.notes = Notes()
        self._place = place
        self._spool = spool
        self._folder = reads.project.objects
        self._path = reads.database.path
        self._database: Database | None = reads.database if reads.database.exists() else None
        self._preparing = Preparing(spool, self.notes, place, self._path)
        self._plan = Plan(environments=self._preparing.environments, sessions=self._preparing.sessions)
        self._ids: set[str] = set()
        self._parents: dict[str, str] = {}

    def add(self, item: Item) -> None:
        """Take one record."""
        whose = item.run if isinstance(item, Whole) else item.model if isinstance(item, WholeModel) else None
        try:
            if isinstance(item, Whole):
                self._run(item)
            elif isinstance(item, WholeModel):
                self._model(item)
            elif isinstance(item, ExperimentRecord):
                self._plan.experiments.append(checked_experiment(item, self.notes.tell))
            else:
                self.notes.tell(item.text, item.text)
        except BadSource as error:
            error.hint = error.hint or _NOTHING
            raise
        except NbtrackError:
            raise
        except Exception as error:  # a parser's, on data of any kind
            named = "A record" if whose is None else upper(title(whose))
            raise BadSource(f"{named} cannot be read: {type(error).__name__}: {error}.", _NOTHING) from error

    def finished(self) -> Plan:
        """What is to be stored, parents before the runs inside them.

        Raises:
            BadSource: runs are inside one another.
        """
        self._plan.entries = _ordered(self._plan.entries)
        for child, parent in self._parents.items():
            if parent not in self._ids and not self._is_here(parent):
                self.notes.tell(
                    "runs have lost the run around them",
                    f"Run '{child}' was inside of run '{parent}', which is neither here nor there.",
                )
        self._spool.flush()
        return self._plan

    def _is_here(self, run_id: str) -> bool:
        if self._database is None:
            return False
        with self._database.read() as conn:
            return writing.known(conn, self._place, run_id, run_id) is not None

    # -- runs

    def _run(self, whole: Whole) -> None:
        found = self._preparing.prepared(whole)
        ready = found.ready
        if ready.id in self._ids:
            raise BadSource(f"{upper(title(whole.run))} comes twice.")
        self._ids.add(ready.id)
        if ready.parent is not None:
            self._parents[ready.id] = ready.parent
        known = self._known(ready)
        if known is None:
            self._take(found)
            return
        self.landed.same += 1
        self._spool.cut(found.began)
        for row in ready.files:
            if row[1] not in self._plan.hashes:
                self._spool.drop(row[1])
        if ready.parent is not None:
            self._plan.inside.append((known, ready.parent))

    def _take(self, found: Prepared) -> None:
        ready = found.ready
        at = self._spool.write(ready)
        hashes = tuple(row[1] for row in ready.files)
        self._plan.entries.append(Entry(ready.id, ready.parent, found.began, at, self._spool.end, found.points, hashes))
        self._plan.hashes.update(hashes)
        self.landed.points += found.points
        self.landed.files += len(hashes)
        self.landed.bytes += found.bytes
        self.landed.experiments[ready.experiment] = self.landed.experiments.get(ready.experiment, 0) + 1

    def _known(self, ready: Ready) -> int | None:
        """The row of the run if it is here and stays as it is; counts what it is."""
        found = None
        if self._database is not None:
            with self._database.read() as conn:
                found = writing.known(conn, self._place, ready.foreign, ready.id)
        if found is None:
            self.landed.new += 1
            return None
        landed = (found.state or {}).get("landed")
        if landed is None:
            if self._own(found.run) != ready.digest:
                self.notes.tell(
                    "are this project's own",
                    f"Run '{ready.columns['name']}' ({found.id}) is this project's own and stays as it is here.",
                )
            return found.run
        if landed.get("half"):
            self.landed.new += 1
            return None
        if landed.get("digest") == ready.digest:
            return found.run
        self.landed.changed += 1
        return None

    def _own(self, run: int) -> str:
        """The digest of a run as it is here."""
        assert self._database is not None
        return "".join(digest_of(whole, self._path) for whole in taken(self._database, [self._folder], [run]))

    def _model(self, given: WholeModel) -> None:
        model = checked_model(given.model, self.notes.tell)
        if self._database is not None:
            with self._database.read() as conn:
                known = writing.model_state(conn, model.id)
            if known is not None and known[1] >= model.updated:
                return
        files = self._preparing.files(given.files(), title(model))
        self._plan.models.append(self._spool.write([model, files]))
        self._plan.hashes.update(row[1] for row in files)
        self.landed.models += 1
        self.landed.files += len(files)
        self.landed.bytes += sum(row[2] for row in files)


def _readable(wholes: Iterable[Item]) -> Iterator[Item]:
    """The same, with what a parser raises on data that it did not expect as an error of ours."""
    try:
        yield from wholes
    except NbtrackError:
        raise
    except Exception as error:
        raise BadSource(f"The source cannot be read: {type(error).__name__}: {error}.", _NOTHING) from error


def _ordered(entries: list[Entry]) -> list[Entry]:
    """The same entries, parents first, else in their order."""
    by_id = {entry.id: entry for entry in entries}
    done: dict[str, Entry] = {}
    for entry in entries:
        chain: list[Entry] = []
        seen: set[str] = set()
        each: Entry | None = entry
        while each is not None and each.id not in done:
            if each.id in seen:
                raise BadSource(f"Run '{each.id}' is inside of a run that is inside of itself.", _NOTHING)
            seen.add(each.id)
            chain.append(each)
            each = by_id.get(each.parent) if each.parent is not None else None
        for one in reversed(chain):
            done[one.id] = one
    return list(done.values())
