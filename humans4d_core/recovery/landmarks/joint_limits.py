"""How far people's joints turn, and how far they usually do.

Axis-angle components in degrees about SMPL's axes at rest (x left, y up, z forward), in the joint's
own frame, for the left side; the right side is mirrored. Ranges are those of clinical goniometry
widened for loose clothing and for axis-angle not being a sequence of single turns. No corner of a
box is longer than pi, so that a rotation has one axis-angle inside it.
"""

from __future__ import annotations

import numpy as np

# joint: (x low, x high), (y low, y high), (z low, z high), usual spread
_LEFT_AND_MIDDLE = {
    1: ((-125, 30), (-45, 45), (-30, 60), 45),  # hip: flexion is -x, abduction +z
    3: ((-15, 35), (-20, 20), (-20, 20), 8),  # spine, three parts that share the bend
    6: ((-15, 35), (-20, 20), (-20, 20), 8),
    9: ((-15, 35), (-20, 20), (-20, 20), 8),
    4: ((0, 150), (-10, 10), (-10, 10), 45),  # knee: a hinge about +x
    7: ((-45, 40), (-20, 20), (-25, 25), 15),  # ankle
    12: ((-35, 35), (-40, 40), (-30, 30), 12),  # neck
    15: ((-35, 35), (-45, 45), (-30, 30), 12),  # head
    13: ((-15, 15), (-25, 20), (-15, 35), 8),  # collar
    16: ((-75, 75), (-125, 60), (-100, 100), 60),  # shoulder, from the T pose
    18: ((-60, 60), (-150, 0), (-10, 10), 45),  # elbow: a hinge about -y, and the forearm's turn
    20: ((-60, 60), (-40, 40), (-70, 70), 15),  # wrist
}
_MIRROR = {1: 2, 4: 5, 7: 8, 13: 14, 16: 17, 18: 19, 20: 21}

#: Joints that the fit turns; feet and hands stay as they are at rest.
ACTIVE_JOINTS = np.array([0, *sorted([*_LEFT_AND_MIDDLE, *_MIRROR.values()])])


def joint_limits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(low, high, spread) of ACTIVE_JOINTS: each (len(ACTIVE_JOINTS), 3) radians.

    The root has no limits; spread is infinite there.
    """
    low, high = np.full((24, 3), -np.inf), np.full((24, 3), np.inf)
    spread = np.full((24, 3), np.inf)
    for joint, (x, y, z, usual) in _LEFT_AND_MIDDLE.items():
        ranges = np.radians([x, y, z])
        low[joint], high[joint], spread[joint] = ranges[:, 0], ranges[:, 1], np.radians(usual)
        if joint in _MIRROR:  # a reflection in x keeps turns about x and reverses y and z
            mirrored = np.array([ranges[0], -ranges[1, ::-1], -ranges[2, ::-1]])
            other = _MIRROR[joint]
            low[other], high[other], spread[other] = mirrored[:, 0], mirrored[:, 1], spread[joint]
    return low[ACTIVE_JOINTS], high[ACTIVE_JOINTS], spread[ACTIVE_JOINTS]
