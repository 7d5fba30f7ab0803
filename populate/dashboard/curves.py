"""Learning curves as the database has them: whole once, then only the epochs that are new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from dash import Patch
from plotly.subplots import make_subplots

from dlgn_cnn.plots.curves import QUANTITIES
from dlgn_cnn.plots.style import SERIES
from populate.dashboard.places import FitKey
from populate.dashboard.reading import Reader
from schemas import fitting

SHOWN = ("loss", "validation_correlation")
Cursor = dict[str, int]


@dataclass(frozen=True)
class Epochs:
    """A fit's epochs from some one on: their numbers, and a list a quantity."""

    numbers: list[int]
    values: Mapping[str, list[float | None]]
    newest: int  # of all its epochs, -1 before the first


def epochs_after(reader: Reader, fit: FitKey, last: int) -> Epochs:
    """The epochs of a fit after ``last``; the database is asked for no other."""
    name = fitting.Epoch().full_table_name
    where = " AND ".join(f"{column} = %s" for column in fit.key)
    columns = ", ".join(("epoch", *SHOWN))
    given = tuple(fit.key.values())
    rows = reader.rows(f"SELECT {columns} FROM {name} WHERE {where} AND epoch > %s ORDER BY epoch", (*given, last))
    newest = rows[-1][0] if rows else None
    if newest is None:
        newest = reader.rows(f"SELECT MAX(epoch) FROM {name} WHERE {where}", given)[0][0]
    numbers = [int(row[0]) for row in rows]
    values = {quantity: [row[place] for row in rows] for place, quantity in enumerate(SHOWN, 1)}
    return Epochs(numbers, values, -1 if newest is None else int(newest))


def whole(reader: Reader, fits: Sequence[FitKey]) -> tuple[go.Figure, Cursor]:
    """A figure of all epochs of these fits, a panel a quantity, and the last epoch of each."""
    figure = make_subplots(1, len(SHOWN), horizontal_spacing=0.09)
    cursor: Cursor = {}
    for index, fit in enumerate(fits):
        found = epochs_after(reader, fit, -1)
        cursor[fit.path] = found.newest
        for place, quantity in enumerate(SHOWN, 1):
            line = {"color": SERIES[index % len(SERIES)], "width": 2}
            figure.add_scatter(
                **{"x": found.numbers, "y": found.values[quantity], "name": fit.name, "legendgroup": fit.path},
                **{"line": line, "mode": "lines+markers", "marker": {"size": 4}, "showlegend": place == 1},
                row=1,
                col=place,
            )
    for place, quantity in enumerate(SHOWN, 1):
        figure.update_xaxes(title={"text": "epoch", "font": {"size": 13}}, rangemode="tozero", row=1, col=place)
        figure.update_yaxes(title={"text": QUANTITIES[quantity], "font": {"size": 13}}, row=1, col=place)
    figure.update_layout(
        template="simple_white", margin={"l": 70, "r": 10, "t": 30, "b": 50}, height=380, uirevision="kept"
    )
    figure.update_layout(legend={"orientation": "h", "y": 1.12}, font={"size": 13, "color": "#222222"})
    return figure, cursor


def more(reader: Reader, cursor: Cursor) -> tuple[Patch | None, Cursor]:
    """What the figure of these fits gains since ``cursor``: None where it is to be drawn anew, as a fit began again."""
    patch, known = Patch(), dict(cursor)
    for index, (path, last) in enumerate(cursor.items()):
        found = epochs_after(reader, FitKey.parse(path.split("/")), last)
        if found.newest < last:
            return None, known
        known[path] = found.newest
        for place, quantity in enumerate(SHOWN):
            if found.numbers:
                trace: Any = patch["data"][index * len(SHOWN) + place]
                trace["x"].extend(found.numbers)
                trace["y"].extend(found.values[quantity])
    return patch, known
