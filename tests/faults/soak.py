"""The long part of the tests of faults: each fault many times, a table at the end. `make soak` calls it.

    soak.py [--only PART …] [--quick] [--minutes N] [--json FILE] [--readme FILE]

A part is a module of this folder with `rows(long)`, which injects its faults and gives the rows of the table. The tests
call the same with `long=False`, so what `make test` looks at is what is counted here. `--readme README.md` puts the
table there, between its markers. When the time is up, the part that runs is broken off; it and those that did not begin
count as missed.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # called as a script

from tests.benchmarks.table import put_between, surroundings
from tests.conftest import heed_ctrl_c
from tests.faults.table import Row, markdown

PARTS: tuple[str, ...] = (
    "io_sweep",
    "disks",
    "copies",
    "swaps",
    "clocks",
    "hooks",
    "backups",
    "repairs",
    "starts",
    "kills",
    "cuts",
    "tears",
    "writers",
    "stalls",
    "flips",
    "locks",
    "interrupts",
)

MINUTES = 57.0  # an hour at most, with what is made ready before


def main(arguments: list[str] | None = None) -> int:
    """Run the parts, print the table; 1 where a goal was missed."""
    given = _arguments(arguments)
    heed_ctrl_c()
    about = surroundings(["nbtrack"])
    print(about, flush=True)
    rows: list[Row] = []
    end = time.monotonic() + given.minutes * 60
    for part in given.only or PARTS:
        began = time.monotonic()
        rows += _rows(part, not given.quick, end - began)
        print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"\n{markdown(rows)}")
    if given.readme:
        text = given.readme.read_text(encoding="utf-8")
        given.readme.write_text(put_between(text, "soak", f"{about}\n\n{markdown(rows)}"), encoding="utf-8")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")
    return int(not all(row.met or row.skipped for row in rows))


class OutOfTime(BaseException):
    """The time is up. Not an Exception: parts count these."""


def _rows(part: str, long: bool, left: float) -> list[Row]:
    """The rows of a part; one that says so if it has not so many seconds."""
    try:
        with _bounded(left):
            found: list[Row] = import_module(f"tests.faults.{part}").rows(long=long)
            return found
    except OutOfTime:
        return [Row(f"{part}: stopped: out of time", met=False)]


@contextmanager
def _bounded(left: float) -> Iterator[None]:
    def over(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 5.0)  # whoever holds it up is told again
        raise OutOfTime

    if left <= 0:
        raise OutOfTime
    before = signal.signal(signal.SIGALRM, over)
    try:
        signal.setitimer(signal.ITIMER_REAL, left)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone; may be given again")
    parser.add_argument("--quick", action="store_true", help="as few faults as the tests inject")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="stop after so many (default: %(default)g)")
    parser.add_argument("--json", type=Path, help="write the rows into this file too")
    parser.add_argument("--readme", type=Path, help="put the table into this file, between <!-- soak --> markers")
    given = parser.parse_args(arguments)
    if given.readme and given.quick:
        parser.error("--quick injects too few faults to tell others of, so --readme does not take it.")
    if given.readme:
        put_between(given.readme.read_text(encoding="utf-8"), "soak", "")  # an hour later is late to hear of a mistake
    return given


if __name__ == "__main__":
    sys.exit(main())
