"""Hugging Face's Trainer: autolog, and a callback put there by hand, on a tiny model that is downloaded nowhere."""

from __future__ import annotations

import json

import pytest

from tests.capture.frameworks.conftest import Cells, params

SETUP = """
import os
os.environ["HF_HUB_OFFLINE"] = "1"
import torch, nbtrack
data = [{"input_ids": [n % 7, 1, 2], "attention_mask": [1, 1, 1], "labels": n % 2} for n in range(16)]
def trainer(callbacks=(), **changed):
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
    from transformers import default_data_collator
    torch.manual_seed(0)
    config = BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    told = {"output_dir": "out", "num_train_epochs": 2, "per_device_train_batch_size": 8, "logging_steps": 1,
            "disable_tqdm": True, "report_to": "none", "use_cpu": True, "save_strategy": "no", **changed}
    return Trainer(model=BertForSequenceClassification(config), args=TrainingArguments(**told), train_dataset=data,
                   eval_dataset=data[:4], data_collator=default_data_collator, callbacks=list(callbacks))
"""


@pytest.fixture(scope="module")
def hugging(cells: Cells) -> Cells:
    cells.run(SETUP)
    return cells


def test_a_trainer_tells_its_metrics_its_arguments_and_its_model(hugging: Cells) -> None:
    run = hugging.track(
        "t = trainer(learning_rate=1e-3, eval_strategy='epoch', save_strategy='epoch', load_best_model_at_end=True)\n"
        "before = len(t.callback_handler.callbacks)\n"
        "out = t.train()\n"
        "found = t.predict(data[:4])\n"
        "nbtrack.log_param('seen', [h['loss'] for h in t.state.log_history if 'loss' in h])\n"
        "assert len(t.callback_handler.callbacks) == before"
    )
    found = params(run)
    assert hugging.points(run, "loss") == list(enumerate(found["seen"], 1))
    assert [step for step, _ in hugging.points(run, "eval_loss")] == [2, 4]
    assert {"train_runtime", "learning_rate", "grad_norm", "test_loss"} <= set(run.row.metrics)
    assert found["TrainingArguments.learning_rate"] == 0.001
    assert found["TrainingArguments.num_train_epochs"] == 2
    assert found["TrainingArguments.eval_strategy"] == "epoch"
    assert found["TrainingArguments.seed"] == 42  # a default that is always told
    assert "TrainingArguments.max_grad_norm" not in found
    assert "TrainingArguments.output_dir" not in found
    assert found["BertConfig.hidden_size"] == 8
    assert found["torch.module"] == "BertForSequenceClassification"
    about = json.loads(hugging.text(run, "checkpoints.json"))
    assert about["kept"] == ["out/checkpoint-2", "out/checkpoint-4"]
    assert about["best"] in about["kept"]
    assert about["monitor"] == "loss"


def test_nothing_is_left_after_the_cell(hugging: Cells) -> None:
    hugging.run("from transformers import Trainer\nassert type(vars(Trainer)['train']).__name__ == 'function'")
    hugging.run("import sys\nassert not [f for f in sys.meta_path if 'nbtrack' in type(f).__module__]")


def test_a_callback_put_there_by_hand_logs_once(hugging: Cells) -> None:
    code = "t = trainer([nbtrack.TransformersCallback()], max_steps=2)\nt.train()"
    for options in ("", "--no-autolog"):
        run = hugging.track(code, options)
        assert [step for step, _ in hugging.points(run, "loss")] == [1, 2]
        assert params(run)["BertConfig.vocab_size"] == 8


def test_a_callback_put_there_by_hand_says_that_no_run_is_active(hugging: Cells) -> None:
    assert hugging.kernel.run("t.train()").error == "NoActiveRun"


def test_without_autolog_nothing_is_told(hugging: Cells) -> None:
    run = hugging.track("trainer(max_steps=1).train()", "--no-autolog")
    assert not run.row.metrics
