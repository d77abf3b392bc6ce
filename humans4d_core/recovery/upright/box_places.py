"""Where the person in a box is, and how sure that is.

Who stands reaches from the box's lower to its upper edge. With the feet at z r_f (r_f: the ray
through the middle of the lower edge, its z is 1) and the head a person's height h above them along
`up`, the head's image lies on the upper edge, y_0 in coordinates of the ray:

    z r_f,y + h up_y = y_0 (z + h up_z)    =>    z = h (y_0 up_z - up_y) / (r_f,y - y_0)

A box that is wider than high shows somebody who lies, crouches or is cut off. Then its larger side
measures between BENT and the height of a person; the distance is the middle of both in its
logarithm, and one standard deviation reaches to either.
"""

from __future__ import annotations

import numpy as np

from ...geometry import pixels_to_rays
from ...types import Camera
from ..pelvis_uncertainty import BORDER_PX, HIDDEN_SIGMA

#: Height (m) of people; how adults, children and boxes around them differ from it (relative).
HEIGHT, HEIGHT_SIGMA = 1.7, 0.13
#: Share of a person's height at which the pelvis is.
PELVIS_SHARE = 0.53
#: m, the least that the larger side of a bent or cut off person's box measures.
BENT = 0.5
#: Width to height of a standing person's box, arms and stride included.
ASPECT = 0.4
#: Width to height up to which people surely stand in a box, and from which on they do not.
STANDING, LYING = 0.7, 1.0


def box_places(
    boxes_px: np.ndarray, camera: Camera, up_cam: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pelvises (N, 3) m of people in boxes (N, 4), and the relative deviation (N,) of their depth.

    up_cam: (3,) unit vector against gravity in the camera's axes.
    """
    boxes = np.asarray(boxes_px, np.float64)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    head_is_cut = boxes[:, 1] < BORDER_PX
    feet_are_cut = boxes[:, 3] > camera.height - BORDER_PX
    cut = head_is_cut | feet_are_cut
    # Of whom a part is outside, the width says how far it would reach.
    whole = np.where(cut, np.maximum(height, width / ASPECT), height)
    top = np.where(head_is_cut & ~feet_are_cut, boxes[:, 3] - whole, boxes[:, 1])
    x = (boxes[:, 0] + boxes[:, 2]) / 2
    edges = np.stack((np.column_stack((x, top + whole)), np.column_stack((x, top))))
    feet, head = pixels_to_rays(edges, camera)

    drop = np.maximum(feet[:, 1] - head[:, 1], 1e-6)
    z = HEIGHT * np.maximum(head[:, 1] * up_cam[2] - up_cam[1], 0.1) / drop
    stands = np.column_stack((feet, np.ones(len(feet)))) * z[:, None]
    stands += PELVIS_SHARE * HEIGHT * up_cam
    sigma = np.hypot(HEIGHT_SIGMA, np.where(cut, HIDDEN_SIGMA, 0))

    largest = np.maximum(np.maximum(width / camera.fx, height / camera.fy), 1e-6)
    middle = pixels_to_rays(np.column_stack((x, (boxes[:, 1] + boxes[:, 3]) / 2)), camera)
    bent = np.column_stack((middle, np.ones(len(middle)))) * (
        np.sqrt(BENT * HEIGHT) / largest[:, None]
    )
    share = np.clip((width / np.maximum(height, 1e-6) - STANDING) / (LYING - STANDING), 0, 1)
    share = np.where(cut, 0.0, share)
    places = stands + share[:, None] * (bent - stands)
    return places, sigma + share * (np.log(HEIGHT / BENT) / 2 - sigma)
