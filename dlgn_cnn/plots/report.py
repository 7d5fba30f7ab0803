"""The report: one self-contained HTML page on a fitted model, its units and their MEIs."""

import base64
import html
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from dlgn_cnn.plots.fields import contrast_course, field_map, field_time_course, film_strip
from dlgn_cnn.plots.scores import correlation_histogram, light_scatter, response_bars
from dlgn_cnn.plots.style import new_figure, png
from dlgn_cnn.plots.traces import rate_trace
from dlgn_cnn.shapes import Floats

STRIP_FRAMES = 8
STRIP_EVERY = 3
PAGE_PX = 1080
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1100px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.7em; margin-bottom: .3em; } h2 { font-size: 1.25em; margin: 2em 0 .4em; } img { max-width: 100%; }
.simulated { background: #fff3cd; border: 1px solid #d9a400; padding: .6em 1em; font-weight: 600; }
table { border-collapse: collapse; font-size: 13px; } td, th { padding: .15em .9em .15em 0; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } tr:nth-child(even) { background: #f5f5f5; }
.note { color: #555; font-size: 13px; max-width: 75em; } details { margin-top: 1em; } summary { cursor: pointer; }
"""
FOOT = "</body></html>\n"
Cells = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class UnitReport:
    """What is shown of one unit.

    ``observed_hz``, ``predicted_hz`` and ``light`` (time,) are one test presentation on ``time_s``. ``field_spatial``
    (height, width) and ``field_temporal`` (lag,) are the receptive field through its peak. MEIs are (time, height,
    width) in standard deviations of grey level; ``responses_hz`` [stimulus, light] are predicted rates, intact first.
    """

    session: str
    unit: int
    correlation: float | None
    time_s: Floats
    observed_hz: Floats
    predicted_hz: Floats
    light: Floats
    field_spatial: Floats
    field_temporal: Floats
    mei_intact: Floats | None
    mei_suppressed: Floats | None
    responses_hz: Floats | None
    omi_data: float | None
    omi_model: float | None
    normalised_correlation: float | None = None  # over its noise ceiling; None where nothing was repeated
    omi_p: float | None = None  # of the data's index where the light does nothing
    omi_q: float | None = None  # false-discovery rate over all units

    @property
    def rate_hz(self) -> float:
        """Frames a second."""
        return 1 / float(np.diff(self.time_s).mean())


@dataclass(frozen=True)
class Report:
    """What a page holds: ``summary`` (name, value), ``truth`` (name, value, target), and all units' figures (unit,)."""

    title: str
    simulated: bool
    summary: tuple[tuple[str, str], ...]
    units: tuple[UnitReport, ...]
    all_units: tuple[str, ...]
    all_correlations: Floats
    all_omi_data: Floats
    all_omi_model: Floats
    all_normalised: Floats
    all_omi_p: Floats
    all_omi_q: Floats
    truth: tuple[tuple[str, str, str], ...] = ()


def write_report(report: Report, path: Path) -> Path:
    """Write the page, whole or not at all; nothing in it is loaded from elsewhere. The path is returned."""
    parts = [
        _head(report),
        _overview(report),
        *map(_unit_section, report.units),
        _all_units(report),
        "</body></html>\n",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text("\n".join(parts), encoding="utf-8")
    partial.replace(path)
    return path


def _head(report: Report) -> str:
    title = html.escape(report.title)
    banner = '<p class="simulated">SIMULATED: this recording was computed. No animal was recorded.</p>'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>{banner if report.simulated else ''}"
    )


def _overview(report: Report) -> str:
    truth = ""
    if report.truth:
        truth = "<h2>Against the simulated truth</h2>" + _table(("figure", "value", "target"), report.truth)
    return truth + (
        "<h2>All units</h2>"
        + _image(_score_figure(report), "Histogram of test correlations; light effect in data against model")
        + '<p class="note">Left: Pearson correlation of predicted and observed counts over the test scenes, single '
        "trials, both light conditions. Right: optogenetic modulation index, OMI = (rate light on &minus; rate light "
        "off) / (rate on + rate off), from the validation and test scenes; the dotted line is equality. Normalised: "
        "correlation with the average of the repeats over its noise ceiling, which needs repeats that agree. p: of the "
        "data's OMI under permutations of the light; q: the false-discovery rate over all units.</p>"
        + "<h2>The fit</h2>"
        + _table(("", ""), report.summary)
    )


def _unit_section(unit: UnitReport) -> str:
    name = f"{unit.session} unit {unit.unit}"
    parts = [
        f"<h2>{html.escape(name)}</h2><p>test correlation {_number(unit.correlation)} &middot; normalised "
        f"{_repeated(unit.normalised_correlation)} &middot; OMI in data {_signed(unit.omi_data)} (p "
        f"{_number(unit.omi_p)}, q {_number(unit.omi_q)}), in model {_signed(unit.omi_model)}</p>",
        _image(_trace_figure(unit), f"Predicted over observed rate of {name}, light-on times shaded"),
        _image(_field_figure(unit), f"Receptive field of {name} beside its MEIs"),
    ]
    if unit.mei_intact is None or unit.mei_suppressed is None:
        parts.append('<p class="note">No MEIs were asked for this unit.</p>')
    else:
        parts.append(
            '<p class="note">Receptive field from regularised regression on the training scenes (red: bright excites), '
            "then the last frames of the MEI with feedback intact (top) and suppressed (bottom), both under the same "
            "norm and range and on one grey scale; then what the model predicts for each MEI in each condition.</p>"
        )
    return "\n".join(parts)


def _all_units(report: Report) -> str:
    columns = {
        "test correlation": map(_signed, report.all_correlations),
        "normalised": map(_repeated, report.all_normalised),
        "OMI in data": map(_signed, report.all_omi_data),
        "p": map(_number, report.all_omi_p),
        "q": map(_number, report.all_omi_q),
        "OMI in model": map(_signed, report.all_omi_model),
    }
    rows = list(zip(report.all_units, *columns.values(), strict=True))
    header = ("unit", *columns)
    return f"<details><summary>All {len(rows)} units as numbers</summary>{_table(header, rows)}</details>"


def _score_figure(report: Report) -> Figure:
    figure = new_figure(820, 320)
    left, right = figure.subplots(1, 2)
    correlation_histogram(left, report.all_correlations)
    light_scatter(right, report.all_omi_data, report.all_omi_model)
    return figure


def _trace_figure(unit: UnitReport) -> Figure:
    figure = new_figure(PAGE_PX, 190)
    rate_trace(figure.subplots(), unit.time_s, unit.observed_hz, unit.predicted_hz, unit.light)
    return figure


def _field_figure(unit: UnitReport) -> Figure:
    figure = new_figure(PAGE_PX, 300)
    intact, suppressed = unit.mei_intact, unit.mei_suppressed
    if intact is None or suppressed is None or unit.responses_hz is None:
        _field_column(figure, unit, figure.add_gridspec(2, 3))
        return figure
    grid = figure.add_gridspec(2, 3, width_ratios=[2, STRIP_FRAMES, 3])
    _field_column(figure, unit, grid)
    reach = float(max(np.abs(intact).max(), np.abs(suppressed).max()))
    for row, (stimulus, name) in enumerate(((intact, "intact"), (suppressed, "suppressed"))):
        axes = film_strip(figure.add_subplot(grid[row, 1]), stimulus, unit.rate_hz, STRIP_FRAMES, STRIP_EVERY, reach)
        axes.set_ylabel(f"MEI {name}", fontsize=8)
    contrast_course(figure.add_subplot(grid[0, 2]), intact, suppressed, unit.rate_hz)
    response_bars(figure.add_subplot(grid[1, 2]), unit.responses_hz)
    return figure


def _field_column(figure: Figure, unit: UnitReport, grid: GridSpec) -> None:
    lag_ms = 1000 * int(np.abs(unit.field_temporal).argmax()) / unit.rate_hz
    field_map(figure.add_subplot(grid[0, 0]), unit.field_spatial).set_title(f"field, {lag_ms:.0f} ms before", size=8)
    field_time_course(figure.add_subplot(grid[1, 0]), unit.field_temporal, unit.rate_hz)


def _image(figure: Figure, description: str) -> str:
    data = base64.b64encode(png(figure)).decode()
    return f'<img alt="{html.escape(description, quote=True)}" src="data:image/png;base64,{data}">'


def _table(header: Iterable[str], rows: Cells) -> str:
    def line(cells: Iterable[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line(header, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"


def _formatter(form: str, absent: str = "undefined") -> Callable[[float | None], str]:
    return lambda value: absent if value is None or not np.isfinite(value) else format(value, form)


_number, _signed, _repeated = _formatter(".3f"), _formatter("+.3f"), _formatter(".3f", "no ceiling")
