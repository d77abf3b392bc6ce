"""visualization_msgs/MarkerArray as the bytes that rclpy would make of it, without its objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .cdr import CdrWriter
from .people_messages import split_stamp

#: Marker's constants.
LINE_LIST, TEXT_VIEW_FACING, TRIANGLE_LIST = 5, 9, 11
ADD, DELETE, DELETEALL = 0, 2, 3


@dataclass(frozen=True)
class Shape:
    """One marker; what is not here has Marker's default, and the orientation is upright."""

    namespace: str = ""
    track_id: int = 0
    action: int = ADD
    type: int = 0
    scale: tuple[float, float, float] = (0.0, 0.0, 0.0)  #: m
    color: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  #: red, green, blue, opacity
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)  #: m
    points: np.ndarray | None = None  #: (P, 3) float64 m
    text: str = ""


def marker_array(shapes: Sequence[Shape], stamp_ns: int, frame_id: str) -> bytes:
    """A MarkerArray in CDR; each marker has the same header."""
    seconds, nanoseconds = split_stamp(stamp_ns)
    out = CdrWriter()
    out.numbers("I", len(shapes))
    for shape in shapes:
        out.numbers("i", seconds)
        out.numbers("I", nanoseconds)
        out.text(frame_id)
        out.text(shape.namespace)
        # A marker's id is an int32, a track's a uint32.
        out.numbers("i", shape.track_id & 0x7FFFFFFF, shape.type, shape.action)
        out.numbers("d", *shape.position, 0.0, 0.0, 0.0, 1.0, *shape.scale)
        out.numbers("f", *shape.color)
        out.numbers("I", 0, 0)  # lifetime: until deleted
        out.numbers("?", False)  # frame_locked
        points = shape.points
        out.numbers("I", 0 if points is None else len(points))
        if points is not None:
            out.array(points)
        out.numbers("I", 0)  # colors
        _write_no_texture(out)
        out.text(shape.text)
        _write_no_mesh_file(out)
    return out.to_bytes()


def _write_no_texture(out: CdrWriter) -> None:
    out.text("")  # texture_resource
    out.numbers("I", 0, 0)  # texture: stamp
    out.text("")  # frame_id
    out.text("")  # format
    out.numbers("I", 0, 0)  # data; uv_coordinates


def _write_no_mesh_file(out: CdrWriter) -> None:
    out.text("")  # mesh_resource
    out.text("")  # mesh_file: filename
    out.numbers("I", 0)  # data
    out.numbers("?", False)  # mesh_use_embedded_materials
