"""An append-only journal in mapped memory: what is written here survives the death of the process.

Where memory cannot be mapped, or the file lies on another machine, it is written with a system call a record.

A caller pays for one copy into the mapping, never for a lock of another process, a system call or the disk. The
records are read back by this process's ingest thread, or by the next reader when the process has died.

    segment file  <writer>-<number>.nbj      header (64 bytes), then records, then zeros
    record        crc32 u32 | length u32 | body        the crc covers the body
    body          kind u8 | payload

Space is allocated before it is mapped: a store into a mapped hole of a full disk would kill the process (SIGBUS).
A record is copied first and counted afterwards, so one cut short by Ctrl-C leaves no hole; the next overwrites it.
A segment is made under another name and renamed when its header is in it, so that no reader takes it for an empty one
that a dead process left. The lock keeps threads apart; it costs some 40 ns.
What is mapped outlives the process, but a power cut takes what the system has not written yet; `Journal.sync` has it
written.
"""

from __future__ import annotations

import errno
import mmap
import os
import re
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from nbtrack.base.copies import sync_folder
from nbtrack.base.places import is_shared
from nbtrack.base.written import Written

HEADER_SIZE = 64
_MAGIC = b"nbtrjrnl"
_HEADER = struct.Struct("<8sI32sI")  # magic, format version, writer, segment number
_FORMAT = 1
_RECORD = struct.Struct("<II")
_pack_record = _RECORD.pack
_NAME = re.compile(r"([0-9a-f]{12})-(\d{6})\.nbj")
SEGMENT_SIZE = 1 << 20
MAX_RECORD = 64 << 20

Mapped = mmap.mmap | Written

EVENT = 1
POINTS = 2


class Closed(OSError):
    """A record came after the journal was closed."""


@dataclass(frozen=True)
class Segment:
    """One file of a journal, known by its name."""

    path: Path
    writer: str
    number: int


