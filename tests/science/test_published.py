"""Figures published by Schmors et al. (iScience 2025), and a recorded ganglion cell's, from our own functions."""

import base64
import csv
import json
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat

from dlgn_cnn.data.sessions.fields import spike_triggered_average
from dlgn_cnn.evaluation.metrics import correlation, modulation_index, opto_modulation

UNIT = ["m", "s", "e", "u"]


def decode(cell: str) -> np.ndarray:
    packed = json.loads(cell)
    return np.frombuffer(base64.b64decode(packed["__ndarray__"]), packed["dtype"]).reshape(packed["shape"])


@pytest.mark.parametrize(
    ("unit", "published"), [("s05_e08_u19", 0.381379), ("s03_e07_u25", 0.499400), ("s06_e06_u35", 0.372187)]
)
def test_correlations_of_three_published_units(shared_data, unit, published):
    csv.field_size_limit(sys.maxsize)
    with (shared_data / "schmors2025" / f"Ntsr1Cre_2019_0008_{unit}.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    observed, predicted = decode(row["y_test"]), decode(row["yhat_test"])
    assert f"{correlation(predicted.ravel(), observed.ravel()):.6f}" == f"{published:.6f}"


def test_modulation_indices_of_all_published_units(shared_data):
    folder = shared_data / "schmors2025"
    rates = pd.read_csv(folder / "population_data.csv", usecols=[*UNIT, "fr_opto", "fr_ctrl"])
    published = pd.read_csv(folder / "performance_data.csv", usecols=[*UNIT, "omi"]).groupby(UNIT)["omi"].first()
    ours = modulation_index(rates["fr_opto"].to_numpy(), rates["fr_ctrl"].to_numpy())
    found = pd.Series(ours, pd.MultiIndex.from_frame(rates[UNIT]))
    assert len(found) == len(published) == 122
    assert np.abs(found - published.reindex(found.index)).max() < 3e-6


def test_light_lowers_the_rate_of_published_units_as_their_fitted_kernels_say(shared_data):
    with np.load(shared_data / "schmors2025" / "three_units_with_opto.npz") as stored:
        units = ("u19", "u25", "u35")
        counts = np.stack([stored[f"{unit}_y_test"] for unit in units])
        kernels = np.array([stored[f"{unit}_filt_opto"].sum() for unit in units])
        found = opto_modulation(counts, stored["opto_test"].astype(np.float32))
    change_hz = found.suppressed - found.intact
    assert np.argmin(change_hz) == np.argmin(kernels)
    assert (np.sign(change_hz) == np.sign(kernels))[np.abs(kernels) > 0.5].all()


def test_receptive_field_of_a_recorded_ganglion_cell(shared_data):
    data = loadmat(shared_data / "rgc_noise" / "nds_cl_5_data.mat")
    triggers, spikes = data["DN_triggertimes"].ravel(), data["DN_spiketimes"].ravel()
    frames = np.moveaxis(data["DN_stim"], -1, 0)[: len(triggers)].astype(np.float32)
    edges = np.append(triggers, triggers[-1] + np.diff(triggers).mean())
    counts = np.histogram(spikes, edges)[0][None].astype(np.float32)
    field = spike_triggered_average([(frames, counts)], lags=8)[0]
    z = (field - field.mean()) / field.std()
    assert np.abs(z).max() == pytest.approx(6.3, abs=0.05)
