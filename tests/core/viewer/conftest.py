"""Frames for the view, and a view that closes by itself."""

import numpy as np
import pytest
from made_people import made_people

from humans4d_core.types import Camera, Forecast, Pose
from humans4d_core.viewer import LiveView, ViewFrame
from humans4d_core.viewer.view_frame import LEVEL

CAMERA = Camera(500.0, 500.0, 320.0, 240.0, 640, 480)
FACES = np.array([[0, 1, 2], [2, 3, 4]], np.int32)


@pytest.fixture
def make_view_frame():
    """make_view_frame(people, seconds) -> ViewFrame with an image and a forecast."""

    def make(people=None, seconds=0.0, camera_at=(0.0, 0.0, 1.0)):
        people = made_people(3) if people is None else people
        ahead = people.bodies.pelvis_cam[:, None].repeat(4, axis=1)
        spread = np.tile(np.eye(3, dtype=np.float32), (len(people), 4, 1, 1))
        image = np.full((480, 640, 3), 90, np.uint8)
        pose = Pose(LEVEL, np.array(camera_at))
        return ViewFrame(
            round(seconds * 1e9), people, CAMERA, pose, image, Forecast(ahead, spread), 0.0, 0.05
        )

    return make


@pytest.fixture
def view():
    with LiveView(FACES) as live:
        yield live
