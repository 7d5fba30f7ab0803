"""Truth of a simulated session: the kernels, the gains and the rates without noise. No fit reads it."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Floats, Times
from dlgn_cnn.storage.rights import present_file

TRUTH_NAME = "truth.npz"


@dataclass(frozen=True)
class Truth:
    """The truth of one simulated session, as it was used.

    ``units`` (unit,); ``spatial`` (unit, height, width) and ``temporal`` (unit, lag), of unit norm, lag 0 first, at
    60 Hz; gains (unit,) in Hz: of silence, of one s.d. of the linear drive, of 10 cm/s, of one s.d. of pupil size;
    ``driven`` (unit,) whether the movie drives the unit at all, ``nonlinear`` (unit,) whether through more than these
    kernels (see ``nonlinear.py``). ``scene`` (trial,) is each trial's scene number.

    ``opto_effect`` is where the light acts, ``opto_changed`` (unit,) on which units. ``opto_kernel`` (unit, lag), of
    sum 1, is how it is felt; ``opto_hz`` (unit, lag) the same in Hz where it adds up. In lasting light a unit's drive
    is ``suppressed_gain`` (unit,) times that of the kernels ``suppressed_spatial`` and ``suppressed_temporal``, scaled
    to the same s.d.

    Rates in Hz are (trial, unit, frame): as shown, and for the same movies and behavior with the light always off
    (intact) and always on (suppressed); ``omi`` (unit,) is (suppressed - intact) / (suppressed + intact) of the means.
    """

    units: np.ndarray
    spatial: Floats
    temporal: Floats
    opto_effect: np.ndarray
    opto_changed: np.ndarray
    opto_kernel: Floats
    opto_hz: Floats
    suppressed_spatial: Floats
    suppressed_temporal: Floats
    suppressed_gain: Times
    spontaneous_hz: Times
    depth_hz: Times
    running_gain_hz: Times
    pupil_gain_hz: Times
    driven: np.ndarray
    nonlinear: np.ndarray
    scene: np.ndarray
    rate_hz: Floats
    rate_intact_hz: Floats
    rate_suppressed_hz: Floats
    omi: Floats

    def save(self, folder: Path) -> None:
        """Write it to ``truth.npz``."""
        np.savez_compressed(folder / TRUTH_NAME, **{field.name: getattr(self, field.name) for field in fields(self)})


def load_truth(folder: Path) -> Truth:
    """The truth of the session that was simulated into ``folder``. Raises RecordingError if there is none."""
    path = folder / TRUTH_NAME
    if not present_file(path):
        raise RecordingError(f"{folder} has no {TRUTH_NAME}: only a simulated session has a truth")
    with np.load(path, allow_pickle=False) as stored:
        missing = [field.name for field in fields(Truth) if field.name not in stored]
        if missing:
            raise RecordingError(f"{path} lacks {', '.join(missing)}: simulate the session again")
        return Truth(**{field.name: stored[field.name] for field in fields(Truth)})
