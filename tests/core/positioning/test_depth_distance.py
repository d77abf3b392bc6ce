"""People before a depth camera: rendered depth with noise, holes and things in the way."""

import numpy as np
import pytest

from humans4d_core.mesh.z_buffer import render


@pytest.fixture
def random():
    return np.random.default_rng(1)


def depth_of(scene, bodies, background=9.0):
    """(H, W) float32 m of people before a wall."""
    depth = render(bodies.vertices_cam, scene.world.body.faces, scene.camera).depth
    return np.where(np.isfinite(depth), depth, background).astype(np.float32)


def errors(found, exact):
    return np.linalg.norm(found.pelvis_cam - exact.pelvis_cam, axis=1)


PLACES = [(2.5, -0.6), (4.0, 0.9)]
WRONG_SIZES = [0.85, 1.12]


def test_depth_fixes_the_distance_of_the_pelvis_behind_the_skin(scene, positioning, resize):
    exact = scene.people(PLACES)
    depth = depth_of(scene, exact)
    wrong = resize(exact, WRONG_SIZES)
    found = positioning.place(scene.frame(knows_ground=False, depth_m=depth), wrong)
    assert (errors(wrong, exact) > 0.35).all()
    assert (errors(found, exact) < 0.04).all()
    assert (np.sqrt(np.trace(found.pelvis_covariance_cam, axis1=1, axis2=2)) < 0.2).all()


def test_noise_and_holes_are_outvoted(scene, positioning, resize, random):
    exact = scene.people(PLACES)
    depth = depth_of(scene, exact)
    depth *= 1 + random.normal(0, 0.01, depth.shape)
    hole = random.random(depth.shape)
    depth[hole < 0.3] = 0
    depth[hole > 0.9] = np.nan
    depth[(hole > 0.3) & (hole < 0.35)] = np.inf
    wrong = resize(exact, WRONG_SIZES)
    found = positioning.place(
        scene.frame(knows_ground=False, depth_m=depth.astype(np.float32)), wrong
    )
    assert (errors(found, exact) < 0.06).all()


def test_a_table_before_the_legs_is_outvoted(scene, positioning, resize):
    exact = scene.people(PLACES[1:])
    depth = depth_of(scene, exact)
    top, bottom = exact.boxes_px[0, [1, 3]]
    depth[int(bottom - 0.4 * (bottom - top)) :] = 2.0
    found = positioning.place(scene.frame(knows_ground=False, depth_m=depth), resize(exact, 1.12))
    assert errors(found, exact)[0] < 0.05


def test_who_hides_another_does_not_give_them_their_depth(scene, positioning, resize):
    exact = scene.people([(2.5, 0.0), (4.5, 0.35)])
    depth = depth_of(scene, exact)
    found = positioning.place(
        scene.frame(knows_ground=False, depth_m=depth), resize(exact, [0.9, 1.1])
    )
    assert (errors(found, exact) < 0.06).all()


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -1.0])
def test_depth_that_is_all_holes_says_nothing(scene, positioning, resize, value):
    wrong = resize(scene.people(PLACES), WRONG_SIZES)
    depth = np.full((scene.camera.height, scene.camera.width), value, np.float32)
    assert positioning.place(scene.frame(knows_ground=False, depth_m=depth), wrong) is wrong


def test_depth_decides_where_the_ground_is_wrong(scene, positioning, resize):
    exact = scene.people([(4.0, 0.0)], air=0.25)  # on a step
    depth = depth_of(scene, exact)
    found = positioning.place(scene.frame(depth_m=depth), resize(exact, 1.1))
    assert errors(found, exact)[0] < 0.15
