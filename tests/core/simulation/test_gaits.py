import numpy as np
import pytest
from places import SHARED

from humans4d_core.errors import InputFileError
from humans4d_core.simulation.gaits import (
    hip_heights,
    joint_positions,
    mocap_gaits,
    procedural_gaits,
)
from humans4d_core.simulation.simulated_crowd import World

CMU = SHARED / "mocap" / "cmu"


@pytest.fixture(scope="module")
def world():
    return World()


def test_joints_of_a_pose_are_those_of_the_body(world):
    walk = world.gaits.walks[0].rotations[::8]
    _, joints = world.pose(walk[:, 0], walk[:, 1:], np.zeros((len(walk), 10)))
    ours = joint_positions(walk, world.rest_joints)
    np.testing.assert_allclose(ours, joints - joints[:, :1], atol=1e-5)


def test_the_body_stands_on_its_soles(world):
    rest = np.tile(np.eye(3), (1, 24, 1, 1))
    vertices, joints = world.pose(rest[:, 0], rest[:, 1:], np.zeros((1, 10)))
    height = joints[0, 1:3, 1].mean() - vertices[0, :, 1].min()
    np.testing.assert_allclose(hip_heights(rest, world.rest_joints), height, atol=0.03)


def _check(gaits):
    for clip in (*gaits.walks, *gaits.stands, gaits.sit):
        identity = np.broadcast_to(np.eye(3), clip.rotations.shape)
        np.testing.assert_allclose(
            clip.rotations @ clip.rotations.swapaxes(-1, -2), identity, atol=1e-6
        )
        assert len(clip.hip_heights) == len(clip.rotations)
        # No jump from pose to pose, nor from the last to the first.
        steps = np.linalg.norm(clip.rotations - np.roll(clip.rotations, 1, axis=0), axis=(-1, -2))
        assert steps.max() < 0.5
    for walk in gaits.walks:
        assert 0.8 < walk.length < 3
        assert 0.8 < walk.hip_heights.mean() < 1.05
        left, right = walk.rotations[:, 1, 1, 2], walk.rotations[:, 2, 1, 2]
        assert np.corrcoef(left, right)[0, 1] < -0.5  # one leg forward, the other back
    assert gaits.sit.hip_heights[0] < 0.65


def test_made_up_gaits_are_cycles_of_people(world):
    _check(procedural_gaits(world.rest_joints))


@pytest.mark.skipif(not CMU.is_dir(), reason="no motion capture beside the repository")
def test_captured_gaits_are_cycles_of_people(world, tmp_path):
    for name in ("02.asf", "02_01.amc.xz", "02_10.amc.xz"):
        (tmp_path / name).symlink_to(CMU / name)
    gaits = mocap_gaits(tmp_path, world.rest_joints)
    assert len(gaits.walks) == len(gaits.stands) == 1
    _check(gaits)


def test_a_folder_without_motion_is_refused(tmp_path, world):
    with pytest.raises(InputFileError, match="no walking motion"):
        mocap_gaits(tmp_path, world.rest_joints)
