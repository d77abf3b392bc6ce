"""How the detectors that people export to ONNX take an image and say their boxes.

    layout        inputs                          outputs                       image
    RT-DETR,      images, orig_target_sizes       labels (N, Q), boxes          RGB in [0, 1],
    D-FINE        (width, height)                 (N, Q, 4) px, scores (N, Q)   stretched
    RT-DETR (HF)  pixel_values                    logits (N, Q, C), pred_boxes  the same
    RF-DETR       input                           dets, labels (N, Q, C)        the same, normalised
    YOLOX         images                          output (N, A, 5 + C)          BGR to 255, fitted

Boxes of the second and third are centres and sizes, relative to the image. A YOLOX file may hold
decoded boxes or those of its three grids. Sources: the export scripts of RT-DETR (lyuwenyu), D-FINE
(Peterande), RF-DETR (Roboflow), YOLOX (Megvii), and Hugging Face's Optimum for RT-DETR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

#: Mean and standard deviation of ImageNet's colours, RGB in [0, 1]: what RF-DETR was trained with.
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)

#: Gray that YOLOX fills up with.
YOLOX_GRAY = 114
YOLOX_STRIDES = (8, 16, 32)

#: Exponent, at most, of a YOLOX box's size in strides: beyond it no image reaches.
_LARGEST_EXPONENT = 10.0


@dataclass(frozen=True)
class Found:
    """What a network said of an image: N boxes of all classes, or of people alone."""

    boxes_px: np.ndarray  #: (N, 4) x_min, y_min, x_max, y_max in the image
    scores: np.ndarray  #: (N,)


class Layout(Protocol):
    """One way of taking images and saying boxes."""

    @property
    def name(self) -> str: ...

    @property
    def start_score(self) -> float: ...

    def feeds(self, image_bgr: np.ndarray, size: tuple[int, int]) -> dict[str, np.ndarray]:
        """Inputs by name, float32, of an image (H, W, 3) uint8 for a network of `size` (h, w)."""
        ...

    def found(
        self, outputs: Mapping[str, np.ndarray], image_bgr: np.ndarray, size: tuple[int, int],
        person: int | None,
    ) -> Found:  # fmt: skip
        """People in the image; person: their class, None where the layout's usual one holds."""
        ...


