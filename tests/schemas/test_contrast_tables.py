"""Controls and the feedback contrast in the tables: held_out by other seeds, against fits to shuffled labels."""

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.feedback_contrast.significance import VIEWS, extent_px, pairwise_distances
from tests.factories import small_simulation

ENCODER = {
    "core": {"name": "stacked_2d", "channels": [2], "kernels": [5], "strides": [3]},
    "recurrent": {"name": "conv_gru", "channels": 2, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian"},
}
DATASET = {"size_px": [18, 32], "window_frames": 40, "validation_share": 0.34}
MEI = {"units": [1, 2, 3], "seeds": [0, 1], "controls": True}
MEI |= {"fit": {"frames": 12, "steps": 2, "objective": {"window_frames": 3}}}
UNASKED = ("FeedbackModulation", "InputGain")
DEFINITION = """
experiment: contrast
datasets:
  - {{fn: stored_sessions, config: {{sessions: all, {options}}}}}
  - {{fn: stored_sessions, config: {{sessions: all, {options}, shuffle_opto: {{seed: 0}}}}}}
  - {{fn: stored_sessions, config: {{sessions: all, {options}, shuffle_opto: {{seed: 1}}}}}}
models: [{{fn: encoder, config: {encoder}}}]
trainers: [{{fn: standard, config: {{fit: {{max_epochs: 1, burn_in_frames: 5}}}}}}]
seeds: [40, 41]
meis: [{{fn: gradient_ascent, config: {mei}}}]
"""


@pytest.fixture(scope="module")
def done(database, tmp_path_factory):
    """An experiment of one dataset as recorded and twice shuffled, computed by a worker; its session."""
    from populate.define.define import define
    from populate.worker.worker import work
    from schemas.dataset import Dataset
    from schemas.declaration.computed_tables import computed_tables
    from schemas.recordings.insert import ingest

    folder = tmp_path_factory.mktemp("contrast")
    (name,) = ingest(small_simulation(folder / "session", mouse="Simulated_2026_0701"))
    file = folder / "contrast.yaml"
    options = ", ".join(f"{key}: {value}" for key, value in DATASET.items())
    file.write_text(DEFINITION.format(options=options, encoder=ENCODER, mei=MEI))
    define(file)
    summary = work([table for table in computed_tables() if table.__name__ not in UNASKED])
    assert summary.failed == 0
    assert len(Dataset()) == 3
    return name


def contrasts():
    from schemas.mei_contrast import MEIContrast

    return MEIContrast


def test_only_fits_to_the_recorded_light_are_contrasted(done):
    from populate.report.report import best_fit
    from schemas.dataset import DatasetConfig
    from schemas.mei import MEI as Table
    from schemas.mei_control import MEIControl

    assert len(Table()) == 6
    for table in (contrasts(), MEIControl):
        rows = table().to_dicts()
        assert {row["seed"] for row in rows} == {40, 41}
        for row in rows:
            assert "shuffle_opto" not in DatasetConfig.load(row)[1]
    assert set(contrasts()().to_arrays("null_fits")) == {4}
    assert "shuffle_opto" not in DatasetConfig.load(best_fit("contrast"))[1]


def test_distances_are_those_of_the_stored_stimuli(done):
    from schemas.mei import MEI as Table

    key = (contrasts().Unit & {"seed": 40, "unit": 2}).fetch1("KEY")
    shown = {
        (row["opto_condition"], row["mei_seed"]): np.asarray(row["stimulus"].load())
        for row in (Table.Stimulus & key).to_dicts()
    }
    found = [
        pairwise_distances(np.stack([shown["intact", one], shown["suppressed", two]]), np.ones((2, 2)))[:, 0, 1]
        for one in (0, 1)
        for two in (0, 1)
    ]
    means = dict(zip(VIEWS, np.mean(found, 0), strict=True))
    every = (contrasts().Distance & key).to_dicts()
    assert {(row["null_kind"], bool(row["strongest"])) for row in every} == {("shuffled", True), ("starts", False)}
    rows = {row["view"]: row for row in every if row["strongest"]}
    for view in ("clip", "spatial", "temporal", "spectral"):
        assert rows[view]["distance"] == pytest.approx(means[view], abs=1e-6)
        assert 0 < rows[view]["p"] <= rows[view]["q"] <= 1
        # Three units in four shuffled fits: no p is below 1 / 13.
        assert rows[view]["p"] >= 1 / 13 - 1e-9
    extent = np.mean([extent_px(shown["suppressed", seed]) for seed in (0, 1)])
    assert (contrasts().Unit & key).fetch1("suppressed_extent_px") == pytest.approx(extent)


def test_larger_suppressed_meis_by_effect_in_sql(done):
    """The documentation's query, against the same by hand."""
    from schemas import session
    from schemas.connection.in_force import settings_in_force

    prefix = settings_in_force().prefix
    text = query().replace("dlgn_", prefix).replace("extent_q < 0.1", "extent_q < 1.1")
    connection = session.schema.connection
    if connection.adapter.backend == "mysql":
        text = text.replace('"', "`")
    found = [tuple(row) for row in connection.query(text).fetchall()]
    units = (contrasts().Unit * contrasts().Distance & "view = 'extent'" & "strongest").to_dicts()
    larger = [row for row in units if row["suppressed_extent_px"] > row["intact_extent_px"] and row["q"] is not None]
    assert larger
    assert {(row[0], row[1], row[2]) for row in found} == {(row["mouse"], row["unit"], row["seed"]) for row in larger}
    effects = [row[3] for row in found]
    assert effects == sorted(effects, reverse=True)


def query() -> str:
    from pathlib import Path

    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "feedback-contrast.md").read_text()
    (block,) = [one.split("```")[0] for one in page.split("```sql\n")[1:] if "suppressed_extent_px" in one]
    return block.strip().rstrip(";")


