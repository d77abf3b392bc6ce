from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humans4d_core.body import load_body
from humans4d_core.geometry import pixels_to_rays, project
from humans4d_core.mesh.z_buffer import NEAR, render
from humans4d_core.types import Camera


def rays_of(camera):
    """(H, W, 3): the viewing ray of every pixel's centre, at z = 1."""
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
    slopes = pixels_to_rays(np.stack((columns, rows), -1), camera)
    return np.concatenate((slopes, np.ones((*slopes.shape[:2], 1))), -1)


def plane_mesh(camera, point, normal, size=8, margin=3.0, jitter=None):
    """A grid of triangles on the plane through `point` that covers more than the image."""
    u = np.linspace(-margin * camera.width, (1 + margin) * camera.width, size)
    v = np.linspace(-margin * camera.height, (1 + margin) * camera.height, size)
    pixels = np.stack(np.meshgrid(u, v), -1)
    if jitter is not None:
        step = np.array((u[1] - u[0], v[1] - v[0]))
        pixels[1:-1, 1:-1] += jitter.uniform(-0.4, 0.4, pixels[1:-1, 1:-1].shape) * step
    slopes = pixels_to_rays(pixels, camera).reshape(-1, 2)
    rays = np.concatenate((slopes, np.ones((len(slopes), 1))), 1)
    vertices = rays * (np.dot(point, normal) / (rays @ np.asarray(normal, float)))[:, None]
    corner = (np.arange(size - 1)[:, None] * size + np.arange(size - 1)).reshape(-1, 1)
    faces = np.concatenate((corner + [0, 1, size], corner + [1, size + 1, size]))
    return vertices.astype(np.float32), faces.astype(np.int32)


def cast_rays(triangles, camera):
    """Depth of the nearest triangle at every pixel's centre, and how clearly each was hit.

    Moeller & Trumbore, in float64: nothing in common with the edge functions under test.
    """
    rays = rays_of(camera).reshape(-1, 1, 3)
    a, b, c = np.moveaxis(triangles.astype(np.float64), 1, 0)[:, None]
    ab, ac = b - a, c - a
    p = np.cross(rays, ac)
    with np.errstate(all="ignore"):
        determinant = (ab * p).sum(-1)
        u = (-a * p).sum(-1) / determinant
        q = np.cross(-a, ab)
        v = (rays * q).sum(-1) / determinant
        z = (ac * q).sum(-1) / determinant
    margin = np.minimum(np.minimum(u, v), 1 - u - v)
    depth = np.where((margin >= 0) & (z > 0), z, np.inf).min(1)
    return (x.reshape(camera.height, camera.width) for x in (depth, np.abs(margin).min(1)))


def test_pixel_centre_is_at_whole_coordinates(camera):
    # A speck around the point that projects to pixel (7, 5) covers that pixel alone.
    x, y = pixels_to_rays(np.array((7.0, 5.0)), camera)
    speck = np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 0]]) * 0.4 * 2.0 / camera.fx
    vertices = (speck + (2 * x, 2 * y, 2)).astype(np.float32)
    assert np.allclose(project(vertices, camera).mean(0), (7, 5), atol=0.3)
    ids = render(vertices[None], np.array([[0, 1, 2]]), camera).ids
    assert np.argwhere(ids == 0).tolist() == [[5, 7]]


def test_tilted_plane_has_the_depth_of_ray_plane_intersection(camera):
    point, normal = np.array((0.1, 0.2, 3.0)), np.array((0.5, -0.6, -1.0))
    vertices, faces = plane_mesh(camera, point, normal, size=3, margin=0.2)
    zbuffer = render(vertices[None], faces, camera)
    expected = np.dot(point, normal) / (rays_of(camera) @ normal)
    assert (zbuffer.ids == 0).all()
    assert zbuffer.depth.max() > 1.5 * zbuffer.depth.min()
    np.testing.assert_allclose(zbuffer.depth, expected, atol=1e-4)
    unit = normal / np.linalg.norm(normal)
    np.testing.assert_allclose(zbuffer.normals, np.broadcast_to(unit, (120, 160, 3)), atol=1e-4)


