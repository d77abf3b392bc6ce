"""What must hold in every message for displays and for TF (see invariants.py)."""

from __future__ import annotations

import math

import numpy as np
from invariants import FARTHEST, wrong_with_place, wrong_with_turn

#: visualization_msgs/Marker's actions.
ADD, DELETE, DELETEALL = 0, 2, 3


def wrong_with_transforms(message) -> list[str]:
    """A TFMessage of the node."""
    wrong = []
    for transform in message.transforms:
        name = transform.child_frame_id
        move = transform.transform.translation
        if not transform.header.frame_id or transform.header.frame_id == name:
            wrong.append(f"{name!r} has the parent {transform.header.frame_id!r}")
        wrong += wrong_with_place(f"TF of {name}", (move.x, move.y, move.z), FARTHEST)
        wrong += wrong_with_turn(f"TF of {name}", transform.transform.rotation)
    return wrong


def wrong_with_markers(message) -> list[str]:
    """A MarkerArray."""
    wrong = []
    for marker in message.markers:
        if marker.action not in (ADD, DELETE, DELETEALL):
            wrong.append(f"a marker's action is {marker.action}")
        if marker.action != ADD:
            continue
        place = marker.pose.position
        wrong += wrong_with_place("a marker", (place.x, place.y, place.z), FARTHEST)
        wrong += wrong_with_turn("a marker", marker.pose.orientation)
        points = [(point.x, point.y, point.z) for point in marker.points]
        wrong += wrong_with_place("a marker's point", points, FARTHEST)
        scale, color = marker.scale, marker.color
        sizes = scale.x, scale.y, scale.z
        if not all(0 <= size < math.inf for size in sizes) or max(sizes) == 0:
            wrong.append(f"a marker's scale is {sizes}")
        if not all(0 <= value <= 1 for value in (color.r, color.g, color.b, color.a)):
            wrong.append("a marker's colour is not between 0 and 1")
    return wrong


def wrong_with_cloud(message) -> list[str]:
    """A PointCloud2 of float32 x, y, z and what follows."""
    wrong = []
    count = message.width * message.height
    if len(message.data) != count * message.point_step:
        return [f"{len(message.data)} bytes are not {count} points of {message.point_step}"]
    if message.row_step != message.width * message.point_step:
        wrong.append("row_step is not width times point_step")
    if [field.name for field in message.fields][:3] != ["x", "y", "z"]:
        return [*wrong, "the first fields are not x, y and z"]
    if count:
        numbers = np.frombuffer(message.data, np.float32).reshape(count, -1)
        wrong += wrong_with_place("a point", numbers[:, :3], FARTHEST)
    return wrong


def wrong_with_image(message) -> list[str]:
    """An Image of three bytes a pixel."""
    size, count = f"{message.width}x{message.height}", len(message.data)
    if message.step < 3 * message.width or count != message.height * message.step:
        return [f"an image of {size} has {count} bytes, {message.step} a row"]
    return []


def wrong_with_diagnostics(message) -> list[str]:
    """A DiagnosticArray."""
    wrong = []
    for status in message.status:
        keys = [value.key for value in status.values]
        if len(set(keys)) < len(keys):
            wrong.append("a key appears twice in the diagnostics")
        texts = [status.name, status.message, status.hardware_id]
        texts += [text for value in status.values for text in (value.key, value.value)]
        if any(not text.isprintable() for text in texts):
            wrong.append("diagnostics hold characters that are not to be printed")
        if max(map(len, texts)) > 2000:
            wrong.append("a text of the diagnostics has more than 2,000 characters")
    return wrong
