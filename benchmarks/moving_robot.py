"""A camera drives past somebody who stands still: how still are they in odom?

    python benchmarks/moving_robot.py ../shared/media/h36m [--image NAME] [--speed 1.0]

H36M_DIR: Human3.6M's sample images with cameras.pkl and test_h36m_body3d.npz (a photograph of known
camera and pose). The person is a cardboard figure in odom: a vertical plane through the true hips
carries the photograph, and each image is what the moving camera sees of that plane. Detection,
recovery, positioning and tracking are the real ones, on the real pixels; the camera's pose is given
as TF gives it. Lines: without and with the ground plane, without and with depth of the plane.

moved: the largest and the median distance of the hips from their median place. speed: median and
95th percentile of the tracked velocity. off: distance of the median place from the truth.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from humans4d_core.config import PipelineConfig, RecoveryConfig
from humans4d_core.pipeline import create_pipeline
from humans4d_core.types import Camera, Frame, Pose, TrackState
from humans4d_core.untrusted_files.pickles.pickles import read_pickle

CAMERA = Camera.from_fov(640, 480, 0.82)
RATE = 10.0  #: images a second
START = 1_000_000_000
#: Images until a track has settled.
SETTLE = 10


class Cardboard:
    """A photograph's plane through a person's hips, upright, facing its camera."""

    def __init__(self, folder: Path, name: str):
        cameras = read_pickle(folder / "cameras.pkl")
        table = np.load(folder / "test_h36m_body3d.npz", allow_pickle=False)
        row = next(i for i, path in enumerate(table["imgname"]) if Path(path).name == name)
        subject, camera_id = name.split("_")[0], name.split(".")[1].split("_")[0]
        known = cameras[subject, camera_id]
        matrix = np.array([[*known["f"][:1, 0], 0, known["c"][0, 0]],
                           [0, known["f"][1, 0], known["c"][1, 0]], [0, 0, 1]])  # fmt: skip
        k, p = known["k"].ravel(), known["p"].ravel()
        distortion = np.array([k[0], k[1], p[0], p[1], k[2]])
        self.image = cv2.undistort(cv2.imread(str(folder / name)), matrix, distortion)
        self.matrix = matrix
        self.pose = Pose(known["R"], known["T"].ravel())  #: of the photograph's camera, in odom
        points = cv2.undistortPoints(table["part"][row][:, None, :2], matrix, distortion).reshape(
            -1, 2
        )
        self.hips = self.pose.apply(_placed(table["S"][row][:, :3], points))

    def seen_from(self, pose: Pose, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        """The image of the plane and its depth (H, W) m, for a camera in odom."""
        # Plane in odom: n x = d, upright, turned to where the photograph was taken.
        normal = (self.hips - self.pose.translation) * (1, 1, 0)
        normal /= np.linalg.norm(normal)
        # Of a pixel's ray in the new camera: the point of the plane, then the photograph's pixel.
        distance = normal @ (self.hips - pose.translation)
        rays_to_odom = pose.rotation @ np.linalg.inv(camera.matrix)
        to_photograph = self.pose.inverse()
        shift = to_photograph.apply(pose.translation)
        homography = self.matrix @ (
            to_photograph.rotation @ rays_to_odom * distance
            + np.outer(shift, normal @ rays_to_odom)
        )
        size = (camera.width, camera.height)
        flags = cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
        image = cv2.warpPerspective(
            self.image, homography, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        x, y = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
        rays = np.stack((x, y, np.ones_like(x)), -1) @ rays_to_odom.T
        return image, (distance / (rays @ normal)).astype(np.float32)


def _placed(joints: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(3,) m in the camera: the hips of joints (17, 3) m of unknown place whose normalised image
    points (17, 2) are known, by linear least squares."""
    count = len(joints)
    left = np.zeros((2 * count, 3))
    left[0::2, 0] = left[1::2, 1] = 1
    left[0::2, 2], left[1::2, 2] = -points[:, 0], -points[:, 1]
    right = np.empty(2 * count)
    right[0::2] = points[:, 0] * joints[:, 2] - joints[:, 0]
    right[1::2] = points[:, 1] * joints[:, 2] - joints[:, 1]
    place = np.linalg.lstsq(left, right, rcond=None)[0]
    return joints[0] + place  # Human3.6M's first joint is the pelvis


def drive(cardboard: Cardboard, speed: float, seconds: float):
    """Frames of a camera that drives sideways past the hips and sways by 4 degrees."""
    along = cardboard.pose.rotation[:, 0]
    # Half way, the hips are in the middle of the image.
    start = along @ (cardboard.hips - cardboard.pose.translation) - speed * seconds / 2
    for number in range(round(seconds * RATE)):
        now = number / RATE
        sway = Rotation.from_euler("z", np.radians(4) * np.sin(2 * now)).as_matrix()
        place = cardboard.pose.translation + along * (start + speed * now)
        pose = Pose(sway @ cardboard.pose.rotation, place)
        image, depth_m = cardboard.seen_from(pose, CAMERA)
        yield Frame(
            image, START + round(now * 1e9), CAMERA, "camera",
            fixed_from_camera=pose, ground_from_camera=pose, depth_m=depth_m,
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="H36M_DIR")
    parser.add_argument("--image", default="S7_Greeting.55011271_000396.jpg")
    parser.add_argument("--speed", type=float, default=1.0, help="m/s")
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    cardboard = Cardboard(options.folder, options.image)
    frames = list(drive(cardboard, options.speed, options.seconds))
    pipeline = create_pipeline(PipelineConfig(threads=1, recovery=RecoveryConfig("landmarks")))
    distance = np.linalg.norm(cardboard.hips - cardboard.pose.translation)
    print(f"{len(frames)} images, {options.speed:g} m/s past somebody {distance:.1f} m away")
    print(f"{'':24}{'tracked':>8}{'moved max':>11}{'median':>8}{'speed':>8}{'p95':>7}{'off':>7}")
    ways = {
        "size": dict(ground_from_camera=None, depth_m=None),
        "size, ground": dict(depth_m=None),
        "size, depth": dict(ground_from_camera=None),
        "size, ground, depth": {},
    }
    for name, changes in ways.items():
        pipeline.reset()
        places, speeds = [], []
        for frame in frames:
            people = pipeline.process(replace(frame, **changes)).people
            people = people.select(people.states == TrackState.CONFIRMED)
            if len(people):
                pelvis = frame.fixed_from_camera.apply(people.bodies.pelvis_cam.astype(float))
                nearest = np.argmin(np.linalg.norm(pelvis - cardboard.hips, axis=1))
                places.append(pelvis[nearest])
                speeds.append(np.linalg.norm(people.velocity_cam[nearest]))
        places, speeds = np.array(places[SETTLE:]), np.array(speeds[SETTLE:])
        middle = np.median(places, axis=0)
        moved = np.linalg.norm(places - middle, axis=1)
        print(
            f"{name:24}{len(places):8}{moved.max():11.3f}{np.median(moved):8.3f}"
            f"{np.median(speeds):8.3f}{np.percentile(speeds, 95):7.3f}"
            f"{np.linalg.norm(middle - cardboard.hips):7.3f}"
        )


if __name__ == "__main__":
    main()
