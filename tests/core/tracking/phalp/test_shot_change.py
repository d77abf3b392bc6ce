"""A cut is seen, movement and light are not."""

import cv2
import numpy as np
import pytest

from humans4d_core.tracking.phalp.shot_change import ShotChange


def scene(seed):
    """A smooth picture of large coloured areas (240, 320, 3)."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def shot_change():
    shot_change = ShotChange()
    assert not shot_change.update(scene(0))
    return shot_change


def test_another_scene_is_a_cut_once(shot_change):
    assert shot_change.update(scene(1))
    assert not shot_change.update(scene(1))


def test_a_camera_that_turns_and_a_person_who_passes_are_none(shot_change):
    turned = np.roll(scene(0), 6, axis=1)
    assert not shot_change.update(turned)
    turned[40:220, 100:170] = (10, 200, 30)
    assert not shot_change.update(turned)


def test_a_light_that_dims_is_none(shot_change):
    assert not shot_change.update((scene(0) * 0.85).astype(np.uint8))


def test_a_red_that_wraps_in_hue_is_none():
    shot_change = ShotChange()
    red = np.full((48, 64, 3), (0, 8, 250), np.uint8)
    assert not shot_change.update(red)
    assert not shot_change.update(red[..., [1, 0, 2]])


def test_an_image_of_another_size_is_a_cut(shot_change):
    assert shot_change.update(scene(0)[:200])
