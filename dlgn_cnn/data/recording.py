"""One session's recording, as readers return it, validated when it is constructed."""

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Floats, Times

TIERS = ("train", "test")
SIGNALS = ("running", "pupil_size", "pupil_x", "pupil_y")
OPTO_KINDS = ("none", "blocks", "per_trial", "pulses", "unknown")
SIMULATED_PREFIX = "Simulated"
MOST = 2**31 - 1  # the largest number that the tables hold, of a unit or a scene
MOST_SESSIONS = 2**15 - 1
OTHER_UNIT = 100.0  # times as long, or as short: not the same unit
FEWEST_ALIKE = 3  # presentations that tell a wrong rate from cut ones
SCREEN_SLACK, SAME_FACTOR = 0.02, 0.01  # of a duration: a screen's clock; presentations of one wrong rate
CLOCK_SLACK_S = 1e-6  # what rounding may do to a time in s


def check_shape(array: np.ndarray, where: str, shape: tuple[int, ...], axes: str) -> None:
    """Refuse an array of another shape.

    Parameters
    ----------
    array : ndarray
        The array.
    where : str
        How the error names it.
    shape : tuple of int
        The shape expected.
    axes : str
        What its axes are, as ``"(unit, bin)"``.

    Raises
    ------
    RecordingError
        If the array has another shape.
    """
    if array.shape != shape:
        raise RecordingError(f"{where} has shape {array.shape}, expected {shape}, which is {axes}")


def check_intervals(intervals_s: Times, where: str) -> None:
    """Refuse intervals, which ``where`` names, that are not (interval, 2), finite, ascending and disjoint."""
    check_shape(intervals_s, where, (*intervals_s.shape[:1], 2), "(interval, start and stop)")
    if not np.isfinite(intervals_s).all() or np.any(np.diff(intervals_s.ravel()) < 0):
        raise RecordingError(f"{where} must be finite [start, stop] in s, ascending and disjoint: correct them")


@dataclass(frozen=True, order=True)
class SessionKey:
    """The lab's own key of a session: mouse ``m``, series ``s``, experiment ``e``."""

    mouse: str
    series: int
    experiment: int

    def __post_init__(self) -> None:
        if not isinstance(self.mouse, str) or not re.fullmatch(r"\w[\w.-]{0,63}", self.mouse):
            raise RecordingError(
                f"mouse {self.mouse!r}: expected up to 64 letters, digits, '_', '-' or '.', as Ntsr1Cre_2019_0007"
            )
        if not (0 <= self.series <= MOST_SESSIONS and 0 <= self.experiment <= MOST_SESSIONS):
            raise RecordingError(
                f"session {self}: series and experiment are expected from 0 to {MOST_SESSIONS}: correct the numbers"
            )

    def __str__(self) -> str:
        return f"{self.mouse}_s{self.series:02d}_e{self.experiment:02d}"

    @classmethod
    def parse(cls, name: str) -> "SessionKey":
        """The key of a session's name. Raises RecordingError on another form.

        >>> SessionKey.parse("Ntsr1Cre_2019_0007_s03_e07")
        SessionKey(mouse='Ntsr1Cre_2019_0007', series=3, experiment=7)
        """
        match = re.fullmatch(r"(.+)_s(\d{1,9})_e(\d{1,9})", name) if isinstance(name, str) else None
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

    def __post_init__(self) -> None:
        named = 0 < len(self.movie) <= 96 and self.movie.isprintable() and "\\" not in self.movie
        if not (named and 0 <= self.scene <= MOST):
            raise RecordingError(
                f"movie {self.movie[:96]!r} scene {self.scene}: expected a name of up to 96 printable letters "
                f"without a backslash, and a number from 0 to {MOST}"
            )


