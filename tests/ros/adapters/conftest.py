"""People of every state, and what shows them to the adapters."""

from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.types import TrackState

STATES = [
    TrackState.CONFIRMED,
    TrackState.TENTATIVE,
    TrackState.OCCLUDED,
    TrackState.LOST,
]


@pytest.fixture
def rig(underlay):
    from adapter_rig import Rig

    rig = Rig()
    yield rig
    rig.close()


@pytest.fixture
def people(make_people):
    """Of every state, inside the image, each body's size another."""
    from adapter_rig import SIZE

    people = make_people(4, STATES)
    random = np.random.default_rng(5)
    boxes = np.float32([[10, 20, 110, 220]]) + np.float32([[50], [60], [70], [80]])
    joints_px = random.uniform([0, 0], SIZE, (4, 24, 2)).astype(np.float32)
    return replace(people, bodies=replace(people.bodies, boxes_px=boxes, joints_px=joints_px))
