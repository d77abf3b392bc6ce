r"""Distance from the ground: who stands on a known plane is where the plane says.

camera o                     drop = how far the lowest point of the body is below the camera
       |\\ .                  height = how far the ground is below the camera
height |  \\   . drop
       |    x body as recovered          factor = height / drop
_______|______\\_________ ground
               x body on the ground: the same rays, scaled about the camera
"""

from __future__ import annotations

import numpy as np

from ..config.positioning_config import DEFAULT, PositioningConfig
from ..types import Pose
from .contact_points import Contacts
from .distance_evidence import DistanceFactor

#: m, a camera lower than this over the ground sees too little of it.
LOWEST_CAMERA = 0.1


def ground_factor(
    contacts: Contacts, ground_from_camera: Pose, config: PositioningConfig = DEFAULT
) -> DistanceFactor:
    """What a known ground says of the distance of N bodies' contacts.

    Nothing where the contact was not seen, or lies level with the camera or above it. The height is
    of the world (m), the drop of the body as recovered (m): errors of the ground, m where the body
    is in truth, and of the contact, m on the recovered body, are both divided by the drop.
    """
    up = ground_from_camera.rotation[2]
    height = ground_from_camera.translation[2]
    drop = -(contacts.points_cam @ up)
    possible = np.isfinite(contacts.sigma) & (drop > LOWEST_CAMERA) & (height > LOWEST_CAMERA)
    drop = np.where(possible, drop, 1.0)
    value = np.where(possible, height / drop, 1.0)
    level_m = np.sqrt(np.maximum((contacts.points_cam**2).sum(1) - drop**2, 0)) * value
    height_m2 = config.ground_height_sigma**2 + (config.ground_tilt_sigma * level_m) ** 2
    # d(height / drop) = d height / drop - value d drop / drop
    variance = (height_m2 + (value * contacts.sigma) ** 2) / drop**2
    return DistanceFactor(value, np.where(possible, variance, np.inf))
