"""`nbtrack doctor --deep` and `--repair`: what is wrong is named, what can be saved is, and nothing is ever deleted."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import StoreForeign, StoreLocked, StoreReadOnly
from nbtrack.base.sqlite import plain
from nbtrack.runs import contract as c
from nbtrack.runs import current, objects, projects
from nbtrack.runs.checks import Check, check_project
from nbtrack.runs.repair import repair_project
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import texts
from nbtrack.runs.store.sums import SUMMED
from tests.faults.flips import fill, leave, read


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a little of everything, which nobody has open."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBTRACK_PARENT", "")
        return fill(tmp_path_factory.mktemp("original"))


@pytest.fixture
def kept(original: Project, project: Project) -> Project:
    """A copy of it."""
    shutil.copytree(original.folder, project.folder)
    return project


def wrong(project: Project) -> list[Check]:
    return [check for check in check_project(RunsService(project), deep=True) if not check.ok]


def repaired(project: Project) -> tuple[list[str], list[Check]]:
    """(what was done, what is still wrong)."""
    found = repair_project(RunsService(project))
    return [check.text for check in found if check.name == "repair"], [check for check in found if not check.ok]


def change(project: Project, *statements: str) -> None:
    """Change the file behind nbtrack's back."""
    projects.forget_all()
    with closing(sqlite3.connect(project.database, isolation_level=None)) as conn:
        conn.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            conn.execute(statement)
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def everything(folder: Path) -> set[bytes]:
    """The content of all files, to see that none is gone; but for what SQLite makes anew."""
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")}


# -- the deep look


def test_a_sound_project_has_nothing_wrong_and_nothing_to_repair(kept: Project) -> None:
    assert wrong(kept) == []
    before = read(RunsService(kept))
    assert repaired(kept) == (["there was nothing to repair"], [])
    assert read(RunsService(kept)) == before
    assert not (kept.folder / "aside").exists()


@pytest.mark.parametrize(
    ("statement", "table", "place"),
    [
        ("UPDATE params SET value = value + 1 WHERE run = 2 AND type = 'int'", "params", "'depth' of run 1 ("),
        ("UPDATE params SET source = 'cell' WHERE run = 2", "params", "'lr' of run 1 ("),
        ("UPDATE param_history SET value = 7.0 WHERE run = 3", "param_history", "'lr' of run 2 ("),
        ("UPDATE tags SET value = 'other' WHERE run = 1", "tags", "'stage' of run 0 ("),
        ("UPDATE keys SET name = 'lx' WHERE name = 'lr'", "keys", "the param 'lx'"),
        ("UPDATE metrics SET max = 5.0 WHERE run = 1", "metrics", "'loss' of run 0 ("),
        ("UPDATE metrics SET top = 5.0 WHERE run = 1", "metrics", "'loss' of run 0 ("),
        ("UPDATE points SET vals = zeroblob(length(vals)) WHERE run = 1", "points", "'loss' of run 0 ("),
        ("UPDATE points SET steps = x'00' WHERE run = 1", "points", "'loss' of run 0 ("),
        ("UPDATE artifacts SET mime = 'text/html' WHERE run = 4", "artifacts", "'report.txt' of run 3 ("),
        ("UPDATE artifacts SET checksum = '' WHERE run = 4", "artifacts", "'report.txt' of run 3 ("),
        ("UPDATE sources SET text = 'x = 9'", "sources", "the code "),
        ("UPDATE params SET sum = NULL WHERE run = 1", "params", "of run 0 ("),
        ("UPDATE params SET value = CAST(x'ff' AS TEXT) WHERE type = 'str'", "params", "'model' of run 0 ("),
        ("UPDATE keys SET name = CAST(x'ff41' AS TEXT) WHERE name = 'lr'", "keys", "the param '?A'"),
        ("UPDATE runs SET note = CAST(x'ff' AS TEXT) WHERE n = 3", "runs", "run 2 ("),
        ("UPDATE runs SET status = 'failed' WHERE n = 3", "runs", "run 2 ("),
        ("UPDATE runs SET ended = ended + 1e-6 WHERE n = 3", "runs", "run 2 ("),
        ("UPDATE edits SET inverse = '[]' WHERE n = 3", "edits", "(number 3)"),
        ("UPDATE edits SET undone = NULL WHERE undone > 0", "edits", "the edit 'Put into the trash: run 6' (number 9)"),
        ("UPDATE experiments SET name = 'e9' WHERE name = 'e1'", "experiments", "the experiment 'e9'"),
        ("UPDATE environments SET body = '{}'", "environments", "the environment 0000"),
        ("UPDATE sessions SET pid = pid + 1", "sessions", "the process "),
        ("UPDATE executions SET cell = 'x' WHERE number = 3", "executions", "execution 3 of process number 1"),
        ("UPDATE outputs SET text = 'other' WHERE run = 4", "outputs", "output 0 of run 3 ("),
        ("UPDATE datasets SET hash = NULL WHERE run = 4", "datasets", "'train' of run 3 ("),
        ("UPDATE moves SET old = 'c.ipynb'", "moves", "the move of 'c.ipynb' to 'b.ipynb'"),
        ("UPDATE elsewhere SET id = 'other' WHERE run = 4", "elsewhere", "run 3 ("),
        ("UPDATE logged_models SET status = 'FAILED' WHERE n = 2", "logged_models", "the model 'model 1'"),
        ("UPDATE model_metrics SET value = 0.0 WHERE model = 2", "model_metrics", "'loss' of model number 2"),
        ("UPDATE model_files SET mime = NULL WHERE model = 2", "model_files", "'MLmodel' of model number 2"),
        ("DELETE FROM metrics WHERE run = 5", "metrics", "'loss' of run 4 ("),
        ("DELETE FROM points WHERE run = 5", "metrics", "'loss' of run 4 ("),
        ("DELETE FROM runs WHERE n = 8", "references", "of params name one of runs that is not there"),
        ("DROP INDEX tags_by_value", "schema", "the index 'tags_by_value'"),
    ],
)
def test_what_was_changed_behind_nbtracks_back_is_named(statement: str, table: str, place: str, kept: Project) -> None:
    change(kept, statement)
    found = {check.name: check for check in wrong(kept)}
    assert place in found[table].text
    assert found[table].hint


