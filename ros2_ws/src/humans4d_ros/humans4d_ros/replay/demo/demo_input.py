"""What the demo replays: a rosbag2, the user's own or made from a video or a camera."""

from __future__ import annotations

import gzip
import json
import math
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, takewhile
from pathlib import Path

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.io import (
    BagSource,
    CameraChoice,
    LiveCamera,
    VideoSource,
    open_source,
    write_camera_bag,
)
from humans4d_core.types import Frame

from .demo_room import wants_jpeg, while_room

#: Debian's and Ubuntu's package with OpenCV's example data, and the video in it: View 001 of
#: PETS 2009, sequence S2.L1. Its header says 10 frames a second; it was filmed at 7.
PACKAGE, VIDEO = "opencv-doc", "vtest.avi"
VIDEO_FRAME_RATE = 7.0
#: Focal length (px) of that camera at 768x576.
VIDEO_CAMERA = CameraChoice(intrinsics=(1169.0, 1169.0, 384.0, 288.0))
#: Images a second of a camera that is recorded, at most.
CAMERA_RATE = 30
OWN_INPUT = "give your own input: --video FILE, --bag DIR or --camera INDEX"


class Interrupted(Exception):
    """The user wants to leave."""


@dataclass(frozen=True)
class DemoInput:
    """A bag, and how to read it."""

    name: str  #: for people to read
    bag: Path
    camera: CameraChoice | None = None  #: replaces the bag's CameraInfo
    topic: str | None = None  #: where the bag has several image topics

    def frames(self) -> BagSource:
        return BagSource(self.bag, self.camera, self.topic)


def prepare_input(options, cache: Path, stop: threading.Event, say: Callable) -> DemoInput:
    """The input that the command line's options ask for, as a bag. `say` prints a line.

    Raises InputFileError, CameraError or ImageError; Interrupted when `stop` is set meanwhile.
    """
    if options.bag is not None:
        if options.fps is not None:
            raise InputFileError("a bag's images carry their times: leave out --fps")
        camera = None if options.fov is None else CameraChoice(options.fov)
        return DemoInput(str(options.bag), options.bag, camera, options.topic)
    if options.topic is not None:
        raise InputFileError(
            "--topic picks an image topic of a bag: give --bag too, or leave it out"
        )
    cache.mkdir(parents=True, exist_ok=True)
    if options.camera is not None:
        seconds = options.seconds or 20.0
        say(f"Recording camera {options.camera} for {seconds:g} s")
        frames = _camera_frames(options.camera, CameraChoice(options.fov), seconds)
        images = math.ceil(seconds * CAMERA_RATE)
        bag = _cached_bag(cache / "camera", str(time.time_ns()), frames, images, stop, say)
        return DemoInput(f"camera {options.camera}", bag)
    limit = float("inf")
    if options.video is not None:
        video, camera, rate = options.video, CameraChoice(options.fov), options.fps
        folder = cache / "video"
        # Yours may be long: no more of it becomes a bag than is asked for.
        limit = limit if options.seconds is None else options.seconds * 1e9
    else:
        if options.fov is not None or options.fps is not None:
            raise InputFileError("--fov and --fps are of your own video: give --video FILE too")
        video, camera, rate = pedestrian_video(cache, say), VIDEO_CAMERA, VIDEO_FRAME_RATE
        folder = cache / "pedestrians"
    with open_source(video, camera, rate) as source:
        if not isinstance(source, VideoSource):
            raise InputFileError(f"{video} is not a video: bags go with --bag")
        status = video.stat()
        key = (str(video.resolve()), status.st_size, status.st_mtime_ns, options.fov, rate, limit)
        frames = takewhile(lambda frame: frame.stamp_ns < limit, source)
        images = source.frame_count
        if images is not None and limit < float("inf"):
            images = min(images, math.ceil(options.seconds * source.frame_rate))
        bag = _cached_bag(folder, json.dumps(key), frames, images, stop, say)
        for note in source.notes:
            say(note)
    name = f"{video.name} of {PACKAGE}" if options.video is None else str(video)
    return DemoInput(name, bag)


def pedestrian_video(cache: Path, say: Callable) -> Path:
    """The video out of the distribution's package, without root; InputFileError if it fails."""
    video = cache / VIDEO
    if video.is_file():
        return video
    say(f"Downloading the pedestrian video: Debian package {PACKAGE}, 96 MB, once")
    work = cache / PACKAGE
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        _download_package(work)
        package = next(work.glob("*.deb"))
        _command(["dpkg-deb", "-x", package.name, "files"], work)
        found = next((work / "files").rglob(f"{VIDEO}*"), None)
        if found is None:
            raise InputFileError(f"package {PACKAGE} holds no {VIDEO}: {OWN_INPUT}")
        if found.suffix == ".gz":
            with gzip.open(found) as packed, (work / VIDEO).open("wb") as file:
                shutil.copyfileobj(packed, file)
            found = work / VIDEO
        found.replace(video)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return video


def _download_package(work: Path) -> None:
    download = ["download", PACKAGE]
    try:
        _command(["apt-get", "-q", *download], work)
    except Humans4dError:
        # No package lists, or old ones, and they are root's: fetch lists of our own.
        (work / "apt" / "lists" / "partial").mkdir(parents=True)
        (work / "apt" / "archives" / "partial").mkdir(parents=True)
        private = ["apt-get", "-q"]
        for name, value in (
            ("Dir::State::lists", work / "apt" / "lists"),
            ("Dir::Cache", work / "apt"),
            ("APT::Sandbox::User", ""),
        ):
            private += ["-o", f"{name}={value}"]
        try:
            _command([*private, "update"], work)
            _command([*private, *download], work)
        except Humans4dError as error:
            raise InputFileError(
                f"the pedestrian video cannot be downloaded ({error}): {OWN_INPUT}"
            ) from None


def _command(command: list[str], folder: Path) -> None:
    try:
        result = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except OSError:
        raise Humans4dError(f"there is no {command[0]} here") from None
    if result.returncode:
        lines = [line for line in result.stderr.splitlines() if line.startswith(("E:", "dpkg"))]
        raise Humans4dError(" ".join([command[0], "says", *(lines[-1:] or ["nothing"])]))


def _cached_bag(
    folder: Path,
    key: str,
    frames: Iterable[Frame],
    images: int | None,
    stop: threading.Event,
    say: Callable,
) -> Path:
    """A bag of the frames, about `images` of them; the one made before if `key` is the same."""
    bag, note = folder / "bag", folder / "made_of.json"
    if note.is_file() and note.read_text() == key and bag.is_dir():
        return bag
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    frames = _until(stop, frames)
    first = next(frames, None)
    if first is None:
        raise InputFileError("there is no image in the time that is asked for: give more --seconds")
    camera = first.camera
    compressed = wants_jpeg(folder, images, camera.width, camera.height, say)
    say("Writing a rosbag2 (images and CameraInfo), once")
    write_camera_bag(bag, while_room(chain([first], frames), folder), compressed)
    note.write_text(key)
    return bag


def _until(stop: threading.Event, frames: Iterable[Frame]) -> Iterator[Frame]:
    for frame in frames:
        if stop.is_set():
            raise Interrupted
        yield frame


def _camera_frames(index: int, choice: CameraChoice, seconds: float) -> Iterator[Frame]:
    end = time.monotonic() + seconds
    with LiveCamera(str(index), choice) as source:
        for frame in source:
            yield frame
            if time.monotonic() >= end:
                return
