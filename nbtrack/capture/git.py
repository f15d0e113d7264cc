"""The state of the git repository around a notebook: commit, branch, what differs, where it came from."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from .process import Answer, run_quiet

_TIMEOUT = 2.0  # seconds, for each call of git
_MARGIN = 16_384  # bytes read beyond the cap, so that a secret on the edge is seen whole

# .nbtrack/ is our own store: neither a change of the project nor anything another program should open.
_ALL = ":(top)"
_NOT_STORE = ":(top,exclude,glob)**/.nbtrack/**"
# Running a notebook rewrites its JSON (outputs, counts, pictures in base64): its diff would fill the cap with
# noise and may hold outputs that nobody redacted. The code that ran is stored with the run itself, so nothing
# is lost.
_NOT_NOTEBOOKS = ":(top,exclude)*.ipynb"

# A repository may come from elsewhere: nothing that its settings name is started, except the clean filters
# that git itself needs to compare files (git-lfs, nbstripout).
_GIT = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_DIFF = (
    *("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)


def _same(text: str) -> str:
    return text


def read_git(folder: Path, max_diff: int = 200_000, redact: Callable[[str], str] = _same) -> dict[str, object] | None:
    """Describe the repository that ``folder`` lies in; None outside of one or without git. Never raises.

    Keys: ``commit`` (None before the first one), ``branch`` (None when detached), ``dirty`` (a tracked file
    differs from ``commit``, notebooks included), ``diff`` (of tracked files except notebooks against
    ``commit``, through ``redact``, at most ``max_diff`` bytes of UTF-8, ended at a line; None if git took
    over 2 s or ``redact`` failed), ``diff_dropped`` (bytes that were cut), ``untracked`` (number of files
    that are neither tracked nor ignored; None if git took over 2 s) and ``remote`` (address without user,
    password, token, query; None if there is none).
    """
    try:
        return _read(folder, max_diff, redact)
    except Exception:  # noqa: BLE001 - whatever a repository or a git of an unknown age does: the run is worth more
        return None


def _read(folder: Path, max_diff: int, redact: Callable[[str], str]) -> dict[str, object] | None:
    if shutil.which("git") is None:
        return None
    status = _git(folder, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no",
                  "--ignore-submodules=dirty", "--", _ALL, _NOT_STORE, keep=65_536)  # fmt: skip
    if status is None:
        return None
    commit, branch, dirty = _parse_status(status.kept)
    diff, dropped = _diff(folder, commit, max_diff, redact) if dirty else ("", 0)
    return {
        "commit": commit,
        "branch": branch,
        "dirty": dirty,
        "diff": diff,
        "diff_dropped": dropped,
        "untracked": _untracked(folder),
        "remote": _remote(folder, branch, redact),
    }


def _git(folder: Path, *words: str, keep: int = 1_000_000) -> Answer | None:
    answer = run_quiet([*_GIT, *words], timeout=_TIMEOUT, keep=keep, cwd=folder, env=_environment())
    return answer if answer is not None and answer.code == 0 else None


# A kernel that was started from a git hook inherits these; they would name another repository than the
# notebook's.
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
            "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_EXTERNAL_DIFF")  # fmt: skip


def _environment() -> dict[str, str]:
    """Environment for git: no prompt, no lock on the user's index, no network (partial clones fetch)."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return kept | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }


def _parse_status(raw: bytes) -> tuple[str | None, str | None, bool]:
    commit = branch = None
    dirty = False
    for entry in raw.decode("utf-8", "replace").split("\0"):
        if entry.startswith("# branch.oid "):
            commit = entry.removeprefix("# branch.oid ")
        elif entry.startswith("# branch.head "):
            branch = entry.removeprefix("# branch.head ")
        elif entry and not entry.startswith("# "):
            dirty = True
    return (None if commit == "(initial)" else commit), (None if branch == "(detached)" else branch), dirty


def _diff(folder: Path, commit: str | None, max_diff: int, redact: Callable[[str], str]) -> tuple[str | None, int]:
    base = commit or _empty_tree(folder)
    if base is None:
        return None, 0
    limit = max(0, max_diff)
    answer = _git(folder, *_DIFF, base, "--", _ALL, _NOT_STORE, _NOT_NOTEBOOKS, keep=limit + _MARGIN)
    if answer is None:
        return None, 0
    try:
        text = redact(answer.kept.decode("utf-8", "replace"))
        clean = text.encode("utf-8", "replace")
    except Exception:  # noqa: BLE001 - better no diff than one that nobody looked through
        return None, answer.total
    unread = answer.total - len(answer.kept)
    # The end of what was read may hold half a secret, which no rule knows: it goes, even where redacting made
    # room.
    room = min(limit, max(0, len(clean) - _MARGIN)) if unread else limit
    if len(clean) <= room:
        return clean.decode("utf-8"), 0
    kept = clean[: clean.rfind(b"\n", 0, room) + 1]
    return kept.decode("utf-8", "replace"), len(clean) - len(kept) + unread


