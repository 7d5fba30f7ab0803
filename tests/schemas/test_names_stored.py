"""Names that are accepted can be inserted, and are read back as they were given, on both servers."""

import importlib

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from dlgn_cnn.data.recording import SceneKey, SessionKey
from dlgn_cnn.errors import ConfigError, RecordingError
from populate.define.definition_file import MOST
from schemas.base.names import check_name, longest

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# A character of one, two, three and four bytes, and what SQL or DataJoint read as something else.
ODD = "aä漢🐭%'\"\\`_{}?:#~&;-/*0 "
names = st.one_of(st.text(max_size=70), st.text(ODD, max_size=70), st.sampled_from("aä漢🐭").map(lambda one: one * 64))


def there_and_back(table, key, columns=None) -> None:
    table.insert1(key | (columns or {}))
    try:
        (row,) = (table & key).to_dicts()
        assert {name: row[name] for name in key} == key
        (name, value) = next(iter(key.items()))
        assert value in table().to_arrays(name).tolist()
    finally:
        (table & key).delete_quick()
    assert not table & key


@quick
@given(names)
@example("🐭" * 64)
@example("100%")
@example("%s")
@example("it's")
def test_an_accepted_name_of_an_experiment_or_a_study(database, name):
    from schemas import experiment, search

    try:
        check_name(name, "experiment", MOST["experiment"])
    except ConfigError:
        assume(False)
    there_and_back(experiment.Experiment, {"experiment_name": name})
    there_and_back(search.Study, {"study_name": name}, {"study_config": {}, "study_hash": "0" * 32})


@quick
@given(names)
@example("漢" * 64)
def test_an_accepted_mouse_and_movie(database, name):
    from schemas import session, stimulus

    found = 0
    for make, insert in (
        (lambda: SessionKey(name, 1, 1), lambda: there_and_back(session.Mouse, {"mouse": name}, {"simulated": True})),
        (lambda: SceneKey(name, 0), lambda: there_and_back(stimulus.Movie, {"movie": name})),
    ):
        try:
            make()
        except RecordingError:
            continue
        insert()
        found += 1
    assume(found)


def test_the_definitions_say_how_long_the_servers_columns_are(database):
    from schemas.declaration.table_classes import table_classes

    compared = 0
    for table in table_classes().values():
        for name, attribute in table().heading.attributes.items():
            if "varchar" in attribute.type and f"{name} :" in table.definition:
                assert longest(table, name) == int(attribute.type.partition("(")[2].rstrip(")")), (table, name)
                compared += 1
    assert compared > 40


def test_names_that_are_refused_leave_no_row(database, tmp_path):
    from populate.define.define import define
    from populate.search.study import define_study
    from schemas import experiment, search

    tables = (experiment.Experiment, search.Study)
    before = [len(table()) for table in tables]
    for kind, read in (("experiment", define), ("study", define_study)):
        for name in ("on", "2024-01-01", "x" * 65, '" a"'):
            file = tmp_path / "x.yaml"
            file.write_text(f"{kind}: {name}\n")
            with pytest.raises(ConfigError, match="given"):
                read(file)
    assert [len(table()) for table in tables] == before


def test_a_path_that_its_column_cannot_hold_is_refused_before_any_row(database, tmp_path):
    from schemas.recordings.insert import ingest
    from tests.factories import responses_frame, write_recording

    deep = tmp_path.joinpath(*["d" * 100] * 6)
    deep.mkdir(parents=True)
    write_recording(deep, responses_frame(mouse="Deep_2020_0001"))
    session = importlib.import_module("schemas.session")
    with pytest.raises(RecordingError, match="expected up to 512"):
        ingest(deep)
    assert not session.Session & {"mouse": "Deep_2020_0001"}
