"""Records into the file: whole runs only, each once, edits kept, nothing stored of what is broken."""

from __future__ import annotations

import io
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import BadSource, StoreError
from nbtrack.runs import contract as c
from nbtrack.runs import current, objects
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.transfer.landing import Landed, land
from nbtrack.transfer.records import (
    DatasetRecord,
    ElsewhereRecord,
    ExecutionRecord,
    ExperimentRecord,
    File,
    Item,
    ModelMetric,
    ModelRecord,
    Note,
    OutputRecord,
    ParamRecord,
    Points,
    RunRecord,
    SessionRecord,
    Whole,
    WholeModel,
    made_id,
)
from nbtrack.transfer.store import reading
from nbtrack.transfer.taking import take
from tests.transfer.conftest import MakeProject
from tests.transfer.whole_file import everything

PLACE = "tracker:somewhere"
A, B, C = (made_id(PLACE, name) for name in "abc")


def series(key: str, *values: float, source: str = "explicit") -> Points:
    count = len(values)
    return Points(
        key, array("q", range(count)), array("d", [100.0 + n for n in range(count)]), array("d", values), source
    )


def whole(run_id: str = A, *points: Points, files: dict[str, bytes] | None = None, **about: Any) -> Whole:
    given = {name: (lambda data=data: io.BytesIO(data)) for name, data in (files or {}).items()}
    record = RunRecord(run_id, **{"name": f"run-{run_id[:3]}", "started": 100.0, "ended": 200.0, **about})
    return Whole(record, lambda: iter(points), lambda: [File(path, content) for path, content in given.items()])


def get(project: Project, run: str = A) -> c.RunDetail:
    return RunsService(project).get(c.RunRequest(run))


def edit(project: Project, **changes: Any) -> None:
    EditingService(RunsService(project)).edit(c.EditRequest([A], **changes))


def values_of(project: Project, key: str, run: str = A) -> list[float]:
    return RunsService(project).history(run, key).values.tolist()


# -- what is counted, and dry runs


def items() -> list[Item]:
    return [
        ExperimentRecord("deep", "a note", 5.0, about={"x": 1}),
        whole(A, series("loss", 1.0, 0.5), experiment="deep", files={"a.txt": b"abc", "b.txt": b"abc"}),
        whole(B, series("loss", 1.0), experiment="wide", parent=C),
        whole(C, experiment="wide"),
        WholeModel(ModelRecord("m-1", "net", "deep", A), lambda: [File("w.bin", lambda: io.BytesIO(b"12345"))]),
        Note("One page was empty."),
    ]


def test_a_dry_run_answers_the_same_and_stores_nothing_at_all(project: Project) -> None:
    dry = land(project, items(), PLACE, dry=True)
    assert not project.folder.exists()
    wet = land(project, items(), PLACE)
    assert dry == wet
    assert wet == Landed(3, 0, 0, 3, 3, 11, {"deep": 1, "wide": 2}, 1, ["One page was empty."])
    before = everything(project), sorted(project.folder.rglob("*"))
    assert land(project, [whole(A, series("loss", 9.0), experiment="deep")], PLACE, dry=True).changed == 1
    assert (everything(project), sorted(project.folder.rglob("*"))) == before


def test_the_same_again_changes_nothing(project: Project) -> None:
    land(project, items(), PLACE)
    before = everything(project)
    again = land(project, items(), PLACE)
    assert (again.new, again.same, again.changed, again.points, again.models) == (0, 3, 0, 0, 0)
    assert everything(project) == before
    assert not [*(project.folder / "incoming").iterdir()]


def test_the_order_and_the_chunks_of_what_comes_make_no_difference(project: Project, another: MakeProject) -> None:
    one = series("a", *map(float, range(10))), series("b", 1.0, 2.0)
    land(project, [whole(A, *one, params=[ParamRecord("x", 1), ParamRecord("y", 2)])], PLACE)
    parts = [
        Points("b", array("q", [0]), array("d", [100.0]), array("d", [1.0])),
        *(Points("a", array("q", [n]), array("d", [100.0 + n]), array("d", [float(n)])) for n in range(10)),
        Points("b", array("q", [1]), array("d", [101.0]), array("d", [2.0])),
    ]
    again = land(project, [whole(A, *parts, params=[ParamRecord("y", 2), ParamRecord("x", 1)])], PLACE)
    assert (again.same, again.changed) == (1, 0)


