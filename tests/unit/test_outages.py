"""An outage is two lines in the log, however often something was tried."""

import pytest

from dlgn_cnn.runtime.outages import Outage


@pytest.mark.parametrize("tries", [1, 2, 50])
def test_an_outage_is_a_line_when_it_begins_and_one_when_it_ends(caplog, tries):
    now = [0.0]
    outage = Outage("it answers", lambda: now[0])
    outage.passed()
    for length_s in (7, 9):
        caplog.clear()
        for number in range(tries):
            outage.failed("away: %s", number)
        now[0] += length_s
        outage.passed()
        outage.passed()
        first, last = caplog.messages
        assert first == "away: 0"
        assert last.startswith(f"it answers, after {length_s} s and {tries} failed tr")