@dataclass(frozen=True)
class SceneFile:
    """File that holds a scene's frames.

    A video file is a scene of its own, and ``sha256`` the hex digest of its bytes. Frames that lie within another
    file are found by ``part``, "layout:address" (``dlgn_cnn.data.stimuli.scenes``); ``sha256`` is then theirs.
    ``stored`` is the path that the tables hold, where this machine finds the file at another; ``notes`` say what is odd
    about the file. Raises RecordingError for a rate that is none, and for a scene that lasts beyond the bound.
    """

    path: Path
    sha256: str
    frames: int
    rate_hz: float
    width_px: int
    height_px: int
    part: str = ""
    stored: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not 0 < self.rate_hz < math.inf:
            raise RecordingError(f"{self.path} has a rate of {self.rate_hz} frames a second: correct it")
        check("recording.scene_seconds", self.frames / self.rate_hz, self.path)


@dataclass(frozen=True)
class PresentationTimes:
    """One presentation of a scene, in seconds on the session's clock; ``tier`` is the lab's own.

    ``frame_onsets_s``, if they were measured, say when each frame of the scene appeared: NaN is a frame that the
    screen dropped, and a frame stays until the next one. Without, the frames are taken as evenly spaced.
    """

    trial: int
    scene: SceneKey
    start_s: float
    stop_s: float
    tier: str
    frame_onsets_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not (np.isfinite([self.start_s, self.stop_s]).all() and self.start_s < self.stop_s):
            raise RecordingError(
                f"presentation of {self.scene.movie} scene {self.scene.scene}: trange [{self.start_s}, {self.stop_s}] "
                "s does not start before it ends; correct the raw file"
            )
        check("recording.scene_seconds", self.stop_s - self.start_s, f"presentation {self.trial}")
        if self.tier not in TIERS:
            raise RecordingError(f"presentation {self.trial}: tier {self.tier!r}, expected one of {', '.join(TIERS)}")
        seen = np.array([onset for onset in self.frame_onsets_s if np.isfinite(onset)])
        if len(self.frame_onsets_s) and len(seen) == 0:
            raise RecordingError(f"presentation {self.trial}: no frame has an onset: remove it, or its onsets")
        if np.any(np.diff(seen) <= 0) or np.any(seen < self.start_s - CLOCK_SLACK_S) or np.any(seen >= self.stop_s):
            raise RecordingError(
                f"presentation {self.trial}: frame onsets must increase from frame to frame and lie within "
                f"[{self.start_s}, {self.stop_s}) s; they run from {seen.min()} to {seen.max()} s"
            )


@dataclass(frozen=True)
class SessionOptoDesign:
    """How a session's light was drawn, which a null of its effect permutes.

    ``kind`` is ``blocks`` (drawn every ``period_s``), ``per_trial`` (for each presentation), ``pulses`` (one every
    ``period_s``, or none), ``none`` or ``unknown``; ``share`` is the share of draws that were lit.
    """

    kind: str
    period_s: float | None = None
    share: float | None = None

    def __str__(self) -> str:
        return ":".join([self.kind, *(f"{one:.5g}" for one in (self.period_s, self.share) if one is not None)])


@dataclass(frozen=True)
class SampledSignal:
    """A sampled signal on its own clock: ``times_s`` (time,) increasing, ``values`` (time,), NaN where missing."""

    times_s: Times
    values: Floats

    def __post_init__(self) -> None:
        check_shape(self.times_s, "a signal's clock", (self.values.size,), "(time,), a time for each value")
        check_shape(self.values, "a signal", (self.values.size,), "(time,)")
        if not np.all(np.diff(self.times_s) > 0):
            raise RecordingError("a signal's times do not increase from sample to sample: sort or correct its clock")


