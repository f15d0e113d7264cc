"""CSV and Parquet as people have them: a run a row, or a step a row."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import BadSource, InvalidOption, NotFound
from nbtrack.transfer.importers import guess, importer
from nbtrack.transfer.landing import land
from tests.transfer.others import Read, landed, read

WIDE = """\
Name,lr,optimizer,val_acc,loss,flag,Tags,Notes,State,started,huge,empty,config/width,summary/best
one,0.1,adam,0.9,nan,true,"x, y",hello,finished,2024-01-02T03:04:05Z,123456789012345678901234,,3,0.5
two,1e-3,sgd,1,-inf,false,,,crashed,2024-01-02T03:04:06+00:00,5,,4,
"""


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    path = tmp_path / "results.csv"
    path.write_text(WIDE)
    return path


def one(path: Path, **options: str) -> Read:
    return read("tables", path, **options)[0]


def test_columns_are_what_their_names_and_values_say(wide: Path) -> None:
    first, second = read("tables", wide)
    assert (first.run.name, first.run.experiment, first.run.status, first.run.note) == (
        "one", "results", "finished", "hello",
    )  # fmt: skip
    assert first.params == {
        "lr": 0.1, "optimizer": "adam", "flag": True, "huge": 123456789012345678901234, "width": 3,
    }  # fmt: skip
    assert first.run.tags == {"x": "", "y": ""}
    assert first.run.started == datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc).timestamp()
    assert first.values("val_acc") == [0.9]
    assert math.isnan(first.values("loss")[0])
    assert first.values("best") == [0.5]
    assert (second.run.status, second.params["lr"], second.values("loss")) == ("crashed", 0.001, [-math.inf])
    assert "best" not in second.series


@pytest.mark.parametrize("content", [",loss,lr\n0,0.5,0.1\n1,0.25,0.2\n", "step,,loss\n0,a word,0.5\n1,,0.25\n"])
def test_a_column_without_a_name_as_pandas_writes_its_index_says_nothing_of_a_run(tmp_path: Path, content: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(content)
    found = read("tables", path)
    assert [value for each in found for value in each.values("loss")] == [0.5, 0.25]
    for each in found:
        assert each.run.experiment == "results"
        assert each.run.note == ""
        assert each.run.status == "finished"
        assert each.run.started == path.stat().st_mtime
        assert (each.run.name or "").startswith("results")


def test_what_is_said_goes_before_what_is_guessed(wide: Path) -> None:
    said = "lr=metrics.rate\nval_acc=params.acc\nloss=-\noptimizer=tags.how\nName=id\nhuge=experiment"
    found = one(wide, map=said)
    assert found.values("rate") == [0.1]
    assert found.params["acc"] == 0.9
    assert "loss" not in found.series
    assert found.run.tags["how"] == "adam"
    assert found.run.experiment == "123456789012345678901234"
    assert found.run.name == "one"


@pytest.mark.parametrize(
    ("said", "what"),
    [("nothere=params.x", "no column 'nothere'"), ("lr=colour", "'colour' is nothing"), ("lr", "--map"),
     ("lr=name", "would all be 'name'|'name'"), ("lr=params.", "'params.' is nothing")],
)  # fmt: skip
def test_a_mapping_that_says_what_cannot_be_is_refused(wide: Path, said: str, what: str) -> None:
    if said == "lr=name":
        said += "\noptimizer=name"
    with pytest.raises(InvalidOption, match=what):
        read("tables", wide, map=said)


def test_it_lands_and_a_row_that_is_added_is_the_only_new_one(wide: Path, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    first, then = landed(tmp_path / "p", "tables", wide)
    assert (first.new, then.same) == (2, 2)
    wide.write_text(WIDE + WIDE.splitlines()[1].replace("one", "three") + "\n")
    more, _ = landed(tmp_path / "p", "tables", wide)
    assert (more.new, more.same) == (1, 2)


def test_rows_with_steps_are_the_history_of_their_runs(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("run;epoch;loss;lr;time\na;0;0.5;1;100\nb;0;0.7;2;101\na;1;0.25;1;102.5\n")
    a, b = read("tables", path, map="lr=params.lr")
    assert (a.run.name, a.run.started, a.run.ended) == ("a", 100.0, 102.5)
    assert a.series["loss"] == ([0, 1], [100.0, 102.5], [0.5, 0.25])
    assert (a.params, b.params) == ({"lr": 1}, {"lr": 2})
    assert b.series["loss"] == ([0], [101.0], [0.7])


def test_a_training_log_without_a_column_of_runs_is_one_run(tmp_path: Path) -> None:
    path = tmp_path / "training.tsv"
    path.write_text("step\taccuracy\n" + "".join(f"{n}\t{n / 10}\n" for n in range(10)))
    found = one(path)
    assert (found.run.name, found.steps("accuracy")) == ("training", list(range(10)))


def test_parquet_keeps_types_and_values(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "runs.parquet"
    moment = datetime.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.timezone.utc)
    columns = {
        "run_id": ["a", "b"], "params.lr": [0.1, None], "params.n": [2**53 + 1, -1], "params.layers": [[1, 2], []],
        "metrics.loss": [math.inf, -0.0], "start_time": [moment, moment], "status": ["FINISHED", "odd"],
    }  # fmt: skip
    parquet.write_table(arrow.table(columns), path)
    a, b = read("tables", path)
    assert (a.run.name, a.run.started) == ("a", moment.timestamp())
    assert a.params == {"lr": 0.1, "n": 2**53 + 1, "layers": [1, 2]}
    assert a.values("loss") == [math.inf]
    assert math.copysign(1, b.values("loss")[0]) == -1
    assert b.params == {"n": -1, "layers": []}
    assert b.run.tags == {"status": "odd"}
    assert guess(str(path)).name == "tables"
    body = path.read_bytes()
    path.write_bytes(body[:40] + b"\xff" * 40 + body[80:])
    with pytest.raises(BadSource, match=r"runs\.parquet"):
        read("tables", path)
    path.write_bytes(body[:-20])
    with pytest.raises(BadSource, match=r"runs\.parquet"):
        read("tables", path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "line 1"),
        (b"a,a\n1,2\n", "'a' is there twice"),
        (b"a,b\n1,2\n3\n", "line 3.*1 fields"),
        (b"a,b\n1,2\n3,4,5\n", "line 3.*3 fields"),
        (b'a,b\n1,"2\n', "line 2"),
        (b"a,b\n1,2\n\xff\xfe,1\n", "line 3.*UTF-8"),
        (b"a,\xff\n1,2\n", "line 1.*UTF-8"),
        (b"id,x\n1,2\n1,3\n", "line 3.*'1' is there twice"),
        (b"name,started\na,2024-01-01\nb,noon\n", "line 3.*'noon' in the column 'started' is no time"),
        (b"step,loss\n0,1\n1,two\n", "line 3|cannot"),
        (b"a,b\n1," + b"x" * 200_000 + b"\n", "line 2.*field larger"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(BadSource, match=what) as raised:
        read("tables", path, map="loss=metrics.loss" if b"loss" in content else "")
    assert str(path) in str(raised.value)


def test_nothing_of_a_broken_file_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"
    path.write_text("name,x\na,1\nb,2\nc\n")
    (tmp_path / "p").mkdir()
    with pytest.raises(BadSource):
        land(Project(tmp_path / "p"), importer("tables").read(str(path), {}), "x")
    monkeypatch.chdir(tmp_path / "p")
    assert len(nbtrack.runs()) == 0


def test_a_folder_and_a_path_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="is a folder"):
        read("tables", tmp_path)
    with pytest.raises(NotFound, match="There is no"):
        read("tables", tmp_path / "nothing.csv")
