"""What an HTML report costs: runs with five curves each, their code against the run before and what they printed."""

from __future__ import annotations

import time
from pathlib import Path

from child import folder, in_child
from table import Line, judge, median, plain

RUNS, CURVES, STEPS = 200, 5, 1000
MOST_BYTES = 5_000_000
_WHY = (
    "the runs are read one by one, each with its outputs, the code of each is compared with that of the run before, "
    "and every curve is there twice: as a picture that needs no script, and as numbers for the script. The size is "
    "these, thinned to 100,000 points of all curves together, some 15 bytes each, and the script, 161 kB."
)
CODE = "lr = {lr}\n" + "\n".join(f"layer_{at} = make(lr, {at})" for at in range(20))


def fill(place: str, runs: int, steps: int) -> None:
    """Inside a child: the runs, as cells would have made them."""
    import math

    from nbtrack.base.config import Project
    from nbtrack.runs import current

    project = Project(Path(place))
    for at in range(runs):
        lr = round(0.1 / (1 + at % 17), 6)
        about = {"notebook": "train.ipynb", "cell": "c1", "execution": at + 1}
        with current.begin(project, name=f"train-{at}", kind="cell", source=CODE.format(lr=lr), **about) as run:
            run.set_params({"lr": lr, "depth": at % 5, "optimizer": ("adam", "sgd")[at % 2], "seed": at % 3})
            for step in range(steps):
                part = math.exp(-step / (40 + at % 30))
                noise = 0.01 * math.sin(step * (at + 1))
                run.log({f"loss_{one}": part + noise + one / 10 for one in range(CURVES)}, step=step)
            run.add_output("stdout", "text/plain", f"epoch {steps}: done with {lr}\n" * 10)


def write(place: str) -> dict[str, float]:
    """Inside another child: seconds of the report, and its bytes."""
    from nbtrack.base.config import Project
    from nbtrack.runs.contract import PageRequest
    from nbtrack.runs.service import RunsService
    from nbtrack.transfer.exporters import Order
    from nbtrack.transfer.exporters import write as written

    reads, target = RunsService(Project(Path(place))), Path(place) / "report.html"
    began, spent = time.perf_counter(), time.process_time()
    written("html", Order(reads, reads.numbers(PageRequest())), target)
    took, cpu = time.perf_counter() - began, time.process_time() - spent
    return {"took": took, "cpu": cpu, "bytes": target.stat().st_size}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    runs, steps, rounds = (8, 50, 1) if quick else (RUNS, STEPS, 3)
    with folder() as place:
        in_child("report:fill", place, runs=runs, steps=steps)
        found = [in_child("report:write", place) for _ in range(rounds)]
    wall, spent, size = (median(one[name] for one in found) for name in ("took", "cpu", "bytes"))
    return [
        Line(
            "report",
            f"an HTML report of {runs} runs with {CURVES} curves of {steps:,} points",
            {"nbtrack": f"{plain(wall)}, {size / 1e6:.1f} MB"},
            "≤ 5 s, ≤ 5 MB",
            judge(wall <= 5 and size <= MOST_BYTES, spent <= 5 and size <= MOST_BYTES),
            "Reports: each run with 21 lines of code, of which one changed, and ten lines of output.",
            {"nbtrack": wall, "cpu": spent, "bytes": size},
            why=_WHY,
        )
    ]
