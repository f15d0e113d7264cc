"""When a run here and the same run on a server differ: who is right.

**What is only ever added unites**: points of metrics, params, files, data sets. What one side has and the other has
not goes there. A param that has another value on either side stays as it is on both: servers do not change params.

**What can be edited** (name, note, each tag, status, and whether the run is deleted) is compared with what both sides
agreed on last. Where one side alone has changed it, that side is right. Where both have, **the server is right**: it is
what others see. What stood here is said, and `undo` brings it back. An ended run is never made a running one again.

Stars, experiments and the trash of whole experiments stay each side's own.

State of a run (``sync`` in the table ``elsewhere``): ``revision`` of the run here when it was sent; ``points``, how
many of each metric's points the server has for certain, from the first on; ``files`` by path, with their hashes;
``base``, what the editable fields were when both agreed; ``seen``, a digest of the server's run when it was fetched;
``open``, set while something is on its way: then the server is asked what it has before anything is sent again.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbtrack.transfer import mlflow as words
from nbtrack.transfer.ready import short
from nbtrack.transfer.records import Points, RunRecord

MAX_RUN_NAME = 250  # characters a server keeps
MADE = frozenset({words.USER, words.COMMIT, "mlflow.source.name", "mlflow.source.type", "mlflow.source.git.branch"})

Fields = dict[str, str]
Point = tuple[int, int, Any]


@dataclass
class Exchanged:
    """What was exchanged: runs that are new on the other side, that got something, and that agreed already.

    conflicts: what both sides had changed, a sentence each. notes: what could not go as it is.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    points: int = 0
    files: int = 0
    conflicts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Merged:
    """What is to be sent there and taken over here, and what both had changed, as (field, here, there).

    A field that is None is taken away.
    """

    send: dict[str, str | None] = field(default_factory=dict)
    take: dict[str, str | None] = field(default_factory=dict)
    conflicts: list[tuple[str, str, str]] = field(default_factory=list)


def fields_here(record: RunRecord) -> Fields:
    """The editable fields of a run here, as a server would hold them."""
    said = record.about.get("mlflow", {}).get("status")
    found = {
        "name": words.cut(words.clean_text(record.name), MAX_RUN_NAME),
        "note": words.cut(words.clean_text(record.note), words.MAX_TAG),
        "deleted": "yes" if record.trashed is not None else "",
        "status": _status(words.status_out(record.status, said), record.ended),
    }
    names: set[str] = set()
    for name, value in record.tags.items():
        plain = words.name_out(name, names)
        names.add(plain)
        found[f"tag:{plain}"] = words.cut(words.clean_text(value), words.MAX_TAG)
    return found


def fields_there(run: Any) -> Fields:
    """The same of MLflow's run."""
    tags = run.data.tags
    found = {
        "name": run.info.run_name or tags.get(words.NAME, ""),
        "note": tags.get(words.NOTE, ""),
        "deleted": "yes" if run.info.lifecycle_stage == "deleted" else "",
        "status": _status(str(run.info.status), words.seconds(run.info.end_time)),
    }
    return found | {f"tag:{name}": value for name, value in words.tags_in(tags).items()}


def _status(status: str, ended: float | None) -> str:
    return f"{status} {words.milliseconds(ended)}" if ended is not None and status != "RUNNING" else status


def sealed(fields: Mapping[str, str]) -> Fields:
    """Fields as they are remembered: long texts by their hash."""
    return {name: short(value) for name, value in fields.items()}


def base_of(state: Mapping[str, Any]) -> Fields | None:
    """What both sides agreed on last; for a run that was imported, what it brought. None if nothing is known."""
    sync, landed = state.get("sync", {}), state.get("landed", {})
    if "base" in sync:
        return dict(sync["base"])
    if "fields" not in landed:
        return None
    found = {name: landed["fields"][name] for name in ("name", "note") if name in landed["fields"]}
    return found | {f"tag:{name}": value for name, value in landed.get("tags", {}).items()}


def merge(base: Mapping[str, str] | None, here: Fields, there: Fields) -> Merged:
    """Who is right, field by field. base: sealed; without one this side made the other's run, and is right."""
    found = Merged()
    for name in {**here, **there}:
        ours, theirs = here.get(name), there.get(name)
        if ours == theirs or (ours is None and name.partition(":")[2] in MADE):
            continue
        if name == "status":
            _merge_status(found, base, ours or "", theirs or "")
            continue
        if base is None or (name not in base and not name.startswith("tag:")):
            changed_here, changed_there = bool(ours), not ours
        else:
            agreed = base.get(name)
            changed_here = agreed != (None if ours is None else short(ours))
            changed_there = agreed != (None if theirs is None else short(theirs))
        if changed_there:
            found.take[name] = theirs
            if changed_here and ours is not None:
                found.conflicts.append((name, ours, theirs or ""))
        elif changed_here:
            found.send[name] = ours
    return found


def _merge_status(found: Merged, base: Mapping[str, str] | None, ours: str, theirs: str) -> None:
    """An end beats no end; of two ends, that of the side which changed it since, else the server's."""
    open_here, open_there = ours == "RUNNING", theirs in ("RUNNING", "SCHEDULED", "")
    if open_here or open_there:
        if open_there and not open_here:
            found.send["status"] = ours
        elif open_here and not open_there:
            found.take["status"] = theirs
        return
    agreed = (base or {}).get("status")
    if agreed is not None and agreed == short(theirs):
        found.send["status"] = ours
    else:
        found.take["status"] = theirs


def agreed_after(base: Mapping[str, str] | None, here: Fields, merged: Merged) -> Fields:
    """What both agree on once what was to be sent has been sent, and what was to be taken has not."""
    now = sealed(here)
    for name in merged.take:
        if base is not None and name in base:
            now[name] = base[name]
        else:
            now.pop(name, None)
    return now


# -- points


def counted(points: Points) -> Counter[Point]:
    """Points as they can be told apart on a server: milliseconds, no −0.0, and infinity as the largest number."""
    return Counter(counted_each(points))


def counted_each(points: Points) -> Iterator[Point]:
    """The same one by one, in their order."""
    return map(_point, points.steps, points.times, points.values)


def _point(step: int, moment: float, value: float) -> Point:
    return step, words.milliseconds(moment), plain(value)


def plain(value: float) -> Any:
    """A value as databases behind servers give it back."""
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return sys.float_info.max if value > 0 else -sys.float_info.max
    return value + 0.0


def digest_of(run: Any) -> str:
    """A digest of MLflow's run, other if anything of it changed that a list of runs shows."""
    data = run.data
    parts = [
        fields_there(run),
        sorted(data.params.items()),
        sorted((one.key, repr(one.value), one.timestamp, one.step) for one in data._metric_objs),
    ]
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
