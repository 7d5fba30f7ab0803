"""The lab's scene files: which file is which scene, found by name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dlgn_cnn.data.recording import SceneFile, SceneKey
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress

_NAME = re.compile(r"(?P<movie>.+)_(?P<width>\d+)x(?P<height>\d+)_scene-(?P<number>\d{3,})\.\w+")
EXPECTED = "{movie}_{width}x{height}_scene-{scene_id + 1:03d}.avi"


@dataclass(frozen=True)
class NamedScene:
    """A scene by its file's name: ``hmovTrain_v3_424x264_scene-001.avi`` is scene 0 of hmovTrain_v3."""

    key: SceneKey
    path: Path


def find_scenes(folder: Path, shown: Iterable[int]) -> dict[int, NamedScene]:
    """The file of each scene number in ``shown``, which counts from 0, as the files' names count from 1.

    Raises RecordingError for a scene that has no file, naming it, or more than one.
    """
    files: dict[int, list[NamedScene]] = {scene: [] for scene in shown}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match is not None and (scene := int(match["number"]) - 1) in files:
            files[scene].append(NamedScene(SceneKey(match["movie"], scene), path))
    return {scene: _only(folder, scene, files[scene]) for scene in sorted(files)}


def probe_scenes(scenes: Mapping[int, NamedScene], progress: Progress) -> dict[SceneKey, SceneFile]:
    """Every file decoded once: its frames, rate and digest. Raises RecordingError for one that is damaged."""
    from dlgn_cnn.data.stimuli.video import probe

    probed: dict[SceneKey, SceneFile] = {}
    for done, named in enumerate(scenes.values(), 1):
        probed[named.key] = probe(named.path)
        progress(done, len(scenes))
    return probed


def _only(folder: Path, scene: int, found: list[NamedScene]) -> NamedScene:
    if not found:
        raise RecordingError(
            f"scene_id {scene} was shown but {folder} has no file for it: expected scene-{scene + 1:03d}, "
            f"named {EXPECTED}; restore it"
        )
    if len(found) > 1:
        names = ", ".join(named.path.name for named in found)
        raise RecordingError(
            f"scene_id {scene} has more than one file in {folder}: {names}; leave the one that was shown"
        )
    return found[0]
