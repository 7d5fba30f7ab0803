"""Stored MEIs and controls for the rig: lossless video and arrays, with a manifest that describes each."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn import __version__
from dlgn_cnn.data.recording import SIMULATED_PREFIX
from dlgn_cnn.data.stimuli.video import read_gray, write_lossless
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.export.export import Screen, Shown, for_screen
from dlgn_cnn.registry import nearest
from dlgn_cnn.simulation.config import DEG_PER_PX, GRID_PX
from dlgn_cnn.storage.atomic import write_text
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.rights import present
from populate.report.report import best_fit
from schemas import dataset, mei, mei_control, training
from schemas.base.keys import FIT, UNIT, fit_key

Row = dict[str, Any]
MANIFEST = "manifest.json"
KEY = (*FIT, "mei_hash")
NAME = (*UNIT, "opto_condition")


@dataclass(frozen=True)
class Chosen:
    """Stimuli of an experiment's best fit, by unit number and condition (default: all), with or without controls."""

    experiment: str | None = None
    units: Sequence[int] = ()
    conditions: Sequence[str] = ()
    controls: bool = False


def export(folder: Path, chosen: Chosen, screen: Screen, deg_per_px: float | None = None) -> Path:
    """Write stimuli for the rig.

    Each is an FFV1 video and an ``.npz`` (``frames`` as on the screen, ``stimulus`` as synthesized, ``rate_hz``). Both
    are read back and compared before the manifest states their digests. Of several random starts the best is taken, of
    a diverse set every member.

    Parameters
    ----------
    folder : Path
        A new or empty folder.
    chosen : Chosen
        Which stimuli.
    screen : Screen
        The rig's screen.
    deg_per_px : float, optional
        Degrees of visual field of a pixel of the fitted movies. Only simulated recordings state it themselves.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    ConfigError
        If ``deg_per_px`` is not known, no stimulus is chosen, the folder is not empty, and as ``for_screen`` does.
    """
    if present(folder) and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty: name a new folder")
    rows = _rows(chosen)
    loaders = training.load_data(training.fit_spec(rows[0]), dataset.store_paths(rows[0]))
    infos = {name: loader.data_info for name, loader in loaders["train"].items()}
    native_deg = _degrees(rows[0], next(iter(infos.values())), deg_per_px)
    names = {tuple(row[name] for name in UNIT): row["session_name"] for row in dataset.unit_rows(rows[0])}
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for row in rows:
        session = names[tuple(row[name] for name in UNIT)]
        entries.append(_write(folder, row | {"session_name": session}, infos[session], screen, native_deg))
    times = screen.times(infos[entries[0]["session"]].frame_shape[1:])
    text = _head(rows[0], screen, native_deg / times) | {"stimuli": entries}
    path = folder / MANIFEST
    write_text(path, json.dumps(text, indent=2, allow_nan=False) + "\n")
    return path


def _rows(chosen: Chosen) -> list[Row]:
    for condition in chosen.conditions:
        if condition not in mei.CONDITIONS:
            raise ConfigError(f"condition {condition!r}: {nearest(condition, list(mei.CONDITIONS))}")
    fit = fit_key(best_fit(chosen.experiment))
    best = _synthesized(fit)
    if chosen.controls:
        # A control is one of the best MEI of its unit and light, too: the same seed.
        seeds = {_which(row): row["mei_seed"] for row in best}
        rows = (mei_control.MEIControl.Stimulus & fit & "control != 'mei'").to_dicts(order_by="KEY")
        best += [row | {"mei_seed": seeds[_which(row)]} for row in rows]
    kept = [row for row in best if not chosen.units or row["unit"] in chosen.units]
    kept = [row for row in kept if not chosen.conditions or row["opto_condition"] in chosen.conditions]
    missing = set(chosen.units) - {row["unit"] for row in kept}
    if not kept or missing:
        known = sorted({row["unit"] for row in best})
        raise ConfigError(f"no stimuli of units {sorted(missing)}: the best fit of this experiment has them of {known}")
    return sorted(kept, key=lambda row: [str(row[name]) for name in (*NAME, "control", "mei_hash", "mei_seed")])


def _synthesized(fit: Row) -> list[Row]:
    """Of MEIs the best of all seeds; of a diverse set every member."""
    sets = {row["mei_hash"] for row in (mei.MEIConfig & {"mei_fn": "diverse"}).to_dicts()}
    rows = (mei.MEI.Stimulus & fit).to_dicts(order_by="activation")
    best = {_which(row): row | {"control": "mei"} for row in rows if row["mei_hash"] not in sets}
    return [*best.values(), *(row | {"control": "diverse"} for row in rows if row["mei_hash"] in sets)]


