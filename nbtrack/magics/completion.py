"""Tab behind ``%track`` and on the ``%%track`` line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nbtrack.base.cells import MAGIC
from nbtrack.sdk.lines import LINE, complete_line

if TYPE_CHECKING:
    from nbtrack.magics.host import Host


def complete(host: Host) -> Callable[[str], list[str]]:
    """A matcher for IPython's completer: it is given the word before the cursor and looks at the line itself."""

    def nbtrack_matcher(text: str) -> list[str]:
        try:
            return _matches(host, text)
        except Exception:  # noqa: BLE001 (completion never disturbs; there is just nothing to offer)
            return []

    return nbtrack_matcher


def _matches(host: Host, text: str) -> list[str]:
    line = host.ip.Completer.text_until_cursor.rpartition("\n")[2].lstrip()
    if not line.startswith((f"{MAGIC} ", f"{LINE} ")):
        return []
    from nbtrack.sdk.context import service

    words, _ = complete_line(line, service(host.project()))
    return [word for word in words if word.startswith(text)]
