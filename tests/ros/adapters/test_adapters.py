"""Other projects' messages say the same as ours; what is not installed is not started."""

import os
from array import array

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from adapter_rig import SIZE, STAMP
from humans4d_msgs.msg import TrackedPeople
from humans4d_ros.adapters import ADAPTERS
from humans4d_ros.outputs.people_messages import people_to_message
from rclpy.parameter import Parameter
from scipy.spatial.transform import Rotation

from humans4d_core.types import JOINT_NAMES, Posture

BELIEVED = ["1", "3"]


def header_is_ours(header) -> bool:
    stamp = header.stamp.sec * 10**9 + header.stamp.nanosec
    return (stamp, header.frame_id) == (STAMP, "odom")


def test_people_msgs_tell_place_and_velocity_of_those_who_are_there(rig, people):
    rig.run("people")
    told = rig.listen("people_msgs/msg/People", "/people")
    rig.show(people, lambda: told)
    message = told[0]
    assert header_is_ours(message.header)
    assert [person.name for person in message.people] == BELIEVED
    for person, i in zip(message.people, (0, 2), strict=True):
        position, velocity = person.position, person.velocity
        expected = people.bodies.pelvis_cam[i]
        np.testing.assert_allclose([position.x, position.y, position.z], expected, rtol=1e-6)
        expected = people.velocity_cam[i]
        np.testing.assert_allclose([velocity.x, velocity.y, velocity.z], expected, rtol=1e-6)
        assert person.reliability == pytest.approx(people.confidence[i])
        tags = dict(zip(person.tagnames, person.tags, strict=True))
        assert tags["person_id"] == str(people.person_ids[i])
    assert dict(zip(person.tagnames, person.tags, strict=True))["state"] == "occluded"


@pytest.mark.parametrize("with_vertices", [True, False])
def test_detections_are_boxes_around_the_bodies(rig, people, with_vertices):
    rig.run("detections")
    told = rig.listen("vision_msgs/msg/Detection3DArray", "/humans4d/detections")
    rig.show(people, lambda: told, with_vertices=with_vertices)
    message = told[0]
    assert header_is_ours(message.header)
    assert [detection.id for detection in message.detections] == BELIEVED
    for detection, i in zip(message.detections, (0, 2), strict=True):
        assert header_is_ours(detection.header)
        assert detection.results[0].hypothesis.class_id == "person"
        assert detection.results[0].hypothesis.score == pytest.approx(people.confidence[i])
        position = detection.results[0].pose.pose.position
        expected = people.bodies.pelvis_cam[i]
        np.testing.assert_allclose([position.x, position.y, position.z], expected, rtol=1e-6)
        center, turn, size = (
            detection.bbox.center.position, detection.bbox.center.orientation, detection.bbox.size,
        )  # fmt: skip
        into_box = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).inv()
        points = people.bodies.vertices_cam if with_vertices else people.bodies.joints_cam
        local = into_box.apply(points[i] - [center.x, center.y, center.z])
        half = np.array([size.x, size.y, size.z]) / 2
        gap = half - np.abs(local)
        assert gap.min() > -1e-5
        # Tight: a point touches each side, or nearly where only joints are known.
        margin = 0.0 if with_vertices else 0.12
        np.testing.assert_allclose(gap.min(axis=0), margin, atol=1e-4)
        # z along the body: up as REP-155's body frame.
        np.testing.assert_allclose(
            into_box.inv().as_matrix()[:, 2], people.bodies.global_orient[i][:, 1], atol=1e-5
        )


def test_rep_155_lists_the_bodies_and_matches_them_with_persons(rig, people):
    rig.run("rep155")
    tracked = rig.listen("hri_msgs/msg/IdsList", "/humans/bodies/tracked")
    matches = rig.listen("hri_msgs/msg/IdsMatch", "/humans/candidate_matches")
    rig.show(people, lambda: tracked and len(matches) >= 2)
    assert header_is_ours(tracked[0].header)
    assert list(tracked[0].ids) == ["b1", "b3"]
    for match in matches[:2]:
        assert (match.id1_type, match.id2_type) == (match.BODY, match.PERSON)
        i = ["b1", "b2", "b3"].index(match.id1)
        assert match.id2 == f"p{people.person_ids[i]}"
        assert match.confidence == pytest.approx(max(people.confidence[i], 0.01))


