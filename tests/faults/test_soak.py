"""`make soak` prints its table with the machine above it, and puts both into a README."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.faults import soak
from tests.faults.table import Row


@pytest.mark.parametrize(("met", "code"), [(True, 0), (False, 1)])
def test_the_table_goes_between_the_markers_of_a_readme(
    met: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [Row("lightning", injected=1_234, goal="0 lost", met=met)]
    monkeypatch.setattr(soak, "import_module", lambda name: SimpleNamespace(rows=lambda long: rows if long else []))
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- soak -->\nold\n<!-- /soak -->\nbehind\n")
    assert soak.main(["--only", "kills", "--readme", str(readme)]) == code
    between = readme.read_text().removeprefix("before\n<!-- soak -->\n").removesuffix("\n<!-- /soak -->\nbehind\n")
    assert between.startswith("Python ")
    assert f"| lightning | 1,234 | 0 | 0 | 0 | – | 0 lost | {'met' if met else 'missed'} |" in between
    assert "old" not in between
    assert "".join(capsys.readouterr().out.split()) == "".join(between.split())


def test_a_readme_that_cannot_take_the_table_is_told_before_an_hour_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soak, "import_module", lambda name: pytest.fail("it began"))
    readme = tmp_path / "README.md"
    readme.write_text("<!-- soak -->")
    with pytest.raises(ValueError, match="must stand there"):
        soak.main(["--readme", str(readme)])
    with pytest.raises(SystemExit):
        soak.main(["--quick", "--readme", str(readme)])
    assert readme.read_text() == "<!-- soak -->"


def test_when_the_time_is_up_what_is_left_counts_as_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def rows(long: bool) -> list[Row]:
        try:
            time.sleep(200)
        except Exception:  # noqa: BLE001 (parts count whatever goes wrong)
            pytest.fail("it was taken for a fault")
        return []

    slow, quick = SimpleNamespace(rows=rows), SimpleNamespace(rows=lambda long: [Row("lightning", 1, met=True)])
    monkeypatch.setattr(soak, "import_module", lambda name: slow if name.endswith("copies") else quick)
    began = time.monotonic()
    assert soak.main(["--quick", "--minutes", "0.05", "--only", "disks", "--only", "copies", "--only", "swaps"]) == 1
    assert time.monotonic() - began < 150, "it was not broken off"
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][2:]
    assert [line.split(" | ")[0] for line in lines] == [
        "| lightning",
        "| copies: stopped: out of time",
        "| swaps: stopped: out of time",
    ]
    assert [line.split(" | ")[-1] for line in lines] == ["met |", "missed |", "missed |"]
