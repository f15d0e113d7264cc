"""Whether a global generator of random numbers was drawn from is seen by its state."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from nbtrack.capture.generators import states


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    python, numpy = random.getstate(), np.random.get_state()
    yield
    random.setstate(python)
    np.random.set_state(numpy)


DRAWS: dict[str, list[Callable[[], object]]] = {
    "random": [random.random, lambda: random.gauss(0, 1), lambda: random.shuffle([1, 2, 3])],
    "numpy": [
        np.random.rand,
        np.random.randn,
        lambda: np.random.randint(10),
        lambda: np.random.binomial(10, 0.5),
        lambda: np.random.permutation(3),
    ],
}


@pytest.mark.parametrize(("name", "draw"), [(name, draw) for name, draws in DRAWS.items() for draw in draws])
def test_each_draw_is_seen_and_nothing_else(name: str, draw: Callable[[], object]) -> None:
    random.seed(7)
    np.random.seed(7)
    for _ in range(700):  # past the end of the words, where new ones are made
        before = states()
        assert states() == before
        draw()
        assert {one for one, state in states().items() if state != before[one]} == {name}


@pytest.mark.parametrize(("name", "normal"), [("random", lambda: random.gauss(0, 1)), ("numpy", np.random.randn)])
def test_the_second_of_a_pair_of_normal_numbers_moves_no_word_and_is_seen(
    name: str, normal: Callable[[], object]
) -> None:
    random.seed(7)
    np.random.seed(7)
    normal()
    left_over = states()[name]
    words = random.getstate()[1], bytes(np.random.get_state()[1])
    normal()
    assert (random.getstate()[1], bytes(np.random.get_state()[1])) == words
    assert states()[name] != left_over


def test_a_state_that_is_put_back_is_the_same_again() -> None:
    for normals in (2, 3):
        kept = random.getstate(), np.random.get_state()
        before = states()
        for _ in range(normals):
            random.gauss(0, 1)
            np.random.randn()
            np.random.binomial(10, 0.5)  # keeps what it worked out beside the state
            states()
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        assert states() == before


def test_another_bit_generator_of_numpy_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(np.random, "set_bit_generator"):
        pytest.skip("this numpy keeps its own")
    first = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.PCG64(1))
    try:
        assert "numpy" not in states()
    finally:
        np.random.set_bit_generator(first)
    assert "numpy" in states()
