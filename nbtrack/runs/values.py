"""Names and values: what may be stored, how exactly, and how it lies in SQLite.

SQLite keeps NaN as NULL and refuses integers from 2**63 and lone surrogates, so a param is stored as three things: its
type, a value that can be compared and sorted, and, only where that value is not the whole truth, an exact form.
"""

from __future__ import annotations

import datetime
import enum
import json
import math
import pathlib
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from nbtrack.base.errors import DamagedValue, InvalidValue

MAX_NAME = 1000  # characters
MAX_PARAM = 1 << 20  # characters of a string or of a list's JSON
MAX_ITEMS = 500_000  # names in one mapping
MAX_BITS = 14_000  # of an integer: just under the 4,300 digits at which Python stops writing them as text
_INT64 = 1 << 63
_UNSEEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # control characters, and halves of a character
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")

Stored = tuple[str, Any, Any]  # type, value, exact


def is_a(value: object, *kinds: type) -> bool:
    """As isinstance(), but nothing is asked of the value itself: a user's ``__class__`` may raise."""
    return issubclass(type(value), kinds)


def plain_text(text: Any) -> str:
    """A string, also where it is of a subclass (an enum's member, numpy's), whose own methods are not asked."""
    return str.__add__(text, "")


def check_name(kind: str, name: object) -> str:
    """The name, if it can be one.

    Raises:
        InvalidValue: not a string, empty, too long, or with control characters or lone surrogates.
    """
    if not is_a(name, str):
        raise InvalidValue(f"The name of {_article(kind)} must be a string, not {told(name)}.", "Give a text.")
    name = plain_text(name)
    if not name.strip():
        raise InvalidValue(f"The name of {_article(kind)} is empty.", "Give it at least one visible character.")
    if len(name) > MAX_NAME:
        raise InvalidValue(
            f"The name of {_article(kind)} has {len(name):,} characters: '{name[:40]}…'.",
            f"At most {MAX_NAME:,} are kept.",
        )
    if _UNSEEN.search(name):
        raise InvalidValue(
            f"The name of {_article(kind)}, {brief(name)}, has control characters or half a character.",
            "Take them out.",
        )
    return name


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def check_text(what: str, text: object, limit: int = MAX_PARAM) -> str:
    """A free text such as a note or the value of a tag; other scalars become text.

    Raises:
        InvalidValue: not text, too long, or with lone surrogates or NUL.
    """
    try:
        text = scalar(text)
        if is_a(text, bool, int, float, pathlib.PurePath, enum.Enum, datetime.date):
            text = str(text.value if isinstance(text, enum.Enum) else text)
    except Exception as error:  # a user's __str__ may raise; an integer may have too many digits
        raise InvalidValue(f"{what} cannot be written as text ({type(error).__name__}).", "Give a string.") from error
    if not is_a(text, str):
        raise InvalidValue(f"{what} must be text, not {told(text)}.", "Use str(value).")
    text = plain_text(text)
    if len(text) > limit:
        raise InvalidValue(f"{what} has {len(text):,} characters; at most {limit:,} are kept.", "Use log_text().")
    if "\0" in text or not _encodable(text):
        raise InvalidValue(f"{what} has a NUL or half a character (a lone surrogate).", "Take it out.")
    return text


def metric_value(name: str, value: object) -> float:
    """A metric's value as a float; numpy, torch and other scalars through their ``item()``.

    Raises:
        InvalidValue: not a number, more than one number, or an integer that a float cannot hold exactly.
    """
    if type(value) is float:
        return value
    number = scalar(value)
    if is_a(number, float):
        return float.__pos__(number)
    if is_a(number, int):
        exact = int.__pos__(number)
        try:
            as_float = float(exact)
        except OverflowError:
            as_float = math.inf
        if as_float == exact:
            return as_float
        raise InvalidValue(
            f"Metric '{name}' is {brief(number)}, which a 64-bit float cannot hold exactly.",
            "Log float(value), or log_param() for an exact integer.",
        )
    raise InvalidValue(
        f"Metric '{name}' is {told(value)}, not a number.",
        "Log numbers with log(), texts with log_param() or set_tag(), pictures with log_image().",
    )


def param_value(name: str, value: object) -> Any:
    """A param's value as plain data: None, bool, int, float, str, or a list or dict of these.

    Raises:
        InvalidValue: another type, or longer than `MAX_PARAM`.
    """
    try:
        plain = _plain(value)
    except Exception as error:  # a user's __repr__ or __str__ may raise
        raise InvalidValue(
            f"Param '{name}' of type {type(value).__name__} cannot be read ({type(error).__name__}).", "Log a text."
        ) from error
    if plain is None or type(plain) in (bool, int, float):
        if type(plain) is int and plain.bit_length() > MAX_BITS:
            raise InvalidValue(
                f"Param '{name}' is an integer of {plain.bit_length():,} bits; {MAX_BITS:,} are kept.",
                "Log str(value).",
            )
        return plain
    size = len(plain) if type(plain) is str else _json_size(name, plain)
    if size > MAX_PARAM:
        raise InvalidValue(
            f"Param '{name}' has {size:,} characters; at most {MAX_PARAM:,} are kept.",
            "Use log_text() or log_dict().",
        )
    if _has_pair(plain if type(plain) is str else json.dumps(plain, ensure_ascii=False)):
        raise InvalidValue(
            f"Param '{name}' has the two halves of one character as two characters.",
            "Join them with value.encode('utf-16', 'surrogatepass').decode('utf-16').",
        )
    return plain


