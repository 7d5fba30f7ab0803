"""Contrast responses of MEIs and their controls in the tables; every stored stimulus against its constraint."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from tests.factories import small_simulation

CONTRASTS = [0, 0.5, 1.0, 5.0]
MEI = {"units": [1, 2], "controls": True, "contrasts": CONTRASTS}
MEI |= {"fit": {"frames": 12, "steps": 3, "objective": {"window_frames": 3}, "constraint": {"contrast": 0.2}}}
SETS = {"units": [2], "seeds": [0, 1], "fit": MEI["fit"] | {"steps": 2}}
MEAN = MEI | {"units": [1], "members": 2, "contrasts": [], "fit": MEI["fit"] | {"steps": 2}}
DEFINITION = """
experiment: controls
datasets: [{fn: stored_sessions, config: {sessions: all, size_px: [18, 32], window_frames: 40}}]
models:
  - fn: encoder
    config:
      core: {name: stacked_2d, channels: [2], kernels: [5], strides: [3]}
      recurrent: {name: conv_gru, channels: 2, kernel_input: 1, kernel_state: 1}
      readout: {name: gaussian}
trainers: [{fn: standard, config: {fit: {max_epochs: 1, burn_in_frames: 5}}}]
seeds: [40, 41]
meis:
  - {fn: gradient_ascent, config: MEI}
  - {fn: gradient_ascent, config: MEAN}
  - {fn: diverse, config: SETS}
"""


@pytest.fixture(scope="module")
def done(database, tmp_path_factory):
    """Two fits to one dataset, the MEIs of each and of their mean, and controls; the session's name."""
    from populate.define.define import define
    from populate.worker.worker import work
    from schemas.declaration.computed_tables import computed_tables
    from schemas.recordings.insert import ingest

    folder = tmp_path_factory.mktemp("controls")
    (name,) = ingest(small_simulation(folder / "session", mouse="Simulated_2026_0702"))
    file = folder / "controls.yaml"
    file.write_text(DEFINITION.replace("MEI", str(MEI)).replace("MEAN", str(MEAN)).replace("SETS", str(SETS)))
    define(file)
    unasked = ("FeedbackModulation", "InputGain", "MEIContrast")
    summary = work([table for table in computed_tables() if table.__name__ not in unasked])
    assert summary.failed == 0
    return name


def gray_levels(name):
    """Mean and standard deviation of the session's training movies."""
    from schemas.training import TrainedModel, load_model

    key = TrainedModel().keys(order_by="seed")[0]
    info = load_model(key)[1]["train"][name].data_info
    return info.video_mean, info.video_std


def test_a_contrast_response_is_what_fit_and_held_out_model_say_to_the_stimulus_times_the_contrast(done):
    from schemas.mei_control import MEIControl
    from schemas.training import TrainedModel, load_model

    key = (MEIControl & {"seed": 40, "held_out_models": 1}).fetch1("KEY")
    fit = {name: key[name] for name in TrainedModel.primary_key}
    models = {"": load_model(fit)[0], "held_out_": load_model(fit | {"seed": 41})[0]}
    rows = (MEIControl.Stimulus.proj("stimulus") * MEIControl.ContrastResponse & key & {"unit": 2}).to_dicts()
    assert {row["control"] for row in rows} >= {"mei", "natural", "grating", "linear_field", "phase_scrambled"}
    for row in rows:
        assert row["contrast"] == CONTRASTS[row["level"]]
        clip = row["contrast"] * torch.as_tensor(np.asarray(row["stimulus"].load()))[None, None]
        for prefix, model in models.items():
            for light, name in ((0.0, "intact_hz"), (1.0, "suppressed_hz")):
                with torch.no_grad():
                    rate = model(clip, torch.full((1, clip.shape[2]), light), done)[0, 1, -3:].mean() * 60
                assert row[prefix + name] == pytest.approx(float(rate), rel=1e-4, abs=1e-6)


