"""A file that is used like mapped memory, but written and read with system calls.

For journals where memory cannot be mapped, or had better not be: where the file is on another machine, a store into
mapped memory that the other does not take kills the process (SIGBUS); a write gives an error that can be told. What was
written survives the death of the process, as the system has it; a call costs a few microseconds more.
"""

from __future__ import annotations

import errno
import os


class Written:
    """A file of a fixed size; the part of `mmap.mmap` that journals use.

    handle: of the file, open for reading and writing; it is this object's from now on.
    """

    def __init__(self, handle: int, size: int) -> None:
        self._handle = handle
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __setitem__(self, place: slice, data: bytes) -> None:
        """Write at a place, all of it.

        Raises:
            OSError: it could not be; a part may have been, so the same place is to be written again.
        """
        at = place.start or 0
        left = memoryview(data)
        while left:
            done = _write_at(self._handle, left, at)
            if not done:
                raise OSError(errno.EIO, "nothing was written")
            left, at = left[done:], at + done

    def __getitem__(self, place: slice) -> bytes:
        start, stop, _ = place.indices(self._size)
        found = b""
        while start + len(found) < stop:
            part = _read_at(self._handle, stop - start - len(found), start + len(found))
            if not part:
                raise OSError(errno.EIO, "the file is shorter than it was made")
            found += part
        return found

    def flush(self) -> None:
        """Have the disk keep what was written."""
        os.fsync(self._handle)

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


if hasattr(os, "pwrite"):

    def _write_at(handle: int, data: memoryview, at: int) -> int:
        return os.pwrite(handle, data, at)

    def _read_at(handle: int, size: int, at: int) -> bytes:
        return os.pread(handle, size, at)
else:  # Windows; whoever uses a journal holds its lock

    def _write_at(handle: int, data: memoryview, at: int) -> int:
        os.lseek(handle, at, os.SEEK_SET)
        return os.write(handle, data)

    def _read_at(handle: int, size: int, at: int) -> bytes:
        os.lseek(handle, at, os.SEEK_SET)
        return os.read(handle, size)
