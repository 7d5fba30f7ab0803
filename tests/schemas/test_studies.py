"""A study as rows: it resumes, tries nothing twice, gives hopeless trials up, and its best trial is one query."""

import dataclasses
import datetime
import logging
import sys
import threading

import pytest
import yaml

from dlgn_cnn.errors import ConfigError
from schemas.connection.background_writer import BackgroundWriter
from tests.factories import small_simulation

STUDY = {
    "study": "width",
    "comment": "how many channels",
    "dataset": {
        "fn": "stored_sessions",
        "config": {"sessions": "all", "size_px": [10, 16], "batch_size": 4, "window_frames": 25},
    },
    "model": {
        "fn": "encoder",
        "config": {
            "core": {"name": "stacked_2d", "channels": [{"choices": [2, 3, 4]}], "kernels": [3]},
            "readout": {"name": "gaussian"},
        },
    },
    "trainer": {
        "fn": "standard",
        "config": {"fit": {"max_epochs": 1, "learning_rate": {"low": 0.001, "high": 0.1, "log": True}}},
    },
    "trials": 3,
    "strategy": {"startup_trials": 2, "seed": 4},
}


@pytest.fixture(scope="module")
def ingested(database, tmp_path_factory):
    pytest.importorskip("optuna")
    from schemas.recordings.insert import ingest

    ingest(small_simulation(tmp_path_factory.mktemp("recording"), seed=3))
    return database


def written(folder, **changes):
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(STUDY | changes))
    return file


def test_a_study_is_searched_resumed_and_its_best_is_one_query(ingested, tmp_path):
    from populate.search.study import best_trial, search_study
    from schemas import experiment, model, search, trainer, training

    first = search_study(written(tmp_path))
    rows = search.Study.Trial.to_dicts(order_by="trial")
    assert [row["trial"] for row in rows] == [0, 1, 2]
    assert len(training.TrainedModel & experiment.Experiment.Fit) == 3
    for row in rows:
        fits = search.Study.Trial * training.TrainedModel & {"trial": row["trial"]}
        assert len(fits) == 1
        values = row["trial_values"]
        width = {"core.channels[0]": values["model.core.channels[0]"]}
        assert len(model.ModelConfig.where(width) & row) == 1
        rate = {"fit.learning_rate": values["trainer.fit.learning_rate"]}
        assert len(trainer.TrainerConfig.where(rate) & row) == 1
    assert len({str(row["trial_values"]) for row in rows}) == 3
    assert first["score"] == training.TrainedModel.to_arrays("score").max()

    assert search_study(written(tmp_path))["trial"] == first["trial"]
    assert len(search.Study.Trial()) == 3

    more = search_study(written(tmp_path, trials=5))
    assert len(search.Study.Trial()) == len(training.TrainedModel()) == 5
    assert search.Study.Trial.to_dicts(order_by="trial")[:3] == rows
    assert more == best_trial("width")


def test_what_is_left_of_a_choice_is_all_that_is_tried(ingested, tmp_path):
    from populate.search.study import search_study
    from schemas import search

    fixed = {"fn": "standard", "config": {"fit": {"max_epochs": 1, "learning_rate": 0.02}}}
    search_study(written(tmp_path, study="choices", trainer=fixed, trials=9))
    tried = (search.Study.Trial & {"study_name": "choices"}).to_arrays("trial_values")
    assert sorted(row["model.core.channels[0]"] for row in tried) == [2, 3, 4]


def test_a_trial_that_cannot_be_fitted_is_passed_over(ingested, tmp_path, monkeypatch):
    from populate.search.study import known_trials, search_study
    from schemas import training

    failing = training.build_model

    def build(spec, *given):
        if spec.model[1]["core"]["channels"] == [3]:
            raise ValueError("no room for three")
        return failing(spec, *given)

    monkeypatch.setattr(training, "build_model", build)
    fixed = {"fn": "standard", "config": {"fit": {"max_epochs": 1, "learning_rate": 0.03}}}
    search_study(written(tmp_path, study="failing", trainer=fixed, trials=9))
    states = {one.values["model.core.channels[0]"]: one.state.value for one in known_trials("failing")}
    assert states == {2: "done", 3: "failed", 4: "done"}


