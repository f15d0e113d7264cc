"""Tables: which runs become a row, which digits are shown, what is best, and that no text breaks out of its cell."""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption
from nbtrack.runs import current
from nbtrack.runs.contract import PageRequest
from nbtrack.runs.service import RunsService
from nbtrack.sdk.transfer import to_file
from nbtrack.transfer.exporters import Options, latex, markdown
from nbtrack.transfer.exporters.csv import safe
from nbtrack.transfer.store import tables

NASTY = ["a|b", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "*", "_x_", "`c`", "a\nb", "\\", "$x$",
         "50%", "{", "~", "^", "#1", "&amp;", "--", '"', "[opt]", "a & b \\\\ c", "\\input{/etc/passwd}", "é…±–",
         "\u202e", "\\end{tabular}", "%", "https://example.org/x_y", "![i](x)", "a\x00b", "x" * 500]  # fmt: skip


@pytest.fixture
def seeds(project: Project) -> Project:
    """Two settings with three seeds each; the third of the second has no accuracy, one loss is NaN."""
    for lr, base in ((0.1, 0.9), (0.01, 0.8)):
        for seed in range(3):
            with current.begin(project, name=f"run-{lr}-{seed}", experiment="digits") as run:
                run.set_params({"lr": lr, "seed": seed, "model": "forest"})
                if (lr, seed) != (0.01, 2):
                    run.log({"acc": base + seed / 100})
                run.log({"loss": math.nan if (lr, seed) == (0.1, 0) else round(1 - base, 1), "system/cpu": 3.0})
    RunsService(project).refresh(force=True)
    return project


def cells(text: str) -> list[list[str]]:
    """The cells of a Markdown table, rules left out."""
    rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("| :")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def numbers(project: Project) -> list[int]:
    return RunsService(project).numbers(PageRequest())


def export(**options: Any) -> str:
    return str(nbtrack.export(**options))


# -- which rows and columns --------------------------------------------------------------------------------------------


def test_a_table_has_what_differs_and_the_metrics_with_the_best_in_bold(seeds: Project) -> None:
    table = cells(export(format="md", sort="-metrics.acc"))
    assert table[0] == ["name", "lr", "seed", "acc ↑", "loss ↓"]
    assert table[1] == ["run-0.1-2", "0.1", "2", "**0.92**", "**0.1**"]
    assert table[2] == ["run-0.1-1", "0.1", "1", "0.91", "**0.1**"]
    assert table[3][-1] == "nan"
    assert table[6] == ["run-0.01-2", "0.01", "2", "", "0.2"]
    assert len(table) == 7


def test_runs_that_differ_in_a_seed_only_become_one_row_of_means(seeds: Project) -> None:
    text = export(format="md", mean_over="seed", sort="started")
    table = cells(text)
    assert table[0] == ["lr", "n", "acc ↑", "loss ↓"]
    assert table[1] == ["0.1", "3", "**0.910 ± 0.010**", "**0.1 ± 0** (n=2)"]
    assert table[2] == ["0.01", "3", "0.8050 ± 0.0071 (n=2)", "0.2 ± 0"]
    assert text.endswith("\nMean ± sample standard deviation over seed; n runs each.\n")
    with current.begin(seeds, name="without") as run:
        run.log({"acc": 0.1})
    notes: list[str] = []
    to_file(RunsService(seeds), "md", numbers(seeds), Options(mean_over=["seed"]), seeds.root / "t.md", notes=notes)
    assert notes == ["1 run has no seed: left out."]
    assert len(cells((seeds.root / "t.md").read_text())) == 3
    chosen = cells(export(format="md", mean_over=["params.seed"], columns=["params.model", "metrics.acc.max"]))
    assert chosen == [["model", "n", "acc (max) ↑"], ["forest", "6", "0.868 ± 0.058 (n=5)"]]


def test_rows_columns_and_digits_can_be_chosen(seeds: Project) -> None:
    options: dict[str, Any] = {"runs": ["run-0.1-1", "run-0.01-0"], "columns": ["name", "params.*", "metrics.acc"]}
    assert cells(export(format="md", digits=1, **options)) == [
        ["name", "lr", "seed", "model", "acc ↑"],
        ["run-0.1-1", "0.1", "1", "forest", "**0.9**"],
        ["run-0.01-0", "0.01", "0", "forest", "0.8"],
    ]
    with pytest.raises(InvalidOption, match=r"no column 'params\.none'"):
        export(format="md", columns=["params.none"])
    with pytest.raises(InvalidOption, match=r"digits=0\."):
        export(format="md", digits=0)
    with pytest.raises(InvalidOption, match="no run here has that param"):
        export(format="md", mean_over="nothing")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.95123, 0.9, 0.87346], ["0.9512", "0.9000", "0.8735"]),
        ([12.0, 3.0], ["12", "3"]),
        ([0.5, 0.25], ["0.50", "0.25"]),
        ([123.456, 0.00123456], ["123.5", "0.001235"]),
        ([1e-9, 2.5e-9], ["1e-09", "2.5e-09"]),
        ([1e12, 3.0], ["1e+12", "3"]),
        ([math.inf, -math.inf, 1.5], ["inf", "-inf", "1.5"]),
        ([-0.5, -1.25], ["-0.50", "-1.25"]),
    ],
)
def test_numbers_have_sensible_digits(project: Project, values: list[float], shown: list[str]) -> None:
    for value in values:
        with current.begin(project) as run:
            run.log({"x": value})
    assert [row[-1].strip("*") for row in cells(export(format="md", sort="started"))[1:]] == shown


