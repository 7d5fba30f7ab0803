"""Films for a browser: WebM with VP9, which every browser plays and nobody has to license."""

import io
from collections.abc import Iterable
from fractions import Fraction
from typing import cast

import av
import numpy as np

from dlgn_cnn.errors import RecordingError

CODEC = "libvpx-vp9"
# Constant quality at which no block shows in gray noise, and the encoder's faster half: a clip takes well below 1 s.
OPTIONS = {"crf": "18", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"}


def webm(frames: Iterable[np.ndarray], rate_hz: float) -> bytes:
    """Gray images (height, width) uint8, of even sides, as a film of ``rate_hz`` frames a second.

    Raises RecordingError for an image of another form, and for none.
    """
    target, stream = io.BytesIO(), None
    with av.open(target, "w", format="webm") as container:
        for image in frames:
            _check(image)
            if stream is None:
                rate = Fraction(rate_hz).limit_denominator(1001)
                stream = cast(av.VideoStream, container.add_stream(CODEC, rate=rate, options=OPTIONS))
                stream.height, stream.width, stream.pix_fmt = image.shape[0], image.shape[1], "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="gray")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        if stream is None:
            raise RecordingError("a film of no frames: expected one or more")
        container.mux(stream.encode(None))
    return target.getvalue()


def _check(image: np.ndarray) -> None:
    if image.ndim != 2 or image.dtype != np.uint8 or image.size == 0 or image.shape[0] % 2 or image.shape[1] % 2:
        raise RecordingError(
            f"an image of shape {image.shape} and type {image.dtype}: expected (height, width) uint8, both sides even"
        )
