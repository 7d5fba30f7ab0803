"""An older database, as commit d239711 declared and filled it, becomes this one: whole, or refused with a sentence."""

import itertools
import uuid

import pytest

from dlgn_cnn.errors import ConfigError
from tests import described
from tests.older import restored, schemas_of

READING = ("SELECT", "SHOW")


class Interrupted(BaseException):
    """In the place of a pulled plug."""


@pytest.fixture(scope="module")
def connection(database):
    """A connection of its own to the tests' server."""
    from schemas import session
    from schemas.connection.server import own_connection

    mine = own_connection(session.schema.connection)
    yield mine
    mine.close()


@pytest.fixture(scope="module")
def older(connection):
    """The prefix of a database of version 1 with a few rows, as it was before versions; a test leaves it so."""
    with restored(connection, f"v{uuid.uuid4().hex[:8]}_") as prefix:
        yield prefix


@pytest.fixture(scope="module")
def upgraded(connection):
    """The prefix of another, whose upgrade was interrupted again and again, and its rows as they were before."""
    with restored(connection, f"v{uuid.uuid4().hex[:8]}_") as prefix:
        before = described.rows(connection, prefix)
        assert upgrade_with_interruptions(connection, prefix) > 5
        yield prefix, before


def upgrade_with_interruptions(connection, prefix) -> int:
    """Upgrade, as often as the plug is pulled; how often that was. Meanwhile everybody else refuses the database."""
    from schemas.migrations import state

    tries = 0
    for passed in let_pass(connection):
        with pytest.MonkeyPatch.context() as patched:
            interrupt_after(patched, connection, passed)
            try:
                upgrade(connection, prefix)
                return tries
            except Interrupted:
                tries += 1
        if connection.in_transaction:  # whose end was kept from it
            connection.cancel_transaction()
        if state.read(connection, prefix) != (latest(), state.READY):
            with pytest.raises(ConfigError, match="dlgn migrate"):
                check(connection, prefix)
    raise AssertionError("it never ends")


def upgrade(connection, prefix):
    from schemas.migrations.upgrade import migrate

    return migrate(connection, prefix)


def check(connection, prefix):
    from schemas.declaration.table_classes import MODULES
    from schemas.migrations import state

    return state.check(connection, prefix, MODULES[1:])


def interrupt_after(monkeypatch, connection, statements: int):
    """Let that many statements that write pass, and end the process, as it were, before the next."""
    left, real = itertools.count(statements, -1), connection.query

    def query(statement, *args, **options):
        if not statement.lstrip().upper().startswith(READING) and next(left) <= 0:
            raise Interrupted
        return real(statement, *args, **options)

    monkeypatch.setattr(connection, "query", query)


def let_pass(connection):
    """How many statements each try is given. MySQL keeps what a try has done, so that every one of them is once the
    last; a table's lineage takes four, of which the last alone changes something. PostgreSQL forgets a try whole.
    """
    if connection.adapter.backend == "mysql":
        return itertools.cycle((1, 2, 3, 4))
    return itertools.chain(range(6), (2**power for power in range(3, 20)))


def latest():
    from schemas.migrations import steps

    return steps.latest()


def test_an_older_database_becomes_the_one_that_this_code_declares(connection, upgraded, database):
    prefix, _ = upgraded
    assert described.definitions(connection, prefix) == described.definitions(connection, database.prefix)
    assert check(connection, prefix) is False
    assert upgrade(connection, prefix) == []


def test_every_row_survives(connection, upgraded):
    prefix, before = upgraded
    assert len(before["evaluation.__score__condition"]) > 0
    after = described.rows(connection, prefix)
    for name, rows in before.items():
        if not name.endswith("~lineage"):
            assert [row[: len(rows[0])] for row in after[name]] == rows if rows else after[name] == [], name


def test_what_was_there_before_precisions_were_kept_says_none_and_means_float32(connection, upgraded):
    """An experiment's ``auto`` is what a config that stated nothing meant; the rows of fits stay as their digests."""
    from schemas.migrations.tables import Tables

    tables = Tables(connection, upgraded[0])
    assert set(tables.free("training.__trained_model").to_arrays("fit_precision")) == {None}
    assert set(tables.free("experiment.experiment").to_arrays("auto_precision")) == {"float32"}


def test_an_upgrade_that_has_not_ended_is_refused_until_it_has(connection, upgraded):
    prefix, _ = upgraded
    set_version(connection, prefix, latest(), "upgrading")
    with pytest.raises(ConfigError, match=r"has not ended.*dlgn migrate"):
        check(connection, prefix)
    assert upgrade(connection, prefix) == [latest()]
    assert check(connection, prefix) is False