def test_normals_face_the_camera_whichever_way_the_triangles_are_wound(camera):
    vertices, faces = plane_mesh(camera, (0, 0, 3), (0.5, -0.6, -1.0))
    one = render(vertices[None], faces, camera)
    other = render(vertices[None], faces[:, ::-1], camera)
    assert (one.normals[..., 2] < 0).all()
    np.testing.assert_allclose(one.normals, other.normals, atol=1e-6)


def test_sphere_has_analytic_depth_and_normals(camera, make_sphere):
    center, radius = np.array((0.2, -0.1, 4.0)), 0.6
    vertices, faces = make_sphere(center, radius, 96, 192)
    zbuffer = render(vertices[None], faces, camera)
    rays = rays_of(camera)
    # |t r - c|^2 = radius^2, nearer root.
    a, b = (rays**2).sum(-1), rays @ center
    root = b**2 - a * (center @ center - radius**2)
    clear = root > 0.02 * b**2 * radius**2 / (center @ center)
    depth = (b[clear] - np.sqrt(root[clear])) / a[clear]
    np.testing.assert_allclose(zbuffer.depth[clear], depth, atol=2e-3)
    normals = (rays[clear] * depth[:, None] - center) / radius
    assert (np.einsum("ij,ij->i", zbuffer.normals[clear], normals) > np.cos(np.radians(2))).all()
    assert (zbuffer.ids[root < 0] == -1).all()
    assert np.isinf(zbuffer.depth[root < 0]).all()
    assert (zbuffer.normals[root < 0] == 0).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 12))
def test_depth_is_that_of_the_nearest_triangle_on_every_ray(seed, count):
    rng = np.random.default_rng(seed)
    camera = Camera(30.0, 28.0, 15.2, 11.9, 32, 24)
    triangles = (rng.normal((0, 0, 3), (1, 1, 0.8), (count, 3, 3))).astype(np.float32)
    triangles[..., 2] = np.maximum(triangles[..., 2], 0.2)
    faces = np.arange(count * 3).reshape(-1, 3)
    depth = render(triangles.reshape(1, -1, 3), faces, camera).depth
    expected, clearance = cast_rays(triangles, camera)
    clear = clearance > 1e-5
    assert clear.mean() > 0.9
    np.testing.assert_allclose(depth[clear], expected[clear], rtol=1e-5)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(4, 40))
def test_no_crack_opens_between_neighbouring_triangles(seed, size):
    rng = np.random.default_rng(seed)
    camera = Camera(100.0, 100.0, 31.0, 23.0, 64, 48)
    vertices, faces = plane_mesh(camera, (0, 0, 2), (0.2, 0.1, -1), size, 0.3, jitter=rng)
    assert (render(vertices[None], faces, camera).ids == 0).all()


def test_vertices_on_pixel_centres_leave_no_crack():
    camera = Camera(1.0, 1.0, 0.0, 0.0, 16, 12)
    grid = np.stack(np.meshgrid(np.arange(16.0), np.arange(12.0)), -1).reshape(-1, 2)
    vertices = np.concatenate((grid, np.ones((len(grid), 1))), 1)
    corner = (np.arange(11)[:, None] * 16 + np.arange(15)).reshape(-1, 1)
    faces = np.concatenate((corner + [0, 1, 16], corner + [1, 17, 16]))
    assert (render(vertices[None], faces, camera).ids == 0).all()


def test_nearer_mesh_wins_in_either_order(camera):
    near, faces = plane_mesh(camera, (0, 0, 2), (0, 0, -1), size=2, margin=-0.25)
    far, _ = plane_mesh(camera, (0, 0, 3), (0, 0, -1), size=2, margin=0.1)
    zbuffer = render(np.stack((far, near)), faces, camera)
    assert (zbuffer.ids[40:80, 50:110] == 1).all() and (zbuffer.ids[:20] == 0).all()
    np.testing.assert_allclose(np.unique(zbuffer.depth), (2, 3), rtol=1e-6)
    swapped = render(np.stack((near, far)), faces, camera)
    assert np.array_equal(swapped.ids, 1 - zbuffer.ids)
    assert np.array_equal(swapped.depth, zbuffer.depth)


