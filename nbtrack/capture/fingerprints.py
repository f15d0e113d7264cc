"""A cheap look at an object: is it the same as before, what is it in a few words.

Nothing of the user's is called: no ``repr``, ``hash``, ``len`` or iteration of classes that are not known here, and no
generator is consumed. What is large is looked at in samples, which `Mark.sampled` says.
"""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

_DEEP = 2  # containers in containers that are followed
_FIRST, _LAST = 48, 8  # items of a container that are looked at
_BYTES = 1 << 15  # of an array that is looked at as a whole
_ELEMENTS = 1_024  # of a larger one
_ROWS, _COLUMNS = 32, 8  # of a table
_PARAMETERS = 512  # of a network; the content of a few of them
_TEXT = 400

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), range, slice)
_FIXED = (FunctionType, BuiltinFunctionType, ModuleType, type)


class Mark(NamedTuple):
    """What an object was like.

    identity: changes when it is another object or holds others; only within this process. content: a short digest,
    the same in any process. sampled: a change may have escaped. moving: using it changes it, as with a generator.
    """

    identity: int
    content: str
    sampled: bool
    moving: bool = False


def look_all(values: Mapping[str, Any], seconds: float) -> dict[str, Mark]:
    """A look at each; what is left when the time is over gets a shallow one.

    It is the time of this thread: on a busy machine no less is seen.
    """
    until = time.thread_time() + seconds
    found: dict[str, Mark] = {}
    for name, value in values.items():
        found[name] = look(value) if time.thread_time() < until else shallow(value)
    return found


def look(value: Any) -> Mark:
    """A look at an object. Never raises."""
    token = _TOKENS.get(type(value))
    if token is not None:  # most are plain, and each cell waits for it
        return Mark(hash((id(value),)), _digest(token(value)), False)
    eye = _Eye()
    try:
        eye.see(value, 0)
    except Exception:  # noqa: BLE001 (an object of any kind: what cannot be looked at is not compared)
        return shallow(value)
    return Mark(hash((id(value), *eye.ids)), _digest(b"\0".join(eye.content)), eye.sampled, eye.moving)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=6).hexdigest()


def shallow(value: Any) -> Mark:
    """Which object it is, and no more."""
    return Mark(id(value), "", not isinstance(value, (*_PLAIN, *_FIXED)), _is_moving(value))


def differ(one: Mark, other: Mark) -> bool:
    """Whether the object was changed from one look to the other."""
    if not one.content or not other.content:
        return False  # one of them was shallow
    return one.identity != other.identity or one.content != other.content


