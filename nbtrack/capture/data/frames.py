"""Tables of pandas and polars for hashing, column by column."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import groupby
from typing import Any

from nbtrack.capture.data.plain import take_value, take_values
from nbtrack.capture.data.sampling import Digest

TakeArray = Callable[[Digest, Any, int], None]

_COLUMN = 64 << 10  # bytes that a column counts at least: reaching it takes its time too
_WIDE = 256  # columns; a table of more, with numbers of one dtype, is taken as one array
_SMALL = 1 << 20  # bytes; so is a small one
_COPIED = 64 << 20  # bytes that making this array may cost
_TEXT = 256  # bytes of an array that hashing a text takes as long as
_BLOCKS = 16  # of a column that is not an array of numpy's: each is a call of pandas
_TEXTS = ("string", "bytes", "empty")


def hashed_texts(block: Any) -> Any:
    """The hashes of an array of texts, by pandas; None without pandas, or for other objects."""
    pandas = sys.modules.get("pandas")
    if pandas is None or pandas.api.types.infer_dtype(block, skipna=True) not in _TEXTS:
        return None
    return pandas.util.hash_array(block, categorize=False).data


def take_pandas(digest: Digest, data: Any, kind: str, take_array: TakeArray) -> None:
    """Take up a DataFrame, Series or Index: names, dtypes, index and values."""
    if kind == "index":
        _take_index(digest, data, take_array, 1)
        return
    if kind == "series":
        digest.say("series", data.shape)
        take_value(digest, data.name)
        _take_index(digest, data.index, take_array, 2)
        _take_column(digest, data, take_array, 2)
        return
    digest.say("frame", data.shape)
    _take_index(digest, data.columns, take_array, 2)
    dtypes = [(str(dtype), len(list(group))) for dtype, group in groupby(data.dtypes.tolist())]
    digest.say(*(word for run in dtypes for word in run))
    if _is_matrix(data, dtypes):
        _take_index(digest, data.index, take_array, 2)
        take_array(digest, data.to_numpy(copy=False), 2)
        return
    chosen = digest.parts(data.shape[1], _COLUMN)
    share = 1 + sum(part.stop - part.start for part in chosen)
    _take_index(digest, data.index, take_array, share)
    for part in chosen:
        for number in range(part.start, part.stop):
            _take_column(digest, data.iloc[:, number], take_array, share)


def _is_matrix(data: Any, dtypes: list[tuple[str, int]]) -> bool:
    """Whether a wide or small table is taken as one array: its shape alone decides that, not how it lies."""
    dtype: Any = data.dtypes.iloc[0] if len(dtypes) == 1 else None
    plain = getattr(dtype, "kind", "O") in "biufc" and type(dtype).__module__.startswith("numpy")
    size = data.size * dtype.itemsize if plain else 0
    return bool(plain) and (size <= _SMALL or (data.shape[1] > _WIDE and size <= _COPIED))


def _take_index(digest: Digest, index: Any, take_array: TakeArray, share: int) -> None:
    kind = type(index).__name__
    digest.say("index", kind, len(index))
    take_values(digest, list(index.names), share)
    if kind == "RangeIndex":
        digest.say(index.start, index.stop, index.step)
    elif kind == "MultiIndex":
        for codes, level in zip(index.codes, index.levels, strict=True):
            take_array(digest, codes, share * 2)
            _take_index(digest, level, take_array, share * 2)
    else:
        _take_column(digest, index, take_array, share)


def _take_column(digest: Digest, column: Any, take_array: TakeArray, share: int) -> None:
    """Take up a Series or a flat Index."""
    import numpy as np
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        take_array(digest, column.to_numpy(copy=False), share)
        return
    digest.say("column", str(dtype), len(column))
    values = column.array
    if isinstance(dtype, pd.CategoricalDtype):
        take_array(digest, values.codes, share)
        _take_index(digest, dtype.categories, take_array, share)
        return
    for part in digest.parts(len(values), _TEXT, most=_BLOCKS, share=share):
        digest.take(pd.util.hash_array(values[part], categorize=False).data)


def take_polars(digest: Digest, data: Any, take_array: TakeArray) -> None:
    """Take up a DataFrame or Series of polars."""
    columns = data.get_columns() if hasattr(data, "get_columns") else [data]
    digest.say("polars", len(data), len(columns))
    digest.say(*(f"{column.name}: {column.dtype}" for column in columns))
    chosen = digest.parts(len(columns), _COLUMN)
    share = max(1, sum(part.stop - part.start for part in chosen))
    for part in chosen:
        for column in columns[part]:
            _take_polars_column(digest, column, take_array, share)


def _take_polars_column(digest: Digest, column: Any, take_array: TakeArray, share: int) -> None:
    import polars as pl

    plain = column.dtype.is_numeric() or column.dtype.is_temporal() or column.dtype == pl.Boolean
    if column.dtype.is_decimal():
        plain = False
    cost = 8 if plain else 1024
    for part in digest.parts(len(column), cost, most=_BLOCKS, share=share):
        block = column[part]
        if plain:
            block = block.to_physical()
            missing = block.is_null()
            digest.say(part.start, block.null_count())
            if block.null_count():
                take_array(digest, missing.to_numpy(), 1)
                block = block.fill_null(False if block.dtype == pl.Boolean else 0)
            digest.take(memoryview(_contiguous(block.to_numpy())).cast("B"))
        else:
            # the block is a sample already: its values are taken as they are
            take_values(digest, block.to_list(), max(1, share // 2))


def _contiguous(array: Any) -> Any:
    import numpy as np

    return np.ascontiguousarray(array)