def _plain(value: object) -> Any:
    plain = scalar(value)
    if is_a(plain, enum.Enum):
        plain = plain.value
    if is_a(plain, pathlib.PurePath, datetime.date, datetime.time, datetime.timedelta):
        plain = str(plain)
    if is_a(plain, type) or callable(plain):
        plain = getattr(plain, "__qualname__", None) or repr(plain)
    if is_a(plain, set, frozenset):
        plain = sorted(plain, key=repr)
    if type(plain) is bool:
        return plain
    if is_a(plain, str):
        return plain_text(plain)  # of a subclass the plain value, so that redaction knows it
    if is_a(plain, int, float):
        return int.__pos__(plain) if is_a(plain, int) else float.__pos__(plain)
    return plain


def _has_pair(text: str) -> bool:
    # JSON, in which params travel, would make one character of them.
    return not _encodable(text) and _PAIR.search(text) is not None


def scalar(value: object) -> Any:
    """The plain Python scalar behind a numpy, torch, jax or tensorflow scalar; anything else as it is."""
    kind = type(value)
    if kind in (float, int, bool, str) or value is None:
        return value
    if str(kind.__module__).partition(".")[0] in ("builtins", "pathlib"):
        return value
    try:
        return _item(value)
    except Exception:  # noqa: BLE001 (an object of another kind that has such attributes)
        return value


def _item(value: Any) -> Any:
    item, shape = getattr(value, "item", None), getattr(value, "shape", None)
    if item is not None and shape is not None and math.prod(shape) == 1:
        if getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M"):
            return str(value.reshape(())[()])  # numpy's times: item() would give a bare count of nanoseconds
        return item()
    if hasattr(value, "numpy") and shape == ():  # tensorflow's scalars have no item()
        return value.numpy().item()
    return value


def flatten(values: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested mappings as dotted names: ``{"opt": {"lr": 1}}`` gives ``("opt.lr", 1)``. An empty one stays a value.

    Raises:
        InvalidValue: a mapping holds itself (nested deeper than 50 levels), or a key is not a string or number.
    """
    if prefix.count(".") > 50:
        raise InvalidValue("The values are nested deeper than 50 levels.", "Does a dict hold itself?")
    for key, value in items(values):
        if not is_a(key, str, int, float) or (type(key) is int and key.bit_length() > MAX_BITS):
            raise InvalidValue(f"A key is {told(key)}.", "Keys must be strings.")
        name = prefix + (plain_text(key) if is_a(key, str) else f"{key}")
        if is_a(value, Mapping) and items(value):
            yield from flatten(value, f"{name}.")
        else:
            yield name, value


def items(values: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """What a mapping holds. Raises InvalidValue if it cannot be read, or does not end."""
    try:
        found = list(islice(values.items(), MAX_ITEMS + 1))
    except Exception as error:  # a mapping of a user's own may raise anything
        raise InvalidValue(
            f"A {type(values).__name__} cannot be read ({type(error).__name__}).", "Give a dict."
        ) from error
    if len(found) > MAX_ITEMS:
        raise InvalidValue(f"{brief(values)} has more than {MAX_ITEMS:,} names.", "Store them with log_table().")
    return found


def encode(value: Any) -> Stored:
    """Plain data as (type, value, exact) for the ``params`` table."""
    if value is None:
        return "none", None, None
    if isinstance(value, bool):
        return "bool", int(value), None
    if isinstance(value, int):
        if -_INT64 <= value < _INT64:
            return "int", int(value), None
        return "int", _approximate(value), hex(value)  # hex(): no limit on digits, linear time
    if isinstance(value, float):
        return "float", None if value != value else float(value), None
    if isinstance(value, str):
        if _encodable(value):
            return "str", value, None
        return "str", value.encode("utf-8", "replace").decode(), value.encode("utf-8", "surrogatepass")
    return "json", json.dumps(value, sort_keys=False), None


def decode(kind: str, value: Any, exact: Any) -> Any:
    """The plain data that `encode` was given.

    Raises:
        DamagedValue: it is not what `encode` gave.
    """
    try:
        if kind == "bool":
            return bool(value)
        if kind == "int":
            return value if exact is None else int(exact, 16)
        if kind == "float":
            return math.nan if value is None else float(value)
        if kind == "str" and exact is not None:
            return exact.decode("utf-8", "surrogatepass")
        return json.loads(value) if kind == "json" else value
    except (ValueError, TypeError, AttributeError) as error:
        damaged = brief(value if exact is None else exact)
        raise DamagedValue(
            f"A param is damaged: {damaged} is no {kind}.", "`nbtrack doctor --deep` says which."
        ) from error


def _approximate(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _json_size(name: str, value: object) -> int:
    try:
        return len(json.dumps(value))
    except Exception as error:  # no form in JSON, holds itself, or raises whatever a user wrote
        raise InvalidValue(
            f"Param '{name}' is {told(value)}, which is no plain value.",
            "Log str(value), or its parts as params of their own.",
        ) from error


def brief(value: object) -> str:
    """A value for a message: its repr, not long, in characters that can be printed."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 (a user's __repr__ may raise)
        text = f"<{type(value).__name__}>"
    text = text.encode("ascii", "backslashreplace").decode() if not _encodable(text) else text
    return text if len(text) <= 60 else text[:57] + "…"


def told(value: object) -> str:
    """A value with its type, for a message: ``5 (int)``."""
    return "None" if value is None else f"{brief(value)} ({type(value).__name__})"
