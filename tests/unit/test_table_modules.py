"""Modules of tables are found by their files, in an order that foreign keys can follow."""

from graphlib import CycleError

import pytest

from schemas.declaration.modules import MODULES, ordered_modules
from schemas.declaration.table_classes import table_classes

SCHEMA = "\n\nschema = dj.Schema()\n"


def folder(place, **imports):
    """A folder of modules with these lines of imports, and one that is no module of tables."""
    for name, line in imports.items():
        (place / f"{name}.py").write_text(f"import datajoint as dj\n{line}{SCHEMA}")
    (place / "__init__.py").write_text("from schemas import a")
    return place


def test_a_module_stands_after_all_that_it_imports_and_one_without_imports_just_before_its_first_user(tmp_path):
    made = folder(
        tmp_path,
        a="from schemas import b, z",
        b="from schemas.z import Z",
        version="",
        z="",
        c="import schemas.b",
        q="from schemas.connection import settings",
        d="from schemas import c, q",
    )
    assert ordered_modules(made) == ("version", "z", "b", "a", "c", "q", "d")


def test_what_is_imported_for_types_alone_or_within_a_function_decides_nothing(tmp_path):
    made = folder(tmp_path, a="if TYPE_CHECKING:\n    from schemas import b", b="from schemas import c", c="")
    (made / "c.py").write_text(f"import datajoint as dj{SCHEMA}\ndef add():\n    from schemas import a")
    assert ordered_modules(made) == ("a", "c", "b")


def test_modules_that_import_one_another_are_refused(tmp_path):
    with pytest.raises(CycleError):
        ordered_modules(folder(tmp_path, a="from schemas import b", b="from schemas import a"))


def test_every_module_has_tables_and_the_pipeline_can_be_read_from_their_order():
    assert {name.partition(".")[0] for name in table_classes()} == set(MODULES)
    ends = ["session", "recording", "dataset", "experiment", "training", "evaluation", "mei", "mei_contrast"]
    assert [name for name in MODULES if name in ends] == ends
    assert MODULES[0] == "version"


def test_every_view_has_a_name_that_shells_complete():
    from schemas.declaration.modules import VIEW_NAMES
    from schemas.declaration.view_sql import KEYS, VIEWS

    assert set(KEYS) == {*VIEWS, "failures"} == set(VIEW_NAMES)
    assert VIEW_NAMES[-1] == "failures"  # made of the queues