def test_members_synthesize_together_and_are_not_held_out(done):
    from schemas.mei import MEI as Table
    from schemas.mei_control import MEIControl
    from schemas.training import TrainedModel, load_model

    both = MEIControl & "held_out_models = 0"
    assert len(both) == 2
    for key in both.to_dicts():
        assert set((Table.Member & key).to_arrays("member_seed")) == {40, 41}
        fit = {name: key[name] for name in TrainedModel.primary_key}
        models = [load_model(fit | {"seed": seed})[0] for seed in (40, 41)]
        for row in (MEIControl.Stimulus & {name: key[name] for name in MEIControl.primary_key}).to_dicts():
            clip = torch.as_tensor(np.asarray(row["stimulus"].load()))[None, None]
            with torch.no_grad():
                rates = [model(clip, torch.ones(1, clip.shape[2]), done)[0, 0, -3:].mean() * 60 for model in models]
            assert row["suppressed_hz"] == pytest.approx(float(sum(rates)) / 2, rel=1e-4, abs=1e-6)
            assert row["held_out_suppressed_hz"] is None
    alone = MEIControl & "held_out_models = 1"
    for key in alone.to_dicts():
        assert (Table.Member & key).to_arrays("member_seed").tolist() == [key["seed"]]


def test_members_that_are_not_there_are_refused_and_shared_ones_are_known(done):
    from dlgn_cnn.errors import ConfigError
    from schemas.base.mei_options import check_mei
    from schemas.mei import MEI as Table
    from schemas.mei import members_of
    from schemas.mei_contrast import sharing_no_fit

    key = Table().keys(order_by="seed DESC")[0]
    for row in Table.to_dicts():
        alike = (Table & {"mei_hash": row["mei_hash"]}).keys(order_by="seed")
        other = [one for one in alike if one["seed"] != row["seed"]]
        assert sharing_no_fit(row, alike) == ([] if len(Table.Member & row) == 2 else other)
    assert [one["seed"] for one in members_of(key, {"members": 2})] == [41, 40]
    with pytest.raises(ConfigError, match="asks for 3 members, but there are 2 fits"):
        members_of(key, {"members": 3})
    with pytest.raises(ConfigError, match=r"members: given 0, expected a number of fits"):
        check_mei("gradient_ascent", {"members": 0})


def test_a_contrast_that_the_screen_cannot_show_has_no_row_and_every_other_has_one(done):
    from schemas.mei_control import MEIControl

    mean, std, fits = *gray_levels(done), set()
    for row in (MEIControl.Stimulus & (MEIControl & "held_out_models = 1")).to_dicts():
        levels = (
            MEIControl.ContrastResponse & {name: row[name] for name in MEIControl.Stimulus.primary_key}
        ).to_arrays("level", order_by="level")
        gray = mean + std * CONTRASTS[-1] * np.asarray(row["stimulus"].load(), float)
        fitting = bool(gray.min() >= -1e-3 and gray.max() <= 255 + 1e-3)
        fits.add(fitting)
        assert levels.tolist() == [0, 1, 2, 3][: 3 + fitting]
    assert fits == {False, True}


def test_every_stored_stimulus_read_back_meets_its_constraint(done):
    from schemas.mei import MEI as Table
    from schemas.mei_control import MEIControl

    mean, std = gray_levels(done)
    rows = Table.Stimulus.to_dicts() + MEIControl.Stimulus.to_dicts()
    assert len(rows) > 30
    for row in rows:
        stimulus = np.asarray(row["stimulus"].load(), np.float64)
        assert np.linalg.norm(stimulus) == pytest.approx(
            MEI["fit"]["constraint"]["contrast"] * stimulus.size**0.5, rel=1e-5
        )
        gray = mean + std * stimulus
        assert gray.min() >= -1e-5 * 255
        assert gray.max() <= 255 * (1 + 1e-5)
        assert row["violation"] <= 1e-5


