"""How far from the truth are people's positions, in metres?

    python benchmarks/positions_on_ground.py SEQUENCE_DIR VIDEO [--boxes det.txt] [--frames N]

SEQUENCE_DIR holds seqinfo.ini and gt.txt of a MOT15 sequence whose columns 8, 9 are metres on the
ground (PETS09-S2L1); VIDEO its images. The camera is calibrated with the truth's boxes and places,
once, and then given to everything. Bodies come from the embedded recovery. Lines:

    size            the recovery's own position: intrinsics, and how large people are
    size + learned  the same, with the ground that people's feet show: what the pipeline does
    ground          the camera's pose over the ground is given, as by TF

of the bodies of single images, and of tracked people who are CONFIRMED. The truth is the ground
under the middle of a box' lower edge: nearer to the camera than the hips by about half a step. "box
foot" is the same place of the recovered mesh. "inside": errors in the stated 95 % ellipse;
"aligned": after one rigid motion of all positions.
"""

from __future__ import annotations

import argparse
import configparser
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from humans4d_core.config import PositioningConfig, RecoveryConfig, TrackerConfig
from humans4d_core.config.positioning_config import DEFAULT
from humans4d_core.detection import create_detector
from humans4d_core.detection.score_scale import ScoreScale
from humans4d_core.evaluation.ground_positions import (
    PositionScore,
    calibrated_camera,
    on_ground,
    score_positions,
)
from humans4d_core.geometry import project
from humans4d_core.geometry.boxes import same_boxes
from humans4d_core.io import CameraChoice, open_source, read_mot
from humans4d_core.positioning import Positioning
from humans4d_core.recovery import create_recovery
from humans4d_core.tracking.tracker_creation import create_tracker
from humans4d_core.types import Bodies, Camera, Frame, Pose, TrackState

MATCHED_IOU = 0.5


class Way:
    """One way to know where people are, with its tracker, and what became of it."""

    def __init__(self, name: str, body, start_score: float, places: bool, ground: Pose | None):
        self.name, self.ground = name, ground
        self.positioning = (
            Positioning(body, PositioningConfig(ground_tilt_sigma=0.002)) if places else None
        )
        self.tracker = create_tracker(config=TrackerConfig(start_score=start_score), body=body)
        self.rows = {"bodies": [], "tracked": []}

    def process(self, frame: Frame, bodies: Bodies, boxes: np.ndarray, places: np.ndarray) -> None:
        """Take in the bodies of a frame; the truth's boxes (T, 4) px and places (T, 2) m."""
        frame = replace(frame, ground_from_camera=self.ground)
        if self.positioning is not None:
            bodies = self.positioning.place(frame, bodies)
        people = self.tracker.update(frame, bodies)
        people = people.select(people.states == TrackState.CONFIRMED)
        covariances = bodies.pelvis_covariance_cam, people.position_covariance_cam
        for kind, found, covariance in zip(
            self.rows, (bodies, people.bodies), covariances, strict=True
        ):
            row, column = matched(found.boxes_px, boxes)
            self.rows[kind].append((found.pelvis_cam[row], covariance[row], places[column]))

    def scores(self, ground: Pose) -> dict[str, PositionScore]:
        return {
            f"{self.name}, {kind}": score_positions(
                *(np.concatenate(a).astype(np.float64) for a in zip(*rows, strict=True)), ground
            )
            for kind, rows in self.rows.items()
        }


