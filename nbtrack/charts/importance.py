"""How much each param tells about a metric: a random forest asked what it loses without the param.

A forest of regression trees learns the metric from the params. The importance of a param is then how much the error
of each tree grows, on the runs that it did not learn from, when the values of that param are dealt out anew among
them (Breiman, "Random Forests", Machine Learning 45, 2001, section 10); all columns of a param are dealt out
together. It is preferred to the trees' own account of their splits (the impurity importance that other trackers
show), which is taken on what they learned from and favours params with many values, such as a seed (Strobl et al.,
"Bias in random forest variable importance measures", BMC Bioinformatics 8:25, 2007).

What it cannot tell: a cause from a companion; which of two params that always change together it was, they share or
hide each other's importance; anything at all where the score is near 0. The sign and the shape of an influence are
not in it: Spearman's correlation gives the sign where the influence goes one way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.charts.contract import Importance, ParamImportance
from nbtrack.charts.features import Feature, features, spearman
from nbtrack.charts.param_table import MOST_PARAMS, ParamTable
from nbtrack.runs.store.filter_parse import brief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_RUNS = 8
_ROUGH = 30  # fewer runs than that make rough shares
_LOW = 0.3  # R² below which the notice says so
_TREES = 100
_CELLS = 250_000  # numbers handed to one tree at once, when importance is measured
_BAG = 30_000  # runs × columns that one tree learns from: about 4 ms


def importance(table: ParamTable) -> Importance:
    """Importances as shares of their sum, the greatest first; ``notice`` says what is missing or to be doubted.

    Without scikit-learn, or with fewer than 8 runs, importances are 0, the score is None, and correlations remain.
    1,000 runs × 20 params take about 0.5 s of one core, 5,000 × 100 about 1 s; the import of scikit-learn 1 s once.
    """
    import numpy as np

    runs, notes = len(table.values), _counted(table)
    if not runs:
        return _answer(table, [], None, notes or [f"No run here has {brief(table.metric)}."])
    values = np.array(table.values, dtype=np.float64)
    scaled = _standard(values)
    if scaled is None:
        same = f"All {runs:,} runs have the same {brief(table.metric)}." if runs > 1 else "This is a single run."
        return _answer(table, [], None, [f"{same} There is nothing to explain.", *notes])
    own = features(table.params)
    if not own:
        return _answer(table, [], None, ["These runs have no params that differ.", *notes])
    weights, score, trouble = _weigh(own, scaled, table.metric)
    params = [
        ParamImportance(
            param=one.param,
            importance=float(weight),
            correlation=None if one.numbers is None else spearman(one.numbers, values),
            runs=one.runs,
        )
        for one, weight in zip(own, weights, strict=True)
    ]
    params.sort(key=lambda one: (-one.importance, -abs(one.correlation or 0.0), one.param))
    return _answer(table, params, score, [*trouble, *notes, *_extreme(scaled, table.metric)])


def _answer(table: ParamTable, params: list[ParamImportance], score: float | None, notes: list[str]) -> Importance:
    return Importance(params, len(table.values), score, " ".join(notes), table.revision)


def _standard(values: Floats) -> Floats | None:
    """Mean 0 and deviation 1, whatever their size: trees stop at differences below 1e-16. None if all are the same."""
    import numpy as np

    largest = float(np.abs(values).max())
    scaled: Floats = values / largest if largest else values
    scaled = scaled - scaled.mean()
    spread = float(np.abs(scaled).max())
    if (values == values[0]).all() or not spread:
        return None
    scaled = scaled / spread
    standard: Floats = scaled / scaled.std()
    return standard


# -- what is said ----------------------------------------------------------------------------------------------------


def _counted(table: ParamTable) -> list[str]:
    """What was left out."""
    notes = []
    looked = len(table.values) + table.odd
    if looked < table.matched:
        notes.append(f"Only the latest {looked:,} of {table.matched:,} runs are looked at.")
    if table.odd:
        which = "run is" if table.odd == 1 else "runs are"
        notes.append(f"{table.odd:,} {which} left out, whose {brief(table.metric)} is NaN or infinite.")
    if table.cut:
        notes.append(f"Of {table.cut:,} params, the {MOST_PARAMS} that most runs have are looked at.")
    return notes


def _extreme(scaled: Floats, metric: str) -> list[str]:
    """Said where a few runs make up nearly all of the spread, which the forest then explains instead of the rest."""
    import numpy as np

    few = max(1, len(scaled) // 50)
    squares = np.sort((scaled - np.median(scaled)) ** 2)
    if len(scaled) < FEWEST_RUNS or squares[-few:].sum() < 0.9 * squares.sum():
        return []
    which = "one extreme value" if few == 1 else f"{few} extreme values"
    return [f"Nearly all differences in {brief(metric)} come from {which}; try a filter that leaves such runs out."]


def _judged(score: float, runs: int, metric: str) -> list[str]:
    notes = []
    found = f"{brief(metric)} (R² {round(score, 2) + 0.0:.2f})"  # + 0.0: no −0.00
    if score <= 0:
        notes.append(f"These params explain nothing of {found}: the shares may be chance.")
    elif score < _LOW:
        notes.append(f"These params explain little of {found}: read the shares with care.")
    if runs < _ROUGH:
        notes.append(f"With only {runs} runs the shares are rough.")
    return notes


# -- the forest ------------------------------------------------------------------------------------------------------


def _weigh(own: list[Feature], values: Floats, metric: str) -> tuple[Floats, float | None, list[str]]:
    """(a share per param, R² out of bag, what is to be said about them)."""
    import numpy as np

    nothing = np.zeros(len(own))
    if len(values) < FEWEST_RUNS:
        have = "run has" if len(values) == 1 else "runs have"
        return nothing, None, [
            f"Only {len(values)} {have} {brief(metric)}; {FEWEST_RUNS} are needed to weigh params against each other."
        ]  # fmt: skip
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError:
        return nothing, None, [
            "Importance needs scikit-learn: pip install scikit-learn. Correlations are shown without it."
        ]  # fmt: skip
    columns = np.column_stack([column for one in own for column in one.columns]).astype(np.float32)
    owners = np.repeat(np.arange(len(own)), [len(one.columns) for one in own])
    bag = max(100, _BAG // columns.shape[1])
    forest = RandomForestRegressor(
        n_estimators=_TREES,
        max_features=1 / 3,  # Breiman's for regression; lets params that go together take turns
        min_samples_leaf=min(5, 1 + len(values) // 50),  # a tree that learns each run's noise would score too low
        max_samples=None if len(values) <= bag else bag,
        bootstrap=True,
        oob_score=True,
        random_state=0,
    ).fit(columns, values)
    gains = np.maximum(_losses(forest, columns, values, owners), 0.0)
    total, score = float(gains.sum()), float(forest.oob_score_)
    return gains / total if total > 0 else nothing, score, _judged(score, len(values), metric)


def _losses(forest: Any, columns: NDArray[np.float32], values: Floats, owners: NDArray[np.int64]) -> Floats:
    """By how much the squared error of a tree grows without each param, on the runs that it has not seen."""
    import numpy as np

    chance = np.random.default_rng(0)
    lost = np.zeros(int(owners[-1]) + 1)
    rounds = min(5, max(1, 500 // len(values)))
    for tree, seen in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        unseen = np.ones(len(values), dtype=bool)
        unseen[seen] = False
        rows = np.flatnonzero(unseen)
        splits = tree.tree_.feature
        used = np.unique(owners[splits[splits >= 0]])  # what a tree does not ask for cannot change what it says
        most = max(16, _CELLS // (columns.shape[1] * (len(used) + 1)))
        if len(rows) > most:
            rows = chance.choice(rows, most, replace=False)
        if len(rows) < 2 or not len(used):
            continue
        for _ in range(rounds):
            lost[used] += _shuffled(tree, columns[rows], values[rows], owners, used, chance) / rounds
    return lost


def _shuffled(
    tree: Any,
    columns: NDArray[np.float32],
    values: Floats,
    owners: NDArray[np.int64],
    used: NDArray[np.int64],
    chance: np.random.Generator,
) -> Floats:
    """The growth of the mean squared error for each of ``used``, all asked for at once."""
    import numpy as np

    stack = np.repeat(columns[None], len(used) + 1, axis=0)
    dealt = chance.permutation(len(columns))
    for place, param in enumerate(used):
        mine = owners == param
        stack[place + 1][:, mine] = columns[dealt][:, mine]
    said = tree.predict(stack.reshape(-1, columns.shape[1]), check_input=False).reshape(len(used) + 1, -1)
    errors: Floats = ((said - values) ** 2).mean(axis=1)
    growth: Floats = errors[1:] - errors[0]
    return growth
