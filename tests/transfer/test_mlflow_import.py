"""MLflow's folders and databases, written by MLflow itself, come in as they are; broken ones are refused."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import BadSource, InvalidOption, NbtrackError, StoreForeign, Unreachable
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService
from nbtrack.transfer import mlflow as words
from nbtrack.transfer.importers.mlflow import Mlflow
from nbtrack.transfer.landing import Landed, land
from nbtrack.transfer.records import made_id

from .mlflow_made import NUMBERS, empty_database, make

# MLflow's own tables ask for what SQLAlchemy 2.1 will not do any longer.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload``:DeprecationWarning")

Made = tuple[str, dict[str, Any]]
_STORES = ("file", "sqlite")


@pytest.fixture(scope="module", params=_STORES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A store with runs of all kinds, as a source; and what they are."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "file":
        return str(folder / "mlruns"), make((folder / "mlruns").as_uri(), folder)
    shutil.copyfile(empty_database(), folder / "mlflow.db")
    return str(folder / "mlflow.db"), make(f"sqlite:///{folder / 'mlflow.db'}", folder)


@pytest.fixture
def store(made: Made, tmp_path: Path) -> Made:
    """A copy of it, to be broken."""
    source = Path(made[0])
    copied = tmp_path / "copied" / source.name
    (shutil.copytree if source.is_dir() else _copy)(source, copied)
    return str(copied), made[1]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir()
    shutil.copyfile(source, target)


def bring(project: Project, source: str, dry: bool = False, **options: str) -> Landed:
    """Import a source."""
    importer = Mlflow()
    return land(project, importer.read(source, options), importer.place(source), dry=dry)


def rows_of(project: Project, trashed: bool = False) -> dict[str, c.RunRow]:
    """The runs of a project by name."""
    found = RunsService(project).page(c.PageRequest(trashed=trashed, limit=100)).rows
    return {row.name: row for row in found}


def state_of(source: str) -> dict[str, str]:
    """What a source holds, byte for byte."""
    root = Path(source)
    paths = [root] if root.is_file() else sorted(root.rglob("*"))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for path in paths}


def test_what_mlflow_holds_comes_in_and_the_source_stays_as_it_is(made: Made, project: Project) -> None:
    source, about = made
    assert Mlflow().knows(source)
    before = state_of(source)
    landed = bring(project, source, artifacts=str(Path(source).parent))
    assert state_of(source) == before
    assert (landed.new, landed.changed, landed.models, landed.notes) == (5, 0, 1, [])
    found = rows_of(project)
    assert {name: row.status for name, row in found.items()} == {
        "outer": "finished",
        "inner": "interrupted",
        "broke": "failed",
        "goes-on": "running",
    }
    assert list(rows_of(project, trashed=True)) == ["gone"]
    assert found["broke"].experiment == "default"
    assert found["outer"].experiment == "churn"
    assert found["inner"].parent == found["outer"].id == made_id("mlflow", about["runs"]["outer"])
    assert found["outer"].started == 1_700_000_000.001
    assert found["outer"].ended == 1_700_000_009.999
    assert found["outer"].note == "why *so*"
    assert found["outer"].tags["stage"] == "draft"
    assert found["outer"].tags["k"] == "v" * 4000
    assert found["outer"].tags["mlflow.registered.churn-model"] == "1 @champion"
    params = {"lr": 0.1, "depth": 4, "name": "ünï", "off": None, "big": 10**30, "zero": "007", "flag": True}
    assert {name: (type(value), value) for name, value in found["outer"].params.items()} == {
        name: (type(value), value) for name, value in params.items()
    }


def test_histories_come_in_exactly_and_in_the_order_of_time(made: Made, project: Project) -> None:
    bring(project, made[0])
    reads = RunsService(project)
    loss = reads.history("outer", "loss")
    kept = [repr(value) for value in NUMBERS]
    if made[0].endswith(".db"):  # SQLite's columns of reals hold no −0.0
        kept[2] = "0.0"
    assert [repr(value) for value in loss.values] == kept
    assert list(loss.steps) == list(range(len(NUMBERS)))
    assert [words.milliseconds(moment) for moment in loss.times] == [1_700_000_000_100 + step for step in loss.steps]
    deep = reads.history("outer", "deep/acc")
    assert sorted(zip(deep.steps, deep.values, strict=True)) == [(-7, 0.25), (3, 0.75)]
    assert list(reads.history("inner", "many").values) == [step / 3 for step in range(900)]


def test_files_data_models_and_experiments_come_along(made: Made, project: Project) -> None:
    source, about = made
    bring(project, source, artifacts=str(Path(source).parent))
    reads = RunsService(project)
    artifact, data = reads.artifact("outer", "deep/er/note.txt")
    assert data == b"hello"
    assert artifact.size == 5
    detail = reads.get(c.RunRequest("outer"))
    assert [(one.name, one.hash, one.info["tags"]) for one in detail.datasets] == [
        ("train", "mlflow-abc123", {"mlflow.data.context": "training"})
    ]
    given, tags = words.dataset_out(
        words.DatasetRecord("train", info=detail.datasets[0].info, hash=detail.datasets[0].hash)
    )
    assert given["schema"] == '{"a": 1}'
    assert tags == {"mlflow.data.context": "training"}
    assert detail.about["origin"]["id"] == about["runs"]["outer"]
    assert detail.about["models"] == {"outputs": [[about["model"], 2]]}
    churn = next(one for one in reads.experiments().experiments if one.name == "churn")
    assert churn.note == "all of it"


def test_the_same_again_brings_nothing_and_a_dry_run_stores_nothing(made: Made, project: Project) -> None:
    dry = bring(project, made[0], dry=True)
    assert not project.database.exists()
    landed = bring(project, made[0])
    assert (dry.new, dry.points, dry.files, dry.experiments) == (
        landed.new,
        landed.points,
        landed.files,
        landed.experiments,
    )
    again = bring(project, made[0])
    assert (again.new, again.changed, again.same) == (0, 0, 5)


def test_what_changed_at_the_source_comes_and_edits_stay(store: Made, project: Project) -> None:
    source, about = store
    bring(project, source)
    outer = about["runs"]["outer"]
    if source.endswith(".db"):
        with closing(sqlite3.connect(source)) as conn:
            conn.execute("UPDATE params SET value = '0.5' WHERE key = 'lr' AND run_uuid = ?", (outer,))
            conn.commit()
    else:
        next(Path(source).glob(f"*/{outer}/params/lr")).write_text("0.5")
    landed = bring(project, source)
    assert (landed.new, landed.changed, landed.same) == (0, 1, 4)
    assert rows_of(project)["outer"].params["lr"] == 0.5


@pytest.mark.parametrize("made", ["file"], indirect=True)
class TestBrokenFolders:
    def test_a_line_that_is_no_point_is_named(self, store: Made, project: Project) -> None:
        file = next(Path(store[0]).glob(f"*/{store[1]['runs']['outer']}/metrics/loss"))
        file.write_text(file.read_text() + "17000 not-a-number 3\n")
        with pytest.raises(BadSource, match=f"its own run .*/{store[1]['runs']['outer']}"):
            bring(project, store[0])
        assert rows_of(project) == {}

    def test_a_run_that_mlflow_itself_passes_over_is_named(self, store: Made, project: Project) -> None:
        run = store[1]["runs"]["inner"]
        next(Path(store[0]).glob(f"*/{run}/meta.yaml")).write_text("{}")
        with pytest.raises((BadSource, Unreachable)):
            bring(project, store[0])
        assert rows_of(project) == {}

    @pytest.mark.parametrize(
        ("meta", "line", "what"),
        [("*/meta.yaml", "artifact_location", "experiment"), ("*/*/meta.yaml", "user_id", "run")],
    )
    def test_what_lacks_a_line_is_named(self, store: Made, project: Project, meta: str, line: str, what: str) -> None:
        file = next(one for one in sorted(Path(store[0]).glob(meta)) if "churn" in one.read_text() or what == "run")
        file.write_text("".join(one for one in file.read_text().splitlines(keepends=True) if line not in one))
        with pytest.raises(BadSource, match=f"its own {what} .*{file.parent.name}"):
            bring(project, store[0])
        assert rows_of(project) == {}

    def test_a_link_that_leads_out_of_a_runs_files_is_refused(self, store: Made, project: Project) -> None:
        folder = next(Path(store[0]).glob(f"*/{store[1]['runs']['broke']}"))
        (folder / "artifacts").mkdir(exist_ok=True)
        (folder / "artifacts" / "passwords").symlink_to("/etc/passwd")
        with pytest.raises(BadSource, match="leads out of the files of its run"):
            bring(project, store[0])

    def test_files_elsewhere_on_the_machine_are_not_read(self, store: Made, project: Project, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.mkdir()
        (secret / "key").write_text("s3cr3t")
        meta = next(Path(store[0]).glob(f"*/{store[1]['runs']['broke']}/meta.yaml"))
        lines = [f"artifact_uri: {secret.as_uri()}" if line.startswith("artifact_uri") else line
                 for line in meta.read_text().splitlines()]  # fmt: skip
        meta.write_text("\n".join(lines))
        shutil.rmtree(meta.parent / "artifacts", ignore_errors=True)
        landed = bring(project, store[0])
        about = RunsService(project).get(c.RunRequest("broke"))
        assert about.artifacts == []
        assert landed.new == 5
        assert "not beside it" in about.about["origin"]["notes"][0]
        bring(project, store[0], artifacts=str(secret))
        assert [one.path for one in RunsService(project).get(c.RunRequest("broke")).artifacts] == ["key"]


@pytest.mark.parametrize("made", ["sqlite"], indirect=True)
class TestHostileDatabases:
    @pytest.mark.parametrize(
        ("statement", "what"),
        [
            ("CREATE TRIGGER sly AFTER INSERT ON runs BEGIN DELETE FROM runs; END", "trigger 'sly'"),
            ("CREATE VIEW sly AS SELECT 1", "view 'sly'"),
            ("CREATE VIRTUAL TABLE sly USING fts5(x)", "virtual table 'sly'"),
        ],
    )
    def test_what_would_run_in_them_is_refused(self, store: Made, project: Project, statement: str, what: str) -> None:
        with closing(sqlite3.connect(store[0])) as conn:
            conn.execute(statement)
            conn.commit()
        with pytest.raises(StoreForeign, match=what):
            bring(project, store[0])

    def test_a_file_that_was_cut_off_is_refused(self, store: Made, project: Project) -> None:
        os.truncate(store[0], Path(store[0]).stat().st_size // 3)
        with pytest.raises(NbtrackError):
            bring(project, store[0])
        assert rows_of(project) == {}


def test_what_is_no_mlflow_is_refused(project: Project, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as conn:
        conn.execute("CREATE TABLE runs (x)")
        conn.commit()
    assert not Mlflow().knows(str(tmp_path / "other.db"))
    for source in (tmp_path / "other.db", tmp_path / "nothing-there", tmp_path):
        with pytest.raises(InvalidOption):
            bring(project, str(source))
    with pytest.raises(Unreachable, match=r"No server answers at 127\.0\.0\.1:9"):
        bring(project, "http://127.0.0.1:9")
    with pytest.raises(InvalidOption, match="no option 'colour'"):
        bring(project, str(tmp_path), colour="red")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-3", -3), ("0.1", 0.1), ("1e-05", 1e-05), ("True", True), ("None", None), ("nan", float("nan")),
     ("1.0", 1.0), ("-0.0", -0.0), ("inf", float("inf")), (str(10**40), 10**40)],
)  # fmt: skip
def test_a_param_that_python_writes_so_becomes_its_value_and_its_text_again(text: str, value: Any) -> None:
    found = words.param_value(text)
    assert type(found) is type(value)
    assert repr(found) == repr(value)
    assert words.param_text(found) == text
    assert words.comes_back(found)


@pytest.mark.parametrize(
    "text", ["01", "1.", "1e5", "+1", "-0", " 1", "1_000", "٣", "NaN", "Infinity", "true", "", "0x1f"]
)
def test_any_other_param_stays_the_text_it_is(text: str) -> None:
    assert words.param_value(text) == text


@pytest.mark.parametrize(
    "name", ["a", "a/b", "loss (val)", "/x", "a//b", "..", "ü", "x" * 251, "a\nb", "é" * 300, "", "."]
)
def test_every_name_becomes_one_that_mlflow_takes(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name

    out = words.name_out(name, {"a"})
    _validate_metric_name(out)
    assert out != "a"
    assert words.fits(out)
