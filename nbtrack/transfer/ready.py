"""A run as it waits in the spool: checked, in the form of the file's rows, with what tells whether it has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from nbtrack.runs.values import encode
from nbtrack.transfer.records import RunRecord

FileRow = tuple[str, str, int, str | None, str, float]  # path, hash, size, mime, kind, created
EDITABLE = ("name", "note", "starred", "trashed", "experiment")
_COLUMNS = (
    *("name", "status", "started", "ended", "kind", "notebook", "cell", "execution", "number"),
    *("note", "trashed", "end_reason"),
)


class Ready(Struct):
    """A run for the file. columns: of the table runs, but for what names other rows; the lists are rows of tables.

    foreign: what it is called at its source. metrics: the names that its points have. environment: a hash; session: an
    id; both stand in the spool by themselves. digest: the same for the same run, however it was read.
    """

    id: str
    foreign: str
    columns: dict[str, Any]
    experiment: str
    parent: str | None
    code: str | None
    environment: str | None
    session: str | None
    params: list[tuple[str, str, Any, Any, str, float]]
    history: list[tuple[str, str, Any, Any, str, float]]
    tags: list[tuple[str, str]]
    datasets: list[tuple[str, str, str, str | None, str | None, str]]
    outputs: list[tuple[str, str, str | None, str | None, str | None, int]]
    files: list[FileRow]
    metrics: list[str]
    elsewhere: list[tuple[str, str, str]]
    digest: str = ""

    def brought(self) -> dict[str, Any]:
        """What is remembered of the run beside it: its digest, and what it brought, so that edits can be told."""
        fields = {**self.columns, "experiment": self.experiment}
        return {
            "digest": self.digest,
            "fields": {name: short(fields[name]) for name in EDITABLE},
            "tags": {name: short(value) for name, value in self.tags},
            "names": {
                "params": names(row[0] for row in self.params),
                "metrics": names(self.metrics),
                "datasets": names(row[0] for row in self.datasets),
                "artifacts": names(row[0] for row in self.files),
            },
        }


def made_ready(
    run: RunRecord, place: str, files: list[FileRow], environment: str | None, metrics: list[str], points: list[Any]
) -> Ready:
    """A checked run. environment: the hash of its environment. points: what stands for its points."""
    ready = Ready(
        id=run.id,
        foreign=run.elsewhere[place].id if place in run.elsewhere else run.id,
        columns={
            **{name: getattr(run, name) for name in _COLUMNS},
            "starred": int(run.starred),
            "git": None if run.git is None else json.dumps(run.git),
            "about": json.dumps(run.about),
        },
        experiment=run.experiment,
        parent=run.parent,
        code=run.code,
        environment=environment,
        session=run.session.id if run.session is not None else None,
        params=[(one.name, *encode(one.value), one.source, one.at) for one in run.params],
        history=[(one.name, *encode(value), source, at) for one in run.params for value, source, at in one.earlier],
        tags=sorted(run.tags.items()),
        datasets=[(one.name, one.role, one.kind, one.path, one.hash, json.dumps(one.info)) for one in run.datasets],
        outputs=[(one.kind, one.mime, one.text, one.plain, one.artifact, one.dropped) for one in run.outputs],
        files=files,
        metrics=metrics,
        elsewhere=[(place, one.id, json.dumps(one.state)) for place, one in run.elsewhere.items()],
    )
    ready.digest = _digest(run, ready, points)
    return ready


def _digest(run: RunRecord, ready: Ready, points: list[Any]) -> str:
    infos = sorted((one.name, one.info) for one in run.datasets)
    what = [
        {**ready.columns, "git": run.git, "about": run.about},
        *(ready.experiment, ready.parent, ready.code, ready.environment, ready.session),
        *(sorted(ready.params, key=_name), ready.history, ready.tags),
        *([row[:-1] for row in sorted(ready.datasets, key=_name)], infos),
        *(ready.outputs, sorted(ready.files, key=_name), points),
    ]
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=bytes.hex).encode()).hexdigest()[:32]


def _name(row: Any) -> Any:
    return row[0]


def short(value: Any) -> str:
    """What stands for a value, to see later whether it was edited."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def names(given: Iterable[str]) -> str:
    """What stands for names, one after the other in as many characters each; see `among`."""
    return "".join(short(name) for name in given)


def among(found: str, name: str) -> bool:
    """Whether a name is among those of `names`."""
    wanted = short(name)
    at = found.find(wanted)
    while at >= 0 and at % len(wanted):
        at = found.find(wanted, at + 1)
    return at >= 0
