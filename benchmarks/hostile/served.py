"""Inputs to what has a database: archives, URLs of the page, and queries."""

import fcntl
import hashlib
import json
import os
import random
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlgn_cnn.archive.manifest import MANIFEST, MODELS_FILE, Manifest
from hostile.damage import damaged, edited, texts
from hostile.texts import MODELS
from hostile.watch import Read, Watch

SERVED = ("yaml", "archive", "page", "query")


@contextmanager
def server(folder: Path) -> Iterator[None]:
    """An embedded server with filled tables, which this process keeps running for its children."""
    import multiprocessing

    from schemas.connection import embedded

    os.environ.update(DLGN_HOME=str(folder), DLGN_PREFIX="hostile_", DLGN_DEVICE="cpu")
    os.environ.pop("DLGN_DATABASE", None)
    embedded.start(folder / "postgres")
    filling = multiprocessing.get_context("fork").Process(target=_fill)
    filling.start()
    filling.join()
    yield


def _fill() -> None:
    open_tables()
    from tests.filled import fill

    fill(3, 3)


def open_tables() -> None:
    """Open the tables of that server in this process."""
    import schemas

    schemas.open_database(schemas.Settings.from_environment())


def counts() -> dict[str, int]:
    """Rows of each table that an archive may hold."""
    from populate.archive.catalog import Catalog

    return {name: len(table) for name, table in Catalog().tables.items()}


class Archives:
    """Archives of models and of rows, as folders and zip files: damaged, edited below right digests, and renamed."""

    MARKS = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"manifest", b"size", b"sha256")

    def __init__(self, watch: Watch) -> None:
        from dlgn_cnn.interface import DataInfo
        from dlgn_cnn.models.build import encoder
        from dlgn_cnn.training.weights import save_weights

        open_tables()
        self.watch, place = watch, watch.inside / "weights"
        info = DataInfo((3, 5), (1, 12, 16), 60.0, (0.1, 1 / 3), 90.125, 40.0, ((0.0, 0.1), (-0.5, 0.3)))
        place.mkdir()
        self.models, entries = {}, []
        for seed, config in enumerate(MODELS[:2]):
            digest = save_weights(encoder({"Mouse_1_s01_e01": info}, seed, **config).state_dict(), place)
            key = {"dataset_hash": "d", "model_hash": "0123456789abcdef" * 2, "trainer_hash": "t", "seed": seed}
            entry = {"name": f"m{seed}", "label": f"01234567-{seed}", "key": key, "seed": seed, "function": "encoder"}
            entry |= {"config": config, "sessions": {"Mouse_1_s01_e01": info.to_json()}, "weights_sha256": digest}
            self.models[f"weights/{digest}.safetensors"] = (place / f"{digest}.safetensors").read_bytes()
            entries.append(entry)
        mean = {"name": "mean", "label": "ensemble-77777777", "key": {"ensemble_hash": "7" * 32}}
        entries.append(mean | {"members": ["01234567-0", "01234567-1"]})
        self.models[MODELS_FILE] = json.dumps(entries).encode()
        self.manifest, self.rows = self.tables()

    def tables(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The manifest and the files of an archive of the rows that are there."""
        from populate.archive.catalog import Catalog
        from populate.archive.rows import encode
        from schemas.declaration.table_classes import definitions_digest

        catalog, tables, files = Catalog(), {}, {}
        for name in catalog.tables:
            columns = catalog.columns(name)
            if name.partition(".")[0] in ("session", "model", "trainer", "experiment") and len(catalog.tables[name]):
                rows = [json.dumps(encode(row, columns)) for row in catalog.tables[name].to_dicts()]
                files[f"rows/{name}.jsonl"] = "".join(f"{one}\n" for one in rows).encode()
                described = [{"name": one.name, "kind": one.kind, "nullable": one.nullable} for one in columns]
                tables[name] = {"rows": len(rows), "columns": described}
        files.pop("rows/experiment.Experiment.Fit.jsonl", None)
        tables.pop("experiment.Experiment.Fit", None)
        return {"tables": tables, "schema_version": definitions_digest()}, files

    def __call__(self, draw: random.Random) -> Read:
        import dlgn_cnn

        of_rows, whole = draw.random() < 0.5, draw.random() < 0.03
        files = dict(self.rows if of_rows else self.models)
        manifest = json.loads(Manifest({}).to_json()) | (self.manifest if of_rows else {})
        for _ in range(0 if whole else draw.choice((0, 1, 1, 2))):
            name = draw.choice(sorted(files))
            files[name] = self.changed(name, files[name], draw)
        given = {name: {"size": len(one), "sha256": hashlib.sha256(one).hexdigest()} for name, one in files.items()}
        manifest["files"] = given
        if not whole and draw.random() < 0.3:
            manifest = edited(manifest, draw, self.watch)
        place = self.write(files, json.dumps(manifest).encode(), draw, whole)
        name = draw.choice(("m0", "m1", "mean", None, "01234567-0", draw.choice(texts(self.watch))))

        def read() -> None:
            if not of_rows:
                built = dlgn_cnn.load(place, name)
                assert sum(one.numel() for one in built.parameters()) > 0
                return
            from populate.archive.load import load

            with (Path(os.environ["DLGN_HOME"]) / "loads.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # the other children load into the same tables
                before = counts()
                try:
                    load(str(place))
                except BaseException:
                    assert counts() == before, "rows of an archive that is refused"
                    raise

        return read

    def changed(self, name: str, data: bytes, draw: random.Random) -> bytes:
        """A file with a value of its JSON, or its bytes, changed."""
        if name.endswith("safetensors") or draw.random() < 0.2:
            return damaged(data, draw, (b"{", b"data_offsets", b"shape"))
        try:
            lines = [json.loads(line) for line in ([data] if name.endswith(".json") else data.splitlines())]
        except ValueError:  # changed before
            return damaged(data, draw)
        made = edited(lines, draw, self.watch)
        if name.endswith(".json"):
            return json.dumps(made[0] if isinstance(made, list) and len(made) == 1 else made).encode()
        return "".join(json.dumps(one) + "\n" for one in (made if isinstance(made, list) else [made])).encode()

    def write(self, files: dict[str, bytes], manifest: bytes, draw: random.Random, whole: bool) -> Path:
        """A folder or a zip file, whose members may be damaged, doubled, or named as elsewhere."""
        place = self.watch.inside / "archive"
        shutil.rmtree(place, ignore_errors=True)
        names = {**files, MANIFEST: manifest}
        if draw.random() < 0.4:
            for name, one in names.items():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_bytes(one)
            if not whole and draw.random() < 0.2:
                one = place / draw.choice(sorted(names))
                one.unlink()
                one.symlink_to(self.watch.outside / "secret.txt")
            return place
        path = self.watch.inside / "archive.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, one in names.items():
                member = zipfile.ZipInfo(name)
                member.external_attr = (0o120777 if not whole and draw.random() < 0.01 else 0o100644) << 16
                file.writestr(member, one)
            if not whole and draw.random() < 0.1:
                file.writestr(draw.choice(("../outside/ran", "/tmp/x", MANIFEST, "a/../b", "C:\\x", "rows/x")), b"x")
        if not whole and draw.random() < 0.25:
            path.write_bytes(damaged(path.read_bytes(), draw, self.MARKS))
        return path
