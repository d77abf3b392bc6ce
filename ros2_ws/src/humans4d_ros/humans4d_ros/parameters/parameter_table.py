"""The node's parameters: one row each. What is written elsewhere is generated from here:

python -m humans4d_ros.parameters.parameter_docs    docs/parameters.md and config/humans4d.yaml
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

from humans4d_core.detection import DEFAULT_DETECTOR, DETECTOR_NAMES
from humans4d_core.errors import Humans4dError
from humans4d_core.pipeline import DEFAULT_MAX_PEOPLE
from humans4d_core.recovery import DEFAULT_ENGINE, DEFAULT_RECOVERY, RECOVERY_NAMES
from humans4d_core.stamps import RESTART_SECONDS
from humans4d_core.tracking.tracker_creation import DEFAULT_TRACKER, TRACKER_NAMES


class ParameterError(Humans4dError):
    """A parameter whose value cannot be used."""


def _row(group: str, default, meaning: str, low=None, high=None, choices=(), live=False):
    """`live`: it may change while images are processed, and holds from the next one on.

    What is not live is read in configure and kept until cleanup. low, high: smallest and largest
    value. A type is that of the default.
    """
    metadata = {
        "group": group,
        "meaning": meaning,
        "low": low,
        "high": high,
        "choices": tuple(choices),
        "live": live,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class NodeParameters:
    """Names, types and defaults as ROS shows them."""

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
    restart_seconds: float = _row(
        "Camera", RESTART_SECONDS,
        "Seconds that the images' stamps have to jump back by to begin anew: everybody is LOST, "
        "and who is seen then is new. An image that is earlier by less is left out.",
        0.05, 60.0, live=True,
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
    ground_tilt_sigma: float = _row(
        "Position", 0.005,
        "Standard deviation in radians of that floor's slope and of the camera's tilt over it. A "
        "camera that was calibrated where it hangs: 0.002.",
        0.0001, 0.2, live=True,
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
    detector: str = _row(
        "Models", DEFAULT_DETECTOR,
        "Finds people; topic: boxes come on 'boxes' (vision_msgs/Detection2DArray) under the "
        "image's stamp.",
        choices=(*DETECTOR_NAMES, "topic"),
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
    max_people: int = _row(
        "Models", DEFAULT_MAX_PEOPLE,
        "People of an image, at most. Of more boxes the surest are kept; boxes_left_out in "
        "diagnostics counts the others.",
        1, 1000, live=True,
    )
    recovery: str = _row(
        "Models", DEFAULT_RECOVERY,
        "Recovers bodies; auto: HMR 2.0 where a checkpoint is found, landmarks elsewhere.",
        choices=RECOVERY_NAMES,
    )
    checkpoint: str = _row(
        "Models", "",
        "HMR 2.0's weights: a file or folder. Empty: $HUMANS4D_CHECKPOINT, ~/.cache/4DHumans.",
    )
    device: str = _row(
        "Models", "",
        "Where HMR 2.0 runs: cuda, cpu. Empty: a GPU where there is one.",
    )
    engine: str = _row(
        "Models", DEFAULT_ENGINE,
        "What runs HMR 2.0, as ENGINE[:PRECISION[:TOKENS]]: docs/hmr2.md. auto: what is fastest "
        "within half a degree.",
    )
    threads: int = _row(
        "Models", 0,
        "CPU threads of each network. 0: as many as there are cores.", 0, 256,
    )
    tracking: str = _row(
        "Models", DEFAULT_TRACKER,
        "Follows people; phalp: as published, counts frames and has its own constants instead of "
        "tracker.*.",
        choices=TRACKER_NAMES,
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

    def __post_init__(self):
        for item in fields(self):
            check_value(item.name, getattr(self, item.name))


def check_value(name: str, value) -> None:
    """What ROS itself does not check; raises ParameterError."""
    choices = NodeParameters.__dataclass_fields__[name].metadata["choices"]
    if choices and value not in choices:
        raise ParameterError(f"parameter '{name}' is '{value}': give one of {', '.join(choices)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(f"parameter '{name}' is {value}: give a finite number")
