"""Lightning: autolog of a Trainer, and a logger put there by hand."""

from __future__ import annotations

import json

import pytest

from tests.capture.frameworks.conftest import Cells, params

SETUP = """
import logging, warnings, torch, nbtrack
import lightning as L
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
L.seed_everything(0)

class Lit(L.LightningModule):
    def __init__(self, hidden=8, lr=0.1, loss=None):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 1))
    def training_step(self, batch, number):
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        return loss
    def validation_step(self, batch, number):
        self.log("val_loss", ((self.net(batch[0]) - batch[1]) ** 2).mean())
    def test_step(self, batch, number):
        self.log("test_loss", ((self.net(batch[0]) - batch[1]) ** 2).mean())
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

x = torch.randn(64, 4)
data = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=16)
quiet = dict(enable_progress_bar=False, enable_model_summary=False, accelerator="cpu", log_every_n_steps=2)
"""


@pytest.fixture(scope="module")
def lit(cells: Cells) -> Cells:
    cells.run(SETUP)
    return cells


def test_a_trainer_tells_its_metrics_by_step_its_settings_and_its_checkpoints(lit: Cells) -> None:
    run = lit.track(
        "trainer = L.Trainer(max_epochs=3, logger=False, **quiet)\n"
        "trainer.fit(Lit(hidden=6, lr=0.05, loss=nn.L1Loss()), data, data)\n"
        "trainer.test(trainer.lightning_module, data, verbose=False)\n"
        "assert trainer.loggers == []"
    )
    assert [step for step, _ in lit.points(run, "train_loss_step")] == [1, 3, 5, 7, 9, 11]
    assert [step for step, _ in lit.points(run, "val_loss")] == [3, 7, 11]
    assert len(lit.points(run, "train_loss_epoch")) == 3
    assert "test_loss" in run.row.metrics
    found = params(run)
    assert found["Lit.hidden"] == 6
    assert found["Lit.lr"] == 0.05
    assert found["Trainer.max_epochs"] == 3
    assert found["Trainer.strategy"] == "SingleDeviceStrategy"
    assert found["torch.module"] == "Lit"
    assert found["SGD.lr"] == 0.05
    (checkpoints,) = json.loads(lit.text(run, "checkpoints.json"))
    assert checkpoints["best"] == "checkpoints/epoch=2-step=12.ckpt"  # where it is without us
    assert (lit.service.project.root / checkpoints["best"]).is_file()


def test_the_loggers_of_a_trainer_stay_and_what_follows_is_not_told(lit: Cells) -> None:
    run = lit.track(
        "from lightning.pytorch.loggers import CSVLogger\n"
        "trainer = L.Trainer(max_epochs=1, logger=CSVLogger('logs'), **quiet)\n"
        "trainer.fit(Lit(), data, data)"
    )
    assert "val_loss" in run.row.metrics
    root = lit.service.project.root
    assert (root / "logs/lightning_logs/version_0/metrics.csv").is_file()
    assert list(root.glob("logs/lightning_logs/version_0/checkpoints/*.ckpt"))
    assert lit.run("[type(one).__name__ for one in trainer.loggers]").result == "['CSVLogger']"
    lit.run("trainer.validate(Lit(), data, verbose=False)")
    assert lit.run("'fit' in vars(L.Trainer) and type(vars(L.Trainer)['fit']).__name__").result == "'function'"


def test_a_logger_put_there_by_hand_logs_once_and_keeps_checkpoints_by_run(lit: Cells) -> None:
    run = lit.track(
        "trainer = L.Trainer(max_epochs=1, logger=nbtrack.NbtrackLogger(), **quiet)\n"
        "trainer.fit(Lit(hidden=3), data, data)\n"
        "import pickle\n"
        "assert type(pickle.loads(pickle.dumps(trainer.logger))) is nbtrack.NbtrackLogger"
    )
    assert lit.points(run, "val_loss") == [(3, pytest.approx(run.row.metrics["val_loss"].last))]
    assert params(run)["hidden"] == 3
    assert list(lit.service.project.root.glob(f"nbtrack/{run.row.id}/checkpoints/*.ckpt"))


def test_a_logger_put_there_by_hand_says_that_no_run_is_active(lit: Cells) -> None:
    reply = lit.kernel.run("L.Trainer(max_epochs=1, logger=nbtrack.NbtrackLogger(), **quiet).fit(Lit(), data, data)")
    assert reply.error == "NoActiveRun"


def test_a_training_that_fails_is_told_until_then_and_leaves_the_trainer_as_it_was(lit: Cells) -> None:
    run = lit.track(
        "class Bad(Lit):\n"
        "    def on_train_epoch_end(self):\n"
        "        if self.current_epoch == 1: raise ValueError('diverged')\n"
        "trainer = L.Trainer(max_epochs=3, logger=False, enable_checkpointing=False, **quiet)\n"
        "trainer.fit(Bad(), data, data)",
        status="failed",
    )
    assert len(lit.points(run, "val_loss")) == 2
    assert lit.run("trainer.loggers").result == "[]"


def test_without_autolog_nothing_is_told(lit: Cells) -> None:
    run = lit.track("L.Trainer(max_epochs=1, logger=False, **quiet).fit(Lit(), data, data)", "--no-autolog")
    assert not run.row.metrics
    assert "Trainer.strategy" not in params(run)
