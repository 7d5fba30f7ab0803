"""Batches: what a fit sees of a session, and in which order."""

import dataclasses

import numpy as np
import pytest
import torch

from benchmarks.plain.in_memory import session_loaders
from dlgn_cnn.data.loading import trial_loader
from dlgn_cnn.data.loading.loaders import stored_sessions
from dlgn_cnn.data.loading.transforms import session_transforms
from dlgn_cnn.data.loading.trial_loader import TrialLoader, interleaved
from dlgn_cnn.data.loading.windows import EpochOrder, opto_stretches, plan_windows
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData, data_info
from dlgn_cnn.data.store.cache import cached_session
from dlgn_cnn.data.store.session_store import ensure_session, write_session
from dlgn_cnn.errors import ConfigError

UNITS, HEIGHT, WIDTH = 3, 4, 5


def trial(number: int, frames: int, tier: str) -> TrialData:
    """Gray level, count and light of a frame say which trial and frame it is."""
    clock = np.arange(frames)
    return TrialData(
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
        gray = (batch.videos * info.video_std + info.video_mean)[:, 0, :, 0, 0].round()
        for row in range(len(batch.opto)):
            number, start = divmod(int(batch.responses[row, 0, 0]), 1000)
            clock = torch.arange(start, start + 30)
            assert torch.equal(batch.responses[row, 1], (1000 * number + clock).float())
            assert torch.equal(gray[row], (clock % 50 + 10 * number).float())
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


def test_training_video_is_normalized_by_the_training_tier(loaders):
    data = session()
    gray = np.concatenate([t.videos.ravel() for t in data.tier("train")])
    info = loaders["train"].data_info
    assert (info.video_mean, info.video_std) == pytest.approx((gray.mean(), gray.std()), rel=1e-5)
    assert info.mean_counts[0] == pytest.approx(np.concatenate([t.responses[0] for t in data.tier("train")]).mean())


@pytest.mark.parametrize("bound_bytes", [2**30, 0], ids=["video_table in memory", "where they lie"])
def test_windows_are_the_stored_gray_levels_normalized_wherever_they_are_cut_from(monkeypatch, bound_bytes):
    monkeypatch.setattr(trial_loader, "BOUND_BYTES", bound_bytes)
    data = session()
    info = data_info(data)
    for batch in session_loaders(data, info, 0, 3, 30)["train"]:
        for video, responses in zip(batch.videos, batch.responses, strict=True):
            trial, first = divmod(int(responses[0, 0]), 1000)
            gray = data.tier("train")[trial].videos[first : first + 30].astype(float)
            np.testing.assert_allclose(video[0], (gray - info.video_mean) / info.video_std, atol=1e-6)


def test_equal_seeds_give_equal_epochs_and_an_epoch_differs_from_the_next():
    data = session()
    one, same, other = (session_loaders(data, data_info(data), seed, 2, 30)["train"] for seed in (0, 0, 1))
    first, again, different, second = (torch.cat([b.responses[:, 0, 0] for b in it]) for it in (one, same, other, one))
    assert torch.equal(first, again)
    assert not torch.equal(first, different)
    assert not torch.equal(first, second)


def test_whole_trials_of_unequal_length_are_never_batched_together():
    data = session()
    loader = TrialLoader(data.tier("train"), data_info(data), 8)
    assert [tuple(batch.responses.shape) for batch in loader] == [(2, UNITS, 100), (1, UNITS, 70)]
    assert len(loader) == 2


def test_loaders_of_a_stored_session_equal_those_in_memory(tmp_path):
    data = session()
    ensure_session(data, tmp_path / "one")
    stored = stored_sessions(0, {"Mouse_s01_e01": tmp_path / "one"}, batch_size=2, window_frames=30)
    ours = session_loaders(data, data_info(data), 0, 2, 30, name="Mouse_s01_e01")
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"window_frames": 30.0}, "window_frames: given 30.0"),
        ({"windows": "tile"}, "did you mean 'tiled'"),
        ({"frames": "dark"}, "frames is 'dark'"),
        ({"transforms": "normalize"}, "transforms: given 'normalize'"),
        ({"transforms": [{"nme": "crop"}]}, "needs a 'name'"),
        ({"transforms": [{"name": "normalyze"}]}, "did you mean 'normalize'"),
        ({"transforms": [{"name": "crop", "tops": 1}]}, "'tops'"),
        ({"transforms": [{"name": "crop"}, {"name": "crop"}]}, "list it once"),
        ({"cache": "somewhere"}, "supplied by the caller"),
    ],
)
def test_a_wrong_option_is_refused_before_any_data_are_read(options, message):
    with pytest.raises(ConfigError, match=message):
        stored_sessions(0, {}, **options)


