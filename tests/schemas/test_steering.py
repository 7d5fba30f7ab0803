"""Workers heed what the tables say, and the tables show what workers do."""

import io
import os
import signal

import pytest
from rich.console import Console

from dlgn_cnn.errors import ConfigError
from tests.schemas.test_leases import observer, work
from tests.toy import COMPUTED, DURING, Item, Squared


def text(view) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(view)
    return console.export_text()


def queue(*kinds: str) -> None:
    Item.insert([(number, kind) for number, kind in enumerate(kinds)])
    Squared.jobs.refresh(delay=-1)


def order(action: str, table: str = "*", host: str = "*") -> None:
    from schemas import fleet

    fleet.StopFlag.insert1({"action": action, "table_name": table, "host": host})


def test_what_is_most_urgent_comes_first(tables):
    from populate.fleet.control import prioritize

    queue(*[""] * 6)
    assert prioritize(Squared, 1, "item = 4") == 1
    assert prioritize(Squared, 9, "item IN (0, 2)") == 2
    work()
    assert COMPUTED[0] == 4
    assert set(COMPUTED[-2:]) == {0, 2}
    with pytest.raises(ConfigError, match="from -128"):
        prioritize(Squared, 200)


@pytest.mark.parametrize(("table", "host"), [("Squared", "*"), ("*", "*")])
def test_a_paused_table_waits_until_it_is_resumed(tables, table, host):
    from populate.fleet.control import resume

    waits = []

    def pause(seconds):
        assert not COMPUTED
        waits.append(seconds)
        if len(waits) == 2:
            assert resume(host=host) == 0 if table != "*" else resume(host=host) == 1
            from schemas import fleet

            fleet.StopFlag().delete_quick()

    queue("", "")
    order("pause", table, host)
    assert work(pause=pause).computed == 2
    assert len(waits) == 2


def test_orders_to_another_machine_are_none_of_ours(tables):
    queue("")
    order("pause", host="another")
    order("drain", table="Other", host="another")
    assert work().computed == 1


def test_a_drained_machine_ends_after_the_key_in_hand(tables):
    queue(*[""] * 100)
    DURING["compute"] = lambda key: (DURING.clear(), order("drain"))
    done = work().computed
    assert 1 <= done < 100
    assert work().computed == 0
    assert len(Squared.jobs.pending) == 100 - done


def test_a_worker_keeps_to_its_condition(tables):
    queue(*[""] * 4)
    assert work(where="item < 2").computed == 2
    assert sorted(COMPUTED) == [0, 1]
    assert len(Squared.jobs.pending) == 2


def test_what_failed_is_retried_on_request_only(tables):
    from populate.fleet.control import retry

    assert work("bug", "bug").failed == 2
    assert work().failed == 0
    assert retry(Squared, "item = 1") == 1
    assert work().failed == 1
    assert COMPUTED.count(1) == 2
    with pytest.raises(ConfigError, match=r"'itm = 1' on Squared: .*\(columns: item\)"):
        retry(Squared, "itm = 1")


def test_stopping_names_the_keys_that_are_in_hand(tables):
    from populate.fleet.control import drain, stop
    from populate.worker.lease import leased
    from schemas import fleet

    queue("", "")
    holder = observer()
    assert leased(Squared, holder).jobs.reserve({"item": 1})
    assert stop(Squared, "item = 0") == 0
    assert stop(Squared, "item = 1") == 1
    assert fleet.Lease().fetch1("recall") == "stop"
    assert drain("another", now=True) == 0
    assert drain("*", now=True) == 1
    assert fleet.Lease().fetch1("recall") == "hand_back"


def test_counts_and_workers_are_shown(tables):
    from populate.fleet.control import counts, workers
    from populate.worker.lease import leased

    work("", "", "bug")
    queue_more = [(number, "") for number in range(3, 7)]
    Item.insert(queue_more)
    Squared.jobs.refresh(delay=-1)
    assert leased(Squared, observer()).jobs.reserve({"item": 5})
    assert counts(Squared) == (2, 1, 3, 1, 0)
    (line,) = [line for line in text(workers()).splitlines() if "item=5" in line]
    assert str(os.getpid()) in line
    assert "working" in line
    assert "ended" not in text(workers())
    assert "ended" in text(workers(everybody=True))


def test_the_state_of_the_project_is_one_page(tables):
    from populate.fleet.control import progress

    order("pause", table="MEI", host="gpu3")
    page = text(progress())
    assert "TrainedModel" in page
    assert "gpu3: pause MEI since " in page


def test_a_worker_waits_longer_the_longer_nothing_turned_up(tables, monkeypatch):
    from populate.worker import worker

    now, waits = [0.0], []

    def pause(seconds):
        now[0] += seconds
        waits.append(seconds)
        if now[0] > 400:
            raise KeyboardInterrupt

    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
    with pytest.raises(KeyboardInterrupt):
        work(stay=True, pause=pause)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1, 30)
    assert all(wait <= max(1, sum(waits[:number]) / 4) for number, wait in enumerate(waits))


def test_ctrl_c_ends_a_worker_that_waits(tables):
    queue("")
    order("pause")
    with pytest.raises(KeyboardInterrupt):
        work(pause=lambda seconds: os.kill(os.getpid(), signal.SIGINT))


def test_a_table_or_a_condition_that_cannot_be_is_refused_before_any_work(tables):
    from populate.run.workers import populate_all
    from populate.worker.worker import WorkerOptions

    for names, where, wanted in (
        (("TrainedModl",), None, "TrainedModel"),
        ((), "seed = 3", "add --table"),
        (("Score", "MEI"), "seed = 3", "add --table"),
        (("TrainedModel",), "sead = 3", "seed"),
    ):
        with pytest.raises(ConfigError, match=wanted):
            populate_all(WorkerOptions(where, tables=tuple(names)))