def test_intersecting_planes_change_where_they_cross(camera):
    tilted, faces = plane_mesh(camera, (0, 0, 3), (1.0, 0, -1), size=2, margin=0.1)
    flat, _ = plane_mesh(camera, (0, 0, 3), (0, 0, -1), size=2, margin=0.1)
    ids = render(np.stack((tilted, flat)), faces, camera).ids
    # The planes meet at x = 0, in column cx = 79.3: the tilted one is farther to its right.
    assert (ids[:, :79] == 0).all() and (ids[:, 81:] == 1).all()


def test_triangles_that_cross_the_camera_plane_are_left_out(camera):
    # A floor 1.5 m under the camera, from 5 m behind it to 20 m ahead.
    x, z = np.meshgrid(np.linspace(-30, 30, 61), np.linspace(-5, 20, 51))
    vertices = np.stack((x, np.full_like(x, 1.5), z), -1).reshape(1, -1, 3).astype(np.float32)
    corner = (np.arange(50)[:, None] * 61 + np.arange(60)).reshape(-1, 1)
    faces = np.concatenate((corner + [0, 1, 61], corner + [1, 62, 61]))
    camera = replace(camera, fx=60.0, fy=60.0)
    zbuffer = render(vertices, faces, camera)
    y = rays_of(camera)[..., 1]
    seen = zbuffer.ids == 0
    with np.errstate(divide="ignore"):
        expected = np.where(y > 0, 1.5 / y, np.inf)
    np.testing.assert_allclose(zbuffer.depth[seen], expected[seen], rtol=1e-4)
    assert not seen[expected > 20].any()
    assert seen[(expected > 1) & (expected < 19)].all()


@pytest.mark.parametrize("z", [-3.0, 0.0, NEAR / 2, np.nan, np.inf, -np.inf])
def test_mesh_that_cannot_be_projected_is_not_seen(camera, make_sphere, z):
    vertices, faces = make_sphere((0, 0, 3), 0.5)
    vertices[:, 2] = z
    assert (render(vertices[None], faces, camera).ids == -1).all()


@pytest.mark.parametrize("x", [1e4, 1e20, 3e38])
def test_triangle_that_reaches_far_outside_covers_what_it_should(camera, x):
    vertices = np.array([[[-x, -x, 1], [x, -x, 1], [0, x, 1]]], np.float32)
    zbuffer = render(vertices, np.array([[0, 1, 2]]), camera)
    assert (zbuffer.ids == 0).all()
    np.testing.assert_allclose(zbuffer.depth, 1, rtol=1e-4)
    beside = vertices + np.array((3 * x, 0, 0), np.float32) if x < 1e38 else vertices[:, :0]
    assert (render(beside, np.array([[0, 1, 2]])[: beside.shape[1]], camera).ids == -1).all()


def test_nan_vertex_takes_only_its_own_triangles_away(camera, make_sphere):
    vertices, faces = make_sphere((0, 0, 3), 0.5)
    pixels = project(vertices, camera)
    front = np.argmin(np.where(vertices[:, 2] < 2.6, abs(pixels - (79, 62)).sum(1), np.inf))
    broken = vertices.copy()
    broken[front] = np.nan
    whole = render(vertices[None], faces, camera)
    rest = render(broken[None], faces, camera)
    touched = pixels[np.unique(faces[(faces == front).any(1)])]
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
    outside = (columns < touched[:, 0].min()) | (columns > touched[:, 0].max())
    outside |= (rows < touched[:, 1].min()) | (rows > touched[:, 1].max())
    assert np.array_equal(whole.depth[outside], rest.depth[outside])
    # Through the hole the inside of the far half shows.
    column, row = np.rint(pixels[front]).astype(int)
    assert rest.depth[row, column] > 3.3
    assert np.isfinite(rest.normals).all()


def test_degenerate_triangles_cover_nothing(camera):
    vertices = np.array([[[0, 0, 2], [0.1, 0.1, 2], [0.2, 0.2, 2], [0, 0, 2]]], np.float32)
    faces = np.array([[0, 1, 2], [0, 3, 1], [1, 1, 1]])
    zbuffer = render(vertices, faces, camera)
    assert (zbuffer.ids == -1).all() and np.isfinite(zbuffer.normals).all()


