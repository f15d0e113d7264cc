"""Archives: what a bundle's members are called, where they lie and what they unpack to is looked at before any is read.

What else of a bundle is refused is in `tests/transfer/test_bundle.py`. Here: members that lie over one another,
archives in archives, and what those defences are for, shown by leaving them out.
"""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import BadSource
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService
from nbtrack.transfer import bundle as form
from nbtrack.transfer.importers import bundle
from nbtrack.transfer.importers.bundle import Bundle
from nbtrack.transfer.landing import land
from nbtrack.transfer.records import OWN

from .conftest import LEADING_OUT
from .watching import watched

ZEROS = 8 << 20


@pytest.fixture
def sound(project: Project, tmp_path: Path) -> Path:
    """A bundle of a run with two files, one of them an archive."""
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escaped.txt", bytes(ZEROS))
    with current.begin(project, name="one") as run:
        run.add_file(inner, "inner.zip")
        run.add_bytes("zeros.bin", bytes(1 << 16))
    RunsService(project).refresh(force=True)
    return Path(nbtrack.export(str(tmp_path / "sound.nbtrack.zip")))


@pytest.fixture
def other(tmp_path: Path, project: Project) -> Project:
    """A project to import into."""
    (tmp_path / "other").mkdir()
    return Project(tmp_path / "other")


def imported(project: Project, path: Path) -> Any:
    return land(project, Bundle().read(str(path), {}), OWN)


def with_member(source: Path, target: Path, name: str, data: bytes) -> Path:
    """The bundle with one more member, of which its manifest knows."""
    with zipfile.ZipFile(source) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    said = json.loads(members.pop("manifest.json"))
    said |= {"members": said["members"] + 1, "bytes": said["bytes"] + len(data)}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in {**members, name: data, "manifest.json": json.dumps(said).encode()}.items():
            archive.writestr(one, content)
    return target


def overlapping(source: Path, target: Path) -> Path:
    """The bundle with an entry that says it lies where another member does, as in a bomb whose members share bytes."""
    data = bytearray(source.read_bytes())
    end = data.rfind(b"PK\x05\x06")
    count, _, start = struct.unpack("<HII", data[end + 10 : end + 20])
    at, entries = start, []
    for _ in range(count):
        lengths = struct.unpack("<HHH", data[at + 28 : at + 34])
        length = 46 + sum(lengths)
        entries.append(bytes(data[at : at + length]))
        at += length
    name = b"objects/" + b"0" * 64
    twin = next(one for one in entries if b"objects/" in one[46:54])
    extra = twin[:46] + name + twin[46 + struct.unpack("<H", twin[28:30])[0] :]
    directory = b"".join([*entries, extra])
    tail = struct.pack("<HHII", count + 1, count + 1, len(directory), start)
    target.write_bytes(bytes(data[:start]) + directory + bytes(data[end : end + 8]) + tail + bytes(data[end + 20 :]))
    assert len(zipfile.ZipFile(target).namelist()) == count + 1
    return target


def test_an_archive_in_a_bundle_stays_one_file(sound: Path, other: Project) -> None:
    with watched() as heard:
        landed = imported(other, sound)
    assert landed.files == 2
    assert not heard.outside(other.folder)
    service = RunsService(other)
    sizes = {one.path: one.size for one in service.get(c.RunRequest("one")).artifacts}
    assert sizes["inner.zip"] < ZEROS // 100


@pytest.mark.parametrize("name", [one for one in LEADING_OUT if "\0" not in one][::3], ids=repr)
def test_a_member_of_any_name_is_refused_and_nothing_is_written(
    name: str, sound: Path, other: Project, tmp_path: Path
) -> None:
    broken = with_member(sound, tmp_path / "broken.nbtrack.zip", name, b"x")
    with watched() as heard, pytest.raises(BadSource, match="which no bundle has"):
        imported(other, broken)
    assert not heard.outside(other.folder, tmp_path / "project" / ".nbtrack")


def test_members_that_lie_over_one_another_are_refused(sound: Path, other: Project, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="lies inside of another"):
        imported(other, overlapping(sound, tmp_path / "over.nbtrack.zip"))


def unchecked(self: Any, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """What a reader does that looks at nothing."""
    return {info.filename: info for info in infos}


def test_without_its_defence_a_bundle_with_any_member_is_taken_and_still_nothing_leaves(
    sound: Path, other: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle._Reader, "_checked", unchecked)
    broken = with_member(sound, tmp_path / "broken.nbtrack.zip", "../../escaped.txt", b"x")
    with watched() as heard:
        assert imported(other, broken).new == 1
    assert not heard.outside(other.folder), "no name of a member is a path"


def test_a_file_that_unpacks_to_far_more_is_refused_and_without_its_defence_is_unpacked(
    sound: Path, other: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = with_member(sound, tmp_path / "bomb.nbtrack.zip", "objects/" + "0" * 64, bytes(ZEROS))
    assert bomb.stat().st_size < ZEROS // 100
    monkeypatch.setattr(form, "TRUSTED", 1 << 20)
    with pytest.raises(BadSource, match="would unpack to"):
        imported(other, bomb)
    monkeypatch.setattr(form, "TRUSTED", 1 << 40)
    assert imported(other, bomb).new == 1
