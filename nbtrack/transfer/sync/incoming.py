"""MLflow's runs, experiments and models as records."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from nbtrack.base.errors import BadSource
from nbtrack.transfer import mlflow as words
from nbtrack.transfer.records import (
    DatasetRecord,
    ElsewhereRecord,
    ExperimentRecord,
    Item,
    ModelMetric,
    ModelRecord,
    Note,
    ParamRecord,
    Points,
    RunRecord,
    Whole,
    WholeModel,
)
from nbtrack.transfer.sync.artifacts import Artifacts
from nbtrack.transfer.sync.reading import Reader

REGISTERED = "mlflow.registered."  # tags of this beginning name the registered models that a run's are versions of

Wanted = Callable[[Any], bool]


def _every(run: Any) -> bool:
    return True


class Incoming:
    """What an open store holds, as records."""

    def __init__(self, reader: Reader, artifacts: Artifacts) -> None:
        self._reader = reader
        self._artifacts = artifacts
        self._versions: dict[str, dict[str, str]] = {}
        self._experiments: dict[str, Any] = {}

    def items(self, only: Collection[str] = (), filter: str = "", wanted: Wanted = _every) -> Iterator[Item]:
        """Experiments, then their runs, then their models.

        only: names of experiments. filter: of runs, in MLflow's words. wanted: whether a run is to be read at all.

        Raises:
            BadSource: something is broken; it is named.
        """
        experiments = self._reader.experiments(only)
        self._experiments = {one.experiment_id: one for one in experiments}
        self._versions = self._reader.versions()
        for one in experiments:
            yield experiment_record(one)
        read: set[str] = set()
        for runs in self._reader.runs(experiments, filter):
            chosen = [run for run in runs if wanted(run)]
            read.update(run.info.run_id for run in runs)
            histories = self._reader.histories(chosen)
            for run in chosen:
                yield self.whole(run, histories.pop(run.info.run_id, None))
        broken = None if filter else self._reader.missing(experiments, read)
        if broken:
            raise BadSource(f"MLflow cannot read its own run {broken}.", "Mend its meta.yaml, or move the folder away.")
        yield from self._models(experiments)

    def _models(self, experiments: Sequence[Any]) -> Iterator[Item]:
        for model in self._reader.models(experiments):
            record = self._model(model)
            yield WholeModel(record, partial(self._artifacts.at, model.artifact_location, record.created))
        yield from map(Note, self._reader.notes)

    def whole(self, run: Any, history: dict[str, Points] | None = None) -> Whole:
        """A run. history: its points, where they are known already."""
        started = words.seconds(run.info.start_time) or 0.0
        refused = self._artifacts.refused(run)
        record = self._record(run, started, refused)
        names = _mend(record, self._artifacts.exact(run)) if words.EXACT in run.data.tags and not refused else {}
        points = partial(self._points, run, history, names)
        return Whole(record, points, partial(self._artifacts.of, run))

    def _points(self, run: Any, history: dict[str, Points] | None, names: Mapping[str, str]) -> Iterator[Points]:
        for key in run.data.metrics:
            known = [history.get(key) or Points(key)] if history is not None else None
            for points in known if known is not None else self._reader.history(run, key):
                points.key = names.get(key, key)
                yield points

    def _record(self, run: Any, started: float, refused: str | None) -> RunRecord:
        info, tags = run.info, dict(run.data.tags)
        ended = words.seconds(info.end_time)
        experiment = self._experiments.get(info.experiment_id)
        inside = tags.get(words.PARENT)
        origin: dict[str, Any] = {"tool": "mlflow", "id": info.run_id, "from": self._reader.opened.place}
        if refused:
            origin["notes"] = [refused]
        about = {"origin": origin, "mlflow": _about(run, inside)} | _models_of(run)
        deleted = info.lifecycle_stage == "deleted"
        return RunRecord(
            id=self._reader.id_of(run),
            name=info.run_name or tags.get(words.NAME) or info.run_id[:8],
            experiment=words.experiment_in(experiment.name) if experiment is not None else "default",
            status=words.status_in(str(info.status)),
            started=started,
            ended=ended,
            parent=self._reader.parent_of(inside) if inside else None,
            note=tags.get(words.NOTE, ""),
            trashed=(ended or started) if deleted else None,
            params=[ParamRecord(key, words.param_value(text), at=started) for key, text in run.data.params.items()],
            tags={**words.tags_in(tags), **self._registered(info.run_id)},
            datasets=_datasets(run),
            git=words.git_in(tags),
            about=about,
            elsewhere={self._reader.opened.place: ElsewhereRecord(info.run_id)},
        )

    def _registered(self, run_id: str) -> dict[str, str]:
        return {REGISTERED + name: text for name, text in self._versions.get(run_id, {}).items()}

    def _model(self, model: Any) -> ModelRecord:
        experiment = self._experiments.get(model.experiment_id)
        source = self._ours(model.source_run_id)
        return ModelRecord(
            id=model.model_id,
            name=model.name,
            experiment=words.experiment_in(experiment.name) if experiment is not None else "default",
            run=source,
            status=str(getattr(model.status, "value", model.status)),
            created=words.seconds(model.creation_timestamp) or 0.0,
            updated=words.seconds(model.last_updated_timestamp) or 0.0,
            about={
                "params": dict(model.params or {}),
                "tags": dict(model.tags or {}),
                "type": model.model_type,
                "location": model.artifact_location,
                "source_run": source or model.source_run_id,
                "message": model.status_message,
            },
            metrics=[
                ModelMetric(
                    one.key,
                    math.nan if one.value is None else float(one.value),
                    words.seconds(one.timestamp) or 0.0,
                    one.step or 0,
                    self._ours(one.run_id),
                    one.dataset_name,
                    one.dataset_digest,
                )
                for one in model.metrics or []
            ],
        )

    def _ours(self, theirs: str | None) -> str | None:
        return self._reader.parent_of(theirs) if theirs else None


def _mend(record: RunRecord, exact: Mapping[str, Any]) -> dict[str, str]:
    """Put in what a server could not hold as it was, where it is still the same there; metrics' own names by theirs."""
    values, tags = _texts(exact, "params"), _texts(exact, "tags")
    by_name = {words.name_out(name): (name, value) for name, value in values.items()}
    for param in record.params:
        name, value = by_name.get(param.name, (param.name, param.value))
        text = words.cut(words.param_text(value), words.MAX_PARAM)
        if text == words.param_text(param.value):
            param.name, param.value = name, value
    for name, value in tags.items():
        there = words.name_out(name)
        if record.tags.get(there) == words.cut(words.clean_text(str(value)), words.MAX_TAG):
            del record.tags[there]
            record.tags[name] = str(value)
    note = exact.get("note")
    if isinstance(note, str) and words.cut(words.clean_text(note), words.MAX_TAG) == record.note:
        record.note = note
    return {there: str(here) for there, here in _texts(exact, "metrics").items()}


