"""MATLAB and HDF5 files with variables of any name, damaged, or with values, types, links and options exchanged."""

import contextlib
import random

import h5py
import numpy as np
from scipy.io import savemat

from dlgn_cnn.data.readers import read_recordings
from hostile.damage import array, damaged, edited
from hostile.native import MARKS, Nwb, agree
from hostile.watch import Read, Watch
from tests.matlab_files import write_5, write_73, write_plain

TRAINS = [np.array([0.1, 0.7, 2.2]), np.empty(0), np.array([4.5])]
OPTIONS = {
    "names": {
        **{"mouse": "animal", "frames": "stim.pixels", "scene_frames": 10, "frame_rate_hz": 30, "presentation_s": "t"},
        **{"presentation_tier": ["train", "test", "train"], "spike_times_s": "units.st", "opto_epochs_s": "laser"},
    },
    "axes": {"frames": ["height", "width", "time"]},
}


def variables() -> dict[str, object]:
    """A session of three scenes as a lab may have it."""
    frames = np.random.default_rng(0).integers(0, 256, (8, 12, 30), dtype=np.uint8)
    times = np.array([[0.0, 1 / 3], [2.0, 2 + 1 / 3], [4.0, 4 + 1 / 3]])
    units = {"st": TRAINS, "id": np.array([4.0, 5.0, 9.0])}
    return {"animal": "M1", "stim": {"pixels": frames}, "t": times, "units": units, "laser": np.array([[0.1, 0.2]])}


def odd_options(draw: random.Random, watch: Watch) -> dict[str, object]:
    """The options, changed now and then."""
    changed = edited(OPTIONS, draw, watch) if draw.random() < 0.2 else OPTIONS
    sound = isinstance(changed, dict) and set(changed) <= set(OPTIONS)
    return changed if sound and all(isinstance(one, dict) for one in changed.values()) else OPTIONS


class Mat:
    """Files of MATLAB 5 and 7.3, damaged, or with other values in them; a few unfold to a gigabyte."""

    MARKS = (b"MATLAB", b"\x0e\0\0\0", b"\x0f\0\0\0", b"\x06\0\0\0", b"stim", b"units", b"IM", *MARKS)

    def __init__(self, watch: Watch) -> None:
        self.watch, self.path = watch, watch.inside / "session.mat"
        makers = (write_5, lambda path, found: write_5(path, found, compressed=False), write_73)
        self.sound = [make(self.path, variables()).read_bytes() for make in makers]

    def __call__(self, draw: random.Random) -> Read:
        whole, way = draw.random() < 0.03, draw.random()
        self.path.write_bytes(draw.choice(self.sound))
        if whole:
            pass
        elif way < 0.5:
            self.path.write_bytes(damaged(self.path.read_bytes(), draw, self.MARKS))
        elif way < 0.51:
            savemat(self.path, {"stim": {"pixels": np.zeros(2**27, np.uint8)}, "t": 1.0}, do_compression=True)
        else:
            self.change(draw)
        options = OPTIONS if whole else odd_options(draw, self.watch)

        def read() -> None:
            found = read_recordings(self.path, reader="mat", **options)
            agree(found)
            assert not whole or [len(one) for one in found[0].spike_times_s.values()] == [3, 0, 1]

        return read

    def change(self, draw: random.Random) -> None:
        """Write a file in which one variable is another, a struct, a cell or an object."""
        found = variables()
        name = draw.choice(("stim", "t", "units", "laser"))
        inner = found[name] if isinstance(found[name], dict) else found
        key = draw.choice(sorted(inner)) if inner is not found else name
        value = np.asarray(inner[key] if not isinstance(inner[key], list) else draw.choice(TRAINS))
        inner[key] = draw.choice(
            (array(value, draw), [value, "x"], [[value]], {"a": value}, "x" * 300, value + 1j, [value] * 300, ["a"])
        )
        with contextlib.suppress(Exception):  # what the format cannot hold
            draw.choice((write_5, write_73))(self.path, found)


class Hdf5(Nwb):
    """HDF5 files, damaged, or with objects, links, types, attributes and values exchanged."""

    def __init__(self, watch: Watch) -> None:
        self.watch, self.path = watch, watch.inside / "one" / "session.h5"
        self.path.parent.mkdir()
        self.sound = [write(self.path, variables()).read_bytes() for write in (write_plain, write_73)]
        with h5py.File(watch.outside / "other.h5", "w") as file:
            file["d"] = np.full((8, 12, 30), 77, np.uint8)

    def __call__(self, draw: random.Random) -> Read:
        whole, structure = draw.random() < 0.03, draw.random() < 0.5
        data = draw.choice(self.sound)
        self.path.write_bytes(data if whole or structure else damaged(data, draw, MARKS))
        if structure and not whole:
            with contextlib.suppress(Exception), h5py.File(self.path, "r+") as file:  # what HDF5 cannot write
                self.change(file, draw)
        options = OPTIONS if whole else odd_options(draw, self.watch)

        def read() -> None:
            found = read_recordings(self.path, reader="hdf5", **options)
            agree(found)
            assert not whole or [len(one) for one in found[0].spike_times_s.values()] == [3, 0, 1]

        return read
