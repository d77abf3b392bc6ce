from dataclasses import replace

import cv2
import numpy as np
import pytest

from humans4d_core.drawing import warm_up
from humans4d_core.drawing.colors import id_color
from humans4d_core.drawing.overlay import draw_overlay
from humans4d_core.errors import ImageError
from humans4d_core.mesh.jit import jit
from humans4d_core.mesh.z_buffer import render
from humans4d_core.types import TrackState


def with_bodies(people, **changes):
    return replace(people, bodies=replace(people.bodies, **changes))


def changed(photo, overlay):
    return (photo != overlay).any(-1)


def mesh_mask(people, faces, camera, shrink=0):
    mask = (render(people.bodies.vertices_cam, faces, camera).ids >= 0).astype(np.uint8)
    return cv2.erode(mask, np.ones((2 * shrink + 1, 2 * shrink + 1))).astype(bool)


def test_nobody_gives_an_equal_copy(photo, make_people, sphere_faces, camera):
    overlay = draw_overlay(photo, make_people([]), sphere_faces, camera)
    assert np.array_equal(overlay, photo) and not np.shares_memory(overlay, photo)


def test_given_image_is_left_as_it_is(photo, make_people, sphere_faces, camera):
    states = [TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.TENTATIVE]
    people = make_people([(0, 0, 3), (0.4, 0, 3), (-0.4, 0, 3)], states)
    before = photo.copy()
    photo.flags.writeable = False
    overlay = draw_overlay(photo, people, sphere_faces, camera)
    assert np.array_equal(photo, before)
    assert overlay.dtype == np.uint8 and overlay.shape == photo.shape
    assert overlay.flags.writeable and changed(photo, overlay).any()


def test_confirmed_person_is_covered_in_the_colour_of_the_id(
    photo, make_people, sphere_faces, camera
):
    people = make_people([(-0.3, 0.1, 3), (0.3, 0.1, 3)])
    overlay = draw_overlay(photo, people, sphere_faces, camera).astype(float)
    ids = render(people.bodies.vertices_cam, sphere_faces, camera).ids
    for index, track_id in enumerate(people.track_ids):
        here = ids == index
        assert changed(photo, overlay)[here].mean() > 0.99
        shift = (overlay - photo)[here].mean(0)
        # The mesh pulls the image towards its own colour, more than towards the other's.
        own, other = (np.subtract(id_color(int(i)), 127.0) for i in (track_id, 3 - track_id))
        assert np.corrcoef(shift, own)[0, 1] > np.corrcoef(shift, other)[0, 1]
        # The photo stays visible through it.
        texture = np.corrcoef(overlay[here][:, 1], photo[here][:, 1])[0, 1]
        assert texture > 0.5


def test_image_is_untouched_away_from_the_person(photo, make_people, sphere_faces, camera):
    people = make_people([(0, 0.1, 3)])
    x0, y0, x1, y1 = people.bodies.boxes_px[0].astype(int)
    rows, columns = np.nonzero(changed(photo, draw_overlay(photo, people, sphere_faces, camera)))
    assert columns.min() >= x0 - 2 and columns.max() <= max(x1 + 2, x0 + 90)
    assert rows.min() >= y0 - 20 and rows.max() <= y1 + 2
    # Right of the box there is nothing but the label, which is above it.
    assert rows[columns > x1 + 2].max(initial=0) <= y0 + 1


def test_lost_person_is_not_drawn(photo, make_people, sphere_faces, camera):
    people = make_people([(0, 0, 3)], [TrackState.LOST])
    assert np.array_equal(draw_overlay(photo, people, sphere_faces, camera), photo)


def test_tentative_person_is_a_thin_grey_box(photo, make_people, sphere_faces, camera):
    people = make_people([(0, 0, 3)], [TrackState.TENTATIVE])
    overlay = draw_overlay(photo, people, sphere_faces, camera)
    drawn = overlay[changed(photo, overlay)]
    assert len(drawn) and (drawn == drawn[:, :1]).all()
    x0, y0, x1, y1 = people.bodies.boxes_px[0]
    assert len(drawn) <= 2 * (x1 - x0 + y1 - y0) + 8


def test_occluded_person_is_an_outline(photo, make_people, sphere_faces, camera):
    people = make_people([(0, 0.1, 3)], [TrackState.OCCLUDED])
    difference = changed(photo, draw_overlay(photo, people, sphere_faces, camera))
    assert not difference[mesh_mask(people, sphere_faces, camera, shrink=3)].any()
    whole, inner = (mesh_mask(people, sphere_faces, camera, s) for s in (0, 1))
    dashes = difference[whole & ~inner]
    assert 0.3 < dashes.mean() < 0.95


