"""Random interleavings of two servers, three prefixes, copies and loads during collection, held in memory.

The rules are the product's (``populate.fleet.collector``, ``store_registry.refusal``), over tables and a store of this
file. Any process may go on between any two questions of a collector, and within its lock whatever needs no lock.
"""

import contextlib
import datetime
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dlgn_cnn.errors import ConfigError
from populate.fleet.collector import GRACE, File, FileMark, collect, survey
from schemas.base.store_registry import Signature, refusal

NAMES = tuple(File("weights", name) for name in "abc")
START = datetime.datetime(2026, 1, 1)
EXAMPLES = int(os.environ.get("DLGN_TEST_INTERLEAVINGS", "300"))


@dataclass(eq=False, repr=False)
class Database:
    """One prefix on one server: its tokens with the ends of their leases, its rows and its marks."""

    prefix: str
    server: "Server"
    tokens: dict[str, datetime.datetime] = field(default_factory=dict)
    rows: set[File] = field(default_factory=set)
    marks: dict[File, FileMark] = field(default_factory=dict)
    known: bool = False  # whether it has signed since it was made, or copied


@dataclass(eq=False, repr=False)
class Server:
    name: str
    databases: dict[str, Database] = field(default_factory=dict)
    locked: bool = False


@dataclass(eq=False, repr=False)
class Process:
    """A load: it signs, stores a file unless that is there, renews its lease, inserts the row, and ends."""

    database: Database
    file: File
    token: str = ""
    step: int = 0


class World:
    """The shared place, the clock and the servers."""

    def __init__(self) -> None:
        self.now = START
        self.files: dict[File, str] = {}
        self.signed: set[Signature] = set()
        self.servers: list[Server] = []
        self.processes: list[Process] = []
        self.numbers = itertools.count()
        self.deleting = False

    def open(self, database: Database) -> None:
        """As a command does that opens a database: it signs unless one of its own is there."""
        mine = {one for one in self.signed if (one.prefix, one.server) == (database.prefix, database.server.name)}
        if not {one.token for one in mine} & database.tokens.keys():
            self.sign(database, self.token(database, datetime.timedelta()))

    def token(self, database: Database, lease: datetime.timedelta) -> str:
        database.tokens[token := f"{next(self.numbers):032x}"] = self.now + lease
        return token

    def sign(self, database: Database, token: str) -> None:
        if not database.known:  # what was gone before it was heard of
            database.rows &= self.files.keys()
        database.known = True
        self.signed.add(Signature(database.prefix, database.server.name, token))

    def withdraw(self, database: Database, token: str) -> None:
        self.signed.discard(Signature(database.prefix, database.server.name, token))
        database.tokens.pop(token, None)

    def resign(self, process: Process, lease: datetime.timedelta) -> None:
        before, process.token = process.token, self.token(process.database, lease)
        self.sign(process.database, process.token)
        self.withdraw(process.database, before)

    def can_go_on(self, process: Process) -> bool:
        needs_lock = process.step in (0, 3, 5)
        first = process.step == 1 and not process.database.known  # the bound that gc's documentation states
        return not (needs_lock and process.database.server.locked) and not (first and self.deleting)

    def go_on(self, process: Process) -> None:
        """One step of a load."""
        database, alive = process.database, True
        if process.step == 0:
            process.token = self.token(database, GRACE)
        elif process.step == 1:
            self.sign(database, process.token)
        elif process.step == 2:
            if process.file not in self.files:
                self.files[process.file] = str(next(self.numbers))
        elif process.step in (3, 4):
            alive = database.tokens.get(process.token, self.now) > self.now
            if alive and process.step == 3:
                self.resign(process, GRACE)
            elif alive:
                database.rows.add(process.file)
        else:
            self.resign(process, datetime.timedelta())
        process.step += 1
        if not alive or process.step > 5:
            self.processes.remove(process)


class Places:
    def __init__(self, world: World, between) -> None:
        self.world, self.between = world, between

    def sizes(self) -> dict[File, int]:
        self.between()
        return dict.fromkeys(self.world.files, 1)

    def changed(self, file: File) -> str | None:
        self.between()
        return self.world.files.get(file)

    def delete(self, file: File) -> None:
        for server in self.world.servers:
            for one in server.databases.values():
                assert not (one.known and file in one.rows), f"{file} is live in {one.prefix} of {server.name}"
        self.world.files.pop(file, None)


class Tables:
    """As ``populate.fleet.gc`` has them, of a database in a world."""

    def __init__(self, world: World, mine: Database, between) -> None:
        self.world, self.mine, self.between = world, mine, between
        self.here = mine.server.databases
        self.prefixes: list[str] = []

    def check(self) -> None:
        self.between()
        found = sorted(self.world.signed)
        known = {one.prefix: self.here[one.prefix].tokens if one.prefix in self.here else None for one in found}
        for one in found:
            if refusal(one, self.mine.server.name, known):
                raise ConfigError(refusal(one, self.mine.server.name, known))
        self.prefixes = sorted({self.mine.prefix, *known})

    def now(self) -> datetime.datetime:
        return self.world.now

    def references(self):
        self.between()
        rows = set().union(*(self.here[prefix].rows for prefix in self.prefixes))
        return rows.__contains__

    def marks(self) -> dict[File, FileMark]:
        return dict(self.mine.marks)

    def keep_marks(self, marks) -> None:
        self.between()
        self.mine.marks = dict(marks)

    def writers(self) -> list[str]:
        self.between()
        return [
            token for name in self.prefixes for token, end in self.here[name].tokens.items() if end > self.world.now
        ]

    def tokens(self) -> frozenset[str]:
        self.between()
        return frozenset(token for name in self.prefixes for token in self.here[name].tokens)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        self.between()
        self.mine.server.locked = self.world.deleting = True
        yield
        self.mine.server.locked = self.world.deleting = False


