"""Nothing of the test tier reaches a fit: the tier may be anything, and not a bit of the weights changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData
from dlgn_cnn.data.store.session_store import ensure_session
from dlgn_cnn.training.assemble import FitSpec, build_loaders, build_model, run_trainer
from tests.factories import small_simulation

MODEL = {
    "core": {"name": "stacked_2d", "channels": [4], "kernels": [7], "strides": [3]},
    "recurrent": {"name": "conv_gru", "channels": 4, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian"},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> SessionData:
    folder = small_simulation(tmp_path_factory.mktemp("leaks") / "session", test_scenes=4)
    found = read_recordings(folder)
    spec = DatasetSpec((str(found[0].session),), size_px=(18, 32), validation_share=0.34)
    (data,) = build_sessions(found, spec).values()
    return data


def weights(data: SessionData, folder) -> dict[str, torch.Tensor]:
    """What two epochs make of a session as it is stored."""
    ensure_session(data, folder / "session")
    dataset = {"sessions": ["Any_s01_e01"], "size_px": [18, 32], "batch_size": 4, "window_frames": 40}
    trainer = {"fit": {"max_epochs": 2, "burn_in_frames": 5}}
    spec = FitSpec(("stored_sessions", dataset), ("encoder", MODEL), ("standard", trainer), seed=0)
    loaders = build_loaders(spec, {"Any_s01_e01": folder / "session"})
    _, _, state = run_trainer(spec, build_model(spec, loaders), loaders, None, None)
    return state


def with_responses(data: SessionData, tier: str, change) -> SessionData:
    def changed(trial: TrialData) -> TrialData:
        return replace(trial, responses=change(trial.responses)) if trial.tier == tier else trial

    return replace(data, trials=tuple(map(changed, data.trials)))


def test_shuffled_test_responses_change_no_fitted_bit(built, tmp_path):
    draw = np.random.default_rng(0)
    plain = weights(built, tmp_path / "plain")
    shuffled = with_responses(built, "test", lambda counts: draw.permuted(counts, axis=1) + 3)
    after = weights(shuffled, tmp_path / "shuffled")
    assert all(torch.equal(plain[name], after[name]) for name in plain)


def test_shuffled_training_responses_do(built, tmp_path):
    draw = np.random.default_rng(0)
    plain = weights(built, tmp_path / "plain")
    after = weights(with_responses(built, "train", lambda counts: draw.permuted(counts, axis=1)), tmp_path / "shuffled")
    assert any(not torch.equal(plain[name], after[name]) for name in plain)
