"""What the text of a cell says of its effects."""

from __future__ import annotations

import pytest

from nbtrack.capture.effects import Effects, read_effects


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("a = 1\nb, (c, *d) = f()", {"a", "b", "c", "d"}),
        ("import numpy as np\nfrom x import y, z as w", {"np", "y", "w"}),
        ("def f():\n    inner = 1\nclass C:\n    part = 2", {"f", "C"}),
        ("if x:\n    a = 1\n    b = 2\nelse:\n    a = 3", {"a"}),
        ("for i in x:\n    a = i", set()),
        ("try:\n    import fast\nexcept ImportError:\n    fast = None", {"fast"}),
        ("try:\n    a = f()\nexcept ValueError:\n    raise", {"a"}),
        ("try:\n    a = f()\nexcept ValueError:\n    pass", set()),
        ("with open(x) as f:\n    text = f.read()", {"f", "text"}),
        ("a += 1", {"a"}),
        ("a: int", set()),
        ("print(a := 3)", {"a"}),
        ("a = 1\ndel a", set()),
        ("a['b'] = 1", set()),
        ("%%time\na = 1", {"a"}),
        ("%%track run -e x\n%matplotlib inline\na = 1", {"a"}),
        ("files = !ls\na = 1", {"files", "a"}),
    ],
)
def test_names_that_a_cell_binds_for_sure(text, sure):
    assert read_effects(text).sure == sure


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("def f():\n    return k", set()),
        ("def f():\n    return k\nf()", {"k"}),
        ("f = lambda: k", set()),
        ("sorted(x, key=lambda one: one + k)", {"x", "k"}),
        ("class C:\n    def go(self):\n        return k", set()),
        ("class C:\n    def go(self):\n        return k\nC().go()", {"k"}),
        ("a += b", {"a", "b"}),
        ("a = 1\nprint(a)", set()),
        ("df['x'] = df.y * 2", {"df"}),
    ],
)
def test_names_that_a_cell_needs_now(text, free):
    assert read_effects(text).free == free


def test_what_functions_need_when_they_are_called_is_known_by_their_names():
    found = read_effects("def f(x):\n    return x * rate + len(seen)\nstep = lambda: f(other)")
    assert found.late == {"f": {"rate", "seen"}, "step": {"f", "other"}}


def test_changes_in_place_are_told_from_reads():
    text = (
        "a.append(1)\nb['x'] = 2\nc.part = 3\nd.head()\ne.dropna(inplace=True)\ndel f[0]\nrandom.shuffle(g)\nh.add_(1)"
    )
    found = read_effects(text)
    assert found.parts == {"b", "c", "f"}
    assert found.methods >= {"a", "e", "g", "h"}
    assert "d" not in found.methods | found.parts


def test_what_sets_a_module_up_is_told_from_what_uses_it():
    text = (
        "mlflow.set_tracking_uri('x')\nplt.style.use('dark')\nos.environ['A'] = '1'\nsys.path.append('x')\n"
        "pd.read_csv('x')\nnp.random.seed(1)\nuser.find()\nlogging.disable()\nrandom.shuffle(found)"
    )
    assert read_effects(text).configured == {"mlflow", "plt", "os", "sys", "logging"}


@pytest.mark.parametrize(
    ("text", "opaque"),
    [
        ("exec(text)", ("exec()",)),
        ("globals()['x'] = 1", ("globals()",)),
        ("%run helpers.py", ("%run helpers.py",)),
        ("get_ipython().run_line_magic('run', 'helpers.py')", ("%run helpers.py",)),
        ("%%bash\nls", ("%%bash",)),
        ("%time x = 1", ()),
        ("model.eval()", ()),
    ],
)
def test_what_hides_names_is_told(text, opaque):
    assert read_effects(text).opaque == opaque


def test_star_imports_seeds_and_draws_are_told():
    found = read_effects("from helpers import *\nnp.random.seed(3)\nnp.random.rand(2)\nrng = np.random.default_rng()")
    assert found.stars == ("helpers",)
    assert found.seeds == {"numpy"}
    assert found.draws == {"numpy"}
    assert found.unseeded == ("np.random.default_rng",)
    assert read_effects("rng = np.random.default_rng(3)").unseeded == ()


@pytest.mark.parametrize("text", ["a = (", "\0", "((((" * 5000, "x" * 300_000, "", "  ", "%%", "%%track"])
def test_no_text_is_too_odd(text):
    assert isinstance(read_effects(text), Effects)