class _Eye:
    """One look."""

    __slots__ = ("content", "ids", "moving", "sampled")

    def __init__(self) -> None:
        self.content: list[bytes] = []
        self.ids: list[int] = []
        self.sampled = False
        self.moving = False

    def see(self, value: Any, depth: int) -> None:
        kind = type(value)
        if kind in _TOKENS:
            self.content.append(_TOKENS[kind](value))
            return
        self.content.append(kind.__name__.encode("utf-8", "replace"))
        if depth:
            self.ids.append(id(value))
        if isinstance(value, _FIXED):
            self.content.append(str(getattr(value, "__name__", "")).encode("utf-8", "replace"))
        elif kind in (list, tuple):
            self.items(value, len(value), depth)
        elif isinstance(value, dict):
            self.mapping(value, depth)
        elif isinstance(value, (set, frozenset)):
            self.members(value, depth)
        elif not self.known(value, kind):
            self.thing(value, depth)

    def items(self, value: Any, count: int, depth: int) -> None:
        self.content.append(b"%d" % count)
        if depth >= _DEEP:
            self.sampled |= count > 0
            return
        for one in value if count <= _FIRST + _LAST else [*value[:_FIRST], *value[-_LAST:]]:
            self.see(one, depth + 1)
        self.sampled |= count > _FIRST + _LAST

    def mapping(self, value: Any, depth: int) -> None:
        count = dict.__len__(value)
        self.content.append(b"%d" % count)
        if depth >= _DEEP:
            self.sampled |= count > 0
            return
        for key, one in islice(list(dict.items(value)), _FIRST):
            self.see(key, depth + 1)
            self.see(one, depth + 1)
        self.sampled |= count > _FIRST

    def members(self, value: Any, depth: int) -> None:
        self.content.append(b"%d" % len(value))
        if len(value) > _FIRST or depth >= _DEEP:
            self.sampled |= bool(value)
            return
        digests = []
        for one in list(value):
            inner = _Eye()
            inner.see(one, depth + 1)
            digests.append(b"\0".join(inner.content))
        self.content += sorted(digests)

    def known(self, value: Any, kind: type) -> bool:
        """Arrays, tables, tensors and networks, where their libraries are loaded."""
        root = kind.__module__.partition(".")[0]
        loaded = sys.modules
        if (np := loaded.get("numpy")) is not None and isinstance(value, (np.ndarray, np.generic)):
            self.array(np.asarray(value))
        elif (pd := loaded.get("pandas")) is not None and isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
            self.pandas(value, pd)
        elif root == "polars" and hasattr(kind, "gather_every") and hasattr(kind, "height"):
            self.polars(value)
        elif (torch := loaded.get("torch")) is not None and isinstance(value, torch.Tensor):
            self.tensor(value, True)
        elif torch is not None and isinstance(value, torch.nn.Module):
            self.network(value)
        elif root == "scipy" and hasattr(value, "nnz"):
            self.content.append(repr((value.shape, value.nnz)).encode())
            self.array(value.data)
        elif _is_moving(value):
            self.moving = True
        else:
            return False
        return True

    def array(self, value: Any) -> None:
        self.content.append(f"{value.dtype.str}{value.shape}".encode())
        if value.dtype.hasobject:
            flat = value.reshape(-1) if value.flags.c_contiguous else value.flat
            self.sampled |= value.size > _FIRST
            for one in flat[:_FIRST]:
                self.see(one, _DEEP)
            return
        if value.nbytes <= _BYTES:
            self.content.append(value.tobytes())
            return
        self.sampled = True
        step = max(1, value.size // _ELEMENTS)
        flat = value.reshape(-1) if value.flags.c_contiguous else value.flat
        self.content.append(flat[::step].tobytes())
        self.content.append(flat[-_LAST:].tobytes())

    def pandas(self, value: Any, pd: Any) -> None:
        if isinstance(value, pd.Index):
            value = value.to_series(index=range(len(value)))
        rows = len(value)
        self.content.append(repr(value.shape).encode())
        self.sampled |= rows > _ROWS
        part = value.iloc[:: max(1, rows // _ROWS)]
        if isinstance(value, pd.DataFrame):
            columns = list(value.columns[:_ELEMENTS])
            self.items(columns, len(columns), 1)
            dtypes = value.dtypes.tolist()[:_ELEMENTS]
            self.content.append(" ".join(_dtype(one) for one in dtypes).encode())
            if dtypes and hasattr(dtypes[0], "kind") and all(one is dtypes[0] for one in dtypes):
                self.array(part.to_numpy())
            else:
                step = max(1, -(-len(columns) // _COLUMNS))
                self.sampled |= step > 1
                for place in range(0, part.shape[1], step):
                    self.array(part.iloc[:, place].to_numpy())
        else:
            self.content.append(f"{value.name!s:.80}{_dtype(value.dtype)}".encode())
            self.array(part.to_numpy())
        self.array(part.index.to_numpy())

    def polars(self, value: Any) -> None:
        rows = value.height if hasattr(value, "height") else len(value)
        self.content.append(f"{value.shape}{getattr(value, 'schema', '')!s:.2000}".encode())
        self.sampled |= rows > _ROWS
        part = value.gather_every(max(1, rows // _ROWS))
        taken = part[:, :_COLUMNS].rows() if hasattr(part, "rows") else part.to_list()
        self.items(taken, len(taken), 0)

    def tensor(self, value: Any, content: bool) -> None:
        self.content.append(f"{value.dtype}{tuple(value.shape)}".encode())
        self.ids += [value._version, value.data_ptr()]
        if content and value.device.type == "cpu" and value.layout.__str__() == "torch.strided":
            flat = value.detach().reshape(-1) if value.is_contiguous() else value.detach().flatten()
            part = flat[:: max(1, flat.numel() // _ELEMENTS)]
            self.content.append(part.double().numpy().tobytes() if part.numel() else b"")

    def network(self, value: Any) -> None:
        parts = list(islice(value.parameters(), _PARAMETERS)) + list(islice(value.buffers(), _PARAMETERS))
        self.content.append(b"%d %d" % (len(parts), value.training))
        for place, one in enumerate(parts):
            self.ids.append(id(one))
            self.tensor(one, place < _LAST or place >= len(parts) - _LAST)
        self.sampled |= len(parts) >= _PARAMETERS

    def thing(self, value: Any, depth: int) -> None:
        """An object of a class not known here: its attributes; what they hold is followed no further than a list's."""
        self.sampled = True
        try:
            attributes = object.__getattribute__(value, "__dict__")
        except AttributeError:
            return
        if type(attributes) is dict:
            self.mapping(attributes, depth)


_TOKENS: dict[type, Any] = {
    bool: lambda value: b"T" if value else b"F",
    type(None): lambda _: b"N",
    type(Ellipsis): lambda _: b"E",
    int: lambda value: b"%d" % value if value.bit_length() < 4_000 else b"i%d" % (value % (1 << 61)),
    float: lambda value: struct.pack("d", value),
    complex: lambda value: struct.pack("dd", value.real, value.imag),
    str: lambda value: (f"s{len(value)}" + value[:_TEXT] + value[-_LAST:]).encode("utf-8", "surrogatepass"),
    bytes: lambda value: b"b%d" % len(value) + value[:_TEXT] + value[-_LAST:],
    range: lambda value: repr(value).encode(),
    slice: lambda _: b"slice",
}


def _dtype(given: Any) -> str:
    """numpy's own names of its dtypes take long to make."""
    return str(getattr(given, "str", None) or given)


def _is_moving(value: Any) -> bool:
    """Whether using it changes it in a way that a look does not show: iterators, files, generators of numbers."""
    kind = type(value)
    if isinstance(value, (*_PLAIN, *_FIXED)):
        return False
    if any("__next__" in vars(base) for base in kind.__mro__[:-1]):
        return True
    drawing = kind.__name__ in ("Generator", "RandomState", "Random")
    return drawing and kind.__module__.partition(".")[0] in ("numpy", "random", "torch")


def describe(value: Any) -> str:
    """An object in a few words: "DataFrame 569 × 30", "list of 5", "0.1". Texts are not shown: they may be secret."""
    kind = type(value)
    if value is None or kind in (bool, float):
        return str(value)
    if kind is int:
        return str(value) if value.bit_length() < 64 else "a large integer"
    if kind is str:
        return f"text of {len(value):,} characters"
    if kind in (list, tuple, dict, set, frozenset, bytes):
        return f"{kind.__name__} of {len(value):,}"
    if isinstance(value, ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
        return "function"
    if isinstance(value, type):
        return "class"
    return f"{kind.__name__}{_size(value, kind)}"


def _size(value: Any, kind: type) -> str:
    if kind.__module__.partition(".")[0] not in ("numpy", "pandas", "polars", "torch", "scipy", "builtins"):
        return ""
    shape = getattr(value, "shape", None)
    if not isinstance(shape, Iterable):
        return ""
    sizes = " × ".join(f"{size:,}" for size in tuple(shape))
    dtype = getattr(value, "dtype", None)
    return f" {sizes}" + (f" {str(dtype).removeprefix('torch.')}" if dtype is not None else "")