def _texts(exact: Mapping[str, Any], part: str) -> dict[str, Any]:
    found = exact.get(part)
    return found if isinstance(found, dict) else {}


def _about(run: Any, inside: str | None) -> dict[str, Any]:
    """What of a run has no place of its own here."""
    found: dict[str, Any] = {"status": str(run.info.status)}
    if run.info.user_id:
        found["user_id"] = run.info.user_id
    if inside:
        found["parent"] = inside
    return found


def _models_of(run: Any) -> dict[str, Any]:
    """Which logged models a run read and made, as nbtrack's own store for MLflow keeps it."""
    read = getattr(run.inputs, "model_inputs", None) if run.inputs is not None else None
    made = getattr(getattr(run, "outputs", None), "model_outputs", None)
    found: dict[str, Any] = {"inputs": [one.model_id for one in read]} if read else {}
    if made:
        found["outputs"] = [[one.model_id, one.step] for one in made]
    return {"models": found} if found else {}


def experiment_record(experiment: Any) -> ExperimentRecord:
    """An experiment. Its own files' place is not taken along: runs have their files here."""
    tags = dict(experiment.tags or {})
    note = tags.pop(words.NOTE, "")
    updated = words.seconds(experiment.last_update_time or experiment.creation_time)
    return ExperimentRecord(
        name=words.experiment_in(experiment.name),
        note=note,
        created=words.seconds(experiment.creation_time),
        trashed=updated if experiment.lifecycle_stage == "deleted" else None,
        about={"mlflow": {"tags": tags}} if tags else {},
    )


def _datasets(run: Any) -> list[DatasetRecord]:
    """The data a run read; of several with one name, all but the first have their digest in it."""
    found: dict[str, DatasetRecord] = {}
    for one in run.inputs.dataset_inputs if run.inputs is not None else ():
        given = {name: getattr(one.dataset, name, None) for name in words.DATASET}
        record = words.dataset_in(given, {tag.key: tag.value for tag in one.tags})
        if record.name in found:
            record.name = f"{record.name} ({given['digest']})"
        found.setdefault(record.name, record)
    return list(found.values())
