"""People on a ground that is known: standing, walking, sitting, in the air, with hidden feet."""

from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.config import PositioningConfig

PLACES = np.array([(3.0, -0.5), (4.5, 1.2), (6.0, 0.0)])
WRONG_SIZES = np.array([0.88, 1.1, 1.0])
ANKLES_AND_FEET = [7, 8, 10, 11]


def errors(found, exact):
    """Distances (N,) m of pelvises."""
    return np.linalg.norm(found.pelvis_cam - exact.pelvis_cam, axis=1)


@pytest.mark.parametrize(
    "gait, phase", [("stand", 0.0), ("sit", 0.0), ("walk", 0.1), ("walk", 0.6)]
)
def test_people_of_wrong_size_are_put_where_they_stand(scene, positioning, resize, gait, phase):
    exact = scene.people(PLACES, gait, phase)
    wrong = resize(exact, WRONG_SIZES)
    found = positioning.place(scene.frame(), wrong)
    assert (errors(wrong, exact)[:2] > 0.3).all()
    # The made-up stand leans by 0.06 m, which is taken for a mistake, and wrong sizes weigh, too.
    assert (errors(found, exact) < 0.06 + 0.15 * errors(wrong, exact)).all()


@pytest.mark.parametrize(
    "height, pitch, nearest, largest", [(1.0, 0.1, 0.25, 0.6), (2.0, 0.3, 0.1, 0.35),
                                        (7.0, 0.8, 0.06, 0.2)]
)  # fmt: skip
def test_the_higher_the_camera_the_surer_the_distance(
    scene_over, positioning, resize, height, pitch, nearest, largest
):
    scene = scene_over(height, pitch)
    exact = scene.people([(6.0, 0.0)])
    found = positioning.place(scene.frame(), resize(exact, 1.1))
    sigma = np.sqrt(np.trace(found.pelvis_covariance_cam[0]))
    assert errors(found, exact)[0] < nearest
    assert errors(found, exact)[0] < 2 * sigma < 2 * largest


def test_a_ground_whose_tilt_is_unsure_says_less_of_the_distance(scene, positioning, resize):
    exact = scene.people(PLACES)
    wrong = resize(exact, WRONG_SIZES)
    sigmas, distances = [], []
    for sigma in (0.002, 0.02, 0.1):
        positioning.config = PositioningConfig(ground_tilt_sigma=sigma)
        found = positioning.place(scene.frame(), wrong)
        sigmas.append(np.sqrt(np.trace(found.pelvis_covariance_cam, axis1=1, axis2=2)))
        distances.append(errors(found, wrong))
    assert (np.diff(sigmas, axis=0) > 0).all()
    assert (np.diff(distances, axis=0)[:, :2] < 0).all()  # body size has more to say


def test_a_body_keeps_its_image_and_says_its_scale(scene, positioning, resize):
    wrong = resize(scene.people(PLACES), WRONG_SIZES)
    found = positioning.place(scene.frame(), wrong)
    np.testing.assert_array_equal(found.joints_px, wrong.joints_px)
    for name in ("vertices_cam", "joints_cam"):
        points, before = getattr(found, name), getattr(wrong, name)
        np.testing.assert_allclose(points, before * found.scale[:, None, None], rtol=1e-6)
    np.testing.assert_allclose(
        found.translation_cam, wrong.translation_cam * found.scale[:, None], rtol=1e-6
    )
    np.testing.assert_allclose(found.scale, 1 / WRONG_SIZES, rtol=0.03)