def test_unsure_joints_are_not_drawn(photo, make_people, sphere_faces, camera):
    people = make_people([(0, 0, 3)])
    nothing = with_bodies(people, joint_confidence=np.zeros((1, 24), np.float32))
    lost = with_bodies(people, joints_px=np.full((1, 24, 2), np.nan, np.float32))
    far = with_bodies(people, joints_px=np.full((1, 24, 2), 1e12, np.float32))
    bare = draw_overlay(photo, nothing, sphere_faces, camera)
    assert not np.array_equal(draw_overlay(photo, people, sphere_faces, camera), bare)
    assert np.array_equal(draw_overlay(photo, lost, sphere_faces, camera), bare)
    assert np.array_equal(draw_overlay(photo, far, sphere_faces, camera), bare)


def test_labels_of_people_in_one_place_do_not_cover_each_other(
    photo, make_people, sphere_faces, camera
):
    people = make_people([(0, 0, 3.0), (0, 0, 3.01), (0, 0, 3.02)])
    overlay = draw_overlay(photo, people, sphere_faces, camera)
    for track_id in people.track_ids:
        assert (overlay == id_color(int(track_id))).all(-1).sum() > 300


@pytest.mark.parametrize("state", list(TrackState))
@pytest.mark.parametrize(
    "center", [(np.nan, np.nan, np.nan), (0, 0, -3), (0, 0, 0.05), (50, 0, 3), (0, -1e30, 1)]
)
def test_body_that_cannot_be_drawn_does_no_harm(
    photo, make_people, sphere_faces, camera, center, state
):
    good = make_people([(0, 0, 3)])
    both = make_people([(0, 0, 3), (0, 0, 3)], [TrackState.CONFIRMED, state])
    broken = make_people([center])
    for name in ("vertices_cam", "joints_cam", "joints_px", "boxes_px"):
        getattr(both.bodies, name)[1] = getattr(broken.bodies, name)[0]
    overlay = draw_overlay(photo, both, sphere_faces, camera)
    expected = draw_overlay(photo, good, sphere_faces, camera)
    if center != (0, 0, 0.05):  # that one is around the camera and may well be seen
        assert changed(expected, overlay).mean() < 0.05


def test_person_partly_outside_is_drawn_inside(photo, make_people, sphere_faces, camera):
    people = make_people([(-1.15, 0, 3), (0, 0.9, 3)])
    difference = changed(photo, draw_overlay(photo, people, sphere_faces, camera))
    assert difference[mesh_mask(people, sphere_faces, camera)].mean() > 0.98


@pytest.mark.parametrize("shape", [(60, 160, 3), (120, 160), (120, 160, 4)])
def test_image_of_another_size_is_refused(make_people, sphere_faces, camera, shape):
    with pytest.raises(ImageError, match=r"expected \(120, 160, 3\) uint8"):
        draw_overlay(np.zeros(shape, np.uint8), make_people([]), sphere_faces, camera)


def test_id_colours_are_stable_and_apart():
    assert id_color(7) == id_color(7) == id_color(np.uint32(7))
    colors = np.array([id_color(i) for i in range(1, 13)], float)
    assert colors.min() >= 0 and colors.max() <= 255
    distance = np.linalg.norm(colors[:, None] - colors, axis=-1)
    assert distance[~np.eye(12, dtype=bool)].min() > 40
    # Dark ink on them stays legible.
    assert (colors @ (0.114, 0.587, 0.299)).min() > 75


def test_any_id_of_32_bits_has_a_colour():
    assert all(0 <= c <= 255 for c in id_color(2**32 - 1))


def test_code_without_a_place_for_a_cache_still_compiles():
    # numba finds no folder for code that comes from no file, as on a read-only machine.
    scope = {}
    exec(compile("def double(x):\n    return 2 * x", "<nowhere>", "exec"), scope)
    assert jit(scope["double"])(21) == 42


def test_warm_up_leaves_nothing_to_compile(photo, make_people, sphere_faces, camera):
    from humans4d_core.drawing import shading
    from humans4d_core.mesh import visibility, z_buffer

    warm_up()
    modules = (shading, visibility, z_buffer)
    kernels = [k for m in modules for k in vars(m).values() if hasattr(k, "signatures")]
    before = [len(k.signatures) for k in kernels]
    states = [TrackState.CONFIRMED, TrackState.OCCLUDED]
    people = make_people([(0, 0, 3), (0.3, 0, 3)], states)
    draw_overlay(photo, people, sphere_faces, camera)
    assert len(kernels) >= 6 and min(before) >= 1
    assert [len(k.signatures) for k in kernels] == before
