"""The bag player against real subscribers, over DDS."""

import os
import threading
import time
from pathlib import Path

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.process.ros_session import ros_node
from humans4d_ros.replay import bag_player
from humans4d_ros.replay.bag_player import BagPlayer, read_stamp, write_stamp
from raw_listener import CAMERA_TOPICS
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import deserialize_message
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import (
    CompressionFormat,
    CompressionMode,
    Reader,
    StoragePlugin,
    Writer,
)
from rosbags.typesys import Stores, get_typestore
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String

from humans4d_core.errors import Humans4dError, InputFileError

TYPES = get_typestore(Stores.ROS2_JAZZY)
FIRST_STAMP = 1_700_000_000_250_000_000
PERIOD = 50_000_000


def string_bag(
    path: Path,
    profiles,
    words=("hello",),
    topic="/words",
    storage=StoragePlugin.MCAP,
    compression=CompressionMode.NONE,
) -> Path:
    type_name = "std_msgs/msg/String"
    writer = Writer(path, version=9, storage_plugin=storage)
    writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection(
            topic, type_name, typestore=TYPES, offered_qos_profiles=profiles
        )
        for index, word in enumerate(words):
            data = TYPES.serialize_cdr(TYPES.types[type_name](word), type_name)
            writer.write(connection, FIRST_STAMP + index, bytes(data))
    return path


def latched_quality(depth: int) -> Qos:
    forever = QosTime(0, 0)
    return Qos(
        QosHistory.KEEP_LAST, depth, QosReliability.RELIABLE, QosDurability.TRANSIENT_LOCAL,
        forever, forever, QosLiveliness.AUTOMATIC, forever, False,
    )  # fmt: skip


def late_words(listen, bag: Path, topic: str, count: int) -> list[str]:
    """What a subscriber gets that comes when all has been played."""
    with ros_node("player") as node, BagPlayer(node, bag) as player:
        player.play(threading.Event())
        late = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        listener = listen({topic: String}, qos=late)
        listener.wait(count)
    return [deserialize_message(data, String).data for data in listener.of(topic)]


def play(bag, wait_for, rounds=1, **options):
    stop = threading.Event()
    with ros_node("player") as node, BagPlayer(node, bag, **options) as player:
        assert player.wait_for_subscribers(wait_for, 10.0, stop) == []
        for _ in range(rounds):
            player.play(stop)
        player.wait_until_delivered()
        return player


def recorded(bag: Path, topic: str) -> list[bytes]:
    with Reader(bag) as reader:
        return [bytes(data) for c, _, data in reader.messages() if c.topic == topic]


def test_publishes_the_recorded_bytes_in_order(camera_bag, listen):
    listener = listen(CAMERA_TOPICS)
    player = play(camera_bag, CAMERA_TOPICS)
    listener.wait(12)
    assert player.played == dict.fromkeys(CAMERA_TOPICS, 6)
    for topic in CAMERA_TOPICS:
        assert listener.of(topic) == recorded(camera_bag, topic)


@pytest.mark.parametrize("rate", [1.0, 0.5, 2.0])
def test_lasts_as_long_as_recorded_over_rate(camera_bag, rate):
    with ros_node("player") as node, BagPlayer(node, camera_bag, rate=rate) as player:
        start = time.monotonic()
        player.play(threading.Event())
        # Never early; how late depends on the machine.
        assert time.monotonic() - start >= 5 * PERIOD / 1e9 / rate


def test_leaves_out_topics_that_are_not_chosen(camera_bag, listen):
    listener = listen(CAMERA_TOPICS)
    play(camera_bag, ["/camera/camera_info"], topics=["/camera/camera_info"])
    listener.wait(6)
    assert {topic for topic, _, _ in listener.messages} == {"/camera/camera_info"}


def test_restamped_headers_shift_together_and_say_now(camera_bag, listen):
    listener = listen(CAMERA_TOPICS)
    before = time.time_ns()
    player = play(camera_bag, CAMERA_TOPICS, restamp=True)
    listener.wait(12)
    images = [deserialize_message(d, Image) for d in listener.of("/camera/image_raw")]
    infos = [deserialize_message(d, CameraInfo) for d in listener.of("/camera/camera_info")]
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in images]
    assert before <= stamps[0] <= time.time_ns()
    # An image and its CameraInfo keep one stamp; intervals are the recorded ones.
    assert stamps == [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in infos]
    assert [s - player.stamp_shift_ns for s in stamps] == [
        FIRST_STAMP + index * PERIOD for index in range(6)
    ]
    assert [m.data[0] for m in images] == list(range(6))


def test_stamp_is_read_and_written_in_both_byte_orders():
    little = bytes([0, 1, 0, 0]) + (5).to_bytes(4, "little") + (7).to_bytes(4, "little") + b"rest"
    big = bytes([0, 0, 0, 0]) + (5).to_bytes(4, "big") + (7).to_bytes(4, "big") + b"rest"
    for data in (little, big):
        assert read_stamp(data) == 5_000_000_007
        changed = write_stamp(data, 6_000_000_008)
        assert read_stamp(changed) == 6_000_000_008
        assert changed[:4] == data[:4] and changed[12:] == data[12:]


