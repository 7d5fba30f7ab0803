"""The digests of what a computed row is computed from, by name: raw files, stored sessions, weights, MEIs."""

from collections.abc import Mapping
from typing import Any

from dlgn_cnn.config import value_sha256
from schemas import dataset, ensemble, mei, recording, session, training
from schemas.raw import fetch_session
from schemas.running import FIT

Key = Mapping[str, Any]
MEI = ("dataset_hash", "model_hash", "trainer_hash", "seed", "mei_hash")


def digests(table: Any, key: Key) -> dict[str, str]:
    """What a row of ``table`` with this key is computed from, beside its configs, which its key names."""
    kind = type(table)
    if kind is recording.Recording:
        return {"raw file": str((recording.RawFile & key).fetch1("raw_sha256"))}
    if kind is dataset.Dataset:
        return _origins(key)
    if kind is ensemble.EnsembleScore:
        return _of_ensemble(key)
    found = _sessions(key["dataset_hash"])
    if set(FIT) <= set(key):
        found |= _named_weights(key) if kind is training.TrainedModel else {"weights": training.weights_of(key)}
    if kind is not mei.MEI and set(MEI) <= set(key):
        found |= {"MEIs": _outputs(mei.MEI.Provenance, key)}
    return found


def _origins(key: Key) -> dict[str, str]:
    """Of each session of a dataset, the digest of the raw file and of every scene."""
    sessions = (dataset.DatasetConfig.Session & {"dataset_hash": key["dataset_hash"]}).proj().keys(order_by="KEY")
    found = [fetch_session(one) for one in sessions]
    return {f"session {one.name}": value_sha256(one.origin) for one in found}


def _sessions(dataset_hash: str) -> dict[str, str]:
    rows = (dataset.Dataset.Session * session.Session.proj("session_name") & {"dataset_hash": dataset_hash}).to_dicts()
    return {f"session {row['session_name']}": row["rows_digest"] for row in rows}


def _named_weights(key: Key) -> dict[str, str]:
    """Of the fitted models that a fit's configs name: a source of weights, the members of a teacher."""
    spec = training.fit_spec(key)
    found = {f"source {name}": digest for name, digest in spec.sources.items()}
    return found | {f"teacher {name}": value_sha256([one for _, one in fits]) for name, fits in spec.teachers.items()}


def _of_ensemble(key: Key) -> dict[str, str]:
    row = (ensemble.Ensemble & {"ensemble_hash": key["ensemble_hash"]}).fetch1()
    members = (ensemble.Ensemble.Member & {"ensemble_hash": key["ensemble_hash"]}).keys(order_by="KEY")
    names = [f"weights {one['model_hash'][:8]} {one['trainer_hash'][:8]} seed {one['seed']}" for one in members]
    weights = [training.weights_of(one) for one in members]
    return _sessions(row["dataset_hash"]) | dict(zip(names, weights, strict=True))


def _outputs(provenance: Any, key: Key) -> str:
    """The digest of the digests of a row's outputs; empty where the row is from before they were kept."""
    found = (provenance & {name: key[name] for name in MEI}).to_arrays("outputs")
    return value_sha256(found[0]) if len(found) else ""
