"""The search language as SQL: only parameters, and columns from fixed lists.

Each condition on a param, metric or tag is written in two ways with the same meaning: as ``r.n IN (…)``, from which
SQLite can start, and as a correlated EXISTS, which is cheap where rows come in another order and few are looked at.

A run that lacks the key matches no comparison with it, ``!=`` neither; ask with ``is null``. None counts as null, and
differs from every value.
Numbers are compared with numbers only and texts with texts: a value of another sort is different, never less or more.
``like`` minds upper and lower case, ``ilike`` and ``contains`` do not.
"""

from __future__ import annotations

import contextlib
import datetime
import difflib
import re
import time
from collections.abc import Sequence
from typing import NamedTuple

from nbtrack.base.errors import FilterError
from nbtrack.runs.store.filter_keys import AGGREGATES, KeyLookup, resolve_key
from nbtrack.runs.store.filter_parse import (
    MAX_LENGTH,
    Comparison,
    Field,
    Junction,
    Node,
    Not,
    Value,
    Words,
    brief,
    mistake,
    parse,
)
from nbtrack.runs.store.filter_words import escaped, of_words

STATUSES = ("running", "finished", "failed", "interrupted", "crashed")
_TEXTS = {
    "id": "r.id",
    "name": "r.name",
    "status": "r.status",
    "experiment": "(SELECT e.name FROM experiments e WHERE e.n = r.experiment)",
    "notebook": "r.notebook",
    "cell": "r.cell",
    "note": "r.note",
    "kind": "r.kind",
    "parent": "(SELECT p.id FROM runs p WHERE p.n = r.parent)",
    "end_reason": "r.end_reason",
}
_NUMBERS = {
    "execution": "r.execution",
    "duration": "(coalesce(r.ended, (julianday('now') - 2440587.5) * 86400.0) - r.started)",
}
_TIMES = {"started": "r.started", "ended": "r.ended"}
_FLAGS = {"starred": "(r.starred = 1)", "trashed": "(r.trashed IS NOT NULL)"}
ATTRIBUTES = {**_TEXTS, **_NUMBERS, **_TIMES, **_FLAGS}
_TABLES = {"param": "params", "metric": "metrics", "tag": "tags"}
_MAX_ALSO = 50  # further filters
_MAX_TOGETHER = 4 * MAX_LENGTH  # characters of a filter and all further ones
_MAX_WILDCARDS = 8  # a pattern costs (length of the text) ** wildcards at worst
_MAX_NESTING = 68  # open brackets and operators that SQLite's parser has room for, beside what stands around
_AGO = re.compile(r"-\s*(\d+(?:\.\d+)?)\s*(ms|[smhdw])")
_SPANS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

_SHALLOW = 6  # nesting that leaves room for another order of the parts
_COUNTED = 20  # conditions whose runs are counted to find the cheapest
_MANY_RUNS = 20_000  # where such a count ends

Args = list[object]


class Member(NamedTuple):
    """A condition on the rows of one key: ``table``, ``key``, and what ``column`` must satisfy."""

    table: str
    key: int
    column: str
    condition: str
    args: Args


