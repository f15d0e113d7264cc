"""The journal: what was appended is read back, whatever happened to the process, the disk or the file."""

from __future__ import annotations

import errno
import mmap
import os
import signal
import threading
from pathlib import Path

import pytest

from nbtrack.base import journal
from nbtrack.base.journal import HEADER_SIZE, Journal, Segment, damaged, read_segment, records, segments

WRITER = "0123456789ab"


def bodies(data: bytes) -> list[bytes]:
    return [body for _, body in records(data, HEADER_SIZE)]


def everything(folder: Path) -> list[bytes]:
    return [body for segment in segments(folder) for body in bodies(read_segment(segment))]


def test_what_was_appended_is_read_back_by_another_reader(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER)
    given = [b"a", b"\0\0\0", bytes(range(256)), b"x" * 5000]
    for body in given:
        writing.append(body)
    assert everything(tmp_path) == given


def test_segments_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    Journal(tmp_path, WRITER).append(b"a")
    (segment,) = segments(tmp_path)
    assert segment.path.stat().st_mode & 0o777 == 0o600


def test_a_full_segment_is_followed_by_one_that_begins_with_the_preamble(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER, preamble=lambda: [b"who", b"what"], size=400)
    given = [b"%03d" % number * 20 for number in range(30)]
    for body in given:
        writing.append(body)
    found = segments(tmp_path)
    assert len(found) > 3
    assert [segment.number for segment in found] == list(range(1, len(found) + 1))
    assert all(bodies(read_segment(segment))[:2] == [b"who", b"what"] for segment in found)
    assert [body for body in everything(tmp_path) if body not in (b"who", b"what")] == given


def test_a_record_larger_than_a_segment_gets_a_segment_of_its_size(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER, size=400)
    given = [b"small", b"x" * 100_000, b"after"]
    for body in given:
        writing.append(body)
    assert everything(tmp_path) == given


def test_a_record_beyond_the_limit_is_refused_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MAX_RECORD", 1000)
    writing = Journal(tmp_path, WRITER, size=400)
    writing.append(b"before")
    with pytest.raises(ValueError, match="larger than"):
        writing.append(b"x" * 1001)
    writing.append(b"after")
    assert everything(tmp_path) == [b"before", b"after"]


def test_pending_gives_what_was_written_since_and_release_deletes_what_is_done(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER, size=300)
    for number in range(12):
        writing.append(b"%02d" % number * 20)
    first = writing.pending(0, 0)
    assert [body for _, data, _ in first for _, body in records(data)] == [b"%02d" % n * 20 for n in range(12)]
    number, data, start = first[-1]
    writing.append(b"new")
    later = writing.pending(number, start + len(data))
    assert [body for _, data, _ in later for _, body in records(data)] == [b"new"]
    writing.release(number)
    assert [segment.number for segment in segments(tmp_path)] == list(range(number, writing.number + 1))


def test_a_last_record_cut_short_by_a_kill_is_no_damage_and_hides_nothing(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER)
    writing.append(b"one")
    writing.append(b"two")
    end = writing.offset
    writing.append(b"x" * 100)
    (segment,) = segments(tmp_path)
    whole = bytearray(segment.path.read_bytes())
    for kept in range(8, 107):  # the header of the record is there, its body in part
        torn = bytes(whole[: end + kept]) + bytes(len(whole) - end - kept)
        assert bodies(torn) == [b"one", b"two"]
        assert not damaged(torn, end), kept


def test_a_flipped_bit_in_the_middle_is_seen_and_told_from_a_torn_end(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER)
    ends = []
    for body in (b"one", b"two", b"three"):
        writing.append(body)
        ends.append(writing.offset)
    (segment,) = segments(tmp_path)
    whole = segment.path.read_bytes()
    for place in range(ends[0], ends[1]):
        for bit in range(8):
            broken = bytearray(whole)
            broken[place] ^= 1 << bit
            stops = [stop for stop, _ in records(bytes(broken), HEADER_SIZE)]
            assert stops == [ends[0]], "the flip was not seen"
    for place in (9, 6, 7):  # in the body; in its length, which is larger than the file then
        broken = bytearray(whole)
        broken[ends[0] + place] ^= 64
        assert damaged(bytes(broken), ends[0])
    assert not damaged(whole, ends[-1])


def test_a_header_of_another_writer_or_format_is_refused(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER)
    writing.append(b"one")
    (segment,) = segments(tmp_path)
    renamed = Segment(segment.path, "f" * 12, 1)
    with pytest.raises(ValueError, match="renamed"):
        read_segment(renamed)
    whole = bytearray(segment.path.read_bytes())
    whole[0] ^= 1
    segment.path.write_bytes(whole)
    with pytest.raises(ValueError, match="format"):
        read_segment(segment)
    segment.path.write_bytes(b"short")
    with pytest.raises(ValueError, match="shorter"):
        read_segment(segment)
    segment.path.write_bytes(bytes(4096))
    assert read_segment(segment) == b""
    segment.path.write_bytes(bytes(4096) + b"written before the header was, by a system whose power went")
    with pytest.raises(ValueError, match="format"):
        read_segment(segment)
    segment.path.unlink()
    assert read_segment(segment) == b""


def test_a_segment_has_its_header_before_any_reader_can_see_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Segment]] = []
    allocate = journal.allocate

    def look_then_allocate(path: Path, size: int) -> mmap.mmap:
        made = allocate(path, size)
        seen.append(segments(tmp_path))  # a reader that comes while the file is still empty
        return made

    monkeypatch.setattr(journal, "allocate", look_then_allocate)
    Journal(tmp_path, WRITER).append(b"a")
    assert seen == [[]]
    assert everything(tmp_path) == [b"a"]


