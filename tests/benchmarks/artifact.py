"""The same large file kept as an artifact of two runs: how long it takes, and the disk after each."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from child import cpu, folder, in_child
from subjects import SUBJECTS
from table import Line, judge, median, plain

SIZE = 200_000_000
NONE = ("tensorboard",)  # it has no artifacts
Keep = Callable[[Any, str, str], None]


def _nbtrack(tracker: Any, file: str, place: str) -> None:
    tracker.nbtrack.log_artifact(file)


def _sqlite(tracker: Any, file: str, place: str) -> None:
    """By hand: a copy in a folder of the run."""
    shutil.copyfile(file, Path(place) / f"model-of-{tracker.number}.bin")


def _trackio(tracker: Any, file: str, place: str) -> None:
    tracker.trackio.log_artifact(file, name="model", type="model")


def _wandb(tracker: Any, file: str, place: str) -> None:
    tracker.run.log_artifact(file, name="model", type="model")


def _mlflow(tracker: Any, file: str, place: str) -> None:
    tracker.mlflow.log_artifact(file)


def _aim(tracker: Any, file: str, place: str) -> None:
    tracker.run.set_artifacts_uri(f"file://{place}/aim-artifacts")
    tracker.run.log_artifact(file, block=True)


_KEEP: dict[str, Keep] = {
    "nbtrack": _nbtrack,
    "sqlite3": _sqlite,
    "trackio": _trackio,
    "wandb": _wandb,
    "mlflow": _mlflow,
    "aim": _aim,
}


def keep(subject: str, place: str, file: str) -> list[dict[str, float]]:
    """Inside a child: keep the file twice. Seconds until the run has ended, CPU, and bytes on disk, for each."""
    tracker = SUBJECTS[subject](place)
    found = []
    for number in range(2):
        tracker.begin(f"keeper-{number}", {}, {})
        began, spent = time.perf_counter(), cpu()
        _KEEP[subject](tracker, file, place)
        tracker.end()
        took = {"wall": time.perf_counter() - began, "cpu": max(0.0, cpu() - spent)}
        found.append({**took, "bytes": _disk(place)})
    tracker.close()
    return found


def _disk(place: str) -> float:
    """The blocks of all files, of which those with several names count once."""
    files = {}
    for path in Path(place).rglob("*"):
        with suppress(FileNotFoundError):  # of the background's work, and gone again
            about = os.lstat(path)
            files[about.st_dev, about.st_ino] = about.st_blocks * 512 if path.is_file() else 0
    return float(sum(files.values()))


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    names = ["nbtrack", "sqlite3", *(name for name in rivals if name not in NONE)]
    size = 2_000_000 if quick else SIZE
    found: dict[str, list[list[dict[str, float]]]] = {name: [] for name in names}
    with folder() as apart:
        file = Path(apart) / "model.bin"
        for _ in range(1 if quick else 3):
            file.write_bytes(os.urandom(size))
            for name in names:
                with folder() as place:
                    found[name].append(in_child("artifact:keep", place, subject=name, file=str(file)))
    for name, rounds in found.items():
        if min(one[0]["bytes"] for one in rounds) < size:
            raise RuntimeError(f"{name} does not hold the {size:,} bytes: its time means nothing")
    return _table(found, size)


def _table(found: dict[str, list[list[dict[str, float]]]], size: int) -> list[Line]:
    def of(what: str, time: int) -> dict[str, float]:
        return {name: median(one[time][what] for one in rounds) for name, rounds in found.items()}

    def timed(number: int) -> dict[str, str]:
        wall, spent = of("wall", number), of("cpu", number)
        return {name: f"{plain(wall[name])} ({plain(spent[name])})" for name in wall}

    disk = [of("bytes", number) for number in range(2)]
    twice = disk[1]["nbtrack"] < 1.05 * size + 5e6  # a database and a segment of the journal
    note = (
        f"Artifact: {size / 1e6:,.0f} MB of random bytes, kept by two runs of one process, each time until the run has "
        "ended; disk is what the files of the store take. sqlite3 is a copied file. TensorBoard has no artifacts."
    )
    what = f"an artifact of {size / 1e6:,.0f} MB"
    return [
        Line("artifact", f"{what}, wall (CPU)", timed(0), note=note, values=of("wall", 0), better="low", why=_WHY),
        Line("artifact", f"{what}, again in another run", timed(1), values=of("wall", 1), better="low", why=_AGAIN),
        Line(
            "artifact",
            f"{what}: disk after the first and the second",
            {name: f"{disk[0][name] / 1e6:,.0f}, {disk[1][name] / 1e6:,.0f} MB" for name in found},
            "once",
            judge(twice),
            values=disk[1],
            better="low",
            why="nbtrack's folder has its database and the journal's segment too, of a fixed size; more than that "
            "would be a second copy, and a fault.",
        ),
    ]


_WHY = (
    "nbtrack reads the file to its SHA-256, which proves later that it is what was kept and keeps it once, however "
    "often it is logged, and syncs it to disk before its run names it; a bare copy does neither, and stays in memory. "
    "The limit is one reading, one hash and one writing."
)
_AGAIN = (
    "the second time too the file is read to its hash, and copied aside meanwhile, for only the hash of all of it "
    "tells that it is there already; the copy is dropped then, and not synced. To go by its size and time would be "
    "quicker, and wrong where a file is written twice in a moment."
)
