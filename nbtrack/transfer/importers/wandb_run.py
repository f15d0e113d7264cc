"""What one of W&B's files says of its run: everything but the history itself, found in one pass over it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.transfer.importers import parts
from nbtrack.transfer.importers.parts import Notes
from nbtrack.transfer.records import OutputRecord

Records = Callable[[Notes], Iterator[Any]]
_OUTPUT = 1 << 20  # characters of the console that are kept
_DEEPEST = 30  # levels of names
_INTERRUPTED = 255  # W&B's exit code after Ctrl-C
_PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)")


@dataclass
class Row:
    """One call of ``wandb.log``: its step, Unix seconds, and what was logged by dotted names."""

    step: int
    time: float
    items: list[tuple[str, Any]]


@dataclass
class Entry:
    """A file of a logged artifact. local: where W&B keeps it on the machine that logged it."""

    path: str
    size: int
    local: str
    reference: str


@dataclass
class Artifact:
    """A logged artifact."""

    name: str
    type: str
    aliases: list[str]
    entries: list[Entry] = field(default_factory=list)

    def about(self) -> dict[str, Any]:
        """As plain data."""
        files = [{"path": one.path, "size": one.size, "reference": one.reference} for one in self.entries[:1000]]
        return {"name": self.name, "type": self.type, "aliases": self.aliases, "files": files}


class Scan:
    """A file's run. notes: what is to be said of it. logged: the names of the history. last: its last Unix seconds."""

    def __init__(self, log: Path, records: Records) -> None:
        self.log = log
        self.records = records
        self.notes = Notes()
        self.identity = ("", "", "")
        self.name = self.note = self.host = ""
        self.program: str | None = None
        self.config: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.logged: set[str] = set()
        self.artifacts: list[Artifact] = []
        self.environment: dict[str, Any] = {}
        self.git: dict[str, Any] | None = None
        self.started = self.last = 0.0
        self.last_step = 0
        self.others = False
        self._exit: Any = None
        self._console: list[tuple[str, str]] = []
        self._printed = self._dropped = 0

    @classmethod
    def of(cls, log: Path, records: Records) -> Scan | None:
        """Read a file through; None if it holds no run."""
        scan = cls(log, records)
        for record in records(scan.notes):
            kind = record.WhichOneof("record_type")
            take = _TAKES.get(kind)
            if take is not None:
                with parts.reading(log, f"the record '{kind}' number {record.num}"):
                    take(scan, getattr(record, kind))
        if not scan.identity[2]:
            return None
        scan.last = max(scan.last, scan.started)
        scan._packages()
        return scan

    def end(self) -> tuple[str, str | None]:
        """The run's status, and why it ended so."""
        if self._exit is None:
            return "crashed", "W&B's file has no end: the process was killed, or it was still running"
        code = self._exit.exit_code
        if code in (0, _INTERRUPTED):
            return ("interrupted", None) if code else ("finished", None)
        return "failed", f"exit code {code}"

    def outputs(self) -> list[OutputRecord]:
        """What was printed, where W&B kept it in this file rather than in ``output.log``."""
        if (self.log.parent / "files" / "output.log").is_file():
            return []
        made: list[OutputRecord] = []
        for kind, text in self._console:
            if made and made[-1].kind == kind:
                made[-1].text = (made[-1].text or "") + text
            else:
                made.append(OutputRecord(kind, "text/plain", text))
        if made:
            made[-1].dropped = self._dropped
        return made

    def value(self, item: Any) -> Any:
        """The value of an item of a record; a text that is no JSON stays one."""
        try:
            return parts.loads(item.value_json)
        except ValueError:
            return item.value_json

    def row(self, history: Any) -> Row:
        """A record of the history."""
        data = nested((path_of(item), self.value(item)) for item in history.item)
        step = parts.step_of(data.pop("_step", None))
        time = parts.number(data.pop("_timestamp", None))
        data.pop("_runtime", None)
        data.pop("_wandb", None)
        items = parts.flat(data, lambda value: "_type" in value)
        return Row(history.step.num if step is None else step, self.started if time is None else time, items)

    # -- the kinds of record

    def _take_run(self, run: Any) -> None:
        first = not self.identity[2]
        self.identity = (run.entity, run.project, run.run_id)
        self.name, self.note, self.host = run.display_name, parts.cut(run.notes, 1 << 20), run.host
        self.tags = dict.fromkeys(run.tags, "")
        for name, value in (("group", run.run_group), ("job_type", run.job_type), ("sweep", run.sweep_id)):
            if value:
                self.tags[name] = value
        if first:
            self.started = seconds(run.start_time)
        self._take_config(run.config)
        self._take_summary(run.summary)
        if run.HasField("git"):
            self._take_git(run.git)

    def _take_config(self, config: Any) -> None:
        for item in config.update:
            _put(self.config, path_of(item), self.value(item))
        for item in config.remove:
            _take(self.config, path_of(item))
        self.config.pop("_wandb", None)

    def _take_summary(self, summary: Any) -> None:
        for item in summary.update:
            _put(self.summary, path_of(item), self.value(item))
        for item in summary.remove:
            _take(self.summary, path_of(item))
        self.summary.pop("_wandb", None)

    def _take_history(self, history: Any) -> None:
        row = self.row(history)
        self.last = max(self.last, row.time)
        self.last_step = max(self.last_step, row.step)
        for name, value in row.items:
            self.logged.add(name)
            if parts.number(value) is None:
                self.others = True
            elif parts.is_rounded(value):
                self.notes.add(
                    f"'{parts.brief(name)}' has an integer that a metric cannot hold exactly: it was rounded."
                )

    def _take_stats(self, stats: Any) -> None:
        self.last = max(self.last, seconds(stats.timestamp))

    def _take_environment(self, one: Any) -> None:
        found = {"python": one.python.removeprefix("CPython "), "system": one.os}
        self.environment |= {name: value for name, value in found.items() if value}
        if one.cpu.model:
            self.environment["cpu"] = {"model": one.cpu.model, "count": one.cpu_count_logical, "usable": None}
        if one.memory.total:
            self.environment["memory"] = int(one.memory.total)
        if one.gpu_type:
            self.environment["gpus"] = [{"name": one.gpu_type, "memory": None, "driver": None}] * min(one.gpu_count, 64)
        if one.program or one.code_path:
            self.program = Path(one.code_path or one.program).name
        if one.HasField("git"):
            self._take_git(one.git)

    def _take_git(self, git: Any) -> None:
        if git.commit or git.remote_url:
            self.git = {"commit": git.commit or None, "branch": None, "dirty": None, "remote": git.remote_url or None}

    def _take_output(self, output: Any) -> None:
        text = parts.cut(output.line, _OUTPUT)
        if self._printed + len(text) > _OUTPUT:
            self._dropped += len(text)
            return
        self._printed += len(text)
        self._console.append(("stderr" if output.output_type == 0 else "stdout", text))

    def _take_artifact(self, artifact: Any) -> None:
        found = Artifact(artifact.name, artifact.type, list(artifact.aliases))
        for one in artifact.manifest.contents:
            found.entries.append(Entry(one.path, one.size, one.local_path, one.ref))
        self.artifacts.append(found)

    def _take_alert(self, alert: Any) -> None:
        self.others = True

    def _take_exit(self, end: Any) -> None:
        self._exit = end
        self.last = max(self.last, self.started + end.runtime)

    def _packages(self) -> None:
        path = self.log.parent / "files" / "requirements.txt"
        if path.is_file() and path.stat().st_size < 1 << 20:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            found = [match for line in lines if (match := _PACKAGE.match(line))]
            self.environment["packages"] = {match[1].lower().replace("_", "-"): match[2] for match in found}


