"""One id a person over all cameras, and never one for two."""

from dataclasses import replace

import numpy as np
import pytest
from placed_people import free_body, placed_people
from scipy.spatial.transform import Rotation

from humans4d_core.config import FusionConfig
from humans4d_core.errors import Humans4dError
from humans4d_core.fusion import PeopleFusion, with_mesh
from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.types import Pose, TrackState

SECOND = 10**9
#: One camera sees along x, the other along y.
ALONG_X, ALONG_Y = np.diag([0.16, 0.01, 0.01]), np.diag([0.01, 0.16, 0.01])
CAMERAS = [np.array([-4.0, 0, 1]), np.array([0.0, -4, 1])]


def told(places, ids=None, camera=0, **more):
    places = np.reshape(places, (-1, 3))
    covariances = np.tile([ALONG_X, ALONG_Y][camera % 2], (len(places), 1, 1))
    return placed_people(places, ids, covariances=covariances, **more)


def listed(fusion, stamp_s, *lists):
    """The list at a time after each camera has told of its people."""
    for camera, people in enumerate(lists):
        if people is not None:
            fusion.take(camera, people, round(stamp_s * SECOND), CAMERAS[camera % 2])
    return fusion.people(round(stamp_s * SECOND))


def there(people):
    return people.select(people.states != TrackState.LOST)


def test_one_person_before_two_cameras_is_one_and_nearer_to_the_truth():
    fusion = PeopleFusion()
    people = listed(fusion, 1, told([0.4, 0.02, 1]), told([0.01, -0.4, 1], [7], 1))
    assert len(people) == 1 and people.track_ids[0] == 1
    assert np.linalg.norm(people.bodies.pelvis_cam[0] - [0, 0, 1]) < 0.1
    assert people.states[0] == TrackState.CONFIRMED
    assert np.isnan(people.bodies.boxes_px).all()


@pytest.mark.parametrize("apart", [1.2, 2.0, 3.0])
def test_two_who_stand_apart_stay_two(apart):
    fusion = PeopleFusion()
    for number in range(20):
        people = listed(
            fusion, 1 + number / 10, told([0, 0, 1]), told([apart * 0.7, -apart * 0.7, 1], camera=1)
        )
    assert set(people.track_ids) == {1, 2}


def test_neighbours_are_not_exchanged_between_two_cameras():
    places = np.array([[0, 0, 1], [0.8, 0.8, 1], [-0.8, 0.9, 1]])
    fusion, rng = PeopleFusion(), np.random.default_rng(0)
    for number in range(30):
        lists = [
            told(places + rng.normal(0, 0.05, places.shape), [4, 5, 6], c) for c in range(2)
        ]  # fmt: skip
        people = listed(fusion, 1 + number / 10, *lists)
    assert len(people) == 3
    order = np.argsort(people.track_ids)
    np.testing.assert_allclose(people.bodies.pelvis_cam[order], places, atol=0.15)


def test_an_id_goes_along_from_one_view_into_the_next():
    fusion, ids = PeopleFusion(), set()
    for number in range(60):
        time, x = 1 + number / 10, -3 + number / 10
        place, velocity = [[x, 0, 1]], [[1, 0, 0]]
        nobody = placed_people([])
        # Half a second long nobody sees the person.
        first = told(place, [3], velocities=velocity) if x < -0.2 else nobody
        second = told(place, [9], 1, velocities=velocity) if x > 0.3 else nobody
        people = listed(fusion, time, first, second)
        ids |= set(people.track_ids.tolist())
        assert len(people) == 1
        hidden = -0.2 <= x <= 0.3
        assert people.states[0] == (TrackState.OCCLUDED if hidden else TrackState.CONFIRMED)
        assert abs(people.bodies.pelvis_cam[0, 0] - x) < 0.15
    assert ids == {1}


def test_who_comes_while_another_is_still_there_is_somebody_else():
    fusion = PeopleFusion()
    listed(fusion, 1.0, told([0, 0, 1]), told([3, 0, 1], camera=1))
    listed(fusion, 2.0, told([0, 0, 1]), told([3, 0, 1], camera=1))
    # The first goes, the second walks to where the first was.
    for number in range(1, 10):
        people = listed(fusion, 2 + number / 10, placed_people([]), told(
            [3 - number / 3, 0, 1], camera=1, velocities=[[-3.3, 0, 0]]
        ))  # fmt: skip
    seen = people.select(people.states == TrackState.CONFIRMED)
    assert seen.track_ids.tolist() == [2]


