"""Fits: one row a trained model, weights in the store."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import datajoint as dj

from dlgn_cnn import __version__
from dlgn_cnn.config import canonical_json, value_sha256
from dlgn_cnn.data.sessions.opto_blocks import is_shuffled
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.runtime import interrupts, threads
from dlgn_cnn.runtime.device import device_name, pick_device
from dlgn_cnn.training.assemble import Call, FitSpec, asks, build_loaders, build_model, run_trainer
from dlgn_cnn.training.weights import load_weights, save_weights
from schemas import dataset, ensemble, experiment, model, provenance, search, trainer
from schemas.base.keys import Key, Row, fit_key, fit_name
from schemas.base.restriction import restrict
from schemas.connection.in_force import settings_in_force
from schemas.monitoring import fit_listeners, fit_precision
from schemas.monitoring.fit_listeners import GivenUp

if TYPE_CHECKING:
    import torch

    from dlgn_cnn.models.ensemble import EnsembleModel

schema = dj.Schema()


@schema
class TrainedModel(provenance.Traced, dj.Computed):
    """A model fitted to a dataset by a trainer from a seed."""

    definition = """
    # fitted model
    -> dataset.Dataset
    -> model.ModelConfig
    -> trainer.TrainerConfig
    -> trainer.Seed
    ---
    fit_name : varchar(200)  # as encoder 3f2a1c-07bd-91ee seed 0: model function, hashes of model, dataset, trainer
    is_null : bool  # fitted to shuffled labels of the light: the null of other fits, and no finding
    score : float64  # what the trainer returned: mean validation correlation
    output : json  # what the trainer recorded, an entry an epoch
    parameters : int64
    weights_sha256 : char(64)  # names the safetensors file below the store
    fit_precision : enum('float32', 'bfloat16')  # what it was fitted in
    device : varchar(64)
    threads : int16  # of torch, with which it began
    same_bits : bool  # whether it kept that number to its end, which the same bits take when it is computed again
    versions : json  # of dlgn_cnn and torch
    fit_seconds : float64
    """

    circumstances = ("device", "threads", "same_bits", "versions", "fit_seconds", "seconds", "samples_per_s",
                     "peak_memory_bytes")  # fmt: skip
    digests = ("weights_sha256",)
    tolerance = 0.02  # of scores and losses: two machines' fits part ways after some steps, and end alike
    _folder: str | None = None  # where the checkpoints lie of a fit that ended, until its row is there to stay
    ended_without: str = ""  # why the last key that was computed here ended without a result

    @property
    def key_source(self) -> Any:
        """The fits that experiments name and whose dataset is stored."""
        every = dataset.Dataset.proj() * model.ModelConfig.proj() * trainer.TrainerConfig.proj() * trainer.Seed.proj()
        return every & experiment.Experiment.Fit.proj()

    def inputs(self, key: Key) -> dict[str, str]:
        """The stored sessions, and the weights of fitted models that the configs name."""
        spec = fit_spec(key)
        named = {f"source {name}": digest for name, digest in spec.sources.items()}
        return dataset.session_digests(key["dataset_hash"]) | named

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """Configs, and where the dataset lies."""
        return fit_spec(key), dataset.store_paths(key)

    @interrupts.allowed()
    @threads.kept()  # a fit that is resumed takes the number that it began with
    def make_compute(self, key: Row, spec: FitSpec, stores: dict[str, str]) -> tuple[Row | GivenUp, str]:
        """Fit, from the last checkpoint on where there is one, and store the weights; no database need be in reach."""
        import torch

        settings, folder = settings_in_force(), fit_listeners.checkpoint_folder(key, stores)
        device, started = pick_device(settings.device), time.monotonic()
        loaders = load_data(spec, stores)
        fitted = build_model(spec, loaders, settings.weights).to(device)
        try:
            score, output, state = _run(key, spec, fitted, loaders, folder)
        except GivenUp as end:
            return end, folder
        told: Mapping[str, Any] = output if isinstance(output, dict) else {}  # a lab's trainer may return anything
        row = {
            "fit_name": fit_name(key, spec.model[0]),
            "is_null": is_shuffled(spec.dataset[1]),
            "score": score,
            "output": output,
            "parameters": sum(parameter.numel() for parameter in fitted.parameters()),
            "weights_sha256": save_weights(state, settings.written("weights")),
            "fit_precision": told.get("precision", "float32"),
            "device": device_name(device),
            "threads": told.get("threads", threads.in_use()),
            "same_bits": told.get("same_bits", True),
            "versions": {"dlgn_cnn": __version__, "torch": str(torch.__version__)},
            "fit_seconds": time.monotonic() - started,
        }
        return row, folder

    def make_insert(self, key: Row, found: Row | GivenUp, folder: str) -> None:  # type: ignore[override]
        """Insert the fitted model's row, or note that its trial was given up."""
        self._folder = folder
        if isinstance(found, GivenUp):
            search.give_up(key, found.epoch)
            self.ended_without = f"pruned: {found}"
        else:
            self.insert1(key | found)

    def _populate1(
        self, key: Row, jobs: Any, suppress_errors: bool, return_exception_objects: bool, make_kwargs: Row | None = None
    ) -> Any:
        """Compute a key as DataJoint does, and remove the checkpoints once its row is committed."""
        self._folder, self.ended_without = None, ""
        done = super()._populate1(key, jobs, suppress_errors, return_exception_objects, make_kwargs)
        if self._folder is not None:
            fit_listeners.remove_useless_checkpoints(self, experiment.Experiment.Fit(), self._folder)
        return done


