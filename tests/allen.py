"""A small recording in the layout of the Allen Institute's Neuropixels files, which are gigabytes."""

import functools
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pynwb import NWBHDF5IO, NWBFile, TimeSeries, get_class, load_namespaces
from pynwb.core import DynamicTable, VectorData
from pynwb.device import Device
from pynwb.epoch import TimeIntervals
from pynwb.spec import NWBGroupSpec, NWBNamespaceBuilder

RATE = 30.0
EXTENSION = {"EcephysProbeLike": "Device", "EcephysSpecimenLike": "Subject"}
MOVIE = np.random.default_rng(0).integers(0, 256, (60, 16, 32), dtype=np.uint8)
IMAGES = np.random.default_rng(1).integers(0, 256, (6, 16, 32), dtype=np.uint8)
# By unit: channel, area, label, and whether AllenSDK's default filter lets it pass.
UNITS = {
    950910352: (850126378, "LGd", "good", True),
    950910364: (850126380, "LGd", "good", False),
    950910371: (850126382, "VISp", "good", True),
    950910392: (850126384, "LGd", "noise", True),
    950910404: (850126386, "LGd-sh", "good", True),
    950910410: (850126388, "None", "good", True),
}
PROBES = {850126378: "probeA", 850126380: "probeA", 850126382: "probeB", 850126384: "probeA", 850126386: "probeC"}
REPEATS, LEFT_OUT = 4, (1, 17)  # presentations of the movie, and the repeat and frame of which there is no row
MOVIE_S, IMAGES_S = 1.0, 20.0


@functools.cache
def extension_type(name: str) -> Any:
    """A type of an extension that another process knows from the file alone."""
    with tempfile.TemporaryDirectory() as folder:
        builder = NWBNamespaceBuilder("as Allen's", "ndx-aibs-like", version="0.1.0", author="test", contact="a@b.c")
        for new, parent in EXTENSION.items():
            builder.include_type(parent, namespace="core")
            builder.add_spec("types.yaml", NWBGroupSpec(new, neurodata_type_def=new, neurodata_type_inc=parent))
        builder.export("namespace.yaml", outdir=folder)
        load_namespaces(f"{folder}/namespace.yaml")
    return get_class(name, "ndx-aibs-like")


def frame_table(name: str, rows: list[tuple[float, float, float, float]]) -> TimeIntervals:
    """A row for each frame: start, stop, frame, block."""
    table = TimeIntervals(name=f"{name}_presentations", description=f"Presentation times of {name}")
    for column in ("stimulus_name", "stimulus_block", "frame"):
        table.add_column(name=column, description=column)
    for start, stop, frame, block in rows:
        table.add_interval(start_time=start, stop_time=stop, stimulus_name=name, stimulus_block=block, frame=frame)
    return table


