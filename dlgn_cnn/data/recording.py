"""What a reader returns: one session's recording, validated when it is constructed."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Floats, Times

TIERS = ("train", "test")
SIGNALS = ("running", "pupil_size", "pupil_x", "pupil_y")
SIMULATED_PREFIX = "Simulated"


@dataclass(frozen=True, order=True)
class SessionKey:
    """The lab's own key of a session: mouse ``m``, series ``s``, experiment ``e``."""

    mouse: str
    series: int
    experiment: int

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w[\w.-]{0,63}", self.mouse):
            raise RecordingError(
                f"mouse {self.mouse!r}: expected up to 64 letters, digits, '_', '-' or '.', as Ntsr1Cre_2019_0007"
            )

    def __str__(self) -> str:
        return f"{self.mouse}_s{self.series:02d}_e{self.experiment:02d}"

    @classmethod
    def parse(cls, name: str) -> "SessionKey":
        """The key of a session's name, ``Ntsr1Cre_2019_0007_s03_e07``. Raises RecordingError on another form."""
        match = re.fullmatch(r"(.+)_s(\d+)_e(\d+)", name)
        if match is None:
            raise RecordingError(f"session {name!r}: expected MOUSE_sSERIES_eEXPERIMENT, as Ntsr1Cre_2019_0007_s03_e07")
        return cls(match[1], int(match[2]), int(match[3]))

    @property
    def simulated(self) -> bool:
        """Whether the mouse is in silico; ``dlgn simulate`` names its mice so that every row says it."""
        return self.mouse.startswith(SIMULATED_PREFIX)


@dataclass(frozen=True, order=True)
class SceneKey:
    """One clip of a movie; ``scene`` counts from 0, as the lab's ``scene_id``."""

    movie: str
    scene: int


@dataclass(frozen=True)
class SceneFile:
    """A scene's video file as it lies on disk. ``sha256`` is the hex digest of its bytes."""

    path: Path
    sha256: str
    frames: int
    rate_hz: float
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Presentation:
    """One showing of a scene, in seconds on the session's clock. ``tier`` is what the lab meant it for."""

    trial: int
    scene: SceneKey
    start_s: float
    stop_s: float
    tier: str

    def __post_init__(self) -> None:
        if not (np.isfinite([self.start_s, self.stop_s]).all() and self.start_s < self.stop_s):
            raise RecordingError(
                f"presentation of {self.scene.movie} scene {self.scene.scene}: trange [{self.start_s}, {self.stop_s}] "
                "s does not start before it ends; correct the raw file"
            )
        if self.tier not in TIERS:
            raise RecordingError(f"presentation {self.trial}: tier {self.tier!r}, expected one of {', '.join(TIERS)}")


@dataclass(frozen=True)
class Signal:
    """A sampled signal on its own clock: ``times_s`` (time,) increasing, ``values`` (time,), NaN where missing."""

    times_s: Times
    values: Floats

    def __post_init__(self) -> None:
        if self.times_s.shape != self.values.shape or self.times_s.ndim != 1:
            raise RecordingError(
                f"a signal has {self.times_s.shape} times and {self.values.shape} values: expected one of each a sample"
            )
        if not np.all(np.diff(self.times_s) > 0):
            raise RecordingError("a signal's times do not increase from sample to sample: sort or correct its clock")


@dataclass(frozen=True)
class Recording:
    """One session: spikes, presentations, light and behaviour, each on the session's clock in seconds.

    ``spike_times_s`` maps a unit's number to its sorted spike times; ``light_epochs_s`` is (epoch, 2), light on and
    off, sorted and disjoint; ``signals`` maps names of ``SIGNALS`` to what was recorded of them;
    ``source`` is the file whose bytes decide all this. Raises RecordingError.
    """

    session: SessionKey
    spike_times_s: Mapping[int, Times]
    presentations: tuple[Presentation, ...]
    light_epochs_s: Times
    scenes: Mapping[SceneKey, SceneFile]
    signals: Mapping[str, Signal] = field(default_factory=dict)
    source: Path | None = None

    def __post_init__(self) -> None:
        if not self.spike_times_s or not self.presentations:
            raise RecordingError(
                f"session {self.session} has no units or no presentations: nothing can be fitted to it"
            )
        self._check_presentations()
        self._check_spikes()
        self._check_light()
        unknown = set(self.signals) - set(SIGNALS)
        if unknown:
            raise RecordingError(
                f"session {self.session}: signals {sorted(unknown)} unknown, expected some of {SIGNALS}"
            )

    @property
    def units(self) -> tuple[int, ...]:
        """Unit numbers in ascending order: the unit axis of every array made from this recording."""
        return tuple(sorted(self.spike_times_s))

    def _check_presentations(self) -> None:
        shown = self.presentations
        if [p.trial for p in shown] != list(range(len(shown))):
            raise RecordingError(f"session {self.session}: trials must be numbered 0, 1, 2, ... in order of onset")
        for before, after in itertools.pairwise(shown):
            if after.start_s < before.stop_s - 1e-6:
                raise RecordingError(
                    f"session {self.session}: presentation {after.trial} starts at {after.start_s} s, before "
                    f"presentation {before.trial} ends at {before.stop_s} s; two scenes cannot be on the screen at once"
                )
        tiers: dict[SceneKey, str] = {}
        for p in shown:
            if p.scene not in self.scenes:
                raise RecordingError(f"session {self.session}: {p.scene} was shown but its video file is unknown")
            if tiers.setdefault(p.scene, p.tier) != p.tier:
                raise RecordingError(
                    f"session {self.session}: {p.scene} is marked both train and test; a scene belongs to one tier, "
                    "or test scores would be those of movies seen in training"
                )

    def _check_spikes(self) -> None:
        for unit, times in self.spike_times_s.items():
            if times.ndim != 1 or not np.isfinite(times).all() or np.any(np.diff(times) < 0):
                raise RecordingError(f"session {self.session} unit {unit}: spike times must be finite and ascending")

    def _check_light(self) -> None:
        epochs = self.light_epochs_s
        if epochs.ndim != 2 or epochs.shape[1] != 2:
            raise RecordingError(f"session {self.session}: light epochs have shape {epochs.shape}, expected (epoch, 2)")
        if not np.isfinite(epochs).all() or np.any(np.diff(epochs.ravel()) < 0):
            raise RecordingError(f"session {self.session}: light epochs must be [on, off] in s, ascending and disjoint")
