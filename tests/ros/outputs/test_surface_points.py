"""The surface's points are the vertices, each with its person."""

import os
from dataclasses import replace

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.outputs.scene import Scene
from humans4d_ros.outputs.surface_points import empty_cloud, surface_cloud

from humans4d_core.types import Pose, TrackState


def read(cloud) -> np.ndarray:
    """As any reader of point clouds: by the fields' names, types and offsets."""
    kinds = {6: np.uint32, 7: np.float32}
    dtype = np.dtype(
        {
            "names": [field.name for field in cloud.fields],
            "formats": [kinds[field.datatype] for field in cloud.fields],
            "offsets": [field.offset for field in cloud.fields],
            "itemsize": cloud.point_step,
        }
    )
    assert len(cloud.data) == cloud.row_step * cloud.height == cloud.width * cloud.point_step
    return np.frombuffer(cloud.data, dtype)


def test_points_are_the_vertices_of_those_who_are_there(make_people, frame):
    states = [TrackState.CONFIRMED, TrackState.TENTATIVE, TrackState.OCCLUDED, TrackState.LOST]
    people = make_people(4, states)
    cloud = surface_cloud(Scene(people, frame))
    points = read(cloud)
    assert cloud.header.frame_id == frame.frame_id
    assert np.unique(points["track_id"]).tolist() == [1, 3]
    xyz = np.stack([points[axis] for axis in "xyz"], axis=1)
    for i in (0, 2):
        there = xyz[points["track_id"] == people.track_ids[i]]
        np.testing.assert_array_equal(there, people.bodies.vertices_cam[i])


def test_in_a_target_frame_the_points_are_there(make_people, frame):
    moving = replace(frame, fixed_from_camera=Pose(np.eye(3), [10, 20, 30]))
    people = make_people(1)
    cloud = surface_cloud(Scene(people, moving, "odom"))
    assert cloud.header.frame_id == "odom"
    np.testing.assert_allclose(
        read(cloud)["y"], people.bodies.vertices_cam[0, :, 1] + 20, atol=1e-5
    )


def test_nobody_is_no_points(make_people, frame):
    assert len(read(surface_cloud(Scene(make_people(0), frame)))) == 0
    cloud = empty_cloud(5, "odom")
    assert len(read(cloud)) == 0
    assert (cloud.header.frame_id, cloud.header.stamp.nanosec) == ("odom", 5)
