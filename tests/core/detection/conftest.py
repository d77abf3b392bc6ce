"""A drawing that detectors take for people: no photograph may be committed."""

import cv2
import numpy as np
import pytest

SKIN, SHIRT, TROUSERS, SHOES, HAIR = (
    (140, 170, 220), (40, 40, 170), (110, 60, 40), (20, 20, 30), (30, 40, 60)
)  # fmt: skip
#: x0, y0, x1, y1 and half width, in body heights from the middle of the top of the head.
LIMBS = (
    (-0.05, 0.50, -0.07, 0.74, 0.045, TROUSERS), (-0.07, 0.74, -0.08, 0.95, 0.035, TROUSERS),
    (0.05, 0.50, 0.06, 0.74, 0.045, TROUSERS), (0.06, 0.74, 0.07, 0.95, 0.035, TROUSERS),
    (-0.08, 0.97, -0.12, 0.98, 0.022, SHOES), (0.07, 0.97, 0.10, 0.98, 0.022, SHOES),
    (-0.11, 0.22, -0.16, 0.38, 0.030, SHIRT), (-0.16, 0.38, -0.15, 0.52, 0.022, SKIN),
    (0.11, 0.22, 0.17, 0.37, 0.030, SHIRT), (0.17, 0.37, 0.16, 0.51, 0.022, SKIN),
    (-0.06, 0.24, -0.05, 0.48, 0.070, SHIRT), (0.06, 0.24, 0.05, 0.48, 0.070, SHIRT),
    (0.00, 0.20, 0.00, 0.50, 0.080, SHIRT), (0.00, 0.13, 0.00, 0.18, 0.030, SKIN),
)  # fmt: skip


def draw_people(height: int, width: int, people=()) -> tuple[np.ndarray, np.ndarray]:
    """Image (H, W, 3) uint8 with people (x, y of the top of the head, body height), and boxes."""
    image = np.empty((height, width, 3), np.uint8)
    shade = np.arange(height)[:, None, None] / height * (60, 70, 40)
    image[:] = (200, 190, 180) - shade
    image[height * 3 // 4 :] = (90, 110, 110)
    boxes = []
    for x, y, size in people:

        def at(u, v, x=x, y=y, size=size):
            return round(x + u * size), round(y + v * size)

        for x0, y0, x1, y1, half, color in LIMBS:
            cv2.line(image, at(x0, y0), at(x1, y1), color, max(1, round(2 * half * size)))
        for v, axes, color in ((0.07, (0.048, 0.068), SKIN), (0.035, (0.052, 0.045), HAIR)):
            radii = tuple(max(1, round(a * size)) for a in axes)
            cv2.ellipse(image, at(0, v), radii, 0, 0, 360, color, -1)
        boxes.append((x - 0.19 * size, y, x + 0.19 * size, y + size))
    return image, np.array(boxes, np.float32).reshape(-1, 4)


@pytest.fixture(scope="session", name="draw_people")
def draw_people_fixture():
    return draw_people