class Compiled(NamedTuple):
    """A condition over ``r``, a run, in its two forms; ``args`` fit both. ``nesting``: see `_MAX_NESTING`.

    runs: the same as a query of run numbers, where there is one. bounds: members that all matches satisfy.
    """

    sql: str
    correlated: str
    args: Args
    nesting: int = 0
    runs: str = ""
    bounds: tuple[Member, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether each run matches."""
        return self.sql == "1"

    @property
    def of_numbers(self) -> bool:
        """Whether it asks for nothing of a run but its number."""
        return self.everything or bool(self.runs)

    @property
    def searched(self) -> bool:
        """Whether no index leads to what matches, so that all runs are looked at."""
        return not self.of_numbers and not self.bounds


_ANY = Compiled("1", "1", [])


def compile_filter(text: str, lookup: KeyLookup) -> Compiled:
    """A filter as SQL.

    Raises:
        FilterError: a mistake, with its column counted from 0 and near names as a hint.
    """
    node = parse(text)
    if node is None:
        return _ANY
    return _fitting(_Compiler(text, lookup).compile(node))


def compile_all(text: str, also: Sequence[str], lookup: KeyLookup) -> Compiled:
    """A filter and further ones that must all hold beside it; a search for words may be any of them.

    Raises:
        FilterError: a mistake; of a further filter it names the text, and has no column.
    """
    size = len(text) + sum(map(len, also))
    if len(also) > _MAX_ALSO or size > _MAX_TOGETHER:
        hint = f"At most {_MAX_ALSO} further filters of {_MAX_TOGETHER:,} characters together are read."
        raise FilterError(f"There are {len(also)} further filters; all together have {size:,} characters.", hint, None)
    parts = [compile_filter(text, lookup)]
    for other in also:
        try:
            parts.append(compile_filter(other, lookup))
        except FilterError as error:
            message = f"In the further filter '{brief(other)}': {error.message}"
            raise FilterError(message, error.hint, None) from error
    parts = sorted((part for part in parts if part != _ANY), key=lambda part: -part.nesting)
    if len(parts) < 2:
        return parts[0] if parts else _ANY
    return _fitting(_every(_cheapest_first(parts, lookup)))


def _fitting(found: Compiled) -> Compiled:
    if found.nesting > _MAX_NESTING:
        raise FilterError("The filter is nested too deep for SQLite.", "Take brackets out.")
    return found


def _cheapest_first(parts: list[Compiled], lookup: KeyLookup) -> list[Compiled]:
    """The part that fewest runs satisfy, as far as that is quickly counted, so that SQLite starts from it."""
    flat = [part for part in parts if part.runs and part.nesting <= _SHALLOW]
    if len(flat) < 2 or len(flat) != len(parts) or len(parts) > _COUNTED:
        return parts
    return sorted(parts, key=lambda part: lookup.at_most(_quick(part.runs), part.args, _MANY_RUNS))


class _Compiler:
    def __init__(self, text: str, lookup: KeyLookup) -> None:
        self.text = text
        self.lookup = lookup

    def compile(self, node: Node) -> Compiled:
        if isinstance(node, Words):
            return Compiled(*of_words(node.words))
        if isinstance(node, Not):
            part = self.compile(node.part)
            return Compiled(f"NOT {part.sql}", f"NOT {part.correlated}", part.args, part.nesting + 1)
        if isinstance(node, Junction):
            # SQLite's parser has little room, which the first part of a junction hardly takes: the deepest goes there.
            parts = sorted((self.compile(part) for part in node.parts), key=lambda part: -part.nesting)
            if node.operator == "or":
                return _either(parts)
            return _every(_cheapest_first(parts, self.lookup))
        if node.field.kind == "attribute":
            return self.attribute(node)
        return self.key(node)

    # -- params, metrics and tags

    def key(self, node: Comparison) -> Compiled:
        number, aggregate = resolve_key(node.field, self.lookup, self.text)
        column = aggregate if node.field.kind == "metric" else "value"
        if node.operator == "null":
            present = "type != 'none'" if node.field.kind == "param" else "1"
            return self.member(node.field, number, column, present, [], negated=not node.negated)
        condition, args = self.conditions(column, node)
        if node.negated or node.operator == "!=":
            condition = f"({condition}) IS NOT TRUE"
        return self.member(node.field, number, column, condition, args)

    def member(
        self, field: Field, number: int, column: str, condition: str, args: Args, negated: bool = False
    ) -> Compiled:
        table = _TABLES[field.kind]
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE run = r.n AND key = ? AND {condition})"
        if negated:  # nearly every run has a key that is asked for: a list of them would be long
            return Compiled(f"NOT {exists}", f"NOT {exists}", [number, *args])
        runs = f"SELECT run FROM {table} WHERE key = ? AND {condition}"
        bound = Member(table, number, column, condition, args)
        return Compiled(f"r.n IN ({runs})", exists, [number, *args], 0, runs, (bound,))

    def conditions(self, column: str, node: Comparison) -> tuple[str, Args]:
        """What a row of the key must satisfy, for ``!=`` what it must not."""
        kind = node.field.kind
        if node.operator in ("like", "ilike", "contains"):
            return self.pattern(column, node)
        values = [self.fitting(kind, value) for value in node.values]
        if node.operator == "in":
            plain = [value for value in values if not _is_odd(column, value)]
            odd = {str(value): _compare(column, "=", value) for value in values if _is_odd(column, value)}
            parts = [part for part, _ in odd.values()] + [f"{column} IN ({', '.join('?' * len(plain))})"]
            return f"({' OR '.join(parts)})", [arg for _, args in odd.values() for arg in args] + plain
        if node.operator == "between":
            low, high = _compare(column, ">=", values[0]), _compare(column, "<=", values[1])
            return f"({low[0]} AND {high[0]})", [*low[1], *high[1]]
        return _compare(column, "=" if node.operator == "!=" else node.operator, values[0])

    def fitting(self, kind: str, value: Value) -> object:
        if kind == "metric" and isinstance(value.value, str):
            raise mistake(self.text, value.at, "Metrics are numbers.", "Write the number without quotes.")
        if kind == "tag" and not isinstance(value.value, str):  # tags are texts: 1.10 is not 1.1
            return str(value.value).lower() if isinstance(value.value, bool) else value.text
        return value.value

    def pattern(self, column: str, node: Comparison) -> tuple[str, Args]:
        value = node.values[0]
        if not isinstance(value.value, str):
            raise mistake(self.text, value.at, f"'{node.operator}' needs a text in quotes.", "Write like '%text%'.")
        if column in AGGREGATES:
            raise mistake(self.text, node.field.at, "Metrics are numbers.", "Compare them with = or <, not with texts.")
        texts = f"{column} >= '' AND {column}"  # or SQLite would make texts of numbers
        if node.operator == "contains":
            return f"{texts} LIKE ? ESCAPE '\\'", [f"%{escaped(value.value)}%"]
        if len(re.findall("%", value.value)) > _MAX_WILDCARDS:
            raise mistake(self.text, value.at, f"A pattern may have {_MAX_WILDCARDS} '%' at most.", "Leave some out.")
        if node.operator == "ilike":
            return f"{texts} LIKE ? ESCAPE '\\'", [value.value.replace("\\", "\\\\")]
        return f"{texts} GLOB ?", [_glob(value.value)]

    # -- attributes of the run

    def attribute(self, node: Comparison) -> Compiled:
        field = node.field
        column = ATTRIBUTES.get(field.name)
        if column is None:
            name = brief(field.name)
            near = difflib.get_close_matches(name, ATTRIBUTES, n=3, cutoff=0.4)
            hint = f"Near: {', '.join(near)}. " if near else ""
            hint += f"A param is written params.{name}, a metric metrics.{name}, a tag tags.{name}."
            raise mistake(self.text, field.at, f"'{name}' is no attribute of a run.", hint)
        if node.operator == "null":
            test = f"{_nullable(field.name, column)} IS {'NOT ' if node.negated else ''}NULL"
            return Compiled(f"({test})", f"({test})", [])
        if field.name in _TEXTS and node.operator in ("like", "ilike", "contains"):
            condition, args = self.pattern(column, node)
        else:
            condition, args = self.attribute_condition(node, column)
        sign = "NOT " if node.negated else ""
        sql = f"({column} IS NOT NULL AND {sign}({condition}))"
        return Compiled(sql, sql, args)

    def attribute_condition(self, node: Comparison, column: str) -> tuple[str, Args]:
        values: Args = [self.attribute_value(node.field.name, value) for value in node.values]
        if node.operator == "in":
            return f"{column} IN ({', '.join('?' * len(values))})", values
        if node.operator == "between":
            return f"{column} BETWEEN ? AND ?", values
        if node.operator not in ("=", "!=", "<", "<=", ">", ">="):
            hint = "Compare it with =, !=, <, <=, > or >=."
            raise mistake(self.text, node.field.at, f"'{node.operator}' does not fit '{node.field.name}'.", hint)
        return f"{column} {node.operator} ?", values

    def attribute_value(self, name: str, value: Value) -> object:
        given = value.value
        if name in _FLAGS:
            if given in (0, 1, "true", "false"):
                return int(given in (1, "true"))
            raise mistake(self.text, value.at, f"'{name}' is true or false.", f"Write {name} = true.")
        if name in _TIMES:
            return self.moment(value)
        if name in _NUMBERS:
            if isinstance(given, (str, bool)) or given != given:
                hint = "Durations can be written 90, 90s, 5m, 2h."
                raise mistake(self.text, value.at, f"'{name}' is a number.", hint)
            return given
        if not isinstance(given, str):
            hint = f"Put it in quotes: '{value.text or str(given).lower()}'."
            raise mistake(self.text, value.at, f"'{name}' is a text.", hint)
        if name == "status" and given not in STATUSES:
            hint = f"Use one of {', '.join(STATUSES)}."
            raise mistake(self.text, value.at, f"There is no status '{brief(given)}'.", hint)
        return given

    def moment(self, value: Value) -> float:
        """Unix seconds of '2026-11-01', '2026-11-01 14:30' (local time), '-7d' (seven days ago) or a number."""
        given = value.value
        if isinstance(given, str):
            ago = _AGO.fullmatch(given.strip())
            if ago:
                return time.time() - float(ago[1]) * _SPANS[ago[2]]
            with contextlib.suppress(ValueError, OverflowError, OSError):
                return datetime.datetime.fromisoformat(given.strip()).timestamp()
        if isinstance(given, (str, bool)) or given != given:
            hint = "Write '2026-11-01', '2026-11-01 14:30' or '-7d'."
            raise mistake(self.text, value.at, f"'{brief(given)}' is no time.", hint)
        return time.time() + float(given) if value.seconds else float(given)


def _nullable(name: str, column: str) -> str:
    """Flags are never null, an empty note counts as none."""
    return "nullif(r.note, '')" if name == "note" else column


def _quick(runs: str) -> str:
    """The same query without the work of leaving out what is found twice, for an estimate."""
    return runs.replace(" UNION SELECT", " UNION ALL SELECT")


def _either(parts: list[Compiled]) -> Compiled:
    """Any of the parts; where each is a query of run numbers, their union is one."""
    found = _joined("or", parts)
    runs = [part.runs for part in parts]
    if not all(runs) or len(runs) > _COUNTED:
        return found
    union = " UNION ".join(runs)
    return found._replace(sql=f"r.n IN ({union})", runs=union, args=[arg for part in parts for arg in part.args])


def _every(parts: list[Compiled]) -> Compiled:
    """All of the parts: SQLite starts from the first, the others are looked up for each run it gives."""
    first, *rest = parts
    if all(part.runs and part.nesting <= _SHALLOW for part in parts):
        rest = [part._replace(sql=part.correlated) for part in rest]
    found = _pair("and", first, _joined("and", rest))
    if all(part.runs for part in parts) and found.nesting <= _SHALLOW:
        others = " AND ".join(part.correlated for part in rest)  # these ask for nothing of a run but its number
        found = found._replace(runs=f"SELECT r.n AS run FROM (SELECT run AS n FROM ({first.runs})) r WHERE {others}")
    return found._replace(bounds=tuple(bound for part in parts for bound in part.bounds))


def _pair(operator: str, one: Compiled, other: Compiled) -> Compiled:
    return Compiled(
        f"({one.sql} {operator.upper()} {other.sql})",
        f"({one.correlated} {operator.upper()} {other.correlated})",
        [*one.args, *other.args],
        max(one.nesting + 1, other.nesting + 3),
    )


def _joined(operator: str, parts: list[Compiled]) -> Compiled:
    """In halves, because SQLite refuses a chain of more than 1000."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return _pair(operator, _joined(operator, parts[:half]), _joined(operator, parts[half:]))


def _is_odd(column: str, value: object) -> bool:
    """NaN, which is stored as NULL, and a param's true and false, which are stored as 1 and 0."""
    return value != value or (column == "value" and isinstance(value, bool))


def _compare(column: str, operator: str, value: object) -> tuple[str, Args]:
    """A comparison that stays among values of the same sort. In SQLite numbers come before all texts."""
    if _is_odd(column, value):
        if operator != "=":
            return "0", []
        if isinstance(value, bool):
            return "(type = 'bool' AND value = ?)", [int(value)]
        return (f"{column} IS NULL" if column != "value" else "(value IS NULL AND type = 'float')"), []
    if isinstance(value, str) and operator in ("<", "<="):
        return f"({column} {operator} ? AND {column} >= '')", [value]
    if isinstance(value, str) and operator in (">", ">="):
        return f"({column} {operator} ? AND {column} < x'')", [value]
    if operator in (">", ">="):
        return f"({column} {operator} ? AND {column} < '')", [value]
    return f"{column} {operator} ?", [value]


def _glob(pattern: str) -> str:
    """A LIKE pattern for GLOB, which minds case: % any text, _ any character, the rest literally."""
    special: dict[str, str] = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(special.get(char, char) for char in pattern)
