"""What the benchmark found, as Markdown: tables, the notes to them, and why nbtrack is not first where it is not."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

TITLES = {"wandb": "W&B offline", "mlflow": "MLflow", "aim": "Aim", "tensorboard": "TensorBoard"}
COLUMNS = ("nbtrack", "sqlite3", "trackio", *TITLES)
TIE = 0.95  # a subject is ahead if it takes less than this share of nbtrack's
MAIN = "Beside others"
ALONE = "nbtrack alone"


@dataclass
class Line:
    """One measured thing.

    part: which measurement it belongs to. cells: what stands in the column of each subject. verdict: "met",
    "missed" or empty where there is no goal. note: what a reader must know to believe it. values: the figures behind
    the cells. better: "low" or "high" if subjects are ranked by their values. why: what keeps nbtrack from the goal, or
    from being first. table: a table of its own, whose columns are the cells'.
    """

    part: str
    what: str
    cells: dict[str, str]
    goal: str = ""
    verdict: str = ""
    note: str = ""
    values: dict[str, float] = field(default_factory=dict)
    better: str = ""
    why: str = ""
    table: str = ""

    def ahead(self) -> list[str]:
        """The subjects that are better than nbtrack here, the best first."""
        if not self.better:
            return []
        sign = 1 if self.better == "low" else -1
        values = {name: sign * value for name, value in self.values.items() if name in COLUMNS and name in self.cells}
        ours = values["nbtrack"]
        mark = ours * TIE if self.better == "low" else ours / TIE
        return sorted((name for name, value in values.items() if value < mark), key=values.__getitem__)

    def standing(self) -> str:
        """The verdict, and who is ahead."""
        ahead = [f"behind {', '.join(TITLES.get(name, name) for name in self.ahead())}"] if self.ahead() else []
        return "; ".join([*([self.verdict] if self.verdict else []), *ahead])


def judge(ok: bool, ok_by_cpu: bool = False) -> str:
    """Whether a goal was met; a wall time that only the CPU time would have met is said to be so."""
    return "met" if ok else "missed (met in CPU)" if ok_by_cpu else "missed"


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(list(values))


def micro(seconds: float) -> str:
    """Seconds as µs, to three digits."""
    return f"{_three(seconds * 1e6)} µs"


def milli(seconds: float) -> str:
    """Seconds as ms."""
    return f"{_three(seconds * 1e3)} ms"


def plain(seconds: float) -> str:
    """Seconds."""
    return f"{_three(seconds)} s"


def times(ratio: float) -> str:
    """A ratio."""
    return f"{_three(ratio)}×"


def _three(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(lines: Sequence[Line], folded: bool = False) -> str:
    """The tables, each with its notes and what is missed below it. folded: those without others open on a click."""
    named = {line.table: [one for one in lines if one.table == line.table] for line in lines if line.table}
    rest = [line for line in lines if not line.table]
    beside = [line for line in rest if len(line.cells) > 1]
    alone = [line for line in rest if len(line.cells) == 1]
    parts = {MAIN: beside, **named, ALONE: alone}
    return "\n\n".join(_section(name, found, folded and name != MAIN) for name, found in parts.items() if found)


def _section(name: str, lines: Sequence[Line], folded: bool) -> str:
    columns = COLUMNS if name == MAIN else tuple(dict.fromkeys(cell for line in lines for cell in line.cells))
    goals = any(line.goal or line.standing() for line in lines)
    head = ["", *(TITLES.get(column, column) for column in columns), *(["goal", ""] if goals else [])]
    rows = [
        [
            line.what,
            *(line.cells.get(column, "–") for column in columns),
            *([line.goal or "–", line.standing()] if goals else []),
        ]
        for line in lines
    ]
    notes = list(dict.fromkeys(f"* {line.note}" for line in lines if line.note))
    begin, end = ([f"<details><summary>{name}</summary>"], ["", "</details>"]) if folded else ([f"**{name}**"], [])
    table = [*begin, "", _row(head), _row(["---"] * len(head)), *map(_row, rows)]
    reasons = _reasons(lines)
    if notes:
        table += ["", *notes]
    if reasons:
        table += ["", "Where nbtrack is not first, or short of its goal:", "", *reasons]
    return "\n".join([*table, *end])


def _reasons(lines: Sequence[Line]) -> list[str]:
    """A sentence for each goal that is missed and each place where another is ahead; the same reason is given once."""
    whats: dict[str, list[str]] = {}
    for line in lines:
        if line.verdict.startswith("missed") or line.ahead():
            whats.setdefault(line.why or "not explained yet.", []).append(f"{line.what}: {line.standing()}")
    return [f"* {'; '.join(of)}. Why: {why}" for why, of in whats.items()]


def put_between(text: str, name: str, new: str) -> str:
    """``text`` with what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` replaced.

    Raises:
        ValueError: the two markers are not there, each once and in this order.
    """
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(first) != 1 or text.count(last) != 1 or text.index(first) > text.index(last):
        raise ValueError(
            f"{first} and {last} must stand there, once each and in this order; the file is left as it is."
        )
    before, _, rest = text.partition(first)
    return f"{before}{first}\n{new.strip()}\n{last}{rest.partition(last)[2]}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def surroundings(packages: Iterable[str]) -> str:
    """Versions and machine, in one line each."""
    found = [f"{name} {_version(name)}" for name in packages]
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    machine = [f"{platform.system()} {platform.machine()}", _processor(), f"{os.cpu_count()} cores", load]
    return "\n".join(
        [
            f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {', '.join(found)}.",
            f"{', '.join(part for part in machine if part)} at the start.",
        ]
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((row.partition(":")[2].strip() for row in file if row.startswith("model name")), "")
    except OSError:
        return platform.processor()
