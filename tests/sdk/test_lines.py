"""What can stand at the end of a line of the magics."""

from __future__ import annotations

import pytest

from nbtrack.base.config import Project
from nbtrack.runs.service import RunsService
from nbtrack.sdk.lines import complete_line


@pytest.mark.parametrize(
    ("line", "some", "start"),
    [
        ("%track s", ["show", "star", "status"], 7),
        ("  %track s", ["show", "star", "status"], 9),
        ("%track auto o", ["on", "off"], 12),
        ("%track show fo", ["forest"], 12),
        ("%track show ", ["svm"], 12),
        ("%track ls metrics.ac", ["metrics.acc"], 10),
        ('%track ls "metrics.acc > 0.5 and metrics.l', ["metrics.loss"], 33),
        ("%track ls metrics.acc>0.5 and (metrics.l", ["metrics.loss"], 31),
        ("%track ls --columns params.lr,metrics.lo", ["params.lr,metrics.loss"], 20),
        ("%%track forest --ex", ["--experiment"], 15),
        ("%%track --params no", ["none"], 17),
        ("%%track --sweep lr=1,2 --search t", ["tpe"], 32),
    ],
)
def test_words_come_with_the_place_of_what_they_replace(
    filled: Project, line: str, some: list[str], start: int
) -> None:
    words, begins = complete_line(line, RunsService(filled))
    assert set(some) <= set(words)
    assert begins == start
    assert all(word.lower().startswith(line[begins:].lower()) for word in words)


@pytest.mark.parametrize("line", ["", "track s", "%track", "%%tracks x", "x = '%track s", "%timeit s"])
def test_other_lines_are_left_alone(project: Project, line: str) -> None:
    assert complete_line(line, RunsService(project))[0] == []
    assert not project.folder.exists()
