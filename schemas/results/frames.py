"""Views of results as queries and as DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datajoint.heading import Heading

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from schemas.base.keys import FIT
from schemas.base.relational import FreeTable
from schemas.base.restriction import restrict
from schemas.connection.in_force import settings_in_force
from schemas.declaration.modules import VIEW_NAMES, VIEW_SCHEMA
from schemas.declaration.view_sql import KEYS
from schemas.experiment import Experiment

if TYPE_CHECKING:
    import pandas as pd


def view(name: str, nulls: bool = False) -> Any:
    """A view as a query, to restrict and fetch like a table.

    Parameters
    ----------
    name : str
        One of ``schemas.declaration.modules.VIEW_NAMES``.
    nulls : bool, default False
        Whether to keep fits to shuffled light.

    Returns
    -------
    QueryExpression
        Its rows.

    Raises
    ------
    ConfigError
        For another name.
    """
    if name not in VIEW_NAMES:
        raise ConfigError(f"there is no view {name!r}: {nearest(name, VIEW_NAMES)}")
    connection, schema = Experiment.connection, f"{settings_in_force().prefix}{VIEW_SCHEMA}"
    found = FreeTable(connection, connection.adapter.make_full_table_name(schema, name))
    # Of a view, a database knows neither the key, which DataJoint needs to count and to sort, nor whose columns it has.
    fit = Experiment.Fit().heading.attributes
    found._heading = Heading(
        one.todict() | {"in_key": one.name in KEYS[name], "lineage": fit[one.name].lineage if one.name in FIT else None}
        for one in found.heading.attributes.values()
    )
    return found if nulls or "is_null" not in found.heading.names else found & "NOT is_null"


def of_experiment(rows: Any, name: str) -> Any:
    """The rows of a view that belong to the fits of an experiment. Raises ConfigError for one that is not defined."""
    if not restrict(Experiment(), {"experiment_name": name}):
        known = list(map(str, Experiment.to_arrays("experiment_name")))
        raise ConfigError(f"experiment {name!r}: {nearest(name, known) if known else 'none is defined'}")
    return rows & restrict(Experiment.Fit(), {"experiment_name": name})


def fits(experiment: str | None = None, nulls: bool = False) -> pd.DataFrame:
    """Every fit with its validation ``score`` and its ``mean_correlation`` in the test tier, NaN until it is scored.

    Parameters
    ----------
    experiment : str, optional
        Only its fits (default: all).
    nulls : bool, default False
        Whether to keep fits to shuffled light.

    Returns
    -------
    DataFrame
        A row a fit.

    Raises
    ------
    ConfigError
        For an experiment that is not defined.
    """
    return _frame("fits", experiment, nulls)


def units(experiment: str | None = None, nulls: bool = False) -> pd.DataFrame:
    """Every unit of every scored fit: test scores, effect of the light, MEIs and their contrast.

    Parameters
    ----------
    experiment : str, optional
        Only units of its fits (default: all).
    nulls : bool, default False
        Whether to keep fits to shuffled light.

    Returns
    -------
    DataFrame
        A row a unit and fit; NaN is what is undefined or not computed yet. ``clip_*`` and ``extent_*`` compare the MEIs
        of both conditions with the strongest null that there is, which ``strongest_null`` names.

    Raises
    ------
    ConfigError
        For an experiment that is not defined.
    """
    return _frame("units", experiment, nulls)


def meis(experiment: str | None = None, nulls: bool = False) -> pd.DataFrame:
    """Every MEI, without its array: unit, condition, start, predicted rates, norm.

    Parameters
    ----------
    experiment : str, optional
        Only MEIs of its fits (default: all).
    nulls : bool, default False
        Whether to keep fits to shuffled light.

    Returns
    -------
    DataFrame
        A row a stimulus.

    Raises
    ------
    ConfigError
        For an experiment that is not defined.
    """
    return _frame("meis", experiment, nulls)


def contrasts(experiment: str | None = None, nulls: bool = False) -> pd.DataFrame:
    """Every distance between a unit's MEIs of both conditions, in each view, against the strongest null.

    Parameters
    ----------
    experiment : str, optional
        Only those of its fits (default: all).
    nulls : bool, default False
        Whether to keep fits to shuffled light.

    Returns
    -------
    DataFrame
        A row a unit, MEI config and view.

    Raises
    ------
    ConfigError
        For an experiment that is not defined.
    """
    return _frame("contrasts", experiment, nulls)


def _frame(name: str, experiment: str | None, nulls: bool) -> pd.DataFrame:
    import pandas as pd

    rows = view(name, nulls)
    chosen = rows if experiment is None else of_experiment(rows, experiment)
    types = {one.name: float for one in chosen.heading.attributes.values() if one.type.startswith("double")}
    return pd.DataFrame(chosen.to_dicts(), columns=list(chosen.heading.names)).astype(types | {"is_null": bool})
