"""Optuna: each trial of ``study.optimize`` a child run of the run that it is called in.

A trial's run is the current one while its objective runs, so what is logged there, and what other frameworks tell, is
the trial's. Params: those that were suggested. Metric ``objective``: each value reported, at its step, and last the
value that the trial gave; ``objective_0``, ``objective_1``, … where there are several, or the study's metric names.

A trial that was pruned is *interrupted*, its reason says at which step; one whose objective raised, or gave no number,
is *failed*. The run around them gets ``best_params.…`` and ``best_objective`` of the whole study, as long as it has one
objective, and all trials as ``autolog/optuna/trials.csv``. Trials of ``study.ask`` and ``study.tell`` are not seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from nbtrack.capture.frameworks.callbacks import guarded
from nbtrack.capture.frameworks.patches import Call, Patches
from nbtrack.capture.frameworks.records import put_metrics, put_params, put_table
from nbtrack.capture.scalars import NOTHING, setting
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun, status_of
from nbtrack.runs.current import must

_TEXT = 200  # characters of a choice that is no plain value


def install(patches: Patches) -> None:
    """Look at searches, and at what trials report meanwhile."""
    import optuna

    trials: dict[int, ActiveRun] = {}  # under way, by the id of the trial object
    steps: dict[str, int] = {}  # the last that was reported, by run
    both = (trials, steps)

    def before(call: Call) -> None:
        known = [getattr(one, "is_nbtrack", False) for one in call.kwargs.get("callbacks") or ()]
        if call.run is None or any(known) or not patches.choices.children:
            return
        if call.args:
            call.args = (_traced(call.args[0], call.run, both, patches), *call.args[1:])
        elif "func" in call.kwargs:
            call.kwargs["func"] = _traced(call.kwargs["func"], call.run, both, patches)

    def after(call: Call) -> None:
        if call.run is not None and call.run.status == "running":
            put_study(call.run, call.subject, patches)

    def reported(call: Call) -> None:
        run = trials.get(id(call.subject))
        if run is not None and call.error is None:
            given = dict(zip(("value", "step"), call.args, strict=False)) | call.kwargs
            step = steps[run.id] = int(given["step"])
            if patches.choices.metrics:
                put_metrics(run, {"objective": given["value"]}, step)

    patches.wrap(optuna.Study, "optimize", before=before, after=after)
    patches.wrap(optuna.Trial, "report", after=reported)


def _traced(
    objective: Callable[[Any], Any],
    parent: ActiveRun,
    under_way: tuple[dict[int, ActiveRun], dict[str, int]],
    patches: Patches,
) -> Callable[[Any], Any]:
    """The objective, in a run of its own for each trial."""
    trials, steps = under_way

    def traced(trial: Any) -> Any:
        __tracebackhide__ = True
        run = None
        try:
            run = trials[id(trial)] = _begin(parent, trial.number)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's search)
            patches.report("a trial", error)
        value, raised = None, None
        try:
            value = objective(trial)
            return value
        except BaseException as error:
            raised = error
            raise
        finally:
            trials.pop(id(trial), None)
            if run is not None:
                try:
                    _end(run, trial, value, raised, steps.pop(run.id, None), patches)
                except Exception as error:  # noqa: BLE001 (as above)
                    patches.report("a trial", error)
                finally:
                    run.end(*status_of(raised))  # if it has not ended yet

    return traced


def _begin(parent: ActiveRun, number: int, enter: bool = True) -> ActiveRun:
    return current.begin(
        parent.recorder.project,
        name=f"trial {number}",
        experiment=parent.experiment,
        kind="trial",
        parent=parent,
        recorder=parent.recorder,
        enter=enter,
    )


def _end(
    run: ActiveRun, trial: Any, value: Any, raised: BaseException | None, step: int | None, patches: Patches
) -> None:
    import optuna

    if patches.choices.params:
        _put_suggested(run, trial.params)
    if isinstance(raised, optuna.TrialPruned):
        _close(run, trial.number, "pruned", step)
    elif raised is None:
        values = _values_of(trial.study, value)
        if values is not None and patches.choices.metrics:
            put_metrics(run, values)
        _close(run, trial.number, "complete" if values is not None else "fail", step)
    else:
        run.set_about(trial={"number": trial.number, "state": "fail"})


def _close(run: ActiveRun, number: int, state: str, step: int | None) -> None:
    run.set_about(trial={"number": number, "state": state})
    if state == "pruned":
        run.end("interrupted", "pruned" if step is None else f"pruned at step {step}")
    elif state == "fail":
        run.end("failed", "the objective gave no number")
    else:
        run.end()


def _values_of(study: Any, value: Any) -> dict[str, float] | None:
    """The values of a trial by name; None if it gave none that Optuna takes."""
    values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    try:
        numbers = [float(one) for one in values]
    except (TypeError, ValueError):
        return None
    names = _names(study)
    if len(numbers) != len(names) or any(map(math.isnan, numbers)):
        return None
    return dict(zip(names, numbers, strict=True))


def _names(study: Any) -> list[str]:
    count = len(study.directions)
    return study.metric_names or (["objective"] if count == 1 else [f"objective_{at}" for at in range(count)])


def _put_suggested(run: ActiveRun, params: Mapping[str, Any]) -> None:
    found = {name: _plain(value) for name, value in params.items() if name not in run.explicit}
    run.set_params(found, "autolog")


def _plain(value: Any) -> Any:
    plain = setting(value)
    return plain if plain is not NOTHING else str(getattr(value, "__qualname__", value))[:_TEXT]


def put_study(run: ActiveRun, study: Any, patches: Patches) -> None:
    """Store the best of a study and all of its trials on the run that searched."""
    import optuna

    trials = study.get_trials(deepcopy=False)
    complete = [one for one in trials if one.state == optuna.trial.TrialState.COMPLETE]
    about: dict[str, Any] = {"what": "optuna", "study": study.study_name, "candidates": len(trials)}
    if complete and len(study.directions) == 1:
        best = study.best_trial
        about["best"] = best.number
        if patches.choices.params:
            put_params(run, "best_params", {name: _plain(value) for name, value in best.params.items()})
        if patches.choices.metrics:
            put_metrics(run, {f"best_{_names(study)[0]}": best.value})
    if patches.choices.artifacts and trials:
        names = _names(study)
        keys = list(dict.fromkeys(key for one in trials for key in one.params))
        put_table(run, "autolog/optuna/trials.csv", ["number", "state", *names, *keys, "seconds"], _rows(trials, keys))
    run.set_about(search=about)


def _rows(trials: Sequence[Any], keys: Sequence[str]) -> list[list[Any]]:
    count = max(len(one.values or ()) for one in trials) or 1
    return [
        [
            one.number,
            one.state.name.lower(),
            *(one.values or [""] * count),
            *(one.params.get(key, "") for key in keys),
            one.duration.total_seconds() if one.duration is not None else "",
        ]
        for one in trials
    ]


@cache
def callback_class() -> type:
    """`OptunaCallback`.

    Raises:
        ImportError: Optuna is not installed.
    """
    import optuna

    class OptunaCallback:
        """Each trial a child of the active run, made when the trial is over: ``callbacks=[nbtrack.OptunaCallback()]``.

        For where autolog is off; with autolog, what the objective logs goes to the trial's run too.
        """

        is_nbtrack = True

        def __init__(self) -> None:
            must("train")

        def __call__(self, study: Any, trial: Any) -> None:
            """Called by Optuna after each trial."""
            self._put(study, trial)

        @guarded
        def _put(self, study: Any, trial: Any) -> None:
            parent = current.current()
            if parent is None:
                return
            run = _begin(parent, trial.number, enter=False)
            _put_suggested(run, trial.params)
            for step, value in sorted(trial.intermediate_values.items()):
                put_metrics(run, {"objective": value}, step)
            if trial.state == optuna.trial.TrialState.COMPLETE:
                put_metrics(run, dict(zip(_names(study), trial.values, strict=True)))
            _close(run, trial.number, trial.state.name.lower(), max(trial.intermediate_values, default=None))

    OptunaCallback.__module__, OptunaCallback.__qualname__ = "nbtrack.sdk.loggers", "OptunaCallback"
    return OptunaCallback
