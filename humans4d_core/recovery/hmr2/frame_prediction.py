"""Image and boxes in, bodies out, with one copy to the device and one back a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from ...errors import Humans4dError
from ..crops.device_crops import DeviceCropper
from ..crops.host_buffer import HostBuffer
from ..crops.person_crops import crop_people
from ..engines.engine import Engine, is_out_of_memory

_NO_BODIES = (None, None)


class FrameBodies(NamedTuple):
    """N people of one image, on the host; float32."""

    global_orient: np.ndarray  #: (N, 1, 3, 3) rotation of the root in the crop camera's frame
    body_pose: np.ndarray  #: (N, 23, 3, 3) rotations relative to the parent joint
    betas: np.ndarray  #: (N, 10)
    camera: np.ndarray  #: (N, 3): scale, x, y of the crop's weak camera
    vertices: np.ndarray | None  #: (N, V, 3) m, SMPL's frame; None: the engine has no body model
    joints: np.ndarray | None  #: (N, 24, 3) m, likewise
    centers: np.ndarray  #: (N, 2) px, middles of the crops' squares in the image
    sizes: np.ndarray  #: (N,) px, their sides

    def select(self, index: np.ndarray) -> FrameBodies:
        """The people that a boolean mask or an index array picks."""
        return FrameBodies(*(None if array is None else array[index] for array in self))  # type: ignore[arg-type]


#: People who are cropped and predicted at once: a crop and its results take 2 MB.
MAX_BATCH = 64


class FramePredictor:
    """Crops the people of an image, runs the engine on them and brings the results home."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._stays_on_host = _stays_on_host(engine.device)
        # On the CPU the original's way is the faster one, and exact.
        self._crop = crop_people if self._stays_on_host else DeviceCropper(engine.device)
        self._download = HostBuffer(torch.float32, engine.device)

    @torch.no_grad()
    def __call__(self, image_bgr: np.ndarray, boxes_xyxy: np.ndarray) -> FrameBodies:
        """People in boxes (N, 4) px of an image (H, W, 3) uint8, a batch after the other.

        Raises as `crop_people` does for boxes without size and for what is no image; Humans4dError
        where the device's memory does not do for it.
        """
        boxes_xyxy = np.asarray(boxes_xyxy)
        starts = range(0, max(len(boxes_xyxy), 1), MAX_BATCH)
        parts = [self._batch(image_bgr, boxes_xyxy[i : i + MAX_BATCH]) for i in starts]
        if len(parts) == 1:
            return parts[0]
        columns = zip(*parts, strict=True)
        return FrameBodies(*(None if c[0] is None else np.concatenate(c) for c in columns))  # type: ignore[arg-type]

    def _batch(self, image_bgr: np.ndarray, boxes_xyxy: np.ndarray) -> FrameBodies:
        try:
            return self._predict(image_bgr, boxes_xyxy)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        # The engine takes care of its own; here it is the crops or the results that did not fit.
        # Out here the error is gone, which holds on to the tensors of the failed frame.
        self.engine.free_memory()
        try:
            return self._predict(image_bgr, boxes_xyxy)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        raise Humans4dError(
            f"the memory of {self.engine.device} does not hold the crops of {len(boxes_xyxy)} "
            "people: close what else uses it, or take --device cpu"
        )

    def _predict(self, image_bgr: np.ndarray, boxes_xyxy: np.ndarray) -> FrameBodies:
        crops = self._crop(image_bgr, boxes_xyxy)
        output, bodies = self.engine.run_bodies(crops.images)
        tensors = (*output, *(bodies or _NO_BODIES))
        fetched = self._fetched(tensors)
        return FrameBodies(*fetched, crops.centers, crops.sizes)  # type: ignore[arg-type, call-arg]

    def _fetched(self, tensors: Sequence[torch.Tensor | None]) -> list[np.ndarray | None]:
        """All results in one copy."""
        if self._stays_on_host:
            return [None if tensor is None else tensor.numpy() for tensor in tensors]
        flat = torch.cat([tensor.flatten() for tensor in tensors if tensor is not None])
        host = self._download.of_size(len(flat))
        host.copy_(flat, non_blocking=True)
        if flat.is_cuda:
            torch.cuda.current_stream(flat.device).synchronize()
        values = host.numpy().copy()  # the next frame writes over the buffer
        arrays: list[np.ndarray | None] = []
        start = 0
        for tensor in tensors:
            if tensor is None:
                arrays.append(None)
                continue
            arrays.append(values[start : start + tensor.numel()].reshape(tensor.shape))
            start += tensor.numel()
        return arrays


def _stays_on_host(device: torch.device) -> bool:
    return device.type == "cpu"
