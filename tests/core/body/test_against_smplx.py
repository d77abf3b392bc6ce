"""A second witness where it is installed: `smplx` (its licence is non-commercial) poses alike."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, BodyModel, read_body_file
from humans4d_core.body.body_module import BodyModule

smplx = pytest.importorskip("smplx", reason="smplx is optional: pip install '.[smplx]'")


def test_smplx_gives_the_same_vertices_and_joints():
    data = read_body_file(EMBEDDED_BODY)
    vertices = len(data.template)
    random = np.random.default_rng(0)
    pose_directions = random.normal(0, 1e-3, (vertices, 3, 207)).astype(np.float32)
    parents = np.array(BodyModel(data).parents, np.int64)
    struct = smplx.utils.Struct(
        v_template=data.template,
        shapedirs=data.shape_directions,
        posedirs=pose_directions,
        J_regressor=data.joint_regressor,
        weights=data.skinning_weights,
        f=data.faces.astype(np.uint32),
        kintree_table=np.stack((parents, np.arange(24))),
    )
    names = smplx.vertex_ids.vertex_ids["smplh"]
    witness = smplx.SMPL("", data_struct=struct, vertex_ids=dict.fromkeys(names, 0), batch_size=4)
    ours = BodyModule(type(data)(**{**vars(data), "pose_directions": pose_directions}))
    rotations = Rotation.from_rotvec(random.normal(0, 0.6, (4 * 24, 3))).as_matrix()
    rotations = torch.tensor(rotations, dtype=torch.float32).reshape(4, 24, 3, 3)
    betas = torch.tensor(random.normal(size=(4, 10)), dtype=torch.float32)
    expected = witness(
        betas=betas, global_orient=rotations[:, :1], body_pose=rotations[:, 1:], pose2rot=False
    )
    found = ours(rotations[:, 0], rotations[:, 1:], betas)
    np.testing.assert_allclose(found.vertices, expected.vertices.detach(), atol=2e-5)
    np.testing.assert_allclose(found.joints, expected.joints[:, :24].detach(), atol=2e-5)
