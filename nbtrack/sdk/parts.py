"""Parts of a run: its metrics, its files, what its cell showed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.errors import NotFound
from nbtrack.base.markup import html
from nbtrack.base.markup.pictures import MAX_PICTURE, PICTURES, picture
from nbtrack.runs.values import brief, is_a, plain_text
from nbtrack.sdk.saving import saved_in
from nbtrack.sdk.views.outputs import output_html, output_text
from nbtrack.sdk.views.page import page

if TYPE_CHECKING:
    import os

    import pandas as pd

    from nbtrack.runs import contract as c
    from nbtrack.runs.service import RunsService

_MOST_PICTURES = 2 << 20  # bytes of pictures put into one view
_PREVIEW = 4_000  # characters


class NoSuchKey(NotFound, KeyError):
    """A name that a run does not have; a KeyError too, so that mappings work as usual."""


class Metrics(Mapping[str, float]):
    """A run's metrics.

    ``metrics["loss"]``: the last value. ``metrics("loss")``: all points, a DataFrame of step, time (UTC) and value.
    ``metrics()``: a DataFrame of last, min, max, mean, count and step, a row per metric.
    """

    def __init__(self, service: RunsService, row: c.RunRow) -> None:
        self._service = service
        self._row = row

    def __call__(self, key: str | None = None) -> pd.DataFrame:
        """All points of one metric, exact and in the order they were logged; without a name, a summary of all.

        Raises:
            NotFound: the run has no such metric.
        """
        import numpy as np
        import pandas as pd

        from nbtrack.runs.frames import moments

        if key is None:
            return self._summaries()
        self._require(key)
        points = self._service.history(self._row.id, key)
        return pd.DataFrame(
            {
                "step": np.array(points.steps, dtype=np.int64),
                "time": moments(points.times),
                "value": np.array(points.values, dtype=np.float64),
            }
        )

    def _summaries(self) -> pd.DataFrame:
        import pandas as pd

        names = ("last", "min", "max", "mean", "count", "last_step", "source")
        records = [[getattr(one, name) for name in names] for one in self._row.metrics.values()]
        return pd.DataFrame(records, columns=list(names), index=pd.Index(list(self._row.metrics), name="metric"))

    def _require(self, key: str) -> c.Summary:
        key = _key(key)
        found = self._row.metrics.get(key)
        if found is None:
            raise NoSuchKey(f"The run '{self._row.name}' has no metric {brief(key)}.", _near(key, self._row.metrics))
        return found

    def __getitem__(self, key: str) -> float:
        return self._require(key).last

    def __iter__(self) -> Iterator[str]:
        return iter(self._row.metrics)

    def __len__(self) -> int:
        return len(self._row.metrics)

    def __repr__(self) -> str:
        return words.clean("{" + ", ".join(f"{name!r}: {value!r}" for name, value in self.items()) + "}")

    def _repr_html_(self) -> str:
        rows = [[html.esc(name), html.span(words.number(value), title=repr(value))] for name, value in self.items()]
        return page(html.table(["metric", "last"], rows, numeric=[1]))


class Artifact:
    """A file of a run; its content is checked against its hash when it is read."""

    def __init__(self, service: RunsService, run: str, about: c.Artifact) -> None:
        self._service = service
        self._run = run
        self.path = about.path
        self.size = about.size
        self.mime = about.mime
        self.kind = about.kind
        self.hash = about.hash
        self.created = about.created

    def bytes(self) -> bytes:
        """Its content.

        Raises:
            NotFound: the file is gone. StoreForeign: the file was damaged.
        """
        return self._service.artifact(self._run, self.path)[1]

    def text(self, encoding: str = "utf-8") -> str:
        """Its content as text. Raises UnicodeDecodeError where it is none."""
        return self.bytes().decode(encoding)

    def save(self, path: str | os.PathLike[str] = ".") -> Path:
        """Write it to a file, or under its own name into a folder; where it was written.

        Raises:
            InvalidValue: a link lies there in the folder. OSError: it cannot be written.
        """
        place = Path(path)
        place = saved_in(place, self.path) if place.is_dir() else place
        place.write_bytes(self.bytes())
        return place

    def __repr__(self) -> str:
        return words.clean(f"<Artifact {self.path!r}, {words.size(self.size)}, {self.mime or self.kind}>")

    def _repr_html_(self) -> str:
        title = html.tag("div", html.esc(repr(self)[1:-1]), "dim")
        if self.mime in PICTURES:
            small = self.size <= MAX_PICTURE
            return page(title + (picture(self.mime, self.bytes(), self.path) if small else ""))
        if (self.mime or "").startswith("text/") or self.mime == "application/json":
            start = self.bytes()[: 4 * _PREVIEW].decode("utf-8", "replace")
            return page(title + html.pre(start[:_PREVIEW] + ("\n…" if len(start) > _PREVIEW else "")))
        return page(title)


class Artifacts(Mapping[str, Artifact]):
    """A run's files by path."""

    def __init__(self, service: RunsService, run: str, found: Sequence[c.Artifact]) -> None:
        self._files = {one.path: Artifact(service, run, one) for one in found}

    def __getitem__(self, path: str) -> Artifact:
        path = _key(path)
        if path not in self._files:
            raise NoSuchKey(f"The run has no artifact {brief(path)}.", _near(path, self._files))
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._files.values())) or "No artifacts."

    def _repr_html_(self) -> str:
        rows = [
            [html.esc(one.path), html.esc(words.size(one.size)), html.esc(one.mime or "")]
            for one in self._files.values()
        ]
        return page(html.table(["path", "size", "type"], rows, numeric=[1]))


class RunOutput:
    """What a cell printed and displayed; ``str(output)`` is what a terminal would have shown.

    outputs: its parts in order.
    """

    def __init__(self, service: RunsService, detail: c.RunDetail, outputs: list[c.Output]) -> None:
        self._service = service
        self._detail = detail
        self.outputs = outputs

    @property
    def text(self) -> str:
        """All of it as plain text."""
        return output_text(self.outputs)

    def pictures(self) -> dict[str, bytes]:
        """The pictures among it by artifact path, as many as a notebook's output should carry."""
        sizes = {one.path: one.size for one in self._detail.artifacts if one.mime in PICTURES}
        found: dict[str, bytes] = {}
        left = _MOST_PICTURES
        for output in self.outputs:
            size = sizes.get(output.artifact or "")
            if output.artifact and size is not None and size <= min(MAX_PICTURE, left):
                left -= size
                try:
                    found[output.artifact] = self._service.artifact(self._detail.row.id, output.artifact)[1]
                except NotFound:
                    continue  # its file was deleted: the text beside it is shown
        return found

    def __iter__(self) -> Iterator[c.Output]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return words.clean(self.text)

    def _repr_html_(self) -> str:
        return page(output_html(self.outputs, self._detail.artifacts, self.pictures()))


def _key(given: object) -> str:
    """A name as it was given; of what is no text, how it looks, which is nobody's name."""
    return plain_text(given) if is_a(given, str) else brief(given)


def _near(given: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(given[:200], known, n=3, cutoff=0.5) or list(known)[:10]
    return f"There are: {', '.join(near)}." if near else "It has none."
