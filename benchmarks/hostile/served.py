"""Inputs to what has a database: archives, URLs of the page, and queries."""

import hashlib
import json
import os
import random
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dlgn_cnn.archive.manifest import MANIFEST, MODELS_FILE, Manifest
from hostile.damage import damaged, edited, odd, texts
from hostile.texts import MODELS
from hostile.watch import Read, Watch

SERVED = ("yaml", "archive", "page", "query")


@contextmanager
def server(folder: Path) -> Iterator[None]:
    """An embedded server with filled tables, which this process keeps running for its children."""
    import multiprocessing

    from schemas.connection import embedded

    os.environ.update(DLGN_HOME=str(folder), DLGN_PREFIX="hostile_", DLGN_DEVICE="cpu")
    os.environ.pop("DLGN_DATABASE", None)
    embedded.start(folder / "postgres")
    filling = multiprocessing.get_context("fork").Process(target=_fill)
    filling.start()
    filling.join()
    yield


def _fill() -> None:
    open_tables()
    from tests.filled import fill

    fill(3, 3)


def open_tables() -> None:
    """Open the tables of that server in this process."""
    import schemas

    schemas.open_database(schemas.Settings.from_environment())


def counts() -> dict[str, int]:
    """Rows of each table that an archive may hold."""
    from populate.archive.catalog import Catalog

    return {name: len(table) for name, table in Catalog().tables.items()}


