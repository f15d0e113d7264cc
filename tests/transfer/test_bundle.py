"""Whole runs out of a project as a bundle, and into another; what is no sound bundle is refused by name."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbtrack.base.config import Project
from nbtrack.base.errors import BadSource, InvalidOption
from nbtrack.runs import contract as c
from nbtrack.runs import current, objects
from nbtrack.runs.service import RunsService
from nbtrack.transfer.exporters import Order, write
from nbtrack.transfer.importers import guess
from nbtrack.transfer.importers.bundle import Bundle
from nbtrack.transfer.importers.database import ProjectFile
from nbtrack.transfer.landing import Landed, land
from nbtrack.transfer.records import OWN, ExperimentRecord, ParamRecord, Points, RunRecord, Whole, made_id
from nbtrack.transfer.store import reading
from tests.transfer.conftest import MakeProject
from tests.transfer.whole_file import everything

Change = Callable[[dict[str, bytes]], Any]


def bundled(project: Project, target: Path) -> Order:
    service = RunsService(project)
    service.refresh(force=True)
    with service.database.read() as conn:
        order = Order(service, reading.all_runs(conn))
    write("zip", order, target)
    return order


def imported(project: Project, source: Path) -> Landed:
    return land(project, guess(str(source)).read(str(source), {}), OWN)


def changed(source: Path, target: Path, change: Change, mend: bool = True) -> Path:
    """A bundle with other members; mend: its manifest says so."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    if mend and "manifest.json" in members:
        said = json.loads(members["manifest.json"])
        others = [data for name, data in members.items() if name != "manifest.json"]
        if isinstance(said, dict):
            said |= {"members": len(others), "bytes": sum(map(len, others))}
        members["manifest.json"] = json.dumps(said).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target


def test_everything_of_all_runs_comes_through_a_bundle(rich: Project, another: MakeProject, tmp_path: Path) -> None:
    other = another("other")
    assert bundled(rich, tmp_path / "all.nbtrack.zip").notes == []
    landed = imported(other, tmp_path / "all.nbtrack.zip")
    before, after = everything(rich), everything(other)
    assert (landed.new, landed.models, landed.notes) == (6, 1, [])
    assert "secret_of_later" in before.pop("executions"), "what was executed after the last run stays"
    assert "secret_of_later" not in (executions := after.pop("executions"))
    assert "reads" in executions
    assert before == after


def test_everything_of_all_runs_comes_from_another_projects_folder(rich: Project, another: MakeProject) -> None:
    other = another("other")
    assert imported(other, rich.root).new == 6
    before, after = everything(rich), everything(other)
    del before["executions"], after["executions"]
    assert before == after
    assert imported(other, rich.folder).same == 6
    assert imported(other, rich.database).same == 6


def test_a_bundle_of_a_bundle_is_the_same(rich: Project, another: MakeProject, tmp_path: Path) -> None:
    one, two = another("one"), another("two")
    bundled(rich, tmp_path / "1.zip")
    imported(one, tmp_path / "1.zip")
    bundled(one, tmp_path / "2.zip")
    imported(two, tmp_path / "2.zip")
    assert everything(one) == everything(two)


def test_a_bundle_of_some_runs_has_only_them(rich: Project, another: MakeProject, tmp_path: Path) -> None:
    service = RunsService(rich)
    service.refresh(force=True)
    numbers = service.numbers(c.PageRequest(filter="name = 'svm'"))
    write("zip", Order(service, numbers), tmp_path / "one.nbtrack.zip")
    other = another("other")
    imported(other, tmp_path / "one.nbtrack.zip")
    found = RunsService(other).page(c.PageRequest())
    assert [row.name for row in found.rows] == ["svm"]
    with zipfile.ZipFile(tmp_path / "one.nbtrack.zip") as archive:
        assert b"whole" not in b"".join(map(archive.read, archive.namelist()))


numbers = st.one_of(
    st.integers(-(1 << 13_000), 1 << 13_000), st.integers(), st.floats(), st.sampled_from([-0.0, 5e-324])
)
texts = st.text(st.characters(codec=None), max_size=20).filter(lambda one: "\0" not in one)
plain = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts.filter(lambda one: not _halves(one))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.ü", max_size=3), inner, max_size=3),
    max_leaves=6,
)
names = st.text("abcdefgh./_ ü漢", min_size=1, max_size=12).filter(str.strip)
steps = st.integers(-(1 << 63), (1 << 63) - 1)
moments = st.floats(0, 4e9)


def _halves(text: str) -> bool:
    return any("\ud800" <= one <= "\udfff" for one in text)


