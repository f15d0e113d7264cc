"""Measure nbtrack side by side with sqlite3 and five trackers, its panel, and JupyterLab with it: in one run.

    python tests/benchmarks/bench.py [--quick] [--only PART] [--without RIVAL] [--json FILE] [--readme FILE]

Subjects take turns, each in a process of its own; medians of the rounds are shown. The tables are Markdown; ``--readme
README.md`` puts them there, between its markers. ``--only panel`` stands for all parts whose names begin so, ``--only
lab`` too; they need the browser that tests/ui/browser.py finds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from child import Warm
from shared import Shared
from subjects import RIVALS, present
from table import Line, markdown, put_between, surroundings

PANEL = ("panel_size", "panel_table", "panel_curves", "panel_live", "panel_saved", "panel_lab")
LAB = ("lab_start", "lab_sidebar", "lab_idle")
PARTS = (
    "latency", "kills", "ingest", "small_runs", "queries", "history", "writers", "artifact", "imports", "growth",
    "cells", "autolog", "data", "engines", "sweep", "lineage", "export", "report", "mlflow_import", "mlflow_log",
    "push", "import_tensorboard", *PANEL, *LAB,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 if everything could be measured, whatever it showed; 1 if not."""
    given = _arguments(arguments)
    rivals = present(given.without)
    about = surroundings(["nbtrack", *RIVALS])
    absent = sorted(set(RIVALS) - set(rivals) - set(given.without))
    about += "".join(
        f"\n{name} is left out: it cannot be imported by this Python (`make bench` installs what it can)."
        for name in absent
    )
    print(about, flush=True)
    parts = [one for one in PARTS if not given.only or one in given.only or one.partition("_")[0] in given.only]
    with Warm.started() if given.quick else nullcontext(), Shared.started() if given.quick else nullcontext():
        lines, failed = _measured(parts, given.quick, rivals)
    print(f"\n{markdown(lines)}")
    if given.readme:
        text = given.readme.read_text(encoding="utf-8")
        given.readme.write_text(
            put_between(text, "bench", f"{about}\n\n{markdown(lines, folded=True)}"), encoding="utf-8"
        )
    if given.json:
        given.json.write_text(json.dumps([asdict(line) for line in lines], indent=1), encoding="utf-8")
    return int(failed)


def _measured(parts: list[str], quick: bool, rivals: list[str]) -> tuple[list[Line], bool]:
    """The lines of these parts, and whether one of them could not be measured."""
    lines: list[Line] = []
    failed = False
    for part in parts:
        began = time.monotonic()
        try:
            found: list[Line] = import_module(part).lines(quick, rivals)
        except Exception as error:  # noqa: BLE001 (one part that cannot be measured does not hide the others)
            failed = True
            print(f"{part} could not be measured: {error}", file=sys.stderr)
            continue
        lines += found
        print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return lines, failed


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work, not how fast it is")
    parser.add_argument("--only", action="append", choices=(*PARTS, "panel", "lab"), help="this part; may be repeated")
    parser.add_argument("--without", action="append", default=[], choices=RIVALS, help="leave one out")
    parser.add_argument("--json", type=Path, help="the lines as JSON too")
    parser.add_argument("--readme", type=Path, help="put the tables into this file, between <!-- bench --> markers")
    given = parser.parse_args(arguments)
    if given.readme and given.quick:
        parser.error("--quick does not say how fast anything is, so --readme does not take it.")
    if given.readme:
        put_between(given.readme.read_text(encoding="utf-8"), "bench", "")  # an hour later is late to hear of a mistake
    return given


if __name__ == "__main__":
    sys.exit(main())
