"""What a person costs in the embedded recovery: network, fit, body.

    python benchmarks/landmarks_speed.py [--image FILE]

The people of the image are repeated to make a crowd. The reference is the same fit one person at
a time, in the same run.
"""

import argparse
import statistics
import time

import cv2
import numpy as np

from humans4d_core.config import RecoveryConfig
from humans4d_core.detection import create_detector
from humans4d_core.geometry import pixels_to_rays
from humans4d_core.recovery import create_recovery
from humans4d_core.types import Camera, Frame


def median_ms(call, repeats=30):
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image", help="an image with people in it")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    image = cv2.imread(arguments.image)
    if image is None:
        parser.error(f"{arguments.image} cannot be read as an image")
    height, width = image.shape[:2]
    frame = Frame(image, 0, Camera.from_fov(width, height, np.radians(60)))
    found = create_detector("movenet", arguments.threads).detect(image)
    if not len(found):
        parser.error(f"no people were found in {arguments.image}")
    recovery = create_recovery(RecoveryConfig("landmarks"), arguments.threads)

    print(
        f"{'people':>6} {'network':>9} {'fit':>9} {'fit, one by one':>16} {'all':>9}  (ms a person)"
    )
    for count in (1, 2, 4, 8, 20):
        people = found.select(np.arange(count) % len(found))
        landmarks = recovery.landmarks(image, people.boxes_px)
        used = recovery.fit.skeleton.landmarks
        rays = pixels_to_rays(landmarks.pixels, frame.camera)[:, used]
        world, weights = landmarks.world[:, used], landmarks.visibility[:, used]

        def one_by_one(rays=rays, world=world, weights=weights):
            for k in range(len(rays)):
                recovery.fit(rays[k : k + 1], world[k : k + 1], weights[k : k + 1])

        times = (
            median_ms(lambda people=people: recovery.landmarks(image, people.boxes_px)),
            median_ms(lambda r=rays, w=world, v=weights: recovery.fit(r, w, v)),
            median_ms(one_by_one, 10),
            median_ms(lambda people=people: recovery.recover(frame, people)),
        )
        network, fit, single, everything = (t / count for t in times)
        print(f"{count:6d} {network:9.2f} {fit:9.2f} {single:16.2f} {everything:9.2f}")


if __name__ == "__main__":
    main()