def test_an_open_trial_is_not_asked_for_again(ingested, tmp_path):
    from populate.search.study import ask, define_study, known_trials
    from schemas import experiment, search

    # Values of its own: a trial whose fit another study had computed would be done at once.
    trainer = {"fn": "standard", "config": {"fit": {"max_epochs": 1, "learning_rate": {"low": 0.2, "high": 0.3}}}}
    plan = define_study(written(tmp_path, study="open", trainer=trainer, trials=4))
    assert ask(plan, ahead=2) == 2
    assert ask(plan, ahead=2) == 0
    trials = known_trials("open")
    assert [one.state.value for one in trials] == ["open", "open"]
    before = search.Study.Trial.to_dicts()
    calls = plan.filled(trials[1].values)
    assert not search.add_trial("open", 0, calls, plan.seed, trials[1].values), "another process took the number"
    assert search.Study.Trial.to_dicts() == before
    (experiment.Experiment.Fit & {"experiment_name": "open"}).delete_quick()


def test_a_hopeless_trial_is_given_up_and_taken_up_by_nobody(ingested, tmp_path):
    from populate.search.study import ask, define_study, known_trials
    from schemas import dataset, experiment, search, training

    trainer = {"fn": "standard", "config": {"fit": {"max_epochs": 2, "learning_rate": {"low": 0.4, "high": 0.5}}}}
    strategy = {"startup_trials": 2, "warmup_epochs": 1}
    plan = define_study(written(tmp_path, study="pruned", trainer=trainer, strategy=strategy, trials=4))
    ask(plan, ahead=4)
    keys = [search.fit_key(row) for row in (search.Study.Trial & {"study_name": "pruned"}).to_dicts(order_by="trial")]
    for key, curve in zip(keys[:2], ([0.2, 0.4], [0.3, 0.4]), strict=True):
        done_before(key, curve)
    for key, curve in zip(keys[2:], ([0.1, 0.2], [0.1, 0.5]), strict=True):
        add_epochs(key, curve)

    def hopeless(key):
        return search.is_hopeless(key, training.TrainedModel)

    assert [hopeless(key) for key in keys[2:]] == [True, False]
    assert hopeless({**keys[2], "more": "of a job's key"})
    experiment.Experiment.insert1({"experiment_name": "wanted", "experiment_comment": ""})
    experiment.Experiment.Fit.insert1({"experiment_name": "wanted", **keys[2]})
    assert not hopeless(keys[2]), "somebody else wants this fit"
    (experiment.Experiment & {"experiment_name": "wanted"}).delete(prompt=False)

    assert len(training.TrainedModel().key_source & keys[2]) == 1
    search.give_up(keys[2], epoch=1)
    assert len(training.TrainedModel().key_source & keys[2]) == 0
    assert (search.PrunedTrial & {"study_name": "pruned"}).to_dicts() == [
        {"study_name": "pruned", "trial": 2, "pruned_epoch": 1}
    ]
    assert [one.state.value for one in known_trials("pruned")] == ["done", "done", "pruned", "open"]
    (experiment.Experiment.Fit & {"experiment_name": "pruned"}).delete_quick()
    (training.TrainedModel & keys[:2]).delete(prompt=False)
    assert len(dataset.Dataset())


class AtOnce(BackgroundWriter):
    """A background writer whose statements run before the fit goes on, in its thread and on its connection."""

    def send(self, statement):
        done = threading.Event()
        super().send(statement)
        super().send(lambda connection: done.set())
        assert done.wait(60)


