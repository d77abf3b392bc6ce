"""What is stated of a position is what errors are, for children as for giants: Monte Carlo, and
errors put in one at a time."""

from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.config.positioning_config import DEFAULT
from humans4d_core.mesh.z_buffer import render
from humans4d_core.positioning import depth_distance as depth
from humans4d_core.positioning import ground_distance as ground
from humans4d_core.positioning.contact_points import Contacts
from humans4d_core.positioning.distance_evidence import DistanceFactor
from humans4d_core.positioning.distance_fusion import fuse_distances
from humans4d_core.positioning.learned_ground import LearnedGround
from humans4d_core.types import Pose

SCALES = (0.6, 1.0, 1.6)
#: Of people's sizes, so wide that all these scales are usual; and across the ray, m.
SIZE_SIGMA, ACROSS_SIGMA = 0.3, 0.05


def crowd(bodies, count):
    """`bodies`' only person `count` times, with a mesh of one vertex and a wide covariance."""
    one = replace(bodies, vertices_cam=bodies.vertices_cam[:, :1])
    many = one.select(np.zeros(count, int))
    ray = many.pelvis_cam[0] / np.linalg.norm(many.pelvis_cam[0])
    along = np.outer(ray, ray)
    distance = np.linalg.norm(many.pelvis_cam[0])
    covariance = (SIZE_SIGMA * distance) ** 2 * along + ACROSS_SIGMA**2 * (np.eye(3) - along)
    covariance = np.tile(covariance.astype(np.float32), (count, 1, 1))
    return replace(many, pelvis_covariance_cam=covariance)


@pytest.mark.parametrize("noise", [0.03, 0.1])
def test_errors_of_fused_positions_have_the_stated_covariance_at_every_scale(scene, noise):
    random = np.random.default_rng(3)
    count = 200_000
    bodies = crowd(scene.people([(3.0, 0.3)]), count)
    pelvis = bodies.pelvis_cam.astype(np.float64)
    distance = np.linalg.norm(pelvis, axis=1)
    ray = pelvis / distance[:, None]
    size = random.normal(1, SIZE_SIGMA, count)
    measured = random.normal(size, noise)
    aside = np.cross(ray, random.normal(size=(count, 3)))
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    # Two independent directions across the ray: a length of chi with two degrees of freedom.
    angle = random.rayleigh(ACROSS_SIGMA / distance)
    true = size * distance + random.normal(0, DEFAULT.posture_sigma, count)
    found = fuse_distances(bodies, [DistanceFactor(measured, np.full(count, noise**2))])
    near = [np.abs(found.scale - scale) < 0.05 for scale in SCALES]
    for some in near:
        new, covariance = found.pelvis_cam[some], found.pelvis_covariance_cam[some]
        truth = ray[some] * true[some, None] + aside[some] * (angle * true)[some, None]
        error = (truth - new).astype(np.float64)
        stated = np.einsum("ni,nij,nj->n", ray[some], covariance, ray[some])
        along = (error * ray[some]).sum(1)
        assert len(along) > 1000
        np.testing.assert_allclose(along.std(), np.sqrt(stated.mean()), rtol=0.05)
        solved = np.linalg.solve(covariance.astype(float), error[..., None])[..., 0]
        inside = (error * solved).sum(1) < 7.815  # 95 % of three dimensions
        assert 0.93 < inside.mean() < 0.97


def test_what_is_cut_off_a_factor_makes_it_less_sure(scene):
    bodies = crowd(scene.people([(3.0, 0.3)]), 1)
    for wanted in (0.2, 3.0):
        found = fuse_distances(bodies, [DistanceFactor(np.array([wanted]), np.array([1e-6]))])
        missing = abs(wanted - found.scale[0]) * np.linalg.norm(bodies.pelvis_cam)
        ray = bodies.pelvis_cam[0] / np.linalg.norm(bodies.pelvis_cam[0])
        along = np.sqrt(ray @ found.pelvis_covariance_cam[0] @ ray)
        most = np.sqrt(ray @ bodies.pelvis_covariance_cam[0] @ ray)
        assert along > 0.5 * min(missing, most)


