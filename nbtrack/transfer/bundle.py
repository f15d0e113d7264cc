"""The format of ``name.nbtrack.zip``: whole runs for another project, with nothing lost.

A zip file, each member of it stored or deflated:

``manifest.json``         what it is, by whom and when it was made, and how much there is: see `Manifest`
``experiments.jsonl``     a line an experiment
``runs/000001.jsonl``     a line a run, see `Line`; further files of it as they fill up
``models.jsonl``          a line a logged model
``sessions/000001.json``  a kernel or process, with the executions behind the runs
``environments/HASH.json``
``points/000001.bin``     points of runs, one behind the other: see `packed`; further files of it as they fill up
``objects/HASH``          files, by the sha256 of what they hold

The JSON is Python's: integers of any size, NaN, Infinity and -Infinity stand in it as these words, half characters as
escapes. No name of a member is ever used as a path.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from array import array
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from nbtrack.transfer.records import Points, RunRecord

FORMAT = "nbtrack bundle"
VERSION = 1
MANIFEST, EXPERIMENTS, MODELS = "manifest.json", "experiments.jsonl", "models.jsonl"
MEMBER = re.compile(
    r"manifest\.json|experiments\.jsonl|models\.jsonl|runs/[0-9]{6,9}\.jsonl|sessions/[0-9]{6,9}\.json"
    r"|environments/[0-9a-f]{64}\.json|points/[0-9]{6,9}\.bin|objects/[0-9a-f]{64}"
)
PLAIN = 64 << 20  # bytes: a larger member is stored as it is, so that no small file unpacks to a huge one
TRUSTED = 1 << 30  # bytes up to which a bundle may be made smaller however much; beyond it, at most `RATIO` times
RATIO = 100
_SWAP = sys.byteorder == "big"
_HEAD = struct.Struct("<II")  # bytes of the name and source as JSON, number of points


class Manifest(Struct):
    """What a bundle is. bytes: of all other members, unpacked; missing: why an object is not there, by its hash."""

    format: str
    version: int
    made_by: str
    made: float
    runs: int = 0
    experiments: int = 0
    models: int = 0
    points: int = 0
    objects: int = 0
    members: int = 0
    bytes: int = 0
    missing: dict[str, str] = field(default_factory=dict)


class FileLine(Struct):
    """A file of a run or model; its content is the object of this hash."""

    path: str
    hash: str
    size: int
    mime: str | None = None
    kind: str = "file"
    created: float = 0.0


class Line(Struct):
    """A run in a bundle. session, environment: in which members they are.

    parts: where its points are: of members, by number, the bytes from one place up to another. points: how many.
    """

    run: RunRecord
    session: str | None = None
    environment: str | None = None
    parts: list[tuple[int, int, int]] = field(default_factory=list)
    points: int = 0
    files: list[FileLine] = field(default_factory=list)


def dumps(value: Any) -> bytes:
    """A line of JSON."""
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def packed(points: Points) -> bytes:
    """Points as bytes: two lengths, name and source as JSON, then steps, times and values, little-endian."""
    head = json.dumps([points.key, points.source]).encode("ascii")
    return b"".join(
        (
            _HEAD.pack(len(head), len(points.steps)),
            head,
            _bytes(points.steps),
            _bytes(points.times),
            _bytes(points.values),
        )
    )


def unpacked(data: bytes) -> Iterator[Points]:
    """What `packed` made, one after the other.

    Raises:
        ValueError: the bytes are none of that.
    """
    at = 0
    while at < len(data):
        if at + _HEAD.size > len(data):
            raise ValueError("points end in the midst of one of their heads")
        size, count = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        end = at + size + 24 * count
        if end > len(data):
            raise ValueError("points end before they should")
        key, source = json.loads(data[at : at + size])
        if type(key) is not str or type(source) is not str:
            raise ValueError("points have no name")
        points = Points(key, source=source)
        at += size
        for column in (points.steps, points.times, points.values):
            column.frombytes(data[at : at + 8 * count])
            if _SWAP:
                column.byteswap()
            at += 8 * count
        yield points


def _bytes(column: array[Any]) -> bytes:
    if _SWAP:
        column = column[:]
        column.byteswap()
    return column.tobytes()
