from __future__ import annotations

import pytest

from nbtrack.base.names import better, peoples, words


@pytest.mark.parametrize(
    "name",
    [
        "loss", "val_loss", "valLoss", "valloss", "train/loss", "rmse", "test_mae", "log_loss", "error_rate",
        "fit_time",
        "perplexity", "crossentropy", "FID", "duration", "mean_squared_error",
        "CrossEntropyLoss", "scores.time.mean",
    ],
)  # fmt: skip
def test_of_a_loss_an_error_and_a_time_the_lower_is_better(name: str) -> None:
    assert better(name) == "min"


@pytest.mark.parametrize(
    "name",
    [
        "accuracy", "val_acc", "valAcc", "f1", "f1_macro", "roc_auc", "ROCAuc", "score", "r2", "precision", "reward",
        "neg_mean_squared_error", "error_reduction", "bleu", "mean_iou", "log_likelihood", "hits@10", "top_5_accuracy",
        "time_saved", "map@50",
    ],
)  # fmt: skip
def test_of_a_score_the_higher_is_better(name: str) -> None:
    assert better(name) == "max"


@pytest.mark.parametrize(
    "name",
    ["epoch", "n_samples", "x", "", "lr", "step", "batch_size", "glossary", "timeouts_avoided", "mirror", "neg_x", "π"],
)
def test_a_name_that_says_nothing_gets_no_direction(name: str) -> None:
    assert better(name) is None


@pytest.mark.parametrize(
    ("name", "which"),
    [("score_time", "min"), ("accuracy_error", "min"), ("loss_score", "max"), ("neg_accuracy", "min")],
)
def test_of_two_words_that_disagree_the_last_tells(name: str, which: str) -> None:
    assert better(name) == which


def test_the_words_of_a_name_are_found_in_every_style() -> None:
    assert words("valLoss") == words("val_loss") == words("val/loss") == words("VAL-LOSS") == ["val", "loss"]
    assert words("ROCAuc2") == ["roc", "auc", "2"]


def test_the_tags_that_mlflow_sets_on_every_run_are_not_those_that_people_set():
    tags = {"mlflow.user": "root", "stage": "final", "mlflow": "mine", "mlflow.source.name": "a.py"}
    assert peoples(tags) == {"stage": "final", "mlflow": "mine"}
