"""Does the posture that is published hold? Renders of captured and made poses, and real walkers.

    python benchmarks/posture_accuracy.py --mocap DIR [--people N] [--train] [--save FILE]
    python benchmarks/posture_accuracy.py --load FILE [--fit]
    python benchmarks/posture_accuracy.py --walkers VIDEO --boxes MOT_FILE --fps N

The dressed free body in motions of the held-out subjects (--train: of the others), a part of them
seated, crouching or lying; read by the real landmark network, corrected and fitted; the upward
direction known to 5 degrees. What a body does is told from its true joints by `true_posture`, where
they leave no doubt. Prints the confusion table of single images. --fit: learns the classifier's
table from a file of --train. --walkers: how often somebody who walks is published as LYING.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, BodyModel, read_body_file
from humans4d_core.config import PipelineConfig
from humans4d_core.detection import GivenBoxes
from humans4d_core.io import open_source, read_mot
from humans4d_core.pipeline import create_pipeline
from humans4d_core.recovery.landmarks.landmarks_recovery import LandmarksRecovery
from humans4d_core.tracking.posture import (
    ALIKE_SECONDS,
    BOX_TABLE,
    CLASSES,
    PRIOR,
    posture_features,
    table_likelihoods,
)
from humans4d_core.training.people.captured_poses import read_poses
from humans4d_core.training.people.dressed_renders import Wardrobe
from humans4d_core.training.people.pose_variety import before_camera, seated, varied
from humans4d_core.training.people.posed_people import camera_around
from humans4d_core.types import Detections, Frame, Posture, TrackState

UP_ERROR = np.radians(5.0)


def true_posture(joints: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(N,) Posture of true joints (N, 24, 3); UNKNOWN where a person would hesitate, too."""
    features = posture_features(joints, up)
    trunk, thigh, _, height, knee, reach = features.T
    low = np.einsum("njd,nd->nj", joints, np.broadcast_to(up, (len(joints), 3)))
    leg = np.linalg.norm(joints[:, 1] - joints[:, 4], axis=1) * 2
    lies = (np.abs(trunk) < 0.5) & (np.ptp(low[:, [0, 12, 15]], axis=1) < 0.6 * leg)
    lies &= (low[:, 0] - low.min(1)) < 0.35 * leg
    stands = (height > 0.85) & (trunk > 0.5) & (thigh > 0.75)
    sits = (trunk > 0.5) & (np.abs(thigh) < 0.5) & (reach > 0.3) & (knee > -0.6) & (height < 0.7)
    crouches = (trunk > 0.3) & (knee < -0.3) & (height < 0.6) & (reach < 0.35)
    label = np.full(len(joints), Posture.UNKNOWN)
    for mask, posture in (
        (stands, Posture.STANDING), (sits, Posture.SITTING), (crouches, Posture.CROUCHING),
        (lies, Posture.LYING),
    ):  # fmt: skip
        label[mask & (label == Posture.UNKNOWN)] = posture
    return label


