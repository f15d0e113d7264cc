"""``nbtrack.toml``: entry points, the types of their params, and mistakes in the file."""

from __future__ import annotations

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption
from nbtrack.execute.entries import entry, read_entries

SOUND = """
[entry_points.train]
notebook = "books/train.ipynb"
help = "trains"
kernel = "python3"

[entry_points.train.params]
lr = { type = "float", default = 0.1, help = "learning rate" }
depth = { type = "int" }
kind = "rbf"
deep = true
any = {}
"""


def write(project: Project, text: str) -> None:
    (project.root / "nbtrack.toml").write_text(text, encoding="utf-8")


def test_an_entry_point_gives_its_notebook_and_typed_params(project: Project) -> None:
    assert read_entries(project) == {}
    write(project, SOUND)
    found = entry(project, "train")
    assert found.notebook == project.root / "books/train.ipynb"
    assert (found.kernel, found.environment, found.help) == ("python3", None, "trains")
    assert found.values({"depth": "3", "any": "[1]"}) == {
        "lr": 0.1, "depth": 3, "kind": "rbf", "deep": True, "any": [1]
    }  # fmt: skip
    values = found.values({"depth": "3", "lr": "2", "kind": "3", "deep": "false", "any": "x"})
    assert values == {"lr": 2.0, "depth": 3, "kind": "3", "deep": False, "any": "x"}
    assert type(values["lr"]) is float


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"depth": "3", "any": "1", "rate": "1"}, r"takes no param 'rate'.*lr=0\.1, depth=int"),
        ({"any": "1"}, r"'depth' \(int\) is missing.*-p depth="),
        ({"depth": "3.5", "any": "1"}, r"'depth' is 3\.5.*type int"),
        ({"depth": "True", "any": "1"}, "'depth' is True"),
        ({"depth": "3", "lr": "fast", "any": "1"}, r"'lr' \(learning rate\) is 'fast'.*type float"),
        ({"depth": "3", "deep": "1", "any": "1"}, r"'deep' is 1.*type bool"),
    ],
)
def test_params_that_do_not_fit_are_refused_by_name(project: Project, given: dict[str, str], said: str) -> None:
    write(project, SOUND)
    with pytest.raises(InvalidOption, match=said):
        entry(project, "train").values(given)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[entry_points", "is no TOML"),
        ("entry_points = 3", "is no table"),
        ("[entry_points.a]\nkernel = 'x'", "names no notebook"),
        ("[entry_points.a]\nnotebook = 'x'\nkernal = 'x'", "has 'kernal'.*There are: notebook"),
        ("[entry_points.a]\nnotebook = 'x'\nkernel = 3", "'kernel' .* is 3"),
        ("[entry_points.a]\nnotebook = 'x'\nparams = 3", "'params' .* is 3"),
        ("[entry_points.a]\nnotebook = 'x'\n[entry_points.a.params]\nb = {typ = 'int'}", "one of int, float, str"),
        ("[entry_points.a]\nnotebook = 'x'\n[entry_points.a.params]\nb = {type = 'int', default = 'x'}", "'b' is 'x'"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(project: Project, text: str, said: str) -> None:
    write(project, text)
    with pytest.raises(InvalidOption, match=said):
        read_entries(project)


def test_an_unknown_entry_point_lists_those_near(project: Project) -> None:
    with pytest.raises(InvalidOption, match=r"no entry point 'train'.*nbtrack\.toml"):
        entry(project, "train")
    write(project, SOUND)
    with pytest.raises(InvalidOption, match=r"no entry point 'trane'\. It has: train"):
        entry(project, "trane")
