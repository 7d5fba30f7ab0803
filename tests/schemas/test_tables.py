"""The tables on a real server: the embedded one, or MySQL where DLGN_TEST_MYSQL names it."""

import pytest

from dlgn_cnn.config import canonical_json, config_hash, leaves
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
    one = table.add("standard", {"loss": {"name": "poisson"}, "fit": {"learning_rate": 0.25}})
    table.add("standard", {"loss": {"name": "poisson"}, "fit": {"learning_rate": 0.5}})
    assert (table.where({"loss.name": "poisson", "fit.learning_rate": 0.25})).keys() == [one]
    assert len(table.where({"loss.name": "poisson"})) == 2
    assert len(table.where({"fit.learning_rate": "0.25"})) == 0
    assert len(table & (table.Leaf & "path = 'fit.learning_rate' and number < 0.3")) == 1


VALUES = {
    "nothing": None, "list": [], "dict": {}, "yes": True, "no": False, "zero": 0, "point": 0.0, "text": "0",
    "empty": "", "lower": "relu", "plain": "grosse", "Case": 1, "case ": 2, "a_b": 3, "a%b": 4, "a\\b'": 5,
    "large": 2**53 + 1, "next": 2**53, "tiny": 1e-300, "negative": -7, "case": "ReLU", "word": "Größe μ 🐭 'x' \"y\" %",
    "deep": {"a": [{"b": [1, 2.5, "2.5"]}, []]}, "kernels": [7, 5],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["dataset", "model", "trainer", "mei"])
def test_every_kind_of_leaf_restricts_in_every_table_of_configs_and_in_plain_sql(tables, kind):
    table = next(one for name, one in vars(tables[kind]).items() if name.lower() == f"{kind}config")
    config = {f"{kind}_leaf": VALUES}
    key = {f"{kind}_hash": config_hash("made_up", config)}
    table.insert1({**key, f"{kind}_fn": "made_up", f"{kind}_config": config})
    table.Leaf.insert(
        [{**key, "path": x.path, "kind": x.kind, "value": x.text, "number": x.number} for x in leaves(config)]
    )
    for name, value in VALUES.items():
        assert table.where({f"{kind}_leaf.{name}": value}).keys() == [key], name
        for other in VALUES.values():
            if canonical_json(other) != canonical_json(value):
                assert not table.where({f"{kind}_leaf.{name}": other}), (name, other)
    assert table.where({f"{kind}_leaf.deep.a[0].b[1]": 2.5}).keys() == [key]
    assert not table.where({f"{kind}_leaf.never": None})
    query = f"SELECT {kind}_hash FROM {table.Leaf().full_table_name} WHERE path = %s AND kind = %s AND value = %s"
    for leaf in leaves(config):
        assert (
            table.connection.query(query, args=(leaf.path, leaf.kind, leaf.text)).fetchall()[0][0]
            == key[f"{kind}_hash"]
        )


def test_a_list_is_found_whole(tables):
    table = tables["model"].ModelConfig
    one = table.add("encoder", {"found": {"kernels": [7, 5]}})
    table.add("encoder", {"found": {"kernels": [7, 5, 5]}})
    table.add("encoder", {"found": {"kernels": [7, 5.0]}})
    assert table.where({"found.kernels": [7, 5]}).keys() == [one]
    assert table.where({"found": {"kernels": [7, 5]}}).keys() == [one]
    assert len(table.where({"found.kernels[0]": 7})) == 3
    assert len(table.where({"found.kernels": [5, 7]})) == 0


@pytest.mark.parametrize("config", [{"x": "y" * 2001}, {"x" * 181: 1}])
def test_a_value_that_no_row_has_room_for_is_refused(tables, config):
    with pytest.raises(ConfigError, match="expected up to 180 and 2000"):
        tables["model"].ModelConfig.add("encoder", config)


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


def test_the_conditions_are_there(database):
    from schemas.optogenetics import OptoCondition

    assert {row["opto_condition"]: row["opto_on"] for row in OptoCondition().to_dicts()} == {
        "intact": False,
        "suppressed": True,
        "all": None,
    }


def test_a_process_has_one_database(database):
    import dataclasses

    import schemas

    assert schemas.open_database() == database
    with pytest.raises(ConfigError, match="already uses the database"):
        schemas.open_database(dataclasses.replace(database, prefix="other_"))


@pytest.mark.parametrize("url", ["mysql://host", "sqlite:///x", "mysql:user@host", "host:3306"])
def test_a_bad_database_url_is_refused_without_repeating_it(url, tmp_path):
    from schemas.connection.server import server_address
    from schemas.connection.settings import Settings

    with pytest.raises(ConfigError, match="mysql://user:password@host:port") as caught:
        server_address(Settings(tmp_path, tmp_path, f"{url}?secret"))
    assert "secret" not in str(caught.value)


def test_settings_never_show_the_password(tmp_path):
    from schemas.connection.settings import Settings

    settings = Settings.from_environment({"DLGN_HOME": str(tmp_path), "DLGN_DATABASE": "mysql://u:secret@h"})
    assert "secret" not in repr(settings)
