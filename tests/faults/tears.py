"""Journals of a process whose machine lost its power: pages that were not synced are there, gone, or there in part.

A journal is written page by page as the system likes. After a cut each page that changed since the last sync is the old
one, the new one, or, sector by sector, some of both. What was synced must be read; what comes behind a gap is left, and
the reader says so; nothing that was never logged is ever read.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.runs import projects
from nbtrack.runs.recovery import recover
from tests.faults.table import Row

LONG, QUICK = 3000, 40
_WRITER, _RUN = "0123456789ab", "00112233445566778899aabb"
_PAGE, _SECTOR = 4096, 512
_SIZE = 1 << 14  # of a segment: the points of a writer fill several
_SYNCS = 3


@dataclass
class Written:
    """What a process wrote. places: of each point, its segment's name and where its record lies there.

    durable, whole: the bytes of each segment at the last sync, and at the cut. synced: how many points that sync had.
    """

    places: list[tuple[str, int, int]] = field(default_factory=list)
    durable: dict[str, bytes] = field(default_factory=dict)
    whole: dict[str, bytes] = field(default_factory=dict)
    synced: int = 0


Told = Callable[[Written], Written]


@dataclass
class Tears:
    """What cuts did. gaps: how many had sound records behind a gap. unsaid: of these, those that nobody was told of."""

    cuts: int = 0
    gaps: int = 0
    lost: int = 0
    corrupt: int = 0
    unsaid: int = 0
    examples: list[str] = field(default_factory=list)


def write(folder: Path, chance: random.Random) -> Written:
    """Log points until the cut, and sync now and then."""
    told, points = Written(), chance.randrange(800, 1600)
    opening = [
        {"e": "session", "id": _WRITER, "kind": "script", "started": 1e9},
        {"e": "run", "id": _RUN, "name": "r", "experiment": "e", "started": 1e9, "kind": "script"},
        {"e": "layout", "no": 1, "run": _RUN, "keys": ["loss"]},
    ]
    bodies = [journal.encode_event(json.dumps(event)) for event in opening]
    writing = journal.Journal(folder, _WRITER, lambda: bodies, _SIZE)
    syncs = {chance.randrange(points) for _ in range(_SYNCS)}
    pack = journal.points_struct(1).pack
    for number in range(points):
        writing.append(pack(journal.POINTS, 1, number, 1e9 + number, float(number)))
        name = f"{_WRITER}-{writing.number:06d}.nbj"
        told.places.append((name, writing.offset - journal.points_struct(1).size - 8, writing.offset))
        if number in syncs:
            writing.sync()
            told.durable, told.synced = _content(folder), number + 1
    told.whole = _content(folder)
    writing.close(remove=True)
    return told


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def torn(told: Written, chance: random.Random) -> dict[str, bytes]:
    """The segments as they are found when the machine is on again."""
    found = {}
    for name, new in told.whole.items():
        old = told.durable.get(name, bytes(len(new)))
        parts, kept = [], chance.choice((0.1, 0.5, 0.9))  # how much the system has written by itself
        for page in range(0, len(new), _PAGE):
            way = chance.choice(("whole", "whole", "torn"))
            both = (old, new)[chance.random() < kept]
            for at in range(page, page + _PAGE, _SECTOR):
                side = both if way == "whole" else chance.choice((old, new))
                parts.append(side[at : at + _SECTOR])
        if name in told.durable or chance.random() < 0.8:  # a name that was not synced may be gone
            found[name] = b"".join(parts)
    return found


def _empty(root: Path) -> bytes:
    """A database without runs."""
    database = projects.database_of(Project(root))
    with database.write():
        pass
    projects.forget_all()
    data = database.path.read_bytes()
    shutil.rmtree(root)
    return data


def judge(count: Tears, told: Written, found: dict[str, bytes], project: Project, what: str) -> None:
    """Let a reader take what is there, and compare."""
    for name, data in found.items():
        (project.journal / name).write_bytes(data)
    database = projects.database_of(project)
    troubles = recover(database, project)
    values = _values(database)
    again = (recover(database, project), _values(database))
    projects.forget_all()
    count.cuts += 1
    wrong = []
    if not set(values) >= set(range(told.synced)):
        count.lost += 1
        wrong.append("lost")
    if values != sorted(set(values)) or not set(values) <= set(range(len(told.places))) or again != ([], values):
        count.corrupt += 1
        wrong.append("corrupt")
    gaps = _gaps(told, found)
    count.gaps += bool(gaps)
    if not all(any(name in text for text in troubles) for name in gaps):
        count.unsaid += 1
        wrong.append("unsaid")
    if wrong:
        count.examples.append(f"{', '.join(wrong)}: {what}")


def _values(database: projects.Database) -> list[float]:
    with database.read() as conn:
        rows = conn.execute("SELECT vals FROM points ORDER BY run, key, seq").fetchall()
    return [value for (blob,) in rows for value in memoryview(blob).cast("d")]


def _gaps(told: Written, found: dict[str, bytes]) -> set[str]:
    """The segments in which a record that is whole lies behind one that is not."""
    broken, gaps = set(), set()
    for name, start, stop in told.places:
        if name in found:
            if found[name][start:stop] != told.whole[name][start:stop]:
                broken.add(name)
            elif name in broken:
                gaps.add(name)
    return gaps


def run(folder: Path, count: int, seed: int, told: Told = lambda one: one) -> Tears:
    """Write journals, tear each a few times. told: changes what is believed of one, for a canary."""
    chance, found = random.Random(seed), Tears()
    project = Project(folder / "read")
    project.create()
    empty = _empty(project.root)
    while found.cuts < count:
        place = folder / "writing"
        place.mkdir()
        written = write(place, chance)
        place.rmdir()
        for _ in range(5):
            project.create()
            project.database.write_bytes(empty)
            judge(found, told(written), torn(written, chance), project, f"cut {found.cuts} of seed {seed}")
            shutil.rmtree(project.root)
    return found


@contextmanager
def without_checksums() -> Iterator[None]:
    """A canary: records are believed whatever they say."""
    journal.crc32 = lambda data: 0  # type: ignore[assignment]
    try:
        yield
    finally:
        journal.crc32 = crc32


def believed(told: Written) -> Written:
    """A canary: all is said to be on the disk."""
    return Written(told.places, told.durable, told.whole, len(told.places))


def _blind(folder: Path, seed: int) -> Tears:
    """Cuts that are read without checksums, until one shows: of ten, now and then none parts a record in two."""
    with without_checksums():
        return _until(folder, seed, lambda more: more.corrupt)


def _careless(folder: Path, seed: int) -> Tears:
    """Cuts of what was believed to be on the disk, until one shows: the last sync may have come just before them."""
    return _until(folder, seed, lambda more: more.lost, believed)


def _until(folder: Path, seed: int, seen: Callable[[Tears], int], told: Told = lambda one: one) -> Tears:
    found = Tears()
    while found.cuts < 200:
        more = run(folder, 10, seed + found.cuts, told)
        found.cuts += more.cuts
        found.lost += more.lost
        found.corrupt += more.corrupt
        if seen(more):
            break
    return found


def rows(long: bool) -> list[Row]:
    """The row of the table."""
    seed = random.SystemRandom().randrange(1 << 32)
    sys.stderr.write(f"tears: seed {seed}\n")
    with tempfile.TemporaryDirectory(prefix="nbtrack-tears-") as name:
        found = run(Path(name), LONG if long else QUICK, seed)
        careless = _careless(Path(name), seed)
        blind = _blind(Path(name), seed)
    return [
        Row(
            "torn pages of journals",
            found.cuts,
            found.lost,
            found.corrupt,
            found.unsaid,
            canary=f"all said to be synced: {careless.lost} of {careless.cuts} lost; "
            f"no checksums: {blind.corrupt} of {blind.cuts} corrupt",
            goal="0 synced lost, 0 corrupt, each gap said",
            met=not (found.lost or found.corrupt or found.unsaid) and found.gaps > 0,
            note=f"{found.gaps} had sound records behind a gap. {'; '.join(found.examples[:5])}".strip(),
            values={"gaps": found.gaps, "careless": careless.lost, "blind": blind.corrupt},
        )
    ]
