"""One run: overview, params, metrics, tags, artifacts, code, output, environment, git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.base.markup.code import source_block
from nbtrack.sdk.views.grid import cut, grid, pairs
from nbtrack.sdk.views.outputs import Pictures, output_html, output_text
from nbtrack.sdk.views.table import measured, run_name, spark
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    from nbtrack.runs.contract import Dataset, Output, Param, RunDetail, Summary

_SOURCES = {"explicit": "logged", "call": "a call's argument", "cell": "the cell", "notebook": "the notebook"}
_DEFAULT = "default"  # the source of a setting that nobody set
_PACKAGES = ("numpy", "pandas", "scikit-learn", "torch", "tensorflow", "keras", "jax", "xgboost", "lightgbm")
_TEXT_LINES = 40
_MOST_DATA = 4  # data sets that are named


class RunView(View):
    """A run to read.

    detail, outputs: what the service answered. histories: values by metric, for small curves. pictures: bytes by
    artifact path, for those that are shown. names: the names of its parent and children by id.
    """

    def __init__(
        self,
        detail: RunDetail,
        outputs: Sequence[Output] = (),
        *,
        histories: Mapping[str, Sequence[float]] | None = None,
        pictures: Pictures | None = None,
        names: Mapping[str, str] | None = None,
        now: float | None = None,
    ) -> None:
        self.detail = detail
        self.outputs = list(outputs)
        self._histories = histories or {}
        self._pictures = pictures or {}
        self._names = names or {}
        self._now = now

    # -- words -----------------------------------------------------------------------------------------------------

    def _named(self, run: str) -> str:
        return f"{self._names[run]} ({run})" if run in self._names else run

    def _overview(self) -> list[tuple[str, str]]:
        row, detail = self.detail.row, self.detail
        where = " · ".join(str(one) for one in (row.notebook, f"In[{row.execution}]" if row.execution else None) if one)
        children = ", ".join(map(self._named, detail.children))
        found = [
            ("id", row.id),
            ("experiment", row.experiment),
            ("started", f"{words.when(row.started, self._now)}, took {words.duration(row.duration)}"),
            ("from", where or row.kind),
            ("ended because", row.end_reason or ""),
            ("parent", self._named(row.parent) if row.parent else ""),
            ("children", children),
            ("note", row.note),
            ("in the trash", f"since {words.when(row.trashed, self._now)}" if row.trashed else ""),
            ("data", _data(detail.datasets)),
        ]
        return [(name, text) for name, text in found if text]

    def _environment(self) -> list[tuple[str, str]]:
        given = self.detail.environment
        packages = _dict(given.get("packages"))
        cpu, gpus = _dict(given.get("cpu")), given.get("gpus")
        used = ", ".join(f"{name} {packages[name]}" for name in _PACKAGES if name in packages)
        memory = given.get("memory")
        found = [
            ("Python", f"{given.get('python') or ''} {given.get('implementation') or ''}".strip()),
            ("environment", str(given.get("prefix") or "")),
            ("system", " ".join(str(given.get(one) or "") for one in ("system", "release", "machine")).strip()),
            ("CPU", f"{cpu.get('model') or ''}{' × ' if cpu.get('model') else ''}{cpu.get('count') or ''}"),
            ("memory", words.size(memory) if isinstance(memory, (int, float)) else ""),
            ("GPU", ", ".join(str(_dict(one).get("name")) for one in gpus) if isinstance(gpus, list) else ""),
            ("packages", f"{used}{' and ' if used else ''}{len(packages)} in all" if packages else ""),
        ]
        return [(name, text) for name, text in found if text]

    def _git(self) -> list[tuple[str, str]]:
        given = self.detail.git or {}
        state = {True: "with uncommitted changes", False: "clean"}.get(given.get("dirty") or False, "")
        commit = str(given.get("commit") or "")
        found = [
            ("commit", f"{commit[:12]}, {state}" if commit else ""),
            ("branch", str(given.get("branch") or "")),
            ("remote", str(given.get("remote") or "")),
        ]
        return [(name, text) for name, text in found if text]

    def _param_rows(self) -> list[tuple[Param, str]]:
        told = [param for param in self.detail.params if param.source != _DEFAULT]
        return [(param, ", ".join(words.value(one) for one in param.earlier)) for param in told]

    def _by_default(self) -> list[str]:
        """Settings that are as by default: they would hide the others."""
        return [f"{p.name} = {words.value(p.value)}" for p in self.detail.params if p.source == _DEFAULT]

    def _metric_words(self, summary: Summary) -> list[str]:
        several = summary.count > 1
        extremes = [words.number(one) if several else "" for one in (summary.min, summary.max, summary.mean)]
        return [words.number(summary.last), *extremes, f"{summary.count:,}"]

    # -- text --------------------------------------------------------------------------------------------------------

    def plain(self, width: int) -> str:
        """Section by section; long code and output are cut with a line that says so."""
        row = self.detail.row
        star = "★ " if row.starred else ""
        parts = [f"{star}{row.name}  {words.status(row.status)}", pairs(self._overview(), width)]
        if row.tags:
            parts.append("tags\n" + pairs(list(row.tags.items()), width))
        if self.detail.params:
            rows = [
                [p.name, words.value(p.value), _SOURCES.get(p.source, p.source), old] for p, old in self._param_rows()
            ]
            head = ["params", "value", "from", "before" if any(row[3] for row in rows) else ""]
            parts.append(grid(head, rows, width))
            usual = self._by_default()
            if usual:
                parts.append(cut(f"as by default: {', '.join(usual)}", width))
        if row.metrics:
            lines = [[name, *self._metric_words(summary)] for name, summary in row.metrics.items()]
            parts.append(grid(["metrics", "last", "min", "max", "mean", "points"], lines, width, right=range(1, 6)))
        if self.detail.artifacts:
            files = [[one.path, words.size(one.size), one.mime or ""] for one in self.detail.artifacts]
            parts.append(grid(["artifacts", "size", "type"], files, width, right=[1]))
        for title, text in (("code", self.detail.code or ""), ("output", output_text(self.outputs))):
            if text.strip():
                parts.append(f"{title}\n{_indented(text, width)}")
        for title, items in (("environment", self._environment()), ("git", self._git())):
            if items:
                parts.append(f"{title}\n{pairs(items, width)}")
        return "\n\n".join(parts)

    # -- HTML --------------------------------------------------------------------------------------------------------

    def body(self) -> str:
        """Section by section; those that are long are folded."""
        row, detail = self.detail.row, self.detail
        parts = [
            html.tag(
                "div", f"<b>{run_name(row)}</b> &nbsp;{html.pill(row.status)} &nbsp;{html.chips(row.tags)}", "head"
            ),
            html.pairs((name, html.esc(text).replace("\n", "<br>")) for name, text in self._overview()),
        ]
        halves = [part for part in (self._metrics_html(), self._params_html()) if part]
        if halves:
            parts.append(html.tag("div", "".join(html.tag("div", half) for half in halves), "cols"))
        if detail.artifacts:
            parts.append(html.section("Artifacts", self._artifacts_html(), count=str(len(detail.artifacts))))
        if detail.code:
            parts.append(html.section("Code", source_block(detail.code)))
        if self.outputs:
            shown = output_html(self.outputs, detail.artifacts, self._pictures)
            parts.append(html.section("Output", shown, opened=False, count=words.plural(len(self.outputs), "part")))
        for title, items in (("Environment", self._environment()), ("Git", self._git())):
            if items:
                parts.append(html.section(title, html.pairs((n, html.esc(text)) for n, text in items), opened=False))
        return "".join(parts)

    def _metrics_html(self) -> str:
        metrics = self.detail.row.metrics
        if not metrics:
            return ""
        head = [html.esc(one) for one in ("metric", "last", "min", "max", "mean", "points")]
        rows = [
            [
                html.span(words.one_line(name, 60), title=f"{name}, {summary.source}"),
                measured(spark(self._histories.get(name), name), html.span(texts[0], "best", repr(summary.last))),
                *(html.esc(text) for text in texts[1:]),
            ]
            for name, summary in metrics.items()
            for texts in [self._metric_words(summary)]
        ]
        return html.section("Metrics", html.table(head, rows, numeric=range(1, 6)), count=str(len(metrics)))

    def _params_html(self) -> str:
        if not self.detail.params:
            return ""
        rows = [
            [
                html.span(words.one_line(param.name, 60), title=param.name),
                html.span(words.value(param.value)) + (html.span(f" before: {old}", "dim") if old else ""),
                html.span(_SOURCES.get(param.source, param.source), "dim"),
            ]
            for param, old in self._param_rows()
        ]
        head = [html.esc(one) for one in ("param", "value", "from")]
        usual = self._by_default()
        rest = ""
        if usual:
            shown = "<br>".join(map(html.esc, usual))
            rest = html.section("As by default", shown, opened=False, count=str(len(usual)))
        return html.section("Params", html.table(head, rows) + rest, count=str(len(self.detail.params)))

    def _artifacts_html(self) -> str:
        rows = [
            [
                html.span(words.one_line(one.path, 80), title=one.path),
                html.esc(words.size(one.size)),
                html.span(one.mime or "", "dim"),
            ]
            for one in self.detail.artifacts
        ]
        return html.table([html.esc(one) for one in ("path", "size", "type")], rows, numeric=[1])

    def to_dict(self) -> dict[str, Any]:
        """The run as the wire has it, and its outputs."""
        from nbtrack.base.wire import to_plain

        return {**to_plain(self.detail), "outputs": to_plain(self.outputs)}


def _data(datasets: Sequence[Dataset]) -> str:
    """The names of data sets, those first that the run before saw with another content."""
    told, rest = [], []
    for dataset in datasets:
        changed = dataset.info.get("changed")
        if isinstance(changed, dict):
            told.append(f"{dataset.name} (changed since {changed.get('name')})")
        else:
            rest.append(dataset.name)
    names = told + rest
    return ", ".join(names[:_MOST_DATA]) + (f" and {len(names) - _MOST_DATA} more" if len(names) > _MOST_DATA else "")


def _dict(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {}


def _indented(text: str, width: int) -> str:
    lines = words.clean(text).expandtabs(4).splitlines()
    shown = [f"  {cut(line, max(20, width - 2))}" for line in lines[:_TEXT_LINES]]
    if len(lines) > _TEXT_LINES:
        shown.append(f"  … {words.plural(len(lines) - _TEXT_LINES, 'more line')}")
    return "\n".join(shown)
