"""The worker waits for transforms that the executor brings, and only for those that may come."""

import importlib
import os
import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

from geometry_msgs.msg import TransformStamped
from humans4d_ros.tf import transform_listener as module
from humans4d_ros.tf.transform_listener import TransformListener
from rclpy.serialization import serialize_message
from tf2_msgs.msg import TFMessage

from humans4d_core.errors import TransformError
from humans4d_core.transforms import transform_tree as tree_module

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
SLEEP = time.sleep


def moved(x, stamp_ns, parent="odom", child="camera", w=1.0) -> bytes:
    return serialize_message(TFMessage(transforms=[transform(x, stamp_ns, parent, child, w)]))


def transform(x, stamp_ns, parent, child, w) -> TransformStamped:
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
    message.transform.translation.x, message.transform.rotation.w = float(x), w
    return message


class Topics:
    """The node, as far as a listener knows it: hands messages to the callbacks."""

    def __init__(self):
        self.callbacks = {}

    def create_subscription(self, kind, topic, callback, qos, callback_group=None, raw=False):
        assert raw
        self.callbacks[topic] = callback
        return topic

    def destroy_subscription(self, topic):
        del self.callbacks[topic]


@pytest.fixture
def topics():
    return Topics()


@pytest.fixture
def errors():
    return []


@pytest.fixture
def listener(topics, errors):
    listener = TransformListener(topics, errors.append)
    listener.open()
    return listener


def test_a_transform_that_is_there_is_given_at_once(topics, listener):
    topics.callbacks["/tf"](moved(1, T0))
    topics.callbacks["/tf"](moved(3, T0 + 100 * MS))
    pose = listener.lookup("odom", "camera", T0 + 50 * MS, timeout=0)
    np.testing.assert_allclose(pose.translation, (2, 0, 0))


def test_one_that_is_late_is_waited_for(topics, listener):
    topics.callbacks["/tf"](moved(1, T0))
    late = threading.Timer(0.05, topics.callbacks["/tf"], [moved(3, T0 + 100 * MS)])
    late.start()
    pose = listener.lookup("odom", "camera", T0 + 50 * MS, timeout=30)
    np.testing.assert_allclose(pose.translation, (2, 0, 0))
    late.join()


def test_a_tree_that_is_not_there_yet_is_waited_for(topics, listener):
    late = threading.Timer(0.05, topics.callbacks["/tf_static"], [moved(5, 0)])
    late.start()
    assert listener.lookup("odom", "camera", T0, timeout=30).translation[0] == 5
    late.join()


def test_one_that_does_not_come_is_told(topics, listener):
    topics.callbacks["/tf"](moved(1, T0))
    told = (
        "no transform from 'camera' to 'odom' at the image's stamp: the newest transform from "
        "'camera' to 'odom' is 0.500 s older than the image, waited 0.01 s"
    )
    with pytest.raises(TransformError) as caught:
        listener.lookup("odom", "camera", T0 + 500 * MS, timeout=0.01)
    assert str(caught.value) == told


def test_what_was_before_the_first_transform_is_not_waited_for(topics, listener):
    topics.callbacks["/tf"](moved(1, T0))
    with pytest.raises(TransformError, match="later than the image$"):
        listener.lookup("odom", "camera", T0 - 500 * MS, timeout=600)


@pytest.mark.parametrize(
    ("frame_id", "stamp_ns", "told"), [("", T0, "no frame_id"), ("camera", 0, "no stamp")]
)
def test_an_image_that_says_too_little_is_told(listener, frame_id, stamp_ns, told):
    with pytest.raises(TransformError, match=told):
        listener.lookup("odom", frame_id, stamp_ns, timeout=600)


def test_closing_frees_who_waits(topics, listener):
    failed = threading.Event()

    def wait():
        with pytest.raises(TransformError):
            listener.lookup("odom", "camera", T0, timeout=600)
        failed.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    listener.close()
    assert failed.wait(30)
    waiter.join()
    assert topics.callbacks == {}


def test_bad_transforms_are_told_and_those_beside_them_used(topics, listener, errors):
    transforms = [
        transform(1, T0, "odom", "camera", 1.0),
        transform(0, T0, "odom", "arm", 0.0),
        transform(2, T0, "odom", "leg", 1.0),
    ]
    topics.callbacks["/tf"](serialize_message(TFMessage(transforms=transforms)))
    assert [str(error) for error in errors] == [
        "transform from 'arm' to 'odom' has a quaternion of length 0 instead of 1"
    ]
    assert listener.lookup("odom", "leg", T0, timeout=0).translation[0] == 2


def test_bytes_that_are_no_transforms_are_told(topics, listener, errors):
    topics.callbacks["/tf"](b"\0\1\0\0\7")
    assert "5 bytes on TF are no tf2_msgs/TFMessage" in str(errors[0])


class ForeignBuffer:
    """tf2_ros's, as far as our listener could meet it: what it cannot look up it says in words
    only, and it keeps names and chains without a bound."""

    def __init__(self, *_, **__):
        raise AssertionError("the listener has a tree of its own")


