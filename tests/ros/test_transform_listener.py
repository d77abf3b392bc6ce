"""The worker waits for transforms that the executor brings; tf2's own buffer where it is."""

import os
import threading
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("tf2_msgs", reason="needs tf2_msgs: ./run test")

from geometry_msgs.msg import TransformStamped
from humans4d_ros import transform_listener as module
from humans4d_ros.refusals import TransformError
from humans4d_ros.transform_listener import TransformListener
from rclpy.serialization import serialize_message
from tf2_msgs.msg import TFMessage

T0 = 1_700_000_000_000_000_000
MS = 1_000_000


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


class TransformException(Exception):
    pass


class Buffer:
    """Of tf2_ros what the listener uses, with its arguments."""

    def __init__(self, cache_time):
        assert cache_time.nanoseconds == 10 * 10**9
        self.transforms = {}

    def set_transform(self, transform, authority):
        assert isinstance(authority, str)
        stamp = transform.header.stamp
        self.transforms[stamp.sec * 10**9 + stamp.nanosec] = transform

    def set_transform_static(self, transform, authority):
        self.transforms[None] = transform

    def lookup_transform_core(self, target, source, time):
        transform = self.transforms.get(time.nanoseconds, self.transforms.get(None))
        if transform is None:
            raise TransformException(f"Lookup would require extrapolation: {target}, {source}")
        return transform

    def clear(self):
        self.transforms = {k: v for k, v in self.transforms.items() if k is None}


def test_where_tf2_ros_is_installed_its_buffer_is_used(topics, errors, monkeypatch):
    tf2_ros = ModuleType("tf2_ros")
    tf2_ros.Buffer, tf2_ros.TransformException = Buffer, TransformException
    monkeypatch.setattr(module, "tf2_ros", tf2_ros)
    listener = TransformListener(topics, errors.append)
    listener.open()
    topics.callbacks["/tf"](moved(4, T0))
    assert listener.lookup("odom", "camera", T0, timeout=0).translation[0] == 4
    with pytest.raises(TransformError, match="extrapolation: odom, camera, waited 0 s"):
        listener.lookup("odom", "camera", T0 + 1, timeout=0)
    listener.clear()
    with pytest.raises(TransformError):
        listener.lookup("odom", "camera", T0, timeout=0)
    topics.callbacks["/tf_static"](moved(6, T0))
    assert listener.lookup("odom", "camera", T0 + 9, timeout=0).translation[0] == 6
    topics.callbacks["/tf"](moved(float("nan"), T0))
    assert "not finite" in str(errors[0])


def test_without_tf2_msgs_it_says_what_is_missing(topics, monkeypatch):
    monkeypatch.setattr(module, "TFMessage", None)
    with pytest.raises(TransformError, match="tf2_msgs is not installed"):
        TransformListener(topics, SimpleNamespace)
