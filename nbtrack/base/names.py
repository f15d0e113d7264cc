"""What the name of a metric says about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Literal

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")

# A name with one of these words is better when lower …
_LOWER = frozenset({
    "loss", "losses", "error", "err", "errors", "cost", "regret", "rmse", "mae", "mse", "mape", "smape",
    "msle", "rmsle", "medae", "perplexity", "ppl", "bpc", "bpb", "nll", "bce", "entropy", "crossentropy",
    "logloss", "deviance", "brier", "wer", "cer", "ter", "eer", "ece", "fid", "kid", "lpips", "divergence",
    "kl", "kld", "distance", "hamming", "residual", "residuals", "aic", "bic", "fpr", "fnr", "fp", "fn",
    "time", "seconds", "secs", "duration", "latency", "runtime", "elapsed", "overhead", "memory",
    "misclassification", "violations", "inertia", "bouldin", "stress", "penalty",
})  # fmt: skip
# … also when it is only the end of a word, as in valloss.
_LOWER_ENDS = ("loss", "error", "rmse", "entropy", "perplexity")
# A name with one of these is better when higher. "gain" and the like tell it of an error too: error_reduction.
_HIGHER = frozenset({
    "acc", "accuracy", "auc", "auroc", "auprc", "roc", "ap", "map", "f1", "f2", "fbeta", "fscore", "dice", "iou",
    "miou", "jaccard", "precision", "recall", "sensitivity", "specificity", "tpr", "tnr", "tp", "tn", "score", "scores",
    "r2", "ev", "kappa", "mcc", "ndcg", "mrr", "hit", "hits", "bleu", "rouge", "meteor", "chrf", "psnr", "ssim",
    "reward", "rewards", "return", "returns", "win", "wins", "success", "likelihood", "loglik", "elbo", "correct",
    "silhouette", "purity", "explained", "correlation", "corr", "pearson", "spearman", "throughput", "fps", "speedup",
    "profit", "revenue", "sharpe", "similarity", "nmi", "ari", "lift", "gini",
})  # fmt: skip
_HIGHER_ENDS = ("accuracy", "acc", "auc", "score", "reward")
_TURNED = frozenset({"reduction", "saved", "improvement", "gain"})
# scikit-learn turns errors round for its searches: neg_mean_squared_error is better when higher.
_NEGATED = frozenset({"neg", "negative", "minus"})


def words(name: str) -> list[str]:
    """The words of a name in lower case: ``valLoss``, ``val_loss`` and ``val/loss`` are ['val', 'loss']."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=4096)
def better(name: str) -> Literal["min", "max"] | None:
    """Which value of the metric ``name`` is the better one, guessed from its words; None if none of them tells."""
    parts = words(name)
    parts += [left + right for left, right in pairwise(parts) if right.isdigit()]  # f1, r2
    if _TURNED.intersection(parts):
        return "max"
    low = any(part in _LOWER or part.endswith(_LOWER_ENDS) for part in parts)
    high = any(part in _HIGHER or part.endswith(_HIGHER_ENDS) for part in parts)
    if low == high:  # none tells, or both: of score_time and accuracy_error the last word is the thing itself
        return _by_last(parts) if low else None
    return "min" if low != bool(_NEGATED.intersection(parts)) else "max"


def _by_last(parts: list[str]) -> Literal["min", "max"] | None:
    for part in reversed(parts):
        if part in _LOWER or part.endswith(_LOWER_ENDS):
            return "min"
        if part in _HIGHER or part.endswith(_HIGHER_ENDS):
            return "max"
    return None


def is_load(name: str) -> bool:
    """Whether a metric tells what the machine did rather than what came out: ``system/…``. Shown only on request."""
    return name.startswith("system/")


def peoples(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people set: MLflow sets its own, ``mlflow.…``, on every run; they are shown with the run alone."""
    return {name: text for name, text in tags.items() if not name.startswith("mlflow.")}
