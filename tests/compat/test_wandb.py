"""Code written for W&B, with one import changed."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nbtrack
from nbtrack.base.errors import InvalidOption, InvalidValue, NbtrackError, NoActiveRun
from nbtrack.compat import wandb
from nbtrack.runs import current


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".nbtrack").mkdir(mode=0o700)
    yield tmp_path
    for run in reversed(list(current.stack())):
        run.end()


def only() -> Any:
    found = nbtrack.runs()
    assert len(found) == 1
    return found[0]


def test_a_training_loop_written_for_wandb_is_recorded() -> None:
    run = wandb.init(
        project="fish", name="sole", config={"lr": 0.1, "opt": {"name": "adam"}}, tags=["a", "b"], notes="hello",
        group="g", job_type="train",
    )  # fmt: skip
    for epoch in range(3):
        wandb.log({"loss": 1 / (epoch + 1), "val": {"acc": epoch}})
    wandb.summary["best"] = 0.9
    wandb.config.update({"late": True})
    assert (wandb.config.lr, wandb.config["opt"]["name"], wandb.config.get("none")) == (0.1, "adam", None)
    assert wandb.run is run
    wandb.finish()
    assert wandb.run is None
    found = only()
    assert (found.name, found.experiment, found.status, found.note) == ("sole", "fish", "finished", "hello")
    assert found.params == {"lr": 0.1, "opt.name": "adam", "late": True}
    assert found.tags == {"a": "", "b": "", "group": "g", "job_type": "train"}
    assert list(found.metrics("loss")["step"]) == [0, 1, 2]
    assert list(found.metrics("loss")["value"]) == [1.0, 0.5, 1 / 3]
    assert found.metrics["val.acc"] == 2.0
    assert found.metrics["best"] == 0.9


def test_commit_false_keeps_the_step_and_a_given_step_waits_for_the_next() -> None:
    with wandb.init() as run:
        run.log({"a": 1.0}, commit=False)
        run.log({"b": 2.0})
        run.log({"a": 3.0}, step=10)
        run.log({"b": 4.0}, step=10)
        run.log({"a": 5.0}, step=7)
        run.log({"a": 6.0}, step=11, commit=True)
        assert run.step == 12
    found = only()
    assert list(found.metrics("a")["step"]) == [0, 10, 7, 11]
    assert list(found.metrics("b")["step"]) == [0, 10]


def test_tables_pictures_and_texts_are_kept(here: Path) -> None:
    table = wandb.Table(columns=["x", "y"], data=[[1, "=1"]])
    table.add_data(2, "b")
    table.add_column("z", [3, 4])
    with wandb.init() as run:
        run.log({
            "table": table,
            "img": wandb.Image(np.zeros((4, 4, 3)), caption="black"),
            "several": [wandb.Image(np.zeros((2, 2))), wandb.Image(np.ones((2, 2)))],
            "word": "good",
            "nothing": None,
            "nested": {"img": wandb.Image(np.zeros((2, 2)))},
            "loss": math.nan,
        })  # fmt: skip
    found = only()
    assert set(found.artifacts) == {
        "media/table-0.csv", "media/img-0.png", "media/img-0.captions.json", "media/several-0-0.png",
        "media/several-0-1.png", "media/nested.img-0.png",
    }  # fmt: skip
    assert found.tags == {"word": "good"}
    assert math.isnan(found.metrics["loss"])
    assert table.get_column("z") == [3, 4]
    assert list(table.get_dataframe().columns) == ["x", "y", "z"]


def test_an_artifact_keeps_files_folders_and_what_is_written_into_it(here: Path) -> None:
    (here / "weights.bin").write_bytes(b"\0\1")
    (here / "data" / "deep").mkdir(parents=True)
    (here / "data" / "deep" / "x.txt").write_text("x")
    artifact = wandb.Artifact("model", type="model", metadata={"epochs": 3})
    artifact.add_file("weights.bin")
    artifact.add_dir("data", name="d")
    artifact.add(wandb.Table(columns=["a"], data=[[1]]), "table")
    with artifact.new_file("note.txt") as file:
        file.write("hello")
    with wandb.init() as run:
        assert run.log_artifact(artifact).wait() is artifact
        run.log_artifact("weights.bin", name="other", type="model")
        run.save("data/deep/*.txt")
    found = only()
    assert set(found.artifacts) == {
        "artifacts/model/weights.bin", "artifacts/model/d/deep/x.txt", "artifacts/model/table.csv",
        "artifacts/model/note.txt", "artifacts/model/artifact.json", "artifacts/other/weights.bin", "x.txt",
    }  # fmt: skip
    assert json.loads(found.artifacts["artifacts/model/artifact.json"].bytes())["metadata"] == {"epochs": 3}
    assert Path(artifact.download("out"), "weights.bin").read_bytes() == b"\0\1"


def test_an_artifact_cannot_leave_the_run(here: Path) -> None:
    (here / "x").write_text("x")
    with pytest.raises(InvalidValue, match="does not stay inside"):
        wandb.Artifact("../model", type="model")
    with pytest.raises(InvalidValue, match="does not stay inside"):
        wandb.Artifact("model", type="model").add_file("x", name="../../x")


def test_what_is_not_here_says_what_to_use_instead() -> None:
    for name, instead in (
        ("Api", "nbtrack.runs"),
        ("sweep", "--sweep"),
        ("Histogram", "matplotlib"),
        ("Whatever", "log"),
    ):
        with pytest.raises(NbtrackError, match=name) as raised:
            getattr(wandb, name)
        assert instead in raised.value.hint
        assert not hasattr(wandb, name)
    with wandb.init() as run:
        with pytest.raises(NbtrackError, match=r"run\.use_artifact"):
            run.use_artifact("x")
        with pytest.raises(NbtrackError, match="masks"):
            wandb.Image(np.zeros((2, 2)), masks={"a": 1})
    for given in ({"resume": "must"}, {"fork_from": "x"}, {"sync_tensorboard": True}):
        with pytest.raises(NbtrackError, match="init"):
            wandb.init(**given)
    assert len(nbtrack.runs()) == 1


def test_without_a_run_it_says_to_call_init() -> None:
    for doing in (lambda: wandb.log({"a": 1}), lambda: wandb.config.lr, lambda: wandb.summary.update({"a": 1})):
        with pytest.raises(NoActiveRun, match="needs a run"):
            doing()
    wandb.finish()


def test_disabled_keeps_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    run = wandb.init(config={"lr": 1})
    wandb.log({"a": 1, "b": wandb.Image(np.zeros((2, 2)))})
    wandb.summary["x"] = "y"
    assert wandb.config.lr == 1
    assert run.disabled
    wandb.finish()
    assert wandb.run is None
    assert nbtrack.runs().__len__() == 0


def test_variables_of_the_environment_stand_for_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PROJECT", "p"), ("NAME", "n"), ("TAGS", "a, b"), ("NOTES", "t"), ("RUN_GROUP", "g")):
        monkeypatch.setenv(f"WANDB_{name}", value)
    wandb.init(name="mine").finish()
    found = only()
    assert (found.name, found.experiment, found.note) == ("mine", "p", "t")
    assert found.tags == {"a": "", "b": "", "group": "g"}


def test_a_second_init_ends_the_first_only_where_it_is_asked_for() -> None:
    first = wandb.init(name="one")
    assert wandb.init() is first
    second = wandb.init(name="two", reinit="finish_previous")
    assert (first.active.status, second.active.status) == ("finished", "running")
    third = wandb.init(name="three", reinit="create_new")
    assert second.active.status == "running"
    third.finish(exit_code=3)
    second.finish()
    assert {run.name: run.status for run in nbtrack.runs()} == {"one": "finished", "two": "finished", "three": "failed"}
    with pytest.raises(InvalidOption, match="reinit"):
        wandb.init(reinit="sometimes")


def test_a_config_is_a_namespace_or_a_dict_of_which_parts_are_left_out() -> None:
    with wandb.init(config=argparse.Namespace(lr=1, secret=2), config_exclude_keys=["secret"]) as run:
        run.config.setdefaults({"lr": 5, "depth": 3})
        run.config.width = 4
        assert run.config.as_dict() == {"lr": 1, "depth": 3, "width": 4}
        with pytest.raises(InvalidOption, match="file"):
            run.config.update("config.yaml")
        with pytest.raises(InvalidValue):
            run.config.update({"good": 1, "bad": SimpleNamespace(x=object())})
        assert "good" not in run.config
    assert only().params == {"lr": 1, "depth": 3, "width": 4}


def test_an_exception_in_the_block_makes_a_failed_run() -> None:
    with pytest.raises(ZeroDivisionError), wandb.init():
        _ = 1 / 0
    assert only().status == "failed"


def test_an_alert_is_said_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with wandb.init():
        wandb.alert("Loss", "it is NaN", level="WARN")
    assert "Loss: it is NaN" in capsys.readouterr().err
    assert only().tags == {"alert.Loss": "it is NaN"}


def test_a_run_begun_in_nbtracks_words_is_the_current_one_here() -> None:
    with nbtrack.start_run(params={"lr": 0.5}) as run:
        assert wandb.run is not None
        assert wandb.run.id == run.id
        assert wandb.config.lr == 0.5
        wandb.log({"loss": 1.0})
    assert only().metrics["loss"] == 1.0
