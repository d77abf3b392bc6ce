"""Which camera took an image: from CameraInfo, or from a field of view."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from humans4d_core.errors import CameraError, ImageError
from humans4d_core.io.images.calibration import Calibration
from humans4d_core.types import Camera

from .refusals import join_valid_stamp

#: Calibrations that are remembered: an image may be older than the newest one.
HISTORY = 16
#: Seconds that the worker waits for the CameraInfo of a camera that has changed before (a zoom
#: lens): drivers publish it just after the image.
PATIENCE_SECONDS = 0.05


@dataclass(frozen=True)
class _Known:
    """What one CameraInfo said; it holds from its stamp on."""

    stamp_ns: int
    calibration: Calibration | None
    problem: str  #: why there is none


class CameraSource:
    """What CameraInfo has said, so that each image gets what held at its stamp.

    `update` runs in the executor and `camera_for` in the worker.
    """

    def __init__(self, horizontal_fov: float = 0.0, images_are_rectified: bool = False):
        """`horizontal_fov` radians; above 0 it replaces every CameraInfo."""
        self._horizontal_fov = horizontal_fov
        self._images_are_rectified = images_are_rectified
        self._history: tuple[_Known, ...] = ()
        self._last_key: tuple | None = None
        self._last_stamp_ns = 0
        #: Whether images of one size were taken in more than one way: a zoom lens.
        self.varies = False
        self._arrived = threading.Condition()
        self.topic = "camera_info"  #: where CameraInfo is listened to, for who is told of its lack

    def update(self, message) -> bool:
        """Take a sensor_msgs/CameraInfo; True if it says something new.

        Raises CameraError where it cannot be used: what it said before then no longer holds; and
        StampError.
        """
        key = _contents(message)
        stamp_ns = join_valid_stamp(message.header.stamp)
        with self._arrived:
            # Without a stamp it holds from now on, whatever the images' stamps are: a wrong stamp
            # in the future, of a CameraInfo before it, must not put it off.
            self._last_stamp_ns = stamp_ns or self._last_stamp_ns
            self._arrived.notify_all()
            if key == self._last_key and stamp_ns >= self._history[-1].stamp_ns:
                if self._history[-1].calibration is None:
                    raise CameraError(self._history[-1].problem)
                return False
            self._last_key = key
            calibration, problem = None, ""
            try:
                calibration = Calibration.from_message(message, self._images_are_rectified)
            except CameraError as error:
                problem = f"CameraInfo cannot be used: {error} (parameter 'horizontal_fov')"
            else:
                self.varies |= any(
                    _is_another(calibration, known.calibration) for known in self._history
                )
            # Those that are later than this one are of before time went back.
            earlier = [known for known in self._history if known.stamp_ns <= stamp_ns]
            self._history = (*earlier[-HISTORY:], _Known(stamp_ns, calibration, problem))
        if problem:
            raise CameraError(problem)
        return True

    def camera_for(self, width: int, height: int, stamp_ns: int | None = None) -> Camera:
        """The camera of an image of this size (pixels) at its stamp; None or 0: of now.

        Raises CameraError, ImageError.
        """
        if self._horizontal_fov > 0:
            return Camera.from_fov(width, height, self._horizontal_fov)
        if stamp_ns and self.varies:
            with self._arrived:
                self._arrived.wait_for(lambda: self._last_stamp_ns >= stamp_ns, PATIENCE_SECONDS)
        history = self._history
        if not history:
            raise CameraError(
                f"no CameraInfo has come yet on {self.topic}: publish it there, remap "
                "'camera_info' to where it is, or set the parameter 'horizontal_fov' (radians)"
            )
        if stamp_ns:
            # The first one also holds for what was before it.
            history = [known for known in history if known.stamp_ns <= stamp_ns] or history[:1]
        valid: list[Calibration] = []  # newest first, up to one that withdrew those before it
        for known in reversed(history):
            if known.calibration is None:
                break
            valid.append(known.calibration)
        if not valid:
            raise CameraError(history[-1].problem)
        # One that was made for this size, before one that has to be scaled to it.
        own = next((c for c in valid if c.is_of(width, height)), valid[0])
        camera = own.camera_for(width, height)
        if camera is None:
            sizes = ", ".join(dict.fromkeys(c.size for c in reversed(valid)))
            raise ImageError(
                f"image is {width}x{height} but CameraInfo is of {sizes}, and not by a whole "
                "factor larger or smaller: give this node both topics of one camera"
            )
        return camera


def _is_another(calibration: Calibration, known: Calibration | None) -> bool:
    """Whether images of one size are now taken otherwise."""
    return known is not None and calibration.size == known.size and calibration != known


def _contents(message) -> tuple:
    """All of a CameraInfo but its header."""
    roi = message.roi
    return (
        *(message.width, message.height, message.binning_x, message.binning_y),
        *(roi.x_offset, roi.y_offset, roi.width, roi.height, message.distortion_model),
        *(tuple(message.d), tuple(message.k), tuple(message.p)),
    )