@st.composite
def wholes(draw: Any) -> list[Whole]:
    """Runs with values of all kinds."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        params = draw(st.dictionaries(names, st.lists(plain, min_size=1, max_size=3), max_size=4))
        record = RunRecord(
            made_id("here", str(number)),
            draw(names),
            status=draw(st.sampled_from(["finished", "failed", "interrupted", "crashed"])),
            started=draw(moments),
            ended=draw(st.none() | moments),
            note=draw(st.text("ab\n<>&'\"", max_size=9)),
            starred=draw(st.booleans()),
            trashed=draw(st.none() | moments),
            params=[
                ParamRecord(name, last, "explicit", 1.5, [(value, "captured", 0.5) for value in earlier])
                for name, (last, *earlier) in params.items()
            ],
            tags=draw(st.dictionaries(names, st.text("ab ü", max_size=5), max_size=3)),
            about={"x": draw(plain)},
        )
        series = draw(st.dictionaries(names, st.lists(st.tuples(steps, moments, st.floats()), min_size=1), max_size=3))
        found.append(Whole(record, partial(all_points, series)))
    return found


def all_points(series: dict[str, list[tuple[int, float, float]]]) -> list[Points]:
    return [points(key, rows) for key, rows in series.items()]


def points(key: str, rows: list[tuple[int, float, float]]) -> Points:
    made = Points(key)
    for step, at, value in rows:
        made.steps.append(step)
        made.times.append(at)
        made.values.append(value)
    return made


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(runs=wholes())
def test_values_of_any_kind_come_through_bit_for_bit(
    runs: list[Whole], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bits")
    a, b, c_ = (Project(folder / name) for name in "abc")
    for one in (a, b, c_):
        one.root.mkdir()
    assert land(a, runs, "here").new == len(runs)
    bundled(a, folder / "a.zip")
    imported(b, folder / "a.zip")
    imported(c_, a.root)
    assert everything(a) == everything(b) == everything(c_)
    for whole in runs:
        detail = RunsService(b).get(c.RunRequest(whole.run.id))
        given_params = {one.name: repr(one.value) for one in whole.run.params}
        assert {one.name: repr(one.value) for one in detail.params} == given_params
        for series in whole.points():
            found = RunsService(b).history(whole.run.id, series.key)
            assert [found.steps, found.times] == [series.steps, series.times]
            assert found.values.tobytes() == series.values.tobytes()


def test_a_run_that_is_being_recorded_comes_as_broken_off_and_is_brought_up_to_date(
    project: Project, another: MakeProject, tmp_path: Path
) -> None:
    other = another("other")
    run = current.begin(project, name="long")
    run.log({"loss": 1.0})
    bundled(project, tmp_path / "early.zip")
    imported(other, tmp_path / "early.zip")
    row = RunsService(other).row("long")
    assert (row.status, row.end_reason) == ("interrupted", "it was still running when it was exported")
    run.log({"loss": 0.5})
    run.end()
    bundled(project, tmp_path / "late.zip")
    assert imported(other, tmp_path / "late.zip").changed == 1
    row = RunsService(other).row("long")
    assert (row.status, row.end_reason, row.metrics["loss"].count) == ("finished", None, 2)


def test_a_file_that_is_missing_or_damaged_is_left_out_and_named(
    rich: Project, another: MakeProject, tmp_path: Path
) -> None:
    files = RunsService(rich).get(c.RunRequest("whole")).artifacts
    gone = next(one for one in files if one.path == "empty")
    bad = next(one for one in files if one.path.startswith("plots"))
    objects.path_of(rich.objects, gone.hash).unlink()
    objects.path_of(rich.objects, bad.hash).write_bytes(b"other")
    order = bundled(rich, tmp_path / "all.nbtrack.zip")
    assert sorted(order.notes) == [
        "The file 'empty' is left out: its file is missing.",
        "The file 'plots/ä ö.png' is left out: its content is not what was stored.",
    ]
    landed = imported(another("other"), tmp_path / "all.nbtrack.zip")
    assert landed.new == 6
    assert sum("is missing at the source" in note for note in landed.notes) == 2


# -- what is refused


def renamed(old: str, new: str) -> Change:
    def change(members: dict[str, bytes]) -> None:
        members[new] = members.pop(next(name for name in members if name.startswith(old)))

    return change


def lines(edit: Callable[[dict[str, Any]], Any]) -> Change:
    """Every run's line edited."""

    def change(members: dict[str, bytes]) -> None:
        found = [json.loads(line) for line in members["runs/000001.jsonl"].splitlines()]
        for one in found:
            edit(one)
        members["runs/000001.jsonl"] = b"".join(json.dumps(one).encode() + b"\n" for one in found)

    return change


