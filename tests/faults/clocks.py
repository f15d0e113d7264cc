"""The clock is set while a run records; and values at the edge of what can be stored, read back by another process.

Each value comes back exactly, to the bit, or is refused with one clear error before anything of the call is stored.
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import projects
from nbtrack.runs.service import RunsService
from tests.faults.lab import found, missing, run, unclear
from tests.faults.table import Row

POINTS = 100
_SETTINGS = ("DONT_FAKE_MONOTONIC", "FAKETIME_NO_CACHE", "NO_FAKE_STAT")
# libfaketime reads the environment whenever anybody asks for the time. A name that comes to it then moves it, under a
# thread that reads: a segmentation fault in one start of ten. So what is set later stands there from the beginning.
_LATER = {"NBTRACK_PARENT": "", "TZ": "UTC"}
# Seconds by which the clock is set after a third and after two thirds of the points, and the time zone then.
CLOCKS: dict[str, tuple[float, float, str]] = {
    "back by three hours": (-10_800.0, -10_800.0, "UTC"),
    "ahead by ten years": (315_360_000.0, 315_360_000.0, "UTC"),
    "ahead by ten years and back again": (315_360_000.0, 0.0, "UTC"),
    "back to 1970": (-1.79e9, -1.79e9, "UTC"),
    "before 1970": (-3.0e9, -3.0e9, "UTC"),
    "to the year 2200 and further": (5.5e9, 7.0e9, "UTC"),  # Python's own clock ends in 2262
    "into another time zone": (0.0, 0.0, "Pacific/Kiritimati"),
    "over the end of summer time": (0.0, -3_600.0, "America/New_York"),
}

CLOCKED = """
    import datetime, json, os, sys, time
    import nbtrack
    first, second, zone, points = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    offset, seen = time.time() - time.monotonic(), 0

    def set_clock(seconds):  # of this process: the system's calls answer otherwise, whoever asks
        global seen
        os.environ["FAKETIME"], os.environ["TZ"] = f"{seconds:+.0f}", zone
        time.tzset()
        now = datetime.datetime.now(datetime.timezone.utc).timestamp()
        seen += all(abs(one - time.monotonic() - offset - seconds) < 600.0 for one in (time.time(), now))

    if sys.argv[5] == "canary":  # a store that keeps its points by their time
        from nbtrack.runs.store import metrics
        extend, last = metrics.extend, {}
        def by_time(conn, run, key, source, steps, times, values):
            kept = [one for one in zip(steps, times, values) if one[1] >= last.get(key, -1e300)]
            if kept:
                last[key] = max(one[1] for one in kept)
                extend(conn, run, key, source, *zip(*kept))
        metrics.extend = by_time
    with nbtrack.start_run(name="clocked") as run:
        for number in range(points):
            if number in (points // 3, 2 * points // 3):
                run.flush()
                set_clock(first if number == points // 3 else second)
            nbtrack.log({"loss": float(number)})
            if number % 10 == 0:
                run.flush()
    os.writev(1, [json.dumps({"told": points, "seen": seen}).encode() + b"\\n"])
"""

# Values by what is done with them: Python text, for they are told to another process.
METRICS = (
    *(
        "float('nan')",
        "float('inf')",
        "-float('inf')",
        "-0.0",
        "0.0",
        "1e308",
        "5e-324",
        "2**53 + 1",
        "2**62",
        "-2**62",
    ),
    *("-2**62", "2**63", "-2**63 - 1", "2**64", "10**400", "True", "1 / 3"),
)
STEPS = ("0", "-1", "2**62", "-2**62", "2**63 - 1", "-2**63", "2**63", "-2**63 - 1", "10**30", "1.5", "float('nan')")
PARAMS = (
    *("float('nan')", "-float('inf')", "-0.0", "1e308", "2**63", "-2**63 - 1", "10**60", "'x' * 10_000_000", "''"),
    *(r"'\ud800'", r"'a\udfffb'", r"'nul \0 in it'", r"'\u202e\u2066'", "'<img src=x onerror=alert(1)>'", "b'bytes'"),
    *('"\'; DROP TABLE runs; --"', "'0' * 70", "None", "True", "[1, float('nan'), -0.0]", "{'a': {'b': 2**70}}"),
)
NAMES = (
    *("a.b.c", ".", "..", "a..b", "it's", 'say "so"', "x'; DROP TABLE runs; --", "<b>bold</b>", "a\0b", "\ud800", ""),
    *(" ", "x" * 10_000, "a/b", "a\nb", "%s", "\u00e9", "e\u0301", "名", "💥", "\u202ex"),
)

VALUED = """
    import json, os, sys
    import nbtrack
    from nbtrack.base.errors import NbtrackError
    kinds = json.loads(open(sys.argv[1]).read())
    said = []
    def tried(call):
        try:
            call()
        except NbtrackError as error:
            return ["refused", str(error)]
        except Exception as error:
            return ["raised", repr(error)]
        return ["kept", ""]
    with nbtrack.start_run(name="valued") as run:
        for number, text in enumerate(kinds["metrics"]):
            said.append(tried(lambda: run.log({f"m{number}": eval(text)})))
        for number, text in enumerate(kinds["steps"]):
            said.append(tried(lambda: run.log({f"s{number}": 1.0}, step=eval(text))))
        for number, text in enumerate(kinds["params"]):
            said.append(tried(lambda: run.set_params({f"p{number}": eval(text)})))
        for number, name in enumerate(kinds["names"]):
            said.append(tried(lambda: run.set_params({name: number})))
            said.append(tried(lambda: run.log({name: float(number)})))
            said.append(tried(lambda: run.set_tags({name: "t"})))
    os.writev(1, [json.dumps({"said": said}).encode() + b"\\n"])
"""


def cannot() -> str:
    """Why no clock can be set here; "" if it can."""
    there = sys.platform == "linux" and find_spec("libfaketime")
    return "" if there else "needs Linux and what `pip install libfaketime` builds with a C compiler"


def _preloaded() -> dict[str, str]:
    """What makes a process ask for the time where it can be told another; how long something takes stays true."""
    import libfaketime

    library = Path(str(libfaketime.__file__)).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
    return {"LD_PRELOAD": str(library), "FAKETIME": "+0", **_LATER, **dict.fromkeys(_SETTINGS, "1")}


def clocked(name: str, how: str = "sound") -> Row:
    """One setting of the clock."""
    first, second, zone = CLOCKS[name]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ended = run(folder, CLOCKED, first, second, zone, POINTS, how, more=_preloaded())
        row = Row(
            name,
            injected=int(ended.told.get("seen") == 2),
            unclear=unclear(ended.errors) + len(ended.notices) + (ended.code != 0),
        )
        row.note = ended.errors.strip()[-300:]
        left = found(folder)
    row.lost = missing(POINTS, left.points.get("clocked", [])) + (left.status.get("clocked") != "finished")
    if left.points.get("clocked") != sorted(left.points.get("clocked", [])):
        row.corrupt += 1
    row.corrupt += bool(left.damage)
    return row


def same(a: Any, b: Any) -> bool:
    """Whether two values are one, to the bit; every NaN is one."""
    if isinstance(a, float) and isinstance(b, float):
        return struct.pack("<d", a) == struct.pack("<d", b) or (a != a and b != b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def valued() -> Row:
    """All values, by one process, read by this one."""
    row = Row("values and names at the edge, read by another process", goal="exact, or one clear error before")
    with tempfile.TemporaryDirectory() as place:
        folder, kinds = Path(place) / "project", Path(place) / "kinds"
        folder.mkdir()
        kinds.write_text(json.dumps({"metrics": METRICS, "steps": STEPS, "params": PARAMS, "names": NAMES}))
        ended = run(folder, VALUED, kinds)
        said = iter(ended.told.get("said", []))
        row.unclear = unclear(ended.errors) + (ended.code != 0)
        service = RunsService(Project(folder))
        service.refresh(force=True)
        (about,) = service.page(c.PageRequest()).rows
        params = dict(about.params)
        wrong = [*_metrics(service, about, said), *_steps(service, about, said), *_params(params, said)]
        wrong += _names(about, params, said)
        service.database.close()
        projects.forget_all()
    row.injected = len(METRICS) + len(STEPS) + len(PARAMS) + 3 * len(NAMES)
    row.lost = len([one for one in wrong if "raised" not in one])
    row.unclear += len(wrong) - row.lost
    row.note = "; ".join(wrong)[:800]
    return row


def _fate(said: Any, there: bool, exact: bool, what: str) -> list[str]:
    kind, text = next(said, ("raised", "nothing was said"))
    if kind == "raised" or (kind == "refused" and text.count(".") < 2):
        return [f"{what} raised {text}"]
    if kind == "refused":
        return [f"{what} was refused and stored"] if there else []
    return [] if there and exact else [f"{what} was taken and is not there as it was"]


def _metrics(service: RunsService, about: Any, said: Any) -> list[str]:
    wrong = []
    for number, text in enumerate(METRICS):
        held = list(service.history(about.id, f"m{number}").values) if f"m{number}" in about.metrics else []
        given = eval(text)
        exact = bool(held) and same(held[0], float(given) if abs(given) < 1e309 or given != given else given)
        wrong += _fate(said, bool(held), exact, f"metric {text}")
    return wrong


def _steps(service: RunsService, about: Any, said: Any) -> list[str]:
    wrong = []
    for number, text in enumerate(STEPS):
        held = list(service.history(about.id, f"s{number}").steps) if f"s{number}" in about.metrics else []
        wrong += _fate(said, bool(held), held == [eval(text)], f"step {text}")
    return wrong


def _params(params: dict[str, Any], said: Any) -> list[str]:
    wrong = []
    for number, text in enumerate(PARAMS):
        given, name = eval(text), f"p{number}"
        held = params.get(name, params.get(f"{name}.a.b"))
        there = name in params or f"{name}.a.b" in params
        wanted = given["a"]["b"] if isinstance(given, dict) else given
        wrong += _fate(said, there, same(held, wanted), f"param {text}"[:60])
    return wrong


def _names(about: Any, params: dict[str, Any], said: Any) -> list[str]:
    wrong = []
    for number, name in enumerate(NAMES):
        what = f"name {name!r}"[:60]
        wrong += _fate(said, name in params, params.get(name) == number, f"param {what}")
        wrong += _fate(said, name in about.metrics, name in about.metrics, f"metric {what}")
        wrong += _fate(said, name in about.tags, about.tags.get(name) == "t", f"tag {what}")
    return wrong


def rows(long: bool) -> list[Row]:
    """Two rows: the clock, by libfaketime, and values. The canary is a store that keeps points by their time."""
    row = Row("the clock is set back, ahead, into another zone in the midst of a run", skipped=cannot())
    if not row.skipped:
        _set_clocks(row, long)
    values = valued()
    values.met = not (values.lost or values.unclear) and values.injected > 90
    values.canary = "one bit of a value changed is seen" if not same(-0.0, 0.0) else ""
    return [row, values]


def _set_clocks(row: Row, long: bool) -> None:
    names = list(CLOCKS) if long else ["back to 1970", "ahead by ten years and back again"]
    for name in names:
        one = clocked(name)
        row.injected, row.lost, row.corrupt = (
            row.injected + one.injected,
            row.lost + one.lost,
            row.corrupt + one.corrupt,
        )
        row.unclear += one.unclear
        row.note += f"{name}: {one.note}; " if one.lost or one.corrupt or one.unclear else ""
    careless = clocked("back by three hours", "canary")
    row.canary = f"a store that keeps points by their time: {careless.lost} lost"
    row.met = row.injected == len(names) and not (row.lost or row.corrupt or row.unclear) and careless.lost > 0
