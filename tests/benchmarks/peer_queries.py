"""The 50 best runs by a metric, and all runs as a DataFrame, out of 10,000 and 100,000 runs in each tracker.

Writing so many runs through the trackers takes hours, so rows go straight into the tables of those that keep tables.
Aim and TensorBoard get fewer runs, through their writers: both look at every run for every question, so the time is
scaled. MLflow's is scaled from 10,000 to 100,000, which its table of metrics holds, but not within ten minutes.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from child import folder, in_child
from peers import STORE
from readers import aim_runs, scalar, tensorboard_runs
from seed import METRICS, PARAMS
from subjects import SUBJECTS, connect, finish
from table import Line, median, milli, plain, times

SIZES = (10_000, 100_000)
MOST = {"mlflow": 10_000, "aim": 150, "tensorboard": 400}  # runs that are really written
NOT = ("wandb",)  # nothing of W&B asks its offline files
BEST = 50
_MILLION = 1_000_000_000  # when the runs began, in milliseconds


def _made(runs: int) -> Iterator[tuple[int, dict[str, float], dict[str, float]]]:
    chance = random.Random(7)
    for number in range(1, runs + 1):
        yield number, {name: chance.random() for name in PARAMS}, {name: chance.random() for name in METRICS}


def seed(subject: str, place: str, runs: int) -> None:
    """Inside a child: runs of 20 params and 10 metrics."""
    _SEED.get(subject, _written)(subject, place, runs)


def _written(subject: str, place: str, runs: int) -> None:
    tracker = SUBJECTS[subject](place)
    for number, params, metrics in _made(runs):
        tracker.begin(f"run-{number}", params, {})
        tracker.log(metrics)
        tracker.end()
    finish(tracker)


def _seed_nbtrack(subject: str, place: str, runs: int) -> None:
    from seed import fill

    from nbtrack.base.config import Project

    fill(Project(Path(place)), runs)


def _seed_sqlite(subject: str, place: str, runs: int) -> None:
    """By hand, as one would who asks such questions: the latest values in a table with its index."""
    with closing(connect(place)) as conn, conn:
        conn.execute("CREATE TABLE latest (run INTEGER, key TEXT, value REAL, PRIMARY KEY (run, key)) WITHOUT ROWID")
        for number, params, metrics in _made(runs):
            conn.execute("INSERT INTO runs VALUES (?, ?)", (number, f"run-{number}"))
            conn.executemany("INSERT INTO params VALUES (?, ?, ?)", [(number, *item) for item in params.items()])
            conn.executemany("INSERT INTO latest VALUES (?, ?, ?)", [(number, *item) for item in metrics.items()])
        conn.execute("CREATE INDEX latest_by_value ON latest (key, value)")


def _seed_trackio(subject: str, place: str, runs: int) -> None:
    _written(subject, place, 1)  # makes its tables
    with closing(sqlite3.connect(Path(place) / "bench.db")) as conn, conn:
        when = "2026-01-01T00:00:00+00:00"
        for number, params, metrics in _made(runs - 1):
            about = (f"{number:032x}", f"made-{number}")
            conn.execute(
                "INSERT INTO configs (run_id, run_name, config, created_at) VALUES (?, ?, ?, ?)",
                (*about, json.dumps(params), when),
            )
            conn.execute(
                "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES (?, ?, ?, 0, ?)",
                (*about, when, json.dumps(metrics)),
            )


def _seed_mlflow(subject: str, place: str, runs: int) -> None:
    _written(subject, place, 1)  # makes its tables
    rows = (
        "INSERT INTO runs (run_uuid, name, source_type, source_name, user_id, status, start_time, end_time, "
        "lifecycle_stage, artifact_uri, experiment_id) "
        "VALUES (?, ?, 'LOCAL', '-', 'bench', 'FINISHED', ?, ?, 'active', ?, 0)"
    )
    latest = "INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)"
    points = "INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)"
    with closing(sqlite3.connect(Path(place) / STORE)) as conn, conn:
        for number, params, metrics in _made(runs - 1):
            run, at = uuid.UUID(int=number).hex, _MILLION * 1000 + number
            conn.execute(rows, (run, f"made-{number}", at, at, f"{place}/mlruns/0/{run}/artifacts"))
            conn.executemany(
                "INSERT INTO params (run_uuid, key, value) VALUES (?, ?, ?)",
                [(run, key, str(value)) for key, value in params.items()],
            )
            values = [(run, key, value, at) for key, value in metrics.items()]
            conn.executemany(latest, values)
            conn.executemany(points, values)
            tags = {"mlflow.runName": f"made-{number}", "mlflow.user": "bench", "mlflow.source.type": "LOCAL"}
            conn.executemany(
                "INSERT INTO tags (run_uuid, key, value) VALUES (?, ?, ?)", [(run, *tag) for tag in tags.items()]
            )


_SEED: dict[str, Callable[[str, str, int], None]] = {
    "nbtrack": _seed_nbtrack,
    "sqlite3": _seed_sqlite,
    "trackio": _seed_trackio,
    "mlflow": _seed_mlflow,
}


# -- what is asked: (run's name, acc) of the best, or a DataFrame


def best(subject: str, place: str) -> list[float]:
    """`acc` of the 50 best runs, the best first; params and metrics of each are at hand, too."""
    found: list[float] = _BEST[subject](Path(place))
    return found


def _best_nbtrack(place: Path) -> list[float]:
    from nbtrack.base.config import Project
    from nbtrack.runs.contract import PageRequest
    from nbtrack.runs.service import RunsService

    page = RunsService(Project(place)).page(PageRequest(sort=["-metrics.acc"], limit=BEST))
    return [row.metrics["acc"].last for row in page.rows]


def _best_sqlite(place: Path) -> list[float]:
    with closing(sqlite3.connect(place / "hand.db")) as conn:
        query = "SELECT run, value FROM latest WHERE key = 'acc' ORDER BY value DESC LIMIT ?"
        found = conn.execute(query, (BEST,)).fetchall()
        for run, _ in found:
            conn.execute("SELECT name, value FROM params WHERE run = ?", (run,)).fetchall()
            conn.execute("SELECT key, value FROM latest WHERE run = ?", (run,)).fetchall()
    return [value for _, value in found]


def _best_trackio(place: Path) -> list[float]:
    """As `trackio query project` does it, which takes read-only SQL."""
    from trackio.sqlite_storage import SQLiteStorage

    query = f"""
        SELECT m.run_name, json_extract(m.metrics, '$.acc') AS acc, m.metrics, c.config
        FROM metrics m JOIN configs c ON c.run_id = m.run_id ORDER BY acc DESC LIMIT {BEST}"""
    return [row["acc"] for row in SQLiteStorage.query_project("bench", query)["rows"]]


def _best_mlflow(place: Path) -> list[float]:
    import mlflow

    found = mlflow.search_runs(order_by=["metrics.acc DESC"], max_results=BEST)
    return list(found["metrics.acc"])


def _best_aim(place: Path) -> list[float]:
    """Aim's language filters and does not sort, so all are looked at."""
    found = []
    for run in aim_runs(place):
        for metric in run.collect_sequence_info(("metric",))["metric"]:
            if metric["name"] == "acc":
                found.append(metric["values"]["last"])
    return sorted(found, reverse=True)[:BEST]


