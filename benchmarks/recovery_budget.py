"""A crowd and too little time: fresh bodies in turn, or images left out?

    python benchmarks/recovery_budget.py SEQUENCE_DIR VIDEO [--boxes det_movenet.txt] [--frames N]
        [--share 0.5 0.25 0.125]

SEQUENCE_DIR: a MOT15 sequence with places on the ground, as in positions_on_ground.py; the ground
is known. Everybody in every image first: the mean time that recovering takes is 1. Then, for each
share of it: BudgetedRecovery with that much time an image, and every image whose turn it is with as
much time on average, the others left out. HOTA, IDF1, MOTA and identity switches over all images,
what is left out is missed. Position: error on the ground of CONFIRMED people, m. Pose: s since it
was recovered, median and largest of CONFIRMED people.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from positions_on_ground import MATCHED_IOU, ground_camera, matched, read_truth

from humans4d_core.config import PositioningConfig, RecoveryConfig, TrackerConfig
from humans4d_core.detection.score_scale import ScoreScale
from humans4d_core.evaluation.ground_positions import score_positions
from humans4d_core.evaluation.mot_tables import box_rows
from humans4d_core.evaluation.tracking_metrics import score_tracks
from humans4d_core.io import CameraChoice, open_source, read_mot
from humans4d_core.positioning import Positioning
from humans4d_core.recovery import create_recovery
from humans4d_core.recovery.budget import BudgetedRecovery
from humans4d_core.tracking.tracker_creation import create_tracker
from humans4d_core.types import Frame, Pose, TrackState


class Way:
    """One way to spend the time, with a recovery and a tracker of its own."""

    def __init__(self, name: str, start_score: float, budget: float = 0.0, every: float = 1.0):
        recovery = create_recovery(RecoveryConfig("landmarks"))
        self.recovery = BudgetedRecovery(recovery, budget) if budget else recovery
        self.name, self._every, self._turn = name, every, 0.0
        self._positioning = Positioning(recovery.body, PositioningConfig(ground_tilt_sigma=0.002))
        self._tracker = create_tracker(
            config=TrackerConfig(start_score=start_score), body=recovery.body
        )
        self.seconds: list[float] = []
        self.rows: list[np.ndarray] = []
        self.places: list[tuple] = []
        self.ages: list[np.ndarray] = []

    def process(self, frame: Frame, found, ground: Pose, boxes, places) -> None:
        self._turn += 1
        if self._turn < self._every:
            return
        self._turn -= self._every
        start = time.perf_counter()
        bodies = self.recovery.recover(frame, found)
        self.seconds.append(time.perf_counter() - start)
        frame = replace(frame, ground_from_camera=ground)
        people = self._tracker.update(frame, self._positioning.place(frame, bodies))
        people = people.select(people.states == TrackState.CONFIRMED)
        self.rows.append(box_rows(frame.number, people.track_ids, people.bodies.boxes_px))
        row, column = matched(people.bodies.boxes_px, boxes)
        pelvis, covariance = people.bodies.pelvis_cam[row], people.position_covariance_cam[row]
        self.places.append((pelvis, covariance, places[column]))
        self.ages.append(people.bodies.pose_age)

    def shown(self, truth: np.ndarray, ground: Pose, images: int) -> str:
        score = score_tracks({"": np.concatenate(self.rows)}, truth, "MOT15", images)[""]
        parts = (np.concatenate(a).astype(float) for a in zip(*self.places, strict=True))
        place, ages = score_positions(*parts, ground), np.concatenate(self.ages)
        spent = 1e3 * np.sum(self.seconds) / images
        return (
            f"{self.name:18} {spent:8.1f} {1e3 * np.percentile(self.seconds, 95):6.1f}"
            f"{score.hota:8.1f} {score.idf1:5.1f} {score.mota:5.1f} {score.id_switches:5}"
            f"{place.median:8.3f} {place.inside:5.1f} {np.median(ages):8.2f} {ages.max():5.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sequence_dir", type=Path)
    parser.add_argument("video", type=Path)
    parser.add_argument("--boxes", default="det_movenet.txt")
    parser.add_argument("--frames", type=int)
    parser.add_argument("--share", type=float, nargs="+", default=[0.5, 0.25, 0.125])
    options = parser.parse_args()
    sequence, table, boxes = read_truth(options.sequence_dir)
    camera, ground, _ = ground_camera(sequence, table, boxes)
    given, scale = read_mot(options.sequence_dir / options.boxes), ScoreScale()
    for detections in given.frames.values():
        scale.watch(detections.scores)

    def images():
        rate = float(sequence["frameRate"])
        with open_source(options.video, CameraChoice(), rate, None) as source:
            for frame in islice(source, options.frames):
                yield replace(frame, camera=camera)

    def run(way: Way) -> int:
        last = 0
        for frame in images():
            now, last = table[:, 0] == frame.number, frame.number
            way.process(frame, given[frame.number], ground, boxes[now], table[now, 7:9])
        truth = table[table[:, 0] <= last]
        print(way.shown(truth, ground, last), flush=True)
        return last

    print(
        "way                 mean ms    p95    HOTA  IDF1  MOTA   ids  m     % inside   "
        f"pose s   most   (IoU {MATCHED_IOU})"
    )
    everybody = Way("everybody", scale.start_score)
    run(everybody)
    mean = float(np.mean(everybody.seconds))
    for share in options.share:
        run(Way(f"in turn, {share:g}", scale.start_score, budget=share * mean))
        run(Way(f"left out, {share:g}", scale.start_score, every=1 / share))


if __name__ == "__main__":
    main()