def test_a_row_that_is_taken_for_another_is_found(kept: Project) -> None:
    """The values are sound, but they belong to another run."""
    change(
        kept,
        "CREATE TEMP TABLE t AS SELECT * FROM tags WHERE run IN (1, 2)",
        "DELETE FROM tags WHERE run IN (1, 2)",
        "INSERT INTO tags SELECT 3 - run, key, value, sum FROM t",
    )
    (found,) = wrong(kept)
    assert (found.name, found.text[:1]) == ("tags", "4")


def test_an_object_with_another_content_is_named_and_moved_aside(kept: Project) -> None:
    name = sorted(objects.all_names(kept.objects))[0]
    path = objects.path_of(kept.objects, name)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    before = everything(kept.folder)
    (found,) = wrong(kept)
    assert re.search(r"1 not what was stored: '(report.txt|model.bin)' of run \d ", found.text)
    done, left = repaired(kept)
    assert "1 artifacts' files were not what their names say" in done[0]
    assert not path.exists()
    assert [check.name for check in left] == ["artifacts"], "it is still missing"
    assert before <= everything(kept.folder)


def test_left_over_files_and_unreadable_journals_move_aside(kept: Project) -> None:
    old, young = kept.objects / ".0123.tmp", kept.objects / ".4567.tmp"
    for path in (old, young):
        path.write_bytes(b"half a file")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    (kept.journal / "0123456789ab-000001.bad").write_bytes(b"?")
    done, left = repaired(kept)
    assert len(done) == 2
    assert left == []
    assert young.exists()
    assert sorted(path.name for path in (kept.folder / "aside").rglob("*.*")) == [
        ".0123.tmp",
        "0123456789ab-000001.bad",
    ]


# -- rows and indexes


def test_rows_from_before_there_were_checksums_are_given_theirs(kept: Project) -> None:
    change(
        kept,
        *(f"UPDATE {table} SET sum = NULL" for table in SUMMED),
        "UPDATE meta SET value = 1 WHERE key = 'unsummed'",
    )
    assert wrong(kept) == []
    before = read(RunsService(kept))
    done, left = repaired(kept)
    assert "rows from before there were checksums were given theirs" in done[0]
    assert left == []
    assert read(RunsService(kept)) == before
    change(kept, "UPDATE tags SET sum = NULL WHERE run = 1")
    assert [check.name for check in wrong(kept)] == ["tags"], "from now on a row without one is damaged"