def _best_tensorboard(place: Path) -> list[float]:
    found = [scalar(run.Tensors("acc")[-1]) for run in tensorboard_runs(place) if "acc" in run.Tags()["tensors"]]
    return sorted(found, reverse=True)[:BEST]


def frame(subject: str, place: str) -> Any:
    """All runs as a DataFrame: a row a run, a column a param and a metric."""
    return _FRAME[subject](Path(place))


def _frame_nbtrack(place: Path) -> Any:
    import nbtrack

    return nbtrack.runs().to_pandas()


def _frame_sqlite(place: Path) -> Any:
    import pandas

    with closing(sqlite3.connect(place / "hand.db")) as conn:
        params = pandas.read_sql("SELECT run, name, value FROM params", conn)
        metrics = pandas.read_sql("SELECT run, key, value FROM latest", conn)
    return params.pivot(index="run", columns="name", values="value").join(
        metrics.pivot(index="run", columns="key", values="value")
    )


def _frame_trackio(place: Path) -> Any:
    """Its API gives one run's config at a time and no metrics, so both tables are read."""
    import pandas

    with closing(sqlite3.connect(place / "bench.db")) as conn:
        rows = conn.execute("SELECT config, metrics FROM configs JOIN metrics USING (run_id)")
        return pandas.DataFrame([{**json.loads(config), **json.loads(metrics)} for config, metrics in rows])


def _frame_mlflow(place: Path) -> Any:
    import mlflow

    return mlflow.search_runs(max_results=MOST["mlflow"])


def _frame_aim(place: Path) -> Any:
    import aim

    repository = aim.Repo(str(place))
    params = repository.query_runs("", report_mode=0).dataframe().set_index("hash")
    metrics = repository.query_metrics("", report_mode=0).dataframe(only_last=True)
    return params.join(metrics.pivot(index="run.hash", columns="metric.name", values="value"))


def _frame_tensorboard(place: Path) -> Any:
    """TensorBoard has no such call for local files: its reader, one folder after another."""
    import pandas
    from tensorboard.plugins.hparams import metadata

    rows = []
    for run in tensorboard_runs(place):
        content = run.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
        params = metadata.parse_session_start_info_plugin_data(content).hparams
        tags = [tag for tag in run.Tags()["tensors"] if tag != metadata.SESSION_START_INFO_TAG]
        values = {tag: scalar(run.Tensors(tag)[-1]) for tag in tags}
        rows.append({**{key: value.number_value for key, value in params.items()}, **values})
    return pandas.DataFrame(rows)


