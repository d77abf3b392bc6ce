"""A person who moves, as a run records it."""

from dataclasses import replace

import numpy as np
import pytest
from made_people import made_people
from scipy.spatial.transform import Rotation

from humans4d_core.body import load_body
from humans4d_core.io import PeopleWriter
from humans4d_core.types import TrackState
from humans4d_core.viewer.recording import open_recording

UP = np.array((0.1, -0.9, -0.3)) / np.linalg.norm((0.1, -0.9, -0.3))
RATE = 20.0
SCALE = 1.1


@pytest.fixture(scope="session")
def body():
    return load_body()


@pytest.fixture(scope="session")
def moving_people(body):
    """moving_people(seconds) -> one person with person_id 101 who turns, bends and walks."""
    betas = np.linspace(-1, 1, 10, dtype=np.float32)[None]

    def make(seconds: float):
        axes = np.random.default_rng(1).normal(size=(24, 3)) * 0.4
        turns = Rotation.from_rotvec(
            axes * np.sin(2 * seconds + np.arange(24)[:, None])
        ).as_matrix()
        turns[0] = Rotation.from_euler("xyz", (np.pi, seconds, 0.2)).as_matrix()
        turns = turns.astype(np.float32)[None]
        moved = np.float32([[0.8 * seconds, 0.2, 5 - 0.3 * seconds]])
        posed = body(turns[:, 0], turns[:, 1:], betas)
        people = made_people(1)
        bodies = replace(
            people.bodies, global_orient=turns[:, 0], body_pose=turns[:, 1:], betas=betas,
            translation_cam=moved, scale=np.float32([SCALE]),
            vertices_cam=SCALE * posed.vertices + moved[:, None],
            joints_cam=SCALE * posed.joints + moved[:, None],
        )  # fmt: skip
        return replace(people, bodies=bodies)

    return make


@pytest.fixture
def record(tmp_path, moving_people):
    """record(hidden) -> a recording of 3 s; hidden(frame): whether nobody saw the person then."""

    def make(hidden=lambda frame: False, frames: int = 60):
        with PeopleWriter(tmp_path / "people.jsonl") as file:
            for number in range(frames):
                people = moving_people(number / RATE)
                if hidden(number):
                    people = replace(people, states=np.uint8([TrackState.OCCLUDED]))
                file.write(number + 1, round(number * 1e9 / RATE), people, UP)
        return open_recording(tmp_path)[0]

    return make