class Journal:
    """The journal this process writes.

    folder: where segments are made. writer: 12 hexadecimal characters, unique to this process.
    preamble: gives the bodies that each new segment begins with, so that it can be read without the ones before.
    full: is given a body for which there was no room (disk full, quota, read-only), and the error. lock: shared with
    whoever ``preamble`` and ``full`` belong to, so that there is no order of two locks to get wrong.
    """

    def __init__(
        self,
        folder: Path,
        writer: str,
        preamble: Callable[[], list[bytes]] = list,
        size: int = SEGMENT_SIZE,
        full: Callable[[bytes, OSError], None] | None = None,
        lock: threading.RLock | None = None,
    ) -> None:
        self.writer = writer
        self._preamble = preamble
        self._full = full
        self.number = 0
        self.offset = 0
        self._folder = folder
        self._size = size
        self._lock = lock or threading.RLock()
        self._busy = False  # a record is being written: a signal handler that logs meanwhile has to wait
        self._late: list[bytes] = []  # what such a handler wrote, until the record is
        self._closed = False
        self._map: Mapped | None = None
        self._end = 0
        self._kept: dict[int, tuple[Mapped, int]] = {}  # full segments that are not yet ingested
        self._synced = 0  # the segment before which the disk has all

    def append(self, body: bytes) -> None:
        """Write one record.

        Raises:
            OSError: there is no room for it, and nobody (``full``) to take the body instead.
            ValueError: the record is larger than `MAX_RECORD`.
        """
        size = len(body)
        record = _pack_record(crc32(body), size) + body
        with self._lock:
            if self._busy:
                self._late.append(body)
                return
            self._busy = True
            try:
                offset = self.offset
                end = offset + size + 8
                if end <= self._end:
                    self._map[offset:end] = record  # type: ignore[index]
                    self.offset = end
                else:
                    self._append_to_next(record)
            except OSError as error:  # no room for a segment; or the record did not go into one that is not mapped
                if self._full is None:
                    raise
                self._full(body, error)
            finally:
                self._busy = False
            if self._late:
                self._write_late()

    def _append_to_next(self, record: bytes) -> None:
        self._next_segment(len(record))
        end = self.offset + len(record)
        self._map[self.offset : end] = record  # type: ignore[index]
        self.offset = end

    def _write_late(self) -> None:
        while self._late:
            self.append(self._late.pop(0))

    def put(self, body: bytes) -> None:
        """Write one record as `append` does, but raise where there is no room.

        Raises:
            OSError: there is no room for it; nothing was written.
        """
        with self._lock:
            full, self._full = self._full, None
            try:
                self.append(body)
            finally:
                self._full = full

    def pending(self, number: int, offset: int) -> list[tuple[int, bytes, int]]:
        """What was written from a position on: (segment number, bytes, the position they begin at)."""
        with self._lock:
            self._busy = False  # nobody writes now; a Ctrl-C at the worst moment may have left it set
            self._write_late()
            parts = [(n, kept, end) for n, (kept, end) in sorted(self._kept.items()) if n >= number]
            if self._map is not None and self.number >= number:
                parts.append((self.number, self._map, self.offset))
            found = []
            for n, data, end in parts:
                start = offset if n == number else HEADER_SIZE
                if end > start:
                    found.append((n, data[start:end], start))
            return found

    def release(self, number: int) -> None:
        """Forget and delete the full segments before ``number``: everything in them is in the database."""
        with self._lock:
            done = [(n, self._kept.pop(n)[0]) for n in sorted(self._kept) if n < number]
        for n, data in done:
            data.close()
            with suppress(OSError):  # left there, the next reader finds that it has all of it
                self._path(n).unlink(missing_ok=True)

    def close(self, remove: bool) -> None:
        """Unmap; ``remove`` also deletes the files, when all they hold is in the database."""
        with self._lock:
            self._closed = True
            numbers = [*self._kept, *([self.number] if self._map is not None else [])]
            for data in (*(kept for kept, _ in self._kept.values()), self._map):
                if data is not None:
                    data.close()
            self._kept, self._map, self._end = {}, None, 0
        if remove:
            for n in numbers:
                with suppress(OSError):
                    self._path(n).unlink(missing_ok=True)

    def sync(self) -> None:
        """Have the disk keep all that was written until now, as a power cut would not. Other threads go on writing.

        Raises:
            OSError: the disk did not take it.
        """
        with self._lock:
            parts = {n: data for n, (data, _) in self._kept.items() if n >= self._synced}
            if self._map is not None:
                parts[self.number] = self._map
            number, fresh = self.number, self.number > self._synced
        for n, data in parts.items():
            with suppress(FileNotFoundError):  # released meanwhile: it is in the database
                _sync_mapped(self._path(n), data)
        if fresh:
            sync_folder(self._folder)
        self._synced = number

    def renew(self) -> None:
        """Go on in a new segment if the file of this one is gone: what is written there could not be found again."""
        with self._lock:
            if self._map is not None and not self._path(self.number).exists():
                self._next_segment(0)

    def _path(self, number: int) -> Path:
        return self._folder / f"{self.writer}-{number:06d}.nbj"

    def _next_segment(self, need: int) -> None:
        if need > MAX_RECORD:
            raise ValueError(f"a record of {need} bytes is larger than {MAX_RECORD}")
        if self._closed:
            raise Closed(errno.EBADF, "the journal is closed")
        number = self.number + 1
        path = self._path(number)
        unborn = path.with_suffix(".new")
        first = [_RECORD.pack(crc32(body), len(body)) + body for body in self._preamble()]
        opening = _HEADER.pack(_MAGIC, _FORMAT, self.writer.encode().ljust(32, b"\0"), number)
        opening = opening.ljust(HEADER_SIZE, b"\0") + b"".join(first)
        unborn.unlink(missing_ok=True)  # one whose making was interrupted
        made = allocate(unborn, max(self._size, need + len(opening)))
        made[: len(opening)] = opening
        os.replace(unborn, path)
        if self._map is not None:
            self._kept[self.number] = (self._map, self.offset)
        self._map, self._end, self.number, self.offset = made, len(made), number, len(opening)


