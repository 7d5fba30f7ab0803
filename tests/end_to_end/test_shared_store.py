"""A store in a lab's folder: whatever the commands write there, the others of its group can read and go on with."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.end_to_end.test_command import definition
from tests.factories import small_simulation
from tests.other_account import LAB

RUN = """
import json, sys
from typer.testing import CliRunner
from populate.cli.command import app
for words in json.load(sys.stdin):
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, (words, done.output)
"""
FOLDER, FILE = 0o2770, 0o660


@pytest.fixture
def shared(tmp_path) -> Path:
    """A folder whose setgid bit gives everything in it to another group than the process's own."""
    folder = tmp_path / "lab"
    folder.mkdir()
    os.chown(folder, -1, LAB if os.geteuid() == 0 else os.getgroups()[-1])
    folder.chmod(0o2775)
    return folder


@pytest.fixture
def elsewhere(database):
    """Tables of another prefix on the same server, dropped afterwards."""
    from schemas import session
    from schemas.declaration.modules import MODULES

    prefix = f"s{uuid.uuid4().hex[:8]}_"
    yield {"DLGN_PREFIX": prefix}
    connection = session.schema.connection
    cascade = "" if connection.adapter.backend == "mysql" else " CASCADE"
    for name in reversed(MODULES):
        quoted = connection.adapter.quote_identifier(f"{prefix}{name}")
        connection.query(f"DROP SCHEMA IF EXISTS {quoted}{cascade}")


def test_all_that_commands_write_is_the_groups(shared, elsewhere, tmp_path):
    recording = small_simulation(tmp_path / "recording", mouse="Simulated_2026_0170")
    file = definition(tmp_path, "shared", "Simulated_2026_0170_s01_e01", [0], epochs=1)
    results = shared / "results"
    commands = [
        ["ingest", recording],
        ["define", file],
        ["populate"],
        ["export", "meis", results / "meis", "--size", "36x64"],
        ["publish", results / "models.zip", "--license", "CC-BY-4.0"],
        ["report", results / "report.html"],
        ["query", "Score", "--save", results / "scores.csv"],
    ]
    environment = {**os.environ, **elsewhere, "DLGN_STORE": str(shared / "store"), "DLGN_CHECKPOINT_S": "0"}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps([list(map(str, words)) for words in commands]),
        env=environment,
        umask=0o002,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = {path.relative_to(shared).parts[:2] for path in shared.rglob("*")}
    assert {("store", name) for name in ("weights", "datasets", "databases")} <= found
    wrong = []
    for path in shared.rglob("*"):
        status, wanted = path.stat(), FOLDER if path.is_dir() else FILE
        if status.st_gid != shared.stat().st_gid or status.st_mode & wanted != wanted:
            wrong.append(f"{path.relative_to(shared)} {status.st_mode:o} {status.st_gid}")
    assert wrong == []
