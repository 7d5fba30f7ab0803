"""The tables on a real server: the embedded one, or MySQL where DLGN_TEST_MYSQL names it."""

import pytest

from dlgn_cnn.errors import ConfigError


@pytest.fixture(scope="module")
def tables(database):
    from schemas import dataset, experiment, mei, model, session, trainer

    return {
        "model": model,
        "trainer": trainer,
        "dataset": dataset,
        "experiment": experiment,
        "mei": mei,
        "session": session,
    }


def test_a_config_is_stored_once_and_comes_back_as_it_was(tables):
    config = {"core": {"kernels": [7, 1.5], "nothing": None}, "on": True, "empty": [], "name": "ü"}
    table = tables["model"].ModelConfig
    key = table.add("encoder", config, "first")
    assert table.add("encoder", dict(reversed(config.items()))) == key
    assert table.load(key) == ("encoder", config)
    assert len(table & key) == 1


def test_types_and_functions_are_other_rows(tables):
    table = tables["model"].ModelConfig
    configs = [{"x": 1}, {"x": "1"}, {"x": 1.0}, {"x": True}, {"x": []}, {"x": {}}, {"x": None}, {"x": "None"}]
    keys = {table.add("encoder", config)["model_hash"] for config in configs}
    keys.add(table.add("another", {"x": 1})["model_hash"])
    assert len(keys) == len(configs) + 1


def test_a_leaf_restricts_by_value_and_type(tables):
    table = tables["trainer"].TrainerConfig
    one = table.add("standard", {"loss": {"name": "poisson"}, "learning_rate": 0.25})
    table.add("standard", {"loss": {"name": "poisson"}, "learning_rate": 0.5})
    assert (table.where({"loss.name": "poisson", "learning_rate": 0.25})).keys() == [one]
    assert len(table.where({"loss.name": "poisson"})) == 2
    assert len(table.where({"learning_rate": "0.25"})) == 0
    assert len(table & (table.Leaf & "path = 'learning_rate' and number < 0.3")) == 1


def test_a_config_that_the_database_would_change_is_refused_whole(tables, database):
    table = tables["model"].ModelConfig
    before = len(table())
    if database.database is None:
        with pytest.raises(ConfigError, match="does not match its hash"):
            table.add("encoder", {"x": 1e16})
    with pytest.raises(ConfigError, match=r"at config\.x\.y"):
        table.add("encoder", {"x": {"y": (1, 2)}})
    assert len(table()) == before


def test_a_changed_config_is_found_out(tables):
    table = tables["model"].ModelConfig
    key = table.add("encoder", {"changed": 1})
    table.update1({**key, "model_config": {"changed": 2}})
    with pytest.raises(ConfigError, match="does not match its hash"):
        table.load(key)


def test_a_dataset_of_an_unknown_session_is_refused_whole(tables):
    table = tables["dataset"].DatasetConfig
    before = len(table())
    with pytest.raises(ConfigError, match="never ingested"):
        table.add("stored_sessions", {"sessions": ["Nobody_s01_e01"]})
    assert len(table()) == before


def test_the_two_light_conditions_are_there(database):
    from schemas.optogenetics import OptoCondition

    assert {row["opto_condition"]: row["opto_light"] for row in OptoCondition().to_dicts()} == {
        "intact": 0,
        "suppressed": 1,
    }


def test_a_process_has_one_database(database):
    import dataclasses

    import schemas

    assert schemas.open_database() == database
    with pytest.raises(ConfigError, match="already uses the database"):
        schemas.open_database(dataclasses.replace(database, prefix="other_"))


@pytest.mark.parametrize("url", ["mysql://host", "sqlite:///x", "mysql:user@host", "host:3306"])
def test_a_bad_database_url_is_refused_without_repeating_it(url, tmp_path):
    from schemas.database import server_address
    from schemas.settings import Settings

    with pytest.raises(ConfigError, match="mysql://user:password@host:port") as caught:
        server_address(Settings(tmp_path, tmp_path, f"{url}?secret"))
    assert "secret" not in str(caught.value)


def test_settings_never_show_the_password(tmp_path):
    from schemas.settings import Settings

    settings = Settings.from_environment({"DLGN_HOME": str(tmp_path), "DLGN_DATABASE": "mysql://u:secret@h"})
    assert "secret" not in repr(settings)
