import numpy as np
import pytest
from made_scenes import make_images, make_published, make_truth, two_who_walk, walks

from humans4d_core.evaluation.scores.error_rows import (
    error_rows,
    join_errors,
    read_errors,
    write_errors,
)
from humans4d_core.evaluation.scores.figures import error_figures, mean_figure
from humans4d_core.evaluation.scores.position_figures import position_figures, recall_figures
from humans4d_core.evaluation.scores.scene import Scene, level_axes
from humans4d_core.evaluation.scores.true_motion import true_velocities
from humans4d_core.types import TrackState


def named(figures, where="all"):
    return {f.name: f for f in figures if f.where == where}


def many(noise, count=30):
    scenes = [two_who_walk(noise, seed, name=f"clip {seed}") for seed in range(count)]
    return join_errors([error_rows(scene, False) for scene in scenes])


def test_honest_covariances_are_found_honest_and_small_ones_are_not():
    found = named(position_figures(many(0.2)))
    for percent in (50, 90, 95, 99):
        assert found[f"coverage.{percent}"].value == pytest.approx(percent, abs=2.5)
    assert found["NEES"].value == pytest.approx(1, abs=0.1)
    assert found["NEES"].low < 1 < found["NEES"].high
    scene = two_who_walk(0.2)
    boastful = make_published(
        scene.images, scene.people.track_id, scene.people.frame,
        scene.people.pelvis_cam.astype(float), covariance=0.01,
        seen_at=scene.truth.rows.place_cam,
    )  # fmt: skip
    scene = Scene.of("boastful", scene.images, boastful, scene.truth)
    found = named(position_figures(error_rows(scene, False)))
    assert found["coverage.95"].value < 80
    assert found["NEES"].value > 2


def test_errors_of_two_axes_have_the_size_of_their_noise():
    found = named(position_figures(many(0.2)))
    # The length of two normal errors: Rayleigh.
    assert found["position_error.rms"].value == pytest.approx(0.2 * 2**0.5, rel=0.05)
    median = 0.2 * (2 * np.log(2)) ** 0.5
    assert found["position_error.p50"].value == pytest.approx(median, rel=0.06)


def test_height_does_not_count_and_a_tilted_camera_is_put_level():
    images = make_images(5, up=(0.0, -np.cos(0.4), -np.sin(0.4)))
    people, frames, places = walks(images, [(0.5, 0.2, 6.0)], [(0, 0, 0)])
    above = places + 0.7 * images.up_cam[0]
    published = make_published(images, people, frames, above)
    scene = Scene.of("tilted", images, published, make_truth(people, frames, places))
    rows = error_rows(scene, by_place=True)
    np.testing.assert_allclose(rows.position_error, 0, atol=1e-5)


def test_bands_hold_the_rows_they_are_named_for():
    images = make_images(30)
    people, frames, places = walks(
        images, [(0, 0.2, 3.0), (1, 0.2, 7.0), (2, 0.2, 15.0)], np.zeros((3, 3))
    )
    off = places + np.array((0, 0, 1.0)) * (0.1 * people)[:, None]
    published = make_published(images, people, frames, off)
    scene = Scene.of("bands", images, published, make_truth(people, frames, places))
    figures = position_figures(error_rows(scene, True))
    for where, error in (("0 to 5 m", 0.1), ("5 to 10 m", 0.2), ("10 to 20 m", 0.3)):
        found = named(figures, where)["position_error.p50"]
        assert (found.value, found.count) == (pytest.approx(error, abs=1e-5), 30)


def test_who_is_not_published_is_not_found_and_who_is_predicted_is():
    scene = two_who_walk()
    people = scene.people
    states = np.where(people.track_id == 11, TrackState.CONFIRMED, TrackState.OCCLUDED)
    hidden = make_published(
        scene.images, people.track_id, people.frame, people.pelvis_cam.astype(float), states=states
    )
    half = hidden.select((hidden.state == TrackState.CONFIRMED) | (hidden.frame <= 20))
    scene = Scene.of("half", scene.images, half, scene.truth)
    rows = error_rows(scene, False)
    assert named(recall_figures(rows))["found"].value == pytest.approx(75)
    assert rows.is_seen.sum() == 40
    np.testing.assert_allclose(rows.distance[rows.person == 1].min(), 6.0, rtol=0.05)