def test_a_damaged_text_among_rows_without_checksums_stays_without_one(kept: Project) -> None:
    change(
        kept,
        "UPDATE params SET sum = NULL",
        "UPDATE params SET value = CAST(x'ff' AS TEXT) WHERE run = 2 AND type = 'str'",
        "UPDATE meta SET value = 1 WHERE key = 'unsummed'",
    )
    done, left = repaired(kept)
    assert any("damaged and were given no checksums" in text for text in done)
    assert [check.name for check in left] == ["params"]


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE tags SET value = CAST(x'64f26166' AS TEXT) WHERE run = 3", {"tags"}),
        ("UPDATE runs SET name = CAST(x'ff' AS TEXT) || name WHERE n = 3", {"runs"}),
        ("UPDATE keys SET name = CAST(x'ff41' AS TEXT) WHERE name = 'lr'", {"keys"}),
        ("UPDATE artifacts SET hash = CAST(x'ff' || substr(hash, 2) AS TEXT) WHERE run = 3", {"artifacts"}),
        ("UPDATE environments SET hash = CAST(x'ff' || substr(hash, 2) AS TEXT)", {"environments"}),
        ("UPDATE params SET sum = NULL, value = CAST(x'ff' AS TEXT) WHERE run = 3 AND type = 'str'", {"params"}),
    ],
)
def test_a_text_that_is_none_any_more_keeps_nothing_from_being_read(
    statement: str, names: set[str], kept: Project
) -> None:
    """Python refuses to read one: a single bit would cost the whole run, and each list that it is in."""
    change(kept, statement)
    with pytest.raises(StoreForeign, match="--repair` makes it readable"):
        read(RunsService(kept))
    done, left = repaired(kept)
    assert any("bytes that make no character" in text for text in done)
    assert names <= {check.name for check in left} <= names | {"artifacts"}, "what was damaged is still named"
    after = read(RunsService(kept))
    assert "\ufffd" in repr(after) or names & {"artifacts", "environments"}
    (copy,) = (kept.folder / "aside").glob("*/before-texts.db")
    with closing(plain(copy.as_posix())) as conn:
        assert texts.any_torn(conn), "what was there is kept"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE environments SET body = replace(body, ':', '=')", "is damaged: .* is no JSON"),
        ("UPDATE params SET value = replace(value, ':', '=') WHERE type = 'json'", "param is damaged: .* is no json"),
        ("UPDATE params SET exact = exact || '<' WHERE type = 'int'", "param is damaged: .*<' is no int"),
        ("UPDATE params SET value = 'x' WHERE type = 'float'", "param is damaged: 'x' is no float"),
    ],
)
def test_a_value_that_is_none_any_more_is_told_in_words(statement: str, said: str, kept: Project) -> None:
    change(kept, statement)
    with pytest.raises(StoreForeign, match=said):
        read(RunsService(kept))


def test_a_wrong_summary_is_made_again_from_its_points(kept: Project) -> None:
    before = read(RunsService(kept))
    change(
        kept,
        "UPDATE metrics SET max = 5.0, mean = 0.0 WHERE run = 1",
        "DELETE FROM metrics WHERE run = 2",
        "UPDATE metrics SET source = CAST(x'ff' AS TEXT) WHERE run = 3",
        "UPDATE metrics SET source = 'explicyt' WHERE run = 4",
    )
    assert [check.name for check in wrong(kept)] == ["metrics"]
    done, left = repaired(kept)
    assert done == ["12 summaries of metrics were made again from their points"]
    assert left == []
    assert read(RunsService(kept)) == before


@pytest.mark.parametrize("summed", [True, False])
def test_a_summary_made_again_keeps_a_source_that_no_other_metric_has(summed: bool, kept: Project) -> None:
    change(kept, "DELETE FROM metrics WHERE run > 1")
    change(kept, "DELETE FROM points WHERE run > 1")
    with RunsService(kept).database.write() as conn:
        conn.execute("UPDATE metrics SET source = 'imported' WHERE key IN (SELECT n FROM keys WHERE name = 'loss')")
    before = read(RunsService(kept))["metrics"]
    assert repr(before).count("imported") == 1
    change(kept, f"UPDATE metrics SET max = 5.0{'' if summed else ', sum = NULL'} WHERE source = 'imported'")
    if not summed:
        change(kept, "UPDATE meta SET value = 1 WHERE key = 'unsummed'")
    repaired(kept)
    assert read(RunsService(kept))["metrics"] == before


