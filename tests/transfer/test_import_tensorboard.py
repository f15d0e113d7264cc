"""Event files that torch's SummaryWriter wrote, whole, still being written, and damaged."""

from __future__ import annotations

import math
import shutil
import struct
from pathlib import Path

import pytest

from nbtrack.base.errors import BadSource
from nbtrack.transfer.importers import guess, tensorboard_frames
from nbtrack.transfer.importers.parts import Notes
from tests.transfer.others import landed, read, write

pytest.importorskip("tensorboard")

SCRIPT = """
import math, sys, numpy as np, torch
from torch.utils.tensorboard import SummaryWriter
w = SummaryWriter("runs/one")
for i in range(300):
    w.add_scalar("loss", 1 / (i + 1), i, walltime=1700000000 + i)
w.add_scalar("odd", float("nan"), -5)
w.add_scalar("odd", float("inf"), 2**60)
w.add_scalar("new", 0.5, 1, new_style=True)
w.add_image("deep/img", np.zeros((3, 4, 4), dtype="uint8"), 3)
w.add_text("note", "hello **x**", 1)
w.add_histogram("weights", np.arange(10), 1)
w.add_hparams({"lr": 0.1, "opt": "adam", "depth": 3}, {"hp/acc": 0.9})
w.close()
w = SummaryWriter("runs/two")
w.add_scalar("loss", 2.0, 0)
for i in range(2):
    w.add_hparams({"lr": i}, {"acc": i}, run_name=f"170000000{i}.5")
w.close()
"""
FLOAT32 = struct.Struct("<f")


def float32(value: float) -> float:
    found: float = FLOAT32.unpack(FLOAT32.pack(value))[0]
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tensorboard")
    write(SCRIPT, folder)
    return folder / "runs"


@pytest.fixture
def events(place: Path, tmp_path: Path) -> Path:
    """The event file of the first run, to be damaged."""
    found = sorted((place / "one").glob("events*"))[0]
    return Path(shutil.copy(found, tmp_path / found.name))


def test_scalars_hparams_images_and_texts_come(place: Path) -> None:
    one = next(found for found in read("tensorboard", place) if found.run.name == "one")
    assert one.run.experiment == "runs"
    assert one.run.started == 1700000000.0
    assert one.steps("loss") == list(range(300))
    assert one.series["loss"][1] == [1700000000.0 + i for i in range(300)]
    assert one.values("loss") == [float32(1 / (i + 1)) for i in range(300)]
    assert one.steps("odd") == [-5, 2**60]
    assert math.isnan(one.values("odd")[0])
    assert one.values("odd")[1] == math.inf
    assert one.values("new") == [0.5]
    assert one.params == {"lr": 0.1, "opt": "adam", "depth": 3}
    assert one.values("hp/acc") == [float32(0.9)]
    assert one.files["images/deep/img/3.png"].startswith(b"\x89PNG")
    assert one.files["text/note/text_summary/1.txt"] == b"hello **x**"
    assert "1 of TensorBoard's 'histograms' stay in the event files" in one.notes


def test_a_folder_that_add_hparams_made_is_a_run_of_its_own_where_there_are_several(place: Path) -> None:
    names = {found.run.name: found.params for found in read("tensorboard", place)}
    assert names["two"] == {}
    assert names["two/1700000000.5"] == {"lr": 0}
    assert names["two/1700000001.5"] == {"lr": 1}
    assert len(names) == 4


def test_a_run_is_known_wherever_its_folder_lies(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place, tmp_path / "elsewhere")
    again = {found.run.id for found in read("tensorboard", tmp_path / "elsewhere")}
    assert {found.run.id for found in read("tensorboard", place)} == again
    assert guess(str(place)).name == "tensorboard"
    assert guess(str(next((place / "one").glob("events*")))).name == "tensorboard"


def test_it_lands_and_the_second_time_nothing_is_new(place: Path, tmp_path: Path) -> None:
    first, then = landed(tmp_path, "tensorboard", place)
    assert (first.new, first.experiments, then.new, then.same) == (4, {"runs": 4}, 0, 4)


def test_what_it_reads_is_what_tensorboards_own_reader_reads(events: Path) -> None:
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

    assert list(tensorboard_frames.records(events, Notes())) == list(RawEventFileLoader(str(events)).Load())


def test_a_file_that_ends_anywhere_gives_what_came_before_and_says_so(events: Path) -> None:
    whole, said = events.read_bytes(), []
    for size in range(len(whole) - 1, 200, -997):
        events.write_bytes(whole[:size])
        (found,) = read("tensorboard", events)
        count = len(found.series.get("loss", ([], [], []))[0])
        assert found.series.get("loss", ([], [], []))[0] == list(range(count))
        said.append("ends in the middle of record" in found.notes)
    assert sum(said) > len(said) / 2  # some end between two records


@pytest.mark.parametrize("place_of_damage", [0, 9, 13, 5000, 12000])
def test_damage_is_an_error_that_names_file_and_record(events: Path, place_of_damage: int) -> None:
    body = bytearray(events.read_bytes())
    body[place_of_damage] ^= 0x10
    events.write_bytes(body)
    with pytest.raises(BadSource, match=r"events.*, record \d+ cannot be read: .*checksum") as raised:
        read("tensorboard", events)
    assert str(events) in str(raised.value)


def test_records_of_any_length_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1.x"
    bodies = [bytes([n % 256]) * n for n in (0, 1, 7, 300, 70_000)] + [b"same length"] * 200
    path.write_bytes(b"".join(_framed(body) for body in bodies))
    assert list(tensorboard_frames.records(path, Notes())) == bodies
    for number in (4, 150):
        wrong = [body if n != number else bytes([body[0] ^ 1]) + body[1:] for n, body in enumerate(bodies)]
        framed = [_framed(body, of=right) for body, right in zip(wrong, bodies, strict=True)]
        path.write_bytes(b"".join(framed))
        with pytest.raises(BadSource, match=f"record {number + 1} "):
            list(tensorboard_frames.records(path, Notes()))


def test_a_record_that_is_no_event_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1.x"
    path.write_bytes(_framed(b"\xff" * 30))
    with pytest.raises(BadSource, match="record 1"):
        read("tensorboard", path)


def test_a_folder_without_event_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no event file"):
        read("tensorboard", tmp_path)


def _framed(body: bytes, of: bytes | None = None) -> bytes:
    """A record; of: the one that its checksum is of."""
    table = tensorboard_frames._table().tolist()

    def masked(data: bytes) -> bytes:
        found: int = tensorboard_frames._masked(tensorboard_frames._crc(data, table))
        return struct.pack("<I", found)

    length = struct.pack("<Q", len(body))
    return length + masked(length) + body + masked(body if of is None else of)
