"""A camera of a rosbag2: images with their CameraInfo and, where wanted, poses and depth."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.interfaces import Connection

from ...errors import CameraError, Humans4dError, ImageError, InputFileError, TransformError
from ...shown_text import shown
from ...stamps import ArrivalStamps
from ...types import Camera, Frame
from ..camera_choice import CameraChoice
from ..images.calibration import Calibration
from ..images.compressed_messages import compressed_message_to_bgr
from ..images.deep_images import DeepImages
from ..images.image_messages import image_message_to_bgr
from ..images.image_rate import header_stamp_ns, median_rate
from ..source import Source, quiet_opencv
from .bag_companions import BagCompanions, CompanionChoice, Companions
from .bag_messages import decode, join_stamp, message_typestore, open_bag, raw_messages
from .bag_topics import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE, connections_of, pick_image_topic

NO_POSE = "images whose camera has no pose are left out"
#: Notes about sizes of images, at most: a bag may hold a different one in each message.
MAX_NOTES = 5
#: First images whose stamps say the rate; fewer where they are large.
RATE_IMAGES = 200
RATE_BYTES = 10**8


class BagSource(Source):
    """One image topic of a rosbag2 (sqlite3 or mcap), with the stamps of its images.

    topic: needed where the bag has several image topics. camera: replaces the bag's CameraInfo.
    companions: what else of the bag belongs to its images.
    CameraInfo is that of the same stamp, otherwise the latest before it, otherwise the bag's
    first. Images that cannot be decoded are skipped and counted; a bag of nothing else raises.
    """

    kind = "bag"

    def __init__(
        self,
        path: Path,
        camera: CameraChoice | None = None,
        topic: str | None = None,
        companions: CompanionChoice = CompanionChoice(),  # noqa: B008 (frozen)
    ):
        super().__init__(path)
        self._choice = camera or CameraChoice()
        self._typestore = message_typestore()
        self._reader = open_bag(path)
        self.notes += self._reader.notes
        try:
            self.topic = pick_image_topic(self._reader, self._typestore, path, topic)
            self._images = self._connections(IMAGE, COMPRESSED_IMAGE, topic=self.topic)
            self.frame_count = sum(c.msgcount for c in self._images)
            self.frame_rate = median_rate(self._first_stamps()) or self.frame_rate
            self._infos: list[Connection] = []
            self._first_calibration: Calibration | None = None
            self._chosen: Camera | None = None  # of the user's choice, at the first image's size
            self._deep = DeepImages()
            self._deep_told = ""
            self._sizes_told: set[tuple[int, int]] = set()
            self._failure: Humans4dError | None = None  # why the latest image was skipped
            # Convention of image_proc: image_rect, image_rect_color.
            self._rectified = "/image_rect" in self.topic
            self._companions = None
            if companions.is_any:
                self._companions = BagCompanions(self._reader, self._typestore, path, companions)
            if self._choice.is_given:
                self.camera_origin = self._choice.origin
            else:
                self._find_camera_info()
        except BaseException:
            self.close()
            raise

    @property
    def is_compressed(self) -> bool:
        """Whether the images are CompressedImage."""
        return self._images[0].msgtype == COMPRESSED_IMAGE

    @property
    def camera_info_topic(self) -> str | None:
        """None where the caller's camera replaces it."""
        return self._infos[0].topic if self._infos else None

    def close(self) -> None:
        if self._reader.is_open:
            self._reader.close()

    def __iter__(self) -> Iterator[Frame]:
        found = 0
        try:
            for number, image in enumerate(self._accompanied(), start=1):
                try:
                    frame = self._frame(number, *image)
                except (ImageError, TransformError) as error:
                    self.skipped += 1
                    self._failure = error
                    continue
                found += 1
                yield frame
        except InputFileError as error:
            if not found:
                raise
            self.notes.append(f"reading stopped early: {error}")
        if not found:
            raise ImageError(f"{self.path}: no image on {self.topic} can be used: {self._failure}")

    def _frame(
        self,
        number: int,
        stamp_ns: int,
        message,
        compressed: bool,
        calibration: Calibration | None,
        companions: Companions,
    ) -> Frame:
        if companions.problem is not None:
            if not any(note.startswith(NO_POSE) for note in self.notes):
                self.notes.append(f"{NO_POSE}, first: {companions.problem}")
            raise companions.problem
        with quiet_opencv():
            decoder = compressed_message_to_bgr if compressed else image_message_to_bgr
            image = decoder(message, self._deep)
        self._tell_of_deep_images()
        camera = self._camera_for(image.shape[1], image.shape[0], calibration)
        # Views of the bag's bytes are read-only, which torch and numba handle badly.
        image = image if image.flags.writeable else image.copy()
        frame_id = message.header.frame_id or Frame.frame_id
        return Frame(
            image,
            stamp_ns,
            camera,
            frame_id,
            companions.fixed_from_camera,
            companions.ground_from_camera,
            self._depth_of(companions, image),
            number,
        )

    def _depth_of(self, companions: Companions, image: np.ndarray) -> np.ndarray | None:
        """None where there is none that can be used: the image is good without it."""
        depth = companions.depth_m
        if depth is None or depth.shape == image.shape[:2]:
            return depth
        note = (
            f"depth is {depth.shape[1]}x{depth.shape[0]} and images are {image.shape[1]}x"
            f"{image.shape[0]}: it is left out, give the depth that is aligned to them"
        )
        if note not in self.notes:
            self.notes.append(note)
        return None

    def _tell_of_deep_images(self) -> None:
        """One note, of what was done last: how many bits are in use is found on the way."""
        description = self._deep.description
        if description == self._deep_told:
            return
        if self._deep_told in self.notes:
            self.notes.remove(self._deep_told)
        self._deep_told = description
        self.notes.append(description)

    def _camera_for(self, width: int, height: int, calibration: Calibration | None) -> Camera:
        """Raises ImageError where the camera is known for another size only."""
        if calibration is None:
            self._chosen = self._chosen or self._choice.camera(width, height)
            camera, origin = self._chosen.scaled_by_whole_factor(width, height), "the first image"
            size = f"{self._chosen.width}x{self._chosen.height}"
        else:
            camera, origin = calibration.camera_for(width, height), "CameraInfo"
            size = calibration.size
        if camera is None:
            raise ImageError(
                f"image is {width}x{height} but {origin} is {size}, and not by a whole factor "
                "larger or smaller: whether it was resized or cropped is not known"
            )
        if size not in ("any size", f"{width}x{height}") and len(self._sizes_told) < MAX_NOTES:
            if (width, height) not in self._sizes_told:
                self.notes.append(
                    f"images of {shown(self.topic)} are {width}x{height} and {origin} is {size}: "
                    "the camera is fitted to them"
                )
            self._sizes_told.add((width, height))
        return camera

    def _accompanied(self) -> Iterator[tuple[int, Any, bool, Calibration | None, Companions]]:
        """`_paired`, with what else belongs to each image, for which it waits a little."""
        companions = self._companions
        if companions is None:
            for image in self._paired():
                if image is not None:
                    yield *image, Companions()
            return
        waiting: deque[tuple[tuple[int, Any, bool, Calibration | None], int]] = deque()
        for image in self._paired():
            if image is not None:
                waiting.append((image, companions.transforms.now_ns))
            while waiting:
                (stamp_ns, message, *_), came_ns = waiting[0]
                found = companions.of(stamp_ns, message.header.frame_id, came_ns)
                if found is None:
                    break
                yield *waiting.popleft()[0], found
        companions.transforms.now_ns += 10**12  # nothing comes any more
        for image, came_ns in waiting:
            found = companions.of(image[0], image[1].header.frame_id, came_ns)
            yield *image, found or Companions()

    def _paired(self) -> Iterator[tuple[int, Any, bool, Calibration | None] | None]:
        """(stamp, image message, whether compressed, calibration). An image waits for its
        CameraInfo until the next image. None: a companion has come."""
        image_ids = {c.id for c in self._images}
        latest_ns, latest, waiting = None, self._first_calibration, None
        # Images without a stamp, or whose stamps stand still, have the time of their recording.
        stamps = {is_image: ArrivalStamps() for is_image in (True, False)}
        others = self._companions.connections if self._companions else []
        other_ids = {c.id for c in others}
        for connection, log_ns, data in raw_messages(
            self._reader, self._images + self._infos + others, self.path
        ):
            if self._companions is not None:
                self._companions.transforms.now_ns = log_ns
                if connection.id in other_ids:
                    self._companions.take(connection, data)
                    yield None
                    continue
            try:
                message = decode(self._typestore, connection, data, self.path)
            except InputFileError as error:
                # One message of other bytes: the images after it are as good as before.
                self.skipped += connection.id in image_ids
                self._failure = error
                continue
            is_image = connection.id in image_ids
            stamp_ns = stamps[is_image].stamp(join_stamp(message.header.stamp), log_ns)
            if not is_image:
                latest_ns, latest = stamp_ns, self._calibration(message) or latest
                if waiting and waiting[0] == stamp_ns:
                    yield *waiting, latest
                    waiting = None
                continue
            if waiting:
                yield *waiting, latest
            waiting = (stamp_ns, message, connection.msgtype == COMPRESSED_IMAGE)
            if not self._infos or latest_ns == stamp_ns:
                yield *waiting, latest
                waiting = None
        if waiting:
            yield *waiting, latest

    def _calibration(self, message) -> Calibration | None:
        try:
            return Calibration.from_message(message, self._rectified)
        except CameraError:
            # One bad CameraInfo among good ones: the last good one holds.
            return None

    def _first_stamps(self) -> list[int]:
        """Of the first images (ns): enough for a rate, and not hours of a bag."""
        stamps, size = [], 0
        try:
            for _, log_ns, data in raw_messages(self._reader, self._images, self.path):
                stamps.append(header_stamp_ns(data) or log_ns)
                size += len(data)
                if len(stamps) >= RATE_IMAGES or (size > RATE_BYTES and len(stamps) >= 8):
                    break
        except InputFileError:
            pass  # reading it will tell
        return stamps

    def _find_camera_info(self) -> None:
        names = sorted({c.topic for c in self._connections(CAMERA_INFO)})
        folders = self.topic.split("/")
        siblings = ["/".join([*folders[:n], "camera_info"]) for n in range(len(folders) - 1, 0, -1)]
        name = next((s for s in siblings if s in names), names[0] if len(names) == 1 else None)
        if name is None:
            raise InputFileError(
                f"{self.path} has no CameraInfo for {self.topic}: give the camera's horizontal "
                "field of view with --fov, or --intrinsics"
            )
        self._infos = self._connections(CAMERA_INFO, topic=name)
        for connection, _, data in raw_messages(self._reader, self._infos, self.path):
            message = decode(self._typestore, connection, data, self.path)
            try:
                self._first_calibration = Calibration.from_message(message, self._rectified)
            except CameraError as error:
                raise CameraError(f"{self.path}, {name}: {error}") from None
            break
        self.camera_origin = f"CameraInfo on {name}"

    def _connections(self, *types: str, topic: str | None = None) -> list:
        return connections_of(self._reader, *types, topic=topic)
