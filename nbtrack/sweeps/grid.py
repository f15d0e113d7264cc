"""Every combination of the values, in order."""

from __future__ import annotations

from collections.abc import Iterable

from nbtrack.sweeps.keys import trial_key
from nbtrack.sweeps.spec import Spec
from nbtrack.sweeps.trial import Result, Trial


class Grid:
    """The combinations of a sweep; those of ``earlier`` are left out.

    cell: what stands for the code.
    """

    def __init__(self, spec: Spec, cell: str, earlier: Iterable[Result] = ()) -> None:
        known = {result.key: result for result in earlier}
        self.earlier: list[Result] = []
        self._trials: list[Trial] = []
        for number, values in enumerate(spec.combinations(), 1):
            key = trial_key(cell, values)
            found = known.get(key)
            if found is None:
                self._trials.append(Trial(number, values, cell, key))
            else:
                found.number, found.values = number, values
                self.earlier.append(found)
        self.left = len(self._trials)
        self._next = iter(self._trials)

    def ask(self) -> Trial | None:
        """The next combination."""
        return next(self._next, None)

    def tell(self, trial: Trial, result: Result, value: float | None) -> None:
        """A grid learns nothing from what trials give."""
