"""Geometry of a core: what its layers do to channels, space and time, worked out before anything is built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.values import choice

Shape = tuple[int, int, int]


def check_layers(lists: Mapping[str, Sequence[int]]) -> None:
    """Raise ConfigError unless each named list holds one whole number above 0 a layer and all kernels in space are odd.

    An even kernel has no pixel at its center: its maps would lie half a pixel off the frame.
    """
    for name, values in lists.items():
        if not isinstance(values, (list, tuple)) or not values or not all(type(v) is int and v > 0 for v in values):
            raise ConfigError(f"{name} of a core is {values!r}: give a list of whole numbers above 0, one a layer")
    if len({len(values) for values in lists.values()}) > 1:
        counts = ", ".join(f"{len(values)} {name}" for name, values in lists.items())
        raise ConfigError(f"a core has {counts}: give one of each a layer")
    if any(kernel % 2 == 0 for kernel in lists["kernels"]):
        raise ConfigError(f"kernels of a core are {list(lists['kernels'])} px: give odd ones")


@dataclass(frozen=True)
class Layer:
    """One layer's convolution: channels, then kernel, stride, dilation and padding a side in px, then frames."""

    incoming: int
    outgoing: int
    kernel: int
    stride: int
    dilation: int
    padding: int
    kernel_time: int = 1
    dilation_time: int = 1

    @property
    def radius_px(self) -> int:
        """Radius of the kernel with its dilation, px."""
        return self.dilation * (self.kernel // 2)

    @property
    def frames_lost(self) -> int:
        """Frames before the current one that the kernel needs."""
        return self.dilation_time * (self.kernel_time - 1)

    def out_size(self, size: int) -> int:
        """Px that are left of ``size`` px. Raises ConfigError where the kernel is larger than what it filters."""
        span = size + 2 * self.padding - 2 * self.radius_px
        if span < 1:
            raise ConfigError(
                f"a kernel of {self.kernel} px with dilation {self.dilation} spans {2 * self.radius_px + 1} px and the "
                f"maps that it filters have {size}: use padding 'same', smaller kernels or fewer layers"
            )
        return (span - 1) // self.stride + 1


def plan_layers(
    in_shape: Shape,
    channels: Sequence[int],
    kernels: Sequence[int],
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    padding: str = "same",
    kernels_time: Sequence[int] | None = None,
    dilations_time: Sequence[int] | None = None,
) -> tuple[list[Layer], Shape]:
    """Plan the layers of a core.

    Parameters
    ----------
    in_shape : tuple of int
        Channels, height and width of a frame.
    channels : sequence of int
        Features of each layer.
    kernels : sequence of int
        Width of the square kernels in px, odd.
    strides, dilations : sequence of int, optional
        In px (default: all 1).
    padding : str
        ``same`` keeps the frame except for strides; ``valid`` keeps each kernel within the frame.
    kernels_time, dilations_time : sequence of int, optional
        In frames (default: all 1).

    Returns
    -------
    layers : list of Layer
        The layers in order.
    out_shape : tuple of int
        Shape (feature, height', width') of what leaves the last.

    Raises
    ------
    ConfigError
        If the layers do not fit together.

    Examples
    --------
    >>> plan_layers((1, 33, 53), [16], [17], [3])[1]
    (16, 11, 18)
    """
    given = {
        "channels": channels,
        "kernels": kernels,
        "strides": strides,
        "dilations": dilations,
        "kernels_time": kernels_time,
        "dilations_time": dilations_time,
    }
    check_layers({name: values for name, values in given.items() if values is not None})
    lists = [[1] * len(channels) if values is None else values for values in given.values()]
    choice("padding", padding, ("same", "valid"))
    incoming, height, width = in_shape
    layers = []
    for outgoing, kernel, stride, dilation, kernel_time, dilation_time in zip(*lists, strict=True):
        margin = dilation * (kernel // 2) if padding == "same" else 0
        layer = Layer(incoming, outgoing, kernel, stride, dilation, margin, kernel_time, dilation_time)
        layers.append(layer)
        incoming, height, width = outgoing, layer.out_size(height), layer.out_size(width)
    return layers, (incoming, height, width)
