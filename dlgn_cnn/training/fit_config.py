"""Options of a fit, and the record of an epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.errors import within
from dlgn_cnn.runtime.device import check_precision
from dlgn_cnn.training.losses import as_component
from dlgn_cnn.training.schedules import SCHEDULES
from dlgn_cnn.values import choice, number, whole


@dataclass(frozen=True)
class FitConfig:
    """Options of one fit by AdamW (Loshchilov and Hutter 2019).

    Parameters
    ----------
    max_epochs : int
        Epochs after which a fit ends.
    patience : int
        Epochs without a better validation tier after which a fit stops early. The best epoch's weights stay.
    learning_rate : float
        Rate at the end of the warm-up.
    weight_decay : float
        Decoupled decay of the model's weights; the parameters of the loss have none.
    warmup_share : float
        Share of all steps over which the rate rises linearly, 0 to 1.
    clip_norm : float
        Bound of the gradient's norm.
    burn_in_frames : int
        First frames of every window, which are shown but not scored.
    precision : str
        Precision of the model's convolutions: ``float32``, ``bfloat16``, or ``auto``, which is what the experiment has
        fixed, or else ``bfloat16`` where the device multiplies it natively.
    schedule : str or mapping
        Schedule of the rate after the warm-up: ``cosine`` or ``constant``, or ``{"name": ..., **its options}``.
    accumulate : int
        Batches whose mean gradient makes one step.
    criterion : str
        Criterion of a better validation tier: a larger ``correlation`` or a smaller ``loss`` (Prechelt 1998).
    non_integer_responses : bool
        Whether responses that are not whole numbers, as those of calcium imaging, may be fitted by a loss that is a
        probability of spike counts. Sensorium's reference does so, as Poisson's loss needs no more than a mean.

    Raises
    ------
    ConfigError
        For a value out of its range.
    """

    max_epochs: int = 40
    patience: int = 8
    learning_rate: float = 0.005
    weight_decay: float = 0.0
    warmup_share: float = 0.1
    clip_norm: float = 1.0
    burn_in_frames: int = 15
    precision: str = "auto"
    schedule: str | Mapping[str, Any] = "cosine"
    accumulate: int = 1
    criterion: str = "correlation"
    non_integer_responses: bool = False

    def __post_init__(self) -> None:
        check_precision(self.precision)
        for name in ("max_epochs", "patience", "accumulate"):
            whole(name, getattr(self, name), 1)
        whole("burn_in_frames", self.burn_in_frames)
        for name in ("learning_rate", "clip_norm"):
            number(name, getattr(self, name), 0, above=True)
        number("weight_decay", self.weight_decay, 0)
        number("warmup_share", self.warmup_share, 0, 1)
        choice("criterion", self.criterion, ("correlation", "loss"))
        schedule = as_component(self.schedule)
        options = {name: value for name, value in schedule.items() if name != "name"}
        with within("schedule"):
            SCHEDULES.check(schedule.get("name", ""), options, SCHEDULES.given)


@dataclass(frozen=True)
class EpochRecord:
    """One epoch's figures. Losses in nats a unit and frame: of training without and of its penalty, of validation.

    ``validation_correlation`` is the mean single-trial correlation over units. ``seconds`` are those of training and
    validation together, ``samples_per_s`` the windows trained on a second, ``peak_memory_bytes`` the most that was
    held: on a GPU by this epoch's tensors, on a CPU by the process since it began.
    """

    epoch: int
    loss: float
    penalty: float
    validation_loss: float
    validation_correlation: float
    learning_rate: float
    samples_per_s: float
    peak_memory_bytes: int
    seconds: float
