"""Reader of Experanto folders, as public mouse recordings of 2025 and 2026 come."""

import re
from pathlib import Path
from typing import Any, Literal

from dlgn_cnn.data.binning import merge_epochs
from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.experanto import devices, screen
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.readers.shared.session_parts import OPTO, scan_of
from dlgn_cnn.data.recording import SIGNALS, BinnedResponses, SampledSignal, SessionKey, SessionRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Times
from dlgn_cnn.storage.rights import present_file, present_folder

EYE, WHEEL, RESPONSES = "eye_tracker", "treadmill", "responses"
MODALITIES = {"screen": "screen", EYE: "sequence", WHEEL: "sequence", RESPONSES: "sequence"}
SCAN = ("animal_id", "session", "scan_idx")
Devices = dict[str, devices.Meta]


def _folders(path: Path) -> list[Path]:
    """The folders of sessions: the path itself, or those in it."""
    if not present_folder(path):
        return []
    if present_file(path / "screen" / devices.META):
        return [path]
    return [
        one for one in sorted(path.iterdir()) if present_folder(one) and present_file(one / "screen" / devices.META)
    ]


@reader("experanto", lambda path: bool(_folders(path)))
def read_experanto(
    path: Path,
    *,
    mouse: str | None = None,
    series: int | None = None,
    experiment: int | None = None,
    opto: str | None = None,
    eye: list[str] | None = None,
    validation: Literal["train", "test", "leave_out"] = "train",
    gray_range: tuple[float, float] | None = None,
    progress: Progress = silent,
) -> list[SessionRecording]:
    """Read the session of an Experanto folder, or those of all such folders in a folder.

    ``screen`` holds trials of video, image and blank; a frame stays until the next one's time stamp, a trial until the
    next trial; trials of blank and invalid are not presentations. Responses are spike times of the device of modality
    ``spikes``, or else the samples of the sequence ``responses``, a bin each. Running is the sequence ``treadmill``. A
    signal with a phase shift was sampled later by it. Means and standard deviations are not read: statistics are
    computed from the training tier. The movie is named after the session.

    Parameters
    ----------
    path : Path
        The folder.
    mouse : str, optional
        Name of the mouse (default: of ``meta.json``, or of the folder's name, as ``dynamic29515-10-12-...``).
    series, experiment : int, optional
        Numbers that complete the session's name (default: as the mouse, or 1).
    opto : str, optional
        The light: DEVICE:LABEL of time intervals, or DEVICE if it has one label (default: the only one whose name
        speaks of light).
    eye : list of str, optional
        What each column of ``eye_tracker`` is: ``pupil_x``, ``pupil_y``, ``pupil_size``, or any other word for one
        that is not used (default: the ``signal_names`` of its ``meta.yml``; the format itself does not say).
    validation : {"train", "test", "leave_out"}, default "train"
        What trials of the tier "validation" are for.
    gray_range : tuple of float, optional
        Values of black and white in stimulus files (default: 0 and 255, and values must be whole).
    progress : callable, optional
        Called with the trials read and their number.

    Returns
    -------
    list of SessionRecording
        The sessions, in order of their keys.

    Raises
    ------
    RecordingError
        If a folder contradicts this; the error names what does.
    """
    options = {"opto": opto, "eye": eye, "validation": validation, "gray_range": gray_range, "progress": progress}
    given = {"mouse": mouse, "series": series, "experiment": experiment}
    found = [_recording(folder, _session(folder, given), **options) for folder in _folders(path)]
    twice = [one for number, one in enumerate(found) if one.session in [other.session for other in found[:number]]]
    if twice:
        raise RecordingError(f"{path}: {twice[0].source} and another are session {twice[0].session}: read one by one")
    return sorted(found, key=lambda one: one.session)


def _recording(
    folder: Path, session: SessionKey, *, opto: Any, eye: Any, validation: Any, gray_range: Any, progress: Any
) -> SessionRecording:
    found, used, where = _devices(folder), {"screen"}, folder / "screen"
    trials, onsets_s = screen.read_trials(where, validation)
    spikes, binned, recorded_s, notes = _responses(folder, found, used)
    kept, left = screen.kept_of(where, trials, recorded_s)
    signals, said = _signals(folder, found, eye, used)
    epochs = _opto_epochs(folder, found, opto, used)
    shown, scenes, odd = screen.show(where, str(session), kept, onsets_s, gray_range, progress)
    if others := sorted(found.keys() - used):
        said.append(f"devices {', '.join(others)} are not used")
    if any(present_file(folder / name / "meta" / "means.npy") for name in found):
        said.append("means and stds in meta/ are not used: statistics are those of the training tier")
    return SessionRecording(
        session=session,
        spike_times_s=spikes,
        presentations=shown,
        opto_epochs_s=epochs,
        scenes=scenes,
        signals=signals,
        source=folder,
        binned=binned,
        notes=(*notes, *left, *odd, *said),
    )


