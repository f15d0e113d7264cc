"""The current run's params and metrics as mappings that can be set: ``nbtrack.config`` and ``nbtrack.summary``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from nbtrack.base.errors import InvalidOption
from nbtrack.runs import given, values
from nbtrack.runs.current import current, must


def vars_of(params: Any) -> Any:
    """The mapping behind an ``argparse.Namespace``; anything else as it is."""
    return vars(params) if type(params).__name__ == "Namespace" else params


class Config(MutableMapping[str, Any]):
    """The params of the current run, as attributes and items: ``nbtrack.config.lr = 0.1``."""

    def __getitem__(self, name: str) -> Any:
        return must().params[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._set({name: value})

    def __delitem__(self, name: str) -> None:
        raise InvalidOption(f"The param '{name}' cannot be taken back.", "Set it to another value; both are kept.")

    def update(self, other: Any = (), /, allow_val_change: object = None, **more: Any) -> None:
        """Set several at once, or none if one of them cannot be stored: a mapping or a Namespace, and keywords."""
        held = given.mapping("update()", {} if type(other) is tuple and not other else vars_of(other))
        self._set({**dict(values.items(held)), **more})

    def _set(self, given: Mapping[str, Any]) -> None:
        must().set_params(given)

    def __iter__(self) -> Iterator[str]:
        return iter(dict(must().params))

    def __len__(self) -> int:
        return len(must().params)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"The current run has no param '{name}'.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __repr__(self) -> str:
        run = current()
        return f"<nbtrack config {dict(run.params) if run else 'of no run'}>"


class Summary(Config):
    """The latest value of each metric of the current run; setting one logs it."""

    def __getitem__(self, name: str) -> Any:
        return must().last[name]

    def _set(self, given: Mapping[str, Any]) -> None:
        must().log(given)

    def __delitem__(self, name: str) -> None:
        raise InvalidOption(f"The metric '{name}' cannot be taken back.", "Log another value.")

    def __iter__(self) -> Iterator[str]:
        return iter(dict(must().last))

    def __len__(self) -> int:
        return len(must().last)

    def __repr__(self) -> str:
        run = current()
        return f"<nbtrack summary {dict(run.last) if run else 'of no run'}>"


config = Config()
summary = Summary()
