"""Tab behind a verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from nbtrack.sdk.verbs.table import FORMATS, VERBS

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService
    from nbtrack.sdk.verbs.parsing import Verb

_MOST_RUNS = 100
_FILTERED = ("ls", "export", "panel")
_ACTIONS = ("rename", "merge")


def complete(words: Sequence[str], service: RunsService) -> list[str]:
    """What the last of the words could be; the first is the verb. Quick, and never creates anything."""
    *before, last = words or [""]
    if not before:
        return _beginning(VERBS, last)
    verb = VERBS.get(before[0])
    if verb is None:
        return []
    by_option = _OPTION_VALUES.get(before[-1])
    if by_option is not None:
        return _beginning(by_option(service, last), last)
    if last.startswith("-"):
        return _beginning(_options(verb), last)
    if verb.name in _FILTERED:
        return _of_filter(words[1:], service)
    return _beginning(_of_verb(verb, before[1:], service), last)


def _of_verb(verb: Verb, before: Sequence[str], service: RunsService) -> list[str]:
    if verb.name == "experiments":
        return list(_ACTIONS) if not before else _experiments(service, "")
    given = [word for word in before if not word.startswith("-")]
    places = [about.get("metavar") for names, about in verb.arguments if not names[0].startswith("-")]
    if not places:
        return []
    place = places[min(len(given), len(places) - 1)]
    if place in ("RUN", "LEFT", "RIGHT"):
        return [one for one in _runs(service, "") if one not in given]
    if place == "K=V":
        return [f"{name}=" for name in _tags(service, "")]
    if place == "PATH" and given:
        from nbtrack.runs.contract import RunRequest

        return [one.path for one in service.get(RunRequest(given[0])).artifacts]
    return []


def _of_filter(words: Sequence[str], service: RunsService) -> list[str]:
    from nbtrack.runs.contract import CompleteRequest

    text = " ".join(words).lstrip("\"'")
    return service.complete(CompleteRequest(text, len(text))).words


def _options(verb: Verb) -> list[str]:
    return ["--help", *(name for names, _ in verb.arguments for name in names if name.startswith("--"))]


def _beginning(words: Sequence[str] | dict[str, Verb], start: str) -> list[str]:
    return [word for word in words if word.startswith(start)]


def _runs(service: RunsService, start: str) -> list[str]:
    from nbtrack.runs.contract import PageRequest

    found = service.page(PageRequest(columns=[], limit=_MOST_RUNS)).rows
    return ["@1", "@2", *dict.fromkeys(row.name for row in found if " " not in row.name)]


def _experiments(service: RunsService, start: str) -> list[str]:
    return [one.name for one in service.experiments().experiments if " " not in one.name]


def _fields(service: RunsService, start: str) -> list[str]:
    """Names of params, metrics and tags as a filter writes them; all that begin so, of many those of each kind."""
    kinds = ("params.", "metrics.", "tags.")
    starts = [max(kind, start, key=len) for kind in kinds if kind.startswith(start) or start.startswith(kind)]
    return [word for one in starts for word in _of_filter([one], service) if " " not in word]


def _tags(service: RunsService, start: str) -> list[str]:
    return [word.removeprefix("tags.") for word in _fields(service, f"tags.{start}")]


def _sorts(service: RunsService, start: str) -> list[str]:
    minus = "-" if start.startswith("-") else ""
    found = [*_fields(service, start.removeprefix("-")), "started", "duration", "name", "status"]
    return [minus + word for word in found]


def _columns(service: RunsService, start: str) -> list[str]:
    *done, last = start.split(",")
    before = "".join(f"{word}," for word in done)
    return [before + word for word in ("params.*", "metrics.*", "tags.*", *_fields(service, last))]


def _metrics(service: RunsService, start: str) -> list[str]:
    *done, last = start.split(",")
    before = "".join(f"{word}," for word in done)
    return [before + word.removeprefix("metrics.") for word in _fields(service, f"metrics.{last}")]


def _params(service: RunsService, start: str) -> list[str]:
    *done, last = start.split(",")
    before = "".join(f"{word}," for word in done)
    return [before + word.removeprefix("params.") for word in _fields(service, f"params.{last}")]


_OPTION_VALUES: dict[str, Callable[[RunsService, str], list[str]]] = {
    "--sort": _sorts,
    "-s": _sorts,
    "--columns": _columns,
    "-c": _columns,
    "--metrics": _metrics,
    "-m": _metrics,
    "--run": _runs,
    "--experiment": _experiments,
    "-e": _experiments,
    "--baseline": _runs,
    "-b": _runs,
    "--remove": _tags,
    "-r": _tags,
    "--format": lambda service, start: list(FORMATS),
    "-t": lambda service, start: list(FORMATS),
    "--mean-over": _params,
}
