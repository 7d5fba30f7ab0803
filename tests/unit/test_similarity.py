"""Near-duplicates: what the hash sees of natural clips, and that no two tiers share them."""

import numpy as np
import pytest

from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.dataset import split_scenes
from dlgn_cnn.data.stimuli.similarity import near_duplicates, signature
from dlgn_cnn.data.stimuli.video import decode_gray, scale_gray, write_gray
from dlgn_cnn.errors import ConfigError
from tests.factories import natural_clips

COSINE = 0.9


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    return natural_clips(8)


def copies(clip: np.ndarray, folder) -> dict[str, np.ndarray]:
    """The clip as another lab's pipeline would have it."""
    noise = np.random.default_rng(0).normal(0, 8, clip.shape)
    write_gray(folder / "copy.mp4", clip, 30, (66, 106))
    return {
        "noisy": np.clip(clip + noise, 0, 255).astype(np.uint8),
        "darker": (clip * 0.6 + 20).astype(np.uint8),
        "half the rate": clip[::2],
        "a frame late": np.concatenate([clip[1:], clip[-1:]]),
        "smaller": scale_gray(clip, (24, 40)),
        "coded again": decode_gray(folder / "copy.mp4", (33, 53), 30),
        "coded again at 60 Hz": decode_gray(folder / "copy.mp4", (33, 53), 60),
    }


def test_copies_are_near_and_other_natural_clips_are_not(clips, tmp_path):
    for clip in clips:
        for name, copy in copies(clip, tmp_path).items():
            assert signature(clip) @ signature(copy) > COSINE, name
    hashes = np.stack([signature(clip) for clip in clips])
    others = (hashes @ hashes.T)[np.triu_indices(len(clips), 1)]
    assert others.max() < 0.6


def test_pairs_are_found_both_ways_and_a_blank_resembles_nothing(clips):
    blank = np.full((30, 33, 53), 128, np.uint8)
    shown = [clips[0], clips[1], (clips[0] * 0.7).astype(np.uint8), blank, blank + 1]
    found = near_duplicates({SceneKey("hm", index): clip for index, clip in enumerate(shown)}, COSINE)
    assert {key.scene: {other.scene for other in others} for key, others in found.items()} == {
        0: {2},
        1: set(),
        2: {0},
        3: set(),
        4: set(),
    }


def test_no_two_tiers_share_a_near_duplicate():
    keys = [SceneKey("hm", index) for index in range(40)]
    designated = {key: "test" if key.scene >= 32 else "train" for key in keys}
    draw = np.random.default_rng(0)
    alike: dict[SceneKey, set[SceneKey]] = {key: set() for key in keys}
    for one, other in draw.choice(40, (12, 2)):
        if one != other:
            alike[keys[one]].add(keys[other])
            alike[keys[other]].add(keys[one])
    opto_share = {key: float(draw.random()) for key in keys}
    for seed in range(20):
        tiers = split_scenes(designated, opto_share, 0.3, seed, alike)
        assert set(tiers.values()) == {"train", "validation", "test", "left_out"}
        assert all(tiers[key] == "test" for key in keys[32:])
        for key, others in alike.items():
            for other in others:
                assert tiers[key] == tiers[other] or "left_out" in (tiers[key], tiers[other])


def test_a_recording_of_copies_only_is_refused():
    keys = [SceneKey("hm", index) for index in range(6)]
    designated = {key: "test" if key.scene == 5 else "train" for key in keys}
    every = {key: set(keys) - {key} for key in keys}
    with pytest.raises(ConfigError, match="near-duplicates of test"):
        split_scenes(designated, dict.fromkeys(keys, 0.5), 0.3, 0, every)
