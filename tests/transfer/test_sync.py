"""To and from a real MLflow server: one copy of everything, however often a push was killed; edits on both sides."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.transfer import mlflow as words
from nbtrack.transfer.importers.mlflow import Mlflow
from nbtrack.transfer.landing import land
from nbtrack.transfer.sync.agreeing import counted, plain
from nbtrack.transfer.sync.opening import opened
from nbtrack.transfer.sync.pulling import Pulled, pull
from nbtrack.transfer.sync.pushing import Pushed, push
from nbtrack.transfer.sync.remotes import remote
from nbtrack.transfer.sync.watching import watch
from tests.ui.ports import free_port

from .conftest import MakeProject
from .mlflow_made import ENVIRONMENT, empty_database, make

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload``:DeprecationWarning")

_PATIENCE = 180.0  # seconds for a server to come up on a busy machine
DRIVERS = [name for name in ("psycopg2", "psycopg") if find_spec(name)]
MOMENTS = (
    "create_run:1:before",
    "create_run:2:after",
    "log_batch:1:before",
    "log_batch:3:after",
    "log_artifacts:1:after",
    "update_run_info:2:before",
    "update_run_info:1:after",
)


@contextmanager
def served(folder: Path, backend: str) -> Iterator[str]:
    """An MLflow server, until the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", backend, "--artifacts-destination", str(folder / "files")]
    environment = {**os.environ, **ENVIRONMENT, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    uri = f"http://127.0.0.1:{port}"
    try:
        _wait_for(uri, server, folder)
        yield uri
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, 15)
        server.wait(120)


def _wait_for(uri: str, server: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{uri}/health", timeout=5):
            return
        time.sleep(0.2)
    pytest.fail(f"no server: {(folder / 'server.log').read_text()[-2000:]}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An MLflow server on SQLite; its tests tell their runs apart by the names of their experiments."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copyfile(empty_database(), folder / "mlflow.db")
    with served(folder, f"sqlite:///{folder / 'mlflow.db'}") as uri:
        yield uri


def client_of(uri: str) -> Any:
    """MLflow's own client."""
    from mlflow import MlflowClient

    return MlflowClient(uri, uri)


def record(project: Project, experiment: str, points: int = 1200) -> None:
    """Five runs, one inside of another, of all statuses, with files."""
    with current.begin(project, name="outer", kind="script", experiment=experiment) as outer:
        outer.set_params({"lr": 0.1, "text": "1", "long": "x" * 9000, "none": None})
        with current.begin(project, name="inner", kind="script", experiment=experiment, parent=outer) as inner:
            for step in range(points):
                inner.log({"loss": 1 / (step + 1), "acc (val)": math.nan if step % 9 == 0 else step / 7}, step=step)
            inner.add_bytes("deep/notes.txt", b"hello", "text/plain")
            inner.set_tags({"stage": "draft"})
            inner.set_note("why")
    for number in range(3):
        with (
            suppress(ValueError),
            current.begin(project, name=f"r{number}", kind="script", experiment=experiment) as run,
        ):
            run.log({"loss": float(number)}, step=3)
            run.add_bytes(f"{number}.bin", bytes([number]) * 10)
            if number == 1:
                raise ValueError


def sent(project: Project, uri: str) -> Pushed:
    """Push all of a project."""
    with opened(uri) as there:
        return push(RunsService(project), there)


def fetched(project: Project, uri: str, *only: str) -> Pulled:
    """Pull experiments of a server."""
    with opened(uri) as there:
        return pull(RunsService(project), there, only)


def runs_there(uri: str, experiment: str) -> dict[str, Any]:
    """The runs of an experiment by name, each there once."""
    client = client_of(uri)
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id], run_view_type=3)
    names = [run.info.run_name for run in found]
    assert len(set(names)) == len(names), names
    return {run.info.run_name: run for run in found}


