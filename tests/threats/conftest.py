"""Fixtures of the threats: a project from elsewhere, whose database says what no function of ours would store."""

from __future__ import annotations

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import current
from nbtrack.runs.projects import database_of
from nbtrack.runs.service import RunsService

# Names that lead out of a folder, on one system or another, in one notation or another.
LEADING_OUT = (
    "../escaped.txt",
    "../../escaped.txt",
    "../../../../../../../../../../tmp/nbtrack-escaped.txt",
    "/tmp/nbtrack-escaped.txt",
    "a/../../escaped.txt",
    "..",
    ".",
    "a/..",
    "~/escaped.txt",
    "%2e%2e/escaped.txt",
    "%252e%252e%252fescaped.txt",
    "..%2fescaped.txt",
    "..\\..\\escaped.txt",
    "a\\..\\..\\escaped.txt",
    "C:escaped.txt",
    "C:\\escaped.txt",
    "\\\\host\\share\\escaped.txt",
    "//host/share/escaped.txt",
    "file://host/escaped.txt",
    "/proc/self/root/tmp/nbtrack-escaped.txt",
    "/proc/self/cwd/../escaped.txt",
    "a\0b/../escaped.txt",
    "....//escaped.txt",
    "..\u2215escaped.txt",
    "\uff0e\uff0e/escaped.txt",
)
CONTENT = b"from elsewhere"


@pytest.fixture
def hostile(project: Project) -> Project:
    """A project with a run that has one artifact for each name that leads out."""
    with current.begin(project, name="hostile", kind="cell", source="x = 1\n") as run:
        for number in range(len(LEADING_OUT)):
            run.add_bytes(f"{number}.txt", CONTENT, "text/plain")
        run.end()
    RunsService(project).refresh(force=True)
    with database_of(project).write() as conn:
        for number, path in enumerate(LEADING_OUT):
            conn.execute("UPDATE artifacts SET path = ? WHERE path = ?", (path, f"{number}.txt"))
    return project
