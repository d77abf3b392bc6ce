"""Left and right, when the landmark network takes one for the other.

From the side, from behind or bent over, a person's two sides look alike to the network, and for
some images it names all landmarks by the wrong one. In one image nothing tells; where a moment ago
every point was somewhere else, the other names fit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .blazepose import Landmarks

#: (33,) each landmark's counterpart of the other side.
OTHER_SIDES = np.array(
    [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9]
    + [other for left in range(11, 33, 2) for other in (left + 1, left)]
)


def renamed(landmarks: Landmarks) -> Landmarks:
    """Landmarks of N people named by the other side: they stay where they are."""
    return replace(
        landmarks,
        pixels=landmarks.pixels[:, OTHER_SIDES],
        world=landmarks.world[:, OTHER_SIDES],
        visibility=landmarks.visibility[:, OTHER_SIDES],
    )
