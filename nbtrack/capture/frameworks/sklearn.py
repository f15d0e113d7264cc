"""scikit-learn, and everything that has its base class: fits, scores and predictions of the user's own calls.

A fit inside a fit (of a pipeline's step, of a search's candidate, of one tree) is not told: only the outermost is. Of
it the run gets its class and settings when it begins, and those of the estimators in it
(`nbtrack.capture.frameworks.models.described` says which), and

* ``system/fit_seconds``: how long it took.
* ``training_score``: the estimator's own score on at most `models.SAMPLE` rows of its training data, spread evenly.
  Only of classifiers and regressors made of libraries' code alone. Of several fits of the same settings in a run the
  first has one, and more only while our scores have taken less than `told.SPENT` seconds and 1 % of the fits.
* ``score``: what each call of the user's ``score`` gave.
* importances or coefficients, and a confusion matrix: of the training sample, and of what the user gave to ``score``
  or to a function of `sklearn.metrics` ("evaluation").
* the candidates of a search as child runs (`nbtrack.capture.frameworks.searches`).

The first estimator of a run that predicts has the plain names of metrics; others, and transformers that take longer
than 0.1 s, have them after their own: ``system/LogisticRegression.fit_seconds``. All artifacts are in a folder of
that name.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import ref

from nbtrack.capture.frameworks import models
from nbtrack.capture.frameworks.patches import NESTING, Call, Patches
from nbtrack.capture.frameworks.records import put_metrics
from nbtrack.capture.frameworks.searches import is_search, put_search
from nbtrack.capture.frameworks.told import Told, label_of, of
from nbtrack.runs.active import ActiveRun

_FITS = ("fit", "fit_predict", "partial_fit")
_LATE = ("fit_transform",)  # which scikit-learn itself wraps when the class is defined
_WORTH = 0.1  # seconds that make the fit of a transformer worth a metric
_REMEMBERED = 8  # predictions of a run that may yet be compared with the truth
_JUDGES = (
    "accuracy_score", "balanced_accuracy_score", "classification_report", "cohen_kappa_score", "confusion_matrix",
    "f1_score", "jaccard_score", "matthews_corrcoef", "precision_score", "recall_score",
)  # fmt: skip
_INNER = ("_fit_and_score", "_fit_and_predict", "_permutation_test_score", "_incremental_fit_estimator")


def install(patches: Patches) -> None:
    """Look at the methods of all estimators there are, and of those that are defined from now on."""
    from sklearn.base import BaseEstimator

    looks = Looks(patches)
    for kind in _subclasses(BaseEstimator):
        looks.at(kind, (*_FITS, *_LATE, "score", "predict"))
    patches.wrap(BaseEstimator, "__init_subclass__", after=looks.defined, always=True)
    patches.when_imported("sklearn.model_selection._validation", looks.at_validation)
    patches.when_imported("sklearn.metrics", looks.at_metrics)


class Looks:
    """The looks at scikit-learn's methods."""

    def __init__(self, patches: Patches) -> None:
        self.patches = patches
        self._seen: set[tuple[type, tuple[str, ...]]] = set()
        self._later: list[type] = []

    # -- where to look

    def at(self, kind: type, names: tuple[str, ...]) -> None:
        """Look at these methods of a class and of all it has them from."""
        for owner in kind.__mro__[:-1]:
            if (owner, names) in self._seen:
                continue
            self._seen.add((owner, names))
            for name in names:
                if name not in vars(owner):
                    continue
                if name == "score":
                    self.patches.wrap(owner, name, before=self.enter_score, after=self.scored)
                elif name == "predict":
                    self.patches.wrap(owner, name, after=self.predicted)
                elif name == "partial_fit":
                    self.patches.wrap(owner, name, before=self.begin_part, after=self.fitted)
                else:
                    self.patches.wrap(owner, name, before=self.begin, after=self.fitted)

    def defined(self, call: Call) -> None:
        """A class of estimators was defined."""
        for kind in self._later:
            self.at(kind, _LATE)
        self._later = [call.subject]
        self.at(call.subject, (*_FITS, "score", "predict"))

    def at_validation(self) -> None:
        """Count what cross-validation fits and scores as its own, not the user's."""
        module = sys.modules["sklearn.model_selection._validation"]
        search = sys.modules.get("sklearn.model_selection._search")
        places = [module] if search is None else [module, search]
        self.patches.wrap_functions(_INNER, places, before=self.enter_inner, after=self.leave_inner)

    def at_metrics(self) -> None:
        """See the truth that predictions are compared with."""
        self.patches.wrap_functions(_JUDGES, [sys.modules["sklearn.metrics"]], after=self.judged)

    # -- what is seen

    def enter(self, call: Call) -> None:
        """A fit or score begins."""
        call.notes["around"] = bool(NESTING.around())
        NESTING.enter(call.subject)

    def begin_part(self, call: Call) -> None:
        """A part of a fit begins: one of many."""
        self.begin(call, anew=False)

    def begin(self, call: Call, anew: bool = True) -> None:
        """A fit begins: its settings are there from now on, however long it takes and however it ends."""
        self.enter(call)
        if not call.notes["around"] and call.run is not None:
            call.notes["label"] = self._label(call.run, call.subject, anew)

    def fitted(self, call: Call) -> None:
        """A fit has ended."""
        NESTING.leave(call.subject)
        label = call.notes.get("label")
        if label is None or call.error is not None or call.run is None:
            return
        of(call.run).fitted += call.seconds
        with _ours():
            self._fitted(call, call.run, label)

    def _fitted(self, call: Call, run: ActiveRun, label: str) -> None:
        estimator, choices, told = call.subject, self.patches.choices, of(run)
        predicts, close = hasattr(estimator, "predict"), told.affords(label)
        took = f"system/{told.metric(label, 'fit_seconds')}"
        metrics = {took: call.seconds} if predicts or call.seconds >= _WORTH else {}
        x, y = _given(call, 0, "X"), _given(call, 1, "y")
        if close and y is not None and _is("predictor", estimator):
            metrics |= self._training(run, told, label, estimator, x, y)
        if choices.metrics and metrics:
            put_metrics(run, metrics)
        if close and choices.artifacts and label not in told.boosted:
            began = time.perf_counter()
            models.put_importances(run, f"autolog/{label}", estimator)
            told.spent += time.perf_counter() - began
        if is_search(estimator):
            put_search(run, label, estimator, choices)
        if choices.models:
            models.put_model(run, f"autolog/{label}", estimator)

    def _training(self, run: ActiveRun, told: Told, label: str, estimator: Any, x: Any, y: Any) -> dict[str, float]:
        """The score on a sample of the training data, and its confusion matrix."""
        began = time.perf_counter()
        try:
            sample = models.sample_of(estimator, x, y) if models.is_known(estimator) else None
            if sample is None:
                return {}
            with _Guesses() as guesses:
                score = models.score_of(estimator, *sample)
            if self.patches.choices.artifacts and guesses.last is not None and _is("classifier", estimator):
                models.put_confusion(run, f"autolog/{label}", "training", sample[1], guesses.last)
            return {told.metric(label, "training_score"): score}
        finally:
            told.spent += time.perf_counter() - began

    def enter_score(self, call: Call) -> None:
        """A score begins: the predictions that it makes are those of its confusion matrix."""
        self.enter(call)
        if not call.notes["around"]:
            call.notes["guesses"] = guesses = _Guesses()
            guesses.__enter__()

    def scored(self, call: Call) -> None:
        """The user scored an estimator."""
        NESTING.leave(call.subject)
        guesses = call.notes.get("guesses")
        if guesses is None:
            return
        guesses.__exit__()
        if call.error is not None or call.run is None:
            return
        run = call.run
        with _ours():
            label = self._label(run, call.subject)
            if label is None:
                return
            if self.patches.choices.metrics:
                put_metrics(run, {of(run).metric(label, "score"): call.result})
            truth = _given(call, 1, "y")
            if truth is not None and guesses.last is not None and _is("classifier", call.subject):
                self._confusion(run, label, truth, guesses.last)

    def predicted(self, call: Call) -> None:
        """Somebody predicted: a score, or the user, whose prediction may yet be compared with the truth."""
        guesses = _Guesses.now()
        if guesses is not None:
            guesses.last = call.result
        elif call.error is None and call.run is not None and hasattr(call.result, "shape") and not NESTING.around():
            told = of(call.run)
            told.predicted = [*told.predicted, (ref(call.result), ref(call.subject))][-_REMEMBERED:]

    def judged(self, call: Call) -> None:
        """A prediction was compared with the truth."""
        if call.run is None or call.error is not None or NESTING.around():
            return
        told = of(call.run)
        truth = _given(call, 0, "y_true")
        guess = _given(call, 1, "y_pred")
        found = [estimator() for held, estimator in told.predicted if guess is not None and held() is guess]
        told.predicted = [one for one in told.predicted if one[0]() is not None and one[0]() is not guess]
        if found and found[0] is not None and _is("classifier", found[0]):
            with _ours():
                label = self._label(call.run, found[0])
                if label is not None:
                    self._confusion(call.run, label, truth, guess)

    def enter_inner(self, call: Call) -> None:
        """One fold of a cross-validation begins: the estimator is the user's, its fits are not."""
        estimator = _given(call, 0, "estimator")
        if not NESTING.around() and call.run is not None and estimator is not None:
            self._label(call.run, estimator)
        call.notes["mark"] = mark = object()
        NESTING.enter(mark)

    def leave_inner(self, call: Call) -> None:
        """It has ended."""
        NESTING.leave(call.notes.get("mark"))

    # -- helpers

    def _confusion(self, run: ActiveRun, label: str, truth: Any, guess: Any) -> None:
        if self.patches.choices.artifacts:
            models.put_confusion(run, f"autolog/{label}", "evaluation", truth, guess)

    def _label(self, run: ActiveRun, estimator: Any, anew: bool = False) -> str | None:
        return label_of(run, estimator, self.patches.choices, anew)


