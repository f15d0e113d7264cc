"""All points of the metrics of some runs at once."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.runs.store import runs
from nbtrack.runs.store.keys import key_names
from nbtrack.transfer.store.tables import chunks

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

Points = dict[str, dict[str, "array[Any]"]]  # metric → steps, times, values


def points_of(service: RunsService, numbers: Sequence[int]) -> dict[str, Points]:
    """By id and metric, ``{"steps": …, "times": …, "values": …}`` in the order they were logged."""
    found: dict[str, Points] = {}
    with service.database.read() as conn:
        ids = {row["n"]: row["id"] for row in runs.rows(conn, numbers)}
        names = key_names(conn, "metric")
        for chunk in chunks(conn, numbers):
            if chunk.run not in ids:
                continue
            its = found.setdefault(ids[chunk.run], {}).setdefault(
                names[chunk.key], {"steps": array("q"), "times": array("d"), "values": array("d")}
            )
            for name, blob in (("steps", chunk.steps), ("times", chunk.times), ("values", chunk.values)):
                part: array[Any] = array(its[name].typecode, blob)
                if sys.byteorder == "big":
                    part.byteswap()
                its[name].extend(part)
    return found
