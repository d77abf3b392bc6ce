"""The camera's motion from two images: known motions of a textured scene come back."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from humans4d_core.simulation.simulated_crowd import Simulation
from humans4d_core.tracking.image_motion import ImageMotion
from humans4d_core.types import Camera

WIDTH, HEIGHT = 640, 480
CAMERA = Camera(600.0, 600.0, 320.0, 240.0, WIDTH, HEIGHT)
NOBODY = np.zeros((0, 4))


def texture(seed: int, size=(1000, 1200)) -> np.ndarray:
    """Blobs of all sizes and colours."""
    rng = np.random.default_rng(seed)
    tint, image = rng.uniform(0.3, 1, 3), np.zeros((*size, 3))
    for blur in (3, 9, 27):
        layer = cv2.GaussianBlur(rng.normal(size=size), (0, 0), blur)
        image += (layer / layer.std())[..., None] * tint
    return np.clip(110 * tint + 35 * image, 0, 255).astype(np.uint8)


SCENE = texture(0)


def view(shift=(0.0, 0.0), roll=0.0, scale=1.0, scene=SCENE) -> np.ndarray:
    turn = scale * np.array(((np.cos(roll), -np.sin(roll)), (np.sin(roll), np.cos(roll))))
    middle = np.array((WIDTH / 2, HEIGHT / 2))
    matrix = np.column_stack((turn, middle + shift - turn @ np.array((600.0, 500.0))))
    return cv2.warpAffine(scene, matrix, (WIDTH, HEIGHT))


def step_between(first, second, people=NOBODY):
    motion = ImageMotion()
    motion.step(first, NOBODY, CAMERA)
    return motion.step(second, people, CAMERA)


@settings(max_examples=30)
@given(st.floats(-60, 60), st.floats(-40, 40), st.floats(-0.08, 0.08), st.floats(0.93, 1.07))
def test_pans_rolls_and_zooms_are_measured(x, y, roll, scale):
    step = step_between(view(), view((x, y), roll, scale))
    assert step.is_known and not step.is_cut
    turn = np.zeros(3)
    if step.turn is not None:
        turn = Rotation.from_matrix(step.turn.rotation).as_rotvec()
        assert not step.turn.translation.any()
    np.testing.assert_allclose(turn[:2] * 600, (-y, x), atol=1.5)
    assert turn[2] == pytest.approx(roll, abs=0.004)
    assert step.scale == pytest.approx(scale, abs=0.004)


def test_a_camera_that_stands_is_said_to_stand():
    noise = np.random.default_rng(1).integers(-6, 7, view().shape)
    step = step_between(view(), np.clip(view() + noise, 0, 255).astype(np.uint8))
    assert step.is_known and not step.is_moving


def test_who_walks_by_does_not_move_the_camera():
    people, images = np.array([[50.0, 60, 400, 470]]), []
    for place in (0, 25):
        image = view()
        image[60:470, 50:400] = texture(7)[:410, place : place + 350]
        images.append(image)
    assert not step_between(*images, people).is_moving


@pytest.mark.parametrize("picture", ["black", "flat", "noise"])
def test_images_of_nothing_tell_nothing(picture):
    shape, rng = (HEIGHT, WIDTH, 3), np.random.default_rng(0)
    images = {
        "black": [np.zeros(shape, np.uint8)] * 2,
        "flat": [np.full(shape, 128, np.uint8)] * 2,
        "noise": [rng.integers(0, 256, shape).astype(np.uint8) for _ in range(2)],
    }[picture]
    step = step_between(*images)
    assert not step.is_known and not step.is_cut


@pytest.mark.parametrize("seed", range(1, 6))
def test_another_scene_is_a_cut(seed):
    assert step_between(view(), view(scene=texture(seed))).is_cut


def test_the_light_switched_off_is_no_cut():
    step = step_between(view(), (view() * 0.02).astype(np.uint8))
    assert not step.is_cut


def test_images_of_another_size_begin_anew():
    motion = ImageMotion()
    motion.step(view(), NOBODY, CAMERA)
    small = Camera(300.0, 300.0, 160.0, 120.0, 320, 200)
    step = motion.step(np.ascontiguousarray(view()[:200, :320]), NOBODY, small)
    assert not step.is_known and not step.is_cut


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (3, 700), (16, 24), (9, 9)])
def test_images_of_any_shape_are_taken(size):
    rng, motion = np.random.default_rng(0), ImageMotion()
    camera = Camera(100.0, 100.0, size[1] / 2, size[0] / 2, size[1], size[0])
    for _ in range(3):
        image = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
        step = motion.step(image, np.array([[0.0, 0, size[1], size[0] / 2]]), camera)
        assert np.isfinite(step.scale) and not step.is_cut


def test_a_crowd_that_fills_a_bare_room_in_changing_light_is_no_cut():
    """Two images a second, where the corners that are found walk away."""
    motion, boxes = ImageMotion(), NOBODY
    for simulated in Simulation("slow", 1):
        frame = simulated.frame
        assert not motion.step(frame.image_bgr, boxes, frame.camera).is_cut
        boxes = simulated.detections.boxes_px
