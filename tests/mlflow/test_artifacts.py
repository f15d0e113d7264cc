"""The files of runs and models through MLflow's artifact repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.config import Project

pytest.importorskip("mlflow")

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from nbtrack.mlflow.artifacts import NbtrackArtifacts
from nbtrack.mlflow.tracking import NbtrackStore
from nbtrack.runs import objects
from nbtrack.runs.contract import RunRequest
from nbtrack.runs.service import RunsService


@pytest.fixture
def store(project: Project) -> NbtrackStore:
    return NbtrackStore(f"nbtrack:{project.root}")


@pytest.fixture
def run(store: NbtrackStore) -> Any:
    return store.create_run("0", "user", 0, [], "run").info


@pytest.fixture(params=["run", "model"])
def files(request: pytest.FixtureRequest, store: NbtrackStore, run: Any) -> Any:
    """The repository of a run, and that of a model."""
    uri = run.artifact_uri if request.param == "run" else store.create_logged_model().artifact_location
    found = get_artifact_repository(uri)
    assert isinstance(found, NbtrackArtifacts)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with files, a folder in it, and an empty one."""
    folder = tmp_path / "source"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "empty").mkdir()
    for name, text in (("a.txt", "A"), ("b.txt", ""), ("sub/deep/c.txt", "C"), (".hidden", "42")):
        (folder / name).write_text(text)
    return folder


def listed(files: Any, path: str | None = None) -> list[tuple[str, bool, int | None]]:
    return [(one.path, one.is_dir, one.file_size) for one in files.list_artifacts(path)]


def test_a_file_is_kept_listed_and_copied_out_again(files: Any, source: Path, tmp_path: Path) -> None:
    assert files.list_artifacts() == []
    files.log_artifact(str(source / "a.txt"))
    files.log_artifact(str(source / ".hidden"), "some/folder")
    assert listed(files) == [("a.txt", False, 1), ("some", True, None)]
    assert listed(files, "some") == [("some/folder", True, None)]
    assert listed(files, "some/folder") == listed(files, "some/folder/") == [("some/folder/.hidden", False, 2)]
    assert listed(files, "a.txt") == listed(files, "none") == []
    found = Path(files.download_artifacts("a.txt"))
    assert found.read_text() == "A"
    assert found.is_absolute()
    target = tmp_path / "out"
    target.mkdir()
    assert files.download_artifacts("some/folder/.hidden", str(target)) == str(target / "some/folder/.hidden")
    assert (target / "some/folder/.hidden").read_text() == "42"


def test_a_folder_is_kept_with_its_folders_also_empty_ones(files: Any, source: Path, tmp_path: Path) -> None:
    files.log_artifacts(str(source), "all")
    assert listed(files) == [("all", True, None)]
    inside = [("all/.hidden", False, 2), ("all/a.txt", False, 1), ("all/b.txt", False, 0), ("all/empty", True, None)]
    assert listed(files, "all") == [*inside, ("all/sub", True, None)]
    found = Path(files.download_artifacts("all"))
    assert sorted(path.relative_to(found).as_posix() for path in found.rglob("*")) == [
        ".hidden", "a.txt", "b.txt", "empty", "sub", "sub/deep", "sub/deep/c.txt",
    ]  # fmt: skip
    assert (found / "sub/deep/c.txt").read_text() == "C"
    whole = Path(files.download_artifacts(""))
    assert (whole / "all/a.txt").read_text() == "A"
    (source / "late.txt").write_text("late")
    files.log_artifact(str(source / "late.txt"), "all/empty")
    assert listed(files, "all/empty") == [("all/empty/late.txt", False, 4)]


def test_a_file_logged_again_takes_the_place_of_the_first(files: Any, source: Path) -> None:
    files.log_artifact(str(source / "a.txt"))
    (source / "a.txt").write_text("other")
    files.log_artifact(str(source / "a.txt"))
    assert Path(files.download_artifacts("a.txt")).read_text() == "other"
    assert listed(files) == [("a.txt", False, 5)]


def test_what_is_copied_out_can_be_changed_without_harm(files: Any, source: Path) -> None:
    files.log_artifact(str(source / "a.txt"))
    Path(files.download_artifacts("a.txt")).write_text("changed")
    assert Path(files.download_artifacts("a.txt")).read_text() == "A"


@pytest.mark.parametrize(
    "path", ["/", "//", "/tmp", "/bad_path", ".", "../terrible_path", "a/../../b", "a//b", "a/./b"]
)
def test_a_path_that_leads_out_is_refused_when_logging(files: Any, source: Path, path: str) -> None:
    with pytest.raises(MlflowException, match="Invalid artifact path"):
        files.log_artifact(str(source / "a.txt"), path)
    with pytest.raises(MlflowException, match="Invalid artifact path"):
        files.log_artifacts(str(source), path)
    assert files.list_artifacts() == []


@pytest.mark.parametrize("path", ["/etc/passwd", "../../nbtrack.db", "a/../../b", "..", "a\\..\\b", "a\0b"])
def test_a_path_that_leads_out_reads_nothing(files: Any, path: str) -> None:
    for ask in (files.download_artifacts, files.list_artifacts, files.delete_artifacts):
        with pytest.raises(MlflowException, match="Invalid path"):
            ask(path)


