"""Keras: autolog of fit() and evaluate(), and a callback put there by hand."""

from __future__ import annotations

import pytest

from tests.capture.frameworks.conftest import Cells, params

SETUP = """
import os
os.environ["KERAS_BACKEND"] = "torch"
import numpy, nbtrack
rng = numpy.random.default_rng(0)
x = rng.normal(size=(64, 4)).astype("float32")
y = (x.sum(1) > 0).astype("float32")
"""
MAKE = """
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
"""


@pytest.fixture(scope="module")
def keras(cells: Cells) -> Cells:
    cells.run(SETUP)
    return cells


def test_a_training_tells_its_epochs_its_settings_and_its_model(keras: Cells) -> None:
    run = keras.track(
        f"import keras\n{MAKE}"
        "history = model.fit(x, y, epochs=3, batch_size=16, validation_split=0.25, verbose=0)\n"
        "score = model.evaluate(x, y, verbose=0, return_dict=True)\n"
        "shown = model.predict(x, verbose=0)\n"
        "nbtrack.log_param('seen', [float(v) for v in history.history['val_loss']])"
    )
    assert keras.points(run, "val_loss") == list(enumerate(params(run)["seen"]))
    assert [step for step, _ in keras.points(run, "accuracy")] == [0, 1, 2]
    assert len(keras.points(run, "test_loss")) == 1
    found = params(run)
    assert found["keras.model"] == "Sequential"
    assert found["keras.optimizer"] == "Adam"
    assert found["keras.loss"] == "binary_crossentropy"
    assert found["Adam.learning_rate"] == pytest.approx(0.01)
    assert found["fit.epochs"] == 3
    assert found["fit.batch_size"] == 16  # from the code
    assert (found["Sequential.parameters"], found["Sequential.trainable"], found["Sequential.layers"]) == (49, 49, 2)
    (summary,) = [one.path for one in run.artifacts if one.path.startswith("models/")]
    assert "Total params" in keras.text(run, summary)


def test_nothing_is_left_in_keras_after_the_cell(keras: Cells) -> None:
    keras.run("assert type(vars(keras.callbacks.CallbackList)['__init__']).__name__ == 'function'")
    keras.run("made = keras.callbacks.CallbackList([], model=model)\nassert made.callbacks == []")


def test_a_callback_put_there_by_hand_logs_once(keras: Cells) -> None:
    code = f"{MAKE}mine = [nbtrack.KerasCallback()]\nmodel.fit(x, y, epochs=2, verbose=0, callbacks=mine)"
    for options in ("", "--no-autolog"):
        run = keras.track(code, options)
        assert [step for step, _ in keras.points(run, "loss")] == [0, 1]
        assert params(run)["keras.model"] == "Sequential"
    assert keras.run("len(mine)").result == "1"


def test_a_callback_put_there_by_hand_says_that_no_run_is_active(keras: Cells) -> None:
    assert keras.kernel.run("model.fit(x, y, verbose=0, callbacks=mine)").error == "NoActiveRun"
    assert keras.kernel.run("model.evaluate(x, y, verbose=0, callbacks=mine)").error == "NoActiveRun"


def test_the_users_own_list_of_callbacks_stays_and_a_failure_is_told_as_far_as_it_came(keras: Cells) -> None:
    run = keras.track(
        f"{MAKE}class Stop(keras.callbacks.Callback):\n"
        "    def on_epoch_begin(self, epoch, logs=None):\n"
        "        if epoch == 2: raise ValueError('enough')\n"
        "own = [Stop()]\nmodel.fit(x, y, epochs=5, verbose=0, callbacks=own)",
        status="failed",
    )
    assert len(keras.points(run, "loss")) == 2
    assert keras.run("len(own)").result == "1"


def test_without_autolog_nothing_is_told(keras: Cells) -> None:
    run = keras.track(f"{MAKE}model.fit(x, y, verbose=0)", "--no-autolog")
    assert not run.row.metrics
    assert "keras.model" not in params(run)
