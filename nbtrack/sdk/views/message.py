"""One line, and the project's status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.sdk.views.grid import cut, pairs
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    from nbtrack.runs.contract import ProjectStatus


class Message(View):
    """What was done, in one line. about: further plain data for ``--json``."""

    def __init__(self, message: str, **about: Any) -> None:
        self.message = message
        self.about = about

    def plain(self, width: int) -> str:
        """The line, whole: a terminal breaks it."""
        return words.clean(self.message)

    def body(self) -> str:
        """The line."""
        return html.tag("div", html.esc(self.message).replace("\n", "<br>"))

    def to_dict(self) -> dict[str, Any]:
        """The line as ``text``, and what came with it."""
        return {"text": self.message, **self.about}


class StatusView(View):
    """Where the runs are and what is kept. notes: further sentences, such as which cells are tracked."""

    def __init__(self, status: ProjectStatus, notes: tuple[str, ...] = ()) -> None:
        self.status = status
        self.notes = notes

    def items(self) -> list[tuple[str, str]]:
        """Names and values, in words."""
        given = self.status
        if not given.exists:
            return [
                ("project", given.root),
                ("found by", given.found_by),
                ("database", f"{given.database} (made by the first run)"),
            ]
        running = f", {given.running:,} running" if given.running else ""
        trashed = f", {given.trashed:,} in the trash" if given.trashed else ""
        return [
            ("project", given.root),
            ("found by", given.found_by),
            ("database", given.database + (" (read-only)" if given.read_only else "")),
            ("runs", f"{given.runs:,}{running}{trashed}"),
            ("experiments", f"{given.experiments:,}"),
            ("metric points", f"{given.points:,}"),
            ("on disk", self._sizes()),
            ("schema", f"version {given.schema}"),
            ("kept", "code, params, metrics, output, environment and git state of each run; secrets are redacted"),
        ]

    def _sizes(self) -> str:
        given = self.status
        waiting = f", journals {words.size(given.journal_bytes)}" if given.journal_bytes else ""
        return f"database {words.size(given.database_bytes)}, artifacts {words.size(given.artifact_bytes)}{waiting}"

    def plain(self, width: int) -> str:
        """A line for each fact."""
        return "\n".join([pairs(self.items(), max(width, 400), indent=0), *(cut(note, 400) for note in self.notes)])

    def body(self) -> str:
        """A table of facts."""
        lines = "".join(html.tag("div", html.esc(note), "foot") for note in self.notes)
        return html.pairs((name, html.esc(text)) for name, text in self.items()) + lines

    def to_dict(self) -> dict[str, Any]:
        """The status as the wire has it."""
        from nbtrack.base.wire import to_plain

        return {**to_plain(self.status), "notes": list(self.notes)}
