"""URLs of the page and words of queries, asked of filled tables."""

import json
import random
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from dlgn_cnn.bounds import BOUNDS
from hostile.damage import damaged, odd, texts, words
from hostile.served import open_tables
from hostile.watch import Read, Watch


class Page:
    """URLs of the page: its paths and media, with odd parts and queries; questions that its scripts post."""

    PARTS = words("fits leaderboard errors unit fit media meis film scores curves responses distance")
    NAMES = words("of columns order where experiment shuffled fits table scene mei start speed x columns[]")
    VALUES = words("""seed mean_correlation model.core.channels 0 1 filled intact [["seed","equals","1"]]
        [["model_fn","contains","%"]]""")

    def __init__(self, watch: Watch) -> None:
        open_tables()
        from populate.dashboard.app import build
        from populate.dashboard.places import UnitOfFit
        from populate.dashboard.reading import Reader
        from schemas import evaluation

        reader = Reader()
        self.watch, self.client = watch, build(reader).server.test_client()
        unit = UnitOfFit.of(reader(lambda: evaluation.Score.Unit.keys(limit=1, order_by="KEY"))[0])
        self.paths = [f"unit/{unit.path}", f"fit/{unit.fit.path}", f"media/unit/meis/{unit.path}.png"]

    def __call__(self, draw: random.Random) -> Read:
        others = texts(self.watch)
        parts = draw.choice((*self.paths, *self.PARTS[:3], "media/x", "_dash-layout", "assets/x", "")).split("/")
        for _ in range(draw.choice((0, 1, 1, 2))):
            at = draw.randrange(len(parts))
            parts[at : at + draw.randrange(2)] = [draw.choice((*self.PARTS, *others))[:8000]]
        path = "/" + "/".join(parts)
        value = lambda: draw.choice((*self.VALUES, *self.VALUES, *others, json.dumps(odd(draw, self.watch))))[:9000]  # noqa: E731
        query = [(draw.choice(self.NAMES), value()) for _ in range(draw.choice((0, 1, 2, 3)))]
        search = "&".join(f"{one}={quote(text, safe='', errors='surrogatepass')}" for one, text in query)
        body = self.question(path, f"?{search}" if query else "")
        posted = draw.random() < 0.6
        if draw.random() < 0.2:
            draw.choice(body["inputs"][:2] + body["state"])["value"] = draw.choice((*others, None))

        def read() -> None:
            if posted:
                answer = self.client.post("/_dash-update-component", json=body)
            else:
                answer = self.client.get(f"http://localhost{quote(path, errors='surrogatepass')}?{search}")
            assert answer.status_code < 500, f"{answer.status_code} {answer.text[-200:]}"
            there = answer.headers.get("Location", "")
            assert not re.match(r"(?!http://localhost/)\w*:|//", there), f"leads to {there}"

        return read

    def question(self, path: str, search: str) -> dict[str, Any]:
        """What the page's script posts for a URL."""
        ids = [("where", "pathname", path), ("where", "search", search), ("again", "n_intervals", None)]
        output = "..page.children...away.children...again.interval...written.data.."
        return {
            "output": output,
            "outputs": [
                dict(zip(("id", "property"), one.split("."), strict=True)) for one in output.strip(".").split("...")
            ],
            "inputs": [{"id": name, "property": what, "value": value} for name, what, value in ids],
            "state": [{"id": "written", "property": "data", "value": None}],
            "changedPropIds": ["where.search"],
        }


