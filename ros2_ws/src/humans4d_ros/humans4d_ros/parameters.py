"""The node's parameters: declared, described, checked and read from one table."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

from humans4d_core.detection import DEFAULT_DETECTOR, DETECTOR_NAMES
from humans4d_core.errors import Humans4dError
from humans4d_core.recovery import DEFAULT_RECOVERY, RECOVERY_NAMES
from humans4d_core.tracking import TrackerConfig
from humans4d_core.tracking.create import DEFAULT_TRACKER, TRACKER_NAMES

#: Parameters of this prefix are the fields of TrackerConfig.
TRACKER_PREFIX = "tracker."


class ParameterError(Humans4dError):
    """A parameter whose value cannot be used."""


def _parameter(default, description: str, low=None, high=None, choices: tuple[str, ...] = ()):
    metadata = {"description": description, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class NodeParameters:
    """Names, types and defaults as ROS shows them."""

    autostart: bool = _parameter(
        True, "Configure and activate at once; false leaves it to a lifecycle manager."
    )
    image_transport: str = _parameter(
        "raw", "Listen to 'image' (raw) or 'image/compressed'.", choices=("raw", "compressed")
    )
    horizontal_fov: float = _parameter(
        0.0,
        "Horizontal field of view in radians of a camera without calibration. Above 0 it is used "
        "instead of CameraInfo; distances are then as good as this number. 0: use CameraInfo.",
        low=0.0,
        high=math.radians(179),
    )
    image_is_rectified: bool = _parameter(
        False, "Images are rectified: use CameraInfo's P without distortion, not its K and D."
    )
    detector: str = _parameter(DEFAULT_DETECTOR, "Finds people.", choices=tuple(DETECTOR_NAMES))
    recovery: str = _parameter(
        DEFAULT_RECOVERY,
        "Recovers bodies; auto: HMR 2.0 where a checkpoint is found.",
        choices=tuple(RECOVERY_NAMES),
    )
    checkpoint: str = _parameter(
        "", "HMR 2.0's weights: a file or folder. Empty: $HUMANS4D_CHECKPOINT, ~/.cache/4DHumans."
    )
    device: str = _parameter("", "Where HMR 2.0 runs: cuda, cpu. Empty: a GPU where there is one.")
    tracking: str = _parameter(
        DEFAULT_TRACKER,
        "Follows people; phalp: as published, counts frames.",
        choices=TRACKER_NAMES,
    )
    threads: int = _parameter(
        0, "Threads of each network. 0: as many as there are cores.", low=0, high=256
    )
    publish_vertices: bool = _parameter(
        True, "Fill HumanMesh.vertices: 83 kB a person an image; false leaves it empty."
    )
    publish_tf: bool = _parameter(True, "Publish body_<track_id> on /tf.")


def declare_parameters(node) -> None:
    """Declare all of them; rclpy raises if a given value has the wrong type or is out of range."""
    for item in fields(NodeParameters):
        node.declare_parameter(item.name, item.default, _descriptor(item))
    for item in fields(TrackerConfig):
        description = f"Tracking: {item.name.replace('_', ' ')} (TrackerConfig)."
        descriptor = ParameterDescriptor(description=description)
        node.declare_parameter(TRACKER_PREFIX + item.name, item.default, descriptor)


def read_parameters(node) -> tuple[NodeParameters, TrackerConfig]:
    """What the parameters say now; raises Humans4dError where a value cannot be used."""
    values = {item.name: node.get_parameter(item.name).value for item in fields(NodeParameters)}
    for item in fields(NodeParameters):
        choices = item.metadata["choices"]
        if choices and values[item.name] not in choices:
            raise ParameterError(
                f"parameter '{item.name}' is '{values[item.name]}': give one of "
                f"{', '.join(choices)}"
            )
    tracker = {
        item.name: node.get_parameter(TRACKER_PREFIX + item.name).value
        for item in fields(TrackerConfig)
    }
    return NodeParameters(**values), TrackerConfig(**tracker)


def is_ours(name: str) -> bool:
    """Whether a parameter is of this table (others are ROS's own, such as use_sim_time)."""
    return name.startswith(TRACKER_PREFIX) or name in NodeParameters.__dataclass_fields__


def _descriptor(item) -> ParameterDescriptor:
    low, high = item.metadata["low"], item.metadata["high"]
    choices = item.metadata["choices"]
    descriptor = ParameterDescriptor(
        description=item.metadata["description"],
        additional_constraints=f"One of: {', '.join(choices)}." if choices else "",
    )
    if isinstance(low, float):
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    elif low is not None:
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high)]
    return descriptor