_BEST: dict[str, Callable[[Path], list[float]]] = {
    "nbtrack": _best_nbtrack,
    "sqlite3": _best_sqlite,
    "trackio": _best_trackio,
    "mlflow": _best_mlflow,
    "aim": _best_aim,
    "tensorboard": _best_tensorboard,
}
_FRAME: dict[str, Callable[[Path], Any]] = {
    "nbtrack": _frame_nbtrack,
    "sqlite3": _frame_sqlite,
    "trackio": _frame_trackio,
    "mlflow": _frame_mlflow,
    "aim": _frame_aim,
    "tensorboard": _frame_tensorboard,
}


def ask(subject: str, place: str, rounds: int) -> dict[str, float]:
    """Inside a child: median seconds and CPU of the best 50, and of one DataFrame, imports and a first call before."""
    import pandas  # noqa: F401 (its import is not what is measured)

    found = best(subject, place)
    if found != sorted(found, reverse=True) or len(found) < BEST:
        raise RuntimeError(f"{subject} gave {len(found)} runs that are not the best {BEST}")
    walls, spents = [], []
    for _ in range(rounds):
        began, spent = time.perf_counter(), time.process_time()
        best(subject, place)
        walls.append(time.perf_counter() - began)
        spents.append(time.process_time() - spent)
    if subject not in MOST:
        frame(subject, place)  # what it imports is not what is measured
    began, spent = time.perf_counter(), time.process_time()
    rows, columns = frame(subject, place).shape
    took = {"frame": time.perf_counter() - began, "frame_cpu": time.process_time() - spent}
    if columns < len(PARAMS) + len(METRICS):
        raise RuntimeError(f"{subject}'s DataFrame has {columns} columns only")
    return {"best": median(walls), "best_cpu": median(spents), **took, "rows": rows}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """Two lines for each size."""
    names = ["nbtrack", "sqlite3", *(name for name in rivals if name not in NOT)]
    known: dict[tuple[str, int], dict[str, float]] = {}
    found = []
    for runs in (60,) if quick else SIZES:
        written = {name: min(runs, MOST.get(name, runs)) for name in names}
        known |= _measured({name: count for name, count in written.items() if (name, count) not in known}, quick)
        found += _table(runs, {name: _scaled(runs, count, known[name, count]) for name, count in written.items()})
    found[0].note = (
        "Best and DataFrame: 20 params and 10 metrics a run. MLflow and trackio keep tables, so rows were put straight "
        "into them. nbtrack and MLflow are asked through their API, trackio in SQL as in `trackio query`, sqlite3 "
        "has an index for the question; Aim's language and TensorBoard's reader do not sort: all their runs are "
        f"looked at. Extrapolated: {', '.join(f'{name} from {count:,} runs' for name, count in MOST.items())}. "
        "W&B asks its server, never its offline files."
    )
    return found


def _measured(written: dict[str, int], quick: bool) -> dict[tuple[str, int], dict[str, float]]:
    """The subjects take turns; the slow ones have one, of one call after the first, for more would cost minutes."""
    took: dict[str, list[dict[str, float]]] = {name: [] for name in written}
    with ExitStack() as stack:
        places = {name: stack.enter_context(folder()) for name in written}
        for name, place in places.items():
            in_child("peer_queries:seed", place, subject=name, runs=written[name])
        for turn in range(1 if quick else 3):
            for name, place in places.items():
                if turn == 0 or name not in MOST:
                    rounds = 1 if quick or name in MOST else 3
                    took[name].append(in_child("peer_queries:ask", place, subject=name, rounds=rounds))
    return {
        (name, written[name]): {what: median(one[what] for one in found) for what in found[0]}
        for name, found in took.items()
    }


def _scaled(runs: int, written: int, found: dict[str, float]) -> dict[str, float]:
    if found["rows"] != written:
        raise RuntimeError(f"a DataFrame has {found['rows']:,.0f} of {written:,} runs: its time means nothing")
    return {what: value * runs / written for what, value in found.items()}


def _table(runs: int, took: dict[str, dict[str, float]]) -> list[Line]:
    of = {what: {name: one[what] for name, one in took.items()} for what in ("best", "best_cpu", "frame", "frame_cpu")}
    return [
        _line(f"the {BEST} best of {runs:,} runs by a metric", milli, of["best"], of["best_cpu"], _WHY_BEST),
        _line(f"{runs:,} runs as a DataFrame", plain, of["frame"], of["frame_cpu"], _WHY_FRAME),
    ]


def _line(what: str, unit: Callable[[float], str], wall: dict[str, float], cpu: dict[str, float], why: str) -> Line:
    ours = wall["nbtrack"]
    cells = {
        name: f"{unit(wall[name])} ({unit(cpu[name])})" + ("" if name == "nbtrack" else f", {times(wall[name] / ours)}")
        for name in wall
    }
    return Line("queries", f"{what}, wall (CPU)", cells, values=wall, better="low", why=why)


_WHY_BEST = (
    "a page of nbtrack says how many runs match and how many there are, and brings all columns of its rows with "
    "their status; by hand an index made for this question is read, which is the limit."
)
_WHY_FRAME = (
    "each param gets the narrowest type that holds all its values exactly, and status, times and tags come along; by "
    "hand two tables are turned, with one type for all that stands in a column."
)
