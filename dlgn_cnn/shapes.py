"""The axis order of every array, said once. It never varies.

========== =============================== =========== ==========================================
word       axes                            dtype       values
========== =============================== =========== ==========================================
Frames     time height width               uint8       gray level as recorded
Video      batch channel time height width float32     normalized gray level
Rate       batch unit time                 float32     expected spikes a frame
Counts     batch unit time                 float32     recorded spikes a frame
Observed   batch unit time                 bool        whether the unit was observed throughout the frame
Opto       batch time                      float32     share of the frame that was lit, 0..1
Behavior   batch feature time              float32     running, pupil size; missing is NaN
Pupil      batch axis time                 float32     pupil x, pupil y; missing is NaN
Scores     unit                            float64     a figure of each unit; undefined is NaN
========== =============================== =========== ==========================================

A *frame* is one bin of the dataset's clock (60 Hz unless configured); rates are shown to people in Hz.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float64]

if TYPE_CHECKING:
    import torch

    Video = torch.Tensor
    Rate = torch.Tensor
    Counts = torch.Tensor
    Observed = torch.Tensor
    Opto = torch.Tensor
    Behavior = torch.Tensor
    Pupil = torch.Tensor
else:
    TENSORS = ("Video", "Rate", "Counts", "Observed", "Opto", "Behavior", "Pupil")

    def __getattr__(name: str) -> type:
        """Return the tensor type of that word. Readers of arrays alone do not wait for torch."""
        if name not in TENSORS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import torch

        return torch.Tensor
