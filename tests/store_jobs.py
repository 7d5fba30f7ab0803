"""What is read and written in a lab's folders: as places that may be forbidden, and as jobs of two users."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from dlgn_cnn.archive.reading import open_archive
from dlgn_cnn.archive.writing import writing
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import SceneFile, SceneKey
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.video import probe
from dlgn_cnn.data.store import remote, session_store
from dlgn_cnn.data.store.cache import cached_session
from dlgn_cnn.simulation.movies import find_movies
from dlgn_cnn.simulation.truth import load_truth
from dlgn_cnn.storage.files import path_sha256
from dlgn_cnn.storage.object_store import ObjectStore
from dlgn_cnn.training.checkpoints import CheckpointFolder
from dlgn_cnn.training.snapshot import Snapshot
from dlgn_cnn.training.weights import load_weights, save_weights
from populate.define.definition_file import read_definitions
from populate.errors.explain import explain
from populate.errors.transient import lacking
from schemas.connection.settings import read_settings

WEIGHTS = {"a": torch.arange(6.0)}


def session() -> SessionData:
    draw = np.random.default_rng(0)
    trials = [
        TrialData(
            index,
            SceneKey("movie", index),
            ("train", "validation", "test")[index],
            draw.integers(0, 255, (20, 6, 9)).astype(np.uint8),
            draw.poisson(0.3, (4, 20)).astype(np.float32),
            draw.random(20).astype(np.float32),
            np.full((2, 20), np.nan, np.float32),
            draw.random((2, 20)).astype(np.float32),
        )
        for index in range(3)
    ]
    return SessionData((3, 5, 8, 13), 60.0, tuple(trials))


def snapshot(step: int) -> Snapshot:
    return Snapshot({"weights": torch.full((3,), float(step))}, {"step": step})


class Site(NamedTuple):
    """A place where a file is opened or looked for: how it is made, what is forbidden of it, and the call."""

    make: Callable[[Path], Any]
    forbidden: str
    call: Callable[[Path], Any]


def _files(*names: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"not what its name says")

    return make


def _session(folder: Path) -> None:
    session_store.write_session(session(), folder / "s")


def _weights(folder: Path) -> None:
    save_weights(WEIGHTS, folder / "w")


def _checkpoints(folder: Path) -> None:
    for step in range(2):
        CheckpointFolder(folder / "c").write(snapshot(step))


SCENE = SceneFile(Path(), "", 1, 60.0, 8, 8)
SITES = {
    "data set: folder": Site(_session, "s", lambda at: session_store.read_session(at / "s")),
    "data set: manifest": Site(_session, "s/manifest.json", lambda at: session_store.read_info(at / "s")),
    "data set: digest": Site(_session, "s/manifest.json", lambda at: session_store.rows_digest(at / "s")),
    "data set: fields": Site(_session, "s/fields.npy", lambda at: session_store.read_fields(at / "s")),
    "data set: rows": Site(_session, "s/rows", lambda at: session_store.read_session(at / "s")),
    "data set: built again": Site(
        _session, "s/manifest.json", lambda at: session_store.ensure_session(session(), at / "s")
    ),
    "data set: built again, fields": Site(
        _session, "s/fields.npy", lambda at: session_store.ensure_session(session(), at / "s")
    ),
    "data set: memory map": Site(_session, "s", lambda at: cached_session(at / "s", at / "cache", 0)),
    "data set: elsewhere": Site(_session, "s", lambda at: remote.fetch(f"file://{at}/s", at / "copy")),
    "weights": Site(_weights, "w", lambda at: load_weights(at / "w", "0" * 64)),
    "weights: file": Site(
        lambda at: ObjectStore(at / "w").write("a", b"x"), "w/a", lambda at: ObjectStore(at / "w").read("a")
    ),
    "checkpoints": Site(_checkpoints, "c", lambda at: CheckpointFolder(at / "c").names()),
    "checkpoints below": Site(_checkpoints, "c", lambda at: ObjectStore(at).sizes()),
    "recording": Site(_files("r/responses.pkl"), "r", lambda at: read_recordings(at / "r")),
    "recording: pickle": Site(_files("r/responses.pkl"), "r/responses.pkl", lambda at: read_recordings(at / "r")),
    "recording: parquet": Site(
        _files("r/responses.parquet"), "r/responses.parquet", lambda at: read_recordings(at / "r")
    ),
    "recording: npz": Site(_files("r.npz"), "r.npz", lambda at: read_recordings(at / "r.npz")),
    "recording: nwb": Site(_files("r.nwb"), "r.nwb", lambda at: read_recordings(at / "r.nwb")),
    "recording: sensorium": Site(
        _files("M1-1-1/data/videos/0.npy", "M1-1-1/meta/trials/tiers.npy"),
        "M1-1-1/meta/trials/tiers.npy",
        lambda at: read_recordings(at / "M1-1-1", mouse="a", series=1, experiment=1, rate_hz=30.0),
    ),
    "recording: deeplake": Site(
        _files("d/dataset_meta.json", "d/version_control_info.json", "d/videos/chunk"),
        "d/videos",
        lambda at: read_recordings(at / "d", mouse="a", series=1, experiment=1, rate_hz=30.0),
    ),
    "recording: digest of a folder": Site(_files("r/a", "r/b/c"), "r/b", lambda at: path_sha256(at / "r")),
    "scene": Site(_files("m/a.avi"), "m", lambda at: scene_frames(replace(SCENE, path=at / "m" / "a.avi"), (8, 8))),
    "movie": Site(_files("a.avi"), "a.avi", lambda at: probe(at / "a.avi")),
    "movies": Site(_files("m/a.avi"), "m", lambda at: find_movies(at / "m")),
    "truth": Site(_files("r/truth.npz"), "r", lambda at: load_truth(at / "r")),
    "archive": Site(_files("a.zip"), "a.zip", lambda at: open_archive(at / "a.zip")),
    "archive: folder": Site(_files("a/manifest.json", "a/rows/x"), "a/rows", lambda at: open_archive(at / "a")),
    "experiment": Site(_files("x.yaml"), "x.yaml", lambda at: read_definitions(at / "x.yaml")),
    "experiment: Python": Site(_files("p/x.py"), "p", lambda at: read_definitions(at / "p" / "x.py")),
    "settings": Site(_files("dlgn.env"), "dlgn.env", read_settings),
}


def said(site: Site, folder: Path) -> dict[str, str]:
    """How a site's call ends: the kind of error, its sentence to the user, and to other machines."""
    try:
        site.call(folder)
    except Exception as error:
        return {"kind": type(error).__name__, "sentence": explain(error), "lacks": str(lacking(error))}
    return {"kind": "none"}


