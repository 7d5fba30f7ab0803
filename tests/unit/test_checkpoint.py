"""A fit that was stopped anywhere and taken up again ends as one that ran through; no file is trusted."""

import logging
import math
import os
import signal

import numpy as np
import pytest
import torch

from benchmarks.plain.in_memory import session_loaders
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData, data_info
from dlgn_cnn.errors import StoreError
from dlgn_cnn.models.build import encoder
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.callbacks import Callback, Callbacks
from dlgn_cnn.training.checkpoints import CheckpointFolder, Checkpoints
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import ObservationModel, loss_of, units_of
from dlgn_cnn.training.snapshot import Snapshot, capture, restore
from dlgn_cnn.training.trainers.standard import run

UNITS, FRAMES = 3, 24
CONFIG = FitConfig(3, 3, 0.02, weight_decay=0.01, burn_in_frames=4, accumulate=2)
ENCODER = {
    "core": {"name": "stacked_2d", "channels": [2], "kernels": [3]},
    "recurrent": {"name": "conv_gru", "channels": 2, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian"},
}


class Stopped(Exception):
    """In the place of a crash."""


def session(seed: int, trials: int) -> SessionData:
    generator = np.random.default_rng(seed)
    made = []
    for index in range(trials):
        videos = generator.integers(0, 256, (FRAMES, 6, 8), dtype=np.uint8)
        counts = generator.poisson(0.3 + videos.mean((1, 2)) / 300, (UNITS, FRAMES)).astype(np.float32)
        light, nothing = (generator.random(FRAMES) > 0.5).astype(np.float32), np.full((2, FRAMES), np.nan, np.float32)
        tier = "test" if index == trials - 1 else "validation" if index in (1, 3) else "train"
        made.append(TrialData(index, SceneKey("movie", index), tier, videos, counts, light, nothing, nothing))
    return SessionData(tuple(range(UNITS)), 60.0, tuple(made))


class Noisy(torch.nn.Module):
    """The encoder with noise from torch's global generator and from one of its own."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner, self.data_keys, self.frames_lost = inner, inner.data_keys, inner.frames_lost
        self.own = torch.Generator().manual_seed(5)

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        rate = self.inner(videos, opto, data_key, behavior, pupil_center)
        if not self.training:
            return rate
        return rate * (1 + 0.1 * torch.rand(()) + 0.1 * torch.rand((), generator=self.own))

    def regularizer(self, data_key):
        return self.inner.regularizer(data_key)


def new_fit(config: FitConfig = CONFIG, loss: str = "negative_binomial", auto: str = "float32") -> TrainingLoop:
    """Two sessions of different length, random windows, a readout that draws positions; all from fixed seeds."""
    torch.manual_seed(11)
    loaders: dict = {"train": {}, "validation": {}, "test": {}}
    infos = {}
    for seed, trials in ((0, 7), (1, 5)):
        data, name = session(seed, trials), f"Mouse_{seed}"
        infos[name] = data_info(data)
        for tier, loader in session_loaders(data, infos[name], 3, 2, 10, name).items():
            loaders[tier][name] = loader
    model = Noisy(encoder(infos, 3, **ENCODER))
    return TrainingLoop(
        model, loaders, ObservationModel(*loss_of(loss), units_of(loaders)), config, auto_precision=auto
    )


def outcome(fit: TrainingLoop, result) -> tuple[dict, list, dict]:
    """All that must not depend on stops: best weights, the last epoch's state, figures except times."""
    timed = ("samples_per_s", "peak_memory_bytes", "seconds")
    records = [{name: value for name, value in one.items() if name not in timed} for one in result[1]["epochs"]]
    return result[2], records, {name: value for name, value in result[1].items() if name != "epochs"}


def same(one, other) -> bool:
    return (
        one[0].keys() == other[0].keys()
        and all(torch.equal(one[0][k], other[0][k]) for k in one[0])
        and (one[1:] == other[1:])
    )


@pytest.fixture(scope="module")
def undisturbed():
    fit = new_fit()
    boundaries = []

    class Noting(Callback):
        def on_step(self, fit):
            boundaries.append((fit.epoch, fit.step, fit.trained))

    result = outcome(fit, run(fit, cb=Noting()))
    return result, boundaries


def stop_at(checkpoints: Checkpoints, moment: int, save: bool = True):
    """A callback that is as a crash at step ``moment``, right after the state was saved where ``save`` says so."""
    seen = iter(range(10_000))

    class Stopping(Callback):
        def on_start(self, fit):
            checkpoints.on_start(fit)

        def on_step(self, fit):
            if next(seen) == moment:
                if save:
                    checkpoints.save(fit)
                raise Stopped
            checkpoints.on_step(fit)

    return Stopping()


def test_there_are_boundaries_within_epochs_and_within_validation(undisturbed):
    _, boundaries = undisturbed
    assert len({step for epoch, step, trained in boundaries if epoch == 1 and not trained}) > 1
    assert sum(trained for epoch, _, trained in boundaries if epoch == 1) > 1


def test_a_fit_stopped_at_any_boundary_ends_as_if_it_had_not_been(undisturbed, tmp_path):
    expected, boundaries = undisturbed
    for moment in range(len(boundaries)):
        checkpoints = Checkpoints(tmp_path / str(moment), every_s=math.inf)
        with pytest.raises(Stopped):
            run(new_fit(), cb=stop_at(checkpoints, moment))
        torch.manual_seed(99 + moment)
        fit = new_fit()
        torch.manual_seed(99)
        assert same(outcome(fit, run(fit, cb=checkpoints)), expected), boundaries[moment]


def test_a_fit_killed_between_checkpoints_goes_on_from_the_last(undisturbed, tmp_path):
    expected, boundaries = undisturbed
    ticks = iter(range(10_000))
    checkpoints = Checkpoints(tmp_path, every_s=3, clock=lambda: next(ticks))
    with pytest.raises(Stopped):
        run(new_fit(), cb=stop_at(checkpoints, len(boundaries) - 4, save=False))
    assert len(checkpoints.files.names()) == 2
    fit = new_fit()
    assert same(outcome(fit, run(fit, cb=checkpoints)), expected)


def test_a_fit_that_is_stopped_again_and_again_arrives(undisturbed, tmp_path):
    expected, _ = undisturbed
    for _ in range(100):
        fit = new_fit()
        try:
            result = run(fit, cb=stop_at(Checkpoints(tmp_path, every_s=math.inf), 2))
        except Stopped:
            continue
        break
    assert same(outcome(fit, result), expected)


def test_epochs_are_told_of_once_each(undisturbed, tmp_path):
    epochs = []

    class Noting(Callback):
        def on_epoch(self, epoch, info):
            epochs.append(epoch)

    checkpoints = Checkpoints(tmp_path, every_s=math.inf)
    with pytest.raises(Stopped):
        run(new_fit(), cb=Callbacks([Noting(), stop_at(checkpoints, 9)]))
    run(new_fit(), cb=Callbacks([Noting(), checkpoints]))
    assert epochs == [0, 1, 2]


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_within_a_step_saves_the_state_after_it(undisturbed, tmp_path, number, kind):
    expected, _ = undisturbed
    fit, checkpoints = new_fit(), Checkpoints(tmp_path, every_s=math.inf)
    calls = iter(range(10_000))
    penalty = fit.model.regularizer

    def regularizer(data_key):
        if next(calls) == 8:
            os.kill(os.getpid(), number)
        return penalty(data_key)

    fit.model.regularizer = regularizer
    with interrupts.deferred():
        with pytest.raises(kind), interrupts.allowed():
            run(fit, cb=checkpoints)
        with pytest.raises(kind):  # it is still known to the worker
            interrupts.check()
    assert fit.step == 5
    resumed = new_fit()
    assert same(outcome(resumed, run(resumed, cb=checkpoints)), expected)


def damaged(data: bytes) -> list[bytes]:
    return [data[: len(data) // 2], b"", data[:100] + bytes([data[100] ^ 1]) + data[101:], data[:-1]]


@pytest.mark.parametrize("way", range(4))
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(undisturbed, tmp_path, caplog, way):
    expected, _ = undisturbed
    ticks = iter(range(10_000))
    checkpoints = Checkpoints(tmp_path, every_s=2, clock=lambda: next(ticks))
    with pytest.raises(Stopped):
        run(new_fit(), cb=stop_at(checkpoints, 9))
    before, last = checkpoints.files.names()
    path = tmp_path / last
    path.write_bytes(damaged(path.read_bytes())[way])
    fit, heir = new_fit(), Checkpoints(tmp_path, every_s=math.inf)
    with caplog.at_level(logging.INFO, "dlgn"):
        assert heir.resume(fit)
    assert last in caplog.text
    assert before[:16] in caplog.text.splitlines()[-1]
    assert heir.files.names() == [before]
    assert same(outcome(fit, run(fit, cb=heir)), expected)


def test_where_all_are_damaged_a_fit_begins_anew(undisturbed, tmp_path, caplog):
    expected, _ = undisturbed
    checkpoints = Checkpoints(tmp_path, every_s=0)
    with pytest.raises(Stopped):
        run(new_fit(), cb=stop_at(checkpoints, 9))
    for name in checkpoints.files.names():
        (tmp_path / name).write_bytes(b"nothing")
    fit = new_fit()
    assert same(outcome(fit, run(fit, cb=Checkpoints(tmp_path, every_s=math.inf))), expected)
    assert caplog.text.count("of no use") == 2


def test_a_checkpoint_of_another_model_is_refused_and_leaves_the_fit_as_it_was(undisturbed, tmp_path, caplog):
    expected, _ = undisturbed
    other = new_fit(loss="poisson")
    CheckpointFolder(tmp_path).write(capture(other))
    with pytest.raises(StoreError, match="another observation"):
        restore(new_fit(), capture(other))
    fit = new_fit()
    assert same(outcome(fit, run(fit, cb=Checkpoints(tmp_path, every_s=math.inf))), expected)
    assert "another observation" in caplog.text


def test_a_loader_that_cannot_say_where_it_is_resumes_at_epochs(tmp_path):
    """Its order is drawn from torch's global generator, as that of torch's own loader is."""

    class Plain:
        def __init__(self, inner):
            self.batches, self.data_info = list(inner), inner.data_info

        def __len__(self):
            return len(self.batches)

        def __iter__(self):
            return (self.batches[index] for index in torch.randperm(len(self.batches)).tolist())

    def plain_fit():
        fit = new_fit()
        fit.loaders["train"] = {key: Plain(loader) for key, loader in fit.loaders["train"].items()}
        return fit

    whole = plain_fit()
    expected = outcome(whole, run(whole))
    checkpoints = Checkpoints(tmp_path, every_s=0)
    with pytest.raises(Stopped):
        run(plain_fit(), cb=stop_at(checkpoints, 8, save=False))
    fit = plain_fit()
    assert checkpoints.resume(fit)
    assert fit.trained or not fit.parts
    assert same(outcome(fit, run(fit, cb=checkpoints)), expected)


def test_a_checkpoint_that_cannot_be_written_is_logged_and_the_fit_goes_on(undisturbed, tmp_path, caplog):
    expected, _ = undisturbed
    (tmp_path / "file").write_text("in the way")
    fit = new_fit()
    assert same(outcome(fit, run(fit, cb=Checkpoints(tmp_path / "file" / "below", every_s=0))), expected)
    assert caplog.text.count("no checkpoint in") == 1


def test_checkpoints_that_are_saved_again_are_said_once(tmp_path, caplog):
    fit, checkpoints = new_fit(), Checkpoints(tmp_path / "file" / "below", every_s=0)
    (tmp_path / "file").write_text("in the way")
    for _ in range(5):
        checkpoints.save(fit)
    (tmp_path / "file").unlink()
    checkpoints.save(fit)
    checkpoints.save(fit)
    said = [message for message in caplog.messages if "checkpoint" in message]
    assert [message.partition(" in ")[0] for message in said] == ["no checkpoint", "checkpoints are saved again"]
    assert "5 failed tries" in said[1]


def test_a_killed_writer_leaves_no_checkpoint_that_is_read(tmp_path):
    files = CheckpointFolder(tmp_path)
    (tmp_path / "abcdef.tmp").write_bytes(b"half")
    assert files.names() == []
    name = files.write(Snapshot({"a": torch.arange(3)}, {"b": 1}))
    found = files.read(name)
    assert torch.equal(found.tensors["a"], torch.arange(3))
    assert found.facts == {"b": 1}
    files.clear()
    assert not tmp_path.exists()


def test_loading_runs_no_code(tmp_path):
    import pickle

    class Harm:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "harm"),))

    data = pickle.dumps(Harm())
    import hashlib

    name = f"00000000-{hashlib.sha256(data).hexdigest()}.safetensors"
    (tmp_path / name).write_bytes(data)
    with pytest.raises(StoreError, match="not a checkpoint"):
        CheckpointFolder(tmp_path).read(name)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("began", ["float32", "bfloat16"])
def test_a_fit_goes_on_in_the_precision_that_it_began_in(tmp_path, began):
    """On a machine, or in an experiment, whose ``auto`` is the other one."""
    other = {"float32": "bfloat16", "bfloat16": "float32"}[began]
    fit = new_fit(auto=began)
    expected = outcome(fit, run(fit))
    checkpoints = Checkpoints(tmp_path, every_s=math.inf)
    with pytest.raises(Stopped):
        run(new_fit(auto=began), cb=stop_at(checkpoints, 5))
    resumed = new_fit(auto=other)
    assert resumed.precision == other
    assert same(outcome(resumed, run(resumed, cb=checkpoints)), expected)
    assert expected[2]["precision"] == began
    apart = new_fit(auto=other)
    assert not same(outcome(apart, run(apart))[:1] + expected[1:], expected)
