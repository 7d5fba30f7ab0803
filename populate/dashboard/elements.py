"""Elements that the pages of the live page are made of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import dcc, html

Component = Any
Cells = Sequence[Any]


def aria(**given: str) -> dict[str, Any]:
    """Arguments of a component that tell a screen reader of it: ``aria(label="Pages")``."""
    return {f"aria-{name}": value for name, value in given.items()}


def page(title: str, *parts: Component) -> Component:
    """A page under its heading."""
    return html.Div([html.H1(title), *parts])


def links(label: str, choices: Mapping[str, str], current: str | None = None) -> Component:
    """Choices between views, each a URL.

    Parameters
    ----------
    label : str
        What is chosen.
    choices : mapping of str to str
        URL of each choice by its text.
    current : str, optional
        Text of the choice that is shown, which becomes bold instead of a link.

    Returns
    -------
    Component
        The links in a row.
    """
    shown = [dcc.Link(text, href=href) if text != current else html.B(text) for text, href in choices.items()]
    return html.Nav([html.Span(f"{label}:"), *shown], className="links", **aria(label=label))


def table(caption: str, heads: Mapping[str, bool], rows: Iterable[Cells]) -> Component:
    """A table with a caption.

    Parameters
    ----------
    caption : str
        Text above the table.
    heads : mapping of str to bool
        Names of the columns, and whether each holds numbers.
    rows : iterable of sequence
        The cells of each row, in the order of ``heads``.

    Returns
    -------
    Component
        The table.
    """
    classes = ["number" if number else "" for number in heads.values()]
    head = [html.Th(name, scope="col", className=own) for name, own in zip(heads, classes, strict=True)]
    body = [html.Tr([html.Td(cell, className=own) for cell, own in zip(row, classes, strict=True)]) for row in rows]
    return html.Table([html.Caption(caption, className="note"), html.Thead(html.Tr(head)), html.Tbody(body)])


def figures(values: Mapping[str, str]) -> Component:
    """Figures with their names, side by side."""
    return html.Ul([html.Li([f"{name} ", html.B(value)]) for name, value in values.items()], className="figures")


def picture(source: str, alt: str, caption: str, size_px: tuple[int, int]) -> Component:
    """A plot that the server draws, and links to it for print.

    Parameters
    ----------
    source : str
        URL of the plot without an ending.
    alt : str
        Description in words.
    caption : str
        Text below the plot.
    size_px : (int, int)
        Width and height.

    Returns
    -------
    Component
        The plot over its caption.
    """
    path, mark, query = source.partition("?")
    links = [html.A(form.upper(), href=f"{path}.{form}{mark}{query}", target="_blank") for form in ("svg", "pdf")]
    image = html.Img(
        src=f"{path}.png{mark}{query}", alt=alt, width=size_px[0], height=size_px[1], style={"height": "auto"}
    )
    return html.Figure([image, html.Figcaption([caption, " ", links[0], " ", links[1]])])


def counted(count: int, what: str) -> str:
    """A number of things, in words.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {what}{'s' * (count != 1)}"
