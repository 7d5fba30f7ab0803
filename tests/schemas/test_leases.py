"""Only the worker that holds the lease of a key inserts it, whatever happens to workers and server."""

import contextlib
import datetime
import errno
import os
import signal

import numpy as np
import psutil
import pymysql
import pytest
import torch

from dlgn_cnn.errors import MissingFile, MissingPackage, StoreAway, StoreRefuses, StoreStopped
from dlgn_cnn.runtime import interrupts
from tests import toy
from tests.toy import COMPUTED, DURING, Cubed, Item, Squared
from tests.waiting import wait_until


def work(*kinds: str, pause=lambda seconds: None, **options):
    """Let a worker of this process do one item of each kind."""
    from populate.worker.worker import WorkerOptions
    from populate.worker.worker import work as do

    Item.insert([(number, kind) for number, kind in enumerate(kinds, len(Item()))])
    return do([Squared], WorkerOptions(pause=pause, generator=np.random.default_rng(0), **options))


def no_trace_is_left() -> bool:
    from schemas import fleet

    return len(fleet.Lease()) == len(Squared.jobs) == 0


def sql(statement: str, *values) -> None:
    Squared.connection.query(statement, args=values)


def lose_the_lease(key) -> None:
    """What happens while this worker is paused: it is not heard of, and another one looks around."""
    from populate.worker.lease import return_expired_leases
    from schemas import fleet

    with interrupts.postponed():  # the worker's own registration may call it back before the other has looked
        sql(f"UPDATE {fleet.Worker().full_table_name} SET state = 'died'")
        assert return_expired_leases(observer()) == 1


def observer(silent: bool = False):
    """Another worker, heard of for long, or only since now."""
    from populate.worker.registration import Registration
    from schemas import fleet

    other = Registration(torch.device("cpu"))
    other.ensure_heartbeat = lambda: None
    other.register()
    if not silent:
        past = f"CURRENT_TIMESTAMP(3) - {Squared.connection.adapter.interval_expr(3600, 'second')}"
        table = fleet.Worker().full_table_name
        sql(f"UPDATE {table} SET beating_since = {past} WHERE worker_id = %s", other.worker_id)
    return other


def test_keys_are_computed_and_nothing_is_left_behind(tables):
    from schemas import fleet

    assert work(*[""] * 5).computed == 5
    assert sorted(Squared().to_arrays("square")) == [0, 1, 4, 9, 16]
    assert no_trace_is_left()
    assert list(fleet.Worker().to_arrays("state")) == ["ended"]


def test_a_worker_that_was_paused_past_its_lease_inserts_nothing(tables):
    from schemas import fleet

    def once(key):
        DURING.pop("compute")
        lose_the_lease(key)

    DURING["compute"] = once
    inserted = []
    DURING["insert"] = inserted.append
    assert work("").computed == 1
    assert len(COMPUTED) >= 2  # the news that the lease was lost may come when the next try has begun
    assert inserted == [{"item": 0}]
    assert "died" in fleet.Retry().fetch1("reason")
    assert no_trace_is_left()


def test_the_lease_is_asked_for_in_the_inserting_transaction(tables):
    """Rows that were inserted under a lease that ends before the commit are rolled back."""

    def once(key):
        DURING.pop("insert")
        assert Squared.connection.in_transaction
        raise pymysql.err.OperationalError(1213, "Deadlock found when trying to get lock")

    DURING["insert"] = once
    assert work("").computed == 1
    assert (len(Squared()), len(Squared.Half()), COMPUTED) == (1, 2, [0])
    assert no_trace_is_left()


def test_after_three_lost_leases_a_key_has_failed_with_every_reason(tables):
    DURING["compute"] = lose_the_lease
    assert work("").computed == 0
    assert len(COMPUTED) >= 3  # the news that a lease was lost may come when the next try has begun
    message = Squared.jobs.errors.fetch1("error_message")
    assert message.startswith("3 tries: (1) the worker on ")
    assert message.count("died at") == 3
    assert len(Squared()) == 0


def test_attempts_of_before_a_retry_do_not_count(tables):
    from schemas import fleet

    DURING["compute"] = lose_the_lease
    work("")
    DURING.clear()
    assert work(retry_errors=True).computed == 1
    assert len(fleet.Retry()) == 3


