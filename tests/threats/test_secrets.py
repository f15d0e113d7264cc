"""Secrets: of 24 that are planted wherever a notebook can have them, none is in any byte that is kept or sent on.

The rules themselves are tested in `tests/base/test_secrets.py`; here a whole session goes by: see `session.py`. It also
shows what leaves the machine (nothing), what is unpickled (nothing), and who else on the machine may read it (nobody).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base import secret_rules, secrets
from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.projects import recorder_of
from nbtrack.runs.service import RunsService
from tests.base.test_secrets import INNOCENT, PLANTED

VENDORS = (
    "aws id", "aws secret", "github", "github fine", "gitlab", "slack", "slack hook", "google", "openai",
    "openai project", "anthropic", "hugging face", "npm", "pypi", "stripe", "wandb", "jwt", "pem", "address", "azure",
    "sendgrid", "telegram", "kaggle", "bearer",
)  # fmt: skip
FALSE = INNOCENT[:17]
EACH = 6  # planted in one cell
GIT_TOKEN = "gh" + "p_" + "".join(random.Random(7).choices("abcdefghijkmnopqrstuvwxyz0123456789", k=36))


@dataclass
class Session:
    """What a session left behind."""

    root: Path
    said: str
    report: dict[str, Any]

    @property
    def project(self) -> Project:
        """Where its runs are."""
        return Project(self.root / "project")

    def kept(self) -> dict[str, bytes]:
        """All bytes below .nbtrack, as they lay there when the process was gone."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.project.folder.rglob("*")
            if path.is_file()
        }

    def exported(self) -> dict[str, bytes]:
        """The exports, bundles unpacked."""
        found = {path.name: path.read_bytes() for path in (self.root / "out").iterdir()}
        with zipfile.ZipFile(self.root / "out" / "x.nbtrack.zip") as archive:
            found |= {f"zip:{name}": archive.read(name) for name in archive.namelist()}
        return found


