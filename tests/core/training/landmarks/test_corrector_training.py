"""The corrector learns errors that depend on what is read, and says how sure it is."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from humans4d_core.recovery.landmarks.kinematics import LandmarkSkeleton
from humans4d_core.recovery.landmarks.point_corrector import PointCorrector, features, side_swap
from humans4d_core.training.landmarks.corrector_training import (
    CorrectorNetwork,
    CorrectorTraining,
    evaluate_corrector,
    train_corrector,
)
from humans4d_core.training.landmarks.rendered_pairs import Pairs

QUICK = CorrectorTraining(width=96, blocks=2, steps=250, dropout=0.0)


@pytest.fixture(scope="module")
def pairs(body):
    """People in random poses whose depth is read a third too small."""
    rng, skeleton, n = np.random.default_rng(0), LandmarkSkeleton(body), 1500
    local = np.broadcast_to(np.eye(3), (n, 24, 3, 3)).copy()
    turns = rng.normal(0, 0.35, (n * 8, 3))
    local[:, [1, 2, 4, 5, 16, 17, 18, 19]] = (
        Rotation.from_rotvec(turns).as_matrix().reshape(n, 8, 3, 3)
    )
    yaw = Rotation.from_euler("y", rng.uniform(-np.pi, np.pi, (n, 1))).as_matrix()
    local[:, 0] = np.diag((1.0, -1.0, -1.0)) @ yaw
    posed = skeleton.pose(local, np.zeros((n, 10)))
    points = posed.points + (0, 0, 5)
    world = posed.points * (1, 1, 0.67)
    k = points.shape[1]
    return Pairs(
        points[..., :2] / points[..., 2:], world, np.ones((n, k)), np.ones(n), points,
        np.full(n, "made"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def weights(pairs, landmarks, tmp_path_factory):
    path = tmp_path_factory.mktemp("corrector") / "weights.npz"
    train_corrector(pairs.select(slice(0, 1200)), landmarks, QUICK, path)
    return path


def test_what_is_read_wrongly_in_depth_is_put_right(pairs, landmarks, weights):
    scores = evaluate_corrector(pairs.select(slice(1200, None)), landmarks, weights)
    before, after = scores["landmark network"], scores["corrected"]
    assert after.people == 300
    assert after.mpjpe < 0.7 * before.mpjpe and after.pa_mpjpe < 0.8 * before.pa_mpjpe


def test_equal_seeds_give_equal_weights(pairs, landmarks, tmp_path):
    training = CorrectorTraining(width=32, blocks=1, steps=5)
    for name in ("a.npz", "b.npz"):
        train_corrector(pairs, landmarks, training, tmp_path / name)
    first, second = (np.load(tmp_path / name) for name in ("a.npz", "b.npz"))
    for name in first.files:
        np.testing.assert_array_equal(first[name], second[name])


def test_numpy_computes_what_pytorch_trained(pairs, landmarks, weights):
    network = CorrectorNetwork(len(landmarks), QUICK).eval()
    with np.load(weights) as file:
        state = {name: torch.from_numpy(file[name].astype(np.float32)) for name in file.files}
    network.load_state_dict(state)
    inputs = features(pairs.rays, pairs.visibility, pairs.world)[:50]
    with torch.inference_mode():
        expected = network(torch.from_numpy(inputs)).numpy()
    found = PointCorrector(landmarks, weights)._network(inputs)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_mirrored_person_is_corrected_alike(pairs, landmarks, weights):
    corrector, swap = PointCorrector(landmarks, weights), side_swap(landmarks)
    points, right = corrector(pairs.rays[:20], pairs.visibility[:20], pairs.world[:20])
    mirrored = (
        pairs.rays[:20, swap] * (-1, 1), pairs.visibility[:20, swap],
        pairs.world[:20, swap] * (-1, 1, 1),
    )  # fmt: skip
    other, other_right = corrector(*mirrored)
    np.testing.assert_allclose(other[:, swap] * (-1, 1, 1), points, atol=1e-5)
    np.testing.assert_allclose(other_right[:, swap], right, atol=1e-5)


def test_distance_and_the_networks_metres_do_not_change_the_features(pairs):
    near = features(2 * pairs.rays, pairs.visibility, 1.3 * pairs.world)
    far = features(pairs.rays, pairs.visibility, pairs.world)
    differ = np.abs(near - far).max(0) > 1e-4
    assert differ.sum() == 2  # the two sizes themselves
