"""Inputs of arrays: npz files, Sensorium folders, the lab's layout, and Deep Lake folders."""

import contextlib
import json
import pickle
import random
import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dlgn_cnn.data.readers import read_recordings
from hostile.damage import array, damaged, edited, odd, texts
from hostile.native import agree
from hostile.watch import ROOT, Read, Watch
from tests.factories import change, responses_frame, write_recording
from tests.layouts import npz_arrays, write_sensorium


class Runs:
    """An object whose pickle leaves a mark when it is loaded."""

    def __init__(self, watch: Watch) -> None:
        self.command = f"touch {watch.ran}"

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (self.command,)


def plain(found: np.ndarray, draw: random.Random, watch: Watch) -> bytes:
    """An array as a file: as it is, with objects, damaged, or with a header that announces more."""
    file, way = BytesIO(), draw.randrange(6)
    if way == 0:
        found = np.array([Runs(watch), *found.ravel()[:2]], dtype=object)
    np.save(file, found, allow_pickle=True)
    if way == 1:
        shape = draw.choice(("10000, 100000", "1000000000000,", "9223372036854775808, 1", "-1,", "1, 0"))
        kind = draw.choice(("<f8", "|O", "|V99", "<U9999999", "<f8,(10000,10000)f4"))
        header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n"
        return b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header.encode() + bytes(64)
    return damaged(file.getvalue(), draw, (b"\x93NUMPY",)) if way == 2 else file.getvalue()


class Npz:
    """Archives of arrays, damaged, or with members that are odd, doubled, missing, or named as elsewhere."""

    MARKS = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x93NUMPY")

    def __init__(self, watch: Watch) -> None:
        (recording,) = read_recordings(write_recording(watch.inside / "lab"))
        self.watch, self.path, self.arrays = watch, watch.inside / "recording.npz", npz_arrays(recording)
        edges = np.arange(0, 6, 0.25)
        counts = {"counts": np.ones((2, len(edges) - 1)), "bins_s": edges}
        self.counted = {name: one for name, one in self.arrays.items() if "spike" not in name} | counts

    def __call__(self, draw: random.Random) -> Read:
        arrays, structure = dict(draw.choice((self.arrays, self.counted))), draw.random()
        changed = draw.sample(sorted(arrays), draw.choice((1, 1, 2))) if structure < 0.6 else []
        members = [(f"{name}.npy", BytesIO()) for name in arrays]
        for (_, file), name in zip(members, arrays, strict=True):
            found = array(arrays[name], draw) if name in changed else arrays[name]
            file.write(plain(found, draw, self.watch) if name in changed and draw.random() < 0.4 else b"")
            if not file.tell():
                np.save(file, found)
        if 0.5 < structure < 0.7:
            names = (
                "../outside/x.npy",
                "/etc/x.npy",
                "frames.npy",
                "units.npy",
                "x" * 300,
                "movie",
                "ä.npy",
                "a/",
                "__class__.npy",
            )
            members.append((draw.choice(names), draw.choice(members)[1]))
        if draw.random() < 0.1:
            del members[draw.randrange(len(members))]
        packing = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
        many, bomb = draw.random() < 0.005, draw.random() < 0.005
        if many or bomb:  # so that making it takes little time, and the bomb is small
            packing = zipfile.ZIP_DEFLATED if bomb else zipfile.ZIP_STORED
        with zipfile.ZipFile(self.path, "w", packing) as file:
            for name, content in members:
                file.writestr(name, content.getvalue())
            for number in range(20_000 if many else 0):
                file.writestr(f"{number}.npy", b"")
            if bomb:
                with file.open("bomb.npy", "w") as member:
                    np.lib.format.write_array_header_1_0(
                        member, {"descr": "|u1", "fortran_order": False, "shape": (2**29,)}
                    )
                    for _ in range(2**7):
                        member.write(bytes(2**22))
        if structure > 0.65:
            self.path.write_bytes(damaged(self.path.read_bytes(), draw, self.MARKS))
        return lambda: agree(read_recordings(self.path, reader="npz"))


class Sensorium:
    """Folders of arrays, with files damaged, odd, missing, exchanged, or links that lead elsewhere."""

    def __init__(self, watch: Watch) -> None:
        (recording,) = read_recordings(write_recording(watch.inside / "lab"))
        self.watch, self.sound = watch, write_sensorium(recording, watch.inside / "sound")
        self.path = watch.inside / self.sound.name

    def __call__(self, draw: random.Random) -> Read:
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(self.sound, self.path)
        files = sorted(self.path.rglob("*.npy"))
        for _ in range(draw.choice((1, 1, 2))):
            file, way = draw.choice(files), draw.randrange(8)
            if way == 0:
                file.unlink(missing_ok=True)
            elif way == 1 and file.parent.is_dir():
                shutil.copy(self.sound / draw.choice(files).relative_to(self.path), file)
            elif way == 2 and file.exists():
                file.write_bytes(damaged(file.read_bytes(), draw, (b"\x93NUMPY",)))
            elif way == 3:
                shutil.rmtree(file.parent, ignore_errors=True)
                files = sorted(self.path.rglob("*.npy"))
            elif file.parent.is_dir():
                file.write_bytes(
                    plain(array(np.load(self.sound / file.relative_to(self.path)), draw), draw, self.watch)
                )
        return lambda: agree(read_recordings(self.path, reader="sensorium"))