def no_room(path: Path, size: int) -> mmap.mmap:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_without_room_for_a_segment_nothing_is_written_and_the_journal_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = Journal(tmp_path, WRITER, size=300)
    writing.append(b"one" * 60)
    with monkeypatch.context() as full:
        full.setattr(journal, "allocate", no_room)
        with pytest.raises(OSError, match="No space"):
            writing.append(b"two" * 60)
    writing.append(b"three" * 30)
    assert everything(tmp_path) == [b"one" * 60, b"three" * 30]


def test_what_finds_no_room_is_handed_to_who_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bytes] = []
    writing = Journal(tmp_path, WRITER, full=lambda body, error: held.append(body))
    monkeypatch.setattr(journal, "allocate", no_room)
    writing.append(b"one")
    assert held == [b"one"]
    with pytest.raises(OSError, match="No space"):
        writing.put(b"two")
    assert held == [b"one"]
    monkeypatch.undo()
    writing.put(b"two")
    assert everything(tmp_path) == [b"two"]


def test_a_file_system_without_fallocate_gets_zeros_written_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, offset: int, size: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "not here")

    write = os.write
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:1000]))  # short writes are allowed
    made = journal.allocate(tmp_path / "made", 100_001)
    assert len(made) == 100_001
    assert (tmp_path / "made").stat().st_blocks * 512 >= 100_001, "a hole would kill the process when the disk is full"
    made.close()


def test_a_failed_allocation_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, offset: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(OSError, match="full"):
        journal.allocate(tmp_path / "made", 4096)
    assert not list(tmp_path.iterdir())


def test_an_interruption_while_a_segment_is_made_does_not_bar_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = Journal(tmp_path, WRITER)
    allocate = journal.allocate

    def interrupted(path: Path, size: int) -> mmap.mmap:
        allocate(path, size)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(journal, "allocate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writing.append(b"one")
    writing.append(b"two")
    assert everything(tmp_path) == [b"two"]


def test_a_record_interrupted_before_it_counts_is_overwritten_by_the_next(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER)
    writing.append(b"one")
    end = writing.offset
    writing.append(b"interrupted" * 3)
    writing.offset = end  # as Ctrl-C between the copy and the count leaves it
    writing.append(b"two")
    assert everything(tmp_path) == [b"one", b"two"]


def test_a_signal_handler_that_logs_destroys_no_record(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER, size=1 << 14)
    from_handler = 0

    def handler(*_: object) -> None:
        nonlocal from_handler
        number, from_handler = from_handler, from_handler + 1  # first: a handler may interrupt a handler
        writing.append(b"handler %d" % number)

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        count = 0
        while from_handler < 200 or count < 20_000:
            writing.append(b"main %d" % count)
            count += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found = everything(tmp_path)
    assert [body for body in found if body.startswith(b"main")] == [b"main %d" % n for n in range(count)]
    assert {body for body in found if body.startswith(b"handler")} == {b"handler %d" % n for n in range(from_handler)}


def test_many_threads_on_one_journal_lose_nothing(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER, size=1 << 16)

    def write(thread: int) -> None:
        for number in range(5_000):
            writing.append(b"%d %d" % (thread, number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = everything(tmp_path)
    assert len(found) == 30_000
    for thread_number in range(6):
        own = [body for body in found if body.startswith(b"%d " % thread_number)]
        assert own == [b"%d %d" % (thread_number, number) for number in range(5_000)]


def test_a_closed_journal_takes_nothing_more(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER)
    writing.append(b"one")
    writing.close(remove=False)
    with pytest.raises(OSError, match="closed"):
        writing.append(b"two")
    assert everything(tmp_path) == [b"one"]


def test_when_its_file_was_taken_away_the_journal_goes_on_in_a_new_one(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER, preamble=lambda: [b"who"])
    writing.append(b"one")
    segments(tmp_path)[0].path.unlink()
    writing.renew()
    writing.append(b"two")
    assert everything(tmp_path) == [b"who", b"two"]
    assert [body for _, data, _ in writing.pending(0, 0) for _, body in records(data)] == [
        *(b"who", b"one"),
        *(b"who", b"two"),
    ]


def test_a_write_broken_off_at_the_worst_moment_holds_nothing_up(tmp_path: Path) -> None:
    writing = Journal(tmp_path, WRITER)
    writing.append(b"before")
    writing._busy = True  # as Ctrl-C between two instructions of `append` would leave it
    writing.append(b"late")
    writing.pending(0, 0)
    writing.append(b"after")
    assert everything(tmp_path) == [b"before", b"late", b"after"]


def test_sync_asks_the_disk_once_for_each_full_segment_and_for_the_folder_where_a_name_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(journal, "_sync_file", lambda path, how: asked.append(path.name))
    monkeypatch.setattr(journal, "sync_folder", lambda path: asked.append(path.name))
    writing = journal.Journal(tmp_path, WRITER, size=4096)
    writing.sync()
    assert asked == [], "nothing was written"
    for _ in range(5):
        writing.append(bytes(1500))
    first, second, third = (f"{WRITER}-{number:06d}.nbj" for number in (1, 2, 3))
    writing.sync()
    assert asked == [first, second, third, tmp_path.name]
    asked.clear()
    writing.append(bytes(100))
    writing.sync()
    assert asked == [third], "what is full is on the disk already"
    writing.release(3)
    writing.sync()
    assert asked == [third, third]
    writing.close(remove=True)
    writing.sync()
