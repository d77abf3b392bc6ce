"""Detectors: image in, boxes of people out."""

from .base import Detector

__all__ = ["Detector"]
