"""Stored files are what was stored, in a folder and in an S3 server that somebody else wrote."""

import datetime
import pickle
import uuid

import fsspec
import pytest
import torch

from dlgn_cnn.errors import StoreAway, StoreError
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.object_store import ObjectStore
from dlgn_cnn.training.weights import load_weights, save_weights


@pytest.fixture(params=["folder", "s3"])
def objects(request, tmp_path) -> ObjectStore:
    if request.param == "folder":
        return ObjectStore(tmp_path / "store")
    return ObjectStore(f"{request.getfixturevalue('s3')}/{uuid.uuid4().hex}", tmp_path / "cache")


def a_file(tmp_path, content: bytes = b"bytes"):
    path = tmp_path / "file"
    path.write_bytes(content)
    return path


def test_a_file_comes_back_by_its_digest(objects, tmp_path):
    digest = objects.put(a_file(tmp_path), ".bin")
    assert objects.put(a_file(tmp_path), ".bin") == digest == file_sha256(tmp_path / "file")
    assert objects.get(digest, ".bin").read_bytes() == b"bytes"
    assert objects.sizes() == {f"{digest}.bin": 5}
    assert objects.modified(f"{digest}.bin").utcoffset() == datetime.timedelta(0)


def test_what_was_deleted_or_never_there_is_an_error(objects, tmp_path):
    digest = objects.put(a_file(tmp_path), ".bin")
    objects.delete(f"{digest}.bin")
    assert objects.sizes() == {}
    with pytest.raises(StoreError, match="is missing"):
        objects.get(digest, ".bin")


def test_an_altered_object_is_an_error(objects, tmp_path):
    digest = objects.put(a_file(tmp_path), ".bin")
    files, root = fsspec.core.url_to_fs(objects.url)
    files.pipe_file(f"{root}/{digest}.bin", b"other")
    if objects.local is None:
        (tmp_path / "cache" / f"{digest}.bin").unlink()
    with pytest.raises(StoreError, match="another sha256"):
        objects.get(digest, ".bin")


def test_a_place_that_cannot_be_written_is_an_error_with_its_name(objects, tmp_path):
    elsewhere = ObjectStore("s3://no-such-bucket/x" if objects.local is None else "/proc/nowhere", tmp_path)
    with pytest.raises(StoreError, match=r"no-such-bucket|/proc/nowhere") as caught:
        elsewhere.put(a_file(tmp_path), ".bin")
    assert not isinstance(caught.value, StoreAway), "asking again would not help"


def test_weights_come_back_to_the_bit(objects):
    state = {"a": torch.randn(3, 4), "b": torch.arange(5)}
    found = load_weights(objects, save_weights(state, objects))
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


class Malicious:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize(
    "write", [lambda value, path: torch.save(value, path), lambda v, p: p.write_bytes(pickle.dumps(v))]
)
def test_a_weight_file_with_a_pickle_inside_is_refused_and_runs_nothing(objects, tmp_path, write):
    marker, file = tmp_path / "code-ran", tmp_path / "evil"
    write({"weight": Malicious(marker)}, file)
    digest = objects.put(file, ".safetensors")
    with pytest.raises(StoreError, match="not a safetensors file"):
        load_weights(objects, digest)
    assert not marker.exists()
    with open(file, "rb") as opened:  # the file is a real pickle: loading it runs its code
        if not file.read_bytes().startswith(b"PK"):
            pickle.load(opened)
            assert marker.exists()