def done_before(key, curve):
    """The row and the epochs of a fit that was done with this curve."""
    from schemas import dataset, training

    dataset.Dataset.populate({"dataset_hash": key["dataset_hash"]})
    done = {
        "fit_name": "",
        "is_null": False,
        "score": max(curve),
        "output": {},
        "parameters": 1,
        "weights_sha256": "",
        "device": "",
        "versions": {},
    }
    done |= {"fit_precision": "float32", "threads": 1, "same_bits": True}
    training.TrainedModel.insert1({**key, **done, "fit_seconds": 0.0}, allow_direct_insert=True)
    add_epochs(key, curve)


def add_epochs(key, curve):
    from schemas import fitting

    rows = [{**key, "epoch": epoch, "validation_correlation": value} for epoch, value in enumerate(curve)]
    fitting.Epoch.insert(row | {"ended": datetime.datetime(2026, 1, 1)} for row in rows)


def test_a_fit_is_given_up_while_it_runs(ingested, tmp_path, monkeypatch, caplog):
    """Two trials were far better at every epoch than a small fit can be: the third ends after its first one."""
    from populate.search.study import define_study, known_trials, search_study
    from populate.worker.worker import work
    from schemas import fitting, fleet, search, training
    from schemas.connection import server
    from schemas.monitoring import fit_listeners

    own = training.schema.connection
    monkeypatch.setattr(fit_listeners, "background_writer", lambda: AtOnce(lambda: server.own_connection(own)))
    monkeypatch.setattr(fit_listeners, "settings_in_force", lambda: dataclasses.replace(ingested, checkpoint_s=0.0))
    trainer = {"fn": "standard", "config": {"fit": {"max_epochs": 3, "learning_rate": {"choices": [0.05, 0.06, 0.07]}}}}
    strategy = {"startup_trials": 2, "warmup_epochs": 0}
    core = {"name": "stacked_2d", "channels": [3], "kernels": [3]}
    model = {"fn": "encoder", "config": {"core": core, "readout": {"name": "gaussian"}}}
    file = written(tmp_path, study="live", model=model, trainer=trainer, strategy=strategy)
    plan = define_study(file)
    for number, rate in enumerate((0.05, 0.06, 0.07)):
        values = {"trainer.fit.learning_rate": rate}
        search.add_trial("live", number, plan.filled(values), plan.seed, values)
    keys = [search.fit_key(row) for row in (search.Study.Trial & {"study_name": "live"}).to_dicts(order_by="trial")]
    for key in keys[:2]:
        done_before(key, [0.9, 0.95, 0.99])
    with caplog.at_level(logging.INFO, "dlgn"):
        assert search_study(file)["trial"] == 0
    assert [one.state.value for one in known_trials("live")] == ["done", "done", "pruned"]
    assert (search.PrunedTrial & {"study_name": "live"}).fetch1("pruned_epoch") == 0
    assert "seed=0 pruned: given up after epoch 0" in caplog.text
    assert not any(line.endswith("done") for line in caplog.messages)
    assert [row["reason"] for row in fleet.Retry.to_dicts()] == [
        "pruned: given up after epoch 0: worse than the study's other trials"
    ]
    assert [len(search.pruned_fits(training.TrainedModel) & key) for key in keys] == [0, 0, 1]
    assert shown("TrainedModel", "pruned") == len(search.pruned_fits(training.TrainedModel))
    assert len(fitting.Epoch & keys[2]) == 1
    for table in (training.TrainedModel, training.TrainedModel.jobs, fitting.Checkpoint):
        assert len(table & keys[2]) == 0
    assert not list((ingested.store / "checkpoints").glob("*"))
    assert work((training.TrainedModel,)).computed == 0, "nobody takes it up again"
    (training.TrainedModel & keys[:2]).delete(prompt=False)


def shown(table, column) -> int:
    """What ``dlgn status`` shows of a table in one column."""
    from populate.fleet.control import progress

    counts = progress().parts[0]
    place = [one.head for one in counts.columns].index(column)
    (row,) = (row for row in counts.rows if row.shown[0] == table)
    return int(row.shown[place])


