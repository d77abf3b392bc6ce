"""A detector of the user's own: an ONNX file of one of the layouts of `onnx_layouts`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelFileError
from ..onnx_session import open_session
from ..shown_text import shown
from ..types import Detections
from .letterbox import check_colour_image, to_detections
from .onnx_layouts import NAMED_LAYOUTS, layout_of

#: Side of the input of a network that takes any size.
USUAL_SIDE = 640
#: Sides that a file may ask for.
LARGEST_SIDE = 4096

#: Boxes of an image, at most, that are compared with each other: the surest.
MOST_BOXES = 1000

_FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class OnnxDetector:
    """People by an ONNX file: RT-DETR, D-FINE, RF-DETR or YOLOX.

    Which column is the person's follows from the number of classes (COCO's), or from the file's
    metadata `names`, where it has them. Raises ModelFileError for a file of another layout.
    """

    def __init__(self, file: Path, threads: int | None = None, threshold: float = 0.25):
        self.name = f"onnx:{shown(file.name)}"
        self.threshold = threshold
        self._file = file
        self._session = open_session(file, threads)
        self._size = self._input_size()
        inputs = [value.name for value in self._session.get_inputs()]
        outputs = {value.name: value.shape for value in self._session.get_outputs()}
        layout = layout_of(inputs, outputs, self._size)
        if layout is None:
            known = ", ".join(known.name for known in NAMED_LAYOUTS)
            raise self._error(
                f"has inputs {', '.join(inputs)} and outputs {', '.join(outputs)}: that is none of "
                f"{known}, YOLOX"
            )
        self._layout, self.start_score = layout, layout.start_score
        self._person = self._class_of_people()
        self._check_on_gray()

    def detect(self, image_bgr: np.ndarray) -> Detections:
        """People in an image (H, W, 3) uint8 of any size, best first; none is an empty result."""
        check_colour_image(image_bgr)
        feeds = self._layout.feeds(image_bgr, self._size)
        feeds = {name: value.astype(self._types[name]) for name, value in feeds.items()}
        names = [value.name for value in self._session.get_outputs()]
        outputs = dict(zip(names, self._session.run(names, feeds), strict=True))
        found = self._layout.found(outputs, image_bgr, self._size, self._person)
        scores = np.where(np.isfinite(found.scores), found.scores, 0.0)
        best = np.argsort(-scores, kind="stable")[:MOST_BOXES]
        best = best[scores[best] > self.threshold]
        boxes = np.where(np.isfinite(found.boxes_px[best]), found.boxes_px[best], 0.0)
        scores = np.clip(scores[best], 0, 1).astype(np.float32)
        return to_detections(boxes, scores, image_bgr.shape[:2], 1.0)

    def _input_size(self) -> tuple[int, int]:
        """(h, w) of the image that the network takes."""
        self._types = {}
        size = None
        for value in self._session.get_inputs():
            self._types[value.name] = _FLOATS.get(value.type, np.int64)
            if len(value.shape) == 4:
                if value.type not in _FLOATS or value.shape[1] not in (3, None, *_names(value)):
                    raise self._error(f"takes {value.name} of {value.type} {value.shape}")
                sides = [s if isinstance(s, int) else USUAL_SIDE for s in value.shape[2:]]
                size = (sides[0], sides[1])
        if size is None:
            raise self._error("takes no image (N, 3, H, W)")
        if not all(0 < side <= LARGEST_SIDE for side in size):
            raise self._error(f"takes images of {size[1]}x{size[0]}, at most {LARGEST_SIDE}")
        return size

    def _class_of_people(self) -> int | None:
        """By the file's own list of classes; None where it has none."""
        names = self._session.get_modelmeta().custom_metadata_map.get("names", "")
        match = re.search(r"(\d{1,4})[\"']?\s*:\s*[\"']person[\"']", names[: 1 << 16])
        return int(match[1]) if match else None

    def _check_on_gray(self) -> None:
        """An image of nothing tells whether the outputs fit together."""
        try:
            self.detect(np.full((*self._size, 3), 114, np.uint8))
        except Exception as error:  # onnxruntime's, or shapes that do not fit
            reason = shown(str(error).strip().splitlines()[0] if str(error).strip() else error)
            raise self._error(f"cannot be run as {self._layout.name} ({reason})") from error

    def _error(self, problem: str) -> ModelFileError:
        return ModelFileError(
            f"{shown(self._file)} {shown(problem, 400)}: export it as docs/extending.md says"
        )


def _names(value: Any) -> tuple[str, ...]:
    """Names that stand for sizes which are free."""
    return tuple(size for size in value.shape if isinstance(size, str))
