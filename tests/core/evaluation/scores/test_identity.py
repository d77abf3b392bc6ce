import itertools

import numpy as np
import pytest
from made_scenes import make_images, make_published, make_truth, two_who_walk, walks

from humans4d_core.evaluation.scores.identity import (
    OSPA_CUTOFF,
    identity_counts,
    identity_figures,
    ospa,
    ospa_figure,
)
from humans4d_core.evaluation.scores.scene import Scene
from humans4d_core.evaluation.tracking_metrics import score_tracks

pytest.importorskip("trackeval")


def figures(scenes, by_place=False):
    counts = {scene.name: identity_counts(scene, by_place) for scene in scenes}
    return {f.name.partition(".")[2]: f for f in identity_figures(counts, "image")}


def crowd(seed, swaps=3, missing=0.2, count=60):
    """People who walk, whose ids are exchanged and whose boxes are lost at random."""
    rng = np.random.default_rng(seed)
    images = make_images(count)
    starts = np.column_stack((rng.uniform(-3, 3, 5), np.full(5, 0.2), rng.uniform(5, 12, 5)))
    people, frames, places = walks(images, starts, rng.normal(0, 0.4, (5, 3)) * (1, 0, 1))
    ids = people.copy()
    for _ in range(swaps):
        a, b = rng.choice(5, 2, replace=False) + 1
        late = frames > rng.integers(count)
        ids[late & (people == a)], ids[late & (people == b)] = b + 10, a + 10
    kept = rng.random(len(ids)) > missing
    shown = places + rng.normal(0, 0.08, places.shape)
    published = make_published(images, ids[kept], frames[kept], shown[kept])
    unique = np.unique(np.column_stack((published.frame, published.track_id)), axis=0,
                       return_index=True)[1]  # fmt: skip
    published = published.select(np.sort(unique))
    return Scene.of(f"crowd {seed}", images, published, make_truth(people, frames, places))


@pytest.mark.parametrize("seed", range(4))
def test_figures_in_the_image_are_those_of_trackevals_own_reader(seed):
    scene = crowd(seed)
    found = figures([scene])
    truth, shown = scene.truth.rows, scene.people

    def table(frames, ids, boxes):
        sizes = boxes[:, 2:] - boxes[:, :2]
        return np.column_stack((frames, ids, boxes[:, :2], sizes)).astype(np.float64)

    true = table(truth.frame, truth.person, truth.box)
    true = np.column_stack((true, np.ones(len(true)), np.ones(len(true))))
    theirs = score_tracks(
        {"ours": table(shown.frame, shown.track_id, shown.box)}, true, "MOT15", 60
    )["ours"]
    for name, value in (
        ("HOTA", theirs.hota), ("DetA", theirs.det_a), ("AssA", theirs.ass_a),
        ("MOTA", theirs.mota), ("IDF1", theirs.idf1), ("switches", theirs.id_switches),
        ("fragments", theirs.fragments),
    ):  # fmt: skip
        assert found[name].value == pytest.approx(value, abs=1e-3), name


def test_perfect_people_have_everything_right_in_the_image_and_on_the_ground():
    scene = two_who_walk()
    for by_place in (False, True):
        found = figures([scene], by_place)
        assert [found[n].value for n in ("HOTA", "MOTA", "IDF1")] == pytest.approx([100] * 3)
        assert [found[n].value for n in ("switches", "handovers", "ghosts")] == [0, 0, 0]


def test_who_stands_a_metre_behind_is_right_in_the_image_and_wrong_on_the_ground():
    scene = two_who_walk()
    behind = scene.people.pelvis_cam * np.float32(1.2)
    people = make_published(
        scene.images, scene.people.track_id, scene.people.frame, scene.people.pelvis_cam
    )
    object.__setattr__(people, "pelvis_cam", behind)
    scene = Scene.of("behind", scene.images, people, scene.truth)
    assert figures([scene])["HOTA"].value == pytest.approx(100)
    assert figures([scene], by_place=True)["HOTA"].value < 40


def test_a_person_who_does_not_count_is_neither_found_nor_false():
    scene = two_who_walk()
    counts = scene.truth.rows.person != 2
    scene = two_who_walk(counts=counts)
    found = figures([scene])
    assert found["MOTA"].value == pytest.approx(100)


def test_intervals_are_over_clips_and_hold_the_value():
    found = figures([crowd(seed) for seed in range(6)])
    hota = found["HOTA"]
    assert hota.low < hota.value < hota.high
    assert figures([crowd(0)])["HOTA"].low is None


def test_an_id_that_goes_over_to_another_person_is_a_handover():
    images = make_images(20)
    people, frames, places = walks(images, [(-1, 0.2, 6), (1, 0.2, 6)], [(0, 0, 0), (0, 0, 0)])
    shown = ((people == 1) & (frames <= 10)) | ((people == 2) & (frames > 10))
    published = make_published(images, np.full(shown.sum(), 7), frames[shown], places[shown])
    scene = Scene.of("handed on", images, published, make_truth(people, frames, places))
    assert figures([scene])["handovers"].value == 1


def test_nobody_published_is_told():
    scene = two_who_walk()
    empty = Scene.of("empty", scene.images, scene.people.select(slice(0, 0)), scene.truth)
    found = figures([empty])
    assert found["HOTA"].value == 0
    assert found["recall"].value == 0


@pytest.mark.parametrize("seed", range(5))
def test_ospa_is_the_best_of_all_assignments(seed):
    rng = np.random.default_rng(seed)
    images = make_images(1)
    true = np.column_stack((rng.uniform(-1, 1, 4), np.zeros(4), rng.uniform(5, 7, 4)))
    shown = np.column_stack((rng.uniform(-1, 1, 3), np.zeros(3), rng.uniform(5, 7, 3)))
    truth = make_truth(np.arange(1, 5), np.ones(4, int), true)
    published = make_published(images, np.arange(3), np.ones(3, int), shown)
    scene = Scene.of("one", images, published, truth)
    distance = np.linalg.norm((shown[:, None] - true[None])[..., [0, 2]], axis=-1)
    cost = np.minimum(distance, OSPA_CUTOFF)
    best = min(
        sum(cost[i, j] for i, j in enumerate(chosen))
        for chosen in itertools.permutations(range(4), 3)
    )
    assert ospa(scene)[0] == pytest.approx((best + OSPA_CUTOFF) / 4, abs=1e-5)
    assert ospa_figure([scene]).value == pytest.approx((best + OSPA_CUTOFF) / 4, abs=1e-5)
