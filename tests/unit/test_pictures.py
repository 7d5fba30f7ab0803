"""Pictures as scenes of one frame: each stays as long as it is presented, and is binned and fitted as movies are."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from dlgn_cnn.data.inspection.alignment import check_alignment
from dlgn_cnn.data.loading.loaders import LoaderOptions, tier_loaders
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.readers.experanto.writer import write_experanto
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.sessions.session_data import data_info
from dlgn_cnn.data.stimuli.video import probe, read_gray
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.models.build import encoder
from dlgn_cnn.training.trainers.standard import standard
from tests.factories import SCENE_NAME, responses_frame
from tests.layouts import own_frames

SCENES, REPEATS, SHOWN_S = 24, 3, 0.25
SHAPE = (16, 32)


def pictures(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SCENES, *SHAPE), dtype=np.uint8)


def encoded(image: np.ndarray, codec: str) -> bytes:
    pixels = "yuvj420p" if codec == "mjpeg" else "gray"
    context = av.CodecContext.create(codec, "w")
    context.height, context.width, context.pix_fmt = *image.shape, pixels
    context.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(image, format="gray").reformat(format=pixels)
    return b"".join(bytes(packet) for packet in context.encode(frame) + context.encode(None))


def presented(rate_hz: float = 1.0) -> dict[str, np.ndarray]:
    """Pictures in turn, a quarter of a second each; unit u prefers pictures that are bright on its side."""
    generator, images = np.random.default_rng(1), pictures()
    images[::2, :, :16] //= 4
    shown = np.tile(np.arange(SCENES), REPEATS)
    starts = 1.0 + 0.4 * np.arange(len(shown)) + generator.uniform(0, 0.01, len(shown))
    left = images[shown, :, :16].mean((1, 2)) > 80
    spikes, units = [], []
    for unit, wanted in enumerate((True, False)):
        counts = generator.poisson(np.where(left == wanted, 6.0, 1.0))
        spikes += [np.repeat(starts, counts) + generator.uniform(0, SHOWN_S, counts.sum())]
        units += [np.full(counts.sum(), unit)]
    return {
        **{"mouse": np.array("M1"), "series": np.array(1), "experiment": np.array(1), "movie": np.array("pictures")},
        **{"frames": images, "scene_frames": np.ones(SCENES, int), "frame_rate_hz": np.array(rate_hz)},
        "presentation_scene": shown,
        "presentation_s": np.column_stack([starts, starts + SHOWN_S]),
        "presentation_tier": np.where(shown < 4, "test", "train"),
        "spike_times_s": np.concatenate(spikes),
        "spike_units": np.concatenate(units),
    }


@pytest.mark.parametrize("rate_hz", [0.5, 4.0, 30.0, 1000.0])
def test_a_picture_stays_as_long_as_it_is_presented_whatever_its_rate(tmp_path, rate_hz):
    arrays = presented(rate_hz)
    np.savez(tmp_path / "a.npz", **arrays)
    (recording,) = read_recordings(tmp_path / "a.npz")
    (session,) = build_sessions([recording], DatasetSpec((str(recording.session),), size_px=SHAPE)).values()
    assert {trial.videos.shape for trial in session.trials} == {(15, *SHAPE)}
    for trial in session.trials:
        np.testing.assert_array_equal(trial.videos, np.repeat(arrays["frames"][[trial.scene.scene]], 15, axis=0))
    assert sum(trial.responses.sum() for trial in session.trials) == len(arrays["spike_times_s"])


@pytest.mark.parametrize("rate_hz", [1.0, 30.0])
def test_pictures_are_exported_and_their_clocks_checked_as_those_of_movies(tmp_path, rate_hz):
    np.savez(tmp_path / "a.npz", **presented(rate_hz))
    (recording,) = read_recordings(tmp_path / "a.npz")
    (back,) = read_recordings(write_experanto(recording, tmp_path / "M1_s01_e01"))
    before, after = own_frames(recording), own_frames(back)
    for was, now in zip(recording.presentations, back.presentations, strict=True):
        assert (now.start_s, now.stop_s) == (was.start_s, pytest.approx(was.stop_s))
        np.testing.assert_array_equal(after[now.scene], before[was.scene])
    said = check_alignment(recording).sentences[0]
    assert "lasted" not in said, said  # as it is of a presentation that outlasts its movie


def test_a_model_is_fitted_to_pictures(tmp_path):
    np.savez(tmp_path / "a.npz", **presented())
    (recording,) = read_recordings(tmp_path / "a.npz")
    name = str(recording.session)
    (session,) = build_sessions([recording], DatasetSpec((name,), size_px=SHAPE, validation_share=0.3)).values()
    info = data_info(session)
    options = LoaderOptions(window_frames=15)
    loaders = {tier: {name: one} for tier, one in tier_loaders(session, info, 0, name, options).items()}
    core = {"name": "factorized_3d", "channels": [4], "kernels": [5], "kernels_time": [1]}
    model = encoder({name: info}, 0, core=core, readout={"name": "gaussian"})
    fit = {"max_epochs": 10, "patience": 10, "learning_rate": 0.02, "burn_in_frames": 0}
    score, _, _ = standard(model, loaders, 0, fit=fit)
    assert score > 0.2


@pytest.mark.parametrize(("codec", "suffix", "apart"), [("png", ".png", 0), ("mjpeg", ".jpg", 12)])
def test_picture_files_are_scenes_of_the_lab(tmp_path, codec, suffix, apart):
    frame, images = responses_frame(), pictures()
    (tmp_path / "scenes").mkdir()
    for scene in range(3):
        path = tmp_path / "scenes" / Path(SCENE_NAME.format(scene + 1)).with_suffix(suffix)
        path.write_bytes(encoded(images[scene], codec))
    frame.to_pickle(tmp_path / "responses.pkl")
    (recording,) = read_recordings(tmp_path)
    found = own_frames(recording)
    assert [found[key].shape for key in sorted(found)] == [(1, *SHAPE)] * 3
    for scene, key in enumerate(sorted(found)):
        assert np.abs(found[key][0].astype(int) - images[scene]).max() <= apart
    spec = DatasetSpec((str(recording.session),), size_px=SHAPE, validation_share=0.5)
    (session,) = build_sessions([recording], spec).values()
    assert {trial.videos.shape for trial in session.trials} == {(60, *SHAPE)}


def test_an_animated_picture_is_a_movie(tmp_path):
    with av.open(str(tmp_path / "a.png"), "w", format="apng") as file:
        stream = file.add_stream("apng", rate=10)
        stream.height, stream.width, stream.pix_fmt = *SHAPE, "gray"
        for image in pictures()[:5]:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray")))
        file.mux(stream.encode(None))
    np.testing.assert_array_equal(read_gray(tmp_path / "a.png", SHAPE), pictures()[:5])
    assert probe(tmp_path / "a.png").rate_hz == 10


@pytest.mark.parametrize(
    ("codec", "pieces", "words"),
    [("png", 2, "2 pictures without a clock"), ("mjpeg", 3, "3 pictures without"), ("tiff", 1, "as PNG or JPEG")],
)
def test_what_is_not_one_picture_is_refused(tmp_path, codec, pieces, words):
    (tmp_path / "a.png").write_bytes(b"".join(encoded(image, codec) for image in pictures()[:pieces]))
    with pytest.raises(RecordingError, match=words):
        probe(tmp_path / "a.png")
