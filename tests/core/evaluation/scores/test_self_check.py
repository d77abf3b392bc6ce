import numpy as np
import pytest
from made_scenes import make_images, make_published, walks

from humans4d_core.evaluation.scores.self_check import (
    FEET,
    HEAD,
    HIPS,
    self_check_figures,
    self_checks_over_time,
)


def figures(change=lambda people: None, count=40, **made):
    images = make_images(count)
    people, frames, places = walks(images, [(-1, 0.2, 6), (1, 0.2, 6)], np.zeros((2, 3)))
    published = make_published(images, people, frames, places, **made)
    published.joints_cam[:, HEAD] = published.joints_cam[:, HIPS].mean(1) + (0, -0.6, 0)
    published.joints_cam[:, FEET] = places[:, None] + np.array([[0.1, 0.9, 0], [-0.1, 0.9, 0]])
    change(published)
    return {f.name: f.value for f in self_check_figures([(images, published)])}


def test_people_who_stand_still_do_nothing_that_people_do_not():
    found = figures()
    for name in ("bone_change.p50", "foot_height.p50", "foot_skating.p50", "jitter.p50",
                 "impossible_speed", "impossible_size"):  # fmt: skip
        assert found[f"self.{name}"] == pytest.approx(0, abs=1e-3), name
    # Two ids in two times 4 s.
    assert found["self.id_churn"] == pytest.approx(2 / (2 * 4 / 60))


def test_what_nobody_does_is_found():
    def change(people):
        people.joints_cam[::2, FEET, 0] += 0.1  # at 10/s: 1 m/s
        people.joints_cam[::2, 20] += 0.3
        people.velocity_cam[:4, 0] = 20
        people.joints_cam[:8, HEAD, 1] -= 3

    found = figures(change)
    assert found["self.foot_skating.p50"] == pytest.approx(1.0, rel=0.01)
    assert found["self.bone_change.p50"] > 1
    assert found["self.impossible_speed"] == pytest.approx(100 * 4 / 80)
    assert found["self.impossible_size"] == pytest.approx(100 * 8 / 80)


def test_ids_that_change_in_the_middle_of_the_image_are_churn():
    images = make_images(40)
    _, frames, places = walks(images, [(0, 0.2, 6)], np.zeros((1, 3)))
    ids = np.where(frames <= 20, 1, 2)
    published = make_published(images, ids, frames, places)
    found = {f.name: f.value for f in self_check_figures([(images, published)])}
    assert found["self.id_churn"] == pytest.approx(2 / (4 / 60))
    assert found["self.ended_in_image"] == 100


def test_feet_are_not_judged_where_nobody_knows_what_is_level():
    images = make_images(40, up=(np.nan,) * 3)
    people, frames, places = walks(images, [(0, 0.2, 6)], np.zeros((1, 3)))
    published = make_published(images, people, frames, places)
    found = {f.name: f.value for f in self_check_figures([(images, published)])}
    assert found["self.foot_height.p50"] is None


def test_nobody_at_all_is_told():
    images = make_images(5)
    published = make_published(images, np.zeros(0), np.zeros(0, int), np.zeros((0, 3)))
    found = {f.name: f.value for f in self_check_figures([(images, published)])}
    assert found["self.speed.p50"] is None


def test_bodies_beside_their_landmarks_are_told_where_there_are_any():
    def change(people):
        people.image_error[:] = np.where(people.track_id == 1, 0.03, np.nan)

    assert figures(change)["self.image_error.mean"] == pytest.approx(0.03)

    def none(people):
        people.image_error[:] = np.nan

    assert figures(none)["self.image_error.mean"] is None


def test_checks_over_time_have_the_times_of_their_images():
    images = make_images(40)
    people, frames, places = walks(images, [(0, 0.2, 6)], [(1.0, 0, 0)])
    published = make_published(images, people, frames, places)
    published.velocity_cam[frames > 20, 0] = 2.0
    seconds, checks = self_checks_over_time(images, published)
    unit, speed = checks["speed"]
    assert unit == "m/s"
    np.testing.assert_allclose(seconds, np.arange(40) / 10, atol=1e-9)
    np.testing.assert_allclose(speed, np.where(seconds >= 2, 2.0, 0.0), atol=1e-6)
