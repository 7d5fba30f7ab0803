"""The compose file, as far as a machine without a Docker engine can check it.

Docker Compose itself reads it, and every command of ours in it runs as it stands against a real MySQL.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pymysql
import pytest

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
DLGN = [sys.executable, "-W", "ignore", "-c", "from populate.cli.command import main; main()"]
OURS = {"declare", "worker", "worker-gpu", "ingest", "report", "notebook", "dashboard"}
TOOLS = {"ingest", "report"}


def compose(*arguments: str, env_file: Path = ROOT / ".env.example") -> subprocess.CompletedProcess[str]:
    program = shutil.which("docker-compose", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("no docker-compose: pip install '.[dev]'")
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    call = [program, "--file", str(ROOT / "docker-compose.yml"), "--env-file", str(env_file), "--profile", "*"]
    return subprocess.run([*call, *arguments], capture_output=True, text=True, env=clean, cwd=ROOT)


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    """The services as Docker Compose understands them."""
    read = compose("config", "--format", "json")
    assert read.returncode == 0, read.stderr
    found = json.loads(read.stdout)["services"]
    assert set(found) == OURS | {"db", "store"}
    return found


def test_no_service_starts_without_its_secrets(tmp_path):
    (tmp_path / "env").touch()
    read = compose("config", env_file=tmp_path / "env")
    assert not read.stdout
    assert "copy .env.example to .env" in read.stderr
    assert ".env\n" in (ROOT / ".gitignore").read_text()
    for line in (ROOT / "docker-compose.yml").read_text().splitlines():
        if re.search(r"(PASSWORD|SECRET|TOKEN)\w*: ", line) and "test:" not in line:
            assert "${" in line, line


def test_servers_are_healthy_before_anything_connects_and_tools_declare_nothing_again(services):
    for name in ("db", "store"):
        assert services[name]["healthcheck"]["test"]
    servers = {"db": "service_healthy", "store": "service_healthy"}
    for name in OURS:
        needs = {other: how["condition"] for other, how in services[name]["depends_on"].items()}
        declared = {} if name in {"declare", *TOOLS} else {"declare": "service_completed_successfully"}
        assert needs == servers | declared


def test_only_the_one_that_declares_has_the_servers_own_account(services):
    users = {name: urlsplit(services[name]["environment"]["DLGN_DATABASE"]).username for name in OURS}
    assert users.pop("declare") == "root"
    assert users.pop("dashboard") == "dlgn_reader"
    assert set(users.values()) == {"dlgn_worker"}
    assert "MYSQL_ROOT_PASSWORD" not in services["worker"]["environment"]


def test_everything_that_computes_reads_recordings_and_sees_the_work_folder(services):
    for name in OURS - {"declare"}:
        seen = {folder["target"]: folder for folder in services[name]["volumes"]}
        assert seen["/recordings"]["read_only"] is True
        assert not seen["/work"].get("read_only")
        assert {seen[place]["bind"].get("create_host_path", False) for place in ("/recordings", "/work")} == {False}
    for name in ("worker", "worker-gpu", "notebook", *TOOLS):
        assert services[name]["environment"]["PYTHONPATH"] == "/work/components"


def test_no_container_has_more_rights_than_it_needs_or_is_seen_from_other_machines(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) > 0, name
        assert {port["host_ip"] for port in service.get("ports", ())} <= {"127.0.0.1"}, name
        assert name not in OURS or re.fullmatch(r"\d+:\d+", service["user"]), name
    for name in {"db", "store", "worker", "notebook", "dashboard"}:
        assert services[name]["restart"] == "unless-stopped"  # on-failure does not come back after a reboot


def test_the_password_that_everybody_knows_is_refused_before_the_server_keeps_it(services):
    entry = [word.replace("$$", "$") for word in services["db"]["entrypoint"]]
    environment = {"PATH": os.environ["PATH"], "MYSQL_ROOT_PASSWORD": "change-me"}
    refused = subprocess.run([*entry, "mysqld"], env=environment, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "set one of your own in .env" in refused.stderr


def test_images_have_a_full_version(services):
    for name in ("db", "store"):
        assert re.fullmatch(r"[\w./-]+:\d+(\.\d+)+(@sha256:[0-9a-f]{64})?", services[name]["image"])


def test_workers_can_be_multiplied_and_are_given_time_to_hand_back(services):
    for name in ("worker", "worker-gpu"):
        assert "container_name" not in services[name]
        assert "ports" not in services[name]
        assert services[name]["stop_grace_period"] == "2m0s"
        assert services[name]["init"] is True


def test_images_need_nothing_but_the_repository(services):
    context = (ROOT / ".dockerignore").read_text().split()
    for line in (ROOT / "docker" / "Dockerfile").read_text().splitlines():
        words = line.split()
        if words and words[0] == "COPY" and not words[1].startswith("--from"):
            for source in (word for word in words[1:-1] if not word.startswith("--")):
                assert (ROOT / source).exists(), source
                assert f"!{source}" in context
    assert {services[name]["build"]["dockerfile"] for name in OURS} == {"docker/Dockerfile"}


@pytest.fixture(scope="module")
def mysql(database) -> str:
    if not database.database:
        pytest.skip("needs a MySQL server: set DLGN_TEST_MYSQL")
    return database.database


def test_mysql_knows_every_setting(services, mysql):
    place = urlsplit(mysql)
    server = pymysql.connect(host=place.hostname, port=place.port, user=place.username, password=place.password)
    with server, server.cursor() as cursor:
        for option in services["db"]["command"]:
            name = option.removeprefix("--").split("=")[0].replace("-", "_")
            cursor.execute(f"SELECT @@global.{name}")


def test_every_command_of_ours_runs_as_it_stands(services, mysql, tmp_path):
    """``declare`` first, then what depends on it, with the account that it has made."""
    from schemas import fleet

    account, password, place = f"w{uuid.uuid4().hex[:8]}", uuid.uuid4().hex, urlsplit(mysql)
    url = f"mysql://{account}:{password}@{place.hostname}:{place.port}"

    def start(name: str) -> subprocess.Popen[str]:
        accounts = {"dlgn_worker": account, "dlgn_reader": f"r{account[1:]}"}
        command = [accounts.get(word, word).replace("/work", str(tmp_path)) for word in services[name]["command"]]
        own = {"DLGN_DATABASE": mysql if name == "declare" else url, "DLGN_WORKER_PASSWORD": password}
        own |= {"DLGN_READER_PASSWORD": password}
        return subprocess.Popen([*DLGN, *command], stderr=subprocess.PIPE, text=True, env=os.environ | own)

    def said(process: subprocess.Popen[str]) -> tuple[int, str]:
        _, text = process.communicate(timeout=120)
        return process.returncode, text

    assert said(start("declare"))[0] == 0
    assert said(start("ingest"))[0] == 0
    status, words = said(start("report"))  # there is nothing to report on yet, which it says in a sentence
    assert (status, "experiment" in words, "Traceback" in words) == (1, True, False)
    worker = start("worker")
    try:  # until it is registered: the only one, as no other worker uses this test's schemas
        wait_until(lambda: len(fleet.Worker & "state = 'working'"), worker)
        worker.send_signal(signal.SIGTERM)
        assert said(worker)[0] == 143
    finally:
        worker.kill()
