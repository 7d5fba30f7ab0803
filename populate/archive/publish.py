"""Publishing of the chosen rows, and every file that they refer to, as one self-contained archive.

Memory: the keys of the chosen rows (``selection``), a digest of each file, one session's arrays, and one batch of rows.
"""

import datetime
import json
import platform
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlgn_cnn import __version__
from dlgn_cnn.archive.manifest import MODELS_FILE, Manifest, Table
from dlgn_cnn.archive.reading import Archive, open_archive
from dlgn_cnn.archive.writing import ArchiveWriter, writing
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.provenance.environment import packages
from dlgn_cnn.registry import nearest
from dlgn_cnn.runtime.progress import Progress, silent
from populate.archive.catalog import Catalog
from populate.archive.files import add_sessions, add_stimuli, add_weights, array_file, local_name
from populate.archive.models import model_entries
from populate.archive.rows import encode
from populate.archive.selection import FITS, Selection
from populate.query.named_rows import restricted
from schemas import experiment, session
from schemas.base.restriction import restrict
from schemas.declaration.table_classes import definitions_digest

Row = dict[str, Any]
REPORT = "report.html"
ENVIRONMENT = "environment.json"
SELECTED = ("table", "where", "experiment", "downstream", "datasets", "stimuli")


@dataclass(frozen=True)
class Wanted:
    """Rows and files to publish.

    Parameters
    ----------
    table : str
        Table whose rows are chosen.
    where : str, optional
        SQL condition on them.
    experiment : str, optional
        Experiment whose fits are chosen.
    downstream : bool
        Whether results of the rows are published too.
    without : tuple of str
        Tables to leave out, with all tables that need them.
    datasets, stimuli, report : bool
        Whether trials, the scenes' files and the report are published.
    names : tuple of str
        NAME or NAME=SQL: names of the best of the chosen fits, or of those that fulfill the SQL.
    license, citation : str
        License, and how to cite the archive.
    """

    table: str = "TrainedModel"
    where: str | None = None
    experiment: str | None = None
    downstream: bool = True
    without: tuple[str, ...] = ()
    datasets: bool = True
    stimuli: bool = True
    report: bool = True
    names: tuple[str, ...] = ()
    license: str = ""
    citation: str = ""


def publish(path: Path, wanted: Wanted, progress: Progress = silent) -> Archive:
    """Write an archive, whole or not at all, with all rows as of one moment.

    Parameters
    ----------
    path : Path
        A new folder, or a new file that ends in ``.zip``.
    wanted : Wanted
        Rows and files to publish.
    progress : callable, optional
        Called with the number of tables done and their total.

    Returns
    -------
    Archive
        The archive, opened.

    Raises
    ------
    ConfigError
        If no row is chosen.
    ArchiveError
        If ``path`` exists.
    StoreError
        If a file that a row refers to is missing or altered.
    """
    catalog = Catalog()
    name, rows = _root(catalog, wanted)
    for text in wanted.names:
        restricted(catalog.tables[FITS], text.partition("=")[2] or None, FITS)
    with writing(path) as archive, _one_moment():
        selection = Selection(catalog, [_known(catalog, one) for one in wanted.without])
        selection.choose(name, rows, wanted.downstream)
        left_out = _add_files(archive, selection, wanted)
        stimuli = add_stimuli(archive, selection) if wanted.stimuli else {}
        tables = {}
        for done, table in enumerate(catalog.tables, 1):
            if selection.restrictions(table):
                tables[table] = _add_rows(archive, selection, table, stimuli)
            progress(done, len(catalog.tables))
        archive.finish(_manifest(archive, wanted, tables, left_out).to_json())
    return open_archive(path)


