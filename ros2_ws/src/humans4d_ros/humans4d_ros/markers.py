"""Tracked people -> RViz markers: a skeleton and an id per person."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from humans4d_core.rendering import id_color
from humans4d_core.types import JOINT_PARENTS, Frame, People, TrackState

from .conversions import split_stamp

BONES = [(joint, parent) for joint, parent in enumerate(JOINT_PARENTS) if parent >= 0]
HEAD = 15
#: Kinds of markers; the id of each is the person's.
NAMESPACES = ("skeleton", "label")
LINE_WIDTH, LABEL_HEIGHT, LABEL_ABOVE_HEAD = 0.03, 0.2, 0.35  # m
OCCLUDED_OPACITY = 0.35


class PeopleMarkers:
    """Remembers who is on display, to delete those who left."""

    def __init__(self):
        self._shown: set[int] = set()
        self._is_first = True

    def update(self, people: People, frame: Frame) -> MarkerArray:
        """Markers of the confirmed and (fainter) the occluded people; deletes all others.

        The first array also deletes what an earlier run left on display.
        """
        markers = [Marker(action=Marker.DELETEALL)] if self._is_first else []
        self._is_first = False
        there = np.isin(people.states, (TrackState.CONFIRMED, TrackState.OCCLUDED))
        people = people.select(there)
        ids = people.track_ids.tolist()
        joints = people.bodies.joints_cam.tolist()
        for track_id, state, points in zip(ids, people.states.tolist(), joints, strict=True):
            opacity = OCCLUDED_OPACITY if state == TrackState.OCCLUDED else 1.0
            markers += _person(track_id, points, opacity, frame)
        for track_id in sorted(self._shown.difference(ids)):
            for namespace in NAMESPACES:
                markers.append(_marker(namespace, track_id, frame, action=Marker.DELETE))
        self._shown = set(ids)
        return MarkerArray(markers=markers)

    def clear(self) -> MarkerArray:
        """Takes everything off the display."""
        self._shown.clear()
        return MarkerArray(markers=[Marker(action=Marker.DELETEALL)])


def _person(track_id: int, joints: list, opacity: float, frame: Frame) -> list[Marker]:
    blue, green, red = (value / 255 for value in id_color(track_id))
    color = ColorRGBA(r=red, g=green, b=blue, a=opacity)
    points = [Point(x=x, y=y, z=z) for x, y, z in joints]
    skeleton = _marker("skeleton", track_id, frame, type=Marker.LINE_LIST, color=color)
    skeleton.scale.x = LINE_WIDTH
    skeleton.points = [points[end] for bone in BONES for end in bone]
    label = _marker("label", track_id, frame, type=Marker.TEXT_VIEW_FACING, color=color)
    label.scale.z = LABEL_HEIGHT
    label.text = str(track_id)
    x, y, z = joints[HEAD]
    label.pose.position = Point(x=x, y=y - LABEL_ABOVE_HEAD, z=z)
    return [skeleton, label]


def _marker(namespace: str, track_id: int, frame: Frame, **values) -> Marker:
    # A marker's id is an int32, a track's a uint32.
    marker = Marker(ns=namespace, id=track_id & 0x7FFFFFFF, **values)
    marker.header.stamp.sec, marker.header.stamp.nanosec = split_stamp(frame.stamp_ns)
    marker.header.frame_id = frame.frame_id
    marker.pose.orientation.w = 1.0
    return marker
