"""Bad input of every kind, led by what the code does with it; a table at the end. `make fuzz` calls it.

    fuzz.py [--minutes 30] [--only TARGET …] [--jobs N] [--plain] [--readme README.md]

Each target runs in a process of its own, for as long as was said, as many at a time as there are cores; one that dies
is started again for the rest. What is found is made smaller and written to tests/fuzz/corpus/TARGET/, where `make test`
tries it from then on. Where there is no atheris, or with --plain, the inputs are led by chance alone. `--readme
README.md` puts the table there, between its markers.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # called as a script

from tests.benchmarks.table import put_between, surroundings
from tests.fuzz.child import CORPUS, FULL, SLOW, Now
from tests.fuzz.targets import NEEDS, PLANTED, TARGETS

HERE = Path(__file__).resolve().parent
_CALL = [sys.executable, str(HERE / "child.py")]
_START = 900.0  # seconds until the first input is tried, at most: many at a time take long to be loaded
_COVERED = re.compile(rb"#\d+\s+(\w+)\s+cov: (\d+).*? corp: (\d+)")
_HEAD = (
    "target",
    "seconds",
    "inputs",
    "inputs/s",
    "edges at first",
    "new edges",
    "corpus",
    "crashes",
    "hangs",
    "memory",
    "",
)


@dataclass
class Result:
    """What became of a target. found: faults by name, each with its first lines; skipped: why it was not tried."""

    name: str
    seconds: float = 0.0
    inputs: int = 0
    first_edges: int | None = None
    edges: int | None = None
    corpus: int | None = None
    found: dict[str, str] = field(default_factory=dict)
    unsteady: list[str] = field(default_factory=list)
    starts: int = 0
    skipped: str = ""

    @property
    def bad(self) -> bool:
        """Whether there is anything to be mended."""
        return bool(self.found)

    def count(self, kind: str) -> int:
        """How many faults of a kind."""
        return sum(name.startswith(kind) for name in self.found)


@dataclass(frozen=True)
class How:
    """plain: without atheris. corpus: where to keep what is found.

    patience: seconds for an input that waits for something. memory: MB that the process may have.
    """

    plain: bool = False
    corpus: Path = CORPUS
    patience: float = 120.0
    memory: int = 1024


def fuzz(name: str, seconds: float, how: How) -> Result:
    """Fuzz one target; what is found is written below the corpus."""
    result = Result(name)
    missing = NEEDS.get(name)
    if missing is not None and not _is_there(missing):
        result.skipped = f"{missing} is not installed"
        return result
    with tempfile.TemporaryDirectory(prefix="nbtrack-fuzz-", dir=room(), ignore_cleanup_errors=True) as place:
        folder = Path(place)
        found = folder / "found"
        found.mkdir()
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 1 or not result.starts:
            _once(result, folder / f"{result.starts}", max(left, 1.0), found, how)
            if result.starts > 5 + seconds / 5:
                result.found.setdefault("crash-begin", "It dies again and again.")
                break
        _sort(result, found, folder, how)
    return result


def _once(result: Result, folder: Path, seconds: float, found: Path, how: How) -> None:
    """One process, to its end; what it left when it died or did not go on is an input that was found."""
    folder.mkdir()
    result.starts += 1
    command = [*_CALL, "fuzz", result.name, str(folder), str(seconds)]
    command += ["--patience", str(how.patience), "--memory", str(how.memory), *(["--plain"] if how.plain else [])]
    with (folder / "said").open("wb") as said:
        child = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            code, began = _watched(child, folder / "now", seconds, how.patience)
        except BaseException:
            child.kill()
            child.wait()
            raise
    result.seconds += time.monotonic() - began
    inputs, _, started, data = Now.read(folder / "now")
    result.inputs += inputs
    text = (folder / "said").read_bytes()
    _read_coverage(result, text)
    for path in (folder / "found").glob("*") if (folder / "found").is_dir() else ():
        _collect(path, found)
    if code and not inputs:
        # The others go on: what they find in half an hour is not lost for this.
        result.found["crash-begin"] = f"It could not be begun ({code}):\n{text.decode(errors='replace')[-3000:]}"
        result.starts = sys.maxsize
        return
    if (code and code != FULL) or (code == FULL and started):
        kind = "hang" if code == SLOW else "memory" if code == FULL else "crash"
        path = found / f"{kind}-ended-{abs(code)}"
        path.write_bytes(data)
        how = "did not go on" if code == SLOW else f"ended with {code}"
        path.with_suffix(".txt").write_text(f"The process {how}\n\n{text.decode(errors='replace')[-3000:]}")


def _watched(child: subprocess.Popen[bytes], now: Path, seconds: float, patience: float) -> tuple[int, float]:
    """The exit code, and when the first input was tried: what is loaded before takes its time.

    `SLOW` for one that had to be stopped. At the end of its time it ends by itself.
    """
    begun = first = time.monotonic()
    inputs = 0
    while True:
        try:
            return child.wait(timeout=0.1), first
        except subprocess.TimeoutExpired:
            if not inputs:
                first = time.monotonic()
            inputs, _, began, _ = Now.read(now)
            stuck = bool(began) and time.time() - began > patience
            ends = first + seconds + 2 * patience if inputs else begun + _START
            if not stuck and time.monotonic() < ends:
                continue
            child.send_signal(signal.SIGKILL)
            child.wait()
            return SLOW if stuck or inputs else 1, first


def _read_coverage(result: Result, text: bytes) -> None:
    lines = _COVERED.findall(text)
    if not lines:
        return
    if result.first_edges is None:
        inited = [edges for word, edges, _ in lines if word == b"INITED"]
        result.first_edges = int((inited or [lines[0][1]])[0])
    result.edges = max(result.edges or 0, int(lines[-1][1]))
    result.corpus = max(result.corpus or 0, int(lines[-1][2]))


def _collect(path: Path, found: Path) -> None:
    target = found / path.name
    if not target.exists() or (path.suffix != ".txt" and target.stat().st_size > path.stat().st_size):
        shutil.copyfile(path, target)


def _sort(result: Result, found: Path, folder: Path, how: How) -> None:
    """Try each of what was found in a fresh process, make it smaller, and keep it in the corpus."""
    for number, path in enumerate(sorted(one for one in found.glob("*") if one.suffix != ".txt")):
        place, out = folder / f"look-{number}", folder / f"small-{number}"
        out.mkdir()
        command = [*_CALL, "look", result.name, str(place), str(path), "--smaller", str(out)]
        command += ["--memory", str(how.memory)]
        limit = 3 * how.patience  # it is loaded in that time, too
        limit = limit if path.name.startswith("hang") else max(limit, _START)
        try:
            code = subprocess.run(command, capture_output=True, timeout=limit, check=False).returncode
        except subprocess.TimeoutExpired:
            code = SLOW
        said = path.with_suffix(".txt").read_text(encoding="utf-8", errors="replace")
        if code == 0:
            result.unsteady.append(f"{path.name}: {said.splitlines()[0]}")
            if not path.name.startswith("memory"):  # many inputs together filled the process
                result.found[path.name] = said
            continue
        small = next((one for one in out.glob("*") if one.suffix != ".txt"), path)
        name = small.name
        if small is not path:
            said = small.with_suffix(".txt").read_text(encoding="utf-8", errors="replace")
        result.found[name] = said
        kept = how.corpus / result.name / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(small, kept)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def room() -> str | None:
    """Memory, where the system has a folder of it: thousands of small databases are made."""
    memory = Path("/dev/shm")
    try:
        return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30 else None
    except OSError:
        return None


def table(results: Sequence[Result]) -> str:
    """The results, a line each."""
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD))]
    for one in results:
        if one.skipped:
            lines.append(_line([one.name, *["–"] * (len(_HEAD) - 2), one.skipped]))
            continue
        new = None if one.edges is None or one.first_edges is None else max(0, one.edges - one.first_edges)
        edges = ["–" if value is None else f"{value:,}" for value in (one.first_edges, new, one.corpus)]
        rate = one.inputs / one.seconds if one.seconds else 0.0
        kinds = [str(one.count(kind)) for kind in ("crash", "hang", "memory")]
        spent = [f"{one.seconds:,.0f}", f"{one.inputs:,}", f"{rate:,.0f}"]
        lines.append(_line([one.name, *spent, *edges, *kinds, "found" if one.bad else "none"]))
    return "\n".join(lines)


def details(results: Sequence[Result]) -> str:
    """What was found, and what was not seen again when it was tried alone."""
    lines = []
    for one in results:
        lines += [f"{one.name}/{name}: {said.strip()[-1500:]}" for name, said in one.found.items()]
        lines += [f"{one.name}: not again by itself: {said}" for said in one.unsteady]
    return "\n\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, print the table; 1 where anything was found."""
    given = _arguments(arguments)
    names = given.only or list(TARGETS)
    plain = given.plain or find_spec("atheris") is None
    about = surroundings(["nbtrack", *([] if plain else ["atheris"])])
    if plain:
        about += "\nInputs are led by chance" + (", for atheris is not installed." if not given.plain else ".")
    print(about, flush=True)
    results = _all(names, given.minutes * 60, How(plain, given.corpus), max(1, given.jobs))
    print(f"\n{table(results)}")
    if said := details(results):
        print(f"\n{said}")
    if given.readme:
        text = given.readme.read_text(encoding="utf-8")
        given.readme.write_text(put_between(text, "fuzz", f"{about}\n\n{table(results)}"), encoding="utf-8")
    return int(any(one.bad for one in results))


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="for each target; 30 without")
    parser.add_argument("--only", action="append", choices=(*TARGETS, *PLANTED), help="this one; may be given again")
    parser.add_argument("--jobs", type=int, default=_cores(), help="targets at a time; one for each core without")
    parser.add_argument("--plain", action="store_true", help="by chance alone, without atheris")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="where to keep what is found")
    parser.add_argument("--readme", type=Path, help="put the table into this file, between <!-- fuzz --> markers")
    given = parser.parse_args(arguments)
    if given.readme:
        put_between(given.readme.read_text(encoding="utf-8"), "fuzz", "")  # hours later is late to hear of a mistake
    return given


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _all(names: Sequence[str], seconds: float, how: How, jobs: int) -> list[Result]:
    """Fuzz the targets, so many at a time; says on standard error what became of each."""
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(jobs) as pool:
        began = {pool.submit(fuzz, name, seconds, how): name for name in names}
        for job in as_completed(began):
            one = results[began[job]] = job.result()
            what = one.skipped or f"{one.seconds:,.0f} s, {one.inputs:,} inputs, {len(one.found)} found"
            said = details([one])  # now, for who ends this before its time loses nothing
            print(f"[{len(results)}/{len(began)}] {one.name}: {what}", *filter(None, [said]), sep="\n", file=sys.stderr)
            sys.stderr.flush()
    return [results[name] for name in dict.fromkeys(names)]


if __name__ == "__main__":
    sys.exit(main())
