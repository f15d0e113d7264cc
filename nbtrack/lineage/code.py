"""Which lines differ between two texts of a cell, beyond what params say and beyond comments and spacing.

A literal that was given to a name is masked in both texts where a param of that name changed from the one value to the
other. What differs after that is more than params. Of it, what is left of the lines without comments, spacing and the
options of ``%%track`` is a change of the code.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from nbtrack.base.cells import without_magic
from nbtrack.capture.literals import evaluate
from nbtrack.runs.contract import DiffLine

Params = Mapping[str, tuple[Any, Any]]  # name → (value on the left, on the right), `ABSENT` where there is none
ABSENT = object()

_ONLY = "only here: "
_SIZE = 200_000  # characters: more is compared line by line, as text
_TRACK = re.compile(r"\s*%%?track\b")
_SILENT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)

_MANY = 2_000  # lines from which on frequent ones are not looked for everywhere

Line = tuple[str, ...]  # the pieces of a line that matter
Rows = tuple[set[int], set[int]]  # of the left and of the right text, from 1
Block = tuple[str, int, int, int, int]


class CodeChange(NamedTuple):
    """lines: those of the code; looks: of comments and spacing; params: whether some were left out as params."""

    lines: list[DiffLine]
    looks: list[DiffLine]
    params: bool


class _Mask(NamedTuple):
    start: tuple[int, int]  # row from 1, column
    end: tuple[int, int]
    text: str


def compare(left: str, right: str, params: Params) -> CodeChange:
    """What differs between two texts; both lists are empty if nothing does."""
    lines = _split(left), _split(right)
    blocks = _opcodes(*lines)
    rows = _rows(blocks, range(1, len(lines[0]) + 1), range(1, len(lines[1]) + 1))
    one, other = _Text(lines[0], rows[0], params, 0), _Text(lines[1], rows[1], params, 1)
    changed = _differing(one.code, other.code)
    if one.dump and one.dump == other.dump:
        changed = set(), set()  # laid out in other lines
    changed = one.without_params(changed[0]), other.without_params(changed[1])
    looks = _differing(one.looks, other.looks)
    looks = one.without_params(looks[0]) - changed[0], other.without_params(looks[1]) - changed[1]
    left_out = sum(map(len, rows)) > sum(map(len, (*changed, *looks)))
    return CodeChange(_lines(one, other, changed, blocks), _lines(one, other, looks, blocks), left_out)


def _split(text: str) -> list[str]:
    """The lines, of which str.splitlines() finds more than Python does."""
    text = text.rstrip("\r\n")
    return re.split(r"\r\n|\r|\n", text) if text else []


class _Text:
    """One of the two texts. code: the pieces of each row that has some; looks: each row with its literals masked."""

    def __init__(self, lines: list[str], unlike: set[int], params: Params, side: int) -> None:
        self.lines = lines
        self.dump = ""  # the tree as text, if it says all
        masks: list[_Mask] = []
        try:
            python = _python(self.lines)
            tree = _parsed(python)
            masks = sorted(_masks(tree, python, unlike, params, side))
            self.code = _pieces("\n".join(python) + "\n", masks)
            self.dump = ast.dump(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
            masks, python = [], [""] * len(self.lines)
            self.code = {row: (line.strip(),) for row, line in enumerate(self.lines, 1) if _is_code(line)}
        for row, (line, parsed) in enumerate(zip(self.lines, python, strict=True), 1):
            if line != parsed and _is_code(line):
                self.code[row], self.dump = (line.strip(),), ""
        self.looks = {row: (line,) for row, line in enumerate(_masked(self.lines, masks), 1)}

    def without_params(self, rows: set[int]) -> set[int]:
        """Without rows that do nothing but give a param its value."""
        return {row for row in rows if not _gives_param(self.code.get(row, ()))}


def python_of(text: str) -> str:
    """A cell's text as Python; empty if there is too much of it."""
    try:
        return "\n".join(_python(text.split("\n")))
    except ValueError:
        return ""


def _python(lines: list[str]) -> list[str]:
    """The lines with nothing in place of what only IPython understands."""
    if sum(map(len, lines)) > _SIZE:
        raise ValueError("too much to parse")
    cell_magic = next((row for row, line in enumerate(lines) if line.strip()), 0)
    python = ["" if row == cell_magic and line.startswith("%%") else line for row, line in enumerate(lines)]
    try:
        _parsed(python)
    except SyntaxError:  # only now: a line of Python may begin with % too
        return [without_magic(line) for line in python]
    return python


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#") and not _TRACK.match(line)


def _parsed(python: Sequence[str]) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the user's text: nobody compiles it here
        return ast.parse("\n".join(python))


# -- params


def _masks(tree: ast.Module, lines: Sequence[str], unlike: set[int], params: Params, side: int) -> Iterator[_Mask]:
    """Where the literals of changed params stand, in rows that the other text does not have; the tree loses them.

    A param may have another value although its literal has not: what a cell computes may come between.
    """
    by_name: dict[str, list[tuple[str, str]]] = {}
    for full, values in params.items():
        if values[side] is not ABSENT:
            text = f"⟨{_ONLY if values[1 - side] is ABSENT else ''}{full}⟩"
            by_name.setdefault(re.split(r"[.#]", full)[-1], []).append((_plain(values[side]), text))
    for name, values_of, place in _given(tree):
        node = values_of[place]
        if name not in by_name or node is None or unlike.isdisjoint(range(node.lineno, node.end_lineno + 1)):
            continue
        literal = _plain(evaluate(node))
        found = next((text for value, text in by_name[name] if value == literal), None)
        if found is not None:
            values_of[place] = ast.copy_location(ast.Constant(found), node)
            yield _Mask(
                _at(lines, node.lineno, node.col_offset), _at(lines, node.end_lineno, node.end_col_offset), found
            )