def _which(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in (*KEY, *NAME))


def _degrees(key: Row, info: DataInfo, given: float | None) -> float:
    """Degrees of visual field that a pixel of the fitted movies spans. Raises ConfigError."""
    if given is not None:
        if not 0 < given < math.inf:
            raise ConfigError(f"{given} degrees a pixel: expected a number above 0, as 2.0")
        return given
    config = dataset.DatasetConfig.load(key)[1]
    if not key["mouse"].startswith(SIMULATED_PREFIX) or "transforms" in config:
        raise ConfigError(
            f"how many degrees a pixel of the fitted movies ({info.frame_shape[1]}x{info.frame_shape[2]} px) spans is "
            "not in the recording: say it with --deg-per-px, as 2.0; it goes into the manifest"
        )
    return DEG_PER_PX * GRID_PX[1] / info.frame_shape[2]


def _write(folder: Path, row: Row, info: DataInfo, screen: Screen, native_deg: float) -> Row:
    stimulus = np.asarray(row["stimulus"].load(), np.float32)
    shown = for_screen(stimulus, info.video_mean, info.video_std, screen)
    words = (row["opto_condition"], row["control"], row["mei_hash"][:8], row["mei_seed"])
    name = "_".join(map(str, (row["session_name"], f"u{row['unit']:02d}", *words)))
    video, arrays = folder / f"{name}.avi", folder / f"{name}.npz"
    write_lossless(video, shown.frames, info.rate_hz)
    np.savez(arrays, frames=shown.frames, stimulus=stimulus, rate_hz=info.rate_hz)
    _read_back(video, arrays, shown, screen)
    return _entry(row, info, shown, (video, arrays)) | _in_degrees(row, info, native_deg)


def _read_back(video: Path, arrays: Path, shown: Shown, screen: Screen) -> None:
    with np.load(arrays) as stored:
        same = np.array_equal(stored["frames"], shown.frames)
    if not same or not np.array_equal(read_gray(video, screen.size_px), shown.frames):
        raise ConfigError(f"{video.stem} reads back as other frames than were written: the disk or codec is at fault")


def _entry(row: Row, info: DataInfo, shown: Shown, files: tuple[Path, Path]) -> Row:
    return {
        "session": row["session_name"],
        "unit": int(row["unit"]),
        "condition": row["opto_condition"],
        "stimulus": row["control"],
        "mei_seed": row["mei_seed"],
        "mei_hash": row["mei_hash"],
        "member_seeds": sorted((mei.MEI.Member & {name: row[name] for name in KEY}).to_arrays("member_seed").tolist()),
        "parameters": row.get("parameters"),
        "norm": shown.norm_asked,
        "norm_shown": shown.norm,
        "norm_departure": shown.departure,
        "gray_levels_off": shown.levels_off,
        "lowest_gray": int(shown.frames.min()),
        "highest_gray": int(shown.frames.max()),
        "gray_mean": info.video_mean,
        "gray_std": info.video_std,
        "frames": len(shown.frames),
        "frame_rate_hz": info.rate_hz,
        "duration_s": len(shown.frames) / info.rate_hz,
        "predicted_intact_hz": row["intact_hz"],
        "predicted_suppressed_hz": row["suppressed_hz"],
        "files": {path.name: file_sha256(path) for path in files},
    }


def _in_degrees(row: Row, info: DataInfo, native_deg: float) -> Row:
    """The picture's size (height, width) and, of a grating, what physiologists call its parameters."""
    found: Row = {"size_deg": [side * native_deg for side in info.frame_shape[1:]]}
    if row["control"] == "grating":
        grating = row["parameters"]
        found["grating"] = {
            "direction_deg": grating["direction_deg"],
            "cycles_deg": grating["cycles_px"] / native_deg,
            "temporal_frequency_hz": grating["cycles_frame"] * info.rate_hz,
            "radius_deg": grating["radius_px"] * native_deg,
            "phase_deg": grating["phase_deg"],
        }
    return found


def _head(key: Mapping[str, Any], screen: Screen, deg_per_px: float) -> Row:
    return {
        "dlgn_cnn": __version__,
        "fit": fit_key(key),
        "weights_sha256": training.weights_of(key),
        "size_px": list(screen.size_px),
        "upscaling": screen.method,
        "norm_tolerance": screen.tolerance,
        "degrees_per_px": deg_per_px,
    }
