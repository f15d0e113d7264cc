"""The backward slice: by texts alone, and by what was seen."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.capture.session import Execution
from nbtrack.capture.slices import History, Slice, step_of

SEEN: dict[str, Any] = {"mutated": []}


def made(*given: str | tuple[str, dict[str, Any]]) -> list[Execution]:
    """Executions with these texts, and what was seen of them."""
    found = []
    for number, one in enumerate(given, 1):
        text, facts = (one, {}) if isinstance(one, str) else one
        status = "error" if "failed" in facts else "ok"
        found.append(Execution(number, text, text, execution=number, status=status, facts=facts))
    return found


def sliced(*given: str | tuple[str, dict[str, Any]]) -> Slice:
    executions = made(*given)
    return History(step_of(one) for one in executions).slice(len(executions))


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["a = 1", "b = a", "c = 2", "print(b)"], [1, 2, 4]),
        (["a = 1", "a = 2", "print(a)"], [2, 3]),
        (["a = 1", "a += 1", "print(a)"], [1, 2, 3]),
        (["a = 1", "if x: a = 2", "print(a)"], [1, 2, 3]),
        (["import np", "x = np.zeros(3)", "print(x)"], [1, 2, 3]),
        (["k = 1", "def f(): return k", "k = 2", "print(f())"], [2, 3, 4]),
        (["k = 1", "def g(): return k", "def f(): return g()", "print(f())"], [1, 2, 3, 4]),
        (["def f(): return k", "k = 1", "def k2(): pass", "print(f())"], [1, 2, 4]),
        (["a = []", "a.append(1)", "print(a)"], [1, 2, 3]),
        (["a = {}", "a['x'] = 1", "b = 1", "print(a)"], [1, 2, 4]),
        (["a = 1", "del a", "print(a)"], [3]),
        (["a = 1", "%reset -f", "print(a)"], [3]),
        (["a = 1", "def f(): return f", "print(f, a)"], [1, 2, 3]),
        (["a = 1", "a = [a, a]", "print(a)"], [1, 2, 3]),
        (["1 + 1", "2", "print(_1)"], [1, 3]),
        (["print(nothing)"], [1]),
        (["np.random.seed(1)", "np.random.rand()", "x = np.random.rand()", "print(x)"], [1, 2, 3, 4]),
        (["np.random.rand()", "x = np.random.rand()", "print(x)"], [2, 3]),
    ],
)
def test_the_slice_by_texts_alone(cells, numbers):
    assert sliced(*cells).numbers == numbers


def test_what_was_seen_goes_before_the_text():
    untouched = ("a.append(1)", SEEN)
    assert sliced("a = []", untouched, "print(a)").numbers == [1, 3]
    silently = ("touch()", {**SEEN, "mutated": ["a"]})
    assert sliced("a = []", silently, "print(a)").numbers == [1, 2, 3]
    large = ("a[3] = 1", {**SEEN, "sampled": ["a"]})
    assert sliced("a = zeros()", large, "print(a)").numbers == [1, 2, 3]


def test_a_branch_that_was_not_taken_gives_nothing():
    assert sliced("a = 1", ("if no: a = 2", SEEN), "print(a)").numbers == [1, 3]
    assert sliced("a = 1", ("if yes: a = 2", {**SEEN, "bound": ["a"]}), "print(a)").numbers == [2, 3]


def test_a_failed_cell_gives_what_it_had_bound_and_says_so():
    failed = ("a = 1\nb = 1 / 0", {**SEEN, "bound": ["a"], "failed": "at line 2 (ZeroDivisionError)"})
    found = sliced("b = 5", failed, "print(a, b)")
    assert found.numbers == [1, 2, 3]
    assert found.unknown == [
        "In[2] failed at line 2 (ZeroDivisionError): what it had bound by then is taken.",
    ]


def test_names_of_a_star_import_are_unknown_unless_they_were_seen():
    assert sliced("from x import *", "print(a)").numbers == [2]
    found = sliced(("from x import *", {**SEEN, "bound": ["a"]}), "print(a)")
    assert found.numbers == [1, 2]
    assert found.unknown == []
    assert "imports * from x" in sliced("from x import *", "print(a)").unknown[0]


def test_a_fit_that_begins_anew_needs_no_earlier_one():
    fit = ("m.fit(x)", {"mutated": ["m"], "estimators": ["m"]})
    assert sliced("m = M()", fit, fit).numbers == [1, 3]
    warm = ("m.fit(x)", {"mutated": ["m"]})
    assert sliced("m = M()", warm, warm).numbers == [1, 2, 3]
    assert sliced("m = M()", fit, ("m.predict(x)", SEEN)).numbers == [1, 2, 3]


def test_files_go_from_the_cell_that_wrote_them_to_the_one_that_read_them():
    writing = ("save()", {**SEEN, "written": ["a.csv"]})
    reading = ("load()", {**SEEN, "files": [["a.csv", 1.0, 5]]})
    assert sliced(writing, "b = 1", reading).numbers == [1, 3]


def test_what_was_changed_inside_of_an_object_is_followed():
    later = ("print(a)", {**SEEN, "via": {"a": [2]}})
    assert sliced("a = [b]", ("b.append(1)", {"mutated": ["b"]}), later).numbers == [1, 2, 3]


def test_a_cell_that_is_not_known_yet_is_asked_for_by_the_names_it_needs():
    history = History(step_of(one) for one in made("a = 1", "b = 2", "c = a"))
    assert history.slice(4, frozenset({"c"})).numbers == [1, 3, 4]
    assert history.slice(3, frozenset({"c"})).numbers == [3]
    assert 4 not in history.steps


def test_a_long_session_is_walked_without_recursion():
    cells = ["a = 0", *("a = a + 1" for _ in range(3_000)), "print(a)"]
    found = sliced(*cells)
    assert len(found.numbers) > 1_999
    assert "oldest were left out" in found.unknown[-1]
