"""From validated recordings to rows: a whole file's sessions in one transaction, or nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dlgn_cnn.data.files import file_sha256
from dlgn_cnn.data.readers import Source, read_recordings
from dlgn_cnn.data.recording import Recording, SceneFile, SceneKey
from dlgn_cnn.errors import RecordingError
from schemas import optogenetics, recording, session, stimulus

Key = dict[str, Any]


def ingest(path: Path, reader: str | None = None, options: dict[str, Any] | None = None) -> list[str]:
    """Read a recording and insert its sessions; the names of the new ones are returned.

    A session that is there with the same raw bytes is left alone; with others, RecordingError: results hang on the
    rows that are there. Recordings of new sessions are read into the store at once.
    """
    found, source = read_recordings(path, reader=reader, **(options or {}))
    digest = file_sha256(source.path)
    new = [one for one in found if not _known(one, digest)]
    with session.schema.connection.transaction:
        for one in new:
            _insert(one, source, digest, options or {})
    recording.Recording.populate([session_key(one) for one in found])
    return [str(one.session) for one in new]


def session_key(one: Recording) -> Key:
    """The session's primary key."""
    return {"mouse": one.session.mouse, "series": one.session.series, "experiment": one.session.experiment}


def _known(one: Recording, digest: str) -> bool:
    stored = (recording.RawFile & session_key(one)).to_arrays("raw_sha256")
    if len(stored) and stored[0] != digest:
        raise RecordingError(
            f"session {one.session} was ingested before from a file with other bytes: delete its Session row, and with "
            "it all that was computed from it, before you ingest it anew"
        )
    return bool(len(stored))


def _insert(one: Recording, source: Source, digest: str, options: Key) -> None:
    key, name = session_key(one), str(one.session)
    session.Mouse.insert1(
        {"mouse": one.session.mouse, "simulated": one.session.simulated}, skip_duplicates=True, ignore_extra_fields=True
    )
    session.Session.insert1(key | {"session_name": name})
    session.Unit.insert(key | {"unit": unit} for unit in one.units)
    for scene, file in one.scenes.items():
        _insert_scene(scene, file)
    stimulus.Presentation.insert(_presentations(one, key))
    optogenetics.OptoEpoch.insert(
        key | {"opto_epoch": index, "on_s": on, "off_s": off} for index, (on, off) in enumerate(one.light_epochs_s)
    )
    recording.RawFile.insert1(
        key
        | {"reader": source.reader, "raw_path": str(source.path), "raw_sha256": digest, "reader_options": options}
    )


def _presentations(one: Recording, key: Key) -> Sequence[Key]:
    return [
        key
        | {"trial": shown.trial, "movie": shown.scene.movie, "scene": shown.scene.scene}
        | {"onset_s": shown.start_s, "offset_s": shown.stop_s, "designated_tier": shown.tier}
        for shown in one.presentations
    ]


def _insert_scene(scene: SceneKey, file: SceneFile) -> None:
    key = {"movie": scene.movie, "scene": scene.scene}
    stored = (stimulus.Scene & key).to_arrays("scene_sha256")
    if len(stored) and stored[0] != file.sha256:
        raise RecordingError(
            f"{scene.movie} scene {scene.scene}: {file.path} is not the file of that name that was ingested before; "
            "one movie's scenes are the same in every session: give the other movie another name"
        )
    if len(stored):
        return
    stimulus.Movie.insert1({"movie": scene.movie}, skip_duplicates=True)
    stimulus.Scene.insert1(
        key
        | {"scene_path": str(file.path.resolve()), "scene_sha256": file.sha256}
        | {"scene_frames": file.frames, "scene_rate_hz": file.rate_hz}
        | {"width_px": file.width_px, "height_px": file.height_px}
    )
