"""Each invariant of the fault run (benchmarks/faults) lets sound messages pass and can fail."""

import importlib
import math
import os
import sys
from array import array

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import TransformStamped
from humans4d_msgs.msg import BodyModel, HumanForecast, PeopleForecast
from humans4d_ros.outputs.people_messages import NUM_JOINTS, people_to_message
from places import ROOT
from sensor_msgs.msg import Image, PointCloud2, PointField
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from humans4d_core.types import JOINT_NAMES, JOINT_PARENTS, TrackState

FOLDER = ROOT / "benchmarks/faults"
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def tools():
    """tools("invariants") -> that module of the benchmark."""
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module
    sys.path.remove(str(FOLDER))


@pytest.fixture
def message(make_people):
    """message(*states, stamp_ns=...) -> a sound TrackedPeople, ids from 1."""

    def make(*states, stamp_ns=10 * SECOND, ids=None):
        people = make_people(len(states), states)
        people.last_seen_ns[:] = stamp_ns
        people.bodies.boxes_px[:] = (10, 20, 30, 60)
        people.velocity_cam[:] = (1, 0, 0)
        people.person_ids[:] = people.track_ids
        if ids is not None:
            people.track_ids[:] = people.person_ids[:] = ids
        return people_to_message(people, stamp_ns=stamp_ns, frame_id="odom", detector="movenet")

    return make


def spoil_array(name, index, value):
    def spoil(person):
        values = getattr(person, name)
        values[index] = value
        setattr(person, name, values)

    return spoil


def spoil_field(path, value):
    def spoil(person):
        *parents, last = path.split(".")
        for parent in parents:
            person = getattr(person, parent)
        setattr(person, last, value)

    return spoil


def covariance(values):
    return lambda person: setattr(person.pose, "covariance", np.diag(np.float64(values)).ravel())


def not_symmetric(person):
    person.twist.covariance[1] += 1.0


PEOPLE_FAULTS = {
    "track_id is 0": spoil_field("track_id", 0),
    "person_id": spoil_field("person_id", 77),
    "state is none": spoil_field("state", 9),
    "later than the stamp": spoil_field("last_seen.sec", 11),
    "not seen in this image": spoil_field("last_seen.sec", 9),
    "confidence is nan": spoil_field("confidence", math.nan),
    "score is 1.5": spoil_field("score", 1.5),
    "the box is": spoil_field("box_x_min", 31.0),
    "pose is not finite": spoil_field("pose.pose.position.y", math.nan),
    "pose is 1.1e": spoil_field("pose.pose.position.y", 11_000.0),
    "pose's quaternion": spoil_field("pose.pose.orientation.x", 3.0),
    "the velocity": spoil_field("twist.twist.linear.z", -31.0),
    "angular velocity": spoil_field("twist.twist.angular.z", math.inf),
    "pose covariance has a variance": covariance([1, 1, 0, 1, 1, 1]),
    "pose covariance is not finite": covariance([1, 1, math.inf, 1, 1, 1]),
    "twist covariance is not symmetric": not_symmetric,
    "betas has 2": spoil_field("betas", array("f", [0, 0])),
    "betas are above": spoil_array("betas", 3, 50.0),
    "joint_rotations are not finite": spoil_array("joint_rotations", 5, math.nan),
    "turned by more than pi": spoil_array("joint_rotations", 5, 4.0),
    "a joint is": spoil_array("joints", 5, 2e4),
    "joints has 71": spoil_field("joints", array("f", [0] * 71)),
    "joint_confidence is not": spoil_array("joint_confidence", 5, 1.2),
    "joints_px are infinite": spoil_array("joints_px", 5, math.inf),
    "vertices are not finite": spoil_array("vertices", 5, math.inf),
    "the scale": spoil_field("scale", 0.0),
    "smpl_translation is not finite": spoil_field("smpl_translation.x", math.nan),
}


@pytest.mark.parametrize("sentence", PEOPLE_FAULTS)
def test_a_wrong_person_is_found(tools, message, sentence):
    check = tools("invariants").wrong_with_people
    sound = message(TrackState.CONFIRMED, TrackState.CONFIRMED)
    assert check(sound) == []
    PEOPLE_FAULTS[sentence](sound.people[0])
    assert any(sentence in text for text in check(sound)), check(sound)


def test_a_wrong_list_of_people_is_found(tools, message):
    check = tools("invariants").wrong_with_people
    twice = message(TrackState.CONFIRMED, TrackState.OCCLUDED)
    twice.people[1].track_id = twice.people[0].track_id
    twice.people[1].person_id = twice.people[0].person_id
    assert [text for text in check(twice) if "twice" in text]
    assert [text for text in check(twice) if "one person_id" in text]
    costs = message()
    costs.detect_seconds = -0.1
    assert "detect_seconds" in check(costs)[0]
    assert "not above zero" in check(message(stamp_ns=0))[0]