def test_who_is_gone_is_predicted_then_lost_once_and_never_again():
    fusion = PeopleFusion(FusionConfig(remember=0.5))
    listed(fusion, 1.0, told([0, 0, 1], velocities=[[1, 0, 0]]))
    states, spread = [], []
    for number in range(1, 10):
        people = listed(fusion, 1 + number / 10, placed_people([]))
        states.append(None if people is None else int(people.states[0]))
        spread += [] if people is None else [np.trace(people.position_covariance_cam[0])]
    assert states == [TrackState.OCCLUDED] * 5 + [TrackState.LOST] + [None] * 3
    assert (np.diff(spread[:5]) > 0).all()


def test_a_person_id_comes_back_with_the_cameras_own():
    fusion = PeopleFusion(FusionConfig(remember=0.2))
    first = listed(fusion, 1.0, told([0, 0, 1], [3], person_ids=[30]))
    for time in (1.1, 1.5, 2.0):
        listed(fusion, time, placed_people([]))
    again = listed(fusion, 9.0, told([5, 5, 1], [8], person_ids=[30]))
    other = listed(fusion, 9.1, told([[5, 5, 1], [9, 9, 1]], [8, 9], person_ids=[30, 31]))
    assert again.track_ids[0] != first.track_ids[0]
    assert again.person_ids[0] == first.person_ids[0]
    assert len(set(other.person_ids.tolist())) == 2


def test_a_sight_that_walks_away_from_the_others_becomes_a_person_of_its_own():
    fusion, counts = PeopleFusion(), []
    for number in range(30):
        away = 0.15 * number
        people = listed(fusion, 1 + number / 10, told([0, 0, 1]), told([away, -away, 1], camera=1))
        counts.append(len(there(people)))
    assert counts[0] == 1 and counts[-1] == 2


def test_two_whom_one_camera_took_for_one_become_two_where_it_sees_two():
    fusion = PeopleFusion()
    assert len(listed(fusion, 1.0, told([0, 0, 1]), told([0.1, 0, 1], camera=1))) == 1
    people = listed(fusion, 1.1, told([[0, 0, 1], [0.3, 0, 1]]), told([0.1, 0, 1], camera=1))
    assert len(there(people)) == 2


def test_a_hidden_sight_does_not_pull_at_the_one_that_is_seen():
    fusion = PeopleFusion()
    listed(fusion, 1.0, told([0, 0, 1]), told([0, 0, 1], camera=1))
    hidden = told([0.5, 0.5, 1], states=[TrackState.OCCLUDED])
    people = listed(fusion, 1.1, hidden, told([0, 0, 1], camera=1))
    assert len(people) == 1 and people.states[0] == TrackState.CONFIRMED
    np.testing.assert_allclose(people.bodies.pelvis_cam[0], [0, 0, 1], atol=1e-3)


def test_clothes_decide_between_two_who_are_as_near():
    red, blue = np.zeros((2, 16))
    red[3::4] = blue[3::4] = 1
    red[1::4], blue[1::4] = 4, -4
    fusion = PeopleFusion()
    one = told([[0, 0.35, 1], [0, -0.35, 1]], appearance=[red, blue])
    two = told([0.1, 0.0, 1], [5], 1, appearance=[blue])
    people = listed(fusion, 1, one, two)
    assert len(people) == 2
    nearer = people.bodies.pelvis_cam[people.track_ids == 2][0]
    assert nearer[0] > 0.05  # the second camera is believed of the blue one


@pytest.mark.parametrize("seed", range(3))
def test_another_frame_gives_the_same_people_there(seed):
    rng = np.random.default_rng(seed)
    pose = Pose(Rotation.random(random_state=seed).as_matrix(), rng.normal(0, 5, 3))
    places = rng.normal(0, 3, (6, 3))
    lists = [told(places + rng.normal(0, 0.05, places.shape), None, c) for c in range(2)]
    here, moved = PeopleFusion(), PeopleFusion()
    for camera, people in enumerate(lists):
        here.take(camera, people, SECOND, CAMERAS[camera])
        there = people_in_coordinate_frame(people, pose)
        moved.take(camera, there, SECOND, pose.apply(CAMERAS[camera]))
    a, b = here.people(SECOND), moved.people(SECOND)
    np.testing.assert_array_equal(a.track_ids, b.track_ids)
    np.testing.assert_allclose(pose.apply(a.bodies.joints_cam), b.bodies.joints_cam, atol=1e-3)


