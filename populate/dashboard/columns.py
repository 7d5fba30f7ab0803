"""What a leaderboard can show: figures of fits or of their units, and any value of their configs."""

from dataclasses import dataclass
from typing import Any

from schemas import dataset, evaluation, mei_contrast, model, trainer, training

FIT = ("dataset_hash", "model_hash", "trainer_hash", "seed")
UNIT = (*FIT, "mouse", "series", "experiment", "unit")
CONFIGS: dict[str, Any] = {
    "model": model.ModelConfig,
    "trainer": trainer.TrainerConfig,
    "dataset": dataset.DatasetConfig,
}
NUMBERS = {"int", "float"}


@dataclass(frozen=True)
class Join:
    """Something to join: SQL of a table, the columns it is joined by, and what else must hold; ``{}`` is its alias."""

    table: str
    by: tuple[str, ...]
    where: str = ""
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class LeaderboardColumn:
    """One column: what it says, in SQL, of which source (``b`` is the base), and what it means."""

    name: str
    label: str
    expression: str
    source: str = "b"
    number: bool = True
    meaning: str = ""
    form: str = ".3f"
    width: int = 120


@dataclass(frozen=True)
class View:
    """A leaderboard: the rows of ``base``, each named by ``key``, and what there is to say of them."""

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
        LeaderboardColumn(
            "mean_correlation", "test r", "s.mean_correlation", "s", True, "Pearson, single trials, mean over units"
        ),
        LeaderboardColumn("score", "validation r", "b.score", "b", True, "what the trainer returned: mean over units"),
        *shared,
        LeaderboardColumn("seed", "seed", "b.seed", "b", True, "of weights and batches", "d", 80),
        LeaderboardColumn("parameters", "parameters", "b.parameters", "b", True, "of the model", ",d", 110),
        LeaderboardColumn(
            "fit_seconds", "fit (s)", "b.fit_seconds", "b", True, "wall-clock time of the fit", ".0f", 90
        ),
        LeaderboardColumn("device", "device", "b.device", "b", False, "that it was fitted on", width=120),
    ]
    sources["s"] = Join(_name(evaluation.Score), FIT)
    shown = ("mean_correlation", "score", "model_fn", "seed", "parameters", "fit_seconds")
    return View("fits", _name(training.TrainedModel), FIT, _named(columns), sources, shown, "mean_correlation")


def units_view() -> View:
    """A row a unit of a scored fit."""
    shared, sources = _shared()
    columns = [
        LeaderboardColumn("correlation", "test r", "b.correlation", "b", True, "Pearson, single trials"),
        *_unit_figures(),
        LeaderboardColumn("mouse", "mouse", "b.mouse", "b", False, width=190),
        LeaderboardColumn("series", "series", "b.series", "b", True, "", "d", 80),
        LeaderboardColumn("experiment", "experiment", "b.experiment", "b", True, "of the session", "d", 110),
        LeaderboardColumn("unit", "unit", "b.unit", "b", True, "", "d", 80),
        *shared,
        LeaderboardColumn("seed", "seed", "b.seed", "b", True, "of weights and batches", "d", 80),
    ]
    sources |= {
        "c": Join(_name(evaluation.Score.Condition), UNIT, "{}.tier = 'test' AND {}.opto_condition = 'all'"),
        "f": Join(_name(evaluation.FeedbackModulation.Unit), UNIT),
        "mc": Join(_contrast("clip"), UNIT),
        "me": Join(_contrast("extent"), UNIT),
    }
    shown = ("correlation", "normalized_correlation", "data_omi", "data_omi_q", "model_omi", "model_fn", "seed")
    return View("units", _name(evaluation.Score.Unit), UNIT, _named(columns), sources, shown, "correlation")


def leaf_column(path: str, kinds: set[str], number: int) -> tuple[LeaderboardColumn, Join]:
    """The column of a config's value, and what it is joined by. ``path`` is "model:core.kernels.0"."""
    kind, _, leaf = path.partition(":")
    alias, numeric = f"l{number}", kinds - {"null"} <= NUMBERS
    # A string is stored as JSON: its quotation marks are not part of it.
    expression = f"{alias}.number" if numeric else f"TRIM(BOTH '\"' FROM {alias}.value)"
    column = LeaderboardColumn(
        path, leaf, expression, alias, numeric, f"{kind} config", "~g", max(110, 9 * len(leaf) + 40)
    )
    table = _name(CONFIGS[kind].Leaf)
    return column, Join(table, (f"{kind}_hash",), "{}.path = %s", (leaf,))


def _unit_figures() -> list[LeaderboardColumn]:
    whole, clip = "of the average of repeats over its ceiling", "MEIs of both lights, strongest null that there is"
    return [
        LeaderboardColumn("normalized_correlation", "normalized r", "c.normalized_correlation", "c", True, whole),
        LeaderboardColumn(
            "bits_per_spike", "bits/spike", "c.bits_per_spike", "c", True, "over the mean rate of training"
        ),
        LeaderboardColumn("data_omi", "OMI data", "f.data_omi", "f", True, "(on - off) / (on + off)", "+.3f"),
        LeaderboardColumn(
            "data_omi_q", "OMI q", "f.data_omi_q", "f", True, "false-discovery rate over the fit's units", ".2g"
        ),
        LeaderboardColumn("model_omi", "OMI model", "f.model_omi", "f", True, "(on - off) / (on + off)", "+.3f"),
        LeaderboardColumn(
            "clip_effect", "MEI effect (s.d.)", "mc.effect", "mc", True, f"distance of the {clip}", "+.2f", 140
        ),
        LeaderboardColumn("clip_q", "MEI q", "mc.q", "mc", True, f"distance of the {clip}", ".2g"),
        LeaderboardColumn(
            "extent_effect", "size effect (s.d.)", "me.effect", "me", True, f"size of the {clip}", "+.2f", 140
        ),
        LeaderboardColumn("extent_q", "size q", "me.q", "me", True, f"size of the {clip}", ".2g"),
    ]


def _shared() -> tuple[list[LeaderboardColumn], dict[str, Join]]:
    columns = [
        LeaderboardColumn(f"{kind}_fn", kind, f"{kind[0]}k.{kind}_fn", f"{kind[0]}k", False, f"function of the {kind}")
        for kind in CONFIGS
    ]
    columns += [
        LeaderboardColumn(
            f"{kind}_hash", f"{kind} hash", f"b.{kind}_hash", "b", False, f"of the {kind} config", width=140
        )
        for kind in CONFIGS
    ]
    return columns, {f"{kind[0]}k": Join(_name(table), (f"{kind}_hash",)) for kind, table in CONFIGS.items()}


def _contrast(view: str) -> str:
    """The clearest contrast of each unit over MEI configs, against the strongest null that there is."""
    keys = ", ".join(UNIT)
    table = _name(mei_contrast.MEIContrast.Distance)
    best = f"SELECT {keys}, MAX(effect) AS effect, MIN(q) AS q FROM {table} WHERE view = '{view}' AND strongest"
    return f"({best} GROUP BY {keys})"


def _named(columns: list[LeaderboardColumn]) -> dict[str, LeaderboardColumn]:
    return {column.name: column for column in columns}


def _name(table: Any) -> str:
    return str(table().full_table_name)
