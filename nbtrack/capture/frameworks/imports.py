"""Packages noticed as soon as they are imported: a finder that is there only while somebody waits for one."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Container, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class ImportWatch:
    """Calls ``then(package)`` when one of the ``packages`` has been imported. On `sys.meta_path` while it is open.

    What is asked for with `when` is forgotten when it is closed.
    """

    def __init__(self, packages: Container[str], then: Callable[[str], None]) -> None:
        self._packages = packages
        self._then = then
        self._busy = threading.local()
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def open(self) -> None:
        """Begin to watch."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def close(self) -> None:
        """Watch no longer."""
        while self in sys.meta_path:
            sys.meta_path.remove(self)
        self._waiting.clear()

    def when(self, module: str, step: Callable[[], None]) -> None:
        """Take a step when this module, which may be inside a package, has been imported."""
        self._waiting.setdefault(module, []).append(step)

    def _came(self, module: str) -> None:
        if module in self._packages:
            self._then(module)
        for step in self._waiting.pop(module, []):
            step()

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """The spec that the other finders give, its loader wrapped; None for everything we do not wait for."""
        if (name not in self._packages and name not in self._waiting) or getattr(self._busy, "now", False):
            return None
        self._busy.now = True
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return None
        finally:
            self._busy.now = False
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self._came)  # type: ignore[assignment]
        return spec


class _Loader:
    """A loader that says when its module is there, and leaves no trace of itself on it."""

    def __init__(self, loader: Any, then: Callable[[str], None]) -> None:
        self._loader = loader
        self._then = then

    def __getattr__(self, name: str) -> Any:
        if name in ("_loader", "_then"):
            raise AttributeError(name)
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the real loader does."""
        spec.loader = self._loader
        try:
            made: ModuleType | None = self._loader.create_module(spec)
            return made
        finally:
            spec.loader = self  # type: ignore[assignment]

    def exec_module(self, module: ModuleType) -> None:
        """As the real loader does; then whoever waited is told."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._then(module.__name__)