def movie_rows() -> list[tuple[float, float, float, float]]:
    """Two blocks of two repeats; in one repeat the screen left a frame out."""
    found = []
    for repeat in range(REPEATS):
        start = MOVIE_S + 2 * repeat + (4 if repeat > 1 else 0)
        onsets = start + np.arange(len(MOVIE) + 1) / RATE
        kept = [frame for frame in range(len(MOVIE)) if (repeat, frame) != LEFT_OUT]
        found += [(onsets[frame], onsets[frame + 1], float(frame), float(1 + repeat // 2)) for frame in kept]
    return found


def image_rows() -> list[tuple[float, float, float, float]]:
    """Images in random order, two gray screens among them."""
    order = [3, 0, -1, 5, 1, 4, 2, -1, 0, 5, 2, 3, 4, 1]
    return [(IMAGES_S + n / 4, IMAGES_S + (n + 1) / 4, float(image), 7.0) for n, image in enumerate(order)]


def add_units(file: NWBFile, device: Device) -> None:
    groups = {name: file.create_electrode_group(name, name, "brain", device) for name in ("probeA", "probeB", "probeC")}
    file.add_electrode_column("probe_id", "the unique id of the probe")
    for channel, area, *_ in UNITS.values():
        name = PROBES.get(channel, "probeC")
        number = 773592315 + ord(name[-1])
        file.add_electrode(id=channel, location=area, group=groups[name], group_name=name, probe_id=number)
    for column in ("peak_channel_id", "quality", "amplitude_cutoff", "presence_ratio", "isi_violations"):
        file.add_unit_column(column, column)
    draw = np.random.default_rng(2)
    for unit, (channel, _, quality, passes) in UNITS.items():
        file.add_unit(
            id=unit, spike_times=np.sort(draw.uniform(0, 30, 300)), peak_channel_id=channel, quality=quality,
            amplitude_cutoff=0.05 if passes else 0.3, presence_ratio=0.99, isi_violations=0.1,
        )  # fmt: skip


def add_behavior(file: NWBFile, filtered: bool = True) -> None:
    """Running, and the eye: half axes of ellipses, areas, and the gaze on the screen as y and x."""
    clock = np.arange(0, 30, 1 / 30)
    running = file.create_processing_module("running", "x")
    running.add(TimeSeries(name="running_speed", data=np.full(len(clock), 7.0), unit="cm/s", timestamps=clock))
    half_axes = {"width": np.full(len(clock), 3.0), "height": np.full(len(clock), 2.0)}
    columns = [VectorData(name=name, description=name, data=data) for name, data in half_axes.items()]
    eye = file.create_processing_module("eye_tracking", "x")
    eye.add(DynamicTable(name="pupil_ellipse_fits", description="half axes", columns=columns))
    for module in ("raw_gaze_mapping", *(["filtered_gaze_mapping"] if filtered else [])):
        gaze, blink = file.create_processing_module(module, "x"), np.where(clock < 2, np.nan, 1.0)
        area = TimeSeries(name="eye_area", data=clock, unit="cm^2", timestamps=clock)
        gaze.add(area)
        screen = np.column_stack([np.full(len(clock), -2.0), np.full(len(clock), 5.0)])
        gaze.add(TimeSeries(name="screen_coordinates", data=screen, unit="cm", timestamps=area))
        if filtered:
            gaze.add(TimeSeries(name="pupil_area", data=blink, unit="cm^2", timestamps=area))


def add_light(file: NWBFile) -> None:
    table = TimeIntervals(name="optogenetic_stimulation", description="x")
    for column in ("condition", "level", "stimulus_name", "duration"):
        table.add_column(name=column, description=column)
    for start, words in ((24.0, "a single square pulse"), (25.0, "2.5 ms pulses at 10 Hz")):
        table.add_interval(
            start_time=start, stop_time=start + 0.5, condition=words, level=1.3, stimulus_name="pulse", duration=0.5
        )
    module = file.create_processing_module("optotagging", "x")
    module.add(TimeSeries(name="optotagging", data=[0.5, 0.5], unit="s", timestamps=[24.0, 25.0]))
    module.add(table)


def allen_file(filtered: bool = True, **tables: list[tuple[float, float, float, float]]) -> NWBFile:
    """A session as it is before it is written; ``tables`` are rows of frames by the stimulus' name."""
    file = NWBFile("an Ecephys session", "1", datetime(2019, 1, 2, tzinfo=UTC), session_id="766640955")
    file.subject = extension_type("EcephysSpecimenLike")(subject_id="744912845")
    device = extension_type("EcephysProbeLike")(name="probe")
    file.add_device(device)
    add_units(file, device)
    rows = tables or {"natural_movie_one": movie_rows(), "natural_scenes": image_rows()}
    for name, own in rows.items():
        file.add_time_intervals(frame_table(name, own))
    spontaneous = TimeIntervals(name="spontaneous_presentations", description="gray")
    spontaneous.add_interval(start_time=14.0, stop_time=19.0)
    file.add_time_intervals(spontaneous)
    add_behavior(file, filtered)
    add_light(file)
    return file


def write_allen(folder: Path, file: NWBFile | None = None) -> Path:
    """The file, and its pixels next to it."""
    path = folder / "session_766640955.nwb"
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file or allen_file())
    np.save(folder / "natural_movie_one.npy", MOVIE)
    np.save(folder / "natural_scenes.npy", IMAGES)
    return path
