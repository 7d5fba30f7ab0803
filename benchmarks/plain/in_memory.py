"""A simulated session without files, for studies and tests that fit many of them."""

from collections.abc import Mapping

import numpy as np

from dlgn_cnn.data.binning import bin_opto, bin_spikes
from dlgn_cnn.data.loading.loaders import LoaderOptions, tier_loaders
from dlgn_cnn.data.loading.trial_loader import TrialLoader
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData
from dlgn_cnn.data.stimuli.video import scale_gray
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.shapes import Frames
from dlgn_cnn.simulation.config import FRAME_RATE_HZ, GRID_PX, MOVIE, MOVIE_RATE_HZ, SimulationConfig
from dlgn_cnn.simulation.movies import photograph_clips
from dlgn_cnn.simulation.session import SimulatedSession


def photograph_movies(config: SimulationConfig, generator: np.random.Generator) -> Frames:
    """Every scene over photographs, as 60 Hz movies (scene, time, height, width) of the simulation's 33 by 53 px."""
    shown = round(FRAME_RATE_HZ / MOVIE_RATE_HZ)
    clips = (images for _, images in photograph_clips(config, generator))
    scaled = [np.concatenate([scale_gray(np.ascontiguousarray(image)[None], GRID_PX) for image in c]) for c in clips]
    return np.stack(scaled).repeat(shown, axis=1)


def session_loaders(
    session: SessionData, info: DataInfo, seed: int, batch_size: int, window_frames: int, name: str = ""
) -> dict[str, TrialLoader]:
    """One session's loader of each tier, with the other options of ``LoaderOptions`` at their defaults."""
    return tier_loaders(session, info, seed, name, LoaderOptions(batch_size, window_frames))


def session_data(
    config: SimulationConfig, session: SimulatedSession, movies: Frames, tiers: Mapping[int, str] | None = None
) -> SessionData:
    """The dataset that reading the session's files would give, with every unit and every presentation in it.

    ``movies`` (scene, time, height, width) are what a model is to see, at any size; ``tiers`` the tier of a scene where
    it is not the simulation's own, as validation.
    """
    chosen = tiers or {}
    trials = tuple(
        _trial(config, session, trial, movies[scene], chosen.get(scene, config.tier(scene)))
        for trial, scene in enumerate(map(int, session.truth.scene))
    )
    return SessionData(tuple(map(int, session.truth.units)), FRAME_RATE_HZ, trials)


def _trial(config: SimulationConfig, session: SimulatedSession, trial: int, movie: Frames, tier: str) -> TrialData:
    start, stop = session.shown_s[trial]
    edges = np.linspace(start, stop, len(movie) + 1)
    running, size, x, y = (
        session.behavior[name][trial].astype(np.float32) for name in ("running", "pupil_size", "pupil_x", "pupil_y")
    )
    return TrialData(
        trial=trial,
        scene=SceneKey(MOVIE, int(session.truth.scene[trial])),
        tier=tier,
        videos=movie,
        responses=np.stack([bin_spikes(spikes, edges) for spikes in session.spikes_s[trial]]),
        opto=bin_opto(session.opto_epochs_s, edges),
        behavior=np.stack([running, size]),
        pupil_center=np.stack([x, y]),
    )