def test_a_stimulus_off_its_constraint_is_refused_at_insert(done, monkeypatch):
    from dataclasses import replace

    from dlgn_cnn.errors import ModelError
    from dlgn_cnn.mei.synthesis import methods
    from schemas.mei import MEI as Table
    from schemas.mei import MEIConfig, MEIPlan

    honest = methods.synthesize

    def loud(*arguments):
        return [replace(one, stimulus=one.stimulus * 1.0001) for one in honest(*arguments)]

    key = MEIConfig.add("gradient_ascent", MEI | {"units": [1], "controls": False})
    MEIPlan.insert1({"experiment_name": "controls"} | key)
    monkeypatch.setattr(methods, "synthesize", loud)
    with pytest.raises(ModelError, match=r"intact stimulus \(0\) of unit 1 departs from its constraint by 0.0001"):
        Table.populate(key)
    assert not Table & key
    monkeypatch.undo()
    Table.populate(key)
    assert len(Table & key) == 2


@pytest.mark.parametrize("given", [[1, 0.5], [-1, 1], 3, [True, 2], ["1"], [1, 10**400]])
def test_contrasts_that_are_no_ladder_are_refused(given, database):
    from dlgn_cnn.errors import ConfigError
    from schemas.base.mei_options import check_mei

    with pytest.raises(ConfigError, match=r"contrasts: .* expected shares"):
        check_mei("gradient_ascent", {"contrasts": given})


def test_an_export_says_degrees_seeds_and_what_eight_bits_did_to_the_constraint(done, tmp_path):
    import json

    from dlgn_cnn.data.stimuli.video import read_gray
    from dlgn_cnn.mei.export.export import Screen
    from populate.export.meis import Chosen, export
    from schemas.mei_control import MEIControl

    path = export(tmp_path / "rig", Chosen("controls", [1], controls=True), Screen((36, 64)))
    text = json.loads(path.read_text())
    assert {tuple(one["member_seeds"]) for one in text["stimuli"]} == {(text["fit"]["seed"],), (40, 41)}
    # The simulated picture is 53 px of 2.02 degrees wide, here 64 px of the screen.
    assert text["degrees_per_px"] == pytest.approx(2.02 * 53 / 64)
    assert {one["stimulus"] for one in text["stimuli"]} >= {"mei", "natural", "grating", "phase_scrambled"}
    for one in text["stimuli"]:
        assert (one["mei_seed"], one["duration_s"]) == (0, 12 / 60)
        assert one["size_deg"] == pytest.approx([18 * 2.02 * 53 / 32, 2.02 * 53])
        frames = read_gray(path.parent / next(name for name in one["files"] if name.endswith(".avi")), (36, 64))
        shown = np.linalg.norm((frames[:, ::2, ::2] - one["gray_mean"]) / one["gray_std"])
        assert shown == pytest.approx(MEI["fit"]["constraint"]["contrast"] * (12 * 18 * 32) ** 0.5, rel=1e-5)
        assert one["norm_departure"] < 1e-5
        assert one["gray_levels_off"] <= 0.6
    grating = next(o for o in text["stimuli"] if (o["stimulus"], o["condition"]) == ("grating", "intact"))
    name = {"unit": 1, "opto_condition": "intact", "control": "grating", "mei_hash": grating["mei_hash"]}
    row = MEIControl.Stimulus & text["fit"] & name
    own = row.fetch1("parameters")
    assert grating["grating"]["cycles_deg"] == pytest.approx(own["cycles_px"] * 32 / (2.02 * 53))
    assert grating["grating"]["temporal_frequency_hz"] == pytest.approx(own["cycles_frame"] * 60)


def test_a_diverse_set_is_exported_member_by_member(done, tmp_path):
    import json

    from dlgn_cnn.mei.export.export import Screen
    from populate.export.meis import Chosen, export

    text = json.loads(export(tmp_path / "rig", Chosen("controls", [2], ["intact"]), Screen((18, 32))).read_text())
    assert {(one["stimulus"], one["mei_seed"]) for one in text["stimuli"]} == {
        ("diverse", 0),
        ("diverse", 1),
        ("mei", 0),
    }
    assert len({name for one in text["stimuli"] for name in one["files"]}) == 6


