"""What the importers are fuzzed with at first: small files that the other trackers wrote, one zip each.

    python tests/fuzz/seeds.py [NAME …]

They are kept, so that fuzzing needs no tracker but those whose packages the importers themselves use.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # called as a script

from tests.fuzz.mutate import mended_wandb

SEEDS = Path(__file__).resolve().parent / "seeds"
_WHEN = (2026, 1, 1, 0, 0, 0)
_LEFT_OUT = ("LOG", "OPTIONS-*", "requirements.txt", "debug*.log", "LOCK")  # what no importer reads


def packed(folder: Path, target: Path) -> None:
    """A folder as a zip that is the same for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not any(map(path.match, _LEFT_OUT)):
                name = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _WHEN)
                archive.writestr(name, path.read_bytes(), zipfile.ZIP_DEFLATED)


def unpacked(name: str) -> dict[str, bytes]:
    """The files of a seed by their paths."""
    with zipfile.ZipFile(SEEDS / f"{name}.zip") as archive:
        return {one: archive.read(one) for one in archive.namelist()}


def _tensorboard(folder: Path) -> Path:
    from tests.transfer.others import write
    from tests.transfer.test_import_tensorboard import SCRIPT

    write(SCRIPT, folder)
    return folder


def _wandb(folder: Path) -> Path:
    from tests.transfer.others import write
    from tests.transfer.test_import_wandb import QUIET, WHOLE

    write(WHOLE, folder, WANDB_DATA_DIR=str(folder / "data"), **QUIET)
    for path in folder.rglob("*.wandb"):  # without where it was made; as long, since its lengths stand before it
        told = path.read_bytes()
        for place in (str(folder).encode(), sys.prefix.encode()):
            told = told.replace(place, b"/" + b"x" * (len(place) - 1))
        path.write_bytes(mended_wandb(told))
    return folder / "wandb"


def _trackio(folder: Path) -> Path:
    import sqlite3
    from contextlib import closing

    from tests.transfer.others import write
    from tests.transfer.test_import_trackio import SCRIPT

    write(SCRIPT, folder, TRACKIO_DIR=str(folder / "tio"))
    for path in (folder / "tio").rglob("*.db"):
        with closing(sqlite3.connect(path)) as conn:  # nothing left in the -wal file
            conn.execute("PRAGMA journal_mode = DELETE")
            conn.execute("VACUUM")
    return folder / "tio"


def _dvclive(folder: Path) -> Path:
    from tests.transfer.others import write
    from tests.transfer.test_import_dvclive import SCRIPT

    write(SCRIPT, folder, DVC_NO_ANALYTICS="true")
    return folder / "dvclive"


def _aim(folder: Path) -> Path:
    from tests.transfer.others import write
    from tests.transfer.test_import_aim import SCRIPT

    write(SCRIPT, folder, dies=True)
    return folder


def _neptune(folder: Path) -> Path:
    from tests.transfer import test_import_neptune as made

    return made.place.__wrapped__(folder)  # the function behind the fixture


def _mlflow(folder: Path) -> Path:
    from tests.transfer.mlflow_made import make

    made = folder / "mlruns"
    make(made.as_uri(), folder)
    for path in made.rglob("meta.yaml"):  # the folder is unpacked elsewhere
        path.write_text(path.read_text().replace(folder.as_uri(), "file:///elsewhere"))
    for path in made.rglob("metrics/many"):
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:20]))
    return made


def _bundle(folder: Path) -> Path:
    from tests.fuzz.on_importers import _bundled, _filled

    made = _bundled(_filled(folder / "project"), folder / "all.zip")
    assert made is not None
    with zipfile.ZipFile(made) as archive:
        archive.extractall(folder / "members")
    return folder / "members"


MAKERS: dict[str, Callable[[Path], Path]] = {
    "bundle": _bundle,
    "tensorboard": _tensorboard,
    "wandb": _wandb,
    "trackio": _trackio,
    "dvclive": _dvclive,
    "aim": _aim,
    "neptune": _neptune,
    "mlflow": _mlflow,
}


def main(names: list[str]) -> None:
    """Make them anew."""
    SEEDS.mkdir(exist_ok=True)
    for name in names or MAKERS:
        with tempfile.TemporaryDirectory() as folder:
            before = Path.cwd()
            try:
                packed(MAKERS[name](Path(folder)), SEEDS / f"{name}.zip")
            finally:
                os.chdir(before)


if __name__ == "__main__":
    main(sys.argv[1:])