def test_stamps_of_a_second_round_go_back(camera_bag, listen):
    listener = listen({"/camera/image_raw": Image})
    play(camera_bag, ["/camera/image_raw"], topics=["/camera/image_raw"], rounds=2)
    listener.wait(12)
    stamps = [read_stamp(data) for data in listener.of("/camera/image_raw")]
    assert stamps[:6] == stamps[6:] and stamps[6] < stamps[5]


def test_clock_runs_through_the_bags_time(camera_bag, listen):
    listener = listen({"/clock": Clock})
    with ros_node("player") as node, BagPlayer(node, camera_bag, clock=True) as player:
        end = time.monotonic() + 10
        while not node.count_subscribers("/clock") and time.monotonic() < end:
            time.sleep(0.02)
        player.play(threading.Event())
    listener.wait(6)
    times = [deserialize_message(data, Clock).clock for data in listener.of("/clock")]
    nanoseconds = [t.sec * 10**9 + t.nanosec for t in times]
    assert nanoseconds == sorted(nanoseconds)
    assert nanoseconds[0] >= FIRST_STAMP and nanoseconds[-1] <= FIRST_STAMP + 5 * PERIOD


def test_latched_topic_reaches_a_late_subscriber(tmp_path, listen):
    bag = string_bag(tmp_path / "bag", [latched_quality(1)])
    assert late_words(listen, bag, "/words", 1) == ["hello"]


@pytest.mark.parametrize(
    ("topic", "profiles"),
    [
        ("/tf_static", []),  # latched by its name, where the bag has no profiles
        ("/robot/tf_static", [latched_quality(1)] * 15),  # one from each of many publishers
        ("/maps", [latched_quality(1)] * 15),
    ],
)
def test_a_late_subscriber_gets_every_latched_message(tmp_path, listen, topic, profiles):
    words = [str(number) for number in range(40)]
    bag = string_bag(tmp_path / "bag", profiles, words, topic)
    assert late_words(listen, bag, topic, len(words)) == words


def test_latched_messages_are_kept_within_a_bound_on_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(bag_player, "LATCHED_BYTES", 10_000)
    depths = {}
    with ros_node("player") as node:
        create = node.create_publisher
        for name, recorded_depth in (("few", 1), ("as recorded", 20)):
            bag = string_bag(tmp_path / name, [latched_quality(recorded_depth)], ["x" * 990] * 40)

            def spy(kind, topic, quality, name=name):
                depths[name] = quality.depth
                return create(kind, topic, quality)

            monkeypatch.setattr(node, "create_publisher", spy)
            BagPlayer(node, bag).close()
    assert depths == {"few": 10, "as recorded": 20}


@pytest.mark.parametrize(
    ("storage", "compression"),
    [
        (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
        (StoragePlugin.SQLITE3, CompressionMode.FILE),
        (StoragePlugin.MCAP, CompressionMode.STORAGE),
        (StoragePlugin.MCAP, CompressionMode.MESSAGE),
        (StoragePlugin.MCAP, CompressionMode.FILE),
    ],
)
def test_compressed_bags_are_played(tmp_path, listen, storage, compression):
    bag = string_bag(
        tmp_path / "bag", [latched_quality(1)], ["a", "b"], "/words", storage, compression
    )
    assert late_words(listen, bag, "/words", 2) == ["a", "b"]


def test_ends_after_the_seconds_asked_for(camera_bag):
    with ros_node("player") as node, BagPlayer(node, camera_bag) as player:
        player.play(threading.Event(), seconds=2.5 * PERIOD / 1e9)
    assert player.played == dict.fromkeys(CAMERA_TOPICS, 3)


def test_says_who_has_no_subscriber(camera_bag):
    with ros_node("player") as node, BagPlayer(node, camera_bag) as player:
        lonely = player.wait_for_subscribers(["/camera/image_raw"], 0.1, threading.Event())
    assert lonely == ["/camera/image_raw"]


def test_stops_in_the_middle(camera_bag):
    stop = threading.Event()
    stop.set()
    with ros_node("player") as node, BagPlayer(node, camera_bag) as player:
        player.play(stop)
    assert player.played.total() == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (dict(topics=["/nowhere"]), "has no topic /nowhere: it has /camera/camera_info"),
        (dict(rate=0.0), "rate 0 is not above zero"),
        (dict(rate=float("nan")), "rate nan is not above zero"),
    ],
)
def test_refuses_what_it_cannot_play(camera_bag, change, sentence):
    with ros_node("player") as node, pytest.raises(InputFileError, match=sentence):
        BagPlayer(node, camera_bag, **change)


def test_refuses_a_type_that_is_not_installed(tmp_path):
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(
            "/odd", "odd_msgs/msg/Odd", msgdef="string data", rihs01="RIHS01_" + "0" * 64
        )
        writer.write(connection, 0, b"\x00\x01\x00\x00")
    with (
        ros_node("player") as node,
        pytest.raises(Humans4dError, match="odd_msgs/msg/Odd is not installed"),
    ):
        BagPlayer(node, tmp_path / "bag")