@schema
class ImportedFit(dj.Manual):
    """Fit that ``dlgn import-nnfabrik`` carried over, and its key there; how long it took is not known."""

    definition = """
    # fit that was carried over from nnfabrik's tables
    -> TrainedModel
    ---
    source_schema : varchar(64)
    source_table : varchar(64)
    source_key : json  # nnfabrik's: function names and md5 hashes of configs
    source_state : char(32)  # DataJoint's md5 of the stored state dict
    fabrikant="" : varchar(64)
    fit_comment="" : varchar(768)
    fitted : datetime  # UTC, when the row was inserted there
    """


def _run(
    key: Key, spec: FitSpec, fitted: torch.nn.Module, loaders: Any, folder: str
) -> tuple[float, Row, dict[str, torch.Tensor]]:
    """Return the trainer's (score, output, state_dict), followed by all callbacks. Raises GivenUp, and its errors."""
    with (
        fit_listeners.background_writer() as writer,
        fit_listeners.callbacks(key, spec, folder, TrainedModel, writer) as followers,
    ):
        try:
            return run_trainer(spec, fitted, loaders, key, followers)
        except ModelError:
            fit_listeners.discard_checkpoints(key, folder, writer)
            raise


def fit_spec(key: Key) -> FitSpec:
    """The configs of a fit, checked against their hashes, the fitted models that they name, and its precision.

    Raises ConfigError.
    """
    calls = dataset.DatasetConfig.load(key), model.ModelConfig.load(key), trainer.TrainerConfig.load(key)
    return FitSpec(*calls, key["seed"], sources_of(calls[1]), fit_precision.of_fit(key, TrainedModel()))


def sources_of(call: Call) -> dict[str, str]:
    """The digest of the weights of the fitted model that a model config names as its source, by that model's key.

    Raises ConfigError for a key that is not fitted.
    """
    source = call[1].get("source")
    if source is None:
        return {}
    from dlgn_cnn.models.build import MODELS

    if not asks(MODELS, call[0], "trained"):
        return {}
    names = TrainedModel.primary_key
    if not isinstance(source, dict) or set(source) != set(names) or not restrict(TrainedModel(), source):
        raise ConfigError(f"source {source!r} is not a fitted model: give the {', '.join(names)} of a TrainedModel row")
    return {canonical_json(source): weights_of(source)}


def fit_inputs(key: Key) -> dict[str, str]:
    """The stored sessions and the weights of a fit: the inputs of everything computed from it."""
    return dataset.session_digests(key["dataset_hash"]) | {"weights": weights_of(key)}


def fits_from_all_seeds(key: Key) -> list[Row]:
    """Return the keys of the fits that differ from a fit in nothing but their seed, itself among them, by seed."""
    alike = {name: key[name] for name in ("dataset_hash", "model_hash", "trainer_hash")}
    return [dict(one) for one in (TrainedModel & alike).keys(order_by="seed")]


def spec_and_weights(key: Key) -> tuple[FitSpec, str]:
    """Return the configs of a fit and the digest of its weights."""
    return fit_spec(key), weights_of(key)


