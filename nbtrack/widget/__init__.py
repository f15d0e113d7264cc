"""The host in a notebook's output: the interactive panel. What the front end says and hears is below.

PROTOCOL 1
==========

**Two models.** The panel is an anywidget model. Its traits, all set once by Python and never by the front end:

* ``_esm``, ``_css``: ``static/panel.js`` and ``static/panel.css``;
* ``spec``: what to show, see below;
* ``push``: ``"IPY_MODEL_<id>"`` of a second model, a bare ``WidgetModel`` of ``@jupyter-widgets/base``, which every
  front end with widgets can load. Queries travel on the panel's comm, announcements on that one's::

      const push = await model.widget_manager.get_model(model.get("push").slice("IPY_MODEL_".length));
      push.on("msg:custom", (message) => …);

  If the promise is rejected or does not settle in 5 s, ask ``project.revision`` once a second in its place. ``push`` is
  the full model of ipywidgets, not anywidget's narrow one: ``push.comm_live`` turns false, with the event
  ``comm_live_update``, when the kernel is gone or Python closed the panel; nothing will be answered from then on.

**Spec.** Every key is always there::

    {"v": 1, "version": "0.1.0",          # of nbtrack
     "project": "..",                     # the project's folder as seen from the notebook's; "" if that is outside
     "root": "churn",                     # the name of that folder, for people
     "filter": "", "sort": ["-metrics.acc"], "columns": ["params.lr"] | null, "charts": ["loss"] | null,
     "also": ["id in (…)"], "experiment": "…" | null, "notebook": "…" | null,
     "open": "<run id>" | null, "height": 480 | null}

``also``, ``experiment`` and ``notebook`` bound what the panel is about: they go into every request that takes a
`Selection`, and the user cannot take them off. ``filter``, ``sort``, ``columns`` and ``charts`` (names of metrics) are
how it opens; where they are empty or null, the remembered arrangement (``tables.view``) or the panel's own choice
holds. ``open`` is the run to open at once. ``height`` is in pixels. The saved output has the same spec, without
``version`` and ``root``, under ``application/vnd.nbtrack.panel.v1+json``. A saved view, ``NAME.nbtrack``, is a JSON
file with these keys, any of them left out, and with ``hidden``: columns that are not shown. It is about the project
that it lies in; ``project`` says nothing there.

**Requests** are custom messages, ``model.send(request)``. ``id`` is an integer that the front end chooses, no two under
way at once alike. Begin at a random one: a second browser on the same kernel asks the same model, and each hears the
other's answers. (Never a string: ipykernel 7.4 would keep each for ever.) ::

    {"v": 1, "id": 7, "op": "runs.page", "payload": {…}}      an operation of contract.ts; payload may be left out
    {"v": 1, "id": 7, "asset": "plotly.js"}                   a file that is loaded on demand, of `built.ASSETS`
    {"v": 1, "id": 7, "hello": {"version": "0.1.0"}}          who is there? Ask it first
    {"v": 1, "id": 7, "cancel": true}                         the answer to 7 is not wanted any more: no answer to this
    {"v": 1, "view": "k3x9", "shown": true}                   a view of this model was made: no answer
    {"v": 1, "view": "k3x9", "shown": false}                  it went: no answer
    {"v": 1, "view": "k3x9", "shown": false, "gone": true}    it went with the output that it was in: no answer

**Answers** are custom messages too, ``model.on("msg:custom", (answer, buffers) => …)``::

    {"v": 1, "id": 7, "ok": true, "result": …}
    {"v": 1, "id": 7, "ok": true, "asset": "plotly.js", "type": "text/javascript"}      buffers[0]: a DataView
    {"v": 1, "id": 7, "ok": true, "result": {"version": "0.1.0", "protocol": 1, "operations": ["runs.page", …]}}
    {"v": 1, "id": 7, "ok": false, "error": {"code": …, "message": …, "hint": …, "column": …}}

Every request with an ``id`` but ``cancel`` gets exactly one answer, also when Python raised; one that was cancelled
gets none, unless it was on its way already. Answers may overtake one another: reads are answered by several threads.
What changes something (method POST) is done one after the other in the order it was sent, and is done even if its
answer is not wanted any more. A message without an integer ``id`` or that is no object is passed over. ``v`` may be
left out; one that is not known gets the error ``protocol``. Codes beside those of the operations: ``invalid_request``,
``unknown_operation``, ``protocol``, ``unknown_asset``, ``not_built``, ``internal``.

**Announcements** on ``push``, at most 10 a second, only when something changed::

    {"v": 1, "revision": 1234}

A view then asks again for what it shows. They arrive while a cell runs, and so do answers, if the front end sends comms
to a subshell (JupyterLab 4.4 and ipykernel 7 on); with ipykernel 6 an answer comes when the cell ends. So a request
that is not answered for a second or two while announcements go on arriving means: the kernel is busy, say so and wait,
do not send it again.

**Views.** ``view`` is any short text, another for each view that is made ("" if it is left out). A panel without views
gets no announcements; a new view says so, is told the revision and asks anew. ``gone`` lets Python close a panel that
nobody will see again, the latest few excepted (somebody may undo the deletion of a cell). Say it only when the view was
removed while the notebook around it stayed: when a tab is closed or a page is left (``pagehide``), the same outputs
will come back and need their models, so leave it out. Saying nothing is no harm either: a cell that shows a panel anew
closes the one it showed before.
"""
