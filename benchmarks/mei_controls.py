"""Test whether MEIs beat their controls before held-out models, which took no part in their synthesis.

One in-silico session of the demo's size: 40 units, 56 + 14 scenes of 5 s, 33x53 px, with effects of light, running and
pupil. Half of the units are nonlinear (rectified subunits and a suppressive field), so that a linear receptive field is
not the answer. The demo's model is fitted to it from four seeds. The mean of two fits synthesizes each unit's MEI in
both opto conditions, as ``MEI`` does with ``members: 2``. The other two are held out and predict the responses to it
and to its controls, as ``MEIControl`` does. Controls are the session's best clip, the best drifting grating, the linear
receptive field, another unit's MEI moved to this unit's place, and the phase-scrambled MEI, all at one norm and range.
``--members 1`` synthesizes on one fit alone, whose own noise the MEI then excites too.

A unit is well fitted if the movie drives it and its normalized correlation is at least 0.7. This is the correlation of
the synthesizing fits' mean with the noise-free rate over the test scenes. A unit wins if, in each condition, the
held-out models' mean rate to the MEI of that condition is above that to every control. The value is the share of
winning units among the well-fitted ones, or among a random sample of them.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))

import numpy as np
import torch
from plain.in_memory import photograph_movies, session_data, session_loaders

from dlgn_cnn.data.sessions.session_data import SessionData, data_info, training_fields
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.controls.control_set import Control, Materials, clips_of, control_set
from dlgn_cnn.mei.synthesis.config import synthesis
from dlgn_cnn.mei.synthesis.methods import gradient_ascent, screen_range
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.models.ensemble import EnsembleModel
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.session import simulate_session
from dlgn_cnn.simulation.truth import Truth
from dlgn_cnn.training.trainers.standard import standard

KEY, CPU, BURN_IN_FRAMES, VALIDATION_EVERY = "session", torch.device("cpu"), 15, 8
WELL_FITTED, TARGET = 0.7, 0.9
MODEL = {
    "core": {"name": "stacked_2d", "channels": [16], "kernels": [17], "strides": [3], "laplace_weight": 1.0},
    "recurrent": {"name": "conv_gru", "channels": 16, "kernel_input": 1, "kernel_state": 1},
    "readout": {"name": "gaussian", "feature_weight": 1e-5},
    "modulators": [{"name": "opto_kernel"}, {"name": "behavior", "gain": False}],
    "output": {"name": "softplus", "sharpness": 10.0},
}
FIT = {"learning_rate": 0.01}
MEI = {"frames": 40, "steps": 60}


@dataclass(frozen=True)
class Size:
    """Amount of simulation, fitting and synthesis; at most ``shown`` units have MEIs."""

    units: int
    train: int
    test: int
    epochs: int
    batch: int
    fits: int
    shown: int


FULL, QUICK = Size(40, 56, 14, 8, 8, 4, 24), Size(10, 14, 3, 8, 2, 3, 2)


@dataclass(frozen=True)
class Session:
    """A simulated session, its ground truth, and its linear receptive fields (unit, lag, height, width)."""

    data: SessionData
    info: DataInfo
    truth: Truth
    fields: np.ndarray

    @classmethod
    def simulate(cls, size: Size, seed: int) -> "Session":
        config = SimulationConfig(
            units=size.units, train_scenes=size.train, test_scenes=size.test, nonlinear_share=0.5,
            width_px=106, height_px=66,
        )  # fmt: skip
        film, population, events = np.random.default_rng(seed).spawn(3)
        movies = photograph_movies(config, film)
        session = simulate_session(config, movies, population, events)
        kept = dict.fromkeys(range(0, size.train, VALIDATION_EVERY), "validation")
        data = session_data(config, session, movies, kept)
        fields = training_fields(data)
        return cls(data, data_info(data, fields), session.truth, fields)

    def loaders(self, seed: int, batch: int = 8) -> dict:
        found = session_loaders(self.data, self.info, seed, batch_size=batch, window_frames=60, name=KEY)
        return {tier: {KEY: loader} for tier, loader in found.items()}

    def fit(self, seed: int, size: Size) -> torch.nn.Module:
        started = time.perf_counter()
        model = MODELS.get("encoder")(data_info={KEY: self.info}, seed=seed, **MODEL)
        score, _, _ = standard(
            model, self.loaders(seed, size.batch), seed, fit=FIT | {"max_epochs": size.epochs, "patience": size.epochs}
        )
        print(f"... seed {seed}: {time.perf_counter() - started:.0f} s, validation {score:.3f}", flush=True)
        return model.eval()

    def normalized(self, model: torch.nn.Module) -> np.ndarray:
        """Correlation with the noise-free rate over the test scenes (unit,)."""
        trials = self.data.tier("test")
        rate = np.concatenate([self.truth.rate_hz[trial.trial][:, BURN_IN_FRAMES:] for trial in trials], 1)
        found = predict(model, self.loaders(0)["test"][KEY], KEY, BURN_IN_FRAMES).predicted
        return np.array([np.corrcoef(*pair)[0, 1] for pair in zip(found, rate, strict=True)])


def controls(
    session: Session, models: list[torch.nn.Module], held_out_models: list[torch.nn.Module], units: list[int], seed: int
) -> list[Control]:
    """MEIs of the models' mean in both conditions, their controls, and the held-out models' response to each."""
    targets = [Target(KEY, unit, suppressed) for unit in units for suppressed in (False, True)]
    found = gradient_ascent(models, targets, session.info, CPU, fit=MEI)
    whole = session.loaders(0)["test"][KEY]
    materials = Materials(
        models=models,
        config=synthesis(MEI, screen_range(session.info)),
        info=session.info,
        videos=lambda: clips_of(whole.presenting(session.data.trials)),
        fields={unit: session.fields[unit] for unit in units},
        device=CPU,
    )
    meis = [(target, one.stimulus) for target, one in zip(targets, found, strict=True)]
    return control_set(meis, materials, held_out_models, torch.Generator().manual_seed(seed))


def margins(found: list[Control]) -> dict[str, dict[tuple[int, bool], float]]:
    """The held-out models' rate to each MEI over that to each control, by the control's name and (unit, condition)."""
    heard = {(one.name, one.target.unit_index, one.target.suppressed): one for one in found}
    ratios: dict[str, dict[tuple[int, bool], float]] = {}
    for (name, unit, light), control in heard.items():
        if name != "mei":
            best = float(heard["mei", unit, light].held_out[int(light)])
            ratios.setdefault(name, {})[unit, light] = best / float(control.held_out[int(light)])
    return ratios


def report(found: list[Control], well: list[int]) -> float:
    """Print a row per control; return the share of units whose MEIs beat all controls in both conditions."""
    ratios = margins(found)
    print(f"{'control':18s}{'median':>9s}{'lowest':>9s}{'beaten':>9s}   held_out rate to the MEI over that to it")
    for name, pairs in ratios.items():
        values = np.array([value for (unit, _), value in pairs.items() if unit in well])
        print(f"{name:18s}{np.median(values):9.2f}{values.min():9.2f}{(values > 1).mean():9.3f}")
    won = [unit for unit in well if all(v > 1 for pairs in ratios.values() for (u, _), v in pairs.items() if u == unit)]
    off = max(one.violation for one in found)
    print(f"{len(won)} of {len(well)} well-fitted units won; largest departure from the constraint {off:.1e}")
    return len(won) / max(len(well), 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few units and scenes: under 50 s on 2 cores")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--members", type=int, default=2, choices=(1, 2), help="number of fits whose mean synthesizes")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    session = Session.simulate(size, options.seed)
    fits = [session.fit(seed, size) for seed in range(size.fits)]
    models, held_out_models = fits[: options.members], fits[options.members :]
    well = np.flatnonzero((session.normalized(EnsembleModel(models).eval()) >= WELL_FITTED) & session.truth.driven)
    drawn = np.random.default_rng(options.seed).permutation(well)[: size.shown]
    shown = sorted(drawn.tolist())
    print(f"{len(well)} of {size.units} units are well fitted, {len(shown)} of these are shown")
    started = time.perf_counter()
    share = report(controls(session, models, held_out_models, shown, options.seed), shown) if shown else 0.0
    print(
        f"MEIs and controls of {len(models)} fits took {time.perf_counter() - started:.0f} s, "
        f"{len(held_out_models)} are held out"
    )
    print(f"mei_controls_won {share:.3f} {TARGET:g} {'ok' if share >= TARGET else 'short'}")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
