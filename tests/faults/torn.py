"""Torn writes: what our statements have SQLite write, cut at any write, and what was not synced kept in part.

    python -m tests.faults.torn STATEMENTS MODE SYNCHRONOUS COUNT SEED

The file layer of SQLite (apsw's, in this process of its own) notes each write, truncation, sync and deletion while the
statements that a recording process issued are executed again. A cut is then made many times over on paper: what was
synced is there, and of the rest any 512 bytes are or are not. What lies there is opened as a file, and looked at.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.victims import PATIENCE, ROOT, environment, workplace

_SECTOR = 512
_CHECKPOINT = 60  # pages, so that the log is brought into the file many times
_SURVIVE = (0.0, 0.1, 0.5, 0.9, 1.0)

Op = tuple[Any, ...]


@dataclass
class Cuts:
    """So many cuts, how many lost a commit that had returned, and how many left no sound file."""

    injected: int = 0
    lost: int = 0
    corrupt: int = 0
    commits: int = 0


@dataclass
class _File:
    """A file as the disk has it: what is safe, what was written since, and whether its name is safe."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[Op] = field(default_factory=list)
    named: bool = False
    before: bytes | None = None  # of a file of this name whose deletion is not safe


def statements(folder: Path, runs: int) -> Path:
    """What a process that records so many runs has its database do, as SQL with all values in it."""
    with workplace() as nursery:
        victim = nursery.begin("traced", folder=str(folder), runs=runs)
        if status := nursery.reap(victim):
            raise RuntimeError(f"the process that is traced ended with {status}: {nursery.errors()}")
    return folder / "statements.json"


def cuts(traced: Path, mode: str, synchronous: str, count: int, seed: int = 1) -> Cuts:
    """Cut a database, that these statements fill in a journal mode and with a level of syncing."""
    command = [sys.executable, "-m", "tests.faults.torn", str(traced), mode, synchronous, str(count), str(seed)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(traced.parent), capture_output=True, check=False, timeout=6 * PATIENCE
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return Cuts(**json.loads(done.stdout))


# -- in the process of its own


def _record(traced: list[str], mode: str, synchronous: str, folder: Path) -> list[Op]:
    """Execute the statements; all that was asked of the files, and the revision after each commit."""
    import apsw

    log: list[Op] = []

    class File(apsw.VFSFile):
        def __init__(self, name: Any, flags: list[int]) -> None:
            self.name = os.path.basename(name.filename() if isinstance(name, apsw.URIFilename) else name or "")
            super().__init__("", name, flags)

        def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 (apsw's name)
            log.append(("write", self.name, offset, bytes(data)))
            super().xWrite(data, offset)

        def xTruncate(self, size: int) -> None:  # noqa: N802 (apsw's name)
            log.append(("truncate", self.name, size))
            super().xTruncate(size)

        def xSync(self, flags: int) -> None:  # noqa: N802 (apsw's name)
            log.append(("sync", self.name))
            super().xSync(flags)

    class Layer(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("noting", "")

        def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802 (apsw's name)
            return File(name, flags)

        def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802 (apsw's name)
            log.append(("delete", os.path.basename(name), bool(syncdir)))
            super().xDelete(name, syncdir)

    layer = Layer()
    conn = apsw.Connection(str(folder / "cut.db"), vfs="noting")
    conn.create_scalar_function("row_sum", lambda *values: len(values), deterministic=True)
    for pragma in (
        f"auto_vacuum = INCREMENTAL; PRAGMA locking_mode = {'EXCLUSIVE' if mode == 'WAL' else 'NORMAL'}",
        f"journal_mode = {mode}; PRAGMA synchronous = {synchronous}; PRAGMA temp_store = MEMORY",
        f"wal_autocheckpoint = {_CHECKPOINT}",
    ):
        conn.execute(f"PRAGMA {pragma}").fetchall()
    for statement in traced:
        conn.execute(statement).fetchall()
        if statement.startswith("COMMIT"):
            log.append(("commit", conn.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0]))
    del layer
    return log


def _apply(data: bytearray, op: Op) -> None:
    if op[0] == "truncate":
        del data[op[2] :]
        return
    _, _, offset, new = op
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(new)] = new


def _step(files: dict[str, _File], op: Op) -> None:
    kind, name = op[0], op[1]
    if kind == "commit":
        return
    file = files.setdefault(name, _File(named=name == "cut.db"))
    if kind in ("write", "truncate"):
        file.since.append(op)
    elif kind == "sync":
        for each in file.since:
            _apply(file.safe, each)
        if not file.named:
            _sync_folder(files)
        file.since, file.named, file.before = [], True, None
    elif op[2]:
        del files[name]
        _sync_folder(files)
    else:
        files[name] = _File(before=bytes(file.safe) if file.named else file.before)


def _sync_folder(files: dict[str, _File]) -> None:
    """With the first sync of a new file SQLite syncs the folder: names and deletions are safe then."""
    for file in files.values():
        file.before = None


def _leave(files: dict[str, _File], chance: random.Random, folder: Path) -> None:
    """Lay out what the disk has after a cut."""
    share = chance.choice(_SURVIVE)
    for name, file in files.items():
        data = bytearray(file.safe)
        for op in file.since:
            if op[0] == "truncate":
                if chance.random() < share:
                    _apply(data, op)
                continue
            _, _, offset, new = op
            for at in range(0, len(new), _SECTOR):
                if chance.random() < share:
                    _apply(data, ("write", name, offset + at, new[at : at + _SECTOR]))
        if not file.named and chance.random() >= share:
            if file.before is None:
                continue
            data = bytearray(file.before)  # neither the deletion nor the new file came to the disk
        (folder / name).write_bytes(data)


def _sound(place: Path) -> tuple[int, bool]:
    """The revision that is there, and whether the file is sound."""
    import apsw

    try:
        conn = apsw.Connection(str(place))
        good = conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = conn.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0]
        revision = conn.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0] if found else -1
        conn.close()
    except apsw.Error:
        return -1, False
    return int(revision), good


def main() -> None:
    """Make the cuts and say what they did."""
    traced, mode, synchronous, count, seed = sys.argv[1:]
    chance, result = random.Random(int(seed)), Cuts()
    with tempfile.TemporaryDirectory(prefix="nbtrack-torn-") as folder:
        log = _record(json.loads(Path(traced).read_text()), mode, synchronous, Path(folder))
    moments = sorted(chance.choices(range(1, len(log) + 1), k=int(count)))
    files: dict[str, _File] = {"cut.db": _File(named=True)}
    done, acknowledged = 0, -1
    for moment in moments:
        for op in log[done:moment]:
            _step(files, op)
            acknowledged = op[1] if op[0] == "commit" else acknowledged
        done = moment
        with tempfile.TemporaryDirectory(prefix="nbtrack-torn-") as folder:
            _leave(files, chance, Path(folder))
            revision, good = _sound(Path(folder) / "cut.db")
        result.injected += 1
        result.corrupt += not good
        result.lost += good and revision < acknowledged
    result.commits = sum(op[0] == "commit" for op in log)
    sys.stdout.write(json.dumps(vars(result)))


if __name__ == "__main__":
    main()
