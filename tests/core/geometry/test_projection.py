"""Rotations, projection and the crop camera: against the original's numbers, and by their laws."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from places import DATA
from scipy.spatial.transform import Rotation

from humans4d_core.geometry import crop_camera_to_translation, pixels_to_rays, project, unproject
from humans4d_core.geometry.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_quaternion,
    quaternion_to_matrix,
    rotation_6d_to_matrix,
)
from humans4d_core.types import Camera

GOLDEN = {key: torch.from_numpy(value) for key, value in np.load(DATA / "geometry.npz").items()}

quick = settings(max_examples=60, deadline=None)

PINHOLE = Camera(610.0, 605.0, 322.5, 238.0, 640, 480)
LENSES = {
    "plumb_bob": (-0.28, 0.09, 0.001, -0.0005, -0.01),
    "plumb_bob, four numbers": (0.1, -0.2, 0.001, 0.001),
    "rational_polynomial": (0.5, -2.6, 0.0008, -0.0003, 1.5, 0.38, -2.4, 1.4),
    "equidistant": (0.03, -0.01, 0.004, -0.001),
}


def lens(name: str) -> Camera:
    model = name.partition(",")[0]
    return Camera(600.0, 610.0, 320.0, 240.0, 640, 480, LENSES[name], model)


def float64(shape, low, high):
    return arrays(np.float64, shape, elements=st.floats(low, high)).map(torch.from_numpy)


axis_angles = float64((5, 3), -4.0, 4.0)


@st.composite
def angles_around(draw, angle, spread):
    """(1, 3) axis-angles whose angle lies within `spread` of `angle`."""
    axis = draw(float64((1, 3), -1.0, 1.0))
    assume(axis.norm() > 0.1)
    return axis / axis.norm() * (angle + draw(st.floats(-spread, spread)))


@st.composite
def points_in_view(draw):
    """(6, 3) metres, inside the image of every camera here."""
    slopes = draw(arrays(np.float64, (6, 2), elements=st.floats(-0.35, 0.35)))
    depth = draw(arrays(np.float64, (6, 1), elements=st.floats(0.2, 50.0)))
    return np.concatenate((slopes * depth, depth), axis=1)


class TestOriginal:
    """Equal to the arrays that the original code made."""

    @pytest.mark.parametrize(
        ("convert", "given_", "expected"),
        [
            (rotation_6d_to_matrix, "rot6d_in", "rot6d_rotmat"),
            (axis_angle_to_matrix, "aa_in", "aa_rotmat"),
            (quaternion_to_matrix, "quat_in", "quat_rotmat"),
        ],
    )
    def test_rotations(self, convert, given_, expected):
        torch.testing.assert_close(convert(GOLDEN[given_]), GOLDEN[expected], atol=1e-6, rtol=0)

    @pytest.mark.parametrize(
        ("focal", "out", "center", "rotation"),
        [("pp_focal", "pp_out", None, None), ("pp_focal_norm", "pp_out_norm", None, None),
         ("pp_focal", "pp_out_full", "pp_center", "pp_rotation")],
    )  # fmt: skip
    def test_projection(self, focal, out, center, rotation):
        for i in range(len(GOLDEN[out])):
            points = GOLDEN["pp_points"][i].double()
            if rotation:
                points = points @ GOLDEN[rotation][i].double().T
            principal = GOLDEN[center][i].tolist() if center else (0.0, 0.0)
            camera = Camera(*GOLDEN[focal][i].tolist(), *principal, 640, 480)
            pixels = project((points + GOLDEN["pp_translation"][i]).numpy(), camera)
            np.testing.assert_allclose(pixels, GOLDEN[out][i].numpy(), rtol=1e-5, atol=1e-2)

    @pytest.mark.parametrize(
        ("focal", "expected"), [(37500.0, "c2f_out"), (5000.0, "c2f_out_default5000")]
    )
    def test_crop_camera(self, focal, expected):
        translation = crop_camera_to_translation(
            GOLDEN["c2f_pred_cam"].numpy(),
            GOLDEN["c2f_box_center"].numpy(),
            GOLDEN["c2f_box_size"].numpy(),
            focal,
            GOLDEN["c2f_img_size"].numpy() / 2,
        )
        np.testing.assert_allclose(translation, GOLDEN[expected], rtol=1e-5, atol=1e-5)


class TestRotations:
    @quick
    @given(axis_angles)
    def test_matrices_are_rotations(self, axis_angle):
        matrix = axis_angle_to_matrix(axis_angle)
        identity = torch.eye(3, dtype=torch.float64).expand_as(matrix)
        torch.testing.assert_close(matrix @ matrix.transpose(-1, -2), identity)
        torch.testing.assert_close(torch.linalg.det(matrix), torch.ones(5, dtype=torch.float64))

    @quick
    @given(axis_angles)
    def test_round_trip_through_every_representation(self, axis_angle):
        matrix = axis_angle_to_matrix(axis_angle)
        for back in (
            rotation_6d_to_matrix(matrix[..., :2].mT.flatten(-2)),
            quaternion_to_matrix(matrix_to_quaternion(matrix)),
        ):
            torch.testing.assert_close(back, matrix, atol=1e-7, rtol=0)

    @pytest.mark.parametrize(("angle", "spread"), [(0.0, 1e-3), (torch.pi, 1e-5), (1.5, 1.4)])
    @quick
    @given(data=st.data())
    def test_axis_angles_turn_as_scipys_do(self, angle, spread, data):
        axis_angle = data.draw(angles_around(angle, spread))
        expected = Rotation.from_rotvec(axis_angle.numpy()).as_matrix()
        np.testing.assert_allclose(axis_angle_to_matrix(axis_angle).numpy(), expected, atol=1e-12)

    @quick
    @given(float64((4, 4), -2.0, 2.0))
    def test_quaternions_come_back_up_to_sign_and_length(self, quaternion):
        assume((quaternion.norm(dim=-1) > 1e-3).all())
        back = matrix_to_quaternion(quaternion_to_matrix(quaternion))
        assert (back[:, 0] >= 0).all()
        aligned = (back * quaternion / quaternion.norm(dim=-1, keepdim=True)).sum(-1).abs()
        torch.testing.assert_close(aligned, torch.ones_like(aligned), atol=1e-9, rtol=0)

    def test_known_rotations(self):
        quarter = axis_angle_to_matrix(torch.tensor([0.0, 0.0, torch.pi / 2]))
        expected = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
        torch.testing.assert_close(quarter, expected, atol=1e-6, rtol=0)
        quaternion = axis_angle_to_quaternion(torch.tensor([torch.pi, 0.0, 0.0]))
        torch.testing.assert_close(quaternion, torch.tensor([0.0, 1, 0, 0]), atol=1e-6, rtol=0)

    def test_leading_shapes_are_free(self):
        axis_angle = torch.randn(2, 3, 4, 3, generator=torch.Generator().manual_seed(0))
        matrix = axis_angle_to_matrix(axis_angle)
        assert matrix.shape == (2, 3, 4, 3, 3)
        assert matrix_to_quaternion(matrix).shape == (2, 3, 4, 4)
        assert axis_angle_to_matrix(torch.zeros(0, 3)).shape == (0, 3, 3)

    @pytest.mark.parametrize("angle", [0.0, 1e-9, 0.7, 3.0])
    def test_axis_angle_is_differentiable(self, angle):
        axis_angle = torch.tensor([[angle, 0.0, 0.0]], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(axis_angle_to_matrix, axis_angle)

    def test_six_numbers_are_differentiable(self):
        six = torch.tensor([[1.0, 0.2, 0, 0.1, 0.9, -0.4]], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(rotation_6d_to_matrix, six)


class TestProjection:
    @quick
    @given(points_in_view())
    def test_pinhole_round_trip(self, points):
        pixels = project(points, PINHOLE)
        np.testing.assert_allclose(unproject(pixels, points[:, 2], PINHOLE), points, atol=1e-9)

    @pytest.mark.parametrize("name", LENSES)
    @quick
    @given(points_in_view())
    def test_round_trip_through_a_lens(self, name, points):
        camera = lens(name)
        pixels = project(points, camera)
        np.testing.assert_allclose(unproject(pixels, points[:, 2], camera), points, atol=1e-9)

    @pytest.mark.parametrize("name", LENSES)
    def test_lens_equals_opencv(self, name):
        camera = lens(name)
        random = np.random.default_rng(0)
        points = random.uniform((-2, -2, 4), (2, 2, 8), (200, 3))
        opencv = cv2.fisheye if camera.distortion_model == "equidistant" else cv2
        pixels, _ = opencv.projectPoints(
            points[:, None], np.zeros(3), np.zeros(3), camera.matrix, np.array(camera.distortion)
        )
        np.testing.assert_allclose(project(points, camera), pixels[:, 0], atol=1e-8)

    @pytest.mark.parametrize("name", LENSES)
    def test_every_pixel_of_the_image_comes_back(self, name):
        camera = lens(name)
        grid = np.stack(np.meshgrid(np.arange(0, 640, 16.0), np.arange(0, 480, 16.0)), -1)
        points = unproject(grid, np.full(grid.shape[:-1], 3.0), camera)
        np.testing.assert_allclose(project(points, camera), grid, atol=1e-6)

    @pytest.mark.parametrize("camera", [PINHOLE, lens("plumb_bob"), lens("equidistant")])
    def test_points_behind_the_camera_are_nan(self, camera):
        pixels = project(np.array([[0.1, 0.1, -1.0], [0.1, 0.1, 0.0], [0.1, 0.1, 1.0]]), camera)
        assert np.isnan(pixels[:2]).all()
        assert np.isfinite(pixels[2]).all()

    def test_pixel_beyond_the_lens_has_no_ray(self):
        # With k1 = -0.3 alone no slope is distorted to more than 0.71.
        camera = Camera(300.0, 300.0, 320.0, 240.0, 640, 480, (-0.3, 0.0, 0.0, 0.0))
        rays = pixels_to_rays(np.array([[639.0, 479.0], [320.0, 240.0]]), camera)
        assert np.isnan(rays[0]).all()
        np.testing.assert_allclose(rays[1], 0, atol=1e-12)

    @pytest.mark.parametrize("camera", [PINHOLE, lens("plumb_bob"), lens("equidistant")])
    def test_no_points_and_any_leading_shape(self, camera):
        assert project(np.zeros((0, 3)), camera).shape == (0, 2)
        assert pixels_to_rays(np.zeros((0, 2)), camera).shape == (0, 2)
        assert project(np.ones((2, 3, 4, 3)), camera).shape == (2, 3, 4, 2)
        assert unproject(np.ones((2, 3, 2)), np.ones((2, 3)), camera).shape == (2, 3, 3)


class TestCropCamera:
    def test_body_lands_where_the_crop_showed_it(self):
        """A point seen in the crop's camera is seen at the same pixel of the full image."""
        scale, size = 0.9, 300.0
        center = np.array([[420.0, 200.0]])
        camera = np.array([[scale, 0.0, 0.0]])
        translation = crop_camera_to_translation(
            camera, center, np.array([size]), (PINHOLE.fx, PINHOLE.fy), (PINHOLE.cx, PINHOLE.cy)
        )
        # The body's origin lies in the middle of the box.
        np.testing.assert_allclose(project(translation, PINHOLE)[0], center[0], atol=1e-3)
        # One metre across at that depth covers scale * size / 2 pixels.
        beside = translation + [[1.0, 0, 0]]
        width = project(beside, PINHOLE)[0, 0] - 420.0
        assert width == pytest.approx(scale * size / 2, rel=0.01)