def test_children_may_come_before_their_parents(project: Project) -> None:
    land(project, items(), PLACE)
    assert get(project, B).row.parent == C
    assert get(project, C).children == [B]


def test_a_parent_that_comes_with_a_later_import_gets_its_children(project: Project) -> None:
    first = land(project, [whole(B, parent=C)], PLACE)
    assert first.notes == [f"Run '{B}' was inside of run '{C}', which is neither here nor there."]
    assert get(project, B).row.parent is None
    assert land(project, [whole(B, parent=C), whole(C)], PLACE).notes == []
    assert get(project, B).row.parent == C


def test_what_runs_share_is_stored_once(project: Project) -> None:
    session = SessionRecord("s1", {"host": "far"}, [ExecutionRecord(1, source="x = 1"), ExecutionRecord(2, source="y")])
    environment = {"python": "3.12"}
    about: dict[str, Any] = {"session": session, "environment": environment, "code": "y", "number": 2}
    land(project, [whole(A, **about), whole(B, **about)], PLACE)
    assert get(project).environment == environment
    assert get(project).session["host"] == "far"
    executions = RunsService(project).executions(c.RunRequest(B)).executions
    assert [one.source for one in executions] == ["x = 1"]
    longer = SessionRecord("s1", {}, [*session.executions, ExecutionRecord(3, source="z")])
    land(project, [whole(C, **{**about, "session": longer, "number": 3})], PLACE)
    assert len(RunsService(project).executions(c.RunRequest(C)).executions) == 2


# -- a source that has changed


def test_what_changed_at_the_source_is_taken_over_and_what_was_edited_here_is_kept(project: Project) -> None:
    land(
        project,
        [whole(A, name="old", note="n", tags={"keep": "1", "mine": "1", "gone": "1", "theirs": "1"}, experiment="e")],
        PLACE,
    )
    edit(project, name="my name", starred=True, tags={"mine": "edited", "own": "x"})
    new = whole(A, name="new", note="n2", tags={"keep": "1", "mine": "2", "theirs": "2", "more": "1"}, experiment="f")
    assert land(project, [new], PLACE).changed == 1
    row = get(project).row
    assert (row.name, row.note, row.starred, row.experiment) == ("my name", "n2", True, "f")
    assert row.tags == {"keep": "1", "mine": "edited", "own": "x", "theirs": "2", "more": "1"}
    assert land(project, [new], PLACE).same == 1


def test_a_tag_that_was_taken_off_here_stays_off(project: Project) -> None:
    land(project, [whole(A, tags={"a": "1"})], PLACE)
    edit(project, tags={"a": None})
    land(project, [whole(A, tags={"a": "1"}, note="new")], PLACE)
    assert get(project).row.tags == {}


def test_a_run_in_the_trash_stays_there_and_a_purged_one_comes_back(project: Project) -> None:
    land(project, [whole(A)], PLACE)
    editing = EditingService(RunsService(project))
    editing.trash(c.RunsRequest([A]))
    assert land(project, [whole(A, note="new")], PLACE).changed == 1
    assert get(project).row.trashed is not None
    editing.purge()
    assert land(project, [whole(A, note="new")], PLACE).new == 1
    assert get(project).row.trashed is None


