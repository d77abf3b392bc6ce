import json

import pytest
import torch
from parity_files import COMPARED_JOINTS44

from humans4d_core.geometry import CROP_FOCAL, CROP_SIZE
from humans4d_core.recovery.hmr2 import Hmr2, Hmr2Config, load_checkpoint
from humans4d_core.recovery.hmr2.parameter_names import BODY_PREFIX, official_name

CLOSE = {"atol": 2e-5, "rtol": 0}


@pytest.fixture(scope="module")
def model(parity_folder, tiny_config) -> Hmr2:
    return load_checkpoint(parity_folder / "tiny_hmr2", tiny_config)


def test_rotations_betas_and_camera_equal_the_originals(model, golden):
    output = model(golden["img"])
    torch.testing.assert_close(output.global_orient, golden["pred_global_orient"], **CLOSE)
    torch.testing.assert_close(output.body_pose, golden["pred_body_pose"], **CLOSE)
    torch.testing.assert_close(output.betas, golden["pred_betas"], **CLOSE)
    torch.testing.assert_close(output.camera, golden["pred_cam"], **CLOSE)


def test_vertices_and_joints_from_one_file_equal_the_originals(model, golden):
    output = model(golden["img"])
    mesh = model.body(output.global_orient, output.body_pose, output.betas)
    vertices = mesh.vertices[:, golden["vertices"]]
    torch.testing.assert_close(vertices, golden["pred_vertices"], **CLOSE)
    torch.testing.assert_close(model.body.joints45(mesh), golden["smplx_joints45"], **CLOSE)
    joints44 = model.body.joints44(mesh)[:, COMPARED_JOINTS44]
    torch.testing.assert_close(joints44, golden["pred_keypoints_3d"][:, COMPARED_JOINTS44], **CLOSE)


def test_keypoints_in_the_crop_equal_the_originals(model, golden):
    output = model(golden["img"])
    body = model.body
    joints = body.joints44(body(output.global_orient, output.body_pose, output.betas))
    scale, x, y = output.camera.unbind(-1)
    translation = torch.stack((x, y, 2 * CROP_FOCAL / (CROP_SIZE * scale + 1e-9)), dim=-1)
    torch.testing.assert_close(translation, golden["pred_cam_t"], atol=0, rtol=1e-5)
    seen = joints + translation[:, None]
    focal = golden["focal_length"][:, None] / CROP_SIZE
    keypoints = seen[..., :2] / seen[..., 2:] * focal
    torch.testing.assert_close(
        keypoints[:, COMPARED_JOINTS44], golden["pred_keypoints_2d"][:, COMPARED_JOINTS44], **CLOSE
    )


def test_the_released_model_has_the_originals_tensors(parity_folder):
    described = json.loads((parity_folder / "hmr2_full_keys.json").read_text())["keys"]
    with torch.device("meta"):
        model = Hmr2(Hmr2Config())
    ours = {official_name(name): list(t.shape) for name, t in model.state_dict().items()}
    network = ("backbone.", "smpl_head.")
    theirs = {name: shape for name, (shape, _) in described.items() if name.startswith(network)}
    assert ours == theirs
    others = {name.split(".")[0] for name in described if not name.startswith(network)}
    assert others == {"initialized", "discriminator", BODY_PREFIX.rstrip(".")}
    count = sum(parameter.numel() for parameter in model.backbone.parameters())
    assert count == 630_912_000


def test_each_tensor_has_a_name_of_its_own_in_official_checkpoints(tiny_model):
    names = [official_name(name) for name in tiny_model.state_dict()]
    assert len(set(names)) == len(names)


def test_the_outer_columns_of_a_crop_do_not_matter(tiny_model):
    crops = torch.randn(2, 3, 256, 256)
    before = tiny_model(crops)
    crops[..., :32], crops[..., -32:] = 7, -7
    for old, new in zip(before, tiny_model(crops), strict=True):
        assert torch.equal(old, new)


def test_rotations_are_orthonormal_and_no_crops_give_none(tiny_model):
    output = tiny_model(torch.randn(3, 3, 256, 256))
    rotations = torch.cat((output.global_orient, output.body_pose), dim=1)
    identity = torch.eye(3).expand(3, 24, 3, 3)
    torch.testing.assert_close(rotations @ rotations.mT, identity, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(3, 24))
    assert tiny_model(torch.zeros(0, 3, 256, 256)).body_pose.shape == (0, 23, 3, 3)


def test_a_person_does_not_depend_on_who_else_is_in_the_batch(tiny_model):
    crops = torch.randn(3, 3, 256, 256)
    alone = tiny_model(crops[1:2])
    together = tiny_model(crops)
    for one, many in zip(alone, together, strict=True):
        torch.testing.assert_close(one, many[1:2], atol=1e-5, rtol=0)


def test_a_lower_precision_is_the_backbones_only(tiny_model, save_checkpoint, tiny_config):
    crops = torch.randn(2, 3, 256, 256)
    model = load_checkpoint(save_checkpoint(), tiny_config, dtype=torch.bfloat16)
    assert {p.dtype for p in model.backbone.parameters()} == {torch.bfloat16}
    output = model(crops)
    assert {tensor.dtype for tensor in output} == {torch.float32}
    torch.testing.assert_close(output.betas, tiny_model(crops).betas, atol=0.05, rtol=0.05)


@pytest.mark.parametrize(
    "sizes", [{"depth": 0}, {"num_heads": 7}, {"decoder_heads": -1}, {"embed_dim": 0}]
)
def test_impossible_sizes_are_refused(sizes):
    with pytest.raises(ValueError):
        Hmr2Config(**sizes)
