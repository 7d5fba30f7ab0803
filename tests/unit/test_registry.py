import pytest

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.registry import Registry, allowing


def test_unknown_name_lists_choices_and_nearest():
    with pytest.raises(ConfigError, match="did you mean 'stacked_2d'"):
        CORES.get("staked_2d")


def test_unknown_key_names_the_nearest():
    config = {"name": "conv_gru", "channels": 4, "kernel_inputs": 3}
    with pytest.raises(ConfigError, match="did you mean 'kernel_input'"):
        RECURRENTS.build(config, in_channels=2)


def test_missing_key_is_named():
    with pytest.raises(ConfigError, match="needs 'channels'"):
        RECURRENTS.build({"name": "conv_gru"}, in_channels=2)


def test_a_config_may_not_set_what_the_caller_gives():
    with pytest.raises(ConfigError, match="in_channels"):
        RECURRENTS.build({"name": "conv_gru", "channels": 4, "in_channels": 9}, in_channels=2)


def test_two_parts_of_one_name_are_refused():
    registry = Registry("thing", "dlgn_cnn.models.cores")
    registry.register("a")(dict)
    with pytest.raises(ConfigError, match="two things"):
        registry.register("a")(list)


def test_import_path_outside_the_allow_list_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "evil_package.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef f(): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError, match="DLGN_ALLOW_PACKAGES"):
        CORES.get("evil_package.f")
    assert not (tmp_path / "ran").exists()
    with allowing({"evil_package"}):
        assert callable(CORES.get("evil_package.f"))
    assert (tmp_path / "ran").exists()


def test_import_path_that_leads_nowhere_says_so():
    with allowing({"math"}), pytest.raises(ConfigError, match="cannot be imported"):
        CORES.get("math.nothing")
