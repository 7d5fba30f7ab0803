"""``dlgn query`` agrees with DataJoint's own fetch on the server of the tests, and it only reads."""

import csv
import io

import pandas as pd
import pytest
from typer.testing import CliRunner

from dlgn_cnn.errors import ConfigError

RECURRENTS = (None, {"name": "conv_gru", "channels": 8}, {"name": "conv_gru", "channels": 16})


@pytest.fixture(scope="module")
def configs(database):
    """Three models with their key, and trainers by learning rate."""
    from schemas import model, trainer

    for rate in (0.001, 0.01):
        trainer.TrainerConfig.add("standard", {"fit": {"learning_rate": rate}, "note": "50% of 'it'"})
    return [model.ModelConfig.add("encoder", {"recurrent": recurrent}) for recurrent in RECURRENTS]


def ask(*words, **options) -> list[dict[str, str]]:
    """The rows that the command prints in a pipe."""
    from populate.cli.command import app

    done = CliRunner().invoke(app, ["query", *words], **options)
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def said(*words) -> str:
    from populate.cli.command import app

    done = CliRunner().invoke(app, ["query", *words])
    assert done.exit_code == 1, done.output
    (line,) = done.stderr.splitlines()
    return line


def test_rows_are_those_that_datajoint_fetches(configs):
    from schemas.trainer import TrainerConfig

    for condition in ("number > 0.005", "kind = 'str'", "value LIKE '%50\\% of%'", "path LIKE 'fit.learn%'"):
        expected = (TrainerConfig.Leaf & condition).to_dicts(order_by="trainer_hash, path")
        found = ask("TrainerConfig.Leaf", condition, "--order", "trainer_hash, path")
        assert [(row["trainer_hash"], row["path"], row["value"]) for row in found] == [
            (row["trainer_hash"], row["path"], row["value"]) for row in expected
        ]
        assert found


def test_values_of_configs_are_columns_conditions_and_order(configs):
    hashes = [key["model_hash"] for key in configs]
    columns = ("--columns", "model_hash,model.recurrent.channels,model.recurrent.name")
    found = ask("ModelConfig", *columns, "--order", "model.recurrent.channels DESC")
    assert [row["model_hash"] for row in found] == [hashes[2], hashes[1], hashes[0]]
    assert [row["model.recurrent.channels"] for row in found] == ["16", "8", ""]
    assert [row["model.recurrent.name"] for row in found] == ["conv_gru", "conv_gru", ""]
    for condition, expected in (
        ("model.recurrent.channels = 16", hashes[2:]),
        ("model.recurrent.channels=16.0", hashes[2:]),
        ("model.recurrent.channels < 16", hashes[1:2]),
        ("model.recurrent.channels != 16", hashes[1:2]),
        ("model.recurrent.name = conv_gru", hashes[1:]),
        ("model.recurrent = null", hashes[:1]),
    ):
        assert {row["model_hash"] for row in ask("ModelConfig", "--where", condition)} == set(expected), condition
    assert ask("ModelConfig", "--where", "model.recurrent.channels = 16", "--where", "model.recurrent.name = x") == []


def test_joins_are_datajoints(configs):
    found = ask("ModelConfig * ModelConfig.Leaf", "kind = 'int'", "--columns", "model_hash,number", "--order", "number")
    assert [row["number"] for row in found] == ["8.0", "16.0"]


def test_limits_and_files_hold_the_same_rows(configs, tmp_path):
    words = ("TrainerConfig.Leaf", "--order", "trainer_hash, path", "--columns", "trainer_hash,path,number")
    assert ask(*words, "--limit", "2") == ask(*words)[:2]
    for name in ("new/rows.csv", "rows.parquet"):
        assert ask(*words, "--save", str(tmp_path / name)) == []
    one, two = pd.read_csv(tmp_path / "new" / "rows.csv"), pd.read_parquet(tmp_path / "rows.parquet")
    pd.testing.assert_frame_equal(one, two)
    assert len(one) == len(ask(*words)) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "rows.parquet"]


def test_a_screen_shows_a_table_with_hashes_in_short(configs):
    from rich.console import Console

    from populate.query.query import run_query
    from populate.query.result import as_table

    console = Console(width=120, record=True, file=io.StringIO())
    console.print(as_table(run_query("TrainerConfig.Leaf", columns=("trainer_hash", "number"))))
    lines = console.export_text().splitlines()
    assert lines[0].split() == ["trainer_hash", "number"]
    assert all(len(line.split()[0]) == 8 for line in lines[1:])
    assert any(line.split()[-1] == "0.01" for line in lines)