def _stretched(image_bgr: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(1, 3, h, w) float32 RGB in [0, 1]."""
    resized = cv2.resize(image_bgr, size[::-1], interpolation=cv2.INTER_LINEAR)
    return resized[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class DecodedDetr:
    """RT-DETR and D-FINE with their own decoding."""

    name = "RT-DETR or D-FINE"
    start_score = 0.5
    inputs = frozenset({"images", "orig_target_sizes"})
    outputs = frozenset({"labels", "boxes", "scores"})

    def feeds(self, image_bgr: np.ndarray, size: tuple[int, int]) -> dict[str, np.ndarray]:
        height, width = image_bgr.shape[:2]
        sizes = np.array([[width, height]], np.int64)
        return {"images": _stretched(image_bgr, size), "orig_target_sizes": sizes}

    def found(
        self, outputs: Mapping[str, np.ndarray], image_bgr: np.ndarray, size: tuple[int, int],
        person: int | None,
    ) -> Found:  # fmt: skip
        of_person = outputs["labels"].reshape(-1) == (person or 0)
        boxes = outputs["boxes"].reshape(-1, 4)[of_person]
        return Found(boxes, outputs["scores"].reshape(-1)[of_person])


@dataclass(frozen=True)
class RelativeDetr:
    """Class logits and boxes relative to the image."""

    name: str
    image: str
    logits: str
    boxes: str
    is_normalised: bool
    start_score: float = 0.5

    @property
    def inputs(self) -> frozenset[str]:
        return frozenset({self.image})

    @property
    def outputs(self) -> frozenset[str]:
        return frozenset({self.logits, self.boxes})

    def feeds(self, image_bgr: np.ndarray, size: tuple[int, int]) -> dict[str, np.ndarray]:
        image = _stretched(image_bgr, size)
        if self.is_normalised:
            image -= IMAGENET_MEAN[:, None, None]
            image /= IMAGENET_STD[:, None, None]
        return {self.image: image}

    def found(
        self, outputs: Mapping[str, np.ndarray], image_bgr: np.ndarray, size: tuple[int, int],
        person: int | None,
    ) -> Found:  # fmt: skip
        height, width = image_bgr.shape[:2]
        logits = outputs[self.logits][0].astype(np.float64)
        # COCO's own numbers begin at 1 and end at 90; the 80 that are used are counted from 0.
        column = int(logits.shape[1] > 80) if person is None else person
        scores = 1 / (1 + np.exp(-np.clip(logits[:, column], -50, 50)))
        center, extent = np.split(outputs[self.boxes][0].astype(np.float64), 2, axis=1)
        boxes = np.concatenate((center - extent / 2, center + extent / 2), axis=1)
        return Found(boxes * (width, height, width, height), scores)


@dataclass(frozen=True)
class Yolox:
    """YOLOX: boxes of its grids, decoded or not, objectness and classes."""

    output: str
    image: str
    name = "YOLOX"
    start_score = 0.4

    def feeds(self, image_bgr: np.ndarray, size: tuple[int, int]) -> dict[str, np.ndarray]:
        scale = self._scale(image_bgr, size)
        height, width = (max(1, round(side * scale)) for side in image_bgr.shape[:2])
        fitted = np.full((*size, 3), YOLOX_GRAY, np.uint8)
        fitted[:height, :width] = cv2.resize(image_bgr, (width, height))
        return {self.image: fitted[None].transpose(0, 3, 1, 2).astype(np.float32)}

    def found(
        self, outputs: Mapping[str, np.ndarray], image_bgr: np.ndarray, size: tuple[int, int],
        person: int | None,
    ) -> Found:  # fmt: skip
        rows = outputs[self.output][0].astype(np.float64)
        center, extent = self._decoded(rows, size)
        boxes = np.concatenate((center - extent / 2, center + extent / 2), axis=1)
        scores = rows[:, 4] * rows[:, 5 + (person or 0)]
        return Found(boxes / self._scale(image_bgr, size), scores)

    @staticmethod
    def _scale(image_bgr: np.ndarray, size: tuple[int, int]) -> float:
        return min(size[0] / image_bgr.shape[0], size[1] / image_bgr.shape[1])

    @staticmethod
    def _decoded(rows: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Centres and sizes (A, 2) px of the network's input."""
        center, extent = rows[:, :2], rows[:, 2:4]
        # Undecoded, a centre is a few cells from its own; decoded, centres lie all over the image.
        if np.abs(center).max(initial=0) > max(size) / 4:
            return center, extent
        corners, strides = [], []
        for stride in YOLOX_STRIDES:
            y, x = np.mgrid[: size[0] // stride, : size[1] // stride]
            corners.append(np.stack((x.ravel(), y.ravel()), axis=1))
            strides.append(np.full((x.size, 1), stride))
        corner, step = np.concatenate(corners), np.concatenate(strides)
        extent = np.exp(np.minimum(extent, _LARGEST_EXPONENT))
        return (center + corner) * step, extent * step


def cells_of_yolox(size: tuple[int, int]) -> int:
    """Boxes that YOLOX says of an input of `size`."""
    return sum((size[0] // stride) * (size[1] // stride) for stride in YOLOX_STRIDES)


#: Layouts that their names tell.
NAMED_LAYOUTS: tuple[DecodedDetr | RelativeDetr, ...] = (
    DecodedDetr(),
    RelativeDetr("RT-DETR of Hugging Face", "pixel_values", "logits", "pred_boxes", False),
    RelativeDetr("RF-DETR", "input", "labels", "dets", True),
)


def layout_of(
    inputs: Sequence[str], outputs: Mapping[str, Sequence[int | str | None]], size: tuple[int, int]
) -> Layout | None:
    """The layout of a network with these inputs and outputs (their shapes), None: another one."""
    for layout in NAMED_LAYOUTS:
        if set(inputs) == layout.inputs and set(outputs) >= layout.outputs:
            return layout
    if len(inputs) == len(outputs) == 1:
        ((name, shape),) = outputs.items()
        is_table = len(shape) == 3 and isinstance(shape[2], int) and shape[2] >= 6
        if is_table and (shape[1] == cells_of_yolox(size) or not isinstance(shape[1], int)):
            return Yolox(name, inputs[0])
    return None
