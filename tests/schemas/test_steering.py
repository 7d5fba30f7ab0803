"""Workers heed what the tables say, and the tables show what workers do."""

import io
import os
import platform
import shlex
import signal

import pytest
from rich.console import Console

from dlgn_cnn.errors import ConfigError
from populate.fleet.view import show
from tests.schemas.test_leases import observer, work
from tests.toy import COMPUTED, DURING, Item, Squared
from tests.waiting import wait_until


def text(view, width: int = 200) -> str:
    console = Console(width=width, record=True, file=io.StringIO(), force_terminal=True, _environ={})
    show(lambda: view, console=console)
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


def lines(view) -> list[str]:
    return list(view.piped())


def age(column: str, seconds: float, worker_id: str) -> None:
    from schemas import fleet

    table, past = fleet.Worker().full_table_name, Squared.connection.adapter.interval_expr(seconds, "second")
    query = f"UPDATE {table} SET {column} = CURRENT_TIMESTAMP(3) - {past} WHERE worker_id = %s"
    Squared.connection.query(query, args=(worker_id,))


@pytest.fixture
def shown(tables, monkeypatch):
    """The view of progress, of ``Squared`` alone."""
    from populate.fleet import control

    monkeypatch.setattr(control, "computed_tables", lambda: [Squared])
    return control.progress


def test_five_hundred_failures_for_one_reason_are_one_sentence_and_a_few_keys_to_copy(shown):
    from populate.fleet.control import retry

    queue(*[""] * 502)
    for number in range(500):
        key = {"item": number + 2}
        said = f"ValueError: item {number + 2} has no film /films/{number}.avi"
        Squared.jobs.update1({**key, "status": "error", "error_message": said})
    page = lines(shown())
    assert "Squared: 500 keys failed: ValueError: item … has no film …" in page
    assert len(page) < 12
    options = [line.strip() for line in page if '--where "' in line]
    assert options == [f'--where "item = {number}"' for number in (2, 3, 4)]
    _, where = shlex.split(options[0])
    assert retry(Squared, where) == 1
    assert "Squared: 499 keys failed: ValueError: item … has no film …" in lines(shown())


def test_the_live_page_shows_a_cause_once_and_a_stuck_worker_as_such(tables):
    pytest.importorskip("dash", reason="the live page is an extra: pip install 'dlgn_cnn[dashboard]'")
    from populate.dashboard import errors, pipeline

    holder = observer()
    assert work(*["bug"] * 7).failed == 7
    age("progressed", 31 * 60, holder.worker_id)
    page = str(errors._failed(lambda question: question(), Squared))
    assert page.count("Squared: 7 keys failed: KeyError: 'no such layer'") == 1
    assert page.count("--where ") == 4  # the first three, and the advice
    assert page.count("Traceback (most recent call last)") == 1
    assert "and 4 more" in page
    assert "stuck" in str(pipeline._workers(lambda question: question()))


def test_pending_keys_without_a_living_worker_are_said_with_what_to_run(shown):
    queue("", "")
    assert "No worker is alive, and 2 keys are pending: run dlgn populate" in "\n".join(lines(shown()))
    gone = observer()
    assert "No worker is alive" not in "\n".join(lines(shown()))
    age("expires", 10, gone.worker_id)
    assert "No worker is alive" in "\n".join(lines(shown()))


def test_a_stuck_worker_is_named_with_the_commands_that_end_it(shown):
    from populate.fleet.control import stop, workers
    from populate.worker.lease import leased

    queue("", "")
    holder = observer()
    assert leased(Squared, holder).jobs.reserve({"item": 1})
    age("progressed", 29 * 60, holder.worker_id)
    assert "has made no step" not in "\n".join(lines(shown()))
    age("progressed", 31 * 60, holder.worker_id)
    page = lines(shown())
    assert any(f"pid {os.getpid()}, has made no step for 31 min" in line for line in page)
    (command,) = (line for line in page if "dlgn stop" in line)
    assert command.split()[:3] == ["dlgn", "stop", "Squared"]
    assert f"    dlgn drain {platform.node()} --now" in page
    heads, row = (line.split("\t") for line in lines(workers()))
    found = dict(zip(heads, row, strict=True))
    assert (found["state"], found["key"], int(found["step_s"]) // 60) == ("stuck", "item = 1", 31)
    assert stop(Squared, shlex.split(command)[-1]) == 1


def test_status_marks_what_vanished_and_settles_the_key_that_was_to_be_stopped(shown):
    """Without a witness nothing is marked, but it is shown as lost."""
    from populate.fleet.control import workers
    from populate.worker.lease import leased
    from schemas import fleet

    queue("")
    gone, dead = observer(silent=True), observer(silent=True)
    age("heartbeat", 70, gone.worker_id)
    age("expires", 10, gone.worker_id)
    assert [line.split("\t")[0] for line in lines(workers())[1:]].count("lost") == 1
    assert (fleet.Worker & {"worker_id": gone.worker_id}).fetch1("state") == "working"
    assert leased(Squared, dead).jobs.reserve({"item": 0})
    fleet.Lease.update1({"token": fleet.Lease().fetch1("token"), "recall": "stop"})
    fleet.Worker.update1({"worker_id": dead.worker_id, "state": "died"})
    observer()
    page = lines(shown())
    assert (fleet.Worker & {"worker_id": gone.worker_id}).fetch1("state") == "lost"
    assert any(line.startswith("Squared: 1 key is set aside: stopped on request") for line in page)


def test_an_account_that_may_not_write_sees_the_same(shown, monkeypatch):
    from populate.fleet import worker_states
    from schemas.base.relational import AccessError

    def refuse(*_: object) -> int:
        raise AccessError("UPDATE command denied")

    monkeypatch.setattr(worker_states, "mark_lost", refuse)
    age("expires", 10, observer().worker_id)
    queue("")
    assert "No worker is alive" in "\n".join(lines(shown()))


@pytest.mark.parametrize(("most", "warned"), [(1, True), (10_000, False)])
def test_few_connections_are_said_with_numbers(shown, monkeypatch, most, warned):
    from populate.fleet import connections

    monkeypatch.setattr(connections, "MOST", dict.fromkeys(connections.MOST, f"SELECT {most}"))
    said = [line for line in lines(shown()) if "connections are in use" in line]
    assert len(said) == warned
    if warned:
        used = int(said[0].split()[0])
        assert f"({100 * used} %)" in said[0]
        assert "max_connections = 2" in said[0]


def test_connections_are_counted_by_the_server(tables):
    """One more connection is one more in use."""
    from populate.fleet import connections
    from schemas import fleet
    from schemas.connection.server import own_connection

    connection = fleet.schema.connection
    backend = connection.adapter.backend
    most = connections._number(connection, connections.MOST[backend])
    before = connections._number(connection, connections.USED[backend])
    other = own_connection(connection)
    try:
        wait_until(lambda: connections._number(connection, connections.USED[backend]) > before)
    finally:
        other.close()
    assert 1 <= before < most


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
