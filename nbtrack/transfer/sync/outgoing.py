"""One run to a server: made there, or brought up to date, so that whatever stops it leaves one copy of everything."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from nbtrack.base.errors import InvalidValue
from nbtrack.runs import given
from nbtrack.transfer import mlflow as words
from nbtrack.transfer.records import Points, Whole
from nbtrack.transfer.sync.agreeing import (
    Merged,
    Point,
    agreed_after,
    base_of,
    counted,
    counted_each,
    fields_here,
    fields_there,
    merge,
)
from nbtrack.transfer.sync.artifacts import EXACT_FILE, repository
from nbtrack.transfer.sync.opening import Opened

BATCH, SMALL_BATCH = 1000, 100  # entities, and params or tags, that a server takes at once
_FIRST_TAGS = 50  # sent with the run itself; the others follow
CODE_FILE = "nbtrack/cell.py"


@dataclass
class Sent:
    """What came of sending a run: what it is called there, its state, and how much went."""

    foreign: str
    state: dict[str, Any]
    made: bool = False
    points: int = 0
    files: int = 0
    conflicts: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Outgoing:
    """Sends runs to an open store. user: who a run is of where nothing is known."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._store = opened.store
        self._user = _user()

    def create(self, whole: Whole, experiment: str, parent: str | None) -> Any:
        """Make the run there, with the tag by which it is found again if nothing more is heard of it."""
        from mlflow.entities import RunTag

        record, here = whole.run, fields_here(whole.run)
        tags = {words.RUN_ID: record.id, **self._made_tags(whole, parent)}
        if here["note"]:
            tags[words.NOTE] = here["note"]
        own = [(name[4:], value) for name, value in here.items() if name.startswith("tag:")]
        tags |= dict(own[:_FIRST_TAGS])
        user = record.about.get("mlflow", {}).get("user_id") or self._user
        return self._store.create_run(
            experiment,
            user,
            words.milliseconds(record.started),
            [RunTag(name, value) for name, value in tags.items()],
            here["name"],
        )

    def _made_tags(self, whole: Whole, parent: str | None) -> dict[str, str]:
        """Tags that MLflow itself would set."""
        record, found = whole.run, {}
        if parent is not None:
            found[words.PARENT] = parent
        if "mlflow.user" not in record.tags:
            found[words.USER] = record.about.get("mlflow", {}).get("user_id") or self._user
        if record.notebook and "mlflow.source.name" not in record.tags:
            kind = "NOTEBOOK" if record.notebook.endswith(".ipynb") else "LOCAL"
            found |= {"mlflow.source.name": record.notebook, "mlflow.source.type": kind}
        commit = (record.git or {}).get("commit")
        if commit and words.COMMIT not in record.tags:
            found[words.COMMIT] = str(commit)
        return found

    def update(self, whole: Whole, run: Any, state: Mapping[str, Any], made: bool) -> Sent:
        """Bring a run there up to date.

        run: MLflow's, as it is there. state: of the run, see `agreeing`. made: it was made just now.
        """
        sync = dict(state.get("sync", {}))
        sent = Sent(run.info.run_id, sync, made)
        here, there, base = fields_here(whole.run), fields_there(run), base_of(state)
        merged = merge(base, here, there)
        sent.conflicts = merged.conflicts
        deleted = there["deleted"] == "yes"
        if deleted and merged.send.get("deleted") == "":
            self._store.restore_run(run.info.run_id)
            deleted = False
        if deleted:  # a server takes nothing for a deleted run
            sync |= {"base": agreed_after(base, here, merged), "open": False}
            return sent
        names: dict[str, str] = {}
        self._send_values(whole, run, sync, sent, merged, names, made)
        self._send_datasets(whole, run)
        self._send_files(whole, run, sync, sent, names)
        self._send_end(run, there, merged)
        sync |= {"base": agreed_after(base, here, merged), "open": False}
        return sent

    # -- values

    def _send_values(
        self,
        whole: Whole,
        run: Any,
        sync: dict[str, Any],
        sent: Sent,
        merged: Merged,
        names: dict[str, str],
        made: bool,
    ) -> None:
        """Params, tags and points, as many as fit into each batch."""
        from mlflow.entities import Metric, Param, RunTag

        there = run.data.params
        params = [Param(name, text) for name, text in self._params(whole, there, sent)]
        known = run.data.tags
        tags = [
            RunTag(name[4:], value) for name, value in merged.send.items() if name[:4] == "tag:" and value is not None
        ]
        tags = [tag for tag in tags if known.get(tag.key) != tag.value]
        if merged.send.get("note") is not None and known.get(words.NOTE, "") != merged.send["note"]:
            tags.append(RunTag(words.NOTE, merged.send["note"] or ""))
        for name, value in merged.send.items():
            if value is None and name.startswith("tag:"):
                self._store.delete_tag(run.info.run_id, name[4:])
        counts: dict[str, int] = {}
        batch: list[Any] = []
        for points in self._unsent(whole, run, sync, made, counts, names):
            for step, moment, number in zip(points.steps, points.times, points.values, strict=True):
                batch.append(Metric(points.key, number, words.milliseconds(moment), step))
                if len(batch) + min(len(params), SMALL_BATCH) + min(len(tags), SMALL_BATCH) >= BATCH:
                    sent.points += self._batch(run, batch, params, tags)
        while batch or params or tags:
            sent.points += self._batch(run, batch, params, tags)
        sync["points"] = counts

    def _batch(self, run: Any, batch: list[Any], params: list[Any], tags: list[Any]) -> int:
        """Send what fits into one request, and take it off the lists; how many points went."""
        points = len(batch)
        self._store.log_batch(run.info.run_id, batch[:], params[:SMALL_BATCH], tags[:SMALL_BATCH])
        del batch[:], params[:SMALL_BATCH], tags[:SMALL_BATCH]
        return points

    def _params(self, whole: Whole, there: Mapping[str, str], sent: Sent) -> Iterator[tuple[str, str]]:
        names: set[str] = set()
        for param in whole.run.params:
            name = words.name_out(param.name, names)
            names.add(name)
            text = words.cut(words.param_text(param.value), words.MAX_PARAM)
            if name not in there:
                yield name, text
            elif there[name] != text:
                sent.notes.append(
                    f"Param '{name}' of '{whole.run.name}' is another on the server and stays so: it changes no params."
                )

    def _unsent(
        self, whole: Whole, run: Any, sync: Mapping[str, Any], made: bool, counts: dict[str, int], names: dict[str, str]
    ) -> Iterator[Points]:
        """The points that the server has not, by what it has where that is not known for certain."""
        certain = sync.get("points", {}) if not sync.get("open") and "base" in sync else {}
        ask = not made and not certain
        there: dict[str, Counter[Point]] = {}
        for points in whole.points():
            key = names.get(points.key)
            if key is None:
                key = names[points.key] = words.name_out(points.key, set(names.values()))
            first = counts.get(points.key, 0)
            counts[points.key] = first + len(points.values)
            skip = min(max(0, certain.get(points.key, 0) - first), len(points.values))
            if ask and key in run.data.metrics:
                if key not in there:
                    there[key] = self._history(run, key)
                yield _without(points, key, there[key])
            elif skip < len(points.values):
                yield Points(key, points.steps[skip:], points.times[skip:], points.values[skip:])

    def _history(self, run: Any, key: str) -> Counter[Point]:
        from nbtrack.transfer.sync.reading import Reader

        found: Counter[Point] = Counter()
        for points in Reader(self._opened).history(run, key):
            found.update(counted(points))
        return found

    # -- the rest

    def _send_datasets(self, whole: Whole, run: Any) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        known = {(one.dataset.name, one.dataset.digest) for one in (run.inputs.dataset_inputs if run.inputs else ())}
        found = []
        for record in whole.run.datasets:
            given, tags = words.dataset_out(record)
            if (given.get("name"), given.get("digest")) not in known:
                fields: dict[str, Any] = {name: given.get(name) for name in words.DATASET}
                found.append(DatasetInput(Dataset(**fields), [InputTag(key, value) for key, value in tags.items()]))
        if found:
            self._store.log_inputs(run.info.run_id, datasets=found)

    def _send_files(self, whole: Whole, run: Any, sync: dict[str, Any], sent: Sent, names: Mapping[str, str]) -> None:
        """The files that the server has not, in one go; sent again they only take their own places."""
        known = dict(sync.get("files", {}))
        with tempfile.TemporaryDirectory(prefix="nbtrack-push-") as folder:
            root = Path(folder)
            for file in whole.files():
                if file.hash is not None and known.get(file.path) == file.hash:
                    continue
                try:  # the name stands in a database that may be from elsewhere
                    target = root.joinpath(*PurePosixPath(given.artifact_path(file.path)).parts)
                except InvalidValue as error:
                    sent.notes.append(f"A file of '{whole.run.name}' is left out: {error.message}")
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                _put(file.content, target)
                known[file.path] = file.hash or ""
                sent.files += 1
            for path, text in _own_files(whole, names).items():
                seal = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
                if known.get(path) != seal:
                    target = root / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(text, encoding="utf-8", errors="backslashreplace")
                    known[path] = seal
            if any(root.iterdir()):
                repository(self._opened, run.info.artifact_uri).log_artifacts(folder)
        if EXACT_FILE in known and run.data.tags.get(words.EXACT) != EXACT_FILE:
            self._tag(run, words.EXACT, EXACT_FILE)
        sync["files"] = known

    def _tag(self, run: Any, name: str, value: str) -> None:
        from mlflow.entities import RunTag

        self._store.set_tag(run.info.run_id, RunTag(name, value))

    def _send_end(self, run: Any, there: Mapping[str, str], merged: Merged) -> None:
        """Name, status and end; and the deletion last, since a deleted run takes nothing."""
        from mlflow.entities import RunStatus

        name, status = merged.send.get("name"), merged.send.get("status")
        if name is not None or (status is not None and status != there["status"]):
            word, _, ended = (status or there["status"]).partition(" ")
            self._store.update_run_info(
                run.info.run_id, RunStatus.from_string(word), int(ended) if ended else None, name or there["name"]
            )
        if merged.send.get("deleted") == "yes":
            self._store.delete_run(run.info.run_id)


