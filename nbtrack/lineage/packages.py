"""Which installed packages a cell works with, as far as its text says."""

from __future__ import annotations

import re
from collections.abc import Iterable

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import\b|import[ \t]+([A-Za-z_][\w., \t]*))", re.MULTILINE
)
# What is imported under another name than it is installed by.
_INSTALLED_AS = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "PIL": "pillow",
    "pytorch_lightning": "pytorch-lightning",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
# Models are made with these, also where a cell does not import them itself.
FRAMEWORKS = frozenset({
    "catboost", "flax", "gymnasium", "jax", "jaxlib", "keras", "lightgbm", "lightning", "numpy", "optax", "pandas",
    "polars", "pytorch-lightning", "scikit-learn", "scipy", "stable-baselines3", "statsmodels", "tensorflow", "timm",
    "tokenizers", "torch", "torchvision", "transformers", "xgboost",
})  # fmt: skip


def imported(texts: Iterable[str | None]) -> set[str]:
    """The packages that some texts import, by the names they are installed under; no text is parsed."""
    found: set[str] = set()
    for text in texts:
        for single, several in _IMPORT.findall(text or ""):
            parts = [single] if single else [part.split()[0] for part in several.split(",") if part.strip()]
            names = [part.partition(".")[0] for part in parts]
            found.update(_INSTALLED_AS.get(name, name.replace("_", "-").lower()) for name in names)
    return found
