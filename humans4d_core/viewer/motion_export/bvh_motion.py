"""Motion as BVH (Biovision Hierarchy): a skeleton and its angles, for animation programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...types import JOINT_NAMES, JOINT_PARENTS
from .person_motion import PersonMotion

#: Units of BVH's programs in a metre.
CENTIMETRES = 100.0
#: Length of a bone at the end of a limb, where SMPL has no further joint.
END_CM = 5.0


def write_bvh(path: Path, motion: PersonMotion) -> None:
    """24 joints named as SMPL's; angles in degrees, Z X Y, each in the axes that the one before has
    turned; y up, centimetres."""
    rest = motion.rest_joints * CENTIMETRES
    children = [[c for c, parent in enumerate(JOINT_PARENTS) if parent == j] for j in range(24)]
    order: list[int] = []
    lines = ["HIERARCHY"]

    def joint(number: int, depth: int) -> None:
        order.append(number)
        parent, pad = JOINT_PARENTS[number], "  " * depth
        offset = rest[number] - rest[parent] if parent >= 0 else np.zeros(3)
        channels = "3" if parent >= 0 else "6 Xposition Yposition Zposition"
        lines.extend((
            f"{pad}{'JOINT' if parent >= 0 else 'ROOT'} {JOINT_NAMES[number]}", f"{pad}{{",
            f"{pad}  OFFSET {_text(offset)}",
            f"{pad}  CHANNELS {channels} Zrotation Xrotation Yrotation",
        ))  # fmt: skip
        for child in children[number]:
            joint(child, depth + 1)
        if not children[number]:
            along = offset / max(float(np.linalg.norm(offset)), 1e-6) * END_CM
            lines.extend((f"{pad}  End Site", f"{pad}  {{", f"{pad}    OFFSET {_text(along)}",
                          f"{pad}  }}"))  # fmt: skip
        lines.append(f"{pad}}}")

    joint(0, 0)
    turns, pelvis = motion.in_y_up()
    angles = Rotation.from_matrix(turns[:, order].reshape(-1, 3, 3)).as_euler("ZXY", degrees=True)
    table = np.concatenate((pelvis * CENTIMETRES, angles.reshape(len(turns), 72)), axis=1)
    lines += ["MOTION", f"Frames: {len(table)}", f"Frame Time: {1 / motion.frame_rate:.8f}"]
    with path.open("w") as file:
        file.write("\n".join(lines) + "\n")
        np.savetxt(file, table, "%.5f")


def _text(offset: np.ndarray) -> str:
    return " ".join(f"{value:.5f}" for value in offset)
