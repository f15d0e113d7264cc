"""What the parts of a small run share, so that a browser or a JupyterLab is started once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Shared:
    """What is open for the parts of a `--quick` run, which times nothing; without one, each part opens its own."""

    one: Shared | None = None

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.kept: dict[Hashable, Any] = {}

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[None]:
        """Keep what is opened by `shared` meanwhile; it is closed at the end."""
        with ExitStack() as stack:
            cls.one = cls(stack)
            try:
                yield
            finally:
                cls.one = None


@contextmanager
def shared(key: Hashable, make: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """What ``make`` opens, or what it opened for the same key before in a small run."""
    one = Shared.one
    if one is None:
        with make() as found:
            yield found
        return
    if key not in one.kept:
        one.kept[key] = one.stack.enter_context(make())
    yield one.kept[key]
