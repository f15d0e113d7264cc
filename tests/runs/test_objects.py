"""Artifact files: each content once, whole or not at all, checked when read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbtrack.base.errors import NotFound, StoreForeign
from nbtrack.runs import objects


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30, deadline=None
)
@given(st.binary(max_size=5000))
def test_bytes_come_back_under_their_sha256(tmp_path: Path, data: bytes) -> None:
    name = objects.put_bytes(tmp_path, data)
    assert name == hashlib.sha256(data).hexdigest()
    assert objects.read(tmp_path, name) == data


def test_a_file_and_its_bytes_are_one_object(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 3_000_000)
    folder = tmp_path / "objects"
    folder.mkdir()
    name, size = objects.put_file(folder, source)
    assert size == 3_000_000
    assert objects.put_bytes(folder, b"x" * 3_000_000) == name
    assert list(objects.all_names(folder)) == [name]
    assert objects.path_of(folder, name).stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        objects.put_file(tmp_path, tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_nothing_under_a_valid_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(handle: int) -> None:
        raise OSError("no room")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no room"):
        objects.put_bytes(tmp_path, b"data")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_it_is_synced_before_and_after_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        events.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        fsync(handle)

    def replaced(source: Path, target: Path) -> None:
        events.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    name = objects.put_bytes(tmp_path, b"data")
    assert events[0].endswith(".tmp")
    assert events[1:] == ["rename", name[:2], tmp_path.name]


def test_a_file_that_is_there_already_is_not_synced_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large file that is kept by every run, this is most of what it costs."""
    source, folder = tmp_path / "model.bin", tmp_path / "objects"
    folder.mkdir()
    source.write_bytes(b"weights")
    first = objects.put_file(folder, source)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    assert objects.put_file(folder, source) == first
    assert synced == []
    assert [path.name for path in folder.iterdir()] == [first[0][:2]]


def test_a_changed_file_is_named_and_a_missing_one_too(tmp_path: Path) -> None:
    name = objects.put_bytes(tmp_path, b"data")
    objects.path_of(tmp_path, name).write_bytes(b"dat4")
    with pytest.raises(StoreForeign, match="changed or damaged"):
        objects.read(tmp_path, name)
    objects.path_of(tmp_path, name).unlink()
    with pytest.raises(NotFound, match="missing"):
        objects.read(tmp_path, name)


def test_what_was_just_stored_or_used_again_is_not_removed(tmp_path: Path) -> None:
    young = objects.put_bytes(tmp_path, b"young")
    old = objects.put_bytes(tmp_path, b"old!")
    again = objects.put_bytes(tmp_path, b"again")
    for name in (old, again):
        os.utime(objects.path_of(tmp_path, name), (1, 1))
    objects.put_bytes(tmp_path, b"again")
    assert objects.remove(tmp_path, [young, old, again, "f" * 64]) == 4
    assert set(objects.all_names(tmp_path)) == {young, again}


def test_a_name_that_leads_elsewhere_neither_reads_nor_removes_a_file(tmp_path: Path) -> None:
    folder, precious = tmp_path / "objects", tmp_path / "precious.txt"
    folder.mkdir()
    precious.write_text("x")
    os.utime(precious, (1, 1))
    for name in ("../precious.txt", f"..{precious}", "..//../../dev/zero", "", "g" * 64, "A" * 64):
        with pytest.raises(StoreForeign, match="makes no sense"):
            objects.read(folder, name)
        assert objects.remove(folder, [name]) == 0
    assert precious.exists()
