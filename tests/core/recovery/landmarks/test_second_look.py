"""Who lies, hangs, crouches or is cut off: rendered bodies whose pose and place are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humans4d_core.body import EMBEDDED_BODY, read_body_file
from humans4d_core.config import RecoveryConfig
from humans4d_core.geometry import project
from humans4d_core.recovery import create_recovery
from humans4d_core.recovery.landmarks import blazepose
from humans4d_core.recovery.landmarks.regions import Regions
from humans4d_core.recovery.landmarks.second_look import (
    SIDES,
    box_overlap,
    is_doubted,
    own_overlap,
    regions_around,
)
from humans4d_core.simulation.scene_image import background, paint, part_faces
from humans4d_core.types import Camera, Detections, Frame

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)
FACING = np.diag([1.0, -1.0, -1.0])  # SMPL's axes of somebody who looks at the camera
COLORS = np.array([[[140, 170, 220], [60, 60, 160], [120, 70, 40]]])


def turn(axis, degrees):
    a = np.radians(degrees)
    rotation = np.eye(3)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    rotation[i, i] = rotation[j, j] = np.cos(a)
    rotation[i, j], rotation[j, i] = -np.sin(a), np.sin(a)
    return rotation


@pytest.fixture(scope="module")
def recovery():
    return create_recovery(RecoveryConfig("landmarks"), threads=2)


@pytest.fixture(scope="module")
def rendered(recovery):
    """Function: roll (degrees in the image), place of the hips (3,) m, pose -> image, box and
    joints (24, 3) m."""
    body = recovery.body
    parts = part_faces(read_body_file(EMBEDDED_BODY))
    standing = np.tile(np.eye(3), (23, 1, 1))
    standing[15], standing[16] = turn("z", -75), turn("z", 75)  # arms down

    def render(roll=0.0, at=(0.0, 0.0, 3.5), pose=None, yaw=20.0):
        local = standing.copy()
        for joint, rotation in (pose or {}).items():
            local[joint - 1] = rotation
        orient = turn("z", roll) @ FACING @ turn("y", yaw)
        posed = body(orient[None], local[None], np.zeros((1, 10)))
        joints = posed.joints[0]
        shift = np.array(at) - joints[1:3].mean(0)
        vertices = (posed.vertices[0] + shift)[None]
        random = np.random.default_rng(0)
        scene = paint(background(CAMERA), vertices, parts, COLORS, [], CAMERA, 1.0, random)
        return scene.image_bgr, scene.visible_boxes_px, joints + shift

    return render


def recover(recovery, image, boxes, score=0.9):
    scores = np.full(len(boxes), score, np.float32)
    return recovery.recover(Frame(image, 0, CAMERA), Detections(boxes, scores))


def error_in_image(bodies, joints):
    """Mean distance of projected joints from the true ones, over the person's size."""
    true = project(joints, CAMERA)
    return np.linalg.norm(bodies.joints_px[0] - true, axis=1).mean() / np.ptp(true, axis=0).max()


CROUCH = {1: turn("x", -110), 2: turn("x", -110), 4: turn("x", 130), 5: turn("x", 130),
          3: turn("x", 15), 6: turn("x", 15)}  # fmt: skip


@pytest.mark.parametrize("pose", [None, CROUCH], ids=["straight", "crouching"])
@pytest.mark.parametrize("roll", [90.0, 270.0])
def test_who_lies_becomes_a_body_where_it_is(recovery, rendered, roll, pose):
    image, box, joints = rendered(roll, pose=pose)
    bodies = recover(recovery, image, box)
    assert len(bodies) == 1
    assert error_in_image(bodies, joints) < 0.04
    hips = joints[1:3].mean(0)
    assert np.linalg.norm(bodies.pelvis_cam[0] - hips) < 0.2 * hips[2]
    head = (bodies.joints_cam[0, 15] - bodies.pelvis_cam[0]) @ (joints[15] - hips)
    assert head > 0.25  # the head is where the head is
    np.testing.assert_array_equal(bodies.boxes_px, box)
    np.testing.assert_allclose(bodies.joints_px, project(bodies.joints_cam, CAMERA), atol=1e-2)
    vertices_px = project(bodies.vertices_cam[0], CAMERA)
    np.testing.assert_allclose(
        np.concatenate((vertices_px.min(0), vertices_px.max(0))), box[0], atol=40
    )