def test_the_mesh_stands_where_the_joints_are():
    fusion = PeopleFusion()
    people = listed(fusion, 1, told([0.4, 0.02, 1]), told([0.01, -0.4, 1], camera=1))
    body = free_body()
    mesh = with_mesh(people, body)
    posed = body(mesh.bodies.global_orient, mesh.bodies.body_pose, mesh.bodies.betas)
    joints = posed.joints * mesh.bodies.scale[:, None, None] + mesh.bodies.translation_cam[:, None]
    np.testing.assert_allclose(joints, people.bodies.joints_cam, atol=1e-3)
    assert mesh.bodies.vertices_cam.shape == (1, body.num_vertices, 3)


def test_who_is_nearer_than_a_camera_thought_has_a_smaller_body():
    fusion = PeopleFusion()
    far = placed_people([[4.0, 0, 1]], covariances=[np.diag([0.5, 0.01, 0.01])])
    near = placed_people([[3.4, 0, 1]], covariances=[np.diag([0.01, 0.5, 0.01])])
    fusion.take(0, far, SECOND, np.array([0.0, 0, 1]))
    fusion.take(1, near, SECOND, np.array([3.4, -5, 1]))
    people = fusion.people(SECOND)
    assert len(people) == 1 and 0.9 < people.bodies.scale[0] < 0.98


def test_what_is_no_number_leaves_out_one_person_and_no_other():
    people = told([[0, 0, 1], [3, 0, 1], [6, 0, 1]])
    people.bodies.joints_cam[0, 5] = np.nan
    people.position_covariance_cam[1] = np.diag([1e9, 1, 1])
    fused = listed(PeopleFusion(), 1, people)
    np.testing.assert_allclose(fused.bodies.pelvis_cam, [[6, 0, 1]], atol=1e-4)


def test_an_id_that_a_message_has_several_times_counts_once():
    fusion = PeopleFusion()
    for time in (1.0, 1.1, 1.2):
        people = listed(fusion, time, told([[0, 0, 1], [3, 0, 1], [6, 0, 1]], [4, 4, 4]))
    assert len(people) == 1 and abs(people.bodies.pelvis_cam[0, 0]) < 1e-3


def test_a_size_that_nobody_knows_is_the_body_models():
    people = told([0, 0, 1])
    people.bodies.scale[0] = np.nan
    fused = listed(PeopleFusion(), 1, people, told([0, 0, 1], camera=1))
    assert fused.bodies.scale[0] == 1 and np.isfinite(fused.bodies.joints_cam).all()


def test_people_of_another_body_model_are_refused_with_a_reason():
    fusion = PeopleFusion()
    fusion.take(0, told([0, 0, 1]), SECOND)
    other = told([0, 0, 1], camera=1)
    other = replace(other, bodies=replace(other.bodies, body_model="smpl"))
    with pytest.raises(Humans4dError, match="'smpl'.*'anny'"):
        fusion.take(1, other, SECOND)
    assert len(fusion.people(SECOND)) == 1


def test_a_camera_that_fell_silent_no_longer_holds_its_people():
    fusion = PeopleFusion(FusionConfig(remember=0.0))
    listed(fusion, 1.0, told([0, 0, 1]), told([5, 0, 1], camera=1))
    fusion.forget(1)
    people = listed(fusion, 1.1, told([0, 0, 1]))
    assert sorted(people.states.tolist()) == [TrackState.CONFIRMED, TrackState.LOST]


def test_after_an_end_ids_go_on():
    fusion = PeopleFusion()
    assert fusion.end() is None and fusion.people(SECOND) is None
    listed(fusion, 5.0, told([[0, 0, 1], [3, 0, 1]]))
    lost = fusion.end()
    assert lost.states.tolist() == [TrackState.LOST] * 2
    assert listed(fusion, 1.0, told([0, 0, 1])).track_ids.tolist() == [3]
