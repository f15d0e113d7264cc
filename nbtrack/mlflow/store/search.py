"""MLflow's filters and orders as SQL on runs and experiments. Its own parser has read them before."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import _parse_experiment_id

from nbtrack.base.sqlite import add_function
from nbtrack.mlflow.store import experiments
from nbtrack.mlflow.store.like import matching, text_of
from nbtrack.mlflow.store.runs import TOP
from nbtrack.runs.values import decode
from nbtrack.transfer.mlflow import NAME, NOTE, PARENT, param_text

Condition = tuple[str, list[Any]]  # SQL with its arguments

_TEXT = """CASE WHEN p.exact IS NULL AND p.type IN ('str', 'int') THEN CAST(p.value AS TEXT)
           ELSE nb_text(CAST(p.type AS BLOB), iif(typeof(p.value) = 'text', CAST(p.value AS BLOB), p.value),
                        CAST(p.exact AS BLOB)) END"""
_PLAIN = frozenset({"=", "!=", "<", "<=", ">", ">="})
_STATUS = """CASE r.status WHEN 'running' THEN coalesce(json_extract(r.about, '$.mlflow.status'), 'RUNNING')
             WHEN 'finished' THEN 'FINISHED' WHEN 'interrupted' THEN 'KILLED' ELSE 'FAILED' END"""
_ATTRIBUTES = {
    "run_id": "r.id",
    "run_name": "r.name",
    "status": _STATUS,
    "user_id": "json_extract(r.about, '$.mlflow.user')",
    "start_time": "CAST(round(r.started * 1000) AS INTEGER)",
    "end_time": "CAST(round(r.ended * 1000) AS INTEGER)",
    "artifact_uri": "nb_place(r.experiment, CAST(r.id AS BLOB))",
}


def prepare(conn: sqlite3.Connection, place_of: Callable[[int], str]) -> None:
    """Give a connection the functions that the conditions ask for. place_of: where an experiment keeps its files."""
    add_function(conn, "nb_text", 3, _param_text)
    for name, word in (("nb_like", "LIKE"), ("nb_ilike", "ILIKE")):
        add_function(conn, name, 2, matching(word))
    add_function(conn, "nb_place", 2, lambda n, run: append_to_uri_path(place_of(n), text_of(run), "artifacts"))


def _param_text(kind: bytes, value: Any, exact: bytes | None) -> str:
    known = text_of(kind)
    try:
        return param_text(decode(known, text_of(value), exact if known == "str" else text_of(exact)))
    except ValueError:  # damaged: what was logged is no JSON any more
        return str(text_of(value))


def compare(left: str, comparator: str, value: Any) -> Condition:
    """One comparison."""
    comparator = comparator.upper()
    if comparator in _PLAIN:
        return f"{left} {comparator} ?", [value]
    if comparator in ("LIKE", "ILIKE"):
        return f"nb_{comparator.lower()}(CAST({left} AS BLOB), ?)", [value]
    if comparator in ("IN", "NOT IN"):
        several = list(value) if isinstance(value, (list, tuple)) else [value]
        return f"{left} {comparator} ({', '.join('?' * len(several))})", several
    raise MlflowException.invalid_parameter_value(f"Invalid comparator: {comparator}")


def run_condition(clause: dict[str, Any], dataset_condition: Callable[[str, str, Any], Condition]) -> Condition:
    """A clause of a filter of runs as a condition on ``r``."""
    kind, key, value = clause["type"], SearchUtils.translate_key_alias(clause["key"]), clause["value"]
    comparator = clause["comparator"].upper()
    if SearchUtils.is_attribute(kind, key, comparator):
        return _presence(_ATTRIBUTES[key], comparator) or compare(_ATTRIBUTES[key], comparator, value)
    if SearchUtils.is_metric(kind, comparator):
        return _metric_condition(key, comparator, float(value))
    if SearchUtils.is_param(kind, comparator):
        return _row_condition("params p", "p", "param", _TEXT, key, comparator, value)
    if SearchUtils.is_tag(kind, comparator):
        special = _special(key)
        if special:
            return _presence(special, comparator) or compare(special, comparator, value)
        return _row_condition("tags p", "p", "tag", "p.value", key, comparator, value)
    if SearchUtils.is_dataset(kind, comparator):
        return dataset_condition(key, comparator, value)
    raise MlflowException.invalid_parameter_value(f"Invalid search expression type '{kind}'")


def _presence(left: str, comparator: str) -> Condition | None:
    return (f"{left} {comparator}", []) if comparator in ("IS NULL", "IS NOT NULL") else None


def _row_condition(table: str, name: str, kind: str, left: str, key: str, comparator: str, value: Any) -> Condition:
    found = f"""EXISTS (SELECT 1 FROM {table} WHERE {name}.run = r.n
                AND {name}.key = (SELECT n FROM keys WHERE kind = '{kind}' AND name = ?)"""
    if comparator in ("IS NULL", "IS NOT NULL"):
        return ("NOT " if comparator == "IS NULL" else "") + f"{found})", [key]
    condition, args = compare(left, comparator, value)
    return f"{found} AND {condition})", [key, *args]


def _metric_condition(key: str, comparator: str, value: float) -> Condition:
    """NaN, which is NULL in the table, equals nothing: only != holds for it."""
    condition, args = compare(TOP, comparator, value)
    if comparator == "!=":
        condition = f"({TOP} IS NULL OR {condition})"
    found = """EXISTS (SELECT 1 FROM metrics m WHERE m.run = r.n
               AND m.key = (SELECT n FROM keys WHERE kind = 'metric' AND name = ?)"""
    return f"{found} AND {condition})", [key, *args]


def _special(key: str) -> str | None:
    """A tag that is something else here."""
    if key == NAME:
        return "CASE WHEN json_extract(r.about, '$.mlflow.untitled') THEN NULL ELSE r.name END"
    if key == NOTE:
        return "nullif(r.note, '')"
    if key == PARENT:
        return f"""coalesce((SELECT up.id FROM runs up WHERE up.n = r.parent), {_value("tag")})""".replace(
            "?", f"'{PARENT}'"
        )
    return None


def _value(kind: str) -> str:
    table, left = ("params", _TEXT) if kind == "param" else ("tags", "p.value")
    return f"""(SELECT {left} FROM {table} p WHERE p.run = r.n
               AND p.key = (SELECT n FROM keys WHERE kind = '{kind}' AND name = ?))"""


def run_order(order_by: Sequence[str] | None) -> Condition:
    """An order of runs: what has no value comes last, whichever way; of metrics NaN before that."""
    parts: list[str] = []
    args: list[Any] = []
    seen: set[tuple[str, str]] = set()
    for text in order_by or ():
        kind, key, ascending = SearchUtils.parse_order_by_for_search_runs(text)
        key = SearchUtils.translate_key_alias(key)
        if (kind, key) in seen:
            raise MlflowException(f"`order_by` contains duplicate fields: {order_by}")
        seen.add((kind, key))
        missing, left, own = _ordered(kind, key)
        parts += [missing, f"{left} {'ASC' if ascending else 'DESC'}"]
        args += own * 2
    if (SearchUtils._ATTRIBUTE_IDENTIFIER, "start_time") not in seen:
        parts.append("r.started DESC")
    return ", ".join([*parts, "r.id"]), args


def _ordered(kind: str, key: str) -> tuple[str, str, list[Any]]:
    """(SQL for whether it is missing, SQL for the value, the arguments of each)."""
    if SearchUtils.is_attribute(kind, key, "="):
        return f"{_ATTRIBUTES[key]} IS NULL", _ATTRIBUTES[key], []
    if SearchUtils.is_metric(kind, "="):
        found = """(SELECT {} FROM metrics m WHERE m.run = r.n
                   AND m.key = (SELECT n FROM keys WHERE kind = 'metric' AND name = ?))"""
        return f"coalesce({found.format(f'({TOP}) IS NULL')}, 2)", found.format(TOP), [key]
    if SearchUtils.is_tag(kind, "="):
        left = _special(key)
        if left is not None:
            return f"{left} IS NULL", left, []
        return f"{_value('tag')} IS NULL", _value("tag"), [key]
    if SearchUtils.is_param(kind, "="):
        return f"{_value('param')} IS NULL", _value("param"), [key]
    raise MlflowException.invalid_parameter_value(f"Invalid identifier type '{kind}'")


def find_runs(
    conn: sqlite3.Connection,
    within: Sequence[int],
    stage: str,
    conditions: Sequence[Condition],
    order: Condition,
    limit: int,
    offset: int,
) -> list[int]:
    """The rows of the runs of some experiments for which all conditions hold. stage: "active", "deleted" or "all"."""
    if not within:
        return []
    where = [f"r.experiment IN ({', '.join(f'{number:d}' for number in within)})", _STAGES[stage]]
    args: list[Any] = []
    for text, values in conditions:
        where.append(f"({text})")
        args += values
    found = conn.execute(
        f"SELECT r.n FROM runs r WHERE {' AND '.join(where)} ORDER BY {order[0]} LIMIT ? OFFSET ?",
        (*args, *order[1], limit, offset),
    )
    return [row[0] for row in found]


_STAGES = {"active": "r.trashed IS NULL", "deleted": "r.trashed IS NOT NULL", "all": "1"}


# -- experiments


def find_experiments(
    conn: sqlite3.Connection,
    stage: str,
    filter_string: str | None,
    order_by: Sequence[str] | None,
    limit: int,
    offset: int,
) -> list[experiments.Experiment]:
    """The experiments for which a filter holds, in an order. stage: "active", "deleted" or "all"."""
    number, name = experiments.names(conn)
    columns = {
        "experiment_id": f"({number})",
        "name": f"({name})",
        "creation_time": experiments.CREATED,
        "last_update_time": experiments.UPDATED,
    }
    where, args = [_STAGES[stage].replace("r.", "")], []
    for clause in SearchExperimentsUtils.parse_search_filter(filter_string):
        text, values = _experiment_condition(clause, columns)
        where.append(f"({text})")
        args += values
    order = []
    for text in order_by or ["creation_time DESC", "experiment_id ASC"]:
        kind, key, ascending = SearchExperimentsUtils.parse_order_by_for_search_experiments(text)
        if kind != "attribute":
            raise MlflowException.invalid_parameter_value(f"Invalid order_by entity: {kind}")
        order.append((columns[key], "ASC" if ascending else "DESC"))
    if columns["experiment_id"] not in [column for column, _ in order]:
        order.append((columns["experiment_id"], "DESC"))
    ordered = ", ".join(f"{column} {way}" for column, way in order)
    return experiments.select(conn, " AND ".join(where), args, ordered, limit, offset)


def _experiment_condition(clause: dict[str, Any], columns: dict[str, str]) -> Condition:
    kind, key, comparator, value = (clause[name] for name in ("type", "key", "comparator", "value"))
    if kind == "attribute":
        return compare(columns[key], comparator, _attribute_value(kind, key, comparator, value))
    if kind != "tag":
        raise MlflowException.invalid_parameter_value(f"Invalid token type: {kind}")
    if key == NOTE:
        left, own = "nullif(note, '')", []
    else:
        left, own = "(SELECT j.value FROM json_each(about, '$.mlflow.tags') j WHERE j.key = ?)", [key]
    if comparator in ("IS NULL", "IS NOT NULL"):
        return f"{left} {comparator}", own
    if comparator not in ("=", "!=", "LIKE", "ILIKE"):
        raise MlflowException.invalid_parameter_value(f"Invalid comparator for tag: {comparator}")
    text, values = compare(left, comparator, value)
    return text, [*own, *values]


def _attribute_value(kind: str, key: str, comparator: str, value: Any) -> Any:
    """The value that an attribute is compared with, if it can be."""
    if key == "experiment_id":
        if comparator not in ("=", "!=", "IN", "NOT IN"):
            raise MlflowException.invalid_parameter_value(f"Invalid comparator for experiment_id: {comparator}")
        return [_parse_experiment_id(one) for one in value] if isinstance(value, tuple) else _parse_experiment_id(value)
    if SearchExperimentsUtils.is_string_attribute(kind, key, comparator):
        if comparator not in ("=", "!=", "LIKE", "ILIKE"):
            raise MlflowException.invalid_parameter_value(f"Invalid comparator for string attribute: {comparator}")
        return value
    if comparator not in _PLAIN:
        raise MlflowException.invalid_parameter_value(f"Invalid comparator for numeric attribute: {comparator}")
    try:
        if not isinstance(value, float):
            return int(value)
    except (TypeError, ValueError):
        pass
    raise MlflowException.invalid_parameter_value(f"Invalid value for numeric attribute '{key}': {str(value)!r}")
