"""The two models of a panel, as ipywidgets has them. Imported only when one is shown: it takes a third of a second.

Why two, and why `direct`: ipykernel 7.4 remembers for each comm where it last sent something on it from, and brings
what the front end sends on that comm there (``Comm._reply_subshell_for``). A comm is announced by the cell that shows
the panel, so every question would go to the main shell and wait for the running cell, whatever subshell JupyterLab
chose for it; anything that a cell sends on a comm later has the same effect.

Measured in JupyterLab 4.6.6 on two busy cores, from asking for 50 rows of 30 values to having them. With ipykernel
7.4.0, a cell that shows a panel and goes on for 8 s had the first answer after 8.0 s; with `direct` after 0.05 s, and
in 0.03 to 0.09 s while a cell logs and sleeps, 0.05 to 0.2 s while one computes without a pause. With ipykernel 6.31,
which has no subshells, when the cell ends. Announcements arrive with both while the cell runs, a tenth of a second
apart, and the cell's own outputs stay where they belong.
"""

from __future__ import annotations

import logging
from typing import Any

import anywidget
import ipywidgets
import traitlets
from traitlets.log import get_logger

from nbtrack.api import built
from nbtrack.widget.parents import PARENTS


class Push(ipywidgets.Widget):  # type: ignore[misc]  # published without types
    """What announcements travel on: the bare model of @jupyter-widgets/base, which every front end can load."""


class PanelModel(anywidget.AnyWidget):
    """What the front end draws. Its traits are set once, here."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    push = traitlets.Unicode().tag(sync=True)

    def __init__(self, spec: dict[str, Any], push: Push) -> None:
        super().__init__(
            _esm=built.text(built.MODULE),
            _css=built.text(built.STYLE),
            spec=spec,
            push=f"IPY_MODEL_{push.model_id}",
        )

    def _handle_msg(self, msg: Any) -> None:
        PARENTS.keep()
        super()._handle_msg(msg)

    def set_state(self, sync_data: Any) -> None:
        """Nothing of the front end's is taken over: what it has to say comes as messages."""


def direct(model: ipywidgets.Widget) -> None:
    """Let questions go to the shell or subshell that the front end sends them to."""
    comm = model.comm
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _as_sent


def _as_sent(data: Any, default: Any) -> Any:
    return default


def close(*models: ipywidgets.Widget) -> None:
    """Close models and the layouts that ipywidgets makes with them, which it would keep."""
    for model in models:
        layout = getattr(model, "layout", None)
        model.close()
        if layout is not None:
            layout.close()


class KernelLog(logging.Handler):
    """Takes what nbtrack has to log to the kernel's own log.

    The last resort of logging is standard error, which in a kernel is the output of whatever cell runs just then.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Hand it on."""
        get_logger().log(record.levelno, self.format(record))
