"""What counts as data, how heavy it is to read, and how it is described. No library is imported to find out."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Any

from nbtrack.capture.data.plain import COST
from nbtrack.runs.values import is_a

LONG = 1000  # numbers in a list that make it data
_COLUMNS = 200  # that are named
_LONGEST = 120  # characters of a column's name
_OBJECT = 256  # bytes that one text weighs
_COLUMN = 64 << 10  # bytes that a column weighs at least: reaching it takes its time too
_ITEMS = 64  # of a container that are looked at
_DEEPEST = 2  # containers within containers that are weighed

_KINDS = (  # module, class, kind
    ("pandas", "DataFrame", "frame"),
    ("pandas", "Series", "series"),
    ("pandas", "Index", "index"),
    ("numpy", "ndarray", "array"),
    ("torch", "Tensor", "tensor"),
    ("polars", "DataFrame", "polars"),
    ("polars", "Series", "polars series"),
    ("polars", "LazyFrame", "lazy"),
    ("scipy.sparse", "spmatrix", "sparse"),
    ("scipy.sparse", "sparray", "sparse"),
)


def kind_of(value: object) -> str | None:
    """What kind of data an object is by its type: None if none. Nothing of the object is called."""
    kind = type(value)
    if kind.__module__ == "builtins":
        return None
    for module, name, found in _KINDS:
        base = getattr(sys.modules.get(module), name, None)
        if isinstance(base, type) and issubclass(kind, base):
            return found
    return None


def is_data(value: Any) -> bool:
    """Whether a cell that reads this object reads data: an array, a table, many numbers, or a container of these."""
    found = kind_of(value)
    if found is not None:
        return found != "array" or bool(value.ndim)
    if is_a(value, list, tuple) and length(value) >= LONG:
        base: Any = list if is_a(value, list) else tuple
        return {type(one) for one in base.__getitem__(value, slice(0, 100))} <= {int, float, bool}
    return any(kind_of(one) is not None for one in _items(value))


def length(value: Any) -> int:
    """The length of a list, tuple or dict, not asked of a subclass."""
    base: Any = next(kind for kind in (list, tuple, dict) if is_a(value, kind))
    return int(base.__len__(value))


def parts_of(value: Any) -> int:
    """How many items of a container are data."""
    return sum(kind_of(one) is not None for one in _items(value))


def _items(value: Any) -> Iterable[Any]:
    """The first items of a container of Python's own, or of a subclass."""
    if is_a(value, dict):
        return list(islice(dict.values(value), _ITEMS))
    if is_a(value, list):
        return list(islice(list.__iter__(value), _ITEMS))
    if is_a(value, tuple):
        return list(islice(tuple.__iter__(value), _ITEMS))
    return ()


def weight(value: Any, inside: int = 0) -> int:
    """How many bytes of an array would take as long to read; 0 if that is not known.

    inside: of so many containers; deeper than two nothing is weighed, as containers may hold themselves.
    """
    with suppress(Exception):
        found = kind_of(value)
        if found == "frame":
            rows = len(value)
            return sum(max(_COLUMN, rows * _width(dtype)) for dtype in value.dtypes.tolist()[:1000])
        if found in ("series", "index"):
            return len(value) * _width(value.dtype)
        if found == "array":
            return int(value.size) * _width(value.dtype)
        if found == "tensor":
            return int(value.numel()) * int(value.element_size())
        if found in ("polars", "polars series"):
            return int(value.estimated_size()) * 4  # it is read through copies
        if found == "sparse":
            return int(value.nnz) * 16
        if is_a(value, list, tuple) and length(value) >= LONG:
            return length(value) * 16
        if inside < _DEEPEST:
            return sum(weight(one, inside + 1) for one in _items(value))
    return 0


def _width(dtype: Any) -> int:
    plain = getattr(dtype, "kind", "O") in "biufcmMSUV" and type(dtype).__module__.startswith("numpy")
    if plain and not dtype.hasobject:
        return int(dtype.itemsize)
    return COST if getattr(dtype, "hasobject", False) else _OBJECT


def describe(value: Any) -> dict[str, Any]:
    """Type, shape, dtypes and columns of an object, as far as they are known by themselves."""
    kind = type(value)
    info: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    found = kind_of(value)
    if found is None:
        if is_a(value, list, tuple, dict):
            info["length"] = length(value)
            if parts_of(value):
                info["holds"] = _holds(value)
        return info
    with suppress(Exception):
        if found not in ("lazy", "polars series"):
            info["shape"] = [int(side) for side in value.shape]
        elif found == "polars series":
            info["shape"] = [len(value)]
    with suppress(Exception):
        if found in ("frame", "polars"):
            info |= _columns(value, found)
        elif found != "lazy":
            info["dtype"] = str(value.dtype)
    with suppress(Exception):
        size = _bytes(value, found)
        if size is not None:
            info["bytes"] = size
    return info


def _columns(value: Any, found: str) -> dict[str, Any]:
    names = [short(name) for name in list(value.columns[:_COLUMNS])]
    dtypes = [short(dtype) for dtype in list(value.dtypes)[:_COLUMNS]]
    return {"columns": names, "dtypes": dict(zip(names, dtypes, strict=False))}


def _bytes(value: Any, found: str) -> int | None:
    if found == "frame":
        return len(value) * sum(int(getattr(dtype, "itemsize", 8)) for dtype in value.dtypes.tolist())
    if found in ("polars", "polars series"):
        return int(value.estimated_size())
    if found == "tensor":
        return int(value.numel()) * int(value.element_size())
    return int(value.nbytes) if found in ("array", "series", "index") else None


def _holds(value: Any) -> list[str]:
    names = list(islice(dict.keys(value), _ITEMS)) if is_a(value, dict) else range(_ITEMS)
    found = []
    for name, one in zip(names, _items(value), strict=False):
        if kind_of(one) is not None:
            shape = " × ".join(f"{side:,}" for side in describe(one).get("shape", ()))
            found.append(f"{short(name)}: {type(one).__name__} {shape}".rstrip())
    return found


def short(name: object) -> str:
    """A column's name as text, not too long; a name whose own ``__str__`` raises is known by its type."""
    try:
        text = str(name)
    except Exception:  # noqa: BLE001 (a user's __str__ may raise)
        text = type(name).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