def weights_of(key: Key) -> str:
    """The digest that names a trained model's weights."""
    return str((TrainedModel & fit_key(key)).fetch1("weights_sha256"))


def restore(spec: FitSpec, stores: Mapping[str, str], weights_sha256: str) -> tuple[torch.nn.Module, Any]:
    """Load a fitted model; needs no database.

    Parameters
    ----------
    spec : FitSpec
        Configs of the fit.
    stores : mapping
        Paths below the store by session.
    weights_sha256 : str
        Digest of the weights.

    Returns
    -------
    Module
        The model in evaluation mode on this process's device.
    mapping
        Its loaders.
    """
    loaders, settings = load_data(spec, stores), settings_in_force()
    fitted = build_model(spec, loaders, settings.weights)
    fitted.load_state_dict(load_weights(settings.weights, weights_sha256))
    return fitted.to(pick_device(settings.device)).eval(), loaders


def load_data(spec: FitSpec, stores: Mapping[str, str]) -> Any:
    """The loaders of a fit: ``{tier: {session: loader}}``; ``stores`` are paths below the store by session."""
    settings = settings_in_force()
    return build_loaders(spec, dataset.absolute(stores), settings.cache)


def restore_all(fits: Sequence[tuple[FitSpec, str]], stores: Mapping[str, str]) -> tuple[list[torch.nn.Module], Any]:
    """Load several fitted models, each given by its configs and its weights; return them and the loaders of the first.

    Needs no database.
    """
    restored = [restore(spec, stores, weights) for spec, weights in fits]
    return [model for model, _ in restored], restored[0][1]


def load_model(key: Key) -> tuple[torch.nn.Module, Any]:
    """A fitted model and its loaders from a ``TrainedModel`` key, for a notebook."""
    return restore(fit_spec(key), dataset.store_paths(key), weights_of(key))


def add_ensemble(keys: Iterable[Key], comment: str = "") -> dict[str, str]:
    """Insert the ensemble of these fits (``TrainedModel & {"model_hash": ...}``) unless it is there; return its key.

    Raises ConfigError for no member, for one that is not fitted, and for members of different datasets.
    """
    members = [fit_key(key) for key in keys]
    for key in members:
        if not restrict(TrainedModel(), key):
            raise ConfigError(f"{key} is not fitted: run dlgn populate first")
    fit_precision.refuse_mixed(members, TrainedModel(), "the members of an ensemble")
    return ensemble.Ensemble.add(members, comment)


def member_fits(ensemble_hash: str) -> list[tuple[FitSpec, str]]:
    """Return each member's configs and the digest of its weights.

    Raises ConfigError for an unknown ensemble, and for one with members that are not fitted yet, or in two precisions.
    """
    if not restrict(ensemble.Ensemble(), {"ensemble_hash": ensemble_hash}):
        raise ConfigError(
            f"there is no ensemble {ensemble_hash!r}: dlgn define names those of an "
            "experiment with ensembles: true; add_ensemble makes one of fitted models"
        )
    members = ensemble.Ensemble.Member & {"ensemble_hash": ensemble_hash}
    if lacking := len(members - TrainedModel.proj()):
        raise ConfigError(
            f"of ensemble {ensemble_hash}, {lacking} of {len(members)} members are not fitted: run dlgn populate first"
        )
    keys = [fit_key(key) for key in members.keys(order_by="KEY")]
    fit_precision.refuse_mixed(keys, TrainedModel(), f"the members of ensemble {ensemble_hash}")
    return [*map(spec_and_weights, keys)]


def restore_ensemble(members: list[tuple[FitSpec, str]], stores: Mapping[str, str]) -> tuple[EnsembleModel, Any]:
    """An ensemble in evaluation mode on this process's device, and the loaders of its first member; needs no database.

    Scores and MEIs take it as they take a model.
    """
    from dlgn_cnn.models.ensemble import EnsembleModel

    models, loaders = restore_all(members, stores)
    return EnsembleModel(models).eval(), loaders


def load_ensemble(key: Key) -> tuple[EnsembleModel, Any]:
    """An ensemble and loaders from an ``Ensemble`` key, for a notebook."""
    row = (ensemble.Ensemble & {"ensemble_hash": key["ensemble_hash"]}).fetch1()
    return restore_ensemble(member_fits(row["ensemble_hash"]), dataset.store_paths(row))