def test_controls_are_at_the_meis_norm_and_held_out_by_the_other_seed(done):
    from schemas.mei_control import MEIControl
    from schemas.training import TrainedModel, load_model

    assert set(MEIControl().to_arrays("held_out_models")) == {1}
    key = (MEIControl.Stimulus & {"seed": 40, "unit": 1, "opto_condition": "suppressed", "control": "mei"}).fetch1(
        "KEY"
    )
    del key["control"]
    rows = (MEIControl.Stimulus & key).to_dicts()
    names = {row["control"] for row in rows}
    assert names >= {"mei", "natural", "grating", "linear_field", "phase_scrambled"}
    mei_norm = next(row["norm"] for row in rows if row["control"] == "mei")
    fit = {name: key[name] for name in TrainedModel.primary_key}
    models = [load_model(fit)[0], load_model(fit | {"seed": 41})[0]]
    for row in rows:
        assert row["norm"] == pytest.approx(mei_norm, rel=1e-5)
        clip = torch.as_tensor(np.asarray(row["stimulus"].load()))[None, None]
        for model, prefix in zip(models, ("", "held_out_"), strict=True):
            for light, name in ((0.0, "intact_hz"), (1.0, "suppressed_hz")):
                with torch.no_grad():
                    rate = model(clip, torch.full((1, clip.shape[2]), light), done)[0, 0, -3:].mean() * 60
                assert row[prefix + name] == pytest.approx(float(rate), rel=1e-4, abs=1e-6)
    grating = next(row for row in rows if row["control"] == "grating")["parameters"]
    assert set(grating) == {"direction_deg", "cycles_px", "cycles_frame", "radius_px", "phase_deg"}


def test_another_units_mei_is_of_another_unit(done):
    from schemas.mei_control import MEIControl

    for row in (MEIControl.Stimulus & "control = 'another_unit'").to_dicts():
        assert row["parameters"]["unit"] != row["unit"]


def test_stimuli_are_exported_for_the_rig_and_the_manifest_says_what_they_are(done, tmp_path):
    import hashlib
    import json

    from dlgn_cnn.data.stimuli.video import read_gray
    from dlgn_cnn.mei.export.export import Screen
    from populate.export.meis import Chosen, export
    from schemas.dataset import Dataset
    from schemas.mei import MEI as Table
    from schemas.training import TrainedModel

    chosen = Chosen("contrast", [2], ["suppressed"])
    path = export(tmp_path / "rig", chosen, Screen((36, 64), tolerance=0.05), deg_per_px=2.0)
    text = json.loads(path.read_text())
    fit = (TrainedModel & text["fit"]).fetch1()
    assert (text["weights_sha256"], text["degrees_per_px"]) == (fit["weights_sha256"], 1.0)
    (entry,) = text["stimuli"]
    assert (entry["unit"], entry["condition"], entry["session"]) == (2, "suppressed", done)
    assert entry["norm_shown"] == pytest.approx(entry["norm"], rel=0.05)
    wanted = Table.Stimulus & text["fit"] & {"unit": 2, "opto_condition": "suppressed", "mei_seed": entry["mei_seed"]}
    stimulus = np.asarray(wanted.fetch1("stimulus").load())
    video, arrays = (path.parent / name for name in sorted(entry["files"]))
    for file in (video, arrays):
        assert hashlib.sha256(file.read_bytes()).hexdigest() == entry["files"][file.name]
    frames = read_gray(video, (36, 64))
    np.testing.assert_array_equal(np.load(arrays)["frames"], frames)
    np.testing.assert_allclose(frames[:, ::2, ::2], entry["gray_mean"] + entry["gray_std"] * stimulus, atol=0.601)
    assert len(Dataset()) == 3


