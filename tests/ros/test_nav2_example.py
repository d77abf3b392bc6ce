"""examples/nav2_people: a bag of people becomes grids in which they and their ways are."""

import os
import subprocess
import sys

import numpy as np
import pytest
import yaml
from loaded_files import loaded
from node_processes import TIMEOUT
from places import ROOT
from waiting import wait_for

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

EXAMPLE = ROOT / "examples/nav2_people"
PATIENCE = 2 * TIMEOUT


@pytest.fixture(scope="module")
def people_grid():
    return loaded(EXAMPLE / "people_grid.py")


def value(origin, cells, place, resolution):
    column, row = np.floor((np.asarray(place) - origin) / resolution).astype(int)
    return int(cells[row, column])


def test_a_cell_is_the_probability_that_a_body_covers_it(people_grid):
    place, spread = np.array([[3.21, -1.17]]), np.array([[[0.5, 0.2], [0.2, 0.3]]])
    origin, cells = people_grid.occupancy(place, spread, 0.35, 0.1)
    draws = np.random.default_rng(0).multivariate_normal(place[0], spread[0], 400_000)
    for where in ((3.25, -1.15), (3.95, -0.85), (2.45, -1.45), (3.25, 0.25)):
        covered = (np.linalg.norm(draws - where, axis=1) < 0.35).mean()
        assert value(origin, cells, where, 0.1) / 100 == pytest.approx(covered, abs=0.02)


def test_a_place_that_is_known_is_full_and_the_room_around_it_free(people_grid):
    places = np.array([[0.0, 0.0], [5.0, 2.0]])
    origin, cells = people_grid.occupancy(places, np.tile(np.eye(2) * 1e-4, (2, 1, 1)), 0.35, 0.1)
    assert min(value(origin, cells, p, 0.1) for p in places) > 90
    assert value(origin, cells, (2.5, 1.0), 0.1) == 0
    assert people_grid.occupancy(places[:0], np.zeros((0, 2, 2)), 0.35, 0.1)[1].tolist() == [[0]]


def test_the_bag_makes_grids_of_where_people_are_and_will_be_and_no_longer_are(tmp_path, station):
    from humans4d_msgs.msg import PeopleForecast
    from nav_msgs.msg import OccupancyGrid

    bag = tmp_path / "crowd"
    subprocess.run(
        [sys.executable, EXAMPLE / "make_bag.py", bag, "6"], check=True, timeout=4 * TIMEOUT
    )
    station.listen(OccupancyGrid, "/people_grid", 100)
    station.listen(PeopleForecast, "/humans4d/forecasts", 100)
    grids, forecasts = (station.received[t] for t in ("/people_grid", "/humans4d/forecasts"))
    with subprocess.Popen([sys.executable, EXAMPLE / "people_grid.py"]) as node:
        try:
            wait_for(lambda: station.node.count_subscribers("/humans4d/forecasts") == 2, PATIENCE)
            player = [sys.executable, "-m", "humans4d_ros.replay.bag_player", bag]
            subprocess.run(player, check=True, timeout=4 * TIMEOUT)
            wait_for(lambda: len(grids) >= 10, PATIENCE)
            # Everybody leaves.
            gone = PeopleForecast()
            gone.header.frame_id = "odom"
            publisher = station.node.create_publisher(PeopleForecast, "/humans4d/forecasts", 1)
            wait_for(lambda: publisher.publish(gone) or not any(grids[-1].data), PATIENCE)
            station.node.destroy_publisher(publisher)
        finally:
            node.terminate()
    told = {(f.header.stamp.sec, f.header.stamp.nanosec): f for f in list(forecasts)}
    compared = 0
    for grid in list(grids):
        forecast = told.get((grid.header.stamp.sec, grid.header.stamp.nanosec))
        if forecast is None or not forecast.people:
            continue
        assert grid.header.frame_id == "odom"
        cells = np.array(grid.data, np.int8).reshape(grid.info.height, grid.info.width)
        origin = np.array((grid.info.origin.position.x, grid.info.origin.position.y))
        places = np.concatenate([np.reshape(p.positions, (-1, 3))[:, :2] for p in forecast.people])
        values = [value(origin, cells, place, grid.info.resolution) for place in places]
        assert min(values) > 0, "where people will be is occupied"
        compared += 1
    assert compared >= 5


def test_the_parameters_name_the_grids_topic_and_a_layer_that_nav2_has():
    layer = yaml.safe_load((EXAMPLE / "nav2_params.yaml").read_text())
    layer = layer["local_costmap"]["local_costmap"]["ros__parameters"]
    assert layer["plugins"].index("people_layer") < layer["plugins"].index("inflation_layer")
    assert layer["people_layer"]["plugin"] == "nav2_costmap_2d::StaticLayer"
    assert layer["people_layer"]["map_topic"] == "/people_grid"
    node = yaml.safe_load((EXAMPLE / "humans4d.yaml").read_text())["/**"]["ros__parameters"]
    from humans4d_ros.parameters.parameter_table import PARAMETERS

    assert set(node) <= set(PARAMETERS)


def test_the_launch_file_describes_the_node_and_the_grid():
    pytest.importorskip("launch_ros", reason="comes with ROS 2's packages, not with its wheels")
    module = loaded(EXAMPLE / "people.launch.py")
    assert len(module.generate_launch_description().entities) == 3
