"""What a detector and a recovery make of a simulated scene: boxes and bodies that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from ..geometry import project
from ..recovery.pelvis_uncertainty import pelvis_covariance
from ..types import Bodies, Camera, Pose
from .scenarios import Sensing
from .scene_image import Scene

if TYPE_CHECKING:
    from .simulated_crowd import Truth, World

#: Score from which the simulated detector is sure enough to start a track.
START_SCORE = 0.5

#: Part of a person that is seen: nobody is detected below the first, everybody above the second.
HIDDEN, PLAIN = 0.08, 0.33
#: How far a box of a person half hidden reaches from the visible part to the whole body.
BOX_GUESS = 0.4
#: Things that are taken for a person now and then; they stand before the camera's first place.
NUM_CLUTTER = 4
CLUTTER_AREA = ((4.0, 9.0), (-3.0, 3.0))
HIP_HEIGHT = 0.95


class Sensor:
    """The same wrong opinions all through a scenario: depth biases, clutter; the rest at random."""

    def __init__(
        self, sensing: Sensing, world: World, people: int, camera: Camera, rng: np.random.Generator
    ):
        self.sensing, self.world, self.camera, self._rng = sensing, world, camera, rng
        self._bias = rng.normal(0, sensing.depth_bias, people)
        x, y = (rng.uniform(*limits, NUM_CLUTTER) for limits in CLUTTER_AREA)
        self._clutter = np.column_stack((x, y, np.full(NUM_CLUTTER, HIP_HEIGHT)))

    def bodies(
        self,
        truth: Truth,
        scene: Scene,
        orient: np.ndarray,
        body_pose: np.ndarray,
        betas: np.ndarray,
        fixed_from_camera: Pose,
    ) -> Bodies:
        """Bodies found in a scene of P people, best first.

        orient (P, 3, 3) in the camera's frame, body_pose (P, 23, 3, 3) and betas (P, 10) are the
        true ones.
        """
        rng, sensing = self._rng, self.sensing
        person = self._detected(truth)
        clutter = self._seen_clutter(fixed_from_camera)
        is_false = np.arange(len(person) + len(clutter)) >= len(person)
        count = len(is_false)
        stand = self.world.gaits.stands[0].rotations[0]
        upright = np.diag([-1.0, -1, 1])  # SMPL's axes to the camera's: y up to y down
        orient = np.concatenate((orient[person], np.tile(upright @ stand[0], (len(clutter), 1, 1))))
        pose = np.concatenate((body_pose[person], np.tile(stand[1:], (len(clutter), 1, 1, 1))))
        betas = np.concatenate((betas[person], np.zeros((len(clutter), 10))))
        hips = np.concatenate((truth.positions_cam[person], clutter))
        bias = np.concatenate((self._bias[truth.ids[person] - 1], np.zeros(len(clutter))))

        hips = hips * (1 + bias + rng.normal(0, sensing.depth_noise, count))[:, None]
        hips = hips + rng.normal(0, sensing.lateral_noise, (count, 3))
        turns = rng.normal(0, sensing.pose_noise, (count * 24, 3))
        turns = Rotation.from_rotvec(turns).as_matrix().reshape(count, 24, 3, 3)
        orient, pose = turns[:, 0] @ orient, pose @ turns[:, 1:]
        betas = betas + rng.normal(0, sensing.shape_noise, (count, 10))
        vertices, joints, translation = self.world.placed(hips, orient, pose, betas)
        boxes = self._boxes(truth, scene, person, vertices)
        scores = self._scores(truth, person, is_false)
        joints_px = project(joints, self.camera)
        shown = np.concatenate((person, np.full(len(clutter), -1)))
        confidence = self._joint_confidence(scene, joints_px, shown)
        arrays = (
            boxes, scores, orient, pose, betas, translation, vertices, joints, joints_px,
            confidence, pelvis_covariance(hips),
        )  # fmt: skip
        columns = (np.asarray(array, np.float32) for array in arrays)
        names = ("simulation", self.world.body.name)
        bodies = Bodies(*columns, *names)  # type: ignore[arg-type, call-arg]
        usable = np.isfinite(joints_px).all((1, 2)) & (boxes[:, 2:] - boxes[:, :2] >= 4).all(1)
        rows = np.flatnonzero(usable)
        return bodies.select(rows[np.argsort(-scores[rows], kind="stable")])

    def _detected(self, truth: Truth) -> np.ndarray:
        """Rows of the truth that are detected: (D,), twice where there is a duplicate."""
        rng, sensing = self._rng, self.sensing
        plain = np.clip((truth.visible_fraction - HIDDEN) / (PLAIN - HIDDEN), 0, 1)
        found = rng.random(len(truth)) < plain * (1 - sensing.miss)
        twice = found & (rng.random(len(truth)) < sensing.duplicates)
        return np.concatenate((np.flatnonzero(found), np.flatnonzero(twice)))

    def _seen_clutter(self, fixed_from_camera: Pose) -> np.ndarray:
        """Hips (C, 3) m, camera frame, of the things that are taken for people this time."""
        count = min(self._rng.poisson(self.sensing.false_per_frame), NUM_CLUTTER)
        chosen = self._rng.choice(NUM_CLUTTER, count, replace=False)
        places = fixed_from_camera.inverse().apply(self._clutter[chosen])
        return places[places[:, 2] > 1.0]

    def _boxes(
        self, truth: Truth, scene: Scene, person: np.ndarray, vertices: np.ndarray
    ) -> np.ndarray:
        """Boxes (D + C, 4): of what is seen and a guess at the rest; clutter's from its body."""
        seen = scene.visible_boxes_px[person]
        boxes = seen + BOX_GUESS * (truth.boxes_px[person] - seen)
        pixels = project(vertices[len(person) :], self.camera)
        boxes = np.concatenate((boxes, np.concatenate((pixels.min(1), pixels.max(1)), axis=1)))
        height = boxes[:, 3:] - boxes[:, 1:2]
        boxes = boxes + self._rng.normal(0, self.sensing.box_noise, boxes.shape) * height
        size = (self.camera.width, self.camera.height)
        return np.clip(boxes, 0, np.tile(size, 2))

    def _scores(self, truth: Truth, person: np.ndarray, is_false: np.ndarray) -> np.ndarray:
        """Scores (D + C,): what is seen of a person decides; a duplicate is doubted."""
        rng = self._rng
        scores = 0.3 + 0.6 * np.sqrt(truth.visible_fraction[person])
        again = np.ones(len(person), bool)
        again[np.unique(person, return_index=True)[1]] = False
        scores = np.concatenate((scores - 0.25 * again, rng.uniform(0.15, 0.6, is_false.sum())))
        return np.clip(scores + rng.normal(0, 0.04, len(scores)), 0.05, 0.99)

    def _joint_confidence(
        self, scene: Scene, joints_px: np.ndarray, person: np.ndarray
    ) -> np.ndarray:
        """(D + C, 24): high where the joint's pixel shows its person."""
        height, width = scene.ids.shape
        finite = np.nan_to_num(joints_px, nan=-1e3)
        x, y = np.moveaxis(np.rint(np.clip(finite, -1e3, 1e5)).astype(int), -1, 0)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        shown = scene.ids[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        return np.where(inside & (shown == person[:, None]) & (person >= 0)[:, None], 0.9, 0.3)
