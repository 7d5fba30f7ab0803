"""The facts of a recording as it was read, as JSON holds them; the page of text is made of nothing else.

A name that ends in ``_s`` is in seconds, ``_hz`` per second, ``_px`` in pixels; one that begins with ``share`` is from
0 to 1. A spread is the ``lowest``, ``median`` and ``highest`` of some numbers. What is not known is null.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.binning import bin_opto, resample
from dlgn_cnn.data.inspection.alignment import Alignment, check_alignment
from dlgn_cnn.data.inspection.oddities import HIGHEST_HZ, LOWEST_HZ, warnings_of
from dlgn_cnn.data.recording import TIERS, PresentationTimes, SampledSignal, SessionRecording
from dlgn_cnn.data.sessions.dataset import DatasetSpec
from dlgn_cnn.data.sessions.opto_design import find_design
from dlgn_cnn.shapes import Scores, Times

Facts = dict[str, Any]
PERCENTILES = (5, 25, 50, 75, 95)
CHANCE = 1e-3  # that any unit of a session with steady Poisson rates counts as silent in a third of it
MOST_BINS = 10**6  # over which a signal's coverage is counted
LATE, APART = 1.5, 0.1  # times a frame's usual duration: it stayed for another one; it is of another duration
VARIABLE_SHARE = 0.05  # of a session's frames that are, before its clock is called variable


def recording_facts(
    path: Path,
    reader: str,
    named: bool,
    options: Mapping[str, Any],
    found: Sequence[SessionRecording],
    aligned: bool = False,
) -> Facts:
    """The facts of a recording that was read.

    Parameters
    ----------
    path : Path
        Where it lies.
    reader : str
        Name of the reader that read it.
    named : bool
        Whether the reader was named, rather than recognized.
    options : mapping
        Options of the reader.
    found : sequence of SessionRecording
        Its sessions.
    aligned : bool, default False
        Whether to check, with the frames, if spikes follow the pictures.

    Returns
    -------
    dict
        Facts about all, and those of each session.
    """
    how = "named by --reader" if named else "recognized by the names of its files"
    facts: Facts = {"path": str(path), "reader": reader, "how": how, "options": dict(options)}
    facts |= {"sessions": [session_facts(one, aligned) for one in found]}
    plain: Facts = json.loads(json.dumps(facts, default=str), parse_constant=lambda _: None)  # without infinity
    return plain


def session_facts(one: SessionRecording, aligned: bool = False) -> Facts:
    """The facts of one session; frames are decoded only to check whether spikes and pictures are ``aligned``."""
    shown_s = np.array([(shown.start_s, shown.stop_s) for shown in one.presentations], np.float64)
    facts: Facts = {"session": str(one.session), "simulated": one.session.simulated, "source": str(one.source)}
    facts |= {"units": _units(one, shown_s), "scenes": _scenes(one), "presentations": _presentations(one, shown_s)}
    design, doubt = find_design(one) if one.opto_design is None else (one.opto_design, "")
    facts |= {"frames": _frame_clock(one.presentations), "opto": _opto(one.opto_epochs_s, shown_s, str(design))}
    facts |= {"signals": {name: _signal(signal, shown_s) for name, signal in one.signals.items()}}
    alignment = check_alignment(one) if aligned else Alignment()
    facts |= {"alignment": [*alignment.sentences]} if aligned else {}
    warnings = [*alignment.warnings, *[doubt] * bool(doubt), *warnings_of(facts)]
    return facts | {"left_out": [*one.notes], "not_used": [*one.unused], "warnings": warnings}


def spread(values: Iterable[float]) -> Facts | None:
    """The spread of some numbers, None of none.

    >>> spread([3, 1, 2])
    {'lowest': 1.0, 'median': 2.0, 'highest': 3.0}
    """
    found = np.fromiter(values, np.float64)
    levels = zip(("lowest", "median", "highest"), (0, 50, 100), strict=True)
    return {name: float(np.percentile(found, level)) for name, level in levels} if len(found) else None


def _units(one: SessionRecording, shown_s: Times) -> Facts:
    counts, observed_s, spikes = _counts(one, shown_s)
    whole_s, total, fired = max(float(observed_s.sum()), 1e-9), float(spikes.sum()), counts.sum(1)
    thirds = np.eye(3)[np.clip(3 * (np.cumsum(observed_s) - observed_s / 2) / whole_s, 0, 2).astype(int)]
    third_s, rates_hz = observed_s @ thirds, fired / whole_s
    # A steady unit with n spikes in the other thirds has none in this one by a chance of exp(-n * odds).
    odds = third_s / np.maximum(whole_s - third_s, 1e-9)
    silent = (counts @ thirds == 0) & (fired[:, None] * odds > math.log(len(one.units) / CHANCE))
    which = {"never_fired": spikes == 0, "silent_in_first_third": silent[:, 0], "silent_in_last_third": silent[:, 2]}
    which |= {"too_fast": rates_hz > HIGHEST_HZ, "too_slow": (rates_hz < LOWEST_HZ) & (spikes > 0)}
    facts: Facts = {"count": len(one.units), "numbers": [*one.units], "binned": one.binned is not None}
    facts |= {"spikes": total, "share_in_presentations": float(fired.sum()) / total if total else None}
    facts |= {"unit_rates_hz": dict(zip(one.units, rates_hz.tolist(), strict=True))}
    facts |= {"rate_percentiles_hz": dict(zip(PERCENTILES, np.percentile(rates_hz, PERCENTILES).tolist(), strict=True))}
    return facts | {name: np.array(one.units)[own].tolist() for name, own in which.items()}


def _counts(one: SessionRecording, shown_s: Times) -> tuple[Scores, Times, Scores]:
    """Spikes of each unit in each presentation, how long each was observed (presentation,), all spikes (unit,)."""
    if one.binned is None:
        times = [one.spike_times_s[unit] for unit in one.units]
        counts = np.array([np.diff(np.searchsorted(own, shown_s)).ravel() for own in times], np.float64)
        return counts, np.diff(shown_s).ravel(), np.array([len(own) for own in times], np.float64)
    centers, values = one.binned.bins_s.mean(1), one.binned.values
    place = np.searchsorted(shown_s[:, 0], centers, side="right") - 1
    inside = (place >= 0) & (centers < shown_s[place, 1])
    weights = [*values[:, inside], np.diff(one.binned.bins_s).ravel()[inside]]
    sums = np.array([np.bincount(place[inside], own, len(shown_s)) for own in weights], np.float64)
    return sums[:-1], sums[-1], np.asarray(values.sum(1, dtype=np.float64))


def _scenes(one: SessionRecording) -> Facts:
    times, tiers = Counter(shown.scene for shown in one.presentations), {s.scene: s.tier for s in one.presentations}
    files, facts = [one.scenes[scene] for scene in times], Facts(movies=sorted({scene.movie for scene in times}))
    for tier in TIERS:
        shown = [times[scene] for scene in times if tiers[scene] == tier]
        facts |= {tier: len(shown), f"{tier}_repeats": spread(shown), f"{tier}_shown_once": shown.count(1)}
    facts |= {"frames": spread(file.frames for file in files), "frame_rate_hz": sorted({one.rate_hz for one in files})}
    facts["odd_files"] = sorted({f"{file.path.name}: {note}" for file in files for note in file.notes})
    return facts | {"size_px": sorted({f"{file.width_px} x {file.height_px}" for file in files})}


def _presentations(one: SessionRecording, shown_s: Times) -> Facts:
    lengths, gaps = np.diff(shown_s).ravel(), np.maximum(shown_s[1:, 0] - shown_s[:-1, 1], 0.0)
    files = [None if shown.frame_onsets_s else one.scenes[shown.scene] for shown in one.presentations]
    shares = spread(s * file.rate_hz / file.frames for s, file in zip(lengths, files, strict=True) if file)
    facts: Facts = {"count": len(shown_s), "length_s": spread(lengths), "gap_s": spread(gaps), "share_of_scene": shares}
    return facts | {"total_s": float(lengths.sum()), "first_s": float(shown_s[0, 0]), "last_s": float(shown_s[-1, 1])}


def _frame_clock(presentations: Iterable[PresentationTimes]) -> Facts:
    """Clock of the frames: even where no onset was measured, else constant, dropped or variable."""
    onsets = [np.array(one.frame_onsets_s) for one in presentations if one.frame_onsets_s]
    seen = [(own[np.isfinite(own)], np.flatnonzero(np.isfinite(own))) for own in onsets]
    steps = np.concatenate([np.empty(0), *(np.diff(times_s) / np.diff(frames) for times_s, frames in seen)])
    usual = float(np.median(steps)) if len(steps) else math.inf
    late = steps > LATE * usual
    varying = np.abs(steps / usual - 1)[~late] > APART
    dropped = sum(int(np.isnan(own).sum()) for own in onsets) + int(late.sum())
    clock = "variable" if varying.sum() > VARIABLE_SHARE * len(steps) else "dropped" if dropped else "constant"
    facts: Facts = {"clock": clock if onsets else "taken as even", "presentations_with_measured_onsets": len(onsets)}
    return facts | {"dropped": dropped, "measured_rate_hz": 1 / usual if len(steps) else None}


def _opto(epochs: Times, shown_s: Times, design: str) -> Facts | None:
    if len(epochs) == 0:
        return None
    lengths, on_s = np.diff(shown_s).ravel(), np.diff(epochs).ravel()
    with np.errstate(divide="ignore", invalid="ignore"):  # where the next presentation begins at once
        share = bin_opto(epochs, shown_s.ravel())[::2].astype(np.float64)
    first = shown_s[np.minimum(np.searchsorted(shown_s[:, 1], epochs[:, 0], side="right"), len(shown_s) - 1)]
    outside = (first[:, 0] >= epochs[:, 1]) | (first[:, 1] <= epochs[:, 0])
    facts: Facts = {"design": design, "epochs": len(epochs), "total_s": float(on_s.sum()), "on_s": spread(on_s)}
    facts |= {"onset_to_onset_s": spread(np.diff(epochs[:, 0])), "epochs_outside_presentations": int(outside.sum())}
    facts |= {"share_of_presentations": float(share @ lengths / lengths.sum())}
    without, throughout = int(np.sum(share <= 0)), int(np.sum(share >= 1 - 1e-6))
    return facts | {"presentations_without": without, "presentations_throughout": throughout}


def _signal(signal: SampledSignal, shown_s: Times) -> Facts:
    lengths, steps = np.diff(shown_s).ravel(), np.diff(signal.times_s)
    bins = np.ceil(lengths * min(DatasetSpec.rate_hz, MOST_BINS / lengths.sum())).astype(int).tolist()
    clocks = zip(shown_s[:, 0].tolist(), shown_s[:, 1].tolist(), bins, strict=True)
    edges = np.concatenate([np.linspace(start, stop, many + 1) for start, stop, many in clocks])
    missing = np.isnan(resample(signal, edges, DatasetSpec.max_gap_s))
    missing[np.cumsum(bins)[:-1] + np.arange(len(bins) - 1)] = False  # from a presentation's end to the next onset
    starts, stops = np.flatnonzero(np.diff(np.pad(missing.astype(np.int8), 1))).reshape(-1, 2).T
    gaps_s = edges[stops] - edges[starts]
    facts: Facts = {"samples": len(signal.values), "rate_hz": float(1 / np.median(steps)) if len(steps) else None}
    facts |= {"share_known": float(np.clip(1 - gaps_s.sum() / lengths.sum(), 0, 1)), "gap_s": spread(gaps_s)}
    return facts | {"value": spread(signal.values[np.isfinite(signal.values)])}