def _root(catalog: Catalog, wanted: Wanted) -> tuple[str, Any]:
    name = _known(catalog, wanted.table)
    if catalog.anchor[name] != name:
        raise ConfigError(f"table {wanted.table!r} is chosen with {catalog.anchor[name]}: name that")
    rows = catalog.tables[name]
    if wanted.experiment is not None:
        names = list(map(str, experiment.Experiment.to_arrays("experiment_name")))
        if wanted.experiment not in names or name != FITS:
            raise ConfigError(
                f"experiment {wanted.experiment!r} of {wanted.table}: {nearest(wanted.experiment, names)}"
                if name == FITS
                else f"an experiment is one of fits: leave out --table {wanted.table}"
            )
        rows = rows & restrict(experiment.Experiment.Fit(), {"experiment_name": wanted.experiment})
    rows = restricted(rows, wanted.where, wanted.table)
    if not rows:
        raise ConfigError(f"no row of {wanted.table} is chosen: see dlgn status for what there is, or widen --where")
    return name, rows


def _known(catalog: Catalog, name: str) -> str:
    """The table of this name, which may lack its module. Raises ConfigError with the nearest."""
    short = {one.partition(".")[2]: one for one in catalog.tables}
    if name not in catalog.tables and name not in short:
        raise ConfigError(f"table {name!r}: {nearest(name, short)}")
    return short.get(name, name)


@contextmanager
def _one_moment() -> Iterator[None]:
    """All that is read within is as it was when the block began."""
    connection = session.schema.connection
    with connection.transaction:
        if connection.adapter.backend == "postgresql":
            connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _add_files(archive: ArchiveWriter, selection: Selection, wanted: Wanted) -> list[str]:
    """Add weights, datasets, models, environment and report; returns what was left out, in sentences."""
    left_out = [f"{name}, and what hangs on it" for name in wanted.without]
    if not wanted.downstream:
        left_out.append("all results of the chosen rows")
    add_weights(archive, selection)
    if wanted.datasets:
        add_sessions(archive, selection)
    else:
        left_out.append("datasets: their rows are here, their trials are not")
    if not wanted.stimuli:
        left_out.append("stimuli: the files that were shown")
    entries, unbuilt = model_entries(selection, wanted.names)
    archive.add_bytes(MODELS_FILE, json.dumps(entries, indent=1, allow_nan=False).encode())
    versions = {one["package"]: one["package_version"] for one in packages()}
    environment = {"python": platform.python_version(), "machine": platform.machine(), "packages": versions}
    archive.add_bytes(ENVIRONMENT, json.dumps(environment, indent=1).encode())
    if wanted.report:
        left_out += _add_report(archive, selection)
    return [*left_out, *unbuilt]


def _add_rows(archive: ArchiveWriter, selection: Selection, name: str, stimuli: dict[str, str]) -> Table:
    columns, count = selection.catalog.columns(name), 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows"
        with file.open("w", encoding="utf-8") as lines:
            for row in selection.rows(name):
                _add_arrays(archive, (row[one.name] for one in columns if one.kind == "npy"))
                plain = local_name(stimuli, name, encode(row, columns))
                lines.write(json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")
                count += 1
        archive.add(f"rows/{name}.jsonl", file)
    return Table(tuple(columns), count)


def _add_arrays(archive: ArchiveWriter, arrays: Iterable[Any]) -> None:
    for array in arrays:
        if array is not None and array_file(array.sha256) not in archive.files:
            archive.add_bytes(array_file(array.sha256), array.read())


def _add_report(archive: ArchiveWriter, selection: Selection) -> list[str]:
    names = [row["experiment_name"] for row in selection.keys("experiment.Experiment")]
    if len(names) != 1:
        return [f"report: one is written of one experiment, these fits are of {len(names)}"]
    from populate.report.report import write

    with tempfile.TemporaryDirectory() as folder:
        try:
            archive.add(REPORT, write(Path(folder) / REPORT, names[0]))
        except ConfigError as error:
            return [f"report: {error}"]
    return []


def _manifest(archive: ArchiveWriter, wanted: Wanted, tables: dict[str, Table], left_out: list[str]) -> Manifest:
    return Manifest(
        files=archive.files,
        tables=tables,
        published=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        package=__version__,
        schema_version=definitions_digest(),
        selection={name: getattr(wanted, name) for name in SELECTED},
        license=wanted.license,
        citation=wanted.citation,
        left_out=tuple(left_out),
    )
