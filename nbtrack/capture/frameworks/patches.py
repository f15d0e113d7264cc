"""Calls of a framework, looked at: an attribute of a class or module replaced so that it can be put back exactly.

What stands in an attribute's place calls what was there and adds a look before and after. It has the same signature,
text and attributes, is pickled as what it stands for, and does nothing more once it is undone, wherever it was copied
to meanwhile. What a look raises is said once; the user's arguments, result and exception are untouched by it.
"""

from __future__ import annotations

import operator
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from nbtrack.capture import mlflow
from nbtrack.runs.current import current

if TYPE_CHECKING:
    from nbtrack.capture.frameworks import Choices
    from nbtrack.runs.active import ActiveRun

_NOTHING = object()


class Call:
    """One call of what is wrapped: where a look before it and one after it meet.

    run: the current run; None only with ``always``. subject: the object whose method it is, None for a function. args
    and kwargs: without the subject; a look before may replace them. result, error and seconds: after the call. notes:
    for the looks.
    """

    __slots__ = ("args", "error", "kwargs", "notes", "result", "run", "seconds", "subject")

    def __init__(self, run: ActiveRun | None, subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.run = run
        self.subject = subject
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None
        self.error: BaseException | None = None
        self.seconds = 0.0
        self.notes: dict[str, Any] = {}


Look = Callable[[Call], None]


class Patches:
    """What was replaced for one framework, put back by `undo`.

    package: the framework's. choices: what of it the user wants recorded.
    """

    def __init__(
        self, package: str, choices: Callable[[str], Choices], when: Callable[[str, Callable[[], None]], None]
    ) -> None:
        self.package = package
        self._choices = choices
        self._when = when
        self._before = set(sys.modules)
        self._wrapped: list[Wrapped] = []
        self._undone = False
        self._undoing: list[Callable[[], None]] = []
        self._told: set[str] = set()

    @property
    def choices(self) -> Choices:
        """As they are now."""
        return self._choices(self.package)

    def wrap(
        self,
        owner: Any,
        name: str,
        *,
        before: Look | None = None,
        after: Look | None = None,
        always: bool = False,
    ) -> None:
        """Look at each call of ``owner.name``: a function of a module, or a method of a class, its own or inherited.

        Methods of subclasses that override it are not looked at. before and after are called while a run is active;
        with ``always`` also while none is. after is called whether the call returned or raised. What is wrapped
        already, or does not exist, is left as it is: a framework that changed must not break the user's code.
        """
        raw = _look_up(owner, name)
        if raw is _NOTHING or isinstance(raw, Wrapped) or not _can_be_called(raw):
            return
        wrapped = Wrapped(self, owner, name, raw, before, after, always)
        setattr(owner, name, wrapped)
        self._wrapped.append(wrapped)

    def wrap_functions(self, names: Iterable[str], modules: Sequence[ModuleType], **looks: Any) -> None:
        """Look at each call of the functions that ``modules[0]`` has under these names.

        They are found under every name that the modules and the notebook know them by: ``from lightgbm import train``
        gives the notebook one of its own. The user's other modules are not looked through.
        """
        functions = {id(vars(modules[0]).get(name)) for name in names if name in vars(modules[0])}
        main = sys.modules.get("__main__")
        places = [*modules, main] if main is not None else [*modules]
        for module in places:
            for name in [name for name, value in list(vars(module).items()) if id(value) in functions]:
                self.wrap(module, name, **looks)

    def when_imported(self, module: str, step: Callable[[], None]) -> None:
        """Take the step when this module is there: now, or as soon as it is imported while this is not undone."""
        found = sys.modules.get(module)
        if found is not None and not getattr(getattr(found, "__spec__", None), "_initializing", False):
            step()
            return
        self._when(module, lambda: step() if not self._undone else None)

    def on_undo(self, step: Callable[[], None]) -> None:
        """Something else to take back when this is undone: a hook that the framework has a function for."""
        self._undoing.append(step)

    def undo(self) -> None:
        """Put everything back. What somebody replaced on top of us stays, and ours under it only passes on."""
        self._undone = True
        ours = {id(wrapped): wrapped for wrapped in self._wrapped}
        for wrapped in reversed(self._wrapped):
            wrapped.take_off()
        if any(isinstance(wrapped.owner, ModuleType) for wrapped in self._wrapped):
            self._take_back(ours)
        self._wrapped.clear()
        while self._undoing:
            step = self._undoing.pop()
            try:
                step()
            except Exception as error:  # noqa: BLE001 (the others are taken back all the same)
                self.report("taking back a hook", error)

    def _take_back(self, ours: dict[int, Wrapped]) -> None:
        """Put the function itself where the notebook, or a module that is new, has imported what stood for it."""
        for module in [sys.modules.get(name) for name in ("__main__", *(sys.modules.keys() - self._before))]:
            held = vars(module) if isinstance(module, ModuleType) else {}
            for name in [name for name, value in list(held.items()) if id(value) in ours]:
                setattr(module, name, held[name].__wrapped__)

    def report(self, what: str, error: BaseException) -> None:
        """A look failed: say so once; the user's code goes on."""
        run = current()
        text = f"autolog of {self.package}: {what} could not be recorded ({type(error).__name__}: {error})."
        if what not in self._told and run is not None:
            self._told.add(what)
            with suppress(Exception):
                run.recorder.tell(f"autolog {self.package} {what}", f"{text} Your code goes on.")


class Wrapped:
    """What stands in an attribute's place. Behaves as what it stands for, and pickles as it."""

    # Ours is in slots: ``functools.wraps`` of others copies what is in ``__dict__``, and pickles that.
    __slots__ = ("__dict__", "__weakref__", "_nbtrack", "_nbtrack_on", "_nbtrack_own", "_nbtrack_plain")

    def __init__(
        self,
        patches: Patches,
        owner: Any,
        name: str,
        raw: Any,
        before: Look | None,
        after: Look | None,
        always: bool,
    ) -> None:
        self._nbtrack = (patches, owner, name, raw, before, after, always)
        self._nbtrack_on = True
        self._nbtrack_own = name in vars(owner)
        self._nbtrack_plain = isinstance(raw, FunctionType) or not hasattr(type(raw), "__get__")
        shown = raw if self._nbtrack_plain else raw.__get__(None, owner)
        # The rest is found through __getattr__; hundreds of methods are wrapped around each tracked cell.
        self.__wrapped__ = shown = getattr(shown, "__func__", shown)
        self.__doc__ = getattr(shown, "__doc__", None)
        self.__module__ = getattr(shown, "__module__", "")

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        raw = self._nbtrack[3]
        if isinstance(raw, staticmethod):
            return self
        if isinstance(raw, classmethod):
            return MethodType(self, owner if owner is not None else type(instance))
        if instance is None:
            return self if self._nbtrack_plain else raw.__get__(None, owner)
        if not self._nbtrack_plain:
            raw.__get__(instance, owner)  # scikit-learn's say so here if the method is not to be had
        return MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        patches, owner, _, raw, before, after, always = self._nbtrack
        subject, target = None, raw
        if isinstance(raw, staticmethod):
            target = raw.__func__
        elif not isinstance(owner, ModuleType):
            if not args:
                return raw(**kwargs)  # which says what is missing
            subject, args = args[0], args[1:]
            target = raw.__get__(None, subject) if isinstance(raw, classmethod) else raw.__get__(subject, type(subject))
        run = current() if self._nbtrack_on else None
        if not self._nbtrack_on or (run is None and not always) or mlflow.records(patches.package):
            return target(*args, **kwargs)
        call = Call(run, subject, args, kwargs)
        began = time.perf_counter()
        try:
            if before is not None:
                self._look(patches, before, call)
                began = time.perf_counter()
            call.result = target(*call.args, **call.kwargs)
        except BaseException as error:
            call.error = error
            raise
        finally:
            call.seconds = time.perf_counter() - began
            if after is not None:
                self._look(patches, after, call)
        return call.result

    def _look(self, patches: Patches, look: Look, call: Call) -> None:
        with_args = (call.args, dict(call.kwargs))
        try:
            look(call)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
            call.args, call.kwargs = with_args
            patches.report(getattr(self, "__qualname__", self._nbtrack[2]), error)

    @property
    def owner(self) -> Any:
        """The class or module that it stands in."""
        return self._nbtrack[1]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_nbtrack") or name == "__wrapped__":
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __repr__(self) -> str:
        return repr(self._nbtrack[3])

    def __reduce__(self) -> str | tuple[Any, ...]:
        raw = self._nbtrack[3]
        module, path = getattr(self, "__module__", ""), getattr(self, "__qualname__", "")
        if module != "__main__":  # cloudpickle takes what is defined there along by value
            found: Any = sys.modules.get(module)
            for part in path.split("."):
                found = getattr(found, part, None)
            if found is self:
                return path
        return operator.getitem, ((raw,), 0)  # raw itself, with nothing of ours: a worker may not have nbtrack

    def take_off(self) -> None:
        """Put back what was there, if nobody replaced this since; and be no more than that in any case."""
        _, owner, name, raw, *_ = self._nbtrack
        self._nbtrack_on = False
        if vars(owner).get(name) is not self:
            return
        if self._nbtrack_own:
            setattr(owner, name, raw)
        else:
            delattr(owner, name)


class Nesting:
    """Which trainings are under way around this code: a search fits many models, of which none is the user's own.

    Those of the thread that made a pool of threads count in the pool's threads too: joblib fits parts of a model there.
    A forked worker inherits what was under way.
    """

    def __init__(self) -> None:
        self._stacks: dict[int, list[Any]] = {}

    def around(self) -> tuple[Any, ...]:
        """What is under way, outermost first."""
        own = self._stacks.get(threading.get_ident())
        if not own:
            maker = getattr(threading.current_thread(), "_parent", None)  # of multiprocessing.pool.ThreadPool's
            own = self._stacks.get(getattr(maker, "ident", None) or 0)
        return tuple(own or ())

    def enter(self, subject: Any) -> None:
        """A training of this thread begins."""
        self._stacks.setdefault(threading.get_ident(), list(self.around())).append(subject)

    def leave(self, subject: Any) -> None:
        """It has ended. One that never entered changes nothing."""
        me = threading.get_ident()
        own = self._stacks.get(me, [])
        if any(one is subject for one in own):
            while own.pop() is not subject:
                pass
        if not own:
            self._stacks.pop(me, None)


NESTING = Nesting()


def _look_up(owner: Any, name: str) -> Any:
    """The raw attribute: what stands in the class or module itself, not what reading it gives."""
    for place in getattr(owner, "__mro__", (owner,)):
        if name in vars(place):
            return vars(place)[name]
    return _NOTHING


def _can_be_called(raw: Any) -> bool:
    return callable(raw) or isinstance(raw, staticmethod | classmethod) or hasattr(type(raw), "__get__")
