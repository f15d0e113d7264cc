"""What Neptune's exporter leaves. Neptune itself is closed, so its Parquet is made here.

The columns are those of the schema in the README of neptune-ai/neptune-exporter ("Parquet schema"), laid out in folders
as its "Data layout on disk" says; nothing of it is copied.
"""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.errors import BadSource, InvalidOption
from nbtrack.transfer.importers import guess
from tests.transfer.others import landed, read

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

SCHEMA = arrow.schema([
    ("project_id", arrow.string()), ("run_id", arrow.string()), ("attribute_path", arrow.string()),
    ("attribute_type", arrow.string()), ("step", arrow.decimal128(18, 6)),
    ("timestamp", arrow.timestamp("ms", tz="UTC")), ("int_value", arrow.int64()), ("float_value", arrow.float64()),
    ("string_value", arrow.string()), ("bool_value", arrow.bool_()),
    ("datetime_value", arrow.timestamp("ms", tz="UTC")), ("string_set_value", arrow.list_(arrow.string())),
    ("file_value", arrow.struct([("path", arrow.string())])),
    ("histogram_value", arrow.struct([
        ("type", arrow.string()), ("edges", arrow.list_(arrow.float64())), ("values", arrow.list_(arrow.float64())),
    ])),
])  # fmt: skip
BEGAN = datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def row(run: str, path: str, kind: str, step: str | None = None, seconds: float | None = None, **value: Any) -> Any:
    time = None if seconds is None else BEGAN + datetime.timedelta(seconds=seconds)
    return {
        **dict.fromkeys(SCHEMA.names), "project_id": "team/fish", "run_id": run, "attribute_path": path,
        "attribute_type": kind, "step": None if step is None else Decimal(step), "timestamp": time, **value,
    }  # fmt: skip


def series(run: str, path: str, steps: list[str], values: list[float]) -> list[Any]:
    return [
        row(run, path, "float_series", step, n, float_value=value)
        for n, (step, value) in enumerate(zip(steps, values, strict=True))
    ]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    data, files = tmp_path / "exports" / "data" / "team_fish_1a2b", tmp_path / "exports" / "files" / "team_fish_1a2b"
    data.mkdir(parents=True)
    (files / "F-1").mkdir(parents=True)
    (files / "F-1" / "model.bin").write_bytes(b"\0weights")
    (files / "F-1" / "2.png").write_bytes(b"\x89PNG")
    (tmp_path / "exports" / "secret").write_text("secret")
    first = [
        row("F-1", "sys/name", "string", string_value="sole"),
        row("F-1", "sys/creation_time", "datetime", datetime_value=BEGAN),
        row("F-1", "sys/tags", "string_set", string_set_value=["a", "b"]),
        row("F-1", "sys/description", "string", string_value="hello"),
        row("F-1", "sys/failed", "bool", bool_value=True),
        row("F-1", "params/lr", "float", float_value=0.1),
        row("F-1", "params/n", "int", int_value=-(2**63)),
        row("F-1", "params/flag", "bool", bool_value=True),
        row("F-1", "params/layers", "string_set", string_set_value=["x"]),
        row("F-1", "params/when", "datetime", datetime_value=BEGAN),
        *series("F-1", "metrics/loss", ["0", "1", "2"], [1.0, math.nan, math.inf]),
        row("F-1", "model", "file", file_value={"path": "team_fish_1a2b/F-1/model.bin"}),
        row("F-1", "stolen", "file", file_value={"path": "../secret"}),
        row("F-1", "images", "file_series", "2", 3, file_value={"path": "team_fish_1a2b/F-1/2.png"}),
        row("F-1", "log", "string_series", "0", 1, string_value="line"),
        row("F-1", "weights", "histogram_series", "0", 1,
            histogram_value={"type": "COUNTING", "edges": [0.0, 1.0], "values": [3.0]}),
        row("F-1", "odd", "artifact"),
    ]  # fmt: skip
    second = [
        *series("F-1", "metrics/loss", ["3"], [-0.0]),
        *series("F-1", "monitoring/a1/cpu", ["0"], [5.0]),
        *series("F-1", "metrics/half", ["0.5", "1.5"], [1.0, 2.0]),
    ]
    parquet.write_table(arrow.Table.from_pylist(first, SCHEMA), data / "F-1_part_0.parquet")
    parquet.write_table(arrow.Table.from_pylist(second, SCHEMA), data / "F-1_part_1.parquet")
    other = series("F-2", "metrics/loss", ["0"], [9.0])
    parquet.write_table(arrow.Table.from_pylist(other, SCHEMA), data / "F-2_part_0.parquet")
    return tmp_path / "exports"