def _own_files(whole: Whole, names: Mapping[str, str]) -> dict[str, str]:
    """What a server has no place for, as files: the code, and values and names that it cannot hold as they are."""
    record, found = whole.run, {}
    if record.code:
        found[CODE_FILE] = record.code
    exact = {one.name: one.value for one in record.params if not words.comes_back(one.value)}
    tags = {name: value for name, value in record.tags.items() if len(value) > words.MAX_TAG or not words.fits(name)}
    metrics = {there: here for here, there in names.items() if here != there}
    note = record.note if len(record.note) > words.MAX_TAG else ""
    given: dict[str, Any] = {"params": exact, "tags": tags, "metrics": metrics, "note": note}
    parts = {name: part for name, part in given.items() if part}
    if parts:
        found[EXACT_FILE] = json.dumps({"nbtrack": 1, "run": record.id, **parts}, indent=1) + "\n"
    return found


def _put(content: Any, target: Path) -> None:
    """A file's content at a path: a second name of the same file where that can be."""
    if isinstance(content, Path):
        try:
            os.link(content, target)
        except OSError:
            shutil.copyfile(content, target)
        return
    with content() as reading, target.open("wb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)


def _without(points: Points, key: str, there: Counter[Point]) -> Points:
    """The points that are not among those there, which are counted off."""
    left = Points(key)
    for index, point in enumerate(counted_each(points)):
        if there[point] > 0:
            there[point] -= 1
        else:
            left.steps.append(points.steps[index])
            left.times.append(points.times[index])
            left.values.append(points.values[index])
    return left


def _user() -> str:
    with suppress(Exception):
        return getpass.getuser()
    return "nbtrack"
