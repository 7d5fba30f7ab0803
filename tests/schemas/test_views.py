"""The views of results: what they say is what the tables say, null fits apart, on both servers."""

import numpy as np
import pytest

from dlgn_cnn.errors import ConfigError
from schemas.declaration.modules import VIEW_NAMES

FITS, UNITS = 4, 5


@pytest.fixture(scope="module")
def filled(database):
    """Scored fits of made-up configs, with one to shuffled labels."""
    from tests.filled import fill

    fill(FITS, UNITS)
    return database


def keys(rows, *names):
    return {tuple(row[name] for name in names) for row in rows}


def test_every_view_can_be_read_and_counted(filled):
    from schemas.results.frames import view

    for name in VIEW_NAMES:
        rows = view(name, nulls=True)
        assert len(rows) == len(rows.to_dicts(order_by="KEY"))


def test_a_row_of_units_is_what_the_tables_say_of_that_unit(filled):
    from schemas import results
    from schemas.evaluation import FeedbackModulation, Score
    from schemas.training import TrainedModel

    found = results.units()
    assert len(found) == FITS * UNITS
    fits = {row["fit_name"]: row for row in (TrainedModel & "NOT is_null").to_dicts()}
    assert set(found.fit_name) == set(fits)
    for row in found.to_dict("records"):
        key = {name: row[name] for name in Score.Unit.primary_key}
        recorded = (Score.Unit & key).fetch1("correlation")
        assert row["correlation"] == recorded if recorded is not None else np.isnan(row["correlation"])
        effect = (FeedbackModulation.Unit & key).fetch1()
        assert (row["data_omi"], row["data_omi_q"], row["model_omi"]) == tuple(
            effect[name] for name in ("data_omi", "data_omi_q", "model_omi")
        )
        assert row["unit_index"] == row["unit"]
        assert row["session_name"] == "Simulated_2026_0900_s01_e01"
        assert np.isnan(row["mei_intact_hz"])


def test_null_fits_are_marked_and_left_out_unless_asked_for(filled):
    from populate.query.query import run_query
    from schemas import results
    from schemas.mei_control import shuffled_datasets

    shuffled = set(shuffled_datasets().to_arrays("dataset_hash"))
    for frame, count in ((results.fits, 1), (results.units, UNITS)):
        every = frame(nulls=True)
        assert set(every[every.is_null].dataset_hash) == shuffled
        assert len(every) == len(frame()) + count
        assert not shuffled & set(frame().dataset_hash)
    assert len(run_query("units").rows) == FITS * UNITS
    assert len(run_query("units", nulls=True).rows) == (FITS + 1) * UNITS


def test_an_experiments_fits_are_its_own_and_another_name_is_refused(filled):
    from schemas import experiment, results, training

    some = (training.TrainedModel & "NOT is_null").keys(limit=2, order_by="KEY")
    experiment.Experiment.insert1({"experiment_name": "50% of it's"})
    experiment.Experiment.Fit.insert({"experiment_name": "50% of it's"} | key for key in some)
    assert keys(results.units("50% of it's").to_dict("records"), *some[0]) == keys(some, *some[0])
    with pytest.raises(ConfigError, match=r"experiment 'filed': .*'filled'"):
        results.fits("filed")
    (experiment.Experiment & {"experiment_name": "50% of it's"}).delete(prompt=False)


def test_a_fit_with_meis_of_two_configs_has_each_unit_once(filled):
    from schemas import mei, results, training
    from tests.filled import DIRECT, MOUSE

    fit = (training.TrainedModel & "NOT is_null").keys(limit=1, order_by="KEY")[0]
    hashes = sorted(mei.MEIConfig.add("gradient_ascent", {"seeds": seeds})["mei_hash"] for seeds in ([0], [0, 1]))
    for rate, digest in enumerate(hashes):
        mei.MEI.insert1({**fit, "mei_hash": digest, "stimuli": 2}, **DIRECT)
        unit = {**fit, **MOUSE, "mei_hash": digest, "unit": 1, "starts": 1}
        mei.MEI.Unit.insert1(unit | {"mei_intact_hz": float(rate), "mei_suppressed_hz": 2.0}, **DIRECT)
    units = results.units()
    assert len(units) == FITS * UNITS
    made = units[units.mei_hash.notna()]
    assert made[["unit", "mei_hash", "mei_intact_hz", "mei_suppressed_hz"]].values.tolist() == [[1, hashes[0], 0, 2]]
    (mei.MEI & fit).delete(prompt=False)