@dataclass(frozen=True)
class BinnedResponses:
    """Responses that come without spike times: counts, or the area under a fluorescence trace, of given bins.

    ``bins_s`` (bin, start and stop) in s, ascending and disjoint; ``values`` (unit, bin), not negative, their rows in
    the order of ``units``.
    """

    units: tuple[int, ...]
    bins_s: Times
    values: Floats

    def __post_init__(self) -> None:
        bins = len(self.bins_s)
        check_shape(self.bins_s, "binned responses: bins", (bins, 2), "(bin, start and stop)")
        check_shape(self.values, "binned responses: values", (len(self.units), bins), "(unit, bin)")
        if list(self.units) != sorted(set(self.units)):
            raise RecordingError("binned responses: units must be numbered in ascending order, each once")
        apart = np.all(np.diff(self.bins_s.ravel()) >= -CLOCK_SLACK_S) and np.all(np.diff(self.bins_s, axis=1) > 0)
        if not np.isfinite(self.bins_s).all() or not apart:
            raise RecordingError(
                "binned responses: bins must be finite, ascending and disjoint, each [start, stop] in s, start first"
            )
        if not np.isfinite(self.values).all() or np.any(self.values < 0):
            raise RecordingError(
                "binned responses: values must be finite and not negative: leave out trials without responses"
            )