def test_nobody_gives_an_empty_buffer(camera):
    zbuffer = render(np.zeros((0, 5, 3), np.float32), np.array([[0, 1, 2]]), camera)
    assert zbuffer.depth.shape == zbuffer.ids.shape == (120, 160)
    assert zbuffer.depth.dtype == np.float32 and zbuffer.ids.dtype == np.int32
    assert np.isinf(zbuffer.depth).all() and (zbuffer.ids == -1).all()
    assert zbuffer.normals.shape == (120, 160, 3) and not zbuffer.normals.any()


def test_closed_mesh_looks_as_if_its_far_side_were_drawn_too(camera, make_sphere):
    vertices, faces = make_sphere((0.1, 0, 3), 0.5)
    far = vertices[faces][:, :, 2].mean(1).argmax()
    # Without a face the mesh is open, and nothing is culled.
    opened = render(vertices[None], np.delete(faces, far, 0), camera)
    closed = render(vertices[None], faces, camera)
    assert np.array_equal(closed.ids, opened.ids)
    np.testing.assert_allclose(closed.depth, opened.depth, rtol=1e-6)


def test_closed_mesh_wound_inside_out_shows_its_near_side(camera, make_sphere):
    vertices, faces = make_sphere((0.1, 0, 3), 0.5)
    zbuffer = render(vertices[None], faces[:, ::-1], camera)
    assert np.array_equal(zbuffer.depth, render(vertices[None], faces, camera).depth)


def test_inside_of_a_mesh_around_the_camera_shows(camera, make_sphere):
    vertices, faces = make_sphere((0, 0, 0.5), 2.0)
    zbuffer = render(vertices[None], faces, camera)
    assert (zbuffer.ids == 0).all()
    assert abs(zbuffer.depth[62, 79] - 2.5) < 0.02


def test_distortion_is_left_out(camera, make_sphere):
    vertices, faces = make_sphere((0.5, 0.3, 3), 0.5)
    bent = replace(camera, distortion=(-0.3, 0.1, 0.0, 0.0, 0.0))
    assert np.array_equal(
        render(vertices[None], faces, bent).depth, render(vertices[None], faces, camera).depth
    )


def test_read_only_and_strided_arrays_are_taken(camera, make_sphere):
    vertices, faces = make_sphere((0, 0, 3), 0.5)
    expected = render(vertices[None], faces, camera)
    double = np.repeat(vertices.astype(np.float64), 2, axis=0)[::2][None]
    double.flags.writeable = False
    small = faces.astype(np.uint16)
    small.flags.writeable = False
    assert np.array_equal(render(double, small, camera).depth, expected.depth)


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (np.zeros((1, 3, 3)), [[0, 1, 3]], "0..3 of a mesh that has 3"),
        (np.zeros((1, 3, 3)), [[-1, 1, 2]], "-1..2"),
        (np.zeros((3, 3)), [[0, 1, 2]], "expected \\(N, V, 3\\)"),
        (np.zeros((1, 3, 3)), [0, 1, 2], "expected \\(F, 3\\)"),
    ],
)
def test_arrays_that_do_not_fit_are_named(camera, vertices, faces, message):
    with pytest.raises(ValueError, match=message):
        render(vertices, np.array(faces), camera)


def test_embedded_body_is_closed_and_wound_outwards(camera):
    body = load_body()
    # Half a turn about x: SMPL's y up, z forward -> the camera's y down, z forward.
    turned = np.diag((1.0, -1.0, -1.0))
    output = body(turned, np.tile(np.eye(3), (1, 23, 1, 1)), np.zeros((1, 10)))
    upright, faces = output.vertices[0] + np.float32((0, 0, 4)), body.faces
    closed = render(upright[None], faces, camera)
    # Without the face at the back of the body nothing is culled: the same picture, but for
    # pixels that the silhouette's own edge runs through.
    far = upright[faces][:, :, 2].mean(1).argmax()
    opened = render(upright[None], np.delete(faces, far, 0), camera)
    assert np.array_equal(closed.ids, opened.ids)
    seen = closed.ids == 0
    assert (abs(closed.depth[seen] - opened.depth[seen]) > 1e-3).mean() < 0.002
