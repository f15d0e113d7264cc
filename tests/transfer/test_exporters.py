"""What is written where: formats, atomic files, the operation of the front ends, the verb and the function."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.api.dispatch import dispatch
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption, NbtrackError, NotFound
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService
from nbtrack.sdk import context, verbs
from nbtrack.transfer.atomic import writing, writing_all
from nbtrack.transfer.contract import ExportRequest
from nbtrack.transfer.exporters import EXPORTERS, format_of
from nbtrack.transfer.service import TransferService


@pytest.fixture(autouse=True)
def _no_project_is_chosen() -> Any:
    yield
    context.set_project(None)


def ask(project: Project, **payload: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(dispatch(project, "transfer.export", payload))
    return answer


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# -- atomic files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "runs.csv"
    target.write_text("before")
    with pytest.raises(error), writing_all() as opener:  # noqa: PT012 (what fails is the last of it)
        opener(target).write(b"half")
        opener(tmp_path / "other").write(b"half")
        raise error
    assert target.read_text() == "before"
    assert names_in(tmp_path) == {"runs.csv"}


def test_a_file_takes_its_place_with_the_permissions_it_had_and_through_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_text("before")
    real.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    with writing(link) as file:
        file.write(b"after")
        assert real.read_text() == "before"
    assert link.is_symlink()
    assert real.read_text() == "after"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    with writing(tmp_path / "new") as file:
        file.write(b"x")
    before = os.umask(0)
    os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~before


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    for target in (tmp_path / "none" / "runs.csv", tmp_path):
        with pytest.raises(InvalidOption, match="cannot be written"), writing(target):
            pytest.fail("it was opened")
    if Path("/dev/full").exists():
        with pytest.raises(OSError), writing(Path("/dev/full")) as file:  # noqa: PT011
            file.write(b"x" * (1 << 20))


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from nbtrack.transfer.atomic import writing\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "with writing(Path(sys.argv[1])) as file:\n    file.write(b'x' * 100_000)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "runs.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "cannot be written: File too large" in done.stderr
    assert names_in(tmp_path) == set()


def test_ctrl_c_while_it_writes_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from nbtrack.transfer.atomic import writing\n"
        "with writing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); print('writing', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "runs.csv")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    assert len(names_in(tmp_path)) == 1
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert names_in(tmp_path) == set()


# -- the operation -----------------------------------------------------------------------------------------------------


def test_a_front_end_has_runs_written_below_exports(filled: Project) -> None:
    answer = ask(filled, format="csv", filter="params.lr > 0", sort=["params.lr"])
    result = answer["result"]
    assert result["runs"] == 2
    assert result["path"].startswith("exports/runs-")
    assert result["files"] == [result["path"]]
    path = filled.root / result["path"]
    assert result["size"] == path.stat().st_size
    assert [row["name"] for row in csv.DictReader(path.read_text().splitlines())] == ["svm", "forest"]
    again = ask(filled, format="csv")["result"]
    assert again["path"] != result["path"], "a name that is made up is never one that is there"
    assert again["runs"] == 4


def test_runs_are_written_as_they_were_named_beside_their_notebook(filled: Project) -> None:
    service = RunsService(filled)
    ids = [service.row("svm").id, service.row("forest").id]
    result = ask(filled, format="json", runs=[*ids, ids[0]], notebook="deep/er/a.ipynb", name="two")["result"]
    assert result["path"] == "deep/er/exports/two.json"
    assert [row["id"] for row in json.loads((filled.root / result["path"]).read_text())] == ids
    one = ask(filled, format="json", runs=ids[:1], notebook="../a.ipynb")["result"]
    assert one["path"].startswith("exports/svm")


def test_a_file_is_replaced_only_when_asked(filled: Project) -> None:
    assert ask(filled, format="csv", name="mine")["ok"]
    refused = ask(filled, format="csv", name="mine.csv")
    assert refused["error"]["code"] == "invalid_option"
    assert "is there already" in refused["error"]["message"]
    assert ask(filled, format="csv", name="mine.csv", filter="name = 'svm'", overwrite=True)["result"]["runs"] == 1
    outside = filled.root / "outside.csv"
    outside.write_text("mine")
    (filled.root / "exports" / "link.csv").symlink_to(outside)
    assert not ask(filled, format="csv", name="link.csv", overwrite=True)["ok"]
    assert outside.read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    ["../x.csv", "/etc/x.csv", "a/b.csv", "a\\b.csv", "..", ".hidden.csv", "", " ", "x\0.csv", "C:x.csv", "x" * 300,
     "a\nb.csv", "%2e%2e/x.csv", "~/x.csv", "con|.csv"],
)  # fmt: skip
def test_a_name_stays_in_its_folder(filled: Project, name: str) -> None:
    before = sorted(str(path) for path in filled.root.parent.rglob("*.csv"))
    answer = ask(filled, format="csv", name=name)
    assert answer["error"]["code"] == "invalid_option"
    assert sorted(str(path) for path in filled.root.parent.rglob("*.csv")) == before


def test_a_folder_that_leads_out_of_the_project_is_refused(filled: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (filled.root / "exports").symlink_to(tmp_path / "elsewhere")
    assert "leads out of the project" in ask(filled, format="csv")["error"]["message"]
    assert names_in(tmp_path / "elsewhere") == set()


def test_what_cannot_be_exported_is_said(filled: Project) -> None:
    assert ask(filled)["error"]["code"] == "invalid_request"
    assert ask(filled, format="xls")["error"]["code"] == "invalid_request"
    assert ask(filled, format="csv", runs=["nobody"])["error"]["code"] == "not_found"
    assert ask(filled, format="csv", filter="metrics.acc >")["error"]["code"] == "filter"
    assert ask(filled, format="csv", runs=[])["error"]["code"] == "invalid_option"
    assert ask(filled, format="csv", filter="params.lr > 99")["error"]["code"] == "invalid_option"
    assert "was chosen" in ask(filled, format="py")["error"]["message"].replace("were", "was")
    assert "Closest: metrics.acc" in ask(filled, format="md", columns=["metrics.ac"])["error"]["hint"]
    assert ask(filled, format="py", runs=["odd"])["error"]["code"] == "cannot_run"
    assert not list(filled.root.rglob("exports/*"))


def test_a_project_without_runs_has_nothing_to_export(project: Project) -> None:
    assert ask(project, format="csv")["error"]["code"] == "invalid_option"
    assert nbtrack.export(format="csv", project=project).startswith("id,name,status")  # type: ignore[union-attr]
    assert nbtrack.export(format="json", project=project) == "[]\n"


def test_every_format_is_listed_with_what_it_lacks(filled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    service = TransferService(RunsService(filled))
    listed = {one.format: one for one in service.formats().formats}
    assert set(listed) == set(EXPORTERS)
    assert (listed["ipynb"].one, listed["csv"].one) == (True, False)
    assert listed["parquet"].missing is None
    monkeypatch.setattr("nbtrack.transfer.exporters.find_spec", lambda name: None)
    listed = {one.format: one for one in service.formats().formats}
    assert listed["parquet"].missing == 'pip install "nbtrack[parquet]"'
    with pytest.raises(NbtrackError, match="needs the package pyarrow"):
        service.export(ExportRequest(format="parquet"))


# -- the verb and the function -----------------------------------------------------------------------------------------


def test_the_verb_takes_a_filter_or_runs_and_every_format(filled: Project, tmp_path: Path) -> None:
    said = verbs.run(["export", "@1", "@2", "-o", str(tmp_path / "two.csv")])
    assert said.to_dict()["count"] == 2
    assert "Wrote 2 runs to" in said.text()
    again = verbs.run(["export", "--run", "svm", "-o", str(tmp_path / "two.csv")])
    assert "it replaces the one that was there" in again.text()
    assert verbs.run(["export", "-n", "1", "--format", "json"]).to_dict()["rows"][0]["name"] == "odd"
    table = verbs.run(["export", "params.lr > 0", "-t", "md", "--digits", "2"]).text()
    assert table.startswith("| name | lr | model | depth |")
    with pytest.raises(InvalidOption, match="is not printed"):
        verbs.run(["export", "-t", "parquet"])
    with pytest.raises(InvalidOption, match="is of one run"):
        verbs.run(["export", "--run", "svm", "--run", "forest", "-t", "py"])


def test_a_notebook_or_script_of_ones_own_is_never_replaced_silently(filled: Project, tmp_path: Path) -> None:
    for name in ("train.ipynb", "train.py"):
        target = tmp_path / name
        target.write_text('{"cells": [], "metadata": {"nbtrack": 1}}')
        with pytest.raises(InvalidOption, match="not an export"):
            verbs.run(["export", "@1", "-o", str(target)])
        assert target.read_text() == '{"cells": [], "metadata": {"nbtrack": 1}}'


def test_the_function_takes_runs_in_any_form(filled: Project, tmp_path: Path) -> None:
    forms: list[tuple[Any, int]] = [
        ("svm", 1), (["svm", "forest"], 2), (nbtrack.run("svm"), 1), (nbtrack.runs("params.lr > 0"), 2), (None, 4),
    ]  # fmt: skip
    for runs, count in forms:
        text = nbtrack.export(runs=runs, format="csv")
        assert isinstance(text, str)
        assert len(text.splitlines()) == count + 1
    assert nbtrack.export(tmp_path / "x.csv", filter="params.lr > 0") == tmp_path / "x.csv"
    with pytest.raises(NotFound):
        nbtrack.export(tmp_path / "y.csv", "nobody")
    with pytest.raises(InvalidOption, match="no format 'xls'"):
        nbtrack.export(format="xls")
    assert names_in(tmp_path) >= {"x.csv"}
    assert not (tmp_path / "y.csv").exists()


def test_the_name_of_a_file_says_its_format() -> None:
    for name, exporter in EXPORTERS.items():
        assert format_of(Path(f"runs{exporter.suffix}")) == name
    assert format_of(Path("RUNS.MARKDOWN")) == "md"
    assert format_of(Path("a.b.zip")) == "zip"


# -- JSON --------------------------------------------------------------------------------------------------------------


def test_json_has_each_value_and_says_where_a_text_stands_for_a_number(filled: Project) -> None:
    plain = {row["name"]: row for row in json.loads(str(nbtrack.export(format="json")))}
    odd = plain["odd"]
    assert odd["params"]["big"] == str(10**30)
    assert odd["types"] == {"big": "int", "huge": "int", "nan": "float"}
    assert odd["params"]["nan"] == "NaN"
    assert odd["metrics"]["down"]["last"] == "-Infinity"
    assert odd["params"]["none"] is None
    few = json.loads(str(nbtrack.export(runs="svm", format="json", columns=["name", "params.lr"])))
    assert few == [{"id": few[0]["id"], "name": "svm", "params": {"lr": 0.01}, "metrics": {}, "tags": {}, "types": {}}]


def test_json_has_all_points_if_asked(project: Project) -> None:
    with current.begin(project, name="points") as run:
        for step, value in enumerate([0.5, math.nan, math.inf, -0.0]):
            run.log({"loss": value}, step=3 - step)
        run.log({"other": 1.0})
    (row,) = json.loads(str(nbtrack.export(format="json", points=True, project=project)))
    assert row["points"]["loss"]["steps"] == [3, 2, 1, 0]
    assert row["points"]["loss"]["values"] == [0.5, "NaN", "Infinity", -0.0]
    assert math.copysign(1, row["points"]["loss"]["values"][3]) == -1
    series = RunsService(project).history("points", "loss")
    assert row["points"]["loss"]["times"] == list(series.times)
    assert set(row["points"]) == {"loss", "other"}


def test_the_runs_are_those_of_the_trash_when_asked(filled: Project) -> None:
    result = TransferService(RunsService(filled)).export(ExportRequest(format="csv", trashed=True))
    assert result.runs == 1
    assert RunsService(filled).page(c.PageRequest()).matched == 4