OPTO_ON = np.array([0, 0, 0, 0.5, 1, 1, 1, 1, 0.999, 0, 0], np.float32)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ("all", [(0, 11)]),
        ("suppressed", [(4, 8)]),
        ("intact", [(0, 3), (9, 11)]),
        ("constant", [(0, 3), (4, 8), (9, 11)]),
    ],
)
def test_a_stretch_of_one_condition_has_no_frame_within_which_the_light_changes(frames, expected):
    assert opto_stretches(OPTO_ON, frames) == expected


@pytest.mark.parametrize("windows", ["random", "tiled"])
@pytest.mark.parametrize("frames", ["suppressed", "intact", "constant"])
def test_windows_keep_to_one_condition_and_every_valid_one_can_be_drawn(windows, frames):
    plan = plan_windows([OPTO_ON, OPTO_ON[:3]], 2, windows, frames)
    drawn = [window for epoch in range(200) for window in plan.draw(EpochOrder(0, "a", "train").generator(epoch))]
    for index, start, stop in drawn:
        shown = [OPTO_ON, OPTO_ON[:3]][index][start:stop]
        assert len(set(shown)) == 1
        assert shown[0] in {"suppressed": (1,), "intact": (0,), "constant": (0, 1)}[frames]
    valid = [(i, start) for i, starts in enumerate(plan.positions) for start in starts]
    if windows == "random":
        assert {(i, start) for i, start, _ in drawn} == set(valid)
        counts = np.unique([f"{i} {start}" for i, start, _ in drawn if i == 0], return_counts=True)[1]
        assert counts.max() < 1.6 * counts.min()
    assert len(drawn) == 200 * len(plan)


def test_tiled_windows_cover_each_trial_once_an_epoch_in_another_order_each_time():
    plan = plan_windows([np.zeros(100, np.float32), np.zeros(70, np.float32)], 30, "tiled")
    one, other = (plan.draw(EpochOrder(0, "a", "train").generator(epoch)) for epoch in (0, 1))
    assert sorted(one) == sorted(other) == [(i, s, s + 30) for i, s in ((0, 0), (0, 30), (0, 60), (1, 0), (1, 30))]
    assert one != other


def test_where_no_stretch_is_long_enough_the_error_names_session_tier_and_the_longest(tmp_path):
    ensure_session(session(), tmp_path / "one")
    with pytest.raises(ConfigError, match=r"Mouse_s01_e01, tier train.*of suppressed frames \(1 frames\)"):
        stored_sessions(0, {"Mouse_s01_e01": tmp_path / "one"}, window_frames=30, frames="suppressed")


def test_the_choice_of_frames_leaves_validation_and_test_whole(tmp_path):
    ensure_session(session(), tmp_path / "one")
    built = stored_sessions(
        0, {"Mouse_s01_e01": tmp_path / "one"}, window_frames=1, frames="suppressed", windows="tiled"
    )
    assert all((batch.opto == 1).all() for batch in built["train"]["Mouse_s01_e01"])
    for tier in ("validation", "test"):
        (batch,) = built[tier]["Mouse_s01_e01"]
        assert batch.opto.shape == (1, 100)


