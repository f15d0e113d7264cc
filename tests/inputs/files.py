"""Files and folders that are not what they are taken for: to import, to keep with a run, as settings, as notebooks."""

from __future__ import annotations

import io
import json
import os
import random
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbtrack
from nbtrack.base.config import load_settings
from nbtrack.execute.notebook import read_notebook
from nbtrack.transfer.importers import IMPORTERS

from .ground import Case, Ground

Make = Callable[[Ground], Any]
MAGIC = {  # the beginning that a file of each tracker has, and how its name ends
    "bundle": ("x.nbtrack.zip", b"PK\x03\x04"), "nbtrack": ("nbtrack.db", b"SQLite format 3\0"),
    "wandb": ("run-x.wandb", b":W&B\xba\x00\x00"), "trackio": ("x.db", b"SQLite format 3\0"),
    "aim": ("run_metadata.sqlite", b"SQLite format 3\0"), "mlflow": ("mlflow.db", b"SQLite format 3\0"),
    "tensorboard": ("events.out.tfevents.1.x", b"\x18\0\0\0\0\0\0\0"), "dvclive": ("metrics.json", b'{"a":'),
    "neptune": ("x.parquet", b"PAR1"), "tables": ("x.csv", b"lr,loss\n0.1"),
}  # fmt: skip


def _linked(ground: Ground, name: str) -> Path:
    """A folder with a link to itself."""
    folder = ground.odd / f"cyclic-{name}"
    folder.mkdir(exist_ok=True)
    for link, to in (("self", folder), ("a", folder / "b"), ("b", folder / "a")):
        if not (folder / link).is_symlink():
            (folder / link).symlink_to(to)
    return folder


def _fifo(ground: Ground) -> Path:
    path = ground.odd / "fifo"
    if not path.exists():
        os.mkfifo(path)
    return path


def _socket(ground: Ground) -> Path:
    path = ground.odd / "socket"
    if not path.exists():
        held = socket.socket(socket.AF_UNIX)
        held.bind(os.path.relpath(path))
        held.close()
    return path


def _folder(ground: Ground, name: str = "empty") -> Path:
    path = ground.odd / name
    path.mkdir(exist_ok=True)
    return path


def _sources(tool: str) -> dict[str, Make]:
    name, magic = MAGIC[tool]
    return {
        "empty": lambda ground: ground.file(f"{tool}-empty/{name}"),
        "an empty folder": lambda ground: _folder(ground, f"{tool}-folder"),
        "another magic": lambda ground: ground.file(f"{tool}-other/{name}", b"\x7fELF" + bytes(200)),
        "cut": lambda ground: ground.file(f"{tool}-cut/{name}", magic + bytes(3)),
        "noise": lambda ground: ground.file(f"{tool}-noise/{name}", magic + random.Random(tool).randbytes(5_000)),
        "another encoding": lambda ground: ground.file(f"{tool}-utf16/{name}", "\ufefflr,loss\n1,2".encode("utf-16")),
        "cyclic links": lambda ground: _linked(ground, tool),
        "a pipe": _fifo,
        "a socket": _socket,
        "a device": lambda ground: Path("/dev/null"),
        "missing": lambda ground: ground.odd / "not-there" / name,
    }


def _imports() -> Iterator[Case]:
    for tool in IMPORTERS:
        for what, make in _sources(tool).items():
            yield Case("importer", f"{tool}: {what}",
                       lambda ground, m=make, t=tool: nbtrack.import_runs(ground.made(m), tool=t),
                       kept=_nothing_came)  # fmt: skip
    for what, make in _sources("tables").items():
        yield Case("importer", f"whoever knows it: {what}", lambda ground, m=make: nbtrack.import_runs(ground.made(m)),
                   kept=_nothing_came)  # fmt: skip


def _nothing_came(ground: Ground, landed: Any) -> bool:
    """Noise may be read as what was being written when it was cut: then nothing comes of it, and that is said."""
    return landed.new == landed.changed == 0 or landed.points == 0  # an event file without a point is a run


