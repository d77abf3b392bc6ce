"""People of wrong size before a camera over a floor, with exact truth."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from humans4d_core.config.positioning_config import DEFAULT
from humans4d_core.geometry import project
from humans4d_core.positioning import Positioning
from humans4d_core.recovery.pelvis_uncertainty import pelvis_covariance
from humans4d_core.simulation.simulated_crowd import World
from humans4d_core.types import Bodies, Camera, Frame, Pose

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)


def camera_over(height, pitch=0.2, roll=0.0):
    """Pose of a camera `height` m over the ground's origin that looks along x, `pitch` rad down."""
    ahead = np.array([np.cos(pitch), 0, -np.sin(pitch)])
    right = np.array([0.0, -1, 0])
    down = np.cross(ahead, right)
    turned = np.cos(roll) * right + np.sin(roll) * down
    return Pose(np.stack((turned, np.cross(ahead, turned), ahead), 1), np.array([0, 0, height]))


@dataclass
class Scene:
    world: World
    camera: Camera
    ground_from_camera: Pose

    def frame(self, seconds=0.0, knows_ground=True, depth_m=None, fixed_from_camera=None):
        image = np.zeros((self.camera.height, self.camera.width, 3), np.uint8)
        ground = self.ground_from_camera if knows_ground else None
        return Frame(
            image, round(seconds * 1e9), self.camera, "camera", fixed_from_camera, ground, depth_m
        )

    def people(self, places, gait="stand", phase=0.0, heading=0.0, air=0.0):
        """Exact bodies of people whose hips are over `places` (N, 2) m, `air` m over the ground."""
        places = np.asarray(places, np.float64).reshape(-1, 2)
        n = len(places)
        gaits = self.world.gaits
        cycle = {"stand": gaits.stands[0], "walk": gaits.walks[0], "sit": gaits.sit}[gait]
        rotations = np.tile(cycle.rotations[int(phase * len(cycle.rotations))], (n, 1, 1, 1))
        cosine, sine = np.cos(heading), np.sin(heading)
        upright = np.array([[-sine, 0, cosine], [cosine, 0, sine], [0, 1, 0]])
        betas = np.zeros((n, 10))
        on_ground = upright @ rotations[:, 0]
        hips = np.column_stack((places, np.zeros(n)))
        vertices, _, _ = self.world.placed(hips, on_ground, rotations[:, 1:], betas)
        hips[:, 2] = DEFAULT.shoe_sole + air - vertices[..., 2].min(1)
        to_camera = self.ground_from_camera.inverse()
        orient = to_camera.rotation @ on_ground
        hips = to_camera.apply(hips)
        vertices, joints, translation = self.world.placed(hips, orient, rotations[:, 1:], betas)
        pixels = project(vertices, self.camera)
        size = (self.camera.width, self.camera.height)
        boxes = np.concatenate(
            (np.clip(pixels.min(1), 0, size), np.clip(pixels.max(1), 0, size)), axis=1
        )
        arrays = (
            boxes, np.full(n, 0.9), orient, rotations[:, 1:], betas, translation, vertices,
            joints, project(joints, self.camera), np.full((n, 24), 0.9), pelvis_covariance(hips),
        )  # fmt: skip
        return Bodies(*(np.asarray(a, np.float32) for a in arrays), "test", self.world.body.name)


def resized(bodies, factor):
    """Bodies that seem `factor` (N,) times as large and far, with the same image."""
    factor = np.broadcast_to(np.asarray(factor, np.float32), len(bodies))[:, None]
    pelvis = bodies.pelvis_cam * factor
    return replace(
        bodies,
        translation_cam=bodies.translation_cam * factor,
        vertices_cam=bodies.vertices_cam * factor[..., None],
        joints_cam=bodies.joints_cam * factor[..., None],
        pelvis_covariance_cam=pelvis_covariance(pelvis),
    )


@pytest.fixture(scope="session")
def world():
    return World()


@pytest.fixture
def positioning(world):
    return Positioning(world.body)


@pytest.fixture
def scene_over(world):
    """Function: height m, pitch and roll rad -> Scene."""
    return lambda height=1.3, pitch=0.2, roll=0.0: Scene(
        world, CAMERA, camera_over(height, pitch, roll)
    )


@pytest.fixture
def scene(scene_over):
    """A robot's camera."""
    return scene_over()


@pytest.fixture
def resize():
    """Function: bodies, factors (N,) -> the same bodies, seemingly larger and farther away."""
    return resized
