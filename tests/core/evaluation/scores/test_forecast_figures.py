import numpy as np
import pytest
from made_scenes import make_images, make_published, make_truth, walks

from humans4d_core.evaluation.results.people_table import FORECAST_SECONDS
from humans4d_core.evaluation.scores.forecast_figures import forecast_figures
from humans4d_core.evaluation.scores.scene import Scene


def scene_of(noise, sigma, poses=None, seed=0):
    """Three people whose places are foretold with `noise` m and covariances of sigma m."""
    rng = np.random.default_rng(seed)
    images = make_images(80, poses=poses)
    velocities = np.array([(0.3, 0, 0.2), (-0.2, 0, 0.4), (0, 0, -0.3)])
    people, frames, places = walks(images, [(-1, 0.2, 6), (1, 0.2, 8), (0, 0.2, 14)], velocities)
    published = make_published(images, people, frames, places)
    seconds = np.array(FORECAST_SECONDS)
    ahead = places[:, None] + seconds[:, None] * velocities[people - 1][:, None]
    ahead[..., [0, 2]] += rng.normal(0, noise, (*ahead.shape[:2], 2)) if noise else 0
    published.forecast_cam[:] = ahead
    published.forecast_covariance_cam[:] = np.eye(3) * sigma**2
    return Scene.of("ahead", images, published, make_truth(people, frames, places))


def figures(scene):
    return {f.name: f for f in forecast_figures([scene], {scene.name: False})}


def test_who_walks_on_as_foretold_is_foretold_without_error():
    found = figures(scene_of(0.0, 0.1))
    for seconds in FORECAST_SECONDS:
        name = f"forecast.{seconds:g}s"
        assert found[f"{name}.FDE"].value == pytest.approx(0, abs=1e-4)
        assert found[f"{name}.missed"].value == 0
    # 80 images at 10/s: the last 2 s have no truth ahead.
    assert found["forecast.2s.FDE"].count == 3 * 60
    assert found["forecast.0.5s.FDE"].count == 3 * 75


def test_the_likelihood_is_that_of_the_normal_distribution():
    found = figures(scene_of(0.3, 0.3))
    expected = np.log(2 * np.pi * 0.3**2) + 1  # the entropy of a normal distribution in the plane
    assert found["forecast.1s.NLL"].value == pytest.approx(expected, abs=0.1)
    for sigma in (0.15, 0.6):
        assert figures(scene_of(0.3, sigma))["forecast.1s.NLL"].value > expected + 0.1


def test_errors_grow_as_they_are_made_and_misses_are_beyond_a_metre():
    found = figures(scene_of(0.8, 0.8))
    mean = 0.8 * np.sqrt(np.pi / 2)
    assert found["forecast.1s.FDE"].value == pytest.approx(mean, rel=0.1)
    assert found["forecast.1s.ADE"].value == pytest.approx(mean, rel=0.1)
    assert found["forecast.1s.missed"].value == pytest.approx(100 * np.exp(-0.5 / 0.64), abs=7)


def test_a_camera_that_drives_and_knows_it_foretells_in_its_own_axes():
    count = 80
    poses = np.tile(np.eye(3, 4), (count, 1, 1))
    poses[:, 2, 3] = 0.1 * np.arange(count)  # 1 m/s forward
    images = make_images(count, poses=poses)
    places = np.array((0.5, 0.2, 20.0)) - poses[:, :, 3]
    people = np.ones(count, int)
    published = make_published(images, people, images.frame, places)
    published.forecast_cam[:] = places[:, None]  # he stands, in the axes of that moment
    published.forecast_covariance_cam[:] = np.eye(3)
    scene = Scene.of("stands", images, published, make_truth(people, images.frame, places))
    assert figures(scene)["forecast.2s.FDE"].value == pytest.approx(0, abs=1e-4)