def test_who_is_upside_down_and_not_seen_at_first_becomes_a_body(recovery, rendered):
    # Seated and seen from the side: the network sees nobody in the upright region.
    pose = {1: turn("x", -90), 2: turn("x", -90), 4: turn("x", 90), 5: turn("x", 90)}
    image, box, joints = rendered(180.0, pose=pose, yaw=70.0)
    first = Regions((box[:, :2] + box[:, 2:]) / 2.0, 1.25 * np.ptp(box.reshape(-1, 2, 2), axis=1)
                    .max(1), np.zeros(1))  # fmt: skip
    assert recovery.landmarks._read_well(image, first).presence[0] < 0.5
    bodies = recover(recovery, image, box)
    assert len(bodies) == 1 and error_in_image(bodies, joints) < 0.05


def test_who_is_cut_off_above_the_hips_becomes_a_body(recovery, rendered):
    image, box, joints = rendered(at=(0.0, 0.75, 3.0))
    assert box[0, 3] == CAMERA.height
    bodies = recover(recovery, image, box)
    assert len(bodies) == 1
    assert np.linalg.norm(bodies.pelvis_cam[0] - joints[1:3].mean(0)) < 0.6


def test_people_who_lie_are_looked_for_in_one_batch(recovery, rendered, monkeypatch):
    image, box, _ = rendered(90.0)
    calls = []
    read = blazepose.BlazePose._read

    def counted(self, image, regions):
        calls.append(len(regions))
        return read(self, image, regions)

    monkeypatch.setattr(blazepose.BlazePose, "_read", counted)
    bodies = recover(recovery, image, np.repeat(box, 3, axis=0))
    assert len(bodies) == 3
    np.testing.assert_allclose(bodies.joints_cam[1:], bodies.joints_cam[:1].repeat(2, 0), atol=1e-3)
    # The first look, the other regions, and what the network asks for after each of them.
    assert len(calls) <= 2 * blazepose._MOST_READS and 3 * len(SIDES) in calls


def test_who_stands_is_looked_at_once(recovery, rendered, monkeypatch):
    image, box, _ = rendered()
    monkeypatch.setattr(
        blazepose.BlazePose, "_with_second_look", lambda *_: pytest.fail("this costs time")
    )
    assert len(recover(recovery, image, box)) == 1


def test_an_unsure_box_is_not_looked_for_again(rendered, monkeypatch):
    careful = create_recovery(RecoveryConfig("landmarks"), threads=2, sure_score=0.5)
    image, box, _ = rendered(90.0)
    looked = []

    def nothing_new(_, look, rows, landmarks):
        looked.append(rows)
        return landmarks

    monkeypatch.setattr(blazepose.BlazePose, "_with_second_look", nothing_new)
    recover(careful, image, box, score=0.4)
    assert not looked
    recover(careful, image, box, score=0.6)
    assert len(looked) == 1


@pytest.mark.parametrize("beside", [(0, 60), (90, 0), (500, 500)])
def test_what_the_neighbours_box_shows_is_not_taken(recovery, monkeypatch, beside):
    person = np.array([100.0, 100, 200, 180])
    boxes = np.stack((person, person + np.tile(beside, 2)))

    def always_the_first(image, regions):
        pixels = np.random.default_rng(0).uniform(person[:2], person[2:], (len(regions), 33, 2))
        pixels[:, 0], pixels[:, 1] = person[:2], person[2:]
        filler = np.zeros((len(regions), 33, 3)), np.ones((len(regions), 33))
        return blazepose.Landmarks(pixels, *filler, np.ones(len(regions)), regions)

    monkeypatch.setattr(recovery.landmarks, "_read", always_the_first)
    image = np.zeros((400, 400, 3), np.uint8)
    landmarks = always_the_first(image, regions_around(boxes).select([0, 1]))
    landmarks.presence[:] = 0
    look = blazepose._Look(image, boxes)
    found = recovery.landmarks._with_second_look(look, np.array([1, 0]), landmarks)
    np.testing.assert_array_equal(found.presence, [1, 0])