def read_forbidden(folder: Path) -> dict[str, dict[str, str]]:
    """Every site that was made below a folder, by its name."""
    return {name: said(site, folder / str(index)) for index, (name, site) in enumerate(SITES.items())}


def write_store(folder: Path) -> list[str]:
    """What the product writes in a store without a database, by one user."""
    session_store.ensure_session(session(), folder / "datasets" / "a" / "s")
    session_store.ensure_session(session(), folder / "datasets" / "b" / "s")
    remote.publish(folder / "datasets" / "a" / "s", f"file://{folder}/elsewhere/s")
    for step in range(3):
        CheckpointFolder(folder / "checkpoints" / "f").write(snapshot(step))
    ObjectStore(folder / "databases").write("x.json", b"{}")
    for name in ("archive", "archive.zip"):
        with writing(folder / "archives" / name) as archive:
            archive.add_bytes("rows/x.json", b"{}")
            archive.finish(b"{}")
    return [save_weights(WEIGHTS, folder / "weights")]


def use_store(folder: Path) -> dict[str, Any]:
    """What another user of the group does with it: read, go on, replace what is damaged, collect garbage."""
    stored, checkpoints = folder / "datasets" / "a" / "s", CheckpointFolder(folder / "checkpoints" / "f")
    found: dict[str, Any] = {"read": session_store.read_session(stored).digest() == session().digest()}
    found["fields"] = session_store.read_fields(stored).shape
    found["mapped"] = cached_session(stored, folder / "cache", 0).digest() == session().digest()
    found["fetched"] = str(remote.fetch(f"file://{folder}/elsewhere/s", folder / "fetched" / "s"))
    session_store.ensure_session(session(), folder / "datasets" / "b" / "s")  # which was damaged meanwhile
    found["replaced"] = session_store.read_session(folder / "datasets" / "b" / "s").digest() == session().digest()
    (digest,) = (name.partition(".")[0] for name in ObjectStore(folder / "weights").sizes())
    found["weights"] = load_weights(folder / "weights", digest)["a"].tolist() == WEIGHTS["a"].tolist()
    found["same weights"] = save_weights(WEIGHTS, folder / "weights") == digest
    found["resumed"] = checkpoints.read(checkpoints.names()[-1]).facts["step"]
    checkpoints.write(snapshot(3))
    found["steps"] = [checkpoints.read(name).facts["step"] for name in checkpoints.names()]
    checkpoints.clear()
    ObjectStore(folder / "databases").delete("x.json")
    ObjectStore(folder / "datasets").delete("a/s/manifest.json")
    return found
