"""A function as what a sweep runs: its keyword arguments are the params, what it gives are the metrics."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nbtrack.base.errors import InvalidOption
from nbtrack.capture.scalars import number
from nbtrack.runs import current
from nbtrack.runs.values import is_a, told

GIVEN = "result"  # the metric that a plain number becomes, where no other is named


def called(function: Callable[..., Any], values: Mapping[str, Any], objective: str | None) -> None:
    """Call the function, in this process or on a worker; numbers that it gives are logged to the current run."""
    given = function(**values)
    run = current.current()
    if run is None:
        return
    single = number(given)
    found = {objective or GIVEN: single} if single is not None else numbers(given)
    fresh = {name: value for name, value in found.items() if name not in run.last}
    if fresh:
        run.log(fresh)


def numbers(given: Any) -> dict[str, float]:
    """The numbers of a mapping that a function gave, by name."""
    if not is_a(given, Mapping):
        return {}
    read = {name: number(value) for name, value in given.items() if type(name) is str and name.strip()}
    return {name: value for name, value in read.items() if value is not None}


def check(function: Callable[..., Any], names: Iterable[str]) -> None:
    """See that the function takes arguments of these names, and needs no others.

    Raises:
        InvalidOption: it does not; the message lists those that it takes.
    """
    if not callable(function):
        raise InvalidOption(f"sweep() was given {told(function)}, not a function.", "Give a function.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # of a function in C nobody knows
    except Exception as error:  # its author's own, of an object that can be called
        raise InvalidOption(
            f"sweep() was given {told(function)}, which cannot be asked what it takes.", "Give a function."
        ) from error
    try:
        signature.bind(**dict.fromkeys(names))
    except TypeError as error:
        raise InvalidOption(
            f"{getattr(function, '__name__', 'The function')}{signature} cannot be called so: {error}.",
            f"Give values of {', '.join(signature.parameters) or 'nothing'}.",
        ) from None


def source_of(function: Callable[..., Any]) -> str | None:
    """The text of the function, where Python has it."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return None
