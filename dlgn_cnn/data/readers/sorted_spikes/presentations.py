"""The table of presentations: what was shown when, from which file, in which tier, and with how much light."""

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.binning import merge_epochs
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.readers.sorted_spikes.tables import NamedColumns, require_rows
from dlgn_cnn.data.recording import PresentationTimes, SceneFile, SceneKey
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.runtime.progress import Progress
from dlgn_cnn.shapes import Times
from dlgn_cnn.storage.rights import files_below, present_folder

ROLES = {
    "scene": ("scene", "scene_id", "movie_file", "movie", "file", "stimulus", "stimulus_name"),
    "onset": ("onset_s", "onset", "start_s", "start_time", "start", "intervals_0"),
    "offset": ("offset_s", "offset", "stop_s", "stop_time", "stop", "end_s", "end_time", "end", "intervals_1"),
    "tier": ("tier", "train_vs_test"),
    "opto": ("opto", "light", "laser", "led"),
}
NEEDED = ("scene", "onset", "offset")
BLANK = ("", "nan", "none", "<na>")


@dataclass(frozen=True)
class Shown:
    """What a table of presentations says; ``opto_epochs_s`` (epoch, 2) is None if it has no column of light."""

    presentations: tuple[PresentationTimes, ...]
    scenes: dict[SceneKey, SceneFile]
    opto_epochs_s: Times | None
    notes: list[str]


class SceneFiles:
    """Movie files by what a table may call them: a name below their folder, or a number of one movie.

    Parameters
    ----------
    folder : Path
        Folder of the recording.
    movies : str or None
        Folder of the movies within it (default: ``movies``, ``scenes``, or the folder itself).
    movie : str or None
        Movie whose scenes the table numbers (default: it names files, with their ending or without).
    """

    def __init__(self, folder: Path, movies: str | None, movie: str | None) -> None:
        default = next(name for name in ("movies", "scenes", ".") if present_folder(folder / name))
        self.folder, self.movie, self.place = folder, movie, inside(folder, movies or default, "option movies")
        numbered = re.compile(rf"{re.escape(movie or '')}(?:.*\D)?0*(\d{{1,9}})")
        self._found: dict[str, list[tuple[str, Path]]] = {}
        for file in sorted(files_below(self.place)):
            whole, match = file.relative_to(self.place), numbered.fullmatch(file.stem)
            stem = whole.with_suffix("").as_posix()
            for name in {whole.as_posix(), stem} if movie is None else {str(int(match[1]))} if match else ():
                self._found.setdefault(name, []).append((stem, file))

    def find(self, name: str, where: str) -> tuple[SceneKey, Path]:
        """Key and file of a scene. Raises RecordingError, which begins with ``where``, unless one file is called so."""
        found = self._found.get(os.path.normpath(name) if self.movie is None else name.lstrip("0") or "0", [])
        if len(found) != 1:
            there = f"is the name of {len(found)} files in {self.place}"
            advice = "if it is a number, name its movie by the option movie=NAME, and " if self.movie is None else ""
            raise RecordingError(f"{where}: scene {name!r:.100} {there}, expected one: {advice}correct files or table")
        ((stem, file),) = found
        key = SceneKey(stem, 0) if self.movie is None else SceneKey(self.movie, int(name))
        return key, inside(self.folder, str(file.absolute()), f"{where}: scene {name!r:.100}")


