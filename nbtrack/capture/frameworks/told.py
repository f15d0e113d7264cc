"""What has been told of a run so far: what its estimators are called, how much time was spent on scores of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from nbtrack.capture.frameworks import models
from nbtrack.capture.frameworks.patches import NESTING
from nbtrack.capture.frameworks.records import put_params
from nbtrack.runs.active import ActiveRun

if TYPE_CHECKING:
    from nbtrack.capture.frameworks import Choices


SPENT = 0.05  # seconds


class Told:
    """What is known of one run.

    first: the estimator whose metrics have plain names. spent and fitted: seconds for scores of ours, and for fits.
    scored: labels that have a score. boosted: labels whose importances a booster has told. predicted: weak references
    to the latest predictions of the user's, with the estimators that made them.
    """

    def __init__(self) -> None:
        self.first: str | None = None
        self.spent = 0.0
        self.fitted = 0.0
        self.scored: set[str] = set()
        self.boosted: set[str] = set()
        self.predicted: list[tuple[Any, Any]] = []
        self._labels: dict[int, tuple[Any, str]] = {}

    def remember(self, estimator: Any, label: str, predicts: bool) -> None:
        """What an estimator is called in this run; forgotten with it."""
        key = id(estimator)
        self._labels[key] = (ref(estimator, lambda _: self._labels.pop(key, None)), label)
        self.begin(label, predicts)

    def begin(self, label: str, predicts: bool = True) -> None:
        """The first that predicts has plain names of metrics."""
        if self.first is None and predicts:
            self.first = label

    def label(self, estimator: Any) -> str | None:
        """What it is called, if it was seen."""
        found = self._labels.get(id(estimator))
        return found[1] if found is not None and found[0]() is estimator else None

    def affords(self, label: str) -> bool:
        """Whether there is time to look closely at a fit: the first of each label; of more, as many as take little."""
        first = label not in self.scored
        self.scored.add(label)
        return first or self.spent <= SPENT + 0.01 * self.fitted

    def metric(self, label: str, name: str) -> str:
        """What a metric of an estimator is called."""
        return name if label == self.first else f"{label}.{name}"


_told: WeakKeyDictionary[ActiveRun, Told] = WeakKeyDictionary()


def of(run: ActiveRun) -> Told:
    """What was told of a run."""
    return _told.setdefault(run, Told())


def label_of(run: ActiveRun, estimator: Any, choices: Choices, anew: bool = False) -> str | None:
    """What an estimator is called in this run; its settings are stored when it is met, or ``anew``.

    None if it is one too many.
    """
    told = of(run)
    label = told.label(estimator)
    if label is not None and not anew:
        return label
    if choices.params:
        labels = [
            put_params(run, title, values, models.as_by_default(one, values))
            for title, values, one in models.described(estimator)
        ]
        label = labels[0]
    else:
        label = models.title_of(estimator)
    if label is not None:
        told.remember(estimator, label, hasattr(estimator, "predict"))
    return label


def trainer(package: str) -> tuple[bool, Any]:
    """Whether a training of this package that goes on now is the user's own, and the estimator whose fit it is.

    It is if no fit is around it (then there is no estimator), or only that of the package's estimator, alone or at
    the end of a pipeline: not inside a search or an ensemble, whose many trainings are nobody's.
    """
    around = NESTING.around()
    if not around:
        return True, None
    last = around[-1]
    own = type(last).__module__.partition(".")[0] == package or any(
        kind.__module__.partition(".")[0] == package for kind in type(last).__mro__
    )
    return own and models.final_of(around[0]) is last, around[0]
