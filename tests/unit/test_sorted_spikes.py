"""Folders of Phy and in ALF, with a table of presentations: against arrays that are written here, and by hand."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlgn_cnn.data.readers import READERS, read_recordings, recognized
from dlgn_cnn.data.readers.sorted_spikes.clock import drift_ppm, interpolated
from dlgn_cnn.data.recording import SIGNALS, SceneKey, SessionRecording
from dlgn_cnn.errors import ConfigError, RecordingError
from dlgn_cnn.storage.files import path_sha256
from tests.factories import write_recording, write_scene
from tests.layouts import LAYOUTS, SORTED, own_frames, save
from tests.unit.test_layouts import contents, recording

few = settings(max_examples=15, deadline=None)
TABLE = "scene,onset_s,offset_s,tier\ndeer,1.0,2.0,train\nowl,3.0,4.0,test\ndeer.avi,5.0,6.0,train\n"
TIMES = np.array([0.5, 1.25, 1.5, 3.5, 5.25, 5.5])
ROWS = np.array([2, 0, 2, 1, 0, 2])


@pytest.fixture(scope="module")
def movies(tmp_path_factory) -> Path:
    """Two movies of one second."""
    folder = tmp_path_factory.mktemp("sorted") / "movies"
    noise = np.random.default_rng(0)
    for name in ("deer", "owl"):
        write_scene(folder / f"{name}.avi", noise.integers(0, 256, (30, 16, 32), dtype=np.uint8), 30)
    return folder


@pytest.fixture
def phy(tmp_path, movies) -> Path:
    """A folder of Phy: cluster 5 is good, 7 not, 9 is not labelled; 10 samples are a second."""
    folder = shutil.copytree(movies, tmp_path / "rec" / "movies").parent
    save(folder / "spike_times.npy", np.array([5, 12, 15, 35, 52, 55], np.uint64)[:, None])
    save(folder / "spike_clusters.npy", np.array([9, 5, 9, 7, 5, 9], np.int32))
    (folder / "params.py").write_text("sample_rate = 10.0\n")
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n5\tgood\n7\tmua\n9\t\n")
    (folder / "presentations.csv").write_text(TABLE)
    return folder


@pytest.fixture
def alf(tmp_path, movies) -> Path:
    """A session in ALF with one probe of three clusters."""
    folder = shutil.copytree(movies, tmp_path / "rec" / "movies").parent
    save(folder / "alf" / "probe00" / "spikes.times.npy", TIMES)
    save(folder / "alf" / "probe00" / "spikes.clusters.npy", ROWS)
    (folder / "presentations.csv").write_text(TABLE)
    return folder


@pytest.fixture(params=["phy", "alf"])
def either(request) -> Path:
    return request.getfixturevalue(request.param)


def read(folder: Path, **options) -> SessionRecording:
    (found,) = read_recordings(folder, mouse="M1", **options)
    return found


def sentence(folder: Path, **options) -> str:
    with pytest.raises((RecordingError, ConfigError)) as caught:
        read(folder, **options)
    return str(caught.value)


def noted(folder: Path, **options) -> str:
    return "; ".join(read(folder, **options).notes)


# -- both layouts hold what another one did


@few
@given(contents())
def test_both_layouts_keep_spikes_presentations_light_and_signals(drawn):
    with tempfile.TemporaryDirectory() as folder:
        one = recording(Path(folder), drawn)
        fired = tuple(unit for unit in one.units if len(one.spike_times_s[unit]))
        for name, write in SORTED.items():
            if not fired:
                continue
            (back,) = read_recordings(write(one, Path(folder) / name))
            assert (back.session, back.units) == (one.session, fired)
            for unit in fired:
                slack = 1 / 30_000 if name == "phy" else 0
                np.testing.assert_allclose(back.spike_times_s[unit], one.spike_times_s[unit], rtol=0, atol=slack)
            touching = one.opto_epochs_s[1:, 0] == one.opto_epochs_s[:-1, 1]
            assert len(back.opto_epochs_s) == len(one.opto_epochs_s) - touching.sum()
            assert np.diff(back.opto_epochs_s).sum() == pytest.approx(np.diff(one.opto_epochs_s).sum())
            np.testing.assert_array_equal(back.signals["running"].values, one.signals["running"].values)
            before, after = own_frames(one), own_frames(back)
            for old, new in zip(one.presentations, back.presentations, strict=True):
                assert (new.start_s, new.stop_s, new.tier) == (old.start_s, old.stop_s, old.tier)
                np.testing.assert_array_equal(after[new.scene], before[old.scene])


@pytest.mark.parametrize("layout", [*LAYOUTS, *SORTED])
def test_each_layout_is_recognized_by_its_own_reader(tmp_path, layout):
    (one,) = read_recordings(write_recording(tmp_path / "lab"))
    assert recognized((LAYOUTS | SORTED)[layout](one, tmp_path / layout)) == layout


def test_a_file_and_other_folders_are_not_taken_for_spikes(tmp_path):
    assert recognized(write_recording(tmp_path / "lab")) == "lab"
    (tmp_path / "spike_times.npy").write_bytes(b"")
    with pytest.raises(RecordingError, match="recognized by no reader"):
        recognized(tmp_path / "spike_times.npy")


def test_a_folder_with_both_is_asked_about(phy):
    save(phy / "alf" / "spikes.times.npy", TIMES)
    assert "is recognized by the readers alf, phy" in sentence(phy)
    assert read(phy, reader="phy").units == (5,)


# -- presentations


def test_a_table_is_read_by_hand(either):
    found = read(
        either, **({"groups": ["good", "mua", "unsorted"]} if "spike_times.npy" in str([*either.iterdir()]) else {})
    )
    shown = [(one.scene.movie, one.start_s, one.stop_s, one.tier) for one in found.presentations]
    assert shown == [("deer", 1.0, 2.0, "train"), ("owl", 3.0, 4.0, "test"), ("deer", 5.0, 6.0, "train")]
    assert sum(map(len, found.spike_times_s.values())) == 6
    assert found.source == either
    assert "no light was found" in found.notes[-1]


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "pqt"])
@pytest.mark.parametrize("names", [("Scene", "start_time", "Stop_Time"), ("stimulus", "intervals_0", "intervals_1")])
def test_a_table_may_be_of_several_kinds_with_names_of_several_kinds(phy, ending, names):
    (phy / "presentations.csv").unlink()
    frame = pd.DataFrame([("owl", 3.0, 4.0), ("deer", 1.0, 2.0), ("owl", 5.0, 6.0)], columns=names)
    path = phy / f"presentations.{ending}"
    frame.to_csv(path, sep="\t" if ending == "tsv" else ";", index=False) if ending[1:] == "sv" else frame.to_parquet(
        path
    )
    found = read(phy)
    assert [(one.scene.movie, one.start_s, one.tier) for one in found.presentations] == [
        ("deer", 1.0, "train"),
        ("owl", 3.0, "test"),
        ("owl", 5.0, "test"),
    ]
    assert "1 scenes shown more than once are test, the other 1 train" in "".join(found.notes)


def test_columns_files_and_folders_have_names_of_their_own_by_options(phy):
    (phy / "movies").rename(phy / "films")
    (phy / "log").mkdir()
    (phy / "log" / "shown.txt").write_text("\ufeffwhat,a,b,which\r\nowl,1,2,train\r\n,2,3,train\r\ndeer,3,4,test\r\n")
    found = read(
        phy,
        presentations="log/shown.txt",
        movies="films",
        columns={"scene": "what", "onset": "a", "offset": "b", "tier": "which"},
    )
    assert [one.scene.movie for one in found.presentations] == ["owl", "deer"]
    assert "1 rows of" in "".join(found.notes)


def test_a_number_is_a_scene_of_a_movie_that_an_option_names(phy):
    for number, name in enumerate(("deer", "owl")):
        (phy / "movies" / f"{name}.avi").rename(phy / "movies" / f"film_16x32_scene-{number + 6:03d}.avi")
    (phy / "presentations.csv").write_text("scene,onset,offset\n7,1,2\n6,3,4\n7.0,5,6\n".replace("7.0", "007"))
    assert [one.scene for one in read(phy, movie="film").presentations] == [SceneKey("film", n) for n in (7, 6, 7)]
    assert "scene '7' is the name of 0 files" in sentence(phy)
    assert "by the option movie=NAME" in sentence(phy)
    pd.DataFrame({"scene": [7.0, np.nan, 6.0], "onset": [1.0, 2, 3], "offset": [2.0, 3, 4]}).to_parquet(
        phy / "p.parquet"
    )
    assert len(read(phy, movie="film", presentations="p.parquet").presentations) == 2


def test_columns_that_nothing_reads_are_named(phy):
    (phy / "presentations.csv").write_text("scene,onset,offset,led_on\nowl,1,2,1\ndeer,3,4,0\n")
    assert "not used: led_on" in noted(phy)
    assert "columns={opto: NAME}" in noted(phy)
    assert read(phy, columns={"opto": "led_on"}).opto_epochs_s.tolist() == [[1.0, 2.0]]


def test_light_of_presentations_is_a_share_of_each(phy):
    (phy / "presentations.csv").write_text("scene,onset,offset,Opto\nowl,1,2,True\ndeer,3,4,0.25\ndeer,5,6,false\n")
    assert read(phy).opto_epochs_s.tolist() == [[1.0, 2.0], [3.0, 3.25]]
    assert "1 presentations are lit in part" in noted(phy)
    (phy / "opto.csv").write_text("on,off\n1.5,1.75\n")
    assert "have light: name one, by opto=FILE or by columns={opto: NAME}" in sentence(phy)
    assert read(phy, opto="opto.csv").opto_epochs_s.tolist() == [[1.5, 1.75]]
    assert len(read(phy, columns={"opto": "Opto"}).opto_epochs_s) == 2
    assert "have light: name one" in sentence(phy, opto="opto.csv", columns={"opto": "Opto"})


FAULTS = {
    "no table": (None, {}, "has no presentations.csv or .parquet: add it, or name it by presentations=FILE"),
    "a table of another name": ("", {"presentations": "x.csv"}, "x.csv is not there"),
    "a table elsewhere": ("", {"presentations": "../x.csv"}, "lies outside the recording's folder"),
    "no column": ("scene,t0,t1\nowl,1,2\n", {}, "no column onset .*but scene, t0, t1: .*columns={onset: NAME}"),
    "a column of another name": ("scene,t0,t1\n", {"columns": {"onset": "t"}}, "no column 't': choose from"),
    "a role of another name": ("scene,t0,t1\n", {"columns": {"onse": "t0"}}, "no role 'onse': .*did you mean 'onset'"),
    "a word as time": ("scene,onset,offset\nowl,1,2\nowl,\"1,5\",2\n", {}, "row 1 is '1,5' .*expected a number"),
    "an end before its start": ("scene,onset,offset,tier\nowl,1,2,train\nowl,4,3,train\n", {}, "row 1: .*4.0, 3.0"),
    "no time": ("scene,onset,offset\nowl,1,2\ndeer,,4\n", {}, "row 1: .*nan"),
    "a scene without a file": ("scene,onset,offset\nhare,1,2\n", {}, "scene 'hare' is the name of 0 files in .*movies"),
    "a scene elsewhere": ("scene,onset,offset\n../presentations.csv,1,2\n", {}, "is the name of 0 files"),
    "a tier of another name": ("scene,onset,offset,tier\nowl,1,2,trial\n", {}, "row 0: .*tier .trial., expected"),
    "all repeated": ("scene,onset,offset\nowl,1,2\nowl,3,4\n", {}, "every scene more than once: add a column tier"),
    "light beyond": ("scene,onset,offset,opto\nowl,1,2,5\n", {}, "column 'opto', row 0 is 5.0, expected the share"),
    "light unknown": ("scene,onset,offset,opto\nowl,1,2,\n", {}, "column 'opto', row 0 is nan"),
    "cells missing": ("scene,onset,offset\nowl,1\n", {}, "row 0 has 2 cells, expected 3"),
    "no names": ("1,2,3\n4,5,6\n", {}, "does not begin with a line of column names"),
    "names twice": ("scene,scene,onset\n", {}, "two columns of one name"),
    "nothing": ("", {}, "does not begin with a line of column names"),
    "no text": ("scene,onset,offset\n\udce4,1,2\n", {}, "is not a table in text"),
    "an open quote": ('scene,onset,offset\n"owl,1,2\n', {}, "is not a table in text"),
    "movies elsewhere": (TABLE, {"movies": "/etc"}, "option movies names '/etc', which lies outside"),
    "no movies": (TABLE, {"movies": "films"}, "scene 'deer' is the name of 0 files in .*films"),
    "a name as number": (TABLE, {"movie": "film"}, "scene 'deer' is the name of 0 files"),
    "a signal of another name": (TABLE, {"signals": {"run": "x.csv"}}, "option signals names 'run': .*running"),
    "a signal that is not there": (TABLE, {"signals": {"running": "x.csv"}}, "x.csv is not there"),
    "light that is not there": (TABLE, {"opto": "x.csv"}, "x.csv is not there"),
    "an option of another name": (TABLE, {"presentation": "x"}, "takes no 'presentation': .*'presentations'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_contradicts_itself_is_refused_in_one_sentence(either, fault):
    text, options, words = FAULTS[fault]
    (either / "presentations.csv").unlink()
    if text is not None:
        (either / "presentations.csv").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises((RecordingError, ConfigError), match=words) as caught:
        read(either, **options)
    assert "\n" not in str(caught.value)


def test_whose_session_it_is_is_asked_unless_the_folder_says(either):
    with pytest.raises(RecordingError, match="give the option mouse=NAME"):
        read_recordings(either)
    renamed = either.rename(either.with_name("Mouse_7_s02_e03"))
    (found,) = read_recordings(renamed)
    assert str(found.session) == "Mouse_7_s02_e03"
    assert str(read(renamed, series=4, experiment=5).session) == "M1_s04_e05"


def test_a_folder_may_be_named_from_within_or_from_above(either, monkeypatch):
    whole = read(either)
    for place, name in ((either, "."), (either.parent, either.name), (either / "movies", "..")):
        monkeypatch.chdir(place)
        found = read(Path(name))
        assert found.presentations == whole.presentations
        assert [one.path.resolve() for one in found.scenes.values()] == [one.path for one in whole.scenes.values()]
        assert found.source.resolve() == either


def test_two_tables_of_the_default_name_are_asked_about(either):
    pd.read_csv(either / "presentations.csv").to_parquet(either / "presentations.parquet")
    assert "presentations.csv and presentations.parquet: say which by the option presentations=FILE" in sentence(either)
    assert len(read(either, presentations="presentations.csv").presentations) == 3


def test_links_that_lead_elsewhere_are_refused(either, tmp_path):
    (tmp_path / "out.avi").write_bytes((either / "movies" / "owl.avi").read_bytes())
    (either / "movies" / "owl.avi").unlink()
    (either / "movies" / "owl.avi").symlink_to(tmp_path / "out.avi")
    assert "lies outside the recording's folder" in sentence(either)


# -- signals and light


@pytest.mark.parametrize("name", SIGNALS)
def test_signals_are_tables_of_time_and_value(phy, name):
    (phy / f"{name}.csv").write_text(f"time_s,{name}\n0.0,1.5\n0.5,\n1.0,2.5\n")
    np.testing.assert_array_equal(read(phy).signals[name].values, np.array([1.5, np.nan, 2.5], np.float32))
    save(phy / "x" / "y.npy", np.array([[0.0, 3.0], [9.0, 4.0]]))
    signal = read(phy, signals={name: "x/y.npy"}).signals[name]
    assert (signal.times_s.tolist(), signal.values.tolist()) == ([0.0, 9.0], [3.0, 4.0])
    (phy / "all.csv").write_text("t,other,pupil_x,pupil_y,pupil_size,running\n0,9,1,2,3,4\n1,9,5,6,7,8\n")
    assert (
        read(phy, signals={name: "all.csv"}).signals[name].values[0]
        == ["pupil_x", "pupil_y", "pupil_size", "running"].index(name) + 1
    )
    (phy / f"{name}.csv").write_text(f"time_s,{name}\n1.0,1.5\n0.5,2\n")
    assert f"{name}.csv, {name}: a signal's times do not increase" in sentence(phy)


def test_light_epochs_are_sorted_and_joined_and_refused_by_row(phy):
    save(phy / "opto.npy", np.array([[3.0, 4.0], [1.0, 2.0], [3.5, 5.0]]))
    assert read(phy).opto_epochs_s.tolist() == [[1.0, 2.0], [3.0, 5.0]]
    save(phy / "opto.npy", np.array([[3.0, 4.0], [2.0, 1.0]]))
    assert "opto.npy, row 1 is [2.0, 1.0], expected light on before off" in sentence(phy)
    save(phy / "opto.npy", np.array([3.0, 4.0]))
    assert "opto.npy has shape (2,), expected (row, 2)" in sentence(phy)
    (phy / "opto.npy").unlink()
    (phy / "opto.csv").write_text("time,duration,power\n3,0.5,1\n1,0.25,1\n")
    assert read(phy).opto_epochs_s.tolist() == [[1.0, 1.25], [3.0, 3.5]]


# -- Phy


def test_groups_choose_clusters_and_numbers_keep_their_gaps(phy):
    assert read(phy).units == (5,)
    assert "2 of 3 clusters (1 good, 1 mua, 1 unsorted) are left out: groups=['good']" in noted(phy)
    assert read(phy, groups=["good", "MUA"]).units == (5, 7)
    assert read(phy, groups=["unsorted"]).units == (9,)
    assert "asked for are ['god']: choose by groups=[NAME, ...]" in sentence(phy, groups=["god"])
    assert "asked for are ['noise']" in sentence(phy, groups=["noise"])


def test_labels_of_a_person_go_before_those_of_kilosort(phy):
    (phy / "cluster_KSLabel.tsv").write_text("cluster_id\tKSLabel\n5\tmua\n9\tgood\n")
    (phy / "cluster_Amplitude.tsv").write_text("cluster_id\tAmplitude\n5\t1\n")
    assert read(phy).units == (5, 9)
    (phy / "cluster_group.tsv").unlink()
    assert read(phy).units == (9,)
    (phy / "cluster_info.tsv").write_text("id\tdepth\tgroup\tch\n7\t1\tgood\t2\n")
    assert read(phy).units == (7, 9)
    for file in phy.glob("cluster_*"):
        file.unlink()
    assert read(phy).units == (5, 7, 9)
    assert "has a label: all 3 are kept" in noted(phy)


def test_templates_stand_for_clusters_that_nobody_curated(phy):
    (phy / "spike_clusters.npy").rename(phy / "spike_templates.npy")
    assert "Kilosort's templates are taken as units" in noted(phy)
    save(phy / "spike_templates.npy", np.zeros(5, int))
    assert "spike_templates.npy has 5 spikes and spike_times.npy 6" in sentence(phy)


def test_without_a_relation_presentations_are_on_the_spikes_clock_and_that_is_said(phy):
    assert read(phy).spike_times_s[5].tolist() == [1.2, 5.2]
    assert "taken as on the spikes' clock" in noted(phy)
    assert read(phy, start_s=0.25).spike_times_s[5].tolist() == [1.45, 5.45]
    assert "ppm slow: sample 0 is at 0.25 s" in noted(phy, start_s=0.25)
    assert "the spikes' clock is 1000.0 ppm slow" in noted(phy, rate_hz=10 / 1.001)


@pytest.mark.parametrize("unit_hz", [10.0, 1.0])
def test_a_table_relates_the_clocks_in_samples_or_seconds(phy, unit_hz):
    save(phy / "clock.npy", np.array([[0.0, 100.0], [2.0 * unit_hz, 102.0002], [6.0 * unit_hz, 106.0006]]))
    (phy / "presentations.csv").write_text("scene,onset,offset\nowl,101,102\ndeer,103,104\n")
    np.testing.assert_allclose(read(phy, clock="clock.npy").spike_times_s[5], [101.20012, 105.20052], atol=1e-9)
    said = noted(phy, clock="clock.npy")
    assert "the spikes' clock is 100.0 ppm slow (100.0 to 100.0 between 3 points)" in said
    assert "; 0 of 6 spikes lie before or after the points" in said


CLOCKS = {
    "another rate": (np.array([[0, 0], [25.0, 1.0]]), {}, "1 lasts 0.04 s, expected that of samples .10 Hz"),
    "backwards": (np.array([[0, 0], [2.0, 2.0], [1.0, 3.0]]), {}, r"row 2 is \[1.0, 3.0\], expected finite times"),
    "standing": (np.array([[0, 0], [2.0, 2.0], [3.0, 2.0]]), {}, "row 2 is"),
    "not finite": (np.array([[0, 0], [2.0, np.nan]]), {}, "row 1 is"),
    "one point": (np.array([[0.0, 0.0]]), {}, "has 1 rows, expected two or more points"),
    "both": (np.array([[0, 0], [1.0, 1.0]]), {"start_s": 1.0}, "and so do start_s and rate_hz: give one or the other"),
    "both rates": (np.array([[0, 0], [1.0, 1.0]]), {"rate_hz": 10.0}, "give one or the other"),
    "coarse": (np.array([[0, 0], [1e6, 1e5]], np.float32), {}, "export it as float64"),
}  # fmt: skip


@pytest.mark.parametrize("fault", CLOCKS)
def test_a_relation_that_is_none_is_refused(phy, fault):
    points, options, words = CLOCKS[fault]
    save(phy / "clock.npy", points)
    with pytest.raises(RecordingError, match=words):
        read(phy, clock="clock.npy", **options)


@pytest.mark.parametrize(
    "options", [{"rate_hz": 30.0}, {"rate_hz": 0.0}, {"rate_hz": float("nan")}, {"rate_hz": -10.0}]
)
def test_a_rate_far_from_that_of_the_file_is_refused(phy, options):
    assert "expected them within 1 %" in sentence(phy, **options)


PARAMS = {
    "sample_rate = 10.0  # Hz\n": 10.0,
    "sample_rate = 1e1": 10.0,
    "sample_rate=5\nx = 'sample_rate = 7'\nsample_rate = 10": 10.0,
    "sample_rate = -10": None,
    "sample_rate = float('10')": None,
    "sample_rate = True": None,
    "sample_rate = 1e999": None,
    "sample_rate = " + "-" * 90 + "1": None,
    "sample_rate = " + "(" * 50_000: None,
    "sample_rate =" + " " * 60_000 + "x": None,
    "sample_rate = __import__('os').system('touch {ran}')\nimport os; os.system('touch {ran}')": None,
    "": None,
}


@pytest.mark.parametrize("text", PARAMS, ids=range(len(PARAMS)))
def test_params_are_read_and_never_run(phy, tmp_path, text):
    ran = tmp_path / "ran"
    (phy / "params.py").write_text(text.replace("{ran}", str(ran)))
    if PARAMS[text]:
        assert read(phy).spike_times_s[5].tolist() == [1.2, 5.2]
    else:
        assert "params.py: sample_rate is " in sentence(phy)
    assert not ran.exists()


def test_a_rate_by_option_stands_for_params_that_are_not_there(phy):
    (phy / "params.py").unlink()
    assert "sample_rate is 'None', expected a number (no code is run), or option rate_hz" in sentence(phy)
    assert read(phy, rate_hz=10.0).spike_times_s[5].tolist() == [1.2, 5.2]


SAMPLES = {
    "negative": ([-1, 2, 3, 4, 5, 6], "row 0 is -1"),
    "beyond": (np.array([1, 2, 3, 4, 5, 2**53], np.uint64), "row 5 is 9007199254740992"),
    "unsorted": ([1, 2, 9, 4, 5, 6], "row 3 is 4, expected samples in order of time"),
    "seconds": ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "row 0 is 0.1, expected a whole number of samples"),
    "not a number": ([1, 2, 3, np.nan, 5, 6], "row 3 is nan"),
    "of two columns": (np.ones((6, 2), int), "has shape (6, 2)"),
    "of words": (np.array(["a"] * 6), "type <U1, expected (spike,) in samples"),
}


@pytest.mark.parametrize("fault", SAMPLES)
def test_samples_that_are_none_are_refused_with_their_row(phy, fault):
    samples, words = SAMPLES[fault]
    save(phy / "spike_times.npy", np.array(samples))
    said = sentence(phy)
    assert "spike_times.npy" in said
    assert words in said


def test_spikes_of_a_folder_below_are_found_or_chosen(phy):
    (phy / "ks").mkdir()
    for name in ("spike_times.npy", "spike_clusters.npy", "params.py", "cluster_group.tsv"):
        (phy / name).rename(phy / "ks" / name)
    assert read(phy).units == (5,)
    shutil.copytree(phy / "ks", phy / "ks2")
    assert "spikes are in the folders [ks, ks2]: name one by the option spikes=" in sentence(phy)
    assert read(phy, spikes="ks2").units == (5,)
    assert "spikes are in the folders [ks, ks2]" in sentence(phy, reader="phy", spikes="movies")
    assert "lies outside the recording's folder" in sentence(phy, reader="phy", spikes="../..")


def test_the_digest_of_a_folder_leaves_out_what_looking_at_it_changes(phy):
    before = path_sha256(phy)
    save(phy / ".phy" / "cache.npy", np.ones(3))
    (phy / "phy.log").write_text("opened")
    assert path_sha256(phy) == before
    (phy / "params.py").write_text("sample_rate = 11.0\n")
    assert path_sha256(phy) != before


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.5, 100), st.floats(-500, 500)), min_size=1, max_size=20),
    st.lists(st.floats(-100, 2500), max_size=50),
    st.floats(-1e4, 1e9),
    st.sampled_from([1.0, 25_000.0, 30_000.0]),
)
def test_a_relation_is_exact_at_its_points_keeps_the_order_and_tells_the_drift(steps, moments, origin, rate_hz):
    own = np.concatenate([[0.0], np.cumsum([length for length, _ in steps])])
    true = origin + np.concatenate([[0.0], np.cumsum([length * (1 + ppm / 1e6) for length, ppm in steps])])
    points = np.column_stack([own * rate_hz, true])
    np.testing.assert_array_equal(interpolated(points[:, 0], points), true)
    clock = np.sort(np.array([*moments, *own])) * rate_hz
    found = interpolated(clock, points)
    assert np.all(np.diff(found) >= 0)
    drifts = [ppm for _, ppm in steps]
    over, least, most = drift_ppm(points, rate_hz)
    slack = 1 + 1e6 * np.spacing(abs(true).max()) * 4 / min(length for length, _ in steps)
    assert min(drifts) - slack < least <= over + slack
    assert over - slack < most < max(drifts) + slack


# -- ALF


def test_spikes_are_of_the_rows_that_they_name(alf):
    found = read(alf)
    assert {unit: times.tolist() for unit, times in found.spike_times_s.items()} == {
        0: [1.25, 5.25],
        1: [3.5],
        2: [0.5, 1.5, 5.5],
    }


def test_files_have_a_namespace_and_parts(alf):
    probe = alf / "alf" / "probe00"
    (probe / "spikes.times.npy").rename(probe / "_lab_spikes.times.0b6f5a7c.npy")
    assert read(alf).units == (0, 1, 2)
    save(probe / "spikes.times.npy", TIMES)
    assert "leave one, or name a revision's folder by spikes=" in sentence(alf)


def test_a_revision_is_asked_about_and_named(alf):
    save(alf / "alf" / "probe00" / "#2024-05-06#" / "spikes.times.npy", TIMES + 0.01)
    assert "name one by the option spikes=" in sentence(alf)
    assert read(alf, spikes="alf/probe00/#2024-05-06#").spike_times_s[1].tolist() == [3.51]
    assert "leave one, or name a revision's folder by spikes=" in sentence(alf, spikes="alf/probe00")


def test_another_clock_is_asked_about(alf):
    probe = alf / "alf" / "probe00"
    (probe / "spikes.times.npy").rename(probe / "spikes.times_nidaq.npy")
    assert "no spikes.times: spikes.times_nidaq.npy is on another clock: rename it if" in sentence(alf)


def test_two_probes_are_asked_about(alf):
    shutil.copytree(alf / "alf" / "probe00", alf / "alf" / "probe01")
    assert "folders [alf/probe00, alf/probe01]: name one by the option spikes=" in sentence(alf)
    assert read(alf, spikes="alf/probe01").units == (0, 1, 2)


METRICS = pd.DataFrame({"cluster_id": [2, 0], "label": [0.3, 1.0]})
QUALITIES = {
    "label": lambda probe: METRICS.to_parquet(probe / "clusters.metrics.pqt"),
    "_phy_annotation": lambda probe: save(probe / "clusters._phy_annotation.npy", np.array([2, 1, 0])),
    "qcPass": lambda probe: save(probe / "clusters.qcPass.npy", np.array([1, 0, 0], np.uint8)),
}  # fmt: skip


@pytest.mark.parametrize("quality", QUALITIES)
def test_clusters_that_are_not_good_are_left_out_and_counted(alf, quality):
    QUALITIES[quality](alf / "alf" / "probe00")
    assert read(alf).units == read(alf, quality=quality).units == (0,)
    assert f"2 of 3 clusters are left out: {quality} of " in noted(alf)
    assert read(alf, quality="all").units == (0, 1, 2)
    for other in set(QUALITIES) - {quality}:
        assert f"quality may be {quality} or all" in sentence(alf, quality=other)
    assert "quality" in sentence(alf, quality="good")


def test_metrics_in_text_and_without_ids_have_a_row_a_cluster(alf):
    probe = alf / "alf" / "probe00"
    (probe / "clusters.metrics.csv").write_text("label\n1\n0.5\n1\n")
    save(probe / "clusters.channels.npy", np.array([0, 1, 2]))
    save(alf / "alf" / "probe00" / "channels.brainLocationIds_ccf_2017.npy", np.array([170, 170, 496345664]))
    assert read(alf).units == (0, 2)
    (probe / "clusters.metrics.csv").write_text("label\n1\n0.5\n")
    said = sentence(alf)
    assert "clusters" in said
    assert "export it again" in said or "unlike other" in said
    (probe / "clusters.metrics.csv").write_text("snr\n1\n0.5\n1\n")
    assert "no column of quality (label)" in sentence(alf)
    (probe / "clusters.metrics.csv").write_text("label\n0\n0.5\n0\n")
    assert "none of 3 clusters is left, choose others" in sentence(alf)


AREAS = {
    "clusters": lambda probe: save(
        probe / "clusters.brainLocationAcronyms_ccf_2017.npy", np.array(["LGd-sh", "LP", "LGd"])
    ),
    "channels from 0": lambda probe: (
        save(probe / "clusters.channels.npy", np.array([3, 0, 1])),
        save(probe / "channels.brainLocationIds_ccf_2017.npy", np.array([218, 170, 9, 496345664])),
    ),
    "channels from 1": lambda probe: (
        save(probe / "clusters.peakChannel.npy", np.array([[4.0], [1.0], [2.0]])),
        (probe.parent / "channels.brainLocation.tsv").write_text(
            "ccf_ap\tallen_ontology\n1\tLP\n2\tLGd\n3\tLP\n4\tLGd-sh\n"
        ),
    ),
}


@pytest.mark.parametrize("told", AREAS)
def test_an_area_is_kept_wherever_the_files_tell_it(alf, told):
    assert "tells no areas, and area is 'LGd'" in sentence(alf, area="LGd")
    AREAS[told](alf / "alf" / "probe00")
    assert read(alf, area="LGd").units == (0, 2)
    assert "area=LGd leaves out 1" in noted(alf, area="LGd")
    assert read(alf, area="LGd-sh").units == (0,)
    assert read(alf).units == (0, 1, 2)
    assert "1 in LGd-sh" in noted(alf)
    assert "option area=NAME keeps one" in noted(alf)
    assert "none of 3 clusters is left, choose others: clusters are" in sentence(alf, area="VISp")


def test_rows_that_are_not_there_are_refused(alf):
    probe = alf / "alf" / "probe00"
    save(probe / "clusters.qcPass.npy", np.array([1, 1]))
    assert "spikes.clusters, row 0 is 2, expected a row of clusters.*, 0 to 1" in sentence(alf)
    save(probe / "clusters.qcPass.npy", np.array([1, 1, 1]))
    save(probe / "clusters.channels.npy", np.array([0, 9, 1]))
    save(probe / "channels.brainLocationIds_ccf_2017.npy", np.array([170, 170]))
    assert "has no row 9, only 0 to 1" in sentence(alf)
    save(probe / "spikes.clusters.npy", ROWS[:5])
    assert "spikes.clusters.npy has shape (5,), unlike other files of its object" in sentence(alf)
    save(probe / "spikes.clusters.npy", ROWS - 1)
    assert "row 1 is -1" in sentence(alf) or "no row -1" in sentence(alf)


def test_presentations_and_light_may_be_objects(alf):
    (alf / "presentations.csv").unlink()
    save(alf / "alf" / "presentations.intervals.npy", np.array([[3.0, 4.0], [1.0, 2.0]]))
    save(alf / "alf" / "presentations.scene.npy", np.array(["owl", "deer"]))
    save(alf / "alf" / "opto.intervals.npy", np.array([[1.25, 1.75]]))
    found = read(alf)
    assert [(one.scene.movie, one.start_s) for one in found.presentations] == [("deer", 1.0), ("owl", 3.0)]
    assert found.opto_epochs_s.tolist() == [[1.25, 1.75]]
    (alf / "alf" / "opto.intervals.npy").unlink()
    save(alf / "alf" / "stim.times.npy", np.array([3.5, 1.5]))
    save(alf / "alf" / "stim.durations.npy", np.array([0.25, 0.25]))
    assert read(alf).opto_epochs_s.tolist() == [[1.5, 1.75], [3.5, 3.75]]
    assert "light is taken from" in noted(alf)
    (alf / "opto.csv").write_text("on,off\n1,2\n")
    assert "are both there: leave one, or name one by opto=FILE" in sentence(alf)
    assert read(alf, opto="opto.csv").opto_epochs_s.tolist() == [[1.0, 2.0]]
    (alf / "presentations.csv").write_text(TABLE)
    assert "are both there: leave one, or name one by presentations=FILE" in sentence(alf, opto="opto.csv")


def test_running_and_pupil_have_times_of_their_own_or_points(alf):
    save(alf / "alf" / "eye.xyPos.npy", np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    save(alf / "alf" / "eye.area.npy", np.array([7.0, 8.0, 9.0])[:, None])
    save(alf / "alf" / "eye.timestamps.npy", np.array([[0.0, 1.0], [2.0, 2.0]]))
    save(alf / "alf" / "_ns_wheel.velocity.npy", np.array([1.0, 2.0]))
    save(alf / "alf" / "_ns_wheel.timestamps.npy", np.array([1.0, 3.0])[:, None])
    found = read(alf).signals
    assert {name: one.values.tolist() for name, one in found.items()} == {
        "running": [1.0, 2.0],
        "pupil_size": [7.0, 8.0, 9.0],
        "pupil_x": [1.0, 3.0, 5.0],
        "pupil_y": [2.0, 4.0, 6.0],
    }
    assert found["pupil_x"].times_s.tolist() == [1.0, 1.5, 2.0]
    assert found["running"].times_s.tolist() == [1.0, 3.0]
    save(alf / "alf" / "eye.timestamps.npy", np.array([[1.0, 1.0], [3.0, 2.0]]))  # counted from 1
    assert read(alf).signals["pupil_x"].times_s.tolist() == [1.0, 1.5, 2.0]
    save(alf / "alf" / "eye.timestamps.npy", np.array([[0.0, 1.0], [7.0, 2.0]]))
    assert "eye.timestamps does not fit 3 samples" in sentence(alf)
    save(alf / "alf" / "eye.timestamps.npy", np.array([0.0, 1.0]))
    assert "eye.timestamps does not fit 3 samples" in sentence(alf)
    (alf / "alf" / "_ns_wheel.velocity.npy").rename(alf / "alf" / "_ns_wheel.position.npy")
    save(alf / "alf" / "eye.timestamps.npy", np.array([0.0, 1.0, 2.0]))
    assert "wheel.position is not used" in noted(alf)


def test_options_are_those_that_the_registry_tells():
    names = set(READERS.parameters(READERS.get("phy")))
    assert {"mouse", "presentations", "columns", "movies", "movie", "opto", "signals", "groups", "clock"} <= names
