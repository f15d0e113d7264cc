"""scikit-learn."""

from __future__ import annotations

from nbtrack.capture.frameworks.patches import Patches


def install(patches: Patches) -> None:
    """Look at fits."""
