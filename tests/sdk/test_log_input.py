"""What log_input stores of data beside its kind and shape: a hash, sampled or in full."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.runs import contract as c

pytestmark = pytest.mark.usefixtures("project")


def logged(*data: Any, **how: Any) -> c.Dataset:
    with nbtrack.start_run():
        nbtrack.log_input(*data, **how)
    (found,) = nbtrack.run("@1").datasets
    return found


def test_the_same_content_has_the_same_hash_and_another_one_another() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    first = logged(table, "train")
    assert first.hash is not None
    assert first.hash.startswith("sha256-")
    assert first.info["dtypes"]["a"] == "int64"
    assert logged(table.copy(), "train").hash == first.hash
    changed = logged(table.assign(a=[1, 3]), "train")
    assert changed.hash != first.hash
    assert logged((x for x in "ab"), "stream").hash is None


def test_large_data_are_sampled_and_say_so_unless_all_of_it_is_asked_for() -> None:
    large = np.zeros((65 << 20) // 8 + 1)
    sampled = logged(large, "X")
    assert sampled.hash is not None
    assert sampled.hash.startswith("sha256.64M-")
    assert (sampled.info["sampled"], sampled.info["read"] <= 64 << 20) == (True, True)
    full = logged(large, "X", full=True)
    assert full.hash is not None
    assert full.hash.startswith("sha256-")
    assert "sampled" not in full.info


def test_files_and_folders_are_known_by_what_they_hold_and_where_they_are(project: Project) -> None:
    folder = project.root / "data"
    folder.mkdir()
    (folder / "x.csv").write_text("1,2")
    for given in ("data/x.csv", Path("data/x.csv"), folder / "x.csv"):
        found = logged(given, "x")
        assert (found.kind, found.path, found.info["size"]) == ("file", "data/x.csv", 3)
        assert found.hash == f"sha256-{hashlib.sha256(b'1,2').hexdigest()}"
    whole = logged("data", "all")
    assert (whole.kind, whole.path, whole.info["files"]) == ("folder", "data", 1)
    absent = logged("absent.csv", "none")
    assert (absent.kind, absent.path, absent.hash) == ("str", "absent.csv", None)
    table = logged(np.zeros(3), "with a path", folder / "x.csv")
    assert (table.kind, table.path) == ("ndarray", "data/x.csv")


def test_a_file_of_our_own_store_is_never_opened(project: Project) -> None:
    found = logged(str(project.database), "own")
    assert found.hash is None
