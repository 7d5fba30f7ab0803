"""The whole path on an in-silico recording, and its agreement with the truth."""

import logging
import math
import time
from pathlib import Path

import numpy as np

import schemas
from dlgn_cnn.simulation.compare import compare
from dlgn_cnn.simulation.recording import SimulationConfig, simulate
from dlgn_cnn.simulation.truth import load_truth
from dlgn_cnn.storage.rights import present
from populate.define.define import define
from populate.errors.exit_codes import SOME_FAILED
from populate.report.report import best_fit
from populate.report.report import write as write_report
from populate.run.workers import populate_all
from schemas.monitoring.progress import bar, working
from schemas.recordings.insert import ingest

logger = logging.getLogger("dlgn")
EXPERIMENT = Path(__file__).parents[1] / "experiments" / "demo.yaml"
TARGETS = (0.7, 0.8)


def run(movies: Path | None = None, folder: Path | None = None) -> Path:
    """Simulate, ingest, define, populate, compare with the truth and report; finished steps are kept."""
    began, times = time.monotonic(), dict[str, float]()

    def lap(stage: str) -> None:
        times[stage] = time.monotonic() - began - sum(times.values())

    settings = schemas.open_database()
    lap("opening the database")
    place, path = folder or settings.home / "demo" / "recording", settings.home / "demo" / "report.html"
    if not present(place):
        with bar("simulate") as progress:
            simulate(place, SimulationConfig(), movies, progress)
    lap("simulate")
    logger.info("%s holds an in-silico recording: everything below is SIMULATED, no animal was recorded", place)
    with bar("ingest") as progress:
        ingest(place, progress=progress)
    lap("ingest")
    define(EXPERIMENT)
    lap("define")
    summary = populate_all()
    lap("populate")
    if summary.failed:
        raise SystemExit(SOME_FAILED)
    with working("comparison with the truth"):
        found = agreement(place)
    lap("comparison with the truth")
    if summary.computed or not present(path):
        with working("report"):
            write_report(path, "demo", truth=found)
    lap("report")
    for name, value, target in found:
        logger.info("%s: %s (target %s)", name, value, target)
    logger.info("seconds: %s", ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in times.items()))
    logger.info("report: %s", path.resolve())
    return path


def agreement(recording: Path) -> list[tuple[str, str, str]]:
    """Agreement of the demo's best fit with the simulated truth: each figure's name, value and target."""
    from schemas.dataset import Dataset
    from schemas.evaluation import FeedbackModulation
    from schemas.training import load_model

    key = best_fit("demo")
    effects = (FeedbackModulation.Unit * Dataset.Unit & key).to_dicts(order_by="unit_index")
    model_omi = np.array([math.nan if row["model_omi"] is None else row["model_omi"] for row in effects])
    found = compare(*load_model(key), model_omi, load_truth(recording)).items()
    return [(name, f"{value:.3f}", f"at least {target}") for (name, value), target in zip(found, TARGETS, strict=True)]
