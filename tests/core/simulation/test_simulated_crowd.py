from dataclasses import fields
from itertools import islice, pairwise

import numpy as np
import pytest

from humans4d_core.errors import Humans4dError
from humans4d_core.simulation.actors import Actor, Stay, Walk
from humans4d_core.simulation.scenarios import SCENARIOS, Scenario, Sensing, Wall
from humans4d_core.simulation.simulated_crowd import Simulation, World

PERFECT = Sensing(0, 0, 0, 0, 0, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.fixture
def simulate(world, monkeypatch):
    """A scenario made on the spot."""

    def made(actors, **changes):
        scenario = Scenario(**{"seconds": 1, "rate": 5, "actors": tuple(actors), **changes})
        monkeypatch.setitem(SCENARIOS, "made", lambda rng: scenario)
        return Simulation("made", 0, world)

    return made


def _first(simulation):
    return next(iter(simulation))


def _by_id(truth, values):
    return dict(zip(truth.ids.tolist(), values, strict=True))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_shows_people(world, name):
    simulation = Simulation(name, 0, world)
    frames = list(islice(simulation, 3))
    assert len(frames) == 3
    assert 2 <= len(simulation.scenario.actors) <= 30
    assert any(len(f.truth) for f in frames)
    for f in frames:
        assert f.truth.visible_fraction.min(initial=1) >= 0
        assert f.truth.visible_fraction.max(initial=0) <= 1
        for field in fields(f.bodies):
            if isinstance(value := getattr(f.bodies, field.name), np.ndarray):
                assert np.isfinite(value).all()


def test_a_seed_makes_one_crowd_and_another_seed_another(world):
    simulation = Simulation("noisy", 3, world)
    runs = [list(islice(s, 4)) for s in (simulation, simulation, Simulation("noisy", 3, world))]
    for other in runs[1:]:
        for a, b in zip(runs[0], other, strict=True):
            assert a.frame.stamp_ns == b.frame.stamp_ns
            np.testing.assert_array_equal(a.frame.image_bgr, b.frame.image_bgr)
            np.testing.assert_array_equal(a.bodies.vertices_cam, b.bodies.vertices_cam)
            np.testing.assert_array_equal(a.truth.boxes_px, b.truth.boxes_px)
    different = _first(Simulation("noisy", 4, world))
    assert not np.array_equal(different.truth.joints_cam, runs[0][0].truth.joints_cam)


@pytest.mark.parametrize("name", ["crossing", "driving", "crowd"])
def test_true_joints_project_into_true_boxes(world, name):
    checked = 0
    for f in islice(Simulation(name, 0, world), 0, 20, 5):
        low, high = f.truth.boxes_px[:, :2], f.truth.boxes_px[:, 2:]
        whole = (low > 0).all(1) & (high < (f.frame.camera.width, f.frame.camera.height)).all(1)
        joints = f.truth.joints_px[whole]
        assert (joints >= low[whole, None]).all() and (joints <= high[whole, None]).all()
        checked += whole.sum()
    assert checked > 5


def test_positions_agree_between_the_frames(world):
    for f in islice(Simulation("driving", 0, world), 0, 60, 20):
        camera = f.frame.fixed_from_camera
        placed = camera.apply(f.truth.positions_cam)
        np.testing.assert_allclose(placed, f.truth.positions_fixed, atol=1e-9)
        hips = f.truth.joints_cam[:, 1:3].mean(1)
        np.testing.assert_allclose(hips, f.truth.positions_cam, atol=1e-4)
        np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-9)
        turned = f.truth.velocities_cam @ camera.rotation.T
        np.testing.assert_allclose(turned, f.truth.velocities_fixed, atol=1e-9)
        assert f.unposed_frame.fixed_from_camera is None


def test_velocities_are_what_positions_do(simulate):
    """Whatever the camera does."""
    from humans4d_core.simulation.actors import CameraPath

    simulation = simulate(
        [Actor((6, 1), (Walk((8, -1)),)), Actor((7, 0), ())],
        rate=30,
        camera=CameraPath((0, 1), ((0, 0), (0.5, 0)), (0, 0.4)),
    )
    seen = list(simulation)
    for a, b in pairwise(seen):
        seconds = (b.frame.stamp_ns - a.frame.stamp_ns) / 1e9
        moved = b.truth.positions_fixed - a.truth.positions_fixed
        velocities = [f.truth.velocities_fixed for f in (a, b)]
        np.testing.assert_allclose(moved / seconds, np.mean(velocities, axis=0), atol=0.1)
    assert np.linalg.norm(velocities[-1][1]) < 0.05  # who stands