def test_attributes_series_and_files_come(place: Path) -> None:
    sole, other = read("neptune", place)
    assert (sole.run.name, sole.run.experiment, sole.run.status, sole.run.note) == (
        "sole", "team/fish", "failed", "hello",
    )  # fmt: skip
    assert sole.run.tags == {"a": "", "b": ""}
    assert sole.run.started == BEGAN.timestamp()
    assert sole.params == {
        "params/lr": 0.1, "params/n": -(2**63), "params/flag": True, "params/layers": ["x"],
        "params/when": BEGAN.isoformat(),
    }  # fmt: skip
    assert sole.steps("metrics/loss") == [0, 1, 2, 3]
    assert sole.values("metrics/loss")[::2] == [1.0, math.inf]
    assert math.isnan(sole.values("metrics/loss")[1])
    assert math.copysign(1, sole.values("metrics/loss")[3]) == -1
    assert sole.steps("metrics/half") == [0, 1]
    assert "The steps of 'metrics/half' are no integers" in sole.notes
    assert sole.sources["system/a1/cpu"] == "system"
    assert sole.files["model.bin"] == b"\0weights"
    assert sole.files["images/2.png"] == b"\x89PNG"
    assert json.loads(sole.files["series/log.jsonl"])["value"] == "line"
    assert json.loads(sole.files["series/weights.jsonl"])["value"]["edges"] == [0.0, 1.0]
    assert (other.run.name, other.values("metrics/loss")) == ("F-2", [9.0])


def test_files_outside_of_the_export_are_not_taken(place: Path) -> None:
    sole = read("neptune", place)[0]
    assert not any(b"secret" in data for data in sole.files.values())
    assert "1 files were not found" in sole.notes
    assert "'odd' is of the kind 'artifact'" in sole.notes


@pytest.mark.parametrize("what", [".", "data", "data/team_fish_1a2b", "data/team_fish_1a2b/F-2_part_0.parquet"])
def test_it_is_known_by_any_of_its_folders_and_a_file(place: Path, what: str) -> None:
    assert guess(str(place / what)).name == "neptune"
    assert read("neptune", place / what)[-1].run.id == read("neptune", place)[-1].run.id


def test_it_lands_and_the_second_time_nothing_is_new(place: Path, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    first, then = landed(tmp_path / "p", "neptune", place / "data")
    assert (first.new, then.new, then.same) == (2, 0, 2)


def test_another_parquet_and_a_damaged_one_are_refused_by_name(place: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.parquet"
    parquet.write_table(arrow.table({"a": [1]}), plain)
    assert guess(str(plain)).name == "tables"
    with pytest.raises(BadSource, match=r"plain\.parquet.*not of Neptune"):
        read("neptune", plain)
    found = place / "data" / "team_fish_1a2b" / "F-1_part_1.parquet"
    found.write_bytes(found.read_bytes()[:-30])
    with pytest.raises(BadSource, match=r"F-1_part_1\.parquet"):
        read("neptune", place)
    with pytest.raises(InvalidOption, match="no folder"):
        read("neptune", plain, files=str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("kind", "column"), [("string_series", "string_value"), ("float_series", "float_value"), ("file", "file_value")]
)
def test_a_table_without_the_column_of_a_kind_is_refused_before_anything_is_taken(
    tmp_path: Path, kind: str, column: str
) -> None:
    whole = arrow.Table.from_pylist([row("F-1", "odd", kind, "0", 1)], SCHEMA)
    parquet.write_table(whole.drop_columns([column]), tmp_path / "F-1_part_0.parquet")
    with pytest.raises(BadSource, match=rf"F-1_part_0\.parquet.* it has no column {column}"):
        read("neptune", tmp_path)