def named(name: str, seed: int = 0, frames=(100, 100, 70, 100, 100)) -> TrialLoader:
    data = session(frames)
    return session_loaders(data, data_info(data), seed, 2, 30, name=name)["train"]


def onsets(batches) -> list[list[float]]:
    return [batch.responses[:, 0, 0].tolist() for batch in batches]


def test_a_session_order_does_not_depend_on_what_other_sessions_drew():
    alone = [onsets(named("b")) for _ in range(1)]
    first, second = named("a"), named("b")
    list(first), list(first)
    assert onsets(second) == alone[0]
    assert onsets(named("a")) != alone[0]


@pytest.mark.parametrize("stop", [0, 1, 3, 4])
def test_a_resumed_loader_yields_exactly_the_batches_that_were_left(stop):
    whole = named("a")
    expected = [onsets(whole) for _ in range(3)]
    broken, resumed = named("a"), named("a")
    list(broken)
    running = iter(broken)
    for _ in range(stop):
        next(running)
    state = broken.state_dict()
    assert state == {"epoch": 1, "batch": stop}
    resumed.load_state_dict(state)
    assert resumed.batches_left() == 4 - stop
    assert onsets(resumed) == expected[1][stop:]
    assert onsets(resumed) == expected[2]
    assert resumed.state_dict() == {"epoch": 3, "batch": 0}


def test_an_epoch_that_was_left_is_begun_again():
    loader = named("a")
    peeked = next(iter(loader)).responses
    assert torch.equal(next(iter(loader)).responses, peeked)
    assert len(list(loader)) == len(loader)


@pytest.mark.parametrize("state", [{}, {"epoch": 0, "batch": 5}, {"epoch": -1, "batch": 0}])
def test_a_state_that_the_loader_cannot_have_is_refused(state):
    with pytest.raises(ConfigError, match="batch from 0 to 4"):
        named("a").load_state_dict(state)


def test_batches_share_no_memory_with_the_trials_or_one_another(loaders):
    before = [trial.sha256() for trial in loaders["validation"].trials]
    for _ in range(2):
        (batch,) = loaders["validation"]
        for name in ("videos", "responses", "opto", "behavior", "pupil_center"):
            getattr(batch, name).fill_(7)
    assert [trial.sha256() for trial in loaders["validation"].trials] == before


def test_a_batch_that_somebody_holds_is_not_written_over(loaders):
    held = [
        (batch.videos[:, 0], batch.videos.clone(), batch.responses, batch.responses.clone())
        for batch in loaders["train"]
    ]
    kept = [batch.videos[0].numpy() for batch in loaders["train"]]
    copies = [array.copy() for array in kept]
    for _ in range(3):
        list(loaders["train"])
    for view, video, responses, counts in held:
        assert torch.equal(view, video[:, 0])
        assert torch.equal(responses, counts)
    assert all(np.array_equal(array, copy) for array, copy in zip(kept, copies, strict=True))


@pytest.mark.parametrize("held", [True, False])
def test_large_batches_are_independent(held):
    generator = np.random.default_rng(0)
    big = [
        dataclasses.replace(one, videos=generator.integers(0, 256, (100, 60, 60), dtype=np.uint8))
        for one in session().trials
    ]
    info = dataclasses.replace(data_info(session()), frame_shape=(1, 60, 60))
    (normalize,), _ = session_transforms(session(), info, None)
    loader = TrialLoader(big, info, 1, transforms=[normalize])
    kept = []
    for batch, trial in zip(loader, loader.trials, strict=True):
        kept.append((batch.videos if held else batch.videos.clone(), trial))
    for videos, one in kept:
        gray = videos[0, 0] * info.video_std + info.video_mean
        assert np.array_equal(gray.round().numpy()[: len(one.videos)], one.videos[: gray.shape[0]])


