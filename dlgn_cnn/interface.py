"""Interface of data and models: a batch, statistics of the data, and the protocol of an encoding model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

    from dlgn_cnn.shapes import Behavior, Counts, Observed, Opto, Pupil, Rate, Video


@dataclass(frozen=True)
class Batch:
    """Windows of one session; axes as in ``dlgn_cnn.shapes``. ``responses`` are spike counts a frame."""

    videos: Video
    responses: Counts
    opto: Opto
    behavior: Behavior
    pupil_center: Pupil

    def to(self, device: torch.device) -> Batch:
        """The same batch on ``device``."""
        return type(self)(*(getattr(self, name).to(device, non_blocking=True) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class MaskedBatch(Batch):
    """Batch of trials throughout which some unit was not observed: ``observed`` says where each was.

    Responses are 0 elsewhere, and no loss or score counts them. Batches of other trials have no such field.
    """

    observed: Observed


def observed_of(batch: Any) -> Observed | None:
    """Where each unit of a batch, ours or a lab's own, was observed; None if its batches do not tell."""
    return getattr(batch, "observed", None)


@dataclass(frozen=True)
class DataInfo:
    """Statistics of one session's training tier, all that a model may know of its data beforehand.

    ``frame_shape`` is (channel, height, width); ``mean_counts`` the mean spikes a frame of each unit;
    ``video_mean`` and ``video_std`` the gray level's mean and standard deviation, which normalize it; ``field_centers``
    the peak of each unit's linear receptive field, (x, y) in -1..1 from pixel center to pixel center.
    ``behavior_mean`` and ``behavior_std`` are those of running and pupil size, ``pupil_mean`` and ``pupil_std`` those
    of pupil x and y, over the frames at which each is known: 0 and 1 for one that never is. ``opto_design`` is how the
    light was drawn, and how often in s: its kind, as in ``SessionOptoDesign``, and its period, 0 for one without.
    """

    units: tuple[int, ...]
    frame_shape: tuple[int, int, int]
    rate_hz: float
    mean_counts: tuple[float, ...]
    video_mean: float
    video_std: float
    field_centers: tuple[tuple[float, float], ...]
    behavior_mean: tuple[float, ...] = (0.0, 0.0)
    behavior_std: tuple[float, ...] = (1.0, 1.0)
    pupil_mean: tuple[float, ...] = (0.0, 0.0)
    pupil_std: tuple[float, ...] = (1.0, 1.0)
    opto_design: tuple[str, float] = ("unknown", 0.0)

    def to_json(self) -> dict[str, Any]:
        """As JSON, tuples as lists; floats keep every digit."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return found

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> DataInfo:
        """The reverse of ``to_json``. Raises KeyError, TypeError or ValueError for anything else."""
        plain: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in found.items()}
        return cls(**plain | {"field_centers": tuple((float(x), float(y)) for x, y in plain["field_centers"])})


@runtime_checkable
class EncodingModel(Protocol):
    """Protocol of a model (a ``torch.nn.Module``) for the trainer, the scores and the MEI engine."""

    data_keys: Sequence[str]
    frames_lost: int

    def __call__(
        self,
        videos: Video,
        opto: Opto,
        data_key: str,
        behavior: Behavior | None = None,
        pupil_center: Pupil | None = None,
    ) -> Rate:
        """Expected spikes a frame: (batch, unit, time - frames_lost), aligned with the last frames of the input."""
        ...
