"""The candidates of a search over settings (GridSearchCV, RandomizedSearchCV, Halving…) as child runs of its run.

A child has the candidate's settings, named as the estimator's own are (``RandomForestClassifier.max_depth``); what
scikit-learn's ``cv_results_`` has of it as metrics (``mean_test_score``, ``std_test_score``, ``rank_test_score``,
``mean_fit_time``, …); and its score on each split as steps of ``test_score``. It failed if it has no score. At most
`CHILDREN` become runs, those of the best rank; the search's run says how many there were.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.capture.frameworks.models import as_by_default, described, own_params, steps_in, title_of
from nbtrack.capture.frameworks.records import put_metrics, put_params, put_table
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun

if TYPE_CHECKING:
    from nbtrack.capture.frameworks import Choices

CHILDREN = 200

Results = Mapping[str, Any]


def is_search(estimator: Any) -> bool:
    """Whether it is a fitted search with results of its candidates."""
    results = getattr(estimator, "cv_results_", None)
    return isinstance(results, dict) and isinstance(results.get("params"), list)


def put_search(run: ActiveRun, label: str, search: Any, choices: Choices) -> None:
    """Store what a search found: the best on the run itself, its candidates as children and as one table."""
    results: Results = search.cv_results_
    count = len(results["params"])
    rank = _rank_of(search, results)
    order = sorted(range(count), key=lambda at: rank[at])
    about: dict[str, Any] = {"what": label, "candidates": count}
    best = _best_of(search)
    if best is not None and choices.params:
        put_params(run, "best_params", _named(search.estimator, results["params"][best]))
        for title, values, one in described(getattr(search, "best_estimator_", None) or search.estimator):
            put_params(run, title, values, as_by_default(one, values))
    if best is not None and choices.metrics and hasattr(search, "best_score_"):
        put_metrics(run, {"best_score": search.best_score_})
    if choices.artifacts:
        columns = [name for name in results if name != "params"]
        rows = ([results[name][at] for name in columns] for at in order)
        put_table(run, f"autolog/{label}/candidates.csv", columns, rows)
    if choices.children:
        about["recorded"] = min(count, CHILDREN)
        for at in order[:CHILDREN]:
            child = _put_candidate(run, search, results, at)
            if at == best:
                about["best"] = child.id
        if count > CHILDREN:
            run.recorder.tell(
                f"search {run.id}",
                f"of {count:,} candidates of {label} the {CHILDREN} best have become runs; candidates.csv has all.",
            )
    run.set_about(search=about)


def _put_candidate(run: ActiveRun, search: Any, results: Results, at: int) -> ActiveRun:
    named = _named(search.estimator, results["params"][at])
    child = current.begin(
        run.recorder.project,
        name=f"candidate {at + 1}",
        experiment=run.experiment,
        kind="candidate",
        parent=run,
        enter=False,
    )
    for title, values in _by_title(named):
        put_params(child, title, values)
    metrics = dict(_metrics(results, at))
    put_metrics(child, metrics)
    for name, scores in _splits(results, at):
        for split, score in enumerate(scores):
            put_metrics(child, {name: score}, split)
    means = [value for name, value in metrics.items() if name.startswith("mean_test_")]
    failed = bool(means) and all(math.isnan(value) for value in means)
    child.set_about(candidate={"number": at + 1, "best": at == _best_of(search)})
    child.end("failed" if failed else "finished", "a fit failed, so it has no score" if failed else None)
    return child


def _best_of(search: Any) -> int | None:
    best = getattr(search, "best_index_", None)
    return None if best is None else int(best)


def _rank_of(search: Any, results: Results) -> list[float]:
    """The rank of each candidate, by the metric that the search chose its best by."""
    refit = getattr(search, "refit", None)
    name = f"rank_test_{refit}" if type(refit) is str else "rank_test_score"
    ranks = results.get(name)
    if ranks is None:
        ranks = next((values for key, values in results.items() if key.startswith("rank_test_")), None)
    return [float(at) for at in (range(len(results["params"])) if ranks is None else ranks)]


def _metrics(results: Results, at: int) -> Iterator[tuple[str, float]]:
    for name, values in results.items():
        if name.startswith(("mean_", "std_", "rank_")) or name in ("iter", "n_resources"):
            yield name, float(values[at])


def _splits(results: Results, at: int) -> Iterator[tuple[str, list[float]]]:
    """``test_score`` and the like with the score of each split."""
    names = dict.fromkeys(_inner(name) for name in results if name.startswith("split0_"))
    for inner in names:
        yield inner, [float(results[key][at]) for key in results if key.startswith("split") and _inner(key) == inner]


def _inner(key: str) -> str:
    return key.split("_", 1)[1]


def _named(estimator: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """``clf__max_depth`` as ``RandomForestClassifier.max_depth``; an estimator among the values as its class."""
    found: dict[str, Any] = {}
    for path, value in params.items():
        *way, last = path.split("__")
        holder = estimator
        for part in way:
            inner = dict(steps_in(holder))
            holder = inner.get(part, own_params(holder).get(part))
        if hasattr(type(value), "get_params") and not isinstance(value, type):
            value = title_of(value)
        found[f"{title_of(holder)}.{last}" if holder is not None else path] = value
    return found


def _by_title(named: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    titles: dict[str, dict[str, Any]] = {}
    for name, value in named.items():
        title, _, inner = name.partition(".")
        titles.setdefault(title, {})[inner or title] = value
    yield from titles.items()