_TAKES: dict[str, Callable[[Scan, Any], None]] = {
    "run": Scan._take_run,
    "config": Scan._take_config,
    "summary": Scan._take_summary,
    "history": Scan._take_history,
    "stats": Scan._take_stats,
    "environment": Scan._take_environment,
    "output": Scan._take_output,
    "output_raw": Scan._take_output,
    "artifact": Scan._take_artifact,
    "alert": Scan._take_alert,
    "exit": Scan._take_exit,
}


def seconds(timestamp: Any) -> float:
    """A timestamp of protocol buffers as Unix seconds."""
    return float(timestamp.seconds + timestamp.nanos / 1e9)


def path_of(item: Any) -> tuple[str, ...]:
    """The names, outermost first, under which an item stands."""
    names = tuple(item.nested_key) or (item.key,)
    return names if len(names) <= _DEEPEST else (*names[:_DEEPEST], ".".join(names[_DEEPEST:]))


def nested(items: Iterable[tuple[tuple[str, ...] | str, Any]]) -> dict[str, Any]:
    """A nested dict of items by their paths."""
    made: dict[str, Any] = {}
    for path, value in items:
        _put(made, (path,) if isinstance(path, str) else path, value)
    return made


def _put(data: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        below = data.get(name)
        if not isinstance(below, dict):
            below = data[name] = {}
        data = below
    data[path[-1]] = value


def _take(data: dict[str, Any], path: tuple[str, ...]) -> None:
    for name in path[:-1]:
        below: Any = data.get(name)
        if not isinstance(below, Mapping):
            return
        data = below  # type: ignore[assignment]
    data.pop(path[-1], None)