def with_tf2_ros(monkeypatch):
    tf2_ros = ModuleType("tf2_ros")
    tf2_ros.Buffer = ForeignBuffer
    monkeypatch.setitem(sys.modules, "tf2_ros", tf2_ros)
    importlib.reload(module)


@pytest.fixture(params=[False, True], ids=["without tf2_ros", "with tf2_ros"])
def installed(request, monkeypatch, topics, errors):
    """A listener on a machine with or without tf2_ros: they behave alike."""
    if request.param:
        with_tf2_ros(monkeypatch)
    listener = module.TransformListener(topics, errors.append)
    listener.open()
    return listener


@pytest.mark.parametrize("count", [1, 2, 50])
def test_what_is_older_than_the_past_is_refused_at_once_wherever(topics, installed, count):
    for number in range(count):
        topics.callbacks["/tf"](moved(number, T0 + number * MS))
    with pytest.raises(TransformError, match="oldest transform .* 5.000 s later than the image$"):
        installed.lookup("odom", "camera", T0 - 5000 * MS, timeout=600)


def test_the_past_is_refused_although_another_transform_is_late(topics, installed):
    """Waiting for the one brings nothing of the other."""
    topics.callbacks["/tf"](moved(1, T0, "odom", "base"))
    topics.callbacks["/tf"](moved(1, T0 + 500 * MS, "base", "camera"))
    with pytest.raises(TransformError, match="oldest transform from 'camera' to 'base'"):
        installed.lookup("odom", "camera", T0 + 100 * MS, timeout=600)


def test_the_future_is_waited_for_wherever(topics, installed):
    topics.callbacks["/tf"](moved(0, T0))
    late = threading.Timer(0.05, topics.callbacks["/tf"], [moved(10, T0 + 100 * MS)])
    late.start()
    assert installed.lookup("odom", "camera", T0 + 50 * MS, timeout=30).translation[0] == 5
    late.join()


@pytest.mark.parametrize(
    ("links", "told"),
    [
        ([("odom", "camera"), ("camera", "odom")], "hang in a circle"),
        ([(f"f{n}", f"f{n + 1}") for n in range(3000)] + [("f3000", "camera")], "more than 1000"),
    ],
)
def test_a_tree_that_is_none_is_not_waited_for(topics, installed, links, told):
    transforms = [transform(1, T0, parent, child, 1.0) for parent, child in links]
    topics.callbacks["/tf"](serialize_message(TFMessage(transforms=transforms)))
    with pytest.raises(TransformError, match=told) as caught:
        installed.lookup("f0", "camera", T0, timeout=600)
    assert len(str(caught.value)) < 500


def test_a_flood_of_news_leaves_who_waits_asleep_most_of_the_time(topics, listener, monkeypatch):
    looks = []
    lookup = listener._tree.lookup

    def slow(*arguments):
        looks.append(time.monotonic())
        time.sleep(0.02)
        return lookup(*arguments)

    monkeypatch.setattr(listener._tree, "lookup", slow)
    rests = []
    monkeypatch.setattr(module.time, "sleep", lambda s: rests.append(s) or SLEEP(s))
    over = threading.Event()

    def flood():
        while not over.is_set():
            topics.callbacks["/tf"](moved(1, T0, "odom", "arm"))
            SLEEP(0.0005)

    flooder = threading.Thread(target=flood)
    flooder.start()
    with pytest.raises(TransformError):
        listener.lookup("odom", "camera", T0, timeout=0.5)
    over.set()
    flooder.join()
    pauses = [rest for rest in rests if rest != 0.02]
    assert len(looks) >= 2 and pauses[0] >= 3 * 0.02


def test_a_message_without_end_is_refused_before_it_is_read(topics, listener, errors):
    many = [transform(1, T0, "odom", f"f{number}", 1.0) for number in range(4001)]
    topics.callbacks["/tf"](serialize_message(TFMessage(transforms=many)))
    assert [str(error) for error in errors] == [
        "a message on TF has 4001 transforms, more than 4000"
    ]
    topics.callbacks["/tf"](serialize_message(TFMessage(transforms=many[:4000])))
    assert len(errors) == 1 and listener.report()["tf_frames"] == "4000"


def test_frames_without_end_are_told_and_counted(topics, listener, errors, monkeypatch):
    monkeypatch.setattr(tree_module, "MOST_FRAMES", 50)
    names = [transform(1, T0, "odom", f"f{number}", 1.0) for number in range(80)]
    topics.callbacks["/tf_static"](serialize_message(TFMessage(transforms=names)))
    assert [str(error) for error in errors] == [
        "there are more than 10000 frames on TF: those that were used longest ago are forgotten"
    ]
    assert listener.report() == {"tf_frames": "50", "tf_frames_forgotten": "30"}


def test_without_tf2_msgs_it_says_what_is_missing(topics, monkeypatch):
    monkeypatch.setattr(module, "TFMessage", None)
    with pytest.raises(TransformError, match="tf2_msgs is not installed"):
        TransformListener(topics, SimpleNamespace)
