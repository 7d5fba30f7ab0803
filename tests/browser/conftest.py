"""A browser for the tests of pages, the live page served by a process of its own, and where screenshots go."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ROOT = Path(__file__).resolve().parents[2]
WAIT_MS = 60_000
SERVE = (
    "import sys; from populate.cli.command import main; "
    "sys.argv = ['dlgn', 'dashboard', '--port', '0', '--no-browser']; main()"
)


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory) -> Path:
    """Where screenshots are kept."""
    named = os.environ.get("DLGN_TEST_ARTIFACTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A page none of whose errors passes unseen."""
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(WAIT_MS)
    errors: list[str] = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    opened.close()
    assert not errors


@contextlib.contextmanager
def serving(**environment: str):
    """The live page as the command serves it; its URL."""
    pytest.importorskip("dash", reason="the live page is an extra: pip install 'dlgn_cnn[dashboard]'")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        line = process.stderr.readline()
        if not (found := re.match(r"live page: (http://\S+)", line)):  # and nothing is said before
            process.terminate()
            pytest.fail(line + process.stderr.read())
        yield found[1]
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


@pytest.fixture(scope="session")
def violations():
    """What axe-core finds serious or critical on a page."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe: pip install axe-playwright-python"
    )

    def found(page) -> list[str]:
        results = axe.Axe().run(page).response["violations"]
        return [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for one in results
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    return found
