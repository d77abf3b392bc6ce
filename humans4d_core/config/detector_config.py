"""What can be set on a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .part_config import PartConfig, setting


@dataclass(frozen=True)
class DetectorConfig(PartConfig):
    """Which detector finds people."""

    part: ClassVar[str] = "detector"

    #: Checked where the detector is created: the registry knows the names.
    name: str = setting(
        "movenet",
        "Finds people: nanodet, movenet (both embedded), or onnx:FILE, a file of one's own of "
        "RT-DETR, D-FINE, RF-DETR or YOLOX (docs/extending.md).",
        parameter="detector",
    )
