"""What a Neurodata Without Borders file holds, through pynwb."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.binning import EDGE_SLACK_S, WHOLE, bin_opto
from dlgn_cnn.data.readers.nwb.allen import FRAME, frames_shown, tables_of_frames
from dlgn_cnn.data.readers.nwb.behavior import scaled, signals_of
from dlgn_cnn.data.readers.nwb.finding import every, meant, opto_candidates, unused
from dlgn_cnn.data.readers.nwb.stimuli import image_series, stored_frames, trials_shown
from dlgn_cnn.data.readers.nwb.units import ALLENSDK, LABELS, probes, unwanted
from dlgn_cnn.data.readers.shared.arrays import seconds
from dlgn_cnn.data.recording import SessionKey, SessionRecording, check_intervals
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress
from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.storage.rights import raise_if_forbidden

# columns that have one meaning
READ = {"start_time", "stop_time", "timeseries", "spike_times", "obs_intervals", "peak_channel_id", "electrodes"}
READ |= {"stimulus_block", "stimulus_name", *FRAME, *LABELS, *ALLENSDK}


def recording_of(
    path: Path,
    *,
    mouse: str | None,
    series: int,
    experiment: int,
    trials: str,
    stimulus: str,
    tier: str,
    opto: str | None,
    signals: Mapping[str, str],
    movies: Mapping[str, str],
    clip_s: float,
    test_share: float,
    area: str | None,
    quality: str,
    progress: Progress,
) -> SessionRecording:
    """The one session of a file.

    Parameters
    ----------
    path : Path
        The file.
    mouse, series, experiment, trials, stimulus, tier, opto, signals : str, int, Mapping
        Options of ``reader.read_nwb``, which says what is read.
    movies, clip_s, test_share, area, quality, progress : Mapping, float, str, callable
        More of them.

    Returns
    -------
    SessionRecording
        The session.

    Raises
    ------
    RecordingError
        If the file contradicts what is expected.
    """
    with _opened(path) as file:
        tables = dict(file.intervals or {}) | ({} if file.trials is None else {"trials": file.trials})
        framed = tables_of_frames(tables)
        of_frames = bool(movies or (framed and trials not in tables))
        if of_frames:
            shown = frames_shown(path, framed, movies, clip_s, test_share)
        else:
            shown = trials_shown(path, file, tables, trials, stimulus, tier, progress)
        starts, stops = np.array([(one.start_s, one.stop_s) for one in shown.presentations]).reshape(-1, 2).T
        kept, notes = _valid(file, starts, stops)
        order = [row for row in np.argsort(starts, kind="stable").tolist() if kept[row]]
        shown_s = np.column_stack([starts, stops])[order]
        spikes, observed, unobserved = _spikes(path, file, shown_s)
        left, why = unwanted(path, file, quality, area, shown_s)
        found = every(file)
        opto_epochs, of_opto = _opto_epochs(path, found, opto)
        taken = [*opto_candidates(found).values()] if opto is None else [meant(path, "light", found, opto)]
        tables = framed if of_frames else {trials: tables[trials]}
        return SessionRecording(
            session=_session(path, file, mouse, series, experiment),
            spike_times_s={unit: times for unit, times in spikes.items() if unit not in left},
            presentations=tuple(replace(shown.presentations[row], trial=trial) for trial, row in enumerate(order)),
            opto_epochs_s=opto_epochs,
            scenes=shown.scenes,
            signals=signals_of(path, found, signals, taken),
            source=path,
            notes=(*shown.notes, *notes, *unobserved, *why, *of_opto),
            unused=unused(found, [*taken, *tables.values()], _columns(file, tables) - {*READ, stimulus, tier}),
            observed_s={unit: intervals for unit, intervals in observed.items() if unit not in left},
        )


def _columns(file: Any, tables: Mapping[str, Any]) -> set[str]:
    return {column for table in (*tables.values(), file.units) for column in table.colnames}


def frames_of(path: Path, address: str) -> Iterator[Frames]:
    """Frames ``name:start:stop`` of an image series, in blocks."""
    name, start, stop = address.rsplit(":", 2)
    with _opened(path) as file:
        yield from stored_frames(path, image_series(path, file, name), int(start), int(stop))


def load_libraries() -> None:
    """Import what takes a second, so that no copy of this process has to."""
    import pynwb  # noqa: F401


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file, open for reading. Errors of the layers below become RecordingError."""
    from pynwb import NWBHDF5IO

    from dlgn_cnn.data.readers.shared.hdf5_files import require_contained

    try:
        require_contained(path)
        with NWBHDF5IO(str(path), "r") as io:
            yield io.read()
    except RecordingError:
        raise
    except Exception as error:  # what HDF5 and pynwb let through from damaged bytes is many kinds of error
        raise_if_forbidden(error, path)
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise RecordingError(f"{path} cannot be read as NWB ({said:.200}): export it again") from error


def _session(path: Path, file: Any, mouse: str | None, series: int, experiment: int) -> SessionKey:
    if mouse is None and file.session_id:
        with suppress(RecordingError):
            return SessionKey.parse(file.session_id)
    subject = getattr(file.subject, "subject_id", None)
    if mouse is None and not subject:
        raise RecordingError(f"{path} has no subject_id: give the mouse's name as option mouse=")
    return SessionKey(str(mouse or subject), series, experiment)


