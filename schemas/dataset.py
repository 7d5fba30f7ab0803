"""Datasets: which sessions, on which clock, in which tiers; stored by content and checked when opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datajoint as dj

from dlgn_cnn.config import value_sha256
from dlgn_cnn.data.recording import SessionKey
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.sessions.opto_blocks import is_shuffled
from dlgn_cnn.data.sessions.session_data import SessionData
from dlgn_cnn.data.store.remote import fetch, publish
from dlgn_cnn.data.store.session_store import ensure_session, read_info, rows_digest
from dlgn_cnn.errors import ConfigError, RecordingError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.runtime import interrupts
from schemas import provenance, recording, session, stimulus
from schemas.base.hashed_config import HashedConfig
from schemas.base.keys import Key, Row, session_key
from schemas.base.restriction import restrict
from schemas.connection.in_force import settings_in_force
from schemas.recordings.fetch import StoredSession, fetch_session

schema = dj.Schema()
IS_NULL = "is_null=0 : bool  # labels of the light are shuffled: its fits are the null of others, and no findings\n"


@schema
class DatasetConfig(
    HashedConfig, dj.Manual, kind="dataset", title="dataset function and its arguments", columns=IS_NULL
):
    """A dataset function and its arguments."""

    class Session(dj.Part):
        """A session that the dataset is made of."""

        definition = """
        -> master
        -> session.Session
        """

    @classmethod
    def derived(cls, config: Mapping[str, Any]) -> Row:
        """Whether fits to it are the null of others."""
        return {"is_null": is_shuffled(config)}

    @classmethod
    def insert_links(cls, key: Mapping[str, str], config: Mapping[str, Any]) -> None:
        """Link the sessions that the config names. Raises ConfigError for one that was never ingested.

        A lab's own function, named by import path, may read data that these tables do not know, and name no sessions.
        """
        if "." in (cls & key).fetch1("dataset_fn") and not _names_sessions(config.get("sessions")):
            return
        for name in DatasetSpec.from_config(config).sessions:
            found = session_key(name)
            if not restrict(session.Session(), found):
                known = ", ".join(session.Session.to_arrays("session_name")) or "none yet"
                raise ConfigError(f"session {name} was never ingested (known: {known}): run dlgn ingest first")
            cls.Session.insert1({**key, **found})


@schema
class Dataset(provenance.Traced, dj.Computed):
    """A dataset as stored: its folder below the store, and the digest of its rows."""

    definition = """
    # stored dataset
    -> DatasetConfig
    ---
    dataset_digest : char(64)  # of all rows of all sessions
    trials : int32
    """

    digests = ("dataset_digest", "rows_digest")
    tolerance = 1e-6

    class Session(dj.Part):
        """One session's store."""

        definition = """
        -> master
        -> session.Session
        ---
        store_path : varchar(255)  # below the store folder
        rows_digest : char(64)
        """

    class Split(dj.Part):
        """The tier of one scene."""

        definition = """
        -> master
        -> stimulus.Scene
        ---
        tier : enum('train', 'validation', 'test', 'left_out')  # left out: nearly a scene of another tier
        """

    class Unit(dj.Part):
        """One unit and its row in the responses that loaders give."""

        definition = """
        -> master
        -> session.Unit
        ---
        unit_index : int32
        mean_rate_hz : float64  # in the training tier
        """

    @property
    def key_source(self) -> Any:
        """Configs all of whose sessions have been read."""
        unread = DatasetConfig.Session - recording.Recording
        return DatasetConfig.proj() - unread.proj()

    def inputs(self, key: Key) -> dict[str, str]:
        """For each session, the digest of its raw file and scenes."""
        sessions = (DatasetConfig.Session & {"dataset_hash": key["dataset_hash"]}).proj().keys(order_by="KEY")
        found = [fetch_session(one) for one in sessions]
        return {f"session {one.name}": value_sha256(one.origin) for one in found}

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """The config, and each session as rows and lazy references; no arrays."""
        function, config = DatasetConfig.load(key)
        sessions = (DatasetConfig.Session & key).proj().keys(order_by="KEY")
        return function, config, [fetch_session(one) for one in sessions]

    @interrupts.allowed()
    def make_compute(self, key: Row, function: str, config: Row, sessions: list[StoredSession]) -> provenance.Found:
        """Bin every session and store it under a name that config and raw bytes decide."""
        if not sessions:  # of data that only a lab's own function reads
            return {"dataset_digest": value_sha256({}), "trials": 0}, {}
        spec = DatasetSpec.from_config(config)
        folder = f"datasets/{value_sha256([spec.digest(), *(one.origin for one in sessions)])[:32]}"
        built = build_sessions([one.load() for one in sessions], spec)
        paths = {name: f"{folder}/{name}" for name in built}
        digests = {name: store_session(paths[name], data) for name, data in built.items()}
        transforms = config.get("transforms") if function == "stored_sessions" else None
        tiers = {trial.scene: trial.tier for data in built.values() for trial in data.trials}
        row = {"dataset_digest": value_sha256(digests), "trials": sum(len(data.trials) for data in built.values())}
        return row, {
            "Split": [{"movie": scene.movie, "scene": scene.scene, "tier": tier} for scene, tier in tiers.items()],
            "Session": [
                session_key(name) | {"store_path": paths[name], "rows_digest": digest}
                for name, digest in digests.items()
            ],
            "Unit": [
                session_key(name) | unit
                for name, data in built.items()
                for unit in _units(data, read_info(_built(paths[name])), transforms)
            ],
        }