def test_without_a_table_all_are_listed_with_their_names_in_sql(configs, served):
    rows = {row["table"]: row for row in ask()}
    assert rows["Score.Unit"]["in SQL"] == f"{served.prefix}evaluation.__score__unit"
    assert "*unit, correlation" in rows["Score.Unit"]["columns (*key)"]


def test_statements_that_read_are_run_as_they_are(configs, served):
    sql = f"SELECT COUNT(*) AS n FROM {served.prefix}model.model_config WHERE model_fn LIKE 'enc%' -- 100%"
    assert ask("--sql", sql) == [{"n": "3"}]
    assert ask("--sql", f"WITH x AS ({sql.partition(' --')[0]}) SELECT n + 1 AS m FROM x;") == [{"m": "4"}]
    assert ask("--sql", f"EXPLAIN {sql}")


WRITES = (
    "DELETE FROM {table}",
    "WITH x AS (SELECT 1) DELETE FROM {table}",
    "EXPLAIN ANALYZE DELETE FROM {table}",
    "SELECT 1; COMMIT; DELETE FROM {table}",
    "SELECT ';' FROM {table}",
    "/* SELECT */ DROP TABLE {table}",
    "COMMIT",
    "SET autocommit = 1",
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "",
)


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_is_written(configs, served, sql):
    from schemas.model import ModelConfig

    line = said("--sql", sql.format(table=f"{served.prefix}model.model_config__leaf"))
    assert line.startswith("dlgn: ")
    assert len(ModelConfig.Leaf()) == 5
    assert not ModelConfig.connection.in_transaction


def test_the_server_itself_refuses_to_write(configs, served):
    from populate.query.result import ask as run
    from schemas.model import ModelConfig

    table = f"{served.prefix}model.model_config__leaf"
    with pytest.raises(ConfigError, match="only reads"):
        run(f"DELETE FROM {table}")
    if ModelConfig.connection.adapter.backend == "postgresql":
        with pytest.raises(ConfigError, match="only reads"):
            run(f"WITH gone AS (DELETE FROM {table} RETURNING *) SELECT * FROM gone")
    assert len(ModelConfig.Leaf()) == 5


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("Scor",), "no table 'Scor': .*did you mean 'Score'"),
        (("ModelConfig", "model_hsh = 'x'"), "model_hsh.*columns: model_hash"),
        (("ModelConfig", "model_hash ="), "condition 'model_hash ='"),
        (("ModelConfig", "1=1; DROP TABLE x"), "one statement"),
        (("ModelConfig", "--columns", "model_fm"), "no column 'model_fm': .*did you mean 'model_fn'"),
        (("ModelConfig", "--columns", "model_fn,"), "empty word"),
        (("ModelConfig", "--order", "model_fn UP"), "DESC after it"),
        (("ModelConfig", "--where", "model.recurrent.chanels = 3"), "did you mean 'model.recurrent.channels'"),
        (("ModelConfig", "--where", "trainer.fit.learning_rate = 3"), "no trainer_hash; join"),
        (("ModelConfig", "--where", "channels = 3"), "names no value of a config"),
        (("ModelConfig", "--where", "model.recurrent.channels"), "expected NAME = VALUE"),
        (("ModelConfig", "--where", "model.recurrent.name > x"), "expected a number after >"),
        (("ModelConfig", "--where", "model.recurrent.channels = [1]"), "name one value of it"),
        (("ModelConfig", "--save", "rows.xlsx"), r"choose from .csv, .parquet"),
        (("--sql", "SELECT nothing FROM nowhere.at_all"), "cannot answer this: .*nowhere.*correct the statement"),
        (("--sql", "SELEKT 1"), "given 'SELEKT', expected one of SELECT"),
        (("--sql", "SELECT FROM WHERE"), "correct the statement"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(configs, words, wanted):
    import re

    assert re.search(wanted, said(*words)), said(*words)


def test_the_examples_of_the_docs_and_of_the_help_are_answered(configs, served, tmp_path, monkeypatch):
    import shlex
    from pathlib import Path

    from populate.cli.results import query
    from schemas.trainer import TrainerConfig

    TrainerConfig.add("standard", {"fit": {"max_epochs": 12}})
    monkeypatch.chdir(tmp_path)
    page = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "command.md"
    helped = [line.strip().removeprefix("Example: ") for line in query.__doc__.splitlines()]
    examples = [line for line in [*page.read_text().splitlines(), *helped] if line.startswith("dlgn query ")]
    assert len(examples) == 9
    for example in examples:
        _, _, *words = shlex.split(example.replace("dlgn_evaluation", f"{served.prefix}evaluation"))
        assert ask(*words) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.csv", "scores.parquet"]
