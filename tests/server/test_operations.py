"""What the routes answer: the same as everywhere else, from any project of the server's folder and no other."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbtrack.api.dispatch import MAX_PAYLOAD, dispatch
from nbtrack.api.rooms import OPERATIONS, service
from nbtrack.base.config import Project
from nbtrack.runs import current

from .conftest import Server

READS: dict[str, dict[str, Any]] = {  # a request of each that reads; a new operation needs one
    "project.status": {},
    "project.revision": {},
    "transfer.formats": {},
    "experiments.list": {},
    "runs.page": {"filter": "metrics.acc > 0.1", "sort": ["-metrics.acc"]},
    "runs.get": {"run": "odd"},
    "runs.outputs": {"run": "forest"},
    "runs.artifact": {"run": "forest", "path": "report.txt"},
    "runs.code": {"run": "svm"},
    "runs.executions": {"run": "svm"},
    "runs.diff": {"left": "forest", "right": "svm"},
    "runs.against": {"run": "svm", "text": "x = 1\n"},
    "runs.series": {"runs": ["forest"], "keys": ["loss", "nan"], "width": 100},
    "runs.keys": {},
    "runs.complete": {"text": "metrics.l", "position": 9},
    "tables.browse": {},
    "tables.history": {"notebook": "a.ipynb", "cells": []},
    "tables.facts": {"columns": ["metrics.acc"]},
    "tables.groups": {"by": "experiment"},
    "tables.view": {},
    "charts.tail": {"cursors": []},
    "charts.bands": {"key": "loss"},
    "charts.figure": {"kind": "scatter", "x": "params.lr", "y": "metrics.acc"},
    "charts.importance": {"metric": "acc"},
    "lineage.explain": {"left": "forest", "right": "svm"},
    "lineage.graph": {"run": "forest"},
    "lineage.rewrite": {"run": "svm", "text": "lr = 1\n"},
}
LATER = {"duration", "ended", "now"}  # what counts on while a run is running


def steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items() if key not in LATER}
    return [steady(item) for item in value] if isinstance(value, list) else value


def tree(folder: Path) -> dict[str, str]:
    """Each file below a folder with what is in it, and each folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }


def outline(folder: Path) -> set[str]:
    """Each path below a folder; of projects only that they are there, as the server closes their files in its time."""
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    return {str(path) for path in found if ".nbtrack" not in path.parent.parts}


def test_every_read_over_http_is_the_same_as_anywhere(server: Server, filled: Project, name: str) -> None:
    assert set(READS) == {op.name for op in OPERATIONS.values() if op.method == "GET"}
    for op, payload in READS.items():
        for _ in range(5):  # the files may just be tidied up, whose sizes are part of the status
            said = steady(json.loads(dispatch(filled, op, payload)))
            by_get = server.read(op, name, payload)
            by_post = server.write(op, name, payload)
            if steady(by_get.json) == steady(by_post.json) == said:
                break
        assert steady(by_get.json) == steady(by_post.json) == said, op
        assert (by_get.status == 200) == said["ok"], (op, said)
        assert by_get.headers["Content-Type"] == "application/json"
        assert by_get.headers["Cache-Control"] == "no-store"
    assert sum(json.loads(dispatch(filled, op, payload))["ok"] for op, payload in READS.items()) > 20


def test_runs_are_written_into_a_file_beside_the_notebook(server: Server, filled: Project, name: str) -> None:
    made = server.write("transfer.export", name, {"format": "csv", "filter": "params.lr > 0", "name": "mine"}).result
    assert (made["path"], made["runs"]) == ("exports/mine.csv", 2)
    assert (filled.root / made["path"]).stat().st_size == made["size"]
    again = server.write("transfer.export", name, {"format": "csv", "name": "mine"})
    assert (again.status, again.error["code"]) == (400, "invalid_option")
    outside = server.write("transfer.export", name, {"format": "csv", "name": "../mine"})
    assert (outside.status, outside.error["code"]) == (400, "invalid_option")


def test_changes_come_through_and_in_the_order_they_were_asked_for(server: Server, filled: Project, name: str) -> None:
    for number in range(20):
        server.write("runs.edit", name, {"runs": ["svm"], "note": str(number)}).result  # noqa: B018
    assert server.read("runs.get", name, {"run": "svm"}).result["row"]["note"] == "19"
    undone = server.write("runs.undo", name).result
    assert undone["count"] == 1
    assert server.read("runs.get", name, {"run": "svm"}).result["row"]["note"] == "18"


@pytest.mark.parametrize(
    ("op", "payload", "status", "code"),
    [
        ("runs.get", {"run": "nobody"}, 404, "not_found"),
        ("runs.page", {"filter": "metrics.acc >"}, 400, "filter"),
        ("runs.page", {"limit": "many"}, 400, "invalid_request"),
        ("runs.page", {"flter": ""}, 400, "invalid_request"),
        ("runs.none", {}, 404, "unknown_operation"),
        ("../api/runs.page", {}, 404, None),
    ],
)
def test_an_error_has_a_status_and_the_one_shape(
    server: Server, filled: Project, name: str, op: str, payload: Any, status: int, code: str | None
) -> None:
    for answer in (server.read(op, name, payload), server.write(op, name, payload)):
        assert answer.status == status
        if code:
            assert answer.error["code"] == code


