"""The compose file, run from an empty machine to a report and a notebook's output; ``make test-compose`` starts it.

The tests follow each other as a lab's first day does.
"""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.compose.engine import EXAMPLE, PROJECT, ROOT, USER, Fleet, NoEngineError, find_engine, own

pytestmark = pytest.mark.skipif("DLGN_TEST_COMPOSE" not in os.environ, reason="runs containers: make test-compose")
WORKERS = 3
LONGEST_S = 1800
TOOLS = 40
EXPERIMENT = """
experiment: first
datasets:
  - fn: stored_sessions
    config: {sessions: all, size_px: [12, 19], rate_hz: 30.0, batch_size: 4, window_frames: 60}
models:
  - fn: ln
    config: {opto: additive, field_radius_px: null}
trainers:
  - fn: standard
    config: {fit: {max_epochs: 2, patience: 2, learning_rate: 0.01}}
seeds: [0, 1, 2, 3, 4, 5]
meis:
  - fn: gradient_ascent
    config: {units: all, fit: {frames: 15, steps: 4}}
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> Iterator[Fleet]:
    try:
        engine = find_engine()
    except NoEngineError as error:
        pytest.skip(str(error))
    made = Fleet.prepare(engine, tmp_path_factory.mktemp("compose"))
    made.clean()
    yield made
    made.clean()


@pytest.fixture(scope="module")
def secrets(fleet) -> dict[str, str]:
    return fleet.fill_in()


def test_the_secrets_of_the_example_are_refused_before_anything_keeps_them(fleet):
    assert EXAMPLE in (fleet.folder / ".env").read_text()
    fleet.compose("up", "--detach", "--no-deps", "db")
    assert "set one of your own in .env" in wait_for(lambda: fleet.compose("logs", "db").stdout)
    refused = fleet.compose("run", "-T", "--no-deps", "ingest", "status", check=False)
    assert refused.returncode == 1
    assert "still has the example's secret" in refused.stdout + refused.stderr
    fleet.clean()


def test_it_comes_up(fleet, secrets):
    fleet.compose("up", "--detach", "--scale", f"worker={WORKERS}")
    wait_for(lambda: fleet.run("query", "Worker", "state = 'working'", "--columns", "pid").stdout.count("\n") > WORKERS)


def test_a_recording_goes_in_as_the_docs_write_it(fleet, secrets):
    fleet.run("simulate", "/work/my_recording", "--units", "4", "--scenes", "8", "--test-scenes", "2")
    assert mine(fleet.folder / "work" / "my_recording")
    shutil.move(fleet.folder / "work" / "my_recording", fleet.folder / "recordings" / "my_recording")
    assert "ingested session" in said(fleet.run("ingest", "/recordings/my_recording"))
    (fleet.folder / "work" / "first.yaml").write_text(EXPERIMENT)
    own(fleet.folder / "work" / "first.yaml")
    assert "6 fits" in said(fleet.run("define", "/work/first.yaml"))


def test_the_workers_compute_it_to_the_end(fleet, secrets):
    wait_for(lambda: finished(fleet), LONGEST_S)
    hosts = fleet.run("query", "--sql", "SELECT COUNT(DISTINCT host) AS hosts FROM dlgn_fleet.worker")
    assert str(WORKERS) in hosts.stdout


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["query", "Score.Unit", "--save", "/work/scores.csv"], "scores.csv"),
        (["export", "meis", "/work/meis", "--size", "264x418", "--experiment", "first"], "meis/manifest.json"),
        (["publish", "/work/first.zip", "--experiment", "first"], "first.zip"),
    ],
)
def test_what_a_tool_writes_lies_in_the_work_folder_and_belongs_to_the_user(fleet, secrets, command, output):
    fleet.run(*command)
    assert mine(fleet.folder / "work" / output)


def test_the_report_lies_there_too(fleet, secrets):
    fleet.compose("run", "-T", "report")
    page = fleet.folder / "work" / "report.html"
    assert mine(page)
    assert "dLGN with and without feedback" in page.read_text()


@pytest.mark.parametrize("name", ["1_first_look", "4_sql"])
def test_a_notebook_computes_in_its_service(fleet, secrets, name):
    call = ["jupyter", "execute", f"/srv/dlgn/examples/{name}.ipynb", f"--output=/work/{name}.ipynb"]
    fleet.compose("exec", "-T", "notebook", *call)
    outputs = [
        output
        for cell in json.loads((fleet.folder / "work" / f"{name}.ipynb").read_text())["cells"]
        for output in cell.get("outputs", ())
    ]
    assert outputs
    assert not [output for output in outputs if output["output_type"] == "error"]


def test_the_page_answers_with_its_token_only(fleet, secrets):
    asked = urllib.request.Request("http://127.0.0.1:8050/")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(asked, timeout=60)
    asked.add_header("Authorization", f"Bearer {secrets['DLGN_DASHBOARD_TOKEN']}")
    assert urllib.request.urlopen(asked, timeout=60).status == 200


def test_a_backup_is_restored_on_an_empty_machine_and_verified_as_the_docs_write_it(fleet, secrets):
    page = (ROOT / "docs" / "how-to" / "compose.md").read_text().split("## Back up and restore", 1)[1]
    backup, restore = re.findall(r"```sh\n(.+?)```", page, re.DOTALL)[:2]
    shell(fleet, backup)
    (fleet.folder / "work" / "scores.csv").unlink()
    fleet.run("query", "units", "--save", "/work/scores.csv")
    before = (fleet.folder / "work" / "scores.csv").read_text()
    fleet.clean()
    verdicts = shell(fleet, restore)
    assert re.search(r"\bequal\b", verdicts)
    assert not re.search(r"\b(differs|missing|damaged|failed)\b", verdicts), verdicts
    fleet.run("query", "units", "--save", "/work/again.csv")
    assert (fleet.folder / "work" / "again.csv").read_text() == before
    fleet.compose("up", "--detach", "--scale", f"worker={WORKERS}")


def test_tools_do_not_declare_again(fleet, secrets):
    def declared() -> str:
        return fleet.compose("logs", "--no-log-prefix", "declare").stdout

    before = declared()
    fleet.run("status")
    assert declared() == before


def test_a_sweep_meets_no_refusal_while_tools_run_and_accounts_are_declared_again(fleet, secrets):
    sweep = EXPERIMENT.partition("meis:")[0].replace("first", "sweep").replace("[0, 1, 2, 3, 4, 5]", str([*range(60)]))
    (fleet.folder / "work" / "sweep.yaml").write_text(sweep)
    (fleet.folder / "work" / "ask.py").write_text(ASK)
    (fleet.folder / "work" / "again.py").write_text(AGAIN)
    for name in ("sweep.yaml", "ask.py", "again.py"):
        own(fleet.folder / "work" / name)
    fleet.run("define", "/work/sweep.yaml")
    python = ["run", "-T", "--entrypoint", "python"]
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(fleet.compose, *python, "ingest", "/work/ask.py")
        again = pool.submit(
            fleet.compose, *python, "--volume", f"{fleet.folder}/work:/work", "declare", "/work/again.py"
        )
        for _ in range(TOOLS):
            fleet.run("status")
        assert again.result().stdout.split()[-2:] == ["2000", "declarations"]
        assert asked.result().stdout.split()[-2:] == ["0", "failures"]
    wait_for(lambda: finished(fleet, fits=60), LONGEST_S)  # those of the first experiment are among them
    retries = fleet.run("query", "--sql", "SELECT COUNT(*) AS retries FROM dlgn_fleet.retry")
    assert re.search(r"\b0\b", retries.stdout)


def test_three_unlike_machines_compute_every_key_and_none_fails(fleet, secrets):
    """One lacks the recordings, one the lab's package, and one is another account of the same group."""
    components = fleet.folder / "work" / "components"
    components.mkdir(exist_ok=True)
    (components / "mylab_parts.py").write_text(parts_of_the_docs())
    (fleet.folder / "work" / "unlike.yaml").write_text(UNLIKE)
    (fleet.folder / "unlike.yaml").write_text(MACHINES.format(other=f"{USER[0] + 1}:{USER[1]}"))
    (fleet.folder / "nothing").mkdir()
    with (fleet.folder / ".env").open("a") as settings:
        settings.write("DLGN_ALLOW_PACKAGES=mylab_parts\n")
    fleet.compose("rm", "--stop", "--force", "worker")
    before = int(answers(fleet, "SELECT COUNT(*) FROM dlgn_training.__trained_model")[0])
    fleet.run(
        "simulate",
        "/work/second",
        "--mouse",
        "Simulated_2026_0002",
        "--units",
        "3",
        "--scenes",
        "8",
        "--test-scenes",
        "2",
    )
    shutil.move(fleet.folder / "work" / "second", fleet.folder / "recordings" / "second")
    fleet.run("ingest", "/recordings/second")
    assert "4 fits" in said(fleet.run("define", "/work/unlike.yaml"))

    def start(name: str) -> None:
        fleet.compose("-f", "docker-compose.yml", "-f", "unlike.yaml", "up", "--detach", "--no-deps", name)

    def lacks(host: str) -> list[str]:
        return answers(
            fleet, f"SELECT lacks FROM dlgn_fleet.lack JOIN dlgn_fleet.worker USING (worker_id) WHERE host = '{host}'"
        )

    start("blind")
    assert "is missing on host blind: mount or restore it there" in "".join(wait_for(lambda: lacks("blind")))
    assert "start a worker elsewhere" in said(fleet.run("status"))
    fleet.run("pause", "TrainedModel", "--host", "blind")  # so that the other two meet the fits
    start("bare")
    assert "mylab_parts" in "".join(wait_for(lambda: lacks("bare")))
    start("other")
    wait_for(lambda: finished(fleet, fits=before + 4, recordings=2), LONGEST_S)
    hosts = answers(fleet, "SELECT DISTINCT host FROM dlgn_training.__trained_model__provenance")
    assert "other" in hosts
    assert answers(fleet, "SELECT error_message FROM dlgn_results.failures") == []
    fleet.run("resume", "TrainedModel", "--host", "blind")
    fleet.compose("-f", "docker-compose.yml", "-f", "unlike.yaml", "rm", "--stop", "--force", "blind", "bare", "other")
    fleet.compose("up", "--detach", "--scale", f"worker={WORKERS}", "worker")


