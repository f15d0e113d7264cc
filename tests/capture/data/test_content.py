"""The hash over what an object holds: the same for the same content, whatever it lies in, and never an accident."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch

from nbtrack.capture.data import kinds
from nbtrack.capture.data.content import content_of
from nbtrack.capture.data.objects import data_read, names_read
from nbtrack.capture.data.sampling import LEVELS, blocks, level_for
from nbtrack.capture.syntax import read_cell


def hash_of(data: Any, **how: Any) -> str:
    found = content_of(data, **how).hash
    assert found is not None
    return found


def frame(rows: int = 6) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["a", "b"], range(rows // 2)], names=["k", "n"])
    return pd.DataFrame(
        {
            "x": np.arange(rows) * 0.5,
            "text": ["ä", None, "c"] * (rows // 3),
            "when": pd.date_range("2024", periods=rows, tz="UTC"),
            "kind": pd.Categorical(["u", "v"] * (rows // 2)),
            "whole": pd.array([1, None, 3] * (rows // 3), dtype="Int64"),
            "mixed": pd.Series([1, "a", decimal.Decimal(2)] * (rows // 3), dtype=object).to_numpy(),
        },
        index=index,
    )


NUMBERS = np.arange(24.0).reshape(4, 6)


@pytest.mark.parametrize(
    "same",
    [
        np.asfortranarray(NUMBERS),
        NUMBERS.astype(">f8"),
        np.repeat(NUMBERS, 2, axis=1)[:, ::2],
        NUMBERS[::-1][::-1],
        NUMBERS.T.copy().T,
    ],
    ids=["columns first", "other byte order", "every second", "backwards", "transposed"],
)
def test_the_layout_of_an_array_does_not_matter(same: Any) -> None:
    assert hash_of(same) == hash_of(NUMBERS)


@pytest.mark.parametrize(
    "other",
    [
        NUMBERS.reshape(6, 4),
        NUMBERS.astype("float32"),
        NUMBERS.astype("int64"),
        NUMBERS + np.eye(4, 6) * 1e-9,
        np.where(NUMBERS == 0, -0.0, NUMBERS),
        np.where(NUMBERS == 5, np.nan, NUMBERS),
        NUMBERS[:0],
        np.ma.masked_array(NUMBERS, NUMBERS > 3),
        NUMBERS.tolist(),
        pd.DataFrame(NUMBERS),
        torch.from_numpy(NUMBERS.copy()),
    ],
    ids=["shape", "width", "kind", "a value", "-0.0", "NaN", "empty", "masked", "list", "table", "tensor"],
)
def test_another_content_or_kind_of_array_has_another_hash(other: Any) -> None:
    assert hash_of(other) != hash_of(NUMBERS)


def test_nan_is_equal_to_itself() -> None:
    assert hash_of(np.array([np.nan, 1.0])) == hash_of(np.array([np.nan, 1.0]))
    assert hash_of(frame()) == hash_of(frame())


CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "a number": lambda f: f.assign(x=f.x + 1),
    "a text": lambda f: f.assign(text=["b", None, "c"] * 2),
    "a missing text": lambda f: f.assign(text=["ä", "", "c"] * 2),
    "a time": lambda f: f.assign(when=f.when + pd.Timedelta("1ns")),
    "a category": lambda f: f.assign(kind=pd.Categorical(["v", "u"] * 3)),
    "a missing number": lambda f: f.assign(whole=f.whole.fillna(0)),
    "an object": lambda f: f.assign(mixed=[1, "a", decimal.Decimal(3)] * 2),
    "a name": lambda f: f.rename(columns={"x": "X"}),
    "the order of columns": lambda f: f[list(f.columns[::-1])],
    "the order of rows": lambda f: f.iloc[::-1],
    "the index": lambda f: f.reset_index(drop=True),
    "the index's names": lambda f: f.rename_axis(["k", "m"]),
    "a dtype": lambda f: f.astype({"x": "float32"}),
    "a row": lambda f: f.iloc[:-1],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_part_of_a_table_is_in_its_hash(change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    assert hash_of(change(frame())) != hash_of(frame())


def test_how_a_table_lies_in_memory_does_not_matter() -> None:
    by_rows = pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=list("abc"))
    by_columns = pd.DataFrame({name: by_rows[name].to_numpy().copy() for name in "abc"})
    assert hash_of(by_rows) == hash_of(by_columns)
    wide = pd.DataFrame(np.arange(3000.0).reshape(3, 1000))
    assert hash_of(wide) == hash_of(pd.concat([wide.iloc[:, :500], wide.iloc[:, 500:].copy()], axis=1))


def test_tables_with_names_twice_or_without_any_columns_or_rows_have_a_hash() -> None:
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    found = [twice, twice.iloc[:0], twice.iloc[:, :0], pd.DataFrame(), pd.Series([1], name="a"), pd.Index([1])]
    assert len({hash_of(one) for one in found}) == len(found)


def test_polars_tables_have_a_hash_of_all_their_types() -> None:
    def table(**other: Any) -> pl.DataFrame:
        made = {"x": [1, None, 3], "y": [0.5, 1.5, None], "t": ["a", None, "c"], "b": [True, None, False]}
        return pl.DataFrame({**made, "l": [[1], [], None], **other})

    assert hash_of(table()) == hash_of(table())
    others = [{"x": [1, 0, 3]}, {"y": [0.5, 1.5, 0.0]}, {"t": ["a", "", "c"]}, {"b": [True, False, False]}]
    found = {hash_of(table(**other)) for other in ({}, *others, {"l": [[1], [], []]})}
    assert len(found) == 6
    assert content_of(table().lazy()).hash is None  # it is never computed


def test_tensors_of_every_layout_have_a_hash_or_none() -> None:
    base = torch.arange(12.0).reshape(3, 4)
    assert hash_of(base.T.contiguous().T) == hash_of(base)
    assert hash_of(base.clone().requires_grad_()) == hash_of(base)
    found = [base, base + 1, base.bfloat16(), base.to(torch.complex64), base.to_sparse(), base.bool(), base[:0]]
    assert len({hash_of(one) for one in found}) == len(found)
    assert hash_of(base.bfloat16().T) == hash_of(base.T.contiguous().bfloat16())
    assert content_of(base.to("meta")).hash is None


def test_sparse_matrices_have_a_hash() -> None:
    matrix = scipy.sparse.csr_matrix(np.eye(5))
    changed = matrix.copy()
    changed.data[2] = 7
    assert hash_of(matrix) == hash_of(matrix.copy())
    assert len({hash_of(matrix), hash_of(changed), hash_of(matrix.tocsc()), hash_of(matrix.tolil())}) == 4


def test_containers_are_known_by_what_they_hold() -> None:
    data = {"X": NUMBERS, "names": ["a", "b"], "inner": [NUMBERS, {"t": torch.ones(2)}]}
    assert hash_of(data) == hash_of({"inner": data["inner"], "X": NUMBERS.copy(), "names": ["a", "b"]})
    assert hash_of(data) != hash_of({**data, "X": NUMBERS + 1})
    assert hash_of([NUMBERS, NUMBERS]) != hash_of((NUMBERS, NUMBERS))
    assert not content_of(data).partly
    assert kinds.is_data(data)
    assert kinds.describe(data)["holds"] == ["X: ndarray 4 × 6"]
    assert not kinds.is_data({"lr": 0.1})


def test_numbers_in_a_list_are_data_from_a_thousand_on() -> None:
    assert kinds.is_data(list(range(1000)))
    assert not kinds.is_data(list(range(999)))
    assert not kinds.is_data(["text"] * 2000)
    assert hash_of([1, 2]) != hash_of([1.0, 2.0])
    assert hash_of([1 << 80] * 3) != hash_of([1 << 81] * 3)


class Raises:
    """Whatever is asked of it."""

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")


class Listed(list):  # type: ignore[type-arg]
    """A list that lies."""

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __iter__(self) -> Any:
        raise RuntimeError("iter")


class Shaped(np.ndarray):
    """An array whose own methods raise."""

    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError("getitem")

    def tobytes(self, *_: Any) -> bytes:
        raise RuntimeError("tobytes")


def circle() -> list[Any]:
    found: list[Any] = [1]
    found += [found, {"again": found}]
    return found


def deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(5000):
        found = [found]
    return found


@pytest.mark.parametrize(
    "data",
    [
        circle(),
        deep(),
        Listed([1, 2, 3]),
        [Raises(), Raises()],
        {"a": Raises(), Raises: 2},
        np.array([{"a": 1}, None, [1]], dtype=object),
        np.array(["a", "bc"], dtype="U5"),
        np.array([(1, "a")], dtype=[("x", "i4"), ("y", "U3")]),
        np.arange(3).view(Shaped),
        np.array(5),
        np.zeros((0, 5)),
        np.array(["2024-01-01", "NaT"], dtype="M8[s]"),
        pd.DataFrame({"o": [object(), Listed([1]), circle()]}),
        pd.Series([None, np.nan, "a", 1.5, pd.NaT, pd.NA], dtype=object),
        {"s": {1, "a", (2, 3)}},
        ["\ud800", b"\0", 1j, range(3), decimal.Decimal("1.0")],
        None,
    ],
    ids=lambda one: type(one).__name__,
)
def test_strange_content_has_the_same_hash_again(data: Any) -> None:
    assert hash_of(data) == hash_of(data)
    kinds.describe(data)
    kinds.weight(data)
    kinds.is_data(data)


def test_objects_without_a_content_have_no_hash_and_are_not_touched() -> None:
    stream = (number for number in range(3))
    for one in (Raises(), stream, object(), open, iter([1]), type):
        assert content_of(one).hash is None
        assert not kinds.is_data(one)
    assert list(stream) == [0, 1, 2]


def test_what_a_hash_could_not_read_is_said() -> None:
    assert content_of([object()]).partly
    assert content_of(np.array([object()])).partly
    assert not content_of([1, "a", None]).partly


# -- sampling


def test_blocks_reach_from_first_to_last_and_stay_within_the_room() -> None:
    for total, room in [(0, 5), (3, 5), (100, 10), (10**9, 1000), (7, 1), (1000, 999)]:
        found = blocks(total, room)
        taken = [number for part in found for number in range(part.start, part.stop)] if room < 10**4 else []
        assert len(taken) <= max(room, 1)
        assert len(set(taken)) == len(taken)
        if total > 1 and room > 1:
            assert (taken[0], taken[-1]) == (0, total - 1)


def test_a_sample_is_said_to_be_one_and_is_the_same_each_time() -> None:
    large = np.arange(400_000, dtype="int64")
    sampled = content_of(large, "64k")
    assert sampled.sampled
    assert sampled.read <= LEVELS["64k"]
    assert sampled.hash is not None
    assert sampled.hash.startswith("sha256.64k-")
    assert sampled == content_of(large.copy(), "64k")
    assert hash_of(large, full=True) == hash_of(large)  # 3 MiB need no sample
    changed = large.copy()
    changed[-1] = -1
    assert hash_of(changed, level="64k") != sampled.hash


def test_a_sample_does_not_depend_on_the_layout_either() -> None:
    table = np.arange(400_000.0).reshape(1000, 400)
    assert hash_of(table, level="64k") == hash_of(np.asfortranarray(table), level="64k")
    by_rows = pd.DataFrame(table[:, :20])
    by_columns = pd.DataFrame({number: by_rows[number].to_numpy().copy() for number in by_rows})
    by_columns.columns = by_rows.columns
    assert hash_of(by_rows, level="64k") == hash_of(by_columns, level="64k")


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame({"t": [f"text {n}" for n in range(50_000)], "x": range(50_000)}),
        lambda: pd.DataFrame(np.zeros((50_000, 30))),
        lambda: pd.DataFrame(np.zeros((3, 20_000))),
        lambda: pd.DataFrame({str(n): ["a"] for n in range(3000)}),
        lambda: pl.DataFrame({"t": [f"text {n}" for n in range(50_000)], "x": range(50_000)}),
        lambda: torch.zeros(500, 500),
        lambda: list(range(200_000)),
        lambda: dict.fromkeys(range(200000), "a"),
        lambda: set(range(200_000)),
        lambda: {"a": np.zeros(100_000), "b": [np.zeros(100_000)]},
        lambda: scipy.sparse.csr_matrix(np.ones((300, 300))),
        lambda: np.array([{"n": n} for n in range(20_000)], dtype=object),
    ],
)
def test_of_large_data_no_more_is_read_than_was_allowed(make: Callable[[], Any]) -> None:
    data = make()
    found = content_of(data, "64k")
    assert found.sampled
    assert found.read <= 4 * LEVELS["64k"]  # what little each part takes at least is added
    assert found.hash == content_of(make(), "64k").hash


def test_the_more_a_cell_reads_the_less_is_read_of_each() -> None:
    assert level_for([1000, 2000]) == "64M"
    assert level_for([1 << 30]) == "16M"
    assert level_for([1 << 30] * 10) == "1M"
    assert level_for([1 << 30] * 10_000) == "64k"


# -- what a cell reads


def test_names_that_a_function_of_the_notebook_loads_are_read_by_who_calls_it() -> None:
    space: dict[str, Any] = {"X": NUMBERS, "y": [1], "Z": NUMBERS, "unused": NUMBERS}
    code = "def inner():\n    return lambda: X\ndef outer():\n    inner()\n    y\n    outer\n    return [Z for _ in y]"
    exec(code, space)
    assert set(names_read(["outer", "absent"], space)) >= {"outer", "inner", "X", "y", "Z"}
    assert "unused" not in names_read(["outer"], space)
    found = data_read(read_cell("outer()"), space)
    assert sorted(one["name"] for one in found) == ["X", "Z"]
    assert found[0]["hash"] == found[1]["hash"]


def test_a_table_is_described_by_shape_columns_and_dtypes() -> None:
    (found,) = data_read(read_cell("df.x"), {"df": frame(), "other": 5})
    assert (found["name"], found["kind"]) == ("df", "DataFrame")
    assert found["info"]["shape"] == [6, 6]
    assert found["info"]["dtypes"]["when"] == "datetime64[us, UTC]"
    assert found["info"]["seen"] == "name"
    many = kinds.describe(pd.DataFrame(np.zeros((1, 5000))))
    assert len(many["columns"]) == len(many["dtypes"]) == 200
