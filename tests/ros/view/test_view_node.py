"""The view of a node's people as a process, in a real browser."""

import os
import re
from functools import partial

import numpy as np
import pytest
from browser_page import Page, needs_browser
from node_processes import NodeProcess

from humans4d_core.types import Forecast, TrackState

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from rclpy.qos import DurabilityPolicy, QoSProfile

SIZE = (700, 450)  # software draws the pictures


@pytest.fixture
def start_view(start_node):
    """start_view(**parameters) -> NodeProcess of the view."""
    return partial(start_node, program="view")


def address_of(view: NodeProcess) -> str:
    view.wait_until_it_says(", view: http")
    return re.search(r"view: (http://\S+)", view.output)[1]


@pytest.fixture
def publish(station):
    """publish(people) on the node's topics, with the body model of their mesh.

    ahead_m (3,): how far they are expected to have come in 2 s."""
    from humans4d_msgs.msg import BodyModel, PeopleForecast, TrackedPeople
    from humans4d_ros.outputs.people_messages import forecast_to_message, people_to_message

    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    models = station.node.create_publisher(BodyModel, "/humans4d/body_model", latched)
    lists = station.node.create_publisher(TrackedPeople, "/humans4d/people", 5)
    forecasts = station.node.create_publisher(PeopleForecast, "/humans4d/forecasts", 5)
    # A fan of triangles over all vertices: something to be seen.
    corners = np.arange(1, 29, dtype=np.uint32)
    fan = np.stack((0 * corners, corners, corners + 1), axis=1).ravel()
    models.publish(BodyModel(name="anny", num_vertices=30, faces=fan.tolist()))

    def publish(people, stamp_ns=10**18, ahead_m=None):
        lists.publish(people_to_message(
            people, stamp_ns=stamp_ns, frame_id="camera_optical_frame", image_size=(640, 480)
        ))  # fmt: skip
        if ahead_m is not None:
            steps = np.linspace(0.25, 1, 4)[:, None]
            ahead = people.bodies.pelvis_cam[:, None] + steps * np.float32(ahead_m)
            sure = np.tile(np.float32(np.eye(3) * 1e-4), (len(people), 4, 1, 1))
            forecasts.publish(forecast_to_message(
                people, Forecast(ahead.astype(np.float32), sure), 2 * steps[:, 0],
                stamp_ns=stamp_ns, frame_id="camera_optical_frame",
            ))  # fmt: skip

    yield publish
    for each in (models, lists, forecasts):
        station.node.destroy_publisher(each)


@pytest.mark.browser
@needs_browser
def test_people_of_a_node_are_seen_with_ids_distances_and_states(
    station, start_view, publish, make_people, make_image_message
):
    view = start_view()
    address = address_of(view)
    people = make_people(3, [TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.CONFIRMED])
    distances = np.linalg.norm(people.bodies.pelvis_cam, axis=1)

    def shown(page):
        publish(people)
        return all(
            re.search(rf"^{i}\s+{distances[i - 1]:.1f} m\s+[\d.]+ m/s\s+{state}", page.text, re.M)
            for i, state in ((1, "confirmed"), (2, "occluded"), (3, "confirmed"))
        )

    with Page(address, *SIZE) as page, Page(address, *SIZE) as other:
        page.wait_for(shown)
        before = page.picture().astype(int)
        image = np.full((480, 640, 3), (0, 0, 255), np.uint8)

        def is_red(page):
            publish(people)
            station.images.publish(make_image_message(image, 10**18))
            picture = page.picture().astype(int)
            return (
                picture[..., 2] - picture[..., 1] - (before[..., 2] - before[..., 1])
            ).max() > 90

        page.wait_for(is_red)
        other.close()
        still = page.picture().astype(int)
        # The way ahead is drawn in the colours of the people, over the whole picture.
        page.wait_for(
            lambda page: (
                publish(people, ahead_m=(3, -2, 0))
                or (np.abs(page.picture() - still).max(2) > 60).sum() > 40
            )
        )
        people = people.select(np.array([2]))
        page.wait_for(lambda page: publish(people) or not re.search(r"^1\s", page.text, re.M))
    assert view.stop() == 0, view.output
    assert "Traceback" not in view.output


def test_what_is_no_body_model_or_no_people_is_told_and_the_view_goes_on(
    station, start_view, publish, make_people
):
    from humans4d_msgs.msg import BodyModel

    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    models = station.node.create_publisher(BodyModel, "/humans4d/body_model", latched)
    models.publish(BodyModel(name="x", num_vertices=2, faces=[0, 1, 2]))
    view = start_view()
    view.wait_until_it_says("no triangles of its vertices")
    station.node.destroy_publisher(models)
    assert view.stop() == 0, view.output


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [("host", "203.0.113.9", "cannot listen at 203.0.113.9"), ("port", -1, "from 1 to 65535"),
     ("port", "nonsense", "cannot start"),
     ("privacy", "faces", "give one of none, heads, no_image"),
     ("others", ["/rear/humans4d/people"], "others need world_frame")],
)  # fmt: skip
def test_where_it_cannot_listen_it_says_why(start_view, name, value, reason):
    view = start_view(**{name: value})
    assert view.wait() == 1
    assert reason in view.output and "Traceback" not in view.output


@pytest.mark.browser
@needs_browser
def test_people_of_several_nodes_stand_in_one_world(station, start_view, publish, make_people):
    from geometry_msgs.msg import TransformStamped
    from humans4d_msgs.msg import TrackedPeople
    from humans4d_ros.outputs.people_messages import people_to_message
    from tf2_msgs.msg import TFMessage

    # The rear camera is 6 m ahead of the front one in its own axes, and looks back at it.
    ahead = {"camera_optical_frame": 0.0, "rear_optical_frame": 6.0}
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    transforms = station.node.create_publisher(TFMessage, "/tf_static", latched)
    message = TFMessage()
    for frame_id, metres in ahead.items():
        each = TransformStamped()
        each.header.frame_id, each.child_frame_id = "odom", frame_id
        each.transform.translation.z = metres
        turn = each.transform.rotation
        turn.y, turn.w = (1.0, 0.0) if metres else (0.0, 1.0)
        message.transforms.append(each)
    transforms.publish(message)
    rear = station.node.create_publisher(TrackedPeople, "/rear/humans4d/people", 5)
    view = start_view(world_frame="odom", others=["/rear/humans4d/people"])
    people = make_people(2, [TrackState.CONFIRMED] * 2)
    behind = people.bodies.pelvis_cam * (-1, 1, -1) + (0, 0, 6)
    distances = np.linalg.norm(np.concatenate((people.bodies.pelvis_cam, behind)), axis=1)

    def shown(page):
        publish(people)
        rear.publish(people_to_message(
            people, stamp_ns=10**18, frame_id="rear_optical_frame", image_size=(640, 480)
        ))  # fmt: skip
        return all(
            re.search(rf"^{track_id}\s+{metres:.1f} m", page.text, re.M)
            for track_id, metres in zip((1, 2, 1001, 1002), distances, strict=True)
        )

    with Page(address_of(view), *SIZE) as page:
        page.wait_for(shown)
        # Who has fallen silent goes.
        page.wait_for(lambda page: publish(people) or not re.search(r"^1001\s", page.text, re.M))
        assert re.search(r"^1\s", page.text, re.M)
    station.node.destroy_publisher(rear)
    station.node.destroy_publisher(transforms)
    assert view.stop() == 0, view.output
    assert "Traceback" not in view.output
