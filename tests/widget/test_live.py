"""Panels that are open in a front end, and how they are closed again."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from ipywidgets.widgets import widget as ipywidgets

import nbtrack
from nbtrack.api.watch import WATCHER
from nbtrack.base.config import Project
from nbtrack.runs.contract import EditRequest
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.widget import live, models, where
from nbtrack.widget.live import KEPT, Live
from nbtrack.widget.panel import WIDGET, Panel

from .conftest import PATIENCE, Comms


def shown(panel: Panel) -> Live:
    """Show it; what is then open."""
    key = panel._repr_mimebundle_()[WIDGET]["model_id"]
    assert panel._live is not None
    assert panel._live.key == key
    return panel._live


def say(live: Live, message: dict[str, Any]) -> None:
    """What the front end sends."""
    live.model._handle_custom_msg(message, [])


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets which cell is executed, and which execution of it that is."""

    def be(name: str | None, execution: str) -> None:
        monkeypatch.setattr(where, "execution", lambda: (name, execution))

    return be


def test_a_panel_opens_when_it_is_shown_and_once(filled: Project, comms: Comms) -> None:
    panel = nbtrack.panel()
    assert not comms.opened()
    first = shown(panel)
    assert shown(panel) is first
    push, key = first.model.push.removeprefix("IPY_MODEL_"), first.key
    assert comms.opened().index(push) < comms.opened().index(key), "a model is named before it is announced"
    states = {one: data["state"] for kind, one, data, _ in comms.sent if kind == "comm_open"}
    assert states[push] == {
        "_model_module": "@jupyter-widgets/base",
        "_model_module_version": "2.0.0",
        "_model_name": "WidgetModel",
        "_view_count": None,
        "_view_module": None,
        "_view_module_version": "",
        "_view_name": None,
    }
    assert states[key]["spec"] == panel.spec
    assert "export default" in states[key]["_esm"]


def test_a_question_is_answered_on_the_comm_it_came_on(filled: Project, comms: Comms) -> None:
    opened = shown(nbtrack.panel())
    say(opened, {"v": 1, "id": 1, "op": "runs.page"})
    answer = _wait(lambda: comms.messages(opened.key))[0]
    assert answer["result"]["matched"] == 4
    assert not comms.messages(opened.model.push.removeprefix("IPY_MODEL_"))


def test_a_change_is_announced_on_the_other_comm_while_there_is_a_view(filled: Project, comms: Comms) -> None:
    opened = shown(nbtrack.panel())
    push = opened.model.push.removeprefix("IPY_MODEL_")
    say(opened, {"view": "a", "shown": True})
    say(opened, {"view": "b", "shown": True})
    _wait(lambda: comms.messages(push))
    say(opened, {"view": "a", "shown": False})
    revision = _edit(filled, "one")
    _wait(lambda: {"v": 1, "revision": revision} in comms.messages(push))
    assert not comms.messages(opened.key)
    say(opened, {"view": "b", "shown": False})
    assert not WATCHER._watched, "a panel that nobody sees is announced to"


def test_the_front_end_cannot_set_a_trait(filled: Project, comms: Comms) -> None:
    opened = shown(nbtrack.panel())
    message = {"content": {"data": {"method": "update", "state": {"spec": {}, "_esm": "x", "push": ""}}}}
    opened.model._handle_msg(message)
    assert opened.model.spec["v"] == 1
    assert opened.model._esm != "x"


def test_closing_leaves_nothing_and_showing_again_opens_anew(filled: Project, comms: Comms) -> None:
    before = set(ipywidgets._instances)
    panel = nbtrack.panel()
    old = shown(panel)
    say(old, {"view": "a", "shown": True})
    panel.close()
    panel.close()
    assert not comms.opened()
    assert set(ipywidgets._instances) == before
    assert not WATCHER._watched
    say(old, {"view": "a", "shown": True})  # was on its way
    assert not WATCHER._watched
    assert shown(panel) is not old


def test_a_model_that_the_front_end_closes_takes_the_rest_with_it(filled: Project, comms: Comms) -> None:
    opened = shown(nbtrack.panel())
    say(opened, {"view": "a", "shown": True})
    opened.model.comm.handle_close({})
    assert opened.closed
    assert not comms.opened()
    assert not WATCHER._watched


