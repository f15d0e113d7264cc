"""nbtrack: experiment tracking that lives inside JupyterLab.

Put ``%%track`` on a cell and each execution of it becomes a run, stored in one SQLite file in the project folder.
The names below are loaded when first used, so that ``import nbtrack`` stays light.

>>> import nbtrack
>>> with nbtrack.start_run(name="doc-example"):            # doctest: +SKIP
...     nbtrack.log({"loss": 0.5})
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> the module that holds it
_HOMES = {
    **dict.fromkeys(
        (
            "init",
            "finish",
            "log",
            "config",
            "summary",
            "start_run",
            "end_run",
            "active_run",
            "log_param",
            "log_params",
            "log_metric",
            "log_metrics",
            "set_tag",
            "set_tags",
            "log_artifact",
            "log_artifacts",
            "log_figure",
            "log_image",
            "log_text",
            "log_dict",
            "log_table",
            "log_input",
        ),
        "nbtrack.sdk.tracking",
    ),
    "autolog": "nbtrack.sdk.autolog",
    "runs": "nbtrack.runs",  # a package that can be called
    **dict.fromkeys(("run", "search_runs", "compare", "diff"), "nbtrack.sdk.runs"),
    **dict.fromkeys(("plot_metrics", "plot_parallel", "plot_scatter"), "nbtrack.sdk.plots"),
    "watch": "nbtrack.sdk.watch",
    **dict.fromkeys(
        ("KerasCallback", "NbtrackLogger", "OptunaCallback", "TransformersCallback"), "nbtrack.sdk.loggers"
    ),
    "import_runs": "nbtrack.sdk.importing",
    "sweep": "nbtrack.sdk.sweep",
    **dict.fromkeys(("reproduce", "run_notebook"), "nbtrack.sdk.executing"),
    "export": "nbtrack.sdk.transfer",
    "backup": "nbtrack.sdk.backing",
    "panel": "nbtrack.widget.panel",
    **dict.fromkeys(("load_ipython_extension", "unload_ipython_extension"), "nbtrack.magics"),
    **dict.fromkeys(("NbtrackError",), "nbtrack.base.errors"),
}

# Not those that need a framework: `from nbtrack import *` is not to import them all.
_BY_NAME_ONLY = ("nbtrack.magics", "nbtrack.sdk.loggers")
__all__ = sorted(name for name, home in _HOMES.items() if home not in _BY_NAME_ONLY)

if TYPE_CHECKING:
    from nbtrack.base.errors import NbtrackError as NbtrackError
    from nbtrack.magics import load_ipython_extension as load_ipython_extension
    from nbtrack.magics import unload_ipython_extension as unload_ipython_extension
    from nbtrack.sdk.autolog import autolog as autolog
    from nbtrack.sdk.backing import backup as backup
    from nbtrack.sdk.executing import reproduce as reproduce
    from nbtrack.sdk.executing import run_notebook as run_notebook
    from nbtrack.sdk.importing import import_runs as import_runs
    from nbtrack.sdk.loggers import KerasCallback as KerasCallback
    from nbtrack.sdk.loggers import NbtrackLogger as NbtrackLogger
    from nbtrack.sdk.loggers import OptunaCallback as OptunaCallback
    from nbtrack.sdk.loggers import TransformersCallback as TransformersCallback
    from nbtrack.sdk.plots import plot_metrics as plot_metrics
    from nbtrack.sdk.plots import plot_parallel as plot_parallel
    from nbtrack.sdk.plots import plot_scatter as plot_scatter
    from nbtrack.sdk.runs import compare as compare
    from nbtrack.sdk.runs import diff as diff
    from nbtrack.sdk.runs import run as run
    from nbtrack.sdk.runs import runs as runs
    from nbtrack.sdk.runs import search_runs as search_runs
    from nbtrack.sdk.sweep import sweep as sweep
    from nbtrack.sdk.tracking import active_run as active_run
    from nbtrack.sdk.tracking import config as config
    from nbtrack.sdk.tracking import end_run as end_run
    from nbtrack.sdk.tracking import finish as finish
    from nbtrack.sdk.tracking import init as init
    from nbtrack.sdk.tracking import log as log
    from nbtrack.sdk.tracking import log_artifact as log_artifact
    from nbtrack.sdk.tracking import log_artifacts as log_artifacts
    from nbtrack.sdk.tracking import log_dict as log_dict
    from nbtrack.sdk.tracking import log_figure as log_figure
    from nbtrack.sdk.tracking import log_image as log_image
    from nbtrack.sdk.tracking import log_input as log_input
    from nbtrack.sdk.tracking import log_metric as log_metric
    from nbtrack.sdk.tracking import log_metrics as log_metrics
    from nbtrack.sdk.tracking import log_param as log_param
    from nbtrack.sdk.tracking import log_params as log_params
    from nbtrack.sdk.tracking import log_table as log_table
    from nbtrack.sdk.tracking import log_text as log_text
    from nbtrack.sdk.tracking import set_tag as set_tag
    from nbtrack.sdk.tracking import set_tags as set_tags
    from nbtrack.sdk.tracking import start_run as start_run
    from nbtrack.sdk.tracking import summary as summary
    from nbtrack.sdk.transfer import export as export
    from nbtrack.sdk.watch import watch as watch
    from nbtrack.widget.panel import panel as panel


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'nbtrack' has no attribute {name!r}")
    module = import_module(home)
    value = module if home == f"nbtrack.{name}" else getattr(module, name)
    globals()[name] = value  # the next look-up is a plain dict hit
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
