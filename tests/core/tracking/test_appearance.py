"""What clothes say about who is who."""

from dataclasses import fields, replace

import numpy as np
import pytest

from humans4d_core.config import AppearanceConfig
from humans4d_core.tracking.appearance import (
    Clothes,
    Colors,
    observed_colors,
    repaint,
    same_clothes,
)

RED_ON_BLUE = ((40, 40, 190), (150, 70, 40))
BLUE_ON_RED = RED_ON_BLUE[::-1]
GREY_ON_BLACK = ((150, 150, 150), (35, 35, 35))


@pytest.fixture
def colors_of(scene_at, surface):
    """Function: positions, clothes, ... -> Colors."""

    def make(positions, clothes, **options):
        frame, bodies = scene_at(0, positions, clothes, **options)
        return observed_colors(frame, bodies, np.arange(len(bodies)), surface)

    return make


def evidence(a, b):
    return float(same_clothes(a, np.array([0]), b, np.array([0]))[0])


def test_the_far_side_of_a_body_has_no_vote(colors_of, surface, scene_at):
    colors = colors_of((0, 0, 4), RED_ON_BLUE)
    seen = colors.point_confidence[0] > 0
    _, bodies = scene_at(0, (0, 0, 4), RED_ON_BLUE)
    depth = bodies.vertices_cam[0, surface.points, 2]
    assert 60 < seen.sum() < 160
    # At the silhouette either answer is right.
    assert (depth[seen] < 4.02).mean() > 0.97


def test_points_behind_another_person_have_no_vote(colors_of):
    people = [(0.15, 0, 6), (0, 0, 4)]
    alone = colors_of(people[:1], [RED_ON_BLUE])
    hidden = colors_of(people, [RED_ON_BLUE, GREY_ON_BLACK])
    seen_alone = (alone.point_confidence[0] > 0).sum()
    seen = np.flatnonzero(hidden.point_confidence[0])
    assert 0 < len(seen) < 0.6 * seen_alone
    # What is seen is the person's own: nothing of the grey one in front.
    red = np.isin(seen, np.flatnonzero(alone.point_confidence[0]))
    assert red.mean() > 0.9
    apart = np.linalg.norm(hidden.points[0, seen[red]] - alone.points[0, seen[red]], axis=-1)
    assert np.median(apart) < 1


def test_the_same_clothes_are_believed_and_others_are_not(colors_of):
    one = colors_of((0, 0, 4), RED_ON_BLUE)
    again = colors_of((0.8, 0.1, 6), RED_ON_BLUE)
    assert evidence(one, again) > 4
    for other in (BLUE_ON_RED, GREY_ON_BLACK):
        assert evidence(one, colors_of((0.8, 0.1, 6), other)) < -4


@pytest.mark.parametrize("light", [0.6, 0.8, 1.3])
def test_a_change_of_brightness_keeps_people_apart(colors_of, light):
    one = colors_of((0, 0, 4), RED_ON_BLUE)
    same = evidence(one, colors_of((0, 0, 4), RED_ON_BLUE, light=light))
    assert same > 2
    for other in (BLUE_ON_RED, GREY_ON_BLACK):
        assert evidence(one, colors_of((0, 0, 4), other, light=light)) < same - 4


def test_light_and_dark_clothes_are_told_apart(colors_of):
    light, dark = ((200,) * 3,) * 2, ((40,) * 3,) * 2
    assert evidence(colors_of((0, 0, 4), light), colors_of((0, 0, 4), dark)) < 0


def test_who_turned_around_is_known_by_parts(colors_of):
    front = colors_of((0, 0, 4), RED_ON_BLUE)
    back = colors_of((0, 0, 4), RED_ON_BLUE, turned=True)
    common = (front.point_confidence > 0) & (back.point_confidence > 0)
    assert common.sum() < 5  # too few to compare
    assert evidence(front, back) > 4
    assert evidence(front, colors_of((0, 0, 4), BLUE_ON_RED, turned=True)) < -4


def test_nothing_in_common_says_nothing(colors_of, surface):
    seen = colors_of((0, 0, 4), RED_ON_BLUE)
    unseen = Colors.unseen(1, len(surface.points))
    assert evidence(seen, unseen) == 0
    assert Clothes(surface).distance(unseen, seen).tolist() == [[0.0]]


