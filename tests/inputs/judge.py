"""What an error has to say to be clear, looked at by rules rather than by a reader.

It says what was given (by its text, its type, or the name of the argument), is made of sentences, says what to do next,
and has nothing of Python's own words in it, which tell whoever wrote nbtrack what went wrong and nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nbtrack.base.errors import NbtrackError

LONGEST = 1_500  # characters: a message quotes the beginning of what it was given
# Words of Python's own errors, of its reprs, and of what a library says where we did not look first.
_INTERNALS = re.compile(
    r"NoneType|object has no attribute|has no attribute '|object at 0x|Traceback|unsupported operand|not subscriptable"
    r"|not callable|positional argument|not iterable|\[Errno|<class '|<function|codec can't|must be str, not"
    r"|JSON serializable|argument of type|unhashable|__\w+__\b|File \"/|\bnbtrack itself failed|recursion depth"
    r"|expected string or bytes|<built-in|invalid literal|could not convert|KeyError|list index out"
)
_END = re.compile(r"[.?!…:)’'\"`\]}]$")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def unclear(message: str, hint: str, says: Sequence[str] = ()) -> list[str]:
    """What is wrong with an error; nothing where it is clear.

    says: words of which at least one stands in it, such as the name of the argument or its type.
    """
    text = f"{message} {hint}"
    lines = message.rstrip().splitlines()
    faults = [
        ("it says next to nothing", len(message.strip()) < 12),
        ("its message is no sentence", not lines or (not re.search(r"[.?!…]['’\"`)]*$", lines[0].rstrip())
         and not (len(lines) > 1 or message.startswith("usage")))),
        ("it does not say what to do", len(hint.strip()) < 5 and not message.startswith("Expected ")),
        ("its hint is no sentence", bool(hint.strip()) and not hint.startswith("usage:")
         and not _END.search(hint.rstrip())),
        (f"it has words of Python's: {_INTERNALS.findall(text)[:2]}", bool(_INTERNALS.search(text))),
        ("it has characters that a terminal obeys", bool(_CONTROL.search(text.replace("\n", "")))),
        (f"it has {len(text):,} characters", len(text) > LONGEST),
        (f"it names none of {list(says)}", bool(says) and not any(one.lower() in text.lower() for one in says)),
    ]  # fmt: skip
    return [fault for fault, found in faults if found]


def of_error(error: BaseException, says: Sequence[str] = ()) -> list[str]:
    """The same of an exception, which has to be one of ours."""
    if not isinstance(error, NbtrackError):
        return [f"it is a {type(error).__name__}: {str(error)[:100]!r}"]
    found = unclear(error.message, error.hint, says)
    return [*found, "it is of no kind"] if type(error) is NbtrackError else found
