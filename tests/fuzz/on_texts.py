"""Texts of users that are looked at and shown: cells, secrets, output, lines of the magics, small files."""

from __future__ import annotations

import html
import json
import keyword
import re
from pathlib import Path
from typing import Any

from nbtrack.base import secrets, words
from nbtrack.base.config import load_settings
from nbtrack.base.markup.code import source_block
from nbtrack.base.markup.diff import code_table
from nbtrack.base.markup.html import pre, table, tag
from nbtrack.base.markup.pictures import picture, sealed
from nbtrack.capture.params import params_after, params_before
from nbtrack.capture.syntax import read_cell
from nbtrack.capture.terminal import Screen, strip_escapes
from nbtrack.lineage.rewrite import rewrite
from nbtrack.runs.contract import DiffLine, Param
from nbtrack.runs.service import RunsService
from nbtrack.sdk.lines import PARSER, complete_line
from nbtrack.sdk.verbs.parsing import split
from nbtrack.sweeps.values import read_axis
from nbtrack.tables import views
from tests.fuzz.base import Base
from tests.fuzz.ground import Ground
from tests.fuzz.oracle import Wrong
from tests.fuzz.source import Source, as_text

_CELLS = (
    "lr = 0.1\ndepth = 5\nfor lr in [1, 2]:\n    f(lr=lr, x={'a': 1, **b})\nround(g(1).mean(), 2)\n",
    "%time x = 1\n!ls\nif a:\n    import b as c\nelse:\n    from d import *\ndef f(y: int = 3): global z; z = y\n",
    "cfg = {'lr': 1e-3, 'opt': {'b': [1, 2]}}\nmodel = Net(**cfg)(x := 2)\nmatch x:\n    case {'a': y}: pass\n",
    "async def f():\n    async with a as b: await b\nclass A(B):\n    x: int = -0.0\n    y = f'{x!r:>{y}}'\n",
)
_PYTHON = (
    *keyword.kwlist,
    *"()[]{}:=,.*@-+%!?#",
    "\n    ",
    "\n",
    "**",
    "'''",
    '"""',
    "f'",
    "0x",
    "1e",
    "_",
    "lr",
    "%%",
)
_SECRETS = (
    *("api_key = 'sk-abcdefghijklmnopqrstuvwxyz123456'", "https://user:pa55word@host/x", "AKIAIOSFODNN7EXAMPLE"),
    *("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "Bearer abc.def.ghi1234567", "password: hunter2"),
    *("--token=ghp_0123456789abcdefghijABCDEFGHIJ012345", '{"secret": "xYz123456789abcdef"}', "PASSWD=x"),
)
_SCREENS = ("\x1b[31m", "\x1b[2K", "\r", "\b", "\x1b[A", "\x1b[99B", "\x1b]0;t\x07", "\x1b[", "\n", "50%|##  |", "ü")
_LINES = (
    *("runs --filter params.lr > 0.1 --sort -metrics.acc", "rename @1 new", "auto on", "compare @1 @2", "export x.csv"),
    *("name -e exp -t a=b --note 'two words' --sweep lr=0.1,0.2 --search random --trials 3 --timeout 2h", "tag @1 a=b"),
)
_AXES = ("lr=0.1,0.01", "depth=2:6", "n=1:100:log", "x='a','b'", "k=[1,2],{'a':1}", "s=1e-4:1e-1:x10", "a=2:20:3")
_TAGS = re.compile(r"</?(?:pre|span|b|table|tbody|thead|tr|td|th|div|caption|img|iframe)(?: [a-z-]+=\"[^\"<>]*\")*>")


class Texts(Base):
    """Inputs that are a text each."""

    examples: tuple[str, ...] = ()

    def seeds(self) -> list[bytes]:
        """The examples."""
        return [b"\0" + text.encode() for text in self.examples]

    def text(self, data: bytes) -> tuple[Source, str]:
        """Where further choices come from, and the text."""
        return Source(data[:1]), as_text(data[1:])


class Cell(Texts):
    """Source of any kind: what is captured of it, and its params written anew."""

    name = "cell"
    examples = _CELLS
    words = tuple(word.encode() for word in _PYTHON)

    def run(self, data: bytes) -> None:
        source, text = self.text(data)
        syntax = read_cell(text)
        namespace: dict[str, object] = {"lr": 0.1, "x": [1, {"a": 2}], "cfg": {"lr": 1e-3}, "y": "t", "depth": 5}
        wanted = source.one((None, ("lr", "cfg"), ()))
        params_before(syntax, namespace, wanted)
        found = params_after(syntax, namespace, wanted, finished=source.flag())
        if len({one.name for one in found}) != len(found):
            raise Wrong("a param was captured twice")
        params = [Param(name, value, "cell", 0.0) for name, value in (("lr", 0.5), ("cfg.lr", -0.0), ("depth", "deep"))]
        made = rewrite(text, params, text)
        again = rewrite(made.text, params, made.text)
        if again.changed:
            raise Wrong("what was written is not what is read")
        read_cell(made.text)


class Secrets(Texts):
    """Whatever is redacted before it is kept."""

    name = "secrets"
    examples = _SECRETS
    words = tuple(one.encode() for one in (*_SECRETS, "key", "token", "=", ": ", '"', "://", "@", secrets.MARK))

    def run(self, data: bytes) -> None:
        _, text = self.text(data)
        once, count = secrets.redact(text)
        if secrets.redact(once)[0] != once:
            raise Wrong("redacted once more, it changes")
        if (once != text) != bool(count) and secrets.MARK not in text:
            raise Wrong(f"{count} secrets were found")
        name, _, value = text.partition("=")
        secrets.redact_value(name, value)
        secrets.redact_value(name, {name: [value, 1.5, {"password": value}]})


class Markup(Texts):
    """What is shown: nothing in it is markup, and all of it is there."""

    name = "markup"
    examples = (*_CELLS, "<img src=x onerror=alert(1)>", "\"' & < >", "\x1b[31m\u202e")
    words = (b"<script>", b"</pre>", b"&lt;", b'"', b"'", b"&#60;", *Cell.words)

    def run(self, data: bytes) -> None:
        source, text = self.text(data)
        if html.unescape(_TAGS.sub("", source_block(text))) != words.clean(text):
            raise Wrong("source is not shown as it is")
        half = len(text) // 2
        kinds = [source.one(("left", "same", "right")), "right"]
        lines = [DiffLine(kind, part, 1, 2) for kind, part in zip(kinds, (text[:half], text[half:]), strict=True)]  # type: ignore[arg-type]
        shown = [
            code_table(lines),
            pre(text),
            tag("b", "", title=text),
            table(["a"], [[pre(text)]]),
            sealed(text, text),
        ]
        shown.append(picture("image/png", text.encode("utf-8", "replace"), text))
        for one in shown:
            if "<" in _TAGS.sub("", one):
                raise Wrong(f"there is other markup in {one[:200]!r}")


class Terminal(Texts):
    """What a cell prints, as a terminal would show it; in pieces it is the same."""

    name = "terminal"
    examples = tuple(f"a{one}b{two}c\n" for one, two in zip(_SCREENS, reversed(_SCREENS), strict=True))
    words = tuple(one.encode() for one in _SCREENS)

    def run(self, data: bytes) -> None:
        source, text = self.text(data)
        strip_escapes(text)
        cap = (10_000, 7, 100, 1)[source.number(3)]
        whole = Screen(cap)
        whole.write(text)
        shown = whole.text()
        pieces = Screen(cap)
        for at in range(0, min(len(text), 2000), 5):
            pieces.write(text[at : at + 5])
        pieces.write(text[2000:])
        if cap == 10_000 and len(text) < 2000 and pieces.text() != shown:
            raise Wrong("in pieces it is shown otherwise")
        if whole.size > 4 * cap + 4000 + len(text) // 2 and len(text) > 100_000:
            raise Wrong("more is kept than may be")
        whole.trim(3)
        if len(whole.text()) > 3:
            raise Wrong("more is left than was asked for")


class Line(Texts):
    """Lines of the magics: completed at each place, taken apart; what a sweep is given."""

    name = "line"
    examples = (*_LINES, *_AXES)
    words = tuple(one.encode() for text in (*_LINES, *_AXES, "%track %%track") for one in text.split())

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ground = Ground(folder)
        self._service = RunsService(self._ground.project)

    def run(self, data: bytes) -> None:
        source, text = self.text(data)
        kind = source.number(3)
        if kind == 3:
            read_axis(text)[1].listed("x")
            return
        line = text if kind == 2 else f"{('%track', '%%track')[kind]} {text}"
        found, start = complete_line(line, self._service)
        if not 0 <= start <= len(line) or not all(isinstance(one, str) for one in found):
            raise Wrong("what is completed begins outside of the line")
        PARSER.parse_args(split(text))


class Kept(Texts):
    """Small files beside the runs: the view and the settings, as anybody may have left them."""

    name = "kept"
    examples = (
        '{"sort": ["-metrics.acc"], "columns": null}',
        '{"metrics": ["a"], "auto": true}',
        "[]",
        '{"capture": 1}',
    )
    words = (b'"metrics"', b'"auto"', b'"capture"', b'"params"', b"true", b"null", b"[[[[", b"1e999")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ground = Ground(folder)
        self.writes = [self._ground.project.folder]

    def run(self, data: bytes) -> None:
        project = self._ground.project
        (project.folder / "settings.json").write_bytes(data[1:])
        (project.folder / views.NAME).write_bytes(data[1:])
        found = views.load(project.folder)
        if found is not None:
            views.save(project.folder, found)
            if _said(views.load(project.folder)) != _said(found):
                raise Wrong("a view is not the same when it was kept")
        load_settings(project)


def _said(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
