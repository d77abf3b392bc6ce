"""How many people are found, and how many boxes are people, by threshold?

    python benchmarks/detection_accuracy.py SEQUENCE_DIR [--step 10]

SEQUENCE_DIR holds gt.txt (MOT challenge format) and one video, whose first frame is number 1.
Recall and precision at IoU .5, one truth a box; boxes on people marked 0 do not count.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from humans4d_core.detection.movenet import MoveNet
from humans4d_core.detection.nanodet import NanoDet

THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU (N, M) of boxes (N, 4) and (M, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clip(0).prod(-1)
    areas = [(x[:, 2:] - x[:, :2]).prod(-1) for x in (a, b)]
    return both / (areas[0][:, None] + areas[1][None] - both)


def count(truth: np.ndarray, counted: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Hits, people and boxes of one image; truth (N, 4), counted (N,) bool, boxes (M, 4)."""
    iou = overlap(truth, boxes)
    rows, columns = linear_sum_assignment(-iou)
    matched = iou[rows, columns] >= 0.5
    hits = (matched & counted[rows]).sum()
    return np.array((hits, counted.sum(), len(boxes) - (matched & ~counted[rows]).sum()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sequence", type=Path)
    parser.add_argument("--step", type=int, default=10, help="take every so many frames")
    arguments = parser.parse_args()
    truth = np.loadtxt(arguments.sequence / "gt.txt", delimiter=",")
    truth[:, 4:6] += truth[:, 2:4]
    video = cv2.VideoCapture(str(next(arguments.sequence.glob("*.avi"))))
    detectors = [NanoDet(threshold=THRESHOLDS[0]), MoveNet(threshold=THRESHOLDS[0])]
    totals = np.zeros((len(detectors), len(THRESHOLDS), 3), int)
    number = 0
    while video.grab():
        number += 1
        if number % arguments.step != 1 % arguments.step:
            continue
        image = video.retrieve()[1]
        rows = truth[truth[:, 0] == number]
        for d, detector in enumerate(detectors):
            found = detector.detect(image)
            for t, threshold in enumerate(THRESHOLDS):
                boxes = found.boxes_px[found.scores > threshold]
                totals[d, t] += count(rows[:, 2:6], rows[:, 6] != 0, boxes)
    print("threshold " + " ".join(f"{threshold:11.2f}" for threshold in THRESHOLDS))
    for detector, rows in zip(detectors, totals, strict=True):
        cells = (f"{hits / people:.3f}/{hits / max(boxes, 1):.3f}" for hits, people, boxes in rows)
        print(f"{detector.name:9} " + " ".join(cells))


if __name__ == "__main__":
    main()
