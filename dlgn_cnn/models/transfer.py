"""Transfer: an encoder for new sessions whose shared parts were fitted to others."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import torch

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import MODELS, encoder
from dlgn_cnn.models.encoder import Encoder

SHARED = ("core", "recurrent", "output")
StateDict = Mapping[str, torch.Tensor]


@MODELS.register("transferred")
def transferred(
    data_info: Mapping[str, DataInfo],
    seed: int,
    trained: Callable[[Mapping[str, Any]], StateDict] | None,
    allowed_packages: Collection[str] = (),
    *,
    source: Mapping[str, Any],
    model: Mapping[str, Any],
    parts: Sequence[str] = ("core",),
    freeze: bool = True,
) -> Encoder:
    """An ``encoder`` of config ``model`` whose shared ``parts`` have the weights of a fitted model (Lurz et al. 2021).

    ``source`` is that model's key, ``{dataset_hash: ..., model_hash: ..., trainer_hash: ..., seed: ...}``; its parts
    must be shaped as those of ``model``. With ``freeze`` they stay as they are, in evaluation mode, and only the rest
    is fitted. ``trained`` gives the weights of a key and is supplied by the caller; None, as where a config is only
    checked, leaves initial weights; it supplies ``allowed_packages`` too, as to ``encoder``. Raises ConfigError.
    """
    with within("model"):
        given = {"data_info": data_info, "seed": seed, "allowed_packages": allowed_packages}
        MODELS.check_arguments("encoder", encoder, model, given)
        built = encoder(**given, **model)
    for name in parts:
        part = getattr(built, name, None) if name in SHARED else None
        if part is None:
            raise ConfigError(f"parts {list(parts)}: {name!r} is none that the model shares; choose from {SHARED}")
        if trained is not None:
            _load(part, name, trained(source))
        if freeze:
            part.requires_grad_(False)
            # Whoever puts the model into training mode means the rest of it.
            part.register_forward_pre_hook(_stay_in_evaluation)
    return built


def _load(part: torch.nn.Module, name: str, weights: StateDict) -> None:
    start = f"{name}."
    own = {key.removeprefix(start): value for key, value in weights.items() if key.startswith(start)}
    shapes = {key: list(value.shape) for key, value in part.state_dict().items()}
    given = {key: list(value.shape) for key, value in own.items()}
    if given != shapes:
        raise ConfigError(f"the {name} of the source has weights {given}, that of the model {shapes}: make them alike")
    part.load_state_dict(own)


def _stay_in_evaluation(part: torch.nn.Module, arguments: Any) -> None:
    part.eval()
