"""The page on what each input can do names tests that are there, and every topic of this folder."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "reach.md"


def test_every_row_of_the_page_names_a_test_that_is_there():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    for row in rows:
        tests = re.findall(r"`(tests/[\w/]+\.py)`", row.split(" | ")[-1])
        assert tests, row
        assert not [name for name in tests if not (ROOT / name).is_file()], row


def test_every_topic_of_this_folder_is_on_the_page():
    here = {one.relative_to(ROOT).as_posix() for one in Path(__file__).parent.glob("test_*.py")}
    here.remove(Path(__file__).relative_to(ROOT).as_posix())
    assert here <= set(re.findall(r"tests/[\w/]+\.py", PAGE.read_text()))