def store_session(path: str, data: SessionData, info: DataInfo | None = None) -> str:
    """Store a session.

    Parameters
    ----------
    path : str
        Its folder below the store.
    data : SessionData
        Its trials.
    info : DataInfo, optional
        Its statistics, of a session that was built elsewhere (default: computed).

    Returns
    -------
    str
        Digest of the stored rows.
    """
    ensure_session(data, _built(path), info)
    if settings_in_force().datasets_url is not None and settings_in_force().scratch is None:
        publish(_local(path), _url(path))
    return rows_digest(_built(path))


def session_digests(dataset_hash: str) -> dict[str, str]:
    """The digest of the stored rows of each session of a dataset: an input of everything computed from it."""
    stored = stored_sessions({"dataset_hash": dataset_hash})
    return {f"session {name}": row["rows_digest"] for name, row in stored.items()}


def store_paths(key: Key) -> dict[str, str]:
    """``{session name: path below the store}`` of a dataset."""
    return {name: row["store_path"] for name, row in stored_sessions(key).items()}


def stored_sessions(key: Key) -> dict[str, Row]:
    """The rows of a dataset's sessions, by the sessions' names."""
    rows = Dataset.Session * session.Session.proj("session_name") & {"dataset_hash": key["dataset_hash"]}
    return {row["session_name"]: row for row in rows.to_dicts()}


def unit_rows(key: Key) -> list[Row]:
    """Each unit of a dataset: its key, its session's name and its index in the response arrays."""
    return (named_units() & {"dataset_hash": key["dataset_hash"]}).to_dicts(order_by="KEY")


def named_units() -> Any:
    """The units of all datasets with ``session_name`` and ``unit_index``: a query."""
    return (Dataset.Unit * session.Session.proj("session_name")).proj("session_name", "unit_index")


def absolute(paths: Mapping[str, str]) -> dict[str, Path]:
    """Absolute local paths; remote datasets are downloaded first."""
    if settings_in_force().datasets_url is None:
        return {name: _local(path) for name, path in paths.items()}
    return {name: fetch(_url(path), _local(path)) for name, path in paths.items()}


def _local(path: str) -> Path:
    settings = settings_in_force()
    return (settings.store if settings.datasets_url is None else settings.cache) / path


def _built(path: str) -> Path:
    """Return where a session is written: in the store, or in a scratch folder while a row is recomputed."""
    scratch = settings_in_force().scratch
    return _local(path) if scratch is None else scratch / path


def _url(path: str) -> str:
    return f"{settings_in_force().datasets_url}/{path}"


def _units(data: SessionData, info: DataInfo, transforms: Any) -> list[Row]:
    """The units of the response rows that loaders of a session give, with their mean rates in the training tier."""
    from dlgn_cnn.data.loading.transforms import session_transforms

    counts = dict(zip(info.units, info.mean_counts, strict=True))
    _, after = session_transforms(data, info, transforms)
    return [
        {"unit": unit, "unit_index": index, "mean_rate_hz": counts[unit] * info.rate_hz}
        for index, unit in enumerate(after.units)
    ]


def _names_sessions(names: Any) -> bool:
    try:
        return isinstance(names, list) and bool([SessionKey.parse(name) for name in names])
    except (RecordingError, ConfigError, TypeError):
        return False
