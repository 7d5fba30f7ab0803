"""An ingested session as an Experanto folder."""

from pathlib import Path

from dlgn_cnn.data.readers.experanto.writer import write_experanto
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from dlgn_cnn.runtime.progress import Progress, silent
from schemas import session
from schemas.base.keys import SESSION
from schemas.recordings.fetch import fetch_session


def export(name: str, folder: Path, progress: Progress = silent) -> Path:
    """Write a session as an Experanto folder.

    Parameters
    ----------
    name : str
        Name of the session.
    folder : Path
        A new folder.
    progress : callable, optional
        Called with the scenes written and their number.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ConfigError
        If no session has this name.
    RecordingError
        As ``write_experanto`` does, and if a scene has changed since it was ingested.
    """
    rows = session.Session.to_dicts()
    found = [{column: row[column] for column in SESSION} for row in rows if row["session_name"] == name]
    if not found:
        raise ConfigError(f"session {name!r:.80}: {nearest(name, [row['session_name'] for row in rows])}")
    return write_experanto(fetch_session(found[0]).load(), folder, progress)