def matched(boxes: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of boxes and of the truth that show one person."""
    return same_boxes(boxes, truth, MATCHED_IOU)


def box_feet(
    bodies: Bodies, boxes, places, camera: Camera, ground: Pose
) -> tuple[np.ndarray, np.ndarray]:
    """Of bodies on the ground: errors (K,) m of the ground under the meshes' boxes, where the truth
    was measured, and how much farther away than that the hips are, (K,) m."""
    row, column = matched(bodies.boxes_px, boxes)
    pixels = project(bodies.vertices_cam[row], camera)
    low, high = pixels.min(1), pixels.max(1)
    feet = np.column_stack(((low[:, 0] + high[:, 0]) / 2, high[:, 1]))
    barefoot = Pose(ground.rotation, ground.translation - (0, 0, DEFAULT.shoe_sole))
    found, origin = on_ground(feet, camera, barefoot), ground.translation[:2]
    hips = ground.apply(bodies.pelvis_cam[row])[:, :2]
    farther = np.linalg.norm(hips - origin, axis=1) - np.linalg.norm(found - origin, axis=1)
    return np.linalg.norm(found - places[column], axis=1), farther


def read_truth(sequence_dir: Path) -> tuple[configparser.SectionProxy, np.ndarray, np.ndarray]:
    """What seqinfo.ini says of a sequence; its truth's counted rows, and their boxes (R, 4) px."""
    info = configparser.ConfigParser()
    info.read(sequence_dir / "seqinfo.ini")
    truth = np.loadtxt(sequence_dir / "gt.txt", delimiter=",")
    truth = truth[truth[:, 6] == 1]
    boxes = np.column_stack((truth[:, 2:4], truth[:, 2:4] + truth[:, 4:6]))
    return info["Sequence"], truth, boxes


def ground_camera(
    sequence, truth: np.ndarray, boxes: np.ndarray
) -> tuple[Camera, Pose, np.ndarray]:
    """The camera that the truth of `read_truth` fits, its ground, and the feet (R, 2) px."""
    feet = np.column_stack(((boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]))
    size = int(sequence["imWidth"]), int(sequence["imHeight"])
    return *calibrated_camera(feet, truth[:, 7:9], *size), feet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sequence_dir", type=Path)
    parser.add_argument("video", type=Path)
    parser.add_argument("--boxes", help="a box file of the sequence instead of the detector")
    parser.add_argument("--frames", type=int, help="stop after this many")
    arguments = parser.parse_args()
    sequence, truth, boxes = read_truth(arguments.sequence_dir)
    places = truth[:, 7:9]
    camera, ground, true_feet = ground_camera(sequence, truth, boxes)
    error = np.linalg.norm(on_ground(true_feet, camera, ground) - places, axis=1)
    print(
        f"camera: f {camera.fx:.0f} px, centre {camera.cx:.0f}, {camera.cy:.0f}, "
        f"k1 {camera.distortion[0]:.3f}, {ground.translation[2]:.2f} m high; "
        f"fits the truth to {error.mean():.3f} m (mean)"
    )
    recovery = create_recovery(RecoveryConfig("landmarks"))
    if arguments.boxes:
        given, detector = read_mot(arguments.sequence_dir / arguments.boxes), None
        scale = ScoreScale()
        for detections in given.frames.values():
            scale.watch(detections.scores)
        start_score = scale.start_score
    else:
        given, detector = None, create_detector()
        start_score = detector.start_score
    ways = [
        Way("size", recovery.body, start_score, False, None),
        Way("size + learned", recovery.body, start_score, True, None),
        Way("ground", recovery.body, start_score, True, ground),
    ]
    feet = []
    rate = float(sequence["frameRate"])
    with open_source(arguments.video, CameraChoice(), rate, None) as source:
        for frame in islice(source, arguments.frames):
            frame = replace(frame, camera=camera)
            found = given[frame.number] if given else detector.detect(frame.image_bgr)
            bodies = recovery.recover(frame, found)
            now = truth[:, 0] == frame.number
            for way in ways:
                way.process(frame, bodies, boxes[now], places[now])
            placed = ways[-1].positioning.place(replace(frame, ground_from_camera=ground), bodies)
            feet.append(box_feet(placed, boxes[now], places[now], camera, ground))
    print(f"{'':24s} people  median    p95  inside %  aligned median    p95")
    for way in ways:
        for label, s in way.scores(ground).items():
            print(
                f"{label:24s} {s.count:6d}  {s.median:6.3f} {s.p95:6.3f}  {s.inside:8.1f}  "
                f"{s.aligned_median:14.3f} {s.aligned_p95:6.3f}"
            )
    error, farther = (np.concatenate(values) for values in zip(*feet, strict=True))
    print(
        f"{'ground, box foot':24s} {len(error):6d}  {np.median(error):6.3f} "
        f"{np.percentile(error, 95):6.3f}"
    )
    print(f"the hips are {np.median(farther):.2f} m (median) farther than the box foot")


if __name__ == "__main__":
    main()
