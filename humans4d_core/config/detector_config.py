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
    name: str = setting("movenet", "Finds people.", parameter="detector")
