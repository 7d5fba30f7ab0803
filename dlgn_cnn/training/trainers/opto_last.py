"""A trainer for the feedback contrast: what the light adds is learned before what it changes."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.reference.model import ReferenceModel
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


def check_opto_last(config: Mapping[str, Any]) -> None:
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
    heads = _heads(model)
    # Before the first stage, so that one that goes on from a checkpoint finds them in the same order.
    windows = {key: list(dataloaders["train"][key]) for key in heads}
    with _without_opto_labels(model, heads.values()):
        first = TrainingLoop(model, dataloaders, poisson, config, auto_precision=auto_precision)
        score, output, _ = run(first, uid, cb)
    scorer = TrainingLoop(model, dataloaders, poisson, config, auto_precision=first.precision)
    stages = [{"stage": "without", "validation_correlation": score}]
    by_lbfgs = partial(refine, model, iterations=iterations, burn_in_frames=config.burn_in_frames)
    for key, head in heads.items():
        by_lbfgs(key, windows[key], [head.bias, *head.opto.parameters()])
    stages.append({"stage": "adds", "validation_correlation": scorer.validate()[1]})
    for key, head in heads.items():
        free = _free_in_the_end(head)
        with whitened(head.stimulus, windows[key], head.mean_counts):
            by_lbfgs(key, windows[key], free)
    score = scorer.validate()[1]
    stages.append({"stage": "changes", "validation_correlation": score})
    return score, output | {"stages": stages}, copied(model.state_dict())


@contextmanager
def _without_opto_labels(model: nn.Module, heads: Collection[Any]) -> Iterator[None]:
    """Within the block the model sees no light and learns nothing of it."""

    def without_opto(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
        videos, opto, *rest = inputs
        return (videos, torch.zeros_like(opto), *rest), named

    blind = [weights for head in heads for weights in (head.stimulus.opto_change, *head.opto.parameters())]
    for head in heads:
        nn.init.zeros_(head.stimulus.opto_change)
    hook = model.register_forward_pre_hook(without_opto, with_kwargs=True)
    for weights in blind:
        weights.requires_grad_(False)
    try:
        yield
    finally:
        hook.remove()
        for weights in blind:
            weights.requires_grad_(True)


def _heads(model: nn.Module) -> dict[str, Any]:
    """Heads by session. Raises ConfigError for a model in which the light changes no kernel."""
    heads: dict[str, Any] = (
        {key: model.head(key) for key in model.data_keys} if isinstance(model, ReferenceModel) else {}
    )
    if not heads or not all(head.stimulus is not None and head.stimulus.changes for head in heads.values()):
        raise ConfigError(
            "opto_last fits models of fn ln or spline_glm whose opto is spatial or temporal, and this "
            f"{type(model).__name__} is another: choose such a model, or the trainer standard"
        )
    return heads


def _free_in_the_end(head: Any) -> list[nn.Parameter]:
    """All weights but the kernel's part that the light leaves as it is, and behavior's, which have been fitted."""
    kept = getattr(head.stimulus, KEPT[head.stimulus.changes])
    fitted = {id(weights) for weights in (kept, *head.behavior.parameters())}
    return [weights for weights in head.parameters() if id(weights) not in fitted]
