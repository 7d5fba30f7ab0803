"""What comes from outside restricts tables as a value or not at all, and a query reads tables and nothing else."""

import dataclasses
import datetime
import json
import uuid
import zipfile

import pytest

from dlgn_cnn.archive.manifest import MANIFEST
from dlgn_cnn.bounds import BOUNDS
from dlgn_cnn.errors import ArchiveError, ConfigError
from dlgn_cnn.storage.files import file_sha256

VALUES = [["x"], {"x": 1}, ("x",), 1.5, None, b"x", object(), 10**30, "a\\b", "a\0b", "\ud800", ["' OR '1'='1"]]


def injection(place):
    return f"' OR 1=1))); COPY (SELECT 1) TO PROGRAM 'touch {place}'; SELECT 1 --"


def one_sentence(error):
    assert len(str(error.value).splitlines()) == 1


@pytest.fixture(scope="module")
def mouse(database):
    from schemas import session

    row = {"mouse": "Simulated_2026_1901", "opsin": "", "simulated": True}
    names = session.Mouse.heading.names
    session.Mouse.insert1({name: value for name, value in row.items() if name in names})
    return session.Mouse()


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_of_another_kind_restricts_nothing(mouse, value):
    from schemas.base.restriction import restrict

    with pytest.raises(ConfigError, match="of a key") as error:
        restrict(mouse, {"mouse": value})
    one_sentence(error)


@pytest.mark.parametrize("value", [["' OR '1'='1"], {"x": 1}, ("x",), {"x"}, b"' OR 1", object()], ids=repr)
def test_no_key_of_any_table_holds_what_is_not_one_value(mouse, value):
    for restricted in (lambda key: mouse & key, lambda key: mouse - key, lambda key: mouse & [{"mouse": "x"}, key]):
        with pytest.raises(ConfigError, match="expected one value") as error:
            len(restricted({"mouse": value}))
        one_sentence(error)


@pytest.mark.parametrize("key", [{}, [], "mouse = 1", None, {"mice": "x"}, {"mouse) OR (1=1": "x"}, {1: "x"}], ids=repr)
def test_a_key_of_unknown_columns_is_not_all_rows(mouse, key):
    from schemas.base.restriction import restrict

    with pytest.raises(ConfigError) as error:
        restrict(mouse, key)
    one_sentence(error)


@pytest.mark.parametrize("text", ["' OR '1'='1", "x'); --", "%", "%s", "x' /*", '"', "`", "ä", "'; SELECT 1 --"])
def test_text_is_a_value_whatever_is_in_it(mouse, text):
    from schemas.base.restriction import restrict

    assert len(restrict(mouse, {"mouse": text})) == 0
    assert len(restrict(mouse, {"mouse": text}, {"mouse": "Simulated_2026_1901"})) == 1


def test_dates_and_identifiers_are_values():
    from schemas.base.restriction import check_key_value

    for value in ("x", 3, True, datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1), uuid.UUID(int=1)):
        check_key_value("one", value)


@pytest.mark.parametrize("value", [["x"], {"x": 1}, 1.5, None, "unknown"], ids=repr)
def test_the_source_of_a_model_is_a_value(database, tmp_path, value):
    from schemas import training

    value = [injection(tmp_path / "ran")] if value == ["x"] else value
    source = {"dataset_hash": value, "model_hash": "0", "trainer_hash": "0", "seed": 0}
    with pytest.raises(ConfigError) as error:
        training.sources_of(("transferred", {"source": source, "model": {}}))
    one_sentence(error)
    assert not (tmp_path / "ran").exists()


def archive_with(row, place):
    """An archive of one mouse, with the tables of this version."""
    from populate.archive.catalog import Catalog
    from schemas.declaration.table_classes import definitions_digest

    columns = [vars(one) if hasattr(one, "__dict__") else one._asdict() for one in Catalog().columns("session.Mouse")]
    lines = json.dumps({one["name"]: row.get(one["name"]) for one in columns}).encode() + b"\n"
    rows = place.with_suffix(".jsonl")
    rows.write_bytes(lines)
    manifest = {
        "format": 1,
        "files": {"rows/session.Mouse.jsonl": {"size": len(lines), "sha256": file_sha256(rows)}},
        "tables": {"session.Mouse": {"rows": 1, "columns": columns}},
        "published": "", "package": "0", "schema_version": definitions_digest(), "selection": {}, "license": "",
        "citation": "", "left_out": [],
    }  # fmt: skip
    with zipfile.ZipFile(place, "w") as file:
        file.writestr(MANIFEST, json.dumps(manifest))
        file.write(rows, "rows/session.Mouse.jsonl")
    return place


@pytest.mark.parametrize("value", [["x"], {"x": 1}, 1.5, None, True, 3, "a\\b", "\ud800"], ids=repr)
def test_the_key_of_a_row_in_an_archive_is_a_value(mouse, tmp_path, value):
    from populate.archive.load import load

    value = [injection(tmp_path / "ran")] if value == ["x"] else value
    place = archive_with({"mouse": value, "genotype": "", "opsin": "", "simulated": True}, tmp_path / "evil.zip")
    before = len(mouse)
    with pytest.raises((ArchiveError, ConfigError), match="mouse") as error:
        load(str(place))
    one_sentence(error)
    assert len(mouse) == before
    assert not (tmp_path / "ran").exists()


