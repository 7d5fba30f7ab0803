"""Write the digests of the pulled images into the compose file and the Dockerfile: ``make pin-images``.

A tag can be moved to another image, a digest cannot. Run ``docker compose pull`` first.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    ROOT / "docker-compose.yml": r"(?<=image: )(?!dlgn:)[\w./:-]+",
    ROOT / "docker" / "Dockerfile": r"(?<=PYTHON_IMAGE=)[\w./:-]+",
}


def pinned(image: str) -> str:
    """The image's name with its tag and digest; SystemExit where Docker does not have it."""
    tag = image.partition("@")[0]
    call = ["docker", "image", "inspect", "--format", "{{index .RepoDigests 0}}", tag]
    done = subprocess.run(call, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{tag}: {done.stderr.strip()}; run: docker pull {tag}")
    return f"{tag}@{done.stdout.strip().partition('@')[2]}"


def main() -> None:
    """Pin every image of every file, or none."""
    texts = {}
    for path, pattern in FILES.items():
        texts[path] = re.sub(rf"{pattern}(@sha256:[0-9a-f]+)?", lambda found: pinned(found[0]), path.read_text())
    for path, text in texts.items():
        path.write_text(text)
    sys.stderr.write(f"pinned in {', '.join(path.name for path in texts)}\n")


if __name__ == "__main__":
    main()
