"""Filters and sort keys that say nothing, through each door that takes one."""

from __future__ import annotations

from collections.abc import Iterator

import nbtrack
from nbtrack.runs import contract as c

from .ground import Case

# What has no operator is words to search for, which is no mistake.
FILTERS = (
    "metrics.loss >", "(", ")", "()", "metrics.loss > 1 and", "and", "or or", "not",
    "metrics.loss >> 1",
    "metrics.loss = = 1", "metrics. > 1", ".loss > 1", "nothing = 1", "1 = 1", "name = 'open",
    'name = "open',
    "name =", "name in", "name in (", "name in ()", "name in (1", "name between 1 and 2", "status = 'nowhere'",
    "started > 'the day before'", "metrics.loss > one", "metrics.loss like 5", "metrics.loss = null", "name is",
    "name is not", "metrics.loss > 1;", "metrics.loss > 1; DROP TABLE runs", "'; DROP TABLE runs; --", "name = 'a'--",
    "metrics.loss > 1 /* x */", "\0", "metrics.loss > \0", "name = 'a\ud800'", "ñ = 1",
    "metrics.loss > 1e", "metrics.loss > 0x1", "metrics.loss > --1", "@1 and @2", "`name`",
    "metrics.loss > 1 metrics.loss < 2", "name ~ '('", "(" * 2_000, "not " * 2_000 + "starred",
    "name = 'a' or " * 3_000, "metrics." + "x" * 50_000 + " > 1", "name = '" + "x" * 200_000, "starred = maybe",
    "tags = 'x'", "params.lr in ('a', )", ":name = 1", "name = ?", "\n\n>", "metrics.loss\n>\n",
)  # fmt: skip
SORTS = (
    "", "-", "--name", "nothing", "metrics.", "-metrics.", "params", "name;", "'name'", "name, status",
    "\0", "a\ud800", "rowid", "1", "metrics.loss.nothing", "x" * 10_000,
)  # fmt: skip


def cases() -> Iterator[Case]:
    """All of them."""
    for number, text in enumerate(FILTERS):
        door = number % 4
        yield Case(
            "filter", f"{number}: {text[:30]!r}",
            [
                lambda ground, t=text: len(nbtrack.runs(t)),
                lambda ground, t=text: nbtrack.panel(t),
                lambda ground, t=text: nbtrack.export(format="csv", filter=t),
                lambda ground, t=text: ground.service.page(c.PageRequest(filter=t)),
            ][door],
        )  # fmt: skip
    for number, key in enumerate(SORTS):
        yield Case("sort key", f"{number}: {key[:30]!r}", lambda ground, k=key: len(nbtrack.runs(sort=k)))
