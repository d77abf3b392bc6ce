"""The body bends as a body does: checked on the embedded one, and against a plain loop."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from humans4d_core.body import EMBEDDED_BODY, BodyModel, body_data, load_body
from humans4d_core.body.body_module import OPENPOSE_FROM_45, SURFACE_JOINTS, BodyModule
from humans4d_core.geometry.rotations import axis_angle_to_matrix
from humans4d_core.types import JOINT_NAMES, JOINT_PARENTS


@pytest.fixture(scope="module")
def body() -> BodyModule:
    return BodyModule(load_body()).double()


def pose(count: int, seed: int = 0, size: float = 0.4) -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(seed)
    rotations = axis_angle_to_matrix(
        size * torch.randn(count, 24, 3, generator=random, dtype=torch.float64)
    )
    betas = torch.randn(count, 10, generator=random, dtype=torch.float64)
    return rotations[:, 0], rotations[:, 1:], betas


def rest(count: int = 1) -> tuple[torch.Tensor, ...]:
    identity = torch.eye(3, dtype=torch.float64).expand(count, 24, 3, 3)
    return identity[:, 0], identity[:, 1:].clone(), torch.zeros(count, 10, dtype=torch.float64)


def random_arrays(vertices: int, faces: int, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    weights = random.random((vertices, 24)) ** 8
    regressor = random.random((24, vertices))
    return {
        "v_template": random.normal(size=(vertices, 3)),
        "shapedirs": 0.1 * random.normal(size=(vertices, 3, 10)),
        "posedirs": 0.01 * random.normal(size=(vertices, 3, 207)),
        "J_regressor": regressor / regressor.sum(1, keepdims=True),
        "weights": weights / weights.sum(1, keepdims=True),
        "f": random.integers(0, vertices, (faces, 3)),
        "kintree_table": np.array([JOINT_PARENTS, range(24)]),
    }


def plain_loop(arrays, global_orient, body_pose, betas):
    """SMPL as its paper writes it, one person, one joint after the other."""
    shaped = arrays["v_template"] + arrays["shapedirs"] @ betas
    joints = arrays["J_regressor"] @ shaped
    posed = shaped + arrays["posedirs"] @ (body_pose - np.eye(3)).ravel()
    rotations = [global_orient, *body_pose]
    world = []
    for joint, parent in enumerate(JOINT_PARENTS):
        local = np.eye(4)
        local[:3, :3] = rotations[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if parent >= 0 else 0)
        world.append(world[parent] @ local if parent >= 0 else local)
    vertices = np.zeros_like(posed)
    for joint, transform in enumerate(world):
        moved = (posed - joints[joint]) @ transform[:3, :3].T + transform[:3, 3]
        vertices += arrays["weights"][:, joint : joint + 1] * moved
    return vertices, np.array([transform[:3, 3] for transform in world])


class TestSkinning:
    def test_equals_a_plain_loop(self):
        arrays = random_arrays(50, 30)
        model = BodyModule(body_data(arrays)).double()
        inputs = pose(3)
        output = model(*inputs)
        for row in range(3):
            vertices, joints = plain_loop(arrays, *(value[row].numpy() for value in inputs))
            np.testing.assert_allclose(output.vertices[row], vertices, atol=2e-6)
            np.testing.assert_allclose(output.joints[row], joints, atol=2e-6)

    def test_rest_pose_is_the_template(self, body):
        template = torch.from_numpy(np.load(EMBEDDED_BODY)["v_template"]).double()
        torch.testing.assert_close(body(*rest()).vertices[0], template, atol=1e-7, rtol=0)

    def test_body_is_as_tall_as_a_person_and_stands_upright(self, body):
        output = body(*rest())
        joints = dict(zip(JOINT_NAMES, output.joints[0], strict=True))
        height = output.vertices[0, :, 1].max() - output.vertices[0, :, 1].min()
        assert 1.5 < height < 2.1
        assert joints["head"][1] > joints["pelvis"][1] > joints["left_knee"][1]
        assert joints["left_wrist"][0] > 0.4 > -0.4 > joints["right_wrist"][0]
        assert joints["left_foot"][2] > joints["left_ankle"][2]  # toes point forward

    def test_joints_at_rest_are_the_regressed_ones(self, body):
        regressor = torch.from_numpy(np.load(EMBEDDED_BODY)["J_regressor"]).double()
        identity, joints, _ = rest(4)
        output = body(identity, joints, pose(4)[2])
        torch.testing.assert_close(output.joints, regressor @ output.vertices, atol=1e-6, rtol=0)

    def test_betas_are_linear(self, body):
        turn, bend, _ = rest(1)
        betas = pose(1)[2]
        zero, one, two = (body(turn, bend, factor * betas).vertices for factor in (0, 1, 2))
        torch.testing.assert_close(two - zero, 2 * (one - zero), atol=1e-9, rtol=0)
        assert (one - zero).abs().max() > 0.01

    def test_global_rotation_turns_the_body_about_the_pelvis_joint(self, body):
        _, bend, betas = pose(3)
        turn = axis_angle_to_matrix(torch.randn(3, 3, dtype=torch.float64))
        still = body(rest(3)[0], bend, betas)
        turned = body(turn, bend, betas)
        pelvis = still.joints[:, :1]
        for before, after in ((still.vertices, turned.vertices), (still.joints, turned.joints)):
            expected = (before - pelvis) @ turn.transpose(1, 2) + pelvis
            torch.testing.assert_close(after, expected, atol=1e-7, rtol=0)

    def test_root_axis_is_accepted(self, body):
        turn, bend, betas = pose(2)
        torch.testing.assert_close(
            body(turn[:, None], bend, betas).vertices, body(turn, bend, betas).vertices
        )

    def test_elbow_bends_the_forearm_only(self, body):
        turn, bend, betas = rest()
        elbow = JOINT_NAMES.index("left_elbow")
        straight = body(turn, bend, betas)
        bend[0, elbow - 1] = axis_angle_to_matrix(torch.tensor([0, -1.2, 0], dtype=torch.float64))
        bent = body(turn, bend, betas)
        moved = (bent.joints - straight.joints)[0].norm(dim=-1) > 1e-9
        assert {JOINT_NAMES[j] for j in moved.nonzero()[:, 0]} == {"left_wrist", "left_hand"}
        # It turns forward (z) about the elbow, and keeps its length.
        wrist = JOINT_NAMES.index("left_wrist")
        before = straight.joints[0, wrist] - straight.joints[0, elbow]
        after = bent.joints[0, wrist] - bent.joints[0, elbow]
        torch.testing.assert_close(before.norm(), after.norm())
        assert after[2] > 0.15
        # Nothing on the right side, on the legs or the head moves.
        shift = (bent.vertices - straight.vertices)[0].norm(dim=-1)
        place = straight.vertices[0]
        assert shift[place[:, 0] < 0.2].max() < 1e-9
        assert shift[place[:, 0] > 0.7].min() > 0.05

    def test_every_joint_keeps_its_distance_to_its_parent(self, body):
        turn, bend, betas = pose(4)
        posed, straight = body(turn, bend, betas).joints, body(*rest(4)[:2], betas).joints
        parents = list(JOINT_PARENTS[1:])
        torch.testing.assert_close(
            (posed[:, 1:] - posed[:, parents]).norm(dim=-1),
            (straight[:, 1:] - straight[:, parents]).norm(dim=-1),
        )


class TestInNumpy:
    @pytest.mark.parametrize("count", [0, 1, 5])
    def test_equals_torch_in_double_precision(self, body, count):
        inputs = pose(count)
        exact = body(*inputs)
        posed = load_body()(*(value.numpy() for value in inputs))
        assert posed.vertices.dtype == posed.joints.dtype == np.float32
        assert posed.vertices.flags.c_contiguous
        np.testing.assert_allclose(posed.vertices, exact.vertices, atol=5e-6)
        np.testing.assert_allclose(posed.joints, exact.joints, atol=5e-6)

    def test_pose_bends_the_surface_where_the_body_says_how(self):
        arrays = random_arrays(50, 30)
        inputs = [value.numpy() for value in pose(3)]
        posed = BodyModel(body_data(arrays))(*inputs)
        for row in range(3):
            vertices, joints = plain_loop(arrays, *(value[row] for value in inputs))
            np.testing.assert_allclose(posed.vertices[row], vertices, atol=2e-6)
            np.testing.assert_allclose(posed.joints[row], joints, atol=2e-6)

    def test_what_is_posed_is_the_callers(self):
        body = load_body()
        rest = body.at_rest().vertices.copy()
        body.at_rest().vertices[:] = 0
        np.testing.assert_array_equal(body.at_rest().vertices, rest)

    def test_needs_no_torch(self):
        code = (
            "import sys, humans4d_core.pipeline, humans4d_core.recovery.landmarks\n"
            "from humans4d_core.body import load_body\n"
            "load_body().at_rest(); sys.exit('torch' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


class TestBatch:
    def test_rows_are_independent(self, body):
        turn, bend, betas = pose(5)
        together = body(turn, bend, betas)
        for row in (0, 3):
            alone = body(turn[row : row + 1], bend[row : row + 1], betas[row : row + 1])
            torch.testing.assert_close(alone.vertices[0], together.vertices[row])
            torch.testing.assert_close(alone.joints[0], together.joints[row])

    def test_nobody(self, body):
        output = body(*pose(0))
        assert output.vertices.shape == (0, 6890, 3)
        assert output.joints.shape == (0, 24, 3)

    def test_single_precision_agrees_with_double(self, body):
        inputs = pose(2)
        single = BodyModule(load_body())(*(value.float() for value in inputs))
        assert single.vertices.dtype == torch.float32
        assert single.vertices.is_contiguous()
        exact = body(*inputs).vertices
        torch.testing.assert_close(single.vertices.double(), exact, atol=5e-6, rtol=0)

    def test_everything_happens_on_the_models_device(self):
        elsewhere = BodyModule(load_body()).to(
            "meta"
        )  # refuses to mix with tensors that stay behind
        output = elsewhere(*(value.float().to("meta") for value in pose(2)))
        assert output.vertices.device.type == output.joints.device.type == "meta"

    def test_model_holds_nothing_to_train_or_to_save(self, body):
        assert not list(body.parameters())
        assert not body.state_dict()


class TestGradient:
    def test_is_right(self):
        model = BodyModule(body_data(random_arrays(12, 8))).double()
        axis_angle = 0.3 * torch.randn(
            2, 24, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64
        )
        axis_angle[0] = 0  # the rest pose, where axis-angle conversions divide by zero
        betas = torch.zeros(2, 10, dtype=torch.float64)

        def posed(axis_angle, betas):
            rotations = axis_angle_to_matrix(axis_angle)
            output = model(rotations[:, 0], rotations[:, 1:], betas)
            return output.vertices, output.joints

        inputs = axis_angle.requires_grad_(), betas.requires_grad_()
        assert torch.autograd.gradcheck(posed, inputs, fast_mode=True)

    def test_reaches_betas_and_every_joint_of_the_embedded_body(self, body):
        inputs = [value.requires_grad_() for value in pose(2)]
        body(*inputs).vertices.square().sum().backward()
        for value in inputs:
            assert torch.isfinite(value.grad).all()
            assert (value.grad.flatten(1).abs().amax(1) > 0).all()
        assert (inputs[1].grad.abs().amax((0, 2, 3)) > 0).all()


class TestPickedJoints:
    def test_mesh_of_its_own_has_none(self, body):
        output = body(*rest())
        assert body.joints45(output) is None and body.joints44(output) is None

    def test_smpl_mesh_gives_45_and_with_a_regressor_44(self):
        arrays = random_arrays(6890, 13776)
        del arrays["posedirs"]
        turn, bend, betas = pose(2)
        without = BodyModule(body_data(arrays)).double()
        assert without.model.name == "smpl"
        output = without(turn, bend, betas)
        vertices = list(SURFACE_JOINTS.values())
        joints45 = without.joints45(output)
        torch.testing.assert_close(joints45[:, :24], output.joints)
        torch.testing.assert_close(joints45[:, 24:], output.vertices[:, vertices])
        assert without.joints44(output) is None

        extra = np.random.default_rng(2).random((19, 6890), np.float32) / 6890
        model = BodyModule(body_data(arrays | {"joint_regressor_extra": extra})).double()
        output = model(turn, bend, betas)
        joints44, joints45 = model.joints44(output), model.joints45(output)
        torch.testing.assert_close(joints44[:, :25], joints45[:, OPENPOSE_FROM_45])
        expected = torch.from_numpy(extra).double() @ output.vertices
        torch.testing.assert_close(joints44[:, 25:], expected)
