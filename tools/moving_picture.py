"""The README's moving picture: a simulated crowd behind walls, tracked and drawn.

python tools/moving_picture.py docs/images/walls.webp
"""

from __future__ import annotations

import sys

import cv2
import numpy as np

from humans4d_core.body import Surface
from humans4d_core.drawing import draw_overlay
from humans4d_core.simulation.sensing import START_SCORE
from humans4d_core.simulation.simulated_crowd import Simulation, World
from humans4d_core.tracking import Tracker, TrackerConfig

SCENARIO, SEED = "walls", 1
#: Of the picture; rows of empty sky and floor are left out.
WIDTH, ROWS = 480, slice(90, 410)
QUALITY = 40


def pictures() -> tuple[list[np.ndarray], float]:
    """Each image with its people on it, and the seconds between two."""
    world = World()
    simulation = Simulation(SCENARIO, SEED, world)
    tracker = Tracker(TrackerConfig(start_score=START_SCORE), Surface.of_body(world.body))
    images = []
    for simulated in simulation:
        frame = simulated.frame
        people = tracker.update(frame, simulated.bodies)
        image = draw_overlay(frame.image_bgr, people, world.body.faces, frame.camera)[ROWS]
        height = round(image.shape[0] * WIDTH / image.shape[1])
        images.append(cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA))
    return images, float(np.diff(simulation.times).mean())


def main(path: str) -> None:
    images, seconds = pictures()
    animation = cv2.Animation()
    animation.frames = images
    animation.durations = np.full(len(images), round(1000 * seconds), np.int32)
    if not cv2.imwriteanimation(path, animation, [cv2.IMWRITE_WEBP_QUALITY, QUALITY]):
        raise SystemExit(f"error: {path} cannot be written")


if __name__ == "__main__":
    main(sys.argv[1])
