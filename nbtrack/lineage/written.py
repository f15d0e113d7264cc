"""Values of params as Python literals."""

from __future__ import annotations

import math
from typing import Any

_ODD = {math.inf: 'float("inf")', -math.inf: 'float("-inf")'}


def written(value: Any, like: str = "'") -> str:
    """The text that Python reads as this value; strings in the quotes that ``like`` begins with."""
    if isinstance(value, float) and not math.isfinite(value):
        return _ODD.get(value, 'float("nan")')
    if isinstance(value, str):
        return _quoted(value, like)
    if isinstance(value, list):
        return f"[{', '.join(written(one, like) for one in value)}]"
    if isinstance(value, tuple):
        return f"({', '.join(written(one, like) for one in value)}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{written(key, like)}: {written(one, like)}' for key, one in value.items())}}}"
    return repr(value)


def _quoted(text: str, like: str) -> str:
    plain = repr(text)
    if '"' in like and plain[0] == "'" and '"' not in text:
        return f'"{plain[1:-1]}"'
    return plain


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same param: 1, 1.0 and True are not, NaN is itself, a tuple is stored as a list."""
    return repr(stored(one)) == repr(stored(other))


def stored(value: Any) -> Any:
    """The value as a file has it: a list for a tuple."""
    return [stored(one) for one in value] if isinstance(value, list | tuple) else value
