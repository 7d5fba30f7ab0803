"""Batches: what a fit sees of a session, and in which order."""

import numpy as np
import pytest
import torch

from dlgn_cnn.data.loaders import TrialLoader, session_loaders, stored_sessions
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.session_data import SessionData, Trial, data_info
from dlgn_cnn.data.store import ensure_session
from dlgn_cnn.errors import ConfigError

UNITS, HEIGHT, WIDTH = 3, 4, 5


def trial(number: int, frames: int, tier: str) -> Trial:
    """Grey level, count and light of a frame say which trial and frame it is."""
    clock = np.arange(frames)
    return Trial(
        number,
        SceneKey("movie", number),
        tier,
        np.broadcast_to((clock % 50 + 10 * number).astype(np.uint8)[:, None, None], (frames, HEIGHT, WIDTH)).copy(),
        np.broadcast_to((1000 * number + clock).astype(np.float32), (UNITS, frames)).copy(),
        (clock % 2).astype(np.float32),
        np.full((2, frames), np.nan, np.float32),
        np.full((2, frames), np.nan, np.float32),
    )


def session(frames=(100, 100, 70, 100, 100)) -> SessionData:
    tiers = ("train", "train", "train", "validation", "test")
    trials = tuple(trial(n, length, tier) for n, (length, tier) in enumerate(zip(frames, tiers, strict=True)))
    return SessionData((1, 2, 5), 60.0, trials)


@pytest.fixture
def loaders():
    data = session()
    return session_loaders(data, data_info(data), seed=0, batch_size=2, window_frames=30)


def test_every_window_is_a_stretch_of_one_trial_in_all_arrays(loaders):
    info = loaders["train"].data_info
    for batch in loaders["train"]:
        grey = (batch.videos * info.video_std + info.video_mean)[:, 0, :, 0, 0].round()
        for row in range(len(batch.opto)):
            number, start = divmod(int(batch.responses[row, 0, 0]), 1000)
            clock = torch.arange(start, start + 30)
            assert torch.equal(batch.responses[row, 1], (1000 * number + clock).float())
            assert torch.equal(grey[row], (clock % 50 + 10 * number).float())
            assert torch.equal(batch.opto[row], (clock % 2).float())


def test_an_epoch_draws_as_many_windows_as_trials_hold_and_says_how_many_batches(loaders):
    batches = list(loaders["train"])
    drawn = [int(row) // 1000 for batch in batches for row in batch.responses[:, 0, 0]]
    assert sorted(drawn) == [0] * 3 + [1] * 3 + [2] * 2
    assert len(batches) == len(loaders["train"]) == 4


def test_test_trials_come_whole_and_once(loaders):
    (batch,) = loaders["test"]
    assert batch.responses.shape == (1, UNITS, 100)
    assert torch.equal(batch.responses[0, 0], torch.arange(4000.0, 4100.0))


def test_training_video_is_normalised_by_the_training_tier(loaders):
    data = session()
    grey = np.concatenate([t.videos.ravel() for t in data.tier("train")])
    info = loaders["train"].data_info
    assert (info.video_mean, info.video_std) == pytest.approx((grey.mean(), grey.std()), rel=1e-5)
    assert info.mean_counts[0] == pytest.approx(np.concatenate([t.responses[0] for t in data.tier("train")]).mean())


def test_equal_seeds_give_equal_epochs_and_an_epoch_differs_from_the_next():
    data = session()
    one, same, other = (session_loaders(data, data_info(data), seed, 2, 30)["train"] for seed in (0, 0, 1))
    first, again, different, second = (torch.cat([b.responses[:, 0, 0] for b in it]) for it in (one, same, other, one))
    assert torch.equal(first, again)
    assert not torch.equal(first, different)
    assert not torch.equal(first, second)


def test_whole_trials_of_unequal_length_are_never_batched_together():
    data = session()
    loader = TrialLoader(data.tier("train"), data_info(data), batch_size=8)
    assert [tuple(batch.responses.shape) for batch in loader] == [(2, UNITS, 100), (1, UNITS, 70)]
    assert len(loader) == 2


def test_loaders_of_a_stored_session_equal_those_in_memory(tmp_path):
    data = session()
    ensure_session(data, tmp_path / "one")
    stored = stored_sessions(0, {"Mouse_s01_e01": tmp_path / "one"}, batch_size=2, window_frames=30)
    ours = session_loaders(data, data_info(data), 0, 2, 30)
    for tier in ours:
        for one, other in zip(ours[tier], stored[tier]["Mouse_s01_e01"], strict=True):
            assert torch.equal(one.videos, other.videos)
            assert torch.equal(one.responses, other.responses)


def test_a_window_longer_than_every_trial_is_refused():
    data = session()
    with pytest.raises(ConfigError, match="longer than every trial"):
        session_loaders(data, data_info(data), 0, 2, 101)


def test_an_unknown_option_is_refused():
    with pytest.raises(ConfigError, match="window_frames"):
        stored_sessions(0, {}, window_frame=3)
