"""Files that are there whole or not at all.

What is written goes into a file beside its place, is synced, and takes the place by a rename. Whatever stops the
writing, Ctrl-C included, leaves what was there before, and nothing beside it.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nbtrack.base.errors import InvalidOption

Opener = Callable[[Path], BinaryIO]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


@contextmanager
def writing(path: Path, private: bool = False) -> Iterator[BinaryIO]:
    """A binary file to write and seek in, which becomes ``path`` when the block ends well; see `writing_all`."""
    with writing_all(private) as opener:
        yield opener(path)


@contextmanager
def writing_all(private: bool = False) -> Iterator[Opener]:
    """Opens files that take their places together, when the block ends well.

    A link stays one: what it points to is replaced. A file keeps its permissions; a new one has the usual ones; until
    then nobody else can read it. What is no plain file, such as ``/dev/stdout``, is written to at once.
    private: a new file is its owner's alone.

    Raises:
        InvalidOption: a file cannot be written: its folder is not there or may not be written, the disk is full.
    """
    begun: list[tuple[Path, Path, BinaryIO]] = []
    streams: list[BinaryIO] = []

    def opener(path: Path) -> BinaryIO:
        with _explained(path):
            target = Path(os.path.realpath(path))
            if _is_stream(target):
                streams.append(target.open("wb"))
                return streams[-1]
            temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
            file = open(temporary, "x+b", opener=_private)  # noqa: SIM115 (closed below, whatever happens)
            begun.append((temporary, target, file))
            return file

    try:
        try:
            yield opener
        except OSError as error:
            if error.errno in _FULL and begun:
                raise _refused(begun[-1][1], error) from error
            raise
        for temporary, target, file in begun:
            with _explained(target):
                _settle(temporary, target, file, private)
        for temporary, target, _ in begun:
            with _explained(target):
                os.replace(temporary, target)
        for folder in {target.parent for _, target, _ in begun}:
            _sync(folder)
    finally:
        for stream in streams:
            stream.close()
        for temporary, _, file in begun:
            with suppress(OSError):
                file.close()
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> InvalidOption:
    return InvalidOption(f"'{path}' cannot be written: {error.strerror or error}.", "Name another place.")


def _is_stream(target: Path) -> bool:
    try:
        kind = target.stat().st_mode
    except OSError:
        return False
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(21, "it is a folder")
    return not stat.S_ISREG(kind)


def _settle(temporary: Path, target: Path, file: BinaryIO, private: bool) -> None:
    """All of it on the disk, with the permissions of what it replaces."""
    file.flush()
    os.fsync(file.fileno())
    file.close()
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mode = 0o600 if private else 0o666 & ~_umask()
    with suppress(OSError):  # a file system without modes
        os.chmod(temporary, mode)


def _umask() -> int:
    """Which permissions new files of this process do not get. Asking is setting: for that moment none but ours."""
    found = os.umask(0o077)
    os.umask(found)
    return found


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there, and the rename is journalled
    with suppress(OSError):  # some file systems cannot; the files themselves are safe
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
