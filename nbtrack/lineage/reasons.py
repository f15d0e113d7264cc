"""What changed between two runs, the likeliest cause of another outcome first.

The rule:

1.  the status, where one of the two did not finish, or both ended of different errors;
2.  the code of the cell, without lines that only give params other values (each of these is told once, as the param),
    and without comments, spacing and the options of ``%%track``;
3.  the code of other cells that the cell takes names from;
4.  params that were logged by hand, then
5.  params that were captured, each the greatest relative change first; a change that is not one of numbers counts 1;
6.  the data that was read: by its hash, or where none was taken by what is known of it;
7.  seeds, which move results by chance only;
8.  git: another commit, then other uncommitted changes;
9.  packages that the cells import, and the frameworks that models are made with;
10. the version of Python;
11. all other packages together;
12. the machine;
13. another notebook or cell;
14. comments, spacing and the options of ``%%track``.

Within a place the order is by name. An environment or a git state that one of the two runs did not record is not
compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from nbtrack.lineage import contract as c
from nbtrack.lineage import sizes, words
from nbtrack.lineage.code import ABSENT, CodeChange, Params, compare
from nbtrack.lineage.packages import FRAMEWORKS, imported
from nbtrack.lineage.upstream import defining, unlike
from nbtrack.runs import hashes
from nbtrack.runs.contract import Change, Dataset, Execution, RunDetail

_SOURCES = {
    "explicit": "logged by hand",
    "notebook": "read from the notebook",
    "cell": "assigned in the cell",
    "call": "given to a call",
}
_PYTHON = ("python", "implementation")
_LONGEST_LIST = 20  # packages in one text
_SAME_MEMORY = 0.02  # of it: what a machine's own firmware takes is not always the same

_AROUND = ("seen", "made_by", "read_by", "changed", "since", "mtime", "opened", "sampled", "read", "git", "dvc")

_STATUS, _CODE, _OTHER_CODE, _EXPLICIT, _CAPTURED, _DATA, _SEED = range(7)
_GIT, _IMPORTED, _VERSION, _PACKAGES, _MACHINE, _PLACE, _LOOKS = range(7, 14)


class Side(NamedTuple):
    """A run, and what its kernel had executed before."""

    detail: RunDetail
    before: Sequence[Execution]


class _Found(NamedTuple):
    place: int
    size: float
    reason: c.Reason


def reasons(left: Side, right: Side, changes: Sequence[Change]) -> list[c.Reason]:
    """Everything that may be why ``right`` came out differently from ``left``, ranked."""
    params = _params(left.detail, right.detail, changes)
    found = [
        *_status(left.detail, right.detail),
        *_code(left, right, params),
        *_param_reasons(left.detail, right.detail, params),
        *_data(left.detail.datasets, right.detail.datasets),
        *_git(left.detail, right.detail),
        *_environment(left, right, changes),
        *_where(left.detail, right.detail),
    ]
    found.sort(key=lambda one: (one.place, -one.size, one.reason.name))
    for rank, one in enumerate(found, start=1):
        one.reason.rank = rank
    return [one.reason for one in found]


def _reason(place: int, what: Any, name: str, text: str, why: str, size: float = 0.0, **more: Any) -> _Found:
    sides = {side: None if more.get(side) is ABSENT else more.get(side) for side in ("left", "right")}
    return _Found(place, size, c.Reason(0, what, name, text, why, **(more | sides)))


def _status(left: RunDetail, right: RunDetail) -> Iterator[_Found]:
    one, other = left.row, right.row
    if one.status != other.status:
        ended = [row.end_reason for row in (other, one) if row.status not in ("finished", "running") and row.end_reason]
        text = f"status: {one.status} → {other.status}{f' ({words.value(ended[0])})' if ended else ''}"
        why = "a run that stops early has other numbers"
        if "running" in (one.status, other.status):
            why = "a run that is still running has not given all its numbers"
        yield _reason(_STATUS, "status", "status", text, why, left=one.status, right=other.status)
    elif one.end_reason != other.end_reason and one.status != "finished":
        text = words.change("error", one.end_reason, other.end_reason)
        why = "both stopped early, for different reasons"
        yield _reason(_STATUS, "status", "error", text, why, left=one.end_reason, right=other.end_reason)


# -- code


def _code(left: Side, right: Side, params: Params) -> Iterator[_Found]:
    one, other = left.detail.code, right.detail.code
    if one is not None and other is not None and one != other:
        yield from _own_code(compare(one, other, params))
    for texts, names in unlike(defining(one, left.before), defining(other, right.before)).items():
        change = compare(*texts, params)
        if change.lines:
            text = f"the cell that defines {words.some(names)}: {words.lines(change.lines)}"
            why = "this cell takes what it works with from there"
            yield _reason(_OTHER_CODE, "code", ", ".join(names), text, why, lines=change.lines)


def _own_code(change: CodeChange) -> Iterator[_Found]:
    if change.lines:
        beyond = "; lines that only give params other values are left out" if change.params else ""
        text = f"code: {words.lines(change.lines)}"
        yield _reason(_CODE, "code", "code", text, f"the cell itself was changed{beyond}", lines=change.lines)
    if change.looks:
        text = f"comments and spacing: {words.lines(change.looks)}"
        why = "comments, spacing and the options of %%track change no result"
        yield _reason(_LOOKS, "code", "comments", text, why, lines=change.looks)


# -- params


def _params(left: RunDetail, right: RunDetail, changes: Iterable[Change]) -> Params:
    """The params that differ; a param of None is told from one that is not there."""
    ones, others = {param.name for param in left.params}, {param.name for param in right.params}
    return {
        change.name: (
            change.left if change.name in ones else ABSENT,
            change.right if change.name in others else ABSENT,
        )
        for change in changes
        if change.what == "param"
    }


def _param_reasons(left: RunDetail, right: RunDetail, params: Params) -> Iterator[_Found]:
    sources: dict[str, str] = {}
    for param in (*left.params, *right.params):
        if sources.get(param.name) != "explicit":
            sources[param.name] = param.source
    for name, (one, other) in params.items():
        source = sources[name]
        place = _EXPLICIT if source == "explicit" else _CAPTURED
        why = f"{_SOURCES.get(source, 'captured')}; {sizes.in_words(one, other)}"
        if sizes.is_seed(name):
            place, why = _SEED, "a seed moves results by chance only"
        text = words.change(f"params.{name}", one, other)
        yield _reason(place, "param", name, text, why, sizes.size(one, other), left=one, right=other)


# -- data


def _data(left: Sequence[Dataset], right: Sequence[Dataset]) -> Iterator[_Found]:
    ones, others = {each.name: each for each in left}, {each.name: each for each in right}
    for name in {**ones, **others}:
        one, other = ones.get(name), others.get(name)
        if one is None or other is None:
            text = f"data.{name}: read by {'the other run' if other is None else 'this run'} only"
            before, after = one and _known(one), other and _known(other)
            why = "one of the two runs read no such data"
            yield _reason(_DATA, "data", name, text, why, left=before, right=after)
        elif (differ := hashes.differ(one.hash, other.hash)) is not None:
            if differ:
                text = f"data.{name}: {hashes.short(one.hash or '')} → {hashes.short(other.hash or '')}"
                why = "the data has another content"
                yield _reason(_DATA, "data", name, text, why, left=one.hash, right=other.hash)
        elif repr(_known(one)) != repr(_known(other)):
            about, now = _known(one), _known(other)
            keys = [key for key in {**about, **now} if repr(about.get(key)) != repr(now.get(key))]
            told = "; ".join(words.change(key, about.get(key), now.get(key)) for key in keys[:3])
            why = "what is known of the data differs; its content was not compared"
            yield _reason(_DATA, "data", name, f"data.{name}: {told}", why, left=about, right=now)


def _known(data: Dataset) -> dict[str, Any]:
    """What a data set is by itself: not who made or saw it, nor when."""
    info = {name: value for name, value in data.info.items() if name not in _AROUND}
    return {"kind": data.kind, "path": data.path, **info}


# -- git, environment, place


def _git(left: RunDetail, right: RunDetail) -> Iterator[_Found]:
    if not left.git or not right.git:
        return
    one, other = left.git.get("commit"), right.git.get("commit")
    if one != other:
        text = f"git commit: {str(one)[:8]} → {str(other)[:8]}"
        why = "code outside the notebook may have changed"
        yield _reason(_GIT, "git", "commit", text, why, 1.0, left=one, right=other)
    dirty = left.git.get("dirty"), right.git.get("dirty")
    diffs = left.git.get("diff"), right.git.get("diff")
    if dirty[0] != dirty[1] or (None not in diffs and diffs[0] != diffs[1]):
        names = words.files(*(str(diff or "") for diff in diffs))
        text = f"uncommitted changes: {words.some(names)}" if names else "uncommitted changes"
        why = "files differed from the commit"
        yield _reason(_GIT, "git", "uncommitted changes", text, why, left=dirty[0], right=dirty[1])


def _environment(left: Side, right: Side, changes: Iterable[Change]) -> Iterator[_Found]:
    if not left.detail.environment or not right.detail.environment:
        return
    texts = [side.detail.code for side in (left, right)] + [one.source for side in (left, right) for one in side.before]
    used = imported(texts)
    others = {}
    for change in changes:
        one, other = change.left, change.right
        text = words.versions(change.name, one, other)
        if change.what == "environment" and change.name in _PYTHON:
            yield _reason(_VERSION, "environment", change.name, text, "another Python", left=one, right=other)
        elif change.what == "environment" and not (change.name == "memory" and sizes.size(one, other) < _SAME_MEMORY):
            why = "another machine computes at another speed, at times with other roundings"
            yield _reason(_MACHINE, "environment", change.name, text, why, left=one, right=other)
        elif change.what == "package" and (change.name in used or change.name in FRAMEWORKS):
            why = "a cell imports it" if change.name in used else "models are made with it"
            size = 1.0 if change.name in used else 0.0
            yield _reason(_IMPORTED, "environment", change.name, text, why, size, left=one, right=other)
        elif change.what == "package":
            others[change.name] = change, text
    if others:
        told = [text for _, text in others.values()][:_LONGEST_LIST]
        more = f", and {len(others) - len(told)} more" if len(others) > len(told) else ""
        yield _reason(
            *(_PACKAGES, "environment", "other packages", f"{len(others)} other packages: {', '.join(told)}{more}"),
            "no cell imports them, as far as is known",
            left={name: change.left for name, (change, _) in others.items()},
            right={name: change.right for name, (change, _) in others.items()},
        )


def _where(left: RunDetail, right: RunDetail) -> Iterator[_Found]:
    one, other = left.row, right.row
    if one.notebook != other.notebook:
        text = words.change("notebook", one.notebook or ABSENT, other.notebook or ABSENT)
        yield _reason(_PLACE, "other", "notebook", text, "the runs are of different notebooks")
    elif one.cell != other.cell and one.cell is not None and other.cell is not None:
        yield _reason(_PLACE, "other", "cell", "cell: another cell of the notebook", "the runs are of different cells")