def test_who_cannot_tell_whether_a_fit_is_hopeless_says_so_once(ingested, tmp_path, monkeypatch, caplog):
    from populate.search.study import define_study
    from populate.worker.worker import WorkerOptions, work
    from schemas import experiment, search, training

    trainer = {"fn": "standard", "config": {"fit": {"max_epochs": 4, "learning_rate": {"choices": [0.08, 0.09]}}}}
    core = {"name": "stacked_2d", "channels": [2], "kernels": [3]}
    model = {"fn": "encoder", "config": {"core": core, "readout": {"name": "gaussian"}}}
    plan = define_study(written(tmp_path, study="blind", model=model, trainer=trainer))
    values = {"trainer.fit.learning_rate": 0.08}
    search.add_trial("blind", 0, plan.filled(values), plan.seed, values)
    monkeypatch.setitem(sys.modules, "optuna", None)  # what Python does with a package that is not installed
    key = search.fit_key((search.Study.Trial & {"study_name": "blind"}).fetch1())
    assert work((training.TrainedModel,), WorkerOptions(f"trainer_hash = '{key['trainer_hash']}'")).computed == 1
    assert caplog.text.count("install dlgn_cnn[search]") == 1
    (experiment.Experiment & {"experiment_name": "blind"}).delete(prompt=False)


def test_a_queue_may_be_declared_by_two_at_once(ingested, monkeypatch):
    from datajoint.jobs import Job

    from schemas.declaration.database import declare_queue
    from schemas.training import TrainedModel

    before = len(TrainedModel.jobs)  # declared by now, if not before
    answers = iter([False])
    monkeypatch.setattr(Job, "is_declared", property(lambda self: next(answers, True)))
    declare_queue(Job(TrainedModel()))
    assert len(TrainedModel.jobs) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trails": 3}, "did you mean 'trials'"),
        ({"trials": -1}, "^trials is -1: expected a whole number"),
        ({"strategy": {"samplr": "tpe"}}, r"^strategy\.samplr: .*did you mean 'sampler'"),
        ({"strategy": {"sampler": "grid"}}, r"^strategy: sampler is 'grid': choose from"),
        ({"trainer": {"fn": "standard", "config": {}}, "model": STUDY["model"] | {"config": {
            "core": {"name": "stacked_2d", "channels": [2], "kernels": [3]}, "readout": {"name": "gaussian"}}}},
         "varies nothing"),
        ({"trainer": {"fn": "standard", "config": {"fit": {"max_epochs": {"low": 0, "high": 3}}}}},
         r"^trainer\.config\.fit: max_epochs"),
        ({"trainer": {"fn": "standard", "config": {"fit": {"learning_rate": {"low": 0, "high": 1, "log": True}}}}},
         r"^trainer\.fit\.learning_rate: low is 0"),
        ({"trainer": {"fn": "standard", "config": {"fit": {"learning_rat": {"low": 0.1, "high": 1}}}}},
         r"^trainer\.config\.fit\.learning_rat: .*did you mean 'learning_rate'"),
        ({"model": "encoder"}, "^model: given 'encoder', expected {fn: NAME"),
    ],
)  # fmt: skip
def test_a_wrong_study_is_refused_with_its_place_and_inserts_nothing(ingested, tmp_path, changes, message):
    from populate.search.study import define_study
    from schemas import search

    before = len(search.Study())
    with pytest.raises(ConfigError, match=message):
        define_study(written(tmp_path, study="wrong", **changes))
    assert len(search.Study()) == before


def test_a_name_stands_for_one_study(ingested, tmp_path):
    from populate.search.study import define_study

    define_study(written(tmp_path, study="named"))
    define_study(written(tmp_path, study="named", trials=7))
    with pytest.raises(ConfigError, match="another space or strategy"):
        define_study(written(tmp_path, study="named", seed=3))
