"""Optuna: the trials of a search as runs."""

from __future__ import annotations

import pytest

from tests.capture.frameworks.conftest import Cells, params

SETUP = """
import optuna, nbtrack
optuna.logging.set_verbosity(optuna.logging.ERROR)
seeded = lambda: optuna.samplers.RandomSampler(seed=0)

def objective(trial):
    x = trial.suggest_float("x", -1, 1)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    for step in range(3):
        trial.report(x * x + step, step)
        nbtrack.log({"inner": step})
    return x * x
"""


@pytest.fixture(scope="module")
def search(cells: Cells) -> Cells:
    cells.run(SETUP)
    return cells


def test_each_trial_is_a_child_and_the_best_is_told_of_the_study(search: Cells) -> None:
    run = search.track("study = optuna.create_study(sampler=seeded())\nstudy.optimize(objective, n_trials=4)")
    children = search.children(run)
    assert [child.row.name for child in children] == ["trial 0", "trial 1", "trial 2", "trial 3"]
    assert {child.row.status for child in children} == {"finished"}
    assert [child.about["trial"]["state"] for child in children] == ["complete"] * 4
    x = [params(child)["x"] for child in children]
    assert params(children[0])["kind"] in ("a", "b")
    points = search.points(children[1], "objective")
    assert points == [(step, pytest.approx(x[1] ** 2 + step)) for step in range(3)] + [(3, pytest.approx(x[1] ** 2))]
    assert search.points(children[2], "inner") == [(0, 0.0), (1, 1.0), (2, 2.0)]  # what the objective logs is its own
    assert "inner" not in run.row.metrics
    assert run.row.metrics["best_objective"].last == pytest.approx(min(value**2 for value in x))
    assert params(run)["best_params.x"] == pytest.approx(min(x, key=abs))
    rows = search.text(run, "autolog/optuna/trials.csv").splitlines()
    assert rows[0] == "number,state,objective,x,kind,seconds"
    assert len(rows) == 5
    assert run.about["search"]["candidates"] == 4


def test_pruned_trials_are_interrupted_and_failed_ones_failed(search: Cells) -> None:
    run = search.track(
        "def mixed(trial):\n"
        "    trial.report(1.0, 7)\n"
        "    if trial.number == 0: raise optuna.TrialPruned()\n"
        "    if trial.number == 1: raise ValueError('no luck')\n"
        "    if trial.number == 2: return float('nan')\n"
        "    return 3\n"
        "study = optuna.create_study()\nstudy.optimize(mixed, 4, catch=ValueError)"
    )
    rows = [child.row for child in search.children(run)]
    assert [(row.status, row.end_reason) for row in rows] == [
        ("interrupted", "pruned at step 7"),
        ("failed", "ValueError: no luck"),
        ("failed", "the objective gave no number"),
        ("finished", None),
    ]
    assert search.run("[t.state.name for t in study.trials]").result == "['PRUNED', 'FAIL', 'FAIL', 'COMPLETE']"


def test_an_error_that_ends_the_search_ends_its_trial_and_the_cell_alike(search: Cells) -> None:
    run = search.track(
        "def bad(trial):\n    raise KeyError('x')\noptuna.create_study().optimize(bad, 5)", status="failed"
    )
    (child,) = search.children(run)
    assert (child.row.status, child.row.end_reason) == ("failed", "KeyError: 'x'")
    assert search.run("nbtrack.active_run() is None").result == "True"


def test_trials_in_threads_and_of_several_objectives_keep_apart(search: Cells) -> None:
    run = search.track(
        "def two(trial):\n"
        "    x = trial.suggest_int('x', 0, 100)\n"
        "    nbtrack.log({'mine': x})\n"
        "    return x, -x\n"
        "optuna.create_study(directions=['minimize', 'maximize']).optimize(two, n_trials=6, n_jobs=2)"
    )
    children = search.children(run)
    assert len(children) == 6
    for child in children:
        x = params(child)["x"]
        last = {name: metric.last for name, metric in child.row.metrics.items()}
        assert last == {"mine": x, "objective_0": x, "objective_1": -x}
    assert "best_objective" not in run.row.metrics


def test_a_callback_put_there_by_hand_does_the_same_once(search: Cells) -> None:
    code = "optuna.create_study(sampler=seeded()).optimize(objective, n_trials=2, callbacks=[nbtrack.OptunaCallback()])"
    for options in ("--no-autolog", ""):
        children = search.children(search.track(code, options))
        assert [child.row.name for child in children] == ["trial 0", "trial 1"]
        assert len(search.points(children[0], "objective")) == 4


def test_without_a_run_or_without_autolog_a_search_is_left_alone(search: Cells) -> None:
    search.run("assert type(optuna.Study.optimize).__name__ == 'function'")
    assert search.kernel.run("nbtrack.OptunaCallback()").error == "NoActiveRun"
    assert not search.track("optuna.create_study().optimize(objective, 1)", "--no-autolog").children
    search.run("nbtrack.autolog('optuna', children=False)")
    run = search.track("optuna.create_study().optimize(objective, 1)")
    assert not run.children
    assert "best_objective" in run.row.metrics
    search.run(
        "nbtrack.autolog('optuna')\noptuna.create_study().optimize(lambda trial: trial.suggest_int('x', 0, 1), 1)"
    )
