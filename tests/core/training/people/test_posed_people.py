"""Bodies before cameras."""

import numpy as np
import pytest

from humans4d_core.body import BodyModel
from humans4d_core.geometry import project
from humans4d_core.training.people.captured_poses import read_poses
from humans4d_core.training.people.posed_people import BATCH, SIZES, PosedPeople, camera_around


@pytest.fixture(scope="module")
def people(body, mocap_folder, rest_joints):
    poses = read_poses(mocap_folder, rest_joints)
    return PosedPeople(BodyModel(body), poses, np.random.default_rng(0)).some()


def test_the_hips_are_where_the_camera_looks(people):
    hips = (people.joints[:, 1] + people.joints[:, 2]) / 2
    np.testing.assert_allclose(hips[:, :2], 0, atol=1e-5)
    np.testing.assert_allclose(hips[:, 2], people.distances, rtol=1e-5)
    assert len(people.local) == len(people.clips) == BATCH


def test_everybody_is_whole_in_the_image_at_a_size_that_networks_meet(people):
    rng, seen = np.random.default_rng(1), 0
    for vertices, distance in zip(people.vertices, people.distances, strict=True):
        camera = camera_around(vertices, distance, rng)
        if camera is None:
            continue
        seen += 1
        pixels = project(vertices, camera)
        assert (pixels.min(0) + pixels.max(0)) / 2 == pytest.approx(camera.width / 2, abs=0.5)
        tall = camera.fx * 1.7 / distance
        assert SIZES[0] <= tall * 1.001 and tall <= SIZES[1] * 1.001
    assert seen > BATCH / 2
