"""Does held-out likelihood tell where the light acts? Simulated sessions in which it is known, four configs on each.

A session's units are linear-nonlinear Poisson; the light acts (a) not at all, (b) through an additive kernel, (c) on
the gain of the movie's drive, (d) on the temporal kernel. The same reference model, a spline GLM of separable kernels,
is fitted to each with ``light`` none, additive, gain and temporal. All four go on for equally long from one fit without
light that has come to its optimum: they differ by the light, and not by how far a fit had come, which is worth tens of
nats. The evidence is the Poisson log-likelihood of test scenes, summed over units. README says which line of an encoder
asks the same question.

An alternative is taken seriously only where it beats ``none`` in a one-sided paired t-test over the test scenes, at
5 % shared among the three (Bonferroni). Of those, the most likely one is chosen, with one exception: a gain is a
temporal kernel that has kept its shape, so ``temporal`` must beat ``gain`` in such a test too, at 5 %. Without an
effect, more than a binomial share of 5 % of sessions (95 % bound) that reject ``none`` is too many.

The light is twice as strong as published (``--strength 2``). At its published size the median unit's rate changes by
2 %: as a gain, that is lost in the noise of sixteen units and a few minutes, and this method does not find it.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch
from scipy.stats import binom, ttest_1samp
from torch.nn.utils.parametrize import register_parametrization, remove_parametrizations

from dlgn_cnn.data.loaders import session_loaders
from dlgn_cnn.data.session_data import SessionData, data_info
from dlgn_cnn.data.video import scale_grey
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.interface import Batch
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.in_memory import photograph_movies, session_data
from dlgn_cnn.simulation.session import simulate_session
from dlgn_cnn.training.losses import LOSSES
from dlgn_cnn.training.trainers.standard import standard

KEY, LIGHTS = "session", ("none", "additive", "gain", "temporal")
SIZE, VALIDATION, BURN_IN_FRAMES = (17, 27), 4, 50
LEVEL, TARGET = 0.05, 0.9
MODEL = {
    "rank": 1,
    "knot_px": 1.5,
    "reach_px": 6.0,
    "history_splines": 8,
    "history_weight": 2.0,
    "output": {"name": "softplus", "sharpness": 60.0},
}
FIT = {"max_epochs": 20, "patience": 20, "learning_rate": 0.02, "burn_in_frames": BURN_IN_FRAMES}
FIRST_ITERATIONS, ITERATIONS = 100, 40
Evidence = dict[str, np.ndarray]


def simulated(effect: str, seed: int, strength: float) -> SessionData:
    """One session: the films, units and events of a seed are the same whatever the light does."""
    config = SimulationConfig(
        units=16,
        train_scenes=36 + VALIDATION,
        test_scenes=40,
        seed=seed,
        width_px=106,
        height_px=66,
        light_effect=effect,
        light_strength=strength,
    )
    film, population, events = np.random.default_rng(seed).spawn(3)
    movies = photograph_movies(config, film)
    session = simulate_session(config, movies, population, events)
    seen = np.stack([scale_grey(movie, SIZE) for movie in movies])
    return session_data(config, session, seen, dict.fromkeys(range(VALIDATION), "validation"))


def log_likelihood(model: torch.nn.Module, loaders: dict) -> np.ndarray:
    """Poisson log-likelihood in nats of each test scene, over all units and scored frames."""
    found = predict(model, loaders["test"][KEY], KEY, BURN_IN_FRAMES)
    rate = np.maximum(found.predicted.astype(np.float64), 1e-6)
    each = (found.observed * np.log(rate) - rate).sum(0)
    return np.add.reduceat(each, np.cumsum([0, *found.trial_frames[:-1]]))


def evidence(effect: str, seed: int, strength: float) -> Evidence:
    """Held-out log-likelihood by scene of each config on one session."""
    torch.set_num_threads(1)
    data = simulated(effect, seed, strength)
    info = data_info(data)
    frames = min(trial.responses.shape[1] for trial in data.trials)
    loaders = {tier: {KEY: one} for tier, one in session_loaders(data, info, seed, 6, frames, KEY).items()}
    batches = list(loaders["train"][KEY])
    found: Evidence = {}
    shared = MODELS.get("spline_glm")({KEY: info}, seed, light="none", **MODEL)
    standard(shared, loaders, seed, **FIT)
    refine(shared, batches, FIRST_ITERATIONS)
    for light in LIGHTS:
        model = MODELS.get("spline_glm")({KEY: info}, seed, light=light, **MODEL)
        model.load_state_dict(shared.state_dict(), strict=False)
        refine(model, batches, ITERATIONS)
        found[light] = log_likelihood(model, loaders)
    return found


class Sized(torch.nn.Module):
    """Weights (unit, rank, function) times a size for each unit."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.size = torch.nn.Parameter(torch.ones(units, 1, 1))

    def forward(self, weights: torch.Tensor) -> torch.Tensor:
        return self.size * weights


