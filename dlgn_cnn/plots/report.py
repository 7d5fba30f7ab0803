"""Report: one self-contained HTML page on a fitted model, its units and their MEIs."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dlgn_cnn.plots.scores import COLUMNS, UNIT_SCORES, correlation_histogram, learning_curves, opto_scatter
from dlgn_cnn.plots.style import INCHES, new_figure, rendered
from dlgn_cnn.plots.unit import UnitReport, feedback_contrast_sentence, opto_sentence, sections_of
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
SIMULATED = "SIMULATED: this recording was computed. No animal was recorded."
OVERVIEW = (
    "Left: Pearson correlation of predicted and observed counts in the test scenes, single trials, both conditions. "
    "Right: opto modulation index, OMI = (rate light on - rate light off) / (rate on + rate off), in validation and "
    "test scenes; the dotted line is equality. Normalized: correlation with the average of the repeats over its noise "
    "ceiling, which needs repeats that agree. p: of the data's OMI under permutations of the light; q: false-discovery "
    "rate over all units."
)
FOOT = "</main></body></html>\n"
Cells = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Report:
    """Content of a report.

    Parameters
    ----------
    title : str
        Heading of the page.
    simulated : bool
        Whether the recording was computed.
    summary : tuple of (str, str)
        Names and values of the fit's properties.
    units : tuple of UnitReport
        The units to show in detail.
    all_units : tuple of UnitReport
        All units, of which the scores are shown.
    truth : tuple of (str, str, str)
        Name, value and target of what is compared with the simulated truth.
    curves : tuple of (str, ndarray of shape (epoch,))
        Learning curves of the fit by the names of ``plots.scores.QUANTITIES``.
    """

    title: str
    simulated: bool
    summary: tuple[tuple[str, str], ...]
    units: tuple[UnitReport, ...]
    all_units: tuple[UnitReport, ...]
    truth: tuple[tuple[str, str, str], ...] = ()
    curves: tuple[tuple[str, Scores], ...] = ()


def write_report(report: Report, path: Path) -> Path:
    """Write the page, whole or not at all; nothing in it is loaded from elsewhere. The path is returned."""
    parts = [_head(report), _overview(report), *map(_unit_section, report.units), _all_units(report), FOOT]
    write_text(path, "\n".join(parts))
    return path


def _head(report: Report) -> str:
    title = html.escape(report.title)
    banner = f'<p class="simulated">{SIMULATED}</p>'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>{banner if report.simulated else ''}"
    )


def _overview(report: Report) -> str:
    overview = overview_figure([unit.scores for unit in report.all_units])
    parts = ["<h2>All units</h2>", _image(overview, "Test correlations; light effect, model against data")]
    parts += [f'<p class="note">{OVERVIEW}</p>', "<h2>The fit</h2>"]
    if report.curves:
        parts.append(_image(curves_figure(report.curves), "Learning curves: loss and validation correlation"))
    parts.append(_table(("property", "value"), report.summary))
    if report.truth:
        truth = _table(("figure", "value", "target"), report.truth)
        parts = ["<h2>Against the simulated truth</h2>", truth, *parts]
    return "\n".join(parts)


def _unit_section(unit: UnitReport) -> str:
    said = (f"{COLUMNS[name].label} {COLUMNS[name].text(unit.scores.get(name))}" for name in UNIT_SCORES)
    blocks = [f"<h2>{html.escape(unit.name)}</h2><p>{' &middot; '.join(said)}</p>"]
    statements = [opto_sentence(unit.scores)]
    if unit.distances:
        statements.append(feedback_contrast_sentence(unit.distances, unit.extents))
    blocks += [f"<p>{html.escape(statement)}</p>" for statement in statements]
    for section in sections_of(unit):
        shown, note = section.of(unit), section.note
        if section.name == "responses":
            note = f"Scene {shown.scene}. {note}"
        blocks += [f"<h3>{section.title}</h3>", *([_image(section.figure(shown), section.alt(unit))] if shown else [])]
        blocks.append(f'<p class="note">{html.escape(note if shown else section.absent)}</p>')
    return "\n".join(blocks)


def _all_units(report: Report) -> str:
    rows = [
        (unit.name, *(COLUMNS[name].text(unit.scores.get(name)) for name in UNIT_SCORES)) for unit in report.all_units
    ]
    head = ("unit", *(COLUMNS[name].label for name in UNIT_SCORES))
    return f"<details><summary>All {len(rows)} units as numbers</summary>{_table(head, rows)}</details>"


def overview_figure(units: Sequence[Mapping[str, Any]]) -> Figure:
    """Histogram of the test correlations of units, by rows of their scores, and OMI of the model against the data's."""
    names = ("correlation", "data_omi", "model_omi")
    correlations, data_omi, model_omi = (np.array([unit.get(name) for unit in units], float) for name in names)
    figure = new_figure(820, 320)
    left, right = figure.subplots(1, 2)
    correlation_histogram(left, correlations)
    opto_scatter(right, data_omi, model_omi)
    return figure


def curves_figure(curves: Sequence[tuple[str, Scores]]) -> Figure:
    """A panel a quantity, against epochs."""
    figure = new_figure(410 * len(curves), 280)
    for axes, (quantity, values) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        learning_curves(axes, {quantity: values}, quantity)
    return figure


def _image(figure: Figure, description: str) -> str:
    data = base64.b64encode(rendered(figure, "png")).decode()
    width, alt = round(figure.get_figwidth() * INCHES), html.escape(description, quote=True)
    return f'<img alt="{alt}" width="{width}" src="data:image/png;base64,{data}">'


def _table(header: Iterable[str], rows: Cells) -> str:
    def line(cells: Iterable[str], start: str, end: str) -> str:
        return "<tr>" + "".join(f"{start}{html.escape(cell)}{end}" for cell in cells) + "</tr>"

    head, body = line(header, '<th scope="col">', "</th>"), "".join(line(row, "<td>", "</td>") for row in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
