"""Angles and surfaces against what was turned and moved by known amounts."""

import numpy as np
import pytest
from made_scenes import make_images, make_published, make_truth, walks
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, load_body
from humans4d_core.evaluation.results.people_table import BodyRows
from humans4d_core.evaluation.scores.body_figures import ORIENTED, body_errors, orientations
from humans4d_core.evaluation.scores.scene import Scene
from humans4d_core.types import JOINT_NAMES, JOINT_PARENTS

COUNT = 20


def errors(change, is_smpl=True, scale=1.0):
    """One person; change((R, 24, 3, 3) true rotations, (R, 10) betas) -> the published ones."""
    rng = np.random.default_rng(0)
    images = make_images(COUNT)
    people, frames, places = walks(images, [(0, 0.2, 5)], [(0.1, 0, 0)])
    true = Rotation.from_rotvec(rng.normal(0, 0.4, (COUNT * 24, 3))).as_matrix()
    true, betas = true.reshape(COUNT, 24, 3, 3), rng.normal(0, 1, (COUNT, 10))
    published = make_published(images, people, frames, places)
    truth = make_truth(
        people, frames, places, rotations=true.astype(np.float32),
        betas=betas.astype(np.float32), gender=np.zeros(COUNT, np.uint8),
    )  # fmt: skip
    own, own_betas = change(true.copy(), betas.copy())
    rotvecs = Rotation.from_matrix(own.reshape(-1, 3, 3)).as_rotvec().reshape(COUNT, 24, 3)
    bodies = BodyRows(
        published.frame, published.track_id, rotvecs[:, 0], rotvecs[:, 1:], own_betas,
        np.full(COUNT, scale),
    )  # fmt: skip
    shuffled = bodies.select(rng.permutation(COUNT))
    scene = Scene.of("clip", images, published, truth)
    return body_errors(scene, False, shuffled, EMBEDDED_BODY, 0, is_smpl)


def test_equal_bodies_have_no_error():
    found = errors(lambda turns, betas: (turns, betas))
    assert len(found) == COUNT
    np.testing.assert_allclose(found.angle, 0, atol=1e-3)
    np.testing.assert_allclose(found.surface, 0, atol=1e-5)


def test_a_turned_root_turns_all_nine_parts():
    turn = Rotation.from_rotvec((0.1, 0.3, -0.2))

    def change(turns, betas):
        turns[:, 0] = turn.as_matrix() @ turns[:, 0]
        return turns, betas

    np.testing.assert_allclose(errors(change).angle, turn.magnitude(), atol=1e-3)


def test_a_bent_elbow_is_one_part_of_nine():
    elbow = JOINT_NAMES.index("left_elbow")

    def change(turns, betas):
        turns[:, elbow] = turns[:, elbow] @ Rotation.from_rotvec((0, 0.9, 0)).as_matrix()
        return turns, betas

    np.testing.assert_allclose(errors(change).angle, 0.9 / 9, atol=1e-3)


def test_orientations_are_products_from_the_root():
    turns = Rotation.random(24, rng=np.random.default_rng(1)).as_matrix()
    found = orientations(turns[None])[0]
    for joint in ORIENTED:
        expected, each = np.eye(3), joint
        while each >= 0:
            expected, each = turns[each] @ expected, JOINT_PARENTS[each]
        np.testing.assert_allclose(found[joint], expected, atol=1e-12)


def test_the_surface_of_a_larger_body_lies_outside():
    def change(turns, betas):
        return turns, betas

    found = errors(change, scale=1.1)
    # From the hips, a tenth further: of the mean distance of the surface to them.
    vertices, joints = load_body().at_rest()
    reach = np.linalg.norm(vertices - joints[1:3].mean(0), axis=1).mean()
    assert found.surface.mean() == pytest.approx(0.1 * reach, rel=0.15)


def test_another_body_has_no_surface_error():
    found = errors(lambda turns, betas: (turns, betas), is_smpl=False)
    assert np.isnan(found.surface).all()
    assert np.isfinite(found.angle).all()