def presentations_of(table: NamedColumns, files: SceneFiles, columns: Mapping[str, str], progress: Progress) -> Shown:
    """Read a table of presentations.

    Parameters
    ----------
    table : NamedColumns
        The table, its rows in any order.
    files : SceneFiles
        Finds the scenes' files.
    columns : mapping of str to str
        Its column of each of ``ROLES``, where that has another name than the default ones.
    progress : callable
        Called with the scene files read and their number.

    Returns
    -------
    Shown
        Presentations in order of onset; a row without a scene is left out, and said.

    Raises
    ------
    RecordingError
        If a column is missing, a value is of another kind, or a scene has no file.
    """
    from dlgn_cnn.data.stimuli.video import probe

    roles = _roles(table, columns)
    names = [_name(cell) for cell in table.columns[roles["scene"]]]
    check("recording.presentations", len(names), table.where)
    times = np.column_stack([table.seconds(roles[role]) for role in ("onset", "offset")])
    order = np.array([row for row in np.argsort(times[:, 0], kind="stable") if names[row]], np.int64)
    known = {name: files.find(name, table.where) for name in dict.fromkeys(names[row] for row in order)}
    check("recording.scenes", len(known), table.where)
    scenes, paths = dict[SceneKey, SceneFile](), dict(known.values())
    if len(paths) < len(set(known.values())):
        raise RecordingError(f"{table.where} names two files that differ in their endings alone: rename one of them")
    for key, path in paths.items():
        scenes[key] = probe(path)
        progress(len(scenes), len(paths))
    keys = [known[names[row]][0] for row in order]
    tiers, notes = _tiers(table, roles, keys, order)
    shown = []
    for trial, row in enumerate(order):
        start_s, stop_s = times[row].tolist()
        try:
            shown.append(PresentationTimes(trial, keys[trial], start_s, stop_s, tiers[trial]))
        except RecordingError as error:
            raise RecordingError(f"{table.where}, row {row}: {error}") from error
    epochs, said = _opto(table, roles, times, order)
    notes += [*said, *_left(table, roles, len(names) - len(order))]
    return Shown(tuple(shown), scenes, epochs, notes)


def _roles(table: NamedColumns, columns: Mapping[str, str]) -> dict[str, str]:
    """The column of each role that there is."""
    for role, name in columns.items():
        for what, one, choices in (("role", role, ROLES), ("column", name, table.columns)):
            if one not in choices:
                raise RecordingError(f"option columns, for {table.where}: no {what} {one!r}: {nearest(one, choices)}")
    found = {role: columns.get(role) or table.find(names) for role, names in ROLES.items()}
    for role in NEEDED:
        found[role] = found[role] or table.need(role, ROLES[role], f", or give columns={{{role}: NAME}}")
    return {role: name for role, name in found.items() if name is not None}


def _name(cell: object) -> str:
    """A scene as a table calls it, "" for none; a whole number may have come as a float."""
    text = str(int(cell) if isinstance(cell, float | np.floating) and float(cell).is_integer() else cell).strip()
    return "" if text.lower() in BLANK else text


def _tiers(
    table: NamedColumns, roles: Mapping[str, str], keys: list[SceneKey], order: np.ndarray
) -> tuple[list[str], list[str]]:
    if "tier" in roles:
        return [str(cell).strip().lower() for cell in table.columns[roles["tier"]][order]], []
    times = Counter(keys)
    test = sum(count > 1 for count in times.values())
    if keys and test == len(times):
        raise RecordingError(f"{table.where} shows every scene more than once: add a column tier, of train or test")
    note = f"there is no column tier: {test} scenes shown more than once are test, the other {len(times) - test} train"
    return ["test" if times[key] > 1 else "train" for key in keys], [note]


def _opto(
    table: NamedColumns, roles: Mapping[str, str], times: Times, order: np.ndarray
) -> tuple[Times | None, list[str]]:
    """Light from the onset of each presentation on, for its share of it."""
    if "opto" not in roles:
        return None, []
    share, (starts, stops) = table.numbers(roles["opto"]), times.T
    shown = np.isin(np.arange(len(share)), order)
    where = f"{table.where}, column {roles['opto']!r}"
    fits = ((share >= 0) & (share <= 1)) | ~shown
    require_rows(fits, share, where, "the share of the presentation with light, 0 to 1")
    ends = starts + share * (stops - starts)
    partly = int(np.sum((share % 1 > 0) & shown))
    said = [f"{partly} presentations are lit in part: the light is taken as on from their onset"] if partly else []
    return merge_epochs([float(starts[row]), float(ends[row])] for row in order if share[row] > 0), said


def _left(table: NamedColumns, roles: Mapping[str, str], rows: int) -> list[str]:
    """What is said of rows and columns that are not used."""
    unused = [name for name in table.columns if name not in roles.values()]
    notes = [f"{rows} rows of {table.where} name no scene and are left out"] if rows else []
    return notes + ([f"columns of {table.where} that are not used: {', '.join(unused)!s:.300}"] if unused else [])
