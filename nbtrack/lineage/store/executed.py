"""What a run's kernel had executed, the run's own cell included."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from nbtrack.runs.contract import Execution
from nbtrack.runs.store import cells

_ALL = 1 << 53


class Executed(NamedTuple):
    """The executions of a run's kernel; own: the run's number; runs: the tracked runs among them, by number."""

    executions: list[Execution]
    own: int
    runs: dict[int, str]


def executed(conn: sqlite3.Connection, run_id: str) -> Executed:
    """The executions behind a run. One that was begun inside another has those of the outermost; a script has none."""
    row = conn.execute(
        """WITH RECURSIVE up(n, session, number, parent, depth) AS (
               SELECT n, session, number, parent, 0 FROM runs WHERE id = ?
               UNION ALL
               SELECT r.n, r.session, r.number, r.parent, up.depth + 1 FROM up JOIN runs r ON r.n = up.parent
               WHERE up.number IS NULL AND up.depth < 100)
           SELECT u.n, u.session, u.number FROM up u WHERE u.number IS NOT NULL AND u.session IS NOT NULL
           ORDER BY u.depth LIMIT 1""",
        (run_id,),
    ).fetchone()
    if row is None:
        return Executed([], 0, {})
    run, session, number = row
    found = {item["number"]: Execution(**item) for item in cells.executions_before(conn, session, _ALL)}
    if number not in found:  # it is written when the cell is over
        found[number] = _own(conn, run)
    known = conn.execute(
        "SELECT number, id FROM runs WHERE session = ? AND number IS NOT NULL AND trashed IS NULL ORDER BY n DESC",
        (session,),
    )
    return Executed([found[one] for one in sorted(found)], number, {**dict(known.fetchall()), number: run_id})


def _own(conn: sqlite3.Connection, run: int) -> Execution:
    row = conn.execute(
        """SELECT r.number, r.execution, r.cell, s.text, r.started, r.ended, r.status
           FROM runs r LEFT JOIN sources s ON s.hash = r.source WHERE r.n = ?""",
        (run,),
    ).fetchone()
    number, execution, cell, text, started, ended, status = row
    ok = {"finished": "ok", "running": None}.get(status, "error")
    return Execution(number, execution, cell, text, started, ended, ok, [], [])
