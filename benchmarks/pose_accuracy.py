"""Is the embedded recovery's pose right on real people?

    python benchmarks/pose_accuracy.py [--pose2sim DIR] [--3dhp DIR] [--h36m DIR] [--every 2]
        [--video]

DIR as in pose2sim's single_balancing (cam01.mp4 ... and truth.npz), in MPI-INF-3DHP samples (jpg
and npz of joints_cam_m, joints_px, intrinsics), in Human3.6M samples (test_h36m_body3d.npz). 12
joints (shoulders, elbows, wrists, hips, knees, ankles); MPJPE with the hips' middle at 0, PA-MPJPE
after the best similarity; means over people, mm, with 95 % bootstrap intervals over images. The
box is MoveNet's that fits the true joints best; "missing": images in which none overlaps with them
by a third, or no body with a recovered pose came of it. With --video every image of pose2sim has
its time, so that a recovery may use those before; jitter is then the joints' mean acceleration,
seen from the hips, and the lag that shift at which they follow those of single images best. At the
end, of all images: how often joints (the hips left out) are within 0.1 m where joint_confidence
says that they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from confidence_table import bins

from humans4d_core.config import RecoveryConfig
from humans4d_core.detection import create_detector
from humans4d_core.evaluation import pa_mpjpe
from humans4d_core.evaluation.pose_metrics import mpjpe
from humans4d_core.geometry.boxes import iou
from humans4d_core.recovery import create_recovery
from humans4d_core.recovery.landmarks.point_corrector import RIGHT
from humans4d_core.types import Camera, Frame

#: SMPL's joints, in the order of the truths below.
JOINTS = [16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8]
POSE2SIM = ("LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist", "LHip", "RHip",
            "LKnee", "RKnee", "LAnkle", "RAnkle")  # fmt: skip
MPI_3DHP = [5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10]
H36M = [11, 14, 12, 15, 13, 16, 4, 1, 5, 2, 6, 3]
H36M_FOCAL = 1145.0
LEAST_OVERLAP = 1 / 3


class Judge:
    def __init__(self) -> None:
        self.detector = create_detector("movenet")
        #: Of single images, and of a video's, which remembers those before.
        self.recovery, self.of_video = (create_recovery(RecoveryConfig("landmarks")) for _ in "12")
        self.said: list[np.ndarray] = []
        self.is_right: list[np.ndarray] = []

    def errors(
        self, image, camera: Camera, joints_m, joints_px, stamp_ns: int = 0
    ) -> tuple[float, float] | None:
        """PA-MPJPE and MPJPE (mm) of the person at joints_px (K, 2); None: missing. The joints
        found are then in `self.joints`, m from the hips' middle."""
        found = self.detector.detect(image)
        if not len(found):
            return None
        box = np.concatenate((joints_px.min(0), joints_px.max(0)))[None]
        overlap = iou(found.boxes_px.astype(float), box)[:, 0]
        if overlap.max() < LEAST_OVERLAP:
            return None
        chosen = found.select([int(overlap.argmax())])
        recovery = self.of_video if stamp_ns else self.recovery
        bodies = recovery.recover(Frame(image, stamp_ns, camera), chosen)
        if not len(bodies):
            return None
        joints = bodies.joints_cam[:, JOINTS].astype(float)
        joints, truth = (
            1000 * (a - a[:, 6:8].mean(1, keepdims=True)) for a in (joints, joints_m[None])
        )
        self.joints = joints[0] / 1000
        limbs = np.isin(JOINTS, (1, 2), invert=True)
        self.said.append(bodies.joint_probability[0, JOINTS][limbs])
        self.is_right.append(np.linalg.norm(joints - truth, axis=-1)[0, limbs] < 1000 * RIGHT)
        return float(pa_mpjpe(joints, truth)[0]), float(mpjpe(joints, truth)[0])


def shown(name: str, results: list) -> None:
    known = np.array([r for r in results if r is not None]).reshape(-1, 2)
    rng = np.random.default_rng(0)
    text = f"{name:24s} {len(results):4d} images, {len(results) - len(known):3d} missing"
    if len(known):
        rows = rng.integers(len(known), size=(1000, len(known)))
        low, high = np.percentile(known[rows].mean(1), [2.5, 97.5], axis=0)
        pa, mean = known.mean(0)
        text += f"   PA {pa:6.1f} [{low[0]:.1f}, {high[0]:.1f}]"
        text += f"   MPJPE {mean:6.1f} [{low[1]:.1f}, {high[1]:.1f}]"
    print(text, flush=True)


