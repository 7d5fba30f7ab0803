"""The live page in a browser, on a pipeline that runs: curves grow, a unit's MEIs play, leaderboards are filtered."""

import json
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.conftest import ROOT, serving
from tests.factories import small_simulation

MODEL = {
    "core": {"name": "stacked_2d", "channels": [2], "kernels": [5], "strides": [3]},
    "recurrent": {"name": "conv_gru", "channels": 2, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian"},
}
DEFINITION = """
experiment: {name}
datasets: [{{fn: stored_sessions, config: {{sessions: all, size_px: [18, 32], window_frames: 40}}}}]
models: [{{fn: encoder, config: {model}}}]
trainers: [{{fn: standard, config: {{fit: {{max_epochs: {epochs}, patience: {epochs}, burn_in_frames: 5}}}}}}]
seeds: [{seed}]
"""
MEIS = "meis: [{fn: gradient_ascent, config: {units: [1, 2], seeds: [0, 1], fit: {frames: 20, steps: 2}}}]\n"
POPULATE = "from populate.cli.command import main; main()"
ENDLESS = 100_000


def asked(folder, name: str, epochs: int, seed: int, more: str = "") -> None:
    from populate.define.define import define

    file = folder / f"{name}.yaml"
    file.write_text(DEFINITION.format(name=name, model=json.dumps(MODEL), epochs=epochs, seed=seed) + more)
    define(file)


@pytest.fixture(scope="module")
def done(database, tmp_path_factory, chromium):
    """An experiment with everything computed; a place for more."""
    from populate.worker.worker import work
    from schemas.declaration.computed_tables import computed_tables
    from schemas.recordings.insert import ingest

    folder = tmp_path_factory.mktemp("live")
    ingest(small_simulation(folder / "session", mouse="Simulated_2026_0910", test_repeats=4))
    asked(folder, "done", 2, 0, MEIS)
    assert work(computed_tables()).failed == 0
    return folder


@pytest.fixture(scope="module")
def url(done):
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def running(done, url):
    """A worker whose fit does not end by itself."""
    from schemas.experiment import Experiment

    asked(done, "running", ENDLESS, 7)
    command = [sys.executable, "-W", "ignore", "-c", POPULATE, "populate", "--table", "TrainedModel"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    yield process
    process.terminate()
    process.wait(60)
    (Experiment & "experiment_name = 'running'").delete(prompt=False)


def epochs_drawn(page) -> int:
    return page.evaluate("() => document.querySelector('#curves .js-plotly-plot')?.data?.[0]?.x?.length ?? 0")


def test_a_curve_grows_while_one_looks(page, url, running, artifacts, violations):
    page.goto(f"{url}fits")
    grown = "([from]) => (document.querySelector('#curves .js-plotly-plot')?.data?.[0]?.x?.length ?? 0) > from"
    page.wait_for_function("() => document.querySelector('#fits-said')?.textContent.includes('run now')")
    page.wait_for_function(grown, arg=[1])
    before, document = epochs_drawn(page), page.evaluate("() => window.performance.timeOrigin")
    page.screenshot(path=artifacts / "fits-before.png", full_page=True)
    page.wait_for_function(grown, arg=[before])
    assert page.evaluate("() => window.performance.timeOrigin") == document
    numbers = page.evaluate("() => [...document.querySelector('#curves .js-plotly-plot').data[0].x]")
    assert numbers == list(range(len(numbers)))
    page.screenshot(path=artifacts / "fits.png", full_page=True)
    assert violations(page) == []


def test_the_pipeline_says_who_is_at_work_and_leads_on(page, url, running, artifacts, violations):
    page.goto(url)
    page.locator("#pipeline-workers td").first.wait_for()
    page.locator("#pipeline-graph canvas").first.wait_for()
    page.screenshot(path=artifacts / "pipeline.png", full_page=True)
    assert violations(page) == []
    page.get_by_role("link", name="Errors").click()
    page.locator("#nothing-failed").wait_for()
    assert violations(page) == []
    page.go_back()
    page.get_by_role("heading", name="Pipeline").wait_for()
    page.get_by_role("link", name="TrainedModel").click()
    page.get_by_role("heading", name="Fits", exact=True).wait_for()
    assert urlsplit(page.url).path == "/fits"


def test_a_leaderboard_is_filtered_into_its_url_and_leads_to_a_unit_whose_mei_plays(page, url, artifacts, violations):
    page.goto(f"{url}leaderboard?of=units&columns=correlation data_omi unit model.core.name")
    page.locator("#board-count", has_text="6 rows").wait_for()
    page.screenshot(path=artifacts / "leaderboard.png")
    page.get_by_role("spinbutton", name="unit Filter Input").fill("2")
    page.locator("#board-count", has_text="1 row").wait_for()
    page.wait_for_function("() => location.search.includes('where')")
    assert json.loads(parse_qs(urlsplit(page.url).query)["where"][0]) == [["unit", "equals", "2"]]
    page.screenshot(path=artifacts / "leaderboard-filtered.png")
    assert violations(page) == []
    page.reload()
    page.locator("#board-count", has_text="1 row").wait_for()
    page.locator(".ag-cell a").first.click()
    page.get_by_role("heading", name="Simulated_2026_0910_s01_e01 unit 2").wait_for()
    plays(page)
    drawn = "() => [...document.images].every(image => image.complete && image.naturalWidth > 300)"
    page.wait_for_function(drawn)
    page.screenshot(path=artifacts / "unit.png", full_page=True)
    assert violations(page) == []


def plays(page) -> None:
    """The film begins where it is told to, and its time passes."""
    page.locator("#film").scroll_into_view_if_needed()
    page.evaluate("() => document.querySelector('#film').play()")
    page.wait_for_function("() => document.querySelector('#film').currentTime > 0.2")
    size = page.evaluate(
        "() => { const film = document.querySelector('#film'); return [film.videoWidth, film.duration] }"
    )
    assert size[0] > 600
    assert size[1] == pytest.approx(20 / 60 * 4, abs=0.1)  # 20 frames at 60 Hz, a quarter of their speed


def test_a_url_of_a_view_is_all_that_another_needs(page, url, artifacts, violations):
    from populate.dashboard.places import UnitOfFit, place
    from schemas.mei import MEI

    row = (MEI.Stimulus & {"unit": 1, "mei_seed": 1, "opto_condition": "intact"}).fetch1()
    unit = UnitOfFit.of(row)
    page.goto(url.rstrip("/") + place(f"/unit/{unit.path}", start="1", speed="1"))
    page.locator("nav.links b", has_text="start 1").wait_for()
    page.locator("nav.links b", has_text="as on the screen").wait_for()
    assert "OMI" in page.locator("#opto-says").inner_text()
    assert "MEIs" in page.locator("#contrast-says").inner_text()
    page.locator("nav.links a[href^='/fit/']").click()
    page.get_by_role("heading", name="Scores, and what the light does").wait_for()
    page.wait_for_function("() => document.images.length == 2 && [...document.images].every(i => i.naturalWidth > 300)")
    page.screenshot(path=artifacts / "fit.png", full_page=True)
    assert violations(page) == []
    page.go_back()
    page.locator("nav.links b", has_text="start 1").wait_for()