def test_what_is_gone_at_the_source_goes_here_and_what_was_logged_here_stays(project: Project) -> None:
    first = whole(
        A,
        series("loss", 1.0),
        series("old", 1.0),
        params=[ParamRecord("p", 1), ParamRecord("q", 1)],
        datasets=[DatasetRecord("d"), DatasetRecord("e")],
        outputs=[OutputRecord("stdout", "text/plain", "one"), OutputRecord("stdout", "text/plain", "two")],
        files={"a": b"1", "b": b"2"},
        code="x = 1",
    )
    land(project, [first], PLACE)
    with RunsService(project).database.write() as conn:  # as MLflow's plugin does in a run that has ended
        from nbtrack.runs.store import keys, metrics, params

        number = conn.execute("SELECT n FROM runs").fetchone()[0]
        params.set_param(conn, number, "here", 5, "explicit", 1.0)
        metrics.extend(conn, number, keys.key_number(conn, "metric", "mine"), "explicit", [0], [1.0], [2.0])
    second = whole(
        A,
        series("loss", 1.0, 2.0),
        params=[ParamRecord("p", 2, at=1.0, earlier=[(1, "explicit", 0.5)])],
        datasets=[DatasetRecord("e", hash="x")],
        outputs=[OutputRecord("stdout", "text/plain", "three")],
        files={"b": b"3"},
    )
    assert land(project, [second], PLACE).changed == 1
    found = get(project)
    assert {one.name: (one.value, one.earlier) for one in found.params} == {"p": (2, [1]), "here": (5, [])}
    assert sorted(found.row.metrics) == ["loss", "mine"]
    assert [(one.name, one.hash) for one in found.datasets] == [("e", "x")]
    assert [one.path for one in found.artifacts] == ["b"]
    assert RunsService(project).artifact(A, "b")[1] == b"3"
    assert [one.text for one in RunsService(project).outputs(c.RunRequest(A)).outputs] == ["three"]
    assert found.code is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0]),
        ([1.0, 2.0, 3.0], [1.0, 2.0]),
        ([1.0, 2.0, 3.0], [1.0, 9.0, 3.0, 4.0]),
        ([1.0], [2.0]),
        ([float(n) for n in range(9000)], [float(n) for n in range(9001)]),
        ([float(n) for n in range(9001)], [*(float(n) for n in range(9000)), -1.0]),
        ([0.0, math.nan], [-0.0, math.nan]),
    ],
)
def test_a_series_that_grew_shrank_or_differs_is_then_as_at_the_source(
    before: list[float], after: list[float], project: Project, another: MakeProject
) -> None:
    land(project, [whole(A, series("loss", *before))], PLACE)
    assert land(project, [whole(A, series("loss", *after, source="captured"))], PLACE).changed == 1
    assert list(map(repr, values_of(project, "loss"))) == list(map(repr, after))
    fresh = another("fresh")
    land(fresh, [whole(A, series("loss", *after, source="captured"))], PLACE)
    one, two = (get(each).row.metrics["loss"] for each in (project, fresh))
    assert (one.last, one.min, one.max, one.count, one.source) == (
        two.last,
        two.min,
        two.max,
        two.count,
        two.source,
    ) or (math.isnan(one.last) and one.count == two.count)


def test_a_run_of_this_project_is_never_replaced(project: Project, another: MakeProject) -> None:
    with current.begin(project, name="own") as run:
        run.log({"loss": 1.0})
    service = RunsService(project)
    service.refresh(force=True)
    with service.database.read() as conn:
        numbers = reading.all_runs(conn)
    assert land(project, take(service, numbers), "nbtrack").notes == []
    landed = land(project, [whole(run.id, series("loss", 2.0), name="theirs")], PLACE)
    assert (landed.new, landed.same, landed.changed) == (0, 1, 0)
    assert landed.notes == [f"Run 'theirs' ({run.id}) is this project's own and stays as it is here."]
    assert get(project, run.id).row.name == "own"
    assert values_of(project, "loss", run.id) == [1.0]


def test_the_id_at_the_source_and_a_state_beside_it_are_remembered(project: Project) -> None:
    record = {PLACE: ElsewhereRecord("run-17", {"sync": {"at": 5}}), "other": ElsewhereRecord("x", {"y": 1})}
    land(project, [whole(A, elsewhere=record)], PLACE)
    with RunsService(project).database.read() as conn:
        rows = {
            place: (there, json.loads(state))
            for place, there, state in conn.execute("SELECT place, id, state FROM elsewhere")
        }
    assert rows["other"] == ("x", {"y": 1})
    assert rows[PLACE][0] == "run-17"
    assert rows[PLACE][1]["sync"] == {"at": 5}
    assert "digest" in rows[PLACE][1]["landed"]


def test_models_follow_the_newer_side(project: Project) -> None:
    def model(updated: float, value: float) -> WholeModel:
        metric = ModelMetric("acc", value, 1.0, 2, A)
        return WholeModel(ModelRecord("m-1", "net", "e", A, updated=updated, metrics=[metric]))

    def stored() -> list[Any]:
        with RunsService(project).database.read() as conn:
            return conn.execute("SELECT value, (SELECT id FROM runs WHERE n = run) FROM model_metrics").fetchall()

    assert land(project, [whole(A), model(5.0, 0.5)], PLACE).models == 1
    assert land(project, [whole(A), model(4.0, 0.1)], PLACE).models == 0
    assert stored() == [(0.5, A)]
    assert land(project, [whole(A), model(6.0, 0.9)], PLACE).models == 1
    assert stored() == [(0.9, A)]


