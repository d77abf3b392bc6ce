import numpy as np
import pytest
from made_scenes import make_images, make_published, make_truth, walks

from humans4d_core.evaluation.scores.error_rows import error_rows
from humans4d_core.evaluation.scores.figures import rate_figure
from humans4d_core.evaluation.scores.life_figures import life_figures
from humans4d_core.evaluation.scores.scene import Scene


def figures(shown, ids=None, hidden=None, more=()):
    """Of one person who stands for 6 s and is published in the images `shown` (60,) bool."""
    images = make_images(60)
    people, frames, places = walks(images, [(0, 0.2, 6)], [(0, 0, 0)])
    ids = people if ids is None else ids
    parts = [make_published(images, ids[shown], frames[shown], places[shown])]
    parts += [make_published(images, np.full(len(f), i), f, np.tile(p, (len(f), 1)))
              for i, f, p in more]  # fmt: skip
    from humans4d_core.batch import joined

    known = {} if hidden is None else {"hidden": hidden}
    scene = Scene.of("life", images, joined(parts), make_truth(people, frames, places, **known))
    found = life_figures([scene], [error_rows(scene, False)], {"life": False})
    return {f.name: f for f in found}


def test_the_wait_is_from_the_first_image_to_the_first_sight():
    shown = np.arange(60) >= 7
    assert figures(shown)["time_to_confirmation.p50"].value == pytest.approx(0.7)


def test_who_is_hidden_at_first_does_not_wait():
    shown = np.arange(60) >= 20
    hidden = np.where(np.arange(60) < 20, 0.9, 0.0)
    assert figures(shown, hidden=hidden)["time_to_confirmation.p50"].value == pytest.approx(0.0)


def test_an_id_lives_until_another_shows_the_person():
    ids = np.where(np.arange(60) < 20, 1, 2)
    found = figures(np.ones(60, bool), ids)
    assert found["id_life.mean"].value == pytest.approx((1.9 + 3.9) / 2)
    assert found["id_life.mean"].count == 2


def test_gaps_longer_than_a_second_are_losses_and_so_is_an_end_in_sight():
    shown = np.ones(60, bool)
    shown[10:30] = False  # 2 s
    shown[40:44] = False  # 0.4 s
    assert figures(shown)["lost_in_sight"].count == 1
    shown[45:] = False
    assert figures(shown)["lost_in_sight"].count == 2


def test_nobody_found_is_told_and_false_people_are_counted_by_the_minute():
    found = figures(np.zeros(60, bool), more=[(9, np.arange(1, 31), (3.0, 0.2, 8.0))])
    assert found["people_found"].value == 0
    assert found["time_to_confirmation.p50"].value is None
    assert found["false_people"].value == pytest.approx(10)  # one in 6 s


def test_rates_have_intervals_over_people_and_clips():
    minutes = np.array([1.0, 2.0, 1.0, 4.0])
    even = rate_figure("false_people", 3 * minutes, minutes)
    assert (even.value, even.low, even.high, even.count) == (3, 3, 3, 24)
    uneven = rate_figure("false_people", np.array([0.0, 12, 0, 12]), minutes)
    assert uneven.value == 3 and uneven.low < 2 < 4 < uneven.high
    alone = rate_figure("false_people", np.array([4.0]), np.array([2.0]))
    assert (alone.value, alone.low, alone.high) == (2, None, None)
    assert rate_figure("false_people", np.zeros(0), np.zeros(0)).value is None
