"""What ``dlgn import-nnfabrik`` does once the database is open."""

import logging
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

import schemas
from dlgn_cnn.errors import ConfigError
from populate.nnfabrik.carry import ImportReport, carry

logger = logging.getLogger("dlgn")


def import_schema(url: str, schema: str, stores: Sequence[str]) -> ImportReport:
    """Carry a schema over and say what came of each table, and which rows were not carried, and why."""
    places = dict(map(_store, stores))
    schemas.open_database()
    report = carry(url, schema, places)
    for table in sorted({*report.new, *report.known}):
        logger.info("%s: %d new, %d were here", table, report.new[table], report.known[table])
    if report.lost:
        shown = Table(title=f"{len(report.lost)} rows were not carried")
        for column in ("table", "row", "why"):
            shown.add_column(column, overflow="fold")
        for lost in report.lost:
            shown.add_row(lost.table, lost.row, lost.reason)
        Console(stderr=True).print(shown)
    return report


def _store(text: str) -> tuple[str, str]:
    name, given, place = text.partition("=")
    if not (name and given and place):
        raise ConfigError(
            f"store {text!r}: expected NAME=PLACE, as minio=/lab/dj-store or minio=s3://nnfabrik/dj-store"
        )
    return name, place
