"""Stores that refuse what is written to them for a while: a small file system, and an S3 server."""

import contextlib
import itertools
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

# A full store, a busy one, and one that forbids it, as S3 servers say it.
REFUSALS = (("507 Insufficient Storage", "InsufficientStorage"), ("503 Slow Down", "SlowDown"))
REFUSALS += (("403 Forbidden", "AccessDenied"),)
REMOUNT_S = 5.0  # for writers under way to close their files


class Disk:
    """A file system of 8 MB, which only root may mount: elsewhere ``mounted`` is false, and it takes everything."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.mounted = _mount(folder, "-t", "tmpfs", "-o", "size=8m", "none")

    def fill(self, seconds: float) -> None:
        with contextlib.suppress(OSError), (self.folder / "rubbish").open("wb") as file:
            while True:
                file.write(bytes(65536))
        self._heal_in(seconds)

    def forbid(self, seconds: float) -> None:
        """Read-only, as a system makes a damaged disk."""
        until = time.monotonic() + REMOUNT_S
        while not _mount(self.folder, "-o", "remount,ro") and time.monotonic() < until:
            time.sleep(0.05)
        self._heal_in(seconds)

    def close(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)

    def _heal_in(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._heal)
        timer.daemon = True
        timer.start()

    def _heal(self) -> None:
        _mount(self.folder, "-o", "remount,rw")
        with contextlib.suppress(OSError):
            (self.folder / "rubbish").unlink(missing_ok=True)


class Bucket:
    """A bucket on an S3 server of this process, which the environment names."""

    def __init__(self) -> None:
        import fsspec
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from moto.server import MotoRequestHandler
        from werkzeug.serving import make_server

        self._app = DomainDispatcherApplication(create_backend_app)
        self._kinds, self._refusal, self._until = itertools.cycle(REFUSALS), REFUSALS[0], 0.0
        self.refused = 0
        _say_nothing()
        server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=MotoRequestHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        keys = {"AWS_ACCESS_KEY_ID": "chaos", "AWS_SECRET_ACCESS_KEY": "chaos", "AWS_DEFAULT_REGION": "us-east-1"}
        self.environment = keys | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}"}
        os.environ.update(self.environment)
        fsspec.filesystem("s3").mkdir("chaos")
        self.url = "s3://chaos/weights"

    def refuse(self, seconds: float, how: tuple[str, str] | None = None) -> None:
        """Refuse writes from now on, with this status and code, or each time in another way; reads are answered."""
        self._refusal, self._until = how or next(self._kinds), time.monotonic() + seconds

    def _answer(self, asked: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if asked["REQUEST_METHOD"] not in ("PUT", "POST") or time.monotonic() >= self._until:
            return self._app(asked, start)
        self.refused += 1
        asked["wsgi.input"].read(int(asked.get("CONTENT_LENGTH") or 0))
        status, code = self._refusal
        said = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{status}</Message></Error>".encode()
        start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(said)))])
        return [said]


def _mount(folder: Path, *options: str) -> bool:
    return subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode == 0


def _say_nothing() -> None:
    import logging

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
