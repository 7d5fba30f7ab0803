"""What lies where in an NWB file: time series and tables of intervals by their paths, and the one that is meant."""

from collections.abc import Iterable, Mapping
from typing import Any

from dlgn_cnn.data.readers.shared.session_parts import OPTO
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest

MOST_NAMES = 12


def every(file: Any) -> dict[str, Any]:
    """Every time series and table of intervals by its path, as ``processing/behavior/left_eye/pupil_size``."""
    found: dict[str, Any] = {}
    for module in file.processing.values():
        found |= _within(f"processing/{module.name}", module.data_interfaces)
    found |= _within("acquisition", file.acquisition) | _within("stimulus", file.stimulus)
    return found | _within("intervals", file.intervals or {})


def opto_candidates(found: Mapping[str, Any]) -> dict[str, Any]:
    """Those that look like light: of the type that the standard has for it, or stimuli and intervals named so."""
    return {place: one for place, one in found.items() if _is_opto(place, one)}


def meant(where: object, what: str, choices: Mapping[str, Any], name: str) -> Any:
    """The one that a path, or the end of one, names.

    Parameters
    ----------
    where : object
        The file, for errors.
    what : str
        What it should be.
    choices : mapping of str to object
        Those that there are, by their paths.
    name : str
        Its path, or the end of it.

    Returns
    -------
    object
        The one.

    Raises
    ------
    RecordingError
        If there is none, or several have that end.
    """
    found = [place for place in choices if place == name or place.endswith(f"/{name}")]
    if not found:
        raise RecordingError(f"{where} has no {what} {name!r}: {nearest(name, choices)}")
    if len(found) > 1:
        raise RecordingError(f"{where}: {what} {name!r} could be any of {found}: give the whole path")
    return choices[found[0]]


def unused(found: Mapping[str, Any], taken: Iterable[Any], columns: Iterable[str]) -> tuple[str, ...]:
    """Say which series and tables by path, apart from images, and which columns were not read, if any.

    Parameters
    ----------
    found : mapping of str to object
        All series and tables by their paths.
    taken : iterable of object
        Those that were read.
    columns : iterable of str
        Columns that were not.

    Returns
    -------
    tuple of str
        Sentences.
    """
    read = {id(one) for one in taken}
    rest = [place for place, one in found.items() if id(one) not in read and not hasattr(one, "external_file")]
    asked = "-o opto=PATH takes one as light, -o 'signals={running: PATH}' as a signal, -o trials=NAME as presentations"
    said = {"series and tables {}: " + asked: rest, "columns {}": sorted(columns)}
    short = {form: [*names[:MOST_NAMES], *["..."] * (len(names) > MOST_NAMES)] for form, names in said.items()}
    return tuple(form.replace("{}", ", ".join(names)) for form, names in short.items() if names)


def _is_opto(place: str, one: Any) -> bool:
    named = OPTO.search(place.rpartition("/")[2]) is not None
    intervals = hasattr(one, "colnames") and "start_time" in one.colnames
    stimulus = type(one).__name__ == "TimeSeries" and place.startswith("stimulus/")
    return type(one).__name__ == "OptogeneticSeries" or (named and (intervals or stimulus))


def _within(place: str, objects: Mapping[str, Any]) -> dict[str, Any]:
    """Objects by path, also those within containers such as BehavioralTimeSeries or PupilTracking."""
    found: dict[str, Any] = {}
    for name, one in dict(objects).items():
        inner = getattr(one, "time_series", None) or getattr(one, "spatial_series", None)
        found |= {f"{place}/{name}": one} if inner is None else _within(f"{place}/{name}", inner)
    return found
