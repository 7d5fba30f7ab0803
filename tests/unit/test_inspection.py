"""What is said of a recording is what is in it: facts by hand, each warning on its case alone, one page of text."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dlgn_cnn.data.inspection import pictures
from dlgn_cnn.data.inspection.facts import recording_facts, session_facts
from dlgn_cnn.data.inspection.text import MOST_SENTENCES, WIDTH, pages
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import (
    BinnedResponses,
    PresentationTimes,
    SampledSignal,
    SceneFile,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from populate.cli.command import app
from tests.factories import responses_frame, small_simulation, write_recording
from tests.layouts import write_npz

SHOWN = 12
TRAIN, TEST = SceneKey("movie", 0), SceneKey("movie", 1)


def presentation(trial, **changes):
    """Number ``trial`` lasts from 2 * trial to 2 * trial + 1 s; every third is a test."""
    scene, tier = (TEST, "test") if trial % 3 == 2 else (TRAIN, "train")
    return dataclasses.replace(PresentationTimes(trial, scene, 2.0 * trial, 2.0 * trial + 1, tier), **changes)


def signal(values=None, start_s=0.0):
    """A sample every 0.1 s, over the whole session."""
    clock = start_s + np.arange(20 * SHOWN) / 10
    return SampledSignal(clock, np.asarray(np.sin(clock) if values is None else values, np.float32))


def session(**changes):
    """A session of 24 s with two units of 10 Hz, light in the first half of each presentation, and running."""
    file = SceneFile(Path("movie.avi"), "0" * 64, 30, 30.0, 32, 16)
    regular = np.arange(20 * SHOWN) / 10 + 0.05
    given = {
        "session": SessionKey("Mouse", 1, 2),
        "spike_times_s": {1: regular, 5: regular + 0.01},
        "presentations": tuple(presentation(trial) for trial in range(SHOWN)),
        "opto_epochs_s": np.array([[2.0 * trial, 2.0 * trial + 0.5] for trial in range(SHOWN)]),
        "scenes": {TRAIN: file, TEST: dataclasses.replace(file, sha256="1" * 64)},
        "signals": {"running": signal()},
        "source": Path("movie.npz"),
    }
    return SessionRecording(**(given | changes))


def test_the_facts_are_those_of_the_recording():
    facts = session_facts(session())
    assert facts["warnings"] == []
    units, scenes, shown = facts["units"], facts["scenes"], facts["presentations"]
    assert (units["count"], units["numbers"], units["spikes"]) == (2, [1, 5], 2 * 20 * SHOWN)
    assert units["unit_rates_hz"] == {1: 10.0, 5: 10.0}
    assert units["share_in_presentations"] == 0.5
    assert (scenes["train"], scenes["test"], scenes["train_repeats"]["median"]) == (1, 1, 8)
    assert scenes["size_px"] == ["32 x 16"]
    assert (shown["count"], shown["total_s"], shown["first_s"], shown["last_s"]) == (12, 12.0, 0.0, 23.0)
    assert shown["gap_s"] == {"lowest": 1.0, "median": 1.0, "highest": 1.0}
    assert facts["frames"]["clock"] == "taken as even"
    opto = facts["opto"]
    assert (opto["epochs"], opto["total_s"], opto["on_s"]["median"]) == (12, 6.0, 0.5)
    assert opto["onset_to_onset_s"]["median"] == 2.0
    assert opto["share_of_presentations"] == pytest.approx(0.5)
    assert (opto["presentations_without"], opto["presentations_throughout"]) == (0, 0)
    assert opto["epochs_outside_presentations"] == 0
    running = facts["signals"]["running"]
    assert running["rate_hz"] == pytest.approx(10.0)
    assert (running["share_known"], running["gap_s"]) == (1.0, None)
    assert running["value"]["highest"] == pytest.approx(1.0, abs=0.01)


def test_a_gap_is_counted_in_presentations_only():
    """Missing from 0.5 to 4.5 s: half of the first presentation, all of the second, half of the third."""
    values = np.where((np.arange(20 * SHOWN) >= 5) & (np.arange(20 * SHOWN) < 45), np.nan, 1.0 * np.arange(20 * SHOWN))
    running = session_facts(session(signals={"running": signal(values)}))["signals"]["running"]
    assert running["share_known"] == pytest.approx(10 / 12, abs=0.02)
    assert running["gap_s"]["highest"] == pytest.approx(1.0)


@pytest.mark.parametrize("start_s", [0.0, 100.0])
def test_light_is_compared_with_presentations(start_s):
    shown = tuple(
        presentation(trial, start_s=2.0 * trial + start_s, stop_s=2.0 * trial + start_s + 1) for trial in range(4)
    )
    epochs = np.array([[-0.5, 1.0], [1.25, 1.75], [2.25, 2.5], [6.0, 9.0]]) + start_s
    opto = session_facts(session(presentations=shown, opto_epochs_s=epochs, spike_times_s={1: np.array([start_s])}))[
        "opto"
    ]
    assert (opto["presentations_throughout"], opto["presentations_without"]) == (2, 1)
    assert opto["epochs_outside_presentations"] == 1
    assert opto["share_of_presentations"] == pytest.approx(2.25 / 4)


@pytest.mark.parametrize(
    ("frames", "clock", "dropped"),
    [
        (range(30), "constant", 0),
        ([*range(10), None, *range(11, 30)], "dropped", 1),
        ([*range(10), *(frame + 0.6 for frame in range(10, 30))], "dropped", 1),
        ([frame + 0.3 * (frame % 2) for frame in range(30)], "variable", 0),
    ],
)
def test_measured_onsets_say_what_the_clock_was(frames, clock, dropped):
    shown = []
    for trial in range(SHOWN):
        onsets = tuple(2.0 * trial + (math.nan if frame is None else frame / 31) for frame in frames)
        shown.append(presentation(trial, frame_onsets_s=onsets))
    facts = session_facts(session(presentations=tuple(shown)))
    found = facts["frames"]
    assert (found["clock"], found["dropped"]) == (clock, dropped * SHOWN)
    assert found["presentations_with_measured_onsets"] == SHOWN
    assert any("frames appeared at 31 Hz, but scenes have 30 Hz" in said for said in facts["warnings"]) == (
        clock != "variable"
    )


def test_binned_responses_have_rates_too():
    bins = np.column_stack([np.arange(48) / 2, np.arange(1, 49) / 2])
    values = np.stack([np.full(48, 2.0), np.zeros(48)]).astype(np.float32)
    facts = session_facts(session(spike_times_s={}, binned=BinnedResponses((3, 4), bins, values)))
    assert facts["units"]["unit_rates_hz"] == {3: 4.0, 4: 0.0}
    assert facts["units"]["share_in_presentations"] == 0.5
    said = "responses are binned, without spike times: nothing finer can be fitted"
    assert facts["warnings"] == [said, "unit 4 never fired"]


EARLY, LATE = np.arange(0.05, 15.0, 0.1), np.arange(8.05, 24.0, 0.1)
FAST = np.arange(0.001, 24.0, 0.004)
TESTING = tuple(presentation(trial, scene=TEST, tier="test") for trial in range(SHOWN))
TRAINING = tuple(presentation(trial, scene=TRAIN, tier="train") for trial in range(SHOWN))
FILE = SceneFile(Path("movie.avi"), "0" * 64, 30, 30.0, 32, 16)
ODD = {
    "unit 2 never fired": {"spike_times_s": {2: np.empty(0), 3: np.arange(0, 24, 0.1)}},
    "unit 2 fired, but not in the last third": {"spike_times_s": {1: np.arange(0, 24, 0.1), 2: EARLY}},
    "unit 2 fired, but not in the first third": {"spike_times_s": {1: np.arange(0, 24, 0.1), 2: LATE}},
    "unit 1 fired at more than 200 Hz": {"spike_times_s": {1: FAST}},
    "unit 2 fired at less than 0.01 Hz": {"spike_times_s": {1: np.arange(0, 24, 0.1), 2: np.array([1.5])}},
    "no response falls into a presentation": {"spike_times_s": {1: np.arange(1.5, 24, 2.0)}},
    "no light": {"opto_epochs_s": np.empty((0, 2))},
    "the light meets no presentation": {"opto_epochs_s": np.array([[1.25, 1.75], [23.5, 24.0]])},
    "the light is on throughout": {"opto_epochs_s": np.array([[-1.0, 30.0]])},
    "running meets no presentation": {"signals": {"running": signal(start_s=40.0)}},
    "running never changes": {"signals": {"running": signal(np.ones(20 * SHOWN))}},
    "running holds no value": {"signals": {"running": signal(np.full(20 * SHOWN, np.nan))}},
    "no scene is for testing": {"presentations": TRAINING},
    "no scene is for training": {"presentations": TESTING},
    "each test scene is shown once": {"presentations": (*TRAINING[:2], presentation(2), *TRAINING[3:])},
    "1 of 2 test scenes are shown once": {
        "presentations": (*(presentation(n) for n in range(SHOWN - 1)), presentation(11, scene=SceneKey("movie", 2))),
        "scenes": {SceneKey("movie", scene): FILE for scene in range(3)},
    },
    "the clocks of 1 scene files are odd, as a.avi: 3 were dropped": {
        "scenes": {SceneKey("movie", 0): dataclasses.replace(FILE, path=Path("a.avi"), notes=("3 were dropped",))}
        | {SceneKey("movie", scene): FILE for scene in range(1, 3)}
    },
    "every presentation lasts 1.5 times as long": {
        "presentations": tuple(presentation(n, stop_s=2.0 * n + 1.5) for n in range(SHOWN)),
    },
}  # fmt: skip


@pytest.mark.parametrize("said", ODD)
def test_each_warning_comes_on_its_case_alone(said):
    warnings = session_facts(session(**ODD[said]))["warnings"]
    assert len(warnings) == 1, warnings
    assert warnings[0].startswith(said)


def test_presentations_cut_at_different_lengths_blame_no_frame_rate():
    shown = tuple(presentation(trial, stop_s=2.0 * trial + (0.5 if trial else 1.0)) for trial in range(SHOWN))
    assert session_facts(session(presentations=shown))["warnings"] == []


def test_a_unit_that_is_merely_slow_is_not_called_silent():
    """Four spikes in two thirds: none in the other by a chance of 0.14."""
    slow = np.array([0.2, 2.2, 4.2, 10.2])
    assert session_facts(session(spike_times_s={1: np.arange(0, 24, 0.1), 2: slow}))["warnings"] == []


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return small_simulation(tmp_path_factory.mktemp("simulated") / "recording", test_repeats=3)


def test_a_sound_simulated_recording_has_no_warning(simulated):
    facts = session_facts(*read_recordings(simulated))
    assert facts["warnings"] == []
    assert facts["units"]["count"] == 6
    assert facts["simulated"]


def said_by(*words):
    done = CliRunner().invoke(app, ["inspect", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_needs_no_database_and_says_the_same_as_json(simulated, monkeypatch, tmp_path):
    monkeypatch.setenv("DLGN_DATABASE", "mysql://nowhere.invalid:1")
    monkeypatch.setenv("DLGN_HOME", str(tmp_path / "home"))
    text, facts = said_by(simulated), json.loads(said_by(simulated, "--json"))
    assert text == pages(facts) + "\n"
    assert facts["reader"] == "lab"
    assert "recognized" in facts["how"]
    (found,) = facts["sessions"]
    (read,) = read_recordings(simulated)
    assert found["units"]["spikes"] == sum(map(len, read.spike_times_s.values()))
    assert f"spikes {found['units']['spikes']:,.0f}" in " ".join(text.split())
    assert "no animal was recorded" in text
    assert not (tmp_path / "home").exists()


def test_all_that_is_read_of_each_layout_is_said(simulated, tmp_path):
    (recording,) = read_recordings(simulated)
    facts = json.loads(said_by(write_npz(recording, tmp_path / "npz"), "--reader", "npz", "--json"))
    assert facts["how"] == "named by --reader"
    kept = ("units", "presentations", "opto", "signals")
    own = json.loads(json.dumps(session_facts(recording)))
    assert {name: facts["sessions"][0][name] for name in kept} == {name: own[name] for name in kept}


def test_each_session_has_a_page_and_a_picture(tmp_path):
    frames = [responses_frame(mouse=mouse) for mouse in ("Ntsr1Cre_2019_0007", "Ntsr1Cre_2019_0008")]
    folder = write_recording(tmp_path / "two", pd.concat(frames, ignore_index=True))
    text = said_by(folder, "--plot", tmp_path / "seen.png")
    assert text.count("  presentations  count 3") == 2
    for mouse in (7, 8):
        assert f"\n\nNtsr1Cre_2019_000{mouse}_s03_e07\n" in text
        assert (tmp_path / f"seen-Ntsr1Cre_2019_000{mouse}_s03_e07.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_another_kind_is_refused(simulated, tmp_path):
    done = CliRunner().invoke(app, ["inspect", str(simulated), "--plot", str(tmp_path / "seen.gif")])
    assert done.exit_code != 0
    assert "choose from png, svg, pdf" in done.output


def test_columns_that_are_not_read_are_named(tmp_path):
    frame = responses_frame()
    frame["depth\x1b[2J"] = 1.0
    facts = recording_facts(tmp_path, "lab", True, {}, read_recordings(write_recording(tmp_path, frame)))
    (said,) = facts["sessions"][0]["not_used"]
    assert "depth" in said
    assert "unique_id" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "x" * 5000, "\udc80", "\u202eb"])
def test_a_page_is_printable_and_of_one_width_whatever_is_named(name):
    one = dataclasses.replace(session(), source=Path(name), notes=(name,) * 50, unused=(name,))
    text = pages(recording_facts(Path(name), "npz", True, {"mouse": name}, [one]))
    assert all(line.isprintable() and len(line) <= WIDTH for line in text.split("\n"))
    assert f"and {50 - MOST_SENTENCES} more" in text
    assert text.count("\n") < 300


def test_numbers_that_json_cannot_hold_are_null():
    clock = np.array([0.0, 5e-324, 1.0])
    facts = recording_facts(
        Path("a"), "npz", True, {}, [session(signals={"running": SampledSignal(clock, clock.astype(np.float32))})]
    )
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_spike_triggered_averages_find_the_pixel_that_drives_a_unit():
    """A white movie, and a unit that fires two frames after one pixel was bright."""
    draw = np.random.default_rng(0)
    frames = draw.integers(0, 2, (600, 6, 8)).astype(np.uint8) * 255
    lag, bright = 2, np.flatnonzero(frames[:-2, 4, 3])
    own, other = (bright + lag + 0.5) / 60, np.sort(draw.uniform(0, 10, 300))
    scene = dataclasses.replace(FILE, frames=600, rate_hz=60.0, width_px=8, height_px=6, part="made:")
    shown = (PresentationTimes(0, TRAIN, 0.0, 10.0, "train"),)
    one = session(spike_times_s={2: other, 7: own}, presentations=shown, scenes={TRAIN: scene}, signals={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "scene_frames", lambda file, size_px: frames)
        (best, (spatial, temporal)), _ = pictures.triggered_averages(one, 2).items()
    assert best.startswith("unit 7,")
    assert np.unravel_index(spatial.argmax(), spatial.shape) == (4, 3)
    assert temporal.argmax() == lag
    assert spatial.max() == pytest.approx(math.sqrt(len(own)), rel=0.1)  # each such spike is one deviation above
