"""Figures, pictures, tables, texts and files beside numbers, and what is then in the run."""

from __future__ import annotations

import importlib.util
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidValue, NotFound
from nbtrack.runs import objects
from nbtrack.sdk.parts import Artifacts

PNG = b"\x89PNG\r\n\x1a\n"


def stored() -> Artifacts:
    return nbtrack.run("@1").artifacts


def pixels(path: str) -> Any:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(stored()[path].bytes())))


@pytest.fixture
def figure() -> Iterator[Any]:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    made, _ = plt.subplots()
    yield made
    plt.close("all")


@pytest.fixture(autouse=True)
def in_a_project(project: Project) -> Project:
    return project


# -- log()


def test_figures_pictures_and_tables_are_logged_beside_numbers(figure: Any) -> None:
    import plotly.graph_objects as go
    from PIL import Image

    with nbtrack.start_run():
        nbtrack.log(
            {
                "loss": 0.5,
                "eval": {"roc": figure, "acc": np.float32(0.5)},
                "scatter": go.Figure(go.Scatter(y=[1, 2])),
                "sample": Image.new("L", (3, 2)),
                "table": pd.DataFrame({"a": [1]}),
            },
            step=7,
        )
    run = nbtrack.run("@1")
    assert dict(run.metrics) == {"loss": 0.5, "eval.acc": 0.5}
    assert run.row.metrics["loss"].last_step == 7
    assert {path: (one.mime, one.kind) for path, one in run.artifacts.items()} == {
        "media/eval.roc-7.png": ("image/png", "media"),
        "media/scatter-7.json": ("application/vnd.plotly.v1+json", "media"),
        "media/sample-7.png": ("image/png", "media"),
        "media/table-7.csv": ("text/csv", "media"),
    }
    assert json.loads(run.artifacts["media/scatter-7.json"].text())["data"][0]["y"] == [1, 2]
    assert run.artifacts["media/table-7.csv"].text() == "a\n1\n"


def test_pictures_without_a_step_count_on_and_none_replaces_another() -> None:
    from PIL import Image

    with nbtrack.start_run():
        for shade in (1, 2, 3):
            nbtrack.log({"sample": Image.new("L", (1, 1), shade)})
        nbtrack.log({"sample": Image.new("L", (1, 1), 9), "loss": 1.0})
    assert list(stored()) == [f"media/sample-{step}.png" for step in range(4)]
    assert [int(pixels(path)[0, 0]) for path in stored()] == [1, 2, 3, 9]
    assert nbtrack.run("@1").row.metrics["loss"].last_step == 3


@pytest.mark.parametrize(
    ("name", "step", "time"), [("../up", None, None), ("a\\b", 0, None), ("pic", 1.5, None), ("pic", None, "now")]
)
def test_with_a_bad_name_step_or_time_nothing_of_the_call_is_stored(name: str, step: Any, time: Any) -> None:
    with nbtrack.start_run():
        with pytest.raises(InvalidValue):
            nbtrack.log({"loss": 1.0, name: pd.DataFrame({"a": [1]})}, step=step, time=time)
        nbtrack.log({"loss": 2.0})
    run = nbtrack.run("@1")
    assert (dict(run.artifacts), run.row.metrics["loss"].count) == ({}, 1)


def test_with_one_value_that_is_nothing_known_nothing_is_stored(figure: Any) -> None:
    with nbtrack.start_run(), pytest.raises(InvalidValue, match="'odd'"):
        nbtrack.log({"roc": figure, "loss": 1.0, "odd": np.zeros((4, 4))})
    assert (dict(stored()), dict(nbtrack.run("@1").metrics)) == ({}, {})


# -- files


def test_a_file_is_stored_under_its_name_or_in_a_folder_of_the_run() -> None:
    Path("report.txt").write_text("fine")
    with nbtrack.start_run():
        nbtrack.log_artifact("report.txt")
        nbtrack.log_artifact(Path("report.txt").absolute(), "out/deep")
        nbtrack.log_artifact("report.txt", "slash/")
        nbtrack.log_artifact("report.txt", "")
    assert {path: one.text() for path, one in stored().items()} == {
        "report.txt": "fine",
        "out/deep/report.txt": "fine",
        "slash/report.txt": "fine",
    }
    assert stored()["report.txt"].mime == "text/plain"