def made(pose: np.ndarray, poses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A pose (24, 3, 3), y up: as captured, varied, seated, crouching or lying."""
    kind = rng.choice(5, p=(0.3, 0.1, 0.2, 0.15, 0.25))
    pose = pose.astype(np.float64)
    if kind == 1:
        return varied(pose, poses, rng)
    if kind == 2:
        return seated(pose, rng)
    if kind == 3:
        pose = pose.copy()
        for hip, knee in ((1, 4), (2, 5)):
            bend = rng.uniform(1.6, 2.3)
            pose[hip] = Rotation.from_euler("xz", (-bend, rng.normal(0, 0.15))).as_matrix()
            pose[knee] = Rotation.from_euler("x", bend + rng.uniform(-0.1, 0.5)).as_matrix()
    if kind == 4:
        if rng.random() < 0.5:
            pose = varied(pose, poses, rng)
        # On the back, on the front or on a side, nearly level.
        heading = Rotation.from_euler("y", rng.uniform(-np.pi, np.pi))
        down = Rotation.from_euler("x", rng.choice((-1, 1)) * rng.normal(np.pi / 2, 0.12))
        roll = Rotation.from_euler("y", rng.choice((0, 0, np.pi / 2, -np.pi / 2)))
        upright = Rotation.from_matrix(pose[0]).as_euler("YXZ")
        upright = Rotation.from_euler("YXZ", (0, 0.3 * upright[1], 0.3 * upright[2]))
        pose[0] = (heading * down * roll * upright).as_matrix()
    return pose


class People:
    """Renders one person after the other and recovers them."""

    def __init__(self, poses: np.ndarray, seed: int):
        data = read_body_file(EMBEDDED_BODY, name="anny")
        self._poses, self._rng = poses, np.random.default_rng(seed)
        self._body = BodyModel(data)
        self._wardrobe = Wardrobe(data, self._body.at_rest()[1])
        self._recovery = LandmarksRecovery(1)

    def one(self) -> dict[str, np.ndarray] | None:
        rng = self._rng
        pose = made(self._poses[rng.integers(len(self._poses))], self._poses, rng)
        local, distance = before_camera(pose, rng)
        up = local[0] @ pose[0].T @ (0.0, 1.0, 0.0)
        betas = rng.normal(0, 1, 10)
        betas[0] = rng.normal(-0.3, 0.3)
        posed = self._body(local[None, 0], local[None, 1:], betas[None])
        vertices, joints = posed.vertices[0], posed.joints[0].astype(float)
        place = (0, 0, distance) - (joints[1] + joints[2]) / 2
        vertices = vertices + place
        camera = camera_around(vertices, distance, rng)
        if camera is None:
            return None
        picture = self._wardrobe.picture(vertices.astype(np.float32), camera, rng)
        if picture is None:
            return None
        height, width = picture.image_bgr.shape[:2]
        camera = replace(camera, width=width, height=height)
        box = picture.box_px[None].astype(np.float32)
        bodies = self._recovery.recover(
            Frame(picture.image_bgr, 0, camera), Detections(box, np.ones(1, np.float32))
        )
        known = len(bodies) == 1
        return {
            "truth": joints, "up": up, "box": box[0], "known": np.array(known),
            "joints": bodies.joints_cam[0] if known else joints * 0,
        }  # fmt: skip


def render_people(options: argparse.Namespace) -> dict[str, np.ndarray]:
    torch.set_num_threads(1)
    rest = BodyModel(read_body_file(EMBEDDED_BODY, name="anny")).at_rest()[1]
    captured = read_poses(options.mocap, rest)
    poses = captured.local[captured.is_held_out != options.train]
    people, rows = People(poses, options.seed), []
    while len(rows) < options.people:
        row = people.one()
        if row is not None:
            rows.append(row)
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def noisy(up: np.ndarray) -> np.ndarray:
    """Directions (N, 3) turned by UP_ERROR at random, as nobody knows them better."""
    rng = np.random.default_rng(0)
    turns = Rotation.from_rotvec(rng.normal(0, UP_ERROR / np.sqrt(2), up.shape))
    return turns.apply(up)


def fitted(features: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(F + 1, 4) table of a softmax regression with all postures equally frequent."""
    inputs = np.column_stack((features, np.ones(len(features))))
    index = np.array([CLASSES.index(Posture(each)) for each in label])
    weight = 1 / np.bincount(index, minlength=4)[index] / 4

    def loss(flat):
        table = flat.reshape(-1, 4)
        logits = inputs @ table
        logits -= logits.max(1, keepdims=True)
        chance = np.exp(logits)
        chance /= chance.sum(1, keepdims=True)
        slope = chance * weight[:, None]
        slope[np.arange(len(index)), index] -= weight
        cost = -(weight * np.log(chance[np.arange(len(index)), index])).sum()
        return cost + 1e-4 * (table[:-1] ** 2).sum(), (
            inputs.T @ slope + 2e-4 * np.vstack((table[:-1], 0 * table[-1:]))
        ).ravel()

    found = minimize(loss, np.zeros(inputs.shape[1] * 4), jac=True, method="L-BFGS-B")
    return found.x.reshape(-1, 4)


def box_features(boxes: np.ndarray) -> np.ndarray:
    size = boxes[:, 2:] - boxes[:, :2]
    return np.log(size[:, :1] / size[:, 1:])


def confusion(label: np.ndarray, told: np.ndarray, title: str) -> None:
    print(f"{title}: rows are true, columns are told, percent")
    print(" " * 12 + "".join(f"{each.name:>11s}" for each in CLASSES) + "     people")
    for true in CLASSES:
        row = told[label == true]
        shares = [100 * np.mean(row == each) for each in CLASSES]
        print(f"{true.name:12s}" + "".join(f"{s:11.1f}" for s in shares) + f"{len(row):11d}")


def judge(data: dict[str, np.ndarray], fit: bool) -> None:
    label = true_posture(data["truth"], data["up"])
    known, sure = data["known"], label != Posture.UNKNOWN
    features = posture_features(data["joints"], noisy(data["up"]))
    print(f"{len(label)} people, {np.mean(sure):.0%} of a posture that is beyond doubt, "
          f"{np.mean(~known[sure]):.1%} of them without a body")  # fmt: skip
    use = known & sure
    if fit:
        tables = (
            fitted(features[use], label[use]),
            fitted(box_features(data["box"][sure]), label[sure]),
        )
        np.set_printoptions(precision=2, suppress=True)
        print("TABLE", repr(tables[0]), "BOX_TABLE", repr(tables[1]), sep="\n")
        told = table_likelihoods(features[use], tables[0])
        of_box = table_likelihoods(box_features(data["box"][sure]), tables[1])
    else:
        told = table_likelihoods(features[use])
        of_box = table_likelihoods(box_features(data["box"][sure]), BOX_TABLE)
    classes = np.array(CLASSES)
    confusion(label[use], classes[told.argmax(1)], "one image, postures equally frequent")
    confusion(label[use], classes[(told * PRIOR).argmax(1)], "one image, as people are met")
    after = told ** (2.0 / ALIKE_SECONDS) * PRIOR
    confusion(label[use], classes[after.argmax(1)], "after two seconds of the same")
    confusion(label[sure], classes[(of_box * PRIOR).argmax(1)], "the box alone, as people are met")


def walkers(video: Path, boxes: Path, fps: float) -> None:
    """How often people of a video are published as LYING."""
    detector = GivenBoxes()
    pipeline, given = create_pipeline(PipelineConfig(), detector=detector), read_mot(boxes)
    counts, images, alarms = np.zeros(5, int), 0, 0
    with open_source(video) as source:
        for frame in source:
            stamp_ns = round((frame.number - 1) * 1e9 / fps)
            people = pipeline.process(
                Frame(frame.image_bgr, stamp_ns, frame.camera, number=frame.number),
                given[frame.number],
            ).people
            people = people.select(people.states == TrackState.CONFIRMED)
            counts += np.bincount(people.postures, minlength=5)
            images, alarms = images + 1, alarms + bool((people.postures == Posture.LYING).any())
    print(f"{images} images, {alarms} of them with somebody LYING; bodies: "
          + ", ".join(f"{Posture(k).name} {counts[k]}" for k in range(5)))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("mocap", "load", "save", "walkers", "boxes"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fps", type=float, default=7.0)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    if options.walkers:
        walkers(options.walkers, options.boxes, options.fps)
        return
    data = dict(np.load(options.load)) if options.load else render_people(options)
    if options.save:
        np.savez_compressed(options.save, **data)
    judge(data, options.fit)


if __name__ == "__main__":
    main()
