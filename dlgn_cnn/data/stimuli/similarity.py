"""Near-duplicate scenes, found by a perceptual hash of each clip, compared by its cosine.

After the video hash of Coskun, Sankur and Memon (2006): the clip is averaged to a small cube, and of its cosine
transform over time and space the low frequencies are kept. Theirs keeps the coefficients' signs; ours keeps their
values, each times its frequency, since natural movies hold most variance in the lowest and would all look alike.
"""

from collections.abc import Mapping

import numpy as np

from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.shapes import Frames

CUBE = (32, 16, 16)  # time, height, width
KEPT = 8  # frequencies along each axis


def signature(frames: Frames) -> np.ndarray:
    """A clip's perceptual hash (coefficient,) of unit length, blind to size, rate, brightness and contrast.

    ``frames`` (time, height, width). A clip in which nothing varies has a hash of zeros, which resembles nothing.
    """
    from scipy.fft import dctn

    cube = frames.astype(np.float64)
    for axis, size in enumerate(CUBE):
        cube = _averaged(cube, axis, size)
    low = dctn(cube, norm="ortho")[:KEPT, :KEPT, :KEPT]
    frequency = np.sqrt(np.square(np.indices(low.shape)).sum(0))
    weighted = (low * frequency).ravel()
    length = np.linalg.norm(weighted)
    return weighted / length if length > 1e-6 else np.zeros_like(weighted)


def near_duplicates(movies: Mapping[SceneKey, Frames], cosine: float) -> dict[SceneKey, set[SceneKey]]:
    """For each scene the others whose hash has at least this cosine with its own.

    Copies with noise, another brightness, size or rate, or a frame's delay lie above .98; different stretches of
    natural film below .3, unless the camera stands still. Memory: 512 numbers a scene, and its square a pair.
    """
    keys = sorted(movies)
    hashes = np.stack([signature(movies[key]) for key in keys])
    alike = hashes @ hashes.T >= cosine
    np.fill_diagonal(alike, False)
    return {key: {keys[other] for other in np.flatnonzero(alike[row])} for row, key in enumerate(keys)}


def _averaged(cube: np.ndarray, axis: int, size: int) -> np.ndarray:
    """The mean over ``size`` equal stretches of an axis, however long it is."""
    first = np.moveaxis(cube, axis, 0)
    total = np.concatenate([np.zeros((1, *first.shape[1:])), np.cumsum(first, axis=0)])
    edges = np.linspace(0, len(first), size + 1)
    whole = np.floor(edges).astype(int)
    share = (edges - whole).reshape(-1, *[1] * (first.ndim - 1))
    until = total[whole] + share * (total[np.minimum(whole + 1, len(first))] - total[whole])
    return np.moveaxis(np.diff(until, axis=0) * (size / len(first)), 0, axis)
