"""Searches: a study and its trials as rows, each trial a fit of hashed configs that any worker computes."""

from collections.abc import Mapping
from typing import Any

import datajoint as dj

from dlgn_cnn.config import config_hash
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.search.sampler import SearchTrial, State, Strategy, hopeless
from dlgn_cnn.search.space import space_of
from schemas import dataset, experiment, fitting, model, trainer
from schemas.base.hashed_config import transaction
from schemas.base.keys import FIT, Key, Row, fit_key
from schemas.base.restriction import restrict

schema = dj.Schema()
Call = tuple[str, dict[str, Any]]
PARTS = ("dataset", "model", "trainer")


@schema
class Study(dj.Manual):
    """A search for the best config: what may vary, and by which strategy."""

    definition = """
    # search for the best config
    study_name : varchar(64)
    ---
    study_config : json  # calls of dataset, model and trainer with ranges and choices in them; seed; strategy
    study_hash : char(32)
    study_comment="" : varchar(256)
    """

    class Trial(dj.Part):
        """One set of values; its fit is in ``TrainedModel`` once it is done, its epochs in ``Epoch`` meanwhile."""

        definition = """
        -> master
        trial : int32  # from 0, in the order in which they were asked for
        ---
        -> dataset.DatasetConfig
        -> model.ModelConfig
        -> trainer.TrainerConfig
        -> trainer.Seed
        trial_values : json  # by path, as model.recurrent.channels
        """


@schema
class PrunedTrial(dj.Manual):
    """A trial that was given up, since its first epochs were worse than those of others."""

    definition = """
    # trial given up early
    -> Study.Trial
    ---
    pruned_epoch : int32  # the last one that was run, from 0
    """


def add_study(name: str, config: Mapping[str, Any], comment: str = "") -> None:
    """Insert a study, with an experiment of its name, unless it is there.

    Parameters
    ----------
    name : str
        Name of the study and of its experiment.
    config : mapping
        Calls of dataset, model and trainer with ranges and choices; seed; strategy.
    comment : str
        Kept with both.

    Raises
    ------
    ConfigError
        If another study or an experiment has this name.
    """
    digest = config_hash("study", config)
    found = restrict(Study(), {"study_name": name}).to_arrays("study_hash")
    if len(found) and found[0] != digest:
        raise ConfigError(f"study {name!r} was defined with another space or strategy: give this one another name")
    if len(found):
        return
    if restrict(experiment.Experiment(), {"experiment_name": name}):
        raise ConfigError(f"study {name!r}: there is an experiment of this name: give the study another")
    with transaction(Study.connection):
        Study.insert1(
            {"study_name": name, "study_config": dict(config), "study_hash": digest, "study_comment": comment}
        )
        row = {"experiment_name": name, "experiment_comment": comment}
        experiment.Experiment.insert1(row | {"auto_precision": experiment.native_precision()})


def add_trial(name: str, number: int, calls: tuple[Call, Call, Call], seed: int, values: Mapping[str, Any]) -> bool:
    """Insert a trial and its fit, which workers then compute.

    Parameters
    ----------
    name : str
        Name of the study.
    number : int
        Number of the trial, from 0.
    calls : tuple of (str, dict)
        Function and config of dataset, model and trainer.
    seed : int
        Seed of the fit.
    values : mapping
        The values that the trial tries, by path.

    Returns
    -------
    bool
        False if another process took this number first; nothing is inserted then.
    """
    tables = (dataset.DatasetConfig, model.ModelConfig, trainer.TrainerConfig)
    try:
        with transaction(Study.connection):
            trainer.Seed.insert1({"seed": seed}, skip_duplicates=True)
            key: Row = {"seed": seed}
            for table, call in zip(tables, calls, strict=True):
                key |= table.add(*call)
            Study.Trial.insert1({"study_name": name, "trial": number, **key, "trial_values": dict(values)})
            experiment.Experiment.Fit.insert1({"experiment_name": name, **key}, skip_duplicates=True)
    except dj.errors.DuplicateError:
        return False
    return True


def history(name: str, fitted: Any, connection: Any = None) -> list[SearchTrial]:
    """Fetch the trials of a study in order, each with its score, or those of its epochs so far.

    Parameters
    ----------
    name : str
        Name of the study.
    fitted : Table
        ``TrainedModel``.
    connection : Connection, optional
        A thread's own (default: the tables').

    Returns
    -------
    list of SearchTrial
        One a trial.
    """
    trials = _by(connection, Study.Trial) & {"study_name": name}
    fits = trials.proj(*FIT)
    scores = {row["trial"]: row["score"] for row in (fits * _by(connection, fitted).proj("score")).to_dicts()}
    epochs = (fits * _by(connection, fitting.Epoch).proj("validation_correlation")).to_dicts(order_by="trial, epoch")
    pruned = set((_by(connection, PrunedTrial) & {"study_name": name}).to_arrays("trial").tolist())
    curves, found = _curves(epochs), []
    for row in trials.to_dicts(order_by="trial"):
        number = row["trial"]
        state = State.DONE if number in scores else State.PRUNED if number in pruned else State.OPEN
        found.append(SearchTrial(number, row["trial_values"], state, scores.get(number), curves.get(number, ())))
    return found


def is_hopeless(key: Key, fitted: Any, connection: Any = None) -> bool:
    """Whether to give up a fit under way: only studies ask for it, and each would give it up by its epochs so far.

    Arguments are as for ``history``.
    """
    fit = fit_key(key)
    asking = set((_by(connection, experiment.Experiment.Fit) & fit).to_arrays("experiment_name"))
    mine = [row for row in (_by(connection, Study.Trial) & fit).to_dicts() if row["study_name"] in asking]
    if not mine or asking - {row["study_name"] for row in mine}:
        return False
    return all(_gives_up(row, history(row["study_name"], fitted, connection), connection) for row in mine)


def give_up(key: Key, epoch: int) -> None:
    """Note that the trials of a fit ended at ``epoch``, and ask for the fit no longer, so that no worker takes it."""
    fit = fit_key(key)
    with transaction(Study.connection):
        for row in (Study.Trial & fit).to_dicts():
            trial = {"study_name": row["study_name"], "trial": row["trial"]}
            PrunedTrial.insert1({**trial, "pruned_epoch": epoch}, skip_duplicates=True)
            (experiment.Experiment.Fit & fit & {"experiment_name": row["study_name"]}).delete_quick()


def pruned_fits(fitted: Any) -> Any:
    """The fits that were given up and are not in ``fitted``, the table of trained models: a query, a row a fit."""
    return (dj.U(*FIT) & (Study.Trial * PrunedTrial).proj(*FIT)) - fitted.proj()


def _gives_up(row: Row, trials: list[SearchTrial], connection: Any) -> bool:
    config = (_by(connection, Study) & {"study_name": row["study_name"]}).fetch1("study_config")
    space = space_of({part: config[part]["config"] for part in PARTS})
    own = next(one for one in trials if one.number == row["trial"])
    return hopeless(space, own, trials, Strategy(**config["strategy"]))


def _curves(rows: list[dict[str, Any]]) -> dict[int, list[float]]:
    """The score of each epoch by trial, from the first one to the last before one that a trainer told nothing of."""
    found: dict[int, list[float]] = {}
    for row in rows:
        curve = found.setdefault(row["trial"], [])
        if row["epoch"] == len(curve) and row["validation_correlation"] is not None:
            curve.append(row["validation_correlation"])
    return found


def _by(connection: Any, table: Any) -> Any:
    return table() if connection is None else dj.FreeTable(connection, table().full_table_name)
