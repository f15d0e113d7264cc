"""W&B's words for what is no number: tables, pictures and artifacts, kept until they are logged."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from nbtrack.base.errors import InvalidValue, NotFound
from nbtrack.runs import given
from nbtrack.runs.values import brief
from nbtrack.sdk import media


class Table:
    """A table: ``Table(columns=["a", "b"], data=[[1, 2]])`` or ``Table(dataframe=frame)``. Logged it becomes CSV.

    Raises:
        InvalidValue: rows of another length than the columns.
    """

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        **_: Any,
    ) -> None:
        data = dataframe if dataframe is not None else data if data is not None else rows
        if hasattr(data, "to_pandas"):
            data = data.to_pandas()
        if hasattr(data, "itertuples"):
            self.columns = [str(name) for name in data.columns]
            self.data: list[list[Any]] = [list(row) for row in data.itertuples(index=False, name=None)]
            return
        found = [list(row) for row in (data if data is not None else ())]
        width = len(found[0]) if found and columns is None else 3
        names = ("Input", "Output", "Expected") if columns is None and width == 3 else range(width)
        self.columns = [str(name) for name in (columns if columns is not None else names)]
        self.data = []
        for row in found:
            self.add_data(*row)

    def add_data(self, *values: Any) -> None:
        """Add a row."""
        if len(values) != len(self.columns):
            raise InvalidValue(f"A row of {len(values)} values for {len(self.columns)} columns: {self.columns}.")
        self.data.append(list(values))

    def add_column(self, name: str, data: Iterable[Any]) -> None:
        """Add a column."""
        found = list(data)
        if self.data and len(found) != len(self.data):
            raise InvalidValue(f"A column of {len(found)} values for {len(self.data)} rows.")
        self.data = [[*row, value] for row, value in zip(self.data or [[] for _ in found], found, strict=True)]
        self.columns.append(str(name))

    def get_column(self, name: str) -> list[Any]:
        """The values of a column."""
        if name not in self.columns:
            raise InvalidValue(f"The table has no column {brief(name)}.", f"It has {self.columns}.")
        return [row[self.columns.index(name)] for row in self.data]

    def get_dataframe(self) -> Any:
        """The table as pandas has it."""
        import pandas as pd

        return pd.DataFrame(self.data, columns=self.columns)

    def contents(self) -> tuple[bytes, str]:
        """The table as CSV; a picture in it is told by its caption."""
        import pandas as pd

        rows = [[str(one) if isinstance(one, Image) else one for one in row] for row in self.data]
        return media.table_bytes(pd.DataFrame(rows, columns=self.columns), "x.csv")


class Image:
    """A picture: an array, a tensor (channels first), a PIL image, a matplotlib figure, or a file.

    Raises:
        InvalidValue: it is none, or has masks or boxes.
    """

    def __init__(self, data_or_path: Any, mode: str | None = None, caption: str | None = None, **more: Any) -> None:
        for name in ("masks", "boxes", "classes"):
            if more.get(name):
                raise InvalidValue(f"wandb.Image({name}=…) is not supported here.", "Draw them with matplotlib.")
        self.caption = caption
        self._data, self._mime = _picture(data_or_path)

    def contents(self) -> tuple[bytes, str]:
        """The picture as a file's bytes, with their kind."""
        return self._data, self._mime

    def __str__(self) -> str:
        return f"<image: {self.caption}>" if self.caption else "<image>"


def _picture(data: Any) -> tuple[bytes, str]:
    if isinstance(data, Image):
        return data.contents()
    if hasattr(data, "savefig"):
        return media.figure_bytes(data, "x.png")
    if hasattr(data, "detach"):  # torch keeps channels first
        data = data.detach().cpu()
        data = data.permute(1, 2, 0).numpy() if data.ndim == 3 and data.shape[0] in (1, 3, 4) else data.numpy()
    return media.image_bytes(data, "x.png")


class Artifact:
    """Files under one name, which `log_artifact` stores with the run, below ``artifacts/NAME``."""

    def __init__(
        self, name: str, type: str, description: str | None = None, metadata: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        self.name = given.artifact_path(name)
        self.type = str(type)
        self.description = description
        self.metadata: dict[str, Any] = dict(metadata or {})
        self.files: dict[str, Path | bytes] = {}

    def add_file(self, local_path: str | Path, name: str | None = None, **_: Any) -> None:
        """Add a file, as it is when the artifact is logged. Raises NotFound if there is none."""
        path = given.local_path(local_path)
        if not path.is_file():
            raise NotFound(f"No file {brief(str(path))} in '{Path.cwd()}'.", "Give the path of a file that exists.")
        self.files[given.artifact_path(name or path.name)] = path

    def add_dir(self, local_path: str | Path, name: str | None = None, **_: Any) -> None:
        """Add the files of a folder, with their folders. Raises NotFound if there is none."""
        folder = given.local_path(local_path)
        if not folder.is_dir():
            raise NotFound(f"No folder {brief(str(folder))} in '{Path.cwd()}'.", "Give a folder that exists.")
        root = folder.resolve()
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.resolve().is_relative_to(root) and not given.is_own(path):
                where = path.relative_to(folder).as_posix()
                self.files[given.artifact_path(f"{name}/{where}" if name else where)] = path

    def add(self, obj: Any, name: str) -> None:
        """Add a Table or an Image."""
        if not isinstance(obj, (Table, Image)):
            raise InvalidValue(f"{brief(obj)} cannot be added to an artifact.", "Add a Table, an Image or a file.")
        suffix = ".csv" if isinstance(obj, Table) else ".png"
        self.files[given.artifact_path(name if Path(name).suffix else name + suffix)] = obj.contents()[0]

    @contextmanager
    def new_file(self, name: str, mode: str = "w", encoding: str | None = None) -> Iterator[IO[Any]]:
        """A file to write that is added when the block ends."""
        where = given.artifact_path(name)
        with tempfile.TemporaryDirectory(prefix="nbtrack-") as folder:
            path = Path(folder, "made")
            with path.open(mode, encoding=encoding) as file:
                yield file
            self.files[where] = path.read_bytes()

    def wait(self, timeout: int | None = None) -> Artifact:
        """Itself: it is stored when it is logged."""
        return self

    def download(self, root: str | Path | None = None) -> str:
        """Copy its files into a folder."""
        folder = Path(root) if root is not None else Path("artifacts", self.name)
        for where, content in self.files.items():
            target = folder / where
            target.parent.mkdir(parents=True, exist_ok=True)
            with (
                target.open("wb") as file,
                io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as source,
            ):
                shutil.copyfileobj(source, file)
        return str(folder)

    def about(self) -> bytes:
        """What is said of it, as JSON."""
        said = {"name": self.name, "type": self.type, "description": self.description, "metadata": self.metadata}
        return json.dumps(said, indent=2, default=str).encode()