def test_a_bug_fails_once_with_its_traceback_and_blocks_nobody(tables):
    summary = work("", "bug", "")
    assert (summary.computed, summary.failed) == (2, 1)
    assert COMPUTED.count(1) == 1
    message, stack = Squared.jobs.errors.fetch1("error_message", "error_stack")
    assert message == "KeyError: 'no such layer'"
    assert "in make_compute" in stack
    assert work().failed == 0


@pytest.mark.parametrize("error", [KeyError, StoreRefuses, MissingFile])
def test_no_row_or_message_of_a_failure_holds_a_password(tables, monkeypatch, caplog, error):
    from schemas import fleet

    def fail(key) -> None:
        raise error("sftp://ada:url-secret@host/x refused worker-secret")

    monkeypatch.setenv("DLGN_WORKER_PASSWORD", "worker-secret")
    DURING["compute"] = fail
    work("")
    rows = [*Squared.jobs.to_dicts(), *fleet.Lack().to_dicts(), *fleet.Retry().to_dicts()]
    assert "***" in str(rows)
    assert "-secret" not in f"{rows}{caplog.text}"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, None), (signal.SIGTERM, 143), (signal.SIGUSR1, 138)])
def test_a_signal_ends_the_worker_and_its_key_is_pending_with_its_priority(tables, monkeypatch, number, status):
    import dataclasses

    from populate.worker import worker
    from schemas import fleet

    monkeypatch.setattr(worker, "settings_in_force", lambda: dataclasses.replace(tables, warning_signal="USR1"))
    DURING["compute"] = lambda key: os.kill(os.getpid(), number)
    Item.insert1((0, ""))
    Squared.jobs.refresh(delay=-1, priority=2)
    with pytest.raises((KeyboardInterrupt, SystemExit)) as caught:
        work()
    assert getattr(caught.value, "code", None) == status
    assert Squared.jobs.pending.fetch1("priority") == 2
    assert len(fleet.Lease()) == len(fleet.Retry()) == 0


def test_a_connection_that_breaks_costs_no_computation(tables):
    def once(key):
        DURING.pop("insert")
        kill = "KILL CONNECTION_ID()" if tables.database else "SELECT pg_terminate_backend(pg_backend_pid())"
        sql(kill)

    DURING["insert"] = once
    waits = []
    assert work("", pause=waits.append).computed == 1
    assert COMPUTED == [0]
    assert len(waits) >= 1
    assert (len(Squared()), len(Squared.Half())) == (1, 2)
    assert no_trace_is_left()


def test_a_store_that_is_away_costs_a_key_no_attempt(tables):
    from schemas import fleet

    answers = iter([StoreAway("listed"), StoreAway("read")])

    def away(key):
        for answer in answers:
            raise answer

    DURING["compute"] = away
    waits = []
    assert work("", pause=waits.append).computed == 1
    assert len(waits) == 2
    assert waits[1] > waits[0] / 2  # each is drawn from half to the whole of a span that doubles
    assert len(fleet.Retry()) == 0
    assert no_trace_is_left()


@pytest.mark.parametrize(("where", "tries"), [("compute", 1), ("compute", 30), ("insert", 30)])
def test_an_outage_is_logged_when_it_begins_and_when_it_ends(tables, caplog, where, tries):
    answers = iter([StoreAway("no answer") if where == "compute" else pymysql.err.OperationalError(2003, "no")] * tries)

    def away(key):
        for answer in answers:
            raise answer

    DURING[where] = away
    waits = []
    assert work("", "", pause=waits.append).computed == 2
    assert len(waits) >= tries
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [line.partition(":")[0] for line in said] == [
        "store" if where == "compute" else "database",
        "the worker goes on",
    ]
    assert f"and {tries} failed tr" in said[1]


def test_a_database_that_is_away_between_two_keys_is_logged_once(tables, caplog, monkeypatch):
    from populate.worker import worker

    flags, answers = worker._stop_flags, iter([pymysql.err.OperationalError(2006, "gone")] * 20)

    def away():
        for answer in answers:
            raise answer
        return flags()

    monkeypatch.setattr(worker, "_stop_flags", away)
    assert work("").computed == 1
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [line.partition(":")[0] for line in said] == ["database", "the worker goes on"]


