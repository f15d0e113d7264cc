"""The schema, as migrations in order. Each runs once, inside one IMMEDIATE transaction held by ``base.db``.

Tables are STRICT. ``n`` is a compact integer for joins, ``id`` is what a user sees. A column of type ANY keeps
int, float and text apart and keeps −0.0, which a REAL column would not.
"""

from __future__ import annotations

from nbtrack.base.db import Migration, Schema

# The oldest schema version whose reader still understands a file written by this version.
MIN_READER = 1


def m001_runs(schema: Schema) -> None:
    """Experiments, runs and everything a run holds."""
    for statement in (*_BASE_TABLES, _RUNS, *_VALUE_TABLES, *_RECORD_TABLES, *_INDEXES):
        schema.execute(statement)


def m002_moves(schema: Schema) -> None:
    """Where notebooks went. A reader of version 1 misses nothing: the paths of runs are right without it."""
    schema.execute(
        """CREATE TABLE moves (
            n INTEGER PRIMARY KEY, old TEXT NOT NULL, new TEXT NOT NULL, at REAL NOT NULL) STRICT"""
    )


def m003_about(schema: Schema) -> None:
    """What else is known of runs and executions: lineage, sweeps. A reader of version 2 misses nothing else."""
    schema.execute("ALTER TABLE runs ADD COLUMN about TEXT NOT NULL DEFAULT '{}'")
    schema.execute("ALTER TABLE executions ADD COLUMN facts TEXT NOT NULL DEFAULT '{}'")
    schema.execute("CREATE INDEX datasets_by_path ON datasets (path, run) WHERE path IS NOT NULL")


def m004_elsewhere(schema: Schema) -> None:
    """What runs and experiments are in other trackers. A reader of version 3 misses nothing else."""
    for statement in _ELSEWHERE:
        schema.execute(statement)


def m005_sums(schema: Schema) -> None:
    """Checksums of rows, see `nbtrack.base.sums`. A reader of version 4 misses nothing; it opens the file read-only.

    NULL says that a row was written before. ``unsummed`` in ``meta`` says whether there may be such rows: if it is 0,
    a row without a sum is damaged.
    """
    for table in _SUMMED:
        schema.execute(f"ALTER TABLE {table} ADD COLUMN sum INTEGER")
    there = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in _SUMMED)
    schema.execute(f"INSERT INTO meta VALUES ('unsummed', {there})")


