"""The compose file, run as it stands by Docker, or by a helper beside the checkout."""

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HELPER = ROOT.parent / "shared" / "tools" / "compose-from-debian"
PROJECT = "dlgn_test"  # apart from a lab's own fleet on this machine
EXAMPLE = "change-me"
USER = (os.getuid(), os.getgid()) if os.getuid() else (1000, 1000)  # as whom the containers run


class NoEngineError(Exception):
    """Nothing here can run containers; says why."""


@dataclass(frozen=True)
class Engine:
    """What runs a compose file, and what builds its image."""

    compose: Sequence[str]
    build: Sequence[str]  # completed by the compose file's folder
    environment: Mapping[str, str]


def find_engine() -> Engine:
    """Docker, or else the helper, which is started. Raises NoEngineError."""
    if shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True).returncode == 0:
        return Engine(["docker", "compose"], ["docker", "compose", "build", "declare"], os.environ)
    if not HELPER.exists():
        raise NoEngineError("no container engine: 'docker info' fails")
    folder = os.environ.get("DLGN_TEST_COMPOSE_FOLDER") or f"{tempfile.gettempdir()}/compose-from-debian"
    helper = [str(HELPER), "--dir", folder]
    started = subprocess.run([*helper, "start"], stdout=subprocess.PIPE, text=True, check=True).stdout
    environment = dict(os.environ)
    for name, value in re.findall(r"(\w+)=(\S+)", started.partition("#")[0]):
        environment[name] = value.replace("$PATH", os.environ["PATH"])
    for image in images():  # the helper names its images as it likes, whatever version they are
        made = subprocess.run(
            [f"{folder}/bin/podman", "images", "--format", "{{.Repository}}:{{.Tag}}", image.partition(":")[0]],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        subprocess.run([f"{folder}/bin/podman", "tag", made.stdout.split()[0], image], check=True)
    return Engine(["docker-compose"], [*helper, "build", ".", "docker/Dockerfile", "dlgn:cpu"], environment)


def images() -> set[str]:
    """The images of the compose file that are not built here."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {service["image"] for service in services.values() if not service["image"].startswith("dlgn:")}


@dataclass(frozen=True)
class Fleet:
    """A checkout's copy in a folder of its own, with its ``.env``, and the containers that are made from it."""

    engine: Engine
    folder: Path

    @classmethod
    def prepare(cls, engine: Engine, folder: Path) -> "Fleet":
        """Copy what git tracks, with the folders that the head of the compose file asks for, and build the image."""
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in filter(None, listed.decode().split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        for name in ("recordings", "work"):
            (folder / name).mkdir()
            own(folder / name)
        (folder / ".env").write_text((folder / ".env.example").read_text())
        if "DLGN_TEST_COMPOSE_BUILT" not in os.environ:  # set it to use an image that is there, which saves minutes
            subprocess.run(engine.build, cwd=folder, check=True, env={**engine.environment})
        return cls(engine, folder)

    def fill_in(self) -> dict[str, str]:
        """Replace every secret of the example, as its head says; the variables by name."""
        lines = []
        for line in (self.folder / ".env.example").read_text().splitlines():
            name = line.partition("=")[0]
            line = f"{name}={USER[0]}:{USER[1]}" if name == "DLGN_USER" else line
            lines.append(line if line.startswith("#") else line.replace(EXAMPLE, secrets.token_hex(12)))
        (self.folder / ".env").write_text("\n".join(lines) + "\n")
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """``docker compose`` with these arguments."""
        call = [*self.engine.compose, "--project-name", PROJECT, *arguments]
        done = subprocess.run(call, cwd=self.folder, capture_output=True, text=True, env={**self.engine.environment})
        assert not check or done.returncode == 0, f"{' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command of ``dlgn``, as the docs write it, but for ``--rm``: some engines then lose the exit code."""
        return self.compose("run", "-T", "ingest", *arguments, check=check)

    def clean(self) -> None:
        """Remove containers, networks and volumes."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "10", check=False)


def own(path: Path) -> None:
    """Give a file of the host to the account that the containers run as, where this one may."""
    if os.getuid() == 0:
        os.chown(path, *USER)
