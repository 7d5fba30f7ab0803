"""Snapshot of a fit between two steps, taken and put back: the fit goes on as if it had never stopped.

What is not in it: gradients (a step is whole), where a lab's own loader stands that cannot say so, numpy's and
Python's global generators, which nothing here draws from.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from dlgn_cnn.data.loading.trial_loader import TrialLoader
from dlgn_cnn.errors import StoreError
from dlgn_cnn.runtime import threads
from dlgn_cnn.training.fit import StateDict, TrainingLoop, copied
from dlgn_cnn.training.fit_config import EpochRecord

FORMAT = 3
# Attributes of a fit that are plain values.
VALUES = (
    "precision",
    "best_epoch",
    "parts",
    "samples",
    "seconds",
    "training_s",
    "trained",
    "rate",
    "threads",
    "same_bits",
)


@dataclass(frozen=True)
class Snapshot:
    """Tensors on the CPU by name, and everything else as what JSON can carry."""

    tensors: StateDict
    facts: dict[str, Any]


def can_capture(fit: TrainingLoop) -> bool:
    """Whether the fit could go on from where it stands: within an epoch only if all loaders are our own.

    Sessions are interleaved by what is left of each, which only ours can say.
    """
    between_epochs = fit.trained or not fit.parts
    return between_epochs or all(isinstance(loader, TrialLoader) for loader in fit.loaders["train"].values())


def capture(fit: TrainingLoop) -> Snapshot:
    """The fit as it stands, at a boundary."""
    tensors = _named("model", fit.model.state_dict()) | _named("best", fit.best_state)
    tensors |= _named("observation", fit.loss.state_dict()) | _named("best_observation", fit.best_observation)
    tensors |= _named("generator", _generator_states(fit))
    for index, state in fit.optimizer.state_dict()["state"].items():
        tensors |= _named(f"optimizer.{index}", state)
    loaders = fit.loaders["train"].items()
    fit.elapsed_s()  # brings the fit's seconds up to now
    facts = {
        "format": FORMAT,
        "values": {name: getattr(fit, name) for name in VALUES},
        "records": [dataclasses.asdict(record) for record in fit.records],
        "schedule": fit.schedule.state_dict(),
        "loaders": {key: loader.state_dict() for key, loader in loaders if hasattr(loader, "state_dict")},
    }
    return Snapshot(copied(tensors), facts)


def restore(fit: TrainingLoop, snapshot: Snapshot) -> None:
    """Put a fit that was built alike where the snapshot was taken. Raises StoreError for one that was built otherwise.

    Of the generators, those of devices that this machine lacks are left out.
    """
    facts, tensors = snapshot.facts, snapshot.tensors
    _check(fit, snapshot)
    for key, loader in fit.loaders["train"].items():
        if key in facts["loaders"]:
            loader.load_state_dict(facts["loaders"][key])
    fit.model.load_state_dict(_below("model", tensors))
    fit.loss.load_state_dict(_below("observation", tensors))
    fit.best_state, fit.best_observation = copied(_below("best", tensors)), copied(_below("best_observation", tensors))
    groups = fit.optimizer.state_dict()["param_groups"]
    indices = [index for group in groups for index in group["params"]]
    states = {index: copied(_below(f"optimizer.{index}", tensors)) for index in indices}
    fit.optimizer.load_state_dict({"state": states, "param_groups": groups})
    fit.schedule.load_state_dict(facts["schedule"])
    for group, rate in zip(fit.optimizer.param_groups, fit.schedule.get_last_lr(), strict=True):
        group["lr"] = rate
    fit.records = [EpochRecord(**record) for record in facts["records"]]
    fit.forget_epoch()
    vars(fit).update(facts["values"], parts=list(facts["values"]["parts"]))
    fit.same_bits = threads.again(fit.threads) and fit.same_bits
    _set_generators(fit, _below("generator", tensors))


def _check(fit: TrainingLoop, snapshot: Snapshot) -> None:
    if snapshot.facts.get("format") != FORMAT:
        raise StoreError(f"checkpoint of format {snapshot.facts.get('format')!r}: expected {FORMAT}")
    for name, state in (("model", fit.model.state_dict()), ("observation", fit.loss.state_dict())):
        given = {key: tuple(value.shape) for key, value in _below(name, snapshot.tensors).items()}
        if given != {key: tuple(value.shape) for key, value in state.items()}:
            raise StoreError(f"checkpoint of another {name}: its tensors have other names or shapes")


def _named(prefix: str, state: StateDict) -> StateDict:
    return {f"{prefix}.{name}": value for name, value in state.items()}


def _below(prefix: str, tensors: StateDict) -> StateDict:
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}


def _generators(fit: TrainingLoop) -> Iterator[tuple[str, torch.Generator]]:
    """The generators that the model's modules hold, by place."""
    for place, module in fit.model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Generator):
                yield f"model.{place}.{name}", value


def _generator_states(fit: TrainingLoop) -> StateDict:
    states = {name: generator.get_state() for name, generator in _generators(fit)} | {"cpu": torch.get_rng_state()}
    if fit.device.type == "cuda":
        states |= {f"cuda.{index}": state for index, state in enumerate(torch.cuda.get_rng_state_all())}
    if fit.device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def _set_generators(fit: TrainingLoop, states: StateDict) -> None:
    for name, generator in _generators(fit):
        generator.set_state(states[name])
    torch.set_rng_state(states["cpu"])
    if fit.device.type == "cuda":
        for index in range(torch.cuda.device_count()):
            if f"cuda.{index}" in states:
                torch.cuda.set_rng_state(states[f"cuda.{index}"], index)
    if fit.device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
