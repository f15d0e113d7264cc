"""The user's own cell copies the whole project, `.nbtrack` with it, while another process writes.

POSIX gives up all of a process's locks on a file when the process closes any descriptor of it. So
`shutil.copytree(".", "backup")` in a notebook takes SQLite's locks away from the kernel that records: another process
may then take the write-ahead log away under it, or write at the same time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from nbtrack.base.errors import NbtrackError
from tests.faults.lab import ended, found, missing, run, started, unclear
from tests.faults.table import Row

COPIES = 50

COPIER = """
    import json, os, shutil, sys, time, zipfile
    from pathlib import Path
    import nbtrack
    copies, target = int(sys.argv[1]), Path(sys.argv[2])

    def tree(number):
        shutil.copytree(".", target / f"tree{number}")

    def archive(number):
        with zipfile.ZipFile(target / f"{number}.zip", "w") as file:
            for path in Path(".").rglob("*"):
                file.write(path)

    def read(number):
        for path in Path(".").rglob("*"):
            if path.is_file():
                with open(path, "rb") as file:
                    file.read()

    made = told = 0
    with nbtrack.start_run(name="copier"):
        for number in range(copies):
            for _ in range(20):
                nbtrack.log({"loss": float(told)})
                told += 1
            time.sleep(0.02 * (number % 3))  # between, in the midst of and before an ingest
            for _ in range(20):
                nbtrack.log({"loss": float(told)})
                told += 1
            try:
                (tree, archive, read)[number % 3](number)
            except (OSError, shutil.Error):  # of a file that the other process took away meanwhile
                pass
            made += 1
    print(json.dumps({"copies": made, "told": told}))
"""

WRITER = """
    import json, os, sys
    from pathlib import Path
    import nbtrack
    from nbtrack.base.config import Project
    from nbtrack.runs import projects
    told = rounds = 0
    while True:
        with nbtrack.start_run(name=f"writer {rounds}"):
            for _ in range(30):
                nbtrack.log({"loss": float(told)})
                told += 1
        rounds += 1
        recorder = projects.recorder_of(Project(Path.cwd()))
        recorder.close()  # as a short script ends: it may be the last that has the file open
        if Path("stop").exists():
            break
    print(json.dumps({"told": told, "rounds": rounds}))
"""

# The same one after the other. Each line of standard input lets it go on.
TURNS = """
    import json, sys
    from pathlib import Path
    import nbtrack
    if sys.argv[1] == "canary":
        from nbtrack.base import strangers
        strangers.watch = lambda *args: None
    with nbtrack.start_run(name="copier") as run:
        nbtrack.log({"loss": 0.0})
        run.flush()
        for path in Path(".nbtrack").glob("nbtrack.db*"):
            path.read_bytes()
        print("copied", flush=True)
        sys.stdin.readline()
        nbtrack.log({"loss": 1.0})
        run.flush()
        print("logged", flush=True)
        sys.stdin.readline()
    print(json.dumps({"told": 2}))
"""
SHORT = """
    import sys
    import nbtrack
    with nbtrack.start_run(name=f"writer {sys.argv[1]}"):
        nbtrack.log({"loss": float(sys.argv[1])})
"""


def in_turns(how: str) -> Row:
    """A process reads the store's files; others record and end, before and after it stores more. how: see `TURNS`.

    Without its locks the first of the others takes the log away, and the process goes on in a deleted file.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        copier = started(folder, TURNS, how)
        assert copier.stdin is not None
        assert copier.stdout is not None
        for number, said in enumerate(("copied", "logged")):
            if copier.stdout.readline() != f"{said}\n":
                return Row("", injected=1, lost=1, unclear=1, note=ended(copier).errors)
            run(folder, SHORT, number)
            copier.stdin.write("\n")
            copier.stdin.flush()
        end = ended(copier)
        row = Row("", injected=1, unclear=unclear(end.errors), note=end.errors)
        row.values = {"crashes": int(end.code != 0)}
        try:
            left = found(folder)
        except NbtrackError as error:  # damaged beyond reading
            row.corrupt, row.lost, row.note = 1, 4, f"{error}"
            return row
        row.corrupt = int(bool(left.damage))
        row.lost = missing(2, left.points.get("copier", []))
        row.lost += sum(left.points.get(f"writer {number}") != [float(number)] for number in range(2))
        return row


def copied(copies: int) -> Row:
    """One process records and copies its project, another records in the same."""
    with tempfile.TemporaryDirectory() as place:
        folder, target = Path(place) / "project", Path(place) / "copies"
        folder.mkdir()
        target.mkdir()
        writer = started(folder, WRITER)
        copier = run(folder, COPIER, copies, target)
        (folder / "stop").touch()
        other = ended(writer)
        row = Row("", injected=copier.told.get("copies", 0), unclear=unclear(copier.errors) + unclear(other.errors))
        row.values = {"notices": len(copier.notices), "crashes": (copier.code != 0) + (other.code != 0)}
        try:
            left = found(folder)
        except NbtrackError:  # damaged beyond reading
            row.corrupt, row.lost = 1, copier.told.get("told", 0) + other.told.get("told", 0)
            return row
        row.corrupt = int(bool(left.damage))
        row.lost = missing(copier.told.get("told", 0), left.points.get("copier", []))
        row.lost += missing(other.told.get("told", 0), [value for values in left.points.values() for value in values])
        return row


def rows(long: bool) -> list[Row]:
    """The row of the table: copies with the defence, and what one does without."""
    rounds, size = (4, COPIES) if long else (1, 12)
    sound = [*(copied(size) for _ in range(rounds)), in_turns("sound")]
    harm = in_turns("canary")
    row = Row(
        "copies of the whole project from inside a recording process, while another writes",
        *(sum(getattr(each, field) for each in sound) for field in ("injected", "lost", "corrupt", "unclear")),
        canary=f"without making way one copy loses {harm.lost} of 4 runs' points and breaks {harm.corrupt} file",
        note="copytree, zip and open().read() in turn; the recorder holds connections, the other closes its own often.",
    )
    crashes = sum(each.values["crashes"] for each in sound)
    row.met = not (row.lost or row.corrupt or row.unclear or crashes) and bool(harm.lost or harm.corrupt)
    row.met = row.met and row.injected > rounds * size
    return [row]