ESCAPES = {
    "postgresql": [
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT pg_ls_dir('/')",
        "SELECT lo_export(lo_create(0), '{mark}')",
        "SELECT set_config('role', 'postgres', false)",
        "SELECT set_config('role', 'postgres', true), query_to_xml('SELECT pg_ls_dir(''/'')', true, true, '')",
        "SELECT query_to_xml('SELECT 1', true, true, '')",
        "WITH x AS (UPDATE pg_settings SET setting = 'postgres' WHERE name = 'role' RETURNING 1) SELECT * FROM x",
        "SELECT * FROM pg_authid",
        "SELECT * FROM ts_stat('SELECT 1')",
        "SELECT pg_reload_conf()",
        "SELECT pg_switch_wal()",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pid = pg_backend_pid()",
        "WITH x AS (SELECT 1) COPY (SELECT 1) TO PROGRAM 'touch {mark}'",
        "EXPLAIN ANALYZE SELECT pg_read_file('/etc/hostname')",
        "SELECT * FROM dblink('', 'SELECT 1') AS t(a int)",
    ],
    "mysql": [
        "SELECT 1 INTO OUTFILE '{mark}'",
        "SELECT 1 INTO/**/OUTFILE '{mark}'",
        "SELECT 1 INTO /* x */ DUMPFILE '{mark}'",
        "SELECT 1 /*!50000 INTO OUTFILE '{mark}' */",
        "SELECT LOAD_FILE('/etc/hostname')",
        "SELECT `load_file`('/etc/hostname')",
        "TABLE mysql.user INTO OUTFILE '{mark}'",
        "SELECT 1; SELECT 2",
    ],
}  # fmt: skip
ALL = [(backend, sql) for backend, statements in ESCAPES.items() for sql in statements]


@pytest.mark.parametrize(("backend", "sql"), ALL)
def test_a_statement_reaches_no_file_program_or_right_of_the_server(mouse, tmp_path, backend, sql):
    from populate.query.result import ask, check_statement

    if mouse.connection.adapter.backend != backend:
        pytest.skip(f"a statement of {backend}")
    with pytest.raises(ConfigError) as error:
        ask(check_statement(sql.format(mark=tmp_path / "ran")))
    one_sentence(error)
    assert not (tmp_path / "ran").exists()
    assert len(ask("SELECT 1 AS one").rows) == 1
    if backend == "postgresql":
        assert mouse.connection.query("SELECT current_user = session_user").fetchone()[0]


def test_a_condition_runs_with_the_rights_of_a_query(mouse):
    from populate.query.query import run_query

    if mouse.connection.adapter.backend != "postgresql":
        pytest.skip("functions of PostgreSQL")
    for condition in ("pg_read_file('/etc/hostname') IS NOT NULL", "query_to_xml('SELECT 1', 1=1, 1=1, '') IS NULL"):
        with pytest.raises(ConfigError, match="only reads tables") as error:
            run_query("Mouse", (condition,))
        one_sentence(error)
    assert [row[0] for row in run_query("Mouse", ("mouse LIKE 'Simulated_2026_19%'",)).rows]


def test_a_driver_of_mysql_sends_one_statement_at_a_time(mouse):
    if mouse.connection.adapter.backend != "mysql":
        pytest.skip("of MySQL's driver")
    with pytest.raises(Exception, match="error in your SQL syntax"):
        mouse.connection.query("SELECT 1; SELECT 2")


def test_the_account_of_another_postgresql_server_must_not_be_its_superuser(mouse, monkeypatch):
    """As on a lab's server: the embedded one is asked as if it were one."""
    from schemas.declaration import reader

    if mouse.connection.adapter.backend != "postgresql":
        pytest.skip("accounts of PostgreSQL")
    reader._refuse_powerful.cache_clear()
    with pytest.raises(ConfigError, match="no superuser") as error:
        reader._refuse_powerful()
    one_sentence(error)


@pytest.mark.parametrize("value", ["nan", "x", "1.5", "'0'", "9" * 5000, "٣", "0x1", "\ud800"], ids=lambda one: one[:9])
def test_a_row_is_not_named_by_what_a_server_takes_for_another_number(mouse, value):
    from populate.query.named_rows import chosen
    from populate.query.query import run_query

    with pytest.raises(ConfigError) as error:
        chosen(f"TrainedModel:seed={value}")
    one_sentence(error)
    with pytest.raises(ConfigError) as error:
        run_query("ModelConfig", leaves=[f"model.core.channels[0] < {value}"])
    one_sentence(error)


@pytest.mark.parametrize("value", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_a_number_of_a_condition_is_finite(mouse, value):
    from populate.query.query import _comparison

    with pytest.raises(ConfigError, match="expected a finite number") as error:
        _comparison("<", float(value), f"model.core.channels[0] < {value}")
    one_sentence(error)


def test_half_a_character_is_refused_in_a_statement(mouse):
    from populate.query.result import ask, check_statement

    with pytest.raises(ConfigError, match="half a character") as error:
        ask(check_statement("SELECT '\ud800'"))
    one_sentence(error)


def test_a_statement_without_end_is_ended_at_a_bound(database, monkeypatch):
    from populate.query.result import ask
    from schemas import session

    if session.schema.connection.adapter.backend != "postgresql":
        pytest.skip("statement_timeout is PostgreSQL's")
    monkeypatch.setitem(BOUNDS, "query.seconds", dataclasses.replace(BOUNDS["query.seconds"], most=1))
    with pytest.raises(ConfigError, match=r"took more than 1 s, the bound query\.seconds: set DLGN_BOUNDS=4"):
        ask("SELECT pg_sleep(60)")
    assert ask("SELECT 1").rows == [(1,)]
