"""What may not be read is never called missing or damaged, and nothing of it is removed."""

import ast
import builtins
import errno
import io
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from dlgn_cnn.data.store import session_store
from dlgn_cnn.storage.rights import files_below, present, present_file, present_folder, refusal
from populate.errors.transient import lacking
from tests.other_account import LAB, ONE, OTHER, as_root, job
from tests.store_jobs import SITES, said, session
from tests.unit.test_architecture import MODULES

ADVICE = re.compile(r"delete|remove|missing|damaged|incomplete|rebuil|copy it|restore|no such|not exist|lacks")


@pytest.fixture
def open_folder():
    """A folder that every account may enter, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="dlgn-rights-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def deny(monkeypatch, forbidden: Path) -> None:
    """Let the system refuse a file, or everything in a folder, as it does to an account without rights."""
    folder = forbidden.is_dir()

    def below(path) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        found = Path(os.path.abspath(os.fsdecode(path)))
        return forbidden in found.parents if folder else found == forbidden

    def refused(call, also_itself):
        def instead(path=".", *args, **kwargs):
            itself = isinstance(path, str | os.PathLike) and Path(os.path.abspath(path)) == forbidden
            if below(path) or (also_itself and itself):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
            return call(path, *args, **kwargs)

        return instead

    def access(path, mode, **_):
        return not (below(path) or Path(path) == forbidden)

    opened = refused(io.open, True)
    monkeypatch.setattr(io, "open", opened)
    monkeypatch.setattr(builtins, "open", opened)
    for name in ("scandir", "listdir", "open"):
        monkeypatch.setattr(os, name, refused(getattr(os, name), True))
    if folder:
        for name in ("stat", "lstat"):
            monkeypatch.setattr(os, name, refused(getattr(os, name), False))
    monkeypatch.setattr(os, "access", access)


def contents(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


def check(found: dict[str, str], forbidden: Path) -> None:
    assert found["kind"] == "PermissionError", found
    for text in (found["sentence"], found["lacks"]):
        assert re.search(r"\(groups .*\) may not (read|reach)", text), text
        assert str(forbidden) in text
        assert "for the right" in text
        assert not ADVICE.search(text), text


@pytest.mark.parametrize("name", SITES)
def test_a_refusal_of_the_system_passes_as_such(tmp_path, monkeypatch, name):
    site = SITES[name]
    site.make(tmp_path)
    before = contents(tmp_path)
    with monkeypatch.context() as patched:
        deny(patched, tmp_path / site.forbidden)
        found = said(site, tmp_path)
    check(found, tmp_path / site.forbidden)
    assert contents(tmp_path) >= before


@as_root
def test_another_account_is_told_whose_file_it_is_and_nothing_is_removed(open_folder):
    for index, site in enumerate(SITES.values()):
        folder = open_folder / str(index)
        folder.mkdir()
        site.make(folder)
        (folder / site.forbidden).chmod(0)
        folder.chmod(0o777)  # so that it could be removed
    before = contents(open_folder)
    found = job("read_forbidden", open_folder, ONE)
    for index, (name, site) in enumerate(SITES.items()):
        check(found[name], open_folder / str(index) / site.forbidden)
        assert "belongs to root, group root, with mode 0000" in found[name]["sentence"], (name, found[name])
        assert str(ONE) in found[name]["sentence"]
    assert contents(open_folder) >= before


def test_what_is_missing_is_still_missing(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert [present(tmp_path / name) for name in ("file", "link", "none", "file/below")] == [True, False, False, False]
    assert [present_file(tmp_path / "file"), present_folder(tmp_path / "file")] == [True, False]
    assert [present_file(tmp_path), present_folder(tmp_path)] == [False, True]
    assert [present(tmp_path / name) for name in ("9" * 5000, "a\0b", "a/" * 5000)] == [False] * 3  # of no file
    assert list(files_below(tmp_path)) == [tmp_path / "file"]
    assert list(files_below(tmp_path / "none")) == []
    with pytest.raises(session_store.StoreError, match="is missing or incomplete"):
        session_store.read_info(tmp_path)


def test_a_store_that_refuses_its_keys_is_not_a_damaged_one():
    error = PermissionError(errno.EACCES, "Access Denied", "s3://bucket/datasets/a")
    assert "may not use s3://bucket/datasets/a" in str(lacking(error))
    assert refusal("s3://bucket/a").startswith("the account")


@pytest.mark.parametrize(("mode", "verb"), [(0o500, "write"), (0o600, "use")])
def test_the_sentence_names_what_is_in_the_way(tmp_path, monkeypatch, mode, verb):
    file = tmp_path / "a"
    file.write_text("x")
    file.chmod(mode)
    monkeypatch.setattr(os, "access", lambda path, right, **_: right != os.W_OK or Path(path) != file or mode != 0o500)
    text = refusal(str(file))
    assert f"may not {verb} {file}: it belongs to" in text
    assert f"mode {stat.S_IMODE(mode):04o}" in text


@as_root
def test_what_one_user_writes_in_a_store_the_group_can_use(open_folder):
    store = open_folder / "store"
    store.mkdir()
    os.chown(store, 0, LAB)
    store.chmod(0o2775)
    job("write_store", store, ONE)
    check_group(store)
    (store / "datasets" / "b" / "s" / "manifest.json").write_text("{")
    found = job("use_store", store, OTHER)
    units = len(session().units)
    assert found.pop("fields")[0] == units
    assert found.pop("steps") == [2, 3]
    assert found.pop("resumed") == 2
    assert all(found.values()), found
    check_group(store)


def check_group(store: Path) -> None:
    for path in store.rglob("*"):
        found = path.lstat()
        assert found.st_gid == LAB, path
        wanted = 0o2770 if path.is_dir() else 0o660
        assert found.st_mode & wanted == wanted, f"{path} {found.st_mode:o}"


def test_nothing_asks_for_files_in_a_way_that_takes_what_is_forbidden_for_missing():
    """Python's own questions say False, or leave folders out; those of ``dlgn_cnn.storage.rights`` do not."""
    asked = {"exists", "is_file", "is_dir", "rglob", "isfile", "isdir"}
    own = {"embedded", "embedded_programs", "environment", "rights", "atomic"}  # the program's own files
    found = [
        f"{name}:{node.lineno}"
        for name, path in MODULES.items()
        if name.rpartition(".")[2] not in own
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asked
    ]
    assert found == []