def test_a_newer_database_is_refused_and_left_alone(connection, upgraded):
    prefix, _ = upgraded
    set_version(connection, prefix, latest() + 1, "ready")
    before = described.rows(connection, prefix)
    for attempt in (check, upgrade):
        with pytest.raises(ConfigError, match=r"made by a newer dlgn_cnn.*install the newer one"):
            attempt(connection, prefix)
    assert described.rows(connection, prefix) == before
    (versions(connection, prefix) & {"version": latest() + 1}).delete_quick()


def test_an_older_one_is_refused_until_it_is_migrated(connection, older):
    with pytest.raises(ConfigError, match=r"from before versions.*run dlgn migrate"):
        check(connection, older)


def versions(connection, prefix):
    from schemas.migrations.tables import Tables

    return Tables(connection, prefix).free("version.schema_version")


def set_version(connection, prefix, version, state):
    (versions(connection, prefix) & {"version": version}).delete_quick()
    versions(connection, prefix).insert1({"version": version, "state": state})


def test_tables_that_are_no_version_1_are_left_alone(connection, older):
    from schemas.migrations.tables import Tables

    tables = Tables(connection, older)
    tables.add_column("session.unit", 'depth="" : varchar(8)')
    before = described.definitions(connection, older)
    with pytest.raises(ConfigError, match=r"not those of version 1 \(\w+session.unit\): nothing was changed"):
        upgrade(connection, older)
    assert described.definitions(connection, older) == before
    tables.run(f"ALTER TABLE {tables.full_name('session.unit')} DROP COLUMN depth")


def test_nothing_is_migrated_where_there_is_nothing(connection):
    prefix = f"v{uuid.uuid4().hex[:8]}_"
    assert check(connection, prefix) is True
    with pytest.raises(ConfigError, match="no tables"):
        upgrade(connection, prefix)
    assert schemas_of(connection, prefix) == []


def test_nobody_migrates_under_a_worker_or_beside_another(connection, older, database):
    from schemas.connection.server import own_connection

    other = own_connection(connection)
    lock = {"mysql": "SELECT GET_LOCK(%s, 0)", "postgresql": "SELECT pg_advisory_lock(hashtext(%s))"}
    other.query(lock[connection.adapter.backend], args=(f"{older}migrate",))
    with pytest.raises(ConfigError, match="somebody else migrates"):
        upgrade(connection, older)
    other.close()
    from schemas.migrations.tables import Tables

    fleet = Tables(connection, older).free("fleet.worker")
    row = {"worker_id": "w" * 32, "host": "gpu3", "pid": 1, "device": "cpu", "state": "working"}
    fleet.insert1(row | {"expires": "2999-01-01 00:00:00"})
    with pytest.raises(ConfigError, match="workers are alive on gpu3"):
        upgrade(connection, older)
    with pytest.raises(ConfigError, match="from before versions"):
        check(connection, older)
    (fleet & {"host": "gpu3"}).delete_quick()


def test_a_step_can_add_columns_to_rows_that_are_there(connection, upgraded):
    from schemas.migrations.tables import Tables

    tables = Tables(connection, upgraded[0])
    lines = {
        "depth_um=null : float64  # below the surface": None,
        'layer="" : varchar(8)': "",
        "kind='relay' : enum('relay', 'inter')  # by its spikes": "relay",
        "place=3 : int16": 3,
    }
    for line in [*lines, *lines]:
        tables.add_column("session.unit", line)
    stored = tables.free("session.unit").to_dicts()
    assert stored
    for row in stored:
        assert [row[line.partition("=")[0]] for line in lines] == [*lines.values()]
    tables.free("session.unit").insert1(stored[0] | {"unit": 99, "kind": "inter"})
    (tables.free("session.unit") & {"unit": 99}).delete_quick()
    for line in lines:
        tables.run(f"ALTER TABLE {tables.full_name('session.unit')} DROP COLUMN {line.partition('=')[0]}")


def test_steps_are_numbered_without_a_gap_and_say_what_they_do():
    from schemas.migrations import steps

    assert sorted(steps.names()) == list(range(2, steps.latest() + 1))
    for number in steps.names():
        step = steps.load(number)
        assert len((step.__doc__ or "").strip().splitlines()[0]) > 20
        assert callable(step.upgrade)