def test_a_run_with_rows_in_every_table_can_be_deleted_for_good(rich: Project) -> None:
    service = RunsService(rich)
    editing = EditingService(service)
    with service.database.read() as conn:
        ids = [row[0] for row in conn.execute("SELECT id FROM runs")]
    editing.trash(c.RunsRequest(ids))
    editing.purge()
    with service.database.read() as conn:
        for table in ("runs", "elsewhere", "params", "points", "artifacts"):
            assert conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table
        assert conn.execute("SELECT run FROM logged_models").fetchall() == [(None,)]


# -- what cannot be held


def test_what_the_file_cannot_hold_is_mended_and_said(project: Project) -> None:
    long = "x" * (1 << 20) + "tail"
    odd = whole(
        A,
        series("bad\nname", 1.0),
        Points("late", array("q", [0]), array("d", [math.nan]), array("d", [1.0])),
        name="tab\there",
        experiment=" ",
        note="half \ud800",
        ended=math.inf,
        params=[ParamRecord("p", long), ParamRecord("p", 2), ParamRecord("o", object()), ParamRecord("", 1)],
        tags={"": "x", "t": "a\0b"},
        files={"a\\b": b"1", "c:/d": b"2", "./e//f": b"3"},
        about={"origin": {"notes": ["The tail was cut."]}},
    )
    landed = land(project, [odd], PLACE)
    found = get(project)
    assert (found.row.name, found.row.experiment, found.row.note) == ("tab_here", "default", "half ?")
    values = {one.name: one.value for one in found.params}
    assert len(values["p"]) == 1 << 20
    assert values["p (2)"] == 2
    assert values["(param)"] == 1
    assert found.row.tags == {"(tag)": "x", "t": "a\ufffdb"}
    assert sorted(one.path for one in found.artifacts) == ["a_b", "c_/d", "e/f"]
    assert sorted(found.row.metrics) == ["bad_name", "late"]
    assert RunsService(project).history(A, "late").times[0] == 100.0
    said = "\n".join(landed.notes)
    for word in (
        "tab\\there",
        "'p'",
        "1,048,580",
        "comes twice",
        "The note of run",
        "a_b",
        "bad_name",
        "no time",
        "inf",
        "tail was",
    ):
        assert word in said, word


def test_many_notes_of_one_sort_are_counted(project: Project) -> None:
    runs = [whole(made_id(PLACE, str(n)), tags={"t": "\0"}) for n in range(50)]
    notes = land(project, runs, PLACE).notes
    assert len(notes) == 4
    assert notes[-1] == "… and 47 more: characters that no text can hold were replaced."


def broken_points() -> Iterator[Points]:
    yield series("loss", 1.0)
    raise ValueError("line 17 is torn")


def short(points: Points) -> Points:
    del points.times[-1]
    return points


def failing() -> Any:
    raise OSError("the server hung up")


