"""The search for words in the texts of runs, as SQL over ``r``, a run."""

from __future__ import annotations

import re
from collections.abc import Sequence

_OWN = "r.name LIKE ? ESCAPE '\\' OR r.note LIKE ? ESCAPE '\\' OR r.notebook LIKE ? ESCAPE '\\' OR r.id = ?"
# Tags and experiments are read once for all runs, or of each run that is looked at.
_ONCE = (
    f"({_OWN} OR r.experiment IN (SELECT n FROM experiments WHERE name LIKE ? ESCAPE '\\')"
    " OR r.n IN (SELECT run FROM tags WHERE value LIKE ? ESCAPE '\\'))"
)
_EACH = (
    f"({_OWN} OR EXISTS (SELECT 1 FROM experiments WHERE n = r.experiment AND name LIKE ? ESCAPE '\\')"
    " OR EXISTS (SELECT 1 FROM tags WHERE run = r.n AND value LIKE ? ESCAPE '\\'))"
)


def of_words(words: Sequence[str]) -> tuple[str, str, list[object]]:
    """Every word stands in the name, note, notebook, experiment or a tag; case is not minded for ASCII letters.

    (for many runs, for few, arguments of both).
    """
    args: list[object] = []
    for word in words:
        pattern = f"%{escaped(word)}%"
        args += [pattern, pattern, pattern, word, pattern, pattern]
    return f"({' AND '.join([_ONCE] * len(words))})", f"({' AND '.join([_EACH] * len(words))})", args


def escaped(text: str) -> str:
    """A text for LIKE, in which nothing stands for anything else."""
    return re.sub(r"([%_\\])", r"\\\1", text)
