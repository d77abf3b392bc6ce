"""Poses out of motion capture: at the rate that is wanted, judges and teachers apart."""

import numpy as np
import pytest

from humans4d_core.errors import InputFileError
from humans4d_core.training.people.captured_poses import read_poses


def test_poses_are_rotations_and_subject_07_judges(mocap_folder, rest_joints):
    poses = read_poses(mocap_folder, rest_joints)
    assert poses.local.shape == (20, 24, 3, 3)  # 60 frames at 120 a second, twice
    unity = poses.local @ poses.local.swapaxes(-1, -2)
    np.testing.assert_allclose(unity, np.broadcast_to(np.eye(3), unity.shape), atol=1e-5)
    assert poses.is_held_out.sum() == 10
    assert set(poses.clips[poses.is_held_out]) == {"07_01"}


def test_a_folder_without_motions_is_refused(tmp_path, rest_joints):
    with pytest.raises(InputFileError, match="no motion capture"):
        read_poses(tmp_path, rest_joints)
