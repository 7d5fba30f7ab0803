"""What the project says of itself, in three places: the same."""

import tomllib
from pathlib import Path

import yaml

import dlgn_cnn

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_version_license_and_authors_agree():
    assert CITATION["version"] == PROJECT["version"] == dlgn_cnn.__version__
    assert CITATION["license"] == PROJECT["license"] == "BSD-3-Clause"
    assert CITATION["authors"] == PROJECT["authors"]
    license = (ROOT / "LICENSE").read_text()
    assert PROJECT["authors"][0]["name"] in license
    assert license.startswith("BSD 3-Clause License")


def test_the_changelog_is_in_the_form_that_it_names():
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    assert lines[0] == "# Changelog"
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {line[4:] for line in lines if line.startswith("### ")} <= kinds
    assert "## Unreleased" in lines
