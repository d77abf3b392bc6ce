"""Stamps, silence and ends in a node of this process: who is LOST, and what is left out."""

import os
import time

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

import itertools

from geometry_msgs.msg import TransformStamped
from humans4d_msgs.msg import HumanMesh, PeopleForecast
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker

from humans4d_core.body import load_body
from humans4d_core.geometry import project
from humans4d_core.pipeline import Pipeline
from humans4d_core.tracking import Tracker
from humans4d_core.types import Bodies, Detections

PERIOD = 100_000_000
IMAGE = np.zeros((48, 64, 3), np.uint8)
PLACES = np.array([(-0.4, 0, 4), (0.6, 0, 6)])


class NoDetector:
    name, start_score = "none", 0.5

    def detect(self, image_bgr) -> Detections:
        return Detections.empty()


class Standing:
    """Two people who stand still before the camera."""

    name, description, device = "standing", "two people", "cpu"

    def __init__(self):
        self.body = load_body()

    def recover(self, frame, detections) -> Bodies:
        n = len(PLACES)
        joints = np.tile(PLACES[:, None], (1, 24, 1)) + np.linspace(-0.8, 0.8, 24)[:, None] * (
            0, 1, 0,
        )  # fmt: skip
        joints[:, 1:3] = PLACES[:, None] + np.array([(-0.1, 0, 0), (0.1, 0, 0)])
        corners = PLACES[:, None] + np.array([(-0.3, -0.9, 0), (0.3, 0.9, 0)])
        arrays = (
            project(corners, frame.camera).reshape(n, 4), np.full(n, 0.9),
            np.tile(np.diag((1, -1, -1)), (n, 1, 1)), np.tile(np.eye(3), (n, 23, 1, 1)),
            np.zeros((n, 10)), PLACES, np.tile(PLACES[:, None], (1, self.body.num_vertices, 1)),
            joints, project(joints, frame.camera), np.ones((n, 24)),
            np.tile(np.eye(3) * 0.01, (n, 1, 1)),
        )  # fmt: skip
        return Bodies(*(np.array(a, np.float32) for a in arrays), self.name, self.body.name)


@pytest.fixture
def start(run_node_here):
    """start(**parameters) -> an active node that sees two people in every image."""

    def start(**parameters):
        pipeline = Pipeline(NoDetector(), Standing(), Tracker())
        return run_node_here(pipeline, **{"horizontal_fov": 1.2, **parameters})

    return start


@pytest.fixture
def camera(station, make_image_message):
    """camera(stamp_ns, frame_id, image, **changes) publishes an image."""
    for messages in station.received.values():
        messages.clear()

    def publish(stamp_ns, frame_id="camera_optical_frame", image=IMAGE, **changes):
        message = make_image_message(image, stamp_ns, **changes)
        message.header.frame_id = frame_id
        station.images.publish(message)

    return publish


@pytest.fixture
def film(camera, station):
    """film(shift_ns, until) publishes ten images a second, stamped now + shift_ns, until
    `until()` is true."""

    def play(until, shift_ns=0, what="the film's end", **changes):
        deadline = time.monotonic() + 30
        while not until():
            assert time.monotonic() < deadline, f"{what}: not within 30 s"
            stamp_ns = time.time_ns() + (shift_ns() if callable(shift_ns) else shift_ns)
            camera(stamp_ns, **changes)
            time.sleep(PERIOD * 1e-9)  # this is the rate

    return play


@pytest.fixture
def people(station):
    """The lists so far, as (stamp_ns, {track_id: state})."""

    def told():
        lists = [
            (
                message.header.stamp.sec * 10**9 + message.header.stamp.nanosec,
                {mesh.track_id: mesh.state for mesh in message.people},
            )
            for message in list(station.received["/humans4d/people"])
        ]
        while lists and set(lists[0][1].values()) == {HumanMesh.LOST}:
            lists.pop(0)  # the last words of an earlier test's node
        return lists

    return told


def are_confirmed(people, beyond=0):
    """Whether the last list names two confirmed people with ids above `beyond`."""

    def found():
        lists = people()
        states = lists[-1][1] if lists else {}
        return len(states) == 2 and min(states) > beyond and set(states.values()) == {2}

    return found


def check_lives(lists, restarts=0):
    """LOST once, ids never again, nobody vanishes, stamps grow but for `restarts`."""
    backs = sum(b <= a for (a, _), (b, _) in itertools.pairwise(lists))
    assert backs == restarts
    alive, gone = set(), set()
    for _, states in lists:
        assert not set(states) & gone
        assert alive <= set(states)
        gone |= {i for i, state in states.items() if state == HumanMesh.LOST}
        alive = set(states) - gone
    return gone


def test_after_a_silence_everybody_is_lost_and_displays_are_cleared(start, film, people, station):
    node = start(image_timeout=0.5)
    station.listen(PeopleForecast, "/humans4d/forecasts", 100)
    film(are_confirmed(people))
    last = people()[-1][0]
    station.wait_for(lambda: set(people()[-1][1].values()) == {HumanMesh.LOST}, "LOST")
    stamp_ns, states = people()[-1]
    assert set(states) == {1, 2} and 0.5e9 < stamp_ns - last < 30e9
    station.wait_for(
        lambda: (
            [m.action for m in station.received["/humans4d/markers"][-1].markers]
            == [Marker.DELETEALL]
        ),
        "the end of the markers",
    )
    station.wait_for(
        lambda: (m := station.received["/humans4d/forecasts"]) and not m[-1].people,
        "an empty forecast",
    )
    assert node._counters.report().values["people"] == "0"
    # Once, and whoever comes is new.
    film(are_confirmed(people, beyond=2))
    assert check_lives(people()) == {1, 2}