class Lab:
    """The lab's folders: frames with odd cells, columns and names as pickle and Parquet; scene files exchanged."""

    def __init__(self, watch: Watch) -> None:
        self.watch, self.path, self.frame = watch, watch.inside / "lab", responses_frame()
        self.sound = write_recording(watch.inside / "sound")

    def __call__(self, draw: random.Random) -> Read:
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(self.sound, self.path)
        frame = self.frame
        for _ in range(draw.choice((0, 1, 1, 2))):
            with contextlib.suppress(Exception):  # what pandas cannot make of it
                frame = self.changed(frame, draw)
        parquet = draw.random() < 0.5
        place = self.path / f"responses.{'parquet' if parquet else 'pkl'}"
        (self.path / "responses.pkl").unlink()
        place.write_bytes(pickle.dumps(self.frame))
        with contextlib.suppress(Exception):  # what Parquet cannot hold
            frame.to_parquet(place, engine="pyarrow") if parquet else place.write_bytes(
                pickle.dumps(frame, draw.randrange(2, 6))
            )
        if draw.random() < 0.3:
            place.write_bytes(damaged(place.read_bytes(), draw, (b"PAR1", b"pandas", b"spike_times")))
        if draw.random() < 0.3:
            scene = draw.choice(sorted((self.path / "scenes").iterdir()))
            names = (
                scene.name.replace("003", "٣٣٣"),
                scene.name.replace("scene-0", "scene-9999999999999"),
                f"{'x' * 200}_scene-001.avi",
                "concat:a|b_1x1_scene-001.avi",
            )
            with contextlib.suppress(OSError):  # a name too long
                draw.choice(
                    (
                        scene.unlink,
                        lambda: scene.write_bytes(damaged(scene.read_bytes(), draw)),
                        lambda: shutil.copy(scene, scene.parent / draw.choice(names)),
                    )
                )()
        options = {} if draw.random() < 0.8 else {"spikes_outside": draw.choice(("drop", *texts(self.watch)))}
        return lambda: agree(read_recordings(self.path, reader="lab", **options))

    def changed(self, frame: pd.DataFrame, draw: random.Random) -> pd.DataFrame:
        """A frame with a cell, a column, its names or its rows changed."""
        name, row, way = draw.choice(list(frame.columns)), draw.randrange(max(1, len(frame))), draw.randrange(7)
        if way == 0:
            return draw.choice(
                (
                    frame.drop(columns=name),
                    frame.iloc[:0],
                    frame.drop(index=frame.index[0]),
                    pd.concat([frame, frame]),
                    frame[[name]].join(frame, rsuffix="x"),
                )
            )
        if way == 1:
            return frame.rename(columns={name: draw.choice((*frame.columns, *texts(self.watch)))})
        if way == 2:
            kinds = ("category", "string", "float32", "datetime64[ns]", "complex128", "boolean", "Int64", str, object)
            return frame.assign(**{name: frame[name].astype(draw.choice(kinds))})
        value = frame[name].iloc[row] if len(frame) else 0
        made = array(np.asarray(value), draw) if way < 5 else odd(draw, self.watch)
        return change(frame, row, name, made.tolist() if way == 3 else made) if len(frame) else frame


class DeepLake:
    """Folders of Deep Lake 3 and 4, with files damaged, exchanged or linked, and their descriptions edited."""

    GIVEN = {"mouse": "M1", "series": 1, "experiment": 1, "rate_hz": 30.0}  # noqa: RUF012

    def __init__(self, watch: Watch) -> None:
        from dlgn_cnn.data.store.session_store import quiet_deeplake

        self.watch, self.path = watch, watch.inside / "rows"
        with zipfile.ZipFile(ROOT / "tests" / "data" / "deeplake_3.9.52.zip") as file:
            file.extractall(watch.inside / "three")
        deeplake = quiet_deeplake()
        rows = deeplake.create(str(watch.inside / "four"))
        for name, kind in (
            ("videos", deeplake.types.Array("uint8", 3)),
            ("responses", deeplake.types.Array("float32", 2)),
            ("tiers", "text"),
        ):
            rows.add_column(name, kind)
        rows.append(
            {
                "videos": [np.full((20, 4, 6), n, np.uint8) for n in range(2)],
                "responses": [np.ones((2, 20), np.float32)] * 2,
                "tiers": ["train", "test"],
            }
        )
        rows.commit()
        for name in ("dataset_meta.json", "version_control_info.json"):
            (watch.inside / "four" / name).write_text("{}")
        self.sound = [watch.inside / "three" / "old", watch.inside / "four"]

    def __call__(self, draw: random.Random) -> Read:
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(draw.choice(self.sound), self.path)
        files = sorted(one for one in self.path.rglob("*") if one.is_file())
        for _ in range(draw.choice((1, 1, 2))):
            file, way = draw.choice(files), draw.randrange(7)
            if way < 2 and file.suffix == ".json" and file.read_text(errors="replace").startswith(("{", "[")):
                self.edit(file, draw)
            elif way == 2:
                file.write_bytes(draw.choice(files).read_bytes())
            elif way == 3:
                file.write_bytes(file.read_bytes().replace(b"generic", b"link[image]").replace(b"uint8", b"float64"))
            elif way == 4:
                file.unlink()
                file.symlink_to(draw.choice((self.watch.outside / "secret.txt", file, "/dev/zero")))
                files.remove(file)
            else:
                file.write_bytes(damaged(file.read_bytes(), draw))
        return lambda: agree(read_recordings(self.path, reader="deeplake", **self.GIVEN))

    def edit(self, file: Path, draw: random.Random) -> None:
        """Change values of a description."""
        try:
            tree = json.loads(file.read_text())
            file.write_text(json.dumps(edited(tree, draw, self.watch)))
        except (ValueError, RecursionError):
            file.write_text("[" * 5000)
