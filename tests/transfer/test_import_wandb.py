"""Runs that W&B itself wrote to the disk, whole, killed and damaged."""

from __future__ import annotations

import json
import math
import os
import shutil
import struct
import sys
import zlib
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.errors import BadSource, CannotRun, NbtrackError
from nbtrack.transfer.importers import guess
from tests.transfer.others import landed, notes_of, read, write

pytest.importorskip("wandb")

WHOLE = """
import numpy as np, os, time, wandb
run = wandb.init(project="fish", name="sole", config={"lr": 0.1, "opt": {"name": "adam", "betas": [0.9, 0.99]},
    "n": 2**70}, tags=["a", "b"], notes="hello", group="g1", job_type="train",
    settings=wandb.Settings(x_stats_sampling_interval=0.1))
for i in range(5):
    run.log({"loss": 1 / (i + 1), "nested": {"a": i}, "nan": float("nan"), "inf": float("-inf"), "text": f"x{i}",
        "neg": -0.0, "big": 2**60 + 1})
run.log({"hist": wandb.Histogram([1, 2, 3]), "img": wandb.Image(np.zeros((4, 4, 3), dtype="uint8")),
    "tab": wandb.Table(columns=["a", "b"], data=[[1, "x"]])}, step=10)
run.summary["best"] = 0.9
run.summary["word"] = "good"
open("model.txt", "w").write("weights")
artifact = wandb.Artifact("model", "model")
artifact.add_file("model.txt")
run.log_artifact(artifact)
run.save("model.txt")
run.config.update({"late": True})
time.sleep(2)  # of the machine itself it tells every so often
run.finish()
wandb.init(project="fish", name="failed").finish(exit_code=3)
"""
KILLED = """
import glob, os, signal, time, wandb
run = wandb.init(project="fish", name="killed")
for i in range(1500):
    run.log({"loss": float(i)})
for _ in range(800):  # it writes a block of 32 KiB at a time
    if max(map(os.path.getsize, glob.glob("wandb/offline-run-*/*.wandb"))) > 40000:
        break
    time.sleep(0.1)
os.kill(os.getpid(), signal.SIGKILL)
"""
QUIET = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_CONSOLE": "off", "WANDB_ERROR_REPORTING": "false"}
BLOCK = 32768


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wandb")
    write(WHOLE, folder, WANDB_DATA_DIR=str(folder / "data"), **QUIET)
    return folder


