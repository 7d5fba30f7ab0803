"""First page: the pipeline as a graph, the progress of each table, and the workers."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dash_cytoscape as cytoscape
import networkx
from dash import Input, Output, dcc, html, no_update

from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.places import place
from populate.dashboard.reading import Reader
from populate.fleet.control import counts
from populate.fleet.view import span
from populate.fleet.worker_states import WorkerState, worker_states
from schemas import dataset, mei, model, recording, trainer
from schemas.declaration.computed_tables import computed_tables

EVERY_MS = 5000
# Dataset has no foreign key to it: its key source waits until every session is read.
BY_KEY_SOURCE = (("Recording", "Dataset"),)
# Every table is to the right of what it depends on. Arrows turn between two columns, each at a place of its row.
MAP = """
-       -             ModelConfig   -              -                  -         -
RawFile DatasetConfig TrainerConfig -              MEIConfig          -         -
-       Recording     Dataset       TrainedModel   Score              MEI       MEIControl
-       -             -             -              FeedbackModulation InputGain MEIContrast
-       -             -             -              EnsembleScore
-       -             -             ReceptiveField
"""
PLACES = {
    name: (column, row) for row, line in enumerate(MAP.strip().splitlines()) for column, name in enumerate(line.split())
}
COLORS = {
    "error": "#D55E00",
    "running": "#0072B2",
    "todo": "#E69F00",
    "done": "#009E73",
    "empty": "#BBBBBB",
    "source": "#666666",
}
STYLES = {
    "node": {
        **{"label": "data(label)", "shape": "round-rectangle", "width": 146, "height": 62, "font-size": 13},
        **{"text-valign": "center", "text-wrap": "wrap", "background-color": "#ffffff", "color": "#222222"},
        **{"border-width": 3, "border-color": "data(color)"},
    },
    "node[state = 'source']": {"border-width": 1, "border-style": "dashed", "height": 46},
    "edge": {
        **{"taxi-direction": "rightward", "taxi-turn": "data(turn)", "taxi-turn-min-distance": 2},
        **{"width": 1.5, "line-color": "#999999", "target-arrow-color": "#999999"},
        **{"target-arrow-shape": "triangle", "curve-style": "taxi"},
    },
}


@dataclass(frozen=True)
class Stage:
    """Progress of one computed table: keys done, reserved, pending, failed, set aside."""

    name: str
    counts: tuple[int, int, int, int, int]

    @property
    def state(self) -> str:
        """Meaning of its color: the first that holds of an error, a running worker, work to do, done, or nothing."""
        done, running, todo, failed, _ = self.counts
        return "error" if failed else "running" if running else "todo" if todo else "done" if done else "empty"

    @property
    def label(self) -> str:
        """Its name and counts."""
        done, running, todo, failed, aside = self.counts
        said = {"running": running, "to do": todo, "failed": failed, "set aside": aside}
        lines = [f"{done} done", *(f"{count} {word}" for word, count in said.items() if count)]
        return f"{self.name}\n{' · '.join(lines[:2])}" + (f"\n{' · '.join(lines[2:])}" if len(lines) > 2 else "")


class Pipeline:
    """The stages of the pipeline: their dependencies are read once, their progress again and again."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.tables = {table.__name__: table for table in computed_tables()}
        sources = (recording.RawFile, dataset.DatasetConfig, model.ModelConfig, trainer.TrainerConfig, mei.MEIConfig)
        self.sources = {table.__name__: table for table in sources}
        self.edges: list[tuple[str, str]] = []

    def stages(self) -> list[Stage]:
        """Progress of every computed table."""
        return self.reader(lambda: [Stage(name, counts(table)) for name, table in self.tables.items()])

    def elements(self, stages: Sequence[Stage]) -> list[dict[str, Any]]:
        """Nodes and edges as Cytoscape wants them."""
        self.edges = self.edges or self.reader(self._edges)
        known = self.reader(lambda: {name: len(table()) for name, table in self.sources.items()})
        shown = [(name, f"{name}\n{elements.counted(count, 'row')}", "source") for name, count in known.items()]
        shown += [(stage.name, stage.label, stage.state) for stage in stages]
        places = places_of(name for name, _, _ in shown)
        nodes = [_node(*one, *places[one[0]]) for one in shown]
        turns = {name: f"-{5 * row + 8}px" for name, (_, row) in places.items()}
        return nodes + [{"data": {"source": a, "target": b, "turn": turns[a]}} for a, b in self.edges]

    def _edges(self) -> list[tuple[str, str]]:
        """Dependencies between the tables that are shown, by way of others too, without those that follow from them."""
        known = self.reader.connection.dependencies
        known.load()
        names = {table().full_table_name: name for name, table in {**self.sources, **self.tables}.items()}
        # What a part of a computed table depends on, the table does.
        names |= {part: name for name, table in self.tables.items() for part in table().parts()}
        graph = networkx.relabel_nodes(networkx.DiGraph(known), names)
        graph.add_edges_from(BY_KEY_SOURCE)
        graph.remove_edges_from(list(networkx.selfloop_edges(graph)))
        shown = networkx.transitive_closure_dag(graph).subgraph(names.values())
        return list(networkx.transitive_reduction(shown).edges)


