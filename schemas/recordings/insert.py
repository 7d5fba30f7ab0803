"""From validated recordings to rows: a whole file's sessions in one transaction, or nothing."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers import read_recordings, recognized, sessions_in, source_of
from dlgn_cnn.data.recording import SceneFile, SceneKey, SessionKey, SessionOptoDesign, SessionRecording
from dlgn_cnn.data.sessions.opto_design import confirmed_design, find_design, parse_design
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.storage.files import path_sha256
from dlgn_cnn.storage.rights import present
from schemas import optogenetics, recording, session, stimulus
from schemas.base import array_codec, store_registry
from schemas.base.keys import SESSION, Row, session_key
from schemas.connection.in_force import settings_in_force
from schemas.recordings import moved
from schemas.recordings.fetch import SCENE
from schemas.recordings.remove import Agree, remove, rows_that_go

logger = logging.getLogger("dlgn")
REPLACE = (
    "results depend on its rows; give the same options to keep them, or --replace, which shows what depends on them "
    "and deletes it first"
)


def ingest(
    path: Path,
    reader: str | None = None,
    options: dict[str, Any] | None = None,
    progress: Progress = silent,
    opto_design: str = "",
    replacing: Agree | None = None,
    tell: Callable[[str, Sequence[SessionRecording]], None] | None = None,
    dry_run: bool = False,
) -> list[str]:
    """Read a recording and insert its sessions, all in one transaction.

    A session that is there with the same raw bytes is left alone. Bytes that were ingested before are known by their
    digest and are not decoded again while all files are where their rows say. Where they are found in another place,
    rows get the new paths, and the log says so.

    Parameters
    ----------
    path : Path
        File or folder of the recording.
    reader : str, optional
        Registered name of its reader (default: the one that recognizes it).
    options : dict, optional
        Options of the reader.
    progress : callable
        Is told how many steps are done, and of how many.
    opto_design : str
        How the light was drawn, as ``opto_design.FORM`` (default: inferred for each session).
    replacing : callable, optional
        Is shown each session that is there from other bytes, or was read in another way, and the rows that go with it;
        unless it raises, they are deleted in the transaction that inserts the session (default: refuse it).
    tell : callable, optional
        Is told the reader and what it read, before anything is inserted (default: the log says what was left out).
    dry_run : bool, default False
        Read the recording, also where its bytes are known, compare it with the tables, and insert nothing.

    Returns
    -------
    list of str
        Names of the new sessions.

    Raises
    ------
    RecordingError
        If a session is there from other bytes, or was read in another way, since results depend on the rows that are
        there; if its light contradicts the design.
    ConfigError
        If the design has another form, or a worker holds a key that would go with a session.
    """
    chosen, options, started = reader or recognized(path), options or {}, time.monotonic()
    known = present(path) and not dry_run
    if known and _all_known(source_of(path, chosen).resolve(), chosen, options, opto_design):
        return []
    stated = parse_design(opto_design) if opto_design else None
    found = [_designed(one, stated) for one in read_recordings(path, reader=chosen, progress=progress, **options)]
    (tell or _log_notes)(chosen, found)
    new, replaced = _to_insert(found, chosen, options, opto_design, replacing)
    if dry_run:
        moved.check_scenes(found)
        return [str(one.session) for one, _ in new]
    with store_registry.writing(settings_in_force(), session.schema.connection):
        recorded = chain.from_iterable(chain(*recording.rows_of(one)[1].values()) for one, _ in new)
        onsets = chain.from_iterable(_frame_onsets(one) for one, _ in new)
        array_codec.upload({recording.schema.database: recorded, stimulus.schema.database: onsets})
        duration_s = time.monotonic() - started
        store_registry.renew(settings_in_force(), session.schema.connection)
        with session.schema.connection.transaction:
            store_registry.hold(settings_in_force(), session.schema.connection)
            for key in replaced:
                remove(key)
            moves = moved.follow(found)
            for one, row in new:
                _insert(one, row, duration_s, opto_design)
    if moves:
        logger.info("%s", moved.sentence(moves))
    return [str(one.session) for one, _ in new]


def _log_notes(reader: str, found: Sequence[SessionRecording]) -> None:
    for one in found:
        for note in one.notes:
            logger.warning("session %s: %s", one.session, note)


def _all_known(source: Path, reader: str, options: Row, stated: str) -> bool:
    """Whether all sessions of a source were ingested with these bytes, reader and options, and all files are there."""
    read = recording.RawFile * optogenetics.OptoDesign.proj("opto_stated")
    rows = (read & {"reader": reader, "raw_sha256": path_sha256(source), "opto_stated": stated}).to_dicts()
    here = settings_in_force().here
    found = [row for row in rows if row["reader_options"] == options and here(row["raw_path"]) == source]
    there = {SessionKey(*(row[name] for name in SESSION)) for row in found}
    if not found or not there.issuperset(sessions_in(source, reader)):
        return False
    keys = [session_key(one) for one in there]
    scenes = stimulus.Scene & (stimulus.Presentation & keys).proj("movie", "scene")
    return all(present(here(stored)) for stored in set(scenes.to_arrays("scene_path").tolist()))


def _to_insert(
    found: list[SessionRecording], reader: str, options: Row, stated: str, replacing: Agree | None
) -> tuple[list[tuple[SessionRecording, Row]], list[Row]]:
    """Sessions to insert with the rows of their raw files, and the keys of those that are there and go before."""
    new, replaced = [], []
    for one in found:
        key, row = session_key(one.session), _raw_row(one, reader, options)
        stored = (recording.RawFile * optogenetics.OptoDesign & key).to_dicts()
        difference = _difference(stored[0], row, stated) if stored else ""
        if stored and not difference:
            continue
        new.append((one, row))
        if difference:
            if replacing is None:
                raise RecordingError(f"session {one.session} was ingested before {difference}: {REPLACE}")
            replacing(str(one.session), rows_that_go(key))
            replaced.append(key)
    return new, replaced


def _raw_row(one: SessionRecording, reader: str, options: Row) -> Row:
    """The row of a session's raw file, without its key."""
    if one.source is None:
        raise RecordingError(f"the reader {reader!r} does not say which file session {one.session} came from")
    source = one.source.resolve()
    path = moved.check_fits(recording.RawFile, "raw_path", str(source))
    return {"reader": reader, "raw_path": path, "raw_sha256": path_sha256(source), "reader_options": options}


