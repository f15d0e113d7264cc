"""Why something failed, as one sentence for a user: which file, and what the system said of it."""

from __future__ import annotations


def reason(error: BaseException, place: object = None) -> str:
    """What an error says. place: what it is about where the error names no file.

    >>> reason(OSError(28, "No space left on device"), "runs/.nbtrack")
    "No space left on device: 'runs/.nbtrack'."
    """
    if isinstance(error, OSError) and error.strerror:
        where = error.filename if error.filename is not None else place
        return f"{error.strerror}: '{where}'." if where is not None else f"{error.strerror}."
    text = str(error) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
