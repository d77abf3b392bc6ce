"""Messages that are none: bytes that no publisher of ROS would send."""

from __future__ import annotations

import struct
from array import array

from bench import Bench
from camera import transform_message
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage

#: Little-endian CDR.
HEADER = b"\x00\x01\x00\x00"


def garbage(bench: Bench) -> None:
    """Random bytes on every topic."""
    for publisher in _publishers(bench):
        for length in (0, 1, 40, 3000):
            publisher.publish(HEADER + bench.random.randbytes(length))
        bench.pause(0.05)


def cut_messages(bench: Bench) -> None:
    whole = serialize_message(bench.image())
    for _ in range(5):
        bench.image_out.publish(whole[: bench.random.randrange(4, len(whole))])
        bench.pause(0.05)
    whole = serialize_message(bench.info())
    bench.info_out.publish(whole[: bench.random.randrange(4, len(whole))])
    whole = serialize_message(transform_message(bench.now()))
    bench.tf_out.publish(whole[: bench.random.randrange(4, len(whole))])


def lengths_that_lie(bench: Bench) -> None:
    """A sequence of four thousand million elements in forty bytes."""
    stamp = struct.pack("<iI", 5, 0)
    for publisher in _publishers(bench):
        publisher.publish(HEADER + struct.pack("<I", 2**32 - 1) + stamp * 4)
        publisher.publish(HEADER + stamp + struct.pack("<I", 2**32 - 1) + stamp * 4)
        bench.pause(0.05)


def texts_that_are_not_utf8(bench: Bench) -> None:
    """rclpy cannot make a str of them."""
    message = bench.image(10, 10)
    message.header.frame_id = "frame" * 2
    bench.image_out.publish(_replaced(message, b"frameframe", b"\xff\xfe\x80frame\xc3\x28"))
    message = bench.info()
    message.header.frame_id = "frame" * 2
    bench.info_out.publish(_replaced(message, b"frameframe", b"\xff\xfe\x80frame\xc3\x28"))
    message = transform_message(bench.now(), "frameframe", "camera")
    bench.tf_out.publish(_replaced(message, b"frameframe", b"\xff\xfe\x80frame\xc3\x28"))


def long_names(bench: Bench) -> None:
    """A megabyte of frame, with what terminals obey in it."""
    name = "\x1b[31m\r\n\x00".replace("\x00", "") + "n" * bench.random.choice((300, 1_000_000))
    message = bench.image(10, 10)
    message.header.frame_id = name
    bench.image_out.publish(message)
    message = bench.image()
    message.header.frame_id = name
    bench.image_out.publish(message)
    bench.tf_out.publish(transform_message(bench.now(), "odom", name))


def compressed_garbage(bench: Bench) -> None:
    """The node listens to them only where it is told to: nothing may happen, or be refused."""
    for name, data in (
        ("jpeg", bench.random.randbytes(10_000)),
        ("png", b"\x89PNG\r\n\x1a\n" + bench.random.randbytes(1000)),
        ("\x1b[2J" * 1000, b""),
        ("bgr8; jpeg compressed bgr8", b"\xff\xd8\xff\xe0" + bytes(5000)),
    ):
        message = CompressedImage(format=name, data=array("B", data))
        message.header.frame_id, message.header.stamp = "camera", bench.now()
        bench.compressed_out.publish(message)
        bench.pause(0.05)


def strange_depth(bench: Bench) -> None:
    message = bench.image(100, 100)
    message.encoding = bench.random.choice(("16UC1", "32FC1", "bgr8", "nothing"))
    bench.depth_out.publish(message)


def _publishers(bench: Bench) -> tuple:
    return bench.image_out, bench.info_out, bench.tf_out, bench.compressed_out, bench.depth_out


def _replaced(message, old: bytes, new: bytes) -> bytes:
    """The message in CDR, with other bytes of the same number."""
    assert len(old) == len(new)
    return serialize_message(message).replace(old, new)
