"""What loads with the command, and with the tables: nothing heavy before a command that needs it."""

import pkgutil

import pytest
import typer

import schemas
from populate.cli.command import app
from tests.imports import CALLED, COMMANDS, HEAVY, OF_DATAJOINT, loaded, named_commands, refuse_heavy


def test_the_commands_that_must_stay_light_are_there():
    assert set(COMMANDS) <= set(named_commands(typer.main.get_command(app)))


def test_the_command_loads_nothing_heavy_before_it_runs():
    assert not loaded("import populate.cli.command") & (HEAVY | OF_DATAJOINT)


def test_completing_the_name_of_a_table_loads_nothing_heavy():
    code = "from populate.query.table_names import complete_table; assert complete_table('Sco')"
    assert not loaded(code) & (HEAVY | OF_DATAJOINT)


def test_no_module_of_tables_loads_more_than_datajoint_does():
    modules = [one.name for one in pkgutil.walk_packages(schemas.__path__, "schemas.")]
    assert {"schemas.training", "schemas.mei_control", "schemas.declaration.database"} < set(modules)
    assert not loaded(f"import {', '.join(modules)}") & HEAVY


@pytest.mark.parametrize("name", CALLED[False])
def test_a_command_without_a_database_loads_what_it_may(name, tmp_path, monkeypatch):
    monkeypatch.setenv("DLGN_HOME", str(tmp_path / "home"))
    refuse_heavy(name, folder=tmp_path)
