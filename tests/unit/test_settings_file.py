"""A project's dlgn.env: read where commands run, overruled by the environment, without secrets."""

import re
from pathlib import Path

import pytest

from dlgn_cnn.errors import ConfigError
from schemas import Settings
from schemas.connection.settings import MEANING, read_settings, without_password


def test_the_environment_prevails_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "dlgn.env").write_text("# ours\nDLGN_PREFIX=lab_\nexport DLGN_DEVICE='cuda:1'\n\nDLGN_LEASE_S=30\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLGN_LEASE_S", "7")
    monkeypatch.delenv("DLGN_DEVICE", raising=False)
    monkeypatch.delenv("DLGN_PREFIX", raising=False)
    found = Settings.from_environment()
    assert (found.prefix, found.device, found.lease_s) == ("lab_", "cuda:1", 7.0)
    assert Settings.from_environment({}).prefix == "dlgn_"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("DLGN_PREFX=x", "line 2 sets DLGN_PREFX: .*did you mean 'DLGN_PREFIX'"),
        ("PATH=/bin", "line 2 sets PATH: choose from"),
        ("DLGN_ALLOW_PACKAGES=mylab", "which packages may run code"),
        ("DLGN_DATABASE_PASSWORD=x", "export it in your shell"),
        ("DLGN_DATABASE=mysql://ada:secret@host", "holds a password"),
        ("mysql://host", "expected NAME=VALUE"),
    ],
)
def test_what_does_not_belong_there_is_refused_with_its_line(tmp_path, line, sentence):
    (tmp_path / "dlgn.env").write_text(f"# ours\n{line}\n")
    with pytest.raises(ConfigError, match=sentence) as caught:
        read_settings(tmp_path)
    assert "secret" not in str(caught.value)


def test_every_setting_that_is_read_can_stand_in_the_file():
    read = []

    class Heard(dict):
        def get(self, name, default=None):
            read.append(name)
            return default

    Settings.from_environment(Heard())
    assert set(read) - set(MEANING) == {"DLGN_ALLOW_PACKAGES", "OMP_NUM_THREADS"}
    assert set(MEANING) <= set(read)


def test_the_page_of_settings_has_each_once():
    page = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
    rows = [line.split("|")[1] for line in page.read_text().splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"DLGN_[A-Z_]+", row)]
    assert len(named) == len(set(named))
    assert set(MEANING) <= set(named)


def test_a_url_is_shown_without_its_password():
    assert without_password("mysql://ada:a%2Fb@[::1]:3306") == "mysql://ada@[::1]:3306"


@pytest.mark.parametrize("name", ["DLGN_WORKER_PASSWORD", "AWS_SECRET_ACCESS_KEY", "JUPYTER_TOKEN", "DLGN_DATABASE"])
def test_the_secrets_of_the_example_are_refused(name):
    value = "mysql://dlgn_worker:change-me@db:3306" if name == "DLGN_DATABASE" else "change-me"
    with pytest.raises(ConfigError, match=f"{name} still has the example's secret"):
        Settings.from_environment({name: value})
