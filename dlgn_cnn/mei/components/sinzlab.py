"""Components written for sinzlab's ``mei`` (Walker et al. 2019; ``neuro-mei`` on PyPI), named by ``{path, kwargs}``.

Theirs take a stimulus with a channel axis, (stimulus, 1, time, height, width), and the number of the step. Each class
here makes what our engine asks for out of one: its precondition, its postprocessing, and torch's optimizers. What is
named by ``{name, ...}`` keeps our own contract, by import path too.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.registry import check_arguments


class Preconditioned:
    """A preconditioner out of ``precondition(gradient, step) -> gradient``."""

    def __init__(self, component: Callable[..., Any], kwargs: Mapping[str, Any]) -> None:
        self.component = called(component, kwargs)

    def __call__(self, gradient: torch.Tensor, step: int = 0) -> torch.Tensor:
        """Gradient (stimulus, time, height, width) to a direction."""
        return without_channel(self.component(gradient[:, None], step), gradient)


class Postprocessed:
    """A constraint out of ``postprocessing(stimulus, step) -> stimulus``, taken to leave allowed stimuli alone."""

    def __init__(self, component: Callable[..., Any], kwargs: Mapping[str, Any]) -> None:
        self.component = called(component, kwargs)

    def project(self, proposals: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Pass each proposal by itself through the component, gray outside the mask."""
        if mask is not None:
            proposals = proposals * mask
        return torch.cat([without_channel(self.component(one[None, None], 0), one[None]) for one in proposals])

    def check(self, free: int, total: int) -> None:
        """Accept all: it is unknown what the component allows."""

    def violation(self, stimuli: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Change that the component would still make to each stimulus, as a share of its norm."""
        moved = (self.project(stimuli, mask) - stimuli).flatten(1).norm(dim=1)
        return moved / stimuli.flatten(1).norm(dim=1).clamp_min(torch.finfo(stimuli.dtype).tiny)

    def in_range(self, stimuli: torch.Tensor) -> torch.Tensor:
        """Return False: it is unknown what range the component allows."""
        return torch.zeros(len(stimuli), dtype=torch.bool, device=stimuli.device)


class TorchOptimizer:
    """An optimizer out of a class such as ``torch.optim.Adam``; its state must have the shape of the parameters."""

    isotropic = False

    def __init__(self, component: Callable[..., Any], kwargs: Mapping[str, Any]) -> None:
        self.component, self.kwargs = component, dict(kwargs)
        if "params" in kwargs:
            raise ConfigError("params are what is optimized: leave them out", "kwargs.params")
        called(component, {"params": [torch.zeros(1, requires_grad=True)], **kwargs})

    def start(self, parameters: torch.Tensor) -> dict[str, torch.Tensor]:
        """No state."""
        return {}

    def propose(
        self, parameters: torch.Tensor, direction: torch.Tensor, state: dict[str, torch.Tensor], step: int
    ) -> torch.Tensor:
        """Take one step of the optimizer along the direction.

        Parameters
        ----------
        parameters : Tensor, shape (target, ...)
            Present parameters.
        direction : Tensor, shape (target, ...)
            Direction of ascent.
        state : dict of str to Tensor
            State of the optimizer with one row for each target, which is updated.
        step : int
            Not used: the state counts steps.

        Returns
        -------
        Tensor, shape (target, ...)
            The next parameters.
        """
        moved = torch.nn.Parameter(parameters.detach().clone())
        optimizer, targets = self.component(params=[moved], **self.kwargs), len(parameters)
        # Numbers of the state, as Adam's count of steps, have a row a target too, so that targets can leave.
        known = {name: value[0] if value.shape == (targets,) else value for name, value in state.items()}
        if known:
            optimizer.state[moved].update(known)
        moved.grad = -direction
        optimizer.step()
        for name, value in optimizer.state[moved].items():
            if torch.is_tensor(value):
                state[name] = value.expand(targets).clone() if value.ndim == 0 else value
        return moved.detach()


SINZLAB_ADAPTERS: dict[str, Callable[..., Any]] = {
    "preconditioner": Preconditioned,
    "constraint": Postprocessed,
    "optimizer": TorchOptimizer,
}


def called(component: Callable[..., Any], kwargs: Mapping[str, Any]) -> Any:
    """The component that a class or function builds from its arguments. Raises ConfigError where it does not."""
    where = f"{component.__module__}.{getattr(component, '__qualname__', type(component).__name__)}"
    check_arguments(component, kwargs, where)
    try:
        return component(**kwargs)
    except Exception as error:
        raise ConfigError(f"{where} cannot be built from {sorted(kwargs)}: {type(error).__name__}: {error}") from error


def without_channel(result: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Remove the channel axis of a result (stimulus, 1, time, height, width). Raises ModelError for another shape."""
    expected = (len(like), 1, *like.shape[1:])
    if tuple(result.shape) != expected:
        raise ModelError(f"a component of the MEI returned shape {tuple(result.shape)}, expected {expected}")
    return result[:, 0]
