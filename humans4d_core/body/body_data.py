"""The arrays of a body model, checked once, so that nothing later has to doubt them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ModelFileError
from ..shown_text import shown
from ..types import JOINT_PARENTS
from ..untrusted_files.pickles.chumpy_arrays import Chumpy
from ..untrusted_files.pickles.sparse_matrices import SparseMatrix

NUM_JOINTS = len(JOINT_PARENTS)
NUM_BETAS = 10
NUM_POSE_FEATURES = (NUM_JOINTS - 1) * 9
NUM_EXTRA_JOINTS = 19

#: SMPL's own mesh: only there do vertex numbers mean what the literature says.
SMPL_TOPOLOGY = (6890, 13776)

#: The name in SMPL's files -> the name in a network's state_dict.
STATE_DICT_NAMES = {
    "weights": "lbs_weights",
    "f": "faces_tensor",
    "kintree_table": "parents",
}
REQUIRED_NAMES = ("v_template", "shapedirs", "J_regressor", "weights", "f", "kintree_table")
OPTIONAL_NAMES = ("posedirs", "joint_regressor_extra")


#: Metres, and metres a unit of shape or pose: SMPL's own numbers are below 10.
_LARGEST = 100.0
#: posedirs of SMPL have 4 million.
_MAX_SPARSE_NUMBERS = 1 << 25


@dataclass(frozen=True)
class BodyData:
    """A body with SMPL's 24 joints, in SMPL's axes (x to its left, y up, z forward)."""

    name: str  #: "smpl", "anny", or the file's name
    template: np.ndarray  #: (V, 3) float32 m, the rest pose at betas = 0
    shape_directions: np.ndarray  #: (V, 3, 10) float32 m
    pose_directions: np.ndarray | None  #: (V, 3, 207) float32 m; None: all zero
    joint_regressor: np.ndarray  #: (24, V) float32
    skinning_weights: np.ndarray  #: (V, 24) float32
    faces: np.ndarray  #: (F, 3) int32
    joint_regressor_extra: np.ndarray | None = None  #: (19, V) float32, HMR 2.0's joints 25-43

    @property
    def has_smpl_topology(self) -> bool:
        """Whether vertices are numbered as SMPL's are."""
        return (len(self.template), len(self.faces)) == SMPL_TOPOLOGY


def body_data(
    arrays: Mapping[str, Any], source: str = "the body model", name: str | None = None
) -> BodyData:
    """Checked arrays of a body, named as in SMPL's files or as in a network's state_dict.

    arrays: v_template (V, 3), shapedirs (V, 3, 10 or more), J_regressor (24, V), weights or
    lbs_weights (V, 24), f or faces_tensor (F, 3), kintree_table (2, 24) or parents (24,), and
    where there are any posedirs (V, 3, 207) or (207, V*3) and joint_regressor_extra (19, V);
    numpy arrays or tensors. source: what messages call them. name: of the body; None: "smpl"
    where the mesh is SMPL's, else `source`.
    Raises ModelFileError naming what is missing or wrong.
    """
    found = {}
    for key in (*REQUIRED_NAMES, *OPTIONAL_NAMES):
        value = arrays.get(key, arrays.get(STATE_DICT_NAMES.get(key, key)))
        if value is not None:
            found[key] = _to_numpy(value, key, source)
    missing = [key for key in REQUIRED_NAMES if key not in found]
    if missing:
        raise ModelFileError(
            f"{source} is no SMPL body: it has no {', '.join(missing)}; give SMPL_NEUTRAL.pkl or "
            ".npz"
        )
    _check_tree(found["kintree_table"], source)
    if found["v_template"].ndim != 2 or found["v_template"].shape[-1] != 3:
        raise ModelFileError(_shape_message(source, "v_template", found["v_template"], "(V, 3)"))
    vertices = len(found["v_template"])
    template = _floats(found["v_template"], "v_template", (vertices, 3), source)
    directions = found["shapedirs"]
    if directions.ndim == 3 and directions.shape[-1] > NUM_BETAS:
        directions = directions[..., :NUM_BETAS]
    regressor_extra = found.get("joint_regressor_extra")
    if regressor_extra is not None:
        regressor_extra = check_joint_regressor_extra(regressor_extra, vertices, source)
    faces = _faces(found["f"], vertices, source)
    if name is None:
        name = "smpl" if (vertices, len(faces)) == SMPL_TOPOLOGY else source
    return BodyData(
        shown(name),
        template,
        _floats(directions, "shapedirs", (vertices, 3, NUM_BETAS), source),
        _pose_directions(found.get("posedirs"), vertices, source),
        _floats(found["J_regressor"], "J_regressor", (NUM_JOINTS, vertices), source),
        _weights(found["weights"], vertices, source),
        faces,
        regressor_extra,
    )


