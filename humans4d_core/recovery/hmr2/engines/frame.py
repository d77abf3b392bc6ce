"""Image and boxes in, bodies out, with one copy to the device and one back a frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ....body import BodyOutput
from ..crops import BLUR_ABOVE, box_squares, check_image, crop_people
from ..device_crops import sample_crops
from ..model import Hmr2Output
from .base import CROP_SHAPE, Engine

_NO_BODIES = BodyOutput(None, None, None, None)


class FrameBodies(NamedTuple):
    """N people of one image, on the host; float32."""

    global_orient: np.ndarray  #: (N, 1, 3, 3) rotation of the root in the crop camera's frame
    body_pose: np.ndarray  #: (N, 23, 3, 3) rotations relative to the parent joint
    betas: np.ndarray  #: (N, 10)
    camera: np.ndarray  #: (N, 3): scale, x, y of the crop's weak camera
    vertices: np.ndarray | None  #: (N, V, 3) m, SMPL's frame; None: the engine has no body model
    joints: np.ndarray | None  #: (N, 24, 3) m, likewise
    joints45: np.ndarray | None  #: (N, 45, 3) m, likewise, or not SMPL's mesh
    joints44: np.ndarray | None  #: (N, 44, 3) m, likewise
    centers: np.ndarray  #: (N, 2) px, middles of the crops' squares in the image
    sizes: np.ndarray  #: (N,) px, their sides


class FramePredictor:
    """Crops the people of an image, runs the engine on them and brings the results home."""

    def __init__(self, engine: Engine):
        self.engine = engine
        pinned = engine.device.type == "cuda"
        self._upload = HostBuffer(torch.uint8, pinned)
        self._download = HostBuffer(torch.float32, pinned)

    @torch.no_grad()
    def __call__(self, image_bgr: np.ndarray, boxes_xyxy: np.ndarray) -> FrameBodies:
        """People in boxes (N, 4) px of an image (H, W, 3) uint8.

        Raises as `crop_people` does for boxes without size and for what is no image.
        """
        if _crops_on_host(self.engine.device):
            crops = crop_people(image_bgr, boxes_xyxy)
            output, bodies = self.engine.run_bodies(crops.images)
            arrays = [None if t is None else t.numpy() for t in (*output, *(bodies or _NO_BODIES))]
            return FrameBodies(*arrays, crops.centers, crops.sizes)
        check_image(image_bgr)
        centers, sizes = (array.astype(np.float32) for array in box_squares(boxes_xyxy))
        images = self._crops(image_bgr, centers, sizes)
        output, bodies = self.engine.run_bodies(images)
        return FrameBodies(*self._fetch(output, bodies or _NO_BODIES), centers, sizes)

    def _crops(self, image_bgr: np.ndarray, centers: np.ndarray, sizes: np.ndarray) -> torch.Tensor:
        """Crops on the device: the squares travel in front of the image, in one copy."""
        if not len(sizes):
            return torch.empty((0, *CROP_SHAPE), device=self.engine.device)
        squares = np.column_stack((centers, sizes))
        staging = self._upload.of_size(squares.nbytes + image_bgr.nbytes)
        host = staging.numpy()
        host[: squares.nbytes] = squares.view(np.uint8).ravel()
        host[squares.nbytes :].reshape(image_bgr.shape)[...] = image_bgr
        sent = staging.to(self.engine.device, non_blocking=True)
        return sample_crops(
            sent[squares.nbytes :].view(image_bgr.shape),
            sent[: squares.nbytes].view(torch.float32).view(squares.shape),
            blur=bool((sizes > BLUR_ABOVE).any()),
        )

    def _fetch(self, output: Hmr2Output, bodies: BodyOutput) -> list[np.ndarray | None]:
        """All results in one copy. The device is done with the upload too when it arrives."""
        tensors = (*output, *bodies)
        flat = torch.cat([tensor.flatten() for tensor in tensors if tensor is not None])
        host = self._download.of_size(len(flat))
        host.copy_(flat, non_blocking=True)
        if self.engine.device.type == "cuda":
            torch.cuda.current_stream(self.engine.device).synchronize()
        values = host.numpy().copy()  # the next frame writes over the buffer
        arrays, start = [], 0
        for tensor in tensors:
            if tensor is None:
                arrays.append(None)
                continue
            arrays.append(values[start : start + tensor.numel()].reshape(tensor.shape))
            start += tensor.numel()
        return arrays


def _crops_on_host(device: torch.device) -> bool:
    return device.type == "cpu"


class HostBuffer:
    """Memory of the host that is kept between frames; pinned, copies need not wait for the CPU."""

    def __init__(self, dtype: torch.dtype, pinned: bool):
        self.pinned = pinned
        self.memory = torch.empty(0, dtype=dtype)

    def of_size(self, size: int) -> torch.Tensor:
        """(size,) uninitialised; valid until the next call."""
        if len(self.memory) < size:
            self.memory = torch.empty(size, dtype=self.memory.dtype, pin_memory=self.pinned)
        return self.memory[:size]
