"""Inputs of Experanto folders: what ``meta.yml`` says, arrays with and without a head, and files exchanged."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import yaml

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.readers.experanto.writer import write_experanto
from hostile.arrays import plain
from hostile.damage import array, damaged, edited, odd, texts
from hostile.native import agree
from hostile.watch import Read, Watch
from tests.factories import write_recording
from tests.layouts import write_sensorium


class Experanto:
    """Folders of spikes or responses, with files damaged, odd, missing, exchanged, or links that lead elsewhere."""

    OPTIONS = (
        {"gray_range": [0, 1]},
        {"eye": ["pupil_x"]},
        {"opto": "opto"},
        {"validation": "leave_out"},
        {"mouse": "M1", "series": 3},
    )

    def __init__(self, watch: Watch) -> None:
        (recording,) = read_recordings(write_recording(watch.inside / "lab"))
        (binned,) = read_recordings(write_sensorium(recording, watch.inside / "arrays"))
        self.watch, self.path = watch, watch.inside / "dynamic7-1-2-Video"
        self.sound = [write_experanto(one, watch.inside / str(n)) for n, one in enumerate((recording, binned))]
        spikes, found = self.sound[0] / "spikes", np.load(self.sound[0] / "spikes" / "spikes.npy")
        found.tofile(spikes / "spikes.mem")
        responses = np.load(self.sound[1] / "responses" / "data.npy")
        responses.tofile(self.sound[1] / "responses" / "data.mem")
        (self.sound[1] / "responses" / "data.npy").unlink()
        (self.sound[1] / "screen" / "combined_meta.json").unlink()

    def __call__(self, draw: random.Random) -> Read:
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(draw.choice(self.sound), self.path)
        files = sorted(one for one in self.path.rglob("*") if one.is_file())
        for _ in range(draw.choice((1, 1, 2))):
            file, way = draw.choice(files), draw.randrange(12)
            if way == 0:
                file.unlink(missing_ok=True)
            elif way == 1 and file.exists():
                shutil.copy(draw.choice([one for one in files if one.exists()]), self.path / "other")
                shutil.move(self.path / "other", file)
            elif way == 2 and file.exists():
                file.write_bytes(damaged(file.read_bytes(), draw, (b"\x93NUMPY", b"modality", b": ")))
            elif way == 3:
                shutil.rmtree(file.parent) if file.parent.is_dir() else None
                files = sorted(one for one in self.path.rglob("*") if one.is_file()) or [self.path / "x"]
            elif way == 4 and file.parent.is_dir():
                file.unlink(missing_ok=True)
                file.symlink_to(draw.choice((self.watch.outside / "secret.txt", file, Path("/dev/zero"))))
                files = [one for one in files if one != file] or [self.path / "x"]
            elif file.is_file():
                self.change(file, draw)
        options = {} if draw.random() < 0.7 else draw.choice((*self.OPTIONS, {"opto": draw.choice(texts(self.watch))}))
        return lambda: agree(read_recordings(self.path, reader="experanto", **options))

    def change(self, file: Path, draw: random.Random) -> None:
        """Change a value of a file, so that the file itself stays sound."""
        try:
            if file.suffix == ".npy":
                file.write_bytes(plain(array(np.load(file), draw), draw, self.watch))
            elif file.suffix == ".json":
                file.write_text(json.dumps(edited(json.loads(file.read_text()), draw, self.watch)))
            elif file.suffix == ".yml":
                told = yaml.safe_load(file.read_text())
                told = edited(told, draw, self.watch) if draw.random() < 0.8 else odd(draw, self.watch)
                file.write_text(yaml.safe_dump(told))
        except (ValueError, TypeError, RecursionError, yaml.YAMLError):  # of a file that was damaged before
            file.write_bytes(b"[" * 5000)
