"""What frameworks tell of a training without a line of the user's: autolog.

In a tracked cell it is on by itself, from the cell's first line to its last; elsewhere `nbtrack.autolog` switches it
on. A module of this package for each framework has ``install(patches)``, which is called once the framework is there:
imported already, or as soon as the cell imports it. Nothing of it is left when nobody wants it any more.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption
from nbtrack.capture.forks import follow_forks
from nbtrack.capture.frameworks.imports import ImportWatch
from nbtrack.capture.frameworks.patches import Patches
from nbtrack.capture.frameworks.records import limit
from nbtrack.runs.values import brief

if TYPE_CHECKING:
    from nbtrack.capture.cell import CellRun
    from nbtrack.runs.active import ActiveRun

__all__ = ["FRAMEWORKS", "Autolog", "Choices", "autolog", "close"]

# package -> the module of this package that knows it
FRAMEWORKS = {
    "sklearn": "sklearn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "torch": "torch",
    "lightning": "lightning",
    "pytorch_lightning": "lightning",
    "keras": "keras",
    "transformers": "transformers",
    "optuna": "optuna",
}
_ALSO = {"scikit-learn": "sklearn", "pytorch": "torch"}


@dataclass(frozen=True)
class Choices:
    """What of a framework is recorded.

    params: settings of what is trained. metrics: of training and evaluation. artifacts: importances, confusion
    matrices, summaries. children: runs for the candidates of a search. models: the trained models themselves.
    """

    params: bool = True
    metrics: bool = True
    artifacts: bool = True
    children: bool = True
    models: bool = False


def _say(error: BaseException) -> None:
    """For scripts; a kernel's host has a way of its own."""
    sys.stderr.write(f"nbtrack: autolog could not be switched on in full ({type(error).__name__}: {error}).\n")


class Switch:
    """Which frameworks are watched now: those that somebody holds, that are not off, while nobody wants silence."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()
        self._always: set[str] = set()
        self._off: set[str] = set()
        self._silent = 0
        self._choices: dict[str, Choices] = {}
        self._patches: dict[str, Patches] = {}
        self._imports = ImportWatch(FRAMEWORKS, self._imported)
        self._report: Callable[[BaseException], None] = _say
        self.after_fork()
        follow_forks(self)

    def after_fork(self) -> None:
        """The lock may be held by a thread that a forked child does not have."""
        self._lock = threading.RLock()

    def hold(self, packages: Iterable[str], report: Callable[[BaseException], None]) -> None:
        """Somebody wants these watched, until `release`."""
        with self._lock:
            self._report = report
            self._held.update(packages)
            self._settle()

    def release(self, packages: Iterable[str]) -> None:
        """Somebody wants them no longer."""
        with self._lock:
            self._held -= Counter(packages)
            self._settle()

    def silence(self, step: int) -> None:
        """Nothing is to be watched from now on (1), or again (-1)."""
        with self._lock:
            self._silent = max(0, self._silent + step)
            self._settle()

    def on(self, packages: Iterable[str], choices: Choices) -> None:
        """Watch these until `off`, and record this much of them, in tracked cells too."""
        with self._lock:
            for package in packages:
                self._always.add(package)
                self._off.discard(package)
                self._choices[package] = choices
            self._settle()

    def off(self, packages: Iterable[str]) -> None:
        """Do not watch these, in tracked cells neither."""
        with self._lock:
            self._always.difference_update(packages)
            self._off.update(packages)
            self._settle()

    def close(self) -> None:
        """Forget who wanted what; nothing stays patched."""
        with self._lock:
            self._held.clear()
            self._always.clear()
            self._off.clear()
            self._choices.clear()
            self._silent = 0
            self._settle()

    def choices_of(self, package: str) -> Choices:
        """What of a framework is recorded."""
        return self._choices.get(package, Choices())

    def _wanted(self, package: str) -> bool:
        if self._silent or package in self._off:
            return False
        return package in self._always or self._held[package] > 0

    def _settle(self) -> None:
        """Let what is patched be what is wanted."""
        wanted = [package for package in FRAMEWORKS if self._wanted(package)]
        for package in [package for package in self._patches if package not in wanted]:
            self._patches.pop(package).undo()
        for package in wanted:
            if package not in self._patches and _is_imported(package):
                self._install(package)
        if wanted:
            self._imports.open()
        else:
            self._imports.close()

    def _imported(self, package: str) -> None:
        with self._lock:
            if self._wanted(package) and package not in self._patches:
                self._install(package)

    def _when(self, module: str, step: Callable[[], None]) -> None:
        def take() -> None:
            try:
                step()
            except Exception as error:  # noqa: BLE001 (it happens inside the user's import)
                self._report(error)

        self._imports.when(module, take)

    def _install(self, package: str) -> None:
        patches = self._patches[package] = Patches(package, self.choices_of, self._when)
        try:
            import_module(f"{__name__}.{FRAMEWORKS[package]}").install(patches)
        except Exception as error:  # noqa: BLE001 (a framework that changed must not break the user's import)
            self._report(error)


_switch = Switch()


class Autolog:
    """Goes with a tracked cell: what frameworks tell meanwhile is recorded in its run."""

    def __init__(self) -> None:
        self._held: list[str] = []
        self._silent = False

    def start(self, cell: CellRun, run: ActiveRun) -> None:
        """Watch the frameworks from here on."""
        limit(run, cell.options.params, cell.options.metrics)
        if cell.options.autolog:
            self._held = list(FRAMEWORKS)
            _switch.hold(self._held, cell.report)
        else:
            self._silent = True
            _switch.silence(1)

    def finish(self, cell: CellRun, run: ActiveRun, error: BaseException | None) -> None:
        """Put everything back, unless somebody else wants it."""
        if self._held:
            held, self._held = self._held, []
            _switch.release(held)
        if self._silent:
            self._silent = False
            _switch.silence(-1)


def autolog(*frameworks: str, disable: bool = False, **choices: Any) -> None:
    """Record what these frameworks tell, all if none is named, in every run until told otherwise.

    disable: off instead, in tracked cells too. choices: fields of `Choices`.

    Raises:
        InvalidOption: no framework of this name, or a choice that is no bool.
    """
    packages = [_known(name) for name in frameworks] or list(FRAMEWORKS)
    for name, value in choices.items():
        if type(value) is not bool:
            raise InvalidOption(f"autolog() was given {name}={brief(value)}.", "Give True or False.")
    if "lightning" in packages:
        packages.append("pytorch_lightning")  # the same under its earlier name
    if disable:
        _switch.off(packages)
    else:
        _switch.on(packages, Choices(**choices))


def close() -> None:
    """Put everything back, whoever wanted it."""
    _switch.close()


def _known(name: Any) -> str:
    found = _ALSO.get(name, name) if type(name) is str else None
    if found not in FRAMEWORKS:
        known = ", ".join(FRAMEWORKS)
        raise InvalidOption(f"autolog() knows no framework {brief(name)}.", f"It knows {known}.")
    return str(found)


def _is_imported(package: str) -> bool:
    """Whether it is there in full; one that is being imported is patched when that is done."""
    module = sys.modules.get(package)
    return module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False)
