"""What fuzzing has found stays mended; a little more of the same each time; and the judge sees planted faults."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz import fuzz as command
from tests.fuzz.child import CORPUS
from tests.fuzz.mutate import smaller
from tests.fuzz.seeds import SEEDS
from tests.fuzz.source import Source
from tests.fuzz.targets import NEEDS, TARGETS

CHILD = Path(command.__file__).with_name("child.py")
# New inputs beside the corpus, the same each time. An import takes as long as a hundred filters.
COUNTS = {name: 8 if name.startswith("import-") else 200 for name in TARGETS}
# To import MLflow, Aim or W&B takes longer than all the inputs together: only what was found is tried again.
COUNTS |= {"import-mlflow": 0, "import-aim": 0, "import-wandb": 0, "journal": 60, "backup": 15}
# What the judge has to see by itself; the other planted faults end the process.
SEEN = {
    "planted-error": "crash KeyError",
    "planted-unclear": "crash BadSource",
    "planted-hang": "hang TooLong",
    "planted-write": "crash outside open",
    "planted-program": "crash Outside",
    "planted-answer": "crash Wrong",
}
LARGEST = 300_000  # bytes of all that is kept here


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nbtrack-fuzz-", dir=command.room(), ignore_cleanup_errors=True) as place:
        yield Path(place)


def kept(name: str) -> list[Path]:
    return sorted((CORPUS / name).glob("*")) if (CORPUS / name).is_dir() else []


BEGUN = [name for name in TARGETS if COUNTS[name] or kept(name)]


def there(name: str) -> bool:
    return name not in NEEDS or command._is_there(NEEDS[name])


def tried(folder: Path, counts: dict[str, int], *options: str) -> dict[str, Any]:
    wanted = [f"{name}={count}" for name, count in counts.items()]
    arguments = [sys.executable, str(CHILD), "quick", str(folder), *wanted, *options]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, f"the process ended with {done.returncode}: {done.stderr[-3000:]}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def results(room: Path) -> dict[str, Any]:
    """All targets in one process, since most of the time goes into what they import."""
    counts = {name: COUNTS[name] for name in BEGUN if there(name)}
    return tried(room / "targets", counts, "--seconds", "20")  # what is loaded at first use counts here, see `warm`


@pytest.fixture(scope="module")
def planted(room: Path) -> dict[str, Any]:
    return tried(room / "planted", dict.fromkeys(SEEN, 15), "--seconds", "0.2")


@pytest.mark.parametrize("name", BEGUN)
def test_nothing_that_was_found_comes_back_and_a_few_more_inputs_are_well(name: str, results: dict[str, Any]) -> None:
    if not there(name):
        pytest.skip(f"{NEEDS[name]} is not installed, and reads these files")
    assert results[name]["inputs"] >= COUNTS[name] + len(kept(name))
    assert not results[name]["findings"], "\n".join(results[name]["findings"].values())


@pytest.mark.parametrize("name", SEEN)
def test_the_judge_sees_a_planted_fault(name: str, planted: dict[str, Any]) -> None:
    kind, _, signature = SEEN[name].partition(" ")
    found = planted[name]["findings"]
    assert len(found) == 1, found
    assert next(iter(found)).startswith(kind)
    assert next(iter(found.values())).splitlines()[1].startswith(signature)
    assert not list(Path(tempfile.gettempdir()).glob("outside.txt"))


@pytest.mark.parametrize(
    ("name", "kind"), [("planted-death", "crash"), ("planted-wait", "hang"), ("planted-memory", "memory")]
)
def test_who_watches_sees_a_process_that_dies_waits_for_ever_or_grows(name: str, kind: str, tmp_path: Path) -> None:
    patience = 5.0 if kind == "hang" else 60.0  # the others end by themselves
    result = command.fuzz(name, 0.1, command.How(True, tmp_path, patience=patience, memory=200))
    assert result.count(kind) >= 1, result
    assert b"!" in next((tmp_path / name).iterdir()).read_bytes()


BIG = """
    import json, sys
    held = b"x" * (950 << 20)
    sys.path.insert(0, sys.argv[1])
    from pathlib import Path
    from tests.fuzz import fuzz
    how = fuzz.How(True, Path(sys.argv[2]), patience=60.0, memory=200)
    print(json.dumps([sorted(fuzz.fuzz(f"planted-{name}", 0.1, how).found) for name in ("death", "memory")]))