class Archives:
    """Archives of models and of rows, as folders and zip files: damaged, edited below right digests, and renamed."""

    MARKS = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"manifest", b"size", b"sha256")

    def __init__(self, watch: Watch) -> None:
        from dlgn_cnn.interface import DataInfo
        from dlgn_cnn.models.build import encoder
        from dlgn_cnn.training.weights import save_weights

        open_tables()
        self.watch, place = watch, watch.inside / "weights"
        info = DataInfo((3, 5), (1, 12, 16), 60.0, (0.1, 1 / 3), 90.125, 40.0, ((0.0, 0.1), (-0.5, 0.3)))
        place.mkdir()
        entries = []
        for seed, config in enumerate(MODELS[:2]):
            digest = save_weights(encoder({"Mouse_1_s01_e01": info}, seed, **config).state_dict(), place)
            key = {"dataset_hash": "d", "model_hash": "0123456789abcdef" * 2, "trainer_hash": "t", "seed": seed}
            entry = {"name": f"m{seed}", "label": f"01234567-{seed}", "key": key, "seed": seed, "function": "encoder"}
            entries.append(
                entry | {"config": config, "sessions": {"Mouse_1_s01_e01": info.to_json()}, "weights_sha256": digest}
            )
        members = {
            "name": "mean",
            "label": "ensemble-77777777",
            "key": {"ensemble_hash": "7" * 32},
            "members": ["01234567-0", "01234567-1"],
        }
        self.models = {
            f"weights/{one['weights_sha256']}.safetensors": (
                place / f"{one['weights_sha256']}.safetensors"
            ).read_bytes()
            for one in entries
        }
        self.models[MODELS_FILE] = json.dumps([*entries, members]).encode()
        self.manifest, self.rows = self.tables()

    def tables(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The manifest and the files of an archive of the rows that are there."""
        from populate.archive.catalog import Catalog
        from populate.archive.rows import encode
        from schemas.declaration.table_classes import definitions_digest

        catalog, tables, files = Catalog(), {}, {}
        for name in catalog.tables:
            columns = catalog.columns(name)
            if name.partition(".")[0] in ("session", "model", "trainer", "experiment") and len(catalog.tables[name]):
                rows = [json.dumps(encode(row, columns)) for row in catalog.tables[name].to_dicts()]
                files[f"rows/{name}.jsonl"] = "".join(f"{one}\n" for one in rows).encode()
                tables[name] = {
                    "rows": len(rows),
                    "columns": [
                        dict(zip(("name", "kind", "nullable"), (one.name, one.kind, one.nullable), strict=True))
                        for one in columns
                    ],
                }
        files.pop("rows/experiment.Experiment.Fit.jsonl", None)
        tables.pop("experiment.Experiment.Fit", None)
        return {"tables": tables, "schema_version": definitions_digest()}, files

    def __call__(self, draw: random.Random) -> Read:
        import dlgn_cnn

        of_rows, whole = draw.random() < 0.5, draw.random() < 0.03
        files = dict(self.rows if of_rows else self.models)
        manifest = json.loads(Manifest({}).to_json()) | (self.manifest if of_rows else {})
        for _ in range(0 if whole else draw.choice((0, 1, 1, 2))):
            name = draw.choice(sorted(files))
            files[name] = self.changed(name, files[name], draw)
        given = {name: {"size": len(one), "sha256": hashlib.sha256(one).hexdigest()} for name, one in files.items()}
        manifest["files"] = given
        if not whole and draw.random() < 0.3:
            manifest = edited(manifest, draw, self.watch)
        place = self.write(files, json.dumps(manifest).encode(), draw, whole)
        name = draw.choice(("m0", "m1", "mean", None, "01234567-0", draw.choice(texts(self.watch))))

        def read() -> None:
            if not of_rows:
                built = dlgn_cnn.load(place, name)
                assert sum(one.numel() for one in built.parameters()) > 0
                return
            from populate.archive.load import load

            before = counts()
            try:
                load(str(place))
            except BaseException:
                assert counts() == before, "rows of an archive that is refused"
                raise

        return read

    def changed(self, name: str, data: bytes, draw: random.Random) -> bytes:
        """A file with a value of its JSON, or its bytes, changed."""
        if name.endswith("safetensors") or draw.random() < 0.2:
            return damaged(data, draw, (b"{", b"data_offsets", b"shape"))
        try:
            lines = [json.loads(line) for line in ([data] if name.endswith(".json") else data.splitlines())]
        except ValueError:  # changed before
            return damaged(data, draw)
        made = edited(lines, draw, self.watch)
        if name.endswith(".json"):
            return json.dumps(made[0] if isinstance(made, list) and len(made) == 1 else made).encode()
        return "".join(json.dumps(one) + "\n" for one in (made if isinstance(made, list) else [made])).encode()

    def write(self, files: dict[str, bytes], manifest: bytes, draw: random.Random, whole: bool) -> Path:
        """A folder or a zip file, whose members may be damaged, doubled, or named as elsewhere."""
        place = self.watch.inside / "archive"
        shutil.rmtree(place, ignore_errors=True)
        names = {**files, MANIFEST: manifest}
        if draw.random() < 0.4:
            for name, one in names.items():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_bytes(one)
            if not whole and draw.random() < 0.2:
                one = place / draw.choice(sorted(names))
                one.unlink()
                one.symlink_to(self.watch.outside / "secret.txt")
            return place
        path = self.watch.inside / "archive.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, one in names.items():
                member = zipfile.ZipInfo(name)
                member.external_attr = (0o120777 if not whole and draw.random() < 0.01 else 0o100644) << 16
                file.writestr(member, one)
            if not whole and draw.random() < 0.1:
                file.writestr(draw.choice(("../outside/ran", "/tmp/x", MANIFEST, "a/../b", "C:\\x", "rows/x")), b"x")
        if not whole and draw.random() < 0.25:
            path.write_bytes(damaged(path.read_bytes(), draw, self.MARKS))
        return path


class Page:
    """URLs of the page: its paths and media, with odd parts and queries; questions that its scripts post."""

    PARTS = (
        "fits",
        "leaderboard",
        "errors",
        "unit",
        "fit",
        "media",
        "meis",
        "film",
        "scores",
        "curves",
        "responses",
        "distance",
    )
    NAMES = (
        "of",
        "columns",
        "order",
        "where",
        "experiment",
        "shuffled",
        "fits",
        "table",
        "scene",
        "mei",
        "start",
        "speed",
        "x",
        "columns[]",
    )
    VALUES = (
        "seed",
        "mean_correlation",
        "model.core.channels",
        "0",
        "1",
        "filled",
        "intact",
        '[["seed", "equals", "1"]]',
        '[["model_fn","contains","%"]]',
    )

    def __init__(self, watch: Watch) -> None:
        open_tables()
        from populate.dashboard.app import build
        from populate.dashboard.places import UnitOfFit
        from populate.dashboard.reading import Reader
        from schemas import evaluation

        reader = Reader()
        self.watch, self.client = watch, build(reader).server.test_client()
        unit = UnitOfFit.of(reader(lambda: evaluation.Score.Unit.keys(limit=1, order_by="KEY"))[0])
        self.paths = [
            f"unit/{unit.path}",
            f"fit/{unit.fit.path}",
            f"media/unit/meis/{unit.path}.png",
            f"media/fit/curves/{unit.fit.path}.svg",
        ]

    def __call__(self, draw: random.Random) -> Read:
        words = texts(self.watch)
        parts = draw.choice((*self.paths, *self.PARTS[:3], "media/x", "_dash-layout", "assets/x", "")).split("/")
        for _ in range(draw.choice((0, 1, 1, 2))):
            at = draw.randrange(len(parts))
            parts[at : at + draw.randrange(2)] = [draw.choice((*self.PARTS, *words))[:8000]]
        path = "/" + "/".join(parts)
        value = lambda: draw.choice((*self.VALUES, *self.VALUES, *words, json.dumps(odd(draw, self.watch))))[:9000]  # noqa: E731
        query = [(draw.choice(self.NAMES), value()) for _ in range(draw.choice((0, 1, 2, 3)))]
        search = "&".join(f"{one}={quote(text, safe='', errors='surrogatepass')}" for one, text in query)
        body = self.question(path, f"?{search}" if query else "")
        posted = draw.random() < 0.6
        if draw.random() < 0.2:
            draw.choice(body["inputs"][:2] + body["state"])["value"] = draw.choice((*words, None))

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
    """Words of ``dlgn query``: tables, conditions, columns, keys of rows, and statements in SQL."""

    WORDS = (
        "Mouse",
        "Session",
        "Score",
        "Score.Unit",
        "TrainedModel",
        "ModelConfig",
        "fits",
        "units",
        "*",
        "seed",
        "mouse",
        "correlation",
    )
    WORDS += (
        "model.core.channels[0]",
        "model.core.name",
        "fit_name",
        "=",
        ">",
        "!=",
        "LIKE",
        "0",
        "'x'",
        ".5",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        "DESC",
        ",",
    )
    CALLS = (
        "pg_read_file('/etc/passwd')",
        "pg_ls_dir('/')",
        "lo_import('/etc/passwd')",
        "lo_export(1, '{ran}')",
        "set_config('role', 'postgres', false)",
    )
    CALLS += (
        "dblink('', 'SELECT 1')",
        "query_to_xml('DELETE FROM x', true, true, '')",
        "pg_sleep(0)",
        "current_setting('data_directory')",
        "pg_reload_conf()",
    )
    CALLS += (
        "nextval('x')",
        "pg_terminate_backend(0)",
        "version()",
        "1/0",
        "repeat('x', 100)",
        "'x'::regclass",
        "xmlparse(document '<a/>')",
        "generate_series(1, 5)",
    )
    FORMS = (
        "SELECT {0}",
        "SELECT * FROM {0}",
        "SELECT {0} FROM {1}",
        "WITH x AS (SELECT {0}) SELECT * FROM x",
        "WITH x AS (DELETE FROM {1} RETURNING 1) SELECT * FROM x",
    )
    FORMS += (
        "COPY (SELECT {0}) TO '{ran}'",
        "COPY (SELECT 1) TO PROGRAM 'touch {ran}'",
        "SELECT {0} INTO {1}",
        "EXPLAIN ANALYZE SELECT {0}",
        "/* x */ SELECT {0} -- {1}",
    )
    FORMS += (
        "SHOW {0}",
        "SELECT {0}; DROP TABLE {1}",
        "VALUES ({0})",
        "TABLE {1}",
        "DO $$ BEGIN PERFORM {0}; END $$",
        "SET ROLE postgres",
        "COMMIT",
        "(SELECT {0})",
        "{0}",
    )

    def __init__(self, watch: Watch) -> None:
        open_tables()
        from schemas import session

        self.watch = watch
        self.tables = [
            session.Mouse().full_table_name,
            session.Unit().full_table_name,
            "pg_authid",
            "pg_settings",
            "information_schema.tables",
        ]

    def words(self, draw: random.Random, most: int = 4) -> str:
        """Words next to each other."""
        some = (draw.choice((*self.WORDS, *self.WORDS, *texts(self.watch))) for _ in range(draw.randint(1, most)))
        return draw.choice((" ", " ", "", ",")).join(some)

    def __call__(self, draw: random.Random) -> Read:
        way = draw.randrange(3)
        call, table = draw.choice((*self.CALLS, self.words(draw))), draw.choice((*self.tables, self.words(draw)))
        sql = draw.choice(self.FORMS).replace("{0}", call).replace("{1}", table).replace("{ran}", str(self.watch.ran))
        sql = (
            damaged(sql.encode(errors="surrogatepass"), draw).decode(errors="surrogateescape")
            if draw.random() < 0.2
            else sql
        )
        name = draw.choice((*self.WORDS[:8], "Score * TrainedModel", self.words(draw)))
        conditions = [self.words(draw, 6) for _ in range(draw.choice((0, 1, 1)))]
        leaves = [
            f"{draw.choice(self.WORDS[12:15])} {draw.choice(('=', '>', '!='))} {self.words(draw, 1)}"
            for _ in range(draw.choice((0, 0, 1)))
        ]
        columns, order = ([self.words(draw, 1) for _ in range(draw.choice((0, 0, 1, 2)))] for _ in range(2))
        key = (
            f"{draw.choice(('TrainedModel', 'Score', self.words(draw, 1)))}:{self.words(draw, 1)}={self.words(draw, 2)}"
        )

        def read() -> None:
            from populate.query.named_rows import chosen
            from populate.query.query import run_query, split
            from populate.query.result import ask, check_statement
            from schemas import session

            mice, connection = len(session.Mouse()), session.schema.connection
            try:
                if way == 0:
                    ask(check_statement(sql))
                elif way == 1:
                    run_query(
                        name,
                        conditions,
                        leaves,
                        split(",".join(columns)),
                        split(",".join(order)),
                        draw.choice((None, 0, 10)),
                    )
                else:
                    chosen(key, where=draw.choice((None, *conditions)))
            finally:
                assert not connection.in_transaction, "a transaction stays open"
                assert connection.query("SELECT current_user = session_user").fetchone()[0], "another account"
                assert len(session.Mouse()) == mice, "rows were written"

        return read
