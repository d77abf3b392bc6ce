"""Where else to look for a person whom the first region did not show, and what to believe.

The landmark network wants an upright person who fills the region. Who lies, hangs, crouches or is
cut off by the image is seen in a larger or in a turned region. Its presence alone does not tell
which of them is right: it is often near 1 in a region that is turned the wrong way. What tells is
whether the landmarks fill the box that the detector gave.
"""

from __future__ import annotations

import numpy as np

from ...geometry.boxes import iou
from .regions import Regions

#: Sides of the regions over the longer side of the box, and how they are turned. Whoever is cut off
#: at the hips goes on below the box: the upright region is the largest.
SIDES = np.array([2.5, 1.8, 1.8, 1.8])
TURNS = np.radians([0.0, 90.0, 180.0, 270.0])

#: How many of them, the best, are read once more where the network asks for it.
FINALISTS = 2

#: Presence below which the network saw no person.
MIN_PRESENCE = 0.5

#: Intersection over union of the landmarks' extent and the box. Of people in plain view it is 0.4
#: to 0.9, of those who sit 0.25 and more; below the first a reading is doubted, and below the
#: second a new one is not believed.
DOUBTED_OVERLAP = 0.2
LEAST_OVERLAP = 0.3

#: A box this wide for its height shows somebody who lies, sits or crouches, and the upright region
#: often somebody who does not fill it: below this overlap the reading is doubted.
LYING_ASPECT = 0.9
LYING_OVERLAP = 0.6

#: Share of the overlap with the box that a reading fills best at which its own box is as good: two
#: boxes of one person.
SAME_OVERLAP = 0.9


def regions_around(boxes: np.ndarray) -> Regions:
    """The regions to try of boxes (N, 4) px: N times len(SIDES), those of a box together."""
    count = len(SIDES)
    longer = (boxes[:, 2:] - boxes[:, :2]).max(1)
    return Regions(
        np.repeat((boxes[:, :2] + boxes[:, 2:]) / 2, count, axis=0),
        (longer[:, None] * SIDES).ravel(),
        np.tile(TURNS, len(boxes)),
    )


def is_doubted(presence: np.ndarray, overlap: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Whether a first reading (N,) has to be looked at again: presence and overlap with its box."""
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    least = np.where(width > LYING_ASPECT * height, LYING_OVERLAP, DOUBTED_OVERLAP)
    return (presence <= MIN_PRESENCE) | (overlap < least)


def box_overlap(pixels: np.ndarray, boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """How much landmarks (N, 33, 2) px fill each box (M, 4) px of an image: (N, M) in [0, 1].

    Intersection over union with the landmarks' extent. Landmarks beyond the image are taken to its
    border: the box ends there too.
    """
    size = np.array((width, height))
    inside = np.clip(pixels, 0, size)
    extent = np.concatenate((inside.min(1), inside.max(1)), axis=1)
    return iou(extent, np.clip(boxes, 0, np.tile(size, 2)))


def own_overlap(overlaps: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Of overlaps (N, M) those with each reading's own box, own (N,): (N,); 0 where the reading
    fills another box better and is therefore the neighbour's."""
    mine = np.take_along_axis(overlaps, own[:, None], 1)[:, 0]
    return np.where(mine > SAME_OVERLAP * overlaps.max(1), mine, 0.0)
