"""Does the embedded recovery's mesh land on the person, and is its pose right in 3D?

    python benchmarks/landmarks_accuracy.py IMAGE_OR_VIDEO ... [--frames 20]
    python benchmarks/landmarks_accuracy.py --h36m FOLDER

Landing: mean distance of the projected joints to the visible 2D landmarks, in percent of the
person's height; of a video, spread frames. --h36m: a folder of Human3.6M images with
test_h36m_body3d.npz; PA-MPJPE of 12 joints (shoulders, elbows, wrists, hips, knees, ankles) of
the landmarks themselves and of the body fitted to them, mm.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from humans4d_core.config import RecoveryConfig
from humans4d_core.detection import create_detector
from humans4d_core.evaluation import landing_error, pa_mpjpe
from humans4d_core.recovery import create_recovery
from humans4d_core.types import Camera, Frame

LANDMARKS = [11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
JOINTS = [16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8]
H36M_JOINTS = [11, 14, 12, 15, 13, 16, 4, 1, 5, 2, 6, 3]
H36M_FOCAL = 1145  # px


def frame_of(image, focal):
    height, width = image.shape[:2]
    return Frame(image, 0, Camera(focal, focal, width / 2, height / 2, width, height))


def images_of(path: Path, count: int):
    image = cv2.imread(str(path))
    if image is not None:
        yield image
        return
    capture = cv2.VideoCapture(str(path))
    total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, total - 1, count).astype(int).tolist())
    for number in range(total):
        read, image = capture.read()
        if read and number in wanted:
            yield image


def landing(paths, count, detector, recovery):
    print(f"{'input':32s} people  mean %   max %")
    for path in paths:
        errors = []
        for image in images_of(path, count):
            frame = frame_of(image, 0.9 * max(image.shape[:2]))
            bodies = recovery.recover(frame, detector.detect(image))
            if not len(bodies):
                continue
            landmarks = recovery.landmarks(image, bodies.boxes_px)
            errors += landing_error(
                bodies.joints_px[:, JOINTS],
                landmarks.pixels[:, LANDMARKS],
                landmarks.visibility[:, LANDMARKS] > 0.5,
                np.ptp(landmarks.pixels, axis=1).max(1),
            ).tolist()
        errors = 100 * np.array([e for e in errors if np.isfinite(e)])
        if len(errors):
            print(f"{path.name:32s} {len(errors):6d} {errors.mean():7.2f} {errors.max():7.2f}")
        else:
            print(f"{path.name:32s} {0:6d}")


def pose(folder, detector, recovery):
    truth = np.load(folder / "test_h36m_body3d.npz")
    own, fitted = [], []
    for name, center, joints in zip(truth["imgname"], truth["center"], truth["S"], strict=True):
        image = cv2.imread(str(folder / Path(str(name)).name))
        found = detector.detect(image)
        middle = (found.boxes_px[:, :2] + found.boxes_px[:, 2:]) / 2
        nearest = np.linalg.norm(middle - center, axis=1).argmin()
        bodies = recovery.recover(frame_of(image, H36M_FOCAL), found.select([nearest]))
        landmarks = recovery.landmarks(image, found.boxes_px[[nearest]])
        joints = 1000 * joints[None, H36M_JOINTS, :3]
        own.append(pa_mpjpe(1000 * landmarks.world[:, LANDMARKS], joints)[0])
        fitted.append(pa_mpjpe(1000 * bodies.joints_cam[:, JOINTS].astype(float), joints)[0])
        print(f"{Path(str(name)).name:44s} landmarks {own[-1]:6.1f}  fitted body {fitted[-1]:6.1f}")
    print(
        f"{'PA-MPJPE, mean':44s} landmarks {np.mean(own):6.1f}  fitted body {np.mean(fitted):6.1f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("inputs", nargs="*", type=Path)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--h36m", type=Path)
    arguments = parser.parse_args()
    detector, recovery = create_detector("movenet"), create_recovery(RecoveryConfig("landmarks"))
    if arguments.inputs:
        landing(arguments.inputs, arguments.frames, detector, recovery)
    if arguments.h36m:
        pose(arguments.h36m, detector, recovery)


if __name__ == "__main__":
    main()
