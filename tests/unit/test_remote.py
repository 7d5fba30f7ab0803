"""Stored sessions elsewhere: whole, checked, or not there."""

import uuid

import fsspec
import pytest

from dlgn_cnn.data.store import remote, session_store
from dlgn_cnn.errors import StoreError
from tests.unit.test_store import session


@pytest.fixture
def url() -> str:
    return f"memory://bucket-{uuid.uuid4().hex}/session"


@pytest.fixture
def written(tmp_path):
    session_store.write_session(session(), tmp_path / "here")
    return tmp_path / "here"


def test_what_is_published_is_fetched_and_checked(written, url, tmp_path):
    remote.publish(written, url)
    found = remote.fetch(url, tmp_path / "cache" / "there")
    assert session_store.rows_digest(found) == session_store.rows_digest(written)
    assert [one.sha256() for one in session_store.read_session(found).trials] == [t.sha256() for t in session().trials]


def test_a_second_copy_is_neither_sent_nor_fetched(written, url, tmp_path):
    remote.publish(written, url)
    found = remote.fetch(url, tmp_path / "there")
    files, root = fsspec.core.url_to_fs(url)
    before = {name: files.created(name) for name in files.find(root)}
    remote.publish(written, url)
    assert {name: files.created(name) for name in files.find(root)} == before
    files.rm(root, recursive=True)
    assert remote.fetch(url, found) == found


def test_what_was_half_sent_is_not_there_and_is_completed(written, url, tmp_path, monkeypatch):
    files, root = fsspec.core.url_to_fs(url)
    real, sent = type(files).put_file, []

    def break_off(self, local, place, **options):
        sent.append(place)
        if len(sent) == 4:
            raise OSError("connection lost")
        return real(self, local, place, **options)

    monkeypatch.setattr(type(files), "put_file", break_off)
    with pytest.raises(StoreError, match="connection lost"):
        remote.publish(written, url)
    assert files.find(root)
    with pytest.raises(StoreError, match="no stored session"):
        remote.fetch(url, tmp_path / "there")
    remote.publish(written, url)
    assert session_store.rows_digest(remote.fetch(url, tmp_path / "there")) == session_store.rows_digest(written)


def test_damage_over_there_is_an_error_and_leaves_nothing_here(written, url, tmp_path):
    remote.publish(written, url)
    files, root = fsspec.core.url_to_fs(url)
    largest = max(files.find(f"{root}/rows"), key=files.size)
    content = bytearray(files.cat_file(largest))
    content[len(content) // 2] ^= 0xFF
    files.pipe_file(largest, bytes(content))
    (tmp_path / "cache").mkdir()
    with pytest.raises(StoreError):
        remote.fetch(url, tmp_path / "cache" / "there")
    assert not list((tmp_path / "cache").iterdir())


def test_a_place_that_changes_bytes_is_refused(written, url, monkeypatch):
    files, _ = fsspec.core.url_to_fs(url)
    monkeypatch.setattr(type(files), "cat_file", lambda self, path, **options: b"zeros")
    with pytest.raises(StoreError, match="does not read back"):
        remote.publish(written, url)


def test_an_unknown_protocol_is_named(written):
    with pytest.raises(StoreError, match="nowhere"):
        remote.publish(written, "nowhere://bucket/session")
