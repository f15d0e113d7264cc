"""Run rows: how they begin, end, are found and edited."""

from __future__ import annotations

import difflib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbtrack.base.errors import Ambiguous, NotFound
from nbtrack.runs.store.meta import columns_of, revision
from nbtrack.runs.store.params import marks
from nbtrack.runs.values import MAX_NAME, brief

# The attributes of a run that a view shows, with where they come from.
COLUMNS = {
    "n": "r.n",
    "id": "r.id",
    "name": "r.name",
    "experiment": "e.name",
    "status": "r.status",
    "started": "r.started",
    "ended": "r.ended",
    "kind": "r.kind",
    "notebook": "r.notebook",
    "cell": "r.cell",
    "execution": "r.execution",
    "number": "r.number",
    "source": "r.source",
    "environment": "r.environment",
    "git": "r.git",
    "parent": "(SELECT p.id FROM runs p WHERE p.n = r.parent)",
    "note": "r.note",
    "starred": "r.starred",
    "trashed": "r.trashed",
    "end_reason": "r.end_reason",
    "session": "r.session",
    "revision": "r.revision",
}
_SELECT = f"SELECT {', '.join(COLUMNS.values())} FROM runs r JOIN experiments e ON e.n = r.experiment"
PLACEHOLDER = ""  # the kind of a run of which only a worker's records have come yet
_LONGEST = MAX_NAME  # characters of what names a run
_EDITABLE = ("name", "note", "starred", "trashed", "experiment", "execution")


def save_run(conn: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    """Store the beginning of a run; its row. Said again it changes nothing, but it fills the place a worker held."""
    fields = [name for name in values if name != "id"]
    sets = ", ".join(f"{name} = excluded.{name}" for name in fields)
    row = conn.execute(
        f"""INSERT INTO runs (id, {", ".join(fields)}) VALUES (?, {marks(fields)})
            ON CONFLICT (id) DO UPDATE SET {sets} WHERE kind = '{PLACEHOLDER}' RETURNING n""",
        (values["id"], *(values[name] for name in fields)),
    ).fetchone()
    return int(row[0]) if row else existing_number(conn, values["id"])


def end_run(conn: sqlite3.Connection, run: int, status: str, ended: float, reason: str | None) -> None:
    """Give a run its final status."""
    conn.execute("UPDATE runs SET status = ?, ended = ?, end_reason = ? WHERE n = ?", (status, ended, reason, run))


def touch(conn: sqlite3.Connection, runs: Iterable[int]) -> None:
    """Mark runs as changed at this revision of the file."""
    now = revision(conn)
    conn.executemany("UPDATE runs SET revision = ? WHERE n = ?", [(now, run) for run in runs])


def number_or_none(conn: sqlite3.Connection, run_id: str) -> int | None:
    """The row of a run by its full id."""
    row = conn.execute("SELECT n FROM runs WHERE id = ?", (run_id,)).fetchone()
    return int(row[0]) if row else None


def existing_number(conn: sqlite3.Connection, run_id: str) -> int:
    """The row of a run that must exist.

    Raises:
        NotFound: there is none of this id.
    """
    number = number_or_none(conn, run_id)
    if number is None:
        raise NotFound(f"No run with the id '{run_id}'.", "It may have been deleted for good.")
    return number


def resolve(conn: sqlite3.Connection, given: str) -> int:
    """The run meant by an id, the beginning of an id, a name, or ``@1`` for the latest, ``@2`` for the one before.

    Of several runs with the same name the latest is meant, as long as it is not in the trash.

    Raises:
        NotFound: nothing fits; near names are listed. Ambiguous: several ids begin so.
    """
    number = find(conn, given)
    if number is None:
        raise NotFound(f"No run {brief(given.strip())} in this project.", _near(conn, given.strip()[:_LONGEST]))
    return number


def find(conn: sqlite3.Connection, given: str) -> int | None:
    """The same, None if nothing fits.

    Raises:
        Ambiguous: several ids begin so.
    """
    given = given.strip()
    if len(given) > _LONGEST or any("\ud800" <= sign <= "\udfff" for sign in given):
        return None  # no name is so long, or has half a character, which SQLite cannot be asked for
    if given.startswith("@") and given[1:].isdigit() and 0 < int(given[1:]) < 1 << 31:
        row = conn.execute(
            "SELECT n FROM runs WHERE trashed IS NULL ORDER BY started DESC, n DESC LIMIT 1 OFFSET ?",
            (int(given[1:]) - 1,),
        ).fetchone()
        if row:
            return int(row[0])
    by_id = conn.execute("SELECT n FROM runs WHERE id = ?", (given,)).fetchone()  # an index has ids, none has names
    by_name = (
        by_id
        or conn.execute(
            "SELECT n FROM runs WHERE name = ? ORDER BY trashed IS NULL DESC, started DESC LIMIT 1", (given,)
        ).fetchone()
    )
    if by_name:
        return int(by_name[0])
    if len(given) >= 3 and all(c in "0123456789abcdef" for c in given):
        rows = conn.execute(
            "SELECT n, id, name FROM runs WHERE id >= ? AND id < ? LIMIT 5", (given, given + "g")
        ).fetchall()
        if len(rows) == 1:
            return int(rows[0][0])
        if rows:
            found = ", ".join(f"{row[1]} ({row[2]})" for row in rows)
            raise Ambiguous(f"'{given}' begins the ids of several runs: {found}.", "Give more of the id.")
    return None


def _near(conn: sqlite3.Connection, given: str) -> str:
    names = [row[0] for row in conn.execute("SELECT DISTINCT name FROM runs ORDER BY started DESC LIMIT 2000")]
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.5)
    if near:
        return f"Closest: {', '.join(repr(name) for name in near)}. List them with `%track ls`."
    return "List the runs with `%track ls`." if names else "This project has no runs yet: put `%%track` on a cell."