def test_a_key_whose_lease_cannot_be_inserted_stays_pending(tables, monkeypatch):
    """Reservation and lease are one transaction: a connection that breaks between them leaves neither."""
    from populate.errors.transient import is_transient
    from populate.worker.lease import leased
    from schemas import fleet
    from schemas.connection.server import reconnect

    Item.insert1((0, ""))
    Squared.jobs.refresh(delay=-1)
    jobs = leased(Squared, observer()).jobs

    def breaks(table, row):
        assert len(Squared.jobs.reserved) == 1  # within the transaction
        sql("KILL CONNECTION_ID()" if tables.database else "SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(fleet.Lease, "insert1", breaks)
    with pytest.raises(Exception, match=r"(?i)connection") as caught:  # each driver has its own
        jobs.reserve({"item": 0})
    assert is_transient(caught.value)
    monkeypatch.undo()
    reconnect()
    assert len(Squared.jobs.pending) == 1
    assert len(fleet.Lease()) == 0
    assert jobs.reserve({"item": 0})
    assert list(fleet.Lease().to_arrays("held_key")) == [{"item": 0}]


def test_a_result_ends_its_own_lease_and_job_and_no_other(tables):
    from populate.worker.lease import leased
    from schemas import fleet

    Item.insert([(0, ""), (1, "")])
    Squared.jobs.refresh(delay=-1)
    one, other = (leased(Squared, observer()).jobs for _ in range(2))
    assert [one.reserve({"item": 0}), other.reserve({"item": 0}), other.reserve({"item": 1})] == [True, False, True]
    with one.connection.transaction:
        one.settle()
    assert list(Squared.jobs.to_arrays("item")) == [1]
    assert list(fleet.Lease().to_arrays("token")) == [other.held.token]


def test_a_fit_longer_than_the_server_waits_is_inserted(tables):
    """The server closes a connection on which nothing is said for a second: the computation outlasts it."""
    mysql = bool(tables.database)
    sql("SET SESSION wait_timeout = 1" if mysql else "SET idle_session_timeout = '1s'")
    ours = Squared.connection.query("SELECT CONNECTION_ID()" if mysql else "SELECT pg_backend_pid()").fetchone()[0]
    place = Squared.connection.conn_info
    with contextlib.closing(Squared.connection.adapter.connect(
        place["host"], place["port"], place["user"], place["passwd"], charset="", use_tls=None
    )) as other:  # fmt: skip
        asked = f"SELECT 1 FROM {'information_schema.processlist WHERE id' if mysql else 'pg_stat_activity WHERE pid'}"

        def closed() -> bool:
            with other.cursor() as cursor:
                cursor.execute(f"{asked} = %s", (ours,))
                return not cursor.fetchall()

        DURING["compute"] = lambda key: wait_until(closed)
        assert work("").computed == 1
    assert COMPUTED == [0]
    assert (len(Squared()), len(Squared.Half())) == (1, 2)
    assert no_trace_is_left()


@pytest.mark.parametrize(
    "full",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"),  # seen on an H200 with 900 MB left
        StoreRefuses("s3://lab/weights cannot be written (PermissionError: Access Denied)"),
        OSError(errno.EROFS, "Read-only file system", "/store/datasets"),
    ],
)
def test_a_key_without_room_in_memory_or_a_store_is_left_to_others_after_three_tries(tables, full):
    from schemas import fleet

    def refuse(key):
        raise full

    def skip_the_wait(seconds):
        sql(f"UPDATE {Squared.jobs.full_table_name} SET scheduled_time = created_time")

    DURING["compute"] = refuse
    summary = work("", pause=skip_the_wait)
    assert (summary.computed, summary.failed, summary.lacking) == (0, 0, 1)
    assert len(COMPUTED) == 3
    assert str(full) in fleet.Lack().fetch1("lacks")
    assert (len(Squared.jobs.errors), len(Squared.jobs.pending)) == (0, 1)


def test_a_stored_dataset_that_is_stopped_at_a_bound_fails_after_three_tries(tables):
    said = "/store/s asks for 7 seconds, beyond the bound deeplake.idle of 6: set DLGN_BOUNDS=4"
    reserved = []

    def stop(key):
        raise StoreStopped(said)

    def skip_the_wait(seconds):
        reserved.append(len(Squared.jobs.reserved))
        sql(f"UPDATE {Squared.jobs.full_table_name} SET scheduled_time = created_time")

    DURING["compute"] = stop
    summary = work("", pause=skip_the_wait)
    assert (summary.computed, summary.failed, summary.lacking) == (0, 1, 0)
    assert len(COMPUTED) == 3
    assert reserved
    assert not any(reserved)
    assert said in Squared.jobs.errors.fetch1("error_message")


