"""A worker's heartbeat hears of every step, but not of each one."""

import pytest

from schemas.monitoring import progress


@pytest.fixture
def told(monkeypatch):
    """What was heard, and a clock that a test sets."""
    heard, now = [], [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "_told", 0.0)
    with progress.heard(heard.append):
        yield heard, now


def test_steps_of_a_fit_are_heard_at_most_once_a_second(told):
    heard, now = told
    bar = progress.EpochBar("fit ab12cd34 seed 0")
    for _ in range(1000):
        bar.on_step(None)
        now[0] += 0.01
    bar.on_end()
    assert heard == [None] * 10


def test_an_epoch_and_a_key_are_heard_at_once_in_words(told):
    heard, _ = told
    with progress.working("TrainedModel"):
        bar = progress.EpochBar("fit ab12cd34 seed 0")
        bar.on_epoch(1, {"max_epochs": 5})
        bar.on_step(None)
        bar.on_end()
    assert [words and words.partition(":")[0] for words in heard] == ["", "fit ab12cd34 seed 0", ""]