UNLIKE = (
    EXPERIMENT.partition("models:")[0].replace("first", "unlike")
    + """
models:
  - {fn: encoder, config: {core: {name: mylab_parts.BlurCore, channels: 2, blur_px: 2}, readout: {name: gaussian}}}
  - {fn: ln, config: {opto: additive, field_radius_px: null}}
trainers:
  - fn: standard
    config: {fit: {max_epochs: 1, learning_rate: 0.02}}
seeds: [0, 1]
"""
)
MACHINES = """
services:
  blind:
    extends: {{file: docker-compose.yml, service: worker}}
    hostname: blind
    volumes: [{{type: bind, source: ./nothing, target: /recordings, read_only: true}}]
  bare:
    extends: {{file: docker-compose.yml, service: worker}}
    hostname: bare
    environment: {{PYTHONPATH: ""}}
  other:
    extends: {{file: docker-compose.yml, service: worker}}
    hostname: other
    user: "{other}"
"""
ASK = """
import time
import schemas
from schemas import fleet, session

schemas.open_database()
asked = failures = 0
while not (len(fleet.StopFlag & "host = 'done'")):
    started = time.monotonic()
    try:
        len(session.Session())
    except Exception as error:
        failures += 1
        print(type(error).__name__, error)
    asked += 1
    time.sleep(max(0.0, 1 / 60 - (time.monotonic() - started)))
print(asked, "questions", failures, "failures")
"""
AGAIN = """
from populate.fleet.accounts import grant
from populate.fleet.declare import declare
from schemas import fleet

declare()
for number in range(2000):
    assert grant("dlgn_worker").endswith("no grants were changed")
fleet.StopFlag.insert1({"host": "done", "action": "pause"})
print(2000, "declarations")
"""