def rows(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The attributes of runs, in the order asked for; those that no longer exist are left out."""
    found = {}
    for start in range(0, len(numbers), 500):
        part = list(numbers[start : start + 500])
        for row in conn.execute(f"{_SELECT} WHERE r.n IN ({marks(part)})", part):
            found[row[0]] = dict(zip(COLUMNS, row, strict=True))
    return [found[number] for number in numbers if number in found]


def edit(conn: sqlite3.Connection, run: int, field: str, value: Any) -> Any:
    """Set one of the fields a user may edit; its value before."""
    if field not in _EDITABLE:
        raise ValueError(f"{field} cannot be edited")
    before = conn.execute(f"SELECT {field} FROM runs WHERE n = ?", (run,)).fetchone()[0]
    conn.execute(f"UPDATE runs SET {field} = ? WHERE n = ?", (value, run))
    return before


def last_sign(conn: sqlite3.Connection, run: int) -> float | None:
    """When something was last written for a run: its newest point or param, else its start."""
    row = conn.execute(
        """SELECT max(t) FROM (SELECT max(last_time) AS t FROM metrics WHERE run = ?1
           UNION ALL SELECT max(at) FROM params WHERE run = ?1 UNION ALL SELECT started FROM runs WHERE n = ?1
           UNION ALL SELECT max(created) FROM artifacts WHERE run = ?1)""",
        (run,),
    ).fetchone()
    return row[0] if row else None


def settle_session(conn: sqlite3.Connection, session: int, reason: str) -> list[int]:
    """End the running runs of a session whose process is gone: crashed, at the time of their last write."""
    settled = [
        row[0] for row in conn.execute("SELECT n FROM runs WHERE session = ? AND status = 'running'", (session,))
    ]
    for run in settled:
        end_run(conn, run, "crashed", last_sign(conn, run) or 0.0, reason)
    return settled


def children(conn: sqlite3.Connection, run: int) -> list[str]:
    """The ids of the runs begun inside a run."""
    return [row[0] for row in conn.execute("SELECT id FROM runs WHERE parent = ? ORDER BY started, n", (run,))]


def set_about(conn: sqlite3.Connection, run: int, about: Mapping[str, Any]) -> None:
    """Store more of what is known of a run, by key: what stands under another key stays."""
    known = json.loads(conn.execute("SELECT about FROM runs WHERE n = ?", (run,)).fetchone()[0])
    conn.execute("UPDATE runs SET about = ? WHERE n = ?", (json.dumps(known | dict(about)), run))


def about(conn: sqlite3.Connection, run: int) -> dict[str, Any]:
    """What rooms know of a run, by their keys."""
    if "about" not in columns_of(conn, "runs"):
        return {}
    return unpacked(conn.execute("SELECT about FROM runs WHERE n = ?", (run,)).fetchone()[0]) or {}


def unpacked(text: str | None) -> dict[str, Any] | None:
    """What a column of JSON holds: the state of git, what rooms know of the run."""
    return json.loads(text) if text else None


def session_of(conn: sqlite3.Connection, run: int) -> dict[str, Any]:
    """The process that wrote a run."""
    cursor = conn.execute(
        """SELECT s.id, s.kind, s.kernel_id, s.host, s.pid, s.started, s.ended FROM runs r
           JOIN sessions s ON s.n = r.session WHERE r.n = ?""",
        (run,),
    )
    row = cursor.fetchone()
    return dict(zip([column[0] for column in cursor.description], row, strict=True)) if row else {}