@pytest.fixture(autouse=True)
def data(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_DATA_DIR", str(place / "data"))


@pytest.fixture
def log(place: Path, tmp_path: Path) -> Path:
    """The file of the first run, to be damaged."""
    found = sorted(place.glob("wandb/offline-run-*/*.wandb"))[0]
    return Path(shutil.copy(found, tmp_path / found.name))


def test_a_run_comes_with_all_that_wandb_kept_of_it(place: Path) -> None:
    sole, failed = read("wandb", place / "wandb")
    run = sole.run
    assert (run.name, run.experiment, run.status, run.note) == ("sole", "fish", "finished", "hello")
    assert run.tags == {"a": "", "b": "", "group": "g1", "job_type": "train", "summary.word": "good"}
    assert sole.params == {"lr": 0.1, "opt.name": "adam", "opt.betas": [0.9, 0.99], "n": 2**70, "late": True}
    assert sole.values("loss") == [1 / (i + 1) for i in range(5)]
    assert sole.steps("loss") == [0, 1, 2, 3, 4]
    assert all(run.started <= time <= (run.ended or 0) for time in sole.series["loss"][1])
    assert sole.values("nested.a") == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert all(map(math.isnan, sole.values("nan")))
    assert sole.values("inf") == [-math.inf] * 5
    assert [math.copysign(1, value) for value in sole.values("neg")] == [-1.0] * 5
    assert "'big' has an integer" in sole.notes
    assert sole.values("best") == [0.9]
    assert any(key.startswith("system/") and sole.sources[key] == "system" for key in sole.series)
    assert (run.environment or {})["python"].startswith("3.")
    assert (failed.run.name, failed.run.status, failed.run.end_reason) == ("failed", "failed", "exit code 3")


def test_files_media_and_artifacts_come_and_what_is_no_number_goes_into_a_file(place: Path) -> None:
    sole = read("wandb", place / "wandb")[0]
    assert sole.files["artifacts/model/model.txt"] == b"weights"
    assert sole.files["model.txt"] == b"weights"
    pictures = [path for path in sole.files if path.startswith("media/images/")]
    assert len(pictures) == 1
    assert sole.kinds[pictures[0]] == "media"
    lines = [json.loads(line) for line in sole.files["wandb/history.jsonl"].splitlines()]
    assert [line["text"] for line in lines[:5]] == [f"x{i}" for i in range(5)]
    assert lines[5]["step"] == 10
    assert lines[5]["hist"]["_type"] == "histogram"


@pytest.mark.parametrize("what", ["", "wandb", "wandb/offline-run-*", "wandb/offline-run-*/*.wandb"])
def test_it_is_known_by_the_folder_around_it_its_own_and_its_file(place: Path, what: str) -> None:
    source = sorted(place.glob(what))[0] if what else place
    assert guess(str(source)).name == "wandb"
    assert read("wandb", source)[0].run.id == read("wandb", place)[0].run.id


def test_it_lands_and_the_second_time_nothing_is_new(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, then = landed(tmp_path, "wandb", place)
    assert (first.new, then.new, then.same, then.changed) == (2, 0, 2, 0)
    monkeypatch.chdir(tmp_path)
    sole = next(run for run in nbtrack.runs() if run.name == "sole")
    assert list(sole.metrics("loss")["value"]) == [1 / (i + 1) for i in range(5)]
    assert sole.artifacts["artifacts/model/model.txt"].bytes() == b"weights"


def test_a_killed_run_is_crashed_and_has_what_was_written(tmp_path: Path) -> None:
    write(KILLED, tmp_path, dies=True, **QUIET)
    found = read("wandb", tmp_path)[0]
    assert (found.run.name, found.run.status) == ("killed", "crashed")
    assert "no end" in (found.run.end_reason or "")
    count = len(found.values("loss"))
    assert count > 100
    assert found.values("loss") == [float(i) for i in range(count)]


def test_a_file_that_ends_anywhere_gives_what_came_before(log: Path) -> None:
    whole = log.read_bytes()
    points = len(read("wandb", log)[0].values("loss"))
    counts, said = set(), []
    for size in range(len(whole) - 1, 1500, -397):
        log.write_bytes(whole[:size])
        found = read("wandb", log)[0]
        counts.add(len(found.series.get("loss", ([], [], []))[0]))
        said.append("The file is cut at record" in found.notes)
    assert sum(said) > len(said) / 2  # some end between two records
    assert max(counts) == points
    assert min(counts) < points


def test_damage_before_the_last_block_is_an_error_that_names_file_and_record(log: Path) -> None:
    body = log.read_bytes()
    padding = b"\0" * 40000  # a record that crosses a block, and one behind it
    pieces = _framed([padding, padding], len(body))
    log.write_bytes(_damaged(body + pieces, 1000))
    with pytest.raises(BadSource, match=r"run-\w+\.wandb', record \d+ cannot be read: the checksum") as raised:
        read("wandb", log)
    assert str(log) in str(raised.value)


@pytest.mark.parametrize("content", [b"", b":W&B", b"not at all", b":W&B\xe1\xbe\x07", b":W&B\xe1\xbe\x00"])
def test_what_is_no_such_file_or_holds_no_run_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run-x.wandb"
    path.write_bytes(content)
    with pytest.raises(BadSource, match=r"run-x\.wandb"):
        read("wandb", path)


def test_a_record_that_is_no_protocol_buffer_is_named(tmp_path: Path, log: Path) -> None:
    head = struct.pack("<4sHB", b":W&B", 0xBEE1, 0)
    log.write_bytes(head + _framed([b"\xff" * 20, b"x"], len(head)))
    with pytest.raises(NbtrackError, match="record 1"):
        read("wandb", log)


def test_an_empty_run_among_others_is_said_and_passed_over(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "wandb", tmp_path / "wandb", symlinks=True)
    empty = tmp_path / "wandb" / "offline-run-20200101_000000-empty"
    empty.mkdir()
    (empty / "run-empty.wandb").write_bytes(struct.pack("<4sHB", b":W&B", 0xBEE1, 0))
    assert len(read("wandb", tmp_path)) == 2
    assert ["run-empty.wandb" in note for note in notes_of("wandb", tmp_path)] == [True]


def test_a_file_that_names_others_of_this_machine_does_not_get_them(place: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("weights")
    shutil.copytree(place / "wandb", tmp_path / "in" / "wandb", symlinks=True)
    run = sorted((tmp_path / "in" / "wandb").glob("offline-run-*"))[0]
    os.symlink(secret, run / "files" / "stolen.txt")
    found = read("wandb", tmp_path / "in")[0]
    assert "stolen.txt" not in found.files
    assert "'stolen.txt' is a link that leads out" in found.notes


def _framed(records: list[bytes], at: int) -> bytes:
    """Records in LevelDB's log format, the first at a place in the file."""
    made = b""
    for record in records:
        rest, first = record, True
        while True:
            room = BLOCK - (at + len(made)) % BLOCK
            if room < 7:
                made += b"\0" * room
                continue
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = (1 if first else 4) if not rest else (2 if first else 3)
            made += struct.pack("<IHB", zlib.crc32(piece, zlib.crc32(bytes((kind,)))), len(piece), kind) + piece
            first = False
            if not rest:
                break
    return made


def _damaged(body: bytes, place: int) -> bytes:
    return body[:place] + bytes((body[place] ^ 0xFF,)) + body[place + 1 :]


def test_without_wandb_it_says_what_to_install(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb.proto.wandb_internal_pb2", None)
    assert guess(str(place)).name == "wandb"
    with pytest.raises(CannotRun, match="cannot be imported") as raised:
        read("wandb", place)
    assert "nbtrack[wandb]" in raised.value.hint
