"""On what kind of file system a project lies, and whether SQLite's write-ahead log works there.

The log needs memory that all processes share by way of a file beside the database. Network file systems have none that
reaches other machines, and some none at all; SQLite answers "wal" even there, and fails or loses rows later. So the
name of the file system is looked up, and a small database beside the real one shows what really works. Where the log
cannot be had the database goes without: a rollback journal (DELETE), synced so that a power cut takes nothing back
(EXTRA). Slower, but the background thread waits for it and not the user.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base.checkpoints import leave_to_us
from nbtrack.base.errors import StoreError, StoreLocked
from nbtrack.base.sqlite import Failure, patient, plain

if TYPE_CHECKING:
    import sqlite3

# Their files other machines may have open at the same time.
_NETWORK = set(
    re.findall(
        r"\S+",
        "nfs nfs3 nfs4 cifs smb smb2 smb3 smbfs ncpfs afpfs webdav davfs 9p v9fs lustre gpfs ceph beegfs afs openafs "
        "coda glusterfs ocfs2 gfs gfs2 pvfs2 orangefs panfs moosefs wekafs vboxsf virtiofs drvfs prl_fs vmhgfs hgfs "
        "acfs fuse macfuse osxfuse osxfs grpcfuse",
    )
)
# File systems by way of FUSE that are on this machine all the same; of each other one nobody knows where it ends.
_FUSE_HERE = set(
    re.findall(
        r"\S+",
        "fuse-overlayfs gocryptfs encfs cryfs securefs ecryptfs mergerfs bindfs ntfs ntfs-3g exfat ext2 ext4 zfs "
        "squashfuse lxcfs snapfuse",
    )
)
_PATIENCE = 10.0
_LOCAL_DISK = "Set NBTRACK_DIR to a folder on a local disk"
_REMOTE_DRIVE = 4  # what Windows calls a drive of another machine


@dataclass(frozen=True)
class Place:
    """Where a project lies. kind: the file system's name, "" if unknown. why: what the log would need; "" if it works.

    network: other machines may have its files open too.
    """

    folder: Path
    kind: str
    network: bool
    why: str = ""

    @property
    def wal(self) -> bool:
        """Whether the database may keep a write-ahead log."""
        return not self.why

    def named(self) -> str:
        """The file system for people."""
        return f"'{self.folder}' ({self.kind or 'a file system of unknown kind'})"

    def notice(self) -> str:
        """What its user is told once; "" where there is nothing to tell."""
        if self.wal:
            return ""
        return (
            f"{self.named()} {self.why}: nothing is lost there, but reading and writing are slower. {_LOCAL_DISK} to "
            "have it fast."
        )


_known: dict[Path, Place] = {}
_shared: dict[Path, bool] = {}
_lock = threading.Lock()


def place_of(folder: Path) -> Place:
    """What is known of the folder that a database lies in, found out when first asked; it can be written."""
    found = _known.get(folder)
    if found is None:
        with _lock:
            found = _known.get(folder)
            if found is None:
                found, sure = _looked_at(folder)
                if sure:
                    _known[folder] = found
    return found


def is_shared(folder: Path) -> bool:
    """Whether a folder lies on a network file system; cheap, nothing is written to find out."""
    found = _shared.get(folder)
    if found is None:
        found = _shared[folder] = is_network(kind_of(folder))
    return found


def notice_of(folder: Path) -> str:
    """What the user of a database in a folder is told once; "" where there is nothing to tell, or nobody has looked."""
    found = _known.get(folder)
    return found.notice() if found is not None else ""


def forget() -> None:
    """Look at every place again."""
    _known.clear()
    _shared.clear()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _looked_at(folder: Path) -> tuple[Place, bool]:
    """The place, and whether it is worth remembering: a full disk tells nothing of it."""
    kind = kind_of(folder)
    if is_network(kind):
        return Place(folder, kind, True, "is a network file system, where SQLite cannot have a write-ahead log"), True
    trouble = probe(folder)
    if trouble:
        trouble = probe(folder)  # once more: one fault of the disk is not the nature of the place
    if trouble is None:
        return Place(folder, kind, False), False
    why = f"gives SQLite no write-ahead log ({trouble})" if trouble else ""
    return Place(folder, kind, False, why), True


# -- the kind


def kind_of(folder: Path) -> str:
    """The name that the system has for the file system of a folder, such as "ext4", "nfs4", "fuse.sshfs"."""
    path = os.path.realpath(folder)
    with suppress(OSError, ValueError):
        if sys.platform == "linux":
            return _mounted(path, Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape"))
        if sys.platform == "darwin":
            return _mounted_on_macos(path)
        if sys.platform == "win32":
            return _windows_kind(path)
    return ""


def is_network(kind: str) -> bool:
    """Whether other machines may have files of such a file system open."""
    kind = kind.lower()
    if kind.startswith("fuse."):
        return kind.removeprefix("fuse.") not in _FUSE_HERE
    return kind in _NETWORK


def _mounted(path: str, mountinfo: str) -> str:
    """The file system of a path by the lines of /proc/self/mountinfo: of the deepest mount, the one made last."""
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        mount, dash, about = line.partition(" - ")
        fields = mount.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4])
        if _holds(point, path) and len(point) >= best:
            best, kind = len(point), about.split(" ")[0]
    return kind


def _mounted_on_macos(path: str) -> str:
    import subprocess

    told = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False).stdout
    best, kind = -1, ""
    for line in told.splitlines():
        found = re.fullmatch(r".* on (/.*) \(([^,)]+).*\)", line)
        if found and _holds(found[1], path) and len(found[1]) >= best:
            best, kind = len(found[1]), found[2]
    return kind


def _windows_kind(path: str) -> str:
    if path.startswith("\\\\"):
        return "smb"
    import ctypes

    drive = os.path.splitdrive(path)[0] + "\\"
    return "smb" if ctypes.windll.kernel32.GetDriveTypeW(drive) == _REMOTE_DRIVE else ""  # type: ignore[attr-defined,unused-ignore]


def _holds(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


# -- the probe


def probe(folder: Path) -> str | None:
    """Try the log on a small database in a folder: "" if it works, else what failed; None if nothing could be tried."""
    name = folder / f".probe-{os.getpid()}-{secrets.token_hex(4)}.db"
    connections: list[sqlite3.Connection] = []
    try:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        one = _opened(name, connections)
        one.execute("CREATE TABLE found (n INTEGER)")
        return _try_log(name, one, connections)
    except (OSError, Failure):
        return None
    finally:
        for connection in connections:
            with suppress(Failure):
                connection.close()
        for end in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                os.unlink(f"{name}{end}")


def _opened(name: Path, connections: list[sqlite3.Connection]) -> sqlite3.Connection:
    connections.append(plain(name.as_posix()))
    connections[-1].execute("PRAGMA synchronous = OFF")  # what it holds is worth nothing
    return connections[-1]


def _try_log(name: Path, one: sqlite3.Connection, connections: list[sqlite3.Connection]) -> str | None:
    try:
        if one.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            return "SQLite refuses it"
        one.execute("INSERT INTO found VALUES (1)")
        two = _opened(name, connections)
        two.execute("INSERT INTO found VALUES (2)")
        for connection in (one, two):
            if connection.execute("SELECT sum(n) FROM found").fetchone()[0] != 1 + 2:
                return "one connection does not see what another wrote"
    except Failure as error:
        return None if "full" in str(error) else str(error)
    return ""


# -- a database as its place asks


def opened(path: Path) -> sqlite3.Connection:
    """A connection to a database that can be written; one that has a log it cannot have there is rid of it first.

    Raises:
        StoreLocked: another process has it open. StoreError: files cannot be locked there.
    """
    connection = plain(path.as_posix())
    try:
        place = place_of(path.parent)
        if not place.wal:
            _leave_log(connection, path, place)
    except BaseException:
        connection.close()
        raise
    return connection


def set_mode(connection: sqlite3.Connection, path: Path) -> None:
    """Give a database the journal that its place can have."""
    wanted = "WAL" if place_of(path.parent).wal else "DELETE"
    mode = patient(connection, f"PRAGMA journal_mode = {wanted}", _PATIENCE).fetchone()[0]
    connection.execute(f"PRAGMA synchronous = {'FULL' if mode == 'wal' else 'EXTRA'}")
    leave_to_us(connection)


def _leave_log(connection: sqlite3.Connection, path: Path, place: Place) -> None:
    """Take over what stands in the log and remove it. One that has the file for itself needs no shared memory."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    try:
        mode = patient(connection, "PRAGMA journal_mode = DELETE", _PATIENCE).fetchone()[0]
    except StoreLocked:
        mode = "wal"
    except Failure as error:
        if place.network and ("disk I/O" in str(error) or "locking" in str(error)):
            raise StoreError(
                f"'{path}' cannot be used: {place.named()} does not let files be locked ({error}).", f"{_LOCAL_DISK}."
            ) from error
        raise
    finally:
        connection.execute("PRAGMA locking_mode = NORMAL")
    if mode != "delete":
        raise StoreLocked(
            f"'{path}' has a write-ahead log, and {place.named()} {place.why}. It cannot be changed now: another "
            "process, perhaps on another machine, has it open.",
            f"End what has it open (kernels, JupyterLab) and try again. {_LOCAL_DISK} to be rid of this.",
        )
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # lets go of the lock
