"""The params of a run in the text of a cell: what changes, what stays byte for byte, what capture then reads."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from nbtrack.base.cells import python_part, split_cell
from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.base.secrets import MARK
from nbtrack.capture.params import params_after
from nbtrack.capture.scalars import same
from nbtrack.capture.syntax import read_cell
from nbtrack.lineage import contract as c
from nbtrack.lineage.places import places
from nbtrack.lineage.rewrite import rewrite
from nbtrack.lineage.written import alike, written
from nbtrack.runs.contract import Param
from tests.lineage.conftest import Notebook


def put(text: str, params: dict[str, Any], code: str | None = None) -> c.Rewritten:
    """The text with these params, as a run stored them."""
    return rewrite(text, [Param(name, value, "cell", 0.0) for name, value in params.items()], code)


def names(changes: list[Any]) -> list[str]:
    return [change.name for change in changes]


# -- what is written


@pytest.mark.parametrize(
    ("text", "params", "expected"),
    [
        ("lr = 0.1", {"lr": 0.5}, "lr = 0.5"),
        ("lr=0.1 # the rate\n", {"lr": 1e-05}, "lr=1e-05 # the rate\n"),
        ("lr: float = 0.1", {"lr": 0.2}, "lr: float = 0.2"),
        ("a = 1; b = 2 ; c=3", {"a": 10, "c": 30}, "a = 10; b = 2 ; c=30"),
        ("x, y = 1, 'two'", {"x": 5, "y": "five"}, "x, y = 5, 'five'"),
        ("é = 'ü'; 名 = 2; z = 'é' ; w = 4", {"w": 5, "名": 3}, "é = 'ü'; 名 = 3; z = 'é' ; w = 5"),
        ("n = 2 ** 10  # comment", {"n": 7}, "n = 7  # comment"),
        ("n = -1", {"n": 1}, "n = 1"),
        ("n = 1", {"n": -1}, "n = -1"),
        ("n = (1)", {"n": 2}, "n = (2)"),
        ("n = (\n    1  # why\n)", {"n": 2}, "n = (\n    2  # why\n)"),
        ("flag = True", {"flag": False}, "flag = False"),
        ("what = None", {"what": 3}, "what = 3"),
        ("what = 3", {"what": None}, "what = None"),
        ("name = 'a'", {"name": "it's"}, 'name = "it\'s"'),
        ('name = "a"', {"name": "b"}, 'name = "b"'),
        ('name = "a"', {"name": 'say "b"'}, "name = 'say \"b\"'"),
        ("name = 'a'", {"name": "b\nc\\d"}, "name = 'b\\nc\\\\d'"),
        ("name = '''a\nb'''  # long\nx = 1", {"name": "c", "x": 2}, "name = 'c'  # long\nx = 2"),
        ('name = ("a"\n        "b")\nx = 1', {"name": "c", "x": 2}, 'name = ("c")\nx = 2'),
        ("t = (1, 2)", {"t": [3, 4]}, "t = (3, 4)"),
        ("t = 1, 2", {"t": [3]}, "t = (3,)"),
        ("t = [1,  # one\n     2,  # two\n]", {"t": [1, 3]}, "t = [1,  # one\n     3,  # two\n]"),
        ("t = [1, 2]", {"t": [1, 2, 3]}, "t = [1, 2, 3]"),
        ("t = [1]", {"t": "all"}, "t = 'all'"),
        ("x = 1", {"x": math.inf}, 'x = float("inf")'),
        ("x = 1", {"x": -math.inf}, 'x = float("-inf")'),
        ("x = 1", {"x": math.nan}, 'x = float("nan")'),
        ("x = float('nan')", {"x": 2.0}, "x = 2.0"),
        ("x = 1", {"x": 1.0}, "x = 1.0"),
        ("x = 1", {"x": True}, "x = True"),
        ("x = 0.0", {"x": -0.0}, "x = -0.0"),
        (
            "cfg = {'lr': 0.1, 'deep': {'n': 1}}",
            {"cfg.lr": 1.0, "cfg.deep.n": 2},
            "cfg = {'lr': 1.0, 'deep': {'n': 2}}",
        ),
        ("cfg = dict(lr=0.1)", {"cfg.lr": 1.0}, "cfg = dict(lr=1.0)"),
        ("cfg = Config(lr=0.1, n=2)", {"cfg.lr": 1.0}, "cfg = Config(lr=1.0, n=2)"),
        ("SVC(C=1).fit(x, shuffle=True)", {"SVC.C": 10, "fit.shuffle": False}, "SVC(C=10).fit(x, shuffle=False)"),
        ("f(u=1)\nf(u=2)\n", {"f.u": 5, "f#2.u": 6}, "f(u=5)\nf(u=6)\n"),
        ("f(u=1)\nf(u=2)\n", {"f.u": 2, "f#2.u": 1}, "f(u=2)\nf(u=1)\n"),
        ("f(u=1)\ng(f(u=1))\n", {"f.u": 3}, "f(u=3)\ng(f(u=3))\n"),
        ("def g():\n    return f(u=1)\n", {"f.u": 3}, "def g():\n    return f(u=3)\n"),
        ("lr = 0.1\nlr = 0.2", {"lr": 0.5}, "lr = 0.1\nlr = 0.5"),
        ("lr = 0.1\r\nn = 1\r\n", {"lr": 0.5, "n": 2}, "lr = 0.5\r\nn = 2\r\n"),
        ("if fast:\n    pass\nlr = 0.1", {"lr": 0.5}, "if fast:\n    pass\nlr = 0.5"),
        ("x = await f(u=1)", {"f.u": 2}, "x = await f(u=2)"),
    ],
)
def test_the_value_goes_in_and_the_rest_stays(text: str, params: dict[str, Any], expected: str) -> None:
    found = put(text, params)
    assert found.text == expected
    assert sorted(names(found.changed)) == sorted(params)
    assert not found.kept
    assert not found.missing
    assert all(alike(change.right, params[change.name]) for change in found.changed)


@pytest.mark.parametrize(
    "text",
    [
        "lr = 1e-3", "lr = 0.00_1", "lr = .001", "lr = (0.001)", "lr = 1 / 1000", "lr = 0.0010",
    ],
)  # fmt: skip
def test_a_literal_that_has_the_value_stays_as_it_is_written(text: str) -> None:
    found = put(text, {"lr": 0.001})
    assert (found.text, found.kept, found.changed, found.missing) == (text, ["lr"], [], [])


@pytest.mark.parametrize(
    "text",
    [
        "lr = make()", "print(lr)", "lr = other", "lr = f'{x}'", "def f():\n    lr = 0.1", "if x:\n    lr = 0.1",
        "for lr in (1, 2):\n    pass", "lr = [make()]", "lr = 0.1\nlr *= 2", "lr = 0.1\nif x:\n    lr = 2.0",
        "lr = 0.1\nlr = make()", "lr = 0.1\ndef f():\n    global lr\n    lr = 3", "lr = b'x'", "lr = 1j",
        "f'{f(lr=1)}'",
        "lr = 0.1\n(lr := 3)", "lr = 0.1\nwith x as lr:\n    pass", "# lr = 0.1", "'lr = 0.1'", "", "\n",
        "%%bash\nlr=0.1", "%%html\n<p>lr = 0.1", "!lr = 0.1", "%env lr = 0.1", "x.lr = 0.1", "x['lr'] = 0.1",
        "lr = 0.1\nimport lr",
        "print(lr=0.1)", "log_param(lr=0.1)", "lr = 0.1\nfor i in y:\n    lr = lr / 2", "lr = [i for i in (1, 2)]",
    ],
)  # fmt: skip
def test_what_no_literal_sets_is_missing_and_the_text_stays(text: str) -> None:
    found = put(text, {"lr": 0.5})
    assert (found.text, found.changed, found.kept) == (text, [], [])
    assert [(change.name, change.left, change.right) for change in found.missing] == [("lr", None, 0.5)]


@pytest.mark.parametrize("value", ["x" * 251, list(range(51)), {"a": 1}, [[1]], 1 << 1025, MARK, f"key={MARK}"])
def test_a_value_that_capture_would_not_read_back_is_missing(value: Any) -> None:
    found = put("lr = 0.1\nn = 1", {"lr": value, "n": 2})
    assert found.text == "lr = 0.1\nn = 2"
    assert names(found.missing) == ["lr"]


def test_a_name_that_something_else_changes_gets_what_the_code_of_the_run_had() -> None:
    text = "lr = 0.3\nif warm:\n    lr = lr * 2\n"
    found = put(text, {"lr": 0.2}, code="lr = 0.1  # as it was\nif warm:\n    lr = lr * 2\n")
    assert found.text == text.replace("0.3", "0.1")
    assert [(change.name, change.left, change.right) for change in found.changed] == [("lr", 0.3, 0.1)]
    assert put(text, {"lr": 0.2}, code="lr = 0.2").text == text, "the run did not change it: nobody knows what 0.2 was"


def test_a_name_that_only_the_run_changed_gets_what_it_became() -> None:
    assert put("lr = 0.3", {"lr": 0.2}, code="lr = 0.1\nlr *= 2").text == "lr = 0.2"


def test_a_param_logged_by_hand_under_the_name_of_a_literal_leaves_the_literal_of_then() -> None:
    code = "lr = 0.1\nnbtrack.log_param('lr', lr * 2)"
    assert put(code.replace("0.1", "0.4"), {"lr": 0.2}, code).text == code


@pytest.mark.parametrize(
    "text", ["cfg = {'lr': 1}\ncfg['lr'] = 2", "cfg = {'lr': 1}\ncfg.update(lr=2)", "cfg = Config(lr=1)\ncfg.lr = 2"]
)
def test_a_dict_or_object_that_is_changed_later_is_not_set_by_its_literal(text: str) -> None:
    found = put(text, {"cfg.lr": 5})
    assert (found.text, names(found.missing)) == (text, ["cfg.lr"])


def test_two_names_of_one_literal_are_left_when_the_run_has_them_apart() -> None:
    assert names(put("a = b = 1", {"a": 2, "b": 3}).missing) == ["a", "b"]
    assert put("a = b = 1", {"a": 2, "b": 2}).text == "a = b = 2"


def test_calls_that_the_values_would_number_differently_are_left() -> None:
    text = "f(u=1)\nf(u=2, v=3)\n"
    found = put(text, {"f.u": 2, "f#2.v": 9})
    assert (found.text, names(found.missing)) == (text, ["f.u", "f#2.v"])


MAGICS = """
%%track best --tag stage='a b' --note "lr = 3"
%%time