def test_a_store_that_refuses_for_a_while_costs_a_key_no_attempt(tables):
    from schemas import fleet

    answers, waits = iter([StoreRefuses("full"), StoreRefuses("full")]), []

    def refuse(key):
        for answer in answers:
            raise answer

    def skip_the_wait(seconds):
        waits.append(seconds)
        sql(f"UPDATE {Squared.jobs.full_table_name} SET scheduled_time = created_time")

    DURING["compute"] = refuse
    summary = work("", pause=skip_the_wait)
    assert (summary.computed, summary.failed, summary.lacking) == (1, 0, 0)
    assert len(COMPUTED) == 3
    assert waits
    assert len(fleet.Retry()) == len(fleet.Lack()) == 0
    assert no_trace_is_left()


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (MissingFile("scene file /films/a.avi is missing: restore it"), "/films/a.avi"),
        (MissingPackage("core 'lab.Core' is in package 'lab', which is not allowed"), "'lab'"),
        (ModuleNotFoundError("No module named 'lab'", name="lab"), "pip install lab"),
        (PermissionError(13, "Permission denied", "/films/a.avi"), "may not write /films/a.avi"),
    ],
)
def test_what_one_machine_lacks_another_computes(tables, missing, said):
    from schemas import fleet

    def lack(key):
        if key["item"] == 1:
            raise missing

    DURING["compute"] = lack
    summary = work("", "", "")
    assert (summary.computed, summary.failed, summary.lacking) == (2, 0, 1)
    assert COMPUTED.count(1) == 1  # this worker does not take it again
    assert said in fleet.Lack().fetch1("lacks")
    assert len(Squared.jobs.errors) == 0
    DURING.clear()
    assert work().computed == 1
    assert no_trace_is_left()
    assert len(fleet.Lack()) == 0


def test_a_worker_tries_again_once_what_it_lacked_may_be_there(tables, monkeypatch):
    """As after a disk was full for an hour: nobody has to restart a worker that stays."""
    from populate.worker import job_queue

    answers = iter([MissingFile("scene file /films/a.avi is missing: restore it")])

    def lack(key):
        for answer in answers:
            raise answer

    DURING["compute"] = lack
    monkeypatch.setattr(job_queue, "FORGET_S", 0.0)
    summary = work("")
    assert (summary.computed, summary.failed, summary.lacking) == (1, 0, 0)
    assert COMPUTED == [0, 0]
    assert no_trace_is_left()


def test_a_worker_waits_while_another_may_have_what_it_lacks(tables):
    from schemas import fleet

    other, waits = observer(), []

    def lack(key):
        raise MissingFile("scene file /films/a.avi is missing: restore it")

    def end_the_other(seconds):
        waits.append(seconds)
        fleet.Worker.update1({"worker_id": other.worker_id, "state": "ended"})

    DURING["compute"] = lack
    assert work("", pause=end_the_other).lacking == 1
    assert len(waits) == 1


def test_status_says_what_no_living_worker_has(tables):
    from populate.fleet import control

    def lack(key):
        raise MissingFile("scene file /films/a.avi is missing: restore it")

    DURING["compute"] = lack
    work("", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control, "computed_tables", lambda: [Squared])
        said = "\n".join(control.progress().piped())
    assert "2 keys wait for another machine" in said
    assert "lacks scene file /films/a.avi" in said
    assert "start a worker elsewhere" in said


def test_a_refusal_of_the_database_is_asked_again_a_few_times(tables):
    refusals = iter([1044, 1142, 1045])

    def refuse(key):
        for code in refusals:
            raise pymysql.err.OperationalError(code, "denied")

    DURING["compute"] = refuse
    waits = []
    assert work("", pause=waits.append).computed == 1
    assert len(waits) == 3


def test_a_worker_that_is_to_stay_begins_when_its_drained_machine_is_resumed(tables):
    from populate.fleet.control import drain, resume
    from schemas import fleet

    drain("*")
    seen = []

    def resumed(seconds):
        seen.append(len(fleet.Worker()))
        if len(seen) == 1:
            resume("*")
        elif len(seen) > 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit):
        work("", pause=resumed, stay=True)
    assert seen[0] == 0  # not registered until then
    assert len(Squared()) == 1


