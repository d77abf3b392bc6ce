"""Do bodies face where their people walk?

    python benchmarks/facing_accuracy.py SEQUENCE_DIR VIDEO_OR_FOLDER [--first 1] [--last N]

SEQUENCE_DIR holds seqinfo.ini, camera.json and gt.txt or gt/gt.txt of a MOT15 sequence whose
columns 8, 9 are metres on the ground. The true boxes are given, to the embedded recovery by single
images and with its memory. Of everybody who walks at 0.7 m/s or more: the angle on the ground
between the way and where hips and shoulders face, and how often it is more than 60 and 90 degrees.
"""

from __future__ import annotations

import argparse
import configparser
import json
from pathlib import Path

import numpy as np

from humans4d_core.config import RecoveryConfig
from humans4d_core.io import CameraChoice, open_source
from humans4d_core.recovery import create_recovery
from humans4d_core.types import Camera, Detections, Frame

LEAST_SPEED = 0.7
#: Images before and after, between which the way is measured.
AROUND = 2
LEFT_HIP, RIGHT_HIP, LEFT_SHOULDER, RIGHT_SHOULDER = 1, 2, 16, 17


def walking(truth: np.ndarray, rate: float) -> dict[tuple[int, int], np.ndarray]:
    """Velocity (2,) m/s on the ground of each image and person that walk."""
    places = {(int(row[0]), int(row[1])): row[7:9] for row in truth}
    ways = {}
    for number, person in places:
        before, after = (places.get((number + k, person)) for k in (-AROUND, AROUND))
        if before is not None and after is not None:
            velocity = (after - before) * rate / (2 * AROUND)
            if np.linalg.norm(velocity) >= LEAST_SPEED:
                ways[number, person] = velocity
    return ways


def facing(joints: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(3,) where joints (24, 3) face, up (3,) in their axes."""
    left = joints[LEFT_HIP] - joints[RIGHT_HIP] + joints[LEFT_SHOULDER] - joints[RIGHT_SHOULDER]
    return np.cross(left, up)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sequence", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=10**9)
    options = parser.parse_args()
    info = configparser.ConfigParser()
    info.read(options.sequence / "seqinfo.ini")
    rate = float(info["Sequence"]["frameRate"])
    calibration = json.loads((options.sequence / "camera.json").read_text())
    k, turn = np.array(calibration["K"]), np.array(calibration["R_world_to_cam"])
    found = [p for p in (options.sequence / "gt.txt", options.sequence / "gt/gt.txt") if p.exists()]
    truth = np.loadtxt(found[0], delimiter=",")
    ways = walking(truth, rate)
    recoveries = {
        name: create_recovery(RecoveryConfig("landmarks")) for name in ("single images", "memory")
    }
    angles: dict[str, list[float]] = {name: [] for name in recoveries}
    with open_source(options.images, CameraChoice(), rate, None) as source:
        for number, frame in enumerate(source, start=1):
            rows = truth[truth[:, 0] == number]
            if not options.first <= number <= options.last or not len(rows):
                continue
            height, width = frame.image_bgr.shape[:2]
            camera = Camera(k[0, 0], k[1, 1], k[0, 2], k[1, 2], width, height)
            boxes = np.column_stack((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6])).astype(np.float32)
            given = Detections(boxes, np.ones(len(boxes), np.float32))
            for name, recovery in recoveries.items():
                stamp_ns = 0 if name == "single images" else round(number / rate * 1e9)
                bodies = recovery.recover(Frame(frame.image_bgr, stamp_ns, camera), given)
                whose = (bodies.boxes_px[:, None] == boxes).all(-1).argmax(1)
                for joints, person in zip(bodies.joints_cam, rows[whose, 1], strict=True):
                    velocity = ways.get((number, int(person)))
                    if velocity is not None:
                        ahead = facing(joints.astype(float), turn[:, 2])
                        cosine = ahead @ (turn[:, :2] @ velocity) / np.linalg.norm(velocity)
                        angles[name].append(np.degrees(np.arccos(cosine / np.linalg.norm(ahead))))
    for name, values in angles.items():
        off = np.array(values)
        print(
            f"{name:14s} {len(off):5d} sights   median {np.median(off):5.1f}   mean "
            f"{off.mean():5.1f} degrees   > 60: {100 * (off > 60).mean():5.1f} %   "
            f"> 90: {100 * (off > 90).mean():5.1f} %"
        )


if __name__ == "__main__":
    main()
