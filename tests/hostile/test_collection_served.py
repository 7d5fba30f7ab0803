"""Random interleavings of loads, workers and collections on servers: three prefixes, two databases, a copy, one store.

Each process is one, and stops before every question that it asks a server or the store. Any other may then go on, the
clock may move, rows may be deleted, databases copied, and processes killed. ``tests.collecting`` has their side. The
rules alone are tried more often in ``test_collector.py``.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import uuid
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

import pytest

from tests.collecting import KINDS
from tests.waiting import wait_until

EXAMPLES = int(os.environ.get("DLGN_TEST_SERVED_INTERLEAVINGS", "15"))
ANSWER_S = 120.0
ALL = 10**9  # points
STEPS = 40
DONE: Counter[str] = Counter()


@dataclass(eq=False, repr=False)
class Database:
    """One prefix on one server, and the process that opened it."""

    prefix: str
    server: str  # which is really asked
    parent: Connection
    process: subprocess.Popen[bytes]
    name: str  # as its server calls itself
    copied: frozenset[str] = frozenset()  # the tokens that it got by being copied
    known: bool = False  # whether it has left a token in the store
    environment: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        self.parent.close()
        self.process.wait(60)

    def ask(self, what: str, *arguments: Any) -> Any:
        self.parent.send((what, *arguments))
        return _answer(self.parent)


@dataclass(eq=False, repr=False)
class Process:
    """A job under way, stopped at a point."""

    job: str
    database: Database
    parent: Connection
    pid: int
    row: int = 0
    frozen: bool = False  # a worker that does not beat
    waits: bool = False  # for the lock of its server
    state: str = "paused"
    told: str = ""


def _answer(parent: Connection) -> Any:
    assert parent.poll(ANSWER_S), "no answer"
    return parent.recv()


@dataclass
class Site:
    """The folder of files and the databases: p and q on one server, r on another, which a copy of p and q goes to."""

    store: Path
    listener: Listener
    databases: dict[str, Database] = field(default_factory=dict)

    def open(self, wanted: dict[str, tuple[str, dict[str, str]]]) -> None:
        """Open databases at once, given by name: the prefix and the environment of each."""
        processes = {}
        for name, (prefix, environment) in wanted.items():
            given = {key: value for key, value in os.environ.items() if not key.startswith("DLGN_")}
            given |= {"DLGN_STORE": str(self.store)} | environment | {"DLGN_PREFIX": prefix}
            command = [sys.executable, "-m", "tests.collecting", self.listener.address, name]
            processes[name] = subprocess.Popen(command, env=given)
        for _ in wanted:
            parent = self.listener.accept()
            name, says = _answer(parent)
            prefix, environment = wanted[name]
            self.databases[name] = Database(prefix, environment["DLGN_HOME"], parent, processes[name], says)
            self.databases[name].environment = environment

    def files(self) -> set[str]:
        found = {path.relative_to(self.store).as_posix() for path in self.store.rglob("*") if path.is_file()}
        return {name for name in found if not name.startswith("databases/")}

    def signatures(self) -> dict[str, Path]:
        return {path.name.split(".")[2]: path for path in (self.store / "databases").glob("*.json")}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Five prefixes declared once: those of a copy are there from the beginning, empty."""
    folder = tmp_path_factory.mktemp("site")
    listener = Listener(str(folder / "s"), "AF_UNIX")
    found = Site(folder / "store", listener)
    found.store.mkdir()
    one = {"DLGN_HOME": str(folder / "one")}
    if os.environ.get("DLGN_TEST_MYSQL"):
        one["DLGN_DATABASE"] = os.environ["DLGN_TEST_MYSQL"]
    two, run = {"DLGN_HOME": str(folder / "two")}, f"t{uuid.uuid4().hex[:6]}"
    where = {"p": one, "q": one, "r": two, "copy of p": two, "copy of q": two}
    found.open({name: (f"{run}{name[-1]}_", environment) for name, environment in where.items()})
    for server in (("p", "q"), ("r", "copy of p", "copy of q")):
        for name in server:
            found.databases[name].ask("note_tables", [found.databases[other].prefix for other in server])
    yield found
    for name, database in found.databases.items():
        if name in "pq":  # the other server goes with its folder
            database.ask("drop")
        database.close()


