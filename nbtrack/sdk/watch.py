"""``nbtrack.watch(model)``: how large a PyTorch model's gradients and weights are while it is trained.

It looks after the steps of any `torch.optim` optimizer that holds parameters of the model, through the hook that torch
has for it: nothing is put on the model itself, so compiled models, DataParallel, automatic mixed precision and
Lightning work as without. What it sees are the gradients that the step was made with: averaged over machines,
unscaled, clipped, accumulated. Of processes that train together the first one logs. A step of the optimizer that is
itself a part of what `torch.compile` was given is not seen.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from nbtrack.base.errors import InvalidOption, InvalidValue
from nbtrack.capture.frameworks.torch import after_steps, is_first
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.current import current
from nbtrack.runs.values import brief, is_a

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WHAT = {"gradients": ("grad_norm",), "weights": ("weight_norm",), "all": ("grad_norm", "weight_norm")}
_PARTS = 50  # of a model with more parts, the total alone is told


def watch(model: Any, log: str = "gradients", every: int = 100) -> Watch:
    """Log the size of a PyTorch model's gradients, of all and of each part of it, until the run ends.

    model: a ``torch.nn.Module``; of a compiled or wrapped one that in it. log: ``gradients`` (metrics ``grad_norm`` and
    ``grad_norm/encoder`` …, the Euclidean norm), ``weights`` (``weight_norm``, after the step) or ``all``. every: at
    each such step of the optimizer, the first included; the metrics' step counts those of the optimizer in the run.

    Called inside a run, it ends with the run; called before, it goes on in each run until ``remove()``. Watching a
    model again replaces the watch before. Training without an optimizer of torch's: call the watch's ``log()``.

    Raises:
        InvalidValue: it is no ``torch.nn.Module``. InvalidOption: another ``log`` or ``every``.

    >>> import nbtrack
    >>> nbtrack.watch(model, every=10)                                  # doctest: +SKIP
    """
    if type(log) is not str or log not in _WHAT:
        raise InvalidOption(f"watch() was given log={brief(log)}.", f"Use one of {', '.join(_WHAT)}.")
    if type(every) is not int or every < 1:
        raise InvalidOption(f"watch() was given every={brief(every)}.", "Give the number of steps, 1 or more.")
    torch = sys.modules.get("torch")  # whoever has a model has imported it
    if torch is None or not is_a(model, torch.nn.Module):
        raise InvalidValue(f"watch() was given {brief(model)}, not a PyTorch model.", "Give a torch.nn.Module.")
    model = unwrapped(model)
    for watching in list(_watches):
        if watching.is_over or watching.is_of(model):
            watching.remove()
    watching = Watch(model, _WHAT[log], every)
    run = current()
    if run is not None:
        run.at_end(watching.remove)
    return watching


class Watch:
    """A model that is watched, until `remove` or the end of a ``with`` block.

    is_over: the model is gone, or could not be looked at.
    """

    def __init__(self, model: Any, what: Iterable[str], every: int) -> None:
        self._model = ref(model)
        self._name = type(model).__name__
        self._what = tuple(what)
        self._every = every
        self._concerned: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
        self._steps: WeakKeyDictionary[Any, tuple[str, int]] = WeakKeyDictionary()  # of which run, how many
        self._failed = False
        self._hook: Any = after_steps(self._stepped)
        _watches.append(self)

    def __repr__(self) -> str:
        return f"<nbtrack watch of {self._name}{'' if self._hook is not None else ', removed'}>"

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def is_over(self) -> bool:  # its hook stays until the next look at all: torch is walking through its hooks now
        return self._failed or self._model() is None

    def is_of(self, model: Any) -> bool:
        """Whether this is the model that is watched."""
        return self._model() is model

    def remove(self) -> None:
        """Watch no longer. Removing it again does nothing."""
        hook, self._hook = self._hook, None
        if hook is not None:
            hook.remove()
            _watches.remove(self)

    def log(self, step: int | None = None) -> None:
        """Log the norms as they are now, to the current run; without a run nothing happens.

        Raises:
            InvalidValue: parts of the parameters are on other machines.
        """
        run, model = current(), self._model()
        if run is not None and model is not None:
            self._log(run, model, step)

    def _stepped(self, optimizer: Any) -> None:
        """After a step of some optimizer. Nothing of this reaches the training."""
        run, model = current(), self._model()
        if run is None or model is None or self._failed:
            return
        try:
            if self._is_due(optimizer, run, model) and is_first():
                self._log(run, model, self._steps[optimizer][1] - 1)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's training)
            self._failed = True
            run.recorder.tell(f"watch {self._name}", f"the model {self._name} cannot be watched any more: {error}")

    def _is_due(self, optimizer: Any, run: ActiveRun, model: Any) -> bool:
        concerned = self._concerned.get(optimizer)
        if concerned is None:
            own = set(map(id, model.parameters()))
            concerned = any(id(one) in own for group in optimizer.param_groups for one in group["params"])
            self._concerned[optimizer] = concerned
        if not concerned:
            return False
        of, count = self._steps.get(optimizer, ("", 0))
        count = count if of == run.id else 0
        self._steps[optimizer] = (run.id, count + 1)
        return count % self._every == 0

    def _log(self, run: ActiveRun, model: Any, step: int | None) -> None:
        found: dict[str, float] = {}
        for name in self._what:
            found |= _norms(name, list(_tensors(model, gradients=name == "grad_norm")))
        if found:
            run.log(found, step)


_watches: list[Watch] = []


def unwatch() -> None:
    """Remove every watch: nothing of us stays in torch."""
    for watching in list(_watches):
        watching.remove()


def unwrapped(model: Any) -> Any:
    """The model inside of what `torch.compile`, DataParallel and DistributedDataParallel make of it."""
    import torch

    wrappers = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while True:
        inner = getattr(model, "_orig_mod", None) or (model.module if isinstance(model, wrappers) else None)
        if not isinstance(inner, torch.nn.Module):
            return model
        model = inner


def _tensors(model: Any, gradients: bool) -> Iterator[tuple[str, Any]]:
    """Each parameter's gradient, or its value if it is trained, with the part of the model that it is in."""
    for name, parameter in model.named_parameters():
        tensor = parameter.grad if gradients else parameter.detach() if parameter.requires_grad else None
        if tensor is not None:
            yield name.partition(".")[0], tensor


def _norms(name: str, tensors: list[tuple[str, Any]]) -> dict[str, float]:
    """The norm of all, and of each part. All are asked for at once, since a GPU is waited for then."""
    import torch

    if not tensors:
        return {}
    with torch.no_grad():
        each = [_norm(tensor) for _, tensor in tensors]
        values = torch.stack([one.to(each[0].device) for one in each]).tolist()
    squares: dict[str, float] = {}
    for (part, _), value in zip(tensors, values, strict=True):
        squares[part] = squares.get(part, 0.0) + value * value
    found = {name: sum(squares.values()) ** 0.5}
    if len(squares) <= _PARTS:
        found |= {f"{name}/{part}": square**0.5 for part, square in squares.items()}
    return found


def _norm(tensor: Any) -> Any:
    import torch

    if hasattr(tensor, "full_tensor"):
        raise InvalidValue(
            "Its parameters are spread over several machines (FSDP).", "Log what clip_grad_norm_() returns."
        )
    if tensor.is_sparse:
        tensor = tensor.coalesce().values()
    return torch.linalg.vector_norm(tensor, dtype=torch.float32 if not tensor.is_complex() else torch.complex64)
