"""How many workers: the number that computes fastest together, as far as there are keys for them."""

import math

import pytest

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime.cores import Cores
from populate.worker import core_share
from populate.worker.core_share import asked_workers, best_count


@pytest.fixture(autouse=True)
def plenty_of_memory(monkeypatch):
    class Memory:
        available = 1e12

    monkeypatch.setattr(core_share.psutil, "virtual_memory", Memory)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ({1: 10.0, 2: 19.0, 4: 36.0}, 4),  # one thread each has nothing to wait for
        ({1: 36.0, 2: 19.0, 4: 10.0}, 1),
        ({1: 10.0, 2: 30.0, 4: 30.5}, 2),  # no more processes for nothing
    ],
)
def test_the_fastest_number_is_chosen(rates, expected):
    asked = {}

    def measure(workers, threads):
        asked[workers] = threads
        return rates[workers]

    assert best_count(Cores(4), pending=100, measure=measure) == expected
    assert asked == {1: 4, 2: 2, 4: 1}


@pytest.mark.parametrize(
    ("cores", "pending", "tried"),
    [
        (Cores(6), 100, [1, 2, 4, 6]),
        (Cores(8), 3, [1, 2, 3]),
        (Cores(8, 2.5), 100, [1, 2]),
        (Cores(1), 100, []),
        (Cores(8, 0.5), 100, []),
        (Cores(8), 1, []),
        (Cores(8), 0, []),
    ],
)
def test_no_more_are_tried_than_cores_and_keys(cores, pending, tried):
    seen = []
    assert best_count(cores, pending, measure=lambda workers, threads: seen.append(workers) or 1.0) == 1
    assert seen == tried


def test_memory_bounds_them(monkeypatch):
    class Memory:
        available = 2.5 * core_share.WORKER_BYTES

    monkeypatch.setattr(core_share.psutil, "virtual_memory", Memory)
    assert best_count(Cores(64), 100, measure=lambda workers, threads: float(workers)) == 2


def test_a_measured_rate_is_that_of_processes_together():
    assert 0 < core_share.measured_rate(1, 1) < math.inf


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "", "100000", "²"])
def test_what_is_no_number_of_workers_is_refused_with_a_sentence(text):
    with pytest.raises(ConfigError, match=f"--workers {text}: expected a whole number from 1"):
        asked_workers(text)


def test_auto_and_numbers_are_read():
    assert (asked_workers("auto"), asked_workers("1"), asked_workers("12")) == (None, 1, 12)