class Interleavings(RuleBasedStateMachine):
    """Loads, deletions, copies, crashes, sleep and collections in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        for name, prefixes in (("one", ("p", "q")), ("two", ("r",))):
            server = Server(name)
            server.databases = {prefix: Database(prefix, server) for prefix in prefixes}
            self.world.servers.append(server)

    def databases(self) -> list[Database]:
        return [one for server in self.world.servers for one in server.databases.values()]

    @rule(data=st.data(), file=st.sampled_from(NAMES))
    def begin(self, data, file) -> None:
        database = data.draw(st.sampled_from(self.databases()))
        self.world.open(database)
        self.world.processes.append(Process(database, file))

    @precondition(lambda self: self.world.processes)
    @rule(data=st.data(), steps=st.integers(1, 6))
    def load(self, data, steps) -> None:
        process = data.draw(st.sampled_from(self.world.processes))
        for _ in range(steps):
            if process in self.world.processes:
                self.world.go_on(process)

    @precondition(lambda self: self.world.processes)
    @rule(data=st.data())
    def crash(self, data) -> None:
        self.world.processes.remove(data.draw(st.sampled_from(self.world.processes)))

    @rule(data=st.data(), file=st.sampled_from(NAMES))
    def delete_row(self, data, file) -> None:
        data.draw(st.sampled_from(self.databases())).rows.discard(file)

    @rule(hours=st.sampled_from((1, 13, 25)))
    def sleep(self, hours) -> None:
        self.world.now += datetime.timedelta(hours=hours)

    @precondition(lambda self: len(self.world.servers) < 3)
    @rule(data=st.data(), same_name=st.booleans())
    def copy(self, data, same_name) -> None:
        """A server's data are copied while it is down; under the same name once the whole machine is."""
        source = data.draw(st.sampled_from(self.world.servers))
        twin = Server(source.name if same_name else "copy")
        for one in source.databases.values():
            copied = Database(one.prefix, twin, dict(one.tokens), set(one.rows), dict(one.marks))
            twin.databases[one.prefix] = copied
        self.world.servers.append(twin)
        running = [one for one in self.world.processes if one.database.server is source and one.step == 4]
        self.world.processes = [one for one in self.world.processes if one not in running]

    @precondition(lambda self: len(self.world.servers) == 3)
    @rule()
    def remove_copy(self) -> None:
        """The copy is given up, and its signatures are deleted as the error says."""
        gone = self.world.servers.pop()
        self.world.processes = [one for one in self.world.processes if one.database.server is not gone]
        rest = {token for one in self.databases() for token in one.tokens}
        self.world.signed = {one for one in self.world.signed if one.token in rest and one.server != "copy"}

    def collector(self, database: Database, data) -> tuple[Tables, Places]:
        def between() -> None:
            ready = [one for one in self.world.processes if self.world.can_go_on(one)]
            if ready and data.draw(st.booleans()):
                self.world.go_on(data.draw(st.sampled_from(ready)))

        return Tables(self.world, database, between), Places(self.world, between)

    @rule(data=st.data(), delete=st.booleans())
    def gc(self, data, delete) -> None:
        database = data.draw(st.sampled_from(self.databases()))
        self.world.open(database)
        tables, places = self.collector(database, data)
        try:
            if not delete:
                survey(tables, places)
                return
            tables.check()
            own = self.world.token(database, datetime.timedelta())
            self.world.sign(database, own)
            collect(tables, places)
            for token, end in list(database.tokens.items()):
                if end < self.world.now - GRACE and token != own:
                    self.world.withdraw(database, token)
        except ConfigError:
            pass
        finally:
            database.server.locked = self.world.deleting = False

    @invariant()
    def nothing_live_is_gone(self) -> None:
        for one in self.databases():
            if one.known:
                assert one.rows <= self.world.files.keys(), f"{one.prefix} of {one.server.name} lost a file"

    def teardown(self) -> None:
        """Once all processes have ended and one server is left, two collections a day apart leave no garbage."""
        self.world.processes = []
        server = self.world.servers[0]
        self.world.servers = [server]
        mine = {token for one in server.databases.values() for token in one.tokens}
        self.world.signed = {one for one in self.world.signed if one.server == server.name and one.token in mine}
        database = server.databases["p"]
        tables, places = Tables(self.world, database, lambda: None), Places(self.world, lambda: None)
        self.world.now += 2 * GRACE
        survey(tables, places)
        self.world.now += GRACE
        due = set(survey(tables, places).due)
        assert set(collect(tables, places)) == due
        live = set().union(*(one.rows for one in server.databases.values() if one.known))
        assert set(self.world.files) == live & set(self.world.files)


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate) if EXAMPLES != 300 else tuple(Phase),
    derandomize=EXAMPLES == 300,
    suppress_health_check=list(HealthCheck),
)