def _zip(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in entries.items():
            made.writestr(name.replace("__", "/").replace("UP", ".."), data)
    return out.getvalue()


BUNDLES: dict[str, bytes] = {
    "no entries": _zip(), "another zip": _zip(a=b"x"), "a manifest of noise": _zip(**{"manifest.json": b"\xff"}),
    "a manifest that is a list": _zip(**{"manifest.json": b"[]"}),
    "an empty manifest": _zip(**{"manifest.json": b"{}"}),
    "of tomorrow": _zip(**{"manifest.json": json.dumps({"format": "nbtrack", "version": 99}).encode()}),
    "a version of words": _zip(**{"manifest.json": b'{"format": "nbtrack", "version": "x"}'}),
    "a way out": _zip(**{"manifest.json": b'{"version": 1}', "UP__UP__evil": b"x"}),
    "cut": _zip(**{"manifest.json": b"{}"})[:-30], "tail only": b"PK\x05\x06" + bytes(18), "text": b"no zip at all",
}  # fmt: skip


def _bundles() -> Iterator[Case]:
    for number, (what, data) in enumerate(BUNDLES.items()):

        def made(ground: Ground, n: int = number, d: bytes = data) -> Path:
            return ground.file(f"{n}.nbtrack.zip", d)

        yield Case("bundle", what, lambda ground, m=made: nbtrack.import_runs(ground.made(m), tool="bundle"))


NOTEBOOKS: dict[str, bytes | str] = {
    "empty": b"", "a list": "[]", "a text": '"x"', "null": "null", "cut": '{"cells": [', "no cells": '{"nbformat": 4}',
    "cells that are none": '{"cells": 5, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "a cell of a wrong kind": '{"cells": [{"cell_type": "x"}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "of tomorrow": '{"cells": [], "nbformat": 99, "nbformat_minor": 0, "metadata": {}}', "no UTF-8": b"\xff\xfe{}",
    "of words": '{"cells": [], "nbformat": "four", "nbformat_minor": 0, "metadata": {}}', "Python": "print(1)",
    "no metadata": '{"cells": [], "nbformat": 4, "nbformat_minor": 5}', "deep": "[" * 100_000, "NUL": b"\0" * 100,
    "source that is a number":
        '{"cells": [{"cell_type": "code", "source": 5, "metadata": {}, "outputs": [], "execution_count": null,'
        ' "id": "a"}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
}  # fmt: skip


def _notebooks() -> Iterator[Case]:
    for number, (what, text) in enumerate(NOTEBOOKS.items()):

        def made(ground: Ground, n: int = number, t: Any = text) -> Path:
            return ground.file(f"{n}.ipynb", t)

        yield Case("notebook", what, lambda ground, m=made: read_notebook(ground.made(m)), ("ipynb",))
        yield Case(
            "notebook", f"executed: {what}", lambda ground, m=made: nbtrack.run_notebook(ground.made(m)), ("ipynb",)
        )
    for what, make in {"a folder": _folder, "a pipe": _fifo, "missing": lambda ground: ground.odd / "no.ipynb"}.items():
        yield Case("notebook", what, lambda ground, m=make: nbtrack.run_notebook(ground.made(m)), ("notebook",))


TOML: dict[str, bytes | str] = {
    "cut": "[entry_points.train", "noise": b"\xff\xfe", "no table": "entry_points = 5", "a list": "entry_points = [1]",
    "an entry that is none": "[entry_points]\ntrain = 5", "no notebook": "[entry_points.train]\nhelp = 'x'",
    "a notebook that is a number": "[entry_points.train]\nnotebook = 5",
    "a notebook that is missing": "[entry_points.train]\nnotebook = 'no.ipynb'",
    "params that are none": "[entry_points.train]\nnotebook = 'empty.ipynb'\nparams = 5",
    "a type that is none": "[entry_points.train]\nnotebook = 'empty.ipynb'\nparams = { lr = { type = 'x' } }",
    "a default of another type":
        "[entry_points.train]\nnotebook = 'empty.ipynb'\nparams = { lr = { type = 'int', default = 'x' } }",
    "a kernel that is a number": "[entry_points.train]\nnotebook = 'empty.ipynb'\nkernel = 5",
    "an environment that is a list": "[entry_points.train]\nnotebook = 'empty.ipynb'\nenvironment = [1]",
    "an unknown field": "[entry_points.train]\nnotebook = 'empty.ipynb'\nnothing = 1",
    "a date": "entry_points = 2020-01-01", "twice": "[entry_points.train]\nnotebook = 'a'\n[entry_points.train]",
}  # fmt: skip
SETTINGS: dict[str, bytes | str] = {
    "empty": "", "cut": "{", "a list": "[]", "null": "null", "a number": "5", "auto of a number": '{"auto": 1}',
    "metrics of a text": '{"metrics": "x"}', "metrics of numbers": '{"metrics": [1]}', "no UTF-8": b"\xff\xfe\0",
    "capture of a number": '{"capture": 5}', "capture of null": '{"capture": null}', "deep": "[" * 100_000,
    "NUL": b"\0\0",
}  # fmt: skip


def _configs() -> Iterator[Case]:
    for what, text in TOML.items():

        def run(ground: Ground, t: Any = text) -> Any:
            path = ground.root / "nbtrack.toml"
            path.write_bytes(t if isinstance(t, bytes) else t.encode())
            try:
                return nbtrack.run_notebook(entry="train")
            finally:
                path.unlink()

        yield Case("configuration", f"nbtrack.toml: {what}", run)
    for what, text in SETTINGS.items():

        def load(ground: Ground, t: Any = text) -> Any:
            path = ground.project.folder / "settings.json"
            path.write_bytes(t if isinstance(t, bytes) else t.encode())
            try:
                return load_settings(ground.project)
            finally:
                path.unlink()

        yield Case("configuration", f"settings.json: {what}", load, ("settings.json",))
    for what, value in {"a file": "here.txt", "long": "x" * 5_000, "nobody's": "~nobody-x/y",
                        "half a character": "a\udc80" * 3_000}.items():  # fmt: skip
        yield Case("configuration", f"NBTRACK_DIR: {what}", lambda ground, v=value: _in_environment(v))


def _in_environment(value: str) -> Any:
    os.environ["NBTRACK_DIR"] = value
    try:
        return len(nbtrack.runs()) or nbtrack.start_run("x")
    finally:
        del os.environ["NBTRACK_DIR"]


def _artifacts() -> Iterator[Case]:
    names = {"NUL": "a\0b", "a way up": "../x", "absolute": "/x", "a drive": "C:/x", "a backslash": "a\\b",
             "dots": "..",
             "half a character": "a\ud800", "empty": " ", "long": "x/" * 3_000, "a line break": "a\nb"}  # fmt: skip
    for what, name in names.items():
        yield Case("artifact", f"to a path with {what}", lambda ground, n=name: _kept(nbtrack.log_text, "x", n))
        yield Case("artifact", f"to a folder with {what}",
                   lambda ground, n=name: _kept(nbtrack.log_artifact, "here.txt", n))  # fmt: skip
    odd: dict[str, Make] = {
        "missing": lambda ground: ground.odd / "none", "a pipe": _fifo, "a socket": _socket,
        "a device": lambda ground: "/dev/null", "a device without end": lambda ground: "/dev/zero",
        "a link in a circle": lambda ground: _linked(ground, "artifact") / "a",
        "our own file": lambda ground: ground.project.database, "our own folder": lambda ground: ground.project.folder,
        "below a file": lambda ground: ground.root / "here.txt" / "x",
    }  # fmt: skip
    for what, make in odd.items():
        yield Case("artifact", f"from {what}", lambda ground, m=make: _kept(nbtrack.log_artifact, ground.made(m)))
        yield Case("artifact", f"all from {what}", lambda ground, m=make: _kept(nbtrack.log_artifacts, ground.made(m)))


def _kept(call: Callable[..., Any], *given: Any) -> Any:
    with nbtrack.start_run("around"):
        return call(*given)


def cases() -> Iterator[Case]:
    """All of them."""
    for part in (_imports, _bundles, _notebooks, _configs, _artifacts):
        yield from part()