def test_the_z_buffer_says_who_is_hidden(simulate):
    simulation = simulate(
        [
            Actor((6.0, 2.0), ()),  # behind the wall
            Actor((4.0, -1.0), ()),  # in plain view
            Actor((4.6, -1.15), ()),  # behind the one before
            Actor((5.0, -3.42), ()),  # half outside
            Actor((-3.0, 0.0), ()),  # behind the camera
        ],
        walls=(Wall((4.0, 0.6), (4.0, 2.2)),),
    )
    f = _first(simulation)
    fraction = _by_id(f.truth, f.truth.visible_fraction)
    assert set(fraction) == {1, 2, 3, 4}
    assert fraction[1] == 0
    assert fraction[2] == 1
    assert fraction[3] < 0.7
    assert 0.2 < fraction[4] < 0.8
    assert not _by_id(f.truth, f.truth.is_counted)[1]


def test_hidden_people_are_not_detected(simulate):
    simulation = simulate(
        [Actor((6.0, 0.0), ()), Actor((5.0, -2.0), ())],
        walls=(Wall((4.0, -0.6), (4.0, 0.6)),),
        sensing=PERFECT,
    )
    for f in simulation:
        assert len(f.bodies) == 1
        assert f.bodies.pelvis_cam[0, 0] > 1  # the right one


def test_without_errors_the_bodies_are_the_true_ones(simulate):
    simulation = simulate(
        [Actor((5, 1), (Walk((5, -1)),)), Actor((7, 1.5), (Stay(1, seated=True),))],
        sensing=PERFECT,
    )
    for f in simulation:
        assert len(f.bodies) == len(f.truth) == 2
        order = np.argsort(f.bodies.pelvis_cam[:, 2])
        np.testing.assert_allclose(f.bodies.joints_cam[order], f.truth.joints_cam, atol=1e-4)
        np.testing.assert_allclose(f.bodies.joints_px[order], f.truth.joints_px, atol=0.1)
        np.testing.assert_allclose(f.bodies.boxes_px[order], f.truth.boxes_px, atol=1.5)
        assert (f.bodies.joint_confidence > 0.5).mean() > 0.7


def test_one_camera_errs_along_the_ray(world):
    along, across = [], []
    for f in islice(Simulation("crossing", 0, world), 30):
        pelvis = f.bodies.pelvis_cam
        nearest = np.linalg.norm(pelvis[:, None] - f.truth.positions_cam, axis=-1).argmin(1)
        truth = f.truth.positions_cam[nearest]
        ray = truth / np.linalg.norm(truth, axis=1, keepdims=True)
        error = pelvis - truth
        depth = (error * ray).sum(1)
        along.append(np.abs(depth))
        across.append(np.linalg.norm(error - depth[:, None] * ray, axis=1))
    assert np.median(np.concatenate(along)) > 3 * np.median(np.concatenate(across))


def test_a_poor_detector_misses_and_invents(simulate):
    person = [Actor((5, 0), ())]
    missing = simulate(person, seconds=5, rate=10, sensing=Sensing(miss=0.3, false_per_frame=0))
    found = [len(f.bodies) for f in missing]
    assert 0.4 < np.mean(np.minimum(found, 1)) < 0.9
    inventing = simulate(person, seconds=5, rate=10, sensing=Sensing(miss=1, false_per_frame=0.5))
    assert 0.2 < np.mean([len(f.bodies) for f in inventing]) < 0.8


def test_clothes_are_painted_and_shared(simulate):
    simulation = simulate(
        [Actor((4, 1), (), clothes=5), Actor((4, -1), (), clothes=5), Actor((5, 0), ())]
    )
    np.testing.assert_array_equal(simulation.colors[0, 1:], simulation.colors[1, 1:])
    assert not np.array_equal(simulation.colors[0, 1:], simulation.colors[2, 1:])
    f = _first(simulation)
    for person in range(3):
        x, y = np.rint(f.truth.joints_px[person, 9]).astype(int)  # chest, or back
        patch = f.frame.image_bgr[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(0)
        shirt = simulation.colors[person, 1]
        cosine = patch @ shirt / np.linalg.norm(patch) / np.linalg.norm(shirt)
        assert cosine > 0.99


def test_who_sits_is_low_and_rises_again(simulate):
    actor = Actor((5, 0), (Stay(1), Stay(2, seated=True), Walk((5, 1))))
    simulation = simulate([actor], seconds=5)
    height = [simulation.positions_fixed(t)[0, 2] for t in (0.2, 2.2, 4.8)]
    assert height[1] < 0.7 < 0.85 < min(height[0], height[2])


def test_images_come_unevenly_and_some_never(simulate):
    simulation = simulate([Actor((5, 0), ())], seconds=20, rate=10, jitter=0.3, dropped=0.2)
    times = simulation.times
    assert 120 < len(times) < 190
    steps = np.diff(times)
    assert steps.min() > 0.03 and steps.max() > 0.15
    np.testing.assert_array_equal(times, simulation.times)


def test_unknown_scenario_is_refused(world):
    with pytest.raises(Humans4dError, match="'mars' is not one of crossing"):
        Simulation("mars", 0, world)
