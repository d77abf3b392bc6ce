"""Motion as binary glTF 2.0: the mesh with a skin, 24 joints and one animation.

Khronos, glTF 2.0 specification, sections 3.6 (buffers), 3.7.3 (skins), 3.11 (animations), 4.4
(binary layout).
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from ...drawing.colors import id_color
from ...types import JOINT_NAMES, JOINT_PARENTS
from .person_motion import PersonMotion

#: Joints that carry a vertex, at most: what every viewer reads.
INFLUENCES = 4
_FLOAT, _SHORT, _INT = 5126, 5123, 5125
_ARRAY, _ELEMENTS = 34962, 34963


class _Buffer:
    """Arrays one after the other, and how glTF names them."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict] = []
        self.accessors: list[dict] = []

    def add(self, array: np.ndarray, kind: str, component: int, target: int | None = None) -> int:
        view: dict[str, Any] = {
            "buffer": 0, "byteOffset": len(self.data), "byteLength": array.nbytes
        }  # fmt: skip
        if target is not None:
            view["target"] = target
        self.views.append(view)
        self.data += array.tobytes() + b"\0" * (-array.nbytes % 4)
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1, "componentType": component, "type": kind,
            "count": len(array),
        }  # fmt: skip
        if kind in ("VEC3", "SCALAR") and component == _FLOAT:
            flat = array.reshape(len(array), -1)
            accessor |= {"min": flat.min(0).tolist(), "max": flat.max(0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def write_glb_motion(path: Path, motion: PersonMotion) -> None:
    """Metres, y up. What bends with the pose beside the joints (SMPL's pose blend shapes) is not in
    a skin, and left out."""
    rest, _ = motion.body.at_rest(motion.betas)
    buffer = _Buffer()
    weights, joints = _influences(motion.body.skinning_weights)
    attributes = {
        "POSITION": buffer.add((rest * motion.scale).astype("<f4"), "VEC3", _FLOAT, _ARRAY),
        "JOINTS_0": buffer.add(joints.astype("<u2"), "VEC4", _SHORT, _ARRAY),
        "WEIGHTS_0": buffer.add(weights.astype("<f4"), "VEC4", _FLOAT, _ARRAY),
    }
    faces = np.asarray(motion.body.faces, "<u4").reshape(-1)
    indices = buffer.add(faces, "SCALAR", _INT, _ELEMENTS)
    inverse = np.tile(np.eye(4, dtype="<f4"), (24, 1, 1))
    inverse[:, 3, :3] = -motion.rest_joints  # column after column
    bind = buffer.add(inverse, "MAT4", _FLOAT)

    turns, pelvis = motion.in_y_up()
    quaternions = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_quat().reshape(-1, 24, 4)
    times = np.arange(len(turns), dtype="<f4") / np.float32(motion.frame_rate)
    clock = buffer.add(times, "SCALAR", _FLOAT)
    moved = buffer.add(pelvis.astype("<f4"), "VEC3", _FLOAT)
    samplers = [{"input": clock, "output": moved}]
    channels = [{"sampler": 0, "target": {"node": 0, "path": "translation"}}]
    for joint in range(24):
        turned = buffer.add(np.ascontiguousarray(quaternions[:, joint], "<f4"), "VEC4", _FLOAT)
        samplers.append({"input": clock, "output": turned})
        channels.append({"sampler": joint + 1, "target": {"node": joint, "path": "rotation"}})

    color = [value / 255 for value in id_color(motion.person_id)[::-1]]
    content = {
        "asset": {"version": "2.0", "generator": "humans4d"},
        "scene": 0,
        "scenes": [{"nodes": [0, 24]}],
        "nodes": [*_nodes(motion), {"name": f"person_{motion.person_id}", "mesh": 0, "skin": 0}],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {
            "baseColorFactor": [*color, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.8,
        }}],
        "skins": [{"joints": list(range(24)), "skeleton": 0, "inverseBindMatrices": bind}],
        "animations": [{"samplers": samplers, "channels": channels}],
        "buffers": [{"byteLength": len(buffer.data)}],
        "bufferViews": buffer.views,
        "accessors": buffer.accessors,
    }  # fmt: skip
    text = json.dumps(content, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text  # "JSON"
    chunks += struct.pack("<II", len(buffer.data), 0x004E4942) + bytes(buffer.data)  # "BIN"
    path.write_bytes(struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks)  # "glTF"


def _nodes(motion: PersonMotion) -> list[dict]:
    nodes = []
    for joint, parent in enumerate(JOINT_PARENTS):
        offset = motion.rest_joints[joint] - (motion.rest_joints[parent] if parent >= 0 else 0)
        node: dict[str, Any] = {"name": JOINT_NAMES[joint], "translation": offset.tolist()}
        children = [c for c, p in enumerate(JOINT_PARENTS) if p == joint]
        if children:
            node["children"] = children
        nodes.append(node)
    return nodes


def _influences(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest weights (V, 4) of (V, 24), adding up to 1, and their joints (V, 4)."""
    joints = np.argsort(-weights, axis=1)[:, :INFLUENCES]
    kept = np.take_along_axis(weights, joints, axis=1)
    return kept / kept.sum(1, keepdims=True), joints
