"""What differs between two runs, as data."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from itertools import dropwhile
from typing import Any

from nbtrack.base.cells import split_cell
from nbtrack.base.names import is_load
from nbtrack.base.secrets import redact
from nbtrack.runs import contract as c

_CONTEXT = 3
_WHOLE = 400  # lines of a cell that is shown whole
_ATTRIBUTES = ("status", "experiment", "notebook", "duration", "end_reason")


def diff_lines(left: str, right: str, context: int = _CONTEXT) -> list[c.DiffLine]:
    """A line diff by Python's difflib (Ratcliff and Obershelp), unchanged stretches cut to a few lines."""
    a, b = left.splitlines(), right.splitlines()
    found: list[c.DiffLine] = []
    for place, group in enumerate(difflib.SequenceMatcher(None, a, b, autojunk=False).get_grouped_opcodes(context)):
        if place or group[0][1]:
            found.append(c.DiffLine("gap", "…"))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [c.DiffLine("same", a[i], i + 1, j1 + i - i1 + 1) for i in range(i1, i2)]
                continue
            found += [c.DiffLine("left", a[i], i + 1, None) for i in range(i1, i2)]
            found += [c.DiffLine("right", b[j], None, j + 1) for j in range(j1, j2)]
    return found


def against(stored: str, text: str) -> c.CodeDiff:
    """What changed from a run's code to a text, the whole of it unless it is long.

    The text is read as it would be stored: without its secrets.
    """
    text = redact(text)[0]
    whole = max(stored.count("\n"), text.count("\n")) < _WHOLE
    lines = diff_lines(stored, text, _WHOLE if whole else _CONTEXT)
    if whole and not lines:
        lines = [c.DiffLine("same", line, number, number) for number, line in enumerate(stored.splitlines(), 1)]
    return c.CodeDiff(lines, _bare(stored) == _bare(text))


def _bare(cell: str) -> list[str]:
    """The lines of a cell without what makes no difference: its ``%%track`` line, spaces at the ends of lines."""
    lines = [line.rstrip() for line in split_cell(cell)[1].splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return list(dropwhile(lambda line: not line, lines))


def changes(left: c.RunDetail, right: c.RunDetail) -> list[c.Change]:
    """Everything that differs, by kind: params, metrics, tags, attributes, environment, packages, git.

    What the machine did (``system/…``) always differs and says nothing: it is left out.
    """
    return [
        *_differing("param", _by_name(left), _by_name(right)),
        *_differing("metric", _last(left), _last(right)),
        *_differing("tag", left.row.tags, right.row.tags),
        *_differing("run", _attributes(left), _attributes(right)),
        *_differing("environment", _plain(left.environment), _plain(right.environment)),
        *_differing("package", left.environment.get("packages", {}), right.environment.get("packages", {})),
        *_differing("git", _plain(left.git or {}), _plain(right.git or {})),
    ]


def _differing(what: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> list[c.Change]:
    names = [*left, *(name for name in right if name not in left)]
    return [
        c.Change(what, name, left.get(name), right.get(name))
        for name in names
        if repr(left.get(name)) != repr(right.get(name))  # NaN equals itself here, 1 and 1.0 and True do not
    ]


def _by_name(detail: c.RunDetail) -> dict[str, Any]:
    return {param.name: param.value for param in detail.params}


def _last(detail: c.RunDetail) -> dict[str, float]:
    return {name: summary.last for name, summary in detail.row.metrics.items() if not is_load(name)}


def _attributes(detail: c.RunDetail) -> dict[str, Any]:
    return {name: getattr(detail.row, name) for name in _ATTRIBUTES}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in ("packages", "diff")}