def _devices(folder: Path) -> Devices:
    """What each device's ``meta.yml`` says, by its name."""
    found = {}
    for one in sorted(folder.iterdir()):
        if present_folder(one) and present_file(one / devices.META):
            found[one.name] = devices.described(inside(folder, one.name, str(folder)) / devices.META)
            modality = found[one.name].setdefault("modality")
            expected = MODALITIES.get(one.name, modality)
            if modality != expected:
                raise RecordingError(f"{one / devices.META}: modality is {modality!r:.60}, expected {expected}")
    return found


def _session(folder: Path, given: dict[str, Any]) -> SessionKey:
    name: object = folder.resolve().name
    if present_file(folder / "meta.json"):
        meta = devices.described(folder / "meta.json")
        scan = meta.get("scan_key")
        name = meta.get("data_key", "-".join(str(scan.get(part)) for part in SCAN) if isinstance(scan, dict) else name)
    key: dict[str, Any] = {"series": 1, "experiment": 1} | scan_of(str(name))
    if own := re.fullmatch(r"(.+)_s(\d{1,9})_e(\d{1,9})", str(name)):
        key |= {"mouse": own[1], "series": int(own[2]), "experiment": int(own[3])}
    key |= {name: value for name, value in given.items() if value is not None}
    if "mouse" not in key:
        raise RecordingError(
            f"{folder}: neither meta.json nor its name says which session it is, as dynamic29515-10-12-... does: give "
            "the mouse's name as option mouse="
        )
    return SessionKey(**key)


def _of(found: Devices, modality: str) -> Devices:
    return {name: meta for name, meta in found.items() if meta["modality"] == modality}


def _responses(
    folder: Path, found: Devices, used: set[str]
) -> tuple[dict[int, Times], BinnedResponses | None, Times, list[str]]:
    """Spike times or binned responses, the intervals in which they were recorded, and what is said of them."""
    spikes = [*_of(found, "spikes")]
    if len(spikes) != 1 and (spikes or RESPONSES not in _of(found, "sequence")):
        raise RecordingError(f"{folder} has {len(spikes)} devices of spikes: expected one, or a sequence {RESPONSES}")
    used.update((*spikes, RESPONSES))
    if not spikes:
        binned, notes = devices.read_responses(folder / RESPONSES, found[RESPONSES])
        return {}, binned, binned.bins_s, notes
    times_s, span_s = devices.read_spikes(folder / spikes[0], found[spikes[0]])
    return times_s, None, span_s, [f"{RESPONSES} are not used, as there are spikes"] if RESPONSES in found else []


def _signals(
    folder: Path, found: Devices, eye: list[str] | None, used: set[str]
) -> tuple[dict[str, SampledSignal], list[str]]:
    """Running and pupil, and what is said of them."""
    signals: dict[str, SampledSignal] = {}
    notes, sequences = list[str](), _of(found, "sequence")
    names = {WHEEL: ["running"], EYE: sequences.get(EYE, {}).get("signal_names") if eye is None else eye}
    for device in sorted({WHEEL, EYE} & sequences.keys()):
        samples, named = devices.read_sequence(folder / device, sequences[device]), names[device]
        columns = samples.values.shape[1]
        used.add(device)
        if named is None:
            notes.append(
                f"{EYE} has {columns} columns whose order the format does not say, and is not used: name them, as "
                "-o 'eye=[pupil_x, pupil_y, pupil_size, other]'"
            )
        elif not isinstance(named, list) or len(named) != columns or any(named.count(one) > 1 for one in SIGNALS):
            raise RecordingError(f"{samples.folder} has {columns} columns, and names are {named!r:.200}: one for each")
        else:
            signals |= {one: samples.column(column) for column, one in enumerate(named) if one in SIGNALS}
        notes += samples.notes
    return signals, notes


def _opto_epochs(folder: Path, found: Devices, name: str | None, used: set[str]) -> Times:
    """Epochs (epoch, 2) of light in s: the intervals of one label."""
    places: dict[str, tuple[str, str]] = {}
    for device, meta in _of(found, "time_interval").items():
        if not isinstance(meta.get("labels"), dict):
            raise RecordingError(f"{folder / device / devices.META}: expected labels, each with a .npy file")
        places |= {f"{device}:{label}": (device, label) for label in meta["labels"]}
    likely = [place for place in places if any(OPTO.search(part) for part in place.split(":"))]
    if name is not None:
        likely = [place for place in places if name in (place, places[place][0])]
        if not likely:
            raise RecordingError(f"{folder} has no time intervals {name!r:.80}: {nearest(name, places)}")
    if len(likely) > 1:
        raise RecordingError(f"{folder}: the light could be any of {likely}: say which, opto=DEVICE:LABEL")
    epochs = []
    for device, label in (places[place] for place in likely):
        epochs = devices.read_intervals(folder / device, found[device], label).tolist()
        used.add(device)
    return merge_epochs(epochs)
