"""What is what between MLflow and nbtrack: statuses, params as texts, names, tags, datasets.

MLflow itself is not imported here: its entities come in as they are, and plain texts go out.

* A param of MLflow is a text. One that is exactly how Python writes a number, ``True``, ``False`` or ``None`` becomes
  that value; written again it is the same text. A value of nbtrack's that would not come back from its text is told
  by `comes_back`, so that whoever sends it can keep the value itself beside.
* MLflow's times are whole milliseconds, nbtrack's seconds.
* ``mlflow.runName``, ``mlflow.note.content`` and ``mlflow.parentRunId`` are a run's name, note and parent; all other
  tags stay tags of their name.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Container, Mapping
from typing import Any

from nbtrack.base.errors import BadSource
from nbtrack.runs.values import brief, encode
from nbtrack.transfer.records import DatasetRecord

RUN_ID = "nbtrack.run_id"  # the tag by which a server knows a run of nbtrack's
EXACT = "nbtrack.exact"  # the tag that names the artifact with what the server cannot hold
NAME, NOTE, PARENT, USER = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId", "mlflow.user"
COMMIT = "mlflow.source.git.commit"
OWN_TAGS = frozenset({NAME, NOTE, PARENT, RUN_ID, EXACT})  # which are no tags on this side
DEFAULT = ("Default", "default")  # how MLflow and nbtrack call the experiment nobody named

MAX_KEY = 250  # characters of a name
MAX_PARAM = 6000  # characters of a param's text
MAX_TAG = 8000

DATASET = ("name", "digest", "source_type", "source", "schema", "profile")

_FROM_STATUS = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "interrupted"}
_TO_STATUS = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "failed": "FAILED",
    "crashed": "FAILED",
    "interrupted": "KILLED",
}
_WORDS: dict[str, Any] = {"None": None, "True": True, "False": False}
_WHOLE = re.compile(r"-?[1-9][0-9]{0,4000}|0")
_UNFIT = re.compile(r"[^/\w.\- :]")


# -- values


def seconds(milliseconds: Any) -> float | None:
    """A time of MLflow's as nbtrack's; None stays None.

    Raises:
        BadSource: it is no number, as it may be in a file that somebody else wrote.
    """
    if milliseconds is None:
        return None
    if not isinstance(milliseconds, (int, float)):
        raise BadSource(f"MLflow gives {brief(milliseconds)} as a time.", "Mend it in the run's meta.yaml.")
    return milliseconds / 1000


def milliseconds(moment: float) -> int:
    """A time of nbtrack's as MLflow's, to the nearest: what came from there goes back as it was."""
    return round(moment * 1000)


def param_value(text: str) -> Any:
    """The value whose text this is: a number, bool or None where Python writes it just so, else the text."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if len(text) < 32:  # no float's text is longer
        try:
            number = float(text)
        except ValueError:
            return text
        if repr(number) == text:
            return number
    return text


def param_text(value: Any) -> str:
    """A value as MLflow's own ``log_param`` writes it. What no server takes is escaped.

    A NUL and half a character (a lone surrogate) become ``\\x00`` and ``\\ud800``.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 14_000:
        return hex(value)  # Python writes no more digits than 4,300
    return clean_text(str(value))


def comes_back(value: Any) -> bool:
    """Whether a param's text, read again, is the value: 1 is, the text "1" is not, nor is a list."""
    if isinstance(value, (list, dict)):
        return False
    text = param_text(value)
    return len(text) <= MAX_PARAM and [repr(x) for x in encode(param_value(text))] == [repr(x) for x in encode(value)]


def clean_text(text: str) -> str:
    """A text without what databases behind MLflow's servers refuse."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def cut(text: str, limit: int) -> str:
    """A text of at most so many characters, that says by its end that there was more."""
    if len(text) <= limit:
        return text
    ending = f"… ({len(text):,} characters)"
    return text[: limit - len(ending)] + ending


# -- names


def experiment_in(name: str) -> str:
    """What an experiment of MLflow's is called here."""
    return DEFAULT[1] if name == DEFAULT[0] else name


def experiment_out(name: str) -> str:
    """What an experiment is called there."""
    return DEFAULT[0] if name == DEFAULT[1] else name


def name_out(name: str, taken: Container[str] = ()) -> str:
    """A name of a param, metric or tag that MLflow takes: itself where it can be.

    Else other characters become "_", "." and ".." between slashes too; a name that is ``taken`` or too long gets an end
    made from the whole.
    """
    if fits(name) and name not in taken:
        return name
    parts = [part if part not in (".", "..") else "_" * len(part) for part in _UNFIT.sub("_", name).split("/")]
    plain = "/".join(part for part in parts if part) or "_"
    if plain not in taken and len(plain) <= MAX_KEY:
        return plain
    ending = "_" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return plain[: MAX_KEY - len(ending)].rstrip("/") + ending


def fits(name: str) -> bool:
    """Whether MLflow takes a name as it is."""
    if not name or len(name) > MAX_KEY or _UNFIT.search(name):
        return False
    plain = posixpath.normpath(name)
    return plain == name and plain != "." and not plain.startswith(("..", "/"))


# -- runs


def status_in(status: str) -> str:
    """A status of MLflow's as nbtrack's; SCHEDULED is "running", like RUNNING."""
    return _FROM_STATUS.get(status, "running")


def status_out(status: str, said: str | None = None) -> str:
    """A status of nbtrack's as MLflow's. said: what MLflow called it, which stays as long as it means the same."""
    if said is not None and status_in(said) == status:
        return said
    return _TO_STATUS[status]


def tags_in(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that are tags here too."""
    return {name: value for name, value in tags.items() if name not in OWN_TAGS}


def git_in(tags: Mapping[str, str]) -> dict[str, Any] | None:
    """The state of git, as far as MLflow records it."""
    commit = tags.get(COMMIT)
    return {"commit": commit, "branch": tags.get("mlflow.source.git.branch")} if commit else None


# -- datasets


def dataset_in(given: Mapping[str, Any], tags: Mapping[str, str]) -> DatasetRecord:
    """A dataset that a run of MLflow's read.

    given: name, digest, source_type, source, schema and profile, as `mlflow.entities.Dataset` has them. Its role is the
    context that it was logged with, such as "training".
    """
    info = {name: given[name] for name in DATASET if given.get(name)}
    return DatasetRecord(
        name=str(given["name"]),
        role="input",
        kind=str(given.get("source_type") or "data"),
        path=_path(given.get("source")),
        hash=f"mlflow-{given['digest']}" if given.get("digest") else None,
        info={"mlflow": info, "tags": dict(tags)},
    )


def dataset_out(record: DatasetRecord) -> tuple[dict[str, Any], dict[str, str]]:
    """A dataset as MLflow describes one, and its tags; one that came from there as it was."""
    about = record.info.get("mlflow")
    if isinstance(about, dict):
        return {"name": record.name, **about}, dict(record.info.get("tags") or {})
    source = json.dumps({"uri": record.path} if record.path else {})
    digest = (record.hash or "").rpartition("-")[2][:36] or "unknown"
    found = {"name": record.name[:500], "digest": digest, "source_type": "local" if record.path else "code"}
    return {**found, "source": source}, {"mlflow.data.context": record.role}


def _path(source: Any) -> str | None:
    """Where the data lie, if the source says so in one of the ways that MLflow's own sources do."""
    try:
        found = json.loads(source) if isinstance(source, str) else None
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    for name in ("uri", "url", "path"):
        if isinstance(found.get(name), str) and found[name]:
            return str(found[name])
    return None
