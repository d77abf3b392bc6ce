"""Messages as no camera sends them, and some as one does: hypothesis strategies."""

from array import array

import cv2
import numpy as np
from geometry_msgs.msg import TransformStamped
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from humans4d_core.io import camera_info_fields
from humans4d_core.types import Camera

CAMERA = Camera.from_fov(64, 48, 1.0)
PIXELS = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
JPEG = cv2.imencode(".jpg", PIXELS[:16, :24])[1].tobytes()
PNG = cv2.imencode(".png", PIXELS[:16, :24])[1].tobytes()

numbers = st.floats(width=64)
doubles = st.one_of(numbers, st.sampled_from([0.0, 1.0, -1.0, 0.5, 300.0, 1e6, 1e-300]))
uint32 = st.integers(0, 2**32 - 1)
texts = st.text(st.characters(codec="ascii"), max_size=12)
frames = st.one_of(st.sampled_from(["odom", "base_link", "camera", "/camera", ""]), texts)
seconds = st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(1000, 1010))
nanoseconds = st.one_of(uint32, st.integers(0, 999_999_999))


def filled(message, stamp, frame_id):
    message.header.stamp.sec, message.header.stamp.nanosec = stamp
    message.header.frame_id = frame_id
    return message


def headed(messages):
    return st.builds(filled, messages, st.tuples(seconds, nanoseconds), frames)


def raw(kind, row_bytes):
    """Images that mostly contradict themselves; some are what they say."""
    sizes = st.one_of(st.integers(0, 40), uint32)
    data = st.binary(max_size=3000).map(lambda data: array("B", data))
    wild = st.builds(
        Image, width=sizes, height=sizes, encoding=kind, step=sizes,
        is_bigendian=st.integers(0, 255), data=data,
    )  # fmt: skip

    def sane(encoding, width, height, padding, big, seed):
        step = width * row_bytes + padding
        data = np.random.default_rng(seed).integers(0, 256, height * step, dtype=np.uint8)
        return Image(
            width=width, height=height, encoding=encoding, step=step, is_bigendian=big,
            data=array("B", data.tobytes()),
        )  # fmt: skip

    small = st.integers(1, 30)
    return st.one_of(
        wild, st.builds(sane, kind, small, small, st.integers(0, 9), st.integers(0, 1), uint32)
    )


ENCODINGS = st.one_of(
    st.sampled_from(
        [
            "bgr8", "rgb8", "bgra8", "rgba8", "mono8", "mono16", "yuv422", "yuv422_yuy2",
            "bayer_rggb8", "bayer_gbrg16", "rgb16", "16UC1", "32FC1", "nv21",
        ]
    ),
    texts,
)  # fmt: skip
images = headed(raw(ENCODINGS, 8))
depths = headed(raw(st.one_of(st.sampled_from(["16UC1", "32FC1"]), ENCODINGS), 4))


@st.composite
def encoded(draw):
    data = bytearray(draw(st.sampled_from([JPEG, PNG, b""])))
    for place in draw(st.lists(st.integers(0, max(len(data) - 1, 0)), max_size=4)):
        if data:
            data[place] = draw(st.integers(0, 255))
    data = data[: draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))]
    data = data + draw(st.binary(max_size=20))
    return CompressedImage(format=draw(texts), data=array("B", bytes(data)))


@st.composite
def infos(draw):
    message = CameraInfo(**camera_info_fields(CAMERA))
    for name, values in {
        "width": st.integers(0, 200), "height": uint32, "binning_x": uint32, "binning_y": uint32,
        "distortion_model": st.one_of(
            texts, st.sampled_from(["plumb_bob", "equidistant", "rational_polynomial"])
        ),
        "d": st.lists(doubles, max_size=14).map(lambda d: array("d", d)),
        "k": st.lists(doubles, min_size=9, max_size=9),
        "p": st.lists(doubles, min_size=12, max_size=12),
    }.items():  # fmt: skip
        if draw(st.integers(0, 3)) == 0:
            setattr(message, name, draw(values))
    if draw(st.booleans()):
        for name in ("x_offset", "y_offset", "width", "height"):
            setattr(message.roi, name, draw(st.one_of(st.integers(0, 100), uint32)))
    return message


@st.composite
def transforms(draw):
    message = TransformStamped(child_frame_id=draw(frames))
    filled(message, (draw(seconds), draw(nanoseconds)), draw(frames))
    move, turn = message.transform.translation, message.transform.rotation
    move.x, move.y, move.z = (draw(doubles) for _ in range(3))
    if draw(st.booleans()):
        turn.x, turn.y, turn.z, turn.w = (draw(doubles) for _ in range(4))
    return message