def manifest(**values: Any) -> Change:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps({**json.loads(members["manifest.json"]), **values}).encode()

    return change


def replaced(start: str, data: bytes) -> Change:
    def change(members: dict[str, bytes]) -> None:
        for name in [one for one in members if one.startswith(start)]:
            members[name] = data

    return change


def run_field(**values: Any) -> Change:
    return lines(lambda line: line["run"].update(values))


REFUSED: dict[str, tuple[Change, str]] = {
    "a path that leaves": (renamed("objects/", "../evil.txt"), "which no bundle has"),
    "an absolute path": (renamed("objects/", "/tmp/evil.txt"), "which no bundle has"),
    "a windows path": (renamed("objects/", "objects\\..\\..\\evil"), "which no bundle has"),
    "a drive": (renamed("objects/", "C:/evil"), "which no bundle has"),
    "another file": (renamed("objects/", "readme.txt"), "which no bundle has"),
    "no manifest": (lambda members: members.pop("manifest.json"), "it has no manifest"),
    "a foreign manifest": (replaced("manifest", b'{"format": "mlflow"}'), "not that of a bundle"),
    "a manifest that is a list": (replaced("manifest", b"[]"), "not that of a bundle"),
    "a newer version": (manifest(version=2), "Install a newer nbtrack"),
    "a version that is none": (manifest(version="one"), "manifest.json is not as it should be"),
    "too many runs said": (manifest(runs=99), "where its manifest says 99"),
    "another object": (replaced("objects/", b"something else"), "its hash is another"),
    "no objects": (
        lambda members: [members.pop(one) for one in [*members] if "objects" in one],
        "is not in it",
    ),
    "no points": (lambda members: [members.pop(one) for one in [*members] if "points" in one], "are missing"),
    "points cut": (lambda members: members.update({n: d[:-5] for n, d in members.items() if "points" in n}), "damaged"),
    "points of nothing": (replaced("points/", b""), "points where it says"),
    "points of garbage": (replaced("points/", b"\xff" * 64), "damaged"),
    "lines of garbage": (replaced("runs/", b"{not json"), "runs/000001.jsonl, line 1 is no JSON"),
    "lines nested deep": (replaced("runs/", b"[" * 100_000), "line 1 is no JSON"),
    "lines that are numbers": (replaced("runs/", b"5\n"), "is no record"),
    "an id that is a path": (run_field(id="../../../etc"), "which is no id of a run"),
    "an id that is a number": (run_field(id=5), "Expected `str`, got `int`"),
    "a status of its own": (run_field(status="great"), "The status of run"),
    "a start that is text": (run_field(started="now"), "Expected `float`"),
    "its own parent": (lines(lambda line: line["run"].update(parent=line["run"]["id"])), "which cannot be"),
    "the same run twice": (run_field(id="0" * 12), "comes twice"),
    "points of others": (lines(lambda line: line.update(parts=[[1, 0, 1 << 40]])), "points where it says"),
    "points before all": (lines(lambda line: line.update(parts=[[1, -50, -1]])), "damaged"),
    "a file that leaves": (
        lines(lambda line: [one.update(path="../x") for one in line["files"]]),
        "outside of its folder",
    ),
    "a file at the root": (
        lines(lambda line: [one.update(path="/x") for one in line["files"]]),
        "outside of its folder",
    ),
    "a size that is not so": (lines(lambda line: [one.update(size=1) for one in line["files"]]), "in place of 1"),
    "a session that is not there": (lines(lambda line: line.update(session="000099")), "is missing"),
    "an environment elsewhere": (lines(lambda line: line.update(environment="../manifest")), "is missing"),
    "a session of garbage": (replaced("sessions/", b"{}"), "a record in sessions/"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bundle_that_is_not_sound_is_refused_and_nothing_is_stored(
    case: str, sound: Path, tmp_path: Path, another: MakeProject
) -> None:
    change, words = REFUSED[case]
    other = another("other")
    broken = changed(sound, tmp_path / "broken.nbtrack.zip", change, mend=True)
    with pytest.raises(BadSource) as caught:
        land(other, Bundle().read(str(broken), {}), OWN)
    assert words in str(caught.value)
    assert str(broken) in str(caught.value) or "run" in str(caught.value).lower()
    assert RunsService(other).page(c.PageRequest()).total == 0
    assert not [*other.objects.rglob("*")]
    assert not [*(other.folder / "incoming").rglob("*")]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of two runs with points, a file and a session."""
    folder = tmp_path_factory.mktemp("sound")
    project = Project(folder)
    land(project, [ExperimentRecord("e"), _small(0), _small(1)], "here")
    bundled(project, folder / "sound.nbtrack.zip")
    return folder / "sound.nbtrack.zip"


def _small(number: int) -> Whole:
    from nbtrack.transfer.records import ExecutionRecord, File, SessionRecord

    session = SessionRecord("session-1", {"kind": "kernel"}, [ExecutionRecord(1, source="x = 1")])
    run = RunRecord(made_id("s", str(number)), f"small-{number}", "e", number=1, session=session)
    return Whole(
        run,
        lambda: [points("loss", [(0, 1.0, math.nan)])],
        lambda: [File("a/b.txt", lambda: io.BytesIO(b"hello"))],
    )


def test_the_sound_bundle_of_these_tests_is_taken(sound: Path, another: MakeProject) -> None:
    other = another("other")
    landed = imported(other, sound)
    assert (landed.new, landed.points, landed.files, landed.notes) == (2, 2, 2, [])


def test_the_same_member_twice_is_refused(sound: Path, tmp_path: Path, another: MakeProject) -> None:
    broken = tmp_path / "twice.nbtrack.zip"
    broken.write_bytes(sound.read_bytes())
    with zipfile.ZipFile(broken, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("runs/000001.jsonl", b"")
    with pytest.raises(BadSource, match="twice"):
        imported(another("other"), broken)


def test_a_name_that_hides_what_follows_a_nul_is_refused(sound: Path, tmp_path: Path, another: MakeProject) -> None:
    name = "objects/" + "0" * 64
    broken = changed(sound, tmp_path / "nul.zip", lambda members: members.update({f"{name}!.exe": b""}))
    broken.write_bytes(broken.read_bytes().replace(f"{name}!.exe".encode(), f"{name}\0.exe".encode()))
    with pytest.raises(BadSource, match="which no bundle has"):
        imported(another("other"), broken)


def test_members_that_the_manifest_does_not_know_are_refused(sound: Path, tmp_path: Path, another: MakeProject) -> None:
    def more(members: dict[str, bytes]) -> None:
        members["objects/" + "0" * 64] = b"more"

    broken = changed(sound, tmp_path / "more.nbtrack.zip", more, mend=False)
    with pytest.raises(BadSource, match="not what its manifest says"):
        imported(another("other"), broken)


def test_a_file_that_unpacks_to_far_more_is_refused_before_it_is_read(
    sound: Path, tmp_path: Path, another: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbtrack.transfer.bundle.TRUSTED", 1 << 20)

    def zeros(members: dict[str, bytes]) -> None:
        members["objects/" + "0" * 64] = bytes(8 << 20)

    broken = changed(sound, tmp_path / "bomb.nbtrack.zip", zeros)
    assert broken.stat().st_size < 20_000
    with pytest.raises(BadSource, match="would unpack to 8,"):
        imported(another("other"), broken)


def test_what_packs_well_is_packed_so_that_it_is_believed(
    project: Project, another: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbtrack.transfer.bundle.TRUSTED", 1 << 20)
    with current.begin(project, name="zeros") as run:
        for number in range(6):
            run.add_bytes(f"{number}.bin", bytes((1 << 20) + number))
    bundled(project, tmp_path / "zeros.zip")
    assert imported(another("other"), tmp_path / "zeros.zip").files == 6


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
def test_a_bundle_that_was_cut_is_refused(cut: float, sound: Path, tmp_path: Path, another: MakeProject) -> None:
    data = sound.read_bytes()
    broken = tmp_path / "cut.nbtrack.zip"
    broken.write_bytes(data[: int(len(data) * cut)])
    other = another("other")
    with pytest.raises(BadSource, match=r"cut\.nbtrack\.zip"):
        imported(other, broken)
    assert RunsService(other).page(c.PageRequest()).total == 0


def test_a_bit_that_was_flipped_anywhere_never_stores_half_of_it(
    sound: Path, tmp_path: Path, another: MakeProject
) -> None:
    data = sound.read_bytes()
    refused = 0
    for number, at in enumerate(range(0, len(data), max(1, len(data) // 40))):
        broken = tmp_path / "flipped.nbtrack.zip"
        broken.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        other = another(f"other{number}")
        try:
            landed = land(other, Bundle().read(str(broken), {}), OWN)
        except BadSource:
            refused += 1
            assert RunsService(other).page(c.PageRequest()).total == 0
        else:
            assert landed.new == 2, "a bit that means nothing, such as one of a date"
    assert refused >= 25


def test_an_option_that_nobody_knows_is_refused(sound: Path) -> None:
    with pytest.raises(InvalidOption, match="delimiter"):
        list(Bundle().read(str(sound), {"delimiter": ";"}))
    with pytest.raises(InvalidOption, match="delimiter"):
        list(ProjectFile().read(".", {"delimiter": ";"}))
