"""One process that tries inputs on targets. What may hang, grow or die does so here; `fuzz.py` and the tests start it.

    child.py fuzz TARGET FOLDER SECONDS [--plain] [--patience S]   try new inputs until the time is over
    child.py look TARGET FOLDER FILE [--smaller OUT]               try one; 0 if it is well; write one that is smaller
    child.py quick FOLDER TARGET=COUNT …                           the corpus, and so many new inputs; prints JSON

While it fuzzes it tells in FOLDER/now, which is mapped memory, what it tries, so that whoever finds it dead or silent
knows the input. What it finds goes into FOLDER/found.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import mmap
import os
import random
import resource
import struct
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # called as a script

if TYPE_CHECKING:
    from tests.fuzz.oracle import Finding, Judge

CORPUS = HERE / "corpus"
FULL = 71  # the exit code of a process that had too much memory, as libFuzzer's is
SLOW = 70  # that of one whose input took too long
_NOW = struct.Struct("<QQdI")  # inputs, findings, when the last began, its size
_LARGEST = 1 << 16
_ROOM = 8 << 30  # bytes of address space: what asks for more is told so, and the machine lives
_DEEP_EVERY = 50  # inputs
_AT_LEAST = 200  # inputs, however slow the machine is


class Limits(NamedTuple):
    """What one input may take: seconds of the processor, MB of memory."""

    seconds: float
    memory: int


class Now:
    """What is being tried, for others to see."""

    def __init__(self, path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(_NOW.size + _LARGEST)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self.inputs = self.findings = 0

    def begins(self, data: bytes) -> None:
        """An input is tried."""
        self.inputs += 1
        data = data[:_LARGEST]
        self._say(time.time(), len(data))
        self._map[_NOW.size : _NOW.size + len(data)] = data

    def ended(self) -> None:
        """It is over."""
        self._say(0.0, 0)

    def _say(self, began: float, size: int) -> None:
        """Put whole over what stood there: `pack_into` begins with zeros, and whoever reads these takes it for dead."""
        self._map[: _NOW.size] = _NOW.pack(self.inputs, self.findings, began, size)

    @staticmethod
    def read(path: Path) -> tuple[int, int, float, bytes]:
        """(inputs, findings, when the one that is being tried began or 0, the input)."""
        data = path.read_bytes() if path.exists() else b""
        if len(data) < _NOW.size:
            return 0, 0, 0.0, b""
        inputs, findings, began, size = _NOW.unpack_from(data)
        return inputs, findings, began, data[_NOW.size : _NOW.size + size]


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fuzz", "look", "quick"))
    parser.add_argument("rest", nargs="+")
    parser.add_argument("--plain", action="store_true", help="without atheris")
    parser.add_argument("--patience", type=float, default=120.0)
    parser.add_argument("--seconds", type=float, default=5.0, help="of processor time for one input")
    parser.add_argument("--memory", type=int, default=1024, help="MB that the process may have")
    parser.add_argument("--smaller", type=Path)
    given = parser.parse_args()
    folder = Path(given.rest[0 if given.what == "quick" else 1])
    limits = Limits(given.seconds, given.memory)
    _move_in(folder)
    if given.what == "quick":
        return _quick(folder, given.rest[1:], limits)
    if given.what == "look":
        return _look(given.rest[0], folder, Path(given.rest[2]), given.smaller, limits)
    return _fuzz(given.rest[0], folder, float(given.rest[2]), given.plain, given.patience, limits)


def _move_in(folder: Path) -> None:
    """Whatever looks for a home or for room finds it in the folder; nothing compiled is kept beside the sources."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    (folder / "home").mkdir(exist_ok=True)
    tempfile.tempdir = str(folder / "tmp")
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "IPYTHONDIR"):
        os.environ[name] = str(folder / "home")
    for name in [name for name in os.environ if name.startswith("NBTRACK")]:
        del os.environ[name]
    os.environ.update(TMPDIR=str(folder / "tmp"), MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_ALLOW_FILE_STORE="true")
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", TZ="UTC")
    os.chdir(folder)
    sys.dont_write_bytecode = True
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_ROOM, hard))


def _seeds(target: Any) -> list[bytes]:
    kept = sorted((CORPUS / target.name).glob("*")) if (CORPUS / target.name).is_dir() else []
    return [*target.seeds(), *(path.read_bytes() for path in kept)]


class _Trial:
    """Tries inputs, and keeps what is found."""

    def __init__(self, name: str, folder: Path, limits: Limits) -> None:
        from tests.fuzz.oracle import Judge
        from tests.fuzz.targets import made

        self.found = folder / "found"
        self.found.mkdir(exist_ok=True)
        (folder / "work").mkdir()
        self.target = made(name, folder / "work")
        self.judge: Judge = Judge(self.target, limits.seconds, limits.memory << 20)
        self.now = Now(folder / "now")

    def one(self, data: bytes) -> None:
        """Try an input."""
        self.now.begins(data)
        finding = self.judge.look(data, deep=self.now.inputs % _DEEP_EVERY == 0)
        if finding is not None:
            self.now.findings += 1
            keep(self.found, finding, data)
        self.now.ended()
        if finding is not None and finding.kind == "memory":
            os._exit(FULL)  # its peak would be that of all that follow


