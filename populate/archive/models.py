"""Entries of published models: what ``dlgn_cnn.load`` needs in addition to the weights."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dlgn_cnn.data.loading.loaders import DATASETS
from dlgn_cnn.errors import ConfigError, DlgnError
from dlgn_cnn.registry.annotations import parameters_of
from dlgn_cnn.training.assemble import FitSpec, has_own_seed, plain
from populate.archive.selection import FITS, Selection
from schemas import dataset, ensemble, training

Row = dict[str, Any]


def model_entries(selection: Selection, names: Sequence[str]) -> tuple[list[Row], list[str]]:
    """An entry a chosen fit and ensemble, and a sentence for each dataset of which too little is known to build one."""
    keys = selection.keys(FITS)
    labels, named, sessions, unbuilt = _labels(keys), _named(selection, names), {}, []
    entries = []
    for key, label in zip(keys, labels, strict=True):
        spec = training.fit_spec(key)
        if key["dataset_hash"] not in sessions:
            sessions[key["dataset_hash"]], problem = _sessions(key, spec)
            unbuilt += [] if problem is None else [f"models of dataset {key['dataset_hash'][:8]} by name: {problem}"]
        entries.append(
            {"name": named.get(_frozen(key)), "label": label, "key": key, "seed": spec.seed}
            | {"function": spec.model[0], "config": spec.model[1], "sessions": sessions[key["dataset_hash"]]}
            | {"weights_sha256": training.weights_of(key)}
        )
    return [*entries, *_ensembles(selection, dict(zip(map(_frozen, keys), labels, strict=True)))], unbuilt


def _labels(keys: Sequence[Row]) -> list[str]:
    """A name for each: its model and seed, and more where that is not enough."""
    short = [f"{key['model_hash'][:8]}-{key['seed']}" for key in keys]
    often = Counter(short)
    return [
        label if often[label] == 1 else f"{label}-{key['dataset_hash'][:8]}-{key['trainer_hash'][:8]}"
        for label, key in zip(short, keys, strict=True)
    ]


def _named(selection: Selection, names: Sequence[str]) -> dict[frozenset[Any], str]:
    found: dict[frozenset[Any], str] = {}
    chosen = selection.keys(FITS)
    for text in names:
        name, given, where = text.partition("=")
        fits = training.TrainedModel & chosen
        best = (fits & where if given else fits).keys(order_by="score DESC", limit=1) if chosen else []
        if not best or not name or "#" in name or "&" in name:
            raise ConfigError(f"name {text!r}: expected NAME or NAME=SQL, and that a chosen fit fulfills the SQL")
        found[_frozen(best[0])] = name
    if len(set(found.values())) != len(names):
        raise ConfigError(f"names {list(names)}: each is for one fit, and a fit has one")
    return found


def _sessions(key: Row, spec: FitSpec) -> tuple[Row | None, str | None]:
    """The ``DataInfo`` of each session as JSON, or the reason why it is missing."""
    stores = dataset.store_paths(key)
    try:
        if not stores:
            return _own_data_info(spec)
        loaders = training.load_data(spec, stores)
        return {name: loader.data_info.to_json() for name, loader in loaders["train"].items()}, None
    except (DlgnError, AttributeError) as error:
        return None, str(error)


def _own_data_info(spec: FitSpec) -> tuple[Row | None, str | None]:
    """The data info that a lab's own dataset function returns, as nnfabrik calls it."""
    name, config = spec.dataset
    function = DATASETS.get(name)
    if "return_data_info" not in parameters_of(function):
        return None, f"dataset function {name} takes no return_data_info"
    seed = {} if has_own_seed(spec.dataset) else {"seed": spec.seed}
    try:
        return plain(function(**seed, **config, return_data_info=True)), None
    except Exception as error:  # a lab's own code, whose files may be elsewhere
        return None, f"{name} failed ({type(error).__name__}: {error})"


def _ensembles(selection: Selection, labels: dict[frozenset[Any], str]) -> list[Row]:
    entries = []
    for key in selection.keys("ensemble.Ensemble"):
        rows = (ensemble.Ensemble.Member & key).proj(*training.TrainedModel.primary_key).to_dicts(order_by="KEY")
        members = [labels.get(_frozen(row)) for row in rows]
        if None not in members:
            label = f"ensemble-{key['ensemble_hash'][:8]}"
            entries.append({"name": None, "label": label, "key": key, "members": members})
    return entries


def _frozen(key: Row) -> frozenset[Any]:
    return frozenset((name, key[name]) for name in ("dataset_hash", "model_hash", "trainer_hash", "seed"))