def test_silence_is_noted_only_by_whoever_was_heard_throughout(tables):
    """After the server was away, everybody was silent and everybody may be alive."""
    from populate.worker.lease import return_expired_leases
    from schemas import fleet

    Item.insert1((0, ""))
    Squared.jobs.refresh(delay=-1)
    holder = observer()
    from populate.worker.lease import leased

    assert leased(Squared, holder).jobs.reserve({"item": 0})
    assert return_expired_leases(observer()) == 0
    sql(f"UPDATE {fleet.Worker().full_table_name} SET expires = started WHERE worker_id = %s", holder.worker_id)
    assert return_expired_leases(observer(silent=True)) == 0
    assert len(fleet.Lease()) == 1
    assert return_expired_leases(observer()) == 1
    assert len(Squared.jobs.pending) == 1
    assert (fleet.Worker & {"worker_id": holder.worker_id}).fetch1("state") == "lost"


@pytest.mark.parametrize("own", [True, False])
def test_a_silent_worker_without_a_key_is_marked_by_a_witness_only(tables, own):
    """An idle worker whose machine vanished holds no lease; after an outage, all were silent and may be alive."""
    from populate.worker.lease import mark_lost
    from schemas import fleet

    gone, busy, heard = observer(), observer(silent=True), observer(silent=True)
    table, mine = fleet.Worker().full_table_name, [heard.worker_id] if own else []
    minute = Squared.connection.adapter.interval_expr(60, "second")
    sql(f"UPDATE {table} SET expires = started, heartbeat = started - {minute} WHERE worker_id = %s", gone.worker_id)
    assert mark_lost(*mine) == 0
    past = f"CURRENT_TIMESTAMP(3) - {Squared.connection.adapter.interval_expr(61, 'second')}"
    sql(f"UPDATE {table} SET beating_since = {past} WHERE worker_id = %s", heard.worker_id)
    if own:
        assert mark_lost(busy.worker_id) == 0
    assert [mark_lost(*mine), mark_lost(*mine)] == [1, 0]
    states = dict(zip(*fleet.Worker().to_arrays("worker_id", "state"), strict=True))
    assert states == {gone.worker_id: "lost", busy.worker_id: "working", heard.worker_id: "working"}


def test_a_worker_marks_what_vanished_while_it_was_idle(tables, monkeypatch):
    from populate.worker import worker
    from schemas import fleet

    gone = observer()
    sql(f"UPDATE {fleet.Worker().full_table_name} SET expires = started")
    asked = []
    monkeypatch.setattr(worker, "mark_lost", asked.append)
    assert work("").computed == 1
    (mine,) = set(fleet.Worker().to_arrays("worker_id")) - {gone.worker_id}
    assert set(asked) == {mine}


@pytest.mark.parametrize(("recall", "status"), [("stop", "ignore"), ("hand_back", "pending"), ("", "pending")])
def test_a_recall_that_a_worker_did_not_live_to_heed_is_heeded_by_others(tables, recall, status):
    from populate.worker.lease import leased, return_ended_leases
    from schemas import fleet

    Item.insert1((0, ""))
    Squared.jobs.refresh(delay=-1)
    assert leased(Squared, observer()).jobs.reserve({"item": 0})
    sql(f"UPDATE {fleet.Lease().full_table_name} SET recall = %s", recall)
    assert return_ended_leases() == 0
    sql(f"UPDATE {fleet.Worker().full_table_name} SET state = 'died'")
    assert return_ended_leases() == 1
    assert Squared.jobs.fetch1("status") == status
    assert len(fleet.Retry()) == (recall == "")


def test_two_leases_of_one_key_cannot_be(tables):
    from populate.worker.lease import leased

    Item.insert1((0, ""))
    Squared.jobs.refresh(delay=-1)
    assert leased(Squared, observer()).jobs.reserve({"item": 0})
    Squared.jobs.delete_quick()
    Squared.jobs.refresh(delay=-1)
    assert not leased(Squared, observer()).jobs.reserve({"item": 0})
    assert len(Squared.jobs.pending) == 1


def held() -> list[str]:
    from schemas import fleet

    return list(fleet.Lease().to_arrays("token"))


@pytest.fixture
def worker():
    """A function that starts workers in processes of their own, which end with the test."""
    started = []

    def start(*arguments):
        started.append(toy.start(*arguments))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_killed_workers_key_is_free_as_soon_as_its_heartbeat_misses_it(tables, worker):
    from populate.worker.lease import return_expired_leases
    from schemas import fleet

    Item.insert1((3, "wait"))
    process = worker()
    wait_until(held, process)
    process.kill()
    wait_until(lambda: list(fleet.Worker().to_arrays("state")) == ["died"])
    assert return_expired_leases(observer(silent=True)) == 1
    assert len(Squared.jobs.pending) == 1