@dataclass(frozen=True)
class SessionRecording:
    """One session: responses, presentations, light and behavior, each on the session's clock in seconds.

    ``spike_times_s`` maps a unit's number to its sorted spike times; where none were recorded it is empty, and
    ``binned`` holds the responses instead; ``opto_epochs_s`` is (epoch, 2), light on and
    off, sorted and disjoint; ``signals`` maps names of ``SIGNALS`` to what was recorded of them;
    ``source`` is the file whose bytes decide all this; ``opto_design``, how the light was drawn, is None until it is
    inferred; ``notes`` say what of it was left out, and why; ``unused`` what else it holds, and the option that would
    use it. ``observed_s`` maps a unit's number to the intervals (interval, 2) in which it was observed, sorted and
    disjoint; a unit that it lacks was observed throughout. Raises RecordingError.
    """

    session: SessionKey
    spike_times_s: Mapping[int, Times]
    presentations: tuple[PresentationTimes, ...]
    opto_epochs_s: Times
    scenes: Mapping[SceneKey, SceneFile]
    signals: Mapping[str, SampledSignal] = field(default_factory=dict)
    source: Path | None = None
    binned: BinnedResponses | None = None
    opto_design: SessionOptoDesign | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    unused: tuple[str, ...] = field(default=(), compare=False)
    observed_s: Mapping[int, Times] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.spike_times_s and self.binned is not None:
            raise RecordingError(f"session {self.session} has spike times and binned responses: give one of them")
        if not self.units or not self.presentations:
            raise RecordingError(
                f"session {self.session} has no units or no presentations: nothing can be fitted to it"
            )
        if not -MOST <= min(self.units) <= max(self.units) <= MOST:
            raise RecordingError(
                f"session {self.session}: units must be numbered within {-MOST} to {MOST}: renumber them"
            )
        self._check_presentations()
        self._check_rate()
        self._check_times()
        unknown = set(self.signals) - set(SIGNALS)
        if unknown:
            raise RecordingError(
                f"session {self.session}: signals {sorted(unknown)} unknown, expected some of {SIGNALS}"
            )

    @property
    def units(self) -> tuple[int, ...]:
        """Unit numbers in ascending order: the unit axis of every array made from this recording."""
        return tuple(sorted(self.spike_times_s)) if self.binned is None else self.binned.units

    def _check_presentations(self) -> None:
        shown = self.presentations
        if [p.trial for p in shown] != list(range(len(shown))):
            raise RecordingError(f"session {self.session}: trials must be numbered 0, 1, 2, ... in order of onset")
        for before, after in itertools.pairwise(shown):
            if after.start_s < before.stop_s - CLOCK_SLACK_S:
                raise RecordingError(
                    f"session {self.session}: presentation {after.trial} starts at {after.start_s} s, before "
                    f"presentation {before.trial} ends at {before.stop_s} s; two scenes cannot be on the screen at once"
                )
        tiers: dict[SceneKey, str] = {}
        for p in shown:
            if p.scene not in self.scenes:
                raise RecordingError(f"session {self.session}: {p.scene} was shown but its video file is unknown")
            if p.frame_onsets_s and len(p.frame_onsets_s) != self.scenes[p.scene].frames:
                raise RecordingError(
                    f"session {self.session}: presentation {p.trial} has {len(p.frame_onsets_s)} frame onsets, its "
                    f"scene {self.scenes[p.scene].frames} frames: expected one each, NaN for a dropped frame"
                )
            if tiers.setdefault(p.scene, p.tier) != p.tier:
                raise RecordingError(
                    f"session {self.session}: {p.scene} is marked both train and test; a scene belongs to one tier, "
                    "or test scores would be those of movies seen in training"
                )

    def _check_rate(self) -> None:
        """Refuse presentations all shorter than their scenes by one factor: the frame rate is wrong, none was cut."""
        every = [(shown, self.scenes[shown.scene]) for shown in self.presentations if not shown.frame_onsets_s]
        # A picture stays as long as it is presented.
        files = [(shown, file) for shown, file in every if file.frames > 1]
        lengths_s = [file.frames / file.rate_hz for _, file in files]
        shares = np.array([shown.stop_s - shown.start_s for shown, _ in files]) / lengths_s
        factor = float(np.median(shares)) if len(shares) >= FEWEST_ALIKE else 1.0
        if factor < 1 - SCREEN_SLACK and np.all(np.abs(shares / factor - 1) <= SAME_FACTOR):
            file = files[0][1]
            raise RecordingError(
                f"session {self.session}: each of {len(shares)} presentations lasts {factor:.4g} times its scene, "
                f"as if the rate of {file.rate_hz:g} Hz of {file.path} were {file.rate_hz / factor:.5g} Hz: correct "
                "the scenes' rate; if each was cut so, shorten the scene files to what was shown"
            )

    def _check_times(self) -> None:
        for unit, times in self.spike_times_s.items():
            if times.ndim != 1 or not np.isfinite(times).all() or np.any(np.diff(times) < 0):
                raise RecordingError(f"session {self.session} unit {unit}: spike times must be finite and ascending")
        epochs = self.opto_epochs_s
        check_shape(epochs, f"session {self.session}: light epochs", (*epochs.shape[:1], 2), "(epoch, on and off)")
        if not np.isfinite(epochs).all() or np.any(np.diff(epochs.ravel()) < 0):
            raise RecordingError(f"session {self.session}: light epochs must be [on, off] in s, ascending and disjoint")
        for unit, intervals in self.observed_s.items():
            where = f"session {self.session} unit {unit}: observed intervals"
            if unit not in self.units:
                raise RecordingError(f"{where} are those of no unit here: leave them out, or add the unit")
            check_intervals(intervals, where)
        self._check_clocks()

    def _check_clocks(self) -> None:
        """Refuse times that are of another unit than the presentations, as milliseconds, samples or a calendar are.

        Light may have been on for a moment at the beginning, and so may a unit that fired a few times.
        """
        end_s = max(abs(shown.stop_s) for shown in self.presentations)
        responses = [*self.spike_times_s.values()] if self.binned is None else [self.binned.bins_s.ravel()]
        signals = {name: [signal.times_s] for name, signal in self.signals.items()}
        sparse = {
            "light": [self.opto_epochs_s.ravel()],
            "observed intervals": [intervals.ravel() for intervals in self.observed_s.values()],
        }
        for name, clocks in {"spikes": responses, **sparse, **signals}.items():
            last_s = max((float(np.abs(times).max()) for times in clocks if len(times)), default=end_s)
            many = name not in sparse and sum(map(len, clocks)) >= OTHER_UNIT
            if last_s > end_s * OTHER_UNIT or (many and last_s < end_s / OTHER_UNIT):
                raise RecordingError(
                    f"session {self.session}: {name} end at {last_s:.6g} s and presentations at {end_s:.6g} s, so one "
                    "of them is on another clock, or in another unit: bring both to seconds on one clock"
                )
