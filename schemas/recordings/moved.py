"""Recordings that moved: rows that name known bytes get the paths at which these are found now."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlgn_cnn.data.recording import SceneFile, SceneKey, SessionRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.storage.rights import present
from schemas import recording, stimulus
from schemas.base.keys import Row, session_key
from schemas.base.names import longest
from schemas.connection.in_force import settings_in_force

SHOWN = 3


@dataclass(frozen=True)
class Move:
    """One stored path that changed."""

    old: Path
    new: Path


def follow(found: Iterable[SessionRecording]) -> list[Move]:
    """Give the rows of recordings that were read just now the paths at which their files are.

    A raw file that is found elsewhere takes its scenes along. The scene of another session stays where its row says,
    unless it is missing there. Called within a transaction.

    Parameters
    ----------
    found : iterable of SessionRecording
        Recordings, those of new sessions too, whose bytes were compared with the rows.

    Returns
    -------
    list of Move
        The paths that changed.

    Raises
    ------
    RecordingError
        If a scene has the name of another file.
    """
    return [move for one in found for move in _follow_one(one)]


def _follow_one(one: SessionRecording) -> list[Move]:
    here = settings_in_force().here
    raw = (recording.RawFile & session_key(one.session)).to_dicts()
    source = _source(one)
    moves = [Move(Path(row["raw_path"]), source) for row in raw if here(row["raw_path"]) != source]
    if moves:
        path = {"raw_path": check_fits(recording.RawFile, "raw_path", str(source))}
        recording.RawFile.update1(session_key(one.session) | path)
    for row, file in _known_scenes(one.scenes):
        check_same(row, file)
        stored, new = here(row["scene_path"]), file.path.resolve()
        if (stored, row["scene_part"]) != (new, file.part) and (moves or not present(stored)):
            key = {"movie": row["movie"], "scene": row["scene"]}
            stimulus.Scene.update1(key | place_columns(file))
            moves.append(Move(Path(row["scene_path"]), new))
    return moves


def place_columns(file: SceneFile) -> Row:
    """The columns that say where a scene lies. Raises RecordingError for what they cannot hold."""
    found = {"scene_path": str(file.path.resolve()), "scene_part": file.part}
    return {column: check_fits(stimulus.Scene, column, text) for column, text in found.items()}


def check_fits(table: Any, column: str, text: str) -> str:
    """Return a path, or an address within a file, that its column can hold.

    Parameters
    ----------
    table : table class
        The table.
    column : str
        Its column.
    text : str
        The path.

    Returns
    -------
    str
        The path.

    Raises
    ------
    RecordingError
        If it is too long.
    """
    most = longest(table, column)
    if len(text) > most:
        raise RecordingError(
            f"{text}: given {len(text)} characters, expected up to {most}: move the recording to a shorter path, or "
            "give what lies in the file a shorter name"
        )
    return text


def check_same(row: Row, file: SceneFile) -> None:
    """Raise RecordingError if a scene's file is not the one that its row names."""
    if row["scene_sha256"] != file.sha256:
        raise RecordingError(
            f"{row['movie']} scene {row['scene']}: {file.path} is not the file of that name that was ingested before; "
            "one movie's scenes are the same in every session: give the other movie another name"
        )


def check_scenes(found: Iterable[SessionRecording]) -> None:
    """Raise RecordingError if a scene of a recording has the name of another file."""
    for one in found:
        for row, file in _known_scenes(one.scenes):
            check_same(row, file)


def sentence(moves: Sequence[Move]) -> str:
    """How many paths changed, from where to where.

    >>> sentence([Move(Path("/old/a/x"), Path("/new/a/x")), Move(Path("/old/a/y"), Path("/new/a/y"))])
    'known bytes at a new place: /old -> /new (2 stored paths updated, nothing was read again into the tables)'
    """
    counts = Counter(_apart(move) for move in moves)
    shown = [f"{old} -> {new}" for (old, new), _ in counts.most_common(SHOWN)]
    more = [f"{len(counts) - SHOWN} more"] if len(counts) > SHOWN else []
    paths = "1 stored path" if len(moves) == 1 else f"{len(moves)} stored paths"
    return (
        f"known bytes at a new place: {', '.join(shown + more)} ({paths} updated, nothing was read again into the "
        "tables)"
    )


def _apart(move: Move) -> tuple[str, str]:
    """The two paths without the names at their ends that they share."""
    old, new = move.old, move.new
    while old.name == new.name and old.name:
        old, new = old.parent, new.parent
    return str(old), str(new)


def _source(one: SessionRecording) -> Path:
    if one.source is None:
        raise RecordingError(f"session {one.session} does not say which file it came from")
    return one.source.resolve()


def _known_scenes(scenes: Mapping[SceneKey, SceneFile]) -> Iterator[tuple[Row, SceneFile]]:
    """The rows of those scenes that are in the tables, each with the file as read."""
    keys: list[Any] = [{"movie": scene.movie, "scene": scene.scene} for scene in scenes]
    for row in (stimulus.Scene & keys).to_dicts():
        yield row, scenes[SceneKey(row["movie"], row["scene"])]
