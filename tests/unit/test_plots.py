"""Every plot shows what it was given, where it belongs, with a unit on every axis."""

import io

import numpy as np
import pytest

from dlgn_cnn.data.stimuli.video import webm
from dlgn_cnn.errors import ConfigError, RecordingError
from dlgn_cnn.plots import feedback_contrast, fields
from dlgn_cnn.plots.feedback_contrast import (
    ContrastCurve,
    ControlRates,
    ViewDistance,
    contrast_response,
    control_bars,
    feedback_contrast_distances,
)
from dlgn_cnn.plots.fields import response_bars, side_by_side
from dlgn_cnn.plots.report import curves_figure, overview_figure
from dlgn_cnn.plots.responses import Repeats, condition_mean, condition_rates, raster, rate_trace, responses_figure
from dlgn_cnn.plots.scores import (
    QUANTITIES,
    correlation_histogram,
    learning_curves,
    opto_scatter,
    score_distributions,
)
from dlgn_cnn.plots.style import CONDITION_COLORS, SERIES, new_figure, rendered

RATE_HZ = 60
GENERATOR = np.random.default_rng(0)
TIME = np.arange(120) / RATE_HZ
OPTO = np.zeros((4, 120), np.float32)
OPTO[:2, 60:] = 1
COUNTS = GENERATOR.poisson(0.3, (4, 120)).astype(np.float32)
PREDICTED = GENERATOR.uniform(0.1, 0.6, (4, 120)).astype(np.float32)
REPEATS = Repeats("movie/3", COUNTS, PREDICTED, OPTO, TIME)
FIELD = GENERATOR.normal(size=(9, 12)).astype(np.float32)
COURSE = np.array([0.5, 2.0, -1.0], np.float32)
MEI = GENERATOR.normal(size=(30, 9, 12)).astype(np.float32)
DISTANCES = (
    ViewDistance("clip", 0.4, 0.05, "shuffled", 0.1, 3.0, 0.004, 0.012),
    ViewDistance("extent", 0.2, None, "starts", None, None, None, None),
)
CONTROLS = (ControlRates("mei", 30, 20, 24, 16), ControlRates("natural", 18, 14, 15, 11))
FIT_ONLY = (ControlRates("mei", 30, 20),)
POINTS = np.array([1.0, 0.0, 0.5])


def axes():
    return new_figure(500, 300).subplots()


DRAWN = {
    "raster": lambda: raster(axes(), REPEATS),
    "intact": lambda: condition_rates(axes(), REPEATS, "intact"),
    "trace": lambda: rate_trace(axes(), TIME, COUNTS[0], PREDICTED[0], OPTO[0]),
    "field": lambda: fields.field_map(axes(), FIELD),
    "course": lambda: fields.field_time_course(axes(), COURSE, RATE_HZ),
    "condition_courses": lambda: fields.condition_courses(axes(), MEI, MEI, RATE_HZ),
    "distances": lambda: feedback_contrast_distances(axes(), DISTANCES),
    "controls": lambda: control_bars(axes(), CONTROLS),
    "contrast_response": lambda: contrast_response(axes(), ContrastCurve(POINTS, 30 * POINTS, 20 * POINTS)),
    "curves": lambda: learning_curves(axes(), {"a": POINTS}),
    "histogram": lambda: correlation_histogram(axes(), POINTS),
    "light": lambda: opto_scatter(axes(), POINTS, POINTS),
    "distributions": lambda: score_distributions(axes(), {"a": POINTS}),
}
NOT_MEASURED = {"presentation", "view of the MEIs", "stimulus, all at one norm", "epoch", "number of units", "fit"}


@pytest.mark.parametrize("name", DRAWN)
def test_every_axis_says_what_it_is_and_in_which_unit(name):
    drawn = DRAWN[name]()
    for label in (drawn.get_xlabel(), drawn.get_ylabel()):
        assert label in NOT_MEASURED or "(" in label or label == "weight / peak"
        assert drawn.xaxis.label.get_fontsize() >= 8


def test_conditions_have_the_colors_that_okabe_and_ito_chose():
    # Okabe and Ito (2008), Color Universal Design: blue 0, 114, 178 and vermilion 213, 94, 0.
    assert CONDITION_COLORS == {"intact": "#0072B2", "suppressed": "#D55E00"}
    assert len(set(SERIES)) == len(SERIES)


def test_a_raster_has_every_spike_once_in_the_condition_in_which_it_fell():
    drawn = raster(axes(), REPEATS)
    spikes = {line.get_label(): line for line in drawn.collections}
    rows = [line.get_positions() for line in drawn.collections if hasattr(line, "get_positions")]
    assert sum(map(len, rows)) == COUNTS.sum()
    assert {"light on", "spike, feedback intact", "spike, feedback suppressed"} <= set(spikes)
    intact, suppressed = rows[:4], rows[4:]
    assert [len(row) for row in suppressed] == (COUNTS * (OPTO >= 0.5)).sum(1).tolist()
    assert min(min(row) for row in suppressed if len(row)) >= 1
    assert max(max(row) for row in intact[:2]) <= 1