def _empty_tree(folder: Path) -> str | None:
    """What a repository without commits is compared with; asked for, as it depends on the hash in use."""
    answer = _git(folder, "hash-object", "-t", "tree", "--stdin", keep=100)
    return answer.kept.decode("ascii", "replace").strip() if answer else None


def _untracked(folder: Path) -> int | None:
    answer = _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", _ALL, _NOT_STORE,
                  keep=16_000_000)  # fmt: skip
    return answer.kept.count(b"\0") if answer is not None and answer.total == len(answer.kept) else None


# ---- files -------------------------------------------------------------------------------------------------

_STATES = {"??": "untracked", "!!": "ignored"}


def file_states(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    """What git says of files and folders, by path: ``tracked``, ``modified``, ``untracked`` or ``ignored``.

    ``paths`` are relative to ``folder``. Empty outside of a repository, without git, or if it took over 2 s. Never
    raises.
    """
    try:
        return _file_states(folder, paths)
    except Exception:  # noqa: BLE001 - as in `read_git`
        return {}


def _file_states(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    if not paths or shutil.which("git") is None:
        return {}
    prefix = _git(folder, "rev-parse", "--show-prefix", keep=4096)
    answer = _git(folder, "status", "--porcelain=v1", "-z", "--no-renames", "--ignored", "--ignore-submodules=dirty",
                  "--", *(f":(literal){path}" for path in paths), keep=4_000_000)  # fmt: skip
    if prefix is None or answer is None or answer.total != len(answer.kept):
        return {}
    above = os.fsdecode(prefix.kept).removesuffix("\n")
    entries = [(entry[:2], entry[3:]) for entry in os.fsdecode(answer.kept).split("\0") if entry]
    return {path: _state(above + path, entries) for path in paths}


def _state(path: str, entries: Sequence[tuple[str, str]]) -> str:
    """The state of a path by the entries about it, a folder around it or files in it; clean ones have none."""
    for letters, about in entries:
        if about == path or about.rstrip("/") == path or (about.endswith("/") and path.startswith(about)):
            return _STATES.get(letters, "modified")
    return "modified" if any(about.startswith(f"{path}/") for _, about in entries) else "tracked"


# ---- the remote's address ----------------------------------------------------------------------------------


def _remote(folder: Path, branch: str | None, redact: Callable[[str], str]) -> str | None:
    """The address of the branch's remote, else of ``origin``, else of the first one."""
    answer = _git(folder, "config", "-z", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$")
    if answer is None:
        return None
    entries: dict[str, str] = {}
    for entry in answer.kept.decode("utf-8", "replace").split("\0"):
        key, _, value = entry.partition("\n")
        entries.setdefault(key, value)
    addresses = [value for key, value in entries.items() if key.endswith(".url")]
    wanted = entries.get(f"branch.{branch}.remote", "origin")
    address = entries.get(f"remote.{wanted}.url") or entries.get("remote.origin.url") or next(iter(addresses), None)
    clean = strip_user_info(address) if address else None
    try:
        return redact(clean) if clean else None
    except Exception:  # noqa: BLE001 - better no address than one with a token in it
        return None


_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<rest>.*)", re.DOTALL)
_SCP = re.compile(r"(?:[^/\\]*@)?(?P<host>[^/\\:@]{2,}|\[[^\]]+\]):(?P<path>(?!:).+)", re.DOTALL)


def strip_user_info(address: str) -> str | None:
    """A git address without user, password, query and fragment.

    A local path is reduced to its last part (the others name folders of the machine). None when nothing is
    left.
    """
    address = address.strip()
    helper, separator, rest = address.partition("::")
    if separator and helper.isalnum():  # "helper::address"; what follows "ext::" is a command line
        return strip_user_info(rest) if helper not in ("ext", "fd") else None
    if match := _SCHEME.fullmatch(address):
        rest = re.split(r"[?#]", match["rest"], maxsplit=1)[0]
        scheme = match["scheme"].lower()
        return _last_part(rest) if scheme == "file" else f"{scheme}://{_without_user(rest)}"
    if match := _SCP.fullmatch(address):  # user@host:path, as ssh takes it
        return f"{match['host']}:{match['path']}"
    return _last_part(address)


def _without_user(rest: str) -> str:
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    port = host.rpartition("]")[2].partition(":")[2]
    if port and not port.isdecimal():
        # Not a port: a password with a bare slash in it cut the address in two. The host follows the last
        # "@".
        return path.rpartition("@")[2]
    return host + slash + path


def _last_part(path: str) -> str | None:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1] or None
