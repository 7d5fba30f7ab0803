"""Time the views of the live page with 1,000 fits and the scores of 100,000 units.

A separate database is filled with rows of made-up figures: 1,000 scored fits, 100 units each, with their curves. Every
round opens every view in turn, in headless Chromium without a cache, from the request until its main content is on the
screen. Figures are medians over rounds, and the value is the slowest view's. For comparison, a page with only a heading
from the same server shows the time of browser and machine alone.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TARGET_S = 2.0
SERVE = (
    "import sys; from populate.cli.command import main; "
    "sys.argv = ['dlgn', 'dashboard', '--port', '0', '--no-browser']; main()"
)
VIEWS = {
    "pipeline": ("", "#pipeline-table td"),
    "fits": ("fits", "#curves .js-plotly-plot .trace"),
    "leaderboard of fits": ("leaderboard", ".ag-row a"),
    "leaderboard of units": ("leaderboard?of=units", ".ag-row a"),
    "units by OMI, filtered": (
        'leaderboard?of=units&order=-data_omi&where=[["model.core.channels[0]","greaterThan","10"]]',
        ".ag-row a",
    ),
    "errors": ("errors", "#nothing-failed"),
    "fit": ("fit/{fit}", "tbody tr:nth-child(100)"),
    "unit": ("unit/{unit}", "#opto-says"),
    "only a heading": ("nowhere", "h1"),
}


def fill(fits: int, units: int) -> dict[str, str]:
    """Fill the database; return the places of a fit and of a unit."""
    import schemas
    from populate.dashboard.places import UnitOfFit
    from tests.filled import fill as rows

    schemas.open_database()
    from populate.fleet import declare
    from schemas.evaluation import Score

    declare.declare()
    rows(fits, units)
    unit = UnitOfFit.of(Score.Unit.keys(limit=1, order_by="correlation DESC")[0])
    return {"fit": unit.fit.path, "unit": unit.path}


def served() -> tuple[subprocess.Popen[str], str]:
    """Run the live page in a separate process; yield its URL."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVE], stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"http://\S+", line):
            return process, found[0]
    raise SystemExit("the live page did not start")


def seconds_to(browser, url: str, wanted: str) -> float:
    """Seconds from the request until ``wanted`` is on the screen, in a fresh browser."""
    context = browser.new_context()
    page = context.new_page()
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(wanted).first.wait_for(state="attached")
    took = time.perf_counter() - started
    context.close()
    return took


def measure(places: dict[str, str], rounds: int) -> dict[str, list[float]]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("there is no Chromium to look with: apt-get install chromium")
    process, url = served()
    found: dict[str, list[float]] = {name: [] for name in VIEWS}
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for _ in range(rounds):
                for name, (path, wanted) in VIEWS.items():
                    found[name].append(seconds_to(browser, url + path.format(**places), wanted))
            browser.close()
    finally:
        process.terminate()
        process.wait()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DLGN_HOME": folder, "DLGN_PREFIX": "bench_", "DLGN_DEVICE": "cpu"}
        os.environ.pop("DLGN_DATABASE", None)
        started = time.perf_counter()
        places = fill(*((100, 100) if quick else (1000, 100)))
        print(f"filled in {time.perf_counter() - started:.0f} s")
        found = measure(places, 1 if quick else 5)
    for name, seconds in found.items():
        print(f"{name:24} {statistics.median(seconds):6.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")
    value = max(statistics.median(seconds) for seconds in found.values())
    print(f"dashboard {value:.2f} {TARGET_S} {'ok' if value <= TARGET_S else 'short'}")
    return 0 if value <= TARGET_S else 1


if __name__ == "__main__":
    sys.exit(main())
