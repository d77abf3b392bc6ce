"""Detectors: image in, boxes of people out."""

from __future__ import annotations

from ..errors import Humans4dError
from ..shown_text import shown
from .detector import Detector
from .given_boxes import GivenBoxes
from .movenet import MoveNet
from .nanodet import NanoDet

_DETECTORS = {detector.name: detector for detector in (NanoDet, MoveNet)}

#: The detectors that are embedded.
DETECTOR_NAMES = tuple(_DETECTORS)

#: Surer of people who are close, blurred or oddly posed, for about 20 ms more on two CPU cores.
DEFAULT_DETECTOR = MoveNet.name


def create_detector(name: str = DEFAULT_DETECTOR, threads: int | None = None) -> Detector:
    """An embedded detector; threads: CPU threads of one run, None for every core.

    Raises Humans4dError for an unknown name, ModelFileError if its file is not there.
    """
    check_detector(name)
    return _DETECTORS[name](threads)


def check_detector(name: str, *others: str) -> None:
    """Raises Humans4dError for an unknown name; others: names that the caller knows besides."""
    if name not in _DETECTORS:
        names = ", ".join((*DETECTOR_NAMES, *others))
        raise Humans4dError(f"detector is '{shown(name)}': give one of {names}")


__all__ = [
    "DEFAULT_DETECTOR",
    "DETECTOR_NAMES",
    "Detector",
    "GivenBoxes",
    "MoveNet",
    "NanoDet",
    "check_detector",
    "create_detector",
]
