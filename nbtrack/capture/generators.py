"""The state of each global generator of random numbers as a number, which is another after a draw. Nothing is drawn."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_LAST = 9  # of 624 words of Python's, and the place among them: what changes one of the words changes these
_WORDS = 624 * 4 + 4  # bytes of the same of numpy's
_HEAD = object.__basicsize__  # of an object in memory: how often it is used, and its type

_numpy: tuple[bytes | None, int] = (None, 0)  # the memory when it was asked last, and the state


def states() -> dict[str, int]:
    """The states of those of libraries that are loaded."""
    found: dict[str, int] = {}
    for name, state in (("random", _of_python), ("numpy", _of_numpy), ("torch", _of_torch)):
        module = sys.modules.get(name)
        if module is not None:
            try:
                found[name] = state(module)
            except Exception:  # noqa: BLE001 (half imported, or replaced by the user)
                continue
    return found


def _of_python(module: Any) -> int:
    _, words, left_over = module.getstate()
    return hash((words[-_LAST:], left_over))


def _of_numpy(module: Any) -> int:
    """numpy copies its words one by one, 0.1 ms before and after each cell: it is asked if its memory has changed."""
    global _numpy
    memory, seen = _memory(module), _numpy
    if memory is None or memory != seen[0]:
        state = module.random.get_state(legacy=False)
        words = state["state"]["key"].tobytes(), state["state"]["pos"]
        _numpy = seen = memory, hash((*words, state["has_gauss"], state["gauss"]))
    return seen[1]


def _memory(module: Any) -> bytes | None:
    """The words, and the object around them, in which lies what is left over of a pair of normal numbers."""
    own = module.random.mtrand._rand
    inner = own._bit_generator
    if sys.implementation.name != "cpython" or type(inner) is not module.random.MT19937:
        return None
    around = ctypes.string_at(id(own) + _HEAD, type(own).__basicsize__ - _HEAD)
    return around + ctypes.string_at(inner.ctypes.state_address, _WORDS)


def _of_torch(module: Any) -> int:
    return hash(module.random.get_rng_state().numpy().tobytes())