def test_a_closed_panel_is_not_kept_in_memory(filled: Project, comms: Comms) -> None:
    panel = nbtrack.panel()
    opened = shown(panel)
    say(opened, {"id": 1, "op": "runs.page"})
    key = opened.key
    _wait(lambda: comms.messages(key))
    left = [weakref.ref(opened), weakref.ref(opened.model)]
    panel.close()
    del opened, panel
    comms.sent.clear()
    _wait(lambda: gc.collect() is not None and not any(one() for one in left))


def test_a_cell_that_shows_a_panel_anew_closes_the_one_before(filled: Project, comms: Comms, cell: Any) -> None:
    cell("one", "1")
    first, beside = shown(nbtrack.panel()), shown(nbtrack.panel())
    assert not first.closed
    cell("two", "2")
    other = shown(nbtrack.panel())
    cell("one", "3")
    second = shown(nbtrack.panel())
    assert (first.closed, beside.closed, other.closed, second.closed) == (True, True, False, False)


def test_a_panel_that_is_shown_in_two_cells_stays_until_both_show_another(
    filled: Project, comms: Comms, cell: Any
) -> None:
    panel = nbtrack.panel()
    cell("one", "1")
    opened = shown(panel)
    cell("two", "2")
    assert shown(panel) is opened
    cell("one", "3")
    shown(nbtrack.panel())
    assert not opened.closed
    cell("two", "4")
    shown(nbtrack.panel())
    assert opened.closed


def test_the_same_panel_in_the_same_cell_again_stays(filled: Project, comms: Comms, cell: Any) -> None:
    panel = nbtrack.panel()
    cell("one", "1")
    opened = shown(panel)
    cell("one", "2")
    assert shown(panel) is opened
    assert not opened.closed


def test_without_the_ids_of_cells_all_stay(filled: Project, comms: Comms, cell: Any) -> None:
    cell(None, "1")
    first = shown(nbtrack.panel())
    cell(None, "2")
    shown(nbtrack.panel())
    assert not first.closed


def test_of_panels_whose_output_was_removed_the_latest_few_stay(filled: Project, comms: Comms) -> None:
    opened = [shown(nbtrack.panel(static=False)) for _ in range(KEPT + 3)]
    for one in opened:
        say(one, {"view": "a", "shown": True})
    for one in opened:
        say(one, {"view": "a", "shown": False})  # a page was left: they will be back
    assert not any(one.closed for one in opened)
    for one in opened:
        say(one, {"view": "b", "shown": True})
        say(one, {"view": "b", "shown": False, "gone": True})
    assert [one.closed for one in opened] == [True] * 3 + [False] * KEPT
    say(opened[3], {"view": "c", "shown": True})  # the deletion was undone
    late = shown(nbtrack.panel(static=False))
    say(late, {"view": "a", "shown": True})
    say(late, {"view": "a", "shown": False, "gone": True})
    assert not opened[3].closed


def test_fifty_panels_shown_and_closed_leave_nothing(filled: Project, comms: Comms, cell: Any) -> None:
    before = set(ipywidgets._instances)
    for execution in range(50):
        cell("one", str(execution))
        opened = shown(nbtrack.panel(static=False))
        say(opened, {"view": "a", "shown": True})
    assert len(set(ipywidgets._instances) - before) == 3, "the panel, its layout and its push are all that is open"
    opened.close()
    assert set(ipywidgets._instances) == before
    assert not live.SHELF._cells
    assert not live.SHELF._gone


def test_questions_go_to_the_shell_that_the_front_end_names(filled: Project, comms: Comms) -> None:
    class Comm:
        """As ipykernel 7.4 has it: it would send all that comes to where it last spoke from."""

        def _reply_subshell_for(self, data: Any, default: Any) -> Any:
            return None

    class Model:
        comm = Comm()

    models.direct(Model())  # type: ignore[arg-type]
    assert Model.comm._reply_subshell_for({}, "the subshell") == "the subshell"
    Model.comm = object()  # type: ignore[assignment]
    models.direct(Model())  # type: ignore[arg-type]  # another kernel: nothing to do


def _edit(project: Project, note: str) -> int:
    return EditingService(RunsService(project)).edit(EditRequest(["svm"], note=note)).revision


def _wait(look: Any) -> Any:
    import time

    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found
