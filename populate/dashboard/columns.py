"""Columns of leaderboards: scores of fits or of their units, and any value of their configs."""

from dataclasses import dataclass
from typing import Any

from schemas import dataset, evaluation, mei_contrast, model, trainer, training
from schemas.base import keys
from schemas.base.keys import FIT

UNIT = (*FIT, *keys.UNIT)
CONFIGS: dict[str, Any] = {
    "model": model.ModelConfig,
    "trainer": trainer.TrainerConfig,
    "dataset": dataset.DatasetConfig,
}
NUMBERS = {"int", "float"}


@dataclass(frozen=True)
class Join:
    """A join: SQL of a table, the columns it is joined by, and a further condition; ``{}`` is its alias."""

    table: str
    by: tuple[str, ...]
    where: str = ""
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class LeaderboardColumn:
    """One column of a leaderboard.

    Parameters
    ----------
    name : str
        Its name in a URL.
    label : str
        Its heading.
    source : str, default "b"
        Alias of the join that has it; ``b`` is the base of the view.
    meaning : str, default ""
        Explanation, shown as a tooltip.
    form : str, default ".3f"
        Format of numbers, as in d3.
    width : int, default 120
        Pixels.
    number : bool, default True
        Whether it holds numbers.
    sql : str, default ""
        Its expression, if not the column ``name`` of ``source``.
    """

    name: str
    label: str
    source: str = "b"
    meaning: str = ""
    form: str = ".3f"
    width: int = 120
    number: bool = True
    sql: str = ""

    @property
    def expression(self) -> str:
        """Its expression in SQL."""
        return self.sql or f"{self.source}.{self.name}"


@dataclass(frozen=True)
class View:
    """A leaderboard: the rows of ``base``, each named by ``key``, and their columns."""

    name: str
    base: str
    key: tuple[str, ...]
    columns: dict[str, LeaderboardColumn]
    sources: dict[str, Join]
    shown: tuple[str, ...]
    order: str


def fits_view() -> View:
    """A row a fit."""
    shared, sources = _shared()
    columns = [
        LeaderboardColumn("mean_correlation", "test r", "s", "Pearson, single trials, mean over units"),
        LeaderboardColumn("score", "validation r", meaning="score that the trainer returned: mean over units"),
        *shared,
        LeaderboardColumn("seed", "seed", "b", "of weights and batches", "d", 80),
        LeaderboardColumn("parameters", "parameters", "b", "of the model", ",d", 110),
        LeaderboardColumn("fit_seconds", "fit (s)", "b", "wall-clock time of the fit", ".0f", 90),
        LeaderboardColumn("device", "device", meaning="that it was fitted on", number=False),
    ]
    sources["s"] = Join(_name(evaluation.Score), FIT)
    shown = ("mean_correlation", "score", "model_fn", "seed", "parameters", "fit_seconds")
    return View("fits", _name(training.TrainedModel), FIT, _named(columns), sources, shown, "mean_correlation")


def units_view() -> View:
    """A row a unit of a scored fit."""
    shared, sources = _shared()
    omi, meis = "(on - off) / (on + off)", "MEIs of both conditions, against the strongest null"
    columns = [
        LeaderboardColumn("correlation", "test r", meaning="Pearson, single trials"),
        LeaderboardColumn("normalized_correlation", "normalized r", "c", "of the average of repeats over its ceiling"),
        LeaderboardColumn("bits_per_spike", "bits/spike", "c", "over the mean rate of training"),
        LeaderboardColumn("data_omi", "OMI data", "f", omi, "+.3f"),
        LeaderboardColumn("data_omi_q", "OMI q", "f", "false-discovery rate over the fit's units", ".2g"),
        LeaderboardColumn("model_omi", "OMI model", "f", omi, "+.3f"),
        LeaderboardColumn("clip_effect", "MEI effect (s.d.)", "mc", f"distance of the {meis}", "+.2f", 140),
        LeaderboardColumn("clip_q", "MEI q", "mc", f"distance of the {meis}", ".2g"),
        LeaderboardColumn("extent_effect", "size effect (s.d.)", "me", f"size of the {meis}", "+.2f", 140),
        LeaderboardColumn("extent_q", "size q", "me", f"size of the {meis}", ".2g"),
        LeaderboardColumn("mouse", "mouse", width=190, number=False),
        LeaderboardColumn("series", "series", form="d", width=80),
        LeaderboardColumn("experiment", "experiment", "b", "of the session", "d", 110),
        LeaderboardColumn("unit", "unit", form="d", width=80),
        *shared,
        LeaderboardColumn("seed", "seed", "b", "of weights and batches", "d", 80),
    ]
    sources |= {
        "c": Join(_name(evaluation.Score.Condition), UNIT, "{}.tier = 'test' AND {}.opto_condition = 'all'"),
        "f": Join(_name(evaluation.FeedbackModulation.Unit), UNIT),
        "mc": Join(_feedback_contrast("clip"), UNIT),
        "me": Join(_feedback_contrast("extent"), UNIT),
    }
    shown = ("correlation", "normalized_correlation", "data_omi", "data_omi_q", "model_omi", "model_fn", "seed")
    return View("units", _name(evaluation.Score.Unit), UNIT, _named(columns), sources, shown, "correlation")


def leaf_column(path: str, kinds: set[str], number: int) -> tuple[LeaderboardColumn, Join]:
    """The column of a value of a config.

    Parameters
    ----------
    path : str
        Kind of config and path within it, as ``model.core.kernels[0]``.
    kinds : set of str
        The types of its values.
    number : int
        Number of the join, which makes its alias.

    Returns
    -------
    tuple of LeaderboardColumn and Join
        The column, and the join that has it.
    """
    kind, _, leaf = path.partition(".")
    alias, numeric = f"l{number}", kinds - {"null"} <= NUMBERS
    # A string is stored as JSON: its quotation marks are not part of it.
    sql = f"{alias}.number" if numeric else f"TRIM(BOTH '\"' FROM {alias}.value)"
    width = max(110, 9 * len(leaf) + 40)
    column = LeaderboardColumn(path, leaf, alias, f"{kind} config", "~g", width, numeric, sql)
    return column, Join(_name(CONFIGS[kind].Leaf), (f"{kind}_hash",), "{}.path = %s", (leaf,))


def _shared() -> tuple[list[LeaderboardColumn], dict[str, Join]]:
    functions = [
        LeaderboardColumn(f"{kind}_fn", kind, f"{kind[0]}k", f"function of the {kind}", number=False)
        for kind in CONFIGS
    ]
    hashes = [
        LeaderboardColumn(f"{kind}_hash", f"{kind} hash", "b", f"of the {kind} config", width=140, number=False)
        for kind in CONFIGS
    ]
    joins = {f"{kind[0]}k": Join(_name(table), (f"{kind}_hash",)) for kind, table in CONFIGS.items()}
    return functions + hashes, joins


def _feedback_contrast(view: str) -> str:
    """The clearest feedback contrast of each unit over MEI configs, against the strongest null that there is."""
    columns = ", ".join(UNIT)
    table = _name(mei_contrast.MEIContrast.Distance)
    found = f"MAX(effect) AS {view}_effect, MIN(q) AS {view}_q"
    return f"(SELECT {columns}, {found} FROM {table} WHERE view = '{view}' AND strongest GROUP BY {columns})"


def _named(columns: list[LeaderboardColumn]) -> dict[str, LeaderboardColumn]:
    return {column.name: column for column in columns}


def _name(table: Any) -> str:
    return str(table().full_table_name)
