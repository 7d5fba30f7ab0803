"""Reader of NWB files, each read by a copy of a process that this one watches (``dlgn_cnn.runtime.watched``).

Nothing is taken from it but numbers and texts, which are checked like those of any file.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.movie_stretches import LAYOUT, stretch_scene
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.readers.shared.watched_files import answered
from dlgn_cnn.data.recording import (
    TIERS,
    PresentationTimes,
    SampledSignal,
    SceneFile,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.runtime.watched import KeptProcess, Watched
from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.storage.rights import present_file, require_readable

CODE = """
from dlgn_cnn.data.readers.nwb.child import answer
from dlgn_cnn.data.readers.nwb.contents import load_libraries
from dlgn_cnn.runtime.answering import serve
load_libraries()
serve(answer, copies=True)
"""
_kept = KeptProcess()  # the files themselves reach its copies alone


@reader("nwb", lambda path: present_file(path) and path.suffix == ".nwb")
def read_nwb(
    path: Path,
    *,
    mouse: str | None = None,
    series: int = 1,
    experiment: int = 1,
    trials: str = "trials",
    stimulus: str = "stimulus",
    tier: str = "tier",
    opto: str | None = None,
    signals: dict[str, str] | None = None,
    movies: dict[str, str] | None = None,
    clip_s: float = 5.0,
    test_share: float = 0.2,
    area: str | None = None,
    quality: str = "good",
    progress: Progress = silent,
) -> list[SessionRecording]:
    """Read the one session of an NWB 2 file.

    Units are ``nwb.units`` with spike times, numbered by their ids. What lies outside of their ``obs_intervals`` counts
    neither in fits nor in scores. Left out are a unit that was observed in no presentation, presentations that overlap
    ``invalid_times``, and the units of a probe whose name is among the tags of such a time. A series holds gray frames
    (time, height, width), or (..., 3) colors, or lies in movies next to the NWB file, one after the other from
    ``starting_frame`` on. Measured onsets are taken from a referred stretch that has timestamps of its own.

    Allen's files have a table for each stimulus, as ``natural_movie_one_presentations``, with a row for each frame and
    no pixels. A frame that falls back begins another repeat; a frame without a row was dropped; rows in no order are
    images, each a scene of one frame. Running, pupil size and pupil position are the series
    called ``running`` or ``running_speed``; ``pupil_size``, ``pupil_area`` or ``pupil_diameter``; ``pupil_position``
    (time, x and y), ``eye_position``, or ``pupil_x`` and ``pupil_y``: of the processing module "behavior", or else of
    another, or else acquired. Spikes outside presentations are kept: they are on the same clock and fall into no bin.

    Parameters
    ----------
    path : Path
        The file.
    mouse : str, optional
        Name of the mouse (default: the subject's id).
    series, experiment : int, default 1
        Numbers that complete the session's name, unless the file's session id is MOUSE_s03_e07.
    trials : str, default "trials"
        Interval table of the presentations.
    stimulus : str, default "stimulus"
        Its column that names an ImageSeries among the file's stimuli or templates, one scene each. Without it, the
        standard column ``timeseries`` refers to a stretch of one, one scene a stretch.
    tier : str, default "tier"
        Its column that says "train" or "test".
    opto : str, optional
        The light's OptogeneticSeries or table of intervals, by its path or the path's end (default: the only
        OptogeneticSeries, or table whose name speaks of light, wherever it lies). Of a series, the time above half its
        maximum counts.
    signals : dict of str to str, optional
        Path, or its end, of the series of ``running``, ``pupil_size``, ``pupil_x``, ``pupil_y`` or ``pupil_position``
        where a name does not tell which one is meant.
    movies : dict of str to str, optional
        For Allen's files, the movie or ``.npy`` array (time, height, width) of each stimulus to read, by its name, as
        ``natural_movie_one``; the file lies in the recording's folder.
    clip_s : float, default 5.0
        Length of the scenes that such a movie is cut into, in seconds.
    test_share : float, default 0.2
        Share of each such movie's clips, or of the images, that are for testing: the last ones, at least one.
    area : str, optional
        Keep only units whose channel has this location, as ``LGd``, which also means ``LGd-sh`` (default: all).
    quality : str, default "good"
        With a column ``quality`` or ``label``, keep only units that are good there or, if none is, those that are not
        noise; ``allensdk`` applies the default filter of AllenSDK as well; ``any`` keeps all.
    progress : callable, optional
        Called with the presentations read and their number.

    Returns
    -------
    list of SessionRecording
        The one session.

    Raises
    ------
    RecordingError
        If the file contradicts this; the error names what does.
    """
    options: dict[str, Any] = {"mouse": mouse, "series": series, "experiment": experiment}
    options |= {"trials": trials, "stimulus": stimulus, "tier": tier, "opto": opto, "signals": signals or {}}
    options |= {"movies": movies or {}, "clip_s": clip_s, "test_share": test_share, "area": area, "quality": quality}
    with _asked(path, progress, options=options) as child:
        found = _recording(child, path)
    return [_with_movies(found)]


@FRAME_SOURCES.register("nwb")
def nwb_frames(path: Path, address: str) -> Iterator[Frames]:
    """Frames ``name:start:stop`` of an image series, in blocks."""
    _, start, stop = address.rsplit(":", 2)
    done = int(start)
    with _asked(path, frames=address) as child:
        while done < int(stop):
            frames = child.array()
            if frames.ndim != 3 or frames.dtype != np.uint8 or len(frames) == 0:
                raise RecordingError(f"{path}: frames {address} are of shape {frames.shape} and type {frames.dtype}")
            done += len(frames)
            yield frames
        child.words()


def _with_movies(found: SessionRecording) -> SessionRecording:
    """The recording with those of its scenes described that lie in movies; equal ones are one scene."""
    scenes: dict[str, tuple[SceneKey, SceneFile]] = {}
    keys: dict[SceneKey, SceneKey] = {}
    found_in = found.source.stem if found.source else ""
    for key, file in found.scenes.items():
        if file.part.startswith(LAYOUT):
            file = stretch_scene(file.path, file.part, file.rate_hz)
        elif not file.part:
            from dlgn_cnn.data.stimuli.video import probe

            file = probe(file.path)
        number = len(scenes) if key.movie == found_in else key.scene
        keys[key] = scenes.setdefault(file.sha256, (SceneKey(key.movie, number), file))[0]
    shown = tuple(replace(one, scene=keys[one.scene]) for one in found.presentations)
    return replace(found, scenes=dict(scenes.values()), presentations=shown)


@contextmanager
def _asked(path: Path, progress: Progress = silent, **request: Any) -> Iterator[Watched]:
    """The process, asked about a file. Raises RecordingError, MissingFile or PermissionError of what is taken of it."""
    require_readable(path)
    here = str(Path.cwd())
    with _kept.lock, answered(_kept.running(CODE, "hdf5"), path, "NWB", progress, here=here, **request) as child:
        yield child


def _recording(child: Watched, path: Path) -> SessionRecording:
    """A recording as ``child.send`` sends it."""
    texts = json.loads(str(child.array()))
    files = [_scene(path, *scene) for scene in texts["scenes"]]
    times, rows, onsets = child.array(), child.array(), child.array()
    parts = np.split(onsets, np.cumsum(rows[:, 2]))
    presentations = tuple(
        PresentationTimes(trial, files[scene][0], start_s, stop_s, TIERS[tested], tuple(parts[trial].tolist()))
        for trial, ((scene, tested, _), (start_s, stop_s)) in enumerate(zip(rows.tolist(), times.tolist(), strict=True))
    )
    units, lengths, spikes = child.array(), child.array(), child.array()
    opto = child.array()
    return SessionRecording(
        session=SessionKey(*texts["session"]),
        spike_times_s=_divided(units, lengths, spikes),
        presentations=presentations,
        opto_epochs_s=opto,
        scenes=dict(files),
        signals={str(name): SampledSignal(child.array(), child.array()) for name in texts["signals"]},
        observed_s=_divided(child.array(), child.array(), child.array()),
        source=path,
        notes=tuple(map(str, texts["notes"])),
        unused=tuple(map(str, texts["unused"])),
    )


def _divided(units: np.ndarray, lengths: np.ndarray, values: np.ndarray) -> dict[int, Times]:
    """Values of all units, one after the other, by unit."""
    return dict(zip(units.tolist(), np.split(values, np.cumsum(lengths)), strict=False))


def _scene(path: Path, movie: str, scene: int, file: str, *facts: Any) -> tuple[SceneKey, SceneFile]:
    """One scene, whose file is the recording or lies in its folder."""
    own = Path(file) == path.absolute()
    found = path if own else inside(path.parent, file, f"{path}: scene {scene}")
    return SceneKey(str(movie), int(scene)), SceneFile(found, *facts)
