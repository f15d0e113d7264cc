"""How values, times and sizes read: the same words in every view."""

from __future__ import annotations

import json
import math
import time
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

SIGNS = {"running": "●", "finished": "✓", "failed": "✗", "interrupted": "◼", "crashed": "✗"}
MISSING = "–"
BEST = "★"
_SHOWN = 200  # characters of a value; the whole of it is in the run
_DECIMALS = 5
_UNITS = ((86400.0, "d", 3600.0, "h"), (3600.0, "h", 60.0, "min"), (60.0, "min", 1.0, "s"))


def clean(text: str) -> str:
    """Text with nothing that moves the cursor, turns the direction of writing or cannot be encoded."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    kind = unicodedata.category(character)
    if kind in ("Cc", "Cs") or character in "\u2028\u2029" or "\u202a" <= character <= "\u202e":
        return "\ufffd"
    return "\ufffd" if "\u2066" <= character <= "\u2069" else character


def one_line(text: str, most: int = _SHOWN) -> str:
    """Text on one line, cut with an ellipsis."""
    flat = " ".join(clean(text[: 4 * most]).split())
    return flat if len(flat) <= most and len(text) <= 4 * most else flat[: most - 1] + "…"


def status(word: str) -> str:
    """A status as sign and word."""
    return f"{SIGNS.get(word, '·')} {word}"


def value(given: Any) -> str:
    """A param's value as one would type it, on one line."""
    if isinstance(given, str):
        return one_line(given) if given.strip() else repr(given)
    if isinstance(given, (list, dict)):
        return one_line(json.dumps(given, ensure_ascii=False))
    if isinstance(given, int) and not isinstance(given, bool) and given.bit_length() > 200:
        return f"an integer of {given.bit_length():,} bits"  # int to str takes quadratic time and is limited
    return repr(given)


def number(given: float) -> str:
    """A metric's value in four significant digits; whole numbers whole."""
    if not math.isfinite(given):
        return str(given)
    if given == int(given) and abs(given) < 1e15:
        return f"{given:,.0f}"
    return f"{given:,.0f}" if 1e4 <= abs(given) < 1e9 else f"{given:.4g}"


def column_of(values: Iterable[float]) -> Callable[[float], str]:
    """How to write the numbers of one column, so that their points stand under one another where that reads well."""
    finite = [abs(one) for one in values if math.isfinite(one)]
    small = min((one for one in finite if one), default=0.0)
    large = max(finite, default=0.0)
    if not small or all(one == int(one) for one in finite) or large >= 1e6 or small < 1e-3:
        return number
    decimals = 3 - math.floor(math.log10(small))
    if decimals > _DECIMALS + 1:
        return number
    decimals = max(1, min(decimals, _DECIMALS))
    return lambda one: f"{one:,.{decimals}f}" if math.isfinite(one) else str(one)


def signed(given: float, write: Callable[[float], str] = number) -> str:
    """A difference with its sign. write: as the values that it is between are written."""
    if given != given:
        return "nan"
    text = write(abs(given))
    if given and not text.strip("0.,"):
        text = number(abs(given))  # smaller than the last digit shown
    return f"{'+' if given >= 0 else '−'}{text}"


def percent(new: float, old: float) -> str:
    """The difference relative to the old value; empty where that says nothing."""
    if not (math.isfinite(new) and math.isfinite(old)) or not old:
        return ""
    part = (new - old) / abs(old) * 100
    if not math.isfinite(part):
        return ""
    return f"{'+' if part >= 0 else '−'}{abs(part):.{0 if abs(part) >= 100 else 1}f}%"


def duration(seconds: float) -> str:
    """Seconds as people say them: ``340 ms``, ``1.2 s``, ``3 min 4 s``, ``2 h 5 min``."""
    if 0 < seconds < 0.0005:
        return "< 1 ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    for large, large_word, small, small_word in _UNITS:
        if seconds >= large - small / 2:
            whole = round(seconds / small)
            per = round(large / small)
            rest = f" {whole % per} {small_word}" if whole % per else ""
            return f"{whole // per} {large_word}{rest}"
    return f"{seconds:.0f} s"


def ago(moment: float, now: float | None = None) -> str:
    """How long ago a Unix time was; the date when that is more than a week."""
    passed = (time.time() if now is None else now) - moment
    if passed < 0 or passed > 7 * 86400:
        return when(moment, now)
    if passed < 10:
        return "just now"
    for seconds, word in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if passed >= seconds:
            return f"{passed // seconds:.0f} {word} ago"
    return "just now"


def when(moment: float, now: float | None = None) -> str:
    """A Unix time in this machine's zone: ``21 Nov 10:04``, with the year if it is not this year's."""
    local = _local(moment)
    if local is None:
        return MISSING
    current = _local(time.time() if now is None else now)
    year = f" {local.year}" if current is None or local.year != current.year else ""
    return f"{local.day} {_MONTHS[local.month - 1]}{year} {local:%H:%M}"


def iso(moment: float) -> str:
    """A Unix time as ISO 8601 with its offset; empty if it is none."""
    local = _local(moment)
    return local.isoformat(timespec="seconds") if local else ""


_MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]  # whatever the locale: the rest is English


def _local(moment: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(moment).astimezone()
    except (OverflowError, OSError, ValueError):
        return None  # a file from elsewhere may say anything


def size(count: float) -> str:
    """Bytes as ``812 B``, ``1.2 MB``."""
    for word in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {word}" if word == "B" or count >= 99.95 else f"{count:.1f} {word}"
        count /= 1000
    return f"{count:,.1f} TB"


def plural(count: int, word: str, many: str = "") -> str:
    """``1 run``, ``1,312 runs``."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"


def why(error: BaseException) -> str:
    """Why a file could not be read, in words for whoever gave it: Python's own tell who wrote the reader."""
    if isinstance(error, UnicodeError):
        return "it is not in UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, (AttributeError, TypeError, KeyError, IndexError)):
        return "it is not made as one is"
    return clean(str(error)).partition("\n")[0][:300].rstrip(".") or type(error).__name__
