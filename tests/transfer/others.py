"""What the tests of importers share: the tool itself writes, in a process of its own, and what is read is laid out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.transfer.importers import importer
from nbtrack.transfer.landing import Landed, land
from nbtrack.transfer.records import Note, RunRecord, Whole

Series = tuple[list[int], list[float], list[float]]  # steps, Unix seconds, values


@dataclass
class Read:
    """A run as an importer gave it."""

    run: RunRecord
    series: dict[str, Series]
    sources: dict[str, str]
    files: dict[str, bytes]
    kinds: dict[str, str]

    @property
    def params(self) -> dict[str, object]:
        return {param.name: param.value for param in self.run.params}

    @property
    def notes(self) -> str:
        return "\n".join(self.run.about["origin"]["notes"])

    def values(self, key: str) -> list[float]:
        return self.series[key][2]

    def steps(self, key: str) -> list[int]:
        return self.series[key][0]


def write(script: str, folder: Path, *arguments: str, dies: bool = False, **env: str) -> str:
    """Run a script in a process of its own, in a folder; what it printed. dies: it kills itself."""
    # Into files: a tool's own service may outlive a script that is killed, and hold its pipes open.
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, *arguments],
            cwd=folder,
            env={**os.environ, **env},
            stdout=printed,
            stderr=said,
            timeout=280,
            check=False,
        )
        printed.seek(0)
        said.seek(0)
        assert done.returncode == (-9 if dies else 0), said.read()[-3000:]
        return printed.read()


def read(name: str, source: Path | str, **options: str) -> list[Read]:
    """What an importer gives of a source, read as landing does: run by run."""
    found = []
    for item in importer(name).read(str(source), options):
        if isinstance(item, Whole):
            found.append(_laid_out(item))
    return found


def notes_of(name: str, source: Path | str) -> list[str]:
    """What an importer says that is of no single run."""
    return [item.text for item in importer(name).read(str(source), {}) if isinstance(item, Note)]


def _laid_out(whole: Whole) -> Read:
    series: dict[str, Series] = {}
    sources: dict[str, str] = {}
    for points in whole.points():
        steps, times, values = series.setdefault(points.key, ([], [], []))
        steps += points.steps
        times += points.times
        values += points.values
        assert sources.setdefault(points.key, points.source) == points.source
    files: dict[str, bytes] = {}
    kinds: dict[str, str] = {}
    for file in whole.files():
        assert file.path not in files
        if isinstance(file.content, Path):
            files[file.path] = file.content.read_bytes()
        else:
            with file.content() as opened:
                files[file.path] = opened.read()
        kinds[file.path] = file.kind
        assert file.size in (None, len(files[file.path]))
    return Read(whole.run, series, sources, files, kinds)


def landed(
    folder: Path, name: str, source: Path | str, options: Mapping[str, str] | None = None
) -> tuple[Landed, Landed]:
    """Import a source twice into a project: what landed at first, and then."""
    project, found = Project(folder), importer(name)
    first, then = (land(project, found.read(str(source), options or {}), found.place(str(source))) for _ in range(2))
    return first, then