def _valid(file: Any, starts_s: Times, stops_s: Times) -> tuple[np.ndarray, list[str]]:
    """Which presentations the file does not call invalid, and what is said of the others."""
    kept = np.ones(len(starts_s), bool)
    table, of_units = file.invalid_times, set().union(*probes(file))
    for row in range(0 if table is None else len(table)):
        words = {str(word) for word in table["tags"][row]} if "tags" in table.colnames else set()
        if "optotagging" not in words and not words & of_units:  # else it is about light, or one probe's units
            kept &= (stops_s <= float(table["start_time"][row])) | (starts_s >= float(table["stop_time"][row]))
    left = int(np.sum(~kept))
    return kept, [f"{left} of {len(kept)} presentations overlap invalid_times and are left out"] if left else []


def _spikes(path: Path, file: Any, shown_s: Times) -> tuple[dict[int, Times], dict[int, Times], list[str]]:
    """Spikes of the units that were observed at all; when, of those that were not throughout; what is said of them."""
    units = file.units
    if units is None or "spike_times" not in units.colnames:
        raise RecordingError(f"{path} has no units with spike_times: nothing can be fitted to it")
    ids = [int(unit) for unit in units.id[:]]
    check("recording.units", len(ids), path)
    if len(set(ids)) != len(ids):
        raise RecordingError(f"{path}: unit ids are not all different: renumber the units")
    spikes = {unit: np.sort(own) for unit, own in zip(ids, _ragged(path, units, "spike_times"), strict=False)}
    if "obs_intervals" not in units.colnames:
        return spikes, {}, []
    told = dict(zip(ids, _ragged(path, units, "obs_intervals"), strict=False))
    observed, never, notes = _observed(path, told, shown_s)
    return {unit: times for unit, times in spikes.items() if unit not in never}, observed, notes


def _observed(path: Path, told: Mapping[int, Times], shown_s: Times) -> tuple[dict[int, Times], list[int], list[str]]:
    """Intervals of units that were not observed throughout; the units that never were; what is said of both."""
    observed, never, missed = dict[int, Times](), list[int](), dict[int, list[int]]()
    inner_s = (shown_s + np.array([EDGE_SLACK_S, -EDGE_SLACK_S])).ravel()
    for unit, found in told.items():
        intervals = found[np.argsort(found[:, 0], kind="stable")] if found.ndim == 2 else found
        check_intervals(intervals, f"{path}: obs_intervals of unit {unit}")
        share = bin_opto(intervals, inner_s)[::2]
        if not np.any(share > 0):
            never.append(unit)
        elif np.any(share < WHOLE):
            observed[unit] = intervals
            missed.setdefault(int(np.sum(share < WHOLE)), []).append(unit)
    notes = [
        f"units {units} were not observed throughout {count} of {len(shown_s)} presentations (obs_intervals): what lies"
        " outside counts neither in fits nor in scores"
        for count, units in missed.items()
    ]
    if never:
        notes.append(f"units {never} were observed in no presentation (obs_intervals) and are left out")
    return observed, never, notes


def _ragged(path: Path, units: Any, name: str) -> list[Times]:
    """A column of ``units`` that has several values a unit, as one array each."""
    column = units[name]
    ends, values = np.asarray(column.data[:], np.int64), seconds(column.target.data[:], f"{path}: {name} of units")
    if len(ends) != len(units) or np.any(np.diff(ends, prepend=0) < 0) or ends.max(initial=0) > len(values):
        raise RecordingError(f"{path}: {name}_index does not divide the values among units: export it again")
    return np.split(values, ends)[: len(ends)]


def _opto_epochs(path: Path, found: Mapping[str, Any], name: str | None) -> tuple[Times, list[str]]:
    """Epochs (epoch, 2) of light in a table of intervals or an OptogeneticSeries; empty if nothing looks like light.

    Also, what is said of them.
    """
    likely = opto_candidates(found)
    if name is not None:
        chosen = meant(path, "light", found, name)
    elif len(likely) > 1:
        raise RecordingError(f"{path}: the light could be any of {[*likely]}: say which by the option opto=PATH")
    elif not likely:
        return np.empty((0, 2)), []
    else:
        (chosen,) = likely.values()
    if not hasattr(chosen, "colnames"):
        return _above_half(path, chosen), []
    epochs = np.column_stack([chosen["start_time"][:], chosen["stop_time"][:]]).astype(np.float64)
    trains = f"light: {chosen.name} has the levels of its LED in volts, not mW, and each epoch counts as lit throughout"
    return epochs[np.argsort(epochs[:, 0], kind="stable")], [trains] if "level" in chosen.colnames else []


def _above_half(path: Path, series: Any) -> Times:
    values, times = scaled(series), np.asarray(series.get_timestamps(), np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise RecordingError(f"{path}: light {series.name} has shape {values.shape}, expected finite power a time")
    if values.max() <= 0:
        return np.empty((0, 2))
    on = np.concatenate([[False], values > values.max() / 2, [False]])
    clock = np.append(times, 2 * times[-1] - times[-2])  # the last sample lasts as long as the one before
    change = np.flatnonzero(np.diff(on.astype(np.int8)))
    return clock[change].reshape(-1, 2)
