"""Synthetic people made of motion capture of nobody."""

from itertools import islice

import pytest

from humans4d_core.training.hmr2.synthetic_people import SyntheticPeople
from humans4d_core.training.people.captured_poses import read_poses


@pytest.fixture(scope="session")
def poses(mocap_folder, rest_joints):
    return read_poses(mocap_folder, rest_joints)


@pytest.fixture(scope="session")
def people(poses):
    """Twelve samples."""
    return list(islice(SyntheticPeople(poses, seed=3), 12))
