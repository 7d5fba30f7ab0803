"""Which code runs: git's own commit, and a digest of whatever of our source differs from it."""

import subprocess

import pytest

from dlgn_cnn.provenance.environment import code_state


@pytest.fixture
def checkout(tmp_path):
    """A git checkout with the three rooms and a README, all committed."""
    for room in ("dlgn_cnn", "schemas", "populate"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text(f'"""{room}"""\n')
    (tmp_path / "README.md").write_text("read me\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        git(tmp_path, *words)
    return tmp_path


def git(place, *words) -> str:
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    return subprocess.run(["git", *who, *words], cwd=place, check=True, capture_output=True, text=True).stdout.strip()


def test_committed_code_is_its_commit(checkout):
    found = code_state(root=checkout)
    assert found.git_commit == git(checkout, "rev-parse", "HEAD")
    assert found.changes_digest is None


def test_every_change_of_source_has_a_digest_of_its_own(checkout):
    clean, seen = code_state(root=checkout), set()
    (checkout / "README.md").write_text("another\n")
    assert code_state(root=checkout) == clean
    (checkout / "schemas" / "__init__.py").write_text("x = 1\n")
    seen.add(code_state(root=checkout).changes_digest)
    (checkout / "schemas" / "__init__.py").write_text("x = 2\n")
    seen.add(code_state(root=checkout).changes_digest)
    git(checkout, "add", "-A")
    assert code_state(root=checkout).changes_digest in seen
    (checkout / "populate" / "untracked file.py").write_text("")
    seen.add(code_state(root=checkout).changes_digest)
    (checkout / "dlgn_cnn" / "more.py").write_text("")
    seen.add(code_state(root=checkout).changes_digest)
    assert len(seen) == 4
    assert None not in seen
    for file in ("populate/untracked file.py", "dlgn_cnn/more.py"):
        (checkout / file).unlink()
    git(checkout, "checkout", "-q", "HEAD", "--", "schemas")
    assert code_state(root=checkout) == clean


def test_code_that_git_does_not_track_is_known_by_its_files(checkout, tmp_path):
    inside = checkout / "venv"  # of which the checkout knows nothing
    for room in ("dlgn_cnn", "schemas", "populate"):
        (inside / room).mkdir(parents=True)
        (inside / room / "__init__.py").write_text("")
    found = code_state(root=inside)
    assert (found.git_commit, found.changes_digest) == (None, None)
    (inside / "schemas" / "__init__.py").write_text("x = 1\n")
    assert code_state(root=inside).source_digest != found.source_digest


def test_allowed_packages_are_part_of_the_code(tmp_path, monkeypatch):
    (tmp_path / "lab_of_a_test").mkdir()
    (tmp_path / "lab_of_a_test" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = code_state(["dlgn_cnn", "lab_of_a_test", "not_installed"])
    assert [one["package"] for one in before.packages] == ["lab_of_a_test"]
    (tmp_path / "lab_of_a_test" / "parts.py").write_text("")
    assert code_state(["lab_of_a_test"]).digest != before.digest


@pytest.mark.parametrize(
    ("said", "commit", "changed"),
    [("a" * 40, "a" * 40, False), (f"{'a' * 40}-dirty", "a" * 40, True), ("v1.0", None, False), ("", None, False)],
)
def test_an_image_says_which_commit_it_was_built_from(tmp_path, monkeypatch, said, commit, changed):
    for room in ("dlgn_cnn", "schemas", "populate"):
        (tmp_path / room).mkdir()
    monkeypatch.setenv("DLGN_GIT_COMMIT", said)
    found = code_state(root=tmp_path)
    assert (found.git_commit, found.changes_digest is not None) == (commit, changed)


def test_a_checkout_is_asked_itself(checkout, monkeypatch):
    monkeypatch.setenv("DLGN_GIT_COMMIT", "a" * 40)
    assert code_state(root=checkout).git_commit == git(checkout, "rev-parse", "HEAD")
