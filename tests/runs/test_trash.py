"""The trash: restored whole, or emptied so that the space is free and nobody else loses anything."""

from __future__ import annotations

import os

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import NotFound
from nbtrack.runs import contract as c
from nbtrack.runs import current, objects
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import trash


@pytest.fixture
def service(project: Project) -> RunsService:
    return RunsService(project)


@pytest.fixture
def editing(service: RunsService) -> EditingService:
    return EditingService(service)


def made(project: Project, name: str, points: int = 10) -> ActiveRun:
    run = current.begin(project, name=name, source=f"# {name}")
    for number in range(points):
        run.log({"loss": float(number)})
    run.set_params({"p": 1})
    run.set_params({"p": 2})
    run.set_tags({"t": "x"})
    run.add_output("stdout", "text/plain", "hello")
    run.add_dataset("iris", "frame")
    run.set_environment(name * 8, {"python": name})
    run.end()
    return run


def age(project: Project) -> None:
    """Objects just stored are left by a purge; make all look old."""
    for name in objects.all_names(project.objects):
        os.utime(objects.path_of(project.objects, name), (1, 1))


def left(service: RunsService) -> dict[str, int]:
    with service.database.read() as conn:
        tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def test_what_is_restored_is_as_it_was(project: Project, service: RunsService, editing: EditingService) -> None:
    run = made(project, "a")
    before = service.get(c.RunRequest(run.id))
    editing.trash(c.RunsRequest([run.id]))
    assert service.page(c.PageRequest()).rows == []
    assert [row.id for row in service.page(c.PageRequest(trashed=True)).rows] == [run.id]
    editing.restore(c.RunsRequest([run.id]))
    after = service.get(c.RunRequest(run.id))
    before.row.revision = after.row.revision
    assert after == before


def test_emptying_the_trash_leaves_no_row_of_it(
    project: Project, service: RunsService, editing: EditingService
) -> None:
    run = made(project, "a")
    child = current.begin(project, name="child", parent=run)
    child.end()
    editing.trash(c.RunsRequest([run.id]))
    assert editing.purge().count == 1
    with pytest.raises(NotFound):
        service.row(run.id)
    assert service.row(child.id).parent is None
    editing.trash(c.RunsRequest([child.id]))
    editing.purge()
    kept = {table: count for table, count in left(service).items() if count}
    assert set(kept) <= {"meta", "experiments", "keys", "sessions"}, kept


def test_emptying_the_trash_frees_the_space(project: Project, service: RunsService, editing: EditingService) -> None:
    run = made(project, "large", points=100_000)
    run_id = run.id
    run.flush()
    service.database.shrink()
    before = service.database.path.stat().st_size
    assert before > 2_000_000
    editing.trash(c.RunsRequest([run_id]))
    editing.purge()
    assert service.database.path.stat().st_size < before - 2_000_000


def test_points_are_deleted_in_small_transactions(
    project: Project, service: RunsService, editing: EditingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(project, "large", points=1)
    run.flush()
    with service.database.write() as conn:
        number = conn.execute("SELECT n FROM runs").fetchone()[0]
        conn.executemany(
            "INSERT INTO points (run, key, seq, count, steps, times, vals) VALUES (?, 1, ?, 0, x'', x'', x'')",
            [(number, seq) for seq in range(10, 1000)],
        )
    editing.trash(c.RunsRequest([run.id]))
    steps: list[int] = []
    delete = trash.delete_some_points

    def counted(conn: object, run: int) -> bool:
        before = conn.execute("SELECT count(*) FROM points").fetchone()[0]  # type: ignore[attr-defined]
        more = delete(conn, run)  # type: ignore[arg-type]
        steps.append(before - conn.execute("SELECT count(*) FROM points").fetchone()[0])  # type: ignore[attr-defined]
        return more

    monkeypatch.setattr(trash, "delete_some_points", counted)
    editing.purge()
    assert sum(steps) == 991
    assert max(steps) <= 200


def test_an_artifact_that_another_run_has_too_stays(
    project: Project, service: RunsService, editing: EditingService
) -> None:
    runs = []
    for name in ("a", "b"):
        run = current.begin(project, name=name)
        run.add_bytes("shared.bin", b"shared" * 1000)
        run.add_bytes("own.txt", name.encode())
        run.end()
        runs.append(run)
    service.refresh()
    age(project)
    editing.trash(c.RunsRequest([runs[0].id]))
    editing.purge()
    assert service.artifact(runs[1].id, "shared.bin")[1] == b"shared" * 1000
    assert len(list(objects.all_names(project.objects))) == 2
    editing.trash(c.RunsRequest([runs[1].id]))
    editing.purge()
    assert list(objects.all_names(project.objects)) == []


def test_files_that_no_run_knows_are_removed_once_they_are_old(
    project: Project, service: RunsService, editing: EditingService
) -> None:
    made(project, "a")
    service.refresh()
    objects.put_bytes(project.objects, b"orphan")
    editing.purge()
    assert len(list(objects.all_names(project.objects))) == 1, "a record that names it may still be in a journal"
    age(project)
    editing.purge()
    assert list(objects.all_names(project.objects)) == []


def test_a_run_that_is_purged_while_it_records_harms_no_other(
    project: Project, service: RunsService, editing: EditingService
) -> None:
    run = current.begin(project, name="going")
    run.log({"loss": 1.0})
    editing.trash(c.RunsRequest([run.id]))
    editing.purge()
    run.log({"loss": 2.0})
    run.set_params({"p": 1})
    run.end()
    other = made(project, "other")
    assert [row.name for row in service.page(c.PageRequest()).rows] == ["other"]
    assert len(service.history(other.id, "loss").values) == 10
