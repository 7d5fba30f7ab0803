"""Checks that all cores share."""

from collections.abc import Sequence

from dlgn_cnn.errors import ConfigError


def check_layers(channels: Sequence[int], kernels: Sequence[int], strides: Sequence[int]) -> None:
    """Raise ConfigError unless there is one positive channel count, odd kernel and positive stride a layer."""
    if not len(channels) == len(kernels) == len(strides) > 0:
        raise ConfigError(
            f"a core has {len(channels)} channels, {len(kernels)} kernels and {len(strides)} strides: "
            "give one of each a layer"
        )
    if min(*channels, *kernels, *strides) < 1 or any(kernel % 2 == 0 for kernel in kernels):
        raise ConfigError(f"channels {channels}, kernels {kernels}, strides {strides}: all positive, kernels odd")
