"""Runs to a server: what is new, and what has changed since the last time.

A run is known there by the tag ``nbtrack.run_id``, which is set in the very request that makes it. So a push that was
killed at any moment finds its runs again, asks what of them has arrived, and sends the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from nbtrack.base.errors import NbtrackError, Unreachable
from nbtrack.runs.contract import PageRequest
from nbtrack.transfer import mlflow as words
from nbtrack.transfer.landing import silent
from nbtrack.transfer.records import ExperimentRecord, Whole
from nbtrack.transfer.store import agreed
from nbtrack.transfer.store.agreed import Agreed
from nbtrack.transfer.storing import Progress
from nbtrack.transfer.sync.agreeing import Exchanged
from nbtrack.transfer.sync.opening import Opened
from nbtrack.transfer.sync.outgoing import Outgoing, Sent
from nbtrack.transfer.taking import take_experiments, taken

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

_THREADS = 4
_WAVE = 100  # runs that are looked for on the server together
_SAVED = 20  # runs after which is written down what was sent
_PAGE = 1000


class Pushed(Exchanged):
    """What went to the server."""


def push(service: RunsService, opened: Opened, which: PageRequest | None = None, progress: Progress = silent) -> Pushed:
    """Send runs to an open server, and the runs around them. which: those of a filter; all of them without.

    Raises:
        Unreachable: the server does not answer, or refuses. What was sent before that is written down.
    """
    if service.nothing_yet():
        return Pushed()
    service.refresh(force=True)
    numbers = service.numbers(which or PageRequest())
    with service.database.read() as conn:
        if which is None:
            numbers += agreed.changed_in_trash(conn, opened.place)
        depths = agreed.depths(conn, numbers)
        found = agreed.of_runs(conn, opened.place, sorted(depths, key=lambda number: (depths[number], number)))
    pushing = _Pushing(service, opened)
    wanted = [one for one in found if one.state.get("sync", {}).get("revision") != one.revision or _is_open(one)]
    pushing.done.same = len(found) - len(wanted)
    for _, level in itertools.groupby(wanted, key=lambda one: depths[one.run]):
        pushing.level(list(level), progress)
    return pushing.done


def _is_open(one: Agreed) -> bool:
    return bool(one.state.get("sync", {}).get("open"))


class _Pushing:
    def __init__(self, service: RunsService, opened: Opened) -> None:
        self.done = Pushed()
        self._service = service
        self._opened = opened
        self._outgoing = Outgoing(opened)
        self._experiments: dict[str, str] = {}
        self._records: dict[str, ExperimentRecord] = {}
        self._all: list[str] = []
        self._sent: list[tuple[Agreed, Sent]] = []

    def level(self, runs: list[Agreed], progress: Progress) -> None:
        """Send runs none of which is inside of another."""
        try:
            for one in progress(self._each(runs), "sending runs", len(runs)):
                self._count(one)
        finally:
            self._save()

    def _each(self, runs: list[Agreed]) -> Iterator[Sent]:
        with ThreadPoolExecutor(_THREADS, "nbtrack-push") as pool:
            waiting: dict[Future[Sent], Agreed] = {}
            try:
                for start in range(0, len(runs), _WAVE):
                    for one, whole, there in self._wave(runs[start : start + _WAVE]):
                        waiting[pool.submit(self._one, one, whole, there)] = one
                        if len(waiting) >= 2 * _THREADS:
                            yield from self._finished(waiting)
                while waiting:
                    yield from self._finished(waiting)
            except BaseException:
                for future in waiting:
                    future.cancel()
                raise

    def _finished(self, waiting: dict[Future[Sent], Agreed]) -> Iterator[Sent]:
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            one = waiting.pop(future)
            sent = future.result()
            self._sent.append((one, sent))
            if len(self._sent) >= _SAVED:
                self._save()
            yield sent

    def _wave(self, runs: Sequence[Agreed]) -> Iterator[tuple[Agreed, Whole, str | None]]:
        """Some runs with what they are called there; those that were sent before are marked as on their way."""
        database = self._service.database
        wholes = {
            whole.run.id: whole for whole in taken(database, [self._service.project.objects], [r.run for r in runs])
        }
        lost = self._lost([wholes[one.id] for one in runs if one.foreign is None and one.id in wholes])
        with database.write() as conn:
            for one in runs:
                if one.foreign is not None and "sync" in one.state and not _is_open(one):
                    agreed.save(conn, self._opened.place, one.foreign, one.run, {**one.state["sync"], "open": True})
        for one in runs:
            if one.id in wholes:
                self._experiment(wholes[one.id].run.experiment)
                yield one, wholes[one.id], one.foreign or lost.get(one.id)

    def _lost(self, wholes: Sequence[Whole]) -> dict[str, str]:
        """Runs that are there though nobody here knows: a push was killed, or another copy of the project sent them."""
        if not wholes:
            return {}
        from mlflow.entities import ViewType

        ids = {whole.run.id for whole in wholes}
        times = [words.milliseconds(whole.run.started) for whole in wholes]
        question = (
            f"tags.`{words.RUN_ID}` LIKE '%' AND attributes.start_time >= {min(times)} "
            f"AND attributes.start_time <= {max(times)}"
        )
        found: dict[str, str] = {}
        everywhere = self._everywhere()
        for start in range(0, len(everywhere), _WAVE):
            token = None
            while True:
                page = self._opened.store.search_runs(
                    everywhere[start : start + _WAVE],
                    question,
                    ViewType.ALL,
                    _PAGE,
                    ["attributes.start_time ASC", "attributes.run_id ASC"],
                    token,
                )
                for run in page:
                    here = run.data.tags.get(words.RUN_ID)
                    if here in ids:
                        found.setdefault(here, run.info.run_id)
                token = page.token
                if not token:
                    break
        return found

    def _everywhere(self) -> list[str]:
        if not self._all:
            from nbtrack.transfer.sync.reading import Reader

            found = Reader(self._opened).experiments()
            self._all = [one.experiment_id for one in found]
            self._experiments = {one.name: one.experiment_id for one in found if one.lifecycle_stage != "deleted"}
            self._records = {one.name: one for one in take_experiments(self._service.database)}
        return self._all

    def _experiment(self, name: str) -> str:
        """The id of an experiment there, made when it is new."""
        from mlflow.entities import ExperimentTag

        self._everywhere()
        there = words.experiment_out(name)
        if there not in self._experiments:
            record = self._records.get(name)
            tags = dict(record.about.get("mlflow", {}).get("tags", {})) if record else {}
            if record and record.note:
                tags[words.NOTE] = words.cut(record.note, 5000)
            made = self._opened.store.create_experiment(
                there, None, [ExperimentTag(key, value) for key, value in tags.items()]
            )
            self._experiments[there] = made
            self._all.append(made)
        return self._experiments[there]

    def _one(self, one: Agreed, whole: Whole, there: str | None) -> Sent:
        """Send one run; in a thread of its own."""
        try:
            if there is None:
                parent = None
                if whole.run.parent is not None:
                    parent = self._foreign(whole.run.parent)
                experiment = self._experiments[words.experiment_out(whole.run.experiment)]
                run = self._outgoing.create(whole, experiment, parent)
                sent = self._outgoing.update(whole, run, {}, made=True)
            else:
                sent = self._outgoing.update(whole, self._opened.store.get_run(there), one.state, made=False)
        except NbtrackError:
            raise
        except Exception as error:
            raise Unreachable(
                f"Run '{whole.run.name}' ({whole.run.id}) could not be sent to '{self._opened.place}': "
                f"{' '.join(str(error).split())[:300]}",
                "What was sent is kept; push again to go on.",
            ) from error
        sent.state["revision"] = one.revision
        name = whole.run.name
        self.done.conflicts += [conflict(name, *each) for each in sent.conflicts]
        self.done.notes += sent.notes
        return sent

    def _foreign(self, run_id: str) -> str | None:
        for one, sent in self._sent:
            if one.id == run_id:
                return sent.foreign
        with self._service.database.read() as conn:
            return agreed.foreign_of(conn, self._opened.place, run_id)

    def _count(self, sent: Sent) -> None:
        self.done.new += sent.made
        self.done.changed += not sent.made
        self.done.points += sent.points
        self.done.files += sent.files

    def _save(self) -> None:
        """Write down what was sent: nothing is asked again, and no run looked for."""
        done, self._sent = self._sent, []
        if done:
            with self._service.database.write() as conn:
                for one, sent in done:
                    agreed.save(conn, self._opened.place, sent.foreign, one.run, sent.state)


def conflict(name: str, field: str, here: str, there: str) -> str:
    """What both sides changed, for people."""
    kind, _, tag = field.partition(":")
    what = f"tag '{tag}'" if tag else kind
    return f"{what} of '{name}': here '{here[:80]}', on the server '{there[:80]}', which stands."