def check_joint_regressor_extra(value: Any, vertices: int, source: str) -> np.ndarray:
    """The (19, V) float32 regressor of HMR 2.0's joints 25-43, or ModelFileError."""
    array = _to_numpy(value, "joint_regressor_extra", source)
    return _floats(array, "joint_regressor_extra", (NUM_EXTRA_JOINTS, vertices), source)


def _to_numpy(value: Any, key: str, source: str) -> np.ndarray:
    if hasattr(value, "detach"):  # a tensor; torch itself is not needed here
        return value.detach().cpu().numpy()
    if isinstance(value, Chumpy):
        try:
            return value.toarray()
        except ValueError as error:
            raise ModelFileError(f"{source}: {key} is {error}: convert the file to .npz") from None
    if isinstance(value, SparseMatrix):
        # SMPL's joint regressor is one; any other array may be. Few values can claim any shape.
        if math.prod(value.shape) > _MAX_SPARSE_NUMBERS:
            raise ModelFileError(f"{source}: {key} has shape {value.shape}: too large for a body")
        return value.toarray()
    if isinstance(value, np.ndarray):
        return value
    raise ModelFileError(f"{source}: {key} is {type(value).__name__} instead of an array")


def _shape_message(source: str, key: str, array: Any, expected: object) -> str:
    return f"{source}: {key} has shape {tuple(array.shape)} instead of {expected}"


def _floats(array: Any, key: str, shape: tuple[int, ...], source: str) -> np.ndarray:
    if tuple(array.shape) != shape:
        raise ModelFileError(_shape_message(source, key, array, shape))
    if array.dtype.kind not in "fiub":
        raise ModelFileError(f"{source}: {key} holds {array.dtype} instead of numbers")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(array).all():
        raise ModelFileError(f"{source}: {key} holds NaN or infinite numbers: the file is damaged")
    largest = float(np.abs(array).max(initial=0))
    if largest > _LARGEST:
        raise ModelFileError(
            f"{source}: {key} holds {largest:.3g}, beyond {_LARGEST:g}, which no body in metres "
            "has: the file is damaged or in other units"
        )
    return array


def _weights(array: np.ndarray, vertices: int, source: str) -> np.ndarray:
    weights = _floats(array, "weights", (vertices, NUM_JOINTS), source)
    if (np.abs(weights.sum(1) - 1) > 0.05).any():
        raise ModelFileError(
            f"{source}: the skinning weights of a vertex do not add up to 1: the file is damaged"
        )
    return weights


def _pose_directions(array: Any, vertices: int, source: str) -> np.ndarray | None:
    if array is None:
        return None
    if tuple(array.shape) == (NUM_POSE_FEATURES, vertices * 3):  # a state_dict's layout
        array = array.T.reshape(vertices, 3, NUM_POSE_FEATURES)
    array = _floats(array, "posedirs", (vertices, 3, NUM_POSE_FEATURES), source)
    return array if array.any() else None


def _faces(array: Any, vertices: int, source: str) -> np.ndarray:
    if array.ndim != 2 or array.shape[-1] != 3:
        raise ModelFileError(_shape_message(source, "f", array, "(F, 3)"))
    if array.dtype.kind not in "iu" or not len(array):
        raise ModelFileError(f"{source}: f holds no vertex numbers")
    if array.min() < 0 or array.max() >= vertices:
        raise ModelFileError(f"{source}: f names vertices outside 0..{vertices - 1}")
    return np.ascontiguousarray(array, dtype=np.int32)


def _check_tree(tree: Any, source: str) -> None:
    parents = tree[0] if getattr(tree, "ndim", 0) == 2 and tree.shape[0] else tree
    if isinstance(parents, np.ndarray) and parents.ndim == 1 and parents.dtype.kind in "iu":
        # The root's parent is -1, which unsigned files wrap around.
        expected = np.array(JOINT_PARENTS)
        if parents.shape == expected.shape and np.array_equal(parents[1:], expected[1:]):
            return
        detail = f"it has {len(parents)} joints" if len(parents) != NUM_JOINTS else "other parents"
    else:
        detail = "it is no list of parents"
    raise ModelFileError(
        f"{source}: kintree_table is not SMPL's tree of {NUM_JOINTS} joints ({detail}): SMPL-H, "
        "SMPL-X and MANO files do not fit here, give an SMPL file"
    )
