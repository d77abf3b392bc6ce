"""How far away do people seem of whom only the upper part is seen?

    python benchmarks/hidden_people.py VIDEO BOXES [--every 14]

Every image is blanked below a part of each person's height (a table), or ends there (the border);
the embedded recovery's distance of what is left, over that of the whole person. BOXES: in MOT
format. Prints median and root mean square of the ratio's logarithm, the share of people still
recovered, and what standard deviation the recovery states (relative to the distance).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from humans4d_core.config import RecoveryConfig
from humans4d_core.io import CameraChoice, open_source, read_mot
from humans4d_core.positioning.distance_evidence import size_evidence
from humans4d_core.recovery import create_recovery
from humans4d_core.types import Detections, Frame

FOCAL_PX = 1183.0  # of PETS09-S2L1's camera
SEEN = (0.45, 0.6, 0.8)
GREY = (90, 110, 120)
PEOPLE = 4  # an image, at most


def shortened(frame: Frame, row: int, kind: str) -> Frame:
    """The frame with nothing to be seen from `row` on."""
    if kind == "border":
        return replace(
            frame, image_bgr=frame.image_bgr[:row].copy(), camera=replace(frame.camera, height=row)
        )
    image = frame.image_bgr.copy()
    image[row:] = GREY
    return replace(frame, image_bgr=image)


def distance(bodies) -> float:
    return float(np.linalg.norm(bodies.pelvis_cam[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("boxes", type=Path)
    parser.add_argument("--every", type=int, default=14, help="images from one to the next")
    arguments = parser.parse_args()
    recovery, boxes = create_recovery(RecoveryConfig("landmarks")), read_mot(arguments.boxes)
    ratios = {(kind, seen): [] for kind in ("table", "border") for seen in SEEN}
    stated = {key: [] for key in ratios}
    whole_people = 0
    with open_source(arguments.video, CameraChoice(), None, None) as source:
        for frame in islice(source, arguments.every - 1, None, arguments.every):
            camera = replace(frame.camera, fx=FOCAL_PX, fy=FOCAL_PX)
            frame = replace(frame, camera=camera)
            whole = recovery.recover(frame, boxes[frame.number])
            for person in range(min(len(whole), PEOPLE)):
                whole_people += 1
                left, top, right, bottom = whole.boxes_px[person]
                for kind, seen in ratios:
                    row = int(top + seen * (bottom - top))
                    box = np.array([[left, top, right, row]], np.float32)
                    part = recovery.recover(
                        shortened(frame, row, kind), Detections(box, np.ones(1, np.float32))
                    )
                    if len(part):
                        ratio = distance(part) / distance(whole.select([person]))
                        ratios[kind, seen].append(np.log(ratio))
                        stated[kind, seen].append(np.sqrt(size_evidence(part).variance[0]))
    print("hidden by  seen  recovered  median log    rms  stated")
    for (kind, seen), values in ratios.items():
        print(
            f"{kind:9s} {seen:5.2f} {len(values) / whole_people:10.2f} {np.median(values):11.2f} "
            f"{np.sqrt(np.mean(np.square(values))):6.2f} {np.mean(stated[kind, seen]):7.2f}"
        )


if __name__ == "__main__":
    main()
