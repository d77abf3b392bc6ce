"""A body goes along with its box."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.body import load_body
from humans4d_core.geometry import project
from humans4d_core.geometry.moved_bodies import moved
from humans4d_core.recovery.budget.carried_bodies import carried, shape_change
from humans4d_core.recovery.upright import UprightRecovery
from humans4d_core.types import Camera, Detections, Frame

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)


@pytest.fixture
def bodies():
    boxes = np.float32([[100, 120, 170, 320], [400, 150, 460, 330]])
    frame = Frame(np.zeros((480, 640, 3), np.uint8), 1, CAMERA)
    found = UprightRecovery().recover(frame, Detections(boxes, np.float32([0.9, 0.8])))
    found.joint_probability[:] = 0.8
    return found


def go_along(bodies, boxes, age=0.3, turn=None):
    turns = np.tile(np.eye(3) if turn is None else turn, (len(boxes), 1, 1))
    return carried(bodies, boxes, bodies.scores, CAMERA, np.full(len(boxes), age), turns)


@pytest.mark.parametrize("way", [(0.5, 0, 0), (0, 0, 1.0), (-0.4, 0, -0.8)])
def test_a_body_is_where_its_box_has_gone(bodies, way):
    way = np.tile(np.float64(way), (2, 1))
    there = moved(bodies, way, CAMERA)
    found = go_along(bodies, there.boxes_px)
    np.testing.assert_allclose(found.pelvis_cam, there.pelvis_cam, atol=0.02)
    np.testing.assert_allclose(found.joints_px, project(found.joints_cam, CAMERA), atol=1e-2)
    np.testing.assert_array_equal(found.body_pose, bodies.body_pose)


def test_a_body_in_the_same_box_stays(bodies):
    found = go_along(bodies, bodies.boxes_px)
    np.testing.assert_allclose(found.vertices_cam, bodies.vertices_cam, atol=1e-3)


def test_a_body_turns_against_the_camera(bodies):
    turn = Rotation.from_rotvec([0.1, 0.6, -0.2]).as_matrix()
    found = go_along(bodies, bodies.boxes_px, turn=turn)
    np.testing.assert_allclose(found.global_orient, turn @ bodies.global_orient, atol=1e-5)
    body = load_body()(found.global_orient, found.body_pose, found.betas)
    joints = body.joints + found.translation_cam[:, None]
    np.testing.assert_allclose(joints, found.joints_cam, atol=1e-3)
    vertices = body.vertices + found.translation_cam[:, None]
    np.testing.assert_allclose(vertices, found.vertices_cam, atol=1e-3)
    np.testing.assert_allclose(found.pelvis_cam, bodies.pelvis_cam, atol=1e-3)


def test_an_older_pose_is_believed_less_and_its_place_is_less_sure(bodies):
    young, old = (go_along(bodies, bodies.boxes_px, age) for age in (0.1, 1.0))
    assert (old.joint_probability < young.joint_probability).all()
    assert (young.joint_probability < bodies.joint_probability).all()
    grown = young.pelvis_covariance_cam - bodies.pelvis_covariance_cam
    assert (np.linalg.eigvalsh(grown)[:, 2] > 0.1**2).all()
    np.testing.assert_allclose(old.pose_age, 1.0)


def test_a_box_that_the_border_cuts_tells_no_distance(bodies):
    boxes = bodies.boxes_px.copy()
    boxes[:, 1], boxes[:, 3] = 200, 480
    found = go_along(bodies, boxes)
    np.testing.assert_allclose(found.pelvis_cam[:, 2], bodies.pelvis_cam[:, 2], rtol=1e-5)


def test_a_box_of_another_shape_widens_the_covariance(bodies):
    boxes = bodies.boxes_px.copy()
    boxes[0, 1] += 100  # crouches
    found = go_along(bodies, boxes)
    spread = np.trace(found.pelvis_covariance_cam - bodies.pelvis_covariance_cam, axis1=1, axis2=2)
    assert np.sqrt(spread[0]) > 0.2 * found.pelvis_cam[0, 2] > np.sqrt(spread[1])
    assert shape_change(bodies.boxes_px, boxes)[0] == pytest.approx(np.log(2), rel=1e-3)
