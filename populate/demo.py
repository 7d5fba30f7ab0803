"""The whole path on an in-silico recording, and how near it came to the truth."""

import logging
from pathlib import Path

import schemas
from dlgn_cnn.simulation.compare import Agreement, compare
from dlgn_cnn.simulation.recording import SimulationConfig, simulate
from dlgn_cnn.simulation.truth import load_truth
from populate import actions
from populate.report import best_fit
from populate.report import write as write_report

logger = logging.getLogger("dlgn")
EXPERIMENT = Path(__file__).parent / "experiments" / "demo.yaml"
TARGETS = {"rate_correlation": 0.7, "light_correlation": 0.8}


def run(movies: Path | None = None, folder: Path | None = None) -> Path:
    """Simulate, ingest, define, populate, compare with the truth and report; what is done already is kept."""
    settings = schemas.open_database()
    place = folder or settings.home / "demo" / "recording"
    if not place.exists():
        from schemas.progress import bar

        with bar("simulate") as report:
            simulate(place, SimulationConfig(), movies, report)
    logger.info("%s holds an in-silico recording: everything below is SIMULATED, no animal was recorded", place)
    actions.ingest_recording(place)
    actions.define_experiment(EXPERIMENT)
    if actions.populate_all().failed:
        raise SystemExit(2)
    found = agreement(place)
    path = write_report(settings.home / "demo" / "report.html", "demo", truth=found.rows(TARGETS))
    for name, value, target in found.rows(TARGETS):
        logger.info("%s: %s (target %s)", name, value, target)
    logger.info("report: %s", path.resolve())
    return path


def agreement(recording: Path) -> Agreement:
    """How near the demo's best fit comes to the truth that was simulated."""
    from schemas.training import load_model

    model, loaders = load_model(best_fit("demo"))
    return compare(model, loaders, load_truth(recording))