def assert_all_there(project: Project, uri: str, experiment: str) -> None:
    """A server has all that a project has, each once."""
    client, reads = client_of(uri), RunsService(project)
    there = runs_there(uri, experiment)
    rows = reads.page(c.PageRequest(experiment=experiment)).rows
    assert set(there) == {row.name for row in rows}
    by_id = {row.id: row.name for row in rows}
    for row in rows:
        run, detail = there[row.name], reads.get(c.RunRequest(row.id))
        assert run.data.tags[words.RUN_ID] == row.id
        assert run.info.status == words.status_out(row.status)
        assert (run.info.start_time, run.info.end_time) == (round(row.started * 1000), round(row.ended * 1000))
        assert run.data.tags.get(words.NOTE, "") == row.note
        parent = there[by_id[row.parent]].info.run_id if row.parent else None
        assert run.data.tags.get(words.PARENT) == parent
        assert set(run.data.params) == set(row.params)
        for key in row.metrics:
            here = reads.history(row.id, key)
            history = client.get_metric_history(run.info.run_id, words.name_out(key))
            assert sorted(map(repr, ((one.step, one.timestamp, plain(one.value)) for one in history))) == sorted(
                map(repr, counted(here).elements())  # type: ignore[arg-type]
            )
        for one in detail.artifacts:
            folder, _, _ = one.path.rpartition("/")
            assert one.path in [file.path for file in client.list_artifacts(run.info.run_id, folder or None)]


def test_a_push_brings_all_and_a_second_one_nothing(server: str, project: Project) -> None:
    record(project, "pushed")
    first = sent(project, server)
    assert (first.new, first.points, first.files) == (5, 2403, 4)
    assert_all_there(project, server, "pushed")
    again = sent(project, server)
    assert (again.new, again.changed, again.same, again.points) == (0, 0, 5, 0)
    inner = runs_there(server, "pushed")["inner"]
    assert inner.data.tags["stage"] == "draft"
    exact = client_of(server).download_artifacts(
        runs_there(server, "pushed")["outer"].info.run_id, "nbtrack/exact.json"
    )
    assert json.loads(Path(exact).read_text())["params"] == {"text": "1", "long": "x" * 9000}


def test_only_what_came_since_is_sent(server: str, project: Project) -> None:
    run = current.begin(project, name="grows", kind="script", experiment="grows")
    try:
        run.log({"loss": 1.0}, step=0)
        assert sent(project, server).points == 1
        assert runs_there(server, "grows")["grows"].info.status == "RUNNING"
        run.log({"loss": 0.5}, step=1)
        run.set_params({"late": 1})
        done = sent(project, server)
        assert (done.new, done.changed, done.points) == (0, 1, 1)
    finally:
        run.end()
    assert sent(project, server).changed == 1
    assert_all_there(project, server, "grows")


def _killed(uri: str, another: MakeProject, moments: tuple[str, ...]) -> list[tuple[Project, str, dict[str, Any]]]:
    """Projects whose push was killed at a moment and repeated: with their experiment, and what the second one said."""
    projects = []
    for number, _ in enumerate(moments):
        projects.append(another(f"killed-{number}"))
        record(projects[-1], f"killed-{number}", points=30)
        RunsService(projects[-1]).refresh(force=True)
    tasks = [f"{project.root}={moment}" for project, moment in zip(projects, moments, strict=True)]
    command = [sys.executable, "-m", "tests.transfer.killed_push", uri, *tasks]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=root, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(said) == len(moments)
    return [
        (project, f"killed-{number}", one) for number, (project, one) in enumerate(zip(projects, said, strict=True))
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="moments are chosen in forked processes")
def test_a_push_that_is_killed_and_repeated_leaves_one_copy_of_everything(server: str, another: MakeProject) -> None:
    for project, experiment, said in _killed(server, another, MOMENTS):
        assert_all_there(project, server, experiment)
        assert said["points"] <= 63, experiment  # what had arrived is not sent again
        assert sent(project, server).points == 0