def test_rates_of_a_condition_are_means_over_the_presentations_in_it():
    drawn = condition_rates(axes(), REPEATS, "suppressed")
    (line,) = [one for one in drawn.lines if one.get_label() == "predicted"]
    expected = PREDICTED[:2].mean(0) * RATE_HZ
    assert np.isnan(line.get_ydata()[:60]).all()
    np.testing.assert_allclose(line.get_ydata()[60:], expected[60:], rtol=1e-5)
    heights = np.array([bar.get_height() for bar in drawn.containers[0]])
    assert np.isnan(heights[:20]).all()
    np.testing.assert_allclose(heights[20:], COUNTS[:2, 60:].reshape(2, 20, 3).mean((0, 2)) * RATE_HZ, rtol=1e-6)


def test_error_bars_are_the_standard_error_over_presentations():
    from scipy.stats import sem

    drawn = condition_rates(axes(), REPEATS, "intact")
    (_, _, (bars,)) = drawn.containers[1]
    found = [segment[1, 1] - segment[0, 1] for segment in bars.get_segments()]
    rates = COUNTS.reshape(4, 40, 3).mean(2) * RATE_HZ
    expected = np.concatenate([sem(rates[:, :20]), sem(rates[2:, 20:])])
    np.testing.assert_allclose(found, 2 * expected, rtol=1e-5)


def test_a_time_at_which_nothing_was_shown_in_a_condition_is_a_gap_and_no_zero():
    assert np.isnan(condition_mean(COUNTS, np.zeros(COUNTS.shape, bool))).all()


def test_repeats_of_unequal_shape_are_refused_with_their_shapes():
    with pytest.raises(ConfigError, match=r"\(4, 120\).*\(4, 119\)"):
        Repeats("movie/3", COUNTS, PREDICTED[:, 1:], OPTO, TIME)


def test_a_field_is_white_at_nothing_and_its_course_peaks_at_one():
    image = DRAWN["field"]().images[0]
    assert image.norm.vmin == -image.norm.vmax == pytest.approx(-np.abs(FIELD).max())
    assert DRAWN["course"]().lines[-1].get_ydata().tolist() == [0.25, 1.0, -0.5]


def test_the_null_is_drawn_where_effect_and_distance_put_it():
    drawn = DRAWN["distances"]()
    (box,) = [patch for patch in drawn.patches if patch.get_label().startswith("null")]
    # An excess of .3 is 3 s.d.: two s.d. above the mean of .1 are .3, and below it nothing is less than no distance.
    assert (box.get_y(), box.get_y() + box.get_height()) == pytest.approx((0.0, 0.3))
    assert [text.get_text() for text in drawn.texts] == ["q = 0.012", "no null"]
    assert [label.get_text() for label in drawn.get_xticklabels()] == ["clip", "extent"]


def test_controls_are_what_held_out_models_say_and_the_fit_itself_only_without_them():
    held_out, alone = control_bars(axes(), CONTROLS), control_bars(axes(), FIT_ONLY)
    heights = lambda drawn: [[bar.get_height() for bar in group] for group in drawn.containers]  # noqa: E731
    assert heights(held_out) == [[24, 15], [16, 11]]
    assert heights(alone) == [[30], [20]]
    assert [list(line.get_ydata()) for line in held_out.lines] == [[30, 18], [20, 14]]
    assert not alone.lines


def test_contrast_responses_are_in_order_of_contrast():
    intact, suppressed = DRAWN["contrast_response"]().lines
    assert intact.get_xdata().tolist() == [0, 0.5, 1]
    assert suppressed.get_ydata().tolist() == [0, 10, 20]


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_best_epoch_is_the_largest_correlation_or_the_smallest_loss(quantity):
    drawn = learning_curves(axes(), {"a": np.array([0.2, np.nan, 0.5, 0.1])}, quantity)
    marked = [line.get_xdata() for line in drawn.lines[1:]]
    assert [list(np.atleast_1d(x)) for x in marked] == [[2] if quantity == "validation_correlation" else [3]]


def test_the_best_fit_is_on_top_with_its_median_and_quartiles():
    values = {"worse": np.array([0.0, 0.1, 0.2, np.nan]), "better": np.array([0.2, 0.4, 0.6])}
    drawn = score_distributions(axes(), values)
    assert [label.get_text() for label in drawn.get_yticklabels()] == ["worse", "better"]
    assert [len(one.get_offsets()) for one in drawn.collections] == [3, 3]
    assert list(drawn.lines[2].get_xdata()) == pytest.approx([0.3, 0.5])
    assert float(np.atleast_1d(drawn.lines[3].get_xdata())[0]) == pytest.approx(0.4)


