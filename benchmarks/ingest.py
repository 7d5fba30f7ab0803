"""How fast do scene files become grey frames, beside PyAV's own decoding and scaling in one thread?

Data: scenes of 424 by 264 px, 150 frames, as ``dlgn simulate`` writes them. The product's way checks the container
and the file's bytes, decodes, and scales to 33 by 53 px; the bare way is PyAV's documented loop, threads off. Both
take every file in turn, in every round; figures are medians over rounds.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from dlgn_cnn.data.scenes import scene_frames
from dlgn_cnn.data.video import probe
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.recording import simulate

SIZE, TARGET = (33, 53), 0.8


def bare(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        return np.stack(
            [
                frame.reformat(width=SIZE[1], height=SIZE[0], format="gray", interpolation="BILINEAR").to_ndarray()
                for frame in container.decode(stream)
            ]
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        config = SimulationConfig(units=2, train_scenes=6, test_scenes=2)
        scenes = [probe(p) for p in sorted((simulate(Path(folder) / "s", config) / "scenes").iterdir())]
        times: dict[str, list[float]] = {"product": [], "bare PyAV": []}
        frames = 0
        for _ in range(5 if quick else 25):
            for scene in scenes:
                started = time.perf_counter()
                ours = scene_frames(scene, SIZE)
                middle = time.perf_counter()
                theirs = bare(scene.path)
                times["product"].append((middle - started) / len(ours))
                times["bare PyAV"].append((time.perf_counter() - middle) / len(theirs))
                frames += len(ours)
                if not np.array_equal(ours, theirs):
                    raise SystemExit("the two ways give different frames")
    speeds = {name: 1 / statistics.median(each) for name, each in times.items()}
    for name, speed in speeds.items():
        print(f"{name:10} {speed:8.0f} frames/s")
    share = speeds["product"] / speeds["bare PyAV"]
    print(f"ingest {share:.2f} {TARGET} {'ok' if share >= TARGET else 'short'}")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
