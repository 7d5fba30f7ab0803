"""The report: one self-contained HTML page on a fitted model, its units and their MEIs."""

import base64
import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from dlgn_cnn.plots import alternatives
from dlgn_cnn.plots.curves import learning_curves
from dlgn_cnn.plots.scores import correlation_histogram, opto_scatter
from dlgn_cnn.plots.style import INCHES, new_figure, png
from dlgn_cnn.plots.unit import (
    UnitReport,
    contrast_response_figure,
    controls_figure,
    distance_figure,
    field_figure,
    mei_figure,
    responses_figure,
)
from dlgn_cnn.shapes import Scores
from dlgn_cnn.storage.atomic import write_text

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1100px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.7em; margin-bottom: .3em; } h2 { font-size: 1.25em; margin: 2em 0 .4em; }
img { max-width: 100%; height: auto; }
h3 { font-size: 1em; margin: 1.2em 0 .2em; }
.simulated { background: #fff3cd; border: 1px solid #d9a400; padding: .6em 1em; font-weight: 600; }
table { border-collapse: collapse; font-size: 13px; } td, th { padding: .15em .9em .15em 0; text-align: left; }
tr:nth-child(even) { background: #f5f5f5; } caption { text-align: left; color: #555; }
.note { color: #555; font-size: 13px; max-width: 75em; } details { margin-top: 1em; } summary { cursor: pointer; }
@media print { h2 { break-after: avoid; } img { break-inside: avoid; } }
"""
FOOT = "</main></body></html>\n"
Cells = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Report:
    """What a page holds: ``summary`` (name, value), ``truth`` (name, value, target), and all units' figures (unit,).

    ``curves`` (epoch,) are the fit's learning curves by the names of ``plots.curves.QUANTITIES``.
    """

    title: str
    simulated: bool
    summary: tuple[tuple[str, str], ...]
    units: tuple[UnitReport, ...]
    all_units: tuple[str, ...]
    all_correlations: Scores
    all_omi_data: Scores
    all_omi_model: Scores
    all_normalized: Scores
    all_omi_p: Scores
    all_omi_q: Scores
    truth: tuple[tuple[str, str, str], ...] = ()
    curves: tuple[tuple[str, Scores], ...] = ()


def write_report(report: Report, path: Path) -> Path:
    """Write the page, whole or not at all; nothing in it is loaded from elsewhere. The path is returned."""
    parts = [_head(report), _overview(report), *map(_unit_section, report.units), _all_units(report), FOOT]
    write_text(path, "\n".join(parts))
    return path


def _head(report: Report) -> str:
    title = html.escape(report.title)
    banner = '<p class="simulated">SIMULATED: this recording was computed. No animal was recorded.</p>'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>{banner if report.simulated else ''}"
    )


def _overview(report: Report) -> str:
    truth, drawn = "", overview_figure(report.all_correlations, report.all_omi_data, report.all_omi_model)
    if report.truth:
        truth = "<h2>Against the simulated truth</h2>" + _table(("figure", "value", "target"), report.truth)
    return truth + (
        "<h2>All units</h2>"
        + _image(drawn, alternatives.overview(report.all_correlations))
        + '<p class="note">Left: Pearson correlation of predicted and observed counts over the test scenes, single '
        "trials, both light conditions. Right: optogenetic modulation index, OMI = (rate light on &minus; rate light "
        "off) / (rate on + rate off), from the validation and test scenes; the dotted line is equality. Normalized: "
        "correlation with the average of the repeats over its noise ceiling, which needs repeats that agree. p: of the "
        "data's OMI under permutations of the light; q: the false-discovery rate over all units.</p>"
        + "<h2>The fit</h2>"
        + (_image(curves_figure(report.curves), alternatives.curves(report.curves)) if report.curves else "")
        + _table(("property", "value"), report.summary)
    )


def _unit_section(unit: UnitReport) -> str:
    heading = (
        f"<h2>{html.escape(unit.name)}</h2><p>test correlation {_number(unit.correlation)} &middot; normalized "
        f"{_repeated(unit.normalized_correlation)} &middot; OMI in data {_signed(unit.omi_data)} (p "
        f"{_chance(unit.omi_p)}, q {_chance(unit.omi_q)}), in model {_signed(unit.omi_model)}</p>"
    )
    statements = [f"<p>{html.escape(statement)}</p>" for statement in unit.statements]
    return "\n".join([heading, *statements, *_response_part(unit), *_mei_part(unit), *_control_part(unit)])


def _response_part(unit: UnitReport) -> list[str]:
    parts = []
    if unit.repeats is not None:
        note = f'<p class="note">Scene {html.escape(unit.repeats.scene)}. {alternatives.RESPONSES_NOTE}</p>'
        parts += ["<h3>Responses</h3>", _image(responses_figure(unit.repeats), alternatives.responses(unit)), note]
    if unit.field_spatial is not None and unit.field_temporal is not None:
        drawn = field_figure(unit.field_spatial, unit.field_temporal, unit.rate_hz)
        parts += ["<h3>Receptive field</h3>", _image(drawn, alternatives.field(unit))]
        parts.append(f'<p class="note">{alternatives.FIELD_NOTE}</p>')
    return parts


def _mei_part(unit: UnitReport) -> list[str]:
    if unit.meis is None:
        return ['<p class="note">No MEIs were asked for this unit.</p>']
    parts = ["<h3>Maximally exciting inputs</h3>", _image(mei_figure(unit.meis), alternatives.meis(unit))]
    parts.append(f'<p class="note">{alternatives.MEI_NOTE}</p>')
    if unit.distances:
        parts += ["<h3>Feedback contrast</h3>", _image(distance_figure(unit.distances), alternatives.distances(unit))]
        parts.append(f'<p class="note">{alternatives.DISTANCE_NOTE}</p>')
    return parts


def _control_part(unit: UnitReport) -> list[str]:
    parts = []
    if unit.controls:
        parts += ["<h3>Controls</h3>", _image(controls_figure(unit.controls), alternatives.controls(unit))]
        parts.append(f'<p class="note">{alternatives.CONTROL_NOTE}</p>')
    if unit.contrast_curves:
        drawn = contrast_response_figure(unit.contrast_curves)
        parts += ["<h3>Contrast response</h3>", _image(drawn, alternatives.contrast_curves(unit))]
    return parts


def _all_units(report: Report) -> str:
    columns = {
        "test correlation": map(_signed, report.all_correlations),
        "normalized": map(_repeated, report.all_normalized),
        "OMI in data": map(_signed, report.all_omi_data),
        "p": map(_chance, report.all_omi_p),
        "q": map(_chance, report.all_omi_q),
        "OMI in model": map(_signed, report.all_omi_model),
    }
    rows = list(zip(report.all_units, *columns.values(), strict=True))
    header = ("unit", *columns)
    return f"<details><summary>All {len(rows)} units as numbers</summary>{_table(header, rows)}</details>"


def overview_figure(correlations: Scores, omi_data: Scores, omi_model: Scores) -> Figure:
    """Test correlations of all units (unit,), and the light's effect in data and model."""
    figure = new_figure(820, 320)
    left, right = figure.subplots(1, 2)
    correlation_histogram(left, correlations)
    opto_scatter(right, omi_data, omi_model)
    return figure


def curves_figure(curves: Sequence[tuple[str, Scores]]) -> Figure:
    """A panel a quantity, against epochs."""
    figure = new_figure(410 * len(curves), 280)
    for axes, (quantity, values) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        learning_curves(axes, {quantity: values}, quantity)
    return figure


def _image(figure: Figure, description: str) -> str:
    data = base64.b64encode(png(figure)).decode()
    width, alt = round(figure.get_figwidth() * INCHES), html.escape(description, quote=True)
    return f'<img alt="{alt}" width="{width}" src="data:image/png;base64,{data}">'


def _table(header: Iterable[str], rows: Cells) -> str:
    def line(cells: Iterable[str], start: str, end: str) -> str:
        return "<tr>" + "".join(f"{start}{html.escape(cell)}{end}" for cell in cells) + "</tr>"

    head, body = line(header, '<th scope="col">', "</th>"), "".join(line(row, "<td>", "</td>") for row in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _formatter(form: str, absent: str = "undefined") -> Callable[[float | None], str]:
    return lambda value: absent if value is None or not np.isfinite(value) else format(value, form)


_number, _signed, _repeated = _formatter(".3f"), _formatter("+.3f"), _formatter(".3f", "no ceiling")
_chance = _formatter(".2g")  # a p of 0.0004 is no 0
