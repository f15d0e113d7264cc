"""`nbtrack.panel`: what it is about is checked at once, and it shows itself as the place allows."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption, NbtrackError
from nbtrack.runs import contract as c
from nbtrack.sdk import asked
from nbtrack.sdk.context import current_service
from nbtrack.sdk.run import Run
from nbtrack.sdk.runs import selected
from nbtrack.sdk.views import View
from nbtrack.sdk.views.picture import PanelPicture
from nbtrack.widget import where
from nbtrack.widget.live import SHELF, Live

if TYPE_CHECKING:
    from nbtrack.base.config import Project
    from nbtrack.runs.service import RunsService
    from nbtrack.widget.models import PanelModel

MIME = "application/vnd.nbtrack.panel.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
_OF_THIS_PLACE = ("version", "root")  # not saved: the same notebook gives the same output elsewhere
_LATEST = re.compile(r"@\d+")
_MOST_RUNS = 500  # as many as a filter can name
_HEIGHTS = range(200, 4001)
_ELSEWHERE = "The interactive panel opens in a notebook: %track panel"
_MOST_NAMES, _LONGEST_NAME = 200, 500  # of columns and metrics that a spec carries

Names = str | Sequence[str] | None


class Panel:
    """The interactive panel of a project's runs. It opens in the front end when it is first shown.

    ``close()`` takes it away again; showing it once more opens it anew. In a terminal it is a table of text.
    """

    def __init__(self, service: RunsService, spec: dict[str, Any], static: bool = True) -> None:
        self.spec = spec
        self._service = service
        self._static = static
        self._live: Live | None = None

    @property
    def widget(self) -> PanelModel:
        """The widget, to put into a layout of ipywidgets.

        Raises:
            NbtrackError: the panel was not built, or widgets do not work here.
        """
        return self._opened().model

    def close(self) -> None:
        """Take it away from the front end, with all that serves it."""
        if self._live is not None:
            self._live.close()
            self._live = None

    def text(self, width: int = 100) -> str:
        """The first runs as a table, or the run it opens on; and where to find the panel itself."""
        return f"{self._in_a_terminal().text(width)}\n{_ELSEWHERE}"

    def to_dict(self) -> dict[str, Any]:
        """The spec: what it shows."""
        return dict(self.spec)

    def __repr__(self) -> str:
        return f"{self._in_a_terminal()!r}\n{_ELSEWHERE}"

    def _repr_html_(self) -> str | None:
        return self._picture()._repr_html_() if self._static else None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if not where.in_kernel():
            return {"text/plain": repr(self)}
        picture = self._picture()
        try:
            live = self._opened()
        except NbtrackError as error:
            failed = self._picture(error)
            return {"text/plain": f"{failed.text()}\n{error}", "text/html": failed._repr_html_()}
        SHELF.shown(live, *where.execution())
        bundle: dict[str, Any] = {
            MIME: {key: value for key, value in self.spec.items() if key not in _OF_THIS_PLACE},
            WIDGET: {"version_major": 2, "version_minor": 0, "model_id": live.key},
            "text/plain": picture.text(),  # says the same whatever the runs are, so that notebooks stay comparable
        }
        if self._static:
            bundle["text/html"] = picture._repr_html_()
        return bundle

    def _opened(self) -> Live:
        if self._live is None or self._live.closed:
            try:
                self._live = Live(self._service.project, self.spec)
            except NbtrackError:
                raise
            except Exception as error:  # whatever anywidget, ipywidgets or the comm of this place raise
                raise NbtrackError(
                    f"The panel cannot be shown: {type(error).__name__}: {error}.",
                    "It needs a working anywidget: `pip install --upgrade anywidget ipywidgets`.",
                ) from error
        return self._live

    def _in_a_terminal(self) -> View:
        if self.spec["open"] is not None:
            return Run(self._service, self._service.row(self.spec["open"])).view()
        return self._picture().table()

    def _picture(self, error: NbtrackError | None = None) -> PanelPicture:
        return PanelPicture(self._service, self.spec, error)


@asked.checked(
    filter=asked.filter_text,
    sort=asked.names,
    columns=asked.names,
    metrics=asked.names,
    experiment=asked.text,
    notebook=asked.text,
    height=asked.whole(_HEIGHTS.start, _HEIGHTS.stop - 1),
    static=asked.flag,
    project=asked.project,
)
def panel(
    filter: str = "",
    *,
    sort: Names = None,
    columns: Names = None,
    metrics: Names = None,
    experiment: str | None = None,
    notebook: str | None = None,
    runs: Any = None,
    run: Any = None,
    project: Project | str | os.PathLike[str] | None = None,
    height: int | None = None,
    static: bool = True,
) -> Panel:
    """An interactive panel of runs: a table that sorts, filters and groups, metric curves that move while cells run.

    filter: which runs it opens with, such as ``params.lr < 0.01 and metrics.acc > 0.9``; "@1" opens the latest run.
    sort: a key such as "-metrics.acc" ("-" is descending), or several. columns: ``params.lr``, ``metrics.acc``,
    ``tags.stage``, ``params.*``. metrics: which curves. experiment, notebook, runs: it is about these only; runs as
    ids, names, "@1" or what `nbtrack.runs` gives. run: opens on this one. project: any path in it; the current one if
    not given. height: in pixels, 200 to 4,000. static: keep a picture in the notebook for those who open it elsewhere;
    without, a panel adds less than a kilobyte.

    Raises:
        FilterError: a mistake in the filter or a sort key. NotFound: no such run. InvalidOption: anything else.
    """
    service = current_service(project)
    if run is None and _LATEST.fullmatch(filter.strip()):
        filter, run = "", filter.strip()
    spec: dict[str, Any] = {
        "filter": filter,
        "sort": _names(sort, "sort") or [],
        "columns": _columns(columns),
        "charts": _metrics(metrics),
        "also": _only(service, runs),
        "experiment": experiment,
        "notebook": notebook,
    }
    asked = c.PageRequest(
        filter=filter, also=spec["also"], experiment=experiment, notebook=notebook, sort=spec["sort"], limit=0
    )
    service.page(asked)  # what is wrong with it is said here, not in the panel
    return Panel(service, _whole(service, spec, run, height), static)


def _whole(service: RunsService, spec: dict[str, Any], run: Any, height: int | None) -> dict[str, Any]:
    from nbtrack import __version__

    return {
        "v": 1,
        "version": __version__,
        "project": _as_seen_from(service.project.root, where.notebook_folder()),
        "root": service.project.root.name,
        **spec,
        "open": None if run is None else _one(service, run),
        "height": height,
    }


def _as_seen_from(root: os.PathLike[str], folder: os.PathLike[str]) -> str:
    """The project's folder in a form that survives moving or cloning it with its notebooks.

    "" where the notebook lies outside of it: the way there would be true, and said, on this machine alone.
    """
    try:
        found = os.path.relpath(root, folder).replace(os.sep, "/")
    except ValueError:  # on another drive
        return ""
    return found if set(found.split("/")) <= {".", ".."} else ""


def _names(given: Names, what: str) -> list[str] | None:
    if given is None:
        return None
    found = asked.names("panel", what, given)
    if len(found) > _MOST_NAMES or any(len(one) > _LONGEST_NAME for one in found):
        raise InvalidOption(
            f"{what} takes at most {_MOST_NAMES} names of {_LONGEST_NAME} characters.", "Give fewer, or shorter ones."
        )
    return found


def _columns(given: Names) -> list[str] | None:
    found = _names(given, "columns")
    for name in found or []:
        kind, dot, rest = name.partition(".")
        known = kind in ("params", "metrics", "tags") and rest if dot else kind in c.RunRow.__struct_fields__
        if not known:
            raise InvalidOption(
                f"'{name}' is no column.", f"A param is written params.{name}, a metric metrics.{name}."
            )
    return found


def _metrics(given: Names) -> list[str] | None:
    found = _names(given, "metrics")
    return None if found is None else [name.removeprefix("metrics.") for name in found]


def _only(service: RunsService, runs: Any) -> list[str]:
    """A filter that names the runs given: they stay the same when others come."""
    if runs is None:
        return []
    found = selected(service, [runs])
    if not found:
        raise InvalidOption("There is no run among those given.", "List them with `%track ls`.")
    if len(found) > _MOST_RUNS:
        raise InvalidOption(
            f"{len(found):,} runs are too many to name one by one.", f"Give up to {_MOST_RUNS}, or a filter."
        )
    return [f"id in ({', '.join(repr(row.id) for row in found)})"]


def _one(service: RunsService, run: Any) -> str:
    found = selected(service, [run])
    if len(found) != 1:
        raise InvalidOption(f"A panel opens on one run, not on {len(found)}.", "Give several as runs=[…].")
    return found[0].id
