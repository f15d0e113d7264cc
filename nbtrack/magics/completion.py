"""Tab behind ``%track`` and on the ``%%track`` line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nbtrack.base.cells import MAGIC
from nbtrack.magics.options import WORDS

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
    if line.startswith(MAGIC + " "):
        return [word for word in (*WORDS, "none") if word.startswith(text)]
    if not line.startswith("%track "):
        return []
    from nbtrack.sdk import verbs
    from nbtrack.sdk.context import service

    words = line[len("%track ") :].split(" ")
    if len(words) == 1:
        return [name for name in (*verbs.VERBS, "auto") if name.startswith(text)]
    if words[0] == "auto":
        return [word for word in ("on", "off", "quiet", "loud") if word.startswith(text)]
    return [word for word in verbs.complete(words, service(host.project())) if word.startswith(text)]
