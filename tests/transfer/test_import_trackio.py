"""Databases that trackio itself wrote."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from nbtrack.base.errors import BadSource, NbtrackError, StoreForeign
from nbtrack.transfer.importers import guess
from tests.transfer.others import landed, read, write

pytest.importorskip("trackio")

SCRIPT = """
import numpy as np, trackio
trackio.init(project="fish", name="sole", config={"lr": 0.1, "opt": {"name": "adam"}}, group="g1", embed=False)
for i in range(5):
    trackio.log({"loss": 1 / (i + 1), "nested": {"a": i}, "nan": float("nan"), "inf": float("-inf"), "text": "x"})
trackio.log_system({"cpu": 3.0})
trackio.log({"img": trackio.Image(np.zeros((4, 4, 3), dtype="uint8"))})
open("m.txt", "w").write("w")
artifact = trackio.Artifact("model", type="model")
artifact.add_file("m.txt")
trackio.log_artifact(artifact)
trackio.finish()
trackio.init(project="fish", name="sole", embed=False)
trackio.log({"loss": 7.0}, step=3)
trackio.finish()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trackio")
    write(SCRIPT, folder, TRACKIO_DIR=str(folder / "tio"))
    return folder / "tio"


@pytest.fixture
def database(place: Path, tmp_path: Path) -> Path:
    """A copy of the database, to be damaged."""
    with closing(sqlite3.connect(place / "fish.db")) as conn, closing(sqlite3.connect(tmp_path / "fish.db")) as copied:
        conn.backup(copied)
    return tmp_path / "fish.db"


def test_runs_come_with_configuration_history_pictures_and_artifacts(place: Path) -> None:
    sole, again = read("trackio", place)
    assert (sole.run.name, sole.run.experiment, sole.run.status) == ("sole", "fish", "finished")
    assert sole.run.tags == {"group": "g1"}
    assert sole.params == {"lr": 0.1, "opt.name": "adam"}
    assert sole.values("loss") == [1 / (i + 1) for i in range(5)]
    assert sole.steps("nested.a") == [0, 1, 2, 3, 4]
    assert all(map(math.isnan, sole.values("nan")))
    assert sole.values("inf") == [-math.inf] * 5
    assert (sole.values("system/cpu")[-1], sole.sources["system/cpu"]) == (3.0, "system")
    assert sole.run.started <= min(sole.series["loss"][1]) <= (sole.run.ended or 0)
    assert sole.files["artifacts/model/v0/m.txt"] == b"w"
    assert sole.files["media/img/5.png"].startswith(b"\x89PNG")
    lines = [json.loads(line) for line in sole.files["trackio/history.jsonl"].splitlines()]
    assert [line["text"] for line in lines[:5]] == ["x"] * 5
    assert again.series["loss"][::2] == ([3], [7.0])
    assert again.run.id != sole.run.id


def test_the_database_is_left_as_it_is_and_known_by_file_and_folder(place: Path) -> None:
    before = hashlib.sha256((place / "fish.db").read_bytes()).hexdigest()
    assert guess(str(place)).name == guess(str(place / "fish.db")).name == "trackio"
    assert [found.run.id for found in read("trackio", place)] == [
        found.run.id for found in read("trackio", place / "fish.db")
    ]
    assert hashlib.sha256((place / "fish.db").read_bytes()).hexdigest() == before


def test_it_lands_and_the_second_time_nothing_is_new(place: Path, tmp_path: Path) -> None:
    first, then = landed(tmp_path, "trackio", place)
    assert (first.new, first.files, then.new, then.same) == (2, 3, 0, 2)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE metrics SET metrics = '{' WHERE id = 2", "row 2 of metrics"),
        ("UPDATE metrics SET metrics = '[1]' WHERE id = 2", "row 2 of metrics"),
        ("UPDATE metrics SET timestamp = 'noon' WHERE id = 3", "row 3"),
        ("UPDATE configs SET config = x'ff' WHERE id = 1", "configuration of the run 'sole'"),
        ("UPDATE artifact_versions SET manifest = '[{}]'", "artifact 'model'"),
    ],
)
def test_a_broken_record_is_named(database: Path, change: str, what: str) -> None:
    with closing(sqlite3.connect(database)) as conn, conn:
        conn.execute(change)
    with pytest.raises(BadSource, match=what) as raised:
        read("trackio", database)
    assert str(database) in str(raised.value)


def test_a_database_that_would_run_what_somebody_wrote_is_refused(database: Path) -> None:
    with closing(sqlite3.connect(database)) as conn, conn:
        conn.execute("CREATE VIEW secret AS SELECT 1")
    with pytest.raises(StoreForeign, match="view 'secret'"):
        read("trackio", database)


@pytest.mark.parametrize("damage", [lambda body: body[:5000], lambda body: body[:4096] + b"\xff" * (len(body) - 4096)])
def test_a_damaged_database_is_refused(database: Path, damage: Callable[[bytes], bytes]) -> None:
    database.write_bytes(damage(database.read_bytes()))
    with pytest.raises(NbtrackError):
        read("trackio", database)


def test_a_schema_that_is_no_text_any_more_is_refused_by_name(database: Path) -> None:
    """What SQLite says of it quotes it, and is no text either."""
    with closing(sqlite3.connect(database)) as conn:
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("UPDATE sqlite_master SET sql = CAST(x'a0' AS TEXT) || sql, name = CAST(x'a0' AS TEXT) || name")
        conn.commit()
    with pytest.raises(StoreForeign, match="cannot be read as a SQLite database"):
        read("trackio", database)


def test_media_outside_of_its_folder_are_not_taken(place: Path, tmp_path: Path, database: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    shutil.copytree(place / "media", tmp_path / "media")
    with closing(sqlite3.connect(database)) as conn, conn:
        conn.execute(
            "UPDATE metrics SET metrics = ? WHERE step = 5",
            ('{"img": {"_type": "trackio.image", "file_path": "../secret.png"}}',),
        )
    assert not any(path.startswith("media/") for path in read("trackio", database)[0].files)
