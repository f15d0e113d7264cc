"""What our loggers and callbacks for frameworks share: the run they write to, and that no fault of theirs gets out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from nbtrack.runs.current import current

Method = TypeVar("Method", bound=Callable[..., Any])


def guarded(method: Method) -> Method:
    """A method of a callback that never breaks the training: what it raises is said once."""

    @wraps(method)
    def guard(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's training)
            run = current()
            if run is not None:
                with suppress(Exception):
                    what = method.__qualname__.rpartition("<locals>.")[2]
                    run.recorder.tell(f"callback {what}", f"{what} could not record ({error!r}). Your code goes on.")
        return None

    return guard  # type: ignore[return-value]
