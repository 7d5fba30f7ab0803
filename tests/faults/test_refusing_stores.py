"""A store that takes nothing is told from one that is away and from a wrong request, and keeps no half of a file."""

import errno
import os
from pathlib import Path

import fsspec
import pytest

from benchmarks.fleet.stores import Bucket
from dlgn_cnn.errors import StoreAway, StoreError, StoreRefuses
from dlgn_cnn.storage.object_store import ObjectStore
from populate.errors.transient import is_exhausted, is_transient

DATA = bytes(range(256)) * 64
BY_NUMBER = {
    StoreRefuses: (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
    StoreAway: (errno.ESTALE, errno.EHOSTDOWN, errno.ETIMEDOUT),
    StoreError: (errno.ENOENT, errno.ENOTDIR),
}
BY_ANSWER = {
    StoreRefuses: [
        ("507 Insufficient Storage", "InsufficientStorage"),
        ("507 Insufficient Storage", "XMinioStorageFull"),
        ("403 Forbidden", "AccessDenied"),
        ("403 Forbidden", "QuotaExceeded"),
        ("403 Forbidden", "ExpiredToken"),
    ],
    StoreAway: [("503 Slow Down", "SlowDown"), ("500 Internal Server Error", "InternalError")],
    StoreError: [("404 Not Found", "NoSuchBucket"), ("400 Bad Request", "InvalidArgument")],
}


def put(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(DATA)
    store.put(tmp_path / "file", ".bin")


def write(store: ObjectStore, tmp_path: Path) -> None:
    store.write("name", DATA)


@pytest.fixture(scope="module")
def bucket():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
            patch.setenv(name, "")  # to be restored
        patch.setenv("AWS_MAX_ATTEMPTS", "1")  # waits between more take seconds
        fsspec.filesystem("s3").clear_instance_cache()
        yield Bucket()
    fsspec.filesystem("s3").clear_instance_cache()


@pytest.mark.parametrize("store_it", [put, write])
@pytest.mark.parametrize(("kind", "number"), [(kind, one) for kind, numbers in BY_NUMBER.items() for one in numbers])
def test_a_folder_that_takes_nothing(tmp_path, monkeypatch, store_it, kind, number):
    store = ObjectStore(tmp_path / "store")

    def refuse(source, target):
        raise OSError(number, os.strerror(number), str(target))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)  # the last step, when all bytes are there
        with pytest.raises(StoreError) as caught:
            store_it(store, tmp_path)
    assert_kind(caught.value, kind)
    assert str(tmp_path / "store") in str(caught.value)
    assert store.sizes() == {}
    store_it(store, tmp_path)
    assert list(store.sizes().values()) == [len(DATA)]


@pytest.mark.parametrize("store_it", [put, write])
@pytest.mark.parametrize(("kind", "answer"), [(kind, one) for kind, answers in BY_ANSWER.items() for one in answers])
def test_a_bucket_that_takes_nothing(bucket, tmp_path, monkeypatch, store_it, kind, answer):
    import s3fs.core

    monkeypatch.setattr(s3fs.core.S3FileSystem, "retries", 1)
    store = ObjectStore(f"{bucket.url}/{tmp_path.name}", tmp_path / "copies")
    bucket.refuse(3600.0, answer)
    with pytest.raises(StoreError) as caught:
        store_it(store, tmp_path)
    bucket.refuse(0.0)
    assert_kind(caught.value, kind)
    assert store.sizes() == {}
    store_it(store, tmp_path)
    assert list(store.sizes().values()) == [len(DATA)]


def assert_kind(error: StoreError, kind: type[StoreError]) -> None:
    """The kind of an error, and what a worker does about it."""
    assert type(error) is kind
    assert is_transient(error) == (kind is StoreAway)
    assert is_exhausted(error) == (kind is StoreRefuses)
