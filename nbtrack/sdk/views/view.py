"""What every view can do: show itself in a notebook, in a terminal and as JSON."""

from __future__ import annotations

import shutil
from typing import Any

from nbtrack.base.words import clean
from nbtrack.sdk.views.page import page


class View:
    """Something to look at. A subclass says its ``plain`` text, its HTML ``body`` and its ``to_dict``."""

    def text(self, width: int = 100) -> str:
        """Plain text for a terminal of ``width`` columns, with nothing in it that a terminal would obey."""
        return clean(self.plain(width))

    def plain(self, width: int) -> str:
        """The text before that."""
        raise TypeError(f"{type(self).__name__} has no text")

    def body(self) -> str:
        """HTML, without the style around it."""
        raise TypeError(f"{type(self).__name__} has no HTML")

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON keeps."""
        raise TypeError(f"{type(self).__name__} has no plain data")

    def _repr_html_(self) -> str:
        return page(self.body())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def __repr__(self) -> str:
        return self.text(max(40, shutil.get_terminal_size((100, 24)).columns))
