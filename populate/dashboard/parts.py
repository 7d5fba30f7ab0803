"""What the pages of the live page are put together of."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import dcc, html

from dlgn_cnn.plots.style import FORMATS

Component = Any
Cells = Sequence[Any]


def aria(**given: str) -> dict[str, Any]:
    """What a screen reader is told of a component, as arguments to it: ``aria(label="Pages")``."""
    return {f"aria-{name}": value for name, value in given.items()}


def page(title: str, *parts: Component) -> Component:
    """A page under its heading."""
    return html.Div([html.H1(title), *parts])


def link(text: str, href: str, current: bool = False) -> Component:
    """A link within the page, which loads no more than what changes."""
    return dcc.Link(text, href=href, **(aria(current="true") if current else {}))


def links(label: str, choices: Mapping[str, str], current: str | None = None) -> Component:
    """Choices between views, each a URL: by text, where it leads to."""
    shown = [link(text, href) if text != current else html.B(text) for text, href in choices.items()]
    return html.Nav([html.Span(f"{label}:"), *shown], className="links", **aria(label=label))


def table(caption: str, heads: Mapping[str, bool], rows: Iterable[Cells]) -> Component:
    """A table; ``heads`` says of each column whether it holds numbers."""
    classes = ["number" if number else "" for number in heads.values()]
    head = [html.Th(name, scope="col", className=own) for name, own in zip(heads, classes, strict=True)]
    body = [html.Tr([html.Td(cell, className=own) for cell, own in zip(row, classes, strict=True)]) for row in rows]
    return html.Table([html.Caption(caption, className="note"), html.Thead(html.Tr(head)), html.Tbody(body)])


def figures(values: Mapping[str, str]) -> Component:
    """Figures with their names, side by side."""
    return html.Ul([html.Li([f"{name} ", html.B(value)]) for name, value in values.items()], className="figures")


def picture(source: str, alt: str, caption: str, size_px: tuple[int, int]) -> Component:
    """A plot that the server draws, ``source`` its URL without an ending, and links to it for print."""
    ending, _, query = source.partition("?")
    urls = {form: f"{ending}.{form}" + (f"?{query}" if query else "") for form in FORMATS}
    for_print = [
        part for form in ("svg", "pdf") for part in (" ", html.A(form.upper(), href=urls[form], target="_blank"))
    ]
    image = html.Img(src=urls["png"], alt=alt, width=size_px[0], height=size_px[1], style={"height": "auto"})
    return html.Figure([image, html.Figcaption([caption, *for_print])])


def counted(count: int, what: str) -> str:
    """So many of something."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def number(value: float | None, form: str = ".3f", absent: str = "undefined") -> str:
    """A figure as text, or that there is none."""
    return absent if value is None or not math.isfinite(value) else format(value, form)
