"""The appearance that this package has, in PHALP's tracker."""

from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.body import Surface, load_body
from humans4d_core.tracking.appearance import Clothes
from humans4d_core.tracking.phalp import PhalpConfig, PhalpTracker
from humans4d_core.types import Frame

PLACES = np.array([(-1.0, 0, 5), (1.0, 0, 5)])
#: Blue, green, red of trousers and coats, person by person.
COATS = np.array([(40, 40, 200), (200, 90, 30)])


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture(scope="module")
def clothes(body):
    return Clothes(Surface.of_body(body))


@pytest.fixture
def dressed(body, people_at, camera):
    """Function: places (N, 3) m, coats (N, 3), background -> Frame at 0 s and Bodies with meshes.

    The image is coloured where the body is and a margin around it.
    """
    turned = np.diag([1.0, -1.0, -1.0])[None]
    upright = np.tile(np.eye(3), (1, 23, 1, 1))
    mesh = body(turned, upright, np.zeros((1, 10))).vertices[0]
    mesh = mesh - mesh.mean(0)

    def make(places, coats, background=128):
        bodies = people_at(places)
        vertices = (mesh + bodies.pelvis_cam[:, None]).astype(np.float32)
        image = np.full((camera.height, camera.width, 3), background, np.uint8)
        for (x, y), coat in zip(bodies.joints_px[:, 0].astype(int), coats, strict=True):
            image[max(y - 150, 0) : y + 150, x - 110 : x + 110] = coat
        return Frame(image, 0, camera), replace(bodies, vertices_cam=vertices)

    return make


def test_the_tracker_follows_coats_across_a_cut(clothes, dressed):
    tracker = PhalpTracker(PhalpConfig(min_box_px=(20, 40)), clothes)
    for k in range(8):
        order = [0, 1] if k < 6 else [1, 0]
        frame, bodies = dressed(PLACES, COATS[order], background=0 if k < 6 else 255)
        if k == 0:
            bodies = bodies.select([0])  # so the red coat is person 1
        people = tracker.update(replace(frame, stamp_ns=k * 40_000_000), bodies)
    assert people.track_ids.tolist() == [1, 2]
    np.testing.assert_allclose(people.bodies.pelvis_cam, PLACES[::-1], atol=1e-5)
