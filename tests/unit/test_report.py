"""The page and its figures: everything that was given is on it, and nothing that could run or load."""

import dataclasses
import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from dlgn_cnn.plots.feedback_contrast import ContrastCurve, ControlRates, ViewDistance
from dlgn_cnn.plots.fields import MINUS, Field, MEIPair, frame_strip, response_bars
from dlgn_cnn.plots.report import Report, write_report
from dlgn_cnn.plots.responses import Repeats, rate_trace
from dlgn_cnn.plots.scores import opto_scatter
from dlgn_cnn.plots.style import new_figure, rendered
from dlgn_cnn.plots.unit import UnitReport

GENERATOR = np.random.default_rng(0)
TIME_S = np.arange(120) / 60
OBSERVED_HZ = GENERATOR.poisson(0.3, 120).astype(np.float32) * 60
PREDICTED_HZ = np.full(120, 18, np.float32)
OPTO = (np.arange(120) >= 60).astype(np.float32)
MEIS = GENERATOR.normal(size=(2, 30, 9, 12)).astype(np.float32)
UNIT = UnitReport(
    session="Mouse_s01_e01",
    unit=7,
    scores={
        "correlation": 0.25,
        "normalized_correlation": 0.625,
        "data_intact_hz": 8.0,
        "data_suppressed_hz": 6.5,
        "data_omi": -0.1,
        "data_omi_p": 0.004,
        "data_omi_q": 0.013,
        "model_omi": None,
    },
    repeats=Repeats("movie/3", OBSERVED_HZ[None] / 60, PREDICTED_HZ[None] / 60, OPTO[None], TIME_S),
    receptive_field=Field(*(GENERATOR.normal(size=size).astype(np.float32) for size in ((9, 12), 15)), 60),
    meis=MEIPair(*MEIS, np.array([[30.0, 20.0], [25.0, 22.0]]), 60),
    distances=(ViewDistance("clip", 0.4, 0.05, "shuffled", 0.1, 3.0, 0.004, 0.012),),
    controls={"intact": (ControlRates("mei", 30, 20),)},
    contrast_curves={"intact": ContrastCurve(*np.ones((3, 2)))},
    extents=(2.5, 3.0),
)
OTHER = {"correlation": 0.5, "data_omi": 0.2, "model_omi": 0.1, "data_omi_p": 0.5, "data_omi_q": 0.75}
REPORT = Report(
    title="A <title>",
    simulated=True,
    summary=(("seed", "0"),),
    units=(UNIT, dataclasses.replace(UNIT, unit=8, meis=None, distances=(), controls={}, contrast_curves={})),
    all_units=(
        UnitReport("Mouse", 7, {"correlation": 0.25, "data_omi": -0.1, "model_omi": -0.2}),
        UnitReport("Mouse", 8, OTHER),
        UnitReport("<script>u9</script>", 9, {"correlation": None, "model_omi": 0.0}),
    ),
    truth=(("figure", "0.9", "at least 0.7"),),
    curves=(("loss", np.array([0.3, 0.2])), ("validation_correlation", np.array([0.1, 0.2]))),
)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = write_report(REPORT, tmp_path_factory.mktemp("report") / "new" / "page.html")
    assert [file.name for file in path.parent.iterdir()] == ["page.html"]
    return Page(path.read_text(encoding="utf-8"))


def test_everything_given_is_on_the_page(page):
    assert not page.open
    for wanted in (
        "A <title>",
        "SIMULATED",
        "at least 0.7",
        "unit 7",
        "unit 8",
        "0.250",
        "undefined",
        "u9",
        "lowers the mean rate (8.00 spikes/s with feedback, 6.50 without",
        "differ beyond fits to shuffled light in: clip. Radius of the energy: 2.50 px intact",
    ):
        assert wanted in page.text


def test_nothing_is_loaded_and_nothing_runs(page):
    assert "script" not in {tag for tag, _ in page.tags}
    links = [value for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "href")]
    assert len(links) == 10
    assert all(re.match(r"data:image/png;base64,[A-Za-z0-9+/=]+$", link) for link in links)


