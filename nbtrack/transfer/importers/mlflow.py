"""MLflow: a folder of runs (``mlruns``), its SQLite database, or a tracking server.

Experiments, runs (deleted ones come into the trash), params, metrics with their history, tags, files, nested runs, data
sets and logged models come in. Registered models are tags of the runs that made them, such as
``mlflow.registered.churn`` = "3 @champion, 2", until nbtrack has a registry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from nbtrack.base.errors import InvalidOption
from nbtrack.transfer.records import Item
from nbtrack.transfer.sync.artifacts import Artifacts
from nbtrack.transfer.sync.incoming import Incoming
from nbtrack.transfer.sync.opening import local_path, opened, place_of
from nbtrack.transfer.sync.reading import Reader

_SERVERS = ("http://", "https://", "databricks", "azureml://", "arn:aws:sagemaker:", "sqlite:")
_HEAD = b"SQLite format 3\x00"
_LOOK = 1 << 20  # bytes of a database that are looked through for the names of MLflow's tables


class Mlflow:
    """MLflow's folders, databases and servers."""

    name = "mlflow"

    def knows(self, source: str) -> bool:
        """A server's address, a folder of experiments, or a SQLite file with MLflow's tables."""
        if source.startswith(_SERVERS):
            return True
        path = local_path(source)
        if path is None:
            return False
        if path.is_dir():
            return any(True for _ in path.glob("*/meta.yaml")) or (path / ".trash").is_dir()
        return path.is_file() and _is_database(path)

    def place(self, source: str) -> str:
        """The folder, the file, or the server's address without user and password."""
        return place_of(source)

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Item]:
        """Experiments, runs and models.

        options: "artifacts", a folder with files of runs that does not lie beside the source but may be read.

        Raises:
            BadSource: a run cannot be read. CannotRun: MLflow is not installed. Unreachable: the server is not there.
        """
        unknown = {name for name, text in options.items() if text} - {"artifacts"}
        if unknown:
            raise InvalidOption(
                f"MLflow's runs know no option '{min(unknown)}'.", "There is --option artifacts=FOLDER."
            )
        allowed = Path(options["artifacts"]).expanduser() if options.get("artifacts") else None
        with opened(source) as there:
            yield from Incoming(Reader(there), Artifacts(there, allowed)).items()


def _is_database(path: Path) -> bool:
    with path.open("rb") as reading:
        head = reading.read(_LOOK)
    return head.startswith(_HEAD) and b"experiment_tags" in head and b"latest_metrics" in head
