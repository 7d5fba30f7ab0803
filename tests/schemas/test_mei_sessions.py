"""MEIs and controls of a model of two sessions: each unit's on the screen that its own movies were shown on."""

import numpy as np
import pytest

from tests.factories import small_simulation

DEFINITION = """
experiment: sessions
datasets: [{fn: stored_sessions, config: {sessions: all, size_px: [18, 32], window_frames: 40}}]
models:
  - fn: encoder
    config:
      core: {name: stacked_2d, channels: [2], kernels: [5], strides: [3]}
      readout: {name: gaussian}
trainers: [{fn: standard, config: {fit: {max_epochs: 1, burn_in_frames: 5}}}]
meis:
  - fn: gradient_ascent
    config: {units: [1, 2], controls: true, contrasts: [], fit: {frames: 12, steps: 4, constraint: {contrast: 1.3}}}
"""


@pytest.fixture(scope="module")
def screens(database, tmp_path_factory):
    """Black and white in each session's normalized gray levels, of two sessions that saw different movies."""
    from populate.define.define import define
    from populate.worker.worker import work
    from schemas.declaration.computed_tables import computed_tables
    from schemas.recordings.insert import ingest
    from schemas.training import TrainedModel, load_model

    folder = tmp_path_factory.mktemp("sessions")
    for seed in (0, 1):
        ingest(
            small_simulation(folder / str(seed), mouse=f"Simulated_2026_080{seed}", seed=seed, units=3, train_scenes=12)
        )
    (folder / "sessions.yaml").write_text(DEFINITION)
    define(folder / "sessions.yaml")
    unasked = ("FeedbackModulation", "InputGain", "MEIContrast")
    assert work([table for table in computed_tables() if table.__name__ not in unasked]).failed == 0
    infos = {
        name.partition("_s")[0]: loader.data_info
        for name, loader in load_model(TrainedModel().keys()[0])[1]["train"].items()
    }
    return {
        mouse: ((0 - info.video_mean) / info.video_std, (255 - info.video_mean) / info.video_std)
        for mouse, info in infos.items()
    }


def test_every_stimulus_is_between_its_own_sessions_black_and_white(screens):
    from schemas.mei import MEI
    from schemas.mei_control import MEIControl

    (black, white), (other_black, other_white) = screens.values()
    assert abs(black - other_black) > 0.01
    assert abs(white - other_white) > 0.01
    touched = {mouse: set() for mouse in screens}
    for table, count in ((MEI.Stimulus, 8), (MEIControl.Stimulus, 8)):
        rows = table.to_dicts()
        assert len(rows) >= count
        for row in rows:
            stimulus, (black, white) = np.asarray(row["stimulus"].load()), screens[row["mouse"]]
            assert black - 1e-4 <= stimulus.min()
            assert stimulus.max() <= white + 1e-4
            touched[row["mouse"]] |= {bound for bound in (black, white) if np.isclose(stimulus, bound, atol=1e-4).any()}
    assert all(touched.values())