def test_the_mean_ends_where_its_deviation_does(project: Project) -> None:
    for group, values in enumerate(([1234.5, 1299.1], [1e-7, 3e-7], [5.0, 5.0], [7.0], [math.inf, 1.0])):
        for seed, value in enumerate(values):
            with current.begin(project) as run:
                run.set_params({"seed": seed, "group": group})
                run.log({"x": value})
    text = export(format="md", mean_over="seed", sort="started", columns=["params.group", "metrics.x"])
    assert [row[2] for row in cells(text)[1:]] == ["1267 ± 46", "2.0e-07 ± 1.4e-07", "5 ± 0", "7", "inf"]
    assert export(format="tex", mean_over="seed", columns=["metrics.x"]).count(r"\pm") == 0
    two = export(format="md", mean_over="seed", digits=2, sort="started", columns=["params.group", "metrics.x"])
    assert cells(two)[1][2] == "1267 ± 46"


# -- texts -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def nasty(project: Project) -> Project:
    """Runs whose names, params and keys would be mark-up."""
    for number, text in enumerate(NASTY):
        with current.begin(project, name=text if text.isprintable() else "plain") as run:
            run.set_params({"text": text.replace("\0", ""), "number": number})
            run.log({"a_b|c<i>": number / 7})
    RunsService(project).refresh(force=True)
    return project


def test_markdown_stays_a_table_whatever_the_texts_are(nasty: Project) -> None:
    text = export(format="md", sort="started", title="A *title* | <b>")
    table = cells(text)
    assert text.startswith("### A \\*title\\* \\| \\<b\\>\n")
    assert {len(row) for row in table} == {4}
    assert len(table) == len(NASTY) + 1
    assert not re.search(r"(?<!\\)<", text)
    assert "](" not in text.replace("\\]", "")
    assert "javascript" in text


