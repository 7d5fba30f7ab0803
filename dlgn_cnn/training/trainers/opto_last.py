"""A trainer for the feedback contrast: what the light adds is learned before what it changes."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.reference.model import ReferenceHead, ReferenceModel
from dlgn_cnn.models.reference.space_time import SpaceTimeKernel
from dlgn_cnn.registry import nested
from dlgn_cnn.training.callbacks import Callback
from dlgn_cnn.training.fit import StateDict, TrainingLoop, copied
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.lbfgs import refine, whitened
from dlgn_cnn.training.losses import poisson
from dlgn_cnn.training.trainers import TRAINERS
from dlgn_cnn.training.trainers.standard import run
from dlgn_cnn.values import whole

KEPT = {"spatial": "temporal", "temporal": "spatial"}  # the kernel that the light leaves as it is


@dataclass(frozen=True)
class OptoStage:
    """One session's kernel, its mean counts (unit,), and its weights by when they are fitted.

    ``change`` is what the light changes in the kernel, ``bias`` and ``opto`` what a rate has without the movie: its
    baseline, and the light's own weights. ``last`` are free in the end: all but the kernel's part that the light leaves
    as it is, and behavior's, which have been fitted.
    """

    kernel: SpaceTimeKernel
    counts: torch.Tensor
    change: nn.Parameter
    bias: nn.Parameter
    opto: list[nn.Parameter]
    last: list[nn.Parameter]


def check_opto_last(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> None:
    """Refuse values that a fit would refuse. Raises ConfigError."""
    nested(FitConfig, config.get("fit"))
    whole("iterations", config.get("iterations", 20), 1)


@TRAINERS.register("opto_last", check=check_opto_last, fit=FitConfig)
def opto_last(
    model: nn.Module,
    dataloaders: Mapping[str, Mapping[str, Any]],
    seed: int,
    uid: object = None,
    cb: Callback | Callable[..., None] | None = None,
    auto_precision: str = "auto",
    *,
    fit: Mapping[str, Any] | None = None,
    iterations: int = 20,
) -> tuple[float, dict[str, Any], StateDict]:
    """Fit an ``ln`` or ``spline_glm`` model whose ``opto`` is ``spatial`` or ``temporal``, in three stages.

    First as ``standard`` does, by Poisson loss, as if there were no light. From there, session by session, to the
    optimum of all training windows by L-BFGS: what the light adds to the rate, and then everything except the kernel
    that the light leaves as it is, and behavior's.

    The order matters to a contrast: a kernel that is free to differ in the light is otherwise made to stand in for what
    the light adds, and units seem to prefer something else where they only fire more. So does the optimum: noise of an
    unfinished descent hides a small change. A stopped fit goes on from the first stage's last checkpoint; the others
    are repeated. L-BFGS runs in float32, whatever the precision of the first stage and of validation. The training tier
    is held in memory once, as float32.

    Parameters
    ----------
    model : Module
        Model to fit.
    dataloaders : mapping
        ``{tier: {session: loader}}``.
    seed : int
        Part of the contract; loaders and model have generators of their own.
    uid : object
        Identifies the fit in calls of ``cb``.
    cb : Callback or callable, optional
        Follows the first stage.
    auto_precision : str
        What precision ``auto`` means; supplied by the caller.
    fit : mapping, optional
        Options of ``FitConfig`` for the first stage.
    iterations : int
        Steps of L-BFGS in each of the other stages, 1 or more.

    Returns
    -------
    score : float
        Mean validation correlation after the last stage.
    output : dict
        What ``standard`` returns, and ``stages``: the validation correlation after each stage.
    state_dict : dict
        The weights of the last stage, on the CPU.

    Raises
    ------
    ConfigError
        If the model is of another kind.
    """
    config = nested(FitConfig, fit)
    whole("iterations", iterations, 1)
    parts = _opto_stage(model)
    # Before the first stage, so that one that goes on from a checkpoint finds them in the same order.
    windows = {key: list(dataloaders["train"][key]) for key in parts}
    with _without_opto_labels(model, parts.values()):
        first = TrainingLoop(model, dataloaders, poisson, config, auto_precision=auto_precision)
        score, output, _ = run(first, uid, cb)
    scorer = TrainingLoop(model, dataloaders, poisson, config, auto_precision=first.precision)
    stages = [{"stage": "without", "validation_correlation": score}]
    by_lbfgs = partial(refine, model, iterations=iterations, burn_in_frames=config.burn_in_frames)
    for key, one in parts.items():
        by_lbfgs(key, windows[key], [one.bias, *one.opto])
    stages.append({"stage": "adds", "validation_correlation": scorer.validate()[1]})
    for key, one in parts.items():
        with whitened(one.kernel, windows[key], one.counts):
            by_lbfgs(key, windows[key], one.last)
    score = scorer.validate()[1]
    stages.append({"stage": "changes", "validation_correlation": score})
    return score, output | {"stages": stages}, copied(model.state_dict())


@contextmanager
def _without_opto_labels(model: nn.Module, parts: Collection[OptoStage]) -> Iterator[None]:
    """Within the block the model sees no light and learns nothing of it."""

    def without_opto(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
        videos, opto, *rest = inputs
        return (videos, torch.zeros_like(opto), *rest), named

    blind = [weights for one in parts for weights in (one.change, *one.opto)]
    for one in parts:
        nn.init.zeros_(one.change)
    hook = model.register_forward_pre_hook(without_opto, with_kwargs=True)
    for weights in blind:
        weights.requires_grad_(False)
    try:
        yield
    finally:
        hook.remove()
        for weights in blind:
            weights.requires_grad_(True)


def _opto_stage(model: nn.Module) -> dict[str, OptoStage]:
    """Weights to fit, by session. Raises ConfigError for a model in which the light changes no kernel."""
    heads = {key: model.head(key) for key in model.data_keys} if isinstance(model, ReferenceModel) else {}
    found = {key: one for key, head in heads.items() if (one := _opto_head(head)) is not None}
    if not found or len(found) < len(heads):
        raise ConfigError(
            "opto_last fits models of fn ln or spline_glm whose opto is spatial or temporal, and this "
            f"{type(model).__name__} is another: choose such a model, or the trainer standard"
        )
    return found


def _opto_head(head: ReferenceHead) -> OptoStage | None:
    kernel = head.stimulus
    if kernel is None or kernel.changes is None or kernel.opto_change is None:
        return None
    fitted = {id(weights) for weights in (getattr(kernel, KEPT[kernel.changes]), *head.behavior.parameters())}
    last = [weights for weights in head.parameters() if id(weights) not in fitted]
    return OptoStage(kernel, head.mean_counts, kernel.opto_change, head.bias, [*head.opto.parameters()], last)
