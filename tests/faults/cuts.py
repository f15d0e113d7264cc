"""Power cuts: a file system of its own on a loop device is shut down at once, as a plug that is pulled does.

What the system had not yet handed to the disk is gone then; what lies on the disk is read after mounting it again.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.faults import torn
from tests.faults.acts import END
from tests.faults.table import Row
from tests.faults.victims import PATIENCE, WINDOW, Nursery, Verdict, Victim, judge, workplace

_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
_NO_FLUSH = struct.pack("I", 2)
_SIZE = "128M"
_SWITCHING = 5.0  # seconds that switching it on is tried for


class Disk:
    """A small ext4 file system, mounted; it can lose its power."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "disk"
        self._image = folder / "disk.img"
        self.place.mkdir()
        _run("truncate", "-s", _SIZE, self._image)
        _run("mkfs.ext4", "-q", "-F", self._image)
        self.mount()

    def mount(self) -> None:
        """Switch it on. Others may take the same loop device just now, or this one may not yet be let go of."""
        deadline = time.monotonic() + _SWITCHING
        while True:
            try:
                _run("mount", "-o", "loop", self._image, self.place)
                self.keep()  # an error where it is still the one that was shut down
            except OSError:
                self.unmount()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def unmount(self) -> None:
        """Let go of it; who still uses it is about to die."""
        deadline = time.monotonic() + PATIENCE
        while self._mounted():
            done = subprocess.run(["umount", self.place], capture_output=True, check=False)
            if done.returncode and time.monotonic() > deadline:
                raise OSError(done.stderr.decode())
            if done.returncode:
                time.sleep(0.02)

    def _mounted(self) -> bool:
        """What has lost its power may not even answer `os.path.ismount`."""
        return any(line.split()[1] == str(self.place) for line in Path("/proc/mounts").read_text().splitlines())

    def cut(self) -> float:
        """Pull the plug; the moment before."""
        handle = os.open(self.place, os.O_RDONLY)
        try:
            moment = time.monotonic()
            fcntl.ioctl(handle, _SHUTDOWN, _NO_FLUSH)
        finally:
            os.close(handle)
        return moment

    def keep(self) -> None:
        """Have it keep all there is."""
        handle = os.open(self.place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    if done.returncode:
        raise OSError(f"{command[0]}: {done.stderr.decode().strip() or done.returncode}")


@contextmanager
def a_disk() -> Iterator[Disk]:
    """A disk that is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="nbtrack-disk-", ignore_cleanup_errors=True) as folder:
        disk = Disk(Path(folder))
        try:
            yield disk
        finally:
            disk.unmount()


def cannot() -> str:
    """Why no power can be cut here; empty if it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "needs root, for a file system of its own on a loop device"
    for tool in ("mkfs.ext4", "mount", "umount", "truncate"):
        if shutil.which(tool) is None:
            return f"needs {tool}, which is not installed"
    try:
        with a_disk() as disk:
            disk.cut()
    except OSError as error:
        return f"needs a loop device that ext4 can be mounted on and shut down: {error}"
    return ""


def cut_one(disk: Disk, nursery: Nursery, chance: random.Random, after_end: bool) -> Verdict:
    """A process records on the disk, the power goes at a random moment or right after the end of a run returned."""
    root = disk.place / f"project{chance.randrange(1 << 40)}"
    root.mkdir()
    disk.keep()
    if after_end:
        points, pause, files = chance.choice([20, 500]), 0.0, chance.choice([0, 1, 3])
    else:
        points, pause = chance.choice([1 << 40, 1500, 100]), chance.choice([0.0005, 0.001])
        files = chance.choice([0, 1, 3])
    victim = nursery.begin("record", root, points=points, pause=pause, files=files)
    if after_end:
        _wait_for_end(victim, chance.randrange(1, 4))
    else:
        victim.wait_for(2)  # that its run began, and of a point
        time.sleep(chance.choice([0.05, 0.3, 1.5]) * chance.random())
    moment = disk.cut()
    victim.kill()
    nursery.reap(victim)
    disk.unmount()
    disk.mount()
    verdict = judge(root, victim.told, moment)
    victim.told.remove()
    shutil.rmtree(root)
    return verdict


def _wait_for_end(victim: Victim, which: int) -> None:
    """Until a run has ended, not a moment longer."""
    deadline, seen, ends = time.monotonic() + PATIENCE, 0, 0
    while ends < which:
        fresh = victim.told.notes(seen)
        seen += len(fresh)
        ends += sum(what == END for what, _, _ in fresh)
        if time.monotonic() > deadline:
            raise TimeoutError(f"the run in '{victim.root}' did not end")
        time.sleep(0.0001)


def cuts(count: int, canary: str = "", after_end: bool | None = None, seed: int | None = None) -> list[Verdict]:
    """So many power cuts; by turns at a random moment and right after an end, if it is not said which."""
    chance = random.Random(seed)
    with a_disk() as disk, workplace(canary) as nursery:
        turns = [number % 3 == 2 if after_end is None else after_end for number in range(count)]
        return [cut_one(disk, nursery, chance, turn) for turn in turns]


def until(canary: str, seen: Callable[[Verdict], object], most: int = 40) -> bool:
    """Power cuts right after an end, with a defence left out, until harm is seen; False if there was none in so many.

    Now and then the system has written by itself what nobody asked it to.
    """
    chance = random.Random(2)
    with a_disk() as disk, workplace(canary) as nursery:
        return any(seen(cut_one(disk, nursery, chance, after_end=True)) for _ in range(most))


def lost(verdicts: list[Verdict]) -> int:
    """What should have been durable and is not there."""
    return sum(one.old + one.ends + one.files for one in verdicts)


def rows(long: bool) -> list[Row]:
    """The part of the table."""
    return [*_shut_down(long), *_torn(long)]


def _torn(long: bool) -> list[Row]:
    """What SQLite writes for us, torn: with the write-ahead log, and where that cannot be had."""
    if find_spec("apsw") is None:
        return [Row("cuts between writes, unsynced ones torn", skipped="needs apsw, which is not installed")]
    count, found = 400 if long else 40, []
    with tempfile.TemporaryDirectory(prefix="nbtrack-torn-") as folder:
        traced = torn.statements(Path(folder), 12 if long else 2)
        for mode, synchronous, less in (("WAL", "FULL", "OFF"), ("DELETE", "EXTRA", "FULL")):
            careless = torn.cuts(traced, mode, less, count)
            seen = torn.cuts(traced, mode, synchronous, count)
            canary = f"{less}: {careless.lost} lost, {careless.corrupt} corrupt of {careless.injected}"
            fault = f"cuts between writes, unsynced ones torn ({mode}, {synchronous})"
            good = not (seen.lost or seen.corrupt)
            note = f"the {seen.commits} commits of a process that records, executed again"
            found.append(Row(fault, seen.injected, seen.lost, seen.corrupt, 0, canary, met=good, note=note))
    return found


def _shut_down(long: bool) -> list[Row]:
    goal = f"0 durable lost, window ≤ {WINDOW:.0f} s"
    reason = cannot()
    if reason:
        return [Row("power cuts (ext4 shut down)", goal=goal, skipped=reason)]
    found = cuts(100 if long else 3)
    careless = cuts(5 if long else 2, "never synced")
    late = cuts(5 if long else 2, "ends not synced", after_end=True)
    named = cuts(5 if long else 2, "named before synced", after_end=True, seed=2)
    bad = sum(bool(one.corrupt) or lost([one]) > 0 for one in careless)
    canary = f"never synced: {bad} of {len(careless)} lost or corrupt; ends not synced: {lost(late)} lost; "
    canary += f"artifacts named before they are synced: {sum(one.files for one in named)} lost"
    fault = "power cuts (ext4 shut down)"
    on_a_network = cuts(30 if long else 2, "on a network")
    return [
        _cut_row(fault, found, canary),
        _cut_row(f"{fault}, on a network file system (DELETE, EXTRA)", on_a_network, "see the first row"),
    ]


def _cut_row(fault: str, found: list[Verdict], canary: str) -> Row:
    goal = f"0 durable lost, window ≤ {WINDOW:.0f} s"
    corrupt, unclear = sum(bool(one.corrupt) for one in found), sum(len(one.unclear) for one in found)
    window = max(one.age for one in found)
    note = f"{sum(one.told for one in found):,} acknowledged points; {sum(one.lost for one in found):,} of the last "
    note += f"{window:.2f} s before a cut were lost"
    note += "".join(f"; {one.corrupt[0]}" for one in found if one.corrupt)[:500]
    good = not (lost(found) or corrupt or unclear) and window <= WINDOW
    row = Row(fault, len(found), lost(found), corrupt, unclear, canary, goal, good, note)
    row.values = {"window": window}
    return row
