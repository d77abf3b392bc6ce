"""Is the camera's own motion told from the images alone?

    python benchmarks/virtual_camera.py SEQUENCE_DIR VIDEO [--boxes FILE]

A virtual camera pans, shakes, rolls, zooms over the real images of a standing one (SEQUENCE_DIR:
gt.txt and boxes of a MOT sequence, VIDEO: its images), by amounts that are known. A line each: the
error of the background's shift, roll and scale from image to image, median (95 %), and its time;
and HOTA/IDF1/switches of what was published as CONFIRMED, bodies stood up in the boxes, with
the images' motion, without it, and told the camera's pose as TF would.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from humans4d_core.config import PipelineConfig, RecoveryConfig, TrackerConfig
from humans4d_core.detection import GivenBoxes
from humans4d_core.evaluation.mot_tables import box_rows, read_table
from humans4d_core.evaluation.tracking_metrics import score_tracks
from humans4d_core.io import read_mot
from humans4d_core.pipeline import create_pipeline
from humans4d_core.tracking.image_motion import ImageMotion
from humans4d_core.types import Camera, Detections, Frame, Pose, TrackState

WIDTH, HEIGHT, RATE = 640, 480, 7.0
FOCAL_PX = 800.0
#: Source pixels that a picture of the virtual camera is wide, and the source's centre.
VIEW, CENTER = 460.0, np.array((384.0, 288.0))

#: Name -> (seconds (T,), random) -> shift of the view in source pixels (T, 2), roll rad, zoom.
Path3 = tuple[np.ndarray, np.ndarray, np.ndarray]


def still(t, random) -> Path3:
    return np.zeros((len(t), 2)), np.zeros(len(t)), np.ones(len(t))


def pan(t, random) -> Path3:
    """Up to 28 degrees a second."""
    return np.column_stack((130 * np.sin(2 * np.pi * t / 3), 40 * np.sin(t))), *still(t, random)[1:]


def shake(t, random) -> Path3:
    """1.2 degrees and 1 degree of roll from image to image, as on rough ground."""
    return random.normal(0, 12, (len(t), 2)), random.normal(0, 0.017, len(t)), np.ones(len(t))


def zoom(t, random) -> Path3:
    """By a third, back and forth in four seconds."""
    return np.zeros((len(t), 2)), np.zeros(len(t)), 1 + 0.3 * np.sin(2 * np.pi * t / 4)


def all_of_it(t, random) -> Path3:
    trembling, rolls, _ = shake(t, random)
    return pan(t, random)[0] + trembling / 2, rolls, zoom(t, random)[2]


MOTIONS: dict[str, Callable[..., Path3]] = {
    "still": still, "pan": pan, "shake": shake, "zoom": zoom, "all of it": all_of_it,
}  # fmt: skip


def picture_from_source(shift: np.ndarray, roll: float, zoom: float) -> np.ndarray:
    """(2, 3) from source pixels to those of the virtual camera."""
    scale = WIDTH / VIEW * zoom
    turn = scale * np.array(((np.cos(roll), -np.sin(roll)), (np.sin(roll), np.cos(roll))))
    return np.column_stack((turn, np.array((WIDTH / 2, HEIGHT / 2)) - turn @ (CENTER + shift)))


def true_steps(matrices) -> list[tuple[np.ndarray, float, float]]:
    """Of each picture but the first: the shift of its middle (2,) px, the roll (rad) and the scale
    of what was seen in the one before."""
    middle, steps = np.array((WIDTH / 2, HEIGHT / 2, 1)), []
    full = [np.vstack((matrix, (0, 0, 1))) for matrix in matrices]
    for before, now in itertools.pairwise(full):
        step = now @ np.linalg.inv(before)
        roll = float(np.arctan2(step[1, 0], step[0, 0]))
        steps.append(((step @ middle - middle)[:2], roll, float(np.hypot(*step[:2, 0]))))
    return steps


def moved_boxes(boxes_px: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upright boxes (N, 4) in the virtual camera, cut at its borders, and whose half is in view."""
    centers = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    half = (boxes_px[:, 2:] - boxes_px[:, :2]) / 2 * np.hypot(*matrix[:, 0])
    boxes = np.column_stack((centers - half, centers + half))
    inside = ((centers > 0) & (centers < (WIDTH, HEIGHT))).all(1)
    return np.clip(boxes, 0, (WIDTH, HEIGHT, WIDTH, HEIGHT)).astype(np.float32), inside


def read_images(path: Path) -> list[np.ndarray]:
    capture, images = cv2.VideoCapture(str(path)), []
    while (image := capture.read()[1]) is not None:
        images.append(image)
    return images


