"""Figures, pictures, tables and data as bytes with a MIME type. Their libraries are imported only when met."""

from __future__ import annotations

import io
import json
import mimetypes
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from os import PathLike
from pathlib import Path, PurePath
from typing import Any

from nbtrack.base.errors import InvalidValue, NbtrackError
from nbtrack.base.secrets import redact
from nbtrack.capture.data.paths import inside
from nbtrack.runs import given, values
from nbtrack.runs.active import ActiveRun

Content = tuple[bytes, str]
_DPI = 120
_PLOTLY = "application/vnd.plotly.v1+json"
_SUFFIXES = {"image/png": ".png", _PLOTLY: ".json", "text/csv": ".csv"}
_LONGEST_PATH = 4096
_MOST_ROWS = 1_000_000  # of what does not say how many it has
_FIGURES = "Give a matplotlib or plotly figure."
_PICTURES = "Give an array of height × width, or × 3 or 4, a PIL image, a file or bytes."
_TABLES = "Give a DataFrame, or a dict of columns that are equally long."


def guess_type(name: str) -> str | None:
    """The MIME type that a file name suggests."""
    return mimetypes.guess_type(name)[0]


def put(run: ActiveRun, path: str, data: bytes, mime: str) -> None:
    """Store bytes as an artifact of a run."""
    run.add_bytes(path, data, mime)


def log_mixed(run: ActiveRun, metrics: Any, step: int | None, time: float | None) -> None:
    """Log a mapping that holds figures, pictures or tables beside numbers: all of it or, on an error, nothing.

    Raises:
        InvalidValue: something in it is none of these.
    """
    if not values.is_a(metrics, Mapping):
        run.log(metrics, step, time)  # raises what is to be said
        return
    numbers: dict[str, Any] = {}
    rich: dict[str, Content] = {}
    for name, value in values.flatten(metrics):
        made = _rich(value)
        if made is None:
            values.metric_value(values.check_name("metric", name), value)
            numbers[name] = value
        else:
            rich[values.check_name("metric", name)] = made
    if not rich:
        run.log(metrics, step, time)
        return
    number = run.next_step([*numbers, *rich], step)
    paths = {name: given.artifact_path(f"media/{name}-{number}{_SUFFIXES[made[1]]}") for name, made in rich.items()}
    if time is not None:
        given.moment(time)
    if numbers:
        run.log(numbers, number, time)
    run.next_step(rich, number, take=True)
    for name, (data, mime) in rich.items():
        run.add_bytes(paths[name], data, mime, "media")


@contextmanager
def _making(what: str, hint: str) -> Iterator[None]:
    """Whatever another library, or the object itself, raises over what it was given, in one shape."""
    try:
        yield
    except NbtrackError:
        raise
    except RecursionError as error:
        raise InvalidValue(f"{what}: it is nested too deeply, or holds itself.", hint) from error
    except Exception as error:
        raise InvalidValue(f"{what} ({_said(error)}).", hint) from error


def _said(error: Exception) -> str:
    """What an error of somebody else's says, in one line; its kind alone where it cannot be asked."""
    try:
        text = str(error).strip().partition("\n")[0].rstrip(".!")
    except Exception:  # noqa: BLE001 (its author wrote what raises)
        text = ""
    text = "".join(sign if sign.isprintable() else "?" for sign in text)
    kind = type(error).__name__
    return f"{kind}: {text[:120]}" if text and "__" not in text else kind


def _rich(value: Any) -> Content | None:
    """Bytes for what is known by its type to be a figure, a picture or a table."""
    root = str(type(value).__module__).partition(".")[0]
    if root == "matplotlib" and hasattr(value, "savefig"):
        return figure_bytes(value, "x.png")
    if root == "plotly":
        return figure_bytes(value, "x.json")
    if root == "PIL":
        return image_bytes(value, "x.png")
    if root in ("pandas", "polars") and hasattr(value, "columns"):
        return table_bytes(value, "x.csv")
    return None


def figure_path(figure: Any) -> str:
    """What a figure is called if nothing else is said."""
    with _making("This is no figure", _FIGURES):
        return "figure.json" if hasattr(figure, "to_plotly_json") else "figure.png"


