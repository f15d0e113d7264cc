"""The notebook's side of ``%track restore``: JupyterLab is asked to put the text into the cell, and answers.

Over a comm of the target "nbtrack:cell", opened by the kernel with all that is needed; the extension closes it with
``{"done": bool, "text": sentence}``. It answers once the cell has ended: the kernel hears nothing before. JupyterLab
without our extension closes it with nothing, and other front ends never answer: for those the text is in the output,
and the next cell, or the next prompt of a terminal, begins with it.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.base.markup.code import source_block
from nbtrack.sdk.verbs.restoring import Restored
from nbtrack.sdk.verbs.setting import Shown
from nbtrack.sdk.views.view import View

TARGET = "nbtrack:cell"
VERSION = 1
LAB = False
"""Our extension of JupyterLab said that it is there: it sets this before it runs the first cell with ``%track``."""

_LONGEST = 1_000  # characters of an answer
# The text waits two seconds for the answer that takes its place: nobody is to see it flash.
_LATER = (
    "<style>.nbt-later{max-height:0;overflow:hidden;animation:nbt-later 0s 2s forwards}"
    "@keyframes nbt-later{to{max-height:none;overflow:visible}}</style>"
)


def put(ip: Any, restored: Restored) -> Shown | None:
    """Have a text put into a cell of the notebook that a shell belongs to; None where it can only be shown."""
    if LAB and getattr(ip, "kernel", None) is not None:
        asked = Asked(ip, restored)
        if asked.ask():
            return asked
    with suppress(Exception):
        ip.set_next_input(restored.text, replace=False)
    return None


class Asked(View):
    """What JupyterLab was asked; when it has answered, what came of it takes the place of that."""

    def __init__(self, ip: Any, restored: Restored) -> None:
        self._ip = ip
        self._restored = restored
        self._display = uuid.uuid4().hex
        self._comm: Any = None
        self.answered = False
        self.done = False
        what = "params" if restored.params else "code"
        self.said = f"Asking JupyterLab to put the {what} of {words.one_line(restored.name, 60)} into its cell …"

    def ask(self) -> bool:
        """Whether it could be asked."""
        given = self._restored
        data = {
            "v": VERSION,
            "run": given.run,
            "name": given.name,
            "cell": given.cell,
            "text": given.text,
            "below": given.below,
            "params": given.params,
            "at": _cell_that_runs(self._ip),
        }
        try:
            from comm import create_comm

            self._comm = create_comm(target_name=TARGET, data=data)
            self._comm.on_close(self._closed)
        except Exception:  # noqa: BLE001 (whatever the comms of this place raise: then it is shown)
            return False
        return True

    def _closed(self, message: Any) -> None:
        data = message.get("content", {}).get("data", {})
        told = data.get("text") if isinstance(data, dict) else None
        self.answered = True
        self.done = bool(isinstance(data, dict) and data.get("done") is True)
        self.said = words.clean(told[:_LONGEST]) if isinstance(told, str) and told else "JupyterLab did not take it."
        self._publish(update=True)

    def _ipython_display_(self) -> None:
        self._publish(update=False)

    def _publish(self, update: bool) -> None:
        data = {"text/plain": self.text(), "text/html": self._repr_html_()}
        self._ip.display_pub.publish(data, transient={"display_id": self._display}, update=update)

    def plain(self, width: int) -> str:
        """What was said; and the text itself, as long as it is nowhere else."""
        return f"✓ {self.said}" if self.done else f"{self.said}\n\n{self._restored.text}"

    def body(self) -> str:
        """The same as HTML."""
        if self.done:
            return html.tag("div", html.span("✓", "good") + " " + html.esc(self.said))
        said, code = html.tag("div", html.esc(self.said)), source_block(self._restored.text)
        return said + (code if self.answered else f'{_LATER}<div class="nbt-later">{code}</div>')

    def to_dict(self) -> dict[str, Any]:
        """What came of it so far."""
        return {"run": self._restored.run, "done": self.done, "text": self.said}


def _cell_that_runs(ip: Any) -> str | None:
    with suppress(Exception):
        cell = ip.get_parent().get("metadata", {}).get("cellId")
        return cell if isinstance(cell, str) and cell else None
    return None
