"""What the commands about archives do once the database is open."""

import logging
from pathlib import Path

import schemas
from dlgn_cnn.storage.file_systems import shown
from populate.archive.load import load
from populate.archive.publish import Wanted, publish
from schemas.monitoring.progress import bar

logger = logging.getLogger("dlgn")


def publish_archive(path: Path, wanted: Wanted) -> None:
    """Publish, and say what became of it."""
    schemas.open_database()
    with bar(f"publish {path}") as report:
        found = publish(path, wanted, report)
    rows = sum(found.rows.values())
    logger.info("%s: %d rows of %d tables, %.1f MB", path, rows, len(found.rows), found.size_bytes / 1e6)
    for sentence in found.left_out:
        logger.info("left out: %s", sentence)
    logger.info("its digest, for whoever pins it: sha256=%s", found.sha256)


def load_archive(place: str) -> None:
    """Load, and say what became of it."""
    schemas.open_database()
    with bar(f"load {shown(place)}") as report:
        found = load(place, report)
    new, known = sum(found.new.values()), sum(found.known.values())
    logger.info("%s: %d new rows, %d were there with the same content", shown(place), new, known)
    for sentence in found.left_out:
        logger.info("left out when it was published: %s", sentence)
