"""Natural-looking movies from still photographs: a camera that looks about, drifts, trembles and zooms."""

from collections.abc import Callable, Iterator

import numpy as np
import skimage.data
from skimage.color import rgb2gray

from dlgn_cnn.simulation.config import MOVIE_RATE_HZ, SimulationConfig

# All are installed with scikit-image itself and need no download; no photograph serves both tiers.
TRAIN_PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "stereo_motorcycle", "brick", "grass")
TEST_PHOTOGRAPHS = ("coffee", "rocket", "gravel")
GAZE_SHIFTS_HZ = 1.0
GAZE_SETTLE_S = 0.05
DRIFT_SHARE, DRIFT_S = 0.06, 0.6
TREMBLE_SHARE = 0.004
WINDOW_SHARE = (0.4, 0.75)
ZOOM_SD, ZOOM_S = 0.08, 1.0


def photograph(name: str) -> np.ndarray:
    """One of scikit-image's photographs, grey (height, width) uint8."""
    load: Callable[[], np.ndarray | tuple[np.ndarray, ...]] = getattr(skimage.data, name)
    found = load()
    image = found[0] if isinstance(found, tuple) else found
    return image if image.ndim == 2 else np.round(rgb2gray(image) * 255).astype(np.uint8)


def photograph_clips(
    config: SimulationConfig, generator: np.random.Generator
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Every scene's number and its frames, grey (height, width) uint8 windows of a photograph, of the movie's aspect.

    Photographs of a tier take turns, mirrored at random. Gaze shifts, slow drift and zoom give movies the fast
    transients and the smooth stretches that a freely moving animal's view has; they are not a recording of one.
    """
    images = {name: photograph(name) for name in (*TRAIN_PHOTOGRAPHS, *TEST_PHOTOGRAPHS)}
    for scene, own in enumerate(generator.spawn(config.scenes)):
        names = TRAIN_PHOTOGRAPHS if config.tier(scene) == "train" else TEST_PHOTOGRAPHS
        image = images[names[scene % len(names)]]
        if own.random() < 0.5:
            image = image[:, ::-1]
        yield scene, _windows(image, config, own)


def _windows(image: np.ndarray, config: SimulationConfig, generator: np.random.Generator) -> list[np.ndarray]:
    frames, aspect = config.movie_frames, config.width_px / config.height_px
    largest = min(image.shape[0], image.shape[1] / aspect)
    zoom = np.exp(ZOOM_SD * wander(frames, ZOOM_S * MOVIE_RATE_HZ, generator))
    heights = np.clip(generator.uniform(*WINDOW_SHARE) * zoom, 0.2, 0.95) * largest
    widths = heights * aspect
    tops = _gaze(frames, generator) * (image.shape[0] - heights)
    lefts = _gaze(frames, generator) * (image.shape[1] - widths)
    corners = np.stack([tops, tops + heights, lefts, lefts + widths], 1).astype(int)
    return [image[top:bottom, left:right] for top, bottom, left, right in corners]


def _gaze(frames: int, generator: np.random.Generator) -> np.ndarray:
    """Place of the window (frame,) along one axis, from 0 to 1: fixations, drift and tremble."""
    shift = generator.random(frames) < GAZE_SHIFTS_HZ / MOVIE_RATE_HZ
    targets = generator.random(frames)[np.maximum.accumulate(np.where(shift, np.arange(frames), 0))]
    place, keep = targets.copy(), np.exp(-1 / (GAZE_SETTLE_S * MOVIE_RATE_HZ))
    for frame in range(1, frames):
        place[frame] = keep * place[frame - 1] + (1 - keep) * targets[frame]
    drift = DRIFT_SHARE * wander(frames, DRIFT_S * MOVIE_RATE_HZ, generator)
    moved = place + drift + TREMBLE_SHARE * generator.standard_normal(frames)
    # Reflected, not clipped: a camera that sticks to the photograph's edge would stand still there.
    return 1 - np.abs((moved % 2) - 1)


def wander(samples: int, time_constant: float, generator: np.random.Generator) -> np.ndarray:
    """A smooth random walk (time,) of mean 0 and s.d. 1: two equal low-passes of white noise, constant in samples."""
    keep = np.exp(-1 / time_constant)
    noise = generator.standard_normal((2, samples))
    walk, state = np.empty(samples), generator.standard_normal(2)
    # Stationary s.d. of white noise through this filter twice, so that neither start nor length changes the spread.
    gain = np.sqrt((1 - keep**2) ** 3 / (1 + keep**2))
    first = state[0] / np.sqrt(1 - keep**2)
    second = state[1] / gain
    for index in range(samples):
        first = keep * first + noise[0, index]
        second = keep * second + first
        walk[index] = gain * second
    return walk
