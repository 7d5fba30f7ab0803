"""Time the views of results over a million rows of units, as ``dlgn query units --limit 40`` asks for them.

A separate database is filled with made-up figures: 1,000 scored fits of 1,000 units each, with scores, effects of the
light, MEIs of every tenth unit and curves. Each is asked three times, and the time is the longest from the
statement to the last row. The value is that of the slowest question. With DLGN_TEST_MYSQL set, a MySQL server is asked,
else the embedded server.
"""

import argparse
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TARGET_S = 1.0
FULL, QUICK = (1000, 1000), (100, 200)
QUESTIONS = {
    "units": ("units", (), ()),
    "best units": ("units", (), ("correlation DESC",)),
    "units that the light changes": ("units", ("data_omi_q < .05", "correlation > .3"), ()),
    "units of a session and fit": ("units", ("seed = 1", "unit = 7"), ()),
    "best fits": ("fits", (), ("mean_correlation DESC",)),
    "curves": ("curves", ("validation_correlation > .2",), ()),
    "MEIs": ("meis", (), ()),
    "failures": ("failures", (), ()),
}
FIT, UNIT = "dataset_hash, model_hash, trainer_hash, seed", "mouse, series, experiment, unit"
SERVER = ("the embedded server", "a MySQL server")
EVERY, TENTH = "unit >= 0", "unit % 10 = 0"


def fill(fits: int, units: int) -> None:
    """Fill the tables by the server itself: a million rows take too long through a client."""
    from schemas import dataset, evaluation, mei, session
    from tests.filled import MOUSE
    from tests.filled import fill as rows

    rows(fits, 1)
    others = [MOUSE | {"unit": unit} for unit in range(1, units)]
    session.Unit.insert(others)
    known = [key | unit for key in dataset.Dataset.proj().to_dicts() for unit in others]
    dataset.Dataset.Unit.insert(
        (row | {"unit_index": row["unit"], "mean_rate_hz": 5.0} for row in known), allow_direct_insert=True
    )
    config = mei.MEIConfig.add("gradient_ascent", {})["mei_hash"]
    for part in (evaluation.Score.Unit, evaluation.FeedbackModulation.Unit):
        part.delete_quick()
    scores = {"tier": "'test'", "opto_condition": "'all'", "frames": "1", "correlation": "{random}"}
    effects = dict.fromkeys(("data_omi", "data_omi_q", "model_omi"), "{random}")
    rates = {"mei_hash": f"'{config}'", "starts": "1", "mei_intact_hz": "{random}", "mei_suppressed_hz": "{random}"}
    _insert(evaluation.Score.Unit, {"correlation": "{random}"}, EVERY)
    _insert(evaluation.Score.Condition, scores, EVERY)
    _insert(evaluation.FeedbackModulation.Unit, effects, EVERY)
    _insert(mei.MEI, {"mei_hash": f"'{config}'", "stimuli": "1"})
    _insert(mei.MEI.Unit, rates, TENTH)
    stimulus = dict.fromkeys(("activation", "intact_hz", "suppressed_hz", "norm", "lowest", "highest"), "{random}")
    stimulus |= {"mei_hash": f"'{config}'", "opto_condition": "'intact'", "mei_seed": "0", "steps": "1"}
    _insert(mei.MEI.Stimulus, stimulus | {"stimulus": "'{{}}'"}, TENTH)
    _analyze()


def _analyze() -> None:
    """Let the server count what is in the tables, as each does by itself within a minute."""
    from schemas import session
    from schemas.declaration.table_classes import table_classes

    connection = session.schema.connection
    if connection.adapter.backend == "postgresql":
        connection.query("ANALYZE")
        return
    for table in table_classes().values():
        connection.query(f"ANALYZE TABLE {table().full_table_name}").fetchall()


def _insert(table: Any, values: dict[str, str], units: str | None = None) -> None:
    """Insert a row a scored fit, or a row of these of its units."""
    from schemas import dataset, evaluation

    connection = table.connection
    random = "RAND()" if connection.adapter.backend == "mysql" else "random()"
    keys, where = FIT, f"FROM {evaluation.Score().full_table_name}"
    if units is not None:
        keys, where = f"{FIT}, {UNIT}", f"{where} JOIN {dataset.Dataset.Unit().full_table_name} USING (dataset_hash)"
        where += f" WHERE {units}"
    given = ", ".join(values.values()).format(random=random)
    statement = f"INSERT INTO {table().full_table_name} ({keys}, {', '.join(values)}) SELECT {keys}, {given} {where}"
    connection.query(statement.replace("%", "%%"))


def ask_all() -> dict[str, float]:
    """The longest of three times of each question, in seconds."""
    from populate.query.query import run_query

    found: dict[str, float] = {}
    for name, (view, conditions, order) in QUESTIONS.items():
        for _ in range(3):
            started = time.perf_counter()
            rows = run_query(view, conditions, order=order, limit=40).rows
            found[name] = max(found.get(name, 0.0), time.perf_counter() - started)
        print(f"{name:32s} {found[name]:8.3f} s {len(rows):4d} rows", flush=True)
    return found


def main() -> int:
    """Fill, ask, and print the slowest question's time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 rows")
    fits, units = QUICK if parser.parse_args().quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DLGN_HOME": folder, "DLGN_PREFIX": f"w{uuid.uuid4().hex[:8]}_", "DLGN_DEVICE": "cpu"}
        os.environ.pop("DLGN_DATABASE", None)
        if os.environ.get("DLGN_TEST_MYSQL"):
            os.environ["DLGN_DATABASE"] = os.environ["DLGN_TEST_MYSQL"]
        import schemas
        from tests.emptying import drop_all

        settings = schemas.open_database()
        try:
            started = time.perf_counter()
            fill(fits, units)
            took = time.perf_counter() - started
            print(f"{fits * units:,} rows of units on {SERVER[bool(settings.database)]}, filled in {took:.0f} s")
            slowest = max(ask_all().values())
        finally:
            drop_all(settings.prefix)
    print(f"views {slowest:.3f} {TARGET_S} {'ok' if slowest <= TARGET_S else 'short'}")
    return 0 if slowest <= TARGET_S else 1


if __name__ == "__main__":
    sys.exit(main())
