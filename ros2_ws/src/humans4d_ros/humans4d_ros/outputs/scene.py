"""Tracked people as all outputs say them: in one frame, under one header."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.types import Frame, People, Pose


@dataclass(frozen=True)
class Scene:
    """What one image became; what is derived is computed when an output first asks for it."""

    people_cam: People
    frame: Frame
    #: Name of the frame that frame.fixed_from_camera leads to. Empty: people stay in the camera's.
    target_frame: str = ""

    def __post_init__(self):
        if self.target_frame and self.frame.fixed_from_camera is None:
            raise ValueError(f"the camera's pose in '{self.target_frame}' is not known")

    @property
    def stamp_ns(self) -> int:
        return self.frame.stamp_ns

    @property
    def frame_id(self) -> str:
        return self.target_frame or self.frame.frame_id

    @property
    def pose(self) -> Pose | None:
        """From the camera's frame to `frame_id`; None where that is the camera's."""
        return self.frame.fixed_from_camera if self.target_frame else None

    @property
    def up(self) -> np.ndarray:
        """Direction of "up" in `frame_id`: (3,)."""
        return np.array([0.0, 0.0, 1.0] if self.target_frame else [0.0, -1.0, 0.0])

    @cached_property
    def people(self) -> People:
        """All people, in `frame_id`."""
        pose = self.pose
        return (
            self.people_cam if pose is None else people_in_coordinate_frame(self.people_cam, pose)
        )

    @cached_property
    def present(self) -> People:
        """Those who are there, seen or hidden, in `frame_id`."""
        return self.people.select(self.people.is_present)