@given(st.text(max_size=40))
@settings(deadline=None)
def test_no_text_of_markdown_is_left_as_markup(text: str) -> None:
    made = markdown.escaped(text)
    assert "\n" not in made
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<>*_`\[\]]", made)
    made.encode()


def rendered(text: str) -> str:
    from markdown_it import MarkdownIt

    html: str = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    return html


def test_a_reader_of_markdown_shows_each_text_as_it_is(nasty: Project) -> None:
    html = rendered(export(format="md", sort="started"))
    assert html.count("<tr>") == len(NASTY) + 1
    assert "<img" not in html
    assert "<a " not in html
    assert "<em>" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "a|b" in html


def test_latex_escapes_all_that_it_would_read() -> None:
    assert latex.escaped("a_b & 50% #1 {x} $y$ ~^") == (
        r"a\_b \& 50\% \#1 \{x\} \$y\$ \textasciitilde{}\textasciicircum{}"
    )
    assert latex.escaped("\\end{tabular}") == r"\textbackslash{}end\{tabular\}"
    assert latex.escaped("[a]*") == "{[}a{]}{*}"
    for text in NASTY:
        assert not re.search(r"(?<!\\)[%&#$](?!\\)", latex.escaped(text).replace(r"$\pm$", ""))


def test_a_latex_table_has_the_rules_of_booktabs(seeds: Project) -> None:
    text = export(format="tex", mean_over="seed", title="Two rates", sort="started")
    assert text.count("\\toprule") == text.count("\\midrule") == text.count("\\bottomrule") == 1
    assert "\\caption{Two rates}" in text
    assert r"0.1 & 3 & $\mathbf{0.910 \pm 0.010}$ & $\mathbf{0.1 \pm 0}$ ($n=2$) \\" in text.replace(
        "$3$", "3"
    ).replace("$0.1$", "0.1")
    assert r"acc $\uparrow$ & loss $\downarrow$" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex here")
def test_latex_sets_the_table(nasty: Project, tmp_path: Path) -> None:
    body = export(format="tex", title="50% of_all", sort="started")
    lines = [r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage{booktabs}\begin{document}", body]
    (tmp_path / "table.tex").write_text("\n".join([*lines, r"\end{document}"]), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]


# -- CSV ---------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=30))
def test_no_text_of_a_csv_begins_a_formula_and_none_is_lost(text: str) -> None:
    made = safe(text)
    assert not made.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert made.removeprefix("'") == text.encode("utf-8", "replace").decode().removeprefix("'")


def test_a_csv_has_a_column_for_each_name_that_some_run_has(filled: Project) -> None:
    text = export(format="csv", sort="started")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == ["forest", "svm", "child", "odd"]
    head = text.splitlines()[0].split(",")
    assert ",".join(head[:11]) == "id,name,status,experiment,started,ended,duration,notebook,parent,starred,note"
    assert len(head) == len(set(head))
    assert "metrics.loss" in head
    assert "params.huge" in head
    few = export(format="csv", columns=["name", "metrics.acc.max", "started"], runs="forest").splitlines()
    assert few[0] == "name,metrics.acc.max,started"
    assert re.fullmatch(r"forest,0\.69,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", few[1])


# -- Parquet -----------------------------------------------------------------------------------------------------------


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def test_parquet_keeps_values_and_types(filled: Project, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    nbtrack.export(tmp_path / "all.parquet", sort="started")
    assert {path.name for path in tmp_path.glob("all*")} == {
        "all.parquet", "all.params.parquet", "all.metrics.parquet"
    }  # fmt: skip
    wide = pq.read_table(tmp_path / "all.parquet")
    rows = {row["name"]: row for row in wide.to_pylist()}
    assert rows["svm"]["params.lr"] == 0.01
    assert rows["forest"]["params.depth"] == 5
    assert rows["svm"]["params.depth"] is None
    assert rows["odd"]["params.true"] is True
    assert str(wide.schema.field("params.depth").type) == "int64"
    assert str(wide.schema.field("started").type) == "timestamp[us, tz=UTC]"
    assert rows["odd"]["params.big"] == f'"{10**30}"'
    assert math.isnan(rows["odd"]["metrics.nan"])
    assert rows["svm"]["metrics.loss"] is None
    assert rows["odd"]["metrics.down"] == -math.inf
    service = RunsService(filled)
    exact = {(row["run"], row["name"]): row for row in pq.read_table(tmp_path / "all.params.parquet").to_pylist()}
    for name in ("forest", "svm", "odd"):
        row = service.row(name)
        for key, value in row.params.items():
            assert_same(exact[row.id, key], value)
    assert len(exact) == sum(len(service.row(name).params) for name in ("forest", "svm", "odd"))


def assert_same(row: dict[str, Any], value: Any) -> None:
    kind = row["type"]
    if kind == "int":
        found = row["int"] if row["bytes"] is None else int.from_bytes(row["bytes"], "big", signed=True)
        assert found == value
    elif kind == "float":
        assert bits(row["float"]) == bits(value)
    elif kind == "str":
        assert (row["text"] if row["bytes"] is None else row["bytes"].decode("utf-8", "surrogatepass")) == value
    elif kind == "bool":
        assert row["bool"] is value
    else:
        assert kind == ("none" if value is None else "json")


def test_a_column_of_parquet_has_a_type_for_all_its_values_however_few_runs_are_read_at_a_time(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(tables, "AT_ONCE", 1)
    params: list[dict[str, Any]] = [
        {"whole": 1, "mixed": 1, "far": -(1 << 60), "huge": 1 << 70, "texts": "a"},
        {"whole": 2, "mixed": 0.5, "far": 0.5, "huge": 1, "texts": 1},
        {"whole": 3, "mixed": 2, "far": 1, "huge": 2, "texts": 2},
    ]
    for number, each in enumerate(params):
        with current.begin(project, name=f"run-{number}", kind="script") as run:
            run.set_params(each)
    nbtrack.export(tmp_path / "p.parquet", project=project, sort="started")
    types = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "p.parquet")}
    found = {name: types[f"params.{name}"] for name in params[0]}
    assert found == {"whole": "int64", "mixed": "double", "far": "string", "huge": "string", "texts": "string"}


def test_parquet_has_every_point_bit_for_bit(project: Project, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    values = [0.1, math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308]
    for name in ("one", "two"):
        with current.begin(project, name=name) as run:
            for step, value in enumerate(values * 40):
                run.log({"loss": value, f"own-{name}": -value}, step=1000 - step)
    nbtrack.export(tmp_path / "p.parquet", project=project)
    points = pq.read_table(tmp_path / "p.metrics.parquet").to_pylist()
    service = RunsService(project)
    for name in ("one", "two"):
        run_id = service.row(name).id
        for key in ("loss", f"own-{name}"):
            found = [point for point in points if (point["run"], point["name"]) == (run_id, key)]
            series = service.history(name, key)
            assert [point["step"] for point in found] == list(series.steps)
            assert [bits(point["time"]) for point in found] == [bits(one) for one in series.times]
            assert [bits(point["value"]) for point in found] == [bits(one) for one in series.values]
    assert len(points) == 4 * len(values) * 40


@given(
    st.lists(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)), min_size=1, max_size=5
    )
)
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_parquet_holds_any_mixture_of_values(project: Project, tmp_path: Path, values: list[Any]) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    made = []
    for value in values:
        with current.begin(project) as run:
            run.set_params({"x": value})
        made.append(run.id)
    service = RunsService(project)
    nbtrack.export(tmp_path / "x.parquet", runs=made, project=project)
    exact = {row["run"]: row for row in pq.read_table(tmp_path / "x.params.parquet").to_pylist()}
    for one in made:
        assert_same(exact[one], service.row(one).params["x"])