def test_the_ground_shortens_the_covariance_along_the_ray_alone(scene, positioning):
    exact = scene.people(PLACES)
    found = positioning.place(scene.frame(), exact)
    ray = exact.pelvis_cam / np.linalg.norm(exact.pelvis_cam, axis=1, keepdims=True)
    before, after = exact.pelvis_covariance_cam, found.pelvis_covariance_cam
    along = np.einsum("ni,nij,nj->n", ray, after, ray)
    assert (along < 0.5 * np.einsum("ni,nij,nj->n", ray, before, ray)).all()
    across = np.cross(ray, (0.0, 1.0, 0.0))
    np.testing.assert_allclose(
        np.einsum("ni,nij,nj->n", across, after, across),
        np.einsum("ni,nij,nj->n", across, before, across),
        rtol=0.02,
    )
    assert (np.linalg.eigvalsh(after) > 0).all()


def hide_feet(bodies):
    confidence = bodies.joint_confidence.copy()
    confidence[:, ANKLES_AND_FEET] = 0.05
    return replace(bodies, joint_confidence=confidence)


def shorten_box(bodies):
    boxes = bodies.boxes_px.copy()
    boxes[:, 3] -= 0.3 * (boxes[:, 3] - boxes[:, 1])
    return replace(bodies, boxes_px=boxes)


@pytest.mark.parametrize("hide", [hide_feet, shorten_box])
def test_feet_that_were_not_seen_say_nothing(scene, positioning, resize, hide):
    wrong = hide(resize(scene.people(PLACES), WRONG_SIZES))
    assert positioning.place(scene.frame(), wrong) is wrong


def test_a_body_cut_off_by_the_image_keeps_its_long_covariance(scene, positioning, resize):
    near = scene.people([(1.3, 0.0)])  # the feet are below the image
    assert near.boxes_px[0, 3] == scene.camera.height
    wrong = resize(near, 1.1)
    assert positioning.place(scene.frame(), wrong) is wrong


def test_feet_half_seen_are_believed_less(scene, positioning, resize):
    wrong = resize(scene.people(PLACES[:1]), 1.1)
    confidence = wrong.joint_confidence.copy()
    confidence[:, ANKLES_AND_FEET] = 0.3
    doubtful = replace(wrong, joint_confidence=confidence)
    sure, doubted = (positioning.place(scene.frame(), b) for b in (wrong, doubtful))
    assert np.trace(doubted.pelvis_covariance_cam[0]) > np.trace(sure.pelvis_covariance_cam[0])


def test_who_jumps_is_not_thrown_far_away(scene, positioning):
    exact = scene.people([(4.0, 0.0)], air=0.35)
    found = positioning.place(scene.frame(), exact)
    # Taken for standing, the person would be 1.3 / (1.3 - 0.35) times as far: 1.5 m too far.
    assert 0.1 < errors(found, exact)[0] < 0.6
    ray = exact.pelvis_cam[0] / np.linalg.norm(exact.pelvis_cam[0])
    along = np.sqrt(ray @ found.pelvis_covariance_cam[0].astype(float) @ ray)
    assert errors(found, exact)[0] < 3 * along


def test_a_ground_that_the_camera_does_not_look_down_on_says_nothing(scene_over, positioning):
    on_the_floor = scene_over(height=0.05, pitch=0.0)
    exact = on_the_floor.people([(4.0, 0.0)])
    assert positioning.place(on_the_floor.frame(), exact) is exact


def test_bodies_that_are_not_numbers_are_left_alone(scene, positioning):
    exact = scene.people(PLACES)
    vertices = exact.vertices_cam.copy()
    vertices[1] = np.nan
    broken = replace(exact, vertices_cam=vertices)
    for ground in (True, False):
        found = positioning.place(scene.frame(knows_ground=ground), broken)
        assert np.isfinite(found.pelvis_cam).all()
        np.testing.assert_array_equal(found.pelvis_cam[1], exact.pelvis_cam[1])


def test_nobody_and_other_models_are_handed_on(scene, positioning):
    exact = scene.people(PLACES)
    nobody, other = exact.select([]), replace(exact, vertices_cam=exact.vertices_cam[:, :100])
    for ground in (True, False):
        assert positioning.place(scene.frame(knows_ground=ground), nobody) is nobody
        assert positioning.place(scene.frame(knows_ground=ground), other) is other
