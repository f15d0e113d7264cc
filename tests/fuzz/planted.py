"""Targets with a fault in them, one for each thing that the judge has to see."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from nbtrack.base.errors import BadSource, InvalidValue
from tests.fuzz.base import Base
from tests.fuzz.oracle import Wrong

MAGIC = b"!"  # what the fault waits for


class Planted(Base):
    """Well as long as the input has no `MAGIC` in it."""

    name = "planted"
    words = (MAGIC,)

    def seeds(self) -> list[bytes]:
        """None of them has the fault."""
        return [b"abc", b"0123456789"]

    def run(self, data: bytes) -> None:
        """Fail, as the class says, where the input asks for it."""
        if MAGIC in data:
            self.fail()
        raise InvalidValue("This is refused, as it may be.")

    def fail(self) -> None:
        """The fault."""
        raise NotImplementedError


class Raises(Planted):
    """An error that is none of nbtrack's."""

    name = "planted-error"

    def fail(self) -> None:
        raise KeyError("planted")


class Unclear(Planted):
    """An error of nbtrack's that says no more than a programmer's."""

    name = "planted-unclear"

    def fail(self) -> None:
        raise BadSource("A record cannot be read: KeyError: 'x'.")


class Hangs(Planted):
    """A loop that does not end."""

    name = "planted-hang"

    def fail(self) -> None:
        while True:
            with suppress(Exception):  # which hides nothing from the judge
                self.folder.name.encode()


class Waits(Planted):
    """A wait that does not end, for which no processor is needed."""

    name = "planted-wait"

    def fail(self) -> None:
        read, _ = os.pipe()
        os.read(read, 1)


class Grows(Planted):
    """More memory than there may be."""

    name = "planted-memory"

    def fail(self) -> None:
        self.kept = [bytearray(b"x") * (50 << 20) for _ in range(6)]


class Dies(Planted):
    """The process ends without a word, as it does on a fault in a library."""

    name = "planted-death"

    def fail(self) -> None:
        os.abort()


class Writes(Planted):
    """A file beside its folder, and nobody is told."""

    name = "planted-write"

    def fail(self) -> None:
        with suppress(BaseException):
            Path(self.folder.parent, "outside.txt").write_text("x")


class Starts(Planted):
    """Another program."""

    name = "planted-program"

    def fail(self) -> None:
        subprocess.run([sys.executable, "-c", ""], check=False)


class Loses(Planted):
    """Something that does not come back as it went in."""

    name = "planted-answer"

    def fail(self) -> None:
        raise Wrong("it comes back as something else")
