"""The filter: what is typed into it, what it offers, and the SQL that it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbtrack.runs import contract as c
from nbtrack.runs.projects import database_of
from nbtrack.runs.service import RunsService
from nbtrack.runs.store.complete import completions
from nbtrack.runs.store.filter import ATTRIBUTES, compile_all, compile_filter
from nbtrack.runs.store.filter_keys import KeyLookup
from nbtrack.runs.store.filter_parse import Comparison, Field, Junction, Node, Not, Value, Words, parse
from tests.fuzz.base import Base
from tests.fuzz.ground import Ground
from tests.fuzz.oracle import Wrong
from tests.fuzz.source import Source, as_text

_FIELDS = (
    *ATTRIBUTES,
    *("params.lr", "params.model", "params.none", "params.half", 'params."a b"', "params.`lr`", "params.gone"),
    *("metrics.loss", "metrics.acc.max", 'metrics."a b".min', "metrics.nan", "m.up", "tags.stage", "tags.ü", "t.1"),
)
_OPERATORS = ("=", "==", "!=", "<>", "<", "<=", ">", ">=", "like", "ilike", "contains", "in", "between", "is", "is not")
_VALUES = (
    *("0.1", "5", "-1", "1e999", "nan", "-inf", "5m", "-7d", "9223372036854775808", "true", "'svm'", '"forest"'),
    *("'%e%'", "'_%[*?'", "'2026-11-01'", "'-7d'", "'finished'", "'it''s'", "'a\\'", "''", "1.10", "007", "null"),
)
_MARKS = (" ", " and ", " or ", " not ", "(", ")", ",", ", ", "'", '"', "`", "\t", "\n", "starred", "trashed")


class Filter(Base):
    """Texts as filters: parsed, printed, parsed again; compiled, and each form of the SQL executed."""

    name = "filter"
    words = tuple(word.encode() for word in (*_FIELDS, *_OPERATORS, *_VALUES, *_MARKS))

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ground = Ground(folder)
        self._service = RunsService(self._ground.project)
        self._database = database_of(self._ground.project)

    def seeds(self) -> list[bytes]:
        """Filters of every kind, behind the byte that says they are texts."""
        texts = (
            *("params.lr < 0.01 and metrics.acc > 0.9", "name like 'f%' or not (status = 'failed')", "forest 0.1"),
            *("started > '-7d' and duration < 5m", "params.model in ('svm', 'forest', nan, true)", "starred"),
            *('metrics."a b".max between 0 and 1', "tags.stage is not null and note not contains 'x'", "ended is null"),
        )
        return [b"\0" + text.encode() for text in texts] + [bytes((1, *range(40))), bytes((2, 9, 0)) + b"params.l"]

    def run(self, data: bytes) -> None:
        """The first byte says how the rest is meant."""
        source = Source(data)
        kind = source.number(3)
        if kind == 0:
            self._filter(as_text(source.rest()))
        elif kind == 1:
            self._filter(_grammatical(source))
        elif kind == 2:
            self._complete(source)
        else:
            self._page(source)

    def check(self) -> None:
        """The database is only read, but by strangers' SQL."""
        self._ground.check()

    def _complete(self, source: Source) -> None:
        position = source.number(300) - 20
        text = as_text(source.rest())
        with self._database.read() as conn:
            found = completions(text, position, KeyLookup(conn))
        if len(found) > 50 or not all(isinstance(word, str) for word in found):
            raise Wrong("more completions than are promised")

    def _page(self, source: Source) -> None:
        also = [_grammatical(source) for _ in range(source.number(3))]
        sort = [source.text(12) if source.flag() else f"-{source.one(_FIELDS)}" for _ in range(source.number(2))]
        columns = [source.text(12) for _ in range(source.number(2))] or None
        text = _grammatical(source) if source.flag() else source.text()
        asked = c.PageRequest(filter=text, also=also, sort=sort, columns=columns, trashed=source.flag())
        self._service.page(asked)

    def _filter(self, text: str) -> None:
        tree = parse(text)
        if tree is None:
            return
        again = printed(tree)
        if plain(parse(again)) != plain(tree):
            raise Wrong(f"{text!r} prints as {again!r}, which means something else")
        with self._database.read() as conn:
            lookup = KeyLookup(conn)
            found = compile_filter(text, lookup)
            forms = {"sql": found.sql, "correlated": found.correlated}
            if found.runs:
                forms["runs"] = f"r.n IN ({found.runs})"
            answers = {}
            for name, form in forms.items():
                rows = conn.execute(f"SELECT r.n FROM runs r WHERE {form} ORDER BY r.n", found.args).fetchall()
                answers[name] = [row[0] for row in rows]
            twice = compile_all(text, [text], lookup)
            rows = conn.execute(f"SELECT r.n FROM runs r WHERE {twice.sql} ORDER BY r.n", twice.args).fetchall()
            answers["twice"] = [row[0] for row in rows]
        if any(answer != answers["sql"] for answer in answers.values()):
            raise Wrong(f"the forms of {text!r} find {answers}")


