"""The axis order of every array, said once. It never varies.

========== =============================== =========== ==========================================
word       axes                            dtype       values
========== =============================== =========== ==========================================
Frames     time height width               uint8       grey level as recorded
Video      batch channel time height width float32     normalised grey level
Rate       batch unit time                 float32     expected spikes a frame
Counts     batch unit time                 float32     recorded spikes a frame
Opto       batch time                      float32     share of the frame that was lit, 0..1
Behavior   batch feature time              float32     running, pupil size; missing is NaN
Pupil      batch axis time                 float32     pupil x, pupil y; missing is NaN
Scores     unit                            float64     a figure of each unit; undefined is NaN
========== =============================== =========== ==========================================

A *frame* is one bin of the dataset's clock (60 Hz unless configured); rates are shown to people in Hz.
"""

import numpy as np
import numpy.typing as npt
import torch

Frames = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float64]
Video = torch.Tensor
Rate = torch.Tensor
Counts = torch.Tensor
Opto = torch.Tensor
Behavior = torch.Tensor
Pupil = torch.Tensor
