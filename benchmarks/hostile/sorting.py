"""Inputs of sorters: folders of Phy and in ALF, with tables of presentations, light, signals and clocks."""

import contextlib
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dlgn_cnn.data.readers import read_recordings
from hostile.arrays import plain
from hostile.damage import array, damaged, odd, texts
from hostile.native import agree
from hostile.watch import Read, Watch
from tests.factories import write_recording
from tests.layouts import SORTED, save

RUNS = "import os, sys; os.system('touch {0}')|__import__('os').system('touch {0}')|sample_rate = {0!r}|{{|\0|\\\n1"
MARKS = (b"\x93NUMPY", b"PAR1", b"scene", b"\n", b",")


class Sorted:
    """Folders whose files are damaged, odd, missing, doubled, renamed or links, and whose params.py would run."""

    def __init__(self, watch: Watch) -> None:
        (recording,) = read_recordings(write_recording(watch.inside / "lab"))
        self.watch, self.sound = watch, {name: write(recording, watch.inside / name) for name, write in SORTED.items()}
        self.path = watch.inside / "recording" / self.sound["phy"].name
        clock = np.array([[0.0, 0.5], [60_000.0, 2.5001], [180_000.0, 6.5003]])
        save(self.sound["phy"] / "clock.npy", clock)
        (self.sound["phy"] / "clock.csv").write_text("sample,session_s\n0,0.5\n60000,2.5001\n180000,6.5003\n")
        (self.sound["phy"] / "cluster_info.tsv").write_text("cluster_id\tKSLabel\tdepth\n1\tgood\t5\n2\tmua\t\n")
        self.alf(self.sound["alf"] / "alf")

    def alf(self, place: Path) -> None:
        """More objects of a session in ALF."""
        save(place / "presentations.intervals.npy", np.array([[0.0, 1.0], [2.0, 3.0]]))
        save(place / "presentations.scene.npy", np.array(["hmovTrain_v3-0", "hmovTrain_v3-2"]))
        for name, values in {"xyPos": np.ones((9, 2)), "area": np.arange(9.0), "velocity": np.arange(9.0)}.items():
            owner = "wheel" if name == "velocity" else "eye"
            save(place / f"_x_{owner}.{name}.npy", values)
            save(place / f"_x_{owner}.timestamps.npy", np.array([[0.0, 0.0], [8.0, 6.0]]))
        for name, values in {"times": np.array([0.25, 2.25]), "durations": np.array([0.5, 0.25])}.items():
            save(place / f"stim.{name}.npy", values)
        save(place / "probe00" / "clusters.channels.npy", np.array([0, 1, 1]))
        save(place / "probe00" / "channels.brainLocationIds_ccf_2017.npy", np.array([170, 218]))
        frame = pd.DataFrame({"cluster_id": [0, 1, 2], "label": [0.0, 1.0, 1.0]})
        frame.to_parquet(place / "probe00" / "clusters.metrics.pqt")

    def __call__(self, draw: random.Random) -> Read:
        shutil.rmtree(self.path, ignore_errors=True)
        name = draw.choice([*self.sound])
        shutil.copytree(self.sound[name], self.path)
        if name == "alf":  # so that tables of the two kinds are met alone too
            kinds = (("presentations.csv",), ("presentations.*.npy",)), (("opto.csv",), ("stim.*",))
            kinds += ((("pupil*.npy", "running.npy"), ("_x_*",)),)
            for pattern in (one for kind in kinds for one in draw.choice(kind)):
                for file in [*self.path.glob(pattern), *self.path.glob(f"alf/{pattern}")]:
                    file.unlink()
        for _ in range(draw.choice((0, 1, 1, 2))):
            self.change(draw.choice(sorted(one for one in self.path.rglob("*") if one.is_file())), draw)
        options = self.options(draw, name)
        return lambda: agree(read_recordings(self.path, reader=draw.choice((name, name, None)), **options))

    def options(self, draw: random.Random, name: str) -> dict[str, Any]:
        """Options, some of which make sense."""
        more = draw.choice(texts(self.watch))
        sound = [
            {},
            {"movies": "movies"},
            {"columns": {"opto": "tier"}},
            {"opto": "opto.csv"},
            {"movie": "hmovTrain_v3"},
        ]
        own = [{"clock": "clock.npy"}, {"clock": "clock.csv"}, {"start_s": 0.5}, {"groups": ["good", "mua"]}]
        sound += own if name == "phy" else [{"area": "LGd"}, {"quality": "all"}, {"opto": "opto.csv"}]
        given = dict(draw.choice(sound))
        if draw.random() < 0.2:
            place = draw.choice(("presentations", "movies", "movie", "opto", "spikes", "clock", "mouse"))
            given[place] = draw.choice((more, more, f"../outside/{more}"[:99], odd(draw, self.watch)))
        if draw.random() < 0.05:
            given["columns"] = {draw.choice(("scene", "onset", more)): draw.choice(("scene", "tier", more))}
        return given

    def change(self, file: Path, draw: random.Random) -> None:
        """Change one file."""
        way = draw.randrange(9)
        if file.name == "params.py" and way < 7:
            file.write_text(draw.choice(RUNS.split("|")).format(str(self.watch.ran)) + "\n" + file.read_text())
            file.write_text(file.read_text().replace("30000.0", draw.choice(texts(self.watch))), errors="replace")
        elif way == 0:
            file.unlink()
        elif way == 1:
            file.unlink()
            file.symlink_to(draw.choice((self.watch.outside / "secret.txt", file, "/dev/zero", "/etc/passwd")))
        elif way == 2:
            place = draw.choice((file.parent / "#2024-01-01#", file.parent / "more", self.path))
            place.mkdir(exist_ok=True)
            with contextlib.suppress(shutil.SameFileError):
                shutil.copy(file, place / file.name)
        elif way == 3:
            name = draw.choice(
                (f"{file.stem}_nidaq{file.suffix}", f"{file.stem}.x{file.suffix}", f"{file.stem}.parquet")
            )
            file.rename(file.with_name(draw.choice((name, "opto.npy", "running.csv", "spikes.times.npy"))))
        elif way == 4:
            file.write_bytes(damaged(file.read_bytes(), draw, MARKS))
        elif file.suffix == ".npy":
            with contextlib.suppress(Exception):  # what a first change made unreadable stays as it is
                file.write_bytes(plain(array(np.load(file), draw), draw, self.watch))
        elif file.suffix in (".csv", ".tsv"):
            self.change_cells(file, draw)
        else:
            with contextlib.suppress(shutil.SameFileError):
                file = draw.choice(sorted(one for one in self.path.rglob("*") if one.is_file()))
                shutil.copy(file, self.path / "copied")

    def change_cells(self, file: Path, draw: random.Random) -> None:
        """Change a cell, a row or the names of a table, which may become Parquet."""
        mark = "\t" if file.suffix == ".tsv" else ","
        rows = [line.split(mark) for line in file.read_text(errors="replace").splitlines()] or [[""]]
        row, way = draw.randrange(len(rows)), draw.randrange(5)
        if way < 3 and rows[row]:
            cells = (
                *texts(self.watch),
                "1e400",
                "-1",
                "2",
                "inf",
                "1_0",
                '"',
                '"a\nb"',
                "\ufeff",
                "'",
                ";",
                "0.5",
                "True",
            )
            rows[row][draw.randrange(len(rows[row]))] = draw.choice(cells)
        elif way == 3:
            rows[row:row] = [rows[row]] * draw.choice((1, 50))
        else:
            rows[row] = rows[row][: draw.randrange(3)]
        file.write_bytes("\n".join(map(mark.join, rows)).encode(errors="surrogatepass"))
        if draw.random() < 0.2:
            with contextlib.suppress(Exception):  # what Parquet cannot hold
                pd.read_csv(file, sep=mark).to_parquet(file.with_suffix(".parquet"))
                file.unlink()
