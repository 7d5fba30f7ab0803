"""Pages whose code is run: each block as its language says, one after the other, in one folder and on one database."""

import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from unittest import SkipTest
from urllib.parse import urlsplit

import yaml
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser, SkipParser

from tests.docs import server

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*/*.md"))]
RUN = ("sh", "python", "sql", "yaml")
SHOWN = ("text", "json", "mermaid")  # not our code
ON_MYSQL = "needs a MySQL server"  # how the reason begins why a block is not run, unless there is one
_HALF_AN_EXPERIMENT = {
    "experiment": "fragment",
    "datasets": [{"fn": "stored_sessions", "config": {"sessions": "all", "size_px": [18, 32]}}],
    "models": [{"fn": "ln", "config": {}}],
    "trainers": [{"fn": "standard", "config": {"fit": {"max_epochs": 1}}}],
}


def examples(page: Path, evaluate: Mapping[str, Callable[[Example], None]]) -> Iterator[Example]:
    """The blocks of a page by language, and what says that the next one is not run."""
    blocks = (CodeBlockParser(language, evaluator) for language, evaluator in evaluate.items())
    return iter(Document.parse(str(page), *blocks, SkipParser()))


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every ``dlgn`` line of a page, run or not."""
    for example in examples(page, {"sh": lambda _: None}):
        if "source" in example.region.lexemes:
            for line in example.parsed.replace("\\\n", " ").splitlines():
                for command in re.split(r"&&|;", line.split(" #")[0]):
                    if command.strip().startswith("dlgn "):
                        yield shlex.split(command, comments=True)[1:]


def put_command(folder: Path) -> Path:
    """A folder with the ``dlgn`` of this checkout, to be the first of a PATH."""
    file = folder / "dlgn"
    code = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom populate.cli.command import main\nmain()\n"
    file.write_text(f"#!{sys.executable} -W ignore\n{code}")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return folder


class Reader:
    """Somebody who types in what a page says, in ``folder``; ``said`` is what the shell answered.

    Lines that only call ``dlgn`` are run in this process unless ``own_process``: starting it takes seconds.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str | None] | None = None, own_process: bool = False
    ) -> None:
        """``environment`` is added to this process's; None takes a name out of it."""
        self.folder, self.own_process, self.said = folder, own_process, ""
        self.ran = self.skipped = 0
        whole = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **(environment or {})}
        self.environment = {name: value for name, value in whole.items() if value is not None}

    def read(self, page: Path) -> "Reader":
        """Run all blocks of a page, in order; raises what the first one does that fails, with its line."""
        evaluators = dict(zip(RUN, (self._sh, self._python, self._sql, self._yaml), strict=True))
        for example in examples(page, evaluators):
            is_block = "source" in example.region.lexemes and "directive" not in example.region.lexemes
            is_block |= example.region.lexemes.get("directive") == "code-block"
            try:
                example.evaluate()
                self.ran += is_block
            except SkipTest as reason:
                if server.MYSQL and str(reason).startswith(ON_MYSQL):
                    self._on_mysql(example.parsed)
                self.skipped += is_block
            except Exception as error:
                raise AssertionError(f"{page.relative_to(ROOT)}, line {example.line}: {error}\n{self.said}") from error
        return self

    def _sh(self, example: Example) -> None:
        lines = [line for line in map(str.strip, example.parsed.splitlines()) if line]
        simple = all(line.startswith("dlgn ") and not set("|&;<>$`\\") & set(line.split("#")[0]) for line in lines)
        if simple and not self.own_process:
            for line in lines:
                words = shlex.split(line, comments=True)[1:]
                self._dlgn([server.in_sql(word) for word in words] if "--sql" in words else words)
        else:
            self._bash(example.parsed)

    def _dlgn(self, arguments: list[str]) -> None:
        import typer

        from populate.cli.command import app

        before = Path.cwd()
        os.chdir(self.folder)
        try:
            status = typer.main.get_command(app).main(arguments, prog_name="dlgn", standalone_mode=False)
        finally:
            os.chdir(before)
        assert not status, f"dlgn {shlex.join(arguments)} ended with status {status}"

    def _on_mysql(self, script: str) -> None:
        """Run commands that name a server by their reader's one, as a process that knows no other."""
        before, folder = self.environment, self.folder
        self.folder = folder / "on_mysql"
        self.folder.mkdir(exist_ok=True)
        with server.prefix_of_its_own() as prefix:
            self.environment = {name: value for name, value in before.items() if name != "DLGN_DATABASE"}
            url = urlsplit(str(server.MYSQL))
            self.environment |= {"DLGN_DATABASE_PASSWORD": url.password or ""}
            self.environment |= {"DLGN_DATABASE_PASSWORD_HOST": f"{url.hostname}:{url.port}"}
            self.environment |= {"DLGN_PREFIX": prefix, "DLGN_HOME": str(self.folder / "home")}
            for written, here in server.placeholders(prefix, str(self.folder / "share")).items():
                script = script.replace(written, here)
            self._bash(script)
        self.environment, self.folder = before, folder

    def _bash(self, script: str) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        self.said += done.stdout
        assert done.returncode == 0, done.stdout

    def _python(self, example: Example) -> None:
        if not self._kept(example):
            PythonEvaluator()(example)

    def _sql(self, example: Example) -> None:
        for statement in filter(str.strip, example.parsed.split(";\n")):
            server.ask(statement.strip().rstrip(";"))

    def _yaml(self, example: Example) -> None:
        """A file where the block has a name; else a part of an experiment, which must be one that can be defined."""
        part = yaml.safe_load(example.parsed)
        if not self._kept(example):
            file = self.folder / "fragment.yaml"
            file.write_text(yaml.safe_dump(_HALF_AN_EXPERIMENT | part))
            self._dlgn(["define", file.name])

    def _kept(self, example: Example) -> bool:
        name = (example.region.lexemes.get("options") or {}).get("caption")
        if name:
            (self.folder / name).write_text(example.parsed)
        return bool(name)
