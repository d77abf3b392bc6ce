"""A short bag of real pedestrians."""

import pytest

from humans4d_core.io import CameraChoice, write_camera_bag
from humans4d_core.types import Frame

PERIOD = 10**9 // 7
CHOICE = CameraChoice(intrinsics=(1169.0, 1169.0, 384.0, 288.0))


@pytest.fixture(scope="module")
def pedestrian_bag(video_frames, tmp_path_factory):
    """21 images of the real video, with stamps of another day."""
    path = tmp_path_factory.mktemp("pedestrians") / "bag"
    camera = CHOICE.camera(768, 576)
    frames = (
        Frame(image, 1_500_000_000_000_000_000 + index * PERIOD, camera)
        for index, image in enumerate(video_frames[:21])
    )
    write_camera_bag(path, frames)
    return path
