"""Deep Lake: whether a row that is written reads back as it was."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData
from dlgn_cnn.data.store.session_store import read_session, write_session
from populate.doctor.examine import CheckResult, finding_if


def check() -> Iterator[CheckResult]:
    """A made-up session of one trial, stored, read and compared."""
    trial = _trial()
    with tempfile.TemporaryDirectory(prefix="dlgn-doctor-") as folder:
        place = Path(folder) / "session"
        write_session(SessionData((1, 2), 60.0, (trial,)), place)
        same = [one.sha256() for one in read_session(place).trials] == [trial.sha256()]
    yield finding_if(
        "Deep Lake", "a row is written and read back" if same else "rows come back altered", same, "", "fail"
    )


def _trial() -> TrialData:
    generator = np.random.default_rng(0)
    return TrialData(
        trial=0,
        scene=SceneKey("doctor", 0),
        tier="train",
        videos=generator.integers(0, 256, (30, 8, 8), dtype=np.uint8),
        responses=generator.poisson(1.0, (2, 30)).astype(np.float32),
        opto=np.zeros(30, dtype=np.float32),
        behavior=generator.random((2, 30)).astype(np.float32),
        pupil_center=generator.random((2, 30)).astype(np.float32),
    )
