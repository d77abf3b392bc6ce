"""People whose every number is another, for tests of what becomes of them."""

import numpy as np
from scipy.spatial.transform import Rotation

from humans4d_core.types import APPEARANCE_SIZE, Bodies, People, TrackState


def made_people(count: int, states=None, num_vertices: int = 30, seed: int = 0) -> People:
    random_numbers = np.random.default_rng(seed)

    def normal(*shape):
        return random_numbers.normal(size=(count, *shape)).astype(np.float32)

    def covariance():
        root = normal(3, 3)
        return root @ root.swapaxes(1, 2)

    rotations = Rotation.random(max(count, 1) * 24, random_state=seed).as_matrix()
    rotations = rotations.astype(np.float32).reshape(-1, 24, 3, 3)[:count]
    ids = np.arange(1, count + 1, dtype=np.uint32)
    bodies = Bodies(
        boxes_px=normal(4) * 100,
        scores=random_numbers.random(count).astype(np.float32),
        global_orient=rotations[:, 0],
        body_pose=rotations[:, 1:],
        betas=normal(10),
        translation_cam=normal(3) + np.float32([0, 0, 5]),
        vertices_cam=normal(num_vertices, 3),
        joints_cam=normal(24, 3) + np.float32([0, 0, 5]),
        joints_px=normal(24, 2) * 100,
        joint_confidence=random_numbers.random((count, 24)).astype(np.float32),
        pelvis_covariance_cam=covariance(),
        recovery="landmarks",
        body_model="anny",
    )
    if states is None:
        states = [TrackState.CONFIRMED] * count
    return People(
        track_ids=ids,
        person_ids=ids + 100,
        states=np.array(states, np.uint8),
        last_seen_ns=1_700_000_000_000_000_000 + np.arange(count, dtype=np.int64),
        confidence=random_numbers.random(count).astype(np.float32),
        bodies=bodies,
        velocity_cam=normal(3),
        position_covariance_cam=covariance(),
        velocity_covariance_cam=covariance(),
        last_recovered_ns=1_600_000_000_000_000_000 + np.arange(count, dtype=np.int64),
        appearance=random_numbers.random((count, APPEARANCE_SIZE)).astype(np.float32),
        postures=np.arange(count, dtype=np.uint8) % 5,
        posture_probability=random_numbers.random(count).astype(np.float32),
    )
