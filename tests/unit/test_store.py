import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions import session_data
from dlgn_cnn.data.sessions.fields import field_centers, session_fields
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData
from dlgn_cnn.data.store import session_store
from dlgn_cnn.errors import StoreAway, StoreError


def session(seed=0, lengths=(30, 25, 30)):
    draw = np.random.default_rng(seed)
    trials = [
        TrialData(
            index,
            SceneKey("hm", index),
            ("train", "validation", "test")[index % 3],
            draw.integers(0, 255, (time, 6, 9)).astype(np.uint8),
            draw.poisson(0.3, (4, time)).astype(np.float32),
            draw.random(time).astype(np.float32),
            np.full((2, time), np.nan, np.float32),
            draw.random((2, time)).astype(np.float32),
        )
        for index, time in enumerate(lengths)
    ]
    return SessionData((3, 5, 8, 13), 60.0, tuple(trials))


def test_what_is_written_is_read(tmp_path):
    written = session()
    digest = session_store.write_session(written, tmp_path / "deep" / "s")
    found = session_store.read_session(tmp_path / "deep" / "s")
    assert found.units == written.units
    for one, other in zip(found.trials, written.trials, strict=True):
        assert (one.trial, one.scene, one.tier) == (other.trial, other.scene, other.tier)
        for name in session_data.ARRAYS:
            assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
    assert digest == session_store.rows_digest(tmp_path / "deep" / "s")
    assert os.listdir(tmp_path / "deep") == ["s"]


def test_statistics_and_fields_are_computed_once_and_read_afterwards(tmp_path, monkeypatch):
    expected, calls = session_data.data_info(session()), []

    def counted(trials, lags):
        calls.append(lags)
        return session_fields(trials, lags)

    monkeypatch.setattr(session_data, "session_fields", counted)
    session_store.write_session(session(), tmp_path / "s")
    assert session_store.read_info(tmp_path / "s") == expected
    assert field_centers(session_store.read_fields(tmp_path / "s")) == expected.field_centers
    session_store.ensure_session(session(), tmp_path / "s")
    assert calls == [session_data.FIELD_LAGS]


def test_damaged_fields_are_an_error(tmp_path):
    session_store.write_session(session(), tmp_path / "s")
    file = tmp_path / "s" / session_store.FIELDS
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(StoreError, match="receptive fields are damaged"):
        session_store.read_fields(tmp_path / "s")
    file.unlink()
    with pytest.raises(StoreError, match="populate again"):
        session_store.read_fields(tmp_path / "s")


def test_a_changed_byte_is_an_error_that_names_the_row(tmp_path):
    session_store.write_session(session(), tmp_path / "s")
    hit = 0
    for path in sorted((tmp_path / "s" / "rows").rglob("*")):
        if not path.is_file() or path.stat().st_size < 2000:
            continue
        shutil.copytree(tmp_path / "s", tmp_path / "damaged")
        target = tmp_path / "damaged" / path.relative_to(tmp_path / "s")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        target.write_bytes(content)
        with pytest.raises(StoreError, match=r"row \d|cannot be read"):
            session_store.read_session(tmp_path / "damaged")
        shutil.rmtree(tmp_path / "damaged")
        hit += 1
    assert hit > 0


def test_a_truncated_file_is_an_error(tmp_path):
    session_store.write_session(session(), tmp_path / "s")
    largest = max((p for p in (tmp_path / "s" / "rows").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])
    with pytest.raises(StoreError):
        session_store.read_session(tmp_path / "s")


def test_a_full_disk_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(StoreError, match="make room"):
        session_store.write_session(session(), tmp_path / "s")
    assert not os.listdir(tmp_path)


def test_zeros_on_disk_never_get_the_folders_name(tmp_path, monkeypatch):
    # What Deep Lake does on a full disk: commit succeeds, the rows are zeros.
    real = session_store._write_rows
    blank = session(lengths=(30, 25, 30))
    zeros = SessionData(
        blank.units,
        60.0,
        tuple(
            TrialData(t.trial, t.scene, t.tier, *(np.zeros_like(getattr(t, n)) for n in session_data.ARRAYS))
            for t in blank.trials
        ),
    )
    monkeypatch.setattr(session_store, "_write_rows", lambda _, path: real(zeros, path))
    with pytest.raises(StoreError, match="damaged"):
        session_store.write_session(blank, tmp_path / "s")
    assert not os.listdir(tmp_path)


def test_ensure_reuses_a_sound_store_replaces_a_damaged_and_refuses_another(tmp_path):
    folder = tmp_path / "s"
    session_store.ensure_session(session(), folder)
    before = (folder / session_store.MANIFEST).stat().st_mtime_ns
    session_store.ensure_session(session(), folder)
    assert (folder / session_store.MANIFEST).stat().st_mtime_ns == before
    (folder / session_store.MANIFEST).write_text("{")
    session_store.ensure_session(session(), folder)
    assert session_store.read_session(folder).units == (3, 5, 8, 13)
    (folder / session_store.FIELDS).unlink()
    session_store.ensure_session(session(), folder)
    assert session_store.read_fields(folder).shape == (4, 15, 6, 9)
    with pytest.raises(StoreError, match="other rows"):
        session_store.ensure_session(session(seed=1), folder)


def test_a_missing_store_says_what_to_do(tmp_path):
    with pytest.raises(StoreError, match="populate again"):
        session_store.read_session(tmp_path / "nothing")


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT])
def test_a_dataset_on_a_drive_that_is_gone_is_asked_again_and_never_removed(tmp_path, monkeypatch, number):
    session_store.write_session(session(), tmp_path / "one")
    before = {path: path.read_bytes() for path in (tmp_path / "one").rglob("*") if path.is_file()}
    real = Path.read_text

    def gone(path, *args, **kwargs):
        if path.is_relative_to(tmp_path / "one"):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", gone)
        with pytest.raises(StoreAway, match="cannot be read for now"):
            session_store.ensure_session(session(), tmp_path / "one")
    assert {path: path.read_bytes() for path in (tmp_path / "one").rglob("*") if path.is_file()} == before
    session_store.ensure_session(session(), tmp_path / "one")
