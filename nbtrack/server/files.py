"""What is sent as it is: the built files of the panel, and artifacts. An artifact never runs in the page.

An artifact may be any file that somebody's code wrote, and its name and type come from a database that may be from
elsewhere. So it is sent in a sandbox, with a type that the browser must not guess at, and is shown at once only if it
is a picture, sound, film or plain text; all else is to be saved. An SVG keeps its type, since as a picture of a page,
where no script runs, it needs it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tornado import web

from nbtrack.api import built, rooms
from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError, NotFound, StoreForeign
from nbtrack.runs import objects
from nbtrack.runs.contract import RunRequest
from nbtrack.server.desk import Unwanted
from nbtrack.server.handlers import Handler, guarded

_INLINE = re.compile(r"(audio|video)/[\w.+-]{1,60}|image/(png|jpeg|gif|webp|avif|bmp|apng|x-icon)|text/plain")
_KNOWN = re.compile(r"(application|image|text|font|model)/[\w.+-]{1,80}")
_HASHED = 256 << 20  # bytes up to which the content is checked before it is sent
_MOST_SOUND = 4096
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\"\\]")

Stamp = tuple[str, int, int, int]


@dataclass(frozen=True)
class _Built:
    """A built file as it is sent."""

    stamp: tuple[int, int, int]
    etag: str
    plain: bytes
    packed: bytes


class Static(Handler):
    """The built files of the panel. They are asked for each time, and sent again only if they have changed."""

    _known: dict[str, _Built] = {}  # noqa: RUF012 (shared by all requests)
    _etag: str | None = None

    @guarded
    async def get(self, name: str) -> None:
        """One of them."""
        if name not in (built.MODULE, built.STYLE, *built.ASSETS):
            self.fail(built.UnknownAsset(f"The panel has no file '{name[:60]}'.", "Reload the page."))
            return
        try:
            found = await self.off_loop(lambda: self._load(name))
        except NbtrackError as error:
            self.fail(error)
            return
        except Unwanted:
            return
        self._etag = found.etag
        kind = built.ASSETS.get(name) or ("text/css" if name == built.STYLE else "text/javascript")
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(found.packed)
        else:
            self.finish(found.plain)

    def compute_etag(self) -> str | None:
        """The hash of the file."""
        return self._etag

    @classmethod
    def _load(cls, name: str) -> _Built:
        about = _stat(built.STATIC / name)
        stamp = (about.st_ino, about.st_size, about.st_mtime_ns) if about else (0, 0, 0)
        known = cls._known.get(name)
        if about is None or known is None or known.stamp != stamp:
            plain = built.read(name)
            etag = f'W/"{hashlib.sha256(plain).hexdigest()[:32]}"'
            known = cls._known[name] = _Built(stamp, etag, plain, gzip.compress(plain, 6))
        return known


class Artifacts(Handler, web.StaticFileHandler):
    """The content of artifacts: whole or in ranges, read from the disk piece by piece.

    Ranges, HEAD and conditions are tornado's. Its file handler asks for a path below a folder: here that of the object
    that holds the content, once the database has said which it is.
    """

    def initialize(self) -> None:  # type: ignore[override]
        """There is no one folder: each project has its own."""
        self.default_filename = None
        self._hash = ""
        self._mime = ""
        self._name = ""

    @property
    def content_security_policy(self) -> str:
        """Nothing in it runs, loads or reaches the page's origin."""
        return "sandbox; default-src 'none'"

    @guarded
    async def get(self, run: str, path: str) -> None:  # type: ignore[override]
        """The content, or a range of it."""
        await self._send(run, path, True)

    @guarded
    async def head(self, run: str, path: str) -> None:  # type: ignore[override]
        """What `get` says before the content."""
        await self._send(run, path, False)

    async def _send(self, run: str, path: str, include_body: bool) -> None:
        given = self.query("project")
        try:
            place = await self.off_loop(lambda: self._find(self.places.project(given), run, path))
        except NbtrackError as error:
            self.fail(error)
            return
        except Unwanted:
            return
        condition = self.request.headers.get("If-Range")
        if condition is not None and condition != self.compute_etag():
            self.request.headers.pop("Range", None)  # of another content: the whole of this one, then
        self.root = str(place.parent)
        await web.StaticFileHandler.get(self, place.name, include_body)

    def _find(self, project: Project, run: str, path: str) -> Path:
        self.desk.used(project)
        service = rooms.service(project)
        for artifact in service.get(RunRequest(run)).artifacts:
            if artifact.path == path:
                break
        else:
            raise NotFound(f"The run '{run[:60]}' has no artifact '{path[:120]}'.", "Reload the page.")
        self._hash, self._mime = artifact.hash, artifact.mime or ""
        self._name = path.rpartition("/")[2]
        return _sound(project, artifact.hash, artifact.size)

    # -- what tornado's handler asks

    def compute_etag(self) -> str | None:
        """Content is named by its hash."""
        return f'"{self._hash}"' if self._hash else None

    def get_modified_time(self) -> datetime | None:
        """Not told: another content may come under the same path from an older file."""
        return None

    def should_return_304(self) -> bool:
        """By the hash alone."""
        return self.check_etag_header()

    def get_cache_time(self, *_: Any) -> int:
        """Asked for each time."""
        return 0

    def get_content_type(self) -> str:
        """What was stored as its type, if the browser may know."""
        if self._mime == "text/plain":
            return "text/plain; charset=utf-8"
        known = _INLINE.fullmatch(self._mime) or _KNOWN.fullmatch(self._mime)
        return self._mime if known else "application/octet-stream"

    def set_extra_headers(self, path: str) -> None:
        """How it may be shown."""
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Content-Disposition", disposition(self._name, bool(_INLINE.fullmatch(self._mime))))


