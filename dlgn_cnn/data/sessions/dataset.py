"""From recordings to stored sessions: what to build, in which tiers, on which clock."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from dlgn_cnn.config import config_hash
from dlgn_cnn.data.binning import bin_opto
from dlgn_cnn.data.recording import SceneKey, SessionKey, SessionRecording
from dlgn_cnn.data.sessions.session_data import SessionData, bin_session
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.similarity import near_duplicates
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.values import number


def split_scenes(
    designated: Mapping[SceneKey, str],
    opto_share: Mapping[SceneKey, float],
    validation_share: float,
    seed: int,
    alike: Mapping[SceneKey, Collection[SceneKey]] | None = None,
) -> dict[SceneKey, str]:
    """Assign each scene to a tier.

    Of the training scenes a share goes to validation, stratified by the light, so that both tiers see it alike: scenes
    are sorted by it and one is drawn from each run of 1 / share neighbors. The same arguments give the same split.

    Parameters
    ----------
    designated : mapping of SceneKey to str
        The lab's own tier of each scene, which is kept for test.
    opto_share : mapping of SceneKey to float
        Share of each scene's time that was lit.
    validation_share : float
        Share of the training scenes that goes to validation.
    seed : int
        Seed of the draw.
    alike : mapping of SceneKey to collection of SceneKey, optional
        Near-duplicates of each scene. One of a test scene is left out of training and validation, one of a validation
        scene out of training.

    Returns
    -------
    dict of SceneKey to str
        ``train``, ``validation``, ``test`` or ``left_out``.

    Raises
    ------
    ConfigError
        If a tier would be empty.
    """
    test = {scene for scene, tier in designated.items() if tier == "test"}
    train = sorted(set(designated) - test - _like(test, alike))
    count = round(len(train) * validation_share)
    if count < 1 or count >= len(train) or not test:
        raise ConfigError(
            f"{len(train)} training scenes ({len(designated) - len(test) - len(train)} more are near-duplicates of "
            f"test scenes) and {len(test)} test scenes with validation_share {validation_share}: every tier needs "
            "a scene; change the share or record more scenes"
        )
    generator = np.random.default_rng(seed)
    order: Sequence[SceneKey] = sorted(train, key=lambda scene: (opto_share[scene], scene))
    strata = np.array_split(np.arange(len(order)), count)
    validation = {order[generator.choice(stratum)] for stratum in strata}
    fitted = set(train) - validation - _like(validation, alike)
    if not fitted:
        raise ConfigError("every training scene is a near-duplicate of a validation scene: record other scenes")
    named = {"test": test, "validation": validation, "train": fitted}
    return {
        scene: next((tier for tier, scenes in named.items() if scene in scenes), "left_out") for scene in designated
    }


def _like(scenes: Collection[SceneKey], alike: Mapping[SceneKey, Collection[SceneKey]] | None) -> set[SceneKey]:
    return {other for scene in scenes for other in (alike or {}).get(scene, ())}


@dataclass(frozen=True)
class DatasetSpec:
    """Specification of a stored dataset: the part of a dataset's config that shapes its rows.

    Parameters
    ----------
    sessions : list of str
        Names of the sessions, as ``Ntsr1Cre_2019_0007_s03_e07``.
    size_px : tuple of int, default (33, 53)
        Height and width of a frame in pixels.
    rate_hz : float, default 60
        Clock of the frames.
    validation_share : float, default 0.15
        Share of the training scenes that is kept for early stopping.
    split_seed : int, default 0
        Seed of the draw of these scenes.
    max_gap_s : float, default 0.5
        Longest behavioral gap that is interpolated, in seconds.
    min_rate_hz : float, default 0.05
        Units that fire below this rate in training are left out.
    near_duplicate : float or None, default 0.9
        Scenes whose perceptual hashes have at least this cosine are near-duplicates, and never in two tiers: of such a
        pair the one for training is left out. None checks nothing.
    """

    sessions: tuple[str, ...]
    size_px: tuple[int, int] = (33, 53)
    rate_hz: float = 60.0
    validation_share: float = 0.15
    split_seed: int = 0
    max_gap_s: float = 0.5
    min_rate_hz: float = 0.05
    near_duplicate: float | None = 0.9

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "DatasetSpec":
        """The spec within a dataset's config, whose other keys belong to the loaders. Raises ConfigError."""
        own = {field.name: config[field.name] for field in fields(cls) if field.name in config}
        if not isinstance(own.get("sessions"), list) or not own["sessions"]:
            raise ConfigError("a dataset config needs 'sessions': a list of names such as Ntsr1Cre_2019_0007_s03_e07")
        own["sessions"] = tuple(str(SessionKey.parse(name)) for name in own["sessions"])
        own["size_px"] = tuple(own.get("size_px", cls.size_px))
        if len(own["size_px"]) != 2 or min(own["size_px"]) < 1:
            raise ConfigError(f"size_px {list(own['size_px'])}: expected [height, width] in px, as [33, 53]")
        number("rate_hz", own.get("rate_hz", cls.rate_hz), 0, above=True)
        if own.get("near_duplicate") is not None:
            number("near_duplicate, a cosine or null,", own["near_duplicate"], 0, 1, above=True)
        return cls(**own)

    def digest(self) -> str:
        """The name under which a dataset built to this spec is stored."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return config_hash("dataset", values | {"sessions": list(self.sessions), "size_px": list(self.size_px)})


def build_sessions(recordings: Iterable[SessionRecording], spec: DatasetSpec) -> dict[str, SessionData]:
    """Bring every session of the spec to its clock and tiers: ``{session name: SessionData}``.

    One split serves all sessions, so that no scene is tested in one and trained on in another. Raises RecordingError
    if a scene file is not the one that was ingested.
    """
    found = list(recordings)
    scenes = {key: file for recording in found for key, file in recording.scenes.items()}
    movies = {key: scene_frames(file, spec.size_px) for key, file in sorted(scenes.items())}
    alike = {} if spec.near_duplicate is None else near_duplicates(movies, spec.near_duplicate)
    tiers = split_scenes(_designated(found), _opto_share(found), spec.validation_share, spec.split_seed, alike)
    return {
        str(recording.session): bin_session(recording, movies, tiers, spec.rate_hz, spec.max_gap_s, spec.min_rate_hz)
        for recording in found
    }


def _designated(recordings: Iterable[SessionRecording]) -> dict[SceneKey, str]:
    tiers: dict[SceneKey, str] = {}
    for recording in recordings:
        for shown in recording.presentations:
            if tiers.setdefault(shown.scene, shown.tier) != shown.tier:
                raise ConfigError(
                    f"{shown.scene} is a test scene in one session and a training scene in another "
                    f"({recording.session}): put them in different datasets"
                )
    return tiers


def _opto_share(recordings: Iterable[SessionRecording]) -> dict[SceneKey, float]:
    shares: dict[SceneKey, list[float]] = {}
    for recording in recordings:
        for shown in recording.presentations:
            edges = np.array([shown.start_s, shown.stop_s])
            shares.setdefault(shown.scene, []).append(float(bin_opto(recording.opto_epochs_s, edges)[0]))
    return {scene: float(np.mean(own)) for scene, own in shares.items()}
