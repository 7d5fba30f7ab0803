"""The scene files of a simulated session, in the lab's names and form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from skimage.color import rgb2gray

from dlgn_cnn.data.binning import on_screen
from dlgn_cnn.data.recording import SceneFile
from dlgn_cnn.data.stimuli.video import decode_gray, probe, stream_gray, write_gray
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Times
from dlgn_cnn.simulation.config import GRID_PX, MOVIE_RATE_HZ, SimulationConfig
from dlgn_cnn.simulation.gaze import gaze_windows, look
from dlgn_cnn.storage.rights import present_folder

# All are installed with scikit-image itself and need no download; no photograph serves both tiers.
TRAIN_PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "stereo_motorcycle", "brick", "grass")
TEST_PHOTOGRAPHS = ("coffee", "rocket", "gravel")
SUFFIXES = (".avi", ".mp4", ".mov", ".mkv", ".mpg", ".mpeg", ".m4v", ".wmv", ".webm")
OVERSAMPLING = 2.5  # a gaze shows two fifths of the height at least
STILL_GRAY = 3.0  # s.d. over time, in gray levels of 255, averaged over the frame


def write_scenes(
    folder: Path,
    config: SimulationConfig,
    movies: Path | None,
    generator: np.random.Generator,
    progress: Progress = silent,
) -> list[Path]:
    """Write every scene of a simulated session. Test scenes show nothing that a training scene shows.

    Parameters
    ----------
    folder : Path
        Where the files are written.
    config : SimulationConfig
        Size and names of the scenes.
    movies : Path or None
        Folder of the user's movies, which scenes are cut from; None films photographs instead.
    generator : Generator
        Source of randomness.
    progress : callable, optional
        Called with the scenes written and their number.

    Returns
    -------
    list of Path
        The files in order of scene.

    Raises
    ------
    RecordingError
        If the movies cannot be read.
    """
    clips = photograph_clips(config, generator) if movies is None else clips_of_movies(movies, config, generator)
    for done, (scene, images) in enumerate(clips, 1):
        write_gray(folder / config.scene_file(scene), images, MOVIE_RATE_HZ, (config.height_px, config.width_px))
        progress(done, config.scenes)
    return [folder / config.scene_file(scene) for scene in range(config.scenes)]


def photograph(name: str) -> np.ndarray:
    """One of scikit-image's photographs, gray (height, width) uint8."""
    found = getattr(skimage.data, name)()
    image: np.ndarray = found[0] if isinstance(found, tuple) else found
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


@dataclass(frozen=True)
class Stretch:
    """A piece of film as long as a scene: the file's frames (frame,) that are shown, at 30 Hz."""

    file: SceneFile
    frames: np.ndarray


@dataclass(frozen=True)
class Cut:
    """A scene: a stretch of film, the window of each frame that is seen (frame, 4) and whether it is mirrored."""

    scene: int
    stretch: Stretch
    windows: Times
    mirrored: bool