def test_a_curve_that_grows_has_no_name_yet(filled):
    from datetime import datetime

    from schemas import fitting, trainer, training
    from schemas.results.frames import view

    done = (training.TrainedModel & "NOT is_null").keys(limit=1)[0]
    trainer.Seed.insert1({"seed": 99}, skip_duplicates=True)
    under_way = done | {"seed": 99}
    fitting.Epoch.insert1({**under_way, "epoch": 0, "loss": 0.5, "ended": datetime(2026, 1, 1)})
    assert (view("curves") & under_way).to_arrays("fit_name").tolist() == [None]
    assert len(view("curves") & done & "fit_name IS NOT NULL") == 10
    (fitting.Epoch & under_way).delete_quick()


def test_a_failed_key_is_a_row_with_its_fit_until_it_is_retried(filled):
    from populate.fleet.control import retry
    from schemas import evaluation, training
    from schemas.results.frames import view

    fit = (training.TrainedModel & "NOT is_null").keys(limit=1)[0]
    jobs = evaluation.InputGain().jobs
    jobs.insert1({**fit, "status": "error", "error_message": "ModelError: 5 % off", "priority": 5, "host": "gpu3"})
    (row,) = view("failures").to_dicts()
    assert (row["table_name"], row["error_message"], row["host"]) == ("InputGain", "ModelError: 5 % off", "gpu3")
    assert row["failed_key"] == fit
    assert {name: row[name] for name in fit} == fit
    assert retry(evaluation.InputGain) == 1
    assert not len(view("failures"))
    jobs.delete_quick()


def test_a_worker_whose_heartbeat_stopped_is_lost(filled):
    from schemas import fleet
    from schemas.results.frames import view

    common = {"host": "gpu3", "pid": 1, "device": "cpu", "state": "working"}
    fleet.Worker.insert1({**common, "worker_id": "a" * 32, "expires": "2020-01-01 00:00:00"})
    fleet.Worker.insert1({**common, "worker_id": "b" * 32, "expires": "2099-01-01 00:00:00"})
    assert view("workers").to_arrays("state", order_by="worker_id").tolist() == ["lost", "working"]
    fleet.Worker().delete_quick()


def test_mysql_merges_the_views_and_reads_with_the_rights_of_who_asks(filled):
    from schemas import session

    connection = session.schema.connection
    if connection.adapter.backend != "mysql":
        pytest.skip("PostgreSQL always merges views; MySQL's words are checked on MySQL")
    for name in VIEW_NAMES:
        shown = connection.query(f"SHOW CREATE VIEW {filled.prefix}results.{name}").fetchone()[1]
        assert "SQL SECURITY INVOKER" in shown
        assert ("ALGORITHM=MERGE" in shown) == (name != "failures")


def test_a_query_asks_a_view_alone_and_knows_its_name(filled):
    from populate.query.query import SHORT, list_tables, run_query

    assert set(SHORT) == set(VIEW_NAMES)
    assert [row[0] for row in list_tables().rows[: len(VIEW_NAMES)]] == list(VIEW_NAMES)
    for name, columns in SHORT.items():
        assert run_query(name, columns=columns, limit=1).names == list(columns)
    with pytest.raises(ConfigError, match="units is a view, which is not joined"):
        run_query("units * TrainedModel")
    with pytest.raises(ConfigError, match="did you mean 'units'"):
        run_query("unit_")


@pytest.mark.parametrize(("order", "largest_first"), [("correlation DESC", True), ("correlation", False)])
def test_null_comes_last_in_either_order(filled, order, largest_first):
    from populate.query.query import run_query

    found = [row[0] for row in run_query("units", columns=["correlation"], order=[order]).rows]
    known = [value for value in found if value is not None]
    assert 0 < len(known) < len(found)
    assert found[: len(known)] == sorted(known, reverse=largest_first)