def test_a_folder_keeps_its_folders_and_leaves_out_what_is_not_its_own(project: Project, tmp_path: Path) -> None:
    folder = project.root / "folder"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "top.txt").write_text("top")
    (folder / ".hidden").write_text("hidden")
    (folder / "a" / "b" / "deep.txt").write_text("deep")
    (folder / ".nbtrack").mkdir()
    (folder / ".nbtrack" / "nbtrack.db").write_text("another project's")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "leads_out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "leads_out").symlink_to(tmp_path, target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "gone.txt").symlink_to("nowhere")
    (folder / "stays.txt").symlink_to("top.txt")
    os.mkfifo(folder / "pipe")
    with nbtrack.start_run():
        nbtrack.log_artifacts("folder", "copy")
        nbtrack.log_artifact("folder")
    names = [".hidden", "a/b/deep.txt", "stays.txt", "top.txt"]
    assert sorted(stored()) == sorted([f"copy/{name}" for name in names] + [f"folder/{name}" for name in names])


def test_the_whole_project_is_stored_without_its_store(project: Project) -> None:
    Path("a.txt").write_text("a")
    with nbtrack.start_run() as run:
        run.flush()
        (project.root / "to_db.txt").symlink_to(project.database)
        nbtrack.log_artifacts(".")
    assert sorted(stored()) == ["a.txt"]


@pytest.mark.parametrize("way", ["file", "folder", "inside", "link", "hard link", "picture", "up and down"])
def test_the_store_itself_is_never_opened_as_a_file(project: Project, way: str) -> None:
    with nbtrack.start_run() as run:
        run.flush()
        (project.root / "link").symlink_to(project.database)
        (project.root / "sub").mkdir()
        if way == "hard link":
            (project.root / "hard").hardlink_to(project.database)
        calls: dict[str, Any] = {
            "file": lambda: nbtrack.log_artifact(project.database),
            "folder": lambda: nbtrack.log_artifacts(".nbtrack"),
            "inside": lambda: nbtrack.log_artifact(".nbtrack/journal"),
            "link": lambda: nbtrack.log_artifact("link"),
            "hard link": lambda: nbtrack.log_artifacts("."),
            "picture": lambda: nbtrack.log_image(str(project.database)),
            "up and down": lambda: nbtrack.log_artifact("sub/../.nbtrack/nbtrack.db"),
        }
        with pytest.raises(InvalidValue):
            calls[way]()
    assert dict(stored()) == {}


def test_one_bad_file_in_a_folder_means_that_none_is_stored(project: Project) -> None:
    folder = project.root / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "b\nc.txt").write_text("b")
    with nbtrack.start_run(), pytest.raises(InvalidValue, match="control characters"):
        nbtrack.log_artifacts("folder")
    assert dict(stored()) == {}


def test_a_missing_file_is_named_with_where_it_was_looked_for(project: Project) -> None:
    with nbtrack.start_run():
        for call in (nbtrack.log_artifact, nbtrack.log_artifacts):
            with pytest.raises(NotFound, match=r"modle\.pt.*in '.*project'"):
                call("modle.pt")


def test_what_is_no_regular_file_is_not_waited_for(project: Project) -> None:
    os.mkfifo(project.root / "pipe")
    with nbtrack.start_run():
        for path in ("pipe", os.devnull):
            with pytest.raises(InvalidValue, match="no regular file"):
                nbtrack.log_artifact(path)


def test_a_big_file_is_copied_whole_and_the_same_content_is_stored_once(project: Project) -> None:
    block = np.random.default_rng(0).bytes(1 << 20)
    Path("model.bin").write_bytes(block * 40)
    with nbtrack.start_run():
        nbtrack.log_artifact("model.bin")
        nbtrack.log_artifact("model.bin", "again")
        nbtrack.sdk.tracking.active_run().add_bytes("bytes.bin", block * 40)  # type: ignore[union-attr]
    with nbtrack.start_run():
        nbtrack.log_artifact("model.bin")
    assert stored()["model.bin"].bytes() == block * 40
    assert stored()["model.bin"].size == 40 << 20
    assert {one.hash for one in nbtrack.run("@2").artifacts.values()} == {stored()["model.bin"].hash}
    assert list(objects.all_names(project.objects)) == [stored()["model.bin"].hash]


