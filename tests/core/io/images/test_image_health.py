"""A camera that sends images and shows nothing is found out; a dark or quiet scene is not."""

import cv2
import numpy as np
import pytest

from humans4d_core.io.images.image_health import ImageHealth

SHAPE = (240, 320, 3)
RNG = np.random.default_rng(0)
#: Something to see: soft shapes of all sizes.
SCENE = cv2.resize(RNG.integers(0, 256, (30, 40, 3), np.uint8), SHAPE[1::-1])


def noisy(image: np.ndarray, sigma: float = 3.0, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def findings(image_at, seconds=5.0, rate=5.0) -> str:
    """Of the last of some seconds of images; image_at(i) makes the i-th."""
    health = ImageHealth()
    looks = [health.look(image_at(i), 100 + i / rate) for i in range(int(seconds * rate) + 1)]
    return "; ".join(looks[-1].findings)


def gray(value, sigma=2.0):
    return lambda i: noisy(np.full(SHAPE, value, np.uint8), sigma, i)


def over_the_lens(i):
    """A hand: some light comes through, more at one side."""
    return noisy(np.full(SHAPE, 40.0) + np.linspace(0, 5, SHAPE[1])[:, None], 3, i)


def night(i):
    """Darkness, and a lamp of 8 x 8 pixels."""
    image = np.full(SHAPE, 3, np.uint8)
    image[100:108, 250:258] = 220
    return noisy(image, 1.5, i)


def dim(i):
    return noisy(SCENE // 8, 2, i)


def snow(i):
    """Bright, with somebody dark in it."""
    image = np.full(SHAPE, 254, np.uint8)
    image[50:200, 100:200] = 60
    return noisy(image, 1, i)


@pytest.mark.parametrize(
    ("image_at", "told"),
    [
        (gray(0, 0.5), "the image is black"),
        (gray(5, 4), "the image is black"),
        (gray(12, 9), "the image is black"),  # the same with more gain
        (gray(255), "the image is overexposed"),
        (over_the_lens, "the image shows nothing"),
        (gray(128), "a covered lens?"),
        (lambda i: SCENE, "the picture has not changed for 5 s"),
    ],
)
def test_a_camera_that_shows_nothing_is_found_out(image_at, told):
    assert told in findings(image_at)


@pytest.mark.parametrize(
    "image_at",
    [lambda i: noisy(SCENE, 1, i), night, dim, snow, lambda i: np.roll(SCENE, i, axis=1)],
    ids=["a noisy scene that stands still", "night with a lamp", "dim", "snow", "a moving picture"],
)
def test_a_scene_with_something_in_it_is_well(image_at):
    assert findings(image_at) == ""


def test_one_dark_image_is_no_dark_camera():
    assert findings(lambda i: gray(0)(i) if i == 25 else noisy(SCENE, 1, i)) == ""


def test_a_rendered_scene_in_which_somebody_small_walks_has_changed():
    def image_at(i):
        image = SCENE.copy()
        image[100:110, 100 + i : 103 + i] = 10
        return image

    assert findings(image_at) == ""


def test_a_picture_that_moves_again_is_well_again():
    still, moving = findings(lambda i: SCENE), findings(lambda i: SCENE + (i > 23))
    assert "not changed" in still and moving == ""


def test_after_a_pause_the_picture_may_be_the_same():
    health = ImageHealth()
    health.look(SCENE, 0.0)
    assert health.look(SCENE, 100.0).findings == ()
    assert health.look(SCENE, 50.0).findings == ()


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 3, 3), (7, 900, 3), (4096, 8192, 3)])
def test_images_of_every_size_are_looked_at(shape):
    health = ImageHealth()
    look = health.look(np.full(shape, 9, np.uint8), 0.0)
    assert look.brightness == 9 and look.contrast == 0 and look.overexposed == 0
    other = np.full((48, 64, 3), 255, np.uint8)
    assert health.look(other, 0.1).overexposed == 1


def test_the_image_is_neither_kept_nor_changed():
    image = SCENE.copy()
    image.flags.writeable = False
    health = ImageHealth()
    for i in range(50):
        health.look(image, i / 10)
    np.testing.assert_array_equal(image, SCENE)
    kept = [value for value in vars(health).values() if isinstance(value, np.ndarray)]
    assert kept and not any(np.shares_memory(value, image) for value in kept)
