"""What does finding people cost?

    python benchmarks/detection_speed.py [--originals DIR] [--json FILE]

Median milliseconds of one 640x480 image per detector and number of threads, preparation and
decoding included. DIR holds nanodet_g_416.onnx and movenet_multipose20_384x512.onnx, plain float32
conversions of the published graphs; with it the same table says what the plain way costs: a square
letterbox, normalised in numpy, all 80 classes or all keypoints, onnxruntime's default settings.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from humans4d_core.detection import DETECTORS, create_detector

MEAN = np.array((103.53, 116.28, 123.675))
STD = np.array((57.375, 57.12, 58.395))


def plain(path: Path, size: tuple[int, int], threads: int) -> Callable[[np.ndarray], list]:
    """The published graph as it is, its decoding in numpy left out."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(image: np.ndarray) -> list:
        height, width = size
        scale = min(height / image.shape[0], width / image.shape[1])
        resized = cv2.resize(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
        boxed = np.zeros((height, width, 3), np.uint8)
        boxed[: resized.shape[0], : resized.shape[1]] = resized
        if session.get_inputs()[0].type == "tensor(int32)":
            return session.run(None, {name: boxed[None, :, :, ::-1].astype(np.int32)})
        values = ((boxed.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)[None]
        return session.run(None, {name: values.astype(np.float32)})

    return run


def median_ms(detect: Callable[[np.ndarray], object], images: np.ndarray) -> float:
    times = []
    for image in images:
        start = time.perf_counter()
        detect(image)
        times.append(time.perf_counter() - start)
    return float(np.median(times[2:]) * 1e3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--originals", type=Path)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--images", type=int, default=40)
    arguments = parser.parse_args()
    images = np.random.default_rng(0).integers(0, 256, (arguments.images, 480, 640, 3), np.uint8)
    rows = {}
    for threads in (1, 2):
        ways = {name: create_detector(name, threads).detect for name in DETECTORS}
        if arguments.originals:
            folder = arguments.originals
            ways["nanodet, plain"] = plain(folder / "nanodet_g_416.onnx", (416, 416), threads)
            ways["movenet, plain"] = plain(
                folder / "movenet_multipose20_384x512.onnx", (384, 512), threads
            )
        for name, detect in ways.items():
            rows[f"{name}, {threads} threads"] = round(median_ms(detect, images), 1)
    for name, milliseconds in rows.items():
        print(f"{name:30} {milliseconds:7.1f} ms")
    if arguments.json:
        machine = {
            "cores": os.cpu_count(), "load": os.getloadavg()[0], "machine": platform.machine(),
            "onnxruntime": onnxruntime.__version__,
        }  # fmt: skip
        result = {"machine": machine, "median_ms": rows}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
