"""One man before four real cameras: his place and his joints from 1, 2, 3 and 4 views.

    python benchmarks/fused_views.py POSE2SIM_DIR [--every 4]

POSE2SIM_DIR: cam01.mp4 ... and truth.npz (R, t, K of each camera). Every camera has its own
pipeline with tracking; their people are fused in the truth's world. Position: the hips' middle, m.
Joints: 12, mm, from the hips' middle. Of one view: the means of the cameras. `ids`: how many
different ones the man had in a list.
"""

from __future__ import annotations

import argparse
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from pose_accuracy import JOINTS, POSE2SIM

from humans4d_core.evaluation import pa_mpjpe
from humans4d_core.evaluation.pose_metrics import mpjpe
from humans4d_core.fusion import PeopleFusion
from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.pipeline import create_pipeline
from humans4d_core.types import Camera, Frame, People, Pose, TrackState

NEAR = 1.0  #: m: a row is the man's


def seen_by(folder: Path, name: str, truth, every: int) -> tuple[list[People], np.ndarray]:
    """People of each image in the world, and the camera's place."""
    pose = Pose(truth[f"{name}_R"], truth[f"{name}_t"]).inverse()
    k, capture = truth[f"{name}_K"], cv2.VideoCapture(str(folder / f"{name}.mp4"))
    pipeline, lists = create_pipeline(), []
    for number in range(len(truth["xyz_world_m"])):
        image = capture.read()[1]
        if image is None or number % every:
            continue
        height, width = image.shape[:2]
        camera = Camera(k[0, 0], k[1, 1], k[0, 2], k[1, 2], width, height)
        frame = Frame(image, stamp_ns(number, truth), camera, fixed_from_camera=pose)
        people = pipeline.process(frame).people
        lists.append(people_in_coordinate_frame(people, pose))
    return lists, pose.translation


def stamp_ns(number: int, truth) -> int:
    return 10**9 + round(number / float(truth["fps"]) * 1e9)


class Errors:
    """Of one list after the other."""

    def __init__(self) -> None:
        self.position: list[float] = []
        self.pa: list[float] = []
        self.mpjpe: list[float] = []
        self.inside: list[bool] = []
        self.ids: set[int] = set()
        self.missing = 0

    def add(self, people: People | None, joints: np.ndarray) -> None:
        """joints: (12, 3) m, true."""
        hips = joints[6:8].mean(0)
        if people is not None:
            people = people.select(np.isin(people.states, (TrackState.CONFIRMED, 1)))
        if people is None or not len(people):
            self.missing += 1
            return
        apart = people.bodies.pelvis_cam.astype(float) - hips
        row = int(np.linalg.norm(apart, axis=1).argmin())
        if np.linalg.norm(apart[row]) > NEAR:
            self.missing += 1
            return
        found = people.bodies.joints_cam[row, JOINTS].astype(float)
        found, true = (1000 * (j - j[6:8].mean(0))[None] for j in (found, joints))
        covariance = people.position_covariance_cam[row].astype(float)
        self.inside.append(apart[row] @ np.linalg.solve(covariance, apart[row]) < 7.815)
        self.position.append(float(np.linalg.norm(apart[row])))
        self.pa.append(float(pa_mpjpe(found, true)[0]))
        self.mpjpe.append(float(mpjpe(found, true)[0]))
        self.ids.add(int(people.track_ids[row]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=4)
    options = parser.parse_args()
    truth = np.load(options.folder / "truth.npz")
    rows = [truth["joint_names"].tolist().index(name) for name in POSE2SIM]
    names = sorted(path.stem for path in options.folder.glob("cam*.mp4"))
    views = [seen_by(options.folder, name, truth, options.every) for name in names]
    print("views            images  missing  ids  position m  PA mm  MPJPE mm  inside 95 %")
    for count in range(1, len(names) + 1):
        means = []
        for chosen in combinations(range(len(names)), count):
            fusion, errors = PeopleFusion(), Errors()
            for index in range(len(views[0][0])):
                number = index * options.every
                for camera in chosen:
                    lists, place = views[camera]
                    fusion.take(camera, lists[index], stamp_ns(number, truth), place)
                joints = truth["xyz_world_m"][number][rows]
                people = fusion.people(stamp_ns(number, truth))
                if np.isfinite(joints).all():
                    single = views[chosen[0]][0][index] if count == 1 else people
                    errors.add(single, joints)
            figures = [np.mean(e) for e in
                       (errors.position, errors.pa, errors.mpjpe, errors.inside)]  # fmt: skip
            means.append(figures)
            shown("+".join(names[c] for c in chosen), len(errors.pa), errors, figures)
        print(f"   mean of {count}: position {np.mean(means, 0)[0]:.3f} m, "
              f"PA {np.mean(means, 0)[1]:.1f}, MPJPE {np.mean(means, 0)[2]:.1f} mm")  # fmt: skip


def shown(name: str, images: int, errors: Errors, figures: list) -> None:
    position, pa, mean, inside = figures
    print(
        f"{name:24} {images:5} {errors.missing:6} {len(errors.ids):5} {position:9.3f} {pa:8.1f} "
        f"{mean:8.1f} {100 * inside:8.0f} %", flush=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