def keep(folder: Path, finding: Finding, data: bytes) -> None:
    """An input that was found, and what is wrong with it; the first of each fault."""
    path = folder / finding.name
    if not path.exists() or path.stat().st_size > len(data):
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(f"{finding.signature}\n\n{finding.text}", "utf-8", "backslashreplace")


def _fuzz(name: str, folder: Path, seconds: float, plain: bool, patience: float, limits: Limits) -> int:
    atheris = None
    if not plain:
        with contextlib.suppress(ImportError):
            import atheris
    if atheris is None:
        trial = _Trial(name, folder, limits)
        trial.target.warm()
        _by_chance(trial, seconds)
        return 0
    hook = atheris.instrument_imports(include=["nbtrack"])
    hook.__enter__()  # for good: what is imported late is led by coverage, too
    trial = _Trial(name, folder, limits)
    trial.target.warm()
    for part in ("seeds", "grown"):
        (folder / part).mkdir(exist_ok=True)
    for number, seed in enumerate(_seeds(trial.target)):
        (folder / "seeds" / f"{number:04d}").write_bytes(seed)
    (folder / "words").write_text("".join(f'"{_escaped(word)}"\n' for word in trial.target.words if word))
    most = limits.memory + (_inherited() >> 20)  # libFuzzer counts what the parent had, too
    arguments = [
        *(sys.argv[0], str(folder / "grown"), str(folder / "seeds"), f"-dict={folder / 'words'}"),
        *(f"-max_total_time={max(1, int(seconds))}", f"-timeout={int(patience)}", f"-rss_limit_mb={most}"),
        *("-max_len=4096", "-print_final_stats=1", f"-artifact_prefix={folder / 'lost'}-", "-detect_leaks=0"),
    ]
    atheris.Setup(arguments, trial.one)
    atheris.Fuzz()
    return 0


def _inherited() -> int:
    """Bytes of the peak that the system counts for this process and that its parent had."""
    from tests.fuzz.oracle import own_peak

    counted = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return counted if counted > own_peak() else 0


def _by_chance(trial: _Trial, seconds: float) -> None:
    """Inputs without a guide, from the seeds, until the time is over."""
    from tests.fuzz.mutate import mutated

    rng = random.Random(time.time_ns())
    pool = _seeds(trial.target)
    ends = time.monotonic() + seconds
    for seed in pool:
        trial.one(seed)
    while time.monotonic() < ends or trial.now.inputs < _AT_LEAST:
        trial.one(mutated(rng, pool, trial.target.words))


def _escaped(word: bytes) -> str:
    return "".join(chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\x{one:02x}" for one in word)


def _look(name: str, folder: Path, file: Path, out: Path | None, limits: Limits) -> int:
    from tests.fuzz.mutate import smaller

    trial = _Trial(name, folder, limits)
    trial.target.warm()
    data = file.read_bytes()
    trial.now.begins(data)
    finding = trial.judge.look(data, deep=True)
    if finding is None:
        return 0
    sys.stdout.write(f"{finding.signature}\n\n{finding.text}\n")
    if finding.kind == "memory":
        if out is not None:
            keep(out, finding, data)
        return FULL
    if out is not None:
        ends = time.monotonic() + 40.0

        def same(shorter: bytes) -> bool:
            if time.monotonic() > ends:
                return False
            again = trial.judge.look(shorter, deep=True)
            return again is not None and again.signature == finding.signature

        keep(out, finding, smaller(data, same) if finding.kind == "crash" else data)
    return 1


def _quick(folder: Path, wanted: list[str], limits: Limits) -> int:
    said: dict[str, Any] = {}
    for one in wanted:
        name, _, count = one.partition("=")
        began = time.process_time()
        place = folder / name
        place.mkdir()
        findings, inputs = _tried(name, place, int(count), limits)
        said[name] = {"inputs": inputs, "findings": findings, "seconds": round(time.process_time() - began, 2)}
    sys.stdout.write(f"\n{json.dumps(said)}\n")
    return 0


def _tried(name: str, folder: Path, count: int, limits: Limits) -> tuple[dict[str, str], int]:
    from tests.fuzz.mutate import mutated

    trial = _Trial(name, folder, limits)
    target, rng = trial.target, random.Random(zlib.crc32(name.encode()))
    pool = _seeds(target)
    kept = pool[len(target.seeds()) :]
    inputs = [*kept, *rng.sample(pool, min(len(pool), count // 4))]
    inputs += [mutated(rng, pool, target.words) for _ in range(count)]
    findings: dict[str, str] = {}
    for at, data in enumerate(inputs):
        trial.now.begins(data)
        finding = trial.judge.look(data, deep=at <= len(kept) or at == len(inputs) - 1)
        if finding is not None:
            keep(trial.found, finding, data)
            findings[finding.name] = f"{data[:200].hex()}\n{finding.signature}\n{finding.text}"
    target.close()
    return findings, len(inputs)


if __name__ == "__main__":
    sys.exit(main())
