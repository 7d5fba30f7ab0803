"""Callbacks: several act as one, and nnfabrik's ``cb`` reaches them and is reached from them."""

import pytest

from dlgn_cnn.training.callbacks import Callback, Callbacks, as_callback
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import poisson
from dlgn_cnn.training.trainers.standard import TrainingLoop, run
from tests.science.test_fit import Gain, loaders


class Noting(Callback):
    def __init__(self, heard, name):
        self.heard, self.name = heard, name

    def on_start(self, fit):
        self.heard.append((self.name, "start"))

    def on_step(self, fit):
        self.heard.append((self.name, "step"))

    def on_epoch(self, epoch, info):
        self.heard.append((self.name, epoch, dict(info)))

    def on_save(self, fit, name, size_bytes, kept):
        self.heard.append((self.name, name, size_bytes, kept))

    def on_end(self):
        self.heard.append((self.name, "end"))


def test_each_method_reaches_every_callback_in_order():
    heard = []
    with Callbacks([Noting(heard, "a"), Callback(), Noting(heard, "b")]) as both:
        both.on_start(None)
        both.on_step(None)
        both.on_epoch(3, {"loss": 1.0})
        both.on_save(None, "file", 3, ["file"])
    told = ("start",), ("step",), (3, {"loss": 1.0}), ("file", 3, ["file"]), ("end",)
    assert heard == [(name, *one) for one in told for name in ("a", "b")]


def test_they_end_where_a_fit_is_interrupted():
    heard = []
    with pytest.raises(KeyboardInterrupt), Callbacks([Noting(heard, "a")]):
        raise KeyboardInterrupt
    assert heard == [("a", "end")]


def test_a_call_on_nnfabriks_contract_is_an_epoch():
    heard = []
    both = Callbacks([Noting(heard, "a")])
    both()
    both()
    both(uid={"seed": 0}, epoch=7, model=None, state={"loss": 0.5})
    both(info={"loss": 0.25})
    both(info="words")
    assert heard == [("a", 0, {}), ("a", 1, {}), ("a", 7, {"loss": 0.5}), ("a", 8, {"loss": 0.25}), ("a", 9, {})]


def test_a_plain_function_is_called_as_nnfabriks_trainers_call_it():
    calls = []
    callback = as_callback(lambda **told: calls.append(told), "uid", "model")
    callback.on_step(None)
    callback.on_epoch(2, {"loss": 1.0})
    assert calls == [{"uid": "uid", "epoch": 2, "model": "model", "info": {"loss": 1.0}}]


def test_a_fit_tells_start_steps_and_epochs():
    heard = []
    fit = TrainingLoop(Gain(), loaders(), poisson, FitConfig(max_epochs=2, patience=2, burn_in_frames=0))
    run(fit, cb=Noting(heard, "a"))
    kinds = [one[1] for one in heard]
    assert kinds[0] == "start"
    assert [one for one in kinds if isinstance(one, int)] == [0, 1]
    assert kinds[kinds.index(0) + 1] == "step"
    assert kinds.count("step") > fit.step
    assert heard[kinds.index(1)][2]["max_epochs"] == 2
