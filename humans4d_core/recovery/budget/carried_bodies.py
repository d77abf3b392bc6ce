"""Bodies of earlier images, moved to the boxes that people have now."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...geometry import project, unproject
from ...geometry.moved_bodies import moved
from ...types import Bodies, Camera
from ..pelvis_uncertainty import BORDER_PX

#: Relative error of the ratio of two heights of boxes of one person, up to 1 s apart: MoveNet's and
#: NanoDet's boxes beside the true ones, PETS09-S2L1.
RATIO_SIGMA = 0.065
#: Share of joints that are within 0.1 m of where they were, seen from the hips, after a long time,
#: and the s in which it is reached: CMU's motions (31 clips: 0.83 after 0.1 s, 0.71 after 0.2 s,
#: 0.58 after 0.5 s).
STAYS, STAYING_SECONDS = 0.56, 0.18


def carried(
    bodies: Bodies,
    boxes_px: np.ndarray,
    scores: np.ndarray,
    camera: Camera,
    age: np.ndarray,
    turns: np.ndarray,
) -> Bodies:
    """`bodies` (N) of images `age` (N,) s ago in boxes (N, 4) of this one: where the boxes say, as
    large and in the same pose as then.

    Who is in a lower box is farther away, or bends: a box of another shape says little of distance.
    turns: (N, 3, 3) the camera's axes now from those of then.
    """
    bodies = _turned(bodies, turns)
    old, new = bodies.boxes_px.astype(float), boxes_px.astype(float)
    (old_middle, old_side), (new_middle, new_side) = map(_middle_and_sides, (old, new))
    ratio = old_side[:, 1] / new_side[:, 1]
    bent = np.log(ratio * new_side[:, 0] / old_side[:, 0])
    cut = _is_cut(old, camera) | _is_cut(new, camera)
    ratio = np.where(cut, 1.0, ratio)
    pelvis = bodies.pelvis_cam.astype(float)
    offset = (project(pelvis[:, None], camera)[:, 0] - old_middle) / old_side[:, 1:]
    pixels = new_middle + offset * np.where(cut[:, None], old_side[:, 1:], new_side[:, 1:])
    place = unproject(pixels[:, None], (pelvis[:, 2] * ratio)[:, None], camera)[:, 0]
    place = np.where(np.isfinite(place).all(1, keepdims=True), place, pelvis)
    result = moved(bodies, place - pelvis, camera)
    distance = np.linalg.norm(place, axis=1)
    ray = place / distance[:, None]
    sigma = distance * np.hypot(RATIO_SIGMA, np.minimum(np.abs(bent), 0.5) / 2)
    along = sigma[:, None, None] ** 2 * ray[:, :, None] * ray[:, None]
    stays = STAYS + (1 - STAYS) * np.exp(-age / STAYING_SECONDS)
    return replace(
        result,
        boxes_px=boxes_px,
        scores=scores,
        joint_probability=bodies.joint_probability * stays.astype(np.float32)[:, None],
        pelvis_covariance_cam=bodies.pelvis_covariance_cam + along.astype(np.float32),
        pose_age=age.astype(np.float32),
    )


def _turned(bodies: Bodies, turns: np.ndarray) -> Bodies:
    """Bodies turned about their hips."""
    if np.array_equal(turns, np.broadcast_to(np.eye(3), turns.shape)):
        return bodies
    turns = turns.astype(np.float32)
    hips, back = bodies.pelvis_cam[:, None], turns.swapaxes(1, 2)
    root = bodies.joints_cam[:, 0]
    joints = (bodies.joints_cam - hips) @ back + hips
    return replace(
        bodies,
        global_orient=turns @ bodies.global_orient,
        joints_cam=joints,
        vertices_cam=(bodies.vertices_cam - hips) @ back + hips,
        # SMPL turns about its root joint: that joint's way is the translation's.
        translation_cam=bodies.translation_cam + joints[:, 0] - root,
    )


def shape_change(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """(N,) how much the ratio of width to height differs between boxes (N, 4), in its logarithm."""
    sides = (_middle_and_sides(boxes.astype(float))[1] for boxes in (old, new))
    before, now = (np.log(side[:, 0] / side[:, 1]) for side in sides)
    return np.abs(now - before)


def _middle_and_sides(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (boxes[:, :2] + boxes[:, 2:]) / 2, np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)


def _is_cut(boxes: np.ndarray, camera: Camera) -> np.ndarray:
    low, high = boxes[:, 1] < BORDER_PX, boxes[:, 3] > camera.height - BORDER_PX
    return low | high
