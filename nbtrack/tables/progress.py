"""How far a run is: its latest step, and the param that says how many there will be."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from nbtrack.base.cells import parse, python_part, split_cell
from nbtrack.base.names import words

# Params that say how many steps a run takes, the likeliest first. Only the last part of a dotted name counts, in any
# spelling: ``cfg.numEpochs`` is num_epochs.
_TOTALS = (
    "num_epochs", "n_epochs", "nb_epochs", "max_epochs", "total_epochs", "num_train_epochs", "nepochs", "epochs",
    "n_epoch", "num_epoch", "max_epoch",
    "max_steps", "total_steps", "num_steps", "n_steps", "nsteps", "train_steps", "num_train_steps", "training_steps",
    "num_training_steps", "steps", "max_iterations", "num_iterations", "n_iterations", "iterations", "max_iters",
    "num_iters", "n_iters", "iters", "max_iter", "num_iter", "n_iter", "total_timesteps", "n_estimators",
    "num_boost_round", "num_rounds", "n_rounds", "rounds", "n_trials", "num_trials", "trials", "n_episodes",
    "num_episodes", "episodes", "n_generations", "generations",
)  # fmt: skip
_PLACES = {name: place for place, name in enumerate(_TOTALS)}


def total_of(numbers: Mapping[str, int], step: int) -> int | None:
    """How many steps there will be: the number of the likeliest name that the run has not gone beyond already."""
    fitting = [(_place(name), name) for name, number in numbers.items() if number >= step and _place(name) is not None]
    return numbers[min(fitting)[1]] if fitting else None


@lru_cache(maxsize=64)  # a running cell is looked at again with each of its steps
def numbers_in(source: str) -> dict[str, int]:
    """The whole numbers that a cell's code gives to names and arguments: its params are stored when it has ended."""
    lines = python_part(split_cell(source)[1]).splitlines()
    code = "\n".join("" if line.startswith(("%", "!")) else line for line in lines)
    try:
        tree = parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {
        name: node.value for name, node in _given(tree) if isinstance(node, ast.Constant) and type(node.value) is int
    }


def _given(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _pairs(target, node.value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for left, right in zip(target.elts, value.elts, strict=True):
            yield from _pairs(left, right)


def _place(name: str) -> int | None:
    return _PLACES.get("_".join(words(name.rpartition(".")[2])))


def counted(last_step: int, first_steps: Iterable[int]) -> int:
    """A step counted from 1: where the first was 0, one more than its number."""
    return last_step + (min(first_steps, default=1) == 0)
