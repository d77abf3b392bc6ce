"""What of a frame is in the scene that browsers get."""

from dataclasses import replace

import numpy as np
import pytest
from made_people import made_people

from humans4d_core.types import TrackState
from humans4d_core.viewer.people_scene import PeopleScene, Shown
from humans4d_core.viewer.view_server import start_server, stop_server

FACES = np.array([[0, 1, 2], [2, 3, 4]], np.int32)


@pytest.fixture
def scene():
    server, _ = start_server()
    yield PeopleScene(server, FACES)
    stop_server(server)


def draw(scene, frame, shown=None):
    scene.note(frame)
    scene.draw(frame, shown or Shown())


def meshes(scene):
    return scene._meshes


def test_meshes_are_in_the_world_under_their_ids(scene, make_view_frame):
    frame = make_view_frame()
    draw(scene, frame)
    assert sorted(meshes(scene)) == [1, 2, 3]
    for row, track_id in enumerate((1, 2, 3)):
        expected = frame.world_from_camera.apply(frame.people.bodies.vertices_cam[row])
        np.testing.assert_allclose(meshes(scene)[track_id].vertices, expected, atol=1e-5)


def test_a_person_who_goes_on_is_the_same_node_with_new_vertices(scene, make_view_frame):
    draw(scene, make_view_frame())
    before = dict(meshes(scene))
    frame = make_view_frame(made_people(3, seed=1), seconds=1.0)
    draw(scene, frame)
    assert all(meshes(scene)[i] is before[i] for i in (1, 2, 3))
    expected = frame.world_from_camera.apply(frame.people.bodies.vertices_cam[0])
    np.testing.assert_allclose(meshes(scene)[1].vertices, expected, atol=1e-5)


def test_who_is_hidden_is_translucent_and_who_is_lost_is_gone(scene, make_view_frame):
    draw(scene, make_view_frame())
    states = [TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.LOST]
    draw(scene, make_view_frame(made_people(3, states), seconds=0.1))
    assert sorted(meshes(scene)) == [1, 2]
    assert meshes(scene)[1].opacity is None and 0 < meshes(scene)[2].opacity < 1
    draw(scene, make_view_frame(made_people(2), seconds=0.2))
    assert meshes(scene)[2].opacity is None


def test_what_is_not_wanted_is_not_there(scene, make_view_frame):
    draw(scene, make_view_frame())
    draw(scene, make_view_frame(seconds=0.1), Shown(*[False] * 6))
    assert not any(mesh.visible for mesh in meshes(scene).values())
    assert not any(label.visible for label in scene._labels.values())
    assert all(len(node.points) == 0 for node in scene._lines.values())
    assert scene._camera.image is None
    draw(scene, make_view_frame(seconds=0.2), Shown(*[True] * 6))
    assert all(mesh.visible for mesh in meshes(scene).values())
    assert all(len(node.points) > 0 for name, node in scene._lines.items() if name != "trails")


def test_bodies_without_a_mesh_are_skeletons(scene, make_view_frame):
    people = made_people(2)
    people = replace(people, bodies=replace(people.bodies, vertices_cam=np.zeros((2, 0, 3), "f4")))
    draw(scene, make_view_frame(people))
    assert not meshes(scene) and len(scene._lines["skeletons"].points) == 2 * 23


def test_trails_are_ways_in_the_world_of_the_last_seconds(scene, make_view_frame):
    people = made_people(1)
    for step in range(100):
        # The camera moves on: whoever keeps the distance walks along.
        draw(scene, make_view_frame(people, step * 0.1, camera_at=(0.0, 0.1 * step, 1.0)))
    points = scene._lines["trails"].points
    assert np.ptp(points[..., 1]) == pytest.approx(6.0, abs=0.2)
    assert np.ptp(points[..., 0]) == pytest.approx(0.0, abs=1e-4)


def test_nobody_is_an_empty_scene(scene, make_view_frame):
    draw(scene, make_view_frame())
    draw(scene, make_view_frame(made_people(0), seconds=9.0))
    assert not meshes(scene) and not scene._labels
    assert all(len(node.points) == 0 for node in scene._lines.values())


def test_who_is_not_in_a_forecast_has_none_and_the_others_keep_their_colours(
    scene, make_view_frame
):
    frame = make_view_frame(made_people(3))
    draw(scene, frame)
    everybody, colors = (np.array(getattr(scene._lines["forecasts"], name)) for name in
                         ("points", "colors"))  # fmt: skip
    positions = frame.forecast.positions_cam.copy()
    positions[1] = np.nan
    draw(scene, replace(frame, forecast=replace(frame.forecast, positions_cam=positions)))
    each = len(everybody) // 3
    kept = np.r_[0:each, 2 * each : 3 * each]
    np.testing.assert_allclose(scene._lines["forecasts"].points, everybody[kept])
    np.testing.assert_array_equal(scene._lines["forecasts"].colors, colors[kept])


def test_the_ellipse_of_a_forecast_holds_95_percent(scene, make_view_frame):
    frame = make_view_frame(made_people(1))
    covariance = np.diag((0.04, 1.0, 0.25)).astype(np.float32)  # z of the camera is y of the world
    forecast = replace(frame.forecast, covariances_cam=np.tile(covariance, (1, 4, 1, 1)))
    draw(scene, replace(frame, forecast=forecast))
    ring = scene._lines["forecasts"].points[4:].reshape(-1, 3) - frame.pelvis_world[0]
    draws = np.random.default_rng(0).multivariate_normal((0, 0), np.diag((0.04, 0.25)), 20000)
    radius = np.sqrt(ring[:, 0] ** 2 / 0.04 + ring[:, 1] ** 2 / 0.25)
    assert np.ptp(radius) < 1e-3
    inside = np.hypot(draws[:, 0] / 0.2, draws[:, 1] / 0.5) < radius[0]
    assert inside.mean() == pytest.approx(0.95, abs=0.01)
