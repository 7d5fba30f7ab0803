"""Write requirements.lock: the versions of .venv, which the tests ran with, and hashes of their files: ``make lock``.

Run it by the Python of .venv. Newer versions: ``make clean test lock``.
"""

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
EXTRAS = "dev,docs,dashboard"
HEAD = """\
# The set that the tests ran with: Python {python}, {system}, {machine}, torch {torch}. "make lock" writes it;
# "make install LOCKED=1" installs it, with TORCH_INDEX= the index of PyTorch's CPU wheels where torch is one of those.
"""


def pip(*words: str) -> str:
    """What pip prints; SystemExit with what it says where it fails."""
    done = subprocess.run([sys.executable, "-m", "pip", *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    return done.stdout


def resolved() -> list[tuple[str, str, str]]:
    """Name, version and hash of each package that an installation takes, ours left out; nothing is installed."""
    with tempfile.TemporaryDirectory() as folder:
        installed, report = Path(folder) / "installed.txt", Path(folder) / "report.json"
        lines = pip("freeze", "--all", "--exclude-editable").splitlines()
        installed.write_text("\n".join(line for line in lines if "==" in line and not line.startswith("#")))
        options = (
            "--quiet",
            "--dry-run",
            "--ignore-installed",
            "--report",
            str(report),
            "--constraint",
            str(installed),
        )
        pip("install", *options, f".[{EXTRAS}]")
        packages = json.loads(report.read_text())["install"]
    found = []
    for one in packages:
        if "archive_info" in one["download_info"]:  # else it is this folder
            sha256 = one["download_info"]["archive_info"]["hashes"]["sha256"]
            found.append((canonicalize_name(one["metadata"]["name"]), one["metadata"]["version"], sha256))
    return sorted(found)


def main() -> None:
    """Write the file whole, or leave it as it is."""
    packages = resolved()
    torch = next(version for name, version, _ in packages if name == "torch")
    python = ".".join(platform.python_version_tuple()[:2])
    head = HEAD.format(python=python, system=platform.system(), machine=platform.machine(), torch=torch)
    lines = (f"{name}=={version} \\\n    --hash=sha256:{sha256}\n" for name, version, sha256 in packages)
    LOCK.write_text(head + "".join(lines))
    sys.stderr.write(f"{LOCK.name}: {len(packages)} packages\n")


if __name__ == "__main__":
    main()
