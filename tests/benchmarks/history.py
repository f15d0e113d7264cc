"""Reading the whole history of one metric, 100,000 points, into memory."""

from __future__ import annotations

from contextlib import ExitStack

from child import folder, in_child
from subjects import SUBJECTS
from table import Line, judge, median, milli, times

POINTS = 100_000
WRITERS = {"mlflow": "mlflow_batch"}  # how it is written makes no difference to how it is read
NO_READER = ("wandb",)  # its offline file is read by a sync with a server, and by nothing else it documents
_WHY = (
    "a history is joined from chunks of 4,096 points, with steps and times beside the values, and each reading first "
    "looks for what processes that died have left in their journals; by hand the values alone are selected. The limit "
    "is the copying of 24 bytes a point."
)


def write(subject: str, place: str, points: int) -> None:
    """Inside a child: log one metric so often."""
    tracker = SUBJECTS[subject](place)
    tracker.begin("bench", {}, {})
    for number in range(points):
        tracker.log({"loss": number * 0.5})
    tracker.end()
    tracker.close()


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    names = ["nbtrack", "sqlite3", *(name for name in rivals if name not in NO_READER)]
    points = 200 if quick else POINTS
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with ExitStack() as stack:
        places = {name: stack.enter_context(folder()) for name in names}
        for name, place in places.items():
            in_child("history:write", place, subject=WRITERS.get(name, name), points=points)
        for _ in range(1 if quick else 3):
            for name, place in places.items():
                took = in_child("readers:timed_history", place, subject=name, rounds=2)
                found[name].append(_checked(name, took[-1], points))
    wall = {name: median(one["wall"] for one in took) for name, took in found.items()}
    spent = {name: median(one["cpu"] for one in took) for name, took in found.items()}
    ours = wall["nbtrack"]
    others = [value for name, value in wall.items() if name not in ("nbtrack", "sqlite3")]
    note = (
        f"History: {points:,} points of one metric, the second reading in a process: nbtrack's and Aim's arrays, an "
        "array of one SELECT, trackio's JSON decoded, `MlflowClient.get_metric_history`, TensorBoard's own reader. "
        "W&B reads offline runs only after a sync with a server."
    )
    return [
        Line(
            "history",
            f"a history of {points:,} points into memory, wall (CPU)",
            {
                name: f"{milli(wall[name])} ({milli(spent[name])})"
                + ("" if name == "nbtrack" else f", {times(wall[name] / ours)}")
                for name in names
            },
            "first" if others else "",
            judge(ours <= min(others)) if others else "",
            note,
            values=wall,
            better="low",
            why=_WHY,
        )
    ]


def _checked(name: str, found: dict[str, float], points: int) -> dict[str, float]:
    wanted = sum(number * 0.5 for number in range(points))
    if found["points"] != points or abs(found["sum"] - wanted) > 1e-6 * wanted:
        raise RuntimeError(f"{name} gave {found['points']:,} of {points:,} points: its time means nothing")
    return found