def pose2sim(folder: Path, judge: Judge, every: int, video: bool) -> None:
    truth = np.load(folder / "truth.npz")
    rows = [truth["joint_names"].tolist().index(name) for name in POSE2SIM]
    everything, seconds = [], every / float(truth["fps"])
    for path in sorted(folder.glob("cam*.mp4")):
        joints_m, joints_px = truth[f"{path.stem}_xyz_cam_m"], truth[f"{path.stem}_uv_px"]
        k, capture, results, ways = truth[f"{path.stem}_K"], cv2.VideoCapture(str(path)), [], []
        for number in range(len(joints_m)):
            image = capture.read()[1]
            if image is None:
                break
            if number % every or not np.isfinite(joints_m[number][rows]).all():
                continue
            height, width = image.shape[:2]
            camera = Camera(k[0, 0], k[1, 1], k[0, 2], k[1, 2], width, height)
            joints = joints_m[number][rows], joints_px[number][rows]
            results.append(judge.errors(image, camera, *joints))
            if video and results[-1] is not None:
                single, stamp_ns = judge.joints, 1 + round(number / every * seconds * 1e9)
                results[-1] = judge.errors(image, camera, *joints, stamp_ns)
                ways.append((single, judge.joints))
        shown(f"{folder.name} {path.stem}", results)
        if ways:
            moving(*(np.array(way) for way in zip(*ways, strict=True)), seconds)
        everything += results
    shown(f"{folder.name}, all views", everything)


def moving(single: np.ndarray, found: np.ndarray, seconds: float) -> None:
    """Say how joints (T, K, 3) of a video jitter, and how late they are, beside single images'."""
    jitter = [
        np.linalg.norm(np.diff(way, 2, axis=0), axis=-1).mean() / seconds**2
        for way in (single, found)
    ]
    shifts = np.arange(-2, 2.05, 0.1)  # images
    time, most = np.arange(len(single)), 3
    middle = time[most:-most]
    apart = []
    for shift in shifts:
        flat = found.reshape(len(found), -1)
        moved = np.stack([np.interp(middle + shift, time, column) for column in flat.T], 1)
        apart.append(np.abs(moved - single.reshape(len(single), -1)[middle]).mean())
    lag = shifts[int(np.argmin(apart))] * seconds
    print(
        f"    jitter {jitter[0]:.0f} -> {jitter[1]:.0f} m/s2, lag {1000 * lag:.0f} ms", flush=True
    )


def mpi_3dhp(folder: Path, judge: Judge) -> None:
    results = []
    for path in sorted(folder.glob("*.npz")):
        truth, image = np.load(path), cv2.imread(str(path.with_suffix(".jpg")))
        camera = Camera(*truth["intrinsics"].tolist(), image.shape[1], image.shape[0])
        joints = truth["joints_cam_m"][MPI_3DHP], truth["joints_px"][MPI_3DHP]
        results.append(judge.errors(image, camera, *joints))
        shown(path.stem, results[-1:])
    shown("MPI-INF-3DHP", results)


def h36m(folder: Path, judge: Judge) -> None:
    truth, results = np.load(folder / "test_h36m_body3d.npz"), []
    for name, joints, pixels in zip(truth["imgname"], truth["S"], truth["part"], strict=True):
        image = cv2.imread(str(folder / Path(str(name)).name))
        height, width = image.shape[:2]
        camera = Camera(H36M_FOCAL, H36M_FOCAL, width / 2, height / 2, width, height)
        joints = joints[H36M, :3].astype(float)
        results.append(judge.errors(image, camera, joints, pixels[H36M, :2]))
        shown(Path(str(name)).name[:24], results[-1:])
    shown("Human3.6M", results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("pose2sim", "3dhp", "h36m"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--every", type=int, default=2)
    parser.add_argument("--video", action="store_true")
    options, judge = vars(parser.parse_args()), Judge()
    if options["h36m"]:
        h36m(options["h36m"], judge)
    if options["3dhp"]:
        mpi_3dhp(options["3dhp"], judge)
    if options["pose2sim"]:
        pose2sim(options["pose2sim"], judge, options["every"], options["video"])
    if judge.said:
        print("joint_confidence:", bins(np.concatenate(judge.said), np.concatenate(judge.is_right)))


if __name__ == "__main__":
    main()
