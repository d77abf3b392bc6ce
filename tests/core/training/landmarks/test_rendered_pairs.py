"""Renders that the landmark network reads: the truth is where the picture shows it."""

from dataclasses import fields

import numpy as np
import pytest

from humans4d_core.training.landmarks.rendered_pairs import (
    PairMaker,
    Pairs,
    read_pairs,
    save_pairs,
)
from humans4d_core.training.people.captured_poses import read_poses


@pytest.fixture(scope="module")
def poses(mocap_folder, rest_joints):
    return read_poses(mocap_folder, rest_joints)


@pytest.fixture(scope="module")
def pairs(poses):
    return PairMaker(poses, seed=3, is_training=False).make(24)


def test_the_network_reads_people_where_they_are(pairs, landmarks):
    assert len(pairs) == 24 and pairs.seen.mean() > 0.8
    seen = pairs.select(pairs.seen)
    true = seen.points[..., :2] / seen.points[..., 2:]
    size = np.ptp(true, axis=1).max(1)
    error = np.linalg.norm(seen.rays - true, axis=-1) / size[:, None]
    assert np.median(error[seen.visibility > 0.5]) < 0.05
    hips = np.isin(landmarks, (23, 24))
    np.testing.assert_allclose(seen.points[:, hips].mean(1)[:, :2], 0, atol=0.02)


def test_equal_seeds_give_equal_pairs_and_others_do_not(poses, pairs):
    again = PairMaker(poses, seed=3, is_training=False).make(4)
    np.testing.assert_array_equal(again.rays, pairs.rays[:4])
    other = PairMaker(poses, seed=4, is_training=False).make(1)
    assert not np.array_equal(other.points[0], pairs.points[0])


def test_pairs_are_read_back_as_they_were_saved(pairs, tmp_path):
    save_pairs(tmp_path / "a.npz", pairs.select(slice(0, 10)))
    save_pairs(tmp_path / "b.npz", pairs.select(slice(10, None)))
    back = read_pairs([tmp_path / "a.npz", tmp_path / "b.npz"])
    for field in fields(Pairs):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(pairs, field.name))