def test_degrees_that_no_recording_knows_are_asked_for(done, monkeypatch, tmp_path):
    from dlgn_cnn.errors import ConfigError
    from dlgn_cnn.mei.export.export import Screen
    from populate.export import meis as module

    chosen = module.Chosen("controls", [1])
    with pytest.raises(ConfigError, match="expected a number above 0"):
        module.export(tmp_path / "rig", chosen, Screen((36, 64)), -1.0)
    monkeypatch.setattr(module, "SIMULATED_PREFIX", "In silico")
    with pytest.raises(ConfigError, match=r"18x32 px.*--deg-per-px"):
        module.export(tmp_path / "rig", chosen, Screen((36, 64)))
    assert not (tmp_path / "rig").exists()


def test_margins_over_the_best_control_are_those_of_the_stored_rates(done):
    from schemas.mei_control import MEIControl
    from schemas.results.margins import held_out_margins, winning_units

    heard: dict = {}
    for row in (MEIControl.Stimulus & (MEIControl & "held_out_models = 1")).to_dicts():
        rates = heard.setdefault((row["seed"], row["unit"], row["opto_condition"]), {})
        rates[row["control"]] = row[f"held_out_{row['opto_condition']}_hz"]
    rows = held_out_margins().to_dicts()
    assert len(rows) == len(heard) == 8
    for row in rows:
        rates = dict(heard[row["seed"], row["unit"], row["opto_condition"]])
        own = rates.pop("mei")
        assert row["mei_hz"] == pytest.approx(own)
        assert row["margin_hz"] == pytest.approx(own - max(rates.values()))
    assert len(winning_units()) == 4
    for unit in winning_units().to_dicts():
        margins = [row["margin_hz"] for row in rows if (row["seed"], row["unit"]) == (unit["seed"], unit["unit"])]
        assert unit["conditions"] == len(margins) == 2
        assert unit["least_margin_hz"] == pytest.approx(min(margins))


def page() -> str:
    return (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "meis.md").read_text()


def test_the_how_tos_queries_run_and_agree_with_the_tables(done, database):
    from schemas import mei
    from schemas.mei_control import MEIControl
    from schemas.results import margins as results

    curves, margins, worst = re.findall(r"```sql\n(.+?);\n```", page(), re.DOTALL)
    query = mei.schema.connection.query
    rows = query(curves.replace("dlgn_", database.prefix)).fetchall()
    assert len(rows) == len(MEIControl.ContrastResponse & {"opto_condition": "intact"})
    found = {tuple(row[1:4]): (row[4] - row[5]) for row in query(margins.replace("dlgn_", database.prefix)).fetchall()}
    wanted = results.held_out_margins().to_dicts()
    assert len(found) == len(wanted)
    for row in wanted:
        assert found[row["seed"], row["unit"], row["opto_condition"]] == pytest.approx(row["margin_hz"])
    ((number, largest),) = query(worst.replace("dlgn_", database.prefix)).fetchall()
    assert number == len(mei.MEI.Stimulus())
    assert largest <= 1e-5
    (code,) = re.findall(r"```python\n(.+?)```", page(), re.DOTALL)
    exec(compile(code, "meis.md", "exec"), {})


def test_the_how_tos_config_is_one(database):
    from dlgn_cnn.mei.synthesis.config import SynthesisConfig
    from dlgn_cnn.registry.annotations import parameters_of
    from schemas.base.mei_options import OWN, check_mei

    (text,) = re.findall(r"```yaml\n(.+?)```", page(), re.DOTALL)
    (entry,) = yaml.safe_load(text)["meis"]
    check_mei(entry["fn"], entry["config"])
    for key in (*parameters_of(SynthesisConfig), *OWN):
        assert f"`{key}`" in page() or f"{key}:" in page(), key
