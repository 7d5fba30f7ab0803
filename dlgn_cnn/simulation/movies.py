"""The scene files of a simulated session, in the lab's names and form."""

from pathlib import Path

import numpy as np

from dlgn_cnn.data.stimuli.video import write_gray
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.simulation.config import MOVIE_RATE_HZ, SimulationConfig
from dlgn_cnn.simulation.movie_clips import clips_of_movies
from dlgn_cnn.simulation.photographs import photograph_clips


def write_scenes(
    folder: Path,
    config: SimulationConfig,
    movies: Path | None,
    generator: np.random.Generator,
    progress: Progress = silent,
) -> list[Path]:
    """Write every scene to ``folder`` and return the files in order of scene.

    Scenes are cut from the user's ``movies``, a folder, or else filmed over photographs. Test scenes show nothing
    that a training scene shows. Raises RecordingError for movies that cannot be read.
    """
    clips = photograph_clips(config, generator) if movies is None else clips_of_movies(movies, config, generator)
    for done, (scene, images) in enumerate(clips, 1):
        write_gray(folder / config.scene_file(scene), images, MOVIE_RATE_HZ, config.size_px)
        progress(done, config.scenes)
    return [folder / config.scene_file(scene) for scene in range(config.scenes)]