def test_indexes_that_do_not_fit_are_made_again(kept: Project) -> None:
    before = read(RunsService(kept))
    change(
        kept,
        "UPDATE sqlite_master SET sql = sql || ' WHERE run > 4' WHERE name = 'tags_by_value'",
    )
    change(kept, "REINDEX tags_by_value")
    change(kept, "UPDATE sqlite_master SET sql = replace(sql, ' WHERE run > 4', '') WHERE name = 'tags_by_value'")
    (found,) = wrong(kept)
    assert "index tags_by_value" in found.text
    done, left = repaired(kept)
    assert "the indexes did not fit their tables and were made again" in done[0]
    assert left == []
    assert read(RunsService(kept)) == before


# -- a file that cannot be read


def pages_of(project: Project, table: str) -> tuple[int, list[int]]:
    """(page size, the pages of a table)."""
    with closing(sqlite3.connect(project.database)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = conn.execute("PRAGMA page_size").fetchone()[0]
        root = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    return size, [root]


def spoil(project: Project, start: int, data: bytes) -> None:
    leave()
    with project.database.open("r+b") as file:
        file.seek(start)
        file.write(data)


@pytest.mark.parametrize("table", ["params", "keys", "runs", "points", "artifacts", "sqlite_autoindex_keys_1"])
def test_what_can_be_read_of_a_file_with_a_damaged_page_is_saved(table: str, kept: Project) -> None:
    before = read(RunsService(kept))
    leave()
    size, pages = pages_of(kept, table)
    spoil(kept, (pages[0] - 1) * size, b"\xa5" * 200)
    files = everything(kept.folder)
    assert wrong(kept)
    done, left = repaired(kept)
    assert any("the database was damaged" in text or "made again" in text for text in done)
    assert files - everything(kept.folder) <= {kept.database.read_bytes()}, "nothing is ever deleted"
    after = read(RunsService(kept))
    untouched = {
        "params": ("tags", "points", "metrics", "artifacts"),
        "artifacts": ("params", "tags", "points", "metrics"),
    }
    whole = set(before) if table in ("sqlite_autoindex_keys_1", "keys") else set(untouched.get(table, ()))
    if table == "runs":  # their ids stand in an index
        whole = set(before) - {"runs", "code"}
    assert {kind for kind in before if after[kind] == before[kind]} >= whole
    said = {"params": "all of params", "keys": "14 keys whose names stood in an index", "runs": "8 runs of which only"}
    assert said.get(table, "") in " ".join(done)
    assert [check.name for check in left] == (["metrics"] if table == "points" else [])
    with RunsService(kept).database.read() as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []


_UNKNOWN_WORDS = pytest.mark.parametrize(
    ("table", "column", "word", "row", "otherwise"),
    [
        ("runs", "status", "finishdd", "n = 3", "crashed"),
        ("params", "type", "flo`t", "run = 3 AND source = 'explicit' AND typeof(value) = 'real' LIMIT 1", "float"),
        ("params", "type", "jsoo", "run = 3 AND type = 'json'", "str"),
    ],
)


def spoil_word(project: Project, change_it: str, table: str, row: str) -> tuple[Any, ...]:
    """Change one row of a table to what its schema forbids; which it was."""
    with RunsService(project).database.read() as conn:
        key = conn.execute(f"SELECT {', '.join(SUMMED[table].key)} FROM {table} WHERE {row}").fetchone()
    here = " AND ".join(f"{name} = {value}" for name, value in zip(SUMMED[table].key, key, strict=True))
    change(project, "PRAGMA ignore_check_constraints = ON", f"UPDATE {table} SET {change_it} WHERE {here}")
    return key


@_UNKNOWN_WORDS
def test_a_word_that_there_is_not_becomes_again_what_its_checksum_says(
    table: str, column: str, word: str, row: str, otherwise: str, kept: Project
) -> None:
    before = read(RunsService(kept))
    spoil_word(kept, f"{column} = '{word}'", table, row)
    assert wrong(kept)
    done, left = repaired(kept)
    assert f"the {column} of 1 {table}: what the checksums say" in " ".join(done)
    assert left == []
    assert read(RunsService(kept)) == before


@_UNKNOWN_WORDS
def test_a_word_that_there_is_not_without_a_checksum_costs_no_more_than_itself(
    table: str, column: str, word: str, row: str, otherwise: str, kept: Project
) -> None:
    before = read(RunsService(kept))
    key = spoil_word(kept, f"{column} = '{word}', sum = sum + 1", table, row)
    _, left = repaired(kept)
    assert [check.name for check in left] == [table], "that it is not as it was written is not forgotten"
    after = read(RunsService(kept))
    assert {kind for kind in before if after[kind] != before[kind]} <= {table}
    with RunsService(kept).database.read() as conn:
        here = " AND ".join(f"{name} = ?" for name in SUMMED[table].key)
        found = conn.execute(f"SELECT {column} FROM {table} WHERE {here}", key).fetchone()
    assert found == (otherwise,)


@pytest.mark.parametrize(
    "statement",
    [
        "SET name = replace(name, 'q', CAST(x'f1' AS TEXT)) WHERE name = 'sqlite_autoindex_runs_1'",
        "SET rootpage = 1 << 20 WHERE name = 'sqlite_autoindex_sources_1'",
        "SET rootpage = 1 << 20 WHERE name = 'tags_by_value'",
        "SET sql = replace(sql, 'sum INTEGER', 'sum' || CAST(x'a0' AS TEXT) || 'INTEGER') WHERE name = 'tags'",
        "SET name = CAST(x'7461e773' AS TEXT) WHERE name = 'tags'",
    ],
)
def test_a_damaged_line_of_the_schema_costs_nothing(statement: str, kept: Project) -> None:
    """SQLite opens no such file, and what it says of it may be no UTF-8 itself."""
    before = read(RunsService(kept))
    change(kept, f"UPDATE sqlite_master {statement}")
    assert [check.name for check in wrong(kept)] == ["database"]
    _, left = repaired(kept)
    assert left == []
    assert read(RunsService(kept)) == before


def test_a_table_whose_place_in_the_file_is_lost_does_not_cost_the_others(kept: Project) -> None:
    before = read(RunsService(kept))
    change(kept, "UPDATE sqlite_master SET rootpage = 1 << 20 WHERE name = 'tags'")
    assert wrong(kept)
    done, left = repaired(kept)
    assert "could not be read: all of tags" in done
    assert left == []
    after = read(RunsService(kept))
    assert {kind for kind in before if after[kind] != before[kind]} == {"tags"}


def test_rows_that_the_new_file_refuses_are_told_of(kept: Project) -> None:
    """A value that must be there became NULL, as a damaged file has it."""
    must, may = "source TEXT NOT NULL", "source TEXT"
    change(kept, f"UPDATE sqlite_master SET sql = replace(sql, '{must}', '{may}') WHERE name = 'params'")
    change(kept, "UPDATE params SET source = NULL WHERE run = 3 AND type = 'none'")
    change(kept, f"UPDATE sqlite_master SET sql = replace(sql, '{may}', '{must}') WHERE name = 'params'")
    assert "NULL value in params.source" in " ".join(check.text for check in wrong(kept))
    done, left = repaired(kept)
    assert "could not be read: 1 of params, in which something is missing or is there twice" in done
    assert left == []


@pytest.mark.parametrize("part", range(6))
def test_whatever_page_is_damaged_all_others_are_saved(part: int, kept: Project) -> None:
    with closing(sqlite3.connect(kept.database, isolation_level=None)) as conn:
        for statement in ("journal_mode = DELETE", "page_size = 1024"):
            conn.execute(f"PRAGMA {statement}")
        conn.execute("VACUUM")
        count = conn.execute("PRAGMA page_count").fetchone()[0]
    before = read(RunsService(kept))
    page = 3 + (count - 3) * part // 6  # 1 has the schema, 2 says which pages are whose
    spoil(kept, page * 1024, random.Random(part).randbytes(1024))
    assert wrong(kept), f"page {page}"
    repaired(kept)
    after = read(RunsService(kept))
    same = sum(after[kind].get(run) == text for kind, runs in before.items() for run, text in runs.items())
    assert same > 0.6 * sum(map(len, before.values())), f"page {page}"
    assert "damaged" not in " ".join(check.text for check in wrong(kept)), "the file itself is sound now"


@pytest.mark.parametrize("start", [0, 16, 100])
def test_a_file_whose_beginning_is_gone_is_saved_as_far_as_it_goes(start: int, kept: Project) -> None:
    before = read(RunsService(kept))
    leave()
    pages_of(kept, "runs")
    spoil(kept, start, b"\xa5" * 16)
    assert wrong(kept)
    done, _ = repaired(kept)
    assert any("the database was damaged" in text for text in done)
    assert list((kept.folder / "aside").glob("*/nbtrack.db"))
    if start < 100:
        assert read(RunsService(kept)) == before
    RunsService(kept).refresh(force=True)


def test_a_file_that_is_no_database_moves_aside_and_a_new_one_is_there(kept: Project) -> None:
    spoil(kept, 0, b"no database " * 40_000)
    content = kept.database.read_bytes()
    done, left = repaired(kept)
    assert "0 runs" in done[0]
    assert left == []
    (old,) = (kept.folder / "aside").glob("*/nbtrack.db")
    assert old.read_bytes() == content
    assert RunsService(kept).page(c.PageRequest()).total == 0


@pytest.mark.parametrize(("place", "value"), [(18, 0x42), (19, 0x12), (62, 0x10), (63, 4), (63, 1), (63, 0), (71, 9)])
def test_a_header_that_the_schema_belies_is_not_believed(place: int, value: int, kept: Project) -> None:
    """Bytes 18 and 19 say which SQLite may write and read the file, 60 to 63 the schema's version, 68 to 71 whose."""
    before = read(RunsService(kept))
    leave()
    spoil(kept, place, bytes((value,)))
    done, left = repaired(kept)
    assert "8 runs with" in done[0]
    assert left == []
    assert read(RunsService(kept)) == before
    current.begin(kept, name="it can be written").end()


def test_a_newer_file_that_may_be_read_is_neither_found_damaged_nor_repaired(kept: Project) -> None:
    change(kept, "PRAGMA user_version = 4101", "CREATE TABLE of_tomorrow (x)", "DROP INDEX tags_by_value")
    data = kept.database.read_bytes()
    assert wrong(kept) == []
    with pytest.raises(StoreReadOnly, match="Install the newer nbtrack"):
        repaired(kept)
    leave()
    assert kept.database.read_bytes() == data


def test_another_programs_database_is_refused_and_left(project: Project) -> None:
    project.create()
    with closing(sqlite3.connect(project.database)) as conn:
        conn.execute("CREATE TABLE mine (x)")
    content = project.database.read_bytes()
    with pytest.raises(StoreForeign, match="another program"):
        repair_project(RunsService(project))
    assert project.database.read_bytes() == content


HOLDER = """
    import sqlite3, sys
    conn = sqlite3.connect(sys.argv[1])
    conn.execute("SELECT count(*) FROM runs").fetchone()
    sys.stdout.write("open")
    sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows itself keeps an open file from being renamed")
def test_a_file_that_another_process_has_open_is_not_replaced(kept: Project) -> None:
    import textwrap

    size, pages = pages_of(kept, "params")
    spoil(kept, (pages[0] - 1) * size, b"\xa5" * 200)
    content = kept.database.read_bytes()
    words = [sys.executable, "-c", textwrap.dedent(HOLDER), str(kept.database)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.read(4) == b"open"
        with pytest.raises(StoreLocked, match="another process has it open"):
            repair_project(RunsService(kept))
        projects.forget_all()
        holder.communicate(b"", timeout=60)
    assert kept.database.read_bytes() == content
    done, _ = repaired(kept)
    assert any("the database was damaged" in text for text in done)


def test_a_project_that_records_while_it_is_repaired_goes_on(kept: Project) -> None:
    from nbtrack.runs import current

    with current.begin(kept, name="goes on") as run:
        run.log({"loss": 1.0})
        run.flush()
        with closing(sqlite3.connect(kept.database, isolation_level=None)) as conn:
            conn.execute("UPDATE metrics SET max = 7.0 WHERE run = 1")
        done, left = repaired(kept)
        assert (done, left) == (["3 summaries of metrics were made again from their points"], [])
        run.log({"loss": 2.0})
    assert list(RunsService(kept).history("goes on", "loss").values) == [1.0, 2.0]
