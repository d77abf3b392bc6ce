import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from humans4d_core.geometry.numpy_rotations import (
    exponential,
    kabsch,
    minimal_rotation,
    right_jacobian,
)

axis_angles = arrays(np.float64, (5, 3), elements=st.floats(-1.8, 1.8))


@given(axis_angles)
def test_exponential_equals_scipys(axis_angle):
    expected = Rotation.from_rotvec(axis_angle).as_matrix()
    np.testing.assert_allclose(exponential(axis_angle), expected, atol=1e-9)


@given(axis_angles, arrays(np.float64, (5, 3), elements=st.floats(-1, 1)))
def test_right_jacobian_predicts_a_small_turn(axis_angle, direction):
    step = 1e-6 * direction
    moved = exponential(axis_angle + step)
    turn = (right_jacobian(axis_angle) @ step[..., None])[..., 0]
    np.testing.assert_allclose(moved, exponential(axis_angle) @ exponential(turn), atol=1e-10)


@given(arrays(np.float64, (2, 4, 3), elements=st.floats(-1, 1)))
def test_minimal_rotation_turns_source_into_target(vectors):
    vectors = vectors + np.array([0, 0, 2.0])  # never opposite to each other
    source, target = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    rotation = minimal_rotation(source, target)
    np.testing.assert_allclose((rotation @ source[..., None])[..., 0], target, atol=1e-9)
    np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1), np.eye(3)[None].repeat(4, 0),
                               atol=1e-9)  # fmt: skip


def test_kabsch_finds_the_rotation_and_never_a_reflection():
    rng = np.random.default_rng(0)
    rotation = Rotation.random(6, random_state=1).as_matrix()
    flat = rng.normal(size=(6, 4, 3)) * (1, 1, 0)  # coplanar: a mirror would fit as well
    found = kabsch(flat, flat @ rotation.transpose(0, 2, 1), np.ones((6, 4)))
    np.testing.assert_allclose(found, rotation, atol=1e-9)
