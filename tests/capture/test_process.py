from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from nbtrack.capture.process import run_quiet


def test_the_answer_has_the_exit_code_and_the_output() -> None:
    answer = run_quiet(
        [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"],
        timeout=60,
    )
    assert answer is not None
    assert (answer.code, answer.kept.strip(), answer.total) == (3, b"out", len(answer.kept))


def test_only_the_first_bytes_are_kept_but_all_are_counted() -> None:
    answer = run_quiet([sys.executable, "-c", "print('x' * 3_000_000, end='')"], timeout=60, keep=10)
    assert answer is not None
    assert (answer.code, answer.kept, answer.total) == (0, b"x" * 10, 3_000_000)


@pytest.mark.parametrize("argv", [["no-such-program-anywhere"], ["bad\0name"]])
def test_a_program_that_cannot_start_is_none(argv: list[str]) -> None:
    assert run_quiet(argv, timeout=1) is None


def test_a_folder_that_is_missing_is_none(tmp_path: Path) -> None:
    assert run_quiet([sys.executable, "-V"], timeout=1, cwd=tmp_path / "missing") is None


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)\n"
    )
    timeout = 1.0
    while not (pids.exists() and pids.read_text()):  # a slow machine gets more time to start the two
        assert run_quiet([sys.executable, "-c", code], timeout=timeout) is None
        timeout *= 2
    for pid in map(int, pids.read_text().split()):
        while _runs(pid):  # killed, but the system may not have come to it; a test that waits for ever is ended
            time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