def test_a_covariance_that_correlates_beyond_one_is_found(tools):
    check = tools("invariants").wrong_with_covariance
    assert check("pose", np.diag([1e-6, 1e9, 1.0])) == []
    correlated = np.array([[1e-4, 2e-2], [2e-2, 1.0]])  # 2 standard deviations of a correlation
    assert "not positive definite" in check("pose", correlated)[0]


def forecast(**changes):
    count = 3
    spread = np.eye(3)[None] * np.arange(1, count + 1)[:, None, None]
    person = HumanForecast(track_id=1, person_id=1, state=2)
    person.positions = array("f", np.zeros(3 * count))
    person.covariances = array("f", spread.ravel())
    for name, value in changes.items():
        setattr(person, name, value)
    message = PeopleForecast(people=[person])
    message.seconds = array("f", [0.1, 0.2, 0.3])
    return message


def test_a_wrong_forecast_is_found(tools):
    check = tools("invariants").wrong_with_forecasts
    assert check(forecast()) == []
    late = forecast()
    late.seconds = array("f", [0.1, 0.3, 0.2])
    assert "the times" in check(late)[0]
    assert "as many as" in check(forecast(positions=array("f", [0] * 6)))[0]
    assert "state 4" in check(forecast(state=4))[0]
    assert "not finite" in check(forecast(positions=array("f", [math.nan] * 9)))[0]
    shrinking = array("f", (np.eye(3)[None] * np.array([3, 2, 1])[:, None, None]).ravel())
    assert "surer" in check(forecast(covariances=shrinking))[0]
    twice = forecast()
    twice.people = [twice.people[0]] * 2
    assert "twice" in check(twice)[0]


def test_a_wrong_body_model_is_found(tools):
    check = tools("invariants").wrong_with_body_model

    def body(**changes):
        fields = {
            "name": "anny",
            "num_vertices": 3,
            "faces": array("I", [0, 1, 2]),
            "joint_names": list(JOINT_NAMES),
            "parents": array("i", JOINT_PARENTS),
        }
        return BodyModel(**{**fields, **changes})

    assert check(body()) == []
    assert "triangles" in check(body(num_vertices=2))[0]
    assert "no name" in check(body(name=""))[0]
    assert "24 different" in check(body(joint_names=["a"] * NUM_JOINTS))[0]
    assert "root" in check(body(parents=array("i", [-1] * NUM_JOINTS)))[0]
    assert "before it" in check(body(parents=array("i", [-1, 5, *[0] * 22])))[0]


def test_a_wrong_transform_is_found(tools):
    check = tools("display_invariants").wrong_with_transforms
    history = tools("histories").TransformHistory()

    def transforms(seconds=1, x=0.0, w=1.0, parent="odom"):
        transform = TransformStamped(child_frame_id="body_1")
        transform.header.frame_id, transform.header.stamp.sec = parent, seconds
        transform.transform.translation.x, transform.transform.rotation.w = x, w
        return TFMessage(transforms=[transform])

    assert check(transforms()) == [] == history.update(transforms())
    assert "does not go on" in history.update(transforms())[0]
    assert "away" in check(transforms(x=1e300))[0]
    assert "quaternion" in check(transforms(w=0.5))[0]
    assert "parent" in check(transforms(parent=""))[0]


def test_a_wrong_marker_is_found_and_what_a_display_shows_is_known(tools):
    check = tools("display_invariants").wrong_with_markers
    history = tools("histories").MarkerHistory()

    def markers(action=Marker.ADD, size=1.0, number=3):
        marker = Marker(ns="skeleton", id=number, action=action)
        marker.pose.orientation.w, marker.scale.x = 1.0, size
        return MarkerArray(markers=[marker])

    assert check(markers()) == []
    assert "scale" in check(markers(size=math.nan))[0]
    wrong = markers()
    wrong.markers[0].pose.position.x = math.inf
    assert "not finite" in check(wrong)[0]
    history.update(markers())
    history.update(markers(number=4))
    history.update(markers(Marker.DELETE))
    assert history.shown == {("skeleton", 4)}
    history.update(markers(Marker.DELETEALL))
    assert history.shown == set()


def test_a_wrong_cloud_and_a_wrong_image_are_found(tools):
    displays = tools("display_invariants")
    cloud = PointCloud2(height=1, width=1, point_step=12, row_step=12)
    cloud.fields = [PointField(name=name) for name in "xyz"]
    cloud.data = array("B", np.float32([1, 2, 3]).tobytes())
    assert displays.wrong_with_cloud(cloud) == []
    cloud.data = array("B", np.float32([1, 2, np.inf]).tobytes())
    assert "not finite" in displays.wrong_with_cloud(cloud)[0]
    cloud.width = 2
    assert "bytes" in displays.wrong_with_cloud(cloud)[0]
    image = Image(height=1, width=2, step=6, data=array("B", bytes(6)))
    assert displays.wrong_with_image(image) == []
    image.width = 3
    assert "bytes" in displays.wrong_with_image(image)[0]


