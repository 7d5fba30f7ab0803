"""``dlgn search``: a study from a YAML file; its trials are planned one by one, and computed like any other fit."""

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry import check_arguments
from dlgn_cnn.search.sampler import SearchTrial, State, Strategy, propose
from dlgn_cnn.search.space import Dimension, Values, corners, filled, space_of
from dlgn_cnn.training.checks import check_dataset, check_model, check_trainer
from dlgn_cnn.values import whole
from populate.define.define import FIT_PARTS, PlannedConfig, fixed_precision, with_sessions
from populate.define.definition_file import Call, read_call, read_yaml
from populate.worker.worker import work
from schemas import dataset, recording, search, training
from schemas.base.restriction import restrict

logger = logging.getLogger("dlgn")
PARTS = search.PARTS
KEYS = ("study", "comment", *PARTS, "seed", "trials", "strategy")


@dataclass(frozen=True)
class StudyPlan:
    """A study: its calls, with ranges and choices in them, and its number of trials."""

    name: str
    calls: Mapping[str, Call]
    seed: int
    strategy: Strategy
    trials: int

    @property
    def space(self) -> dict[str, Dimension]:
        """Every range and choice, by path."""
        return space_of({part: self.calls[part][1] for part in PARTS})

    def filled(self, values: Values) -> tuple[Call, Call, Call]:
        """The calls of dataset, model and trainer with these values."""
        one, two, three = ((self.calls[part][0], filled(self.calls[part][1], values, part)) for part in PARTS)
        return one, two, three


def search_study(path: Path, ahead: int = 1) -> dict[str, Any]:
    """Search until the study has the number of trials that its file asks for, and return the best one's row.

    Run it in one shell per worker; ``ahead`` trials are kept pending for workers that only populate. A search resumes
    from the tables.
    """
    plan = define_study(path)
    tables = (recording.Recording, dataset.Dataset, training.TrainedModel)
    while True:
        asked = ask(plan, ahead)
        did = work(tables)
        if not (did.computed or did.pruned or asked):
            break
    return best_trial(plan.name)


def define_study(path: Path) -> StudyPlan:
    """Insert the study that a YAML file describes unless it is there. Raises ConfigError, with the place."""
    plan, comment = read_study(path)
    check(plan)
    config = {part: {"fn": fn, "config": config} for part, (fn, config) in plan.calls.items()}
    search.add_study(plan.name, config | {"seed": plan.seed, "strategy": dataclasses.asdict(plan.strategy)}, comment)
    return plan


def read_study(path: Path) -> tuple[StudyPlan, str]:
    """The plan in a YAML file, and its comment. Raises ConfigError."""
    text = read_yaml(path, "study", KEYS, ("study", *PARTS, "trials"))
    calls = {part: read_call(text[part], part) for part in PARTS}
    calls["dataset"] = (calls["dataset"][0], with_sessions(calls["dataset"][1]))
    seed, trials = whole("seed", text.get("seed", 0)), whole("trials", text["trials"])
    with within("strategy"):
        chosen = text.get("strategy") or {}
        check_arguments(Strategy, chosen, "a strategy")
        strategy = Strategy(**chosen)
    return StudyPlan(text["study"], calls, seed, strategy, trials), str(text.get("comment") or "")


def check(plan: StudyPlan) -> None:
    """Refuse a study that varies nothing, or has a value that a component does not take. Raises ConfigError."""
    if not plan.space:
        raise ConfigError(f"study {plan.name!r} varies nothing: write {{low: 0.001, high: 0.01, log: true}} or choices")
    for values in corners(plan.space):
        one, two, three = plan.filled(values)
        with within("dataset"):
            foreseen = check_dataset(one)
        with within("model"):
            check_model(two, foreseen)
        with within("trainer"):
            check_trainer(three)


def ask(plan: StudyPlan, ahead: int = 1) -> int:
    """Plan trials until ``ahead`` of them are pending, or all exist; the number of new ones is returned."""
    asked = 0
    while True:
        trials = known_trials(plan.name)
        reserved = _numbers(plan.name, training.TrainedModel.jobs.reserved)
        waiting = [one for one in trials if one.state is State.OPEN and one.number not in reserved]
        enough = len(waiting) >= ahead or len(trials) >= plan.trials
        values = None if enough else propose(plan.space, trials, plan.strategy)
        if values is None:
            return asked
        calls = plan.filled(values)
        entries = {part: [PlannedConfig(part, part, *call)] for part, call in zip(FIT_PARTS, calls, strict=True)}
        fixed_precision(plan.name, entries)  # refuses a fit that is planned or done elsewhere in another precision
        if search.add_trial(plan.name, len(trials), calls, plan.seed, values):
            logger.info("trial %d: %s", len(trials), ", ".join(f"{path} {value}" for path, value in values.items()))
            asked += 1


def known_trials(name: str) -> list[SearchTrial]:
    """The trials of a study in order; those whose fit failed are marked."""
    trials, failed = search.history(name, training.TrainedModel), _numbers(name, training.TrainedModel.jobs.errors)
    return [
        dataclasses.replace(one, state=State.FAILED) if one.state is State.OPEN and one.number in failed else one
        for one in trials
    ]


def best_trial(name: str) -> dict[str, Any]:
    """The best trial's row, with its score: one query. Raises ConfigError where none is done."""
    done = restrict(search.Study.Trial * training.TrainedModel.proj("score"), {"study_name": name})
    best = done.to_dicts(order_by="score DESC, trial", limit=1)
    if not best:
        raise ConfigError(f"study {name!r} has no trial that is done: run dlgn search, or see dlgn status")
    return dict(best[0])


def _numbers(name: str, jobs: Any) -> set[int]:
    """The trials of a study whose fit is among these jobs."""
    trials = restrict(search.Study.Trial(), {"study_name": name})
    return set(trials.restrict(jobs.proj(), semantic_check=False).to_arrays("trial").tolist())
