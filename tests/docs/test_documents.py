"""What people read is true: pages and notebooks are run, in the database that the tutorial's reader has made."""

import contextlib
import os
import re
from pathlib import Path

import nbformat
import pytest
import typer
from jupyter_client import KernelManager
from nbclient import NotebookClient

from tests.docs import server
from tests.docs.pages import PAGES, ROOT, RUN, SHOWN, Reader, commands, put_command

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TUTORIAL = ROOT / "docs" / "tutorial" / "index.md"
OTHERS = [page for page in PAGES if page not in (ROOT / "README.md", TUTORIAL)]
MOST_COMMANDS = 10


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def lesson(database, tmp_path_factory):
    """The tutorial's reader, at its end."""
    folder = tmp_path_factory.mktemp("lesson")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{put_command(tmp_path_factory.mktemp('bin'))}{os.pathsep}{os.environ['PATH']}")
        yield Reader(folder).read(TUTORIAL)


def test_the_tutorial_ends_with_two_models_a_contrast_and_a_page(lesson):
    from schemas.mei_contrast import MEIContrast
    from schemas.results.margins import mean_margins

    assert lesson.skipped == 1  # what keeps it apart from other tables
    assert len(mean_margins()) == 2
    assert len(MEIContrast.Unit()) == 3
    assert (lesson.folder / "my_report.html").stat().st_size > 10_000


@pytest.fixture(scope="module")
def kernel(lesson, tmp_path_factory):
    """One kernel for all notebooks, emptied of names before each: its imports take longer than what they show."""
    manager = KernelManager()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("PYTHONWARNINGS", "ignore")
        manager.start_kernel(cwd=str(tmp_path_factory.mktemp("notebooks")))
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_what_the_tutorial_left(kernel, path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%reset -f")]), km=kernel).execute()
    NotebookClient(notebook, km=kernel, timeout=600).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in shown if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in shown)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs_and_reads_no_file(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert not re.search(r"\bopen\(|read_(csv|pickle|parquet)|np\.load|responses\.pkl|DLGN_HOME", cell.source)


@pytest.mark.parametrize("page", OTHERS, ids=name)
def test_the_code_of_a_page_runs(lesson, page, tmp_path):
    Reader(tmp_path).read(page)


INLINE_SQL = re.compile(r"`+((?:SELECT|INSERT|UPDATE|DELETE|SET)\s[^`]+)`+")
INLINE_TABLE = re.compile(r"`+(dlgn_(?!cnn\.)[a-z_]+)\.([~a-z_]+)`+")
IN_TEXT = [*PAGES, *sorted((ROOT / "docs" / "generators").glob("*.py"))]


def test_sql_within_a_sentence_is_answered_by_a_plain_client(lesson):
    """Statements of the other server are left to the run on it; of conditions that are left out none holds."""
    found = [statement for page in IN_TEXT for statement in INLINE_SQL.findall(page.read_text())]
    others = "SET TIME ZONE" if server.MYSQL else "SET time_zone"
    assert len(found) >= 4
    for statement in found:
        if not statement.startswith(others):
            server.ask(statement.replace("...", "1 = 0"))


def test_tables_within_a_sentence_are_there(lesson):
    found = {table for page in IN_TEXT for table in INLINE_TABLE.findall(page.read_text())}
    mark = "`" if server.MYSQL else '"'
    assert len(found) >= 4
    for schema, table in found:
        server.ask(f"SELECT * FROM {schema}.{mark}{table}{mark} LIMIT 0")


@pytest.fixture
def home(tmp_path):
    """The environment of somebody who has nothing yet: on MySQL, besides the server, a prefix."""
    own = {"DLGN_HOME": str(tmp_path / "home"), "DLGN_PREFIX": None, "DLGN_DATABASE": server.MYSQL}
    with contextlib.ExitStack() as stack:
        if server.MYSQL:
            own["DLGN_PREFIX"] = stack.enter_context(server.prefix_of_its_own())
        yield own | {"DLGN_DEVICE": "cpu"}


def test_with_the_readme_alone_two_models_are_compared_in_ten_commands(tmp_path, home):
    """By a shell, from nothing: an empty folder, and a home of its own."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    path = os.pathsep.join([str(put_command(bin_folder)), str(Path(os.sys.executable).parent), os.environ["PATH"]])
    reader = Reader(tmp_path, home | {"PATH": path}, own_process=True).read(ROOT / "README.md")
    assert "2 fits, 2 of them new" in reader.said
    scores = dict(re.findall(r"\b(spline_glm|encoder)\b\W+(-?0\.\d+)", reader.said))
    assert set(scores) == {"spline_glm", "encoder"}
    assert (tmp_path / "my_project" / "my_report.html").is_file()


def test_the_readme_needs_no_more_than_ten_commands():
    readme = (ROOT / "README.md").read_text()
    section = readme.split("in ten commands\n", 1)[1].split("\n## ", 1)[0]
    blocks = "\n".join(re.findall(r"```sh\n(.+?)```", section, re.DOTALL))
    begun = [line for line in blocks.splitlines() if re.match(r"(make|\.|dlgn|cd) ", line)]
    assert 5 < len(begun) <= MOST_COMMANDS


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=name)
def test_links_lead_somewhere(page):
    """Those of the site are Sphinx' to check."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_settings_are_all_on_their_page():
    """Whatever the code reads from the environment by a name of ours."""
    code = "\n".join(
        file.read_text() for room in ("schemas", "populate", "dlgn_cnn") for file in (ROOT / room).rglob("*.py")
    )
    read = set(re.findall(r"\bDLGN_[A-Z_]+[A-Z]\b", code))
    rows = re.findall(r"^\| (`DLGN_[^|]+)\|", (ROOT / "docs/reference/settings.md").read_text(), re.MULTILINE)
    assert {one for row in rows for one in re.findall(r"DLGN_[A-Z_]+", row)} == read


def test_every_dlgn_line_of_every_page_is_one_that_the_command_takes(monkeypatch):
    from populate.cli.command import app

    monkeypatch.setenv("DLGN_SOURCE", "mysql://somebody@nowhere")  # a word that a page leaves to the environment
    found = [words for page in PAGES for words in commands(page)]
    assert len(found) > 30
    for words in found:
        command, rest = typer.main.get_command(app), words
        while hasattr(command, "commands") and not rest[0].startswith("-"):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context("dlgn", list(rest))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_code_is_in_a_language_that_is_run(page):
    text = page.read_text()
    fences = re.findall(r"^```(?:\{code-block\} )?(\w+)", text, re.MULTILINE)
    assert set(fences) <= {*RUN, *SHOWN}
    for reason in re.findall(r"^<!--+ *skip:(.+?)-->", text, re.MULTILINE):
        assert re.fullmatch(r' next ".{10,}" *', reason), f"{page}: say why it is not run: {reason}"
