"""Detectors: image in, boxes of people out. A new one is one file and one line of DETECTORS."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from ..config import DetectorConfig
from ..errors import Humans4dError
from ..shown_text import shown
from .detector import Detector
from .given_boxes import GivenBoxes

#: Name -> module and class of the detectors that are embedded; loaded when one is created.
DETECTORS = {
    "nanodet": (".nanodet", "NanoDet"),
    "movenet": (".movenet", "MoveNet"),
}

#: How the name of the user's own begins: onnx:FILE.
ONNX_PREFIX = "onnx:"

#: What can be chosen, for people to read.
DETECTOR_NAMES = (*DETECTORS, f"{ONNX_PREFIX}FILE")


def create_detector(name: str = DetectorConfig().name, threads: int | None = None) -> Detector:
    """An embedded detector, or onnx:FILE; threads: CPU threads of one run, None for every core.

    Raises Humans4dError for an unknown name, ModelFileError for a file that cannot be used.
    """
    check_detector(name)
    if name.startswith(ONNX_PREFIX):
        from .onnx_detector import OnnxDetector

        return OnnxDetector(Path(name.removeprefix(ONNX_PREFIX)).expanduser(), threads)
    module, kind = DETECTORS[name]
    return getattr(import_module(module, __name__), kind)(threads)


def check_detector(name: str, *others: str) -> None:
    """Raises Humans4dError for an unknown name; others: names that the caller knows besides."""
    if name in DETECTORS or name.removeprefix(ONNX_PREFIX) not in ("", name):
        return
    names = ", ".join((*DETECTOR_NAMES, *others))
    raise Humans4dError(f"detector is '{shown(name)}': give one of {names}")


__all__ = [
    "DETECTORS",
    "DETECTOR_NAMES",
    "Detector",
    "GivenBoxes",
    "check_detector",
    "create_detector",
]
