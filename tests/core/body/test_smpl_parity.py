"""Equal to what the original HMR 2.0 code gives with a synthetic body in SMPL's file format."""

from pathlib import Path

import numpy as np
import pytest
import torch

from humans4d_core.body import BodyModel, body_data, load_body

PARITY = Path(__file__).parents[4] / "shared" / "parity"

pytestmark = pytest.mark.skipif(
    not (PARITY / "synthetic_smpl").is_dir(), reason="needs ../shared/parity"
)


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    return {key: torch.from_numpy(v) for key, v in np.load(PARITY / "parity_tiny.npz").items()}


def from_files() -> BodyModel:
    folder = PARITY / "synthetic_smpl"
    return load_body(folder / "smpl" / "SMPL_NEUTRAL.pkl", folder / "SMPL_to_J19.pkl")


def from_checkpoint() -> BodyModel:
    path = PARITY / "tiny_hmr2" / "checkpoints" / "epoch=35-step=1000000.ckpt"
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    tensors = {key.removeprefix("smpl."): v for key, v in state.items() if key.startswith("smpl.")}
    return BodyModel(body_data(tensors, path.name))


@pytest.mark.parametrize("make", [from_files, from_checkpoint])
def test_vertices_45_and_44_joints_equal_the_originals(make, golden):
    model = make()
    assert model.name == "smpl"
    output = model(golden["pred_global_orient"], golden["pred_body_pose"], golden["pred_betas"])
    close = {"atol": 2e-5, "rtol": 0}
    torch.testing.assert_close(output.vertices, golden["pred_vertices"], **close)
    torch.testing.assert_close(output.joints45, golden["smplx_joints45"], **close)
    torch.testing.assert_close(output.joints44, golden["pred_keypoints_3d"], **close)