def test_a_path_that_is_used_again_holds_the_latest() -> None:
    with nbtrack.start_run():
        nbtrack.log_text("one", "note.txt")
        nbtrack.log_text("two", "note.txt")
    assert stored()["note.txt"].text() == "two"


def test_where_a_file_cannot_be_kept_the_user_is_told_once_and_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.txt").write_text("a")

    def full(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    with nbtrack.start_run():
        monkeypatch.setattr(objects, "put_file", full)
        nbtrack.log_artifact("a.txt")
        nbtrack.log_artifact("a.txt")
        nbtrack.log({"loss": 1.0})
        monkeypatch.undo()
    assert capsys.readouterr().err.count("No space left") == 1


# -- figures


@pytest.mark.parametrize(
    ("path", "mime", "start"),
    [
        ("roc.png", "image/png", PNG),
        ("roc.PNG", "image/png", PNG),
        ("plots/roc.svg", "image/svg+xml", b"<?xml"),
        ("roc.pdf", "application/pdf", b"%PDF"),
        ("roc.jpg", "image/jpeg", b"\xff\xd8"),
        ("roc", "image/png", PNG),
    ],
)
def test_a_matplotlib_figure_is_stored_in_the_format_its_name_ends_in(
    figure: Any, path: str, mime: str, start: bytes
) -> None:
    with nbtrack.start_run():
        nbtrack.log_figure(figure, path)
    assert stored()[path].mime == mime
    assert stored()[path].bytes().startswith(start)


def test_an_axes_and_a_part_of_a_figure_stand_for_their_figure(figure: Any) -> None:
    with nbtrack.start_run():
        nbtrack.log_figure(figure.axes[0], "axes.png")
        nbtrack.log_figure(figure.subfigures(), "part.png")
        nbtrack.log_figure(figure)
    assert sorted(stored()) == ["axes.png", "figure.png", "part.png"]
    assert all(one.bytes().startswith(PNG) for one in stored().values())


def test_a_plotly_figure_is_kept_interactive_and_needs_no_network() -> None:
    import plotly.graph_objects as go

    figure = go.Figure(go.Scatter(y=[1, 2]))
    with nbtrack.start_run():
        nbtrack.log_figure(figure)
        nbtrack.log_figure(figure, "f.html")
        with pytest.raises(InvalidValue, match=r"\.json"):
            nbtrack.log_figure(figure, "f.png")
    assert sorted(stored()) == ["f.html", "figure.json"]
    assert go.Figure(json.loads(stored()["figure.json"].text())) == figure
    assert stored()["f.html"].mime == "text/html"
    assert '<script src="http' not in stored()["f.html"].text()


@pytest.mark.parametrize("figure", [None, 5, "x", object(), np.zeros(3), SimpleNamespace(savefig=5), SimpleNamespace()])
def test_what_is_no_figure_is_refused(figure: Any) -> None:
    with nbtrack.start_run(), pytest.raises(InvalidValue):
        nbtrack.log_figure(figure)
    assert dict(stored()) == {}


def test_a_format_that_is_not_known_is_refused(figure: Any) -> None:
    with nbtrack.start_run(), pytest.raises(InvalidValue, match="xyz"):
        nbtrack.log_figure(figure, "roc.xyz")


# -- pictures


@pytest.mark.parametrize(
    ("array", "seen"),
    [
        (np.array([[0, 255]], dtype="uint8"), [[0, 255]]),
        (np.array([[0, 255]], dtype="int64"), [[0, 255]]),
        (np.array([[0, 1, 0.5]], dtype="float64"), [[0, 255, 128]]),
        (np.array([[0, 1, 0.2]], dtype="float32"), [[0, 255, 51]]),
        (np.array([[0, 1]], dtype="float16"), [[0, 255]]),
        (np.array([[-0.5, 1.5, np.nan, np.inf, -np.inf]], dtype="float32"), [[0, 255, 0, 255, 0]]),
        (np.array([[False, True]]), [[0, 255]]),
        ([[0, 10], [20, 30]], [[0, 10], [20, 30]]),
        (np.full((2, 3, 1), 7, dtype="uint8"), np.full((2, 3), 7)),
        (np.full((2, 3, 3), 7, dtype="uint8"), np.full((2, 3, 3), 7)),
        (np.full((2, 3, 4), 7, dtype="uint8"), np.full((2, 3, 4), 7)),
        (np.full((3, 2, 3), 7, dtype="uint8", order="F")[::-1], np.full((3, 2, 3), 7)),
    ],
)
def test_an_array_becomes_a_picture(array: Any, seen: Any) -> None:
    with nbtrack.start_run():
        nbtrack.log_image(array)
    assert pixels("image.png").tolist() == np.asarray(seen).tolist()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros(3), np.zeros((2, 2, 2)), np.zeros((1, 2, 2, 3)), np.zeros((0, 5)), np.zeros((3, 8, 8)), np.array(1.0),
        np.array([[300]]), np.array([[-1]]), np.array([["a"]]), np.array([[None]]), np.array([[1j]]),
        np.array([["2020-01-01"]], dtype="datetime64[D]"), [[1, 2], [3]], None, 5, object(), {}, "missing.png", "",
        "a\0b", SimpleNamespace(save=5, mode="L"),
    ],
    ids=lambda image: type(image).__name__,
)  # fmt: skip
def test_what_is_no_picture_is_refused(image: Any) -> None:
    with nbtrack.start_run(), pytest.raises(InvalidValue):
        nbtrack.log_image(image)
    assert dict(stored()) == {}