def test_every_picture_says_in_words_what_it_is(page):
    assert all(len(attrs["alt"]) > 20 for tag, attrs in page.tags if tag == "img")


def test_headings_are_in_order_and_every_column_has_a_head(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert dict(page.tags)["html"] == {"lang": "en"}
    assert all(attrs == {"scope": "col"} for tag, attrs in page.tags if tag == "th")


def test_what_has_no_ceiling_says_so_and_p_and_q_stand_by_the_index(page):
    assert "normalized 0.625 · OMI in data -0.100 · OMI p 0.004 · OMI q 0.013 · OMI in model undefined" in page.text
    assert "unit 80.500no ceiling+0.2000.50.75+0.100" in page.text


def test_a_real_recording_is_not_called_simulated(tmp_path):
    path = write_report(dataclasses.replace(REPORT, simulated=False, units=()), tmp_path / "page.html")
    assert "SIMULATED" not in path.read_text()


def test_a_failed_report_leaves_the_last_one(tmp_path):
    path = write_report(dataclasses.replace(REPORT, units=()), tmp_path / "page.html")
    before = path.read_bytes()
    with pytest.raises(KeyError, match="no quantity"):
        write_report(dataclasses.replace(REPORT, curves=(("no quantity", np.ones(2)),)), path)
    assert path.read_bytes() == before


def test_light_is_shaded_where_it_is_on():
    axes = rate_trace(new_figure(400, 200).subplots(), TIME_S, OBSERVED_HZ, PREDICTED_HZ, OPTO)
    (shade,) = [patch for patch in axes.patches if patch.get_label() == "light on"]
    assert (shade.get_x(), shade.get_x() + shade.get_width()) == pytest.approx((1.0, 2.0), abs=1e-5)


def test_bars_hold_all_spikes():
    axes = rate_trace(new_figure(400, 200).subplots(), TIME_S, OBSERVED_HZ, PREDICTED_HZ, OPTO)
    bars = [patch for patch in axes.containers[0]]
    assert sum(bar.get_height() * bar.get_width() for bar in bars) == pytest.approx(OBSERVED_HZ.sum() / 60)


def test_undefined_effects_are_left_out_of_the_scatter():
    axes = opto_scatter(new_figure(300, 300).subplots(), np.array([-0.1, 0.2, np.nan]), np.array([-0.2, 0.1, 0.0]))
    assert len(axes.collections[0].get_offsets()) == 2


def test_responses_stand_where_their_stimulus_and_light_are():
    axes = response_bars(new_figure(300, 300).subplots(), UNIT.meis.responses_hz)
    heights = [[bar.get_height() for bar in container] for container in axes.containers]
    assert heights == [[30.0, 25.0], [20.0, 22.0]]


def test_a_film_strip_ends_with_the_last_frame_and_leaves_out_what_is_not_there():
    stimulus = np.arange(5)[:, None, None] * np.ones((5, 2, 2))
    axes = frame_strip(new_figure(600, 100).subplots(), stimulus, rate_hz=50, frames=4, every=2, limit=4.0)
    strip = np.asarray(axes.images[0].get_array().filled(np.nan))
    assert strip.shape == (2, 12)
    assert [strip[0, column] for column in (3, 6, 9)] == [0, 2, 4]
    assert np.isnan(strip[:, :3]).all()
    assert [label.get_text() for label in axes.get_xticklabels()] == [f"{MINUS}80 ms", f"{MINUS}40 ms", "0 ms"]
    assert list(axes.get_xticks()) == [4, 7, 10]


def test_equal_figures_are_equal_bytes():
    def draw() -> bytes:
        figure = new_figure(300, 200)
        rate_trace(figure.subplots(), TIME_S, OBSERVED_HZ, PREDICTED_HZ, OPTO)
        return rendered(figure, "png")

    assert draw() == draw()
