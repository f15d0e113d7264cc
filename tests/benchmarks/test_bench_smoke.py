"""The benchmark runs, in small; no time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("bench.py")
PARTS = ("latency", "kills", "ingest", "small_runs", "queries", "imports", "cells", "autolog", "data", "sweep")
PANEL = ("panel_size", "panel_table", "panel_curves", "panel_live", "panel_saved", "panel_lab")
LAB = ("lab_start", "lab_sidebar", "lab_idle")
Lines = list[dict[str, object]]


def measured(answer: Path, parts: tuple[str, ...]) -> Lines:
    options = ["--quick", "--without", "trackio", "--without", "wandb", "--json", str(answer)]
    only = [word for part in parts for word in ("--only", part)]
    command = [sys.executable, str(BENCH), *options, *only]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| --- |" in done.stdout
    found: Lines = json.loads(answer.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    return measured(tmp_path_factory.mktemp("bench") / "lines.json", PARTS)


def of(part: str, lines: Lines) -> Lines:
    mine = [line for line in lines if line["part"] == part]
    assert all("nbtrack" in line["cells"] for line in mine)  # type: ignore[operator]
    return mine


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_benchmark_gives_lines(lines: Lines, part: str) -> None:
    assert of(part, lines)


def test_no_acknowledged_point_is_lost_by_the_kills_of_the_benchmark(lines: Lines) -> None:
    kills = [line["values"] for line in lines if line["part"] == "kills"]
    assert kills
    for values in kills:
        assert isinstance(values, dict)
        assert values["acknowledged"] > 0
        assert values["nbtrack"] == 0


def test_every_goal_of_the_benchmark_has_a_verdict(lines: Lines) -> None:
    assert all(bool(line["verdict"]) == bool(line["goal"]) for line in lines)


@pytest.mark.timeout(600)  # browsers, servers and kernels are started
@pytest.mark.parametrize("part", [*PANEL, *LAB])
def test_every_part_that_needs_a_browser_gives_lines_with_a_verdict_for_each_goal(tmp_path: Path, part: str) -> None:
    lines = of(part, measured(tmp_path / "lines.json", (part,)))
    assert lines
    assert all(bool(line["verdict"]) == bool(line["goal"]) for line in lines)
