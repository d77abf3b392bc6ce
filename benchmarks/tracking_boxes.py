"""How well do identities survive, given boxes alone?

    python benchmarks/tracking_boxes.py SEQUENCE_DIR [BOX_FILE ...] [--start-score S]

SEQUENCE_DIR holds seqinfo.ini, gt.txt and box files (det*.txt) of a MOT challenge sequence. Every
box becomes a plain body of 1.7 m with 10 % uncertain depth; no image is read. Scores are those of
TrackEval (`pip install trackeval`): HOTA, AssA, MOTA, IDF1 in percent, and id switches.
Two lines a file: "online" counts what was published as CONFIRMED at the time; "filled" adds, as
peers do, the first moments of tracks that were CONFIRMED later and people OCCLUDED for a second.
"""

from __future__ import annotations

import argparse
import configparser
import time
from pathlib import Path

import numpy as np

from humans4d_core.evaluation.mot_tables import box_rows, read_table
from humans4d_core.evaluation.tracking_metrics import score_tracks
from humans4d_core.geometry import unproject
from humans4d_core.tracking import Tracker, TrackerConfig
from humans4d_core.types import Bodies, Camera, Frame, TrackState

FOCAL_PX = 1169.0  # of PETS09-S2L1's camera
PERSON_HEIGHT = 1.7
DEPTH_SIGMA = 0.1  # of the depth
LATERAL_SIGMA = 0.05  # m

#: Height of SMPL's 24 joints above the pelvis, in person heights, standing.
JOINT_RISE = np.array([
    0, -.02, -.02, .06, -.26, -.26, .14, -.5, -.5, .17, -.53, -.53, .3, .26, .26, .35, .27, .27,
    .13, .13, 0, 0, -.05, -.05,
])  # fmt: skip


def bodies_of_boxes(boxes_px: np.ndarray, scores: np.ndarray, camera: Camera) -> Bodies:
    """Upright cards (N, 4 vertices) of a person's height at the boxes (N, 4)."""
    n = len(boxes_px)
    centers = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2
    heights = np.maximum(boxes_px[:, 3] - boxes_px[:, 1], 1e-6)
    pelvis = unproject(centers, camera.fy * PERSON_HEIGHT / heights, camera)
    joints = np.repeat(pelvis[:, None], 24, axis=1)
    joints[..., 1] -= JOINT_RISE * PERSON_HEIGHT
    joints_px = np.repeat(centers[:, None], 24, axis=1)
    joints_px[..., 1] -= JOINT_RISE * heights[:, None]
    corners = pelvis[:, None] + np.array(
        [[-0.3, -0.9, 0], [0.3, -0.9, 0], [0.3, 0.9, 0], [-0.3, 0.9, 0]]
    )
    ray = pelvis / np.linalg.norm(pelvis, axis=1, keepdims=True)
    along = (DEPTH_SIGMA * pelvis[:, 2]) ** 2 - LATERAL_SIGMA**2
    covariance = np.eye(3) * LATERAL_SIGMA**2 + along[:, None, None] * (
        ray[:, :, None] * ray[:, None, :]
    )
    arrays = (
        boxes_px, scores, np.tile(np.eye(3), (n, 1, 1)), np.tile(np.eye(3), (n, 23, 1, 1)),
        np.zeros((n, 10)), pelvis, corners, joints, joints_px, np.ones((n, 24)), covariance,
    )  # fmt: skip
    return Bodies(*(np.asarray(a, np.float32) for a in arrays), "boxes", "card")


def track(box_file: Path, sequence, config: TrackerConfig) -> tuple[list, list, float]:
    """MOT rows published online, MOT rows with fillings, milliseconds a frame (median)."""
    width, height = int(sequence["imWidth"]), int(sequence["imHeight"])
    camera = Camera(FOCAL_PX, FOCAL_PX, width / 2, height / 2, width, height)
    image = np.zeros((height, width, 3), np.uint8)
    table = np.loadtxt(box_file, delimiter=",", ndmin=2)
    tracker, published, times = Tracker(config), [], []
    for number in range(1, int(sequence["seqLength"]) + 1):
        rows = table[table[:, 0] == number]
        boxes = np.column_stack((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]))
        stamp_ns = round(number * 1e9 / float(sequence["frameRate"]))
        bodies = bodies_of_boxes(boxes, rows[:, 6], camera)
        start = time.perf_counter()
        people = tracker.update(Frame(image, stamp_ns, camera), bodies)
        times.append(time.perf_counter() - start)
        unseen = (stamp_ns - people.last_seen_ns) / 1e9
        for row in zip(
            people.track_ids, people.states, unseen, people.bodies.boxes_px, strict=True
        ):
            published.append((number, *row))
    confirmed_ids = {row[1] for row in published if row[2] == TrackState.CONFIRMED}
    online = [row for row in published if row[2] == TrackState.CONFIRMED]
    filled = [
        row for row in published
        if row[1] in confirmed_ids and row[2] != TrackState.LOST and row[3] <= 1.0
    ]  # fmt: skip
    return online, filled, 1e3 * float(np.median(times))


def table_of(rows: list) -> np.ndarray:
    """(R, 6): frame, id, x, y, w, h."""
    frames, ids = np.array([row[:2] for row in rows]).T
    return box_rows(frames, ids, np.array([row[4] for row in rows]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sequence_dir", type=Path)
    parser.add_argument("box_files", nargs="*")
    parser.add_argument("--start-score", type=float, default=TrackerConfig.start_score)
    arguments = parser.parse_args()
    info = configparser.ConfigParser()
    info.read(arguments.sequence_dir / "seqinfo.ini")
    sequence = info["Sequence"]
    names = arguments.box_files or sorted(p.name for p in arguments.sequence_dir.glob("det*.txt"))
    config = TrackerConfig(start_score=arguments.start_score)
    tracked, times = {}, {}
    for name in names:
        online, filled, ms = track(arguments.sequence_dir / name, sequence, config)
        stem = Path(name).stem
        tracked[f"{stem} online"], tracked[f"{stem} filled"] = online, filled
        times[f"{stem} online"] = times[f"{stem} filled"] = ms
    tables = {label: table_of(rows) for label, rows in tracked.items()}
    truth = read_table(arguments.sequence_dir / "gt.txt")
    scores = score_tracks(tables, truth, "MOT15", int(sequence["seqLength"]))
    print(f"{'boxes':28s} HOTA  AssA  MOTA  IDF1  switches tracks ms/frame")
    for label, f in scores.items():
        print(
            f"{label:28s} {f.hota:4.1f}  {f.ass_a:4.1f}  {f.mota:4.1f}  {f.idf1:4.1f}"
            f"  {f.id_switches:8d} {f.tracks:6d} {times[label]:8.2f}"
        )


if __name__ == "__main__":
    main()
