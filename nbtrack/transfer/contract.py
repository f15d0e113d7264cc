"""Shapes and operations of what goes out, on the wire."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from nbtrack.base.wire import Nothing, Op
from nbtrack.runs.contract import Selection

Format = Literal["html", "md", "tex", "csv", "json", "parquet", "ipynb", "py", "zip"]


class ExportRequest(Selection, kw_only=True):
    """Runs to be written into a file below ``exports/`` beside the notebook, or in the project's folder.

    runs: ids, in their order; without, the runs that the selection finds, sorted. "ipynb" and "py" take one run.
    columns: "params.lr", "metrics.loss", "metrics.loss.min", "params.*" or attributes such as "name", for tables.
    name: of the file, without folders; one is made up without, which is never that of a file that is there.
    overwrite: a file of that name may be replaced. mean_over: params such as "seed", for md and tex: runs that are
    alike but for them become one row of means. digits: significant ones of numbers in md and tex.
    static: html with pictures only. points: json with all points of all metrics. plain: py without nbtrack.
    title: a caption or heading.
    """

    format: Format
    runs: list[str] | None = None
    sort: list[str] = field(default_factory=list)
    columns: list[str] | None = None
    name: str | None = None
    overwrite: bool = False
    mean_over: list[str] = field(default_factory=list)
    digits: int | None = None
    static: bool = False
    points: bool = False
    plain: bool = False
    title: str | None = None


class Exported(Struct):
    """What was written. path: below the project's folder, with "/". files: all of them with ``path``; size: in bytes.

    text: what was done, in words.
    """

    path: str
    size: int
    runs: int
    files: list[str]
    text: str


class FormatInfo(Struct):
    """A format. one: it takes one run. missing: the command that installs what it needs and is not there."""

    format: Format
    label: str
    suffix: str
    one: bool
    missing: str | None


class Formats(Struct):
    """All formats, the readable ones first."""

    formats: list[FormatInfo]


OPERATIONS = (
    Op("transfer.formats", "GET", Nothing, Formats, "The formats that runs can be exported in."),
    Op("transfer.export", "POST", ExportRequest, Exported, "Write runs into a file, in one of the formats.", slow=True),
)