class _Guesses:
    """The last prediction of this thread inside the block."""

    _open = threading.local()

    def __init__(self) -> None:
        self.last: Any = None

    @classmethod
    def now(cls) -> _Guesses | None:
        """Those that are open."""
        found: _Guesses | None = getattr(cls._open, "guesses", None)
        return found

    def __enter__(self) -> _Guesses:
        self._open.guesses = self
        return self

    def __exit__(self, *_: object) -> None:
        self._open.guesses = None


@contextmanager
def _ours() -> Iterator[None]:
    """What we call ourselves is nested."""
    mark = object()
    NESTING.enter(mark)
    try:
        yield
    finally:
        NESTING.leave(mark)


def _given(call: Call, at: int, name: str) -> Any:
    return call.kwargs.get(name, call.args[at] if len(call.args) > at else None)


def _is(what: str, estimator: Any) -> bool:
    """Whether it is a classifier, or a predictor: a classifier or regressor."""
    from sklearn.base import is_classifier, is_regressor

    try:
        return bool(is_classifier(estimator) or (what == "predictor" and is_regressor(estimator)))
    except Exception:  # noqa: BLE001 (a class of the user's that says nothing of itself)
        return False


def _subclasses(kind: type) -> Iterator[type]:
    seen: set[type] = set()
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            yield one
            waiting += one.__subclasses__()
