"""The cells behind a run, from what its kernel had executed."""

from __future__ import annotations

from nbtrack.runs.contract import RunRequest


def test_the_graph_has_the_cells_that_gave_names_and_no_others(notebook):
    before = ["rate = 0.1\n", "unused = 3\n", "def step(x):\n    return x * rate\n"]
    notebook.run("a", "loss = step(2)\n", before=before)
    found = notebook.lineage.graph(RunRequest("a"))
    assert [cell.number for cell in found.cells] == [1, 3, 4]
    assert [(edge.source, edge.target, edge.names) for edge in found.edges] == [(1, 4, ["rate"]), (3, 4, ["step"])]
    assert found.cells[-1].run == found.run
    assert found.cells[0].gives == {"rate": ""}


def test_the_last_writer_counts_and_what_came_before_it_does_not(notebook):
    notebook.run("a", "fit(rate)\n", before=["rate = 1\n", "rate = 2\n", "import fit\n"])
    assert [cell.number for cell in notebook.lineage.graph(RunRequest("a")).cells] == [2, 3, 4]


def test_a_run_without_a_text_stands_alone(notebook):
    notebook.run("a", None, kind="script", notebook=None, cell=None)
    found = notebook.lineage.graph(RunRequest("a"))
    assert found.cells[-1].run == found.run
    assert len(found.cells) == 1