def clips_of_movies(
    folder: Path, config: SimulationConfig, generator: np.random.Generator
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Yield every scene, cut from the user's movies of any container, codec, size and rate.

    The windows move, since most movies are shot by standing cameras, and what a mouse sees never stands still. A file
    shorter than a scene is played forwards and backwards.

    Parameters
    ----------
    folder : Path
        The movies.
    config : SimulationConfig
        Size and number of the scenes.
    generator : Generator
        Source of randomness.

    Yields
    ------
    int
        Number of the scene.
    list of ndarray of uint8, shape (height, width)
        Its frames at 30 Hz, of any size but the scene's aspect.

    Raises
    ------
    RecordingError
        If there is no movie, one cannot be read, or too little moves for two tiers.
    """
    files = find_movies(folder)
    cuts = plan(files, config, generator)
    for file in files:
        yield from _cut_out(file, [cut for cut in cuts if cut.stretch.file is file], config)


def find_movies(folder: Path) -> list[SceneFile]:
    """The folder's movies, by suffix, in order of name. Raises RecordingError if there are none."""
    if not present_folder(folder):
        raise RecordingError(f"{folder} is not a folder: give one that holds movies")
    found = [probe(path) for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    if not found:
        raise RecordingError(f"{folder} holds no movies: expected files such as {', '.join(SUFFIXES[:4])}")
    return found


def split_tiers(of_files: Sequence[list[Stretch]], test_share: float) -> tuple[list[Stretch], list[Stretch]]:
    """Stretches for training and for testing.

    Whole files go to one tier, since a standing camera sees the same place all day: from the shortest, every second
    file is for testing, as long as test film stays within ``test_share``. A single file is split in time. Raises
    RecordingError for a single stretch.
    """
    if len(of_files) == 1:
        only = of_files[0]
        if len(only) < 2:
            raise RecordingError("one movie, shorter than two scenes, cannot serve training and testing: add film")
        last = min(len(only) - 1, max(1, round(len(only) * test_share)))
        return only[:-last], only[-last:]
    train: list[Stretch] = []
    test: list[Stretch] = []
    room = test_share * sum(map(len, of_files))
    for rank, own in enumerate(sorted(of_files, key=len)):
        for_test = rank == 0 or (rank % 2 == 0 and len(test) + len(own) <= room)
        (test if for_test else train).extend(own)
    return train, test


def moving(file: SceneFile, frames: int) -> list[Stretch]:
    """The file as stretches of ``frames`` movie frames that do not overlap in time; a short one there and back.

    Only stretches on which something moves: an empty road teaches nothing, and predicts nothing.
    """
    total = max(1, round(file.frames / file.rate_hz * MOVIE_RATE_HZ))
    shown = on_screen(total, MOVIE_RATE_HZ, file.frames, file.rate_hz)
    if total < frames:
        shown = np.resize([*shown, *shown[::-1]], frames)
    film = decode_gray(file.path, GRID_PX, file.rate_hz).astype(np.float32)
    pieces = (shown[start : start + frames] for start in range(0, len(shown) - frames + 1, frames))
    return [Stretch(file, piece) for piece in pieces if film[piece].std(axis=0).mean() >= STILL_GRAY]


def plan(files: Sequence[SceneFile], config: SimulationConfig, generator: np.random.Generator) -> list[Cut]:
    """Decide what each scene shows: stretches take turns, each time through another gaze, every second time mirrored.

    Parameters
    ----------
    files : sequence of SceneFile
        The movies.
    config : SimulationConfig
        Size and number of the scenes.
    generator : Generator
        Source of randomness.

    Returns
    -------
    list of Cut
        One a scene, in order.

    Raises
    ------
    RecordingError
        If nothing moves in any movie.
    """
    stretches_of_movies = [own for file in files if (own := moving(file, config.movie_frames))]
    if not stretches_of_movies:
        raise RecordingError("nothing moves in any of the movies: give movies in which something does")
    tiers = split_tiers(stretches_of_movies, config.test_scenes / config.scenes)
    cuts: list[Cut] = []
    for film, scenes in zip(tiers, (config.train_scenes, config.test_scenes), strict=True):
        order = generator.permutation(len(film))
        for number in range(scenes):
            use, which = divmod(number, len(film))
            stretch = film[order[which]]
            size = (stretch.file.height_px, stretch.file.width_px)
            windows = gaze_windows(config.movie_frames, size, config.width_px / config.height_px, generator)
            cuts.append(Cut(len(cuts), stretch, windows, use % 2 == 1))
    return cuts


def _cut_out(file: SceneFile, cuts: list[Cut], config: SimulationConfig) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Read the file once, hold what the cuts still need, and hand each over when its last frame has come."""
    waiting = sorted(cuts, key=lambda cut: int(cut.stretch.frames.max()))
    held: dict[int, np.ndarray] = {}
    film = stream_gray(file.path, _working_size(file, config))
    for index, image in enumerate(film):
        if not waiting:
            return
        held[index] = image
        while waiting and int(waiting[0].stretch.frames.max()) == index:
            cut = waiting.pop(0)
            seen = [look(held[frame], own) for frame, own in zip(cut.stretch.frames, cut.windows, strict=True)]
            yield cut.scene, [image[:, ::-1] for image in seen] if cut.mirrored else seen
        needed = min((int(cut.stretch.frames.min()) for cut in waiting), default=index + 1)
        held = {frame: kept for frame, kept in held.items() if frame >= needed}


def _working_size(file: SceneFile, config: SimulationConfig) -> tuple[int, int]:
    """A size (height, width) that keeps all detail a scene can show, so that large film does not fill memory."""
    scale = min(1.0, OVERSAMPLING * max(config.height_px / file.height_px, config.width_px / file.width_px))
    return max(2, round(file.height_px * scale)), max(2, round(file.width_px * scale))
