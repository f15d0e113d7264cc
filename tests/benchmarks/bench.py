"""Measure nbtrack side by side with sqlite3, trackio and W&B offline, its panel, and JupyterLab with it: in one run.

    python tests/benchmarks/bench.py [--quick] [--only PART] [--without RIVAL] [--json FILE]

Subjects take turns, each in a process of its own; medians of the rounds are shown. The table is Markdown. ``--only
panel`` stands for all parts whose names begin so, ``--only lab`` too; they need the browser that tests/ui/browser.py
finds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from subjects import RIVALS, present
from table import Line, markdown, surroundings

PANEL = ("panel_size", "panel_table", "panel_curves", "panel_live", "panel_saved", "panel_lab")
LAB = ("lab_start", "lab_sidebar", "lab_idle")
PARTS = (
    "latency", "kills", "ingest", "small_runs", "queries", "imports", "cells",
    "autolog", "data", "engines", "sweep", "lineage", *PANEL, *LAB,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 if everything could be measured, whatever it showed; 1 if not."""
    given = _arguments(arguments)
    rivals = present(given.without)
    print(surroundings(["nbtrack", *RIVALS]), flush=True)
    for name in set(RIVALS) - set(rivals) - set(given.without):
        print(f"{name} is not installed here, so it is left out (`make bench` installs it).")
    lines: list[Line] = []
    failed = False
    for part in [one for one in PARTS if not given.only or one in given.only or one.partition("_")[0] in given.only]:
        began = time.monotonic()
        try:
            found: list[Line] = import_module(part).lines(given.quick, rivals)
        except Exception as error:  # noqa: BLE001 (one part that cannot be measured does not hide the others)
            failed = True
            print(f"{part} could not be measured: {error}", file=sys.stderr)
            continue
        lines += found
        print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"\n{markdown(lines)}")
    if given.json:
        given.json.write_text(json.dumps([asdict(line) for line in lines], indent=1), encoding="utf-8")
    return int(failed)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work, not how fast it is")
    parser.add_argument("--only", action="append", choices=(*PARTS, "panel", "lab"), help="this part; may be repeated")
    parser.add_argument("--without", action="append", default=[], choices=RIVALS, help="leave one out")
    parser.add_argument("--json", type=Path, help="the lines as JSON too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