def test_true_velocities_are_those_that_people_walk_with():
    images = make_images(40)
    velocities = np.array([(0.3, 0, 0.5), (-1.2, 0, 0.1)])
    people, frames, places = walks(images, [(0, 0, 6), (2, 0, 9)], velocities)
    truth = make_truth(people, frames, places).rows
    found = true_velocities(truth, images)
    known = np.isfinite(found).all(1)
    assert known.sum() > 60
    np.testing.assert_allclose(found[known], velocities[people[known] - 1], atol=1e-6)


def test_a_moving_camera_whose_pose_is_known_does_not_move_people():
    poses = np.zeros((40, 3, 4))
    turn = np.linspace(0, 0.8, 40)
    poses[:, 0, 0], poses[:, 0, 2] = np.cos(turn), np.sin(turn)
    poses[:, 2, 0], poses[:, 2, 2] = -np.sin(turn), np.cos(turn)
    poses[:, 1, 1] = 1
    poses[:, 2, 3] = np.linspace(0, 3, 40)
    images = make_images(40, poses=poses)
    stands = np.array((1.0, 0.0, 9.0))
    places = np.einsum("fji,fj->fi", poses[:, :, :3], stands - poses[:, :, 3])
    truth = make_truth(np.ones(40, int), images.frame, places).rows
    found = true_velocities(truth, images)
    known = np.isfinite(found).all(1)
    assert known.sum() > 25
    np.testing.assert_allclose(found[known], 0, atol=1e-9)


def test_level_axes_are_level_whatever_the_tilt():
    rng = np.random.default_rng(0)
    up = rng.normal(size=(50, 3))
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    axes = level_axes(up)
    np.testing.assert_allclose(np.einsum("fij,fj->fi", axes, up), 0, atol=1e-12)
    np.testing.assert_allclose(axes @ axes.transpose(0, 2, 1), np.tile(np.eye(2), (50, 1, 1)),
                               atol=1e-12)  # fmt: skip
    level = level_axes(np.array([(0.0, -1.0, 0.0)]))[0]
    np.testing.assert_allclose(level, [(0, 0, 1), (1, 0, 0)], atol=1e-12)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(1)
    hits = {"mean": 0, "p50": 0}
    for _ in range(150):
        of_person = rng.normal(1.0, 0.3, 30)
        groups = np.repeat(np.arange(30), 20)
        errors = np.abs(of_person[groups] + rng.normal(0, 0.1, 600))
        for figure in error_figures("e", errors, groups, "m", statistics=("mean", "p50")):
            name = figure.name.partition(".")[2]
            hits[name] += figure.low <= 1.0 <= figure.high
    assert 0.85 * 150 <= hits["mean"] <= 150
    assert 0.85 * 150 <= hits["p50"] <= 150


def test_an_interval_holds_its_figure_where_many_errors_are_equal():
    waits = np.array([0.0] * 11 + [0.14, 0.14, 0.28, 0.43, 0.43, 0.57, 0.71, 1.0])
    figures = error_figures("wait", waits, np.arange(19), "s", statistics=("mean", "p50", "p95"))
    for figure in figures:
        assert figure.low <= figure.value <= figure.high, figure


def test_one_person_alone_has_no_interval():
    figure = mean_figure("m", np.arange(5.0), np.zeros(5), "m")
    assert (figure.value, figure.low, figure.high) == (2.0, None, None)


def test_errors_are_written_and_read_as_they_were(tmp_path):
    rows = error_rows(two_who_walk(0.1), False)
    write_errors(tmp_path / "errors.parquet", [rows])
    again = read_errors(tmp_path / "errors.parquet")
    for name in rows.__dataclass_fields__:
        np.testing.assert_array_equal(
            getattr(again, name), np.asarray(getattr(rows, name), getattr(again, name).dtype), name
        )