def _given(tree: ast.Module) -> Iterator[tuple[str, Any, Any]]:
    """(name, what holds its value, where in that) of every value that is given to a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg, vars(node), "value"
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, (ast.Name, ast.Attribute)):
                    yield target.id if isinstance(target, ast.Name) else target.attr, vars(node), "value"
        elif isinstance(node, ast.Dict):
            for place, key in enumerate(node.keys):
                if isinstance(key, ast.Constant):
                    yield str(key.value), node.values, place
        elif isinstance(node, ast.arguments):
            plain = [*node.posonlyargs, *node.args]
            for place, argument in enumerate(plain[len(plain) - len(node.defaults) :]):
                yield argument.arg, node.defaults, place
            for place, argument in enumerate(node.kwonlyargs):
                yield argument.arg, node.kw_defaults, place


def _plain(value: Any) -> str:
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _at(lines: Sequence[str], row: int, column: int) -> tuple[int, int]:
    """The tree counts bytes, tokens count characters."""
    return row, len(lines[row - 1].encode()[:column].decode(errors="replace"))


def _gives_param(pieces: Line) -> bool:
    """Whether a line does nothing but give a value to a param that the other run does not have.

    It is ``name = ⟨param⟩``, ``name: type = ⟨param⟩`` or ``name: ⟨param⟩,``.
    """
    rest = [piece for piece in pieces if piece not in ("=", ":", ",", ";") and not piece.startswith("⇥")]
    typed = len(rest) == 3 and ":" in pieces and "=" in pieces
    return (len(rest) == 2 or typed) and rest[-1].startswith(f"⟨{_ONLY}") and len(pieces) > 2


# -- lines


def _pieces(python: str, masks: Sequence[_Mask]) -> dict[int, Line]:
    """The tokens of each row that has some, without comments and spacing; the first of a statement has its depth."""
    found: dict[int, list[str]] = {}
    waiting, depth, first = list(masks), 0, True
    for token in tokenize.generate_tokens(io.StringIO(python).readline):
        depth += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
        if token.type == tokenize.NEWLINE:
            first = True
        if token.type in _SILENT:
            continue
        while waiting and waiting[0].end <= token.start:
            waiting.pop(0)
        inside = waiting and waiting[0].start <= token.start
        pieces = found.setdefault(token.start[0], [f"⇥{depth}"] if first and depth else [])
        first = False
        if not inside:
            head, *rest = token.string.split("\n")
            pieces.append(head)
            for row, part in enumerate(rest, token.start[0] + 1):
                found.setdefault(row, []).append(part)
        elif waiting[0].start == token.start:
            pieces.append(waiting[0].text)
    return {row: tuple(pieces) for row, pieces in found.items() if pieces}


def _masked(lines: Sequence[str], masks: Sequence[_Mask]) -> list[str]:
    found = list(lines)
    for mask in reversed(masks):
        (row, start), (last, end) = mask.start, mask.end
        tail = found[last - 1][end:]
        found[row - 1] = f"{found[row - 1][:start]}{mask.text}{tail if row == last else ''}"
        if row != last:
            found[row:last] = [""] * (last - row - 1) + [tail]
    return found


def _opcodes(left: Sequence[Any], right: Sequence[Any]) -> Sequence[Block]:
    return SequenceMatcher(None, left, right, autojunk=len(left) > _MANY).get_opcodes()


def _differing(left: Mapping[int, Any], right: Mapping[int, Any]) -> Rows:
    """The rows of each side that the other does not have."""
    rows, others = sorted(left), sorted(right)
    return _rows(_opcodes([left[row] for row in rows], [right[row] for row in others]), rows, others)


def _rows(blocks: Sequence[Block], left: Sequence[int], right: Sequence[int]) -> Rows:
    found: Rows = (set(), set())
    for tag, i1, i2, j1, j2 in blocks:
        if tag != "equal":
            found[0].update(left[i1:i2])
            found[1].update(right[j1:j2])
    return found


def _lines(left: _Text, right: _Text, rows: Rows, blocks: Sequence[Block]) -> list[DiffLine]:
    """Rows as lines of a diff, in the order of the texts, with a gap between those that do not touch."""
    found: list[DiffLine] = []
    last = (-1, -1)
    for _, i1, i2, j1, j2 in blocks:
        block = [DiffLine("left", left.lines[row - 1], row, None) for row in range(i1 + 1, i2 + 1) if row in rows[0]]
        block += [DiffLine("right", right.lines[row - 1], None, row) for row in range(j1 + 1, j2 + 1) if row in rows[1]]
        if block:
            if found and (last[0] < i1 or last[1] < j1):
                found.append(DiffLine("gap", "…"))
            found += block
            last = (i2, j2)
    return found