@pytest.mark.parametrize("body", [b"[1]", b"\xff\xfe", b"{", b"null", b"[" * 100_000])
def test_a_body_that_makes_no_sense_is_refused(server: Server, name: str, body: bytes) -> None:
    answer = server.write("runs.page", name, body)
    assert (answer.status, answer.error["code"]) == (400, "invalid_request")


def test_a_request_that_is_too_large_is_refused_in_words(server: Server, name: str) -> None:
    fits = json.dumps({"filter": " " * (MAX_PAYLOAD - 14)}).encode()
    assert len(fits) == MAX_PAYLOAD
    assert server.write("runs.page", name, fits).status == 200
    for more in (1, 20 << 20):
        answer = server.write("runs.page", name, fits + b" " * more)
        assert (answer.status, answer.error["code"]) == (413, "too_large")


def test_a_large_answer_is_compressed_for_who_takes_that(server: Server, filled: Project, name: str) -> None:
    packed = server.read("runs.get", name, {"run": "odd"}, headers={"Accept-Encoding": "gzip"})
    with current.begin(filled, name="wide") as run:
        run.set_params({f"param_{number}": number for number in range(2000)})
    service(filled).refresh(force=True)
    packed = server.read("runs.get", name, {"run": "wide"}, headers={"Accept-Encoding": "gzip, br"})
    plain = server.read("runs.get", name, {"run": "wide"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert json.loads(gzip.decompress(packed.body)) == plain.json
    assert len(packed.body) < len(plain.body) / 4


def test_a_slow_client_of_one_project_holds_up_no_other(server: Server, filled: Project, name: str) -> None:
    other = server.folder / "beside"
    other.mkdir(exist_ok=True)
    holder = sqlite3.connect(filled.database)
    holder.execute("BEGIN IMMEDIATE")
    waiting = threading.Thread(target=server.write, args=("runs.edit", name, {"runs": ["svm"], "note": "late"}))
    waiting.start()
    try:
        assert server.write("runs.edit", "beside", {"runs": ["svm"]}).error["code"] == "store"
        assert server.read("runs.get", name, {"run": "svm"}).result["row"]["note"] == "=HYPERLINK()"
    finally:
        holder.rollback()
        holder.close()
    waiting.join()
    assert server.read("runs.get", name, {"run": "svm"}).result["row"]["note"] == "late"


# -- projects

LEADING_OUT = [
    "..",
    "../..",
    "work/../..",
    "work/../../etc",
    "./..",
    "/",
    "/etc",
    "//etc",
    "/proc/self/root",
    "..\\..",
    "work\\..\\..",
    "C:\\Windows",
    "\\\\host\\share",
    "a\0b",
    "..\0",
    "x/" + "../" * 50 + "etc",
]


@pytest.mark.parametrize("given", LEADING_OUT, ids=repr)
def test_no_name_leads_out_of_the_servers_folder(server: Server, given: str) -> None:
    before = outline(server.folder)
    for answer in (
        server.read("runs.page", given),
        server.write("runs.edit", given, {"runs": ["x"]}),
        server.write("tables.save", given, {"state": {}}),
        server.get("projects", {"path": given}),
        server.get("complete", {"project": given, "line": "%track "}),
        server.get("artifacts/run/path", {"project": given}),
    ):
        assert (answer.status, answer.error["code"]) == (403, "outside")
        assert answer.error["hint"]
    assert outline(server.folder) == before


@pytest.mark.parametrize(
    "given", ["~", "~root", "none", "%2e%2e", "..%2f..", "$HOME", "file:", "file:///etc", "...", "é" * 90]
)
def test_a_folder_that_is_not_there_is_said_so_and_not_made(server: Server, given: str) -> None:
    before = outline(server.folder)
    for answer in (server.read("runs.page", given), server.write("tables.save", given, {"state": {}})):
        assert answer.error["code"] in ("not_found", "outside")
        assert answer.status in (403, 404)
    assert outline(server.folder) == before


def test_names_too_long_for_a_file_system_are_refused(server: Server) -> None:
    for given in ("a" * 256, "é" * 128, "a/" * 2100):
        assert server.read("runs.page", given).error["code"] == "invalid_option"
        assert server.get("projects", {"path": given}).error["code"] == "invalid_option"


def test_a_link_that_leads_out_is_not_followed_and_one_inside_is(
    server: Server, filled: Project, name: str, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(filled.root, elsewhere)
    out, inside = server.folder / f"out-{name}", server.folder / f"in-{name}"
    out.symlink_to(elsewhere)
    inside.symlink_to(filled.root)
    mixed = server.folder / f"mixed-{name}"
    mixed.mkdir()
    (mixed / ".nbtrack").symlink_to(elsewhere / ".nbtrack")
    for given in (out.name, mixed.name):
        assert server.read("runs.page", given).error["code"] == "outside"
    assert server.get("projects", {"path": f"{out.name}/a.ipynb"}).error["code"] == "outside"
    assert server.get("projects", {"path": f"{mixed.name}/a.ipynb"}).error["code"] == "outside"
    assert server.read("runs.page", inside.name).result["matched"] == 4
    assert server.get("projects", {"path": f"{inside.name}/a.ipynb"}).result["project"] == name


def test_no_read_makes_anything_on_the_disk(server: Server, project: Project, name: str) -> None:
    (project.root / "file.txt").write_text("x")
    before = tree(project.root)
    for op, payload in READS.items():
        assert server.read(op, name, payload).status in (200, 400, 404), op
        assert server.read(op, f"{name}/file.txt", payload).error["code"] == "invalid_option"
    server.get("projects", {"path": f"{name}/new/sub/a.ipynb"}).result  # noqa: B018
    server.get("complete", {"project": name, "line": "%track show "}).result  # noqa: B018
    assert server.get("artifacts/run/path", {"project": name}).status == 400
    heard = server.socket()
    heard.send(json.dumps({"watch": [name]}))
    assert json.loads(heard.recv()) == {"project": name, "revision": 0}
    heard.close()
    assert tree(project.root) == before


def test_lines_of_the_magics_are_completed(server: Server, filled: Project, name: str) -> None:
    found = server.get("complete", {"project": name, "line": "%track show fo"}).result
    assert found == {"words": ["forest"], "start": 12}
    assert server.get("complete", {"project": name, "line": "%%track --ex"}).result["words"] == ["--experiment"]
    assert server.get("complete", {"project": name, "line": "x = 1"}).result["words"] == []
    wide = server.get("complete", {"project": name, "line": "%track note svm 😀 --h"}).result
    assert wide == {"words": ["--help"], "start": 19}, "JavaScript counts an emoji twice"


# -- stores that cannot be used as they are


def test_a_database_of_a_newer_version_is_named_and_left_alone(server: Server, filled: Project, name: str) -> None:
    copy = server.folder / f"newer-{name}"
    (copy / ".nbtrack").mkdir(parents=True)
    file = copy / ".nbtrack" / "nbtrack.db"
    with sqlite3.connect(filled.database) as conn:
        conn.execute("VACUUM INTO ?", (str(file),))
    conn.close()
    conn = sqlite3.connect(file)
    conn.execute("PRAGMA user_version = 99")
    conn.execute("UPDATE meta SET value = 99 WHERE key = 'min_reader'")
    conn.commit()
    conn.close()
    before = file.read_bytes()
    for answer in (
        server.read("runs.page", copy.name),
        server.write("runs.edit", copy.name, {"runs": ["svm"], "note": "x"}),
    ):
        assert (answer.status, answer.error["code"]) == (400, "store_too_new")
        assert "99" in answer.error["message"]
    assert server.get("projects", {"path": copy.name}).result["exists"] is True
    heard = server.socket()
    heard.send(json.dumps({"watch": [copy.name, name]}))
    assert json.loads(heard.recv())["project"] == name
    heard.close()
    assert file.read_bytes() == before


def test_a_file_of_another_program_is_named_and_left_alone(server: Server, project: Project, name: str) -> None:
    project.folder.mkdir()
    project.database.write_bytes(b"no database at all\n" * 1000)
    assert server.read("runs.page", name).error["code"] == "store_foreign"
    assert server.read("project.revision", name).error["code"] == "store_foreign"
    assert project.database.read_bytes() == b"no database at all\n" * 1000


@pytest.fixture
def frozen(filled: Project) -> Iterator[Project]:
    """The project on a file system mounted read-only; where no mount is allowed, made so by its mode."""
    from nbtrack.runs import projects

    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()
    folder = filled.folder
    if os.geteuid() != 0:
        folder.chmod(0o500)
    elif subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False).returncode:
        pytest.skip("root may write everywhere, and here it may not mount")
    else:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], capture_output=True, check=True)
    yield filled
    subprocess.run(["umount", "-l", folder], capture_output=True, check=False)
    folder.chmod(0o700)


def test_a_project_on_a_read_only_folder_is_read(server: Server, frozen: Project, name: str) -> None:
    assert server.read("runs.page", name).result["matched"] == 4
    assert server.read("project.status", name).result["read_only"] is True
    for op, payload in (("runs.edit", {"runs": ["svm"], "note": "x"}), ("tables.save", {"state": {}})):
        answer = server.write(op, name, payload)
        assert (answer.status, answer.error["code"]) == (403, "store_read_only")
        assert answer.error["hint"]
    heard = server.socket()
    heard.send(json.dumps({"watch": [name]}))
    assert json.loads(heard.recv())["revision"] > 0
    heard.close()
