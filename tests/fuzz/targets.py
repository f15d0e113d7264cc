"""The targets by name. Each is made in a folder of its own, in the process that fuzzes it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.fuzz.oracle import Target

TARGETS: dict[str, str] = {
    "filter": "on_filter:Filter",
    "journal": "on_journal:Journal",
    "backup": "on_backup:Backup",
    "wire": "on_wire:Wire",
    "widget": "on_wire:Widget",
    "import-bundle": "on_importers:Bundle",
    "import-nbtrack": "on_importers:ProjectFile",
    "import-tables": "on_importers:Tables",
    "import-wandb": "on_importers:Wandb",
    "import-tensorboard": "on_importers:Tensorboard",
    "import-trackio": "on_importers:Trackio",
    "import-dvclive": "on_importers:plain_importer dvclive",
    "import-aim": "on_importers:Aim",
    "import-neptune": "on_importers:plain_importer neptune data",
    "import-mlflow": "on_importers:plain_importer mlflow",
    "cell": "on_texts:Cell",
    "secrets": "on_texts:Secrets",
    "markup": "on_texts:Markup",
    "terminal": "on_texts:Terminal",
    "line": "on_texts:Line",
    "kept": "on_texts:Kept",
}
PLANTED: dict[str, str] = {
    "planted-error": "planted:Raises",
    "planted-unclear": "planted:Unclear",
    "planted-hang": "planted:Hangs",
    "planted-wait": "planted:Waits",
    "planted-memory": "planted:Grows",
    "planted-death": "planted:Dies",
    "planted-write": "planted:Writes",
    "planted-program": "planted:Starts",
    "planted-answer": "planted:Loses",
}
NEEDS: dict[str, str] = {
    "import-wandb": "wandb",
    "import-aim": "aim",
    "import-neptune": "pyarrow",
    "import-mlflow": "mlflow",
    "import-dvclive": "ruamel.yaml",
}  # packages that may be missing


def made(name: str, folder: Path) -> Target:
    """A target, ready."""
    home, *arguments = {**TARGETS, **PLANTED}[name].split()
    module, _, maker = home.partition(":")
    make: Callable[..., Any] = getattr(import_module(f"tests.fuzz.{module}"), maker)
    target: Target = make(*arguments)(folder) if arguments else make(folder)
    return target