def test_rep_155s_ids_can_be_a_cameras_own(rig, people):
    rig.run("rep155", Parameter("id_prefix", value="left_"))
    tracked = rig.listen("hri_msgs/msg/IdsList", "/humans/bodies/tracked")
    matches = rig.listen("hri_msgs/msg/IdsMatch", "/humans/candidate_matches")
    rig.show(people, lambda: tracked and matches)
    assert list(tracked[0].ids) == ["left_b1", "left_b3"]
    assert matches[0].id2.startswith("left_p10")


@pytest.mark.parametrize("namespaces", [("left", "right"), ("robot_a/front", "robot_b/front")])
def test_the_bodies_of_two_cameras_have_ids_of_their_own(rig, people, namespaces):
    topics = {}
    for namespace in namespaces:
        rig.run("rep155", namespace=namespace)
        topics[namespace] = rig.node.create_publisher(
            TrackedPeople, f"/{namespace}/humans4d/people", 5
        )
    tracked = rig.listen("hri_msgs/msg/IdsList", "/humans/bodies/tracked")
    matches = rig.listen("hri_msgs/msg/IdsMatch", "/humans/candidate_matches")
    tf = rig.listen("tf2_msgs/msg/TFMessage", "/tf")
    message = people_to_message(people, stamp_ns=STAMP, frame_id="odom", image_size=SIZE)

    def ids():
        return {tuple(each.ids) for each in tracked}

    def everybody_is_told():
        for publisher in topics.values():
            publisher.publish(message)
        return len(ids()) == 2 and len({m.transforms[0].child_frame_id for m in tf}) == 2

    rig.show(people, everybody_is_told)
    prefixes = [namespace.replace("/", "_") + "_" for namespace in namespaces]
    assert ids() == {(f"{prefix}b1", f"{prefix}b3") for prefix in prefixes}
    frames = {t.child_frame_id for each in tf for t in each.transforms}
    assert frames == {f"body_{prefix}b{i}" for prefix in prefixes for i in (1, 3)}
    assert {match.id2.rpartition("p")[0] for match in matches} == set(prefixes)


@pytest.mark.parametrize("prefix", ["left/", "1_", "a b", "ä"])
def test_a_prefix_that_no_topic_can_have_is_refused(rig, prefix):
    with pytest.raises(ValueError, match="id_prefix is"):
        rig.run("rep155", Parameter("id_prefix", value=prefix))


def test_rep_155s_frames_are_the_bodies(rig, people):
    rig.run("rep155")
    tf = rig.listen("tf2_msgs/msg/TFMessage", "/tf")
    rig.show(people, lambda: tf)
    for transform, i in zip(tf[0].transforms, (0, 2), strict=True):
        assert header_is_ours(transform.header)
        assert transform.child_frame_id == f"body_b{i + 1}"
        move, turn = transform.transform.translation, transform.transform.rotation
        expected = people.bodies.pelvis_cam[i]
        np.testing.assert_allclose([move.x, move.y, move.z], expected, rtol=1e-6)
        axes = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()
        np.testing.assert_allclose(axes[:, 2], people.bodies.global_orient[i][:, 1], atol=1e-5)


