"""Motion capture of nobody: a skeleton whose bones have CMU's names, in two subjects' files."""

import numpy as np
import pytest

from humans4d_core.body import EMBEDDED_BODY, BodyModel, read_body_file
from humans4d_core.recovery.landmarks.kinematics import LandmarkSkeleton
from humans4d_core.simulation.gaits import BONE_OF_JOINT

BONES = sorted({bone for bone in BONE_OF_JOINT.values() if bone != "root"})


def skeleton_text() -> str:
    bones = "".join(
        f"  begin\n    id {k}\n    name {bone}\n    direction 0 -1 0\n    length 4\n"
        "    axis 0 0 0 XYZ\n    dof rx ry rz\n    limits (-180 180)\n  end\n"
        for k, bone in enumerate(BONES, start=1)
    )
    return (
        ":version 1.10\n:units\n  length 0.45\n  angle deg\n:root\n  order TX TY TZ RX RY RZ\n"
        f":bonedata\n{bones}:hierarchy\n  begin\n    root {' '.join(BONES)}\n  end\n"
    )


def motion_text(frames: int, seed: int) -> str:
    rng = np.random.default_rng(seed)
    lines = [":FULLY-SPECIFIED", ":DEGREES"]
    for number in range(1, frames + 1):
        lines += [str(number), "root 0 0 0 0 0 0"]
        lines += [f"{bone} {' '.join(f'{v:.2f}' for v in rng.normal(0, 12, 3))}" for bone in BONES]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def mocap_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mocap")
    for seed, subject in enumerate(("05", "07")):
        (folder / f"{subject}.asf").write_text(skeleton_text())
        (folder / f"{subject}_01.amc").write_text(motion_text(60, seed))
    return folder


@pytest.fixture(scope="session")
def body():
    return read_body_file(EMBEDDED_BODY, name="anny")


@pytest.fixture(scope="session")
def rest_joints(body):
    return BodyModel(body).at_rest()[1].astype(np.float64)


@pytest.fixture(scope="session")
def landmarks(body):
    return LandmarkSkeleton(body).landmarks