def test_an_export_of_nothing_or_over_something_is_refused(done, tmp_path):
    from dlgn_cnn.errors import ConfigError
    from dlgn_cnn.mei.export.export import Screen
    from populate.export.meis import Chosen, export

    screen = Screen((36, 64), tolerance=0.05)
    with pytest.raises(ConfigError, match=r"units \[9\].*\[1, 2, 3\]"):
        export(tmp_path / "none", Chosen("contrast", [9]), screen)
    with pytest.raises(ConfigError, match="'intact'"):
        export(tmp_path / "none", Chosen("contrast", [], ["intac"]), screen)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="not empty"):
        export(tmp_path, Chosen("contrast"), screen)


def test_a_score_joins_the_meis_and_controls_of_its_condition(done):
    from schemas.evaluation import Score
    from schemas.mei import MEI
    from schemas.mei_control import MEIControl

    scores = Score.Condition & {"tier": "test"}
    for stimuli in (MEI.Stimulus, MEIControl.Stimulus, MEIControl.ContrastResponse):
        joined = scores.proj(scored="frames") * stimuli
        assert len(joined) == len(stimuli()) > 0
        assert set(joined.to_arrays("opto_condition")) == {"intact", "suppressed"}


def test_every_column_of_conditions_is_the_one_foreign_key(done):
    from schemas.declaration.table_classes import table_classes
    from schemas.optogenetics import OptoCondition

    lineages = {
        name: table().heading["opto_condition"].lineage
        for name, table in table_classes().items()
        if "opto_condition" in table().heading.names
    }
    assert set(lineages.values()) == {f"{OptoCondition.database}.#opto_condition.opto_condition"}
    assert {"evaluation.Score.Condition", "ensemble_score.EnsembleScore.Condition", "mei.MEI.Stimulus"} < set(lineages)


@pytest.mark.parametrize("table", ["MEI.Stimulus", "MEIControl.Stimulus", "MEIControl.ContrastResponse"])
def test_no_stimulus_is_of_all_conditions(done, table):
    from schemas import mei, mei_control

    master, part = table.split(".")
    stimuli = getattr(getattr(mei if master == "MEI" else mei_control, master), part)
    row = stimuli().to_dicts(limit=1)[0] | {"opto_condition": "all"}
    for given in ([row], iter([row])):
        with pytest.raises(ConfigError, match=r"'all' of an MEI: only scores .* give intact or suppressed"):
            stimuli.insert(given)
    with pytest.raises(ConfigError, match="intact or suppressed"):
        stimuli.insert1(row)
    assert not stimuli & {"opto_condition": "all"}


def test_the_view_of_units_repeats_what_the_meis_and_their_contrast_say(done):
    from schemas import results
    from schemas.mei import MEI as Table

    units = results.units("contrast")
    assert set(units.seed) == {40, 41}
    made = units[units.mei_hash.notna()]
    assert set(made.unit) == set(MEI["units"])
    for row in made.to_dict("records"):
        key = {name: row[name] for name in Table.Unit.primary_key}
        shown = (Table.Stimulus & key).to_dicts()
        for condition in ("intact", "suppressed"):
            own = [one[f"{condition}_hz"] for one in shown if one["opto_condition"] == condition]
            assert row[f"mei_{condition}_hz"] == pytest.approx(np.mean(own))
        assert row["mei_starts"] == 2
        for view in ("clip", "extent"):
            finding = (contrasts().Distance & key & {"view": view, "strongest": True}).fetch1()
            for name in ("effect", "p", "q", "session_q"):
                expected = np.nan if finding[name] is None else finding[name]
                assert row[f"{view}_{name}"] == pytest.approx(expected, nan_ok=True)
            assert row["strongest_null"] == finding["null_kind"]
    # One session: the rate over it is the rate over the fit.
    assert (made.clip_q == made.clip_session_q).all()
    assert len(results.contrasts("contrast")) == len(contrasts().Distance & "strongest")


def test_the_effect_of_shuffled_labels_is_not_called_data(done):
    from schemas import results
    from schemas.evaluation import OF_LABELS, FeedbackModulation
    from schemas.training import TrainedModel

    fits = [(TrainedModel & null).keys(limit=1)[0] for null in ("is_null", "NOT is_null")]
    for fit in fits:
        FeedbackModulation.populate(fit)
    null, real = ((FeedbackModulation.Unit & fit).to_dicts() for fit in fits)
    assert all(row[name] is None for row in null for name in OF_LABELS)
    assert all(row["model_omi"] is not None for row in (*null, *real))
    assert all(row["data_omi_p"] is not None for row in real)
    units = results.units(nulls=True)
    assert units[units.is_null].data_omi.isna().all()