def test_rep_155_tells_what_the_image_shows_of_a_body(rig, people):
    rig.run("rep155")
    tracked = rig.listen("hri_msgs/msg/IdsList", "/humans/bodies/tracked")
    regions = rig.listen("hri_msgs/msg/NormalizedRegionOfInterest2D", "/humans/bodies/b1/roi")
    skeletons = rig.listen("hri_msgs/msg/Skeleton2D", "/humans/bodies/b1/skeleton2d")
    hidden = rig.listen("hri_msgs/msg/Skeleton2D", "/humans/bodies/b3/skeleton2d")
    people.bodies.joints_px[0, JOINT_NAMES.index("left_wrist")] = -20, 30  # outside
    rig.show(people, lambda: tracked and regions and skeletons)
    region, skeleton = regions[0], skeletons[0].skeleton
    corners = [region.xmin * 640, region.ymin * 480, region.xmax * 640, region.ymax * 480]
    np.testing.assert_allclose(corners, people.bodies.boxes_px[0], rtol=1e-5)
    assert region.c == pytest.approx(people.bodies.scores[0])
    for name in ("NECK", "RIGHT_SHOULDER", "LEFT_ANKLE", "RIGHT_HIP"):
        point, joint = skeleton[getattr(skeletons[0], name)], JOINT_NAMES.index(name.lower())
        expected = people.bodies.joints_px[0, joint]
        np.testing.assert_allclose([point.x * 640, point.y * 480], expected, rtol=1e-5)
        assert point.c == pytest.approx(people.bodies.joint_confidence[0, joint])
    for name in ("LEFT_WRIST", "NOSE", "LEFT_EAR"):  # outside the image; not SMPL's
        assert skeleton[getattr(skeletons[0], name)].c == 0
    assert not hidden


def test_rep_155_tells_what_a_body_does(rig, people):
    rig.run("rep155")
    number = {"b1": 0, "b3": 2}  # body: row of people
    told = {
        body: rig.listen("hri_msgs/msg/BodyPosture", f"/humans/bodies/{body}/posture")
        for body in number
    }
    people.postures[[0, 2]] = Posture.LYING, Posture.UNKNOWN
    rig.show(people, lambda: all(told.values()))
    assert told["b1"][0].posture == told["b1"][0].LAYING
    assert told["b3"][0].posture == told["b3"][0].OTHER
    assert told["b1"][0].header.frame_id == "odom"


def test_rep_155_lets_go_of_bodies_that_left(rig, people):
    rig.run("rep155")
    tracked = rig.listen("hri_msgs/msg/IdsList", "/humans/bodies/tracked")
    matches = rig.listen("hri_msgs/msg/IdsMatch", "/humans/candidate_matches")
    topic = "/humans/bodies/b3/roi"

    def publishers():
        return rig.node.get_publishers_info_by_topic(topic)

    rig.show(people, lambda: tracked and matches and publishers())
    one = people.select(np.array([0]))
    rig.show(one, lambda: list(tracked[-1].ids) == ["b1"] and not publishers())
    ended = [match for match in matches if match.confidence == 0]
    assert [(match.id1, match.id2) for match in ended] == [("b3", "p103")]


@pytest.mark.parametrize("name", ADAPTERS)
def test_nobody_there_is_an_empty_list(rig, make_people, name):
    rig.run(name)
    told = {
        "people": lambda: rig.listen("people_msgs/msg/People", "/people"),
        "detections": lambda: rig.listen(
            "vision_msgs/msg/Detection3DArray", "/humans4d/detections"
        ),
        "rep155": lambda: rig.listen("hri_msgs/msg/IdsList", "/humans/bodies/tracked"),
    }[name]()
    rig.show(make_people(0), lambda: told)
    message = told[0]
    lists = (getattr(message, field, []) for field in ("people", "detections", "ids"))
    assert not any(len(values) for values in lists)


@pytest.mark.parametrize(
    ("field", "values"), [("joints", []), ("joints_px", [1.0]), ("joint_confidence", [0.5, 0.5])]
)
def test_people_that_are_not_as_promised_are_left_out(rig, people, field, values):
    for name in ADAPTERS:
        rig.run(name)
    told = [
        rig.listen("vision_msgs/msg/Detection3DArray", "/humans4d/detections"),
        rig.listen("hri_msgs/msg/Skeleton2D", "/humans/bodies/b1/skeleton2d"),
    ]
    rig.show(people, lambda: all(told))
    bad = people_to_message(people, stamp_ns=1, frame_id="odom", image_size=SIZE)
    setattr(bad.people[0], field, array("f", values))
    rig.people.publish(bad)
    counts = [len(messages) for messages in told]
    rig.show(people, lambda: all(len(m) > n for m, n in zip(told, counts, strict=True)))
    assert all(header_is_ours(message.header) for messages in told for message in messages)
