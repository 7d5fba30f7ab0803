"""A session as its rows tell it: fetched as keys and lazy references, loaded with no database."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dlgn_cnn.config import value_sha256
from dlgn_cnn.data import recording as recorded
from schemas import optogenetics, session, stimulus
from schemas.base.keys import Row
from schemas.connection.in_force import settings_in_force
from schemas.recording import RawFile
from schemas.recording import Recording as RecordingTable

# In the order of the first fields of ``SceneFile``.
SCENE = ("scene_path", "scene_sha256", "scene_frames", "scene_rate_hz", "width_px", "height_px", "scene_part")
# DataJoint refuses a result if what was fetched for it has changed meanwhile. It does not compare keys that begin with
# two underscores: a recording may move while a dataset is built from it.
PLACE = {name: f"__{name}" for name in ("scene_path", "scene_part")}
TABLES = {
    "presentations": stimulus.Presentation,
    "onsets": stimulus.FrameOnsets,
    "opto_epochs": optogenetics.OptoEpoch,
    "opto_design": optogenetics.OptoDesign,
    "spikes": RecordingTable.Spikes,
    "observed": RecordingTable.Observed,
    "signals": RecordingTable.Signal,
    "bins": RecordingTable.Bins,
    "binned": RecordingTable.Binned,
}


@dataclass(frozen=True)
class StoredSession:
    """One session's rows, by the keys of ``TABLES``, with lazy references to arrays in the store."""

    name: str
    raw_sha256: str
    reading: Row
    scenes: list[Row]
    rows: dict[str, list[Row]]

    @property
    def origin(self) -> list[str]:
        """The digests of every byte that the session was made of, how they were read, and how light was drawn."""
        read = value_sha256([self.reading, [self._design().kind, self._design().period_s]])
        return [self.name, self.raw_sha256, read, *(row["scene_sha256"] for row in self.scenes)]

    def load(self) -> recorded.SessionRecording:
        """The recording, validated again; arrays are read from the store."""
        rows = self.rows
        onsets = {row["trial"]: tuple(map(float, row["frame_onsets_s"].load())) for row in rows["onsets"]}
        return recorded.SessionRecording(
            session=recorded.SessionKey.parse(self.name),
            spike_times_s={row["unit"]: np.asarray(row["spike_times_s"].load()) for row in rows["spikes"]},
            presentations=tuple(_presentation(row, onsets.get(row["trial"], ())) for row in rows["presentations"]),
            opto_epochs_s=np.array([[row["on_s"], row["off_s"]] for row in rows["opto_epochs"]]).reshape(-1, 2),
            scenes={recorded.SceneKey(row["movie"], row["scene"]): _scene_file(row) for row in self.scenes},
            signals={row["signal_name"]: _signal(row) for row in rows["signals"]},
            binned=self._binned(),
            opto_design=self._design(),
            observed_s={row["unit"]: np.asarray(row["observed_s"].load()) for row in rows["observed"]},
        )

    def _design(self) -> recorded.SessionOptoDesign:
        (row,) = self.rows["opto_design"]
        return recorded.SessionOptoDesign(row["opto_kind"], row["opto_period_s"], row["opto_share"])

    def _binned(self) -> recorded.BinnedResponses | None:
        if not self.rows["bins"]:
            return None
        units = self.rows["binned"]
        values = np.stack([np.asarray(row["responses"].load(), np.float32) for row in units])
        bins_s = np.asarray(self.rows["bins"][0]["bins_s"].load())
        return recorded.BinnedResponses(tuple(row["unit"] for row in units), bins_s, values)


def fetch_session(key: Row) -> StoredSession:
    """Every row of one session, in the order of its keys."""
    scenes = stimulus.Scene & (stimulus.Presentation & key).proj("movie", "scene")
    raw = (RawFile & key).fetch1()
    return StoredSession(
        (session.Session & key).fetch1("session_name"),
        raw["raw_sha256"],
        {name: raw[name] for name in ("reader", "reader_options")},
        [{PLACE.get(name, name): value for name, value in row.items()} for row in scenes.to_dicts(order_by="KEY")],
        {name: (table & key).to_dicts(order_by="KEY") for name, table in TABLES.items()},
    )


def _presentation(row: Row, onsets: tuple[float, ...]) -> recorded.PresentationTimes:
    scene, tier = recorded.SceneKey(row["movie"], row["scene"]), row["designated_tier"]
    return recorded.PresentationTimes(row["trial"], scene, row["onset_s"], row["offset_s"], tier, onsets)


def _signal(row: Row) -> recorded.SampledSignal:
    times_s, values = (row[name].load() for name in ("signal_times_s", "signal_values"))
    return recorded.SampledSignal(np.asarray(times_s), np.asarray(values, np.float32))


def _scene_file(row: Row) -> recorded.SceneFile:
    path, *others = (row[PLACE.get(name, name)] for name in SCENE)
    return replace(recorded.SceneFile(settings_in_force().here(path), *others), stored=path)
