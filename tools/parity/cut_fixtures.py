"""Cut recordings of the original code down to what tests/data/parity holds.

    python tools/parity/cut_fixtures.py RECORDINGS     writes tests/data/parity

RECORDINGS holds inputs and outputs of 4D-Humans and PHALP, run with random weights and an invented
body in SMPL's format. What no test needs is left out: vertices that no compared joint or vertex
depends on become zero, the discriminator goes, images become PNG, what a formula gives is not
stored. tests/parity_files.py lays the files out again as the original writes them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

OUTPUT = Path(__file__).parents[2] / "tests" / "data" / "parity"
#: Vertices that are compared beside those that joints depend on.
EXAMPLES = 60
#: Of HMR 2.0's 19 regressed joints, those that are compared.
REGRESSED = 6
#: Crops that are kept: over a corner, off the image, blurred, smaller than a crop.
CROPS = [1, 2, 4, 5]
MEAN = np.array([0.485, 0.456, 0.406]) * 255
STD = np.array([0.229, 0.224, 0.225]) * 255


def cut_body(smpl: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Arrays of the body with only the needed rows, and which vertices are compared (K,)."""
    extra_joints = smpl["vertex_joint_selector.extra_joints_idxs"]
    regressor = smpl["joint_regressor_extra"]
    regressor[REGRESSED:] = 0
    is_posed = (regressor != 0).any(0)
    is_posed[extra_joints] = True
    rest = np.flatnonzero(~is_posed)
    is_posed[np.random.default_rng(0).choice(rest, EXAMPLES, replace=False)] = True
    posed = np.flatnonzero(is_posed)
    # Joints at rest depend on the template and the shape only.
    shaped = np.flatnonzero(is_posed | (smpl["J_regressor"] != 0).any(0))
    directions = smpl["posedirs"].reshape(207, -1, 3)
    body = {
        "posed": posed.astype(np.int32),
        "shaped": shaped.astype(np.int32),
        "v_template": smpl["v_template"][shaped],
        "shapedirs": smpl["shapedirs"][shaped],
        "posedirs": directions[:, posed],
        "lbs_weights": smpl["lbs_weights"][posed],
        "J_regressor": smpl["J_regressor"][:, shaped],
        "joint_regressor_extra": regressor[:, posed],
        "faces_tensor": smpl["faces_tensor"].astype(np.int16),
        "parents": smpl["parents"],
        "joint_map": smpl["joint_map"],
        "extra_joints_idxs": extra_joints,
    }
    return body, posed


def cut_checkpoint(recordings: Path) -> np.ndarray:
    """Write the tiny HMR 2.0 and its body; which vertices are compared (K,)."""
    folder = recordings / "tiny_hmr2"
    (path,) = (folder / "checkpoints").glob("*.ckpt")
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    body, posed = cut_body(
        {k.removeprefix("smpl."): v for k, v in arrays.items() if k.startswith("smpl.")}
    )
    network = {k: v for k, v in arrays.items() if k.startswith(("backbone.", "smpl_head."))}
    np.savez_compressed(OUTPUT / "tiny_hmr2.npz", **network)
    np.savez_compressed(OUTPUT / "body.npz", **body)
    (OUTPUT / "model_config.yaml").write_text((folder / "model_config.yaml").read_text())
    return posed


def cut_crops(recorded: dict[str, np.ndarray]) -> None:
    """Crops of the original, the unblurred ones as the whole gray levels that they are."""
    cv2.imwrite(str(OUTPUT / "image.png"), recorded["image_bgr"], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    kept: dict[str, np.ndarray] = {}
    for row in CROPS:
        crop = recorded["crops_rgb_norm"][row]
        levels = crop.transpose(1, 2, 0) * STD + MEAN
        whole = np.rint(levels)
        if np.abs(levels - whole).max() < 1e-4:
            kept[f"crop_{row}"] = whole.astype(np.uint8)
        else:
            kept[f"crop_{row}"] = crop
    for name in ("boxes_xyxy", "box_size"):
        kept[name] = recorded[name][CROPS]
    for name in ("expand_in", "expand_out_192x256"):
        kept[name] = recorded[name]
    for name in ("patch_bgr", "trans", "flip", "scale", "rot_deg"):
        kept[f"aug_{name}"] = recorded[f"aug_{name}"][:2]
    np.savez_compressed(OUTPUT / "crops.npz", **kept)


def rounded(values: np.ndarray) -> np.ndarray:
    """float32 with 15 bits behind the binary point instead of 23: the rest packs to nothing."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x80) & np.uint32(0xFFFFFF00)).view(np.float32)


def cut_predictor(recordings: Path) -> None:
    """The tiny pose predictor without its two tables of sines, its largest layers rounded."""
    state = torch.load(recordings / "phalp_pose_tiny.ckpt", map_location="cpu", weights_only=True)
    arrays = {k: v.numpy() for k, v in state["state_dict"].items()}
    tables = [arrays.pop(name) for name in ("encoder.pe", "encoder.pos_embedding")]
    assert np.array_equal(*tables)
    for name in ("fc1", "fc2", "decpose"):
        key = f"encoder.smpl_head.0.{name}.weight"
        arrays[key] = rounded(arrays[key])
    np.savez_compressed(OUTPUT / "pose_predictor.npz", **arrays)
    golden = dict(np.load(recordings / "phalp_pose_tiny.npz"))
    np.savez_compressed(OUTPUT / "pose_predictor_outputs.npz", **golden)
    (OUTPUT / "pose_predictor.yaml").write_text((recordings / "phalp_pose_tiny.yaml").read_text())
    np.save(OUTPUT / "mean_std.npy", np.load(recordings / "synthetic_smpl" / "mean_std.npy"))


def main(recordings: Path) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    posed = cut_checkpoint(recordings)
    golden = dict(np.load(recordings / "parity_tiny.npz"))
    golden["pred_vertices"] = golden["pred_vertices"][:, posed]
    golden["vertices"] = posed
    for name in ("img", "vit_feat"):  # of the first image only
        golden[name] = golden[name][:1]
    del golden["disc_out"], golden["loss_adv_gen"]  # of the discriminator
    np.savez_compressed(OUTPUT / "hmr2_outputs.npz", **golden)
    with np.load(recordings / "losses_eval.npz") as recorded:
        names = ("pred3d", "gt3d", "pred2d", "gt2d", "param_pred", "param_gt", "param_has")
        kept = {name: recorded[name] for name in (*names, "loss3d", "loss2d", "loss_param")}
    np.savez_compressed(OUTPUT / "losses.npz", **kept)
    cut_crops(dict(np.load(recordings / "crops.npz")))
    cut_predictor(recordings)
    with np.load(recordings / "phalp_scenario_input.npz") as arrays:
        of_scenario = ("frame", "gt_pid", "bbox_xywh", "conf", "pose229", "loca99")
        kept = {name: arrays[name] for name in of_scenario}
    kept["loca99"] = np.where(np.isin(np.arange(99), range(88, 93)), kept["loca99"], 0)
    np.savez_compressed(OUTPUT / "phalp_scenario_input.npz", **kept)
    for name in ("hmr2_full_keys.json", "phalp_pose_keys.json"):
        keys = json.loads((recordings / name).read_text())["keys"]
        (OUTPUT / name).write_text(json.dumps({"keys": keys}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
