"""What an MLflow store holds, read in chunks: experiments, runs, the histories of their metrics, models."""

from __future__ import annotations

import urllib.parse
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from nbtrack.base.errors import BadSource
from nbtrack.transfer.mlflow import RUN_ID, seconds
from nbtrack.transfer.records import Points, made_id
from nbtrack.transfer.sync.opening import Opened

CHUNK = 100  # runs whose histories are asked for at once: as many as a server takes
_PAGE = 500  # runs in one answer
_FILE_PAGE = 50_000  # a file store reads all its runs for every page
_BULK = 25_000  # points in one answer
_KEPT = 1_000_000  # points of a chunk kept at a time; what is more is asked for run by run
_KEYS = 200  # metrics asked for in bulk; of more, each is rare
# What a file store raises for a file with a line that it cannot read, or without one that it needs.
_UNREAD = (ValueError, TypeError, LookupError, AttributeError)
_HINT = "Mend or remove its folder there; nothing was imported."

_BULK_ROUTE = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"


class Reader:
    """Reads of an open store. notes: what could not be read, a sentence each."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.notes: list[str] = []
        self._ids: dict[str, str] = {}  # ours by theirs
        self._theirs: dict[str, str] = {}
        self._bulk = True

    # -- experiments and runs

    def experiments(self, only: Collection[str] = ()) -> list[Any]:
        """The experiments, deleted ones too, or those of some names.

        Raises:
            BadSource: there is none of a name, or one is broken.
        """
        from mlflow.entities import ViewType

        found: list[Any] = []
        token = None
        while True:
            try:
                page = self.opened.store.search_experiments(view_type=ViewType.ALL, max_results=1000, page_token=token)
            except _UNREAD as error:
                which = self._culprit_experiment()
                raise BadSource(f"MLflow cannot read its own experiment {which}: {error}.", _HINT) from error
            found += page
            token = page.token
            if not token:
                break
        missing = set(only) - {one.name for one in found}
        if missing:
            names = ", ".join(sorted(one.name for one in found)[:10])
            raise BadSource(f"'{self.opened.place}' has no experiment '{min(missing)}'.", f"There are: {names}.")
        found = [one for one in found if not only or one.name in only]
        return sorted(found, key=lambda one: (one.creation_time or 0, one.experiment_id))

    def runs(self, experiments: Sequence[Any], filter: str = "") -> Iterator[list[Any]]:
        """The runs of experiments, deleted ones too, the oldest first, in chunks. filter: in MLflow's own words."""
        from mlflow.entities import ViewType

        size = _PAGE if self.opened.runs is None else _FILE_PAGE
        for start in range(0, len(experiments), CHUNK):
            ids = [one.experiment_id for one in experiments[start : start + CHUNK]]
            token = None
            while True:
                try:
                    page = self.opened.store.search_runs(
                        ids, filter, ViewType.ALL, size, ["attributes.start_time ASC", "attributes.run_id ASC"], token
                    )
                except _UNREAD as error:
                    which = self._culprit(ids)
                    raise BadSource(f"MLflow cannot read its own run {which}: {error}.", _HINT) from error
                for run in page:
                    self.id_of(run)
                for first in range(0, len(page), CHUNK):
                    yield page[first : first + CHUNK]
                token = page.token
                if not token:
                    break

    def missing(self, experiments: Sequence[Any], read: Collection[str]) -> str | None:
        """A run's folder in a file store that MLflow itself passed over because it is broken."""
        if self.opened.runs is None:
            return None
        for experiment in experiments:
            for trash in ("", ".trash"):
                folder = self.opened.runs / trash / experiment.experiment_id
                for meta in folder.glob("*/meta.yaml") if folder.is_dir() else ():
                    if meta.parent.name not in read and (meta.parent / "params").is_dir():
                        return f"{experiment.experiment_id}/{meta.parent.name}"
        return None

    def _culprit(self, experiments: Sequence[str]) -> str:
        """The first run of a file store that cannot be read."""
        for experiment in experiments if self.opened.runs is not None else ():
            for trash in ("", ".trash"):
                for meta in sorted((self.opened.runs or Path()).glob(f"{trash or '.'}/{experiment}/*/meta.yaml")):
                    try:
                        self.opened.store.get_run(meta.parent.name)
                    except Exception:  # noqa: BLE001 (whatever is wrong with it)
                        return f"{experiment}/{meta.parent.name}"
        return "of these experiments"

    def _culprit_experiment(self) -> str:
        """The first experiment of a file store that cannot be read."""
        for meta in sorted((self.opened.runs or Path()).glob("*/meta.yaml")) if self.opened.runs is not None else ():
            try:
                self.opened.store.get_experiment(meta.parent.name)
            except Exception:  # noqa: BLE001 (whatever is wrong with it)
                return f"'{meta.parent.name}'"
        return "of this store"

    # -- ids

    def id_of(self, run: Any) -> str:
        """What a run is called here: as it was when it came from nbtrack, else an id made from its own.

        MLflow's ids are unique everywhere, so that a run is the same whichever way it comes.
        """
        theirs = run.info.run_id
        known = self._ids.get(theirs)
        if known is None:
            told = run.data.tags.get(RUN_ID, "")
            known = told if _is_id(told) and told not in self._theirs else made_id("mlflow", theirs)
            self._ids[theirs] = known
            self._theirs[known] = theirs
        return known

    def parent_of(self, theirs: str) -> str | None:
        """What the parent of a run is called here, by its id there; None if it is gone."""
        if theirs not in self._ids:
            with suppress(Exception):  # it was deleted for good
                self.id_of(self.opened.store.get_run(theirs))
        return self._ids.get(theirs)

    # -- metrics

    def histories(self, runs: Sequence[Any]) -> dict[str, dict[str, Points]]:
        """All points of some runs, as far as they can be had in few questions, by run and metric.

        Each series is in order of time, then step. A run that is missing here is to be asked for by `history`.
        """
        keys: dict[str, list[str]] = {}
        for run in runs:
            for key in run.data.metrics:
                keys.setdefault(key, []).append(run.info.run_id)
        found: dict[str, dict[str, Points]] = {run.info.run_id: {} for run in runs}
        if self.opened.runs is not None or not self._bulk or (len(keys) > _KEYS and len(keys) > 2 * len(runs)):
            return {} if keys else found
        kept = 0
        for key, ids in keys.items():
            for start in range(0, len(ids), CHUNK):
                part = ids[start : start + CHUNK]
                points = None if kept > _KEPT else self._bulk_points(part, key)
                if points is None:
                    for one in part:
                        found.pop(one, None)
                    continue
                kept += sum(len(series.values) for series in points.values())
                for one in part:
                    if one in points and one in found:
                        found[one][key] = points[one]
                    elif one not in points:
                        found.pop(one, None)
        return found

    def history(self, run: Any, key: str) -> Iterator[Points]:
        """All points of one metric of a run, in chunks; a model's own measurements are told apart nowhere."""
        if self.opened.runs is not None:
            yield self._from_file(run, key)
            return
        token = None
        while True:
            page = self.opened.store.get_metric_history(run.info.run_id, key, _BULK, token)
            yield _points(key, [(one.step, one.timestamp, one.value) for one in page])
            token = getattr(page, "token", None)
            if not token:
                return

    def _bulk_points(self, runs: Sequence[str], key: str) -> dict[str, Points] | None:
        """One metric of several runs; without the last of them where the answer was cut. None if it cannot be asked."""
        store = self.opened.store
        if self.opened.folder is None:
            rows = self._asked(runs, key)
        elif hasattr(store, "get_metric_history_bulk"):
            answer = store.get_metric_history_bulk(list(runs), key, _BULK)
            rows = [(one.run_id, one.step, one.timestamp, one.value) for one in answer]
        else:
            rows = None
        if rows is None:
            self._bulk = False
            return None
        by_run: dict[str, list[tuple[int, int, float]]] = {}
        for run, step, moment, value in rows:
            by_run.setdefault(run, []).append((step, moment, value))
        if len(rows) >= _BULK:
            del by_run[rows[-1][0]]
        return {run: _points(key, points) for run, points in by_run.items()}

    def _asked(self, runs: Sequence[str], key: str) -> list[tuple[str, int, int, float]] | None:
        """The same of a server, by the route that its own pages use; None from one that has none."""
        rest: Any = import_module("mlflow.utils.rest_utils")
        creds = getattr(self.opened.store, "get_host_creds", None)
        if creds is None or not self.opened.uri.startswith("http"):
            return None
        question = urllib.parse.urlencode([*(("run_id", run) for run in runs), ("metric_key", key)])
        answer = rest.http_request(creds(), f"{_BULK_ROUTE}?{question}", "GET", raise_on_status=False)
        if answer.status_code != 200:
            return None
        rows = answer.json()["metrics"]
        return [(one["run_id"], int(one["step"]), int(one["timestamp"]), float(one["value"])) for one in rows]

    def _from_file(self, run: Any, key: str) -> Points:
        """A series of a file store, straight from its file: MLflow's own reader looks the run up for every metric."""
        made = Points(key)
        file = run_folder(self.opened, run) / "metrics" / Path(*key.split("/"))
        try:
            with file.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    parts = line.split()
                    if not parts:
                        continue
                    try:
                        made.times.append(int(parts[0]) / 1000)
                        made.values.append(float(parts[1]))
                        made.steps.append(int(parts[2]) if len(parts) > 2 else 0)
                    except (ValueError, IndexError, OverflowError) as error:
                        raise BadSource(
                            f"Line {number} of the metric '{key}' of MLflow's run {run.info.run_id} is no point.",
                            f"It is in {file}.",
                        ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise BadSource(f"The metric '{key}' of MLflow's run {run.info.run_id} cannot be read: {error}.") from error
        return made

    # -- models

    def versions(self) -> dict[str, dict[str, str]]:
        """Registered models by the run that made them: {run: {name: "3 @champion, 2"}}; none without a registry."""
        registry = self.opened.registry
        if registry is None:
            return {}
        found: dict[str, dict[str, list[tuple[int, str]]]] = {}
        try:
            for model in _all(registry.search_registered_models):
                aliases: dict[str, list[str]] = {}
                for alias, version in model.aliases.items():
                    aliases.setdefault(str(version), []).append(f"@{alias}")
                name = model.name.replace("'", "''")
                for one in _all(lambda **about: registry.search_model_versions(f"name = '{name}'", **about)):  # noqa: B023
                    stage = [] if one.current_stage in (None, "None", "") else [str(one.current_stage)]
                    words = " ".join([str(one.version), *sorted(aliases.get(str(one.version), [])), *stage])
                    if one.run_id:
                        found.setdefault(one.run_id, {}).setdefault(model.name, []).append((int(one.version), words))
        except Exception as error:  # noqa: BLE001 (a server without a registry, or with another one: the runs are what counts)
            self.notes.append(f"Its registered models could not be read: {' '.join(str(error).split())[:200]}")
        return {
            run: {name: ", ".join(words for _, words in sorted(ones, reverse=True)) for name, ones in models.items()}
            for run, models in found.items()
        }

    def models(self, experiments: Sequence[Any]) -> Iterator[Any]:
        """The logged models of experiments, as far as the store knows any."""
        search = getattr(self.opened.store, "search_logged_models", None)
        for start in range(0, len(experiments) if search else 0, CHUNK):
            ids = [one.experiment_id for one in experiments[start : start + CHUNK]]
            try:
                yield from _all(lambda **about: search(ids, **about))  # type: ignore[misc] # noqa: B023
            except Exception as error:  # noqa: BLE001 (MLflow 2 has none)
                self.notes.append(f"Its logged models could not be read: {' '.join(str(error).split())[:200]}")
                return


def run_folder(opened: Opened, run: Any) -> Path:
    """Where a run of a file store lies."""
    root, parts = opened.runs or Path(), (str(run.info.experiment_id), str(run.info.run_id))
    deleted = root.joinpath(".trash", *parts)
    return deleted if deleted.is_dir() else root.joinpath(*parts)


def _all(search: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(max_results=100, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _points(key: str, rows: list[tuple[int, int, float]]) -> Points:
    made = Points(key)
    made.steps.extend(row[0] for row in rows)
    made.times.extend(seconds(row[1]) or 0.0 for row in rows)
    made.values.extend(row[2] for row in rows)
    return made


def _is_id(text: str) -> bool:
    return len(text) == 12 and all(one in "0123456789abcdef" for one in text)