def _difference(stored: Row, raw: Row, stated: str) -> str:
    """How a session was read in another way than now; empty if it was not."""
    before = f"by the reader {stored['reader']} with {_words(stored['reader_options'], stored['opto_stated'])}"
    now = f"by the reader {raw['reader']} with {_words(raw['reader_options'], stated)}"
    if stored["raw_sha256"] != raw["raw_sha256"]:
        return f"from a file with other bytes, {before}"
    return "" if before == now else f"from the same bytes {before}, and is read now {now}"


def _words(options: Row, stated: str) -> str:
    """Options as the command line has them."""
    given = [f"-o {name}={value}" for name, value in sorted(options.items())]
    return " ".join([*given, *([f"--opto-design {stated}"] if stated else [])]) or "no options"


def _designed(one: SessionRecording, stated: SessionOptoDesign | None) -> SessionRecording:
    """The recording with the design of its light: the stated one if nothing contradicts it, or else inferred."""
    design, doubt = find_design(one) if stated is None else (confirmed_design(one, stated), "")
    return replace(one, opto_design=design, notes=(*one.notes, doubt) if doubt else one.notes)


def _insert(one: SessionRecording, raw: Row, duration_s: float, stated: str) -> None:
    key, name = session_key(one.session), str(one.session)
    mouse = {"mouse": one.session.mouse, "simulated": one.session.simulated}
    session.Mouse.insert1(mouse, skip_duplicates=True)
    session.Session.insert1(key | {"session_name": name})
    session.Unit.insert(key | {"unit": unit} for unit in one.units)
    for scene, file in one.scenes.items():
        _insert_scene(scene, file)
    stimulus.Presentation.insert(
        key
        | {"trial": shown.trial, "movie": shown.scene.movie, "scene": shown.scene.scene}
        | {"onset_s": shown.start_s, "offset_s": shown.stop_s, "designated_tier": shown.tier}
        for shown in one.presentations
    )
    stimulus.FrameOnsets.insert(key | row for row in _frame_onsets(one))
    optogenetics.OptoEpoch.insert(
        key | {"opto_epoch": index, "on_s": on, "off_s": off} for index, (on, off) in enumerate(one.opto_epochs_s)
    )
    design = one.opto_design or SessionOptoDesign("unknown")
    columns = {"opto_kind": design.kind, "opto_period_s": design.period_s, "opto_share": design.share}
    optogenetics.OptoDesign.insert1(key | columns | {"opto_stated": stated})
    recording.RawFile.insert1(key | raw)
    recording.Recording().insert_directly(key, *recording.rows_of(one), duration_s)


def _frame_onsets(one: SessionRecording) -> list[Row]:
    shown = (shown for shown in one.presentations if shown.frame_onsets_s)
    return [{"trial": one.trial, "frame_onsets_s": np.array(one.frame_onsets_s)} for one in shown]


def _insert_scene(scene: SceneKey, file: SceneFile) -> None:
    key = {"movie": scene.movie, "scene": scene.scene}
    stored = (stimulus.Scene & key).to_dicts()
    for row in stored:
        moved.check_same(row, file)
    if not stored:
        stimulus.Movie.insert1({"movie": scene.movie}, skip_duplicates=True)
        columns = dict(zip(SCENE, astuple(file), strict=False))  # all but where this machine found it
        stimulus.Scene.insert1(key | columns | moved.place_columns(file))
