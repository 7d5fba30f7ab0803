"""Local encoder: the same rates of a unit from the piece of the picture that it sees."""

from collections.abc import Sequence
from copy import deepcopy

import torch

from dlgn_cnn.models.encoder import Encoder, at_least_float32
from dlgn_cnn.models.modulators import Signals
from dlgn_cnn.models.receptive_field import ReceptiveExtent, receptive_field_of
from dlgn_cnn.shapes import Behavior, Opto, Pupil


class LocalEncoder:
    """One unit's rate for each clip, over the last frames, computed from the pixels and frames that it can see.

    A unit with a Gaussian readout sees one point of a feature map: the field of core and recurrent unit around it
    bounds the pixels. A piece that ends at the picture's edge is padded with zeros there as the whole picture is; one
    that ends inside is so large that the false zeros do not come as far as the unit looks. So the result is that of the
    whole picture, except for the rounding of sums. A recurrent kernel above 1 px sees further with every frame: if that
    covers the picture, the piece is the picture. Without recurrence only the frames of the window, and those that the
    core loses before it, are computed.

    With another ``dtype``, such as bfloat16, core and recurrent unit run on copies in it from end to end, without the
    casts at every operation that autocast makes. Where a unit looks, and what follows, keep the model's own precision.

    Parameters
    ----------
    model : Encoder
        The model; ask ``local_encoder`` whether it has a local one.
    data_key : str
        Session of the units.
    field : ReceptiveExtent
        What core and recurrent unit see.
    shape : tuple of int
        Frames, height and width of the clips.
    window : int
        Number of last frames of the rate that are wanted.
    dtype : dtype, optional
        Precision of core and recurrent unit (default: the model's).
    """

    def __init__(
        self,
        model: Encoder,
        data_key: str,
        field: ReceptiveExtent,
        shape: tuple[int, int, int],
        window: int,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.model, self.head, self.field, self.dtype = model, model.head(data_key), field, dtype
        self.frame_shape, self.window = shape[1:], window
        self.units = len(self.head.readout.bias)  # type: ignore[arg-type]
        self.core, self.recurrent = model.core, model.recurrent
        if dtype is not None:
            self.core, self.recurrent = deepcopy((self.core, self.recurrent))
            for part in (self.core, self.recurrent):
                if part is not None:
                    part.to(dtype)
        needed = shape[0] if self.recurrent is not None else window + model.frames_lost
        self.frames = min(shape[0], needed)

    def rates(
        self,
        stimuli: torch.Tensor,
        units: torch.Tensor,
        opto: Opto,
        behavior: Behavior | None = None,
        pupil_center: Pupil | None = None,
    ) -> torch.Tensor:
        """Predict the rate of one unit for each clip.

        Parameters
        ----------
        stimuli : Tensor, shape (clip, time, height, width)
            Clips in normalized gray levels.
        units : Tensor, shape (clip,)
            Unit of each clip.
        opto : Tensor, shape (clip, time)
            Share of each frame in which the light is on.
        behavior : Tensor, shape (clip, 2, time), optional
            Running and pupil size, NaN where missing.
        pupil_center : Tensor, shape (clip, 2, time), optional
            Pupil position, NaN where missing.

        Returns
        -------
        Tensor, shape (clip, window)
            Rates in spikes a frame.
        """
        shift = None
        if self.head.shifter is not None and pupil_center is not None:
            shift = self.head.shifter(pupil_center[..., -self.window :])
        corners, size = self.piece(units, shift)
        pieces = cut(stimuli[:, -self.frames :], (corners * self.field.stride).tolist(), size)
        pieces, share = (part.to(self.dtype or part.dtype) for part in (pieces, opto[:, -self.frames :]))
        if self.model.opto_channel:
            plane = share.to(pieces.dtype)[:, None, :, None, None].expand_as(pieces)
            pieces = torch.cat([pieces, plane], 1)
        features = self.core(pieces)
        if self.recurrent is not None:
            features, _ = self.recurrent(features, share.T[-len(features) :])
        drive = self.head.readout.read_each(features[-self.window :], units, corners, shift)  # type: ignore[operator]
        drive = self._modulated(drive, units, Signals(opto, behavior, pupil_center))
        rate: torch.Tensor = self.model.output(at_least_float32(drive))
        return rate.T

    def piece(self, units: torch.Tensor, shift: torch.Tensor | None) -> tuple[torch.Tensor, tuple[int, int]]:
        """Corner of each clip's piece, (clip, 2) x and y in px of the feature map, and the size of all pieces in px."""
        places = self.head.readout.places_px(units, shift)  # type: ignore[operator]
        stride, height, width = self.field.stride, *self.frame_shape
        corners, sizes = [], []
        for axis, length in ((0, width), (1, height)):
            last = -(-length // stride) - 1
            low = places[..., axis].amin(0).floor().clamp(0, last)
            high = (places[..., axis].amax(0).floor() + 1).clamp(0, last)
            first = torch.div(low * stride - self.field.radius_px, stride, rounding_mode="floor")
            reached = high * stride + self.field.radius_px + 1 - first * stride
            # A piece begins where the stride falls, and so does the last that still fits.
            steps = max(0, (length - int(reached.amax())) // stride)
            corners.append(first.clamp(0, steps))
            sizes.append(length - steps * stride)
        return torch.stack(corners, -1).long(), (sizes[1], sizes[0])

    def _modulated(self, drive: torch.Tensor, units: torch.Tensor, signals: Signals) -> torch.Tensor:
        if not self.head.modulators:
            return drive
        index = units.expand(len(drive), -1)[..., None]
        # Modulators take all units' drive: those that were not asked for get a drive of zero.
        every = drive.new_zeros(*drive.shape, self.units).scatter(2, index, drive[..., None])
        for modulator in self.head.modulators:
            every = modulator(every, signals)
        return every.gather(2, index)[..., 0]


def local_encoder(
    model: torch.nn.Module, data_key: str, shape: tuple[int, int, int], window: int, dtype: torch.dtype | None = None
) -> LocalEncoder | None:
    """Make a local encoder of a model, if every component says how far it sees.

    Core and recurrent unit must have ``receptive_field``, the readout ``places_px`` and ``read_each`` as the Gaussian
    readout has them, and modulators must be ``unitwise``: no unit's drive may depend on another's.

    Parameters
    ----------
    model : Module
        The model.
    data_key : str
        Session of the units.
    shape : tuple of int
        Frames, height and width of the clips.
    window : int
        Number of last frames of the rate that are wanted.
    dtype : dtype, optional
        Precision of core and recurrent unit (default: the model's).

    Returns
    -------
    LocalEncoder or None
        None if a component does not say how far it sees.
    """
    if not isinstance(model, Encoder):
        return None
    head, field = model.head(data_key), receptive_field_of(model.core, model.recurrent, shape[0])
    apart = all(getattr(modulator, "unitwise", False) for modulator in head.modulators)
    if field is None or not apart or not hasattr(head.readout, "read_each"):
        return None
    return LocalEncoder(model, data_key, field, shape, window, dtype)


def cut(stimuli: torch.Tensor, corners: Sequence[Sequence[int]], size: tuple[int, int]) -> torch.Tensor:
    """Cut a piece out of each clip.

    Parameters
    ----------
    stimuli : Tensor, shape (clip, time, height, width)
        The clips.
    corners : sequence of (int, int)
        Where each piece begins, x, y in px.
    size : tuple of int
        Height and width of the pieces.

    Returns
    -------
    Tensor, shape (clip, 1, time, height, width)
        The pieces as videos.

    Examples
    --------
    >>> cut(torch.arange(4.0).view(1, 1, 2, 2), [(1, 0)], (2, 1)).flatten()
    tensor([1., 3.])
    """
    height, width = size
    if (height, width) == stimuli.shape[-2:]:
        return stimuli[:, None]
    rows = [stimuli[i, :, y : y + height, x : x + width] for i, (x, y) in enumerate(corners)]
    return torch.stack(rows)[:, None]
