"""Call an operation by name: one shape of success, one shape of error, and no exception leaves.

{"ok": true, "result": …}
{"ok": false, "error": {"code": …, "message": …, "hint": …, "column": …}}
"""

from __future__ import annotations

import difflib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from nbtrack.api.rooms import OPERATIONS, handler
from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.base.wire import ApiError, Nothing, Op, to_plain

MAX_PAYLOAD = 8 << 20  # bytes

Payload = bytes | str | Mapping[str, Any] | None

_log = logging.getLogger("nbtrack.api")
_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)


class _Refused(NbtrackError):
    """A request that no operation can take."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


def dispatch(project: Project, name: str, payload: Payload = None, *, texts: bool = False) -> bytes:
    """Answer an operation as JSON.

    payload: the request as JSON, or as plain data; nothing is the same as ``{}``. texts: values may be texts that
    say numbers and truth values, as those of a query string are.
    """
    try:
        return msgspec.json.encode(answer(project, name, payload, texts=texts))
    except Exception:  # noqa: BLE001 (an answer that has no JSON is a fault of ours, and still gets said)
        return msgspec.json.encode(_failure(_internal(name)))


def answer(project: Project, name: str, payload: Payload = None, *, texts: bool = False) -> dict[str, Any]:
    """The same as plain data, for a transport that makes its own JSON; every number in a form that JSON keeps."""
    try:
        op = _operation(name)
        request = _request(op, payload, texts)
        method = handler(project, op.name)
        found = method() if op.request is Nothing else method(request)
        return {"ok": True, "result": to_plain(found)}
    except NbtrackError as error:
        column = getattr(error, "column", None)
        return _failure(ApiError(error.code, error.message, error.hint, column))
    except Exception:  # noqa: BLE001 (the caller gets an answer whatever happens; the log has the traceback)
        return _failure(_internal(name))


def query_payload(name: str, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The payload that a query string says, for `dispatch` with ``texts=True``.

    A field that holds several values takes each that is given; any other takes the last.
    """
    op = OPERATIONS.get(name)
    several = {field.name for field in _fields(op) if _is_list(field.type)} if op else set()
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in several:
            found.setdefault(key, []).append(value)
        else:
            found[key] = value
    return found


def _operation(name: str) -> Op:
    op = OPERATIONS.get(name) if isinstance(name, str) else None
    if op is None:
        near = difflib.get_close_matches(str(name)[:100], OPERATIONS, 3, 0.5)
        hint = f"Closest: {', '.join(near)}." if near else f"There are: {', '.join(OPERATIONS)}."
        raise _Refused("unknown_operation", f"No operation '{_short(name)}'.", hint)
    return op


def _request(op: Op, payload: Payload, texts: bool) -> msgspec.Struct:
    try:
        if payload is None or isinstance(payload, Mapping):
            payload = msgspec.json.encode(dict(payload or {}))  # plain data may hold what JSON does not
        if len(payload) > MAX_PAYLOAD:
            raise _Refused(
                "too_large",
                f"The request for '{op.name}' has {len(payload):,} bytes.",
                f"At most {MAX_PAYLOAD:,} are taken; send it in parts.",
            )
        given = msgspec.json.decode(payload or b"{}")
        if not isinstance(given, dict):
            raise _Refused(
                "invalid_request", f"The request for '{op.name}' is no JSON object.", f"It takes {_takes(op)}."
            )
        _check_once(op, payload)
        _check_names(op, given)
        request: msgspec.Struct = msgspec.convert(given, op.request, strict=not texts)
    except _UNREADABLE as error:
        what = str(error) if isinstance(error, msgspec.MsgspecError) else "it is no JSON in UTF-8"
        raise _Refused(
            "invalid_request", f"The request for '{op.name}' cannot be read: {what}.", f"It takes {_takes(op)}."
        ) from None
    return request


def _check_once(op: Op, payload: bytes | str) -> None:
    """Of two values of one name the decoder would take the last without a word."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs):
            twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
            raise _Refused(
                "invalid_request", f"The request for '{op.name}' says '{_short(twice)}' twice.", "Say it once."
            )

    if payload:
        json.loads(payload, object_pairs_hook=once, parse_int=len, parse_float=len)


def _check_names(op: Op, given: Mapping[str, Any]) -> None:
    """A field that does not exist would be passed over in silence, and a filter spelt wrong would match all runs."""
    known = [field.name for field in _fields(op)]
    unknown = [name for name in given if name not in known]
    if unknown:
        near = difflib.get_close_matches(str(unknown[0])[:100], known, 1, 0.5)
        hint = f"Closest: '{near[0]}'. " if near else ""
        raise _Refused(
            "invalid_request",
            f"'{op.name}' has no field '{_short(unknown[0])}'.",
            f"{hint}It takes {_takes(op)}.",
        )


def _fields(op: Op) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(op.request)


def _is_list(kind: Any) -> bool:
    info = msgspec.inspect.type_info(kind)
    types = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    return any(isinstance(one, (msgspec.inspect.ListType, msgspec.inspect.TupleType)) for one in types)


def _takes(op: Op) -> str:
    return ", ".join(field.name for field in _fields(op)) or "no fields"


def _short(value: object) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in str(value)[:61])
    return text if len(text) <= 60 else f"{text[:57]}…"


def _internal(name: object) -> ApiError:
    _log.exception("nbtrack: operation '%s' failed", _short(name))
    return ApiError("internal", "nbtrack itself failed at this; the log of the process that answered has the details.")


def _failure(error: ApiError) -> dict[str, Any]:
    return {"ok": False, "error": to_plain(error)}
