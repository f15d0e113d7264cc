"""The benchmark runs, in small; no time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # as when bench.py is called

import child
import subjects
from table import Line, markdown, put_between

pytestmark = pytest.mark.timeout(1800)  # the first test waits for all parts: browsers, servers and kernels are started
BENCH = Path(__file__).with_name("bench.py")
PARTS = (
    "latency",
    "kills",
    "ingest",
    "small_runs",
    "queries",
    "history",
    "writers",
    "artifact",
    "imports",
    "growth",
    "cells",
    "autolog",
    "data",
    "sweep",
    "export",
)
PANEL = ("panel_size", "panel_table", "panel_curves", "panel_live", "panel_saved", "panel_lab")
LAB = ("lab_start", "lab_sidebar", "lab_idle")
Lines = list[dict[str, object]]


def measured(answer: Path, parts: tuple[str, ...]) -> Lines:
    options = ["--quick", "--json", str(answer)]
    options += [word for name in subjects.RIVALS for word in ("--without", name)]
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


@pytest.fixture(scope="module")
def browser_lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """Of all parts at once: they share a browser and two JupyterLabs, with nbtrack and without."""
    return measured(tmp_path_factory.mktemp("bench") / "lines.json", PANEL + LAB)


def of(part: str, lines: Lines) -> Lines:
    mine = [line for line in lines if line["part"] == part]
    assert all(line["table"] or "nbtrack" in line["cells"] for line in mine)  # type: ignore[operator]
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


def test_a_reason_is_ready_wherever_a_goal_may_be_missed_or_another_may_be_ahead(lines: Lines) -> None:
    assert [line["what"] for line in lines if (line["goal"] or line["better"]) and not line["why"]] == []


@pytest.mark.parametrize("part", PANEL + LAB)
def test_every_part_that_needs_a_browser_gives_lines_with_a_verdict_and_a_reason_for_each_goal(
    browser_lines: Lines, part: str
) -> None:
    lines = of(part, browser_lines)
    assert lines
    assert all(bool(line["verdict"]) == bool(line["goal"]) for line in lines)
    assert [line["what"] for line in lines if line["goal"] and not line["why"]] == []


PEERS = """
import json, sys
sys.path.insert(0, sys.argv[1])
import peer_queries, readers, subjects
place, found = sys.argv[2], {}
for name in sys.argv[3:]:
    tracker = subjects.SUBJECTS[name](place)
    tracker.begin("bench", {key: 0.5 for key in peer_queries.PARAMS}, {"stage": "test"})
    for number in range(3):
        tracker.log({"loss": float(number), "acc": number / 4})
    tracker.end()
    subjects.finish(tracker)
    found[name] = [
        readers.count(name, place),
        [float(value) for value in readers.history(name, place)],
        peer_queries.best(name, place),
        list(peer_queries.frame(name, place).shape),
    ]
print(json.dumps(found))
"""


def test_what_is_logged_to_the_trackers_beside_nbtrack_is_read_back_in_full(tmp_path: Path) -> None:
    """Else their times would mean nothing. One process for all three: most of what it costs are their imports."""
    names = [name for name in ("mlflow", "aim", "tensorboard") if find_spec(name)]
    command = [sys.executable, "-c", PEERS, str(BENCH.parent), str(tmp_path), *names]
    environment = child.environment(str(tmp_path))
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == set(names)
    for count, values, best, shape in found.values():
        assert (count, values, best) == (6, [0.0, 1.0, 2.0], [0.5])
        assert shape[0] == 1
        assert shape[1] >= 22


def test_who_is_ahead_and_why_stands_in_the_table() -> None:
    lines = [
        Line("a", "slow", {"nbtrack": "2", "aim": "1"}, values={"nbtrack": 2.0, "aim": 1.0}, better="low", why="so."),
        Line("a", "fast", {"nbtrack": "2", "aim": "1"}, values={"nbtrack": 2.0, "aim": 1.0}, better="high"),
        Line("a", "near", {"nbtrack": "2", "aim": "1"}, values={"nbtrack": 1.0, "aim": 0.99}, better="low"),
        Line("a", "short", {"nbtrack": "1", "aim": "1"}, "≥ 2", "missed"),
    ]
    said = markdown(lines)
    assert [line.ahead() for line in lines] == [["aim"], [], [], []]
    assert "* slow: behind Aim. Why: so." in said
    assert "* short: missed. Why: not explained yet." in said
    assert "fast: " not in said


def test_the_tables_replace_what_stands_between_the_markers_of_the_readme() -> None:
    readme = (BENCH.parents[2] / "README.md").read_text(encoding="utf-8")
    put = put_between(readme, "bench", "| new |")
    before, _, after = readme.partition("<!-- bench -->")
    assert put == f"{before}<!-- bench -->\n| new |\n<!-- /bench -->{after.partition('<!-- /bench -->')[2]}"
    with pytest.raises(ValueError, match="must stand there, once each"):
        put_between("no marker", "bench", "| new |")
