"""How far a run is: its latest step, and the param that says how many there will be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


def _place(name: str) -> int | None:
    return _PLACES.get("_".join(words(name.rpartition(".")[2])))


def counted(last_step: int, first_steps: Iterable[int]) -> int:
    """A step counted from 1: where the first was 0, one more than its number."""
    return last_step + (min(first_steps, default=1) == 0)
