"""Every error is one sentence on one line, whatever the input that it quotes."""

import io
import pickle
import zipfile

import av
import numpy as np
import pytest
import yaml

from dlgn_cnn.config import leaves
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import SessionKey
from dlgn_cnn.errors import LONGEST, ArchiveError, ConfigError, DlgnError, RecordingError, within
from dlgn_cnn.search.space import dimensions
from dlgn_cnn.storage.rights import raise_if_forbidden
from dlgn_cnn.training.checks import check_dataset, check_model, check_trainer
from dlgn_cnn.training.weights import save_weights
from dlgn_cnn.values import number
from populate.define.definition_file import read_definitions
from schemas import Settings
from schemas.base.mei_options import check_mei
from schemas.connection.server import address_in
from tests.factories import responses_frame, write_recording
from tests.layouts import npz_arrays
from tests.unit.test_pretrained import entry, model, publish


@pytest.mark.parametrize(
    "said", ["a\nb", "a\r\n  b", "a\u2028b", "a\x1b[2Jb", "a\0b", "a\ud800b", "a\u202eb", "x" * 10**6]
)
def test_what_an_error_quotes_neither_breaks_its_line_nor_reaches_the_terminal(said):
    with pytest.raises(ConfigError) as caught, within(said):
        raise ConfigError(f"given {said}: expected another")
    for text in (str(DlgnError(f"{said}: do this")), str(caught.value)):
        assert text.isprintable()
        assert len(text.splitlines()) == 1
        assert len(text) < LONGEST + 10
        assert text.endswith((": do this", ": expected another"))
    assert str(pickle.loads(pickle.dumps(caught.value))).isprintable()


def test_words_of_all_languages_and_spaces_stay_as_they_are():
    said = "mouse 'Mäuschen  鼠' at /a  b: expected another"
    assert str(RecordingError(said)) == said


def test_a_member_of_an_archive_that_is_no_array_is_named(tmp_path):
    (recording,) = read_recordings(write_recording(tmp_path / "lab", responses_frame()))
    with zipfile.ZipFile(tmp_path / "one.npz", "w") as file:
        for name, array in npz_arrays(recording).items():
            content = io.BytesIO()
            np.save(content, array)
            file.writestr(f"{name}.npy", b"no array" if name == "units" else content.getvalue())
    with pytest.raises(RecordingError, match=r"one.npz cannot be read \(units: "):
        read_recordings(tmp_path / "one.npz")


def test_a_damaged_video_is_not_one_that_may_not_be_read(tmp_path):
    """FFmpeg says "permission denied" of some damage, by an error of its own."""
    (tmp_path / "film.asf").write_bytes(b"")
    raise_if_forbidden(av.error.PermissionError(13, "Permission denied", "film.asf"), tmp_path / "film.asf")
    with pytest.raises(PermissionError):
        raise_if_forbidden(PermissionError(13, "Permission denied", "film.asf"), tmp_path / "film.asf")


@pytest.mark.parametrize("config", [[], ["core"], "core", None, 1.5], ids=repr)
def test_a_config_that_is_no_mapping_is_refused_by_every_check(config):
    checks = {
        "stored_sessions": check_dataset,
        "standard": check_trainer,
        "encoder": lambda call: check_model(call, None),
    }
    for name, check in {**checks, "gradient_ascent": lambda call: check_mei(*call)}.items():
        with pytest.raises(ConfigError, match="expected mapping"):
            check((name, config))


@pytest.mark.parametrize("size", [2**55, 2**62, 10**30])
@pytest.mark.parametrize("place", ["channels", "kernels"])
def test_a_model_too_large_to_build_is_refused(size, place):
    core = {"name": "stacked_2d", "channels": [4, 4], "kernels": [3, 3]} | {place: [4, size + (place == "kernels")]}
    core |= {"channels": [2**55, 2**55]} if place == "kernels" else {}
    with pytest.raises(ConfigError, match=r"cannot be built|channels|kernels"):
        check_model(("encoder", {"core": core, "readout": {"name": "gaussian"}}), None)


@pytest.mark.parametrize(
    "text", ["!!float x", "!!int x", "!!timestamp x", "!!binary ü", "!!bool x", "!!python/name:os.system x"]
)
def test_a_tag_that_its_value_does_not_fit_is_refused(tmp_path, text):
    (tmp_path / "one.yaml").write_text(f"experiment: {text}\n")
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        read_definitions(tmp_path / "one.yaml")
    assert str(caught.value).isprintable()
    assert isinstance(caught.value.__cause__, (yaml.YAMLError, ValueError, AttributeError, KeyError))


@pytest.mark.parametrize(
    "url", ["mysql://ada:very-secret@[::1", "postgresql://a@[x]:1", "mysql://[", "mysql://a@h:port"]
)
@pytest.mark.parametrize("name", ["DLGN_DATABASE"])
def test_a_url_that_has_no_parts_is_refused_and_not_shown(url, name):
    with pytest.raises(ConfigError) as caught:
        address_in(str(Settings.from_environment({name: url, "DLGN_DATABASE_PASSWORD": "another"}).database), name)
    assert name in str(caught.value)
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"key": []},
        {"name": "", "label": None},
        {"name": 3},
        {"key": None},
        {"label": None, "name": None},
        {"label": 3},
        {"name": ["gru"]},
        {"seed": "x"},
        {"seed": 1e999},
        {"sessions": {"a": {"units": 1}}},
        {"sessions": []},
        {"sessions": {"a": {"field_centers": [[1]]}}},
        {"config": []},
        {"function": ["encoder"]},
        {"members": ["ensemble"], "label": "ensemble", "name": None},
        {"members": 3},
        {"members": [[]]},
    ],
    ids=repr,
)
def test_a_model_of_an_archive_that_is_described_wrongly_is_refused(tmp_path, changed):
    import dlgn_cnn

    described = entry(1, save_weights(model(1).state_dict(), tmp_path)) | changed
    place = publish(tmp_path / "one.zip", tmp_path, [described])
    with pytest.raises((ArchiveError, ConfigError)) as caught:
        dlgn_cnn.load(place)
    assert str(caught.value).isprintable()


def test_a_number_of_thousands_of_digits_is_not_that_of_a_session():
    with pytest.raises(RecordingError, match="expected MOUSE_sSERIES_eEXPERIMENT"):
        SessionKey.parse(f"Mouse_s{'9' * 5000}_e01")


@pytest.mark.parametrize("low", [10**400, float("nan"), True, "1", None, [1]], ids=lambda one: str(one)[:9])
def test_a_range_beyond_all_floats_is_refused(low):
    with pytest.raises(ConfigError, match="expected numbers"):
        list(dimensions({"rate": {"low": low, "high": 10**401}}))
    with pytest.raises(ConfigError):
        number("rate", low, 2.0)


def test_keys_of_several_kinds_are_searched_and_then_refused_where_they_stand():
    config = {1: 0, "rate": {"choices": [1, 2]}}
    assert [place for place, _ in dimensions(config)] == ["rate"]
    with pytest.raises(ConfigError, match="config key 1 under the top is not a string"):
        list(leaves(config))
