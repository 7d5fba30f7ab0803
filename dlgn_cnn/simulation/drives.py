"""From what was shown to what drives the units: frames through space-time kernels, light through its own."""

import numpy as np

from dlgn_cnn.data.binning import bin_opto
from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.simulation.kernels import OPTO_TAPS


def movie_drive(movies: Frames, spatial: Times, temporal: Times) -> Times:
    """Linear responses (scene, unit, time), of mean 0 and s.d. 1 over all scenes.

    ``movies`` (scene, time, height, width) uint8; ``spatial`` (unit, height, width), ``temporal`` (unit, lag). Before a
    scene the screen is gray at the movies' mean, so its first frames see a history without contrast.
    """
    scenes, time = movies.shape[:2]
    kernels = spatial.reshape(len(spatial), -1).T.astype(np.float32)
    mean = movies.mean(dtype=np.float64)
    responses = np.stack([((movie.reshape(time, -1) - np.float32(mean)) / 255) @ kernels for movie in movies])
    drive = np.zeros((scenes, len(spatial), time))
    for lag in range(temporal.shape[1]):
        earlier = responses[:, : time - lag].transpose(0, 2, 1)
        drive[:, :, lag:] += temporal[None, :, lag, None] * earlier
    drive -= drive.mean(axis=(0, 2), keepdims=True)
    spread = drive.std(axis=(0, 2), keepdims=True)
    return drive / np.where(spread > 0, spread, 1.0)


def opto_shares(epochs_s: Times, shown_s: Times, frames: int) -> Times:
    """Share of each bin lit (trial, history + time), with the bins before onset that light kernels still remember.

    ``epochs_s`` (epoch, 2), ``shown_s`` (trial, 2); a trial has ``frames`` bins of equal length.
    """
    steps = np.arange(1 - OPTO_TAPS, frames + 1)
    return np.stack(
        [bin_opto(epochs_s, start + steps * (stop - start) / frames).astype(np.float64) for start, stop in shown_s]
    )


def opto_drive(shares: Times, kernels: Times) -> Times:
    """Shares (trial, history + time) through causal kernels (unit, lag): (trial, unit, time)."""
    windows = np.lib.stride_tricks.sliding_window_view(shares, OPTO_TAPS, axis=1)
    return np.einsum("tfl,ul->tuf", windows, kernels[:, ::-1], optimize=True)
