"""The doctor: what each check says of what is right and of what is wrong, and that nothing can hang it."""

import importlib.metadata
import socket
import threading

import pytest
from typer.testing import CliRunner

from populate.doctor import database, datasets, device, examine, machine, store
from populate.doctor.examine import CheckResult

SECRET = "very-secret-word"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Empty settings: an empty home, no database's URL, no packages allowed."""
    for name in ("DLGN_DATABASE", "DLGN_STORE", "DLGN_DATASETS", "DLGN_ALLOW_PACKAGES", "DLGN_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DLGN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def failures(check) -> list[CheckResult]:
    found = list(check())
    assert found
    assert all(one.advice for one in found if one.level != "ok")
    return [one for one in found if one.level == "fail"]


def test_this_machine_computes_and_stores(home):
    assert failures(store.check) == []
    assert failures(device.check) == []
    assert failures(datasets.check) == []
    assert list((home / "store").iterdir()) == []


def test_versions_are_compared_with_what_is_required(home, monkeypatch):
    assert failures(machine.check) == []
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.12.1" if name == "torch" else real(name))
    (one,) = failures(machine.check)
    assert "torch 2.12.1, expected <2.14,>=2.13" in one.seen
    assert one.advice.startswith("pip install 'torch")


def test_packages_that_are_allowed_are_looked_for_and_not_imported(home, monkeypatch):
    monkeypatch.setenv("DLGN_ALLOW_PACKAGES", "this, no_such_package")
    (one,) = failures(machine.check)
    assert one.seen == "no_such_package is not installed"
    import sys

    assert "this" not in sys.modules


def test_a_store_that_cannot_be_written_is_told_with_its_setting(home, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLGN_STORE", str(tmp_path / "file" / "store"))
    (one,) = failures(store.check)
    assert "Not a directory" in one.seen
    assert "DLGN_STORE" in one.advice


def test_a_store_on_s3_is_written_and_read(home, s3, monkeypatch):
    monkeypatch.setenv("DLGN_STORE", f"{s3}/dlgn")
    assert failures(store.check) == []
    monkeypatch.setenv("DLGN_STORE", "s3://no-such-bucket/dlgn")
    (one,) = failures(store.check)
    assert "no-such-bucket" in one.seen


def test_a_device_that_is_not_there_is_told(home, monkeypatch):
    monkeypatch.setenv("DLGN_DEVICE", "cuda:77")
    (one,) = failures(device.check)
    assert "cuda:77" in one.seen


def test_a_server_that_is_not_there_is_told_without_the_password(home, monkeypatch):
    monkeypatch.setenv("DLGN_DATABASE", f"mysql://ada:{SECRET}@127.0.0.1:9")
    (one,) = failures(database.check)
    assert "127.0.0.1:9 refused 'ada'" in one.seen
    assert "DLGN_DATABASE" in one.advice
    assert SECRET not in repr(one) + "".join(finding.line() for finding in machine.check())


def test_a_group_that_hangs_or_breaks_is_a_finding_and_the_others_are_told(monkeypatch):
    monkeypatch.setattr(
        examine, "GROUPS", {group: (f"the {group}", "mend it") for group in ("hangs", "breaks", "does")}
    )
    found = {one.subject: (one.level, one.seen) for one in examine.examine(3.0, "tests.doctor_groups")}
    assert found == {
        "before": ("ok", "seen"),
        "the hangs": ("fail", "no answer within 3 s"),
        "the breaks": ("fail", "the check ended with status 7 it broke"),
        "done": ("ok", "seen"),
    }


def test_a_server_that_accepts_and_never_answers_does_not_hang_a_command(home, monkeypatch):
    """The child that asks it is ended; here only that it is asked, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("DLGN_DATABASE", f"mysql://ada:{SECRET}@127.0.0.1:{mute.getsockname()[1]}")
        monkeypatch.setattr(examine, "GROUPS", {"database": examine.GROUPS["database"]})
        asked = threading.Thread(target=mute.accept, daemon=True)
        asked.start()
        (one,) = examine.examine(4.0)
        asked.join(timeout=10)
    assert (one.level, one.seen) == ("fail", "no answer within 4 s")


def test_the_exit_code_tells_whether_anything_failed(monkeypatch):
    from populate.cli.command import app

    for level, status in (("ok", 0), ("warn", 0), ("fail", 1)):
        finding = CheckResult(level, "database", "seen", "do this")
        monkeypatch.setattr(examine, "examine", lambda deadline_s, one=finding: iter([one]))
        done = CliRunner().invoke(app, ["doctor"])
        assert done.exit_code == status
        assert "do this" in done.stdout


@pytest.mark.parametrize(("has", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_the_device_is_shown_with_what_precision_auto_means_on_it(monkeypatch, has, precision):
    from dlgn_cnn.runtime import device as runtime
    from populate.doctor import device

    monkeypatch.setenv("DLGN_DEVICE", "cpu")
    monkeypatch.setattr(runtime, "native", lambda device: has)
    (found,) = device.check()
    assert f"precision auto means {precision} here" in found.line()
