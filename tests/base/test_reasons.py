"""Why something failed, in a sentence."""

from __future__ import annotations

import errno
import os

from nbtrack.base.errors import StoreReadOnly
from nbtrack.base.reasons import reason


def test_a_fault_of_a_file_names_the_file() -> None:
    assert reason(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a.txt")) == (
        "No such file or directory: 'a.txt'."
    )


def test_where_no_file_is_named_the_place_is() -> None:
    assert reason(OSError(errno.EIO, "Input/output error"), "runs") == "Input/output error: 'runs'."
    assert reason(OSError(errno.EIO, "Input/output error")) == "Input/output error."


def test_other_errors_say_what_they_say_as_a_sentence() -> None:
    assert reason(StoreReadOnly("It cannot be.", "Do that.")) == "It cannot be. Do that."
    assert reason(ValueError("no number")) == "no number."
    assert reason(KeyError()) == "KeyError."