def lines() -> list[list[str]]:
    """What is planted, cell by cell; the last cell has what looks like secrets and is none."""
    planted = [PLANTED[name][1].replace("{}", PLANTED[name][0]) for name in VENDORS]
    return [*(planted[at : at + EACH] for at in range(0, len(planted), EACH)), list(FALSE)]


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session in a repository whose remote has a token, killed at its end."""
    root = tmp_path_factory.mktemp("session")
    (root / "project").mkdir()
    (root / "out").mkdir()
    (root / "lines.json").write_text(json.dumps(lines()), encoding="utf-8")
    url = f"https://me:{GIT_TOKEN}@example.org/a/b.git"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    (root / "project" / "config.py").write_text("x = 1\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["remote", "add", "origin", url]):
        subprocess.run([*git, *command], cwd=root / "project", check=True)
    planted = PLANTED["openai"][0]
    (root / "project" / "config.py").write_text(f"openai.api_key = '{planted}'\n")
    environment = {**os.environ, "NBTRACK_PARENT": "", "IPYTHONDIR": str(root / "ipython")}
    environment.pop("NBTRACK_DIR", None)
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("session.py")), str(root)],
        capture_output=True, text=True, check=False, env=environment, timeout=240,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    return Session(root, ended.stdout + ended.stderr, json.loads((root / "report.json").read_text()))


def found_in(files: dict[str, bytes], texts: dict[str, str]) -> list[tuple[str, str]]:
    """Which of the texts stand in which files: as they are, line by line, or as JSON writes them."""
    hits = []
    for what, text in texts.items():
        longest = max(text.splitlines(), key=len)
        for name, data in files.items():
            if longest.encode() in data or json.dumps(longest)[1:-1].encode() in data:
                hits.append((what, name))
    return hits


SECRETS = {name: PLANTED[name][0] for name in VENDORS} | {"git": GIT_TOKEN}


def test_none_of_24_planted_secrets_is_in_any_byte_that_is_kept(session: Session) -> None:
    assert len(VENDORS) == len(set(SECRETS.values())) - 1 == 24
    kept = session.kept()
    assert {Path(name).suffix for name in kept} >= {".db", ".nbj"}, (
        "the journal and the database are there to look into"
    )
    assert any(name.endswith("-wal") and data for name, data in kept.items())
    assert found_in(kept, SECRETS) == []
    rows = RunsService(session.project).page(c.PageRequest()).rows
    assert {row.name for row in rows} == {f"cell-{number}" for number in range(len(lines()))}
    assert sum(data.count(secrets.MARK.encode()) for data in kept.values()) > 24


def test_this_test_sees_what_is_there(session: Session) -> None:
    assert found_in({"a": session.said.encode()}, SECRETS), "the user's own output has them"
    assert found_in(session.kept(), {"loss": "planted"})


def test_no_export_has_one(session: Session) -> None:
    exported = session.exported()
    assert {"x.html", "x.md", "x.tex", "x.csv", "x.json", "x.ipynb", "x.py", "zip:manifest.json"} <= set(exported)
    assert found_in(exported, SECRETS) == []
    assert any(secrets.MARK.encode() in data for data in exported.values())


def test_it_is_said_that_secrets_were_taken_out_and_only_once(session: Session) -> None:
    assert session.said.count("what looks like a password, a token or a key is kept as «redacted»") == 1


def test_of_17_false_ones_at_most_one_is_taken_out(session: Session) -> None:
    service = RunsService(session.project)
    run = c.RunRequest(f"cell-{len(lines()) - 1}")
    text = "\n".join(one.text or "" for one in service.outputs(run).outputs if one.kind == "stdout")
    missing = [line for line in FALSE if line.splitlines()[0] not in text]
    assert len(FALSE) == 17
    assert len(missing) <= 1, missing


def test_what_a_panel_leaves_in_the_notebook_has_no_token(session: Session) -> None:
    saved = session.report["saved"]
    assert secrets.MARK in saved or "\\u00abredacted" in saved, "it shows the runs"
    assert found_in({"panel": saved.encode()}, SECRETS) == []
    assert "token" not in json.dumps(json.loads(saved)[0])


def test_a_session_reaches_nobody_beyond_the_machine_and_opens_no_door(session: Session) -> None:
    assert session.report["reached"] == []
    assert session.report["listened"] == []


def test_a_session_unpickles_nothing(session: Session) -> None:
    ours = [name for name in session.report["unpickled"] if not name.startswith(("numpy", "_codecs"))]
    assert ours == []


def test_a_session_writes_only_where_it_should(session: Session) -> None:
    elsewhere = [
        path for path in session.report["written"]
        if not path.startswith((str(session.root / "ipython"), str(Path.home()))) and "__pycache__" not in path
    ]  # fmt: skip
    assert elsewhere == []
    home = [path for path in session.report["written"] if path.startswith(str(Path.home())) and "nbtrack" in path]
    assert home == []


def test_a_session_starts_only_git_and_what_tells_of_the_machine(session: Session) -> None:
    assert {Path(one.split()[0]).name for one in session.report["started"]} <= {"git", "nvidia-smi"}


# -- without


def record(project: Project, line: str) -> bytes:
    """What lies in .nbtrack once a run has been recorded that has a line wherever a script can put it."""
    with current.begin(project, name="x", source=secrets.redact(line)[0]) as run:
        run.set_params({"line": line})
        run.set_note(line)
        run.set_tags({"x": line})
        run.end("failed", line)
    recorder_of(project).close()
    return b"".join(path.read_bytes() for path in project.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["github", "stripe", "openai", "sendgrid"])
def test_without_its_defence_a_secret_is_kept(name: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, line = PLANTED[name][0], f"x({PLANTED[name][0]})"
    assert secret.encode() not in record(Project(project.root / "with"), line)
    monkeypatch.setattr(secret_rules, "RULES", ())
    assert secret.encode() in record(Project(project.root / "without"), line)
