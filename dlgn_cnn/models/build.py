"""From config to model: the model functions that ``ModelConfig`` names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.encoder import Encoder, SessionHead
from dlgn_cnn.models.modulators import MODULATORS
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.readouts import READOUTS
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.shifters import SHIFTERS
from dlgn_cnn.registry import Registry

MODELS = Registry(
    "model function",
    "dlgn_cnn.models",
    "dlgn_cnn.models.reference",
    given=("data_info", "dataloaders", "seed", "trained"),
)
Part = Mapping[str, Any]
SHARED = ("core", "recurrent", "output")
StateDict = Mapping[str, torch.Tensor]


@MODELS.register("encoder")
def encoder(
    data_info: Mapping[str, DataInfo],
    seed: int,
    *,
    core: Part,
    readout: Part,
    recurrent: Part | None = None,
    shifter: Part | None = None,
    modulators: Sequence[Part] = (),
    output: Part | None = None,
    opto_channel: bool = False,
) -> Encoder:
    """A shared core and recurrent unit, for each session a readout, shifter and modulators, and an output nonlinearity.

    Each component is ``{"name": ..., **its parameters}``. Its name is a registered one, or an import path. Initial
    biases are each unit's mean count.

    Parameters
    ----------
    data_info : mapping of str to DataInfo
        The sessions.
    seed : int
        Initial weights follow from it alone.
    core : mapping
        Turns the movie into feature maps, for all sessions.
    readout : mapping
        Reads each unit's drive; built for each session.
    recurrent : mapping, optional
        Runs along the frames of the feature maps, for all sessions (default: none).
    shifter : mapping, optional
        Moves the readout's positions with the pupil; built for each session (default: none).
    modulators : list of mapping
        Change the drive, in the order in which they act; built for each session.
    output : mapping, optional
        From drive to rate, for all sessions (default: softplus).
    opto_channel : bool
        Whether the light is also a channel of the video.

    Returns
    -------
    Encoder
        The model.

    Raises
    ------
    ConfigError
        If a component is unknown or has a wrong parameter.
    """
    channels, height, width = next(iter(data_info.values())).frame_shape
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        # torch's layers draw their weights from the global generator only.
        torch.manual_seed(seed)
        built_core = CORES.build(core, at="core", in_shape=(channels + opto_channel, height, width))
        channels, height, width = built_core.out_shape
        built_recurrent = RECURRENTS.build(recurrent, at="recurrent", in_channels=channels) if recurrent else None
        channels = built_recurrent.out_channels if built_recurrent else channels
        built_output = OUTPUTS.build(output or {"name": "softplus"}, at="output")
        heads = {
            key: SessionHead(
                READOUTS.build(
                    readout,
                    at="readout",
                    in_shape=(channels, height, width),
                    units=len(info.units),
                    centers=torch.tensor(info.field_centers),
                    bias=built_output.inverse(torch.tensor(info.mean_counts)),
                    generator=generator,
                ),
                SHIFTERS.build(shifter, at="shifter", info=info, generator=generator) if shifter else None,
                [
                    MODULATORS.build(
                        part, at=f"modulators[{index}]", units=len(info.units), info=info, generator=generator
                    )
                    for index, part in enumerate(modulators)
                ],
            )
            for key, info in data_info.items()
        }
    return Encoder(built_core, built_recurrent, heads, built_output, opto_channel)


@MODELS.register("transferred")
def transferred(
    data_info: Mapping[str, DataInfo],
    seed: int,
    trained: Callable[[Mapping[str, Any]], StateDict] | None,
    *,
    source: Mapping[str, Any],
    model: Mapping[str, Any],
    parts: Sequence[str] = ("core",),
    freeze: bool = True,
) -> Encoder:
    """An ``encoder`` for new sessions whose shared parts have the weights of a fitted model (Lurz et al. 2021).

    Parameters
    ----------
    data_info : mapping of str to DataInfo
        The sessions.
    seed : int
        Seed of the initial weights.
    trained : callable, optional
        From the key of a fitted model to its weights; supplied by the caller. Without it, as when a config is only
        checked, initial weights stay.
    source : mapping
        Key of the fitted model: ``{dataset_hash: ..., model_hash: ..., trainer_hash: ..., seed: ...}``.
    model : mapping
        Config of the ``encoder``; its shared parts must be shaped as those of the source.
    parts : list of str
        Which of core, recurrent and output are taken over.
    freeze : bool
        Whether these stay as they are, in evaluation mode, and only the rest is fitted.

    Returns
    -------
    Encoder
        The model.

    Raises
    ------
    ConfigError
        If the model has no such part, or its shape differs from the source's.
    """
    with within("model"):
        given = {"data_info": data_info, "seed": seed}
        MODELS.check_arguments("encoder", encoder, model, given)
        built = encoder(**given, **model)
    for name in parts:
        part = getattr(built, name, None) if name in SHARED else None
        if part is None:
            raise ConfigError(
                f"parts {list(parts)}: {name!r} is not a part that the model shares; choose from {SHARED}"
            )
        if trained is not None:
            _load(part, name, trained(source))
        if freeze:
            part.requires_grad_(False)
            # A call of ``train`` on the model is meant for the rest of it.
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