def test_a_worker_stopped_past_its_lease_inserts_nothing_and_goes_on(tables, worker, tmp_path):
    from populate.worker.lease import return_expired_leases

    Item.insert1((3, f"until:{tmp_path / 'done'}"))
    process = worker(1.5)
    wait_until(held, process)
    (token,) = held()
    process.send_signal(signal.SIGSTOP)
    other = observer()
    wait_until(lambda: return_expired_leases(other) == 1, process)
    (tmp_path / "done").touch()
    process.send_signal(signal.SIGCONT)
    said, _ = process.communicate(timeout=60)
    assert "computed=1" in said
    assert "lease" in said
    assert token not in held()
    assert (len(Squared()), len(Squared.Half())) == (1, 2)


@pytest.mark.parametrize(("recall", "status"), [("stop", "ignore"), ("hand_back", "pending")])
def test_a_fit_is_called_back_from_sql(tables, worker, recall, status):
    from schemas import fleet

    Item.insert1((3, "wait"))
    process = worker()
    wait_until(held, process)
    (token,) = held()
    sql(f"UPDATE {fleet.Lease().full_table_name} SET recall = %s", recall)
    wait_until(lambda: token not in held(), process)
    if recall == "stop":
        said, _ = process.communicate(timeout=60)
        assert "set aside" in said
        assert Squared.jobs.fetch1("status") == status
    assert len(fleet.Retry()) == 0


@pytest.mark.parametrize("kind", ["hang", "hang_with_gil"])
@pytest.mark.parametrize(("recall", "status"), [("stop", "ignore"), ("hand_back", "pending")])
def test_a_worker_that_hangs_in_c_is_killed_once_its_key_is_called_back(tables, worker, tmp_path, kind, recall, status):
    from populate.worker.lease import return_ended_leases
    from schemas import fleet

    Item.insert1((3, f"{kind}:{tmp_path / 'child'}"))
    process = worker(3.0, 1.0)
    wait_until(lambda: held() and (tmp_path / "child").exists() and (tmp_path / "child").read_text(), process)
    assert list(fleet.Worker().to_arrays("state")) == ["working"]
    sql(f"UPDATE {fleet.Lease().full_table_name} SET recall = %s", recall)
    wait_until(lambda: process.poll() is not None)
    assert process.returncode == -signal.SIGKILL
    wait_until(lambda: list(fleet.Worker().to_arrays("state")) == ["died"])
    wait_until(lambda: not running(int((tmp_path / "child").read_text())))
    assert return_ended_leases() == 1
    assert Squared.jobs.fetch1("status") == status
    assert len(fleet.Lease()) == len(fleet.Retry()) == 0


def running(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_heartbeat_says_when_the_main_thread_made_its_last_step(tables, worker, tmp_path):
    """A worker that hangs beats on, and its last step stays where it was."""
    from schemas import fleet

    Item.insert1((3, f"hang:{tmp_path / 'child'}"))
    process = worker()

    def hangs() -> bool:
        return any(row["heartbeat"] - row["progressed"] > datetime.timedelta(seconds=2) for row in fleet.Worker())

    wait_until(held, process)
    wait_until(hangs, process)
    first = fleet.Worker().fetch1("progressed")
    beat = fleet.Worker().fetch1("heartbeat")
    wait_until(lambda: fleet.Worker().fetch1("heartbeat") > beat, process)
    assert abs(fleet.Worker().fetch1("progressed") - first) < datetime.timedelta(seconds=1)
    psutil.Process(int((tmp_path / "child").read_text())).kill()


def test_a_make_of_one_part_is_inserted_under_its_lease_too(tables):
    from populate.worker.worker import WorkerOptions
    from populate.worker.worker import work as do
    from schemas import fleet

    Item.insert([(number, "") for number in range(3)])
    options = WorkerOptions(pause=lambda seconds: None, generator=np.random.default_rng(0))
    assert do([Cubed], options).computed == 3
    assert Cubed().to_arrays("cube", order_by="KEY").tolist() == [0, 1, 8]
    assert len(fleet.Lease()) == len(Cubed.jobs) == 0