def test_images_that_cannot_be_used_are_a_silence_too(start, film, people, station):
    start(image_timeout=0.5)
    film(are_confirmed(people))
    film(
        lambda: set(people()[-1][1].values()) == {HumanMesh.LOST}, what="LOST", encoding="nonsense"
    )
    assert check_lives(people()) >= {1, 2}


@pytest.mark.parametrize("end", ["deactivate", "shutdown", "size", "frame"])
def test_every_end_says_lost_once(start, film, people, station, end):
    node = start()
    film(are_confirmed(people))
    if end == "deactivate":
        node.trigger_deactivate()
    elif end == "shutdown":
        node.trigger_shutdown()
    elif end == "size":
        film(are_confirmed(people, beyond=2), image=np.zeros((96, 128, 3), np.uint8))
    else:
        film(are_confirmed(people, beyond=2), frame_id="rear")
    station.wait_for(lambda: check_lives(people()) == {1, 2}, "LOST")
    if end == "deactivate":
        node.trigger_activate()
        film(are_confirmed(people, beyond=2))
        assert check_lives(people()) == {1, 2}


@pytest.mark.parametrize("seconds", [-3600, -60, -1.5, -0.3, -0.005, 1.5, 60, 1e5])
def test_one_wrong_stamp_costs_nobody(start, film, camera, people, seconds):
    node = start()
    film(are_confirmed(people))
    camera(people()[-1][0] + int(seconds * 1e9))
    time.sleep(PERIOD * 1e-9)  # the node's queue holds one image
    count = len(people())
    film(lambda: len(people()) > count + 5)
    assert check_lives(people()) == set()
    values = node._counters.report().values
    assert values["time_jumps_back"] == "0"
    assert int(values["images_late"]) >= 1
    assert values["images_refused"] == "0"


def test_a_time_that_jumps_back_is_followed_after_everybody_was_lost(start, film, people):
    node = start()
    film(are_confirmed(people))
    film(are_confirmed(people, beyond=2), shift_ns=-60 * 10**9)
    assert check_lives(people(), restarts=1) == {1, 2}
    assert node._counters.report().values["time_jumps_back"] == "1"


@pytest.mark.parametrize("stamp", ["zero", "standing"])
def test_without_stamps_people_are_followed_by_arrival(start, camera, people, station, stamp):
    node = start()
    before = time.time_ns()

    def show_until(is_done):
        deadline = time.monotonic() + 30
        while not is_done():
            assert time.monotonic() < deadline, people()
            camera(0 if stamp == "zero" else 10**18)
            time.sleep(PERIOD * 1e-9)  # this is the rate

    def is_warned():
        report = station.diagnostics()
        return report["level"] == 1 and "go by their arrival" in report["message"]

    show_until(lambda: people() and are_confirmed(people)())
    assert people()[-1][0] >= before
    check_lives(people())
    assert int(node._counters.report().values["images_stamped_on_arrival"]) >= 2
    show_until(is_warned)


def test_an_image_that_two_publishers_send_is_one_image(start, film, camera, people):
    node = start()
    stamps = []

    def publish_again():
        if people():
            stamps.append(people()[-1][0])
            camera(stamps[-1])
        return len(people()) > 15

    film(publish_again)
    assert check_lives(people()) == set()
    assert "images_stamped_on_arrival" not in node._counters.report().values


def test_a_transform_from_far_away_shows_nobody_there(start, film, people, station):
    broadcaster = station.node.create_publisher(TFMessage, "/tf", 10)
    x = [0.0]

    def drive():
        now = time.time_ns()
        transform = TransformStamped(child_frame_id="camera_optical_frame")
        transform.header.frame_id = "odom"
        for shift in (-1, 1):
            stamp = transform.header.stamp
            stamp.sec, stamp.nanosec = divmod(now + shift * PERIOD, 10**9)
            transform.transform.translation.x = x[0]
            broadcaster.publish(TFMessage(transforms=[transform]))

    node = start(target_frame="odom", image_timeout=0.5, tf_timeout=0.5)

    def confirmed():
        drive()
        return are_confirmed(people)()

    film(confirmed)
    x[0] = 1e6

    def lost():
        drive()
        return set(people()[-1][1].values()) == {HumanMesh.LOST}

    film(lost)
    check_lives(people())
    for message in station.received["/humans4d/people"]:
        for mesh in message.people:
            assert abs(mesh.pose.pose.position.x) < 1e4
    values = node._counters.report().values
    assert int(values["images_refused_transform"]) >= 1
    assert "m from 'odom'" in values["last_error"]


def test_an_image_that_was_refused_can_be_sent_again(start, camera, people, station):
    node = start()
    stamp_ns = time.time_ns()

    def is_refused():
        camera(stamp_ns, encoding="nonsense")
        return int(node._counters.report().values["images_refused"]) > 0

    station.wait_for(is_refused, "the refusal")

    def is_answered():
        camera(stamp_ns)
        return any(stamp == stamp_ns for stamp, _ in people())

    station.wait_for(is_answered, "its people")
