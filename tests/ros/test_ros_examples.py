"""examples/follow_me.py and examples/bag_to_pandas.py."""

import math
import os
import subprocess
import sys

import pytest
from loaded_files import loaded
from node_processes import TIMEOUT
from places import ROOT
from waiting import wait_for

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from humans4d_msgs.msg import HumanMesh, TrackedPeople


@pytest.fixture(scope="module")
def follow_me():
    return loaded(ROOT / "examples/follow_me.py")


def people(*places, **changes):
    """Confirmed, sure people at (x, z) m of the camera."""
    message = TrackedPeople(latency_seconds=changes.pop("latency", 0.1))
    for number, (x, z) in enumerate(places, 1):
        person = HumanMesh(track_id=number, state=HumanMesh.CONFIRMED, confidence=0.9)
        person.pose.pose.position.x, person.pose.pose.position.z = float(x), float(z)
        person.pose.covariance[14] = changes.get("variance", 0.04)
        person.state = changes.get("state", person.state)
        person.confidence = changes.get("confidence", person.confidence)
        message.people.append(person)
    return message


def test_it_goes_to_who_is_ahead_and_turns_to_who_is_beside(follow_me):
    ahead = follow_me.command(people((0, 4)))
    assert ahead.linear.x > 0.3 and ahead.angular.z == 0
    left, right = follow_me.command(people((-2, 2))), follow_me.command(people((2, 2)))
    assert left.angular.z > 0.3 and right.angular.z == -left.angular.z
    assert 0 < left.linear.x < ahead.linear.x
    nearest = follow_me.command(people((0, 9), (-2, 2)))
    assert nearest.angular.z == left.angular.z


@pytest.mark.parametrize("distance", [0.2, 1.0, 1.5])
def test_it_never_goes_on_towards_who_is_near(follow_me, distance):
    assert follow_me.command(people((0, distance))).linear.x == 0


@pytest.mark.parametrize(
    "changes",
    [{"latency": 0.8}, {"variance": 4.0}, {"variance": 1e9}, {"confidence": 0.3},
     {"confidence": math.nan}, {"state": HumanMesh.OCCLUDED}, {"state": HumanMesh.TENTATIVE}],
    ids=str,
)  # fmt: skip
def test_it_stands_where_nobody_is_seen_well_and_now(follow_me, changes):
    command = follow_me.command(people((0, 4), **changes))
    assert command.linear.x == command.angular.z == 0
    assert follow_me.command(people()).linear.x == 0


def test_it_stops_by_itself_when_people_fall_silent(station):
    from geometry_msgs.msg import Twist

    station.listen(Twist, "/cmd_vel", 10)
    commands = station.received["/cmd_vel"]
    publisher = station.node.create_publisher(TrackedPeople, "/humans4d/people", 5)
    with subprocess.Popen([sys.executable, ROOT / "examples/follow_me.py"]) as process:
        try:
            wait_for(lambda: publisher.publish(people((0, 4))) or moves(commands), 2 * TIMEOUT)
            wait_for(lambda: commands and not moves(commands), 2 * TIMEOUT)
        finally:
            process.terminate()
    station.node.destroy_publisher(publisher)


def moves(commands) -> bool:
    return bool(commands) and commands[-1].linear.x > 0


def test_a_bag_of_people_is_a_table(tmp_path):
    pandas = pytest.importorskip("pandas")
    bag = tmp_path / "crowd"
    make = [sys.executable, ROOT / "examples/nav2_people/make_bag.py", bag, "2"]
    subprocess.run(make, check=True, timeout=4 * TIMEOUT)
    read = [sys.executable, ROOT / "examples/bag_to_pandas.py", bag]
    said = subprocess.run(read, check=True, timeout=2 * TIMEOUT, capture_output=True, text=True)
    table = pandas.read_csv(tmp_path / "crowd.csv")
    assert set(table["frame_id"]) == {"odom"} and table["track_id"].min() >= 1
    assert set(table["state"]) <= {"TENTATIVE", "CONFIRMED", "OCCLUDED", "LOST"}
    assert str(table["track_id"].max()) in said.stdout