def test_pil_images_files_and_bytes_are_stored() -> None:
    from PIL import Image

    picture = Image.new("RGBA", (2, 2), (255, 0, 0, 128))
    picture.save("given.png")
    data = Path("given.png").read_bytes()
    with nbtrack.start_run():
        nbtrack.log_image(picture, "a.png")
        nbtrack.log_image(picture, "photos/b.JPG")
        nbtrack.log_image("given.png", "c.png")
        nbtrack.log_image(Path("given.png"), "d.png")
        nbtrack.log_image(data, "e.png")
        nbtrack.log_image(bytearray(data), "f.png")
        nbtrack.log_image(picture.convert("P"), "g.gif")
        with pytest.raises(InvalidValue):
            nbtrack.log_image(picture, "h.xyz")
    assert {stored()[f"{name}.png"].bytes() for name in "cdef"} == {data}
    assert pixels("a.png")[0, 0].tolist() == [255, 0, 0, 128]
    assert pixels("photos/b.JPG").shape == (2, 2, 3)
    assert stored()["photos/b.JPG"].mime == "image/jpeg"
    assert "h.xyz" not in stored()


# -- texts and dicts


@pytest.mark.parametrize("text", ["", "größe 🎉\n", "a\0b", "half \ud800", "x" * (1 << 20)])
def test_a_text_is_stored_exactly(text: str) -> None:
    with nbtrack.start_run():
        nbtrack.log_text(text)
    assert stored()["text.txt"].bytes().decode("utf-8", "surrogatepass") == text


@pytest.mark.parametrize("text", [None, 5, b"x", ["x"]])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with nbtrack.start_run(), pytest.raises(InvalidValue, match="not text"):
        nbtrack.log_text(text)


def test_a_dict_is_stored_as_json_with_numpys_values() -> None:
    data = {
        "a": np.float32(0.5),
        "b": np.arange(3),
        "c": [np.int64(2), {"d": None}],
        "e": np.bool_(True),
        "f": "\ud800",
    }
    with nbtrack.start_run():
        nbtrack.log_dict(data)
        nbtrack.log_dict([1, 2], "list.json")
    assert json.loads(stored()["dict.json"].text()) == {
        "a": 0.5,
        "b": [0, 1, 2],
        "c": [2, {"d": None}],
        "e": True,
        "f": "\ud800",
    }
    assert json.loads(stored()["list.json"].text()) == [1, 2]


def circular() -> list[Any]:
    held: list[Any] = []
    held.append(held)
    return held


