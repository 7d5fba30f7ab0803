"""The picture of a recording that ``dlgn inspect --plot`` writes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dlgn_cnn.data.inspection import pictures
from dlgn_cnn.data.recording import SessionRecording
from dlgn_cnn.plots.fields import Field
from dlgn_cnn.plots.recording import FIELDS, FRAMES, recording_figure
from dlgn_cnn.plots.style import rendered
from dlgn_cnn.storage.atomic import write_bytes

BINS = 600  # of a drawn stretch
CLOSE_S = 15.0  # around the session's middle, drawn large


def draw(found: Sequence[SessionRecording], plot: Path) -> list[Path]:
    """Write a picture of each session; of several, its name is put before the ending. Returns the files."""
    places = [plot if len(found) == 1 else plot.with_name(f"{plot.stem}-{one.session}{plot.suffix}") for one in found]
    for one, place in zip(found, places, strict=True):
        write_bytes(place, _picture(pictures.few_units(one), plot.suffix.removeprefix(".").lower()))
    return places


def _picture(one: SessionRecording, form: str) -> bytes:
    shown = one.presentations
    shown_s = np.array([(own.start_s, own.stop_s) for own in shown])
    tested = np.array([own.tier == "test" for own in shown])
    middle = shown[len(shown) // 2]
    start_s = middle.start_s + max(0.0, middle.stop_s - middle.start_s - CLOSE_S) / 2
    stretches = {"whole session": (shown_s[0, 0], shown_s[-1, 1]), f"{CLOSE_S:g} s of it": (start_s, start_s + CLOSE_S)}
    edges = {name: np.linspace(*stretch, BINS + 1) for name, stretch in stretches.items()}
    figure = recording_figure(
        str(one.session),
        {name: (own, pictures.activity(one, own)) for name, own in edges.items()},
        {"train": shown_s[~tested], "test": shown_s[tested], "light": one.opto_epochs_s},
        {name: (signal.times_s, signal.values) for name, signal in one.signals.items()},
        pictures.first_frames(one, FRAMES),
        {name: Field(*own, pictures.CLOCK[0]) for name, own in pictures.triggered_averages(one, FIELDS).items()},
    )
    return rendered(figure, form)
