"""Repositories that Aim itself wrote, some of their runs never indexed."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nbtrack.base.errors import BadSource
from nbtrack.transfer.importers import guess, importer
from nbtrack.transfer.importers.aim import _Run
from tests.transfer.others import write

if find_spec("aim") is None:
    pytest.skip("Aim has no wheels for this Python", allow_module_level=True)

SCRIPT = """
import os, signal, sys, aim, numpy as np
aim.Repo(".", init=True)
quiet = dict(repo=".", system_tracking_interval=None, log_system_params=False, capture_terminal_logs=False)
run = aim.Run(experiment="fish", **quiet)
run.name, run.description = "sole", "hi"
run.add_tag("a")
run["hparams"] = {"lr": 0.1, "opt": {"name": "adam", "b": [1, 2]}, "n": 2**40}
run["more"] = "x"
for i in range(4):
    run.track(1 / (i + 1), name="loss", step=i, context={"subset": "train"})
    run.track(float("nan"), name="nan", step=i, context={"fold": 1})
run.track(aim.Image(np.zeros((4, 4, 3), dtype="uint8")), name="img", step=0)
run.track(aim.Text("hello"), name="txt", step=0)
run.track(aim.Distribution([1, 2, 3]), name="dist", step=0)
run.close()
run = aim.Run(experiment="fish", **quiet)
run.name = "killed"
run.track(1.0, name="loss", step=0)
os.kill(os.getpid(), signal.SIGKILL)
"""
# Aim warns of what it uses itself, so it is kept to a process of its own here, too.
READ = """
import json, sys
from pathlib import Path
from nbtrack.base.errors import BadSource
from tests.transfer.others import landed, read
found = read("aim", sys.argv[1])
first, then = landed(Path(sys.argv[2]), "aim", sys.argv[1])
try:
    read("aim", sys.argv[3])
except BadSource as error:
    refused = str(error)
print(json.dumps({
    "runs": [{"name": one.run.name, "experiment": one.run.experiment, "status": one.run.status, "note": one.run.note,
              "tags": one.run.tags, "params": one.params, "series": one.series, "notes": one.notes,
              "files": {path: data.hex() for path, data in one.files.items()}} for one in found],
    "landed": [first.new, then.new, then.same],
    "refused": refused,
}))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("aim")
    write(SCRIPT, folder, dies=True)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_runs_come_with_what_aim_has_of_them_and_the_repository_stays_as_it_is(place: Path, tmp_path: Path) -> None:
    before = digests(place)
    shutil.copytree(place / ".aim", tmp_path / "damaged" / ".aim")
    (tmp_path / "damaged" / ".aim" / "run_metadata.sqlite").write_bytes(b"nothing")
    (tmp_path / "project").mkdir()
    places = [str(place), str(tmp_path / "project"), str(tmp_path / "damaged")]
    found = json.loads(write(READ, Path(__file__).resolve().parent.parent.parent, *places).splitlines()[-1])
    assert digests(place) == before
    sole, killed = sorted(found["runs"], key=lambda one: one["name"], reverse=True)
    assert (sole["name"], sole["experiment"], sole["status"], sole["note"]) == ("sole", "fish", "finished", "hi")
    assert sole["tags"] == {"a": ""}
    assert sole["params"] == {"lr": 0.1, "opt.name": "adam", "opt.b": [1, 2], "n": 2**40, "more": "x"}
    assert sole["series"]["train/loss"][0] == [0, 1, 2, 3]
    assert sole["series"]["train/loss"][2] == [1 / (i + 1) for i in range(4)]
    assert all(map(math.isnan, sole["series"]["nan [fold=1]"][2]))
    assert bytes.fromhex(sole["files"]["images/img/0.png"]).startswith(b"\x89PNG")
    assert bytes.fromhex(sole["files"]["texts/txt/0.txt"]) == b"hello"
    assert "1 of Aim's distributions" in sole["notes"]
    assert (killed["status"], killed["series"]["loss"][2]) == ("crashed", [1.0])
    assert found["landed"] == [2, 0, 2]
    assert f"'{tmp_path / 'damaged' / '.aim'}', the run " in found["refused"]


def test_it_is_known_by_its_folder_and_the_one_around_it(place: Path) -> None:
    assert guess(str(place)).name == guess(str(place / ".aim")).name == "aim"


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no repository"):
        list(importer("aim").read(str(tmp_path), {}))


def test_pictures_that_are_listed_and_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = ModuleType("aim.storage.context")  # Aim itself is kept to a process of its own
    stub.Context = dict  # type: ignore[attr-defined]
    for name in ("aim", "aim.storage", "aim.storage.context"):
        monkeypatch.setitem(sys.modules, name, stub)

    class Listed:
        hash = "h"

        def collect_sequence_info(self, kinds: tuple[str, ...]) -> dict[str, Any]:
            return {kind: [{"name": "faces", "context": {}}] for kind in kinds}

        def get_image_sequence(self, name: str, context: Any) -> None:
            return None

    with pytest.raises(BadSource, match="'faces' cannot be read: it is listed, but not there"):
        list(_Run(tmp_path, Listed()).files())