def page(pipeline: Pipeline) -> Component:
    """The page of the pipeline."""
    stages = pipeline.stages()
    graph = cytoscape.Cytoscape(
        id="pipeline-graph",
        elements=pipeline.elements(stages),
        stylesheet=[{"selector": selector, "style": style} for selector, style in STYLES.items()],
        layout={"name": "preset", "fit": True, "padding": 10},
        style={"width": "100%", "height": "480px"},
        userZoomingEnabled=False,
        boxSelectionEnabled=False,
    )
    return elements.page(
        "Pipeline",
        html.P(
            "A box is a table: green done, orange to do, blue running, red failed, gray empty. Click one.",
            className="note",
        ),
        html.Div(graph, role="figure", **elements.aria(label="The pipeline as a graph; the table below says the same")),
        html.Div(_table(stages), id="pipeline-table"),
        html.H2("Workers"),
        html.Div(_workers(pipeline.reader), id="pipeline-workers"),
        dcc.Interval(id="pipeline-clock", interval=EVERY_MS),
    )


def register(app: Any, pipeline: Pipeline) -> None:
    """Keep the page up to date, and follow a click on a box."""

    @app.callback(
        Output("pipeline-graph", "elements"),
        Output("pipeline-table", "children"),
        Output("pipeline-workers", "children"),
        Input("pipeline-clock", "n_intervals"),
        prevent_initial_call=True,
    )
    def refresh(_: int) -> tuple[Any, ...]:
        stages = pipeline.stages()
        return pipeline.elements(stages), _table(stages), _workers(pipeline.reader)

    @app.callback(Output("where", "href"), Input("pipeline-graph", "tapNodeData"), prevent_initial_call=True)
    def follow(node: dict[str, Any] | None) -> Any:
        stage = next((one for one in pipeline.stages() if node and one.name == node["id"]), None)
        return no_update if stage is None else _leads_to(stage)


def _leads_to(stage: Stage) -> str:
    if stage.counts[3] or stage.counts[4]:
        return place("/errors", table=stage.name)
    if stage.name == "TrainedModel":
        return "/fits"
    return place("/leaderboard", of="units" if stage.name.startswith(("MEI", "Feedback", "InputGain")) else "fits")


def _table(stages: Sequence[Stage]) -> Component:
    rows = [(dcc.Link(stage.name, href=_leads_to(stage)), *map(str, stage.counts)) for stage in stages]
    heads = {"table": False} | dict.fromkeys(("done", "running", "to do", "failed", "set aside"), True)
    return elements.table("Keys of each computed table, in the order in which they depend on one another", heads, rows)


def _workers(reader: Reader) -> Component:
    found = reader(worker_states)
    alive = [one for one in found if one.state in ("working", "stuck")]
    if not alive:
        return html.P("No worker is alive: dlgn populate starts one.")
    heads = {"host": False, "pid": True, "device": False, "state": False, "last step": True, "doing": False}
    shown = [*alive, *(one for one in found if one not in alive)]
    return elements.table("Workers that have not ended", heads, map(_worker, shown))


def _worker(one: WorkerState) -> tuple[Any, ...]:
    state = one.state if one.state == "working" else html.B(one.state, className="bad")
    doing = one.doing or one.table or "between keys"
    return one.host, str(one.pid), one.device, state, f"{span(one.step_s)} ago", doing


def places_of(names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Column and row of each table; those that the map does not know are in a column of their own behind it.

    >>> places_of(["RawFile", "New", "Newer"])
    {'RawFile': (0, 1), 'New': (7, 0), 'Newer': (7, 1)}
    """
    behind = itertools.count()
    end = 1 + max(column for column, _ in PLACES.values())
    return {name: PLACES[name] if name in PLACES else (end, next(behind)) for name in names}


def _node(name: str, label: str, state: str, column: int, row: int) -> dict[str, Any]:
    data = {"id": name, "label": label, "state": state, "color": COLORS[state]}
    return {"data": data, "position": {"x": 186 * column, "y": 92 * row}, "grabbable": False}
