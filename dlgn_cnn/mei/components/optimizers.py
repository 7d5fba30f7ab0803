"""Optimizers: from a stimulus and a direction to the next proposal, which the constraint then projects.

State is passed in and returned: tensors with a row a target, so that targets can leave a batch.
"""

from typing import Protocol

import torch

from dlgn_cnn.registry import Registry
from dlgn_cnn.values import number

OPTIMIZERS = Registry("optimizer", "dlgn_cnn.mei.components")
State = dict[str, torch.Tensor]


class Optimizer(Protocol):
    """One step of ascent; ``isotropic`` where all of a stimulus moves by one step size."""

    isotropic: bool

    def start(self, parameters: torch.Tensor) -> State:
        """The state before the first step of parameters (target, ...)."""

    def propose(self, parameters: torch.Tensor, direction: torch.Tensor, state: State, step: int) -> torch.Tensor:
        """Propose the next parameters.

        Parameters
        ----------
        parameters : Tensor, shape (target, ...)
            Present parameters.
        direction : Tensor, shape (target, ...)
            Direction of ascent, of unit norm or less.
        state : dict of str to Tensor
            State of the optimizer, which is updated.
        step : int
            Number of the step, from 0.

        Returns
        -------
        Tensor, shape (target, ...)
            The next parameters, which the constraint then projects.
        """


@OPTIMIZERS.register("momentum")
class Momentum:
    """Normalized ascent with momentum: a step's length does not depend on how steep the response is.

    In step k the stimulus moves by ``learning_rate * decay ** k`` of its own norm along the running mean of the
    directions. As the rate grows large this becomes the generalized power method (Journee et al. 2010): the next
    stimulus is the best one for the present gradient.

    Parameters
    ----------
    learning_rate : float
        Length of the first step as a share of the stimulus's norm, above 0.
    decay : float
        Factor of the length from step to step, above 0, at most 1.
    momentum : float
        Memory of the running mean, 0 to 0.999.

    Raises
    ------
    ConfigError
        If a value is out of its range.

    Examples
    --------
    >>> Momentum(0.1).start(torch.ones(1, 2))
    {'velocity': tensor([[0., 0.]])}
    """

    isotropic = True

    def __init__(self, learning_rate: float = 1.0, decay: float = 0.98, momentum: float = 0.5) -> None:
        self.learning_rate = number("optimizer.learning_rate", learning_rate, 0, above=True)
        self.decay = number("optimizer.decay", decay, 0, 1, above=True)
        self.momentum = number("optimizer.momentum", momentum, 0, 0.999)

    def start(self, parameters: torch.Tensor) -> State:
        """A velocity of zero."""
        return {"velocity": torch.zeros_like(parameters)}

    def propose(self, parameters: torch.Tensor, direction: torch.Tensor, state: State, step: int) -> torch.Tensor:
        """Move by the norm of the parameters times the rate, the direction's norm and the unit velocity.

        Parameters
        ----------
        parameters : Tensor, shape (target, ...)
            Present parameters.
        direction : Tensor, shape (target, ...)
            Direction of ascent, of unit norm or less.
        state : dict of str to Tensor
            Holds the velocity, which is updated.
        step : int
            Number of the step, from 0.

        Returns
        -------
        Tensor, shape (target, ...)
            The next parameters.
        """
        state["velocity"] = self.momentum * state["velocity"] + (1 - self.momentum) * direction
        length = self.learning_rate * self.decay**step * norms(parameters) * norms(direction)
        return parameters + length * unit(state["velocity"])


def norms(parameters: torch.Tensor) -> torch.Tensor:
    """L2 norm of each target's parameters, (target, 1, ...) with as many axes."""
    lengths = parameters.flatten(1).norm(dim=1)
    return lengths.view(-1, *[1] * (parameters.ndim - 1))


def unit(directions: torch.Tensor) -> torch.Tensor:
    """Each direction divided by its L2 norm; a zero one stays zero."""
    return directions / norms(directions).clamp_min(torch.finfo(directions.dtype).tiny)