def disposition(name: str, inline: bool) -> str:
    """The value of Content-Disposition, for any name."""
    clean = _UNPRINTABLE.sub("_", name.encode("utf-8", "replace").decode()).strip(". ") or "artifact"
    plain = clean.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"


_checked: dict[Stamp, None] = {}


def _sound(project: Project, name: str, size: int) -> Path:
    """Where an object lies, once it is sure that it is what was stored.

    Its bytes are hashed when it is first asked for, and again when the file has changed since, so that a film is not
    hashed once per range; of one larger than 256 MiB the size alone is compared.
    """
    if not objects.is_name(name):
        raise StoreForeign("What the database says of this artifact's file makes no sense.", "It is not looked for.")
    place = objects.path_of(project.objects, name)
    if not Path(os.path.realpath(place)).is_relative_to(os.path.realpath(project.objects)):
        raise StoreForeign(f"The artifact's file {name[:12]}… is a link to elsewhere.", "It is not followed.")
    about = _stat(place)
    if about is None:
        raise NotFound(f"The artifact's file {name[:12]}… is missing.", "`nbtrack doctor` lists what is.")
    stamp = (str(place), about.st_ino, about.st_size, about.st_mtime_ns)
    if stamp not in _checked:
        if about.st_size != size or (size <= _HASHED and _hash_of(place) != name):
            raise StoreForeign(f"The artifact's file {name[:12]}… was changed or damaged.", "It is left as it is.")
        if len(_checked) > _MOST_SOUND:
            _checked.clear()
        _checked[stamp] = None
    return place


def _hash_of(place: Path) -> str:
    digest = hashlib.sha256()
    try:
        with place.open("rb") as reading:
            while block := reading.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise NotFound(f"The artifact's file cannot be read: {error.strerror}.", "It is left as it is.") from error
    return digest.hexdigest()


def _stat(place: Path) -> os.stat_result | None:
    try:
        return place.stat() if place.is_file() else None
    except OSError:
        return None
