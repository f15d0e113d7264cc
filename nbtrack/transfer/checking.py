"""Records of any origin, made so that the file can hold them; what had to be mended is noted.

What is only too long or has characters that no name may have is mended: a note says what and of which run. What makes
no sense at all (an id that is none, a file that would leave the run's folder) is BadSource. Secrets stay as they are:
an import keeps data as it finds them, and what was redacted where it was made stays so.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, get_args

from msgspec import structs

from nbtrack.base.errors import BadSource, InvalidValue
from nbtrack.runs import values
from nbtrack.runs.contract import Status
from nbtrack.transfer.records import (
    DatasetRecord,
    ExecutionRecord,
    ExperimentRecord,
    ModelRecord,
    OutputRecord,
    ParamRecord,
    RunRecord,
    SessionRecord,
)

MAX_TEXT = 64 << 20  # characters of a cell, or of one output
_ID = re.compile(r"[0-9a-f]{12}")
_STATUSES = frozenset(get_args(Status))
_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_FEW = 3  # notes of one sort that are told in full
_INT = 1 << 63

Tell = Callable[[str, str], None]


def upper(text: str) -> str:
    """The same with a large letter first."""
    return text[:1].upper() + text[1:]


class Notes:
    """What had to be mended: of each sort the first few, and how many more there were."""

    def __init__(self) -> None:
        self._told: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def tell(self, sort: str, text: str) -> None:
        """Note a mending. sort: what it has in common with others."""
        self._counts[sort] = self._counts.get(sort, 0) + 1
        told = self._told.setdefault(sort, [])
        if len(told) < _FEW:
            told.append(text)

    def sentences(self) -> list[str]:
        """All of them, as they are shown."""
        found: list[str] = []
        for sort, told in self._told.items():
            found += told
            more = self._counts[sort] - len(told)
            if more:
                found.append(f"… and {more:,} more: {sort}.")
        return found


def title(one: RunRecord | ModelRecord) -> str:
    """What it is, with its name and id, for a message."""
    kind = "run" if isinstance(one, RunRecord) else "logged model"
    return f"{kind} {values.brief(one.name)} ({values.brief(one.id)[1:-1]})"


def checked(run: RunRecord, tell: Tell) -> RunRecord:
    """A run that the file can hold; ``run`` itself is left as it is.

    Raises:
        BadSource: it is no run.
    """
    if not _ID.fullmatch(run.id):
        raise BadSource(f"A run has the id {values.brief(run.id)}, which is no id of a run.")
    if run.status not in _STATUSES:
        raise BadSource(f"The status of {title(run)} is {values.brief(run.status)}.")
    if run.parent is not None and (run.parent == run.id or not _ID.fullmatch(run.parent)):
        raise BadSource(f"The parent of {title(run)} is {values.brief(run.parent)}, which cannot be.")
    mend = _Mend(run, tell)
    started = mend.moment("start", run.started)
    return structs.replace(
        run,
        name=mend.name("run", run.name) or run.id,
        experiment=mend.name("experiment", run.experiment) or "default",
        started=0.0 if started is None else started,
        ended=mend.moment("end", run.ended),
        trashed=mend.moment("time of deletion", run.trashed),
        kind=mend.name("kind", run.kind) or "import",
        notebook=mend.text("notebook", run.notebook),
        cell=mend.text("cell", run.cell),
        execution=mend.whole("execution", run.execution),
        number=mend.whole("number", run.number) if run.session is not None else None,
        code=mend.text("code", run.code, MAX_TEXT),
        note=mend.text("note", run.note) or "",
        end_reason=mend.text("reason", run.end_reason),
        params=mend.params(run.params),
        tags=mend.tags(run.tags),
        datasets=mend.datasets(run.datasets),
        outputs=[mend.output(one) for one in run.outputs],
        environment=mend.plain("environment", run.environment),
        git=mend.plain("git", run.git),
        about=mend.plain("about", run.about) or {},
    )


def checked_session(session: SessionRecord, tell: Tell) -> SessionRecord:
    """The session of a run.

    Raises:
        BadSource: it has no id, or an execution twice.
    """
    if not session.id or len(session.id) > values.MAX_NAME or _UNFIT.search(session.id):
        raise BadSource(f"A session has the id {values.brief(session.id)}.")
    mend = _Mend(RunRecord(session.id, "session"), tell)
    about: dict[str, Any] = {}
    for name, value in session.about.items():
        kinds: tuple[type, ...] = (int, float) if name in ("pid", "started", "heartbeat", "ended") else (str,)
        known = value is None or (type(value) in kinds and not (type(value) is float and not math.isfinite(value)))
        about[name] = (mend.text(name, value) if type(value) is str else value) if known else None
    return SessionRecord(session.id, about, [mend.execution(one) for one in session.executions])


def checked_model(model: ModelRecord, tell: Tell) -> ModelRecord:
    """A logged model.

    Raises:
        BadSource: it has no id.
    """
    if not model.id or len(model.id) > values.MAX_NAME or _UNFIT.search(model.id):
        raise BadSource(f"A logged model has the id {values.brief(model.id)}.")
    mend = _Mend(RunRecord(model.id, model.name), tell)
    return structs.replace(
        model,
        name=mend.name("model", model.name) or model.id,
        experiment=mend.name("experiment", model.experiment) or "default",
        status=mend.name("status", model.status) or "READY",
        created=mend.moment("time of making", model.created) or 0.0,
        updated=mend.moment("time of change", model.updated) or 0.0,
        trashed=mend.moment("time of deletion", model.trashed),
        about=mend.plain("about", model.about) or {},
    )


def checked_experiment(given: ExperimentRecord, tell: Tell) -> ExperimentRecord:
    """An experiment."""
    mend = _Mend(RunRecord("", given.name), tell)
    return ExperimentRecord(
        mend.name("experiment", given.name) or "default",
        mend.text("note", given.note) or "",
        mend.moment("time of making", given.created),
        mend.moment("time of deletion", given.trashed),
        mend.plain("about", given.about) or {},
    )


def file_path(path: str, whose: str, taken: set[str], tell: Tell) -> str:
    """Where a file goes in its run or model.

    Raises:
        BadSource: it would leave the folder.
    """
    parts = path.split("/")
    if path.startswith(("/", "\\")) or ".." in path.replace("\\", "/").split("/") or "\0" in path:
        raise BadSource(f"The file {values.brief(path)} of {whose} would lie outside of its folder.")
    mended = "/".join(re.sub(r"[\\\x00-\x1f\x7f\ud800-\udfff]", "_", part) for part in parts if part not in ("", "."))
    first, slash, rest = mended.partition("/")
    mended = f"{first.replace(':', '_')}{slash}{rest}"
    if not mended.strip():
        raise BadSource(f"A file of {whose} has no name: {values.brief(path)}.")
    if len(mended) > values.MAX_NAME:
        mended = f"…{mended[-values.MAX_NAME + 1 :].replace('/', '_')}"
    number = 1
    unique = mended
    while unique in taken:
        number += 1
        unique = f"{mended} ({number})"
    if unique != path:
        tell("files were renamed", f"The file {values.brief(path)} of {whose} is kept as '{unique}'.")
    taken.add(unique)
    return unique


class _Mend:
    """What is wrong with a run's fields and how it is put right."""

    def __init__(self, run: RunRecord, tell: Tell) -> None:
        self._run = run
        self._tell = tell

    def _told(self, sort: str, what: str) -> None:
        self._tell(sort, f"{what} of {title(self._run)} {_DEEDS[sort]}.")

    def name(self, kind: str, name: str) -> str:
        try:
            return values.check_name(kind, name)
        except InvalidValue:
            mended = _UNFIT.sub("_", str(name)).strip()[: values.MAX_NAME]
            if mended:  # an empty one is made up
                self._told("names were mended", f"The name {values.brief(name)} ({kind})")
            return mended

    def text(self, what: str, text: str | None, limit: int = values.MAX_PARAM) -> str | None:
        if text is None:
            return None
        plain = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
        if plain != text:
            self._told("characters that no text can hold were replaced", f"The {what}")
        if len(plain) > limit:
            self._told("texts were cut", f"The {what}, of {len(plain):,} characters,")
        return plain[:limit]

    def moment(self, what: str, at: float | None) -> float | None:
        if at is None or math.isfinite(at):
            return at
        self._told("times were left out", f"The {what} ({at})")
        return None

    def whole(self, what: str, number: int | None) -> int | None:
        if number is None or -_INT <= number < _INT:
            return number
        self._told("numbers were left out", f"The {what} ({values.brief(number)})")
        return None

    def plain(self, what: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        """A dict that has a form in JSON, which is how the file keeps it."""
        if body is None:
            return None
        try:
            json.dumps(body)
        except (TypeError, ValueError, RecursionError) as error:
            raise BadSource(f"What is known ({what}) of {title(self._run)} has no form in JSON: {error}.") from error
        return body

    def params(self, params: list[ParamRecord]) -> list[ParamRecord]:
        found: dict[str, ParamRecord] = {}
        for one in params:
            name = self._free("param", one.name, found)
            at = self.moment("time of a param", one.at)
            earlier = [
                (self._value(name, value), source, self.moment("time of a param", then) or 0.0)
                for value, source, then in one.earlier
            ]
            source = self.name("source", one.source) or "imported"
            found[name] = ParamRecord(name, self._value(name, one.value), source, 0.0 if at is None else at, earlier)
        return list(found.values())

    def _value(self, name: str, value: Any) -> Any:
        try:
            return values.param_value(name, value)
        except InvalidValue:
            text = value if type(value) is str else _as_text(value)
            if len(text) > values.MAX_PARAM:
                self._told("params were cut", f"Param '{name}', of {len(text):,} characters,")
                return text[: values.MAX_PARAM].encode("utf-8", "replace").decode()
            self._told("params were kept as texts", f"Param '{name}'")
            return text.encode("utf-8", "replace").decode()

    def _free(self, kind: str, given: str, found: dict[str, Any]) -> str:
        name = self.name(kind, given) or f"({kind})"
        if name not in found:
            return name
        number = 2
        while f"{name} ({number})" in found:
            number += 1
        self._told("names that come twice were numbered", f"The {kind} {values.brief(given)}")
        return f"{name} ({number})"

    def tags(self, tags: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for given, value in tags.items():
            name = self._free("tag", given, found)
            found[name] = self.text(f"tag '{name}'", value if type(value) is str else str(value)) or ""
        return found

    def datasets(self, datasets: list[DatasetRecord]) -> list[DatasetRecord]:
        found: dict[str, DatasetRecord] = {}
        for one in datasets:
            name = self._free("dataset", one.name, found)
            found[name] = DatasetRecord(
                name,
                self.name("role", one.role) or "input",
                self.name("kind", one.kind) or "data",
                self.text("path of a dataset", one.path),
                self.text("hash of a dataset", one.hash),
                self.plain(f"dataset '{name}'", one.info) or {},
            )
        return list(found.values())

    def output(self, one: OutputRecord) -> OutputRecord:
        return structs.replace(
            one,
            kind=self.name("kind", one.kind) or "output",
            mime=self.name("format", one.mime) or "text/plain",
            text=self.text("output", one.text, MAX_TEXT),
            plain=self.text("output", one.plain, MAX_TEXT),
            artifact=self.text("output", one.artifact),
            dropped=self.whole("output", one.dropped) or 0,
        )

    def execution(self, one: ExecutionRecord) -> ExecutionRecord:
        number = self.whole("execution", one.number)
        if number is None:
            raise BadSource(f"An execution of session '{self._run.id}' has the number {values.brief(one.number)}.")
        return structs.replace(
            one,
            execution=self.whole("execution", one.execution),
            cell=self.text("cell", one.cell),
            source=self.text("code", one.source, MAX_TEXT),
            started=self.moment("start", one.started),
            ended=self.moment("end", one.ended),
            status=self.text("status", one.status),
            facts=self.plain("an execution", one.facts) or {},
        )


def _as_text(value: Any) -> str:
    try:
        return hex(value) if type(value) is int else str(value)
    except Exception as error:  # a user's __str__, an integer of too many digits inside of a list
        raise BadSource(f"A param of type {type(value).__name__} cannot be written as text.") from error


_DEEDS = {
    "names were mended": "has characters that no name may have, or is too long, and was mended",
    "characters that no text can hold were replaced": "has characters that no text can hold; they were replaced",
    "texts were cut": "was cut",
    "times were left out": "is no time and was left out",
    "numbers were left out": "is larger than 64 bits and was left out",
    "params were cut": "was cut to what is kept of a param",
    "params were kept as texts": "has no plain value and was kept as text",
    "names that come twice were numbered": "comes twice; the second was given a number",
}
