"""Time how fast scene files become gray frames, relative to PyAV's own decoding and scaling in one thread.

Data: scenes of 424 by 264 px, 150 frames, as ``dlgn simulate`` writes them. The product checks the container and
the file's bytes, decodes, and scales to 33 by 53 px. PyAV's own way is its loop over frames without threads, with one
scaler for all frames (the faster way) and with one per frame. All read every file in turn, in every round; figures are
medians over rounds.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.video import probe
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.recording import simulate

SIZE, TARGET = (33, 53), 0.8


def bare(path: Path, scaler: VideoReformatter | None) -> np.ndarray:
    """PyAV's loop, with one scaler for all frames, or one per frame as in its documentation."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        scaled = []
        for frame in container.decode(stream):
            own = scaler or VideoReformatter()
            scaled.append(own.reformat(frame, SIZE[1], SIZE[0], "gray", interpolation="BILINEAR", threads=1))
        return np.stack([frame.to_ndarray() for frame in scaled])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        config = SimulationConfig(units=2, train_scenes=6, test_scenes=2)
        scenes = [probe(p) for p in sorted((simulate(Path(folder) / "s", config) / "scenes").iterdir())]
        ways = {
            "product": lambda scene: scene_frames(scene, SIZE),
            "PyAV, one scaler": lambda scene: bare(scene.path, VideoReformatter()),
            "PyAV, a scaler a frame": lambda scene: bare(scene.path, None),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(5 if quick else 25):
            for scene in scenes:
                found = []
                for name, way in ways.items():
                    started = time.perf_counter()
                    found.append(way(scene))
                    seconds[name].append((time.perf_counter() - started) / len(found[-1]))
                if not all(np.array_equal(found[0], other) for other in found):
                    raise SystemExit("the ways give different frames")
    speeds = {name: 1 / statistics.median(each) for name, each in seconds.items()}
    for name, speed in speeds.items():
        print(f"{name:24} {speed:8.0f} frames/s")
    share = speeds["product"] / max(speed for name, speed in speeds.items() if name != "product")
    print(f"ingest {share:.2f} {TARGET} {'ok' if share >= TARGET else 'short'}")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
