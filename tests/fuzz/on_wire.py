"""The wire: every operation of the table under bodies and query strings of any kind, and what a panel may say."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from nbtrack.api.dispatch import dispatch, query_payload
from nbtrack.api.lanes import Job, Lane
from nbtrack.api.rooms import OPERATIONS
from nbtrack.runs.service import RunsService
from nbtrack.widget.talk import Talk
from tests.fuzz.base import Base
from tests.fuzz.ground import Ground
from tests.fuzz.on_filter import _FIELDS, _grammatical
from tests.fuzz.oracle import Wrong
from tests.fuzz.source import ODD_NUMBERS, ODD_TEXTS, Source, as_text


class _Log(logging.Handler):
    """Keeps what nbtrack logs of an error that it answered for: it tells where the error was."""

    error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.error = record.exc_info[1]


_LOG = _Log()
logging.getLogger("nbtrack").addHandler(_LOG)
logging.getLogger("nbtrack").propagate = False

_NAMES = tuple(OPERATIONS)
_KNOWN = ("@1", "@2", "forest", "svm", "child", "odd", "digits", "old", "a.ipynb", "report.txt", "loss", "acc", "lr")
_KEYS = tuple(sorted({field for op in OPERATIONS.values() for field in op.request.__struct_fields__}))


def _load() -> None:
    for module in ("nbformat", "pandas", "pyarrow.parquet"):
        with suppress(ImportError):
            import_module(module)


class Wire(Base):
    """Requests of operations: fields with values of the right kind, of the wrong kind, and bytes that are no JSON."""

    name = "wire"
    words = tuple(f'"{key}":'.encode() for key in _KEYS) + tuple(f'"{one}"'.encode() for one in _KNOWN)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ground = Ground(folder)
        self._changed = False
        ids = [row.id for row in RunsService(self._ground.project).page(_all()).rows]
        self._texts = (*_KNOWN, *_FIELDS, *ids)
        self.writes = [self._ground.project.root]

    def seeds(self) -> list[bytes]:
        """Each operation with nothing, with a field of each kind, and with plain JSON."""
        found = []
        for number in range(len(_NAMES)):
            found += [bytes((1, number, 3, 2, n, 1, n * 7, 5, n, 2, 1, 4)) for n in range(3)]
            found.append(bytes((0, number)) + b'{"run": "@1", "runs": ["@1"], "filter": ""}')
        return [*found, bytes((2, 5)) + b"filter=starred&limit=5&sort=name&sort=-x"]

    def run(self, data: bytes) -> None:
        """The first byte says how, the second which operation."""
        _LOG.error = None
        source = Source(data)
        kind = source.number(3)
        name = source.one(_NAMES) if kind < 3 else source.text()
        if self._changed:
            self._ground.fresh()
        op = OPERATIONS.get(name)
        self._changed = op is None or op.method != "GET"
        if kind == 0:
            answer = dispatch(self._ground.project, name, source.rest())
        elif kind == 2:
            pairs = parse_qsl(as_text(source.rest()).encode("utf-8", "replace").decode(), keep_blank_values=True)
            answer = dispatch(self._ground.project, name, query_payload(name, pairs), texts=True)
        else:
            answer = dispatch(self._ground.project, name, request(source, name, self._texts))
        judged(json.loads(answer), name)

    def warm(self) -> None:
        """An export as a notebook: nbformat builds parsers when it is first loaded, for seconds on a busy machine."""
        _load()

    def check(self) -> None:
        """The database that was changed."""
        self._ground.check()
        self._changed = True


class Widget(Base):
    """What a front end sends to a panel, answered at once instead of by other threads."""

    name = "widget"
    words = (b'"op"', b'"payload"', b'"id"', b'"v"', b'"asset"', b'"hello"', b'"shown"', b'"cancel"', *Wire.words)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ground = Ground(folder)
        self.writes = [self._ground.project.root]
        self._put = Lane.put
        Lane.put = _at_once  # type: ignore[method-assign]

    def seeds(self) -> list[bytes]:
        """A message of each kind."""
        messages: list[Any] = [
            {"v": 1, "id": 1, "op": "runs.page", "payload": {"filter": "starred"}},
            {"v": 1, "id": 2, "asset": "panel.css"},
            {"v": 1, "id": 3, "hello": {}},
            {"id": 4, "cancel": True},
            {"view": "a", "shown": True},
            {"id": 5, "op": "runs.edit", "payload": {"runs": ["@1"], "starred": True}},
            [1],
        ]
        return [b"\0" + json.dumps(one).encode() for one in messages] + [bytes((1, *range(30)))]

    def run(self, data: bytes) -> None:
        """JSON, or a message made of the bytes."""
        _LOG.error = None
        source = Source(data)
        if source.number(1) == 0:
            try:
                message = json.loads(source.rest())
            except (ValueError, RecursionError):
                return
        else:
            name = source.one(_NAMES)
            message = {"v": 1, "id": 7, "op": name, "payload": request(source, name, _KNOWN)}
            for _ in range(source.number(2)):
                key = source.one(("v", "id", "op", "payload", "asset", "hello", "cancel", "shown", "view", "gone"))
                message[key] = source.json()
        self._ground.fresh()
        sent: list[dict[str, Any]] = []
        views: list[Any] = []
        talk = Talk(self._ground.project, lambda said, _: sent.append(said), lambda *seen: views.append(seen))
        talk.hear(message)
        asked = isinstance(message, dict) and type(message.get("id")) is int and not message.get("cancel")
        if len(sent) != asked:
            raise Wrong(f"{len(sent)} answers to {int(asked)} request")
        for said in sent:
            msgspec.json.encode(said)
            judged(said, str(message.get("op"))[:40])

    def warm(self) -> None:
        """An export as a notebook: nbformat builds parsers when it is first loaded, for seconds on a busy machine."""
        _load()

    def check(self) -> None:
        """The database that was changed."""
        self._ground.check()

    def close(self) -> None:
        """The threads answer again."""
        Lane.put = self._put  # type: ignore[method-assign]
        super().close()


def judged(said: dict[str, Any], name: str) -> None:
    """Raise `Wrong` for an answer that is none, or that says that nbtrack failed."""
    if said.get("ok") is True:
        return
    error = said.get("error")
    if said.get("ok") is not False or not isinstance(error, dict) or not error.get("message"):
        raise Wrong(f"{name} gives an answer of no known shape")
    if error.get("code") == "internal":
        if _LOG.error is not None:
            raise _LOG.error
        raise Wrong(f"{name} failed inside")


def request(source: Source, name: str, texts: tuple[str, ...]) -> dict[str, Any]:
    """A request for an operation, mostly of values that its fields take."""
    op = OPERATIONS.get(name)
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(op.request) if op else ():
        if field.required or source.flag():
            found[field.name] = _value(source, msgspec.inspect.type_info(field.type), texts)
    if source.number(9) == 1:
        found[source.one(_KEYS)] = source.json()
    return found


def _value(source: Source, kind: Any, texts: tuple[str, ...], depth: int = 3) -> Any:
    look = msgspec.inspect
    if source.number(11) == 1 or depth == 0:
        return source.json()
    if isinstance(kind, look.UnionType):
        return _value(source, source.one(kind.types), texts, depth)
    if isinstance(kind, look.ListType | look.VarTupleType | look.SetType):
        return [_value(source, kind.item_type, texts, depth - 1) for _ in range(source.number(3))]
    if isinstance(kind, look.DictType):
        pairs = range(source.number(3))
        return {source.one(texts): _value(source, kind.value_type, texts, depth - 1) for _ in pairs}
    if isinstance(kind, look.StructType):
        used = [field for field in kind.fields if field.required or source.flag()]
        return {field.name: _value(source, field.type, texts, depth - 1) for field in used}
    if isinstance(kind, look.LiteralType):
        return source.one(kind.values)
    if isinstance(kind, look.BoolType):
        return source.flag()
    if isinstance(kind, look.IntType | look.FloatType):
        return source.number(300) if source.flag() else source.one(ODD_NUMBERS)
    if isinstance(kind, look.NoneType):
        return None
    if isinstance(kind, look.StrType):
        which = source.number(5)
        return source.one(ODD_TEXTS) if which == 5 else _grammatical(source) if which == 4 else source.one(texts)
    return source.json()


def _all() -> Any:
    from nbtrack.runs.contract import PageRequest

    return PageRequest()


def _at_once(self: Lane, job: Job) -> None:
    job()
