"""Keep a small database of the schema version of today, for the test that migrates one of every version there was.

    python tests/runs/schemas/keep.py

Writes ``v<version>.db`` beside this file, and refuses to write over one: what was kept was made by the nbtrack of its
time. The runs are always the same; `EXPECTED` in `test_schemas.py` has them as a reader must see them.
"""

from __future__ import annotations

import math
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent
_MOST = 100_000  # bytes


def fill(root: Path) -> Path:
    """A project with a few runs of every kind; its database, which nobody has open any more."""
    from nbtrack.base.config import Project
    from nbtrack.runs import contract as c
    from nbtrack.runs import current, projects
    from nbtrack.runs.editing import EditingService
    from nbtrack.runs.service import RunsService

    project = Project(root)
    about = {"experiment": "digits", "notebook": "a.ipynb", "cell": "0a1b"}
    with current.begin(project, name="forest", kind="cell", source="fit(lr=0.1)\n", **about) as run:
        run.set_params({"lr": 0.1, "depth": 5, "name": "fôrest", "deep": {"a": [1, None]}, "yes": True, "no": None})
        run.set_params({"lr": 0.2, "zero": -0.0, "nan": math.nan, "big": 10**30, "half": "a\ud800b", "up": math.inf})
        for step in range(300):
            run.log({"loss": 1 / (step + 1), "acc": math.nan if step == 7 else step / 300}, step=step, time=1e9 + step)
        run.log({"odd": math.inf}, step=0, time=1e9)
        run.log({"odd": -0.0}, step=5, time=1e9)
        run.log({"odd": -math.inf}, step=2, time=1e9)
        run.set_tags({"stage": "draft", "ünï": "é"})
        run.set_note("as *good* as it gets")
        run.add_bytes("report.txt", b"precision 0.9\n", "text/plain")
        run.add_output("stdout", "text/plain", "fitting\n")
        run.add_dataset("train", "csv", path="train.csv", hash="sha256:00")
        run.add_execution({"number": 1, "execution": 1, "source": "import x\n", "stored": ["x"], "loaded": []})
        if hasattr(run, "set_about"):  # since version 3
            run.set_about(lineage={"cells": [1]})
        run.end()
    with current.begin(project, name="child", parent=run, experiment="digits") as child:
        child.log({"loss": 3.0}, step=1, time=1e9)
        child.end("failed", "ValueError: no")
    with current.begin(project, name="tree", experiment="old") as tree:
        tree.set_params({"lr": 1})
    service = RunsService(project)
    service.refresh(force=True)
    editing = EditingService(service)
    editing.edit(c.EditRequest(["forest"], starred=True, tags={"stage": "done"}))
    editing.trash(c.RunsRequest(["tree"]))
    for recorder in projects.open_recorders():
        recorder.close()
    with projects.database_of(project).write() as conn:  # what it says of the machine it was made on
        conn.execute("UPDATE sessions SET host = 'here', boot_id = 'boot', pid_namespace = '1', pid = 1")
    projects.forget_all()
    return project.database


def shrink(path: Path) -> None:
    """Make the file small."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = DELETE")
        conn.execute("PRAGMA page_size = 1024")
        conn.execute("VACUUM")


def main() -> int:
    """Make the file; 1 where it is there already."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NBTRACK_PARENT"] = ""
        made = fill(Path(folder))
        shrink(made)
        with closing(sqlite3.connect(made)) as conn:
            version = conn.execute("PRAGMA user_version").fetchone()[0]
        target = HERE / f"v{version}.db"
        data = made.read_bytes()
    if target.exists():
        sys.stderr.write(f"'{target}' is there already.\n")
        return 1
    if len(data) >= _MOST:
        sys.stderr.write(f"It has {len(data):,} bytes; at most {_MOST:,} are kept.\n")
        return 1
    target.write_bytes(data)
    sys.stdout.write(f"{target}: {len(data):,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