def refine(model: torch.nn.Module, batches: list[Batch], iterations: int) -> None:
    """Fit to the optimum all that light can change: its own weights, the temporal kernels, size and baseline.

    The shape of the spatial kernels and the kernels of running and pupil stay as they are, in every config alike: the
    noise that a stochastic fit leaves in them is far larger than the light's effect.
    """
    stimulus = model.head(KEY).stimulus
    register_parametrization(stimulus, "spatial", Sized(len(stimulus.spatial)))
    free = [p for name, p in model.named_parameters() if "original" not in name and "behavior" not in name]
    optimizer = torch.optim.LBFGS(free, max_iter=iterations, history_size=20, line_search_fn="strong_wolfe")
    loss = LOSSES.get("poisson")

    def objective() -> float:
        model.zero_grad()
        total = 0.0
        for batch in batches:
            rate = model(batch.videos, batch.opto, KEY, batch.behavior)[..., BURN_IN_FRAMES:]
            value = (loss(rate, batch.responses[..., BURN_IN_FRAMES:]) + model.regularizer(KEY)) / len(batches)
            value.backward()
            total += value.item()
        return total

    optimizer.step(objective)
    remove_parametrizations(stimulus, "spatial")  # the sizes are in the weights from now on


def better(one: np.ndarray, other: np.ndarray, level: float) -> bool:
    """Whether ``one`` is more likely than ``other``, scene by scene, in a one-sided paired t-test."""
    return bool(ttest_1samp(one - other, 0.0, alternative="greater").pvalue < level)


def decide(found: Evidence) -> str:
    """The config that the evidence speaks for."""
    serious = [light for light in LIGHTS[1:] if better(found[light], found["none"], LEVEL / 3)]
    if "gain" in serious and "temporal" in serious and not better(found["temporal"], found["gain"], LEVEL):
        serious.remove("temporal")
    return max(serious, key=lambda light: found[light].sum(), default="none")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed instead of ten")
    parser.add_argument("--seeds", type=int, help="sessions an effect")
    parser.add_argument("--first-seed", type=int, default=100, help="below 100 lie those that the method was tuned on")
    parser.add_argument("--strength", type=float, default=2.0, help="of the light; 1 is its published size")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    count = options.seeds or (1 if options.quick else 10)
    seeds = range(options.first_seed, options.first_seed + count)
    cases = [(effect, seed, options.strength) for effect in LIGHTS for seed in seeds]
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        found = list(pool.map(evidence, *zip(*cases, strict=True)))
    chosen = {
        effect: [decide(one) for case, one in zip(cases, found, strict=True) if case[0] == effect] for effect in LIGHTS
    }
    print(f"{'the light acts':16}" + "".join(f"{light:>10}" for light in LIGHTS) + "   gain over none, nats a session")
    for effect in LIGHTS:
        own = [one for case, one in zip(cases, found, strict=True) if case[0] == effect]
        gains = [np.mean([one[light].sum() - one["none"].sum() for one in own]) for light in LIGHTS]
        counts = "".join(f"{chosen[effect].count(light):10d}" for light in LIGHTS)
        print(f"{effect:16}{counts}   " + " ".join(f"{gain:8.1f}" for gain in gains))
    right = min(chosen[effect].count(effect) / count for effect in LIGHTS[1:])
    rejected, bound = count - chosen["none"].count("none"), int(binom.ppf(0.95, count, LEVEL))
    print(f"none rejected in {rejected} of {count} sessions without an effect; at a level of {LEVEL} up to {bound}")
    ok = right >= TARGET and rejected <= bound
    print(f"identifiability {right:.2f} {TARGET} {'ok' if ok else 'short'}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
