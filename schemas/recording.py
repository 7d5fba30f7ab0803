"""What was recorded: the raw file of a session, and its spikes and signals once read."""

from itertools import chain
from typing import Any

import datajoint as dj
import numpy as np

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import SessionKey
from dlgn_cnn.data.recording import SessionRecording as RawRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.storage.files import missing_file, path_sha256
from dlgn_cnn.storage.rights import present
from schemas import provenance, session
from schemas.base import array_codec
from schemas.base.keys import Key, Row
from schemas.connection.in_force import settings_in_force

schema = dj.Schema()
PLACE = "__raw_path"


@schema
class RawFile(dj.Manual):
    """The file that a session was read from, known by its bytes, and the reader and options that read it."""

    definition = """
    # raw file of a session
    -> session.Session
    ---
    reader : varchar(32)
    raw_path : varchar(512)
    raw_sha256 : char(64)
    reader_options : json
    """


@schema
class Recording(provenance.Traced, dj.Imported):
    """A session's spikes and behavior, each on the session's clock in seconds."""

    tolerance = 1e-6

    definition = """
    # spikes and behavior of a session
    -> RawFile
    ---
    units : int32
    spikes : int64
    """

    class Spikes(dj.Part):
        """Spike times of one unit."""

        definition = """
        -> master
        -> session.Unit
        ---
        spike_count : int32
        spike_times_s : <array@main>
        """

    class Bins(dj.Part):
        """The bins of responses that came without spike times."""

        definition = """
        -> master
        ---
        bins_s : <array@main>  # (bin, start and stop)
        """

    class Binned(dj.Part):
        """Binned responses of one unit: counts, or the area under a trace."""

        definition = """
        -> master
        -> session.Unit
        ---
        response_sum : float64
        responses : <array@main>
        """

    class Observed(dj.Part):
        """When a unit was observed; one without a row was observed throughout."""

        definition = """
        -> master
        -> session.Unit
        ---
        observed_s : <array@main>  # (interval, start and stop)
        """

    class Signal(dj.Part):
        """One behavioral signal on its own clock."""

        definition = """
        -> master
        signal_name : varchar(16)  # running, pupil_size, pupil_x or pupil_y
        ---
        signal_times_s : <array@main>
        signal_values : <array@main>  # NaN where missing
        """

    def inputs(self, key: Key) -> dict[str, str]:
        """The digest of the raw file."""
        return {"raw file": str((RawFile & key).fetch1("raw_sha256"))}

    def make_fetch(self, key: Row) -> tuple[Any, ...]:
        """How to read the raw file, and where it is, in a key that DataJoint does not compare: it may move."""
        reader, path, sha256, options = (RawFile & key).fetch1("reader", "raw_path", "raw_sha256", "reader_options")
        return reader, {PLACE: path}, sha256, options

    @interrupts.allowed()
    def make_compute(self, key: Row, reader: str, place: Row, sha256: str, options: Row) -> provenance.Found:
        """Read the session from its raw file, whose bytes must still be those that were ingested."""
        path = place[PLACE]
        here = settings_in_force().here(path)
        if not present(here):
            raise missing_file("raw file", here, path)
        if path_sha256(here) != sha256:
            raise RecordingError(f"raw file {here} has changed since it was ingested: restore it")
        wanted = SessionKey(key["mouse"], key["series"], key["experiment"])
        found = read_recordings(here, reader=reader, **options)
        row, parts = rows_of(next(recording for recording in found if recording.session == wanted))
        array_codec.upload({schema.database: chain(*parts.values())})
        return row, parts


def rows_of(recording: RawRecording) -> provenance.Found:
    """The row of a session's spikes and signals, and those of its parts."""
    spikes, binned = recording.spike_times_s, recording.binned
    parts: dict[str, list[Row]] = {
        "Spikes": [
            {"unit": unit, "spike_count": len(times), "spike_times_s": np.asarray(times)}
            for unit, times in spikes.items()
        ],
        "Signal": [
            {"signal_name": name, "signal_times_s": signal.times_s, "signal_values": signal.values}
            for name, signal in recording.signals.items()
        ],
    }
    if recording.observed_s:
        parts["Observed"] = [{"unit": unit, "observed_s": own} for unit, own in recording.observed_s.items()]
    if binned is not None:
        parts["Bins"] = [{"bins_s": binned.bins_s}]
        parts["Binned"] = [
            {"unit": unit, "response_sum": float(row.sum()), "responses": row}
            for unit, row in zip(binned.units, binned.values, strict=True)
        ]
    return {"units": len(recording.units), "spikes": sum(map(len, spikes.values()))}, parts
