"""Words that no verb can take, made from the table of verbs: a new verb or option is tried unnamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbtrack.sdk.verbs import VERBS

NO_RUNS = (
    "nobody-here",
    "@0",
    "@99999999999999999999",
    "",
    "a\x1bb",
    "r" * 5_000,
    "a\ud800b",
    "'; DROP TABLE runs; --",
)
NUMBERS = ("x", "", "nan", "1e400", "9" * 400)
# Words with which a verb is otherwise right, so that only what is tried is wrong.
OTHERS: dict[str, list[str]] = {
    "compare": ["good", "other"], "diff": ["good", "other"], "tag": ["good", "a=b"], "note": ["good", "text"],
    "rename": ["good", "another"], "import": ["table.csv"], "push": ["mlruns:none"], "run": ["empty.ipynb"],
    "init": ["here.txt"],
}  # fmt: skip


def lines() -> Iterator[tuple[str, list[str]]]:
    """(what is tried, the words) of every verb."""
    for name, verb in VERBS.items():
        yield f"{name}: an unknown option", [name, "--nonsense"]
        yield f"{name}: an unknown letter", [name, "-Z"]
        yield from _positional(name, verb)
        for names, about in verb.arguments:
            if names[0].startswith("-"):
                yield from _option(name, names[-1], about)
    yield from _by_hand()


def _positional(name: str, verb: Any) -> Iterator[tuple[str, list[str]]]:
    first = next((about for names, about in verb.arguments if not names[0].startswith("-")), None)
    if first is None or (first.get("metavar") in ("FILTER", "WORD") and name != "experiments"):
        if first is None:
            yield f"{name}: a word too many", [name, "nonsense"]
        return
    if "nargs" not in first or first["nargs"] == "+":
        yield f"{name}: nothing", [name]
    rest = OTHERS.get(name, ["", ""])[1:]
    if first.get("metavar") in ("RUN", "LEFT"):
        for number, run in enumerate(NO_RUNS):
            yield f"{name}: no run ({number})", [name, run, *rest]


def _option(name: str, option: str, about: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    others = OTHERS.get(name, ["good"] if name in ("show", "code", "artifacts", "reproduce", "explain") else [])
    if about.get("action") == "store_true":
        yield f"{name} {option}: a value it does not take", [name, *others, f"{option}=yes"]
        return
    yield f"{name} {option}: no value", [name, *others, option]
    if about.get("type") is not None:
        for number, text in enumerate(NUMBERS):
            if not (about["type"] is float and text in ("nan", "1e400")):
                yield f"{name} {option}: no number ({number})", [name, *others, f"{option}={text}"]
    elif "choices" in about:
        yield f"{name} {option}: none of the choices", [name, *others, f"{option}=nonsense"]
    elif option in ("--run", "--baseline", "--against"):
        for number, run in enumerate(NO_RUNS[:4]):
            yield f"{name} {option}: no run ({number})", [name, *others, f"{option}={run}"]
    elif option == "--sort":
        for number, key in enumerate(("nothing.x", "", "metrics.", "a b c", "-")):
            yield f"{name} {option}: no key ({number})", [name, *others, f"{option}={key}"]


def _by_hand() -> Iterator[tuple[str, list[str]]]:
    tried: dict[str, list[list[str]]] = {
        "no verb": [["nonsense"], ["LS"], ["ls;rm"], ["\x1b[31m"], ["x" * 5_000]],
        "filter": [["ls", "metrics.loss >"], ["ls", "("], ["export", "name = 'open"], ["panel", "1 = 1"],
                   ["compare", "-f", "nothing ="], ["ls", "x" * 100_000]],
        "tag": [["tag", "good", "=x"], ["tag", "good", "novalue"], ["tag", "good", "a=\0"], ["tag", "good", "\x1b=1"],
                ["tag", "good", "a=" + "x" * 2_000_000], ["tag", "good", "-r", "nothing"], ["tag", "good"],
                ["tag", "good", "a\ud800=1"]],
        "note": [["note", "good", "\0"], ["note", "good", "a\ud800"], ["note", "good", "x" * 2_000_000]],
        "rename": [["rename", "good", ""], ["rename", "good", "\n"], ["rename", "good", "x" * 5_000],
                   ["rename", "good", "a\ud800"], ["rename", "good", "one", "two"]],
        "artifacts": [["artifacts", "good", "nothing"], ["artifacts", "good", "../../etc/passwd"],
                      ["artifacts", "good", "a\0"], ["artifacts", "good", "a.txt", "-o", "no/where/x"],
                      ["artifacts", "good", "-o", "x"], ["artifacts", "good", "a.txt", "-o", "a\0b"],
                      ["artifacts", "good", "a.txt", "-o", "x" * 5_000]],
        "experiments": [["experiments", "rename"], ["experiments", "rename", "no", "new"],
                        ["experiments", "merge", "a"],
                        ["experiments", "explode"], ["experiments", "rename", "default", ""],
                        ["experiments", "merge", "default", "default"], ["experiments", "rename", "default", "a\ud800"],
                        ["experiments", "rename", "default", "x" * 5_000]],
        "export": [["export", "-o", "runs"], ["export", "-o", "no/where/r.csv"], ["export", "-o", ".nbtrack"],
                   ["export", "-t", "parquet"], ["export", "-t", "ipynb"], ["export", "-c", "nothing", "-t", "csv"],
                   ["export", "-t", "md", "--digits", "0"], ["export", "-t", "md", "--digits", "-3"],
                   ["export", "-n", "-1"], ["export", "-o", "a\0.csv"], ["export", "-o", "x" * 5_000 + ".csv"],
                   ["export", "-o", "here.txt/x.csv"], ["export", "-t", "md", "--mean-over", "nothing"]],
        "import": [["import", "nowhere"], ["import", ""], ["import", "here.txt"], ["import", "--from", "excel", "x"],
                   ["import", "a\0b"], ["import", "x" * 5_000], ["import", "table.csv", "--map", "lr"],
                   ["import", "table.csv", "--map", "lr=nothing.x"], ["import", "table.csv", "--map", "no=params.x"],
                   ["import", "table.csv", "--option", "novalue"], ["import", "table.csv", "--option", "a=b"],
                   ["import", "table.csv", "-e", ""], ["import", "gopher://x"],
                   ["import", "/dev/null"], ["import", "table.csv", "--from", "bundle"]],
        "servers": [["push", "-"], ["pull"],
                    ["sync", "--every", "0"], ["sync", "--every", "-1"], ["sync", "--every", "nan"],
                    ["pull", "file:///no/where"], ["push", ""]],
        "run": [["run", "no.ipynb"], ["run", "here.txt"], ["run", "."], ["run", "empty.ipynb", "-p", "novalue"],
                ["run", "empty.ipynb", "-p", "=1"], ["run", "empty.ipynb", "-p", "nothing=1"],
                ["run", "empty.ipynb", "-k", "fortran"], ["run", "empty.ipynb", "--on", "spark://x"],
                ["run", "--entry", "nothing"], ["run", "empty.ipynb", "--entry", "x"], ["run", "a\0.ipynb"],
                ["run", "empty.ipynb", "--name", ""], ["run", "empty.ipynb", "--timeout", "-1"],
                ["run", "empty.ipynb", "--timeout", "0"], ["run", "x" * 5_000 + ".ipynb"]],
        "reproduce": [["reproduce", "good"], ["reproduce", "good", "--tolerance", "-1"],
                      ["reproduce", "good", "--timeout", "0"]],
        "init": [["init", "here.txt"], ["init", "a\0"], ["init", "here.txt/x"], ["init", "x" * 5_000]],
        "purge": [["purge", "--yes=no"]],
        "limits": [["ls", "-n", "-5"], ["compare", "good", "-n", "-1"], ["compare"]],
    }  # fmt: skip
    for what, several in tried.items():
        for number, words in enumerate(several):
            yield f"{what}: by hand ({number})", words
