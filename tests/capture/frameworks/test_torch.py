"""PyTorch: what autolog tells of an optimizer and its model, and `nbtrack.watch`."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption, InvalidValue
from tests.capture.frameworks.conftest import Cells, params

SETUP = """
import torch, nbtrack
from torch import nn

class Net(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.encoder = nn.Linear(4, hidden)
        self.head = nn.Linear(hidden, 2)
    def forward(self, x):
        return self.head(torch.relu(self.encoder(x)))

torch.manual_seed(0)
x, y = torch.randn(64, 4), torch.randint(0, 2, (64,))

def train(model, optimizer, steps=5):
    for step in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        nbtrack.log({'loss': loss.item()})

def hooks():
    from torch.optim import optimizer
    return len(optimizer._global_optimizer_post_hooks)
"""


@pytest.fixture(scope="module")
def torch_cells(cells: Cells) -> Cells:
    cells.run(SETUP)
    return cells


def test_the_optimizer_and_the_model_of_a_training_are_told(torch_cells: Cells) -> None:
    run = torch_cells.track("net = Net()\ntrain(net, torch.optim.AdamW(net.parameters(), lr=0.01))")
    found = params(run)
    assert found["torch.optimizer"] == "AdamW"
    assert found["torch.module"] == "Net"
    assert found["AdamW.lr"] == 0.01
    assert found["AdamW.betas"] == [0.9, 0.999]
    assert found["AdamW.weight_decay"] == 0.01  # a default
    assert (found["Net.parameters"], found["Net.trainable"]) == (58, 58)
    assert not any(name.startswith(("AdamW#2", "AdamW.foreach")) for name in found)
    text = torch_cells.text(run, "models/Net.txt")
    assert "encoder  Linear  40  in_features=4, out_features=8, bias=True" in text
    assert "parameters 58, trainable 58" in text
    assert len(torch_cells.points(run, "loss")) == 5


def test_what_the_user_logs_stands_and_groups_frozen_layers_and_schedules_are_told(torch_cells: Cells) -> None:
    run = torch_cells.track(
        "net = Net()\n"
        "net.encoder.bias.requires_grad_(False)\n"
        "nbtrack.log_param('SGD.momentum', 'high')\n"
        "opt = torch.optim.SGD([{'params': net.encoder.parameters()}, {'params': net.head.parameters(), 'lr': 0.5}],"
        " lr=0.1, momentum=0.9)\n"
        "warm = torch.optim.lr_scheduler.LinearLR(opt, start_factor=0.1)\n"
        "train(net, opt)"
    )
    found = params(run)
    assert found["SGD.momentum"] == "high"
    assert found["SGD.lr"] == 0.1
    assert found["SGD.group2.lr"] == 0.5
    assert (found["Net.parameters"], found["Net.trainable"]) == (58, 50)


def test_a_model_in_a_trainer_of_the_users_and_a_compiled_one_are_found(torch_cells: Cells) -> None:
    run = torch_cells.track(
        "class Trainer:\n"
        "    def __init__(self):\n"
        "        self.model = torch.compile(Net(3), backend='eager')\n"
        "        self.opt = torch.optim.Adam(self.model.parameters())\n"
        "    def step(self):\n"
        "        self.model(x).sum().backward()\n"
        "        self.opt.step()\n"
        "Trainer().step()"
    )
    assert params(run)["torch.module"] == "Net"
    assert params(run)["Net.parameters"] == 23


def test_looking_for_the_model_keeps_nothing_of_the_first_step_alive(torch_cells: Cells) -> None:
    torch_cells.track(
        "import weakref\n"
        "class Batch(list): pass\n"
        "def fit():\n"
        "    net = Net()\n"
        "    opt = torch.optim.SGD(net.parameters(), lr=0.1)\n"
        "    for step in range(2):\n"
        "        batch = Batch()\n"
        "        if step == 0: first = weakref.ref(batch)\n"
        "        net(x).sum().backward()\n"
        "        opt.step()\n"
        "    assert net is not None and first() is None\n"
        "fit()"
    )


def test_without_autolog_nothing_is_told_and_after_a_cell_no_hook_is_left(torch_cells: Cells) -> None:
    code = "net = Net()\ntrain(net, torch.optim.Adam(net.parameters()))\nassert hooks() == {}"
    assert "torch.module" in params(torch_cells.track(code.format(1)))
    assert "torch.module" not in params(torch_cells.track(code.format(0), "--no-autolog"))
    assert torch_cells.run("hooks()").result == "0"


def test_autolog_can_be_switched_off_for_torch_alone(torch_cells: Cells) -> None:
    torch_cells.run("nbtrack.autolog('torch', disable=True)")
    try:
        run = torch_cells.track("net = Net()\ntrain(net, torch.optim.Adam(net.parameters()))")
        assert "torch.module" not in params(run)
    finally:
        torch_cells.run("nbtrack.autolog('torch')\nfrom nbtrack.capture.frameworks import close\nclose()")


def test_watch_logs_the_norms_of_gradients_until_the_run_ends(torch_cells: Cells) -> None:
    run = torch_cells.track(
        "net = Net()\n"
        "watching = nbtrack.watch(net, log='all', every=2)\n"
        "train(net, torch.optim.SGD(net.parameters(), lr=0.1))\n"
        "expected = float(torch.cat([p.grad.flatten() for p in net.parameters()]).norm())\n"
        "nbtrack.log_param('expected', expected)"
    )
    points = torch_cells.points(run, "grad_norm")
    assert [step for step, _ in points] == [0, 2, 4]
    assert points[-1][1] == pytest.approx(params(run)["expected"], rel=1e-5)
    parts = [torch_cells.points(run, f"grad_norm/{part}")[-1][1] for part in ("encoder", "head")]
    assert math.hypot(*parts) == pytest.approx(points[-1][1], rel=1e-5)
    assert {"weight_norm", "weight_norm/encoder", "weight_norm/head"} <= set(run.row.metrics)
    assert torch_cells.run("watching").result == "<nbtrack watch of Net, removed>"
    assert torch_cells.run("hooks()").result == "0"


def test_a_watch_from_before_goes_on_in_each_run_and_counts_anew(torch_cells: Cells) -> None:
    torch_cells.run(
        "net = Net()\nopt = torch.optim.SGD(net.parameters(), lr=0.1)\nwatching = nbtrack.watch(net, every=2)\n"
        "watching = nbtrack.watch(net, every=3)  # replaces the first\ntrain2 = lambda n: train(net, opt, n)"
    )
    for _ in range(2):
        run = torch_cells.track("train(net, opt)")
        assert [step for step, _ in torch_cells.points(run, "grad_norm")] == [0, 3]
    torch_cells.run("watching.remove()")
    assert "grad_norm" not in torch_cells.track("train(net, opt)").row.metrics


def test_a_model_that_is_gone_does_no_harm_and_its_hook_goes_with_the_next_watch(torch_cells: Cells) -> None:
    torch_cells.run("import gc\nnet = Net()\nnbtrack.watch(net)\nnet = None\ngc.collect()")
    torch_cells.run(
        "Out.clear(); _ = __ = ___ = None\nother = Net()\nopt = torch.optim.SGD(other.parameters(), lr=0.1)"
    )
    torch_cells.run("for name in [n for n in globals() if n.startswith('_') and n[1:].isdigit()]: del globals()[name]")
    torch_cells.track("train(other, opt)")
    torch_cells.run("nbtrack.watch(other).remove()")
    assert torch_cells.run("hooks()").result == "0"


def test_sparse_gradients_accumulation_and_closures_are_understood(torch_cells: Cells) -> None:
    run = torch_cells.track(
        "table = nn.EmbeddingBag(10, 3, sparse=True)\n"
        "nbtrack.watch(table, every=1)\n"
        "opt = torch.optim.SGD(table.parameters(), lr=0.1)\n"
        "def closure():\n"
        "    opt.zero_grad()\n"
        "    for part in range(2):\n"
        "        loss = table(torch.tensor([[1, 2], [2, 3]])).sum()\n"
        "        loss.backward()\n"
        "    return loss\n"
        "opt.step(closure)"
    )
    assert torch_cells.points(run, "grad_norm") == [(0, pytest.approx(math.sqrt(3 * (1 + 4 + 1)), rel=1e-5))]


def test_a_watch_that_fails_says_so_once_and_the_training_goes_on(torch_cells: Cells) -> None:
    reply = torch_cells.run(
        "%%track\nimport nbtrack.sdk.watch as w\nkept, w._norm = w._norm, lambda tensor: 1 / 0\n"
        "net = Net()\nnbtrack.watch(net, every=1)\ntrain(net, torch.optim.SGD(net.parameters(), lr=0.1))\n"
        "w._norm = kept"
    )
    assert reply.text.count("the model Net cannot be watched any more") == 1


def test_of_processes_that_train_together_only_the_first_tells(torch_cells: Cells) -> None:
    run = torch_cells.track(
        "from unittest import mock\nnet = Net()\nnbtrack.watch(net)\n"
        "with mock.patch.multiple(torch.distributed, is_initialized=lambda: True, get_rank=lambda: 1):\n"
        "    train(net, torch.optim.Adam(net.parameters()))"
    )
    assert "grad_norm" not in run.row.metrics
    assert "torch.module" not in params(run)


def test_a_compiled_step_of_the_optimizer_works_as_without_us_and_is_not_seen(torch_cells: Cells) -> None:
    run = torch_cells.track(
        "net = Net()\nnbtrack.watch(net, every=1)\nopt = torch.optim.SGD(net.parameters(), lr=0.1)\n"
        "net(x).sum().backward()\n"
        "before = net.head.bias.detach().clone()\n"
        "torch.compile(opt.step, backend='eager')()\n"
        "assert not torch.equal(before, net.head.bias)"
    )
    assert "grad_norm" not in run.row.metrics


def test_unloading_takes_every_hook_away(torch_cells: Cells) -> None:
    torch_cells.run("net = Net()\nnbtrack.watch(net)")
    torch_cells.run("%unload_ext nbtrack")
    assert torch_cells.run("hooks()").result == "0"
    torch_cells.run("%load_ext nbtrack")


@pytest.fixture
def run(project: Project) -> Iterator[None]:
    with nbtrack.start_run():
        yield


@pytest.mark.parametrize("what", [None, "a model", 3, [1]])
def test_only_models_can_be_watched(what: object, run: None) -> None:
    with pytest.raises(InvalidValue, match=r"not a PyTorch model"):
        nbtrack.watch(what)


@pytest.mark.parametrize("bad", [{"log": "everything"}, {"log": 3}, {"every": 0}, {"every": "1"}, {"every": True}])
def test_bad_options_of_watch_are_named(bad: dict[str, object], run: None) -> None:
    with pytest.raises(InvalidOption, match=next(iter(bad))):
        nbtrack.watch(None, **bad)
