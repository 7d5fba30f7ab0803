"""The command without a database: its help, its words, its completion, and what it imports for them."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from populate.cli.command import PANELS, app
from tests.imports import named_commands

ROOT = Path(__file__).resolve().parents[2]
COMMAND = typer.main.get_command(app)
CONTEXT = typer.Context(COMMAND, info_name="dlgn")
COMMANDS = named_commands(COMMAND)
HEAVY = ("torch", "datajoint", "pandas", "numpy", "deeplake", "matplotlib", "pyarrow")


def examples(name: str) -> list[str]:
    """The examples of a command's help, each on one line."""
    text = COMMANDS[name].help or ""
    return [" ".join(one.split()) for one in re.findall(r"Example: (.*?)(?:\n\n|\Z)", text, re.DOTALL)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example_that_parses(name):
    found = examples(name)
    assert found
    for example in found:
        words = [word for word in shlex.split(example) if not re.match(r"[A-Z_]+=", word)]
        length = 1 + len(name.split())
        assert words[:length] == ["dlgn", *name.split()]
        context = COMMANDS[name].make_context(name, words[length:], parent=CONTEXT)
        assert not context.args


def test_commands_are_listed_by_panel():
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100", "TERM": "dumb"}).output
    assert {command.rich_help_panel for command in COMMAND.commands.values()} == set(PANELS)
    places = [text.index(f" {panel} ─") for panel in PANELS]
    assert places == sorted(places)
    assert text.index("│ init ") < text.index("│ doctor ") < text.index(" Recordings ─") < text.index("│ ingest ")
    assert "3 done, but some keys failed" in " ".join(text.split())


def test_a_file_is_all_that_a_new_command_needs(tmp_path):
    (tmp_path / "greet.py").write_text(
        "import typer\n\n"
        "app = typer.Typer()\n\n"
        "@app.command(rich_help_panel='Results')\n"
        "def greet(name: str) -> None:\n"
        "    typer.echo(f'hello {name}')\n"
    )
    code = (
        "import populate.cli\n"
        f"populate.cli.__path__.append({str(tmp_path)!r})\n"
        "from populate.cli.command import main\n"
        "main()\n"
    )
    call = [sys.executable, "-c", code, "greet", "ada"]
    assert subprocess.run(call, check=True, cwd=ROOT, capture_output=True, text=True).stdout == "hello ada\n"


def test_no_help_imports_what_takes_time():
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from populate.cli.command import app\n"
        f"for name in ['', *{list(COMMANDS)!r}]:\n"
        "    done = CliRunner().invoke(app, [*name.split(), '--help'])\n"
        "    assert done.exit_code == 0, (name, done.output)\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("dlgn pop", "populate"),
        ("dlgn retry Train", "TrainedModel"),
        ("dlgn pause Sco", "Score"),
        ("dlgn query Score.", "Score.Condition"),
        ("dlgn query 'Score*Trained", "Score*TrainedModel"),
        ("dlgn populate --table Receptive", "ReceptiveField"),
    ],
)
def test_the_shell_completes_commands_and_tables(words, wanted):
    environment = {"_DLGN_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": words}
    assert wanted in CliRunner().invoke(app, [], prog_name="dlgn", env=environment).output


def test_completion_knows_the_tables_that_there_are():
    from populate.query.query import table_classes
    from populate.query.table_names import COMPUTED, table_tiers
    from schemas.declaration.computed_tables import computed_tables

    assert set(table_tiers()) == set(table_classes())
    assert {name for name, tier in table_tiers().items() if tier in COMPUTED} == {t.__name__ for t in computed_tables()}


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["populat"], "Did you mean 'populate'"),
        (["populate", "--tabel", "Score"], "--table"),
        (["priority", "TrainedModel", "soon"], "integer"),
        (["query", "Score", "--sql", "SELECT 1"], "leave out TABLE"),
        (["ingest"], "path"),
    ],
)
def test_words_that_are_not_understood_end_with_2(words, wanted):
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert wanted in done.output


def test_the_version_is_told():
    import dlgn_cnn

    assert CliRunner().invoke(app, ["--version"]).output.strip() == dlgn_cnn.__version__
