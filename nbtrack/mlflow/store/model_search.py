"""Searches of logged models as SQL on ``m``: what MLflow's grammar says, with its order and its blind spots.

A comparison is true only of what is there: a tag that a model has not is neither equal nor unequal to a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Sql = tuple[str, list[Any]]

_ABOUT = "json_extract(m.about, '$.{}')"

# The attributes that can be asked for, by all their names.
ATTRIBUTES = {
    "name": "m.name",
    "model_id": "m.id",
    "model_type": _ABOUT.format("type"),
    "status": "m.status",
    "source_run_id": _ABOUT.format("source_run"),
    "creation_timestamp": "CAST(round(m.created * 1000) AS INTEGER)",
    "last_updated_timestamp": "CAST(round(m.updated * 1000) AS INTEGER)",
}
ALIASES = {
    "creation_time": "creation_timestamp",
    "creation_timestamp_ms": "creation_timestamp",
    "last_updated_time": "last_updated_timestamp",
    "last_updated_timestamp_ms": "last_updated_timestamp",
}
_STATUS_ORDER = "CASE m.status WHEN 'PENDING' THEN 1 WHEN 'READY' THEN 2 WHEN 'FAILED' THEN 3 ELSE 0 END"


def attribute(name: str) -> str | None:
    """An attribute in SQL; None where there is none of this name."""
    return ATTRIBUTES.get(ALIASES.get(name, name))


def compare(left: str, comparator: str, value: Any) -> Sql:
    """A comparison of a SQL expression with a value: =, !=, <, …, LIKE (of letters as they are), ILIKE, IN, NOT IN."""
    if comparator in ("IN", "NOT IN"):
        values = list(value)
        return f"{left} {comparator} ({', '.join('?' * len(values))})", values
    if comparator == "LIKE":  # SQLite's own takes a and A for the same; GLOB does not
        return f"{left} GLOB ?", [_glob(str(value))]
    if comparator == "ILIKE":
        return f"lower({left}) LIKE lower(?)", [value]
    return f"{left} {comparator} ?", [value]


def _glob(pattern: str) -> str:
    return "".join({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}.get(one, one) for one in pattern)


def has(part: str, key: str, comparator: str, value: Any) -> Sql:
    """That a model has a tag or param which compares so. part: tags or params."""
    found, values = compare("e.value", comparator, value)
    return f"EXISTS (SELECT 1 FROM json_each(m.about, '$.{part}') e WHERE e.key = ? AND {found})", [key, *values]


def measured(key: str | None, comparator: str, value: Any, datasets: Sequence[Mapping[str, Any]]) -> Sql:
    """That a model has a point of a metric which compares so, on one of the data sets; of any metric without a key."""
    parts, values = ["p.model = m.n"], []
    if key is not None:
        found, given = compare("p.value", comparator, value)
        parts, values = [*parts, "p.key = ?", found], [key, *given]
    if datasets:
        choices = [_on(one) for one in datasets]
        parts.append(f"({' OR '.join(sql for sql, _ in choices)})")
        values += [one for _, given in choices for one in given]
    return f"EXISTS (SELECT 1 FROM model_metrics p WHERE {' AND '.join(parts)})", values


def _on(dataset: Mapping[str, Any]) -> Sql:
    if "dataset_digest" in dataset:
        return "p.dataset = ? AND p.digest = ?", [dataset["dataset_name"], dataset["dataset_digest"]]
    return "p.dataset = ?", [dataset["dataset_name"]]


def sorted_by(left: str, ascending: bool, values: Sequence[Any] = ()) -> Sql:
    """An order by a SQL expression; what has nothing there comes last, whichever the direction."""
    if left == ATTRIBUTES["status"]:
        left = _STATUS_ORDER
    return f"{left} IS NULL, {left} {'ASC' if ascending else 'DESC'}", [*values, *values]


def sorted_by_metric(key: str, ascending: bool, dataset: str | None, digest: str | None) -> Sql:
    """An order by the latest point of a metric, only of those on a data set if one is named."""
    parts, values = ["p.model = m.n", "p.key = ?"], [key]
    for column, wanted in (("dataset", dataset), ("digest", digest)):
        if wanted:
            parts.append(f"p.{column} = ?")
            values.append(wanted)
    latest = f"""(SELECT p.value FROM model_metrics p WHERE {" AND ".join(parts)}
        ORDER BY p.time DESC, p.step DESC, p.run LIMIT 1)"""
    return sorted_by(latest, ascending, values)
