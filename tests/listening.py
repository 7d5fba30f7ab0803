"""A listener on this machine that keeps what it is sent, for tests of what a process would say to a server."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def listening(answered: Callable[[socket.socket], bytes], silent_s: float) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the listener's port, and what ``answered`` has returned for each connection so far."""
    kept: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one:
                    one.settimeout(silent_s)
                    kept.append(answered(one))

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], kept
        server.shutdown(socket.SHUT_RDWR)
