from types import SimpleNamespace

import numpy as np
import pytest

from humans4d_core.viewer.ruler import Ruler, on_the_ground
from humans4d_core.viewer.view_server import start_server, stop_server


@pytest.fixture
def server():
    made, _ = start_server()
    yield made
    stop_server(made)


def click(origin, at):
    direction = np.subtract(at, origin)
    return SimpleNamespace(
        ray_origin=tuple(origin), ray_direction=tuple(direction / np.linalg.norm(direction))
    )


def test_two_clicks_on_the_ground_are_metres(server):
    ruler = Ruler(server, lambda: 0.5)
    ruler.start()
    ruler._take(click((0, 0, 5), (1, 2, 0.5)))
    assert len(ruler._nodes) == 1
    ruler._take(click((3, -4, 2), (4, 6, 0.5)))
    spheres, line, label = ruler._nodes[:2], ruler._nodes[2], ruler._nodes[3]
    np.testing.assert_allclose([s.position for s in spheres], [(1, 2, 0.5), (4, 6, 0.5)], atol=1e-6)
    assert label.text == "5.00 m" and line.visible
    ruler.start()  # anew: what was measured goes
    assert ruler._nodes == []


def test_clicks_above_the_horizon_and_far_away_are_none(server):
    assert on_the_ground((0, 0, 2), (1, 0, 0), 0.0) is None
    assert on_the_ground((0, 0, 2), (1, 0, 0.1), 0.0) is None
    assert on_the_ground((0, 0, 2), (1, 0, -1e-4), 0.0) is None
    ruler = Ruler(server, lambda: 0.0)
    ruler.start()
    ruler._take(SimpleNamespace(ray_origin=(0, 0, 2), ray_direction=(0, 1, 0.2)))
    assert ruler._nodes == []