def test_responses_to_meis_stand_in_their_light():
    drawn = response_bars(axes(), np.array([[30.0, 20.0], [25.0, 22.0]]))
    assert [[bar.get_height() for bar in group] for group in drawn.containers] == [[30.0, 25.0], [20.0, 22.0]]


FIGURES = {
    "responses": lambda: responses_figure(REPEATS),
    "once": lambda: responses_figure(Repeats("m/0", COUNTS[:1], PREDICTED[:1], OPTO[:1], TIME)),
    "field": lambda: fields.field_figure(fields.Field(FIELD, COURSE, RATE_HZ)),
    "meis": lambda: fields.mei_figure(fields.MEIPair(MEI, MEI / 2, np.ones((2, 2)), RATE_HZ)),
    "distance": lambda: feedback_contrast.distance_figure(DISTANCES),
    "controls": lambda: feedback_contrast.controls_figure({"intact": CONTROLS, "suppressed": FIT_ONLY}),
    "fit": lambda: curves_figure([("loss", POINTS), ("validation_correlation", POINTS)]),
    "overview": lambda: overview_figure([{"correlation": p, "data_omi": p, "model_omi": p} for p in POINTS]),
    "curves": lambda: feedback_contrast.contrast_response_figure({"intact": ContrastCurve(POINTS, POINTS, POINTS)}),
}


def texts(axes) -> list:
    """Every text that is drawn: no tick's beyond the limits."""
    named = [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
    ticks = [tick for axis in (axes.xaxis, axes.yaxis) for tick in axis._update_ticks()]
    legend = axes.get_legend()
    shown = [*named, *(label for tick in ticks for label in (tick.label1, tick.label2))]
    shown += [] if legend is None else legend.get_texts()
    return [text for text in shown if text.get_visible() and text.get_text().strip()]


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_of_a_figure_lies_over_another_or_outside(name):
    figure = FIGURES[name]()
    figure.draw_without_rendering()
    renderer, inside = figure.canvas.get_renderer(), figure.bbox.padded(2)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for one in figure.axes for text in texts(one)]
    assert len(boxes) > 5
    for index, (text, box) in enumerate(boxes):
        assert inside.x0 <= box.x0 <= box.x1 <= inside.x1, text
        assert inside.y0 <= box.y0 <= box.y1 <= inside.y1, text
        for other, another in boxes[index + 1 :]:
            assert not box.padded(-2).overlaps(another.padded(-2)), (text, other)


def test_the_strips_of_meis_are_as_wide_as_the_page_lets_them():
    figure = FIGURES["meis"]()
    figure.draw_without_rendering()
    for axes in figure.axes[:2]:
        assert axes.get_ylabel().startswith("MEI")
        frames = axes.images[0].get_window_extent(figure.canvas.get_renderer())
        assert frames.width > 0.8 * figure.bbox.width


def test_both_conditions_share_one_scale_of_rate():
    _, intact, suppressed = FIGURES["responses"]().axes
    assert intact.get_ylim() == suppressed.get_ylim()


@pytest.mark.parametrize(("form", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_figure_is_what_its_name_says(form, magic):
    assert rendered(FIGURES["field"](), form).startswith(magic)


def test_another_form_is_refused():
    with pytest.raises(ConfigError, match="'gif': choose from png, svg, pdf"):
        rendered(FIGURES["field"](), "gif")


def test_a_film_has_one_gray_scale_and_plays_as_it_was_given():
    import av

    frames = side_by_side([MEI, MEI / 2], limit=4.0, times=4, gap_px=8)
    assert frames.shape == (30, 36, 104)
    assert frames[3, 0, 0] == pytest.approx(127.5 + 127.5 * np.clip(MEI[3, 0, 0] / 4, -1, 1), abs=0.51)
    assert (frames[:, :, 48:56] == 255).all()
    film = webm(frames, RATE_HZ)
    with av.open(io.BytesIO(film)) as container:
        stream = container.streams.video[0]
        shown = [frame.reformat(format="gray").to_ndarray() for frame in container.decode(stream)]
        assert (stream.codec_context.name, float(stream.average_rate)) == ("vp9", RATE_HZ)
    assert np.abs(np.stack(shown).astype(float) - frames).mean() < 4


def test_clips_of_two_shapes_and_films_of_nothing_are_refused():
    with pytest.raises(ConfigError, match="one shape"):
        side_by_side([MEI, MEI[1:]], 1.0)
    with pytest.raises(RecordingError, match="without frames"):
        webm([], RATE_HZ)
    with pytest.raises(RecordingError, match="even"):
        webm([np.zeros((3, 4), np.uint8)], RATE_HZ)
