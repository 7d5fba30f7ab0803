"""Diagram of all tables as SVG, from the definitions: a box is a schema, an arrow is a foreign key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from generators.outline import TableOutline, outline
from generators.tables import anchor

COLUMN_PX, BOX_PX, ROW_PX, GAP_PX, MARGIN_PX = 214, 158, 17, 20, 12
# Okabe and Ito's palette, as in every plot.
COLORS = {"manual": "#009E73", "lookup": "#777777", "imported": "#0072B2", "computed": "#D55E00", "part": "#888888"}
STYLE = """\
.schema-diagram { font: 12px system-ui, sans-serif; max-width: none; }
.schema-diagram text { fill: currentColor; } .schema-diagram .head { font-weight: 600; }
.schema-diagram a { text-decoration: none; }
.schema-diagram rect { fill: var(--color-background-primary, white); stroke: currentColor; stroke-opacity: .35; }
.schema-diagram path { fill: none; stroke: currentColor; stroke-opacity: .4; }
.schema-diagram path.part { stroke-opacity: .18; } .schema-diagram path:hover { stroke: #0072B2; stroke-opacity: 1; }
"""


# No blank line inside: markdown would end the block of HTML there.
FRAME = """\
<div class="schema-diagram-frame">
<svg class="schema-diagram" xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}"
 viewBox="0 0 {width} {height}"><title>All tables by schema, with their foreign keys</title>
<style>{style}</style>
{body}
</svg>
</div>
"""
REFERENCE = "../reference/generated/tables.html"


@dataclass(frozen=True)
class Row:
    """Position of a table: the left edge of its box, and the middle of its line."""

    x: float
    y: float


def drawing() -> str:
    """Return the diagram for a page; each table links to its section of the reference."""
    tables = outline()
    schemas = {name: [one for one in tables if one.schema == name] for name in dict.fromkeys(t.schema for t in tables)}
    corners, height = _layout(schemas, _columns(tables))
    places = {
        table.full_name: Row(x, y + ROW_PX * (row + 1.5))
        for name, (x, y) in corners.items()
        for row, table in enumerate(schemas[name])
    }
    width = max(x for x, _ in corners.values()) + BOX_PX + MARGIN_PX
    shapes = [_arrow(places[link.table], places[table.full_name], table, link.table)
              for table in tables for link in table.links if _drawn(table, link.table)]  # fmt: skip
    shapes += [_box(name, schemas[name], *corners[name]) for name in schemas]
    body = "\n".join(shapes)
    return FRAME.format(width=round(width), height=round(height), style=STYLE, body=body)


def _drawn(table: TableOutline, other: str) -> bool:
    """Whether an arrow is drawn: only between schemas, and not from ``Provenance``, which would hide all others."""
    return other.split(".")[0] != table.schema and not table.name.endswith(".Provenance")


def _columns(tables: Sequence[TableOutline]) -> dict[str, int]:
    """Column of each schema: right of all that it refers to; if it refers to none, just left of its first child."""
    parents: dict[str, set[str]] = {}
    for table in tables:
        others = {link.table.split(".")[0] for link in table.links} - {table.schema}
        parents.setdefault(table.schema, set()).update(others)
    column: dict[str, int] = {}
    for schema, others in parents.items():  # schemas are declared in the order of their references
        column[schema] = max((column[other] + 1 for other in others), default=0)
    for schema in [name for name, others in parents.items() if not others]:
        children = [column[name] for name, others in parents.items() if schema in others]
        column[schema] = min(children, default=1) - 1
    return column


def _layout(
    schemas: Mapping[str, Sequence[TableOutline]], column: Mapping[str, int]
) -> tuple[dict[str, tuple[float, float]], float]:
    """Upper left corner of each schema's box, and the height of the diagram."""
    corners, filled = {}, dict.fromkeys(column.values(), float(MARGIN_PX))
    for name, tables in schemas.items():
        place = column[name]
        corners[name] = (MARGIN_PX + COLUMN_PX * place, filled[place])
        filled[place] += ROW_PX * (len(tables) + 1) + 8 + GAP_PX
    return corners, max(filled.values())


def _box(name: str, tables: Sequence[TableOutline], x: float, y: float) -> str:
    height = ROW_PX * (len(tables) + 1) + 8
    lines = [
        f'<rect x="{x}" y="{y}" width="{BOX_PX}" height="{height}" rx="4"/>',
        f'<text class="head" x="{x + 8}" y="{y + 14}">{escape(name)}</text>',
    ]
    for row, table in enumerate(tables):
        middle, left = y + ROW_PX * (row + 1.5), x + (22 if table.tier == "part" else 10)
        dot = f'<circle cx="{left}" cy="{middle}" r="3.5" fill="{COLORS[table.tier]}"/>'
        word = f'<text x="{left + 8}" y="{middle + 4}">{escape(table.name.split(".")[-1])}</text>'
        lines.append(f'<a href="{REFERENCE}#{anchor(table.full_name)}">{dot}{word}</a>')
    return "\n".join(lines)


def _arrow(parent: Row, child: Row, table: TableOutline, other: str) -> str:
    start, bend = parent.x + BOX_PX, (COLUMN_PX - BOX_PX) * 0.7
    kind = ' class="part"' if table.tier == "part" else ""
    curve = f"M{start} {parent.y} C{start + bend} {parent.y} {child.x - bend} {child.y} {child.x} {child.y}"
    meaning = f"{table.full_name} refers to {other}"
    return f'<path{kind} d="{curve}"><title>{escape(meaning)}</title></path>'