@pytest.mark.parametrize("data", [circular(), object(), {"a": {1, 2}}, {("a",): 1}, {"a": 1j}, [10**5000], b"x"])
def test_what_has_no_form_in_json_is_refused(data: Any) -> None:
    with nbtrack.start_run(), pytest.raises(InvalidValue, match="JSON"):
        nbtrack.log_dict(data)
    assert dict(stored()) == {}


# -- tables


def test_a_table_is_stored_as_csv_or_json() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y,z"]}, index=["p", "q"])
    with nbtrack.start_run():
        nbtrack.log_table(frame)
        nbtrack.log_table({"a": [1], "half": ["\ud800"]}, "columns.csv")
        nbtrack.log_table([{"a": 1}, {"a": 2}], "rows.JSON")
        nbtrack.log_table(pd.Series([1.5], name="s"), "plain")
    assert pd.read_csv(io.BytesIO(stored()["table.csv"].bytes()), index_col=0).equals(frame)
    assert stored()["columns.csv"].bytes().decode("utf-8", "surrogatepass") == "a,half\n1,\ud800\n"
    assert json.loads(stored()["rows.JSON"].text()) == [{"a": 1}, {"a": 2}]
    assert (stored()["plain"].text(), stored()["plain"].mime) == ("s\n1.5\n", "text/csv")


def test_a_table_as_parquet_comes_back_or_says_what_it_needs() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, None]})
    with nbtrack.start_run():
        if importlib.util.find_spec("pyarrow") is None:
            with pytest.raises(InvalidValue, match="pip install pyarrow"):
                nbtrack.log_table(frame, "t.parquet")
            return
        nbtrack.log_table(frame, "t.parquet")
    assert pd.read_parquet(io.BytesIO(stored()["t.parquet"].bytes())).equals(frame)


@pytest.mark.parametrize(
    ("table", "path"),
    [(None, "t.csv"), (5, "t.csv"), ("x", "t.csv"), ({"a": 1}, "t.csv"), ({"a": [1], "b": [1, 2]}, "t.csv"),
     (np.zeros((2, 2, 2)), "t.csv"), (object(), "t.json"), ({"a": [1]}, "t.xlsx"), ({"a": [1]}, "t.pkl")],
)  # fmt: skip
def test_what_is_no_table_is_refused(table: Any, path: str) -> None:
    with nbtrack.start_run(), pytest.raises(InvalidValue, match="table"):
        nbtrack.log_table(table, path)
    assert dict(stored()) == {}


# -- data that was read


class Strange:
    shape = ("?", None)
    columns = 5
    dtype = None


@pytest.mark.parametrize(
    ("data", "kind", "info"),
    [
        (np.zeros((2, 3), dtype="float32"), "ndarray", {"shape": [2, 3], "dtype": "float32"}),
        (pd.DataFrame({"a": [1], "b": [2]}), "DataFrame", {"shape": [1, 2], "columns": ["a", "b"]}),
        ([1, 2, 3], "list", {"length": 3}),
        ({"a": 1}, "dict", {"length": 1}),
        (5, "int", {}),
        (None, "NoneType", {}),
        (Strange(), "Strange", {}),
        ((x for x in "a"), "generator", {}),
    ],
)
def test_of_data_kind_and_shape_are_noted_but_not_the_content(data: Any, kind: str, info: dict[str, Any]) -> None:
    with nbtrack.start_run():
        nbtrack.log_input(data, "train", Path("data") / "train.csv")
    (found,) = nbtrack.run("@1").datasets
    assert (found.name, found.kind, found.path) == ("train", kind, str(Path("data/train.csv")))
    assert {key: value for key, value in found.info.items() if key != "type"} == info


def test_a_path_given_as_data_is_noted_without_its_password() -> None:
    with nbtrack.start_run():
        nbtrack.log_input("https://me:hunter2hunter2@host/data.csv", "remote")
        nbtrack.log_input(Path("a.csv"), "local")
        for path in (5, "a\0b", "\ud800", "x" * 5000):
            with pytest.raises(InvalidValue):
                nbtrack.log_input([1], "bad", path)  # type: ignore[arg-type]
    found = {one.name: one.path for one in nbtrack.run("@1").datasets}
    assert found["local"] == "a.csv"
    assert found["remote"] is not None
    assert "hunter2" not in found["remote"]
    assert "bad" not in found
