"""A fit keeps the number of threads that it began with, and with it its bits, whatever the machine does meanwhile."""

import numpy as np
import pytest
import torch

from benchmarks.plain.in_memory import session_loaders
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData, data_info
from dlgn_cnn.models.build import encoder
from dlgn_cnn.runtime import threads
from dlgn_cnn.runtime.cores import Cores, usable_cores
from dlgn_cnn.training import snapshot
from dlgn_cnn.training.callbacks import Callback, Callbacks
from dlgn_cnn.training.checkpoints import Checkpoints
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import poisson
from dlgn_cnn.training.trainers.standard import run

UNITS, FRAMES = 12, 30
CONFIG = FitConfig(2, 2, 0.01, burn_in_frames=5, precision="float32")
ENCODER = {
    "core": {"name": "stacked_2d", "channels": [8], "kernels": [9]},
    "recurrent": {"name": "conv_gru", "channels": 8, "kernel_input": 3, "kernel_state": 3},
    "readout": {"name": "gaussian"},
}
two_cores = pytest.mark.skipif(usable_cores().affinity < 2, reason="this process may use one core only")


class Stopped(Exception):
    """In the place of a worker that is killed."""


@pytest.fixture(autouse=True)
def same_threads_after():
    with threads.kept():
        yield


def new_fit() -> TrainingLoop:
    dice = np.random.default_rng(0)
    trials = []
    for index in range(8):
        videos = dice.integers(0, 256, (FRAMES, 33, 53), dtype=np.uint8)
        counts, nothing = dice.poisson(0.3, (UNITS, FRAMES)), np.full((2, FRAMES), np.nan, np.float32)
        tier = "test" if index == 7 else "validation" if index in (1, 3) else "train"
        light = np.zeros(FRAMES, np.float32)
        scene = SceneKey("movie", index)
        trials.append(TrialData(index, scene, tier, videos, counts.astype(np.float32), light, nothing, nothing))
    data = SessionData(tuple(range(UNITS)), 60.0, tuple(trials))
    info = {"Mouse": data_info(data)}
    tiers = session_loaders(data, info["Mouse"], 3, 2, FRAMES, "Mouse")
    loaders = {tier: {"Mouse": loader} for tier, loader in tiers.items()}
    return TrainingLoop(encoder(info, 3, **ENCODER), loaders, poisson, CONFIG)


def fitted(number: int, folder=None) -> tuple[dict[str, torch.Tensor], dict]:
    """Best weights and output of a fit that begins, or goes on, where this many threads are in use."""
    threads.use(number)
    _, output, state = run(new_fit(), cb=None if folder is None else Checkpoints(folder, every_s=0.0))
    return state, output


def stopped(number: int, folder) -> None:
    """Begin a fit with this many threads and end it at once after its second step was saved."""
    threads.use(number)
    seen = iter(range(100))

    class Stopping(Callback):
        def on_step(self, fit):
            if next(seen) == 1:
                raise Stopped

    with pytest.raises(Stopped):
        run(new_fit(), cb=Callbacks([Checkpoints(folder, every_s=0.0), Stopping()]))


def equal(one, other) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@two_cores
@pytest.mark.parametrize(("began", "meanwhile"), [(2, 1), (1, 2)])
def test_a_resumed_fit_has_the_bits_of_its_own_number_of_threads(tmp_path, began, meanwhile):
    undisturbed, output = fitted(began)
    stopped(began, tmp_path)
    found, resumed = fitted(meanwhile, tmp_path)
    assert equal(found, undisturbed)
    assert output["threads"] == resumed["threads"] == began
    assert output["same_bits"] is resumed["same_bits"] is True
    # Or the number made no difference to these sums, and nothing was shown.
    assert not equal(undisturbed, fitted(meanwhile)[0])


@two_cores
def test_on_a_machine_with_fewer_cores_it_takes_those_and_says_that_bits_may_differ(tmp_path, monkeypatch, caplog):
    stopped(2, tmp_path)
    monkeypatch.setattr(threads, "usable_cores", lambda: Cores(1))
    found, output = fitted(1, tmp_path)
    assert torch.get_num_threads() == 1
    assert output["threads"] == 2
    assert output["same_bits"] is False
    assert "it had 2 threads and here are 1 cores" in caplog.text
    assert all(torch.isfinite(value).all() for value in found.values())


def test_a_fit_that_once_went_on_with_fewer_never_claims_its_bits_again():
    taken = snapshot.capture(new_fit())
    taken.facts["values"].update(threads=1, same_bits=False)
    fit = new_fit()
    snapshot.restore(fit, taken)
    assert fit.same_bits is False
