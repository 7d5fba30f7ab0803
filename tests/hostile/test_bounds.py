"""Every bound stands in the docs, is named by its error, and is raised by one setting."""

import re
from pathlib import Path

import pytest

from dlgn_cnn.bounds import BOUNDS, check, limit
from dlgn_cnn.errors import ConfigError, RecordingError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "bounds.md"


def test_the_docs_have_every_bound_as_it_is():
    rows = re.findall(
        r"^\| `([\w.]+)` \| ([\d,]+) \| ([\d,]*) ?\| (\*fixed:\* )?(.+) \|$", PAGE.read_text(), re.MULTILINE
    )
    found = {name: (most, per_byte, bool(fixed), counts) for name, most, per_byte, fixed, counts in rows}
    expected = {
        name: (f"{one.most:,}", f"{one.per_byte:,}" if one.per_byte else "", one.fixed, one.counts)
        for name, one in BOUNDS.items()
    }
    assert found == expected


@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_lets_through_what_it_says_and_no_more(name, monkeypatch):
    monkeypatch.delenv("DLGN_BOUNDS", raising=False)
    for size in (0, 10**9):
        most = limit(name, size)
        check(name, most, file_bytes=size)
        with pytest.raises(RecordingError, match=re.escape(f"a.b asks for {most + 1} {BOUNDS[name].counts}, beyond")):
            check(name, most + 1, "a.b", size)
    monkeypatch.setenv("DLGN_BOUNDS", "9")
    assert limit(name) == (4 if BOUNDS[name].fixed else 9) * BOUNDS[name].most


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "99999", " 4"])
def test_a_factor_that_is_none_is_refused(text, monkeypatch):
    monkeypatch.setenv("DLGN_BOUNDS", text)
    with pytest.raises(ConfigError, match=r"DLGN_BOUNDS is .* expected a whole number from 1 to 9999"):
        limit("yaml.depth")
