"""A session as its rows tell it: fetched as keys and lazy references, loaded with no database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.recording import (
    BinnedResponses,
    PresentationTimes,
    SampledSignal,
    SceneFile,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from schemas import optogenetics, session, stimulus
from schemas.recording import RawFile
from schemas.recording import Recording as RecordingTable

Row = dict[str, Any]


@dataclass(frozen=True)
class StoredSession:
    """One session's rows. ``spikes`` and ``signals`` hold lazy references to arrays in the store."""

    name: str
    raw_sha256: str
    presentations: list[Row]
    scenes: list[Row]
    opto_epochs: list[Row]
    spikes: list[Row]
    signals: list[Row]
    onsets: list[Row]
    bins: list[Row]
    binned: list[Row]

    @property
    def origin(self) -> list[str]:
        """The digests of every byte that the session was made of."""
        return [self.name, self.raw_sha256, *(row["scene_sha256"] for row in self.scenes)]

    def load(self) -> SessionRecording:
        """The recording, validated again; arrays are read from the store."""
        onsets = {row["trial"]: tuple(map(float, row["frame_onsets_s"].load())) for row in self.onsets}
        return SessionRecording(
            session=SessionKey.parse(self.name),
            spike_times_s={row["unit"]: np.asarray(row["spike_times_s"].load()) for row in self.spikes},
            presentations=tuple(_presentation(row, onsets.get(row["trial"], ())) for row in self.presentations),
            opto_epochs_s=np.array([[row["on_s"], row["off_s"]] for row in self.opto_epochs]).reshape(-1, 2),
            scenes={SceneKey(row["movie"], row["scene"]): _scene_file(row) for row in self.scenes},
            signals={
                row["signal_name"]: SampledSignal(
                    np.asarray(row["signal_times_s"].load()), np.asarray(row["signal_values"].load(), np.float32)
                )
                for row in self.signals
            },
            binned=self._binned(),
        )

    def _binned(self) -> BinnedResponses | None:
        if not self.bins:
            return None
        values = np.stack([np.asarray(row["responses"].load(), np.float32) for row in self.binned])
        return BinnedResponses(
            tuple(row["unit"] for row in self.binned), np.asarray(self.bins[0]["bins_s"].load()), values
        )


def fetch_session(key: Row) -> StoredSession:
    """Every row of one session, in the order of its keys."""
    shown = stimulus.Presentation & key
    scenes = stimulus.Scene & shown.proj("movie", "scene")
    name = (session.Session & key).fetch1("session_name")
    return StoredSession(
        name=name,
        raw_sha256=(RawFile & key).fetch1("raw_sha256"),
        presentations=shown.to_dicts(order_by="KEY"),
        scenes=scenes.to_dicts(order_by="KEY"),
        opto_epochs=(optogenetics.OptoEpoch & key).to_dicts(order_by="KEY"),
        spikes=(RecordingTable.Spikes & key).to_dicts(order_by="KEY"),
        signals=(RecordingTable.Signal & key).to_dicts(order_by="KEY"),
        onsets=(stimulus.FrameOnsets & key).to_dicts(order_by="KEY"),
        bins=(RecordingTable.Bins & key).to_dicts(),
        binned=(RecordingTable.Binned & key).to_dicts(order_by="KEY"),
    )


def _presentation(row: Row, onsets: tuple[float, ...]) -> PresentationTimes:
    scene = SceneKey(row["movie"], row["scene"])
    return PresentationTimes(row["trial"], scene, row["onset_s"], row["offset_s"], row["designated_tier"], onsets)


def _scene_file(row: Row) -> SceneFile:
    return SceneFile(
        Path(row["scene_path"]),
        row["scene_sha256"],
        row["scene_frames"],
        row["scene_rate_hz"],
        row["width_px"],
        row["height_px"],
        row["scene_part"],
    )