def test_a_wrong_report_is_found(tools):
    check = tools("display_invariants").wrong_with_diagnostics

    def report(*values, message="working"):
        pairs = [KeyValue(key=key, value=value) for key, value in values]
        return DiagnosticArray(status=[DiagnosticStatus(message=message, values=pairs)])

    assert check(report(("a", "1"))) == []
    assert "twice" in check(report(("a", "1"), ("a", "2")))[0]
    assert "printed" in check(report(("a", "\x1b[2J")))[0]
    assert "2,000" in check(report(message="x" * 3000))[0]


def test_a_person_who_vanishes_without_LOST_is_found(tools, message):
    history = tools("histories").PeopleHistory()
    assert history.update(message(TrackState.CONFIRMED, stamp_ns=SECOND)) == []
    assert "vanishes" in history.update(message(stamp_ns=2 * SECOND))[0]


def test_a_person_who_returns_after_LOST_is_found(tools, message):
    history = tools("histories").PeopleHistory()
    assert history.update(message(TrackState.CONFIRMED, stamp_ns=SECOND)) == []
    assert history.update(message(TrackState.LOST, stamp_ns=2 * SECOND)) == []
    assert history.alive == set()
    assert "after LOST" in history.update(message(TrackState.LOST, stamp_ns=3 * SECOND))[0]


def test_a_new_id_that_is_not_above_all_before_is_found(tools, message):
    history = tools("histories").PeopleHistory()
    states = [TrackState.CONFIRMED] * 2
    assert history.update(message(*states, stamp_ns=SECOND, ids=[9, 4])) == []
    wrong = history.update(message(*states, TrackState.LOST, stamp_ns=2 * SECOND, ids=[9, 4, 5]))
    assert "not above 9" in wrong[0]


def test_a_state_that_goes_back_is_found(tools, message):
    history = tools("histories").PeopleHistory()
    history.update(message(TrackState.OCCLUDED, stamp_ns=SECOND))
    assert "TENTATIVE" in history.update(message(TrackState.TENTATIVE, stamp_ns=2 * SECOND))[0]


def test_time_that_goes_back_is_found_unless_it_begins_anew(tools, message):
    history = tools("histories").PeopleHistory()
    history.update(message(stamp_ns=10 * SECOND))
    assert "same stamp" in history.update(message(stamp_ns=10 * SECOND))[0]
    assert "goes back by 0.5" in history.update(message(stamp_ns=19 * SECOND // 2))[0]
    assert history.update(message(TrackState.CONFIRMED, stamp_ns=2 * SECOND)) == []
    wrong = history.update(message(TrackState.CONFIRMED, stamp_ns=SECOND // 2))
    assert "not LOST before" in wrong[0]


def test_meshes_that_do_not_fit_the_body_model_are_found(tools, message):
    history = tools("histories").PeopleHistory()
    history.body_model(30)
    assert history.update(message(TrackState.CONFIRMED, stamp_ns=SECOND)) == []
    history.body_model(31)
    assert "vertices" in history.update(message(TrackState.CONFIRMED, stamp_ns=2 * SECOND))[0]


def test_growth_is_told_from_noise_and_from_warm_up(tools):
    processes = tools("processes")
    rng = np.random.default_rng(0)

    def run(resident):
        return [processes.Figures(i, float(mb), 10, 50) for i, mb in enumerate(resident)]

    noise = rng.normal(0, 5, 400)
    assert processes.what_grew(run(500 + noise)) == []
    assert processes.what_grew(run(np.where(np.arange(400) < 90, 100, 500) + noise)) == []
    grown = processes.what_grew(run(500 + noise + np.arange(400) * 0.3))
    assert len(grown) == 1 and grown[0].startswith("resident_mb grew from")


def test_a_log_that_a_terminal_would_obey_is_found(tools):
    check = tools("processes").wrong_with_log
    assert check("[INFO] all is well\n") == []
    assert "printed" in check("forged\x1b[2J\n")[0]
    assert "traceback" in check("Traceback (most recent call last):\n  File\n")[0]
    assert "10000" in check("x" * 10_000)[0]


def test_all_faults_are_found_by_name(tools):
    found = tools("faults").FAULTS
    assert {"flood_of_images", "frozen", "garbage", "long_chain", "values_of_no_type"} <= set(found)
    assert len(found) > 40
