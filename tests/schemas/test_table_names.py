"""Names of tables in SQL, and that tables whose class names hold acronyms do what all tables do."""

import datajoint as dj
import pytest

from schemas.base.table_name import Acronym

toy = dj.Schema()


@toy
class LEDConfig(Acronym, dj.Manual):
    definition = """
    led : int32
    """


@toy
class LED(Acronym, dj.Computed):
    definition = """
    -> LEDConfig
    ---
    power : int32
    """

    class Color(dj.Part):
        definition = """
        -> master
        color : int32
        """

    def make(self, key):
        self.insert1(key | {"power": 2 * key["led"]})
        self.Color.insert(key | {"color": color} for color in range(3))


@pytest.fixture(scope="module")
def tables(database):
    from schemas.session import schema

    toy.activate(f"{database.prefix}toy_names", connection=schema.connection)
    yield
    toy.drop(prompt=False)


@pytest.mark.parametrize(
    ("table", "name"),
    [("MEI", "__mei"), ("MEIConfig", "mei_config"), ("MEIPlan", "mei_plan"), ("MEI.Stimulus", "__mei__stimulus")],
)
def test_an_acronym_is_one_word(table, name):
    from schemas.declaration.table_classes import sql_name, table_classes

    assert sql_name(table_classes()[f"mei.{table}"]) == name


def test_no_table_has_a_word_of_one_letter():
    from schemas.declaration.table_classes import sql_names

    words = {word for names in sql_names().values() for name in names for word in name.strip("_#").split("_")}
    assert not {word for word in words if len(word) == 1}


def test_such_a_table_has_its_jobs_is_found_by_name_and_deleted_with_what_it_came_from(tables):
    assert toy.list_tables() == ["led_config", "__led", "__led__color"]
    assert LED.Color().table_name == "__led__color"
    LEDConfig.insert([(1,), (2,), (3,)])
    LED.jobs.refresh(delay=-1)
    assert LED.jobs.full_table_name.strip('`"').endswith("~~led")
    assert len(LED.jobs.pending) == 3
    LED.populate({"led": 1}, reserve_jobs=True)
    LED.populate(reserve_jobs=True)
    assert len(LED()) == len(toy["led"]) == 3
    assert len(dj.FreeTable(toy.connection, LED.Color().full_table_name)) == len(LED.Color()) == 9
    assert {one["power"] for one in (LED * LEDConfig & LED.Color).to_dicts()} == {2, 4, 6}
    (LEDConfig & {"led": 2}).delete(prompt=False)
    assert [len(one()) for one in (LEDConfig, LED, LED.Color)] == [2, 2, 6]
