"""Names that cannot work are refused while they are read, in a sentence."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.data.readers import READERS
from dlgn_cnn.data.recording import SceneKey, SessionKey
from dlgn_cnn.errors import ConfigError, RecordingError
from populate.cli.project import _quoting
from populate.define.definition_file import MOST, read_call, read_definitions, read_yaml
from populate.search.study import KEYS
from schemas import Settings
from schemas.base.names import check_name, longest
from schemas.connection.prefix import SCHEMAS, check_prefix
from schemas.declaration.modules import MODULES
from schemas.session import Mouse, Session
from schemas.stimulus import Movie

REST = {
    "experiment": "datasets: [{fn: a}]\nmodels: [{fn: a}]\ntrainers: [{fn: a}]\n",
    "study": "dataset: {fn: a}\nmodel: {fn: a}\ntrainer: {fn: a}\ntrials: 1\n",
}


def read(kind: str, folder: Path, text: str) -> str:
    file = folder / "x.yaml"
    file.write_text(text, encoding="utf-8")
    if kind == "experiment":
        return read_definitions(file)[0][kind]
    return read_yaml(file, kind, KEYS, ("study", "dataset", "model", "trainer", "trials"))[kind]


@pytest.mark.parametrize("kind", REST)
@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("on", "a truth value"),
        ("no", "a truth value"),
        ("2024-01-01", "a date"),
        ("2024-01-01 10:00:00", "a date"),
        ("1.0e+3", "a number"),
        ("012", "a number"),
        ("1:30", "a number"),
        ("0", "a number"),
        (".inf", "a number"),
        ("null", "nothing"),
        ("~", "nothing"),
        ("[a]", "a list"),
        ("{a: b}", "keys and values"),
    ],
)
def test_what_yaml_takes_for_another_thing_is_refused_with_what_it_made_of_it(tmp_path, kind, written, made):
    with pytest.raises(ConfigError) as caught:
        read(kind, tmp_path, f"{kind}: {written}\n{REST[kind]}")
    for part in (f"{kind} {tmp_path}", f"given {written}", made, f'put it in quotes, as "{written}"'):
        assert part in str(caught.value)
    assert read(kind, tmp_path, f'{kind}: "{written}"\n{REST[kind]}') == written


@pytest.mark.parametrize("kind", REST)
@pytest.mark.parametrize(
    "name", ["", " a", "a ", " ", "a\n", "a\tb", "a\0b", "a\u200eb", "a\u00a0b", "a\\", "x" * 65, "é" * 65]
)
def test_names_that_a_key_cannot_be_are_refused(tmp_path, kind, name):
    with pytest.raises(ConfigError, match=kind):
        read(kind, tmp_path, f"{kind}: {json.dumps(name)}\n{REST[kind]}")
    assert read(kind, tmp_path, f"{kind}: {json.dumps('é' * 64)}\n{REST[kind]}") == "é" * 64


@pytest.mark.parametrize("kind", REST)
def test_an_empty_value_is_a_missing_one(tmp_path, kind):
    with pytest.raises(ConfigError, match=f"lacks {kind}"):
        read(kind, tmp_path, f"{kind}:\n{REST[kind]}")


@pytest.mark.parametrize("kind", REST)
@given(st.text(max_size=70))
def test_a_name_is_read_as_it_was_quoted_or_refused(tmp_path_factory, kind, name):
    folder = tmp_path_factory.mktemp("names")
    text = f"{kind}: {yaml.safe_dump(name, allow_unicode=True, default_style=chr(34), width=10**6)}{REST[kind]}"
    try:
        accepted = check_name(name, kind, 64)
    except ConfigError:
        if name.isprintable():  # else YAML's own rules may come first
            with pytest.raises(ConfigError, match=kind):
                read(kind, folder, text)
    else:
        assert read(kind, folder, text) == accepted == name


def test_python_that_builds_a_name_of_another_type_is_refused(tmp_path):
    file = tmp_path / "x.py"
    file.write_text(
        "call = [{'fn': 'a'}]\nexperiment = dict(experiment=3, datasets=call, models=call, trainers=call)\n"
    )
    with pytest.raises(ConfigError, match=r"given 3 \(int\), expected text: put it in quotes"):
        read_definitions(file)


def test_comments_and_functions_that_their_columns_cannot_hold_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"comment: given .* expected up to 256"):
        read("experiment", tmp_path, f"experiment: a\ncomment: {'x' * (MOST['comment'] + 1)}\n{REST['experiment']}")
    with pytest.raises(ConfigError, match=rf"models\[0\]: fn: given .* expected up to {MOST['fn']}"):
        read_call({"fn": "a." * MOST["fn"]}, "models[0]")


def test_readers_know_the_length_of_their_columns():
    for most, make in (
        (longest(Mouse, "mouse"), lambda n: SessionKey(n, 1, 1)),
        (longest(Movie, "movie"), lambda n: SceneKey(n, 1)),
    ):
        make("ä" * most)
        with pytest.raises(RecordingError, match=f"up to {most}"):
            make("ä" * (most + 1))
    assert len(str(SessionKey("a" * 64, 32767, 32767))) <= longest(Session, "session_name")


def test_a_reader_option_that_yaml_takes_for_another_thing_says_how_to_quote_it():
    with pytest.raises(ConfigError) as caught, _quoting(["mouse=2019", "series=3"], {"mouse": 2019, "series": 3}):
        READERS.build({"name": "nwb", "mouse": 2019, "series": 3}, path=Path("a.nwb"))
    for part in ("expected str", "given 2019, which YAML reads as a number", """-o 'mouse="2019"'"""):
        assert part in str(caught.value)


@pytest.mark.parametrize("name", [True, 3, None, 1.0])
def test_a_session_that_is_no_text_is_refused_in_a_sentence(name):
    with pytest.raises(RecordingError, match="expected"):
        SessionKey.parse(name)
    with pytest.raises(RecordingError, match="expected"):
        SessionKey(name, 1, 1)


PREFIXES = [
    "pg_",
    "pg_lab_",
    "Lab_",
    "lab-",
    " lab_",
    "lab_ ",
    "lab.",
    "ä",
    "²",
    "_",
    "___",
    "lab`",
    "x" * 49,
    "a_" * 17,
    "%",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefixes_that_a_server_refuses_are_refused_wherever_they_stand(tmp_path, monkeypatch, prefix):
    with pytest.raises(ConfigError, match="DLGN_PREFIX"):
        Settings.from_environment({"DLGN_PREFIX": prefix})
    (tmp_path / "dlgn.env").write_text(f"DLGN_PREFIX='{prefix}'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DLGN_PREFIX", raising=False)
    with pytest.raises(ConfigError, match="DLGN_PREFIX"):
        Settings.from_environment()


def test_the_longest_prefix_is_computed_from_the_longest_schema():
    assert set(SCHEMAS) == set(MODULES)
    most = 63 - max(len(name.replace("_", "__")) for name in MODULES)
    assert check_prefix("a" * most) == "a" * most
    with pytest.raises(ConfigError, match=f"expected up to {most}"):
        check_prefix("a" * (most + 1))


@given(st.text("abz09_", max_size=70))
def test_what_is_accepted_fits_both_servers_and_their_grants(prefix):
    try:
        check_prefix(prefix)
    except ConfigError:
        return
    for name in MODULES:
        schema = f"{prefix}{name}"
        assert len(schema.encode()) <= 63
        assert len(schema.replace("_", r"\_")) <= 64
        assert not schema.startswith("pg_")