def test_interleaved_sessions_end_together_each_batch_once():
    long, short = list(range(12)), list(range(100, 104))
    order = list(interleaved({"short": short, "long": long}))
    assert [batch for key, batch in order if key == "long"] == long
    assert [batch for key, batch in order if key == "short"] == short
    places = [place for place, (key, _) in enumerate(order) if key == "short"]
    assert np.diff(places).tolist() == [4, 4, 4]


@pytest.mark.parametrize("stop", [0, 1, 5, 8, 11, 12])
def test_an_interleaved_epoch_resumes_within_as_it_would_have_gone_on(stop):
    def pair() -> dict[str, TrialLoader]:
        return {"b": named("b"), "a": named("a", frames=(300, 100, 70, 100, 100))}

    def steps(pairs):
        return [(key, batch.responses[:, 0, 0].tolist()) for key, batch in pairs]

    whole = pair()
    expected = [steps(interleaved(whole)) for _ in range(2)]
    assert len(expected[0]) == len(whole["a"]) + len(whole["b"]) == 12
    broken, resumed = pair(), pair()
    running = interleaved(broken)
    assert steps(next(running) for _ in range(stop)) == expected[0][:stop]
    for key, loader in resumed.items():
        loader.load_state_dict(broken[key].state_dict())
    assert steps(interleaved(resumed)) == expected[0][stop:]
    assert steps(interleaved(resumed)) == expected[1]


def test_a_cached_session_gives_the_same_batches_and_a_damaged_copy_is_replaced(tmp_path):
    folder, cache = tmp_path / "one", tmp_path / "cache"
    data = session()
    digest = write_session(data, folder)
    hashes = [trial.sha256() for trial in data.trials]
    cached_session(folder, cache)
    assert not cache.exists(), "a small session stays in memory"
    for _ in range(2):
        found = cached_session(folder, cache, bound_bytes=0)
        assert [trial.sha256() for trial in found.trials] == hashes
        assert (found.units, found.rate_hz) == (data.units, data.rate_hz)
    assert sorted(path.name for path in cache.iterdir()) == [
        f"{digest}.{end}"
        for end in ("behavior.npy", "json", "opto.npy", "pupil_center.npy", "responses.npy", "videos.npy")
    ]
    whole = np.load(cache / f"{digest}.videos.npy")
    assert np.array_equal(whole, np.concatenate([trial.videos for trial in data.trials]))
    ours = session_loaders(data, data_info(data), 0, 2, 30, name="a")["train"]
    theirs = stored_sessions(0, {"a": folder}, batch_size=2, window_frames=30, cache=cache)["train"]["a"]
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one.videos, other.videos)
    whole[3] += 1
    np.save(cache / f"{digest}.videos.npy", whole)
    assert [trial.sha256() for trial in cached_session(folder, cache, bound_bytes=0).trials] == hashes


def test_transforms_change_batches_of_every_tier_and_data_info_alike(tmp_path):
    ensure_session(session(), tmp_path / "one")
    steps = [{"name": "select_units", "units": [2, 5]}, {"name": "crop", "top": 1}]
    built = stored_sessions(0, {"a": tmp_path / "one"}, window_frames=30, transforms=steps)
    for tier in built.values():
        info = tier["a"].data_info
        assert info.units == (2, 5)
        assert (info.video_mean, info.video_std) == (0.0, 1.0), "not normalized: gray levels are what they are"
        for batch in tier["a"]:
            assert batch.videos.dtype == torch.float32
            assert tuple(batch.videos.shape[-2:]) == info.frame_shape[1:] == (HEIGHT - 1, WIDTH)
            assert batch.responses.shape[1] == 2
            assert batch.videos.max() > 10


def test_read_only_trials_are_served_too():
    frozen = []
    for one in session().trials:
        arrays = {n: getattr(one, n).copy() for n in ("videos", "responses")}
        for array in arrays.values():
            array.flags.writeable = False
        frozen.append(dataclasses.replace(one, **arrays))
    loader = TrialLoader(frozen[:3], data_info(session()), 8)
    assert len(list(loader)) == 2
