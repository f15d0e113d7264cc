"""A project with script in every text of every run: what the tests of the panel and of JupyterLab show of it."""

from __future__ import annotations

from nbtrack.base.config import Project
from nbtrack.runs import current

from .payloads import PAYLOADS, marked

ALL = range(len(PAYLOADS))
EVERY = "all"  # the run with every payload in every place


def plain(at: int, place: str) -> str:
    """A payload that may be a name: one without control characters."""
    return "".join(sign for sign in marked(at, place) if sign >= " ")


def fill(project: Project) -> None:
    """A run for each payload, with it in all that lists of runs show; and one with every payload in every place."""
    for at in ALL:
        about = {"notebook": plain(at, "notebook"), "source": f"# {marked(at, 'code')}", "execution": at}
        run = current.begin(project, name=plain(at, "name"), experiment=plain(at, "experiment"), **about)
        run.set_params({"value": plain(at, "value")})
        run.set_tags({"tag": plain(at, "tagged"), plain(at, "label"): "true"})
        run.set_note(plain(at, "note"))
        run.log({"loss": float(at)})
        run.end("failed", plain(at, "reason"))
    run = current.begin(project, name=EVERY, source="\n".join(f"x = 1  # {plain(at, 'source')}" for at in ALL))
    run.set_params({plain(at, "param"): plain(at, "set") for at in ALL})
    run.set_tags({plain(at, "key"): plain(at, "tag") for at in ALL})
    run.set_note("\n".join(plain(at, "text") for at in ALL))
    for _ in range(2):
        run.log({plain(at, "metric"): float(at) for at in ALL})
    for at in ALL:
        safe = plain(at, "file").replace("/", "_").replace("\\", "_").replace(":", "_")
        run.add_bytes(f"{safe}.txt", plain(at, "content").encode())
        for mime in ("text/html", "text/markdown", "text/latex", "image/svg+xml"):
            text = plain(at, mime.partition("/")[2].partition("+")[0])
            run.add_output("display", mime, text, plain=plain(at, "instead"))
        run.add_output("stdout", "text/plain", f"{plain(at, 'printed')}\n")
        run.add_dataset(plain(at, "data"), plain(at, "kind"), path=plain(at, "path"))
    packages = {plain(at, "package"): plain(at, "version") for at in ALL}
    run.set_environment("0" * 64, {"python": plain(0, "python"), "packages": packages})
    run.set_git({"commit": plain(0, "commit"), "branch": plain(1, "branch"), "remote": plain(2, "remote"), "dirty": True,  # noqa: E501
                 "diff": "\n".join(f"+{plain(at, 'diff')}" for at in ALL)})  # fmt: skip
    run.end()
    run.flush()