def figure_bytes(figure: Any, path: str) -> Content:
    """A figure in the format that the path's ending names.

    Raises:
        InvalidValue: it is neither matplotlib's nor plotly's, or cannot be drawn in that format.
    """
    suffix = _suffix(path)
    with _making("The figure cannot be stored", _FIGURES):
        if hasattr(figure, "to_plotly_json"):
            return _plotly_bytes(figure, suffix)
        while not hasattr(figure, "savefig") and getattr(figure, "figure", figure) is not figure:
            figure = figure.figure  # of an Axes, and of a part of a figure
        if hasattr(figure, "savefig"):
            out = io.BytesIO()
            figure.savefig(out, format=suffix or "png", dpi=_DPI, bbox_inches="tight")
            return out.getvalue(), guess_type(path) or "image/png"
    raise InvalidValue(f"{values.told(figure)} is no figure.", _FIGURES)


def _plotly_bytes(figure: Any, suffix: str) -> Content:
    if suffix in ("html", "htm"):
        return figure.to_html(include_plotlyjs=True).encode(), "text/html"  # it must show without a network
    if suffix in ("json", ""):
        return figure.to_json().encode(), _PLOTLY
    raise InvalidValue(f"A plotly figure is not stored as .{suffix}.", "Name it .json (kept interactive) or .html.")


def _suffix(path: str) -> str:
    return Path(path).suffix[1:].lower()


def image_bytes(image: Any, path: str) -> Content:
    """A picture in the format that the path's ending names; a file or bytes are taken as they are.

    Raises:
        InvalidValue: it is no picture, or Pillow is needed and not there.
    """
    mime = guess_type(path) or "image/png"
    if values.is_a(image, bytes, bytearray):
        return bytes(image), mime
    if values.is_a(image, str, PurePath):
        source = given.local_path(image)
        if not source.is_file() or given.is_own(source):
            raise InvalidValue(
                f"There is no picture {values.brief(str(source))}.", "Give a file that exists, an array or a PIL image."
            )
        with _making("The picture cannot be read", "Give a file that you may read."):
            return source.read_bytes(), guess_type(source.name) or mime
    with _making("The picture cannot be stored", _PICTURES):
        picture = image if hasattr(image, "save") else _from_array(image)
        kind = _suffix(path).upper() or "PNG"
        kind = "JPEG" if kind == "JPG" else kind
        if kind == "JPEG" and picture.mode not in ("L", "RGB", "CMYK"):
            picture = picture.convert("RGB")  # it knows no transparency
        out = io.BytesIO()
        picture.save(out, format=kind)
        return out.getvalue(), mime


def _from_array(image: Any) -> Any:
    import numpy as np

    if values.is_a(image, Mapping, set, frozenset):
        raise InvalidValue(f"{values.told(image)} is no picture.", _PICTURES)
    array = np.asarray(image)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)) or not array.size:
        raise InvalidValue(
            f"An array of shape {array.shape} is no picture.",
            "Give height × width, or height × width × 3 or 4.",
        )
    try:
        from PIL import Image
    except ImportError:
        raise InvalidValue("Pictures from arrays need Pillow.", "pip install pillow") from None
    if array.dtype.kind == "f":
        array = np.clip(np.nan_to_num(array.astype("float64")), 0, 1) * 255
    elif array.dtype.kind == "b":
        array = array * 255
    elif array.dtype.kind not in "iu":
        raise InvalidValue(f"An array of {array.dtype} is no picture.", "Give integers 0-255 or floats 0-1.")
    elif array.min() < 0 or array.max() > 255:
        raise InvalidValue(
            f"The picture's values go from {array.min()} to {array.max()}.", "Give integers 0-255 or floats 0-1."
        )
    array = np.rint(array).astype("uint8")
    return Image.fromarray(array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array)


def json_bytes(data: Any) -> Content:
    """JSON with an indent; scalars of numpy and torch as plain numbers.

    Raises:
        InvalidValue: something has no form in JSON, or holds itself.
    """

    def plain(value: Any) -> Any:
        found = values.scalar(value)
        if found is value and hasattr(value, "tolist"):
            return value.tolist()
        if found is value:
            raise TypeError(f"{type(value).__name__} has no form in JSON")
        return found

    with _making("This cannot be stored as JSON", "Give dicts, lists, texts and numbers; str(value) of the rest."):
        return json.dumps(data, indent=2, default=plain).encode(), "application/json"


