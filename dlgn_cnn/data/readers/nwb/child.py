"""The process that reads NWB files: HDF5, h5py and pynwb can crash, hang or swell over a damaged one."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers.nwb.contents import frames_of, recording_of
from dlgn_cnn.data.recording import SessionRecording
from dlgn_cnn.runtime.answering import Answers

SCENE = ("sha256", "frames", "rate_hz", "width_px", "height_px", "part")


def answer(answers: Answers, request: dict[str, Any]) -> None:
    """Send the file's recording, or the frames of one of its scenes."""
    path = Path(request["place"])
    os.chdir(request["here"])  # for storage outside the file, whose name is relative to it
    if "frames" in request:
        for block in frames_of(path, request["frames"]):
            answers.send(block)
        answers.say(closed=True)  # the file: until then, no other process can write it
        return
    send(
        answers,
        recording_of(path, progress=lambda done, total: answers.say(progress=[done, total]), **request["options"]),
    )


def send(answers: Answers, found: SessionRecording) -> None:
    """Send a recording: its texts as JSON, then its arrays in the order in which ``reader`` takes them."""
    keys, files = list(found.scenes), list(found.scenes.values())
    numbers, shown = {key: number for number, key in enumerate(keys)}, found.presentations
    texts = {
        "session": [found.session.mouse, found.session.series, found.session.experiment],
        "scenes": [
            [key.movie, key.scene, str(file.path), *(getattr(file, name) for name in SCENE)]
            for key, file in zip(keys, files, strict=True)
        ],
        "signals": list(found.signals),
        "notes": list(found.notes),
        "unused": list(found.unused),
    }
    answers.send(json.dumps(texts))
    answers.send(np.array([(one.start_s, one.stop_s) for one in shown], np.float64).reshape(-1, 2))
    answers.send(
        np.array(
            [(numbers[one.scene], one.tier == "test", len(one.frame_onsets_s)) for one in shown], np.int64
        ).reshape(-1, 3)
    )
    answers.send(np.array([onset for one in shown for onset in one.frame_onsets_s], np.float64))
    answers.send(np.array(list(found.spike_times_s), np.int64))
    answers.send(np.array([len(times) for times in found.spike_times_s.values()], np.int64))
    answers.send(np.concatenate([np.empty(0), *found.spike_times_s.values()]))
    answers.send(np.asarray(found.opto_epochs_s, np.float64))
    for signal in found.signals.values():
        answers.send(np.asarray(signal.times_s, np.float64))
        answers.send(np.asarray(signal.values, np.float32))
    answers.send(np.array(list(found.observed_s), np.int64))
    answers.send(np.array([len(intervals) for intervals in found.observed_s.values()], np.int64))
    answers.send(np.concatenate([np.empty((0, 2)), *found.observed_s.values()]))