class Interleaving:
    """One of a seed: what may happen, in any order, and what must be so after each step."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site, self.all, self.draw = site, site.databases, random.Random(seed)
        self.processes: list[Process] = []
        self.locked: dict[str, Process] = {}
        self.rows = 0
        self.copies: list[Database] = []
        self.used: set[Database] = set()
        self.told: list[str] = []  # what happened, shown with a failure
        for database in self.all.values():
            database.ask("empty")
            database.known, database.copied = False, frozenset()
        for path in site.store.rglob("*"):
            if path.is_file():
                path.unlink()

    def step(self) -> None:
        chances = {self.begin: 5, self.collect: 5, self.some_goes_on: 12, self.pass_time: 3, self.delete_row: 3}
        chances |= {self.crash: 1, self.freeze: 1, self.wake: 1, self.copy: 0.3, self.leave_one_server: 0.7}
        (step,) = self.draw.choices(list(chances), list(chances.values()))
        step()
        self.nothing_live_is_gone()

    # What may happen

    def begin(self) -> None:
        self.rows += 1
        job, kind = self.draw.choice(("load", "work")), self.draw.choice(KINDS)
        process = self.start(self.some_database(), job, kind, self.draw.randint(1, 2), self.rows)
        process.row, process.frozen = self.rows, self.draw.random() < 0.4

    def collect(self) -> None:
        process = self.start(self.some_database(), "collect", self.draw.random() < 0.6)
        self.go_on(process, self.draw.choice((30, 100, 200, ALL, ALL)))

    def some_goes_on(self) -> None:
        if self.processes:
            self.go_on(self.draw.choice(self.processes), self.draw.choice((1, 2, 4, 8, 16, 40, 100, ALL, ALL)))

    def crash(self) -> None:
        if self.processes:
            self.kill(self.draw.choice(self.processes))

    def delete_row(self) -> None:
        database = self.some_database()
        rows = sorted(database.ask("shown")["rows"], key=str)
        if rows:
            kind, row, name = self.draw.choice(rows)
            self.told.append(f"row of {name} is deleted from {database.prefix}")
            database.ask("delete_row", kind, row)

    def pass_time(self) -> None:
        self.let_pass(self.draw.choice((1, 13, 25, 25)))

    def freeze(self) -> None:
        if self.processes:
            self.draw.choice(self.processes).frozen = True

    def wake(self) -> None:
        """A worker beats again."""
        if self.processes:
            process = self.draw.choice(self.processes)
            process.frozen = False
            process.database.ask("beat", self.silent())

    def copy(self) -> None:
        """What was about to insert a row ends with its connection."""
        if self.copies:
            return
        for process in [one for one in self.processes if one.state == "about to insert"]:
            self.kill(process)
        name = self.draw.choice("pr")  # of a machine that was copied as a whole, or of another server
        self.told.append(f"p and q are copied to {name}")
        for prefix in "pq":
            twin = self.all[f"copy of {prefix}"]
            twin.ask("fill", self.all[prefix].ask("dump"))
            twin.name = self.all[name].name
            twin.known, twin.copied = False, frozenset(twin.ask("shown")["tokens"])
            self.copies.append(twin)
        self.used |= {*self.copies}

    def leave_one_server(self) -> None:
        """The other server and the copy are given up, and their signatures deleted, as the error says."""
        self.told.append("one server is left")
        away = [one for name, one in self.all.items() if name not in "pq"]
        for process in [one for one in self.processes if one.database in away]:
            self.kill(process)
        for database in self.used.intersection(away):
            database.ask("empty")
            database.known, database.copied = False, frozenset()
        known = frozenset().union(*(self.all[name].ask("shown")["tokens"] for name in "pq"))
        for token, path in self.site.signatures().items():
            if token not in known:
                path.unlink()
        self.copies, self.used = [], self.used.difference(away)

    # What must be so

    def nothing_live_is_gone(self) -> None:
        files, signed = self.site.files(), self.site.signatures().keys()
        for name, database in self.all.items():
            if database not in self.used:
                continue
            found = database.ask("shown")
            lost = [row for row in found["rows"] if row[2] not in files]
            if not database.known and (found["tokens"] - database.copied) & signed:
                database.known = True
                for kind, row, _ in lost:  # it was gone before the copy was heard of
                    database.ask("delete_row", kind, row)
            elif database.known:
                assert not lost, (name, lost, self.told)

    def no_garbage_is_left(self) -> None:
        """Once all processes have ended and one server is left, two collections a day apart leave none."""
        self.leave_one_server()
        self.end()
        wait_until(lambda: all(self.all[name].ask("at_rest") for name in "pq"))
        self.let_pass(48)
        before = self.site.files()
        for name in "pq":  # arrays lie below the schema of their rows, and are asked for by its prefix alone
            self.all[name].ask("due")
        self.let_pass(25)
        for name in "pq":
            there, due = self.site.files(), self.all[name].ask("due")
            assert self.all[name].ask("collected") == len(due), self.told
            assert there - self.site.files() == due, self.told
            DONE["deleted at the end"] += len(due)
        live = {name for one in "pq" for _, _, name in self.all[one].ask("shown")["rows"]}
        live |= {name for name in before if name.startswith(f"_schema/{self.all['r'].prefix}")}  # of no schema here
        assert self.site.files() == live & before, self.told
        self.nothing_live_is_gone()

    # How it is done

    def some_database(self) -> Database:
        here = [self.all["p"], self.all["q"]] * 10
        return self.draw.choice([*here, self.all["r"], *self.copies])

    def let_pass(self, hours: int) -> None:
        self.told.append(f"{hours} hours pass")
        for database in self.used:
            database.ask("pass_time", hours, self.silent())

    def silent(self) -> list[int]:
        """The numbers of rows that workers would insert which do not beat, or have ended."""
        beating = {one.row for one in self.processes if one.job == "work" and not one.frozen}
        return [row for row in range(self.rows + 1) if row not in beating]

    def end(self) -> None:
        for process in list(self.processes):
            self.kill(process)

    def start(self, database: Database, job: str, *arguments: Any) -> Process:
        self.used.add(database)
        database.parent.send(("fork", database.name, job, arguments))
        parent = self.site.listener.accept()
        process = Process(job, database, parent, _answer(parent))
        assert _answer(parent) == "paused", "at its first point"
        process.told = f"{job} {len(self.told)} of {database.prefix} {arguments}"
        self.told.append(process.told)
        self.processes.append(process)
        return process

    def go_on(self, process: Process, points: int) -> None:
        """Until it has passed so many points, waits for the lock of its server, or has ended."""
        server, parent = process.database.server, process.parent
        if not process.database.known and any(one.job == "collect" for one in self.locked.values()):
            return  # the bound that gc's documentation states: a database that is not known yet
        if process.waits and server in self.locked:
            return
        if process.waits:
            self.locked[server], process.waits = process, False
        parent.send(points)
        before = self.site.files()
        while (said := _answer(parent)) not in ("paused", "about to insert"):
            if said == "free":
                self.locked.pop(server)
            elif said == "lock" and server in self.locked:
                process.waits = True
                break
            elif said == "lock":
                self.locked[server] = process
                parent.send(points)
            else:
                self.ended(process, said)
                break
        else:
            process.state = said
        gone = before - self.site.files()
        self.told.append(f"{process.told} goes on by {points}: {said}, {sorted(gone)} gone")
        DONE["deleted"] += len(gone)

    def ended(self, process: Process, said: str) -> None:
        assert not said.startswith("failed"), said
        DONE[f"{process.job} {said.partition(':')[0]}"] += 1
        process.parent.close()
        self.processes.remove(process)

    def kill(self, process: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        self.locked = {server: one for server, one in self.locked.items() if one is not process}
        process.parent.close()
        self.processes.remove(process)
        DONE["killed"] += 1


@pytest.mark.parametrize("seed", range(EXAMPLES))
def test_nothing_live_is_deleted_and_no_garbage_stays(site, seed):
    interleaving = Interleaving(site, seed)
    try:
        for _ in range(STEPS):
            interleaving.step()
        interleaving.no_garbage_is_left()
    finally:
        interleaving.end()


def test_files_were_deleted_while_others_loaded(site):
    wanted = ("deleted", "deleted at the end", "load done", "work done", "collect done", "collect refused", "killed")
    assert all(DONE[name] for name in wanted), DONE


def test_data_sets_of_another_database_are_left_alone_where_only_their_place_is_shared(site, tmp_path):
    """Two homes with a store each, and one DLGN_DATASETS."""
    place = tmp_path / "shared"
    wanted = {}
    for name in ("p", "r"):
        database = site.databases[name]
        environment = database.environment | {"DLGN_STORE": str(tmp_path / name), "DLGN_DATASETS": place.as_uri()}
        wanted[f"{name} with a store"] = (database.prefix, environment)
    interleaving = Interleaving(site, 0)
    site.open(wanted)
    one, other = (site.databases[name] for name in wanted)
    interleaving.go_on(interleaving.start(one, "load", "datasets", 1, 1), ALL)
    (file,) = place.glob("datasets/*/*/*")
    other.ask("pass_time", 48, [])
    interleaving.go_on(interleaving.start(other, "collect", True), ALL)
    assert "another server's" in interleaving.told[-1]
    assert file.exists()
    for name in wanted:
        site.databases.pop(name).close()
