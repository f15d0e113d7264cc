"""What bringing in a TensorBoard event file of a million points costs, from reading to the project's file."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from child import folder, in_child
from table import Line, judge, median, plain

POINTS = 1_000_000
KEYS = 20
GOAL = 20.0  # seconds of CPU
_WHY = (
    "each event is read by TensorBoard's own protocol buffers, one at a time, in Python. Tried: TensorBoard's own "
    "reader, whose checksums, a byte at a time in Python, are most of its 20 µs an event; those of many events are "
    "computed together now."
)


def write(place: str, points: int) -> None:
    """Inside a child: an event file as TensorBoard's own writer makes it, a scalar an event."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    runs = Path(place) / "runs"
    runs.mkdir()
    with (runs / "events.out.tfevents.1700000000.bench.1.0").open("wb") as file:
        writer = RecordWriter(file)
        for number in range(points):
            event = Event(wall_time=1.7e9 + number * 1e-3, step=number // KEYS)
            event.summary.value.add(tag=f"train/metric_{number % KEYS}", simple_value=1 / (number + 1))
            writer.write(event.SerializeToString())
        writer.flush()


def bring_in(place: str) -> dict[str, float]:
    """Inside another child: wall and CPU seconds of an import, and of the same once more."""
    from nbtrack.base.config import Project
    from nbtrack.transfer.importers import importer
    from nbtrack.transfer.landing import land

    source, found = str(Path(place) / "runs"), {}
    for what in ("first", "again"):
        reader = importer("tensorboard")
        began, spent = time.perf_counter(), time.process_time()
        land(Project(Path(place)), reader.read(source, {}), reader.place(source))
        found[what], found[f"{what}_cpu"] = time.perf_counter() - began, time.process_time() - spent
    return found


def recorded(place: str) -> int:
    """Inside a third child: how many points are there."""
    with closing(sqlite3.connect(Path(place) / ".nbtrack" / "nbtrack.db")) as conn:
        return int(conn.execute("SELECT total(count) FROM metrics").fetchone()[0])


def _once(points: int) -> dict[str, float]:
    with folder() as place:
        in_child("import_tensorboard:write", place, points=points)
        found: dict[str, float] = in_child("import_tensorboard:bring_in", place)
        there = in_child("import_tensorboard:recorded", place)
        if there != points:
            raise RuntimeError(f"{there} of {points} points were recorded: their time means nothing")
        return found


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    if find_spec("tensorboard") is None:
        return []
    points, rounds = (2_000, 1) if quick else (POINTS, 3)
    taken = [_once(points) for _ in range(rounds)]
    wall, spent = median(one["first"] for one in taken), median(one["first_cpu"] for one in taken)
    again = median(one["again_cpu"] for one in taken)
    note = f"TensorBoard: one event file of {points:,} scalars under {KEYS} tags, by TensorBoard's own writer."
    return [
        Line(
            "import_tensorboard",
            f"import of {points:,} TensorBoard points",
            {"nbtrack": f"{plain(spent)} CPU ({plain(wall)})"},
            f"≤ {GOAL:.0f} s CPU",
            judge(spent <= GOAL),
            note,
            {"nbtrack": spent, "wall": wall},
            why=_WHY,
        ),
        Line("import_tensorboard", "the same once more: nothing new", {"nbtrack": f"{plain(again)} CPU"}),
    ]
