"""Targets of a synthesis, and its results."""

from dataclasses import dataclass

from dlgn_cnn.shapes import Floats


@dataclass(frozen=True)
class Target:
    """Target of one stimulus: a unit (its row in the readout of ``data_key``), a condition, a random start."""

    data_key: str
    unit_index: int
    suppressed: bool
    seed: int = 0


@dataclass(frozen=True)
class MEIResult:
    """One MEI. ``stimulus`` (time, height, width) in normalized gray levels; ``activation`` what was maximized.

    ``rates`` (condition: intact, suppressed; time) are those of the model in each condition, in spikes a frame,
    evaluated on the whole picture without autocast; ``history`` the activation less its priors' penalties at each step.
    ``violation`` is the largest departure from the constraint of any stimulus that the model saw on the way, as a share
    of the norm or range.
    """

    stimulus: Floats
    activation: float
    rates: Floats
    history: Floats
    violation: float

    @property
    def steps(self) -> int:
        """Steps that were made."""
        return len(self.history)
