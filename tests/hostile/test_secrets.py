"""Secrets of the environment: in no error, log, repr or file, and no report to the makers of a package."""

import dataclasses
import logging
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlgn_cnn.errors import DlgnError
from dlgn_cnn.redaction import HIDDEN, Redaction, redacted
from populate.errors.explain import explain, trace
from populate.worker.heartbeat import Beat
from schemas import Settings

ROOT = Path(__file__).resolve().parents[2]
SECRET = "TOP/secret+pw@1"
NAMED = ["DLGN_DATABASE_PASSWORD", "DLGN_WORKER_PASSWORD", "DLGN_READER_PASSWORD", "DLGN_DASHBOARD_TOKEN"]
NAMED += ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "JUPYTER_TOKEN", "WANDB_API_KEY", "MLFLOW_TRACKING_PASSWORD"]
NAMED += ["PGPASSWORD", "DJ_PASS", "ACTIVELOOP_TOKEN"]
URLS = ["DLGN_DATABASE", "DLGN_DATASETS", "DLGN_STORE", "DLGN_SOURCE", "WANDB_BASE_URL"]


@pytest.fixture(params=[*NAMED, *URLS])
def held(request, monkeypatch):
    """A secret in one setting of the environment."""
    value = f"sftp://ada:{quote(SECRET, safe='')}@host/x" if request.param in URLS else SECRET
    monkeypatch.setenv(request.param, value)
    return value


def leaks(text: str) -> bool:
    return SECRET in text or quote(SECRET, safe="") in text


def test_errors_explanations_and_traces_hide_it(held):
    try:
        try:
            raise OSError(f"no answer from {held} with {SECRET}")
        except OSError as error:
            raise DlgnError(f"the store at {held} is away ({error})") from error
    except DlgnError as error:
        for text in (str(error), repr(error), trace(error), explain(error)):
            assert HIDDEN in text
            assert not leaks(text)


def test_messages_and_tracebacks_in_a_log_hide_it(held, capsys):
    log, handler = logging.getLogger("dlgn.of_a_test"), logging.StreamHandler(sys.stderr)
    handler.addFilter(Redaction())
    log.addHandler(handler)
    try:
        raise OSError(SECRET)
    except OSError:
        log.exception("%s of %s", held, {"password": SECRET})
    log.removeHandler(handler)
    said = capsys.readouterr().err
    assert "OSError" in said
    assert not leaks(said)


@settings(suppress_health_check=list(HealthCheck))
@given(st.text(min_size=8, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_any_password_of_a_setting_is_hidden_wherever_it_stands(secret, before, after):
    if "\0" in secret or any("\ud800" <= letter <= "\udfff" for letter in secret):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLGN_DATABASE_PASSWORD", secret)
        assert secret not in redacted(f"{before}{secret}{after}").replace(HIDDEN, "") or secret in before + after


@pytest.mark.parametrize("name", ["token", "sig", "X-Amz-Signature", "password"])
def test_a_signature_in_a_url_is_hidden(name):
    assert redacted(f"https://host/x?a=1&{name}=abc123&b=2") == f"https://host/x?a=1&{name}={HIDDEN}&b=2"


def test_no_representation_of_settings_holds_one(monkeypatch):
    url = f"sftp://ada:{quote(SECRET, safe='')}@host/x"
    given = {"DLGN_DATABASE": url, "DLGN_DATASETS": url, "DLGN_STORE": "s3://ada:TOPsecret@host/x"}
    shown = repr(Settings.from_environment({**given, "DLGN_HOME": "/x"}))
    assert not leaks(shown)
    assert "TOPsecret" not in shown
    values = {one.name: SECRET if one.name == "password" else 1 for one in dataclasses.fields(Beat)}
    assert not leaks(repr(Beat(**values)))


def test_words_that_are_no_secret_are_kept(monkeypatch):
    monkeypatch.setenv("DLGN_DATABASE_PASSWORD", "short")
    monkeypatch.setenv("PWD", "/home/ada/project")
    for text in ("a short text", "/home/ada/project/x", "mysql://user:password@host", "s3://bucket/x?key=1"):
        assert redacted(text) == text


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the signals that a process catches")
def test_deep_lake_reports_no_crash_to_its_makers():
    code = "from dlgn_cnn.data.store.session_store import quiet_deeplake as load\n"
    code += "load() if QUIET else __import__('deeplake')\n"
    code += "print(next(one for one in open('/proc/self/status') if one.startswith('SigCgt')).split()[1])"
    caught = []
    for quiet in (False, True):
        command = [sys.executable, "-W", "ignore", "-c", f"QUIET = {quiet}\n{code}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
        caught.append(int(done.stdout, 16) >> 10 & 1)  # SIGSEGV
    assert caught == [1, 0]
