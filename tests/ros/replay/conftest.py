"""A small camera bag, and ears for what is played."""

import numpy as np
import pytest

from humans4d_core.io import write_camera_bag
from humans4d_core.types import Camera, Frame

FIRST_STAMP = 1_700_000_000_250_000_000
PERIOD = 50_000_000


@pytest.fixture
def camera_bag(tmp_path):
    camera = Camera(100.0, 100.0, 32.0, 24.0, 64, 48)
    frames = [
        Frame(np.full((48, 64, 3), index, np.uint8), FIRST_STAMP + index * PERIOD, camera)
        for index in range(6)
    ]
    write_camera_bag(tmp_path / "bag", frames)
    return tmp_path / "bag"


@pytest.fixture
def listen():
    """Starts a Listener on a node of its own."""
    from humans4d_ros.process.ros_session import ros_node
    from raw_listener import Listener

    with ros_node("listener") as node:
        listeners = []

        def start(topics, **options):
            listeners.append(Listener(node, topics, **options))
            return listeners[-1]

        yield start
        for listener in listeners:
            listener.close()
