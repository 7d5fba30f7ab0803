"""Test whether the null of no light effect keeps its false-positive rate if the light does nothing.

Sessions of 40 simulated units that see photographs through a wandering gaze, whose light is redrawn every 1.002 s and
has no effect, go through ``opto_effects``, the function behind the tables. The value is the share of units with
p < .05. For comparison, Welch's t-test compares lit with dark frames of the same counts, as if frames were independent.
A null that detects no unit is useless, so both tests also run on sessions whose light acts at its published size.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from dataclasses import replace

import numpy as np
import torch
from plain.in_memory import photograph_movies, session_data
from scipy.stats import ttest_ind

from dlgn_cnn.data.loading.trial_loader import TrialLoader
from dlgn_cnn.evaluation.metrics import OPTO_ON
from dlgn_cnn.feedback.effects import opto_effects
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.shapes import Frames
from dlgn_cnn.simulation.conditions import OPTO_REDRAWN_S
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.session import simulate_session

KEY, LEVEL, TARGET = "session", 0.05, 0.06
SESSIONS, QUICK_SESSIONS, LIT_SESSIONS = 120, 24, 5
CONFIG = SimulationConfig(units=40, train_scenes=13, test_scenes=13, width_px=106, height_px=66, opto_effect="none")
PERMUTATIONS = 999


class Silent(torch.nn.Module):
    """A model without predictions: the test is about the data."""

    def __init__(self) -> None:
        super().__init__()
        self.rate = torch.nn.Parameter(torch.ones(CONFIG.units, 1))

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):  # type: ignore[no-untyped-def]
        return self.rate.expand(len(videos), -1, videos.shape[2])


def p_values(config: SimulationConfig, movies: Frames, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """For one session's units, the product's p and that of the t-test."""
    population, events, permutations = np.random.default_rng(seed).spawn(3)
    session = simulate_session(config, movies, population, events)
    data = session_data(config, session, movies[:, :, ::16, ::16], dict.fromkeys(range(1, 13), "validation"))
    shape, units = (1, *data.trials[0].videos.shape[1:]), len(data.units)
    info = DataInfo(data.units, shape, data.rate_hz, (1.0,) * units, 0.0, 1.0, ((0.0, 0.0),) * units)
    tiers = ("train", "validation", "test")
    loaders = {tier: {KEY: TrialLoader(data.tier(tier), info, 8, transforms=())} for tier in tiers}
    found = opto_effects(Silent(), loaders, permutations, period_s=OPTO_REDRAWN_S, permutations=PERMUTATIONS)[
        KEY
    ].data_omi_p
    trials = [trial for tier in tiers[1:] for trial in data.tier(tier)]
    counts, lit = (np.concatenate([getattr(t, name) for t in trials], -1) for name in ("responses", "opto"))
    return found, ttest_ind(counts[:, lit >= OPTO_ON], counts[:, lit < OPTO_ON], axis=1, equal_var=False).pvalue


def called(config: SimulationConfig, movies: Frames, sessions: int) -> tuple[float, float, int]:
    """Share of units with p < .05, by the product and by the t-test, and the number of units with a p."""
    pairs = [p_values(config, movies, seed) for seed in range(sessions)]
    own, other = (np.concatenate(one) for one in zip(*pairs, strict=True))
    known = np.isfinite(own) & np.isfinite(other)
    return float((own[known] < LEVEL).mean()), float((other[known] < LEVEL).mean()), int(known.sum())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer sessions: under 50 s on 2 cores")
    sessions = QUICK_SESSIONS if parser.parse_args().quick else SESSIONS
    torch.set_num_threads(1)
    movies = photograph_movies(CONFIG, np.random.default_rng(0))
    print(f"{'the light acts':16}{'units':>8}{'permuted draws':>16}{'t-test':>10}   share of units with p < {LEVEL}")
    none, naive, units = called(CONFIG, movies, sessions)
    print(f"{'nowhere':16}{units:>8}{none:>16.3f}{naive:>10.3f}")
    found, apart, units = called(replace(CONFIG, opto_effect="additive"), movies, LIT_SESSIONS)
    print(f"{'as published':16}{units:>8}{found:>16.3f}{apart:>10.3f}")
    ok = none <= TARGET < found
    print(f"opto_null {none:.3f} {TARGET} {'ok' if ok else 'short'}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
