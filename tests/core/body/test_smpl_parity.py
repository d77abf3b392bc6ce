"""Equal to what the original HMR 2.0 code gives with a synthetic body in SMPL's file format."""

import numpy as np
import pytest
import torch
from parity_files import COMPARED_JOINTS44

from humans4d_core.body import body_data, load_body
from humans4d_core.body.body_module import BodyModule


@pytest.fixture(scope="module")
def golden(parity_folder) -> dict[str, torch.Tensor]:
    recorded = np.load(parity_folder / "hmr2_outputs.npz")
    return {key: torch.from_numpy(value) for key, value in recorded.items()}


def from_files(parity_folder) -> BodyModule:
    folder = parity_folder / "synthetic_smpl"
    files = folder / "smpl" / "SMPL_NEUTRAL.pkl", folder / "SMPL_to_J19.pkl"
    return BodyModule(load_body(*files))


def from_checkpoint(parity_folder) -> BodyModule:
    path = parity_folder / "tiny_hmr2" / "checkpoints" / "epoch=35-step=1000000.ckpt"
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    tensors = {key.removeprefix("smpl."): v for key, v in state.items() if key.startswith("smpl.")}
    return BodyModule(body_data(tensors, path.name))


@pytest.mark.parametrize("make", [from_files, from_checkpoint])
def test_vertices_45_and_44_joints_equal_the_originals(make, parity_folder, golden):
    model = make(parity_folder)
    assert model.model.name == "smpl"
    output = model(golden["pred_global_orient"], golden["pred_body_pose"], golden["pred_betas"])
    close = {"atol": 2e-5, "rtol": 0}
    vertices = output.vertices[:, golden["vertices"]]
    torch.testing.assert_close(vertices, golden["pred_vertices"], **close)
    torch.testing.assert_close(model.joints45(output), golden["smplx_joints45"], **close)
    ours, theirs = (
        j[:, COMPARED_JOINTS44] for j in (model.joints44(output), golden["pred_keypoints_3d"])
    )
    torch.testing.assert_close(ours, theirs, **close)