_BASE_TABLES = (
    """CREATE TABLE experiments (
        n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, note TEXT NOT NULL DEFAULT '', created REAL NOT NULL
        ) STRICT""",
    "CREATE TABLE sources (hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT",
    "CREATE TABLE environments (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT",
    """CREATE TABLE objects (
        hash TEXT PRIMARY KEY, size INTEGER NOT NULL, created REAL NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE TABLE keys (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name)) STRICT",
    """CREATE TABLE sessions (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT, kernel_id TEXT, parent TEXT, host TEXT,
        boot_id TEXT, pid_namespace TEXT, pid INTEGER, process_started TEXT, started REAL, heartbeat REAL, ended REAL,
        segment INTEGER NOT NULL DEFAULT 0, offset INTEGER NOT NULL DEFAULT 0) STRICT""",
    """CREATE TABLE edits (
        n INTEGER PRIMARY KEY, at REAL NOT NULL, label TEXT NOT NULL, inverse TEXT NOT NULL, undone REAL) STRICT""",
)

_RUNS = """CREATE TABLE runs (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    experiment INTEGER NOT NULL REFERENCES experiments(n),
    status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'interrupted', 'crashed')),
    started REAL NOT NULL,
    ended REAL,
    session INTEGER REFERENCES sessions(n),
    kind TEXT NOT NULL,
    notebook TEXT,
    cell TEXT,
    execution INTEGER,
    number INTEGER,
    source TEXT REFERENCES sources(hash),
    environment TEXT REFERENCES environments(hash),
    git TEXT,
    parent INTEGER REFERENCES runs(n) ON DELETE SET NULL,
    note TEXT NOT NULL DEFAULT '',
    starred INTEGER NOT NULL DEFAULT 0,
    trashed REAL,
    end_reason TEXT,
    revision INTEGER NOT NULL DEFAULT 0
    ) STRICT"""

# Clustered by run, so that one run's values lie together; the second order, by key and value, is an index.
_VALUE_TABLES = (
    """CREATE TABLE params (
        run INTEGER NOT NULL REFERENCES runs(n), key INTEGER NOT NULL REFERENCES keys(n),
        type TEXT NOT NULL CHECK (type IN ('none', 'bool', 'int', 'float', 'str', 'json')),
        value ANY, exact ANY, source TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE param_history (
        n INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(n), key INTEGER NOT NULL REFERENCES keys(n),
        type TEXT NOT NULL, value ANY, exact ANY, source TEXT NOT NULL, at REAL NOT NULL) STRICT""",
    """CREATE TABLE tags (
        run INTEGER NOT NULL REFERENCES runs(n), key INTEGER NOT NULL REFERENCES keys(n), value TEXT NOT NULL,
        PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE metrics (
        run INTEGER NOT NULL REFERENCES runs(n), key INTEGER NOT NULL REFERENCES keys(n), source TEXT NOT NULL,
        count INTEGER NOT NULL, valid INTEGER NOT NULL, last REAL, last_step INTEGER, last_time REAL,
        min REAL, max REAL, mean REAL,
        PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE points (
        n INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(n), key INTEGER NOT NULL REFERENCES keys(n),
        seq INTEGER NOT NULL, count INTEGER NOT NULL, steps BLOB NOT NULL, times BLOB NOT NULL, vals BLOB NOT NULL
        ) STRICT""",
)

_RECORD_TABLES = (
    """CREATE TABLE executions (
        session INTEGER NOT NULL REFERENCES sessions(n), number INTEGER NOT NULL, execution INTEGER, cell TEXT,
        source TEXT REFERENCES sources(hash), started REAL, ended REAL, status TEXT, stored TEXT, loaded TEXT,
        PRIMARY KEY (session, number)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE outputs (
        run INTEGER NOT NULL REFERENCES runs(n), position INTEGER NOT NULL, kind TEXT NOT NULL, mime TEXT NOT NULL,
        text TEXT, plain TEXT, artifact TEXT, dropped INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (run, position)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE artifacts (
        run INTEGER NOT NULL REFERENCES runs(n), path TEXT NOT NULL, hash TEXT NOT NULL REFERENCES objects(hash),
        size INTEGER NOT NULL, mime TEXT, kind TEXT NOT NULL, created REAL NOT NULL, checksum TEXT NOT NULL,
        PRIMARY KEY (run, path)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE datasets (
        run INTEGER NOT NULL REFERENCES runs(n), name TEXT NOT NULL, role TEXT NOT NULL, kind TEXT NOT NULL,
        path TEXT, hash TEXT, info TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (run, name)) STRICT, WITHOUT ROWID""",
)

_INDEXES = (
    "CREATE INDEX runs_started ON runs (trashed, started)",
    "CREATE INDEX runs_experiment ON runs (experiment)",
    "CREATE INDEX runs_notebook ON runs (notebook, cell)",
    "CREATE INDEX runs_running ON runs (session) WHERE status = 'running'",
    "CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL",
    "CREATE INDEX params_by_value ON params (key, value, run)",
    "CREATE INDEX param_history_of ON param_history (run, key)",
    "CREATE INDEX tags_by_value ON tags (key, value, run)",
    "CREATE INDEX metrics_by_last ON metrics (key, last, run)",
    "CREATE INDEX metrics_by_min ON metrics (key, min, run)",
    "CREATE INDEX metrics_by_max ON metrics (key, max, run)",
    "CREATE UNIQUE INDEX points_of ON points (run, key, seq)",
    "CREATE INDEX artifacts_by_hash ON artifacts (hash)",
)

# metrics.top…: the point with the largest step, time and value: the latest in MLflow's sense; none in rows of before.
# elsewhere: which run of another place (a tracker's server, file or folder) a run is, and how far both agree.
# logged_models: MLflow's; about holds their tags, params and kind. model_files: their files, objects like artifacts are
# (the bundle and MLflow's import take them along, the purge of objects leaves them).
_ELSEWHERE = (
    "ALTER TABLE metrics ADD COLUMN top REAL",
    "ALTER TABLE metrics ADD COLUMN top_step INTEGER",
    "ALTER TABLE metrics ADD COLUMN top_time REAL",
    "ALTER TABLE experiments ADD COLUMN trashed REAL",
    "ALTER TABLE experiments ADD COLUMN about TEXT NOT NULL DEFAULT '{}'",
    """CREATE TABLE elsewhere (
        place TEXT NOT NULL, id TEXT NOT NULL, run INTEGER NOT NULL REFERENCES runs(n) ON DELETE CASCADE,
        state TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (place, id)) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX elsewhere_of ON elsewhere (run, place)",
    """CREATE TABLE logged_models (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, experiment INTEGER NOT NULL REFERENCES experiments(n),
        run INTEGER REFERENCES runs(n) ON DELETE SET NULL, name TEXT NOT NULL, status TEXT NOT NULL,
        created REAL NOT NULL, updated REAL NOT NULL, trashed REAL, about TEXT NOT NULL DEFAULT '{}') STRICT""",
    "CREATE INDEX logged_models_of ON logged_models (experiment, created)",
    "CREATE INDEX logged_models_by_run ON logged_models (run) WHERE run IS NOT NULL",
    """CREATE TABLE model_metrics (
        model INTEGER NOT NULL REFERENCES logged_models(n) ON DELETE CASCADE, key TEXT NOT NULL, value REAL,
        time REAL NOT NULL, step INTEGER NOT NULL, run INTEGER REFERENCES runs(n) ON DELETE CASCADE,
        dataset TEXT, digest TEXT) STRICT""",
    """CREATE TABLE model_files (
        model INTEGER NOT NULL REFERENCES logged_models(n) ON DELETE CASCADE, path TEXT NOT NULL,
        hash TEXT NOT NULL REFERENCES objects(hash), size INTEGER NOT NULL, mime TEXT, kind TEXT NOT NULL,
        created REAL NOT NULL, PRIMARY KEY (model, path)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX model_files_by_hash ON model_files (hash)",
    "CREATE INDEX model_metrics_of ON model_metrics (model, key)",
    "CREATE INDEX model_metrics_by_run ON model_metrics (run) WHERE run IS NOT NULL",
    "CREATE INDEX datasets_by_name ON datasets (name, run)",
)

# All tables but objects and sources, see `nbtrack.runs.store.sums`.
_SUMMED = (
    *("experiments", "environments", "sessions", "edits", "moves", "keys", "runs", "params", "param_history", "tags"),
    *("metrics", "points", "executions", "outputs", "artifacts", "datasets", "elsewhere"),
    *("logged_models", "model_metrics", "model_files"),
)

MIGRATIONS: tuple[Migration, ...] = (m001_runs, m002_moves, m003_about, m004_elsewhere, m005_sums)
