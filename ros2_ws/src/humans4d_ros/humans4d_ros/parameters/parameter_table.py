"""The node's parameters: its own, and the pipeline's settings. What is written elsewhere is
generated from here:

python -m humans4d_ros.parameters.parameter_docs    docs/parameters.md and config/humans4d.yaml
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from humans4d_core.config import SETTINGS, PartConfig, PipelineConfig, setting
from humans4d_core.config.part_config import SettingInfo, info_of
from humans4d_core.config.privacy import PRIVACY
from humans4d_core.detection import DETECTOR_NAMES, check_detector
from humans4d_core.errors import Humans4dError
from humans4d_core.recovery import RECOVERY_NAMES, check_recovery

#: The detector that is none: boxes come from another node.
TOPIC_DETECTOR = "topic"


class ParameterError(Humans4dError):
    """A parameter whose value cannot be used."""


def _row(group: str, default, meaning: str, low=None, high=None, **info):
    """A parameter of the node; `live`: see SettingInfo. What is not live is read in configure and
    kept until cleanup."""
    return setting(default, meaning, low, high, group=group, **info)


@dataclass(frozen=True)
class NodeParameters(PartConfig):
    """The node's own, beside the pipeline's: names, types and defaults as ROS shows them."""

    part: ClassVar[str] = "parameter"
    error: ClassVar[type[Humans4dError]] = ParameterError

    # fmt: off
    autostart: bool = _row(
        "Life", True,
        "Configure and activate at once; false leaves it to a lifecycle manager.",
    )
    image_transport: str = _row(
        "Camera", "raw",
        "Listen to 'image' (raw) or to its name with '/compressed' behind it.",
        choices=("raw", "compressed"),
    )
    horizontal_fov: float = _row(
        "Camera", 0.0,
        "Horizontal field of view (over the image's width) in radians of a camera without "
        "calibration. Above 0 it is used instead of CameraInfo; distances are then as good as this "
        "number. 0: use CameraInfo.",
        0.0, math.radians(179),
    )
    image_is_rectified: bool = _row(
        "Camera", False,
        "Images are rectified: use CameraInfo's P without distortion, not its K and D.",
    )
    max_rate: float = _row(
        "Camera", 0.0,
        "Most images a second that are processed, to leave computing power to others; what comes "
        "in between is skipped. 0: as many as can be.",
        0.0, 1000.0, live=True,
    )
    target_frame: str = _row(
        "Position", "",
        "Frame that does not move with the robot (odom, map). People are followed in it and "
        "published relative to it; TF gives the camera's pose at each image's stamp. Empty: the "
        "camera's own frame.",
    )
    ground_frame: str = _row(
        "Position", "",
        "Frame whose plane z = 0, z up, is the floor (odom, base_footprint): feet that stand on it "
        "fix the distance. Empty: unknown.",
    )
    tf_timeout: float = _row(
        "Position", 0.1,
        "Seconds that the worker waits for a transform that comes later than its image.",
        0.0, 10.0, live=True,
    )
    use_depth: bool = _row(
        "Position", False,
        "Listen to 'depth', images aligned to the camera's (16UC1 in mm or 32FC1 in m): they fix "
        "the distance.",
    )
    depth_tolerance: float = _row(
        "Position", 0.02,
        "Seconds between the stamps of an image and of the depth that belongs to it, at most.",
        0.0, 1.0, live=True,
    )
    boxes_timeout: float = _row(
        "Models", 0.2,
        "Seconds that an image waits for its boxes, where the detector is topic.",
        0.0, 10.0,
    )
    boxes_class: str = _row(
        "Models", "person",
        "class_id of people among the boxes, where the detector is topic. Empty: all are people.",
    )
    publish_vertices: bool = _row(
        "Outputs", True,
        "Fill HumanMesh.vertices: 83 kB a person an image; false leaves it empty.", live=True,
    )
    publish_tf: bool = _row("Outputs", True, "Publish body_<track_id> on /tf.", live=True)
    publish_joint_tf: bool = _row(
        "Outputs", False,
        "Publish <joint>_<track_id> on /tf as well: 24 frames a person.", live=True,
    )
    tf_id_prefix: str = _row(
        "Outputs", "",
        "Stands before the track's id in the names of TF frames: /tf is one tree, and several "
        "cameras need names of their own, such as 'left_' for body_left_1. Empty: made of the "
        "node's namespace, left_ in /left and nothing without one.",
    )
    privacy: str = _row(
        "Outputs", "none",
        "What ~/overlay shows of people: none (all is shown), heads (hidden), no_image (black).",
        live=True, choices=PRIVACY,
    )
    forecast_horizon: float = _row(
        "Outputs", 2.0,
        "Seconds that ~/forecasts looks ahead.", 0.1, 10.0, live=True,
    )
    forecast_step: float = _row(
        "Outputs", 0.1,
        "Seconds between the positions of a forecast.", 0.05, 1.0, live=True,
    )
    image_timeout: float = _row(
        "Health", 2.0,
        "Seconds without an image after which diagnostics warn and say why none comes.",
        0.1, 3600.0, live=True,
    )
    warn_latency: float = _row(
        "Health", 1.0,
        "Seconds from an image's stamp to its people (95th percentile) above which diagnostics "
        "warn.",
        0.0, 3600.0, live=True,
    )
    error_latency: float = _row(
        "Health", 5.0,
        "Seconds, as warn_latency, above which diagnostics report an error.",
        0.0, 3600.0, live=True,
    )
    warn_rate: float = _row(
        "Health", 0.0,
        "Processed images a second below which diagnostics warn. 0: never.",
        0.0, 1000.0, live=True,
    )
    error_rate: float = _row(
        "Health", 0.0,
        "Processed images a second below which diagnostics report an error. 0: never.",
        0.0, 1000.0, live=True,
    )
    # fmt: on


@dataclass(frozen=True)
class Parameter:
    """One of them all."""

    name: str
    group: str
    default: bool | int | float | str
    info: SettingInfo
    #: Raises Humans4dError for a value that cannot be, whatever the others have.
    check: Callable[[Any], None]


#: Groups of the documentation, in their order; of the pipeline's parts, and of single settings.
GROUPS = ("Life", "Camera", "Position", "Models", "Outputs", "Health", "Tracker")
_PART_GROUPS = {"": "Models", "detector": "Models", "recovery": "Models",
                "positioning": "Position", "tracker": "Tracker"}  # fmt: skip
_SETTING_GROUPS = {"restart_seconds": "Camera"}


def _check_detector(value: Any) -> None:
    SETTINGS["detector"].check(value)
    if value != TOPIC_DETECTOR:
        check_detector(value, TOPIC_DETECTOR)


def _check_recovery(value: Any) -> None:
    SETTINGS["recovery"].check(value)
    check_recovery(value)


def _parameters() -> list[Parameter]:
    found = [
        Parameter(item.name, info_of(item).group, item.default, info_of(item),
                  lambda value, name=item.name: NodeParameters.check(name, value))
        for item in fields(NodeParameters)
    ]  # fmt: skip
    for of_core in SETTINGS.values():
        info, check = of_core.info, of_core.check
        if of_core.name == "detector":
            meaning = (
                "Finds people; topic: boxes come on 'boxes' (vision_msgs/Detection2DArray) under "
                "the image's stamp."
            )
            info = replace(info, meaning=meaning, choices=(*DETECTOR_NAMES, TOPIC_DETECTOR))
            check = _check_detector
        if of_core.name == "recovery":
            info, check = replace(info, choices=RECOVERY_NAMES), _check_recovery
        group = _SETTING_GROUPS.get(of_core.name, _PART_GROUPS[of_core.part])
        found.append(Parameter(of_core.name, group, of_core.default, info, check))
    return sorted(found, key=lambda parameter: GROUPS.index(parameter.group))


#: All of them by name, in the order of the groups.
PARAMETERS = {parameter.name: parameter for parameter in _parameters()}


@dataclass(frozen=True)
class Settings:
    """All parameters at one moment. It is replaced as a whole, never written into: whoever holds
    one, in whatever thread, has values that belong together."""

    node: NodeParameters = NodeParameters()
    pipeline: PipelineConfig = PipelineConfig()

    @property
    def uses_boxes_topic(self) -> bool:
        """Whether another node finds the people."""
        return self.pipeline.detector.name == TOPIC_DETECTOR

    def value(self, name: str) -> Any:
        """Of a parameter."""
        return self.pipeline.value(name) if name in SETTINGS else getattr(self.node, name)
