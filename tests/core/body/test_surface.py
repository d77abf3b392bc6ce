"""Where clothes are looked for."""

import numpy as np
import pytest

from humans4d_core.body import Surface, load_body
from humans4d_core.body.surface import NUM_POINTS, PARTS


@pytest.fixture(scope="module")
def body():
    return load_body()


def rest_vertices(body):
    return body.at_rest().vertices


def test_points_cover_the_body_evenly(body):
    surface = Surface.of_body(body)
    vertices = rest_vertices(body)
    assert len(set(surface.points.tolist())) == NUM_POINTS
    points = vertices[surface.points]
    apart = np.linalg.norm(vertices[:, None] - points[None], axis=-1)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1) + np.eye(len(points))
    # No vertex is farther from a point than points are from each other.
    assert apart.min(1).max() <= gaps.min() + 1e-6
    assert apart.min(1).max() < 0.1


def test_the_coarse_mesh_has_the_bodys_area_and_no_folded_triangle(body):
    surface, vertices = Surface.of_body(body), rest_vertices(body)

    def area(corners):
        return np.linalg.norm(
            np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
        ).sum()

    coarse = area(vertices[surface.points][surface.faces])
    assert 0.7 < coarse / area(vertices[body.faces]) < 1.1
    assert (np.diff(np.sort(surface.faces, axis=1), axis=1) > 0).all()


def test_parts_lie_one_above_the_other_and_none_is_small(body):
    surface, vertices = Surface.of_body(body), rest_vertices(body)
    height = vertices[surface.points, 1]
    middles = [height[surface.parts == part].mean() for part in range(len(PARTS))]
    assert middles == sorted(middles, reverse=True)
    assert np.bincount(surface.parts[surface.parts >= 0]).min() >= 20


def test_a_mesh_of_few_vertices_has_no_surface():
    assert Surface.of(np.zeros((4, 3)), np.array([[0, 1, 2]]), np.zeros((24, 3))) is None
