"""Runs that a report is made of: a small history with everything in it, and runs with script in every text."""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbtrack.api.rooms import service
from nbtrack.base.config import Project
from nbtrack.runs.contract import PageRequest
from nbtrack.transfer.exporters import Options, Order, write
from nbtrack.transfer.landing import land
from nbtrack.transfer.records import (
    DatasetRecord,
    File,
    OutputRecord,
    ParamRecord,
    Points,
    RunRecord,
    Whole,
    made_id,
)
from tests.ui.payloads import OF_REPORTS as ATTACKS

BEGAN = 1_795_000_000.0
CODE = "%%track\nlr = {lr}\nmodel = fit(lr)\nfor step in range(40):\n    log(loss=model.step())\nprint(lr)\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20" onload="window.pwned=1"><script>window.pwned=1'
SVG += b'</script><rect width="20" height="20" fill="teal"/></svg>'


def curve(key: str, values: list[float]) -> Points:
    """Points a tenth of a second apart."""
    steps, times = array("q", range(len(values))), array("d", (BEGAN + at / 10 for at in range(len(values))))
    return Points(key, steps, times, array("d", values))


def history(project: Project, count: int = 6) -> None:
    """Runs of one cell with another learning rate each; one of them failed, the latest is of another cell."""
    land(project, _history(count), "test")


def _history(count: int) -> Iterator[Whole]:
    for at in range(count):
        lr = round(0.1 * 2**-at, 6)
        failed, other = at == 2, at == count - 1
        run = RunRecord(
            made_id("test", f"h{at}"),
            f"train-{at}",
            started=BEGAN + 100 * at,
            ended=BEGAN + 100 * at + 61,
            status="failed" if failed else "finished",
            end_reason="ValueError: bad" if failed else None,
            kind="cell",
            notebook="train.ipynb",
            cell="c2" if other else "c1",
            code="%%track\nscore = evaluate(model)\n" if other else CODE.format(lr=lr if at != 1 else 0.1),
            note="as agreed on Monday" if at == 3 else "",
            starred=at == 3,
            params=[ParamRecord("lr", lr, "cell"), ParamRecord("seed", 7, "cell"), ParamRecord("tol", 1e-4, "default")],
            tags={"stage": "draft"},
            outputs=[OutputRecord("stdout", "text/plain", f"{lr}\n\x1b[31mred\x1b[0m")],
            environment={"python": "3.12.1", "packages": {"numpy": "2.1.0", "torch": "2.13.0"}},
            git={"commit": "0123456789abcdef" * 2 + "01234567", "branch": "main", "dirty": True},
            about={"lineage": {"verdict": "reproducible as far as seen", "hidden": []}},
        )
        if at == 3:
            run.outputs += [
                OutputRecord("display", "image/svg+xml", None, "<Figure>", "plots/curve.svg"),
                OutputRecord("display", "text/html", "<table><tr><td>7</td></tr></table>", "7"),
            ]
        points = [curve("loss", [math.exp(-step / 9) + lr for step in range(40)]), curve("acc", [0.8 + 0.01 * at] * 2)]
        yield Whole(
            run, lambda own=points, none=failed: [] if none else own, lambda own=at == 3: [_file()] if own else []
        )


def _file() -> File:
    return File("plots/curve.svg", lambda: io.BytesIO(SVG), "image/svg+xml", "picture", BEGAN)


def hostile(project: Project) -> int:
    """A run per attack with it in every text; how many texts were made."""
    land(project, [_attacked(at, attack) for at, attack in enumerate(ATTACKS)], "test")
    return len(ATTACKS) * 30


def _attacked(at: int, attack: str) -> Whole:
    line = attack.replace("\u2028", "").replace("\u2029", "")
    run = RunRecord(
        made_id("test", f"x{at}"),
        line,
        experiment=line,
        started=BEGAN + at,
        ended=BEGAN + at + 1,
        status="failed",
        end_reason=attack,
        kind="cell",
        notebook=f"{line}.ipynb",
        cell=line,
        code=f"{attack}\nx = '{attack}'\n",
        note=attack,
        params=[
            ParamRecord(f"p {line}", attack),
            ParamRecord("same", attack),
            ParamRecord("list", [attack, {"a": attack}]),
        ],
        tags={f"t {line}": attack},
        datasets=[DatasetRecord(line, line, line, attack, attack, {attack: attack})],
        outputs=[
            OutputRecord("stdout", "text/plain", attack),
            OutputRecord("stderr", "text/plain", attack),
            OutputRecord("error", "text/plain", attack),
            OutputRecord("display", "text/html", attack, attack),
            OutputRecord("display", "text/markdown", attack),
            OutputRecord("display", "image/svg+xml", SVG.decode()),
            OutputRecord("display", attack, attack),
            OutputRecord("display", "image/svg+xml", None, attack, f"f/{at}.svg"),
            OutputRecord("display", "image/png", attack, attack, f"gone {line.replace('/', '')}"),
        ],
        environment={
            "python": attack,
            "prefix": attack,
            "system": attack,
            "packages": {attack: attack},
            "gpus": [{"name": attack}],
        },
        git={"commit": attack, "branch": attack, "remote": attack, "dirty": True},
        about={"lineage": {"verdict": attack, "hidden": [{"what": "data", "name": "x", "text": attack}]}},
    )
    points = [curve(f"m {line}", [1.0, 2.0]), curve("loss", [1.0, 0.5])]
    return Whole(
        run, lambda: points, lambda: [File(f"f/{at}.svg", lambda: io.BytesIO(SVG), "image/svg+xml", "picture")]
    )


def report(project: Project, target: Path, **options: Any) -> str:
    """The report of all runs, as it was written."""
    reads = service(project)
    write("html", Order(reads, reads.numbers(PageRequest()), Options(**options)), target)
    return target.read_text(encoding="utf-8")
