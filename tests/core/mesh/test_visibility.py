import numpy as np

from humans4d_core.geometry import project
from humans4d_core.mesh.visibility import visible_vertices
from humans4d_core.mesh.z_buffer import render


def facing(vertices, center):
    """Cosine between each vertex's normal on a sphere and the way to the camera."""
    normals = vertices - center
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return -(normals * vertices).sum(1) / np.linalg.norm(vertices, axis=1)


def test_front_half_of_a_sphere_is_visible(camera, make_sphere):
    center = np.array((0.1, 0.05, 3.0))
    vertices, faces = make_sphere(center, 0.5)
    visible = visible_vertices(vertices[None], faces, camera)[0]
    cosine = facing(vertices, center)
    assert visible[cosine > 0.15].all()
    assert not visible[cosine < -0.2].any()
    assert 0.4 < visible.mean() < 0.55


def test_small_sphere_far_away_is_still_told_apart(camera, make_sphere):
    center = np.array((1.0, 0.5, 15.0))
    vertices, faces = make_sphere(center, 0.5)
    visible = visible_vertices(vertices[None], faces, camera)[0]
    cosine = facing(vertices, center)
    assert visible[cosine > 0.45].all()
    assert not visible[cosine < -0.65].any()


def test_another_person_hides(camera, make_sphere):
    near, faces = make_sphere((0, 0, 2), 0.5)
    far, _ = make_sphere((0, 0, 5), 0.5)
    aside, _ = make_sphere((1.2, 0, 5), 0.3)
    visible = visible_vertices(np.stack((far, near, aside)), faces, camera)
    assert not visible[0].any()
    assert visible[1].any() and visible[2].any()


def test_half_hidden_body_loses_the_hidden_half(camera, make_sphere):
    center = np.array((0.0, 0.0, 4.0))
    body, faces = make_sphere(center, 0.6)
    # The occluder's silhouette ends left of the middle of the image.
    occluder, _ = make_sphere((-0.62, 0, 2), 0.55)
    visible = visible_vertices(np.stack((body, occluder)), faces, camera)[0]
    columns = project(body, camera)[:, 0]
    front = facing(body, center) > 0.2
    rows = project(body, camera)[:, 1]
    edge = project(occluder, camera)[:, 0].max()
    level = abs(rows - camera.cy) < 5
    assert not visible[front & level & (columns < edge - 3)].any()
    assert visible[front & (columns > edge + 2)].all()


def test_vertices_outside_the_image_are_not_visible(camera, make_sphere):
    vertices, faces = make_sphere((1.25, 0, 3), 0.5)
    visible = visible_vertices(vertices[None], faces, camera)[0]
    u = project(vertices, camera)[:, 0]
    front = facing(vertices, (1.25, 0, 3)) > 0.15
    assert not visible[u > camera.width - 0.5].any()
    assert visible[front & (u < camera.width - 0.5)].all()
    assert (u > camera.width).any() and visible.any()


def test_unusable_vertices_are_not_visible(camera, make_sphere):
    vertices, faces = make_sphere((0, 0, 3), 0.5)
    front = int(vertices[:, 2].argmin())
    broken = np.stack((vertices, vertices - (0, 0, 6)))
    broken[0, front] = np.nan
    visible = visible_vertices(broken, faces, camera)
    assert not visible[0, front] and visible[0].any()
    assert not visible[1].any()


def test_given_buffer_saves_the_rendering_and_changes_nothing(camera, make_sphere):
    vertices, faces = make_sphere((0, 0, 3), 0.5)
    zbuffer = render(vertices[None], faces, camera)
    assert np.array_equal(
        visible_vertices(vertices[None], faces, camera, zbuffer),
        visible_vertices(vertices[None], faces, camera),
    )


def test_nobody_has_no_vertices(camera):
    visible = visible_vertices(np.zeros((0, 7, 3)), np.array([[0, 1, 2]]), camera)
    assert visible.shape == (0, 7) and visible.dtype == bool
