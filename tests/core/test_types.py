"""The words everyone uses refuse what they cannot mean."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from humans4d_core.errors import CameraError, ImageError
from humans4d_core.geometry import project
from humans4d_core.types import (
    JOINT_NAMES,
    JOINT_PARENTS,
    Bodies,
    Camera,
    Detections,
    Frame,
    People,
    Pose,
)


def camera(**changes) -> Camera:
    values = {"fx": 600.0, "fy": 600.0, "cx": 320.0, "cy": 240.0, "width": 640, "height": 480}
    return Camera(**(values | changes))


def people(count: int) -> People:
    random = np.random.default_rng(0)

    def floats(*shape):
        return random.random((count, *shape), dtype=np.float32)

    bodies = Bodies(
        floats(4), floats(), floats(3, 3), floats(23, 3, 3), floats(10), floats(3), floats(8, 3),
        floats(24, 3), floats(24, 2), floats(24), floats(3, 3), "landmarks", "anny",
    )  # fmt: skip
    ids = np.arange(1, count + 1, dtype=np.uint32)
    return People(
        ids, ids + 100, np.full(count, 2, np.uint8), np.arange(count, dtype=np.int64), floats(),
        bodies, floats(3), floats(3, 3), floats(3, 3),
    )  # fmt: skip


class TestCamera:
    def test_uncalibrated_camera_is_refused_with_what_to_do(self):
        with pytest.raises(CameraError, match="not calibrated.*field of view"):
            Camera.from_camera_info([0.0] * 9, 640, 480)

    @pytest.mark.parametrize(
        "changes",
        [{"fx": math.nan}, {"cy": math.inf}, {"fy": -1.0}, {"distortion": (0.1, math.nan)}],
    )
    def test_numbers_that_cannot_project_are_refused(self, changes):
        with pytest.raises(CameraError):
            camera(**changes)

    @pytest.mark.parametrize("size", [(0, 480), (640, 0), (-1, 480)])
    def test_image_size_is_needed(self, size):
        with pytest.raises(CameraError, match="no image size"):
            camera(width=size[0], height=size[1])

    def test_matrix_of_a_wrong_length_is_refused(self):
        with pytest.raises(CameraError, match="12 numbers instead of 9"):
            Camera.from_camera_info([1.0] * 12, 640, 480)

    def test_unknown_distortion_model_is_refused(self):
        with pytest.raises(CameraError, match="'ftheta'.*rectify"):
            camera(distortion=(0.1,), distortion_model="ftheta")

    def test_unknown_model_without_distortion_does_not_matter(self):
        assert not camera(distortion=(0.0, 0.0), distortion_model="").is_distorted

    def test_more_coefficients_than_the_model_has_are_refused(self):
        with pytest.raises(CameraError, match="plumb_bob.*takes 5 coefficients, not 8"):
            camera(distortion=(0.1,) * 8)
        assert camera(distortion=(0.1,) * 5 + (0.0,) * 3).is_distorted

    def test_field_of_view_comes_back(self):
        made = Camera.from_fov(1280, 720, math.radians(70))
        assert made.horizontal_fov == pytest.approx(math.radians(70))
        assert made.fx == pytest.approx(640 / math.tan(math.radians(35)))
        assert (made.cx, made.cy, made.fx) == (640, 360, made.fy)

    @pytest.mark.parametrize("fov", [0.0, math.pi, -1.0, math.nan])
    def test_impossible_field_of_view_is_refused(self, fov):
        with pytest.raises(CameraError, match="field of view"):
            Camera.from_fov(640, 480, fov)

    def test_camera_info_gives_the_same_camera(self):
        made = Camera.from_camera_info(
            np.array([600, 0, 320, 0, 600, 240, 0, 0, 1.0]), 640, 480, np.zeros(5)
        )
        assert made == camera(distortion=(0.0,) * 5)
        np.testing.assert_array_equal(made.matrix, [[600, 0, 320], [0, 600, 240], [0, 0, 1]])


class TestFrame:
    def test_image_of_the_camera_is_taken(self):
        frame = Frame(np.zeros((480, 640, 3), np.uint8), 5, camera())
        assert frame.stamp_ns == 5

    @pytest.mark.parametrize(
        "image",
        [
            np.zeros((480, 640), np.uint8),
            np.zeros((480, 640, 4), np.uint8),
            np.zeros((480, 640, 3), np.float32),
            np.zeros((0, 640, 3), np.uint8),
        ],
    )
    def test_other_shapes_and_types_are_refused(self, image):
        with pytest.raises(ImageError, match=r"expected \(H, W, 3\) uint8"):
            Frame(image, 0, camera())

    def test_image_of_another_size_is_refused(self):
        with pytest.raises(ImageError, match="320x240.*640x480"):
            Frame(np.zeros((240, 320, 3), np.uint8), 0, camera())


class TestBatches:
    def test_select_takes_rows_of_everything_nested_bodies_too(self):
        everybody = people(4)
        some = everybody.select(np.array([True, False, False, True]))
        assert len(some) == len(some.bodies) == 2
        np.testing.assert_array_equal(some.track_ids, [1, 4])
        np.testing.assert_array_equal(
            some.bodies.vertices_cam, everybody.bodies.vertices_cam[[0, 3]]
        )
        np.testing.assert_array_equal(
            some.position_covariance_cam, everybody.position_covariance_cam[[0, 3]]
        )
        assert (some.bodies.recovery, some.bodies.body_model) == ("landmarks", "anny")

    def test_select_follows_the_order_of_indices(self):
        assert people(3).select(np.array([2, 0])).track_ids.tolist() == [3, 1]

    def test_select_nobody(self):
        nobody = people(3).select(np.zeros(3, bool))
        assert len(nobody) == 0
        assert nobody.bodies.vertices_cam.shape == (0, 8, 3)

    def test_empty_batches_have_the_shapes_of_full_ones(self):
        full, empty = people(2).bodies, Bodies.empty(8, "landmarks", "anny")
        assert len(empty) == 0
        for name, value in vars(full).items():
            if isinstance(value, np.ndarray):
                assert getattr(empty, name).shape[1:] == value.shape[1:], name
                assert getattr(empty, name).dtype == value.dtype, name
        assert Detections.empty().boxes_px.shape == (0, 4)

    def test_pelvis_is_the_middle_of_the_hips(self):
        bodies = people(2).bodies
        left, right = JOINT_NAMES.index("left_hip"), JOINT_NAMES.index("right_hip")
        expected = (bodies.joints_cam[:, left] + bodies.joints_cam[:, right]) / 2
        np.testing.assert_allclose(bodies.pelvis_cam, expected)


def test_joint_tree_is_a_tree_in_which_parents_come_first():
    assert len(JOINT_NAMES) == len(JOINT_PARENTS) == len(set(JOINT_NAMES)) == 24
    assert JOINT_PARENTS[0] == -1
    assert all(0 <= parent < joint for joint, parent in enumerate(JOINT_PARENTS) if joint)
    for joint, parent in enumerate(JOINT_PARENTS[1:], start=1):
        side = JOINT_NAMES[joint].partition("_")[0]
        if parent >= 0 and JOINT_NAMES[parent].startswith(("left_", "right_")):
            assert JOINT_NAMES[parent].startswith(side)


def test_a_pose_and_its_inverse_move_points_there_and_back():
    turn = Rotation.from_rotvec((0.3, -1.2, 0.5)).as_matrix()
    pose = Pose(turn, (1.0, 2.0, -3.0))
    points = np.random.default_rng(0).normal(size=(4, 5, 3))
    assert np.allclose(pose.inverse().apply(pose.apply(points)), points)
    identity = pose.inverse() @ pose
    assert np.allclose(identity.rotation, np.eye(3))
    assert np.allclose(identity.translation, 0)


def test_poses_multiply_like_the_motions_they_are():
    first = Pose(Rotation.from_rotvec((0.1, 0.2, 0.3)).as_matrix(), (1.0, 0, 0))
    second = Pose(Rotation.from_rotvec((-0.4, 0, 1)).as_matrix(), (0, 2.0, 0))
    assert np.allclose((second @ first).apply(np.ones(3)), second.apply(first.apply(np.ones(3))))


def test_a_pose_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="shapes"):
        Pose(np.eye(4), np.zeros(3))


@pytest.mark.parametrize(
    "depth", [np.zeros((4, 5), np.float32), np.zeros((6, 8), np.uint16), np.zeros((6, 8, 1))]
)
def test_depth_must_be_aligned_and_in_metres(depth):
    small = Camera.from_fov(8, 6, 1.0)
    with pytest.raises(ImageError, match="aligned"):
        Frame(np.zeros((6, 8, 3), np.uint8), 0, small, depth_m=depth)


RESIZED = Camera(500.0, 510.0, 301.0, 255.0, 640, 480, (-0.05, 0.001, 0.0, 0.0, 0.0))


@settings(max_examples=50)
@given(
    st.integers(1, 4000),
    st.integers(1, 4000),
    st.sampled_from((0.0, -0.5)),
    st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(2, 50)),
)
def test_a_point_moves_with_the_pixels_of_a_resized_image(width, height, kept_px, point):
    pixel = project(np.array(point), RESIZED)
    small = project(np.array(point), RESIZED.scaled(width, height, kept_px))
    factor = np.array((width / 640, height / 480))
    np.testing.assert_allclose(small, (pixel - kept_px) * factor + kept_px, atol=1e-6)


def test_the_scaled_camera_shows_what_an_averaging_resize_shows_within_half_a_pixel():
    image = np.zeros((480, 640), np.float32)
    image[200:204, 320:324] = 1  # its middle is (321.5, 201.5)
    ray = np.array(((321.5 - 320) / 500, (201.5 - 240) / 500, 1))
    camera = Camera(500.0, 500.0, 320.0, 240.0, 640, 480)
    rows, columns = np.nonzero(cv2.resize(image, (320, 240), interpolation=cv2.INTER_AREA) > 0.5)
    seen = np.array((columns.mean(), rows.mean()))
    assert np.abs(project(ray, camera.scaled(320, 240)) - seen).max() == pytest.approx(0.25)
    np.testing.assert_allclose(project(ray, camera.scaled(320, 240, kept_px=-0.5)), seen)


@pytest.mark.parametrize(
    ("size", "scale"),
    [((320, 240), 1 / 2), ((128, 96), 1 / 5), ((1920, 1440), 3), ((640, 480), 1)],
)
def test_images_of_a_whole_factor_get_the_camera_scaled(size, scale):
    camera = RESIZED.scaled_by_whole_factor(*size)
    found = (camera.fx, camera.fy, camera.cx, camera.cy)
    np.testing.assert_allclose(found, np.array((500, 510, 301, 255)) * scale)
    assert (camera.width, camera.height) == size and camera.distortion == RESIZED.distortion


@pytest.mark.parametrize("size", [(382, 286), (383, 287)])
def test_a_rest_of_a_pixel_may_be_cut_off_or_filled_up(size):
    assert Camera.from_fov(765, 573, 1.0).scaled_by_whole_factor(*size).fx == pytest.approx(
        Camera.from_fov(*size, 1.0).fx
    )


@pytest.mark.parametrize(
    "size", [(480, 360), (960, 720), (320, 480), (640, 240), (639, 480), (1280, 480), (0, 0)]
)
def test_a_size_that_may_be_a_crop_gets_no_camera(size):
    assert RESIZED.scaled_by_whole_factor(*size) is None
