"""People -> message -> people loses nothing; the message says what its definition promises."""

import math
import os
from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from humans4d_msgs.msg import BodyModel, HumanMesh, PeopleForecast, TrackedPeople
from humans4d_ros.outputs.people_messages import (
    body_model_to_message,
    forecast_to_message,
    latency_seconds,
    people_to_message,
)
from places import ROOT
from rclpy.serialization import deserialize_message, serialize_message
from scipy.spatial.transform import Rotation

from humans4d_core.body import load_body
from humans4d_core.io import message_typestore
from humans4d_core.io.bags.people_messages import message_to_forecast, message_to_people
from humans4d_core.types import JOINT_NAMES, JOINT_PARENTS, Bodies, Forecast, TrackState

STAMP = 1_700_000_000_123_456_789
MESSAGES = ROOT / "ros2_ws/src/humans4d_msgs"


def message_of(people, **values):
    return people_to_message(people, stamp_ns=STAMP, frame_id="camera", **values)


def over_the_wire(message, kind=TrackedPeople):
    return deserialize_message(serialize_message(message), kind)


def read_by_rosbags(message):
    typestore = message_typestore(MESSAGES)
    return typestore.deserialize_cdr(serialize_message(message), "humans4d_msgs/msg/TrackedPeople")


@pytest.mark.parametrize("read", [over_the_wire, read_by_rosbags])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_everything_about_people_comes_back(make_people, read, count):
    people = make_people(count, num_vertices=30 if count else 0)
    if count:
        scale = np.linspace(0.9, 1.2, count, dtype=np.float32)
        people = replace(people, bodies=replace(people.bodies, scale=scale))

    back = message_to_people(read(message_of(people)))

    for field in fields(people):
        if field.name != "bodies":
            expected, actual = getattr(people, field.name), getattr(back, field.name)
            assert actual.dtype == expected.dtype, field.name
            np.testing.assert_array_equal(actual, expected, field.name)
    for field in fields(Bodies):
        expected, actual = getattr(people.bodies, field.name), getattr(back.bodies, field.name)
        if field.name == "pelvis_covariance_cam":
            expected = people.position_covariance_cam
        if isinstance(expected, str) or expected is None:
            assert actual == expected
        else:
            assert actual.dtype == expected.dtype, field.name
            np.testing.assert_allclose(actual, expected, atol=2e-6, err_msg=field.name)


def test_a_body_that_stands_in_its_box_says_so(make_people):
    people = make_people(2)
    confidence = people.bodies.joint_confidence.copy()
    confidence[1] = 0
    bodies = replace(people.bodies, joint_confidence=confidence)
    people = replace(people, bodies=bodies, last_recovered_ns=None)
    first, second = message_of(people).people
    assert (first.recovery, second.recovery) == ("landmarks", "upright")
    assert first.last_recovered == first.last_seen
    assert (second.last_recovered.sec, second.last_recovered.nanosec) == (0, 0)


def test_clothes_that_nobody_has_seen_are_an_empty_array(make_people):
    people = make_people(2)
    appearance = people.appearance.copy()
    appearance[0, 3::4] = 0  # the parts' confidence
    first, second = message_of(replace(people, appearance=appearance)).people
    assert len(first.appearance) == 0
    np.testing.assert_array_equal(second.appearance, appearance[1])


def test_messages_of_before_these_fields_came_are_still_read(make_people):
    """As rosbags reads a bag that brings its own, older definition."""
    new = ("recovery", "last_recovered", "appearance", "posture", "posture_probability")
    people = make_people(2)
    message = read_by_rosbags(message_of(people))

    def older(mesh):
        kept = {f.name: getattr(mesh, f.name) for f in fields(mesh) if f.name not in new}
        return SimpleNamespace(**kept)

    message.people = [older(mesh) for mesh in message.people]
    back = message_to_people(message)
    np.testing.assert_array_equal(back.track_ids, people.track_ids)
    np.testing.assert_array_equal(back.last_recovered_ns, people.last_seen_ns)
    assert not back.appearance.any() and not back.postures.any()
    assert not back.posture_probability.any()


def test_the_header_is_the_images_to_the_nanosecond(make_people):
    message = message_of(make_people(1))
    assert message.header.frame_id == "camera"
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == divmod(STAMP, 10**9)


def test_the_body_frame_is_rep_155s(make_people):
    """z to the head, x out of the belly, y to the left; the origin between the hips."""
    people = make_people(3)
    for i, mesh in enumerate(message_of(people).people):
        turn = mesh.pose.pose.orientation
        axes = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()
        smpl_left, smpl_up, smpl_forward = people.bodies.global_orient[i].T
        np.testing.assert_allclose(axes[:, 0], smpl_forward, atol=1e-5)
        np.testing.assert_allclose(axes[:, 1], smpl_left, atol=1e-5)
        np.testing.assert_allclose(axes[:, 2], smpl_up, atol=1e-5)
        position = mesh.pose.pose.position
        hips = people.bodies.joints_cam[i, 1:3].mean(0)
        np.testing.assert_allclose([position.x, position.y, position.z], hips, atol=1e-5)


