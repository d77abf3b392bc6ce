"""The recordings of tests/data/parity, laid out again as the original code writes its files.

They are inputs and outputs of 4D-Humans and PHALP, run with random weights and an invented body;
tools/parity/cut_fixtures.py says what was left out. Arrays of vertices have SMPL's size and are
zero where a vertex was left out; `vertices` in hmr2_outputs.npz names those to compare.
"""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import torch
from places import DATA

RECORDINGS = DATA / "parity"
VERTICES = 6890
#: Of the 44 joints, those whose vertices were kept: 25 of the body and 6 of the 19 regressed ones.
COMPARED_JOINTS44 = slice(0, 31)
MEAN = np.array([0.485, 0.456, 0.406]) * 255
STD = np.array([0.229, 0.224, 0.225]) * 255


def lay_out(folder: Path) -> None:
    """Write every file into `folder`."""
    body = _body()
    _write_checkpoint(folder / "tiny_hmr2", body)
    _write_body_files(folder / "synthetic_smpl", body)
    _write_predictor(folder)
    _write_crops(folder / "crops.npz")
    for name in ("hmr2_outputs.npz", "losses.npz", "hmr2_full_keys.json", "phalp_pose_keys.json",
                 "phalp_scenario_input.npz"):  # fmt: skip
        shutil.copy(RECORDINGS / name, folder)


def _body() -> dict[str, np.ndarray]:
    """Arrays of the body, named as in a state_dict."""
    with np.load(RECORDINGS / "body.npz") as arrays:
        cut = dict(arrays)
    posed, shaped = cut.pop("posed"), cut.pop("shaped")

    def spread(values: np.ndarray, rows: np.ndarray, axis: int) -> np.ndarray:
        shape = list(values.shape)
        shape[axis] = VERTICES
        whole = np.zeros(shape, values.dtype)
        np.moveaxis(whole, axis, 0)[rows] = np.moveaxis(values, axis, 0)
        return whole

    weights = spread(cut["lbs_weights"], posed, 0)
    weights[weights.sum(1) == 0, 0] = 1  # a vertex that hangs on no joint is a damaged file
    return {
        "v_template": spread(cut["v_template"], shaped, 0),
        "shapedirs": spread(cut["shapedirs"], shaped, 0),
        "posedirs": spread(cut["posedirs"], posed, 1).reshape(207, -1),
        "lbs_weights": weights,
        "J_regressor": spread(cut["J_regressor"], shaped, 1),
        "joint_regressor_extra": spread(cut["joint_regressor_extra"], posed, 1),
        "faces_tensor": cut["faces_tensor"].astype(np.int64),
        "parents": cut["parents"],
        "joint_map": cut["joint_map"],
        "vertex_joint_selector.extra_joints_idxs": cut["extra_joints_idxs"],
    }


def _write_checkpoint(folder: Path, body: dict[str, np.ndarray]) -> None:
    """A Lightning checkpoint as the original's training leaves it."""
    with np.load(RECORDINGS / "tiny_hmr2.npz") as network:
        arrays = {**network, **{f"smpl.{name}": value for name, value in body.items()}}
    state = {name: torch.from_numpy(value) for name, value in arrays.items()}
    state["initialized"] = torch.tensor(True)
    checkpoint = {
        "epoch": 35, "global_step": 1_000_000, "pytorch-lightning_version": "1.8.1",
        "state_dict": state, "callbacks": {}, "optimizer_states": [], "lr_schedulers": [],
        "hyper_parameters": {},
    }  # fmt: skip
    (folder / "checkpoints").mkdir(parents=True)
    torch.save(checkpoint, folder / "checkpoints" / "epoch=35-step=1000000.ckpt")
    shutil.copy(RECORDINGS / "model_config.yaml", folder)


def _write_body_files(folder: Path, body: dict[str, np.ndarray]) -> None:
    """SMPL_NEUTRAL.pkl and SMPL_to_J19.pkl in the layout of SMPL's own files."""
    (folder / "smpl").mkdir(parents=True)
    tree = np.stack((body["parents"], np.arange(24))).astype(np.uint32)
    official = {
        "v_template": body["v_template"],
        "shapedirs": body["shapedirs"],
        "posedirs": body["posedirs"].T.reshape(VERTICES, 3, 207),
        "J_regressor": body["J_regressor"],
        "weights": body["lbs_weights"],
        "kintree_table": tree,
        "f": body["faces_tensor"].astype(np.uint32),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }
    for name, content in (
        ("smpl/SMPL_NEUTRAL.pkl", official),
        ("SMPL_to_J19.pkl", body["joint_regressor_extra"]),
    ):
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    shutil.copy(RECORDINGS / "mean_std.npy", folder)


def _write_predictor(folder: Path) -> None:
    with np.load(RECORDINGS / "pose_predictor.npz") as arrays:
        state = {name: torch.from_numpy(value) for name, value in arrays.items()}
    width = state["encoder.conv_en.weight"].shape[0]
    frequencies = torch.exp(torch.arange(0, width, 2) * -(np.log(10_000.0) / width))
    angles = torch.arange(10_000)[:, None] * frequencies
    table = torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)
    state |= {"encoder.pe": table, "encoder.pos_embedding": table.clone()}
    torch.save({"state_dict": state}, folder / "phalp_pose_tiny.ckpt")
    shutil.copy(RECORDINGS / "pose_predictor.yaml", folder / "phalp_pose_tiny.yaml")
    shutil.copy(RECORDINGS / "pose_predictor_outputs.npz", folder / "phalp_pose_tiny.npz")


def _write_crops(path: Path) -> None:
    with np.load(RECORDINGS / "crops.npz") as arrays:
        recorded = dict(arrays)
    names = sorted((n for n in recorded if n.startswith("crop_")), key=lambda n: int(n[5:]))
    crops = [_normalised(recorded.pop(name)) for name in names]
    image = cv2.imread(str(RECORDINGS / "image.png"), cv2.IMREAD_COLOR)
    np.savez(path, image_bgr=image, crops_rgb_norm=np.stack(crops), **recorded)


def _normalised(crop: np.ndarray) -> np.ndarray:
    """Gray levels (256, 256, 3) -> (3, 256, 256) float32; what is normalised already stays."""
    if crop.dtype != np.uint8:
        return crop
    return ((crop - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)
