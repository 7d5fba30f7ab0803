"""Views fit a terminal of any width, and are one line a row in a pipe."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from populate.fleet.view import Column, Grid, Row, Verbatim, View, show

WORDS = st.text("abcdefghij3 /=.:", max_size=40).map(lambda text: " ".join(text.split()))
COLUMNS = (
    Column("state", "state"),
    Column("pid", "pid", number=True),
    Column("key", "key", shed=1),
    Column("doing", "doing", shed=2),
)


def drawn(view: View, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None, _environ={})
    show(lambda: view, console=console)
    return console.file.getvalue().splitlines()


def piped(view: View) -> list[str]:
    console = Console(width=80, file=io.StringIO(), _environ={})
    show(lambda: view, console=console)
    return console.file.getvalue().splitlines()


@given(rows=st.lists(st.tuples(st.sampled_from(["working", "stuck"]), st.integers(1, 10**6).map(str), WORDS, WORDS)))
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_every_cell_is_shown_in_full_at_every_width(width, rows):
    lines = drawn(View([Grid(COLUMNS, [Row(row, row) for row in rows])]), width)
    assert all(len(line) <= width for line in lines)
    words = " ".join(lines).split()
    for word in " ".join(cell for row in rows for cell in row).split():
        assert word in words
        words.remove(word)


@given(rows=st.lists(st.tuples(WORDS, WORDS, WORDS, st.text(max_size=300))))
def test_a_row_is_one_line_of_tabs_in_a_pipe(rows):
    lines = piped(View([Grid(COLUMNS, [Row(row, row) for row in rows])]))
    assert lines[0].split("\t") == ["state", "pid", "key", "doing"]
    assert [line.split("\t")[:3] for line in lines[1:]] == [list(row[:3]) for row in rows]
    assert [line.split("\t")[3].split() for line in lines[1:]] == [row[3].split() for row in rows]


def test_a_sentence_is_wrapped_at_words_on_a_terminal_and_what_is_copied_never_is():
    sentence, option = "one two three " * 20, 'dlgn stop TrainedModel --where "' + "seed = 3 AND " * 20 + 'x"'
    view = View([sentence, Verbatim(option)])
    *wrapped, copied = drawn(view, 60)
    assert " ".join(" ".join(wrapped).split()) == sentence.strip()
    assert all(len(line) <= 60 for line in wrapped)
    assert copied == option
    assert piped(view) == [sentence.strip(), option]
