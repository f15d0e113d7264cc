"""Which lines of a cell differ beyond its params, comments and spacing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.lineage.code import ABSENT, compare

SIGNS = {"left": "-", "right": "+", "gap": "…"}


def told(left: str, right: str, **params: tuple[Any, Any]) -> tuple[str, str]:
    """(lines of the code, lines of comments and spacing) with - and + before them."""
    found = compare(left, right, {name.replace("__", "."): values for name, values in params.items()})
    parts = (found.lines, found.looks)
    code, looks = (" | ".join(SIGNS[line.kind] + line.text.strip("…") for line in part) for part in parts)
    return code, looks


@pytest.mark.parametrize(
    ("left", "right", "params"),
    [
        ("lr = 0.1\nfit(lr)", "lr = 0.01\nfit(lr)", {"lr": (0.1, 0.01)}),
        ("lr: float = 0.1", "lr: float = 0.01", {"lr": (0.1, 0.01)}),
        ("lr = -1", "lr = 2 ** 3", {"lr": (-1, 8)}),
        ("fit(X, depth=5, kind='a')", "fit(X, depth=6, kind='b')", {"fit__depth": (5, 6), "fit__kind": ("a", "b")}),
        ("a = b = 1", "a = b = 2", {"a": (1, 2), "b": (1, 2)}),
        ("layers = [1, 2]", "layers = (1, 3)", {"layers": ([1, 2], [1, 3])}),
        ("cfg = {'é': 1, 'lr': 0.1}", "cfg = {'é': 1, 'lr': 0.2}", {"cfg__lr": (0.1, 0.2)}),
        ("def f(x, n=1, *, m=2): pass", "def f(x, n=3, *, m=4): pass", {"n": (1, 3), "m": (2, 4)}),
        ("if (n := 5) > 3: pass", "if (n := 6) > 3: pass", {"n": (5, 6)}),
        ("self.lr = 0.1", "self.lr = 0.2", {"self__lr": (0.1, 0.2)}),
        ("x = 1", "x = 1\ndropout = 0.5", {"dropout": (ABSENT, 0.5)}),
        ("fit(\n  a=1,\n)", "fit(\n  a=1,\n  b=2,\n)", {"fit__b": (ABSENT, 2)}),
        ("c = {\n 'a': 1,\n 'b': True,\n}", "c = {\n 'a': 1,\n}", {"c__b": (True, ABSENT)}),
        ("x = float('nan')\nflag = True", "x = float('nan')\nflag = False", {"flag": (True, False)}),
        ("%%track a\nlr = 1\n%time fit()\n!ls", "%%track a\nlr = 2\n%time fit()\n!ls", {"lr": (1, 2)}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_line_that_only_gives_a_param_its_value_is_the_param(left: str, right: str, params: dict[str, Any]) -> None:
    assert told(left, right, **params) == ("", "")
    assert compare(left, right, {name.replace("__", "."): values for name, values in params.items()}).params
    code, _ = told(left, right)
    assert code, "without the param it is a change of the code"


@pytest.mark.parametrize(
    ("left", "right", "params", "code"),
    [
        ("lr = 0.1\nfit(lr)", "lr = 0.01\nfit(lr * 2)", {"lr": (0.1, 0.01)}, "-fit(lr) | +fit(lr * 2)"),
        ("lr = 0.1", "lr = base * 2", {"lr": (0.1, 0.2)}, "-lr = 0.1 | +lr = base * 2"),
        ("fit(depth=5)", "fit(depth=6, n=1)", {"fit__depth": (5, 6)}, "-fit(depth=5) | +fit(depth=6, n=1)"),
        ("a = 1\nb = 1", "a = 2\nb = 2", {"a": (1, 2)}, "-b = 1 | +b = 2"),
        ("a = 1", "a = 2", {"a": (1, 3)}, "-a = 1 | +a = 2"),
        ("a = 1", "a = 1.0", {"b": (1, 1.0)}, "-a = 1 | +a = 1.0"),
        ("a = 1\nx\nb = 1", "a = 2\nx\nb = 2", {}, "-a = 1 | +a = 2 | … | -b = 1 | +b = 2"),
        ("", "fit()", {}, "+fit()"),
        ("fit()", "", {}, "-fit()"),
        ("s = '''a\nb'''", "s = '''a\nB'''", {}, "-b''' | +B'''"),
        ("!ls", "!ls -l", {}, "-!ls | +!ls -l"),
        ("x = !ls a\ny = !ls", "x = !ls b\ny = !ls", {}, "-x = !ls a | +x = !ls b"),
        ("if a:\n    b()\n    c()", "if a:\n    b()\nc()", {}, "-    c() | +c()"),
        ("no python (\nlr = 1", "no python (\nlr = 2", {"lr": (1, 2)}, "-lr = 1 | +lr = 2"),
        ("s = '# no comment 1'", "s = '# no comment 2'", {}, "-s = '# no comment 1' | +s = '# no comment 2'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_lines_that_do_more_are_told(left: str, right: str, params: dict[str, Any], code: str) -> None:
    assert told(left, right, **params)[0] == code


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("fit()  # once", "fit()  # twice"),
        ("# a\nfit()", "fit()"),
        ("fit()\n\n\nend()", "fit()\nend()   "),
        ("f(a,b)", "f(a, b)"),
        ("f(a, b)", "f(\n    a,\n    b,\n)"),
        ("if a:\n  b()", "if a:\n    b()"),
        ("%%track one --tag a=b\nfit()", "%%track two\nfit()"),
        ("%track ls\nfit()", "fit()"),
        ("x = 'a'", 'x = "a"'),
        ("no python (  # a\nb", "no python (  # a\n# c\nb"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_comments_and_spacing_are_told_apart_from_the_code(left: str, right: str) -> None:
    code, looks = told(left, right)
    assert not code
    assert looks


def test_a_comment_beside_a_change_is_told_apart_too() -> None:
    assert told("# old\na()\nb()", "# new\na()\nc()") == ("-b() | +c()", "-# old | +# new")


def test_the_numbers_of_lines_are_those_of_their_texts() -> None:
    lines = compare("%%track\na\nb\u2028\nc", "%%track\na\nx\nb\u2028\nd", {}).lines
    assert [(line.kind, line.left, line.right) for line in lines] == [
        ("right", None, 3), ("gap", None, None), ("left", 4, None), ("right", None, 5)
    ]  # fmt: skip


def test_a_text_of_ten_thousand_lines_is_compared_line_by_line() -> None:
    text = "\n".join(f"x{at} = call({at}, depth={at})" for at in range(10_000))
    assert told(text, text.replace("x77 =", "y77 =")) == ("-x77 = call(77, depth=77) | +y77 = call(77, depth=77)", "")


texts = st.lists(
    st.sampled_from([
        *("a = 1", "a = 2", "# note", "", "f(a,b)", "f(a, b)  # c", "if a:", "    b = 'x'", "!ls"),
        *("'''", "x = '''", "%%track"),
        *("\tq", "(", ")", "é = {'a': 1}", "\x0c", "a\r", "\\", "f'{a}'", "<script>", "\0", "\ud800", "% 3", "d?"),
    ]),
    max_size=8,
).map("\n".join)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(left=texts, right=texts)
def test_any_two_texts_are_compared_and_equal_ones_do_not_differ(left: str, right: str) -> None:
    params = {"a": (1, 2), "b": ("x", ABSENT)}
    found = compare(left, right, params)
    assert compare(left, left, params)[:2] == ([], [])
    for line in (*found.lines, *found.looks):
        if line.kind != "gap":
            text, number = (left, line.left) if line.kind == "left" else (right, line.right)
            assert number is not None
            assert line.text in text
    if left.rstrip("\r\n") == right.rstrip("\r\n"):
        assert not found.lines