def finished(fleet: Fleet, fits: int = 6, recordings: int = 1) -> bool:
    """Whether no key is left; every key must have been computed."""
    status = fleet.run("status")
    rows = [line.split("\t") for line in status.stdout.splitlines()]
    counts = {row[0]: [int(cell) for cell in row[1:]] for row in rows if len(row) == 7 and row[1].isdigit()}
    if counts["Recording"][0] < recordings:
        return False
    assert not any(row[3] for row in counts.values()), said(status)
    return counts["TrainedModel"][0] == fits and not any(row[1] or row[2] for row in counts.values())


def answers(fleet: Fleet, sql: str) -> list[str]:
    """The first column of a query's rows."""
    return fleet.run("query", "--sql", sql).stdout.splitlines()[1:]


def parts_of_the_docs() -> str:
    """The package that the page on own components writes."""
    page = (ROOT / "docs" / "how-to" / "own-component.md").read_text()
    return page.split(":caption: mylab_parts.py\n", 1)[1].split("```", 1)[0]


def shell(fleet: Fleet, block: str) -> str:
    """What the commands of a page print, run by a shell that ends at the first that fails."""
    compose = f"{' '.join(fleet.engine.compose)} --project-name {PROJECT}"
    text = block.replace("docker compose", compose).replace("dlgn_store", f"{PROJECT}_store")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=fleet.folder, capture_output=True, text=True,
        env={**fleet.engine.environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def said(done) -> str:
    return done.stdout + done.stderr


def mine(path: Path) -> bool:
    """Whether a file belongs to the account of the containers, as the user's own files do."""
    return path.stat().st_uid == USER[0]


def wait_for(what, longest_s: float = 180.0):
    """What ``what`` returns once it is true."""
    until = time.monotonic() + longest_s
    while not (found := what()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(2)
    return found
