"""Which topics of a bag hold pictures."""

import cv2
import numpy as np
import pytest
from bag_files import TYPES, header, image, info, read_frames

from humans4d_core.errors import ImageError, InputFileError
from humans4d_core.io import BagSource


def compressed(stamp_ns, data, image_format="jpeg"):
    return TYPES["sensor_msgs/msg/CompressedImage"](
        header(stamp_ns), image_format, np.frombuffer(data, np.uint8)
    )


def gray_16(stamp_ns, encoding="16UC1", low=2000, high=2900):
    pixels = np.tile(np.linspace(low, high, 64), (48, 1)).astype("<u2").view(np.uint8).ravel()
    return TYPES["sensor_msgs/msg/Image"](header(stamp_ns), 48, 64, encoding, 0, 128, pixels)


DEPTH = bytes(12) + cv2.imencode(".png", np.full((48, 64), 2000, np.uint16))[1].tobytes()
JPEG = cv2.imencode(".jpg", np.full((48, 64, 3), 77, np.uint8))[1].tobytes()
COMPRESSED_DEPTH = "16UC1; compressedDepth png"


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("/c/depth/image_raw/compressedDepth", compressed(1, DEPTH, COMPRESSED_DEPTH)),
        ("/c/depth/image_raw/compressed", compressed(1, DEPTH[12:], "16UC1; png compressed ")),
        ("/c/depth/image_rect_raw", gray_16(1)),
        ("/c/depth_registered/image", gray_16(1, "mono16")),
        ("/c/aligned_depth_to_color/image_raw", gray_16(1)),
        ("/stereo/disparity", image(1, encoding="32FC1")),
        ("/c/video/h264", compressed(1, b"\0\0\0\x01" + bytes(50), "h264")),
    ],
)
def test_topics_without_pictures_are_not_offered(bag, topic, message):
    path = bag(
        ("/c/camera_info", 1, info(1)), (topic, 1, message), ("/c/image", 2, image(2, value=7))
    )
    found, source = read_frames(path)
    assert source.topic == "/c/image" and len(found) == 1
    with pytest.raises(InputFileError, match=r"no images on /x: its image topics are /c/image$"):
        BagSource(path, topic="/x")
    with pytest.raises(ImageError, match=rf"no image on {topic} can be used: .*/c/image"):
        BagSource(path, topic=topic)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (compressed(1, DEPTH, COMPRESSED_DEPTH), r"holds depth only \(compressedDepth\)"),
        (gray_16(1), r"holds depth only \(16UC1\)"),
        (compressed(1, b"\0\0\0\x01" + bytes(50), "h265"), "'h265'"),
    ],
)
def test_a_bag_of_depth_or_film_alone_says_so(bag, message, told):
    topic = "/camera/depth/image_rect_raw"
    path = bag(("/camera/depth/camera_info", 1, info(1)), (topic, 1, message))
    with pytest.raises(ImageError, match=told):
        BagSource(path)


@pytest.mark.parametrize("topic", ["/thermal/image_raw", "/c/infra1/image", "/depth_cam/ir/image"])
def test_deep_images_of_a_thermal_or_infrared_camera_are_pictures(bag, topic):
    path = bag(("/c/camera_info", 1, info(1)), (topic, 1, gray_16(1)), (topic, 2, gray_16(2)))
    found, source = read_frames(path)
    assert found[0].image_bgr.min() < 40 and found[0].image_bgr.max() > 215
    assert [note for note in source.notes if "16UC1 images fill 12 of 16 bits" in note]
    assert len(source.notes) == 1


def test_a_topic_whose_first_image_is_damaged_is_still_one_of_pictures(bag):
    path = bag(
        ("/c/camera_info", 1, info(1)),
        ("/c/image/compressed", 1, compressed(1, b"")),
        ("/c/image/compressed", 2, compressed(2, JPEG)),
    )
    found, source = read_frames(path)
    assert [f.stamp_ns for f in found] == [2] and source.skipped == 1
