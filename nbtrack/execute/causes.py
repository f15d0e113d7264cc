"""Why a run did not come out again as it was, in sentences, the likeliest first.

What the second time saw itself comes first: a name that no cell gave it, data with other content. Then what the
notebook hides (`nbtrack.lineage`), then packages, Python and code outside of the notebook that are others than then,
and last what could not be told. Where everything came out again, only what was hidden is said: it did no harm now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbtrack.base.secrets import MARK
from nbtrack.lineage.contract import Lineage
from nbtrack.lineage.packages import FRAMEWORKS, imported
from nbtrack.runs.contract import Dataset, RunDetail

Roots = tuple[Path, Path]

_NAME = re.compile(r"NameError: name '(\w+)'")
_MOST = 6  # packages that are named


def causes(
    then: RunDetail, lineage: Lineage, now: RunDetail | None, error: str | None, good: bool, roots: Roots
) -> list[str]:
    """The sentences.

    now: the run of the second time. error: of the cell that failed. good: it was reproduced. roots: of the projects
    that the two were recorded in, as paths of files are relative to them.
    """
    found = [] if good else [*_missing(error), *_secrets(lineage, then), *_data(then, now, roots)]
    found += [one.text for one in _hidden(lineage)]
    if not good:
        found += [*_packages(then, now, lineage), *_git(then, now), *lineage.unknown]
    return list(dict.fromkeys(found))


def _missing(error: str | None) -> Iterator[str]:
    found = _NAME.search(error or "")
    if found:
        yield f"no cell that was recorded gives the name '{found[1]}': it came from a cell that is not in the history"


def _secrets(lineage: Lineage, then: RunDetail) -> Iterator[str]:
    if any(MARK in (text or "") for text in (*(cell.source for cell in lineage.cells), then.code)):
        yield "a secret in the code was never stored, so the code ran without it"


def _data(then: RunDetail, now: RunDetail | None, roots: Roots) -> Iterator[str]:
    again = {_place(one, roots[1]): one for one in now.datasets} if now is not None else {}
    for one in then.datasets:
        other = again.get(_place(one, roots[0]))
        if other is not None and one.hash and other.hash and one.hash != other.hash:
            what = f"the file '{one.path}'" if one.path else f"the data '{one.name}'"
            yield f"{what} has another content than then"


def _place(data: Dataset, root: Path) -> str:
    return str(root / data.path) if data.path else data.name


def _hidden(lineage: Lineage) -> list[Any]:
    """As it was when the run was made, then as the notebook is now; warnings before notes."""
    return sorted([*lineage.then, *lineage.hidden], key=lambda one: one.severity != "warning")


def _packages(then: RunDetail, now: RunDetail | None, lineage: Lineage) -> Iterator[str]:
    if now is None:
        return
    before, after = then.environment, now.environment
    if before.get("python") and after.get("python") and before["python"] != after["python"]:
        yield f"Python was {before['python']}, it is {after['python']} now"
    old, new = before.get("packages"), after.get("packages")
    if not isinstance(old, Mapping) or not isinstance(new, Mapping) or not new:
        return
    used = imported([*(cell.source for cell in lineage.cells), then.code]) | FRAMEWORKS
    changed = [f"{name} {old[name]} → {new.get(name, 'missing')}" for name in old if old[name] != new.get(name)]
    chosen = [one for one in changed if one.partition(" ")[0] in used]
    if chosen:
        yield f"packages are others than then: {', '.join(chosen[:_MOST])}"
    elif changed:
        yield f"{len(changed)} packages that the cells do not name are others than then"


def _git(then: RunDetail, now: RunDetail | None) -> Iterator[str]:
    before = then.git or {}
    after = (now.git if now is not None else None) or {}
    if before.get("commit") and after.get("commit") and before["commit"] != after["commit"]:
        yield f"the repository was at {str(before['commit'])[:10]}, it is at {str(after['commit'])[:10]} now"
    elif before.get("dirty"):
        yield "the repository had changes that were not committed"