"""


def test_what_the_process_that_watches_holds_is_not_counted_against_the_one_that_is_watched(tmp_path: Path) -> None:
    command_line = [sys.executable, "-c", textwrap.dedent(BIG), str(CHILD.parents[2]), str(tmp_path)]
    done = subprocess.run(command_line, capture_output=True, text=True, check=True, timeout=120)
    death, memory = json.loads(done.stdout)
    assert [name.partition("-")[0] for name in (*death, *memory)] == ["crash", "memory"]
    assert {b"!" in path.read_bytes() for path in tmp_path.glob("planted-*/*")} == {True}


def test_a_found_input_is_made_small_and_kept_and_the_table_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--plain", "--minutes", "0.002", "--corpus", str(tmp_path)]
    assert command.main([*options, "--only", "planted-error", "--only", "kept"]) == 1
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    planted, well = (
        {head.strip("| "): cell.strip("| ") for head, cell in zip(rows[0], row, strict=True)} for row in rows[2:4]
    )
    assert (planted["target"], planted["crashes"], planted["hangs"]) == ("planted-error", "1", "0")
    assert (well["crashes"], well["hangs"], well["memory"]) == ("0", "0", "0")
    assert int(well["inputs"].replace(",", "")) > 10
    assert [path.read_bytes() for path in (tmp_path / "planted-error").iterdir()] == [b"!"]


def test_the_table_goes_into_a_readme_and_one_without_markers_is_told_before_hours_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / "README.md"
    options = ["--plain", "--minutes", "0.002", "--corpus", str(tmp_path), "--only", "planted-error"]
    readme.write_text("before\n")
    with pytest.raises(ValueError, match="<!-- fuzz -->"):
        command.main([*options, "--readme", str(readme)])
    assert capsys.readouterr() == ("", "")
    readme.write_text("before\n<!-- fuzz -->\nold\n<!-- /fuzz -->\nbehind\n")
    assert command.main([*options, "--readme", str(readme)]) == 1
    text = readme.read_text()
    assert text.startswith("before\n<!-- fuzz -->\nPython ")
    assert text.endswith(" |\n<!-- /fuzz -->\nbehind\n")  # the table alone, without what was found
    assert "| planted-error | " in text
    said = capsys.readouterr()
    assert "planted-error/crash-" in said.out
    assert said.err.startswith("[1/1] planted-error: ")


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheels for this Python or system")
def test_atheris_leads_the_inputs_by_what_the_code_does(tmp_path: Path) -> None:
    result = command.fuzz("planted-error", 3.0, command.How(corpus=tmp_path, patience=60.0))
    assert result.count("crash") == 1
    assert result.edges is not None
    assert result.corpus is not None
    assert [path.read_bytes() for path in (tmp_path / "planted-error").iterdir()] == [b"!"]


def test_all_that_is_kept_here_is_small() -> None:
    sizes = [path.stat().st_size for folder in (CORPUS, SEEDS) for path in folder.rglob("*") if path.is_file()]
    assert sum(sizes) < LARGEST
    assert max(sizes) < 64_000


def test_bytes_give_the_same_whoever_made_them_and_are_never_too_few() -> None:
    source, again = Source(b"\x07\x02abc"), Source(b"\x07\x02abc")
    assert [source.number(300), source.text()] == [again.number(300), again.text()]
    empty = Source(b"")
    assert (empty.number(9), empty.flag(), empty.one("xy"), empty.text(), empty.json()) == (0, False, "x", "", None)


def test_what_makes_inputs_smaller_keeps_the_fault() -> None:
    assert smaller(b"a long text with ! in it, and more behind it", lambda data: b"!" in data) == b"!"
