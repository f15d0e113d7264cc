"""What it costs to know what a cell read: hashes of large data, and tracked cells that read them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from child import folder, in_child
from table import Line, judge, median, micro, milli

PAUSE = 0.15  # seconds between two cells, so that the background work of one misses the next
HASH_GOAL = 0.5  # seconds for a table of 1 GB
CELL_GOAL = 0.05  # seconds a tracked cell
_WHY_HASH = (
    "64 MiB are read at most, in blocks from all over the table, and SHA-256 of them is the work: 0.08 s of the "
    "processor when it was measured, and 0.3 s by the clock beside much other work."
)
_WHY_CELL = (
    "what a cell reads is hashed before it runs, for afterwards it may hold something else: the cell waits for 16 MiB "
    "at most of all its data together, chosen to take some 30 ms, and longer where others use the core. Each block of "
    "a table costs some calls. Files are hashed in the background."
)
TABLES = {"rows": "of one block, as numpy's arrays become", "columns": "of a block a column"}


def table(rows: int, kind: str = "rows") -> Any:
    """A DataFrame with 100 columns of floats; a million and a quarter rows are 1 GB."""
    import numpy
    import pandas

    numbers = numpy.random.default_rng(0).random((rows, 100))
    if kind == "rows":
        return pandas.DataFrame(numbers)
    return pandas.DataFrame({f"c{number}": numbers[:, number].copy() for number in range(100)})


def hashing(place: str, rows: int, kind: str, rounds: int) -> dict[str, Any]:
    """Inside a child: seconds for the hash that `log_input` makes, and that for a cell, of one table."""
    from nbtrack.capture.data.content import content_of
    from nbtrack.capture.data.kinds import weight
    from nbtrack.capture.data.sampling import level_for

    data = table(rows, kind)
    level = level_for([weight(data)])
    asked = [_both(lambda: content_of(data)) for _ in range(rounds)]
    unasked = [_both(lambda: content_of(data, level)) for _ in range(rounds)]
    found = content_of(data)
    return {"asked": asked, "unasked": unasked, "read": found.read, "sampled": found.sampled, "level": level}


def cells(place: str, rows: int, count: int, captured: list[str]) -> list[tuple[float, float]]:
    """Inside a child: of each tracked cell that reads a table and opens a file, seconds and CPU of the main thread."""
    from cells import shell

    Path(place, ".nbtrack").mkdir(exist_ok=True)
    Path(place, ".nbtrack", "settings.json").write_text(json.dumps({"capture": captured}), encoding="utf-8")
    Path(place, "x.csv").write_text("a,b\n1,2\n" * 1000, encoding="utf-8")
    ip = shell()
    ip.user_ns.update(df=table(rows), where=str(Path(place, "x.csv")))
    ip.run_line_magic("load_ext", "nbtrack")
    found = []
    for _ in range(count + 2):
        began, spent = time.perf_counter(), time.thread_time()
        ip.run_cell("%%track\nfirst = df.iloc[0, 0]\ntext = open(where).read()", store_history=True).raise_error()
        found.append((time.perf_counter() - began, time.thread_time() - spent))
        time.sleep(PAUSE)
    return found[2:]


def opening(place: str, count: int) -> dict[str, float]:
    """Inside a child: seconds to open a file without the hook, with it, and while an execution is under way."""
    from nbtrack.capture.data import reading

    path = Path(place, "x.csv")
    path.write_text("1", encoding="utf-8")

    def one() -> float:
        return min(_seconds(lambda: [open(path).close() for _ in range(count)]) for _ in range(5)) / count

    found = {"bare": one()}
    reading.end(reading.begin())
    found["hooked"] = one()
    opened = reading.begin()
    found["noted"] = one()
    if str(path) not in opened.read:
        raise RuntimeError("the hook saw nothing: its time means nothing")
    return found


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _both(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    spent = time.thread_time()
    return _seconds(work), time.thread_time() - spent


def _line(what: str, wall: float, cpu: float, goal: float, why: str, note: str = "") -> Line:
    cells = {"nbtrack": f"{milli(wall)} ({milli(cpu)})"}
    return Line("data", what, cells, f"≤ {goal * 1e3:.0f} ms", judge(wall <= goal, cpu <= goal), note, why=why)


def _middle(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return median(one[0] for one in pairs), median(one[1] for one in pairs)


def _in_folder(function: str, **arguments: Any) -> Any:
    with folder() as place:
        return in_child(f"data:{function}", place, **arguments)


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    rows = 10_000 if quick else 1_250_000
    found = []
    for kind, words in TABLES.items():
        told = _in_folder("hashing", rows=rows, kind=kind, rounds=2 if quick else 7)
        note = (
            f"Data: the table has 100 columns of floats; {told['read'] >> 20} MiB of it are read, and the hash says "
            f"so. Medians; wall (CPU of the main thread)."
        )
        what = f"hash of a table of {rows * 800 / 1e9:.3g} GB {words}"
        found.append(_line(what, *_middle(told["asked"]), HASH_GOAL, _WHY_HASH, note))
        what = f"the same, when a cell reads it (at most {told['level']} of it)"
        found.append(_line(what, *_middle(told["unasked"]), CELL_GOAL, _WHY_CELL))
    found += [_cells(size, quick) for size in ((1000,) if quick else (1000, rows))]
    opened = _in_folder("opening", count=200 if quick else 5000)
    more, noted = opened["hooked"] - opened["bare"], opened["noted"] - opened["bare"]
    what = "opening a file: once the hook is there; in a cell"
    found.append(Line("data", what, {"nbtrack": f"{micro(max(0.0, more))}; {micro(noted)}"}))
    return found


def _cells(rows: int, quick: bool) -> Line:
    words = ["params", "metrics", "outputs"]
    count, rounds = (3, 1) if quick else (15, 2)
    without: list[tuple[float, float]] = []
    with_data: list[tuple[float, float]] = []
    for _ in range(rounds):
        without += _in_folder("cells", rows=rows, count=count, captured=words)
        with_data += _in_folder("cells", rows=rows, count=count, captured=[*words, "data"])
    wall, cpu = (one - other for one, other in zip(_middle(with_data), _middle(without), strict=True))
    what = f"a tracked cell that reads a table of {rows * 800 / 1e6:,.3g} MB and a file, on top of one without data"
    return _line(what, wall, cpu, CELL_GOAL, _WHY_CELL)
