"""A cheap look at objects of any kind."""

from __future__ import annotations

import random
from typing import Any

import pytest

from nbtrack.capture.fingerprints import Mark, describe, differ, look, look_all


def changed(value: Any, change: Any) -> bool:
    before = look(value)
    change(value)
    return differ(before, look(value))


def test_changes_in_place_are_seen():
    import numpy as np
    import pandas as pd

    assert changed([1, 2], lambda it: it.append(3))
    assert changed([1.0, 2.0], lambda it: it.__setitem__(0, 5.0))
    assert changed({"a": {"b": 1}}, lambda it: it["a"].update(b=2))
    assert changed({1, 2}, lambda it: it.add(3))
    assert changed(np.zeros(100), lambda it: it.__setitem__(50, 1))
    assert changed(np.zeros((50, 50)).T, lambda it: it.fill(1))
    assert changed(pd.DataFrame({"a": range(10)}), lambda it: it.__setitem__("b", 1))
    assert changed(pd.DataFrame({"a": range(10), "b": "x"}), lambda it: it.loc.__setitem__((3, "a"), 77))
    assert changed(pd.Series(["a", "b"]), lambda it: it.__setitem__(0, "c"))


def test_a_look_changes_nothing_and_two_looks_are_alike():
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"a": np.arange(1e5), "b": ["x"] * 100_000, "c": pd.Categorical(["k"] * 100_000)})
    for value in ([1, [2]], {"a": 1}, frame, frame.a, frame.index, np.float64(3), np.array(["a", None], dtype=object)):
        assert look(value) == look(value)
    assert look(frame).content == look(frame.copy()).content
    assert look(frame).sampled
    assert not look([1, 2]).sampled


def test_networks_and_tensors_are_looked_at_by_their_versions():
    import torch

    model = torch.nn.Linear(3, 2)

    def train(it: Any) -> None:
        with torch.no_grad():
            it.weight.add_(1)

    assert changed(model, train)
    assert not changed(model, lambda it: it(torch.zeros(1, 3)))
    assert changed(torch.zeros(4), lambda it: it.add_(1))
    assert describe(torch.zeros(3, 4)) == "Tensor 3 × 4 float32"
    assert isinstance(look(torch.zeros(2, dtype=torch.bfloat16)), Mark)


class Hostile:  # noqa: PLW1641 (it has one, which raises)
    """Whatever is called raises."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    __repr__ = __str__ = __len__ = __hash__ = __iter__ = __bool__ = __getattr__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError


def endless() -> Any:
    loop: list[Any] = [1]
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "value",
    [
        *(Hostile(), endless(), {"a": endless()}, [Hostile()], {1: Hostile()}, Hostile, print, type, object()),
        *(10**5000, float("nan"), "\ud800", b"\0", range(3), slice(1), Ellipsis),
        *((i for i in ()), iter([1]), memoryview(b"abc")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_odd_objects_are_looked_at_without_harm(value):
    assert isinstance(look(value), Mark)
    assert isinstance(describe(value), str)


def test_generators_are_never_consumed():
    numbers = (n for n in range(3))
    assert look(numbers).moving
    assert list(numbers) == [0, 1, 2]
    assert look(random.Random(1)).moving


def test_when_the_time_is_over_the_rest_gets_a_shallow_look():
    found = look_all({"a": [1], "b": [2]}, 0.0)
    assert [mark.content for mark in found.values()] == ["", ""]
    assert not differ(found["a"], look([5]))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "3"),
        (0.1, "0.1"),
        (None, "None"),
        ("secret", "text of 6 characters"),
        ([1, 2], "list of 2"),
        (10**99, "a large integer"),
        (len, "function"),
        (int, "class"),
        (random, "module random"),
    ],
)
def test_objects_in_a_few_words(value, words):
    assert describe(value) == words


def test_tables_in_a_few_words():
    import numpy as np
    import pandas as pd

    assert describe(pd.DataFrame({"a": range(1200), "b": 1})) == "DataFrame 1,200 × 2"
    assert describe(np.zeros((3, 4))) == "ndarray 3 × 4 float64"
