"""A fitted model against the linear-nonlinear figures of eight recorded ganglion cells, on their frozen repeats."""

import numpy as np
import pytest

from benchmarks.plain.in_memory import session_loaders
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.sessions.session_data import data_info
from dlgn_cnn.evaluation.score import ConditionScore, score_conditions
from dlgn_cnn.models.build import encoder
from dlgn_cnn.training.trainers.standard import standard
from tests.recorded import write_flicker
from tests.schemas.test_recorded import LN_CORRELATION, RELIABILITY

# 32 and 8 frames of memory at 75 Hz: what a retinal cell has, and adaptation on top of it.
CORE = {"name": "factorized_3d", "channels": [16, 16], "kernels": [1, 1], "kernels_time": [32, 8]}
FRAMES_LOST = 38


@pytest.fixture(scope="module")
def score(shared_data, tmp_path_factory) -> ConditionScore:
    """Fitted to the running frames, scored on the frozen ones, which no tier but the test tier holds."""
    (recording,) = read_recordings(write_flicker(shared_data, tmp_path_factory.mktemp("f") / "flicker.npz"))
    name = str(recording.session)
    spec = DatasetSpec((name,), size_px=(1, 1), rate_hz=75.0, near_duplicate=None)
    (session,) = build_sessions([recording], spec).values()
    info = data_info(session)
    loaders = {tier: {name: one} for tier, one in session_loaders(session, info, 0, 16, 150, name).items()}
    model = encoder({name: info}, 0, core=CORE, readout={"name": "gaussian"})
    fit = {"max_epochs": 6, "patience": 6, "learning_rate": 0.01, "burn_in_frames": FRAMES_LOST}
    standard(model, loaders, 0, fit=fit)
    scores = score_conditions(model, loaders, np.random.default_rng(0))[name]
    return next(one for one in scores if (one.tier, one.opto_condition) == ("test", "all"))


def test_a_fitted_model_beats_the_linear_nonlinear_model(score):
    assert (score.values["average_correlation"] > np.array(LN_CORRELATION)).sum() >= 6


def test_no_model_comes_above_the_ceiling(score):
    assert (score.values["normalized_correlation"] < 1.02).all()
    assert (score.values["normalized_correlation"] > score.values["average_correlation"]).all()


def test_ceilings_do_not_depend_on_the_model(score):
    assert score.values["split_half"] == pytest.approx(RELIABILITY, abs=0.01)
    assert score.values["repeats"] == pytest.approx(41)
    # A scene alone has no interval.
    assert np.isnan(score.low["normalized_correlation"]).all()
