"""A hash over what an object holds: DataFrames, arrays, tensors, lists of numbers, and what is made of these.

The same content has the same hash however it lies in memory: in rows or columns, in either byte order. NaN equals
itself; 0.0 and -0.0 differ, as do the same numbers of another dtype. Nothing of a user's class is called, nothing lazy
is computed, nothing is copied but the sample that is read.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any, NamedTuple

from nbtrack.capture.data import frames, kinds, plain
from nbtrack.capture.data.sampling import LEVELS, Digest
from nbtrack.runs.values import is_a

_LARGEST = "64M"
_ITEMS = 64  # of a container, that are looked at one by one


class Content(NamedTuple):
    """What was found out. hash: None if there is none to be had. partly: some of it has no content to read."""

    hash: str | None
    sampled: bool = False
    partly: bool = False
    read: int = 0


def content_of(data: object, level: str = _LARGEST, full: bool = False) -> Content:
    """The hash of an object. level: one of `LEVELS`, how much of it is read at most. full: all of it is.

    Never raises: what cannot be read has no hash.
    """
    try:
        digest = Digest(None if full else LEVELS[level])
        if not _take(digest, data):
            return Content(None)
        return Content(digest.text(level), digest.sampled, digest.opaque, digest.read)
    except Exception:  # noqa: BLE001 (whatever a library or a user's class does: then it is not known)
        return Content(None)


def _take(digest: Digest, data: Any, share: int = 1) -> bool:
    """Take up an object; False if it is of no kind that has a content."""
    kind = kinds.kind_of(data)
    if kind == "array":
        take_array(digest, data, share)
    elif kind in ("frame", "series", "index"):
        frames.take_pandas(digest, data, kind, take_array)
    elif kind in ("polars", "polars series"):
        frames.take_polars(digest, data, take_array)
    elif kind == "tensor":
        return _take_tensor(digest, data, share)
    elif kind == "sparse":
        _take_sparse(digest, data)
    elif is_a(data, list, tuple) and kinds.length(data) > _ITEMS:
        digest.say(type(data).__name__)
        plain.take_values(digest, data, leaf=_leaf(digest, _ITEMS))
    elif is_a(data, list, tuple, dict, set, frozenset, str, bytes, bytearray, int, float, bool) or data is None:
        digest.say(type(data).__name__)
        plain.take_value(digest, data, _leaf(digest, max(1, kinds.parts_of(data))))
    else:
        return False
    return True


def _leaf(outer: Digest, share: int) -> plain.Leaf:
    """For arrays within lists and dicts: each gets its part of the room."""

    def leaf(value: Any) -> bytes | None:
        if kinds.kind_of(value) is None:
            return None
        inner = Digest(None if outer.limit is None else max(1, outer.limit // share))
        if not _take(inner, value):
            return None
        outer.sampled, outer.opaque = outer.sampled or inner.sampled, outer.opaque or inner.opaque
        outer.read += inner.read
        return inner.text("").encode()

    return leaf


def take_array(digest: Digest, data: Any, share: int = 1) -> None:
    """Take up a numpy array of any layout, or its sample."""
    import numpy as np

    array = data.view(np.ndarray) if type(data) is not np.ndarray else data
    dtype = array.dtype
    digest.say("array", dtype.newbyteorder("<").str, dtype.descr if dtype.fields else "", array.shape)
    if isinstance(data, np.ma.MaskedArray):
        digest.say("mask", data.mask is not np.ma.nomask)
        if data.mask is not np.ma.nomask:
            take_array(digest, np.asarray(data.mask), share)
    objects = dtype.hasobject or dtype.kind == "T"
    contiguous = array.flags.c_contiguous
    flat = array.reshape(-1) if contiguous else array.flat
    if not contiguous and array.size * dtype.itemsize <= (digest.limit or 0) // share and not objects:
        flat = np.ascontiguousarray(array).reshape(-1)  # a quarter of what the walk by index takes
    for part in digest.parts(array.size, plain.COST if objects else max(1, dtype.itemsize), share=share):
        block = flat[part]
        if objects:
            _take_objects(digest, block)
            continue
        if dtype.kind == "V" or not block.flags.c_contiguous:
            block = np.ascontiguousarray(block)
        if dtype.byteorder == ">" or (dtype.byteorder == "=" and sys.byteorder == "big"):
            block = block.astype(dtype.newbyteorder("<"))
        if dtype.itemsize and block.size:
            digest.take(block.view(np.uint8).data)


def _take_objects(digest: Digest, block: Any) -> None:
    """Take up a block of objects: texts by pandas, if it is there, which is ten times as quick."""
    found = frames.hashed_texts(block)
    if found is None:
        plain.take_values(digest, block.tolist())
    else:
        digest.take(found)


def _take_tensor(digest: Digest, data: Any, share: int) -> bool:
    """Take up a tensor of torch; one that holds no numbers here (on ``meta``, nested) has no content."""
    import torch

    tensor = data.detach()
    digest.say("tensor", str(tensor.dtype), tuple(tensor.shape))
    if tensor.layout != torch.strided:
        if not tensor.is_sparse:
            return False
        tensor = tensor.coalesce() if tensor._nnz() * tensor.element_size() < LEVELS[_LARGEST] else tensor
        return all(_take_tensor(digest, one, 2 * share) for one in (tensor._indices(), tensor._values()))
    if tensor.device.type == "meta" or tensor.is_quantized or tensor.is_nested:
        return False
    tensor = tensor.resolve_conj().resolve_neg()
    with suppress(RuntimeError, TypeError):
        numbers = {1: torch.uint8, 2: torch.int16}.get(tensor.element_size())
        if numbers is not None and tensor.dtype != numbers:
            tensor = tensor.view(numbers)  # numpy knows neither bfloat16 nor the floats of 8 bits
    if tensor.device.type == "cpu":
        take_array(digest, tensor.numpy(), share)
        return True
    if not tensor.is_contiguous():
        return False  # of another device, only what lies in one piece can be read without a copy of all of it
    flat = tensor.reshape(-1)
    parts = digest.parts(flat.numel(), tensor.element_size(), most=16, share=share)
    for part in parts:
        digest.take(flat[part].cpu().numpy().data)
    return True


def _take_sparse(digest: Digest, data: Any) -> None:
    """Take up a sparse matrix of scipy, as it is stored."""
    digest.say("sparse", data.format, data.shape)
    if data.format not in ("csr", "csc", "bsr", "coo", "dia"):
        data = data.tocoo()
    parts = [getattr(data, name, None) for name in ("data", "indices", "indptr", "row", "col", "offsets")]
    for part in parts:
        if part is not None:
            take_array(digest, part, share=4)
