"""Fill a project with a small, true-looking set of runs: 18 trainings with curves, output, code and artifacts.

python tests/ui/demo.py FOLDER
"""

from __future__ import annotations

import argparse
import math
import random
from pathlib import Path

from nbtrack.base.config import Project

RUNS = 18
STEPS = 120


def fill(project: Project, runs: int = RUNS, steps: int = STEPS) -> None:
    """Make the runs; the same every time but for their ids and times."""
    import nbtrack
    from nbtrack.runs.service import RunsService
    from nbtrack.sdk.context import set_project

    set_project(project)
    chance = random.Random(11)
    try:
        for at in range(runs):
            lr = chance.choice((0.3, 0.1, 0.03, 0.01, 0.003))
            depth, optimizer = chance.choice((2, 4, 6, 8)), chance.choice(("adam", "sgd", "adamw"))
            quality = 0.97 - 0.05 * abs(math.log10(lr) + 1.5) - 0.012 * abs(depth - 6) - 0.02 * (optimizer == "sgd")
            with nbtrack.start_run(name=f"{optimizer}-{depth}-{at:02d}", experiment=("digits", "churn")[at % 6 == 5]):
                nbtrack.log_params({"lr": lr, "depth": depth, "optimizer": optimizer, "seed": at % 3, "batch_size": 64})
                nbtrack.log_params({"model.hidden": 128, "model.dropout": chance.choice((0.0, 0.1, 0.3))})
                nbtrack.set_tag("stage", ("draft", "final")[at % 4 == 0])
                for step in range(steps):
                    part = 1 - math.exp(-step / (8 + 40 * lr))
                    noise = chance.gauss(0, 0.012)
                    spike = 1.5 if at == 3 and step == 60 else 0.0
                    nbtrack.log(
                        {
                            "val_accuracy": quality * part + noise,
                            "loss": 2.3 * (1 - part) + (1 - quality) + abs(noise) + spike,
                            "val_loss": 2.3 * (1 - part) + (1.05 - quality) + abs(noise) * 2,
                            "grad_norm": math.inf if at == 7 and step == 80 else 3 / (1 + step / 20) + abs(noise),
                        },
                        step=step,
                    )
                nbtrack.log_text(f"optimizer {optimizer}\ndepth {depth}\n", "notes/summary.txt")
                nbtrack.log_dict({"lr": lr, "confusion": [[50, 2], [3, 45]]}, "report.json")
                nbtrack.log_table({"class": [0, 1, 2], "f1": [0.9, 0.8, quality]}, "per_class.csv")
        RunsService(project).refresh()  # all of it in the database: a copy of the folder is whole
    finally:
        set_project(None)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    fill(Project(given.folder.absolute()))


if __name__ == "__main__":
    main()
