"""The bag recorder against real publishers: what is in the bag afterwards."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from ament_index_python.packages import get_package_share_directory
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PointStamped, TransformStamped
from humans4d_msgs.msg import BodyModel, HumanMesh, TrackedPeople
from humans4d_ros.process.ros_session import ros_node
from humans4d_ros.replay.bag_player import BagPlayer
from humans4d_ros.replay.bag_recorder import BagRecorder, register_installed_type
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore
from std_msgs.msg import Header, Int32, String
from tf2_msgs.msg import TFMessage
from waiting import wait_for

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.io import message_typestore, read_messages


class Session:
    """A recorder and publishers in one executor, spun by the test."""

    def __init__(self, node, bag, **options):
        self.node, self.bag = node, bag
        self.executor = SingleThreadedExecutor(context=node.context)
        self.executor.add_node(node)
        self.recorder = BagRecorder(node, bag, **options)

    def spin_until(self, condition, seconds=10.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            self.executor.spin_once(timeout_sec=0.05)

    def close(self):
        self.executor.shutdown()
        self.recorder.close()


@pytest.fixture
def record(tmp_path):
    with ros_node("recorder") as recorder_node, ros_node("publisher") as publisher_node:
        sessions = []

        def start(**options):
            sessions.append(Session(recorder_node, tmp_path / "bag", **options))
            return sessions[0], publisher_node

        yield start


def publish_and_record(session, publisher, messages):
    topic = publisher.topic_name
    session.spin_until(lambda: publisher.get_subscription_count() > 0)
    for message in messages:
        publisher.publish(message)
    session.spin_until(lambda: session.recorder.counts[topic] == len(messages))


def test_records_messages_that_the_bag_gives_back(record):
    session, node = record(topics=["/numbers"])
    publisher = node.create_publisher(Int32, "/numbers", 10)
    publish_and_record(session, publisher, [Int32(data=n) for n in range(5)])
    session.close()
    read = list(read_messages(session.bag))
    assert [message.data for _, _, message in read] == list(range(5))
    times = [log_ns for _, log_ns, _ in read]
    assert times == sorted(times) and abs(time.time_ns() - times[0]) < 60e9


def test_records_own_message_types_with_their_definition(record):
    session, node = record(topics=["/people"])
    publisher = node.create_publisher(TrackedPeople, "/people", 10)
    message = TrackedPeople(people=[HumanMesh(track_id=7, state=HumanMesh.CONFIRMED)])
    publish_and_record(session, publisher, [message])
    session.close()
    share = Path(get_package_share_directory("humans4d_msgs"))
    read = list(read_messages(session.bag, typestore=message_typestore(share)))
    assert read[0][2].people[0].track_id == 7
    with Reader(session.bag) as reader:
        assert "uint32 track_id" in reader.connections[0].msgdef.data


@pytest.mark.parametrize("name", ["humans4d_msgs/msg/TrackedPeople", "humans4d_msgs/msg/BodyModel",
                                  "visualization_msgs/msg/MarkerArray", "tf2_msgs/msg/TFMessage",
                                  "diagnostic_msgs/msg/DiagnosticArray"])  # fmt: skip
def test_type_hash_is_the_one_that_ros_computed(name):
    store = get_typestore(Stores.EMPTY)
    register_installed_type(store, name)
    package, _, message = name.split("/")
    installed = json.loads(
        (Path(get_package_share_directory(package)) / "msg" / f"{message}.json").read_text()
    )
    ours = next(t["hash_string"] for t in installed["type_hashes"] if t["type_name"] == name)
    assert store.hash_rihs01(name) == ours


def test_records_everything_but_housekeeping_when_nothing_is_named(record):
    session, node = record()
    numbers = node.create_publisher(Int32, "/numbers", 10)
    words = node.create_publisher(String, "/words", 10)
    publish_and_record(session, numbers, [Int32(data=1)])
    publish_and_record(session, words, [String(data="a")])
    session.close()
    assert set(session.recorder.counts) == {"/numbers", "/words"}
    assert not {"/rosout", "/parameter_events"} & session.recorder.subscribed


def test_matches_best_effort_publishers(record):
    session, node = record(topics=["/numbers"])
    publisher = node.create_publisher(Int32, "/numbers", qos_profile_sensor_data)
    publish_and_record(session, publisher, [Int32(data=3)])
    session.close()
    with Reader(session.bag) as reader:
        offered = reader.connections[0].ext.offered_qos_profiles[0]
        assert offered.reliability == QosReliability.BEST_EFFORT


def test_a_latched_message_is_recorded_late_and_played_latched(record):
    session, node = record(topics=["/model"])
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = node.create_publisher(BodyModel, "/model", latched)
    publisher.publish(BodyModel(name="early"))
    session.spin_until(lambda: session.recorder.counts["/model"] == 1)
    session.close()
    with Reader(session.bag) as reader:
        offered = reader.connections[0].ext.offered_qos_profiles[0]
        assert offered.durability == QosDurability.TRANSIENT_LOCAL
    with ros_node("player") as player_node, BagPlayer(player_node, session.bag):
        infos = player_node.get_publishers_info_by_topic("/model")
        assert infos[0].qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL


def test_every_message_of_many_latched_publishers_is_recorded(record):
    session, node = record(topics=["/tf_static"])
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publishers = [node.create_publisher(Int32, "/tf_static", latched) for _ in range(15)]
    for number, publisher in enumerate(publishers):
        publisher.publish(Int32(data=number))
    session.spin_until(lambda: session.recorder.counts["/tf_static"] == 15)
    session.close()
    assert sorted(message.data for _, _, message in read_messages(session.bag)) == list(range(15))
    with Reader(session.bag) as reader:
        offered = reader.connections[0].ext.offered_qos_profiles[0]
        assert offered.durability == QosDurability.TRANSIENT_LOCAL
        assert offered.depth >= 15


def test_log_times_are_what_the_caller_says(record):
    seen = []

    def log_time(stamp):
        seen.append(stamp)
        return stamp or 42

    session, node = record(topics=["/words", "/heads", "/frames"], log_time=log_time)
    stamped = Header(frame_id="camera", stamp=Time(sec=7, nanosec=5))
    publish_and_record(session, node.create_publisher(String, "/words", 10), [String(data="a")])
    publish_and_record(
        session, node.create_publisher(PointStamped, "/heads", 10), [PointStamped(header=stamped)]
    )
    transforms = [TFMessage(transforms=[TransformStamped(header=stamped)]), TFMessage()]
    publish_and_record(session, node.create_publisher(TFMessage, "/frames", 10), transforms)
    session.close()
    assert seen == [None, 7_000_000_005, 7_000_000_005, None]
    with Reader(session.bag) as reader:
        assert [(c.topic, log_ns) for c, log_ns, _ in reader.messages()] == [
            ("/words", 42), ("/frames", 42), ("/heads", 7_000_000_005), ("/frames", 7_000_000_005),
        ]  # fmt: skip


def test_on_message_sees_topic_arrival_and_bytes(record):
    seen = []
    session, node = record(topics=["/numbers"], on_message=lambda *args: seen.append(args))
    publisher = node.create_publisher(Int32, "/numbers", 10)
    publish_and_record(session, publisher, [Int32(data=5)])
    session.close()
    topic, arrival, data = seen[0]
    assert topic == "/numbers" and data[4:8] == (5).to_bytes(4, "little")
    assert [log_ns for _, log_ns, _ in read_messages(session.bag)] == [arrival]


def test_names_the_topics_that_nobody_published(record):
    session, _ = record(topics=["/nobody"])
    session.executor.spin_once(timeout_sec=0.2)
    assert session.recorder.missing == ["/nobody"]
    session.close()
    assert not session.bag.exists()  # nothing to write, nothing made


def test_never_writes_over_a_bag(record, tmp_path):
    (tmp_path / "bag").mkdir()
    with pytest.raises(InputFileError, match="exists already"):
        record()


def test_says_which_definition_is_missing():
    with pytest.raises(Humans4dError, match="odd_msgs/msg/Odd is not installed"):
        register_installed_type(get_typestore(Stores.EMPTY), "odd_msgs/msg/Odd")


def start_recorder(bag, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "humans4d_ros.replay.bag_recorder", bag, "--topic", "/numbers"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def read_so_far(bag) -> list[int]:
    try:
        return [message.data for _, _, message in read_messages(bag)]
    except InputFileError:
        return []


def test_a_killed_recorder_leaves_all_but_its_last_second(tmp_path, kill_process):
    bag = tmp_path / "bag"
    process = start_recorder(bag)
    with ros_node("publisher") as node:
        publisher = node.create_publisher(Int32, "/numbers", 10)
        wait_for(lambda: publisher.get_subscription_count())
        for number in range(3):
            publisher.publish(Int32(data=number))
        # They are few bytes, no chunk by themselves; they reach the disk while the program runs.
        wait_for(lambda: read_so_far(bag) == [0, 1, 2])
        kill_process(process)
    process.communicate()
    assert not (bag / "metadata.yaml").exists()
    assert read_so_far(bag) == [0, 1, 2]


def test_a_full_disk_ends_the_program_with_a_sentence_and_leaves_a_bag(tmp_path):
    bag = tmp_path / "bag"

    def leave_little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    process = start_recorder(bag, preexec_fn=leave_little_room)
    with ros_node("publisher") as node:
        publisher = node.create_publisher(Int32, "/numbers", 10)
        wait_for(lambda: publisher.get_subscription_count())
        number = 0
        while process.poll() is None:
            publisher.publish(Int32(data=number))
            number += 1
            time.sleep(0.002)
    _output, errors = process.communicate(timeout=20)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    assert errors.count("error: cannot write bag") == 1 and "File too large" in errors
    numbers = read_so_far(bag)
    assert numbers and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_place_that_cannot_hold_a_bag_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with ros_node("recorder") as node, pytest.raises(InputFileError, match="file is no folder"):
        BagRecorder(node, tmp_path / "file" / "bag")


def test_program_leaves_a_whole_bag_when_interrupted(tmp_path):
    bag = tmp_path / "bag"
    process = start_recorder(bag)
    with ros_node("publisher") as node:
        publisher = node.create_publisher(Int32, "/numbers", 10)
        wait_for(lambda: publisher.get_subscription_count())
        for number in range(3):
            publisher.publish(Int32(data=number))
        publisher.wait_for_all_acked()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0 and "Traceback" not in errors
    assert "recorded 3 messages" in output
    assert [message.data for _, _, message in read_messages(bag)] == [0, 1, 2]
