"""A camera of which nobody tells that it turns."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.tracking import Tracker
from humans4d_core.tracking import motion_filter as motions
from humans4d_core.tracking.common_motion import CommonMotion
from humans4d_core.types import TrackState

CROWD = np.array([(-1.5, 0, 6), (0.2, 0, 5), (1.4, 0, 7), (0.8, 0.1, 9)])


def yaw(radians):
    return Rotation.from_euler("y", radians).as_matrix()


def followed(people_at, positions):
    bodies = people_at(positions)
    motion = motions.start(motions.observe(bodies, np.arange(len(bodies))), 0.9)
    return motions.predict(motion, 0.1, 0.9, 10.0)


def seen(people_at, positions):
    bodies = people_at(positions)
    return motions.observe(bodies, np.arange(len(bodies)))


@pytest.mark.parametrize("turn", [-0.15, -0.06, 0.06, 0.15])
def test_a_turn_shifts_everybody_and_is_found(people_at, camera, turn):
    rotation = yaw(turn)
    step = CommonMotion().step(
        followed(people_at, CROWD), seen(people_at, CROWD[[2, 0, 3, 1]] @ rotation.T), 0.1, camera
    )
    found = Rotation.from_matrix(step.rotation).as_rotvec()
    np.testing.assert_allclose(found, (0, turn, 0), atol=0.02)
    np.testing.assert_array_equal(step.translation, 0)


def test_people_who_walk_each_their_way_turn_no_camera(people_at, camera):
    random = np.random.default_rng(0)
    motion, common = followed(people_at, CROWD), CommonMotion()
    for _ in range(100):
        walked = CROWD + random.normal(0, 0.09, CROWD.shape) * (1, 0, 1)
        assert common.step(motion, seen(people_at, walked), 0.1, camera) is None


def test_one_person_alone_may_simply_walk(people_at, camera):
    motion = followed(people_at, CROWD[:1])
    moved = seen(people_at, CROWD[:1] @ yaw(0.1).T)
    assert CommonMotion().step(motion, moved, 0.1, camera) is None


def test_no_time_and_nobody_are_no_turn(people_at, camera):
    motion, observed = followed(people_at, CROWD), seen(people_at, CROWD)
    common = CommonMotion()
    assert common.step(motion, observed, 0.0, camera) is None
    assert common.step(motion.select([]), observed, 0.1, camera) is None
    assert common.step(motion, observed.select([]), 0.1, camera) is None


def test_people_keep_their_ids_while_the_camera_turns_fast(frame_at, people_at):
    """To and fro at 1 rad/s; who is out of the image is not detected."""
    tracker = Tracker()
    for k in range(80):
        angle = 0.25 * np.sin(4 * max(k / 10 - 1, 0))
        bodies = people_at(CROWD @ yaw(angle).T)
        middle = bodies.joints_px[:, 0, 0]
        bodies = bodies.select((middle > 0) & (middle < 640))
        people = tracker.update(frame_at(k / 10), bodies)
        assert (people.states != TrackState.LOST).all()
    assert people.track_ids.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(people.velocity_cam, 0, atol=0.5)
