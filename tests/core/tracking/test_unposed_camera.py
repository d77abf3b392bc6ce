"""A camera of which nobody tells where it is, in front of a scene that can be recognised."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.tracking import Tracker, TrackerConfig
from humans4d_core.tracking import motion_filter as motions
from humans4d_core.types import Frame, TrackState

CROWD = np.array([(-1.5, 0, 6), (0.2, 0, 5), (1.4, 0, 7)])


def scene(seed):
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=(900, 3000)), (0, 0), 5)
    tint = rng.uniform(0.3, 1, 3)
    image = 110 * tint + 40 * (noise / noise.std())[..., None] * tint
    return np.clip(image, 0, 255).astype(np.uint8)


SCENE = scene(0)


@pytest.fixture
def frame_of(camera):
    """frame_of(seconds, turn, of) -> what a camera sees that has turned by `turn` rad: far away."""

    def make(seconds, turn=0.0, of=SCENE):
        left = int(1200 + camera.fx * turn)
        image = np.ascontiguousarray(of[100 : 100 + camera.height, left : left + camera.width])
        return Frame(image, round(seconds * 1e9), camera)

    return make


def seen_after(turn):
    return CROWD @ Rotation.from_euler("y", -turn).as_matrix().T


@pytest.mark.parametrize("use_images", [True, False])
def test_who_is_hidden_while_the_camera_turns_is_where_the_background_says(
    frame_of, people_at, use_images
):
    tracker = Tracker(TrackerConfig(use_images=use_images))
    for k in range(10):
        tracker.update(frame_of(k / 10), people_at(CROWD))
    for k in range(10, 15):  # nobody is found while the camera turns by 6 degrees
        turn = 0.02 * (k - 9)
        people = tracker.update(frame_of(k / 10, turn), people_at(np.zeros((0, 3))))
    apart = people.bodies.pelvis_cam[:, None] - seen_after(0.1)
    error = np.linalg.norm(apart, axis=-1).min(1)
    assert (error < 0.1).all() == use_images


def test_a_cut_ends_all_tracks_once(frame_of, people_at):
    tracker = Tracker()
    for k in range(10):
        tracker.update(frame_of(k / 10), people_at(CROWD))
    people = tracker.update(frame_of(1.0, of=scene(5)), people_at(CROWD[:1]))
    assert people.states.tolist() == [TrackState.LOST] * 3 + [TrackState.TENTATIVE]
    people = tracker.update(frame_of(1.1, of=scene(5)), people_at(CROWD[:1]))
    assert people.track_ids.tolist() == [4]


def test_a_zoom_is_told_to_boxes_and_distances(people_at, camera):
    bodies = people_at(CROWD)
    motion = motions.start(motions.observe(bodies, np.arange(3)), 0.9)
    zoomed = motions.zoomed(motion, 1.25, camera)
    center = np.array((camera.cx, camera.cy))
    expected = center + 1.25 * (motion.box[:, :2, 0] - center)
    np.testing.assert_allclose(zoomed.box[:, :2, 0], expected)
    np.testing.assert_allclose(zoomed.box_height_px, 1.25 * motion.box_height_px)
    np.testing.assert_allclose(zoomed.pelvis[:, 2], motion.pelvis[:, 2] / 1.25)
    # Monte Carlo: the covariance is that of zoomed samples.
    rng = np.random.default_rng(0)
    samples = rng.multivariate_normal(motion.pelvis[0], motion.pelvis_covariance[0], 200_000)
    samples[:, [2, 5]] /= 1.25
    np.testing.assert_allclose(zoomed.pelvis_covariance[0], np.cov(samples.T), rtol=0.03, atol=0.01)