def test_covariances_state_what_is_unknown(make_people):
    people = make_people(2)
    mesh = message_of(people).people[1]
    pose, twist = (np.reshape(m.covariance, (6, 6)) for m in (mesh.pose, mesh.twist))
    np.testing.assert_array_equal(pose[:3, :3], people.position_covariance_cam[1])
    np.testing.assert_array_equal(twist[:3, :3], people.velocity_covariance_cam[1])
    for covariance in (pose, twist):
        assert (np.diag(covariance)[3:] >= 1e9).all()
        assert not covariance[:3, 3:].any()


def test_a_body_of_no_scale_is_as_large_as_its_model(make_people):
    message = message_of(make_people(2))
    assert [mesh.scale for mesh in message.people] == [1.0, 1.0]


def test_the_images_size_is_told_or_unknown(make_people):
    message = message_of(make_people(1), image_size=(640, 480))
    assert (message.image_width, message.image_height) == (640, 480)
    assert message_of(make_people(1)).image_width == 0


def test_a_forecast_is_of_those_who_are_believed_to_be_there(make_people):
    states = [TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.LOST, TrackState.OCCLUDED]
    people = make_people(4, states)
    random = np.random.default_rng(0)
    forecast = Forecast(
        random.normal(size=(4, 5, 3)).astype(np.float32),
        random.normal(size=(4, 5, 3, 3)).astype(np.float32),
    )
    seconds = np.linspace(0.1, 0.5, 5)
    message = forecast_to_message(people, forecast, seconds, stamp_ns=STAMP, frame_id="odom")
    message = over_the_wire(message, PeopleForecast)
    assert message.header.frame_id == "odom"
    np.testing.assert_allclose(message.seconds, seconds, rtol=1e-6)
    assert [(p.track_id, p.person_id, p.state) for p in message.people] == [
        (2, 102, TrackState.CONFIRMED), (4, 104, TrackState.OCCLUDED),
    ]  # fmt: skip
    for person, i in zip(message.people, (1, 3), strict=True):
        positions = np.reshape(person.positions, (5, 3))
        np.testing.assert_array_equal(positions, forecast.positions_cam[i])
        covariances = np.reshape(person.covariances, (5, 3, 3))
        np.testing.assert_array_equal(covariances, forecast.covariances_cam[i])


def test_vertices_can_be_left_out(make_people):
    people = make_people(2)
    message = over_the_wire(message_of(people, with_vertices=False))
    assert [len(mesh.vertices) for mesh in message.people] == [0, 0]
    assert message_to_people(message).bodies.vertices_cam.shape == (2, 0, 3)


def test_track_states_have_the_cores_numbers():
    for state in TrackState:
        assert getattr(HumanMesh, state.name) == state


def test_costs_are_given_or_not_a_number(make_people):
    people = make_people(1)
    message = message_of(people, detector="d", seconds={"detect": 0.25, "recover": 0.5})
    assert message.detector == "d"
    assert message.detect_seconds == 0.25 and message.recover_seconds == 0.5
    for unknown in (message.track_seconds, message.latency_seconds, message.node_seconds):
        assert math.isnan(unknown)


@pytest.mark.parametrize(
    ("ago_seconds", "expected"), [(0.25, 0.25), (-1.0, math.nan), (86_400.0, math.nan)]
)
def test_only_a_plausible_time_is_a_latency(ago_seconds, expected):
    now = STAMP + round(ago_seconds * 1e9)
    assert latency_seconds(STAMP, now) == pytest.approx(expected, nan_ok=True)


def test_arrays_of_a_wrong_length_are_an_error(make_people):
    message = message_of(make_people(2))
    message.people[1].joints = message.people[1].joints[:-3]
    with pytest.raises(ValueError):
        message_to_people(message)


def test_the_body_model_is_complete():
    body = load_body()
    message = over_the_wire(body_model_to_message(body), BodyModel)
    assert message.name == body.name
    assert message.num_vertices == body.num_vertices
    np.testing.assert_array_equal(np.reshape(message.faces, (-1, 3)), body.faces)
    assert tuple(message.joint_names) == JOINT_NAMES
    assert tuple(message.parents) == JOINT_PARENTS


def test_a_forecast_comes_back_row_by_row_and_of_who_is_not_in_it_nothing(make_people):
    people = make_people(3)
    rng = np.random.default_rng(0)
    sent = Forecast(
        rng.normal(size=(3, 4, 3)).astype(np.float32),
        rng.normal(size=(3, 4, 3, 3)).astype(np.float32),
    )
    message = forecast_to_message(people, sent, (0.5, 1, 1.5, 2), stamp_ns=5, frame_id="odom")
    there = np.flatnonzero(people.is_present)
    back = message_to_forecast(message, people)
    np.testing.assert_array_equal(back.positions_cam[there], sent.positions_cam[there])
    np.testing.assert_array_equal(back.covariances_cam[there], sent.covariances_cam[there])
    message.people = message.people[:1]
    assert np.isnan(message_to_forecast(message, people).positions_cam[1:]).all()
    message.people[0].positions = message.people[0].positions[:-1]
    with pytest.raises(ValueError, match="reshape"):
        message_to_forecast(message, people)
