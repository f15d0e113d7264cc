"""Folders that DVCLive itself wrote."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from nbtrack.base.errors import BadSource
from nbtrack.transfer.importers import guess
from tests.transfer.others import landed, read, write

pytest.importorskip("dvclive")

SCRIPT = """
import numpy as np
from dvclive import Live
with Live("dvclive", save_dvc_exp=False, dvcyaml=None, report=None) as live:
    live.log_params({"lr": 0.1, "opt": {"name": "adam", "betas": [1, 2]}, "n": 2**70, "x": float("nan"), "no": None})
    for i in range(4):
        live.log_metric("train/loss", 1 / (i + 1), timestamp=True)
        live.log_metric("nan", float("nan"))
        live.log_metric("inf", float("inf"))
        live.log_image("img.png", np.zeros((4, 4, 3), dtype="uint8"))
        live.next_step()
    live.log_sklearn_plot("roc", [0, 1, 1], [0.1, 0.9, 0.4])
    live.log_metric("final", 3, plot=False)
    live.log_metric("word", "good", plot=False)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    write(SCRIPT, folder, DVC_NO_ANALYTICS="true")
    return folder / "dvclive"


@pytest.fixture
def place(written: Path, tmp_path: Path) -> Path:
    """A copy of the folder, to be damaged."""
    return Path(shutil.copytree(written, tmp_path / "digits" / "dvclive"))


def test_params_metrics_pictures_and_plots_come(place: Path) -> None:
    (found,) = read("dvclive", place)
    assert (found.run.name, found.run.status) == ("digits", "finished")
    params = found.params
    assert math.isnan(params.pop("x"))  # type: ignore[arg-type]
    assert params == {"lr": 0.1, "opt.name": "adam", "opt.betas": [1, 2], "n": 2**70, "no": None}
    assert found.values("train/loss") == [1 / (i + 1) for i in range(4)]
    assert found.steps("train/loss") == [0, 1, 2, 3]
    assert all(map(math.isnan, found.values("nan")))
    assert found.values("inf") == [math.inf] * 4
    assert found.series["final"][::2] == ([3], [3.0])
    assert found.run.tags == {"word": "good"}
    assert found.run.started == found.series["train/loss"][1][0]
    assert {"plots/images/img.png", "plots/sklearn/roc.json", "params.yaml"} <= set(found.files)


def test_a_folder_of_folders_gives_a_run_each(place: Path) -> None:
    shutil.copytree(place, place.parent / "second")
    assert [found.run.name for found in read("dvclive", place.parent)] == ["digits", "second"]
    assert guess(str(place)).name == guess(str(place.parent)).name == "dvclive"


def test_it_lands_and_other_params_make_another_run(place: Path, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    first, then = landed(tmp_path / "p", "dvclive", place)
    assert (first.new, then.same) == (1, 1)
    (place / "params.yaml").write_text("lr: 0.2\n")
    (place / "plots" / "metrics" / "nan.tsv").write_text("step\tnan\n0\t1.5\n")
    changed, _ = landed(tmp_path / "p", "dvclive", place)
    assert changed.new == 1


@pytest.mark.parametrize(
    ("path", "content", "what"),
    [
        ("plots/metrics/nan.tsv", "step\tnan\n0\t1.0\n1\tx\n", r"nan\.tsv', line 3"),
        ("plots/metrics/nan.tsv", "step\tnan\n0\n", r"nan\.tsv', line 2"),
        ("plots/metrics/nan.tsv", "a\tb\tc\n", r"nan\.tsv', line 1"),
        ("plots/metrics/nan.tsv", "", r"nan\.tsv', line 1"),
        ("plots/metrics/nan.tsv", f"step\tnan\n{2**63}\t1\n", r"nan\.tsv', line 2"),
        ("metrics.json", "{", r"metrics\.json'"),
        ("metrics.json", "[1]", r"metrics\.json' cannot be read: it is no JSON object"),
        ("params.yaml", "a: [1", r"params\.yaml'"),
        ("params.yaml", "a: !!python/object/apply:os.system ['true']", r"params\.yaml'"),
    ],
)
def test_what_is_broken_is_named(place: Path, path: str, content: str, what: str) -> None:
    (place / path).write_text(content)
    with pytest.raises(BadSource, match=what):
        read("dvclive", place)


def test_a_short_text_that_stands_for_a_billion_values_is_refused(place: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (place / "params.yaml").write_text("\n".join(lines))
    with pytest.raises(BadSource, match="more than 200,000 values"):
        read("dvclive", place)


def test_a_link_that_leads_out_is_left_out(place: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (place / "plots" / "stolen.json").symlink_to(tmp_path / "secret")
    assert "plots/stolen.json" not in read("dvclive", place)[0].files
