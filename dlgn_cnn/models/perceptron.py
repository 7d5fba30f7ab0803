"""Small multi-layer perceptrons that start near zero, as a correction."""

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError

SMALL = 0.01


def perceptron(
    inputs: int, layers: int, hidden: int, activation: type[nn.Module], generator: torch.Generator
) -> nn.Sequential:
    """A multi-layer perceptron from values (..., ``inputs``) to (..., 2) that starts near zero.

    The last map starts at a hundredth of the usual scale, so that a gradient gets to the maps before it; biases start
    at zero.

    Parameters
    ----------
    inputs : int
        Number of values.
    layers : int
        Number of linear maps.
    hidden : int
        Width between them.
    activation : type
        Module between them.
    generator : Generator
        Draws the weights.

    Returns
    -------
    Sequential
        The perceptron.

    Raises
    ------
    ConfigError
        If there are no layers or no hidden values.
    """
    if layers < 1 or hidden < 1:
        raise ConfigError(f"a perceptron of {layers} layers, {hidden} wide: both must be 1 or more")
    widths = [inputs, *[hidden] * (layers - 1), 2]
    parts: list[nn.Module] = []
    for index in range(layers):
        linear = nn.Linear(widths[index], widths[index + 1])
        scale = (SMALL if index == layers - 1 else 1.0) / widths[index] ** 0.5
        with torch.no_grad():
            linear.weight.copy_(scale * torch.randn(linear.weight.shape, generator=generator))
            linear.bias.zero_()
        parts += [linear] if index == 0 else [activation(), linear]
    return nn.Sequential(*parts)
