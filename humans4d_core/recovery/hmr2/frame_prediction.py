"""Images and boxes in, bodies out, with one copy to the device an image and one back a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    def select(self, index: np.ndarray | slice) -> FrameBodies:
        """The people that a boolean mask, a slice or an index array picks."""
        return FrameBodies(*(None if array is None else array[index] for array in self))  # type: ignore[arg-type]


#: People who are cropped and predicted at once: a crop and its results take 2 MB.
MAX_BATCH = 64

#: Images with boxes (N, 4) of some of their people.
Part = list[tuple[np.ndarray, np.ndarray]]


class FramePredictor:
    """Crops the people of an image, runs the engine on them and brings the results home."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._stays_on_host = _stays_on_host(engine.device)
        # On the CPU the original's way is the faster one, and exact.
        self._crop = crop_people if self._stays_on_host else DeviceCropper(engine.device)
        self._download = HostBuffer(torch.float32, engine.device)

    def __call__(self, image_bgr: np.ndarray, boxes_xyxy: np.ndarray) -> FrameBodies:
        """People in boxes (N, 4) px of an image (H, W, 3) uint8, see `of_images`."""
        return self.of_images([image_bgr], [boxes_xyxy])[0]

    @torch.no_grad()
    def of_images(
        self, images_bgr: Sequence[np.ndarray], boxes_xyxy: Sequence[np.ndarray]
    ) -> list[FrameBodies]:
        """People in boxes (N, 4) px of each image (H, W, 3) uint8: of at least one. The crops of
        all images are batched together.

        Raises as `crop_people` does for boxes without size and for what is no image; Humans4dError
        where the device's memory does not do for it.
        """
        parts = [self._batch(part) for part in _batches(images_bgr, boxes_xyxy)]
        columns = zip(*parts, strict=True)
        together = (
            parts[0]
            if len(parts) == 1
            else FrameBodies(
                *(None if c[0] is None else np.concatenate(c) for c in columns)  # type: ignore[arg-type]
            )
        )
        ends = np.cumsum([len(boxes) for boxes in boxes_xyxy])
        return [
            together.select(slice(end - len(boxes), end))
            for boxes, end in zip(boxes_xyxy, ends, strict=True)
        ]

    def _batch(self, part: Part) -> FrameBodies:
        try:
            return self._predict(part)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        # The engine takes care of its own; here it is the crops or the results that did not fit.
        # Out here the error is gone, which holds on to the tensors of the failed frame.
        self.engine.free_memory()
        try:
            return self._predict(part)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        raise Humans4dError(
            f"the memory of {self.engine.device} does not hold the crops of "
            f"{sum(len(boxes) for _, boxes in part)} people: close what else uses it, or take "
            "--device cpu"
        )

    def _predict(self, part: Part) -> FrameBodies:
        crops = [self._crop(image, boxes) for image, boxes in part]
        images = torch.cat([each.images for each in crops]) if len(crops) > 1 else crops[0].images
        output, bodies = self.engine.run_bodies(images)
        tensors = (*output, *(bodies or _NO_BODIES))
        fetched = self._fetched(tensors)
        centers = np.concatenate([each.centers for each in crops])
        sizes = np.concatenate([each.sizes for each in crops])
        return FrameBodies(*fetched, centers, sizes)  # type: ignore[arg-type, call-arg]

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


def _batches(images: Sequence[np.ndarray], boxes: Sequence[np.ndarray]) -> Iterator[Part]:
    """All images and boxes in their order, at most MAX_BATCH boxes at once."""
    part: Part = []
    free = MAX_BATCH
    for image, of_image in zip(images, boxes, strict=True):
        rest = np.asarray(of_image)
        while len(rest) > free:
            yield [*part, (image, rest[:free])]
            part, rest, free = [], rest[free:], MAX_BATCH
        part.append((image, rest))
        free -= len(rest)
    yield part


def _stays_on_host(device: torch.device) -> bool:
    return device.type == "cpu"
