"""Many processes on one project at once: nothing is lost, and nobody hears of a lock."""

from __future__ import annotations

import pytest

from . import writers
from .conftest import Scripts
from .writers import rows_of, unsound

POINTS = 20_000


def test_eight_processes_with_a_run_each_lose_nothing(scripts: Scripts) -> None:
    found = writers.runs_of_their_own(scripts, POINTS)
    assert (found.lost, found.corrupt, found.errors) == (0, [], "")


def test_the_same_look_sees_what_a_journal_kept_in_memory_loses(scripts: Scripts) -> None:
    assert writers.runs_of_their_own(scripts, 250, "in memory").lost > 0


@pytest.mark.parametrize(
    ("way", "points"),
    [
        ("a fork pool", POINTS),
        ("a spawn pool", 4_000),
        ("loky", 4_000),
        ("threads", 4_000),
        ("raw forks", POINTS),
        ("raw forks with the run object", 4_000),
        ("DataLoader workers", 4_000),
    ],
)
def test_workers_log_to_the_run_of_their_parent_and_lose_nothing(scripts: Scripts, way: str, points: int) -> None:
    found = writers.workers(scripts, writers.WAYS[way], points)
    assert (found.lost, found.corrupt, found.errors) == (0, [], "")


def test_two_kernels_on_one_notebook_lose_nothing() -> None:
    found = writers.two_kernels(5_000)
    assert (found.lost, found.corrupt, found.errors) == (0, [], "")


REUSED = """
    import multiprocessing, sys
    import nbtrack

    def work(name):
        run = nbtrack.active_run()
        if run is None:
            return "none"
        nbtrack.log({"loss": 1.0})
        return run.id

    def main():
        context = multiprocessing.get_context(sys.argv[1])
        with nbtrack.start_run(name="earlier"):
            pool = context.Pool(2)
        for number in range(5):
            with nbtrack.start_run(name=f"run {number}") as run:
                assert set(pool.map(work, range(20))) == {run.id}
            assert set(pool.map(work, range(4))) == {"none"}
        pool.close()
        pool.join()

    if __name__ == "__main__":
        main()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_workers_of_a_pool_follow_their_parent_from_run_to_run(scripts: Scripts, method: str) -> None:
    scripts.run(REUSED, method)
    service, rows = rows_of(scripts.folder)
    counts = {row.name: row.metrics["loss"].count for row in rows if row.name != "earlier"}
    assert counts == {f"run {number}": 20 for number in range(5)}
    assert {row.status for row in rows} == {"finished"}
    assert unsound(service) == []


def test_a_child_with_a_run_of_its_own_keeps_it_beside_its_parents(scripts: Scripts) -> None:
    scripts.run(
        """
        import os
        import nbtrack
        with nbtrack.start_run(name="parent") as run:
            child = os.fork()
            if not child:
                nbtrack.log({"loss": 1.0})
                with nbtrack.start_run(name="child"):
                    nbtrack.log({"loss": 2.0})
                nbtrack.log({"loss": 3.0})
                os._exit(0)
            os.waitpid(child, 0)
        """
    )
    service, rows = rows_of(scripts.folder)
    found = {row.name: (row.status, list(service.history(row.id, "loss").values)) for row in rows}
    assert found == {"parent": ("finished", [1.0, 3.0]), "child": ("finished", [2.0])}
    parent = next(row.id for row in rows if row.name == "parent")
    assert [row.parent for row in rows if row.name == "child"] == [parent]
    assert unsound(service) == []