def factor_of_depth(scene, positioning, seen, image):
    frame = scene.frame(knows_ground=False, depth_m=image.astype(np.float32))
    return depth.depth_factor(frame, seen, positioning.surface, positioning.joints)


@pytest.mark.parametrize("scale", SCALES)
def test_depth_states_the_errors_of_skin_and_sensor(scene, positioning, resize, scale):
    seen = scene.people([(4.0, 0.3)])
    true = resize(seen, scale)
    image = render(true.vertices_cam, scene.world.body.faces, scene.camera).depth
    image = np.where(np.isfinite(image), image, 0)
    exact = factor_of_depth(scene, positioning, seen, image)
    np.testing.assert_allclose(exact.value, scale, rtol=0.01)
    skin = factor_of_depth(scene, positioning, seen, image + DEFAULT.skin_sigma * (image > 0))
    sensor = factor_of_depth(scene, positioning, seen, image * (1 + DEFAULT.sensor_sigma))
    square = (skin.value - exact.value) ** 2 + (sensor.value - exact.value) ** 2
    spread = 0.004 * scale  # of an image without noise: pixels are not points
    assert (exact.variance > 0.9 * square).all()
    assert (exact.variance < 1.1 * square + spread**2).all()


@pytest.mark.parametrize("scale", SCALES)
def test_a_known_ground_states_the_errors_of_floor_tilt_and_contact(scene, scale):
    ground_from_camera = scene.ground_from_camera
    up = ground_from_camera.rotation[2]
    to_camera = ground_from_camera.inverse()
    true = to_camera.apply(np.array([[4.0, 0.0, 0.0]]))
    contact_m = 0.02
    contacts = Contacts(true / scale, np.array([contact_m]))

    def value(points=contacts.points_cam, pose=ground_from_camera):
        return ground.ground_factor(Contacts(points, contacts.sigma), pose).value

    exact = ground.ground_factor(contacts, ground_from_camera)
    np.testing.assert_allclose(exact.value, scale, rtol=1e-6)
    higher = Pose(
        ground_from_camera.rotation,
        ground_from_camera.translation + (0, 0, DEFAULT.ground_height_sigma),
    )
    turn = np.array([[np.cos(t := DEFAULT.ground_tilt_sigma), 0, np.sin(t)], [0, 1, 0],
                     [-np.sin(t), 0, np.cos(t)]])  # fmt: skip
    tilted = Pose(turn @ ground_from_camera.rotation, ground_from_camera.translation)
    errors = [
        value(pose=higher) - exact.value,
        value(pose=tilted) - exact.value,
        value(points=contacts.points_cam + contact_m * up) - exact.value,
    ]
    np.testing.assert_allclose(exact.variance, np.square(errors).sum(0), rtol=0.06)


def test_who_is_recovered_twice_as_far_is_as_sure_on_the_learned_ground():
    ground_plane = LearnedGround()
    random = np.random.default_rng(0)
    feet = np.column_stack((random.uniform(-2, 2, 40), np.full(40, 1.5), random.uniform(3, 9, 40)))
    size = DistanceFactor(np.ones(40), np.full(40, 0.02**2))
    for seconds in range(40):
        ground_plane.learn(Contacts(feet, np.full(40, 0.02)), size, seconds * 10**9)
    where = np.array([[0.0, 1.5, 5.0]])
    factors = [
        ground_plane.factor(Contacts(where * k, np.array([sigma * k])))
        for sigma in (0.01, 0.25, 0.4)
        for k in (0.5, 1.0, 2.0)
    ]
    value, variance = (
        np.reshape([getattr(f, name) for f in factors], (3, 3)) for name in ("value", "variance")
    )
    assert np.isfinite(variance[0]).all() and np.isinf(variance[2]).all()
    relative = np.sqrt(variance) / value  # of the distance
    np.testing.assert_allclose(relative, relative[:, 1:2] * np.ones(3), rtol=1e-6)
