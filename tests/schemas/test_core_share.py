"""Workers of one machine share its cores, whichever container they are in."""

import math
import platform

import pytest
import torch

from dlgn_cnn.runtime import threads
from dlgn_cnn.runtime.cores import Cores, core_set_id
from populate.worker.core_share import CoreShare
from tests.schemas.test_leases import observer, sql


@pytest.fixture(autouse=True)
def same_threads_after():
    with threads.kept():
        yield


def register(count: int, **changed) -> None:
    """Other workers, each with these columns."""
    from schemas import fleet

    for _ in range(count):
        worker_id = observer(silent=True).worker_id
        for column, value in changed.items():
            sql(f"UPDATE {fleet.Worker().full_table_name} SET {column} = %s WHERE worker_id = %s", value, worker_id)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], 8),
        ([(1, {})], 4),
        ([(3, {})], 2),
        ([(9, {})], 1),
        ([(1, {"host": "another container"})], 4),
        ([(3, {"core_set": "other cores"})], 8),
        ([(3, {"state": "ended"})], 8),
        ([(3, {"expires": "2026-01-01 00:00:00"})], 8),
    ],
)
def test_a_worker_takes_its_share(tables, others, expected):
    register(1)  # this one
    for count, changed in others:
        register(count, **changed)
    assert CoreShare(None, Cores(8)).take() == torch.get_num_threads() == expected


def test_a_quota_is_shared_in_its_container_alone(tables):
    register(2)
    register(2, host="another container")
    assert CoreShare(None, Cores(16, 4.0)).take() == 2
    assert CoreShare(None, Cores(16, math.inf)).take() == 4


def test_those_that_are_started_together_count_until_all_have_come(tables):
    from schemas import fleet

    share = CoreShare(None, Cores(8), together=4)
    register(1)
    assert share.take() == 2
    register(3)
    assert share.take() == 2
    (fleet.Worker & {"core_set": core_set_id(), "host": platform.node()}).delete_quick()
    register(1)
    assert share.take() == 8


def test_what_the_user_asks_for_asks_no_table(tables, monkeypatch):
    monkeypatch.setattr("populate.worker.core_share.core_set_id", lambda: pytest.fail("asked"))
    assert CoreShare(2, Cores(8)).take() == 2


def test_half_a_core_is_told_once(tables, caplog):
    register(1)
    share = CoreShare(None, Cores(8, 0.5))
    assert share.take() == share.take() == 1
    assert caplog.text.count("0.5 of a core") == 1