def test_a_file_that_is_not_there_is_said_so_and_leaves_nothing_behind(files: Any, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(MlflowException, match=r"No such artifact: 'none\.txt'") as caught:
        files.download_artifacts("none.txt", str(target))
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert list(target.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        files.log_artifact(str(tmp_path / "none.txt"))
    with pytest.raises(MlflowException, match="does not exist"):
        files.download_artifacts("", str(tmp_path / "nowhere"))


def test_files_are_deleted_one_by_one_by_folder_and_all(files: Any, source: Path) -> None:
    files.log_artifacts(str(source))
    files.delete_artifacts("nonexistent")
    files.delete_artifacts("a.txt")
    files.delete_artifacts("sub")
    assert [one for one, *_ in listed(files)] == [".hidden", "b.txt", "empty"]
    files.delete_artifacts()
    assert files.list_artifacts() == []


def test_nbtracks_own_files_are_not_kept_as_artifacts(files: Any, project: Project) -> None:
    with pytest.raises(MlflowException, match="nbtrack's own store"):
        files.log_artifact(str(project.database))


def test_a_file_that_was_damaged_is_not_handed_out(files: Any, source: Path, project: Project, tmp_path: Path) -> None:
    files.log_artifact(str(source / "a.txt"))
    (name,) = objects.all_names(project.objects)
    place = objects.path_of(project.objects, name)
    place.chmod(0o600)
    place.write_bytes(b"X")
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(MlflowException, match="changed or damaged"):
        files.download_artifacts("a.txt", str(target))
    assert list(target.iterdir()) == []


def test_the_files_of_a_run_are_artifacts_of_nbtracks_run(run: Any, source: Path, project: Project) -> None:
    get_artifact_repository(run.artifact_uri).log_artifact(str(source / "a.txt"), "texts")
    (found,) = RunsService(project).get(RunRequest(run.run_id)).artifacts
    assert (found.path, found.size, found.mime) == ("texts/a.txt", 1, "text/plain")


def test_a_repository_of_a_folder_and_of_all_finds_the_same_files(run: Any, source: Path, project: Project) -> None:
    get_artifact_repository(f"{run.artifact_uri}/texts").log_artifact(str(source / "a.txt"))
    assert listed(get_artifact_repository(run.artifact_uri), "texts") == [("texts/a.txt", False, 1)]
    everything = get_artifact_repository(f"nbtrack:{project.root}/.nbtrack")
    place = f"0/{run.run_id}/artifacts"
    assert listed(everything, f"{place}/texts") == [(f"{place}/texts/a.txt", False, 1)]
    everything.log_artifact(str(source / "b.txt"), place)
    assert Path(everything.download_artifacts(f"{place}/b.txt")).read_text() == ""
    assert everything.list_artifacts() == everything.list_artifacts("0") == []
    with pytest.raises(MlflowException, match="neither of a run nor of a model"):
        everything.log_artifact(str(source / "a.txt"), "0")


def test_files_need_a_run_or_model_that_is_there(project: Project, store: NbtrackStore, source: Path) -> None:
    for place, what in (("0/none/artifacts", "Run with id=none"), ("0/models/m-1/artifacts", "Logged model with ID")):
        gone = get_artifact_repository(f"nbtrack:{project.root}/.nbtrack/{place}")
        assert gone.list_artifacts() == []
        with pytest.raises(MlflowException, match=what) as caught:
            gone.log_artifact(str(source / "a.txt"))
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_no_project_is_begun_where_an_uri_of_another_machine_leads(tmp_path: Path, source: Path) -> None:
    files = get_artifact_repository(f"nbtrack:{tmp_path}/gone/.nbtrack/0/0123456789ab/artifacts")
    asks = (lambda: files.log_artifact(str(source / "a.txt")), files.list_artifacts, files.delete_artifacts)
    for ask in asks:
        with pytest.raises(MlflowException, match="on this machine"):
            ask()
    assert not (tmp_path / "gone").exists()


def test_an_uri_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(MlflowException, match="no artifact URI of nbtrack"):
        get_artifact_repository("nbtrack:/some/where")


@pytest.mark.parametrize("name", ["a b", "100%", "ü#1", "a+b?c"])
def test_a_project_in_a_folder_of_any_name_has_uris_that_lead_there(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.utils.uri import append_to_uri_path

    root = tmp_path / name
    root.mkdir()
    monkeypatch.chdir(root)  # what `nbtrack:` alone means
    run = NbtrackStore("nbtrack:").create_run("0", "user", 0, [], "run").info
    (root / "some file#1.txt").write_text("x")
    get_artifact_repository(run.artifact_uri).log_artifact("some file#1.txt")
    inner = get_artifact_repository(append_to_uri_path(run.artifact_uri, "deep"))
    inner.log_artifact("some file#1.txt")
    assert listed(get_artifact_repository(run.artifact_uri)) == [("deep", True, None), ("some file#1.txt", False, 1)]
    assert Path(inner.download_artifacts("some file#1.txt")).read_text() == "x"
    assert (root / ".nbtrack" / "nbtrack.db").exists()