@pytest.mark.skipif(shutil.which("initdb") is None, reason="PostgreSQL is not installed here")
@pytest.mark.skipif(not DRIVERS, reason="psycopg2 or psycopg, by which MLflow talks to PostgreSQL, is not here")
def test_a_server_on_postgresql_gets_one_copy_too(
    tmp_path_factory: pytest.TempPathFactory, another: MakeProject
) -> None:
    folder = tmp_path_factory.mktemp("postgres")
    with postgres(folder) as backend, served(folder, backend) as uri:
        for project, experiment, _ in _killed(uri, another, ("log_batch:2:after", "create_run:2:after")):
            assert_all_there(project, uri, experiment)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of its own; its address for SQLAlchemy."""
    data, as_user = folder / "data", []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for one in (folder, *folder.parents):
            if one.is_relative_to(Path("/tmp")) and one != Path("/tmp"):
                one.chmod(0o755)
        folder.chmod(0o777)
    port = free_port()
    subprocess.run(
        [*as_user, "initdb", "-D", data, "-U", "mlflow", "-A", "trust", "-N"], check=True, capture_output=True
    )
    options = ["-D", data, "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    with (folder / "postgres.log").open("wb") as log:
        running = subprocess.Popen([*as_user, "postgres", *options], stdout=log, stderr=log)
    try:
        driver, until = import_module(DRIVERS[0]), time.monotonic() + _PATIENCE
        while True:  # while it starts it takes connections, and refuses who comes by them
            try:
                driver.connect(host="127.0.0.1", port=port, user="mlflow", dbname="postgres").close()
                break
            except driver.OperationalError:
                assert time.monotonic() < until, (folder / "postgres.log").read_text()[-2000:]
                time.sleep(0.1)
        yield f"postgresql+{DRIVERS[0]}://mlflow@127.0.0.1:{port}/postgres"
    finally:
        running.send_signal(2)
        running.wait(120)


def test_what_others_add_and_edit_comes_and_what_both_edit_is_the_servers(server: str, project: Project) -> None:
    record(project, "both", points=10)
    sent(project, server)
    client, run = client_of(server), runs_there(server, "both")["inner"]
    there = run.info.run_id
    client.log_metric(there, "loss", 7.5, 1_700_000_000_123, 99)
    client.log_param(there, "added", "0.5")
    client.set_tag(there, "stage", "final")
    client.set_tag(there, words.NOTE, "from there")
    client.log_text(there, "theirs", "theirs.txt")
    EditingService(RunsService(project)).edit(c.EditRequest(["inner"], note="from here", tags={"mine": "yes"}))
    done = fetched(project, server, "both")
    assert (done.new, done.changed, done.points, done.files) == (0, 1, 1, 1)
    assert len(done.conflicts) == 1
    assert "note of 'inner': here 'from here', on the server 'from there'" in done.conflicts[0]
    reads = RunsService(project)
    row = reads.row("inner")
    assert (row.note, row.tags["stage"], row.tags["mine"], row.params["added"]) == ("from there", "final", "yes", 0.5)
    assert reads.history("inner", "loss").values[-1] == 7.5
    assert reads.artifact("inner", "theirs.txt")[1] == b"theirs"
    pushed = sent(project, server)
    assert (pushed.points, pushed.conflicts) == (0, [])
    assert runs_there(server, "both")["inner"].data.tags["mine"] == "yes"
    assert fetched(project, server, "both").changed == 0
    EditingService(RunsService(project)).undo()
    assert RunsService(project).row("inner").note == "from here"


def test_a_deletion_on_either_side_reaches_the_other(server: str, project: Project) -> None:
    record(project, "gone", points=2)
    sent(project, server)
    client, there = client_of(server), runs_there(server, "gone")
    client.delete_run(there["r0"].info.run_id)
    fetched(project, server, "gone")
    assert RunsService(project).row("r0").trashed is not None
    EditingService(RunsService(project)).trash(c.RunsRequest(["r2"]))
    sent(project, server)
    assert client.get_run(there["r2"].info.run_id).info.lifecycle_stage == "deleted"
    EditingService(RunsService(project)).restore(c.RunsRequest(["r2"]))
    sent(project, server)
    assert client.get_run(there["r2"].info.run_id).info.lifecycle_stage == "active"


def test_what_mlflow_wrote_is_on_another_server_what_it_was(server: str, project: Project, tmp_path: Path) -> None:
    source = (tmp_path / "mlruns").as_uri()
    about = make(source, tmp_path)
    importer = Mlflow()
    land(project, importer.read(source, {"artifacts": str(tmp_path)}), importer.place(source))
    with opened(server) as there:
        push(RunsService(project), there)
        push(RunsService(project), there, c.PageRequest(trashed=True))
    client = client_of(server)
    with opened(str(tmp_path / "mlruns")) as before:
        for name, run_id in about["runs"].items():
            was = before.store.get_run(run_id)
            experiment = before.store.get_experiment(was.info.experiment_id).name
            now = runs_there(server, experiment)[name]
            for attribute in ("status", "start_time", "end_time", "lifecycle_stage", "run_name", "user_id"):
                assert getattr(now.info, attribute) == getattr(was.info, attribute), (name, attribute)
            assert now.data.params == was.data.params
            own = (words.RUN_ID, words.PARENT)
            kept = {key: value for key, value in now.data.tags.items() if key in was.data.tags and key not in own}
            assert kept == {key: value for key, value in was.data.tags.items() if key not in own}
            for key in was.data.metrics:
                old, new = before.store.get_metric_history(run_id, key), client.get_metric_history(now.info.run_id, key)
                points = [
                    sorted(repr((one.step, one.timestamp, plain(one.value))) for one in part) for part in (old, new)
                ]
                assert points[0] == points[1]
            sets = [[one.to_dictionary() for one in run.inputs.dataset_inputs] for run in (was, now)]
            assert sets[0] == sets[1]
        outer, inner = (runs_there(server, "churn")[name] for name in ("outer", "inner"))
        assert inner.data.tags[words.PARENT] == outer.info.run_id
        note = Path(client.download_artifacts(outer.info.run_id, "deep/er/note.txt"))
        assert note.read_text() == "hello"
        assert client.get_experiment_by_name("churn").tags["team"] == "blue"


def test_another_project_gets_what_was_pushed_under_the_same_ids(
    server: str, project: Project, another: MakeProject
) -> None:
    record(project, "shared", points=20)
    sent(project, server)
    other = another("other")
    done = fetched(other, server, "shared")
    assert (done.new, done.points) == (5, 43)
    here, there = RunsService(project), RunsService(other)
    for row in here.page(c.PageRequest()).rows:
        twin = there.row(row.id)
        assert (twin.name, twin.status, twin.note, twin.parent) == (row.name, row.status, row.note, row.parent)
        assert {key: repr(value) for key, value in twin.params.items()} == {
            key: repr(value) for key, value in row.params.items()
        }
        assert set(twin.metrics) == set(row.metrics)
    assert fetched(other, server, "shared").same == 5
    assert sent(other, server).points == 0
    assert len(runs_there(server, "shared")) == 5


def test_a_server_is_imported_like_its_database(server: str, project: Project, another: MakeProject) -> None:
    record(project, "over-http", points=4)
    sent(project, server)
    other, importer = another("imported"), Mlflow()
    assert importer.knows(server)
    first = land(other, importer.read(server, {}), importer.place(server))
    assert first.experiments["over-http"] == 5
    assert RunsService(other).artifact("inner", "deep/notes.txt")[1] == b"hello"
    again = land(other, importer.read(server, {}), importer.place(server))
    assert (again.new, again.changed, again.same) == (0, 0, first.new)
    here = land(project, importer.read(server, {}), importer.place(server))  # what was sent from here stays as it is
    assert (here.new, here.changed, here.same) == (first.new - 5, 0, 5)


def test_the_verbs_say_what_went_and_came(server: str, project: Project) -> None:
    from nbtrack.sdk import verbs
    from nbtrack.sdk.verbs import Context

    record(project, "verbs", points=2)
    context = Context(project=project, prog="nbtrack")
    shown = verbs.run(f"push {server} metrics.loss > 1.5", "nbtrack", context)
    assert shown.text() == f"Sent to {server}: 1 new run (1 point, 1 file)."
    assert verbs.run(["push", "-"], "nbtrack", context).to_dict()["new"] == 4
    assert "nothing new" in verbs.run("pull -e verbs", "nbtrack", context).text()
    plain = verbs.run("sync", "nbtrack", context).to_dict()
    assert plain["remote"] == server
    assert plain["pushed"]["new"] == 0


def test_watching_sends_what_is_logged_and_stops_when_told(server: str, project: Project) -> None:
    stop, said = threading.Event(), []
    record(project, "watched", points=3)
    RunsService(project).refresh(force=True)

    def heard(text: str) -> None:
        said.append(text)
        if text.startswith("Sent"):
            stop.set()

    watch(RunsService(project), server, 0.1, heard, stop)
    assert any(line.startswith("Sent 5 new") for line in said)
    assert_all_there(project, server, "watched")


def test_the_server_named_last_is_remembered_without_its_password(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(InvalidOption, match="Nobody has said which server"):
        remote(project, None)
    assert remote(project, "https://ada:secret@example.org/x") == "https://ada:secret@example.org/x"
    assert remote(project, None) == "https://example.org/x"
    assert "secret" not in (project.folder / "remote.json").read_text()
    for given in ("mlruns", "sqlite:///x.db", "nbtrack:"):
        with pytest.raises(InvalidOption, match="is no server"):
            remote(project, given)
