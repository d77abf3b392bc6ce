"""A camera's driver and a robot's odometry: images of people, stamped as they are published.

    python camera.py camera IMAGES.npy [--rate 10]  /image, /image/compressed, /camera_info, /depth
    python camera.py odometry [--rate 40]           /tf: odom to camera, which sways a little

IMAGES.npy: (T, H, W, 3) uint8 BGR, shown forth and back so that people move as people do.
"""

from __future__ import annotations

import argparse
import math
import time
from array import array
from itertools import cycle

import cv2
import numpy as np
import rclpy
from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from tf2_msgs.msg import TFMessage

from humans4d_core.io import camera_info_fields
from humans4d_core.types import Camera

CAMERA_FRAME, ODOM_FRAME = "camera", "odom"
#: rad; of the pedestrians' camera about its own.
FIELD_OF_VIEW = 0.64


def camera_of(width: int, height: int) -> Camera:
    return Camera.from_fov(width, height, FIELD_OF_VIEW)


def image_message(image_bgr: np.ndarray, encoding: str = "bgr8") -> Image:
    """(H, W, 3) or (H, W) of any type, in the camera's frame, without a stamp."""
    height, width = image_bgr.shape[:2]
    message = Image(height=height, width=width, encoding=encoding)
    message.step = image_bgr.nbytes // max(height, 1)
    message.data = array("B", image_bgr.tobytes())
    message.header.frame_id = CAMERA_FRAME
    return message


def transform_message(
    stamp,
    parent: str = ODOM_FRAME,
    child: str = CAMERA_FRAME,
    move: tuple[float, float, float] = (0.0, 0.0, 0.0),
    turn: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0),
) -> TFMessage:
    transform = TransformStamped(child_frame_id=child)
    transform.header.frame_id, transform.header.stamp = parent, stamp
    place, rotation = transform.transform.translation, transform.transform.rotation
    place.x, place.y, place.z = move
    rotation.x, rotation.y, rotation.z, rotation.w = turn
    return TFMessage(transforms=[transform])


def swaying(seconds: float) -> dict:
    """Where the camera is in the odometry's frame: it looks level along x, 2 m above the floor."""
    # The optical frame's z is the robot's x, its x the robot's -y.
    angle = 0.1 * math.sin(seconds / 3)
    ax, ay, az, aw = 0.0, 0.0, math.sin(angle), math.cos(angle)
    bx, by, bz, bw = -0.5, 0.5, -0.5, 0.5
    turn = (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )
    return {"move": (math.sin(seconds / 5), 0.0, 2.0), "turn": turn}


def show(images: np.ndarray, rate: float) -> None:
    _, height, width, _ = images.shape
    info = CameraInfo(**camera_info_fields(camera_of(width, height)))
    messages = [image_message(image) for image in images]
    depth = image_message(np.full((height, width), 15_000, np.uint16), "16UC1")
    node = rclpy.create_node("fault_camera")
    image_out = node.create_publisher(Image, "/image", 1)
    compressed_out = node.create_publisher(CompressedImage, "/image/compressed", 1)
    info_out = node.create_publisher(CameraInfo, "/camera_info", 1)
    depth_out = node.create_publisher(Image, "/depth", 1)
    order = [*range(len(images)), *range(len(images) - 2, 0, -1)]
    due = time.monotonic()
    for number in cycle(order):
        message = messages[number]
        message.header.stamp = info.header.stamp = node.get_clock().now().to_msg()
        info.header.frame_id = CAMERA_FRAME
        info_out.publish(info)
        if depth_out.get_subscription_count():
            depth.header = message.header
            depth_out.publish(depth)
        if compressed_out.get_subscription_count():
            jpeg = cv2.imencode(".jpg", images[number])[1].tobytes()
            compressed = CompressedImage(header=message.header, format="bgr8; jpeg compressed bgr8")
            compressed.data = array("B", jpeg)
            compressed_out.publish(compressed)
        if image_out.get_subscription_count():
            image_out.publish(message)
        due = max(due + 1 / rate, time.monotonic())
        time.sleep(max(due - time.monotonic(), 0))


def sway(rate: float) -> None:
    node = rclpy.create_node("fault_odometry")
    out = node.create_publisher(TFMessage, "/tf", 100)
    start = time.monotonic()
    while True:
        stamp = node.get_clock().now().to_msg()
        out.publish(transform_message(stamp, **swaying(time.monotonic() - start)))
        time.sleep(1 / rate)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("camera", "odometry"))
    parser.add_argument("images", nargs="?")
    parser.add_argument("--rate", type=float)
    arguments = parser.parse_args()
    rclpy.init()
    if arguments.what == "camera":
        show(np.load(arguments.images), arguments.rate or 10.0)
    else:
        sway(arguments.rate or 40.0)


if __name__ == "__main__":
    main()
