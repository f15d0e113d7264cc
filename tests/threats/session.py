"""A session of its own, as a process: cells with secrets in every place, a panel, every export; then it is killed.

What it may not do is heard by `watching`: a report of that is its last output. It runs with the umask of a careless
user, and ends without closing anything, so that the journal and SQLite's log are still there to look into.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def source_of(lines: list[str], number: int) -> str:
    """A tracked cell that has these lines in its text and shows them in every way there is."""
    text = "\n".join(lines)
    return f"""%%track cell-{number} --tag kind=planted
import nbtrack, os, sys
from IPython.display import HTML, Markdown, display
_ = r\"\"\"
{text}
\"\"\"
for at, line in enumerate(LINES[{number}]):
    os.environ[f"SOME_ENVIRONMENT_KEY_{{at}}"] = line
    nbtrack.log_params({{f"line {{at}}": line, f"deep {{at}}": [{{"x": line}}], f"tuple {{at}}": (line, 1)}})
    nbtrack.set_tags({{f"tag {{at}}": line}})
    nbtrack.active_run().set_note(line)
    print(line)
    print(line, file=sys.stderr)
    display(HTML("<b>" + line + "</b>"), Markdown("- " + line))  # of an address alone IPython fetches what lies there
    display({{"application/json": {{"x": line}}, "text/plain": line}}, raw=True)
    display(line)
nbtrack.log_metrics({{"loss": 0.5}}, step=1)
if {number} % 2:
    raise ValueError("\\n".join(LINES[{number}]))
line
"""


def main(folder: str) -> None:
    """Record in a folder. lines.json: what is planted; report.json: what was heard, what was published."""
    root = Path(folder)
    lines: list[list[str]] = json.loads((root / "lines.json").read_text(encoding="utf-8"))
    os.umask(0)
    os.chdir(root / "project")
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.threats.watching import watched

    with watched() as heard:
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance()
        shell.user_ns["LINES"] = lines
        shell.run_cell("%load_ext nbtrack")
        for number, line in enumerate(lines):
            shell.run_cell(source_of(line, number), store_history=True)
        shell.run_cell("%track ls\n", store_history=True)
        import nbtrack

        shown = nbtrack.panel()
        saved = [shown.to_dict(), shown.text(), shown._repr_html_()]

        for suffix in ("html", "md", "tex", "csv", "json", "nbtrack.zip"):
            nbtrack.export(str(root / "out" / f"x.{suffix}"))
        for suffix in ("ipynb", "py"):
            nbtrack.export(str(root / "out" / f"x.{suffix}"), runs=["cell-0"])
        made = {one.name: one.stat().st_mode & 0o777 for one in (root / "out").iterdir()}
    report = {
        "written": heard.outside(root / "project" / ".nbtrack", root / "out"),
        "reached": heard.reached,
        "listened": heard.listened,
        "unpickled": heard.unpickled,
        "started": heard.started,
        "saved": json.dumps(saved),
        "made": made,
    }
    (root / "report.json").write_text(json.dumps(report), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