class Queries:
    """Words of ``dlgn query`` and ``dlgn delete``: tables, conditions, columns, keys of rows, sessions, and SQL."""

    TABLES = words("Mouse Session Score Score.Unit TrainedModel ModelConfig fits units")
    LEAVES = words("model.core.channels[0] model.core.name fit_name")
    WORDS = (*TABLES, *LEAVES, *words("* seed mouse correlation = > != LIKE 0 'x' .5 AND OR NOT ( ) DESC ,"))
    CALLS = """pg_read_file('/etc/passwd')|pg_ls_dir('/')|lo_import('/etc/passwd')|lo_export(1, '{ran}')
        set_config('role', 'postgres', false)|dblink('', 'SELECT 1')|query_to_xml('DELETE FROM x', true, true, '')
        current_setting('data_directory')|pg_reload_conf()|nextval('x')|pg_terminate_backend(0)|pg_sleep(0)|version()
        repeat('x', 100)|xmlparse(document '<a/>')|generate_series(1, 5)|1/0|'x'::regclass"""
    FORMS = """SELECT {0}|SELECT * FROM {0}|SELECT {0} FROM {1}|WITH x AS (SELECT {0}) SELECT * FROM x|SHOW {0}
        WITH x AS (DELETE FROM {1} RETURNING 1) SELECT * FROM x|COPY (SELECT {0}) TO '{ran}'|SET ROLE postgres
        COPY (SELECT 1) TO PROGRAM 'touch {ran}'|SELECT {0} INTO {1}|EXPLAIN ANALYZE SELECT {0}|TABLE {1}|(SELECT {0})
        /* x */ SELECT {0} -- {1}|SELECT {0}; DROP TABLE {1}|DO $$ BEGIN PERFORM {0}; END $$|VALUES ({0})|COMMIT|{0}"""

    def __init__(self, watch: Watch) -> None:
        open_tables()
        from datajoint.diagram import Diagram  # noqa: F401  # matplotlib makes folders when it is first loaded

        from schemas import session

        BOUNDS["query.seconds"] = replace(BOUNDS["query.seconds"], most=4)  # a statement may count to any number
        self.watch = watch
        others = ("pg_authid", "pg_settings", "information_schema.tables")
        self.tables = [session.Mouse().full_table_name, session.Unit().full_table_name, *others]
        self.calls, self.forms = (re.split(r"\|\s*|\n\s*", one) for one in (self.CALLS, self.FORMS))

    def words(self, draw: random.Random, most: int = 4) -> str:
        """Words next to each other."""
        some = (draw.choice((*self.WORDS, *self.WORDS, *texts(self.watch))) for _ in range(draw.randint(1, most)))
        return draw.choice((" ", " ", "", ",")).join(some)

    def __call__(self, draw: random.Random) -> Read:
        way = draw.randrange(4)
        call, table = draw.choice((*self.calls, self.words(draw))), draw.choice((*self.tables, self.words(draw)))
        sql = draw.choice(self.forms).replace("{0}", call).replace("{1}", table).replace("{ran}", str(self.watch.ran))
        if draw.random() < 0.2:
            sql = damaged(sql.encode(errors="surrogatepass"), draw).decode(errors="surrogateescape")
        name = draw.choice((*self.TABLES, "Score * TrainedModel", self.words(draw)))
        conditions = [self.words(draw, 6) for _ in range(draw.choice((0, 1, 1)))]
        signs = (f"{draw.choice(self.LEAVES)} {sign} {self.words(draw, 1)}" for sign in draw.sample("=><", 2))
        leaves = [*signs][: draw.choice((0, 0, 1))]
        columns, order = ([self.words(draw, 1) for _ in range(draw.choice((0, 0, 1, 2)))] for _ in range(2))
        table = draw.choice(("TrainedModel", "Score", self.words(draw, 1)))
        gone = draw.choice(("Simulated_2026_0900_s01_e01", f"{self.words(draw, 1)}_s01_e01", self.words(draw)))
        key, limit = f"{table}:{self.words(draw, 1)}={self.words(draw, 2)}", draw.choice((None, 0, 10))

        def read() -> None:
            from populate.cli.deletion import delete
            from populate.query.named_rows import chosen
            from populate.query.query import run_query, split
            from populate.query.result import ask, check_statement
            from schemas import session

            mice, connection = len(session.Mouse()), session.schema.connection
            try:
                if way == 0:
                    ask(check_statement(sql))
                elif way == 1:
                    shown, by = split(",".join(columns)), split(",".join(order))
                    run_query(name, conditions, leaves, shown, by, limit)
                elif way == 2:
                    delete(gone)  # shows the rows, and refuses, since there is no terminal to ask on
                else:
                    chosen(key, where=conditions[0] if conditions else None)
            finally:
                assert not connection.in_transaction, "a transaction stays open"
                assert connection.query("SELECT current_user = session_user").fetchone()[0], "another account"
                assert len(session.Mouse()) == mice, "rows were written"

        return read
