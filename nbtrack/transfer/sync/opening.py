"""Opening what MLflow keeps: a server, a folder of runs, a SQLite database; by MLflow's own stores.

A folder and a database are only read: the database in a copy, the folder through links to its experiments, since
MLflow's stores make files where they open something.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import tempfile
import urllib.parse
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from nbtrack.base.errors import CannotRun, InvalidOption, NbtrackError, Unreachable
from nbtrack.transfer.store import foreign

_PATIENCE = 10.0  # seconds to reach a server
_TRIGGERS = ("prevent_secrets_aad_mutation",)  # which MLflow's own schema has
_LOUD = ("alembic", "mlflow.store.db.utils", "mlflow.store.tracking.file_store")

_ADDRESS = "Give the address of an MLflow server, such as https://mlflow.example.org."


@dataclass
class Opened:
    """An MLflow store, open. place: what it is called in the table ``elsewhere``. folder: where a local one lies.

    store: `mlflow.store.tracking.abstract_store.AbstractStore`. registry: the registry of models beside it, if any.
    """

    uri: str
    place: str
    store: Any
    registry: Any = None
    folder: Path | None = None
    runs: Path | None = None  # the folder of a file store


def place_of(uri: str) -> str:
    """What a tracking URI is called here: without user, password and ending slash."""
    path = local_path(uri)
    if path is not None:
        return f"{'sqlite:///' if path.is_file() else 'file://'}{path.absolute().as_posix()}"
    if uri == "databricks":
        return uri
    parts = urllib.parse.urlsplit(uri)
    host = parts.netloc.rpartition("@")[2].lower()
    return urllib.parse.urlunsplit((parts.scheme.lower(), host, parts.path.rstrip("/"), "", ""))


def local_path(source: str) -> Path | None:
    """The file or folder that a source names, as a path, ``file:`` or ``sqlite:`` address; None if it is elsewhere."""
    scheme, colon, rest = source.partition(":")
    if colon and scheme == "sqlite":
        return Path(rest[3:]) if rest.startswith("///") else None
    if colon and scheme == "file":
        return Path(urllib.request.url2pathname(urllib.parse.urlsplit(source).path))
    if (colon and len(scheme) > 1) or source == "databricks":
        return None
    return Path(source).expanduser()


@contextmanager
def opened(source: str) -> Iterator[Opened]:
    """Open an MLflow server, folder or database.

    Raises:
        CannotRun: MLflow is not installed. InvalidOption: there is nothing MLflow can open.
        Unreachable: the server does not answer. StoreForeign: the database is damaged, or no plain one.
    """
    need_mlflow()
    path = local_path(source)
    with _in_words(source), _quiet():
        if path is None:
            yield _remote(source)
            return
        if not path.exists():
            raise InvalidOption(
                f"There is no '{path}'.", "Name MLflow's folder, its SQLite file or a server's address."
            )
        with tempfile.TemporaryDirectory(prefix="nbtrack-mlflow-") as folder:
            if path.is_dir():
                yield _folder(path.absolute(), Path(folder))
            else:
                made = _database(path.absolute(), Path(folder))
                try:
                    yield made
                finally:
                    made.store.engine.dispose()
                    made.registry.engine.dispose()


def need_mlflow() -> None:
    """Import MLflow, or say how to get it. Its telemetry stays off if it was not running before.

    Raises:
        CannotRun: it is not there.
    """
    if "mlflow" in sys.modules:
        return
    before = os.environ.get("MLFLOW_DISABLE_TELEMETRY")
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow  # noqa: F401
    except ImportError as error:
        raise CannotRun(
            f"MLflow is not installed here ({error}).", "Install it with `pip install 'nbtrack[mlflow]'`."
        ) from error
    finally:
        if before is None:
            del os.environ["MLFLOW_DISABLE_TELEMETRY"]
        else:
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = before


def _remote(uri: str) -> Opened:
    from mlflow import MlflowClient

    if uri.startswith("nbtrack:"):
        raise InvalidOption(f"'{uri}' is a project of nbtrack's own.", "Import its folder, or export runs as a zip.")
    _reach(uri)
    client: Any = MlflowClient(tracking_uri=uri, registry_uri=uri)
    registry = None
    with suppress(Exception):  # some servers have none
        registry = client._get_registry_client().store
    return Opened(uri, place_of(uri), client._tracking_client.store, registry)


def _reach(uri: str) -> None:
    """Try a server before MLflow does, which goes on trying for minutes."""
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        return
    if parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(parts.hostname):
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), _PATIENCE).close()
    except OSError as error:
        raise Unreachable(
            f"No server answers at {parts.hostname}:{port} ({error.strerror or error}).", "Is it running?"
        ) from error


def _folder(root: Path, work: Path) -> Opened:
    """A file store, seen through links: opened itself, it would be given a folder for deleted experiments."""
    if not any(one.name == "meta.yaml" for one in root.glob("*/meta.yaml")) and not (root / ".trash").is_dir():
        raise InvalidOption(f"'{root}' has no experiments of MLflow.", "Name the folder that is called mlruns.")
    view = work / "mlruns"
    view.mkdir()
    try:
        for one in root.iterdir():
            (view / one.name).symlink_to(one)
    except OSError:  # a system without links
        view = root
    before = os.environ.get("MLFLOW_ALLOW_FILE_STORE")
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # MLflow 3 asks for this before it reads its older format
    try:
        store, registry = _made("tracking.file_store.FileStore", str(view), root.as_uri()), None
        if (view / "models").is_dir():
            registry = _made("model_registry.file_store.FileStore", str(view))
    finally:
        if before is None:
            del os.environ["MLFLOW_ALLOW_FILE_STORE"]
        else:
            os.environ["MLFLOW_ALLOW_FILE_STORE"] = before
    return Opened(root.as_uri(), place_of(str(root)), store, registry, root, view)


def _database(path: Path, work: Path) -> Opened:
    copied = work / "mlflow.db"
    foreign.copy(path, copied, _TRIGGERS)
    uri = f"sqlite:///{copied.as_posix()}"
    from mlflow.exceptions import MlflowException

    if not foreign.has_tables(copied, ("experiments", "runs", "metrics", "params", "tags")):
        raise InvalidOption(f"'{path}' has no tables of MLflow.", "Name the file that is called mlflow.db.")
    root = path.parent.as_uri()
    try:
        store = _made("tracking.sqlalchemy_store.SqlAlchemyStore", uri, root)
    except MlflowException as error:
        if "out-of-date" not in str(error):
            raise
        _upgrade(uri)
        store = _made("tracking.sqlalchemy_store.SqlAlchemyStore", uri, root)
    registry = _made("model_registry.sqlalchemy_store.SqlAlchemyStore", uri)
    return Opened(f"sqlite:///{path.as_posix()}", place_of(str(path)), store, registry, path.parent)


def _made(home: str, *arguments: str) -> Any:
    """One of MLflow's stores."""
    module, _, name = home.rpartition(".")
    return getattr(import_module(f"mlflow.store.{module}"), name)(*arguments)


def _upgrade(uri: str) -> None:
    """Bring the copy of an older database to the schema of the MLflow that is here."""
    import sqlalchemy

    utils: Any = import_module("mlflow.store.db.utils")
    engine = sqlalchemy.create_engine(uri)
    try:
        utils._upgrade_db(engine)
    finally:
        engine.dispose()


@contextmanager
def _in_words(source: str) -> Iterator[None]:
    """Raise what MLflow and what it stands on raise as ours, naming the place."""
    try:
        yield
    except NbtrackError:
        raise
    except Exception as error:
        if not _of_mlflow(error):
            raise
        text = " ".join(str(error).split())[:500]
        raise Unreachable(f"MLflow cannot go on with '{place_of(source)}': {text.rstrip('.')}.", _ADDRESS) from error


def _of_mlflow(error: Exception) -> bool:
    rooms = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return bool(rooms & {"mlflow", "requests", "urllib3", "sqlalchemy", "alembic", "yaml"})


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of what MLflow's stores say to themselves."""
    loggers = [logging.getLogger(name) for name in _LOUD]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
