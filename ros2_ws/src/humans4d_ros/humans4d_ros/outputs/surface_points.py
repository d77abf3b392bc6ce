"""Tracked people -> the points of their bodies' surfaces, for costmaps and RViz."""

from __future__ import annotations

from array import array

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField

from .people_messages import fill_header
from .scene import Scene

FIELDS = [
    PointField(name="x", offset=0, datatype=PointField.FLOAT32, count=1),
    PointField(name="y", offset=4, datatype=PointField.FLOAT32, count=1),
    PointField(name="z", offset=8, datatype=PointField.FLOAT32, count=1),
    PointField(name="track_id", offset=12, datatype=PointField.UINT32, count=1),
]
POINT_STEP = 16


def surface_cloud(scene: Scene) -> PointCloud2:
    """Every vertex of the confirmed and occluded people, with the id of the track; unordered."""
    people = scene.present
    vertices = people.bodies.vertices_cam
    points = np.empty((*vertices.shape[:2], 4), np.float32)
    points[..., :3] = vertices
    points.view(np.uint32)[..., 3] = people.track_ids[:, None]
    return _cloud(points.tobytes(), scene.stamp_ns, scene.frame_id)


def empty_cloud(stamp_ns: int, frame_id: str) -> PointCloud2:
    """Nobody's surface: takes the last one off a display."""
    return _cloud(b"", stamp_ns, frame_id)


def _cloud(data: bytes, stamp_ns: int, frame_id: str) -> PointCloud2:
    cloud = PointCloud2(
        height=1,
        width=len(data) // POINT_STEP,
        fields=FIELDS,
        is_bigendian=False,
        point_step=POINT_STEP,
        row_step=len(data),
        is_dense=True,
    )
    cloud.data = array("B", data)
    fill_header(cloud.header, stamp_ns, frame_id)
    return cloud
