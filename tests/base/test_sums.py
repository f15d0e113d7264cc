"""Checksums of rows: as SQLite stores them, and never the same for two rows that differ a little."""

from __future__ import annotations

import math
import struct
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.base.sqlite import plain
from nbtrack.base.sums import row_sum

VALUES = st.one_of(
    st.none(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=("Cs",))),
    st.binary(),
)


def test_the_sum_of_a_row_is_the_same_for_ever() -> None:
    """Files that were written before hold these: a change here says of every project that it is damaged."""
    assert row_sum() == 0
    assert row_sum(1, 2, "float", 0.1, None, "explicit", 1.5) == 0x8D8E27CE
    assert row_sum("ä", b"\x00", -(1 << 63), -0.0, math.inf) == 0xA54F4A72


@given(st.lists(VALUES, max_size=8))
def test_what_sqlite_stores_has_the_sum_of_what_it_was_given(values: list[object]) -> None:
    with closing(plain(":memory:")) as conn:
        conn.execute(f"CREATE TABLE t ({', '.join(f'c{i} ANY' for i in range(9))}, sum INTEGER) STRICT")
        marks = ", ".join("?" * 9)
        row = [*values, *[None] * (9 - len(values))]
        conn.execute(f"INSERT INTO t VALUES ({marks}, row_sum({marks}))", row + row)
        *stored, found = conn.execute("SELECT * FROM t").fetchone()
        assert found == row_sum(*stored) == row_sum(*row)  # type: ignore[arg-type]
        assert conn.execute(f"SELECT row_sum({', '.join(f'c{i}' for i in range(9))}) FROM t").fetchone() == (found,)


def test_rows_that_look_alike_have_sums_of_their_own() -> None:
    rows = [
        *((), (None,), ("",), (b"",), (0,), (0.0,), (-0.0,), ("0",), (b"0",), (False, 0)),
        *(
            (1,),
            (1.0,),
            ("1",),
            ("ab", "c"),
            ("a", "bc"),
            ("abc",),
            ("a", "b", "c"),
            (None, None),
            (1, None),
            (None, 1),
        ),
    ]
    assert len({row_sum(*row) for row in rows}) == len(rows)


@given(st.data(), st.one_of(st.floats(allow_nan=False), st.text(min_size=1), st.binary(min_size=1)))
def test_one_flipped_bit_of_a_text_a_blob_or_a_float_is_always_found(
    data: st.DataObject, value: float | str | bytes
) -> None:
    packed = (
        struct.pack("<d", value)
        if isinstance(value, float)
        else value.encode("utf-8", "replace")
        if isinstance(value, str)
        else value
    )
    kept = packed.decode() if isinstance(value, str) else value
    bit = data.draw(st.integers(0, len(packed) * 8 - 1))
    bent = bytearray(packed)
    bent[bit // 8] ^= 1 << bit % 8
    changed: float | str | bytes = bytes(bent)
    if isinstance(value, float):
        changed = struct.unpack("<d", bent)[0]
    elif isinstance(value, str):
        changed = bent.decode("utf-8", "surrogateescape")
    assert row_sum(7, 8, kept) != row_sum(7, 8, changed)


def test_another_class_of_text_or_number_counts_as_what_is_stored() -> None:
    class Name(str):
        pass

    class Share(float):
        pass

    assert row_sum(Name("a"), Share(0.5), True) == row_sum("a", 0.5, 1)
    with pytest.raises(TypeError, match="no checksum of a list"):
        row_sum([1])  # type: ignore[arg-type]
