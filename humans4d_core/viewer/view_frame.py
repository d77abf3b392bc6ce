"""What the view shows of one image: all that it needs, and nothing that others go on writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..types import Camera, Forecast, Frame, People, Pose

#: Seconds ahead for which the view asks where people will be.
FORECAST_SECONDS = (0.5, 1.0, 1.5, 2.0)
#: A camera that looks along y of a world with z up: the pose of one of which nothing is known.
LEVEL = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


@dataclass(frozen=True)
class ViewFrame:
    """One image's people, in the camera's optical frame, and where that is in the world.

    The world has z up. Where the frames say it, it does not move; else it moves with the camera.
    """

    stamp_ns: int
    people: People
    camera: Camera | None  #: None: it is not known, and not shown
    world_from_camera: Pose  #: of what the people are told in
    image_bgr: np.ndarray | None = None  #: (H, W, 3) uint8; None: there is none
    forecast: Forecast | None = None  #: of `people`, row by row, in the camera's optical frame
    ground_m: float | None = None  #: height of the ground in the world; None: unknown
    latency_s: float | None = None  #: from the image's arrival to now
    world_from_image: Pose | None = None  #: of the camera itself; None: world_from_camera
    title: str = ""  #: said in the panel, such as the place in a recording

    @property
    def pelvis_world(self) -> np.ndarray:
        """(N, 3) m."""
        return self.world_from_camera.apply(self.people.bodies.pelvis_cam.astype(np.float64))

    @property
    def distances(self) -> np.ndarray:
        """(N,) m from the camera to each pelvis; NaN where nobody says where the camera is."""
        if self.camera is None:
            return np.full(len(self.people), np.nan)
        eye = (self.world_from_image or self.world_from_camera).translation
        return np.asarray(np.linalg.norm(self.pelvis_world - eye, axis=1))

    def finite(self) -> ViewFrame:
        """Without people of whom a number is not finite: they cannot be drawn."""
        bodies = self.people.bodies
        parts = (bodies.joints_cam, bodies.vertices_cam, self.people.velocity_cam)
        sound = np.ones(len(self.people), bool)
        for part in parts:
            sound &= np.isfinite(part).all(axis=tuple(range(1, part.ndim)))
        if sound.all():
            return self
        forecast = None if self.forecast is None else self.forecast.select(sound)
        return replace(self, people=self.people.select(sound), forecast=forecast)


def view_frame(
    frame: Frame,
    people: People,
    up_cam: Sequence[float] | np.ndarray | None = None,
    forecast: Forecast | None = None,
    latency_s: float | None = None,
) -> ViewFrame:
    """Of a frame and what it became.

    up_cam: (3,) the direction against gravity in the camera's axes, of a camera of which the frame
    says no pose; None: it is level. forecast: as for `people`, or of others and then left out.
    """
    ground = None
    if frame.ground_from_camera is not None:
        world, ground = frame.ground_from_camera, 0.0
    elif frame.fixed_from_camera is not None:
        world = frame.fixed_from_camera
    else:
        world = level_pose(up_cam)
    if forecast is not None and len(forecast.positions_cam) != len(people):
        forecast = None
    return ViewFrame(
        frame.stamp_ns, people, frame.camera, world, frame.image_bgr, forecast, ground, latency_s
    )


def level_pose(up_cam: Sequence[float] | np.ndarray | None) -> Pose:
    """World from camera: z along `up_cam`, y forward, the origin in the camera."""
    if up_cam is None:
        return Pose(LEVEL, np.zeros(3))
    up = np.asarray(up_cam, np.float64)
    right = np.cross((0.0, 0.0, 1.0), up)  # forward x up
    length = np.linalg.norm(right)
    if not np.isfinite(length) or length < 1e-3:  # it looks straight up or down
        return Pose(LEVEL, np.zeros(3))
    right /= length
    forward = np.cross(up, right)
    return Pose(np.stack((right, forward, up)), np.zeros(3))
