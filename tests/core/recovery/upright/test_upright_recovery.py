from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.config import RecoveryConfig
from humans4d_core.geometry import project
from humans4d_core.recovery import create_recovery
from humans4d_core.recovery.upright import UprightRecovery
from humans4d_core.recovery.upright.box_places import HEIGHT, box_places
from humans4d_core.types import Camera, Detections, Frame, Pose

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)
UP = np.array([0.0, -1.0, 0.0])


def frame(pose=None):
    return Frame(np.zeros((480, 640, 3), np.uint8), 0, CAMERA, ground_from_camera=pose)


def detections(*boxes):
    return Detections(np.array(boxes, np.float32), np.full(len(boxes), 0.9, np.float32))


@pytest.fixture(scope="module")
def recovery():
    return UprightRecovery()


def box_of(feet, up, height=HEIGHT, width=0.5):
    """The box of a person who stands at `feet` (3,) m."""
    points = project(np.stack((feet, feet + height * up)), CAMERA)
    half = width / 2 * CAMERA.fx / feet[2]
    return points[0, 0] - half, points[1, 1], points[0, 0] + half, points[0, 1]


@pytest.mark.parametrize("tilt", [0.0, 20.0, 45.0])
@pytest.mark.parametrize("place", [(0.0, 1.0, 6.0), (1.5, 0.5, 8.0)])
def test_who_stands_is_found_where_he_stands(tilt, place):
    """Also under a camera that looks down: away from its axis by the head's parallax alone."""
    up = Rotation.from_euler("x", -tilt, degrees=True).apply(UP)
    feet = np.array(place)
    (found,), (sigma,) = box_places(np.array([box_of(feet, up)]), CAMERA, up)
    expected = feet + 0.53 * HEIGHT * up
    assert abs(found[2] / expected[2] - 1) < 0.02
    assert np.linalg.norm(found - expected) < 0.03 * expected[2]
    assert sigma == pytest.approx(0.13)


def test_heights_of_people_lie_within_the_covariance():
    """Monte Carlo: of adults and children about as tall as HEIGHT says, 95 % are inside."""
    random, feet = np.random.default_rng(0), np.array([0.5, 1.0, 7.0])
    heights = HEIGHT * (1 + random.normal(0, 0.1, 2000))
    boxes = np.array([box_of(feet, UP, height) for height in heights])
    places, sigma = box_places(boxes, CAMERA, UP)
    inside = np.abs(places[:, 2] / feet[2] - 1) < 1.96 * sigma
    assert 0.93 < inside.mean() <= 1.0


def test_a_box_wider_than_high_may_show_who_lies_and_who_is_near():
    wide = (200.0, 200.0, 400.0, 300.0)
    ((_, _, z),), (sigma,) = box_places(np.array([wide]), CAMERA, UP)
    lying, cut_off = 600 * HEIGHT / 200, 600 * 0.5 / 200
    assert cut_off < z < lying
    assert z * np.exp(sigma) == pytest.approx(lying) and z * np.exp(-sigma) == pytest.approx(
        cut_off
    )


def test_who_is_cut_off_below_is_not_taken_for_far_away():
    whole, cut = (290.0, 100.0, 350.0, 250.0), (270.0, 330.0, 370.0, 480.0)
    places, sigma = box_places(np.array([whole, cut]), CAMERA, UP)
    assert places[1, 2] < 0.7 * places[0, 2] and sigma[1] > 2 * sigma[0]


def test_bodies_fill_their_boxes_and_say_that_nothing_was_recovered(recovery):
    box = (300.0, 100.0, 360.0, 250.0)
    bodies = recovery.recover(frame(), detections(box))
    pixels = project(bodies.vertices_cam[0], CAMERA)
    assert pixels[:, 1].min() == pytest.approx(box[1], abs=10)
    assert pixels[:, 1].max() == pytest.approx(box[3], abs=10)
    assert bodies.recovery == "upright" and (bodies.joint_confidence == 0).all()
    assert (np.linalg.eigvalsh(bodies.pelvis_covariance_cam[0]) > 0).all()
    # Pose, shape and translation make these vertices.
    posed = recovery.body(bodies.global_orient, bodies.body_pose, bodies.betas)
    made = posed.vertices[0] + bodies.translation_cam[0]
    np.testing.assert_allclose(made, bodies.vertices_cam[0], atol=1e-4)


def test_people_stand_against_gravity_where_the_ground_is_known(recovery):
    down = Rotation.from_euler("x", -90 - 30, degrees=True).as_matrix()  # looks down by 30 degrees
    bodies = recovery.recover(
        frame(Pose(down, np.array([0, 0, 3.0]))), detections((300, 200, 340, 300))
    )
    head, pelvis = bodies.joints_cam[0, 15], bodies.pelvis_cam[0]
    rise = down @ (head - pelvis)
    assert rise[2] > 0.9 * np.linalg.norm(rise)


def test_a_box_where_the_lens_model_ends_has_no_place(recovery):
    lens = replace(CAMERA, fx=200.0, fy=200.0, distortion=(-0.5, 0.0, 0.0, 0.0, 0.0))
    boxes = detections((300, 200, 340, 300), (0, 380, 40, 470))
    bodies = recovery.recover(Frame(np.zeros((480, 640, 3), np.uint8), 0, lens), boxes)
    assert bodies.boxes_px.tolist() == [[300, 200, 340, 300]]
    assert np.isfinite(bodies.vertices_cam).all()


def test_nobody_and_boxes_without_size_are_nobody(recovery):
    assert len(recovery.recover(frame(), Detections.empty())) == 0
    assert len(recovery.recover(frame(), detections((5, 5, 5, 9), (-9, -9, -5, -5)))) == 0


def test_it_is_a_recovery_of_the_registry():
    assert create_recovery(RecoveryConfig("upright")).name == "upright"


def test_its_body_is_called_as_the_other_recoveries_call_it(recovery):
    assert recovery.body.name == "anny"