%matplotlib inline
lr = 0.1 # %lr
!echo "lr = 0.2" \\
   lr = 0.3
files = !ls 'a
out = %timeit -o f(lr=0.9)
for i in range(3):
    %time lr
    !ls
text = '''
%lr = 7
!lr = 8
'''
fit?
??fit
/fit lr = 1
fit(lr = 0.1,
    n = 5 % 3)
"""


def test_what_only_ipython_understands_survives() -> None:
    found = put(MAGICS, {"lr": 0.5, "fit.lr": 0.6, "fit.n": 4, "text": "none"})
    expected = MAGICS.replace("\nlr = 0.1 #", "\nlr = 0.5 #").replace("fit(lr = 0.1", "fit(lr = 0.6")
    expected = expected.replace("5 % 3", "4").replace("'''\n%lr = 7\n!lr = 8\n'''", "'none'")
    assert found.text == expected
    assert not found.missing


def test_a_cell_that_is_indented_as_a_whole_keeps_its_indentation() -> None:
    assert put("  %%track\n  é = 'ü'; lr = 0.1\n\n  n = 1", {"lr": 5, "n": 2}).text == (
        "  %%track\n  é = 'ü'; lr = 5\n\n  n = 2"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("lr = ", 1),
        ("%%track\n\nx = 1\nlr = 0.1 0.2\n", 4),
        ("%cd x\n!ls\ndef f(:\n", 3),
        ("x = 'a\ny = 1", 1),
        ("  a\n b", 2),
    ],
)
def test_a_mistake_in_the_text_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(InvalidOption, match=f"mistake in line {line}:"):
        put(text, {"lr": 1})


def test_a_cell_that_python_warns_of_is_read_without_a_word() -> None:
    assert put("pattern = '\\d'\nlr = 1\nx = 1 is 1\n", {"lr": 2}).text == "pattern = '\\d'\nlr = 2\nx = 1 is 1\n"


@pytest.mark.parametrize("text", ["lr = 1\0", "lr = '\ud800'", "lr = " + "(" * 5000 + ")" * 5000, "x = 1\n" * 50_000])
def test_a_text_that_is_no_cell_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption):
        put(text, {"lr": 1})


def test_the_operation_takes_the_params_and_the_code_of_the_run(notebook: Notebook) -> None:
    run = notebook.run("first", "lr = 0.1\n", captured={"lr": 0.1, "betas": (0.9, 0.99)}, explicit={"note": "x"})
    text = "lr = 0.3\nbetas = (0, 0.99)\n"
    found = notebook.lineage.rewrite(c.RewriteRequest(run.id, text))
    assert found.text == "lr = 0.1\nbetas = (0.9, 0.99)\n"
    assert (names(found.changed), found.kept, names(found.missing)) == (["betas", "lr"], [], ["note"])
    with pytest.raises(NotFound):
        notebook.lineage.rewrite(c.RewriteRequest("nobody", text))


def test_nothing_is_executed(notebook: Notebook) -> None:
    text = "raise SystemExit(exec('1/0'))\n!touch here\nlr = 1\n"
    assert put(text, {"lr": 2}).text == text.replace("lr = 1", "lr = 2")
    assert not (notebook.project.root / "here").exists()


# -- by chance

SCALARS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.none(), st.text(max_size=20),
    st.sampled_from(["'", '"', "'''", "\\", "\n", "é", "\u2028", "%%track", "{x}", "#", "\x0c", "\r"]),
)  # fmt: skip
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, min_size=1, max_size=4), st.lists(SCALARS, min_size=1, max_size=4).map(tuple)
)
FILL = st.sampled_from([
    "\n", ";", "  # é '\n", "\n%time f()\n", "\n!ls \\\n  -l\n", "\nprint(f'{a}')\n", "\nx = !ls\n", "\n\n",
    "\nif True:\n    pass\n", "\nq = '''\n%x\n'''\n", "\nfit?\n", "\nfor _ in []:\n    %cd x\n",
])  # fmt: skip
SHAPES = st.sampled_from([
    "{n} = {v}", "{n}: object = {v}", "{n} = ({v})", "{n} = {{'k': {v}, 'é': 1}}", "{n} = dict(k={v})",
    "{n} = keep(k={v})", "keep{n}(k={v})", "{n}, é{n} = {v}, 'é'", "é = 'é' ; {n} = {v}", "{n} = 0\n{n} = {v}",
])  # fmt: skip


def keep(**given: Any) -> int:
    """What the cells call."""
    return len(given)


def captured(text: str) -> dict[str, Any]:
    """What a run of the cell would store, as it comes back from the file."""
    python = python_of(text)
    space: dict[str, Any] = {"keep": keep, "get_ipython": _Shell, "a": 1}
    space |= {f"keepn{number}": keep for number in range(5)}
    exec(compile(python, "<cell>", "exec"), space)
    found = {item.name: item.value for item in params_after(read_cell(python), space)}
    return {name: json.loads(json.dumps(value)) for name, value in found.items()}


class _Shell:
    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def has_no_literal(value: Any) -> bool:
    """NaN and the infinities, which capture does not read."""
    items = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, float) and not math.isfinite(item) for item in items)


@st.composite
def cells(draw: st.DrawFn) -> tuple[str, str]:
    """Two cells that differ in their literals alone."""
    both = list(draw(st.sampled_from([("", ""), ("%%track\n", "%%track x\n")])))
    for number in range(draw(st.integers(1, 4))):
        shape, fill = draw(SHAPES), draw(FILL)
        for side in (0, 1):
            both[side] += shape.format(n=f"n{number}", v=written(draw(VALUES), draw(st.sampled_from("'\""))))
            both[side] += fill
    return both[0], both[1]


@given(cells())
@example(('a = keep(k=float("inf"))\nb = keep(k=0)\n', "a = keep(k=0)\nb = keep(k=None)\n"))
@settings(max_examples=150, deadline=None)
def test_capture_reads_the_params_of_the_run_from_the_rewritten_cell(both: tuple[str, str]) -> None:
    code, text = both
    wanted = captured(code)
    found = put(text, wanted, code)
    again = captured(found.text)
    lost = set(names(found.missing))
    for name, value in wanted.items():
        assert name in lost or alike(again[name], value), (name, found.text)
    assert lost <= {name for name in wanted if name not in captured(text) or name.startswith("keep")}
    assert put(found.text, wanted, code).text == found.text
    restored = put(found.text, captured(text), text)
    back = captured(put(restored.text, wanted, code).text)  # the quotes may be others by now
    assert repr(sorted(back.items())) == repr(sorted(again.items()))


@given(
    st.lists(
        st.tuples(SHAPES, FILL, VALUES.filter(lambda old: not has_no_literal(old)), SCALARS), min_size=1, max_size=5
    )
)
@settings(max_examples=150, deadline=None)
def test_nothing_but_the_literals_changes(parts: list[tuple[str, str, Any, Any]]) -> None:
    def cell(values: list[str]) -> str:
        return "".join(
            shape.format(n=f"n{at}", v=value) + fill
            for at, ((shape, fill, *_), value) in enumerate(zip(parts, values, strict=True))
        )

    old = [written(value) for _, _, value, _ in parts]
    text = cell(old)
    names_of = [_name(shape, at) for at, (shape, *_) in enumerate(parts)]
    found = put(text, dict(zip(names_of, (new for *_, new in parts), strict=True)))
    assert not found.missing
    new = [
        before if name in found.kept else written(value, '"' if '"' in before else "'")
        for name, before, (*_, value) in zip(names_of, old, parts, strict=True)
    ]
    # The quotes of a string that was no string before follow the rest of the cell.
    assert found.text.replace('"', "'") == cell(new).replace('"', "'")


def _name(shape: str, at: int) -> str:
    if shape.startswith("keep"):
        return f"keepn{at}.k"
    return f"n{at}.k" if "k" in shape else f"n{at}"


PLAIN = [
    "a = 1", "b = 'x'", "%cd x", "!ls", "a = !ls", "a = %pwd", "if a:", "    b = 2", "    %cd", "'''", "c = 5 # ?",
    "d = '?'", "e = 3 % 2", "e %= 2", "f = a != 1", "g = 1 + \\", "2", "%%time", "%%bash", "%%track x", "", "   ",
    "# %x", "h = '''", "%x '''", "a = b = 3", "!a \\", "; x", "k = \"%x\"", "m = {'a': 1}", "m['a'] = 2",
    "é = 'é'; z = 1", "def f():", "    return g(q=1)", "a, b = 1, 2",
]  # fmt: skip
HELP = ["a?", "?a", "a.b??", "    a?"]
BRACKETS = ["f(x=1,", "y=2)", "(", ")", "x = [1,", "%y]", "!z]"]


# Half of these cells are no Python: by chance it may be so many of the first that hypothesis gives up.
PATIENT = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def lines_of(lines: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(lines), max_size=7)


def python_of(text: str) -> str:
    """The Python that a kernel runs of a cell."""
    from IPython.core.inputtransformer2 import TransformerManager

    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]
    return str(manager.transform_cell(python_part(split_cell(text)[1])))


@given(lines_of(PLAIN + HELP) | lines_of(PLAIN + BRACKETS))
@settings(max_examples=300, deadline=None, suppress_health_check=PATIENT)
def test_the_literals_are_those_that_capture_finds_behind_ipython(lines: list[str]) -> None:
    text = "\n".join(lines)
    python = python_of(text)
    syntax = read_cell(python)
    assume(syntax.parsed)
    found = {name: at[0].value for name, at in places(text).found.items()}
    read = {**syntax.call_literals, **syntax.literals}
    assert found.keys() == read.keys(), python
    assert all(same(found[name], value) for name, value in read.items())
