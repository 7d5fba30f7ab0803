"""Natural-looking movies from still photographs, seen through a moving gaze."""

from collections.abc import Callable, Iterator

import numpy as np
import skimage.data
from skimage.color import rgb2gray

from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.gaze import gaze_windows, look

# All are installed with scikit-image itself and need no download; no photograph serves both tiers.
TRAIN_PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "stereo_motorcycle", "brick", "grass")
TEST_PHOTOGRAPHS = ("coffee", "rocket", "gravel")


def photograph(name: str) -> np.ndarray:
    """One of scikit-image's photographs, gray (height, width) uint8."""
    load: Callable[[], np.ndarray | tuple[np.ndarray, ...]] = getattr(skimage.data, name)
    found = load()
    image = found[0] if isinstance(found, tuple) else found
    return image if image.ndim == 2 else np.round(rgb2gray(image) * 255).astype(np.uint8)


def photograph_clips(
    config: SimulationConfig, generator: np.random.Generator
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Every scene's number and its frames, gray (height, width) uint8 windows of a photograph, of the movie's aspect.

    Photographs of a tier take turns, mirrored at random.
    """
    images = {name: photograph(name) for name in (*TRAIN_PHOTOGRAPHS, *TEST_PHOTOGRAPHS)}
    for scene, own in enumerate(generator.spawn(config.scenes)):
        names = TRAIN_PHOTOGRAPHS if config.tier(scene) == "train" else TEST_PHOTOGRAPHS
        image = images[names[scene % len(names)]]
        if own.random() < 0.5:
            image = image[:, ::-1]
        windows = gaze_windows(config.movie_frames, image.shape, config.width_px / config.height_px, own)
        yield scene, [look(image, window) for window in windows]
