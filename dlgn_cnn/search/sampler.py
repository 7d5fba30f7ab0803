"""Next values to try, and trials to give up: Optuna's samplers and pruners, fed from a list of trials.

Nothing is kept between calls: a study is rebuilt from its trials each time, so that any process can continue it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from dlgn_cnn.config import canonical_json
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.search.space import Choices, Dimension, size
from dlgn_cnn.values import choice, whole

SAMPLERS = ("tpe", "random")
PRUNERS = ("median", "none")
ATTEMPTS = 200
SURE = 10


class State(Enum):
    """State of a trial."""

    OPEN = "open"
    DONE = "done"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True)
class SearchTrial:
    """One set of values, by path, and what is known of it: ``score`` once it is done, ``epoch_scores`` meanwhile.

    Higher is better; of the epochs so far the best one counts.
    """

    number: int
    values: Mapping[str, Any]
    state: State = State.OPEN
    score: float | None = None
    epoch_scores: Sequence[float] = field(default_factory=tuple)


@dataclass(frozen=True)
class Strategy:
    """How to search.

    Parameters
    ----------
    sampler : {"tpe", "random"}, default "tpe"
        ``tpe`` is the tree-structured Parzen estimator (Bergstra et al. 2011).
    pruner : {"median", "none"}, default "median"
        ``median`` gives a trial up whose best score so far is below the median of the others' at the same epoch
        (Golovin et al. 2017).
    startup_trials : int, default 8
        Trials whose values are drawn at random; so many others must be done before one is given up.
    warmup_epochs : int, default 3
        Epochs before which no trial is given up.
    seed : int, default 0
        Seed of the draws.

    Raises
    ------
    ConfigError
        If an option has a value that it cannot have.
    """

    sampler: str = "tpe"
    pruner: str = "median"
    startup_trials: int = 8
    warmup_epochs: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        choice("sampler", self.sampler, SAMPLERS)
        choice("pruner", self.pruner, PRUNERS)
        for name in ("startup_trials", "warmup_epochs", "seed"):
            whole(name, getattr(self, name))


def propose(space: Mapping[str, Dimension], trials: Sequence[SearchTrial], strategy: Strategy) -> dict[str, Any] | None:
    """Return values of the next trial, which follow from the space, the trials and the strategy alone.

    Open trials count as poor ones, so that workers who ask at the same time try different values.

    Parameters
    ----------
    space : mapping of str to Dimension
        Ranges and choices by path.
    trials : sequence of SearchTrial
        All trials so far.
    strategy : Strategy
        How to search.

    Returns
    -------
    dict or None
        Values by path, none that was tried before; None if all have been, or no new ones are found.
    """
    tried = {canonical_json(dict(trial.values)) for trial in trials}
    for attempt in range(ATTEMPTS if len(tried) < size(space) else 0):
        # A sampler that is sure of the best asks for it again and again.
        if attempt == SURE:
            strategy = replace(strategy, sampler="random")
        study = _study(space, trials, strategy, len(trials) * ATTEMPTS + attempt)
        asked = study.ask(_distributions(space))
        values = {path: _value(one, asked.params[path]) for path, one in space.items()}
        if canonical_json(values) not in tried:
            return values
    return None


def hopeless(
    space: Mapping[str, Dimension], trial: SearchTrial, others: Sequence[SearchTrial], strategy: Strategy
) -> bool:
    """Decide whether to give up an open trial, from its epochs so far.

    Parameters
    ----------
    space : mapping of str to Dimension
        Ranges and choices by path.
    trial : SearchTrial
        The open trial.
    others : sequence of SearchTrial
        All trials.
    strategy : Strategy
        How to search.

    Returns
    -------
    bool
        Whether the pruner would stop it.
    """
    if strategy.pruner == "none" or not trial.epoch_scores:
        return False
    study = _study(space, [one for one in others if one.number != trial.number], strategy, 0)
    return bool(study.pruner.prune(study, _frozen(space, trial)))


def _study(space: Mapping[str, Dimension], trials: Sequence[SearchTrial], strategy: Strategy, draw: int) -> Any:
    optuna = _optuna()
    seed = (strategy.seed * 1_000_003 + draw) % 2**32
    sampler = (
        optuna.samplers.RandomSampler(seed=seed)
        if strategy.sampler == "random"
        else optuna.samplers.TPESampler(seed=seed, n_startup_trials=strategy.startup_trials)
    )
    pruner = optuna.pruners.MedianPruner(strategy.startup_trials, strategy.warmup_epochs)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    for trial in sorted(trials, key=lambda one: one.number):
        study.add_trial(_frozen(space, trial))
    return study


def _frozen(space: Mapping[str, Dimension], trial: SearchTrial) -> Any:
    optuna = _optuna()
    states = optuna.trial.TrialState
    known = {State.DONE: states.COMPLETE, State.PRUNED: states.PRUNED, State.FAILED: states.FAIL}
    labeled = {path: canonical_json(trial.values[path]) for path, one in space.items() if isinstance(one, Choices)}
    return optuna.trial.create_trial(
        state=known.get(trial.state, states.RUNNING),
        value=trial.score if trial.state is State.DONE else None,
        params=dict(trial.values) | labeled,
        distributions=_distributions(space),
        intermediate_values=dict(enumerate(trial.epoch_scores)),
    )


def _distributions(space: Mapping[str, Dimension]) -> dict[str, Any]:
    kinds = _optuna().distributions
    return {
        path: kinds.CategoricalDistribution(list(one.labels))
        if isinstance(one, Choices)
        else (kinds.IntDistribution if one.whole else kinds.FloatDistribution)(one.low, one.high, log=one.log)
        for path, one in space.items()
    }


def _value(dimension: Dimension, found: Any) -> Any:
    return dimension.labels[found] if isinstance(dimension, Choices) else found


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ConfigError("searching needs Optuna: install dlgn_cnn[search]") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
