"""How simulated people move: poses of SMPL's joints along a cycle, from motion capture or made up.

Poses face along the person's path: the root's rotation leads from SMPL's axes to the path's own
(x left, y up, z ahead).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ..errors import InputFileError
from ..types import JOINT_NAMES, JOINT_PARENTS
from .mocap import FRAME_RATE, Motion, Skeleton, read_motion, read_skeleton

#: The ASF bone whose rotation a joint takes; those that are missing hold still in their parent.
BONE_OF_JOINT = {
    "pelvis": "root", "left_hip": "lfemur", "right_hip": "rfemur", "spine1": "lowerback",
    "left_knee": "ltibia", "right_knee": "rtibia", "spine2": "upperback", "left_ankle": "lfoot",
    "right_ankle": "rfoot", "spine3": "thorax", "neck": "lowerneck", "left_collar": "lclavicle",
    "right_collar": "rclavicle", "head": "head", "left_shoulder": "lhumerus",
    "right_shoulder": "rhumerus", "left_elbow": "lradius", "right_elbow": "rradius",
}  # fmt: skip

#: Joints whose limb points elsewhere at rest in the two skeletons, and the limb's far end.
LIMBS = {
    "left_hip": "left_knee", "right_hip": "right_knee", "left_knee": "left_ankle",
    "right_knee": "right_ankle", "left_shoulder": "left_elbow", "right_shoulder": "right_elbow",
    "left_elbow": "left_wrist", "right_elbow": "right_wrist",
}  # fmt: skip

#: Heights (m) of ankle and ball of the foot over the floor.
SOLES = {"left_ankle": 0.075, "right_ankle": 0.075, "left_foot": 0.025, "right_foot": 0.025}

#: A walking cycle takes this long (s), moves at this speed (m/s), and its ends differ by less
#: than this (rad, mean of the joints).
CYCLE_SECONDS = (0.6, 1.4)
WALKING_SPEEDS = (0.8, 3.5)
CYCLE_MISMATCH = 0.12

#: s of a clip that are read: a few cycles.
CLIP_SECONDS = 5.0


@dataclass(frozen=True)
class Clip:
    """A cycle of F poses; the last leads to the first."""

    rotations: np.ndarray  #: (F, 24, 3, 3), each relative to the parent's
    hip_heights: np.ndarray  #: (F,) m of the hip midpoint over the floor, at betas = 0
    length: float  #: m that one cycle covers, or s that it takes where nobody walks


@dataclass(frozen=True)
class Gaits:
    """What the people of a simulation can do."""

    walks: tuple[Clip, ...]
    stands: tuple[Clip, ...]
    sit: Clip
    source: str  #: for people to read


def procedural_gaits(rest_joints: np.ndarray) -> Gaits:
    """Made-up gaits that need no file. rest_joints (24, 3) m, of the body at rest."""
    walks = tuple(_made_up_walk(rest_joints, stride) for stride in (0.45, 0.52))
    stand = _made_up_stand(rest_joints)
    return Gaits(walks, (stand,), _made_up_sit(rest_joints), "procedural walk")


def mocap_gaits(folder: Path, rest_joints: np.ndarray) -> Gaits:
    """Walks and standing gestures of a folder of SUBJECT.asf and SUBJECT_NN.amc[.xz] files.

    Each clip gives the cycle of its first seconds that closes best, if it closes; sitting is made
    up. Raises InputFileError where there is no walk.
    """
    folder = Path(folder)
    walks, stands = [], []
    for skeleton_path in sorted(folder.glob("*.asf")):
        skeleton = read_skeleton(skeleton_path)
        for path in sorted(folder.glob(f"{skeleton_path.stem}_*.amc*")):
            motion = read_motion(path, skeleton, int(CLIP_SECONDS * FRAME_RATE))
            if (walk := _walk_of(motion, skeleton, rest_joints)) is not None:
                walks.append(walk)
            elif (stand := _stand_of(motion, skeleton, rest_joints)) is not None:
                stands.append(stand)
    if not walks:
        raise InputFileError(
            f"{folder} holds no walking motion: give a folder of .asf and .amc (.amc.xz) files"
        )
    made_up = procedural_gaits(rest_joints)
    source = f"{len(walks)} walks and {len(stands)} gestures of motion capture"
    return Gaits(tuple(walks), tuple(stands) or made_up.stands, made_up.sit, source)


def joint_positions(rotations: np.ndarray, rest_joints: np.ndarray) -> np.ndarray:
    """Joints (F, 24, 3) of poses (F, 24, 3, 3), in the axes that the root leads to."""
    turned, placed = rotations.copy(), np.zeros((len(rotations), 24, 3))
    for joint, parent in enumerate(JOINT_PARENTS[1:], start=1):
        bone = rest_joints[joint] - rest_joints[parent]
        placed[:, joint] = placed[:, parent] + turned[:, parent] @ bone
        turned[:, joint] = turned[:, parent] @ rotations[:, joint]
    return placed


def hip_heights(rotations: np.ndarray, rest_joints: np.ndarray) -> np.ndarray:
    """Height (F,) m of the hip midpoint when the lowest sole touches the floor."""
    joints = joint_positions(rotations, rest_joints)[..., 1]
    indices = [JOINT_NAMES.index(name) for name in SOLES]
    floor = (joints[:, indices] - np.array(list(SOLES.values()))).min(1)
    return joints[:, 1:3].mean(1) - floor


def retargeted(motion: Motion, skeleton: Skeleton, rest_joints: np.ndarray) -> np.ndarray:
    """A motion's rotations as SMPL's, each relative to the parent's: (F, 24, 3, 3).

    Limbs point where they point in the motion, though the two skeletons rest differently.
    """
    frames = len(motion.root)
    world = np.empty((frames, 24, 3, 3))
    for joint, name in enumerate(JOINT_NAMES):
        if name not in BONE_OF_JOINT:
            world[:, joint] = world[:, JOINT_PARENTS[joint]]
            continue
        bone = BONE_OF_JOINT[name]
        world[:, joint] = motion.rotations[bone]
        if name in LIMBS:
            ours = rest_joints[JOINT_NAMES.index(LIMBS[name])] - rest_joints[joint]
            world[:, joint] @= _turn_onto(ours, skeleton.bones[bone].direction)
    parents = np.array(JOINT_PARENTS[1:])
    local = world.copy()
    local[:, 1:] = world[:, parents].swapaxes(-1, -2) @ world[:, 1:]
    return local


def _turn_onto(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The shortest rotation that turns direction a (3,) into b (3,)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, a @ b)).as_matrix()


def _walk_of(motion: Motion, skeleton: Skeleton, rest_joints: np.ndarray) -> Clip | None:
    """The best cycle of a motion that walks straight, or None."""
    poses = retargeted(motion, skeleton, rest_joints)
    shortest, longest = (int(s * FRAME_RATE) for s in CYCLE_SECONDS)
    best, cycle = CYCLE_MISMATCH, None
    for start in range(0, len(poses) - shortest, 12):
        ends = np.arange(start + shortest, min(start + longest, len(poses)), 2)
        cosine = (np.einsum("fjkl,jkl->fj", poses[ends], poses[start]) - 1) / 2
        mismatch = np.arccos(np.clip(cosine, -1, 1)).mean(1)
        if mismatch.min() < best:
            best, cycle = mismatch.min(), (start, ends[mismatch.argmin()])
    if cycle is None:
        return None
    start, end = cycle
    way = motion.root[end] - motion.root[start]
    length = np.hypot(way[0], way[2])
    speed = length / ((end - start) / FRAME_RATE)
    if not WALKING_SPEEDS[0] <= speed <= WALKING_SPEEDS[1] or abs(way[1]) > 0.05:
        return None
    heading = Rotation.from_euler("y", np.arctan2(way[0], way[2])).as_matrix()
    rotations = poses[start:end].copy()
    rotations[:, 0] = heading.T @ rotations[:, 0]
    if rotations[:, 0, 2, 2].mean() < 0.5:
        return None  # backwards or sideways
    last = poses[end].copy()
    last[0] = heading.T @ last[0]
    return _clip(_closed(rotations, last), rest_joints, float(length))


def _stand_of(motion: Motion, skeleton: Skeleton, rest_joints: np.ndarray) -> Clip | None:
    """A motion on the spot, there and back again, or None."""
    root = motion.root
    if np.ptp(root[:, [0, 2]], axis=0).max() > 0.4 or np.ptp(root[:, 1]) > 0.3:
        return None
    poses = retargeted(motion, skeleton, rest_joints)[::2]
    ahead = poses[:, 0, :, 2].mean(0)
    heading = Rotation.from_euler("y", np.arctan2(ahead[0], ahead[2])).as_matrix()
    poses[:, 0] = heading.T @ poses[:, 0]
    return _clip(np.concatenate((poses, poses[::-1])), rest_joints, 4 * len(poses) / FRAME_RATE)


def _closed(rotations: np.ndarray, following: np.ndarray) -> np.ndarray:
    """A cycle (F, 24, 3, 3) whose mismatch of what follows it to its start is spread over it."""
    mismatch = Rotation.from_matrix((following.swapaxes(-1, -2) @ rotations[0]).reshape(-1, 3, 3))
    share = np.arange(len(rotations))[:, None, None] / len(rotations)
    steps = Rotation.from_rotvec((share * mismatch.as_rotvec()).reshape(-1, 3)).as_matrix()
    return rotations @ steps.reshape(rotations.shape)


def _clip(rotations: np.ndarray, rest_joints: np.ndarray, length: float) -> Clip:
    return Clip(rotations, hip_heights(rotations, rest_joints), length)


def _poses(bends: dict[str, tuple], frames: int) -> np.ndarray:
    """(frames, 24, 3, 3) from turns about x, y, z (rad, numbers or (frames,)) by joint."""
    angles = np.zeros((frames, 24, 3))
    for name, turns in bends.items():
        for axis, turn in enumerate(turns):
            angles[:, JOINT_NAMES.index(name), axis] = turn
    return Rotation.from_euler("xyz", angles.reshape(-1, 3)).as_matrix().reshape(frames, 24, 3, 3)


#: Arms that hang down from the T they rest in: turns about z.
_LEFT_DOWN, _RIGHT_DOWN = -1.3, 1.3


def _made_up_walk(rest_joints: np.ndarray, swing: float) -> Clip:
    """Legs that swing by +-`swing` rad, knees that bend as they come forward, arms against them."""
    frames = 48
    phase = 2 * np.pi * np.arange(frames) / frames
    left, right = np.sin(phase), -np.sin(phase)
    bend_left = 0.1 + 0.9 * np.clip(np.cos(phase), 0, None) ** 2
    bend_right = 0.1 + 0.9 * np.clip(-np.cos(phase), 0, None) ** 2
    poses = _poses({
        "left_hip": (-swing * left - 0.15,), "right_hip": (-swing * right - 0.15,),
        "left_knee": (bend_left,), "right_knee": (bend_right,),
        "spine2": (0.05, 0.08 * left),
        "left_shoulder": (0.5 * swing * left, 0, _LEFT_DOWN),
        "right_shoulder": (0.5 * swing * right, 0, _RIGHT_DOWN),
        "left_elbow": (0, -0.35, 0), "right_elbow": (0, 0.35, 0),
    }, frames)  # fmt: skip
    leg = np.linalg.norm(rest_joints[7] - rest_joints[1])
    return _clip(poses, rest_joints, float(4 * leg * np.sin(swing)))


def _made_up_stand(rest_joints: np.ndarray) -> Clip:
    """Breathing, and a head that looks around."""
    frames = 60
    phase = 2 * np.pi * np.arange(frames) / frames
    poses = _poses({
        "spine2": (0.03 * np.sin(2 * phase),), "head": (0, 0.5 * np.sin(phase)),
        "left_shoulder": (0.05 * np.sin(phase), 0, _LEFT_DOWN),
        "right_shoulder": (-0.05 * np.sin(phase), 0, _RIGHT_DOWN),
        "left_elbow": (0, -0.2, 0), "right_elbow": (0, 0.2, 0),
    }, frames)  # fmt: skip
    return _clip(poses, rest_joints, 5.0)


def _made_up_sit(rest_joints: np.ndarray) -> Clip:
    """Thighs level, lower legs upright, hands towards the knees."""
    poses = _poses({
        "left_hip": (-1.5,), "right_hip": (-1.5,), "left_knee": (1.5,), "right_knee": (1.5,),
        "spine1": (0.1,),
        "left_shoulder": (-0.5, 0, _LEFT_DOWN), "right_shoulder": (-0.5, 0, _RIGHT_DOWN),
        "left_elbow": (0, -0.9, 0), "right_elbow": (0, 0.9, 0),
    }, 2)  # fmt: skip
    return _clip(poses, rest_joints, 1.0)
