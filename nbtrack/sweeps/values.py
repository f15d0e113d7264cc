"""The values that a sweep gives to one param, as ``NAME=VALUES`` says them.

``opt=adam,sgd`` and ``lr=0.1,0.01`` list values: Python's literals, and words without quotes. ``depth=2:6`` are the
whole numbers 2, 3, 4, 5, 6; ``2:10:2`` takes steps of two, ``0:1:0.25`` too has both of its ends. ``lr=1e-4:1e-1:log``
are the powers of ten from one to the other, ``lr=1e-4:1e-1:log9`` nine values whose ratios are the same. For a search
such a range is where it looks: ``lr=1e-4:1e-1:log`` anywhere there, evenly in its logarithm.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nbtrack.base.errors import InvalidOption, NbtrackError
from nbtrack.capture.literals import evaluate
from nbtrack.capture.scalars import NOTHING, TEXT_LIMIT, setting
from nbtrack.lineage.written import alike, stored
from nbtrack.runs.values import is_a, told

MOST = 10_000  # values of one param, and combinations of a sweep
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_ODD = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "nan": math.nan}


@dataclass(frozen=True)
class Choices:
    """Values one by one."""

    values: tuple[Any, ...]

    def listed(self, name: str) -> list[Any]:
        """Each value once."""
        found: dict[str, Any] = {}
        for value in self.values:
            found.setdefault(repr(stored(value)), value)
        return list(found.values())

    def holds(self, value: Any) -> bool:
        """Whether a search could choose the value."""
        return any(alike(value, one) for one in self.values)


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both of them in it.

    step: between two; None where it does not matter, which for whole numbers is 1. log: by their logarithm. count: how
    many a grid takes of such.
    """

    low: int | float
    high: int | float
    step: int | float | None = None
    log: bool = False
    count: int | None = None

    @property
    def whole(self) -> bool:
        """Whether it is of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int) and not isinstance(self.step, float)

    def listed(self, name: str) -> list[Any]:
        """The numbers that a grid takes.

        Raises:
            InvalidOption: it is not said which, or they are too many.
        """
        if self.log:
            return self._by_ratio(name)
        step = self.step if self.step is not None else 1 if self.whole else None
        if step is None:
            raise InvalidOption(
                f"--sweep {name}={self.low:g}:{self.high:g} does not say which numbers between the two.",
                f"Give a step ({name}={self.low:g}:{self.high:g}:{(self.high - self.low) / 4:g}), or use --search.",
            )
        count = math.floor((self.high - self.low) / step + 1e-9) + 1
        _bounded(name, count)
        if self.whole:
            return [int(self.low) + at * int(step) for at in range(count)]
        return [float(f"{self.low + at * step:.12g}") for at in range(count)]

    def _by_ratio(self, name: str) -> list[Any]:
        spread = math.log10(self.high / self.low)
        count = self.count or math.floor(spread + 1e-9) + 1
        _bounded(name, count)
        if self.count is None:
            found: list[Any] = [self.low * 10**at for at in range(count)]
        else:
            found = [self.low * 10 ** (spread * at / max(1, count - 1)) for at in range(count)]
        if self.whole:
            return list(dict.fromkeys(round(one) for one in found))
        return [float(f"{one:.6g}") for one in found]

    def holds(self, value: Any) -> bool:
        """Whether a search could choose the value."""
        return type(value) in (int, float) and self.low <= value <= self.high


Axis = Choices | Range


def _bounded(name: str, count: int) -> None:
    if count > MOST:
        raise InvalidOption(f"--sweep {name} has {count:,} values; at most {MOST:,} can be run.", "Take larger steps.")


def read_axis(text: str) -> tuple[str, Axis]:
    """``lr=0.1,0.01`` as its name and values.

    Raises:
        InvalidOption: it is not understood.
    """
    name, equals, given = text.partition("=")
    name = name.strip()
    if not equals or not name or not given.strip():
        raise InvalidOption(f"--sweep {text!r} gives no values.", "Write --sweep lr=0.1,0.01 or --sweep depth=2:6.")
    return name, read_values(name, given)


def read_values(name: str, text: str) -> Axis:
    """``0.1,0.01`` or ``2:6``.

    Raises:
        InvalidOption: it is not understood.
    """
    items = _split(name, text)
    if len(items) == 1:
        found = _range(name, items[0])
        if found is not None:
            return found
    return Choices(tuple(_value(name, item) for item in items))


def axis_of(name: str, given: Any) -> Axis:
    """What a call gives for one argument: a list of values, or a text as on the line of a cell.

    Raises:
        InvalidOption: it is neither, empty, or too long.
    """
    if is_a(given, Choices, Range):
        return given  # type: ignore[no-any-return]
    if is_a(given, str):
        return read_values(name, given)
    if is_a(given, dict) or not is_a(given, Iterable):
        raise InvalidOption(f"The values of '{name}' are {told(given)}, not a list.", "Write {'lr': [0.1, 0.01]}.")
    values: list[Any] = []
    try:
        for value in given:
            _bounded(name, len(values) + 1)
            plain = setting(value)
            values.append(value if plain is NOTHING else plain)
    except NbtrackError:
        raise
    except Exception as error:  # of an object that its author lets raise
        raise InvalidOption(f"The values of '{name}', {told(given)}, cannot be read.", "Give a list.") from error
    if not values:
        raise InvalidOption(f"There are no values of '{name}'.", "Give at least one.")
    return Choices(tuple(values))


def _split(name: str, text: str) -> list[str]:
    """The items between commas that stand in no bracket and no quotes."""
    items, depth, quote, start = [], 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _BRACKETS:
            depth += 1
        elif char in _BRACKETS.values():
            depth -= 1
        elif char == "," and depth == 0:
            items.append(text[start:at].strip())
            start = at + 1
    if quote or depth:
        raise InvalidOption(f"--sweep {name}={text}: a quote or bracket is not closed.", "Close it.")
    items.append(text[start:].strip())
    if len(items) > 1 and not items[-1]:
        items.pop()  # a comma at the end
    if not all(items):
        raise InvalidOption(f"--sweep {name}={text}: there is nothing between two commas.", "Take one out.")
    return items


def _value(name: str, text: str) -> Any:
    if text.lower() in _ODD:
        return _ODD[text.lower()]
    try:
        value = evaluate(ast.parse(text, mode="eval").body)  # 1/3 and 2**10 too
        value = ast.literal_eval(text) if value is NOTHING else value
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        if len(text) > TEXT_LIMIT or not text.isprintable() or any(char in "\"'()[]{}=" for char in text):
            raise InvalidOption(
                f"--sweep {name}: {text[:60]!r} is no value.", "Give numbers, words, or Python's literals."
            ) from None
        return text
    if setting(value) is NOTHING:
        raise InvalidOption(
            f"--sweep {name}: {text[:60]!r} is no value of a param.", "Give numbers, words, or short lists of these."
        )
    return value


def _range(name: str, text: str) -> Range | None:
    """``2:6``, ``0:1:0.25`` or ``1e-4:1e-1:log``; None for anything else, such as ``host:80a``."""
    low, *rest = text.split(":")
    first, last = _number(low), _number(rest[0]) if rest else None
    if first is None or last is None or len(rest) > 2:
        return None
    step, log, count = None, False, None
    if len(rest) == 2:
        word = rest[1].strip()
        if word.startswith("log"):
            log, count = True, _count(name, text, word.removeprefix("log"))
        else:
            step = _number(word)
            if step is None:
                raise InvalidOption(f"--sweep {name}={text}: {word!r} is no step.", "Give a number, or 'log'.")
    if not first < last:
        raise InvalidOption(f"--sweep {name}={text} goes from {first:g} to {last:g}.", "Give the smaller number first.")
    if log and first <= 0:
        raise InvalidOption(f"--sweep {name}={text}: {first:g} has no logarithm.", "Begin above 0.")
    if step is not None and step <= 0:
        raise InvalidOption(f"--sweep {name}={text}: the step is {step:g}.", "Give one above 0.")
    return Range(first, last, step, log, count)


def _count(name: str, text: str, word: str) -> int | None:
    if not word:
        return None
    if not word.isdigit() or int(word) < 2:
        raise InvalidOption(f"--sweep {name}={text}: 'log{word}' says no count.", "Write log, or log9 for nine values.")
    return int(word)


def _number(text: str) -> int | float | None:
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if type(value) is int and value.bit_length() <= 63:
        return value
    return value if type(value) is float and math.isfinite(value) else None
