"""People who stand where a test wants them, z up, as a camera's node tells of them."""

from functools import lru_cache

import numpy as np

from humans4d_core.body import load_body
from humans4d_core.types import Bodies, People, TrackState

#: Columns: where SMPL's left, up and forward point for who faces x.
UPRIGHT = np.float32([[0, 0, 1], [1, 0, 0], [0, 1, 0]])


@lru_cache(1)
def free_body():
    return load_body()


def placed_people(
    places,
    ids=None,
    *,
    states=None,
    sigma=0.1,
    covariances=None,
    velocities=None,
    person_ids=None,
    appearance=None,
    seen_ns=10**9,
) -> People:
    """places: (N, 3) m, hip midpoints; sigma: m, of the position, or covariances (N, 3, 3)."""
    places = np.asarray(places, np.float32).reshape(-1, 3)
    n = len(places)
    ids = np.arange(1, n + 1) if ids is None else ids
    eye = np.tile(np.eye(3, dtype=np.float32), (n, 1, 1))
    rest = free_body().at_rest()
    orient = np.tile(UPRIGHT, (n, 1, 1))
    joints = rest.joints @ UPRIGHT.T
    root = rest.joints[0]
    # SMPL turns about its pelvis joint.
    shift = places - (joints[1] + joints[2]) / 2
    translation = shift + joints[0] - root
    if covariances is None:
        covariances = eye * sigma**2
    bodies = Bodies(
        boxes_px=np.tile(np.float32([10, 10, 50, 120]), (n, 1)),
        scores=np.full(n, 0.9, np.float32),
        global_orient=orient,
        body_pose=np.tile(np.eye(3, dtype=np.float32), (n, 23, 1, 1)),
        betas=np.zeros((n, 10), np.float32),
        translation_cam=translation.astype(np.float32),
        vertices_cam=np.zeros((n, 0, 3), np.float32),
        joints_cam=(joints[None] + shift[:, None]).astype(np.float32),
        joints_px=np.zeros((n, 24, 2), np.float32),
        joint_confidence=np.full((n, 24), 0.8, np.float32),
        pelvis_covariance_cam=np.asarray(covariances, np.float32),
        recovery="landmarks",
        body_model="anny",
        scale=np.ones(n, np.float32),
    )
    if velocities is None:
        velocities = np.zeros((n, 3))
    return People(
        track_ids=np.asarray(ids, np.uint32),
        person_ids=np.asarray(ids if person_ids is None else person_ids, np.uint32),
        states=np.asarray([TrackState.CONFIRMED] * n if states is None else states, np.uint8),
        last_seen_ns=np.full(n, seen_ns, np.int64),
        confidence=np.full(n, 0.9, np.float32),
        bodies=bodies,
        velocity_cam=np.asarray(velocities, np.float32).reshape(-1, 3),
        position_covariance_cam=np.asarray(covariances, np.float32),
        velocity_covariance_cam=eye * 0.2**2,
        appearance=None if appearance is None else np.asarray(appearance, np.float32),
    )