def _sync_mapped(path: Path, data: Mapped) -> None:
    if sys.platform != "linux":  # elsewhere the file's own sync may know nothing of mapped pages
        with suppress(ValueError):  # released meanwhile
            data.flush()
    _sync_file(path, os.O_RDWR)


def _sync_file(path: Path, how: int) -> None:
    handle = os.open(path, how)
    try:
        os.fsync(handle)  # not the mapping's flush, which would hold the interpreter until the disk is done
    finally:
        os.close(handle)


def allocate(path: Path, size: int) -> Mapped:
    """A new file of zeros, mapped; where that cannot or should not be, one to use in the same way.

    Raises:
        OSError: there is no room for it.
    """
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        try:
            os.posix_fallocate(handle, 0, size)
        except (AttributeError, OSError) as error:
            # macOS and Windows have no fallocate, some file systems refuse it: zeros written out do the same.
            if isinstance(error, OSError) and error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
            written = 0
            while written < size:
                written += os.write(handle, bytes(min(size - written, 1 << 16)))
        if not is_shared(path.parent):
            with suppress(OSError):
                return mmap.mmap(handle, size)
        return Written(os.dup(handle), size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def shared(path: Path) -> Mapped:
    """A file that another process writes, to look into.

    Raises:
        OSError: it is gone. ValueError: it is empty.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        with suppress(OSError):
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return Written(os.dup(file.fileno()), size)


def segments(folder: Path) -> list[Segment]:
    """The journal files in a folder, by writer and number; files with other names are left alone."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    found = [(name, _NAME.fullmatch(name)) for name in names]
    return [Segment(folder / name, match[1], int(match[2])) for name, match in found if match]


def read_segment(segment: Segment, most: int = -1) -> bytes:
    """A segment's bytes, header included; empty if it is gone, or was cut short before anything was written.

    most: so many from its beginning are enough.

    Raises:
        ValueError: the header is not that of this writer's segment.
    """
    try:
        with segment.path.open("rb") as file:
            data = file.read(most)
    except FileNotFoundError:
        return b""
    if not data.strip(b"\0"):
        return b""
    try:
        magic, version, writer, number = _HEADER.unpack_from(data)
    except struct.error:
        raise ValueError(f"'{segment.path}' is shorter than a journal's header") from None
    if magic != _MAGIC or version != _FORMAT:
        raise ValueError(f"'{segment.path}' is not a journal of format {_FORMAT}")
    if writer.rstrip(b"\0").decode(errors="replace") != segment.writer or number != segment.number:
        raise ValueError(f"'{segment.path}' was renamed: it belongs to another writer or place")
    return data


def records(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """The records in ``data`` from ``start`` on: (position after the record, body). Ends at the first bad one."""
    unpack, end, offset = _RECORD.unpack_from, len(data), start
    while offset + 8 <= end:
        crc, size = unpack(data, offset)
        stop = offset + 8 + size
        if not size or stop > end:
            return
        body = data[offset + 8 : stop]
        if crc32(body) != crc:
            return
        offset = stop
        yield offset, body


def damaged(data: bytes, end: int) -> bool:
    """Whether there are records behind the last sound one. One that was cut short by a kill is not damage.

    A record that says it is longer than its file is none that was cut short: nobody begins one that has no room.
    """
    if end + 8 > len(data):
        return False
    cut_short = end + 8 + int(_RECORD.unpack_from(data, end)[1])
    return cut_short > len(data) or bool(data[cut_short:].strip(b"\0"))


def encode_event(text: str) -> bytes:
    """The body of an event: JSON text behind its kind."""
    return bytes((EVENT,)) + text.encode("utf-8")


_points_structs: dict[int, struct.Struct] = {}


def points_struct(count: int) -> struct.Struct:
    """The layout of a points record of ``count`` values: kind u8, layout u32, step i64, time f64, values f64[]."""
    found = _points_structs.get(count)
    if found is None:
        found = _points_structs[count] = struct.Struct(f"<BIqd{count}d")
    return found