@settings(deadline=None, max_examples=8)
@given(st.sampled_from([1, 2, 3]), st.floats(-40, 40), st.floats(-30, 30))
def test_a_reading_turns_with_its_region_and_its_image(recovery, rendered, quarter, x, y):
    """The same pixels read in a turned image: landmarks and metres turn exactly with it."""
    image, box, _ = rendered()
    image = np.ascontiguousarray(image[:, 80:560])  # square
    center = (box[0, :2] + box[0, 2:]) / 2 - (80, 0) + (x, y)
    upright = Regions(center[None], np.array([420.0]), np.zeros(1))
    turned_image = np.ascontiguousarray(np.rot90(image, -quarter))  # clockwise
    cosine, sine = np.round(np.cos(quarter * np.pi / 2)), np.round(np.sin(quarter * np.pi / 2))
    clockwise = np.array([[cosine, -sine], [sine, cosine]])
    middle = np.full(2, (len(image) - 1) / 2)

    def moved(points):
        return (points - middle) @ clockwise.T + middle

    turned = Regions(moved(center)[None], np.array([420.0]), np.array([quarter * np.pi / 2]))
    first = recovery.landmarks._read(image, upright)
    second = recovery.landmarks._read(turned_image, turned)
    np.testing.assert_allclose(second.pixels, moved(first.pixels), atol=1.5)
    np.testing.assert_allclose(second.world[..., :2], first.world[..., :2] @ clockwise.T, atol=0.02)
    np.testing.assert_allclose(second.world[..., 2], first.world[..., 2], atol=0.02)
    np.testing.assert_allclose(second.wanted.centers, moved(first.wanted.centers), atol=2.5)
    change = second.wanted.angles - first.wanted.angles - quarter * np.pi / 2
    np.testing.assert_allclose(np.sin(change), 0, atol=0.03)
    np.testing.assert_allclose(np.cos(change), 1, atol=0.03)


@given(st.floats(0, 2 * np.pi), st.floats(20, 900), st.floats(-50, 700), st.floats(-50, 700))
def test_crop_pixels_go_to_the_image_and_back(angle, size, x, y):
    regions = Regions(np.array([[x, y]]), np.array([size]), np.array([angle]))
    matrix = np.vstack((regions.crop_to_image()[0], (0, 0, 1)))
    points = np.array([(0.0, 0, 1), (256, 0, 1), (13, 200, 1)]).T
    np.testing.assert_allclose(np.linalg.solve(matrix, matrix @ points), points, atol=1e-6)


def test_regions_are_those_of_each_box_together():
    regions = regions_around(np.array([[0, 0, 10, 30], [100, 50, 180, 70.0]]))
    assert len(regions) == 2 * len(SIDES)
    np.testing.assert_allclose(regions.sizes, np.concatenate((30 * SIDES, 80 * SIDES)))
    np.testing.assert_allclose(regions.centers[[0, -1]], [(5, 15), (140, 60)])
    assert len(set(np.round(regions.angles[: len(SIDES)], 3).tolist())) == 4


def test_overlap_is_with_what_the_image_shows():
    box = np.array([[10, 60, 50, 100.0]])
    corners = np.zeros((1, 33, 2))
    corners[0, 0], corners[0, 1:] = (10, 60), (50, 180)  # the legs are below the image
    np.testing.assert_allclose(box_overlap(corners, box, 200, 100), [[1.0]])
    np.testing.assert_allclose(box_overlap(corners, box + 500, 200, 100), [[0.0]])


def test_a_reading_that_fills_the_neighbours_box_better_is_the_neighbours():
    overlaps = np.array([[0.8, 0.3], [0.7, 0.4], [0.75, 0.78]])
    np.testing.assert_array_equal(own_overlap(overlaps, np.array([0, 1, 0])), [0.8, 0, 0.75])


def test_nobody_can_be_read(recovery):
    found = recovery.landmarks(np.zeros((40, 40, 3), np.uint8), np.zeros((0, 4)))
    assert found.pixels.shape == (0, 33, 2)
    assert not is_doubted(np.zeros(0), np.zeros(0), np.zeros((0, 4))).any()
