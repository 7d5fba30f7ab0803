"""The contrast where no labels are shuffled: the other seeds are the null; every objective is rows of both lights."""

from pathlib import Path

import numpy as np
import pytest

from tests.factories import small_simulation

ENCODER = {
    "core": {"name": "stacked_2d", "channels": [2], "kernels": [5], "strides": [3]},
    "recurrent": {"name": "conv_gru", "channels": 2, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian"},
}
MEI = {"units": [1, 2], "seeds": [0, 1]}
FIT = {"frames": 12, "steps": 2}
DEFINITION = """
experiment: members
datasets: [{{fn: stored_sessions, config: {{sessions: all, size_px: [18, 32], window_frames: 40}}}}]
models: [{{fn: encoder, config: {encoder}}}]
trainers: [{{fn: standard, config: {{fit: {{max_epochs: 1, burn_in_frames: 5}}}}}}]
seeds: [50, 51, 52]
meis:
  - {{fn: gradient_ascent, config: {same}}}
  - {{fn: gradient_ascent, config: {difference}}}
"""
UNASKED = ("FeedbackModulation", "InputGain", "ReceptiveField")


@pytest.fixture(scope="module")
def done(database, tmp_path_factory):
    """Three fits that differ by their seed, with what excites most in each light and what tells them apart."""
    from populate.define.define import define
    from populate.worker.worker import work
    from schemas.declaration.computed_tables import computed_tables
    from schemas.recordings.insert import ingest

    folder = tmp_path_factory.mktemp("members")
    ingest(small_simulation(folder / "session", mouse="Simulated_2026_0702"))
    objectives = [{"name": one, "window_frames": 3} for one in ("mean_rate", "opto_difference")]
    same, difference = (MEI | {"fit": FIT | {"objective": one}} for one in objectives)
    file = folder / "members.yaml"
    file.write_text(DEFINITION.format(encoder=ENCODER, same=same, difference=difference))
    define(file)
    assert work([table for table in computed_tables() if table.__name__ not in UNASKED]).failed == 0


def test_the_other_seeds_are_the_null_where_no_labels_are_shuffled(done):
    from schemas.mei_contrast import MEIContrast

    rows = (MEIContrast * MEIContrast.Distance).to_dicts()
    assert {row["seed"] for row in rows} == {50, 51, 52}
    assert {(row["null_fits"], row["members"]) for row in rows} == {(0, 3)}
    assert {(row["null_kind"], bool(row["strongest"])) for row in rows} == {("members", True), ("starts", False)}
    # Two units whose lights can be exchanged in three ways: no p is below 1 / 7.
    assert all(1 / 7 - 1e-9 <= row["p"] <= row["q"] <= 1 for row in rows if row["strongest"])


def test_the_members_distance_is_that_of_stimuli_of_different_fits(done):
    from dlgn_cnn.mei.feedback_contrast.significance import pairwise_distances
    from schemas.mei import MEI as Table
    from schemas.mei import MEIConfig
    from schemas.mei_contrast import MEIContrast

    config = MEIConfig.where({"fit.objective.name": "mean_rate"}).proj()
    stimuli = (Table.Stimulus & config & {"unit": 2}).to_dicts()
    pairs = [
        pairwise_distances(np.stack([one["stimulus"].load(), other["stimulus"].load()]), np.ones((2, 2)))[1, 0, 1]
        for one in stimuli
        for other in stimuli
        if (one["opto_condition"], other["opto_condition"]) == ("intact", "suppressed") and one["seed"] != other["seed"]
    ]
    asked = {"unit": 2, "view": "spatial", "null_kind": "members"}
    found = (MEIContrast.Distance & asked).to_arrays("distance")
    np.testing.assert_allclose(found, np.mean(pairs), rtol=1e-6)


def test_what_tells_the_lights_apart_is_rows_of_both_lights_and_no_contrast(done):
    """The contrasting stimuli differ by their objectives, so their difference is not a finding."""
    from schemas.mei import MEI as Table
    from schemas.mei import MEIConfig
    from schemas.mei_contrast import MEIContrast

    differences = MEIConfig.where({"fit.objective.name": "opto_difference"}).proj()
    rows = (Table.Stimulus & differences).to_dicts()
    assert len(rows) == 3 * 2 * 2 * 2
    for row in rows:
        own, other = (row[f"{name}_hz"] for name in sorted(("intact", "suppressed"), key=row["opto_condition"].__ne__))
        # The activation is in spikes a frame of 1/60 s.
        assert row["activation"] * 60 == pytest.approx(own - other, rel=1e-3, abs=1e-4)
    assert not (MEIContrast & differences)
    assert len(MEIContrast & MEIConfig.where({"fit.objective.name": "mean_rate"}).proj()) == 3


def test_the_pages_query_lists_every_stimulus_of_every_objective_in_both_lights(done):
    from schemas import session
    from schemas.connection.in_force import settings_in_force
    from schemas.mei import MEI as Table

    page = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "contrast.md").read_text()
    (query,) = [block.split("```")[0].strip().rstrip(";") for block in page.split("```sql\n")[1:]]
    found = session.schema.connection.query(query.replace("dlgn_", settings_in_force().prefix)).fetchall()
    rows = Table.Stimulus().to_dicts()
    assert sorted((unit, light, *rates) for unit, light, _, *rates, _ in found) == sorted(
        (row["unit"], row["opto_condition"], row["intact_hz"], row["suppressed_hz"]) for row in rows
    )
    assert {row[-1] for row in found} == {'"mean_rate"', '"opto_difference"'}
