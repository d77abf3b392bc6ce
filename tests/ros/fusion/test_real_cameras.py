"""Real images of one man from calibrated cameras, a node for each, one list of their people."""

import os

import cv2
import numpy as np
import pytest
from places import SHARED
from scipy.spatial.transform import Rotation

from humans4d_core.io import camera_info_fields
from humans4d_core.types import Camera

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from rclpy.qos import DurabilityPolicy, QoSProfile
from station import image_message, nanoseconds

FOLDER = SHARED / "media/pose2sim/single_balancing"
CAMERAS = ("cam02", "cam04")
EVERY, IMAGES, HALF = 4, 10, 0.5
START_NS = 10**18
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no media here"),
]


class RealCamera:
    """Publishes a recording's images, calibration and transform for the node in its namespace."""

    def __init__(self, station, name, truth):
        from sensor_msgs.msg import CameraInfo, Image

        self.name, self._frame = name, f"{name}_optical_frame"
        self._images = station.node.create_publisher(Image, f"/{name}/image", 1)
        self._infos = station.node.create_publisher(CameraInfo, f"/{name}/camera_info", 1)
        self._video = cv2.VideoCapture(str(FOLDER / f"{name}.mp4"))
        k = truth[f"{name}_K"] * HALF
        width, height = (int(HALF * self._video.get(p)) for p in (3, 4))
        camera = Camera(k[0, 0], k[1, 1], k[0, 2], k[1, 2], width, height)
        self._info = CameraInfo(**camera_info_fields(camera))
        self._info.header.frame_id = self._frame
        self._size = (width, height)

    def transform(self, truth):
        from geometry_msgs.msg import TransformStamped

        turn, place = (
            truth[f"{self.name}_R"].T,
            -truth[f"{self.name}_R"].T @ truth[f"{self.name}_t"],
        )
        message = TransformStamped()
        message.header.frame_id, message.child_frame_id = "world", self._frame
        q, t = message.transform.rotation, message.transform.translation
        q.x, q.y, q.z, q.w = Rotation.from_matrix(turn).as_quat()
        t.x, t.y, t.z = place
        return message

    def next_image(self):
        for _ in range(EVERY):
            image = self._video.read()[1]
        return cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)

    def show(self, image, stamp_ns):
        self._infos.publish(self._info)
        message = image_message(image, stamp_ns)
        message.header.frame_id = self._frame
        self._images.publish(message)


def test_one_man_is_one_and_nearer_to_the_truth_than_by_one_camera(station, start_node):
    from humans4d_msgs.msg import TrackedPeople
    from tf2_msgs.msg import TFMessage

    truth = np.load(FOLDER / "truth.npz")
    cameras = [RealCamera(station, name, truth) for name in CAMERAS]
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    static = station.node.create_publisher(TFMessage, "/tf_static", latched)
    static.publish(TFMessage(transforms=[camera.transform(truth) for camera in cameras]))
    topics = ["/humans4d_fusion/people", *(f"/{name}/humans4d/people" for name in CAMERAS)]
    for topic in topics:
        station.listen(TrackedPeople, topic, 100)
    nodes = [start_node(arguments=["-r", f"__ns:=/{name}"]) for name in CAMERAS]
    start_node(
        program="fusion", cameras=list(CAMERAS), target_frame="world", window=1.0, silent=60.0
    )
    received = station.received
    errors, ids = [], set()
    for number in range(IMAGES):
        images = [camera.next_image() for camera in cameras]
        stamp_ns = START_NS + round(number * EVERY / 60 * 1e9)

        def seen(topic, stamp_ns=stamp_ns):
            return next((m for m in received[topic] if nanoseconds(m) == stamp_ns), None)

        for _ in range(40):  # the first images may come before a node or its calibration
            for camera, image in zip(cameras, images, strict=True):
                camera.show(image, stamp_ns)
            try:
                station.wait_for(lambda: all(map(seen, topics)), "people", 5)
                break
            except AssertionError:
                continue
        people = [p for p in seen(topics[0]).people if p.state in (1, 2)]
        true = truth["xyz_world_m"][number * EVERY + EVERY - 1]
        names = truth["joint_names"].tolist()
        hips = (true[names.index("LHip")] + true[names.index("RHip")]) / 2
        places = [[getattr(p.pose.pose.position, a) for a in "xyz"] for p in people]
        apart = np.linalg.norm(np.array(places) - hips, axis=1)
        errors.append(apart.min())
        ids.add(people[int(apart.argmin())].track_id)
        assert (apart < 0.8).sum() == 1  # he is there once
    assert all(node.process.poll() is None for node in nodes)
    assert len(ids) == 1
    assert np.mean(errors[2:]) < 0.11  # by one camera 0.07 and 0.11 m
