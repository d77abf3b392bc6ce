"""Small films, made here; people as arrays."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from humans4d_core.types import Bodies, People, TrackState


@pytest.fixture
def film(tmp_path):
    """film(name, frames, fps, size): a video whose frame i is gray 20 * i (i < 12)."""

    def make(
        name: str = "film.mp4",
        frames: int = 8,
        fps: float = 10.0,
        size: tuple[int, int] = (64, 48),
        codec: str = "mp4v",
    ) -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, size)
        assert writer.isOpened()
        for index in range(frames):
            writer.write(np.full((size[1], size[0], 3), 20 * (index % 12), np.uint8))
        writer.release()
        return path

    return make


@pytest.fixture
def make_people():
    """make_people(states): People with these states, track ids from 1, distinct boxes."""

    def make(*states: TrackState, seed: int = 0) -> People:
        n = len(states)
        rng = np.random.default_rng(seed)
        joints = rng.normal(size=(n, 24, 3)).astype(np.float32)
        rotations = np.broadcast_to(np.eye(3, dtype=np.float32), (n, 24, 3, 3)).copy()
        corner = rng.uniform(0, 100, (n, 2)).astype(np.float32)
        bodies = Bodies(
            boxes_px=np.concatenate((corner, corner + (30, 60)), axis=1).astype(np.float32),
            scores=np.full(n, 0.9, np.float32),
            global_orient=rotations[:, 0],
            body_pose=rotations[:, 1:],
            betas=np.zeros((n, 10), np.float32),
            translation_cam=np.zeros((n, 3), np.float32),
            vertices_cam=np.zeros((n, 5, 3), np.float32),
            joints_cam=joints,
            joints_px=np.zeros((n, 24, 2), np.float32),
            joint_confidence=np.ones((n, 24), np.float32),
            pelvis_covariance_cam=np.zeros((n, 3, 3), np.float32),
            recovery="landmarks",
            body_model="anny",
        )
        return People(
            track_ids=np.arange(1, n + 1, dtype=np.uint32),
            person_ids=np.arange(1, n + 1, dtype=np.uint32),
            states=np.array(states, np.uint8),
            last_seen_ns=np.zeros(n, np.int64),
            confidence=np.full(n, 0.1, np.float32),
            bodies=bodies,
            velocity_cam=np.zeros((n, 3), np.float32),
            position_covariance_cam=np.zeros((n, 3, 3), np.float32),
            velocity_covariance_cam=np.zeros((n, 3, 3), np.float32),
        )

    return make