def _grammatical(source: Source) -> str:
    """A text that is nearly always a filter."""
    parts = []
    for _ in range(1 + source.number(4)):
        operator = source.one(_OPERATORS)
        value = source.one(_VALUES) if source.number(3) else quoted(source.text())
        if operator == "in":
            value = f"({value}, {source.one(_VALUES)})"
        elif operator == "between":
            value = f"{value} and {source.one(_VALUES)}"
        elif operator.startswith("is"):
            value = "null"
        negated = "not " if source.number(7) == 1 else ""
        field = source.one(_FIELDS) if source.number(7) else f"params.{quoted(source.text(), chr(34))}"
        part = f"{negated}{field} {operator} {value}"
        parts.append(f"({part})" if source.flag() else part)
        parts.append(source.one((" and ", " or ", " and not ", " ")))
    return "".join(parts[:-1])


def quoted(text: str, quote: str = "'") -> str:
    """A text as the language has it."""
    return f"{quote}{text.replace(quote, quote * 2)}{quote}"


def printed(node: Node) -> str:
    """A tree as a text again."""
    if isinstance(node, Words):
        return " ".join(node.words)
    if isinstance(node, Not):
        return f"not {printed(node.part)}" if isinstance(node.part, Not | Comparison) else f"not ({printed(node.part)})"
    if isinstance(node, Junction):
        # An inner junction stood in brackets, or it binds more closely.
        return f" {node.operator} ".join(
            f"({printed(part)})" if isinstance(part, Junction) else printed(part) for part in node.parts
        )
    return _comparison(node)


def _comparison(node: Comparison) -> str:
    field, negated = _field(node.field), "not " if node.negated else ""
    if node.operator == "null":
        return f"{field} is {negated}null"
    values = [_value(value) for value in node.values]
    if node.operator == "in":
        return f"{field} {negated}in ({', '.join(values)})"
    if node.operator == "between":
        return f"{field} {negated}between {values[0]} and {values[1]}"
    return f"{field} {negated}{node.operator} {values[0]}"


def _field(field: Field) -> str:
    if field.kind == "attribute":
        return field.name
    name = quoted(field.name, '"') if field.quoted else field.name
    return f"{field.kind}s.{name}" + (f".{field.aggregate}" if field.aggregate else "")


def _value(value: Value) -> str:
    if isinstance(value.value, bool):
        return str(value.value).lower()
    return quoted(value.value) if isinstance(value.value, str) else value.text


def plain(node: Any) -> Any:
    """A tree without where its pieces stood; −0.0 and NaN as themselves."""
    if isinstance(node, Junction):
        return node.operator, [plain(part) for part in node.parts]
    if isinstance(node, Not):
        return "not", plain(node.part)
    if isinstance(node, Comparison):
        field = (node.field.kind, node.field.name, node.field.quoted, node.field.aggregate)
        return field, node.operator, node.negated, [(repr(one.value), one.seconds) for one in node.values]
    return node
