"""What changed between two runs, the likeliest cause of another outcome first.

The rule:

1.  the status, where one of the two did not finish, or both ended of different errors;
2.  the code of the cell, without lines that only give params other values (each of these is told once, as the param),
    and without comments, spacing and the options of ``%%track``;
3.  the code of other cells that the cell takes names from;
4.  params that were logged by hand, then
5.  params that were captured, each the greatest relative change first; a change that is not one of numbers counts 1;
6.  the data that was read: by its hash, or where none was taken by what is known of it;
7.  variables that the cell took from other cells with another content, though none of the above says why;
8.  hidden state that only one of the two runs had, as it was found when it ran;
9.  seeds, which move results by chance only;
10. git: another commit, then other uncommitted changes;
11. packages that the cells import, and the frameworks that models are made with;
12. the version of Python;
13. all other packages together;
14. the machine;
15. another notebook or cell;
16. comments, spacing and the options of ``%%track``.

Within a place the order is by name. An environment or a git state that one of the two runs did not record is not
compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from nbtrack.lineage import contract as c
from nbtrack.lineage import sizes, words
from nbtrack.lineage.code import ABSENT, CodeChange, Params, compare
from nbtrack.lineage.packages import FRAMEWORKS, imported
from nbtrack.lineage.upstream import defining, others, took, unlike
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

_STATUS, _CODE, _OTHER_CODE, _EXPLICIT, _CAPTURED, _DATA, _VARIABLE, _HIDDEN, _SEED = range(9)
_GIT, _IMPORTED, _VERSION, _PACKAGES, _MACHINE, _PLACE, _LOOKS = range(9, 16)


class Side(NamedTuple):
    """A run, what its kernel had executed before, and the execution that it was itself, if that is known."""

    detail: RunDetail
    before: Sequence[Execution]
    own: Execution | None = None


class _Found(NamedTuple):
    place: int
    size: float
    reason: c.Reason


def reasons(left: Side, right: Side, changes: Sequence[Change]) -> list[c.Reason]:
    """Everything that may be why ``right`` came out differently from ``left``, ranked."""
    params = _params(left.detail, right.detail, changes)
    code = list(_code(left, right, params))
    found = [
        *_status(left.detail, right.detail),
        *code,
        *_param_reasons(left.detail, right.detail, params),
        *_data(left.detail.datasets, right.detail.datasets),
        *_variables(left, right, {*params, *(name for one in code for name in one.reason.name.split(", "))}),
        *_hidden(left.detail, right.detail),
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
    both = defining(one, left.before, left.own), defining(other, right.before, right.own)
    for texts, names in unlike(*both).items():
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


# -- variables, hidden state


def _variables(left: Side, right: Side, told: Collection[str]) -> Iterator[_Found]:
    """Names that held something else, but for those of which a param, code or data tell already."""
    known = {one.name for side in (left, right) for one in side.detail.datasets} | {*told}
    known |= {name.rpartition(".")[2] for name in told}
    for name, one, other in others(took(left.own, left.before), took(right.own, right.before)):
        if name not in known:
            sizes_differ = one.held != other.held and one.held and other.held
            about = f"{one.held} → {other.held}" if sizes_differ else f"{other.held or 'it'}, with another content"
            why = "the cell took it from another cell, whose code is the same: data, chance or the order of cells"
            yield _reason(_VARIABLE, "variable", name, f"{name}: {about}", why, left=one.held, right=other.held)


def _hidden(left: RunDetail, right: RunDetail) -> Iterator[_Found]:
    """What the notebook hid of one of the two."""
    lefts, rights = _findings(left), _findings(right)
    for key in {**lefts, **rights}:
        one, other = lefts.get(key), rights.get(key)
        if one is None or other is None:
            whose = "this run" if one is None else "the other run"
            text = f"hidden state of {whose}: {(one or other or {}).get('text', '')}"
            why = "the notebook does not show it"
            yield _reason(_HIDDEN, "hidden", key[1] or key[0], text, why)


def _findings(detail: RunDetail) -> dict[tuple[str, str], dict[str, Any]]:
    """Warnings by kind and name, as they were kept; data are compared by themselves."""
    kept = detail.about.get("lineage")
    found = kept.get("hidden", ()) if isinstance(kept, dict) else ()
    return {
        (str(one.get("what")), str(one.get("name"))): one
        for one in found
        if isinstance(one, dict) and one.get("severity") == "warning" and one.get("what") != "data"
    }


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
