"""`nbtrack.autolog`: what frameworks tell of a training is recorded without a line about it."""

from __future__ import annotations

from nbtrack.capture import frameworks as rooms
from nbtrack.sdk import asked

__all__ = ["autolog"]


@asked.checked(disable=asked.flag)
def autolog(
    *frameworks: str,
    disable: bool = False,
    params: bool = True,
    metrics: bool = True,
    artifacts: bool = True,
    children: bool = True,
    models: bool = False,
) -> None:
    """Record in the active run what frameworks tell: settings, metrics, importances, candidates of a search.

    In a tracked cell that is so without this call; with it also in scripts, in every run until told otherwise.
    frameworks: names such as "sklearn", "xgboost", "torch"; all without one. disable: off instead, in tracked cells
    too, until ``autolog()``. params, metrics, artifacts, children: False leaves these out (children: runs for the
    candidates of a search). models: True keeps the trained models as artifacts.

    Raises:
        InvalidOption: a framework that it does not know, or a choice that is no bool.

    >>> import nbtrack
    >>> nbtrack.autolog()                                  # doctest: +SKIP
    >>> nbtrack.autolog("sklearn", models=True)            # doctest: +SKIP
    >>> nbtrack.autolog("xgboost", disable=True)           # doctest: +SKIP
    """
    rooms.autolog(
        *frameworks,
        disable=disable,
        params=params,
        metrics=metrics,
        artifacts=artifacts,
        children=children,
        models=models,
    )
