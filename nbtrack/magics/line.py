"""``%track`` and its verbs, the ``%%track`` that asks for help or gets bad options, and the line under a cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from nbtrack.base.cells import MAGIC
from nbtrack.base.errors import InvalidOption, NbtrackError
from nbtrack.base.names import is_load
from nbtrack.magics.options import asks_for_sweep, read_options
from nbtrack.magics.variables import expanded, expands_itself
from nbtrack.sdk import verbs
from nbtrack.sdk.lines import PARSER

if TYPE_CHECKING:
    from nbtrack.magics.host import Host
    from nbtrack.runs.active import ActiveRun
    from nbtrack.sdk.verbs.restoring import Restored

_SIGNS = {"finished": "✓", "failed": "✗", "interrupted": "◼", "crashed": "✗", "running": "●"}
_SHOWN = 4  # metrics in the line under a cell
_OPENING = ["notebook:insert-cell-below", "notebook:replace-selection", "notebook:run-cell"]
_LINK_STYLE = (
    ".nbt-open{display:none}.lm-Widget .nbt-open{all:unset;cursor:pointer;color:var(--jp-content-link-color)}"
    ".lm-Widget .nbt-open:is(:hover,:focus-visible){text-decoration:underline}"
)

# The verbs that only a notebook has, with a sentence each; the others come from the table both hosts share.
_OWN = {"auto": "auto on|off|quiet|loud: track every cell from now on, or not; be quiet about it, or not"}
VERBS: dict[str, Any] = {**verbs.VERBS, **_OWN}


def track_line(host: Host) -> Callable[..., Any]:
    """The ``%track`` magic of a shell."""

    @expands_itself
    def track(line: str, local_ns: Mapping[str, Any] | None = None) -> Any:
        from IPython.core.error import UsageError

        try:
            return _run(host, line if local_ns is None else expanded(line, host.ip.user_ns, local_ns))
        except InvalidOption as error:
            raise UsageError(str(error)) from None

    track.__doc__ = _line_help()
    return track


def track_cell(host: Host) -> Callable[..., Any]:
    """The ``%%track`` magic of a shell: reached by a bad option, and by callers of ``run_cell_magic``."""

    @expands_itself
    def track(line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        from IPython.core.error import UsageError

        if local_ns is not None:
            line = expanded(line, local_ns)
        try:
            read_options(line)
            sweeps = asks_for_sweep(line)
        except InvalidOption as error:
            raise UsageError(str(error)) from None
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
            host.report(error)
            _run_cell(host, cell or "")
            return None
        if sweeps:
            from nbtrack.magics.sweep import run_sweep

            try:
                return run_sweep(host, line, cell or "")
            except InvalidOption as error:
                raise UsageError(str(error)) from None
        text = f"{MAGIC} {line}\n{cell or ''}"
        _run_cell(
            host, (cell or "") if text in host.given else text
        )  # given: its line did not, and never would, come off
        return None

    track.__doc__ = _cell_help()
    return track


def _run_cell(host: Host, text: str) -> None:
    """As a cell of its own, which shows what it results in: whoever calls the magic gets nothing to show again."""
    host.given.append(text)
    try:
        result = host.ip.run_cell(text, store_history=False)
    finally:
        host.given.pop()
    result.raise_error()


def show_line(ip: Any, run: ActiveRun) -> None:
    """The one quiet line under a tracked cell."""
    seconds = (run.ended or run.started) - run.started
    parts = [f"{_SIGNS[run.status]} {run.name}", run.status, _duration(seconds)]
    metrics = [(name, value) for name, value in list(run.last.items()) if not is_load(name)]
    parts += [f"{name} {value:.4g}" for name, value in metrics[:_SHOWN]]
    if len(metrics) > _SHOWN:
        parts.append(f"{len(metrics) - _SHOWN} more metrics")
    plain = " · ".join(parts)
    html = (
        '<div style="font-size:var(--jp-ui-font-size1, 13px);color:var(--jp-ui-font-color2, #666)">'
        f'<span title="{escape(run.id, quote=True)}">{escape(plain)}</span>{_link(run.id)}</div>'
    )
    ip.display_pub.publish({"text/plain": plain, "text/html": html})


def _link(run: str) -> str:
    """What opens the panel on a run: JupyterLab itself inserts a cell below and runs it, no script of ours is needed.

    A button, since of these attributes its sanitizer leaves a link none. `run-all-enabled` of JupyterLab 4.6 gives all
    of ``args`` to each command, also where they are a list, so they are what all three can take. Where there is no
    JupyterLab to obey, the style hides the button: only JupyterLab's and Notebook's elements are ``lm-Widget``.
    """
    what = {"commands": _OPENING, "args": {"text": f"%track panel --run {run}"}}
    told = escape(json.dumps(what, separators=(",", ":")), quote=True)
    return (
        f'<style>{_LINK_STYLE}</style> <button class="nbt-open" title="Open this run in a panel below"'
        f' data-commandlinker-command="apputils:run-all-enabled" data-commandlinker-args="{told}">panel</button>'
    )


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes} min {left} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _run(host: Host, line: str) -> Any:
    host.project()
    host.session().settle()
    first, _, rest = line.strip().partition(" ")
    if first == "auto":
        return _auto(host, rest.split())
    try:
        view = verbs.run(line.strip() or "ls", "%track", verbs.Context(put=_put(host)))
    except NbtrackError as error:
        raise InvalidOption(error.message, error.hint) from None
    host.follow_context()
    return view


def _put(host: Host) -> Callable[[Restored], verbs.Shown | None]:
    def into_cell(restored: Restored) -> verbs.Shown | None:
        from nbtrack.magics.restoring import put

        return put(host.ip, restored)

    return into_cell


def _auto(host: Host, words: list[str]) -> Any:
    match words:
        case ["on"]:
            host.auto = True
        case ["off"]:
            host.auto = False
        case ["quiet"]:
            host.quiet = True
        case ["loud"]:
            host.quiet = False
        case []:
            pass
        case _:
            raise InvalidOption(f"%track auto: {' '.join(words)!r} is not known.", "Say on, off, quiet or loud.")
    tracked = "Every cell is tracked." if host.auto else "Cells with %%track are tracked."
    return verbs.message(tracked + (" Nothing is shown under them." if host.quiet else ""))


def _cell_help() -> str:
    return (
        "Track this cell: its execution becomes a run, with its params, metrics, code, output and environment.\n\n"
        f"{PARSER.format_help()}\n"
        "Examples::\n\n"
        "    %%track\n"
        '    %%track forest --tag stage=draft --note "deeper trees"\n'
        "    %%track --params lr,depth --metrics accuracy\n"
        "    %%track --sweep lr=0.1,0.01 --sweep depth=2:6\n"
        "    %%track --sweep lr=1e-4:1e-1:log --search tpe --trials 30 --maximize accuracy\n\n"
        "Other cell magics stack below it: %%time, %%capture. {x} and $x are expanded."
    )


def _line_help() -> str:
    lines = [f"    %track {name:<12} {_sentence(verb)}" for name, verb in VERBS.items()]
    return (
        "Look at the runs of this project, compare and edit them.\n\n"
        + "\n".join(lines)
        + "\n\nMore about one: %track VERB --help. To track a cell: %%track, see %%track?."
    )


def _sentence(verb: Any) -> str:
    return verb if isinstance(verb, str) else str(verb.help)
