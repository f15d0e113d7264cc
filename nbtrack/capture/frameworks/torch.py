"""PyTorch: which optimizer trains which model, told after the optimizer's first step in a run.

Params: ``torch.optimizer`` and ``torch.module`` (the classes), ``Adam.lr`` and the optimizer's other settings that are
neither None nor False, those of further parameter groups where they differ as ``Adam.group2.lr``, ``Net.parameters``
and ``Net.trainable`` (numbers). Artifact: ``models/Net.txt``, the layers.

Torch tells of each step of any optimizer by a hook of its own, `register_optimizer_step_post_hook`. The model is looked
for where the step was called: among the names of the functions that led there, and the attributes of their ``self``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary, ref

from nbtrack.capture.frameworks import records
from nbtrack.capture.frameworks.patches import Patches
from nbtrack.capture.scalars import NOTHING, setting
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.current import current

_FRAMES = 60  # of a trainer's own there are many
_NAMES = 2000  # looked at in one frame
_ROWS = 500  # layers in a summary
_GROUPS = 8


def install(patches: Patches) -> None:
    """Look at the first step of each optimizer in each run."""
    patches.on_undo(after_steps(_Look(patches).stepped).remove)


def after_steps(look: Callable[[Any], None]) -> Any:
    """Let this look at each optimizer after its steps, until the handle's ``remove()``.

    Not in a step that `torch.compile` was given: it would try to make our code a part of its graph.
    """
    from torch import compiler
    from torch.optim.optimizer import register_optimizer_step_post_hook

    compiling = getattr(compiler, "is_compiling", lambda: False)

    def hook(optimizer: Any, args: Any, kwargs: Any) -> None:
        if not compiling():
            look(optimizer)

    return register_optimizer_step_post_hook(hook)


class _Look:
    def __init__(self, patches: Patches) -> None:
        self._patches = patches
        self._seen: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # optimizer -> in which run
        self._last: tuple[Callable[[], Any], str] = (lambda: None, "")  # the quick way: the same as at the step before
        self._run = ""
        self._modules: set[int] = set()  # of this run

    def stepped(self, optimizer: Any) -> None:
        """After every step: quick, but for the first in a run."""
        run = current()
        if run is None or (self._last[1] == run.id and self._last[0]() is optimizer):
            return
        self._last = (ref(optimizer), run.id)
        if self._seen.get(optimizer) == run.id:
            return
        self._seen[optimizer] = run.id
        try:
            if not is_first():
                return
            if self._run != run.id:
                self._run, self._modules = run.id, set()
            self._describe(run, optimizer)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's training)
            self._patches.report("the optimizer", error)

    def _describe(self, run: ActiveRun, optimizer: Any) -> None:
        choices, name = self._patches.choices, type(optimizer).__name__
        module = _module_of(optimizer, sys._getframe(2))
        told: dict[str, dict[str, Any]] = {name: optimizer_params(optimizer)}
        if not self._modules:
            told["torch"] = {"optimizer": name} | ({} if module is None else {"module": type(module).__name__})
        if module is not None and id(module) not in self._modules:
            told[type(module).__name__] = module_params(module)
            if choices.artifacts:
                put_summary(run, module)
        self._modules.add(id(module))
        if choices.params:
            for title, params in told.items():
                records.put_params(run, title, params)


def is_first() -> bool:
    """Whether this process speaks for all those that train together (DistributedDataParallel)."""
    from torch import distributed

    return not (distributed.is_available() and distributed.is_initialized() and distributed.get_rank())


def optimizer_params(optimizer: Any) -> dict[str, Any]:
    """The settings of an optimizer. The learning rate is that before any schedule."""
    first, *others = optimizer.param_groups
    found: dict[str, Any] = _settings(optimizer, first)
    for number, group in enumerate(others[:_GROUPS], 2):
        settings = _settings(optimizer, group)
        found[f"group{number}"] = {key: value for key, value in settings.items() if found.get(key, NOTHING) != value}
    return found


def _settings(optimizer: Any, group: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in optimizer.defaults:
        value = setting(group.get("initial_lr", group.get(key)) if key == "lr" else group.get(key))
        if value is not NOTHING and value is not None and value is not False:
            found[key] = value
    return found


def module_params(module: Any) -> dict[str, Any]:
    """How many numbers a module has, and how many of them are trained."""
    sizes = [(_size(one), one.requires_grad) for one in module.parameters()]
    return {
        "parameters": sum(size for size, _ in sizes),
        "trainable": sum(size for size, trained in sizes if trained),
    }


def put_summary(run: ActiveRun, module: Any) -> None:
    """Store the layers of a module as a text."""
    run.add_bytes(f"models/{type(module).__name__}.txt", summary(module).encode(), "text/plain", "autolog")


def summary(module: Any) -> str:
    """The layers of a module as a text: name, class, parameters of its own, settings as torch shows them."""
    rows = []
    for name, layer in module.named_modules():
        own = sum(_size(one) for one in layer.parameters(recurse=False))
        about = layer.extra_repr().replace("\n", " ")
        rows.append((name or "(model)", type(layer).__name__, f"{own:,}" if own else "", about[:80]))
        if len(rows) == _ROWS:
            break
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{one:<{widths[0]}}  {kind:<{widths[1]}}  {own:>{widths[2]}}  {about}".rstrip()
        for one, kind, own, about in rows
    ]
    if len(rows) == _ROWS:
        lines.append(f"… the first {_ROWS} layers")
    counts = module_params(module)
    total, trained = counts.values()
    return "\n".join([*lines, "", f"parameters {total:,}, trainable {trained:,}", ""])


def _size(parameter: Any) -> int:
    """0 for one of a lazy layer that has no shape yet."""
    try:
        return int(parameter.numel())
    except (RuntimeError, ValueError):
        return 0


def _module_of(optimizer: Any, frame: FrameType | None) -> Any:
    """The module whose parameters the optimizer has: of those near the call, the one that has most of them."""
    wanted = {id(one) for group in optimizer.param_groups for one in group["params"]}
    for _ in range(_FRAMES):
        if frame is None:
            return None
        best, most = None, (0, 0)
        for module in _modules_near(frame):
            own = set(map(id, module.parameters()))
            rank = (len(own & wanted), -len(own))
            if rank[0] and rank > most:
                best, most = module, rank
        if best is not None:
            inner = getattr(best, "_orig_mod", None)  # torch.compile's
            return inner if inner is not None else best
        frame = frame.f_back
    return None


def _modules_near(frame: FrameType) -> list[Any]:
    """Modules among the names of a frame and the attributes of its ``self``."""
    held = frame.f_locals
    found = [*_modules(held.values()), *_modules(_attributes(held.get("self")))]
    if frame.f_code.co_flags & CO_OPTIMIZED and type(held) is dict:
        held.clear()  # before Python 3.13 a function's frame keeps this copy, and with it the tensors of this step
    return found


def _attributes(owner: Any) -> Iterable[Any]:
    try:
        return tuple(object.__getattribute__(owner, "__dict__").values())
    except (AttributeError, TypeError):
        return ()


def _modules(values: Iterable[Any]) -> Iterator[Any]:
    from torch.nn import Module

    return (value for value in list(values)[:_NAMES] if issubclass(type(value), Module))