def test_people_outside_the_image_and_other_meshes_are_unseen(colors_of, scene_at, surface):
    assert not colors_of((9, 0, 4), RED_ON_BLUE).point_confidence.any()
    frame, bodies = scene_at(0, (0, 0, 4), RED_ON_BLUE)
    cut = bodies.vertices_cam[:, :50]
    other = observed_colors(frame, type(bodies)(**{
        f.name: cut if f.name == "vertices_cam" else getattr(bodies, f.name)
        for f in fields(bodies)
    }), np.arange(1), surface)  # fmt: skip
    assert not other.point_confidence.any()


def test_a_texture_moves_towards_what_is_seen_and_only_there(colors_of):
    old = colors_of((0, 0, 4), RED_ON_BLUE)
    new = colors_of((0, 0, 4), GREY_ON_BLACK, turned=True)
    both = repaint(old, new, np.array([1 / 30]))
    front, back = old.point_confidence[0] > 0, new.point_confidence[0] > 0
    # At the silhouette a point may count for both sides.
    front, back = front & ~back, back & ~front
    np.testing.assert_array_equal(both.points[0, front], old.points[0, front])
    np.testing.assert_array_equal(both.points[0, back], new.points[0, back])
    again = repaint(old, colors_of((0, 0, 4), GREY_ON_BLACK), np.array([1 / 30]))
    moved = again.points[0, front] - old.points[0, front]
    wanted = colors_of((0, 0, 4), GREY_ON_BLACK)
    gain = 0.1 * wanted.point_confidence[0, front] ** 2
    expected = gain[:, None] * (wanted.points[0, front] - old.points[0, front])
    np.testing.assert_allclose(moved, expected, atol=1e-4)


def test_two_images_at_30_hz_are_one_at_15_hz(colors_of):
    old, new = colors_of((0, 0, 4), RED_ON_BLUE), colors_of((0, 0, 4), GREY_ON_BLACK)
    twice = repaint(repaint(old, new, np.array([1 / 30])), new, np.array([1 / 30]))
    once = repaint(old, new, np.array([1 / 15]))
    np.testing.assert_allclose(twice.points, once.points, atol=1e-2)


def test_distance_for_a_tracker_that_counts_frames_is_a_probability(colors_of, surface):
    people = colors_of([(-1, 0, 5), (1, 0, 5)], [RED_ON_BLUE, GREY_ON_BLACK])
    distance = Clothes(surface).distance(people, people)
    assert ((distance >= 0) & (distance <= 1)).all()
    assert distance[0, 0] < 0.1 and distance[1, 1] < 0.1
    assert distance[0, 1] > 0.9 and distance[1, 0] > 0.9


def test_200_people_on_one_spot_and_a_distorted_camera_are_survived(scene_at, surface):
    frame, bodies = scene_at(0, (0, 0, 4), RED_ON_BLUE)
    many = bodies.select(np.zeros(200, np.intp))
    camera = replace(frame.camera, distortion=(-0.2, 0.05, 0, 0, 0))
    colors = observed_colors(replace(frame, camera=camera), many, np.arange(200), surface)
    for f in fields(colors):
        assert np.isfinite(getattr(colors, f.name)).all()
    assert (colors.part_confidence <= 1).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("visibility_pixels", 1_000), ("visibility_width", 32), ("facing", 0.9), ("dark", 100.0),
        ("brightness_sigma", 0.4), ("hue_sigma", 0.2), ("light_brightness", 0.1),
        ("light_hue", 0.05), ("outlier", 1.0), ("min_part_points", 100),
        ("min_common_points", 1000), ("min_common_parts", 4), ("points_alike", 1.0),
        ("points_slope", 3.0), ("parts_alike", 1.0), ("parts_slope", 5.0), ("parts_weight", 0.1),
        ("update", 0.9),
    ],
)  # fmt: skip
def test_every_setting_counts(scene_at, surface, name, value):
    """Somebody in dark blue seen from the front, then in other light and with legs hidden."""

    def outcome(config):
        clothes = Clothes(surface, config)
        first, second = (
            clothes.observe(*scene_at(0, [(0, 0, 4), *hider], [colors, GREY_ON_BLACK][: count]))
            for hider, colors, count in (
                ((), RED_ON_BLUE, 1), (((0.1, 0.7, 2),), ((35, 60, 150), (90, 60, 30)), 2),
            )
        )  # fmt: skip
        rows = np.array([0])
        evidence = same_clothes(first, rows, second, rows, config)
        return np.append(clothes.updated(first, second.select(rows)).points.ravel(), evidence)

    assert not np.array_equal(
        outcome(AppearanceConfig(**{name: value})), outcome(AppearanceConfig())
    )
