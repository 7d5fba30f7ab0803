"""A database that can be killed, and connections to it that can be cut."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

STARTER = os.environ.get("DLGN_MYSQL_STARTER") or str(
    Path(__file__).resolve().parents[3] / "shared" / "tools" / "mysql-from-debian"
)


class Link:
    """A worker's connection to the server, which can be cut: nothing passes, and neither side is told."""

    def __init__(self, port: int) -> None:
        self._port, self._open = port, threading.Event()
        self._open.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, seconds: float) -> None:
        self._open.clear()
        threading.Timer(seconds, self._open.set).start()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            self._open.wait()
            try:
                far = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                near.close()
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._open.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Server:
    """The database: MySQL by the starter, or the embedded one, which the next worker starts again."""

    def __init__(self, folder: Path) -> None:
        self.mysql, self.folder = Path(STARTER).is_file(), folder
        self.port = free_port()
        if self.mysql:
            self._call("start")

    def crash(self) -> None:
        if self.mysql:
            self._call("kill")
            self._call("start")
        else:
            pid = int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGKILL)

    def url(self, port: int) -> dict[str, str]:
        return {"DLGN_DATABASE": f"mysql://dlgn:dlgn@127.0.0.1:{port}"} if self.mysql else {}

    def stop(self) -> None:
        if self.mysql:
            self._call("stop")

    def _call(self, what: str) -> None:
        call = [STARTER, what, str(self.folder / "mysql"), str(self.port)]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