def table_bytes(table: Any, path: str) -> Content:
    """A table in the format that the path's ending names.

    Raises:
        InvalidValue: pandas can make no table of it, or cannot write it in that format.
    """
    import pandas as pd

    suffix = _suffix(path)
    if table is None or suffix not in ("csv", "json", "parquet", ""):
        raise InvalidValue(
            f"{values.told(table)} is not stored as the table '{path}'.",
            "Give a DataFrame or a dict of columns, and a name that ends in .csv, .json or .parquet.",
        )
    with _making(f"{values.told(table)} cannot be stored as a table", _TABLES):
        frame = table.to_pandas() if hasattr(table, "to_pandas") else _frame(table)
        if suffix == "parquet":
            return _parquet_bytes(frame)
        if suffix == "json":
            return frame.to_json(orient="records", date_format="iso").encode(), "application/json"
        text = frame.to_csv(index=not isinstance(frame.index, pd.RangeIndex))
        return text.encode("utf-8", "surrogatepass"), "text/csv"


def _frame(table: Any) -> Any:
    import pandas as pd

    if values.is_a(table, Mapping) and type(table) is not dict:
        table = dict(values.items(table))
    elif values.is_a(table, Iterable) and not hasattr(type(table), "__len__"):
        table = list(islice(table, _MOST_ROWS + 1))  # of a stream nobody knows whether it ends
        if len(table) > _MOST_ROWS:
            raise InvalidValue(f"The table has more than {_MOST_ROWS:,} rows and does not say how many.", _TABLES)
    try:
        return pd.DataFrame(table)
    except UnicodeEncodeError:  # pandas keeps texts in pyarrow where that is installed, which knows no half characters
        return pd.DataFrame(table, dtype=object)


def _parquet_bytes(frame: Any) -> Content:
    try:
        return frame.to_parquet(), "application/vnd.apache.parquet"
    except ImportError as error:
        raise InvalidValue("Tables as Parquet need pyarrow.", "pip install pyarrow, or name it .csv.") from error


def about_data(
    data: Any, path: str | PathLike[str] | None, full: bool = False, root: Path | None = None
) -> dict[str, Any]:
    """Kind, shape and columns of a data set, and a hash of its content. What it does not tell is left out.

    root: of the project; files in it are known by their place there.

    Raises:
        InvalidValue: the path is none.
    """
    kind = type(data)
    is_path = values.is_a(data, str, PurePath) and path is None
    if is_path:
        path = data
    where = None if path is None else values.check_text("A path", fspath_text(path), _LONGEST_PATH)
    info: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    for name, look in _LOOKS.items():
        with suppress(Exception):  # an object of another kind that has such an attribute
            found = look(data)
            if found is not None:
                info[name] = found
    if "shape" in info:
        info.pop("length", None)
    about: dict[str, Any] = {"kind": kind.__name__, "path": None if where is None else redact(where)[0], "info": info}
    with suppress(Exception):  # whatever a user's class raises, or a disk: then it has no hash
        _add_hash(about, data, where if is_path else None, full)
        if where is not None and root is not None and os.path.exists(where):
            about["path"] = redact(inside(os.path.abspath(where), root))[0]
    return about


def _add_hash(about: dict[str, Any], data: Any, path: str | None, full: bool) -> None:
    from nbtrack.capture.data.content import content_of
    from nbtrack.capture.data.files import Files
    from nbtrack.capture.data.objects import said

    if path is None:
        content = content_of(data, full=full)
        about["hash"] = content.hash
        about["info"] |= said(content)
        return
    place, files = os.path.abspath(os.path.expanduser(path)), Files()
    held = files.folder(place, full) if os.path.isdir(place) else files.file(place, full)
    if held is not None:
        about["hash"] = held.hash
        about["kind"] = "folder" if os.path.isdir(place) else "file"
        about["info"] = held.info


def fspath_text(path: Any) -> str:
    """A path as text. Raises InvalidValue if it is none."""
    with _making(f"{values.brief(path)} is no path", "Give a text or a Path."):
        return os.fsdecode(os.fspath(path))


def _dtypes(data: Any) -> dict[str, str] | None:
    """The dtypes of a table's columns, where they differ."""
    dtypes = {str(name): str(dtype) for name, dtype in zip(list(data.columns)[:200], list(data.dtypes), strict=False)}
    return dtypes if len(set(dtypes.values())) > 1 else None


_LOOKS: dict[str, Callable[[Any], Any]] = {
    "shape": lambda data: [int(side) for side in data.shape],
    "length": len,
    "columns": lambda data: [str(column) for column in list(data.columns)[:200]],
    "dtypes": _dtypes,
    "dtype": lambda data: None if data.dtype is None else str(data.dtype),
}
