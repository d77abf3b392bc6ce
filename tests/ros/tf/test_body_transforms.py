"""Transforms agree with the message, for those people who are believed to be there."""

import os
from dataclasses import replace

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

from humans4d_ros.outputs.people_messages import people_to_message
from humans4d_ros.outputs.scene import Scene
from humans4d_ros.tf.body_transforms import transforms
from rclpy.serialization import deserialize_message, serialize_message
from scipy.spatial.transform import Rotation
from tf2_msgs.msg import TFMessage

from humans4d_core.types import JOINT_NAMES, Pose, TrackState

STATES = [
    TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.LOST,
]  # fmt: skip


@pytest.fixture(params=["", "odom"])
def scene(request, make_people, frame):
    pose = Pose(Rotation.random(random_state=1).as_matrix(), [1, 2, 3])
    return Scene(make_people(4, STATES), replace(frame, fixed_from_camera=pose), request.param)


def read(data: bytes):
    return deserialize_message(data, TFMessage).transforms


def pose_of(transform) -> Pose:
    move, turn = transform.transform.translation, transform.transform.rotation
    rotation = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()
    return Pose(rotation, [move.x, move.y, move.z])


def test_confirmed_and_occluded_people_have_the_messages_pose(scene):
    message = people_to_message(scene.people, stamp_ns=scene.stamp_ns, frame_id=scene.frame_id)
    told = read(transforms(scene))

    assert [t.child_frame_id for t in told] == ["body_2", "body_3"]
    for transform, mesh in zip(told, message.people[1:3], strict=True):
        assert transform.header == message.header
        move, position = transform.transform.translation, mesh.pose.pose.position
        assert (move.x, move.y, move.z) == (position.x, position.y, position.z)
        assert transform.transform.rotation == mesh.pose.pose.orientation


@pytest.mark.parametrize("with_joints", [False, True])
def test_the_bytes_are_rclpys(assert_same_cdr, scene, with_joints):
    message = TFMessage(transforms=read(transforms(scene, with_joints)))
    assert_same_cdr(lambda: transforms(scene, with_joints), serialize_message(message))


def test_nobody_there_is_an_empty_message(make_people, frame):
    for with_joints in (False, True):
        assert list(read(transforms(Scene(make_people(0), frame), with_joints))) == []


def test_following_the_tree_leads_to_each_joint(scene):
    told = {t.child_frame_id: t for t in read(transforms(scene, with_joints=True))}
    assert len(told) == 2 * (1 + len(JOINT_NAMES))

    def in_scene(name: str) -> Pose:
        transform = told[name]
        parent = transform.header.frame_id
        pose = pose_of(transform)
        return pose if parent == scene.frame_id else in_scene(parent) @ pose

    for i in (1, 2):
        for joint, name in enumerate(JOINT_NAMES):
            found = in_scene(f"{name}_{i + 1}")
            expected = scene.people.bodies.joints_cam[i, joint]
            np.testing.assert_allclose(found.translation, expected, atol=1e-5)


def test_joints_turn_as_smpls_in_the_axes_of_rep_155(scene):
    """x forward, y left, z up at rest: the columns z, x, y of SMPL's rotations."""
    told = {t.child_frame_id: pose_of(t) for t in read(transforms(scene, with_joints=True))}
    bodies = scene.people.bodies
    axes = bodies.global_orient[1] @ bodies.body_pose[1, 0] @ bodies.body_pose[1, 3]
    chain = [told[f"{name}_2"] for name in ("body", "pelvis", "left_hip", "left_knee")]
    found = chain[0] @ chain[1] @ chain[2] @ chain[3]
    np.testing.assert_allclose(found.rotation, axes[:, [2, 0, 1]], atol=1e-5)
    np.testing.assert_allclose(told["pelvis_2"].rotation, np.eye(3), atol=1e-6)


def test_two_cameras_can_have_names_of_their_own(scene):
    left, right = (
        {t.child_frame_id for t in read(transforms(scene, True, id_prefix))}
        for id_prefix in ("left_", "right_")
    )
    assert {"body_left_2", "head_left_3"} < left
    assert len(left) == len(right) and not left & right


def test_no_frame_is_told_twice(scene):
    names = [t.child_frame_id for t in read(transforms(scene, with_joints=True))]
    assert len(names) == len(set(names))