BROKEN: dict[str, tuple[Callable[[], Item], str]] = {
    "an id that is none": (lambda: whole("nope"), "'nope', which is no id"),
    "a status that is none": (lambda: whole(B, status="odd"), "status of run 'run-"),
    "its own parent": (lambda: whole(B, parent=B), "which cannot be"),
    "the same twice": (lambda: whole(A), "comes twice"),
    "points that fail": (lambda: Whole(RunRecord(B, "b"), broken_points), "line 17 is torn"),
    "points apart": (lambda: whole(B, short(series("loss", 1.0, 2.0))), "steps, times and values apart"),
    "a path that leaves": (lambda: whole(B, files={"a/../../b": b""}), "outside of its folder"),
    "an absolute path": (lambda: whole(B, files={"/etc/passwd": b""}), "outside of its folder"),
    "a path of nothing": (lambda: whole(B, files={"./": b""}), "has no name"),
    "a wrong hash": (
        lambda: Whole(RunRecord(B, "b"), files=lambda: [File("a", lambda: io.BytesIO(b"x"), hash="0" * 64)]),
        "its hash is another",
    ),
    "a wrong size": (
        lambda: Whole(RunRecord(B, "b"), files=lambda: [File("a", lambda: io.BytesIO(b"x"), size=2)]),
        "1 bytes in place of 2",
    ),
    "a file that fails": (lambda: Whole(RunRecord(B, "b"), files=lambda: [File("a", failing)]), "the server hung up"),
    "a start that is text": (lambda: whole(B, started="now"), "cannot be read"),
    "what has no JSON": (lambda: whole(B, about={"x": object()}), "no form in JSON"),
    "a session of nothing": (lambda: whole(B, session=SessionRecord("")), "A session has the id ''"),
    "a model of nothing": (lambda: WholeModel(ModelRecord("", "x")), "A logged model has the id ''"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_record_is_named_and_nothing_is_stored(case: str, project: Project) -> None:
    made, words = BROKEN[case]
    with pytest.raises(BadSource) as caught:
        land(project, [whole(A, series("loss", 1.0), files={"a.txt": b"abc"}), made()], PLACE)
    assert words in str(caught.value)
    assert RunsService(project).page(c.PageRequest()).total == 0
    assert not [*project.objects.rglob("*")]
    assert not [*(project.folder / "incoming").iterdir()]


def test_runs_inside_one_another_are_refused(project: Project) -> None:
    with pytest.raises(BadSource, match="inside of itself"):
        land(project, [whole(A, parent=B), whole(B, parent=C), whole(C, parent=A)], PLACE)
    assert RunsService(project).page(c.PageRequest()).total == 0


def test_a_parser_that_fails_is_the_sources_fault(project: Project) -> None:
    def read() -> Iterator[Item]:
        yield whole(A)
        raise KeyError("config")

    with pytest.raises(BadSource, match="KeyError: 'config'"):
        land(project, read(), PLACE)
    assert RunsService(project).page(c.PageRequest()).total == 0


def test_ctrl_c_while_reading_leaves_nothing(project: Project) -> None:
    def read() -> Iterator[Item]:
        yield whole(A, files={"a": b"1"})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land(project, read(), PLACE)
    assert RunsService(project).page(c.PageRequest()).total == 0
    assert not [*(project.folder / "incoming").iterdir()]


def test_a_file_that_is_not_there_is_left_out_and_said(project: Project, tmp_path: Path) -> None:
    record = Whole(RunRecord(A, "a"), files=lambda: [File("gone.txt", tmp_path / "gone.txt")])
    landed = land(project, [record], PLACE)
    assert landed.notes == [f"The file 'gone.txt' of run 'a' ({A}) is missing at the source."]
    assert (landed.new, landed.files) == (1, 0)


def test_no_file_of_the_projects_own_store_is_taken_for_a_runs_file(project: Project) -> None:
    land(project, [whole(A)], PLACE)
    with pytest.raises(BadSource, match="nbtrack's own store"):
        land(project, [Whole(RunRecord(B, "b"), files=lambda: [File("x", project.database)])], PLACE)


def test_a_full_disk_while_reading_stores_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.transfer import spool

    def full(writing: Any, block: bytes) -> None:
        raise spool._no_room(OSError(28, "No space left on device"))

    monkeypatch.setattr(spool, "_write", full)
    with pytest.raises(StoreError, match="no room for what comes in"):
        land(project, [whole(A, files={"a": b"1"})], PLACE)
    assert RunsService(project).page(c.PageRequest()).total == 0
    assert not [*(project.folder / "incoming").iterdir()]


# -- huge runs, and being killed


def test_a_run_of_very_many_points_is_not_seen_before_it_is_whole(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbtrack.transfer import storing

    monkeypatch.setattr(storing, "_HUGE", 10_000)
    monkeypatch.setattr(storing, "_STEP", 1)
    seen: list[tuple[int, int]] = []
    extend = storing._Storing._extend

    def looking(self: Any, conn: Any, run: int, record: Any) -> None:
        rows = conn.execute("SELECT count(*) FILTER (WHERE trashed IS NULL), count(*) FROM runs").fetchone()
        seen.append(tuple(rows))
        extend(self, conn, run, record)

    monkeypatch.setattr(storing._Storing, "_extend", looking)
    values = [float(n) for n in range(30_000)]
    land(project, [whole(A, series("loss", *values))], PLACE)
    assert len(seen) == 8
    assert set(seen) == {(0, 1)}
    assert get(project).row.trashed is None
    assert values_of(project, "loss") == values


def test_a_huge_run_that_was_broken_off_is_completed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.transfer import storing

    monkeypatch.setattr(storing, "_HUGE", 10_000)
    monkeypatch.setattr(storing, "_STEP", 1)
    extend, left = storing._Storing._extend, [4]

    def stopping(self: Any, conn: Any, run: int, record: Any) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        extend(self, conn, run, record)

    values = [float(n) for n in range(30_000)]
    monkeypatch.setattr(storing._Storing, "_extend", stopping)
    with pytest.raises(KeyboardInterrupt):
        land(project, [whole(A, series("loss", *values))], PLACE)
    monkeypatch.setattr(storing._Storing, "_extend", extend)
    assert RunsService(project).page(c.PageRequest()).total == 0
    assert land(project, [whole(A, series("loss", *values))], PLACE).new == 1
    assert values_of(project, "loss") == values
    assert get(project).row.metrics["loss"].count == 30_000


_CHILD = """
    import io, sys
    from array import array
    from pathlib import Path
    from nbtrack.base.config import Project
    from nbtrack.transfer import storing
    from nbtrack.transfer.landing import land
    from nbtrack.transfer.records import File, Points, RunRecord, Whole, made_id

    storing._RUNS = 3
    storing._HUGE = 5000

    def wholes():
        for n in range(40):
            count = 6000 if n % 13 == 0 else n
            def points(n=n, count=count):
                times, values = array("d", [1.0] * count), array("d", [float(n)] * count)
                yield Points("loss", array("q", range(count)), times, values)
            parent = made_id("kill", str(n - 1)) if n % 4 == 1 else None
            file = lambda n=n: [File(f"{n}.txt", lambda: io.BytesIO(b"x" * n))]
            yield Whole(RunRecord(made_id("kill", str(n)), f"run-{n}", parent=parent, tags={"n": str(n)}), points, file)

    landed = land(Project(Path(sys.argv[1])), wholes(), "kill")
    print(landed.new, landed.same, landed.changed)
"""


def test_an_import_that_is_killed_leaves_whole_runs_and_repeated_it_completes(
    project: Project, another: MakeProject
) -> None:
    def importing(where: Project, kill_at: int | None = None) -> str:
        code = textwrap.dedent(_CHILD)
        if kill_at is not None:  # at the so-manieth transaction, before it is committed
            code = f"""import os, signal
from contextlib import contextmanager
from nbtrack.base import db
count, write = 0, db.Database.write
@contextmanager
def dying(self, *a, **k):
    global count
    with write(self, *a, **k) as conn:
        yield conn
        count += 1
        if count == {kill_at}:
            os.kill(os.getpid(), signal.SIGKILL)
db.Database.write = dying
{code}"""
        done = subprocess.run(
            [sys.executable, "-c", code, str(where.root)], capture_output=True, text=True, timeout=280, check=False
        )
        assert done.returncode == (0 if kill_at is None else -signal.SIGKILL), done.stderr
        return done.stdout

    reference = another("reference")
    assert importing(reference).split() == ["40", "0", "0"]
    wanted = everything(reference)
    so_far = 0
    for kill_at in (1, 3, 6):
        importing(project, kill_at)
        found = everything(project)
        visible = {run.id for run in RunsService(project).page(c.PageRequest(limit=100)).rows}
        for run in visible:
            assert found[f"run {run}"] == wanted[f"run {run}"]
            assert found[f"points {run}"] == wanted[f"points {run}"]
        assert len(visible) >= so_far
        so_far = len(visible)
    assert 0 < so_far < 40
    new, same, changed = map(int, importing(project).split())
    assert (new + same, changed) == (40, 0)
    assert everything(project) == wanted
    assert not [*(project.folder / "incoming").iterdir()], "what the killed ones left behind was cleared away"
    known = set(objects.all_names(project.objects))
    with RunsService(project).database.read() as conn:
        assert known == {row[0] for row in conn.execute("SELECT hash FROM objects")}


def test_two_imports_at_once_store_each_run_once(project: Project) -> None:
    code = textwrap.dedent(_CHILD)
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(project.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for each in both:
        each.communicate(timeout=280)
        assert each.returncode == 0
    assert RunsService(project).page(c.PageRequest()).total == 40
    assert os.listdir(project.folder / "incoming") == []