def errors(images, matrices) -> np.ndarray:
    """(T - 1, 4): errors of the shift (px), the roll (degrees) and the scale (%), seconds."""
    camera = Camera(FOCAL_PX, FOCAL_PX, WIDTH / 2, HEIGHT / 2, WIDTH, HEIGHT)
    motion, rows, truths = ImageMotion(), [], [None, *true_steps(matrices)]
    for image, matrix, truth in zip(images, matrices, truths, strict=True):
        shown = cv2.warpAffine(image, matrix, (WIDTH, HEIGHT))
        start = time.perf_counter()
        step = motion.step(shown, np.zeros((0, 4)), camera)
        seconds = time.perf_counter() - start
        if truth is not None:
            true_shift, true_roll, true_scale = truth
            turn = np.zeros(3)
            if step.turn is not None:
                turn = Rotation.from_matrix(step.turn.rotation).as_rotvec()
            found = np.array((turn[1], -turn[0])) * FOCAL_PX
            shift = np.linalg.norm(found - true_shift)
            roll = abs(np.degrees(turn[2] - true_roll))
            scale = abs(step.scale / true_scale - 1) * 100
            rows.append((shift, roll, scale, seconds))
    return np.array(rows)


def tracks(images, matrices, boxes, use_images: bool, is_told: bool) -> np.ndarray:
    """MOT rows (R, 6) of CONFIRMED people."""
    config = PipelineConfig(
        recovery=RecoveryConfig("upright"), tracker=TrackerConfig(use_images=use_images)
    )
    pipeline = create_pipeline(config, detector=GivenBoxes())
    camera = Camera(FOCAL_PX, FOCAL_PX, WIDTH / 2, HEIGHT / 2, WIDTH, HEIGHT)
    pose, rows, truths = Pose(np.eye(3), np.zeros(3)), [], [None, *true_steps(matrices)]
    pictures = zip(images, matrices, truths, strict=True)
    for number, (image, matrix, truth) in enumerate(pictures, start=1):
        shown = cv2.warpAffine(image, matrix, (WIDTH, HEIGHT))
        if truth is not None:
            (x, y), roll, _ = truth
            turn = Rotation.from_rotvec((-y / FOCAL_PX, x / FOCAL_PX, roll))
            pose = pose @ Pose(turn.as_matrix().T, np.zeros(3))
        given = boxes[number]
        where, inside = moved_boxes(given.boxes_px, matrix)
        detections = Detections(where, given.scores).select(inside)
        frame = Frame(
            shown, round((number - 1) / RATE * 1e9), camera, number=number,
            fixed_from_camera=pose if is_told else None,
        )  # fmt: skip
        people = pipeline.process(frame, detections).people
        people = people.select(people.states == TrackState.CONFIRMED)
        rows.append(box_rows(number, people.track_ids, people.bodies.boxes_px))
    return np.concatenate(rows)


def moved_truth(truth: np.ndarray, matrices) -> np.ndarray:
    rows = []
    for row in truth[np.argsort(truth[:, 0], kind="stable")]:
        box = np.array([[row[2], row[3], row[2] + row[4], row[3] + row[5]]])
        (moved,), (inside,) = moved_boxes(box, matrices[int(row[0]) - 1])
        if inside:
            rows.append((row[0], row[1], *moved[:2], *(moved[2:] - moved[:2]), 1, -1, -1, -1))
    return np.array(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sequence", type=Path)
    parser.add_argument("video", type=Path)
    parser.add_argument("--boxes", default="det_movenet.txt")
    options = parser.parse_args()
    images = read_images(options.video)
    boxes, truth = (
        read_mot(options.sequence / options.boxes),
        read_table(options.sequence / "gt.txt"),
    )
    times = np.arange(len(images)) / RATE
    columns = ("shift px", "roll deg", "scale %", "ms", "images", "people only", "told the pose")
    print(f"{'motion':10s}" + "".join(f"{column:>20s}" for column in columns))
    for name, motion in MOTIONS.items():
        shifts, rolls, zooms = motion(times, np.random.default_rng(0))
        matrices = [picture_from_source(*m) for m in zip(shifts, rolls, zooms, strict=True)]
        error = errors(images, matrices)
        middle, high = np.median(error, axis=0), np.percentile(error, 95, axis=0)
        tables = {
            "images": tracks(images, matrices, boxes, True, False),
            "people": tracks(images, matrices, boxes, False, False),
            "told": tracks(images, matrices, boxes, True, True),
        }
        scores = score_tracks(tables, moved_truth(truth, matrices), "MOT15", len(images))
        measured = [f"{m:.2f} ({h:.2f})" for m, h in zip(middle[:3], high[:3], strict=True)]
        measured.append(f"{1e3 * middle[3]:.1f}")
        measured += [f"{s.hota:.1f}/{s.idf1:.1f}/{s.id_switches}" for s in scores.values()]
        print(f"{name:10s}" + "".join(f"{value:>20s}" for value in measured), flush=True)


if __name__ == "__main__":
    main()
