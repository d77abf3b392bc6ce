"""Heads that nobody recognises."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_people import made_people
from places import SHARED
from scipy.spatial.transform import Rotation

from humans4d_core.body import load_body
from humans4d_core.drawing import private_image
from humans4d_core.geometry import project
from humans4d_core.types import Camera, TrackState

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)
STILL = SHARED / "media/stills/messi5.jpg"


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture
def make_standing(body):
    """make_standing(places, turn) -> people, and the pixels of the vertices of their heads."""

    def make(places, turn=(np.pi, 0, 0), states=None):
        count = len(places)
        orient = Rotation.from_euler("xyz", turn).as_matrix().astype(np.float32)
        turns = np.tile(np.eye(3, dtype=np.float32), (count, 24, 1, 1))
        turns[:, 0] = orient
        posed = body(turns[:, 0], turns[:, 1:], np.zeros((count, 10)))
        moved = np.float32(places)[:, None]
        joints, vertices = posed.joints + moved, posed.vertices + moved
        people = made_people(count, states)
        bodies = replace(
            people.bodies, joints_cam=joints, vertices_cam=vertices,
            joints_px=project(joints, CAMERA).astype(np.float32),
        )  # fmt: skip
        head = vertices[:, body.segments == 15]
        return replace(people, bodies=bodies), project(head, CAMERA)

    return make


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)


@pytest.mark.parametrize("turn", [(np.pi, 0, 0), (np.pi, 0, 1.5), (np.pi, 1.2, 0), (0.3, 0, 0)])
def test_the_whole_head_is_hidden_and_little_else(make_standing, noise, turn):
    people, heads = make_standing([(0, 0, 3.0), (0.9, 0.2, 5.0)], turn)
    hidden = (private_image(noise, people) != noise).any(2)
    for head in heads:
        inside = head[((head >= 0) & (head < (640, 480))).all(1)].astype(int)
        assert len(inside) > 100 and hidden[inside[:, 1], inside[:, 0]].mean() > 0.97
    assert hidden.mean() < 0.06


def test_a_hidden_head_has_few_colours(make_standing, noise):
    people, _ = make_standing([(0, 0, 1.5)])
    shown = private_image(noise, people)
    colours = np.unique(shown[(shown != noise).any(2)], axis=0)
    assert len(colours) <= 16


def test_who_is_predicted_is_hidden_and_who_is_lost_is_not(make_standing, noise):
    for state, is_hidden in ((TrackState.OCCLUDED, True), (TrackState.TENTATIVE, True),
                             (TrackState.LOST, False)):  # fmt: skip
        people, _ = make_standing([(0, 0, 3.0)], states=[state])
        assert (private_image(noise, people) != noise).any() == is_hidden


def test_off_is_the_image_and_no_image_is_black(make_standing, noise):
    people, _ = make_standing([(0, 0, 3.0)])
    before = noise.copy()
    assert private_image(noise, people, "none") is noise
    assert not private_image(noise, people, "no_image").any()
    private_image(noise, people)
    np.testing.assert_array_equal(noise, before)


def test_numbers_that_are_none_and_heads_beyond_the_image_harm_nothing(make_standing, noise):
    people, _ = make_standing([(0, 0, 3.0), (-9, 0, 3.0), (0, 4, 3.0)])
    people.bodies.joints_px[0] = np.nan
    np.testing.assert_array_equal(private_image(noise, people), noise)
    assert private_image(noise, made_people(0)).shape == noise.shape


@pytest.mark.skipif(not STILL.is_file(), reason="no media here")
def test_pictures_of_the_commands_keep_the_rule(humans4d, tmp_path):
    photo = cv2.imread(str(STILL))
    for privacy in ("none", "heads", "no_image"):
        code, _, err = humans4d(
            "photos", STILL, "-o", tmp_path / privacy, "--privacy", privacy, "--top", "1"
        )
        assert code == 0, err
    pictures = {
        each: cv2.imread(str(tmp_path / each / "0001_messi5_overlay.jpg")).astype(int)
        for each in ("none", "heads", "no_image")
    }
    differs = (np.abs(pictures["none"] - pictures["heads"]) > 25).any(2)
    assert 0.0005 < differs.mean() < 0.1
    assert (pictures["no_image"] < 12).all(2).mean() > 0.5 > (photo < 12).all(2).mean()
    code, _, err = humans4d("photos", STILL, "-o", tmp_path, "--privacy", "faces")
    assert code == 2 and err == "humans4d: --privacy faces: give one of none, heads, no_image\n"
