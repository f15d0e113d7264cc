"""What a call of the Python API was given, looked at before anything is done with it.

A wrong argument is refused by its name, in the same words wherever it is wrong, and nothing of the call is done. Of an
object nothing is asked that its author may have written: what it says of itself may raise, lie, or never end.

>>> from nbtrack.sdk import asked
>>> @asked.checked(filter=asked.text, sort=asked.names)
... def runs(filter="", sort=None): ...
>>> runs(sort=5)
Traceback (most recent call last):
    ...
nbtrack.base.errors.InvalidValue: runs() was given sort=5 (int), not a name or a list of names. Such as sort="name".
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, ParamSpec, TypeVar

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption, InvalidValue, NbtrackError
from nbtrack.runs import given, values

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[str, str, Any], Any]  # of a call, an argument and its value: the value to go on with

MOST = 10_000  # names in a list


def checked(**checks: Check) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Look at the arguments of a function by name. What is left out, and None where that is the default, passes."""

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        may_be_none = {name for name, about in signature.parameters.items() if about.default is None}

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            for name, value in list(bound.arguments.items()):
                check = checks.get(name)
                if check is not None and not (value is None and name in may_be_none):
                    bound.arguments[name] = check(function.__name__, name, value)
            return function(*bound.args, **bound.kwargs)

        return called

    return wrap


def refused(call: str, name: str, value: object, wanted: str, hint: str) -> InvalidValue:
    """The error of an argument that is of the wrong kind."""
    return InvalidValue(f"{call}() was given {name}={values.told(value)}, not {wanted}.", hint)


def text(call: str, name: str, value: Any) -> str:
    """A text that a database can hold."""
    if not values.is_a(value, str):
        raise refused(call, name, value, "a text", f'Such as {name}="…".')
    return values.check_text(f"{name} of {call}()", value)


def filter_text(call: str, name: str, value: Any) -> str:
    """A filter: whatever stands in it is told at its place by who reads it."""
    if not values.is_a(value, str):
        raise refused(call, name, value, "a text", f'Such as {name}="metrics.acc > 0.9".')
    return values.plain_text(value)


def names(call: str, name: str, value: Any) -> list[str]:
    """A name, or several in a list or another thing that can be walked through."""
    if values.is_a(value, str):
        return [values.plain_text(value)]
    wanted, hint = "a name or a list of names", f'Such as {name}="name".'
    if not values.is_a(value, Iterable) or values.is_a(value, bytes):
        raise refused(call, name, value, wanted, hint)
    try:
        found = list(islice(value, MOST + 1))
    except Exception as error:
        raise refused(call, name, value, wanted, hint) from error
    for one in found:
        if not values.is_a(one, str):
            raise InvalidValue(
                f"{call}() was given {values.told(one)} in {name}, where only names stand.", f'Such as {name}=["name"].'
            )
    if len(found) > MOST:
        raise InvalidOption(f"{call}() was given more than {MOST:,} names as {name}.", "Give fewer.")
    return [values.plain_text(one) for one in found]


def whole(low: int = 0, high: int = 1 << 53) -> Check:
    """A whole number, both ends included."""

    def check(call: str, name: str, value: Any) -> int:
        number = values.scalar(value)
        if not values.is_a(number, int) or values.is_a(number, bool):
            raise refused(call, name, value, "a whole number", f"Such as {name}={max(low, 10)}.")
        number = int.__pos__(number)
        if not low <= number <= high:
            raise InvalidOption(
                f"{call}() was given {name}={values.brief(number)}.", f"Give a whole number from {low:,} to {high:,}."
            )
        return number

    return check


def number(low: float = -math.inf, *, above: bool = False) -> Check:
    """A finite number from ``low`` on; above: more than that."""

    def check(call: str, name: str, value: Any) -> float:
        try:
            found = values.metric_value(name, value)
        except InvalidValue as error:
            raise refused(call, name, value, "a number", f"Such as {name}=0.5.") from error
        if not math.isfinite(found) or found < low or (above and found == low):
            least = "" if low == -math.inf else f" above {low:g}" if above else f" from {low:g} on"
            raise InvalidOption(f"{call}() was given {name}={found}.", f"Give a finite number{least}.")
        return value if type(value) is int else found

    return check


def flag(call: str, name: str, value: Any) -> bool:
    """True or False; also as numpy or a count of 0 and 1 has it."""
    found = values.scalar(value)
    if values.is_a(found, int) and int.__pos__(found) in (0, 1):
        return int.__pos__(found) == 1
    raise refused(call, name, value, "True or False", f"Write {name}=True or {name}=False.")


def mapping(call: str, name: str, value: Any) -> dict[Any, Any]:
    """Names and values."""
    try:
        return dict(values.items(given.mapping(name, value)))
    except NbtrackError:
        raise
    except Exception as error:  # a key that has no hash
        raise refused(call, name, value, "a dict", f"Such as {name}={{'name': 1}}.") from error


def run(call: str, name: str, value: Any) -> Any:
    """A run, or what names one: an id, a name, ``@1``."""
    from nbtrack.runs.active import ActiveRun
    from nbtrack.sdk.run import Run

    if values.is_a(value, str):
        return values.plain_text(value)
    if values.is_a(value, Run, ActiveRun):
        return value
    raise refused(call, name, value, "a run", "Give an id, a name, '@1' for the latest, or a run.")


def path(call: str, name: str, value: Any) -> Any:
    """A path on this machine, as it was given."""
    try:
        given.local_path(value)
    except InvalidValue as error:
        raise refused(call, name, value, "a path", error.hint) from error
    return value


def project(call: str, name: str, value: Any) -> Any:
    """A project, or a path in it."""
    return value if type(value) is Project else path(call, name, value)


def several(call: str, name: str, value: Any) -> list[Any]:
    """Things in a list, or in anything else that can be walked through and ends."""
    if values.is_a(value, Iterable) and not values.is_a(value, str, bytes):
        try:
            found = list(islice(value, MOST + 1))
        except Exception as error:
            raise refused(call, name, value, "a list", f"Such as {name}=[…].") from error
        if len(found) > MOST:
            raise InvalidOption(f"{call}() was given more than {MOST:,} as {name}.", "Give fewer.")
        return found
    raise refused(call, name, value, "a list", f"Such as {name}=[…].")


def directions(call: str, name: str, value: Any) -> dict[str, str]:
    """Which way is better, by metric."""
    found = mapping(call, name, value)
    for metric, way in found.items():
        if not values.is_a(metric, str) or not values.is_a(way, str) or way not in ("min", "max"):
            raise InvalidOption(
                f"{call}() was given {name}={{{values.brief(metric)}: {values.brief(way)}}}.",
                f"Say 'min' or 'max', such as {name}={{'loss': 'min'}}.",
            )
    return found


def tags(given_tags: Any, more: dict[str, Any], *, off: bool = False) -> dict[str, str | None]:
    """Tags of runs as they will be stored, anything as its text. off: None takes one off.

    Raises:
        InvalidValue: no mapping, or a name or value that cannot be stored.
    """
    found = {**({} if given_tags is None else mapping("tag", "tags", given_tags)), **more}
    return {
        values.check_name("tag", name): None if off and value is None else _tag(name, value)
        for name, value in found.items()
    }


def _tag(name: Any, value: Any) -> str:
    try:
        found = values.plain_text(value if values.is_a(value, str) else str(value))
    except Exception as error:
        raise InvalidValue(
            f"The tag {values.brief(name)} of type {type(value).__name__} cannot be written as text.", "Give a text."
        ) from error
    return values.check_text(f"Tag '{name}'", found)
