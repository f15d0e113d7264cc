"""What bad inputs are thrown at: a project with runs, odd files beside it, and what must stay as it is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

import nbtrack
from nbtrack.base.config import FOLDER, Project
from nbtrack.runs.service import RunsService

Tree = dict[str, tuple[int, int, int]]


@dataclass
class Ground:
    """project: with two finished runs, "good" and "other". root: its folder; odd: a folder of things that are no files.

    good: how many good calls were made after bad ones.
    """

    project: Project
    odd: Path
    good: int = 0
    before: Tree = field(default_factory=dict)
    shell: Any = None

    @property
    def root(self) -> Path:
        """The project's folder, which is the current one."""
        return self.project.root

    @property
    def service(self) -> RunsService:
        """The project's reads."""
        return RunsService(self.project)

    def file(self, name: str, content: bytes | str = b"") -> Path:
        """A file in the folder of odd things."""
        path = self.odd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        return path

    def watch(self) -> None:
        """Remember what lies outside of the store."""
        self.before = outside(self.root.parent)

    def made(self, make: Callable[[Ground], Any]) -> Any:
        """What a case is about, made by the test itself: it is no change."""
        found = make(self)
        self.watch()
        return found

    def changed(self) -> list[str]:
        """What was written, made or taken away outside of the store since then."""
        now = outside(self.root.parent)
        return sorted(name for name in {*now, *self.before} if now.get(name) != self.before.get(name))

    def sound(self) -> None:
        """See that the store is whole, and that what a user does next works."""
        self.good += 1
        with nbtrack.start_run("after", project=self.project) as run:
            nbtrack.log({"loss": float(self.good)})
            nbtrack.log_param("good", self.good)
        detail = nbtrack.run(run.id, project=self.project)
        assert detail.status == "finished"
        assert (detail.row.metrics["loss"].last, detail.row.params) == (float(self.good), {"good": self.good})
        assert nbtrack.run("good", project=self.project).params == {"lr": 0.1}, "another run is not what it was"

    def whole(self) -> None:
        """See what SQLite says of the file."""
        with closing(sqlite3.connect(f"file:{self.project.database}?mode=ro", uri=True)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert conn.execute("PRAGMA foreign_key_check").fetchall() == []


def outside(root: Path) -> Tree:
    """Every file and folder below one, but for those in ``.nbtrack``: kind, size and when it was last changed."""
    found: Tree = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != FOLDER]
        for name in (*folders, *files):
            path = Path(folder, name)
            about = path.lstat()
            size = 0 if path.is_dir() and not path.is_symlink() else about.st_size
            time = 0 if name in folders else about.st_mtime_ns  # a folder's is that of what was made in it
            found[str(path.relative_to(root))] = (about.st_mode, size, time)
    return found


@dataclass(frozen=True)
class Case:
    """One bad input. says: one of these stands in the error. kept: True where it may also be taken, and is looked at.

    kept: called with what the call gave, where nothing was raised: whether all is stored exactly, or nothing was asked.
    """

    entry: str
    name: str
    call: Callable[[Ground], Any]
    says: tuple[str, ...] = ()
    kept: Callable[[Ground, Any], bool] | None = None


def prepared(folder: Path) -> Ground:
    """A ground in a folder, which becomes the current one."""
    root = folder / "project"
    root.mkdir(parents=True)
    os.chdir(root)
    ground = Ground(Project(root), folder / "odd")
    ground.odd.mkdir()
    for name, lr in (("other", 0.2), ("good", 0.1)):
        with nbtrack.start_run(name, params={"lr": lr}, tags={"stage": "draft"}, project=ground.project):
            for step in range(3):
                nbtrack.log({"loss": float(step)})
            nbtrack.log_text("x", "a.txt")
    (root / "here.txt").write_text("no picture, no table, no notebook\n", encoding="utf-8")
    (root / "table.csv").write_text("lr,loss\n0.1,0.5\n", encoding="utf-8")
    nbformat.write(nbformat.v4.new_notebook(), root / "empty.ipynb")
    ground.service.refresh(force=True)
    return ground
