"""HMR 2.0 in the product: which checkpoint, what bodies, what happens to odd boxes."""

import numpy as np
import pytest
import torch

from humans4d_core.errors import Humans4dError, ModelFileError
from humans4d_core.geometry import crop_camera_to_translation, pixels_to_rays, project
from humans4d_core.recovery import create_recovery
from humans4d_core.types import Camera, Detections, Frame

BOXES = np.array([[100, 50, 300, 600], [500, 200, 700, 500], [-40, 300, 90, 790]], np.float32)


@pytest.fixture(scope="module")
def recovery(tiny_hmr2):
    return create_recovery("hmr2", checkpoint=tiny_hmr2)


@pytest.fixture(scope="module")
def frame(parity_folder):
    image = np.load(parity_folder / "crops.npz")["image_bgr"]
    return Frame(image, 0, Camera(800, 820, 470, 350, 960, 720))


def detections(boxes=BOXES):
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    return Detections(boxes, np.full(len(boxes), 0.8, np.float32))


def test_bodies_stand_where_the_weak_camera_puts_them(recovery, frame):
    bodies = recovery.recover(frame, detections())
    assert (bodies.recovery, bodies.body_model, len(bodies)) == ("hmr2", "smpl", 3)
    crops_centers = torch.tensor((BOXES[:, :2] + BOXES[:, 2:]) / 2)
    extent = torch.tensor(BOXES[:, 2:] - BOXES[:, :2])
    sizes = torch.maximum(extent[:, 0] / 0.75, extent[:, 1])
    # The weak camera follows from the translation: s = 2 f / (b tz) with the mean focal length.
    scale = 2 * 810 / (sizes.numpy() * bodies.translation_cam[:, 2])
    offset = bodies.translation_cam[:, :2] - (
        (crops_centers.numpy() - (470, 350)) * bodies.translation_cam[:, 2:] / (800, 820)
    )
    weak = torch.tensor(np.column_stack((scale, offset)))
    again = crop_camera_to_translation(
        weak, crops_centers.double(), sizes.double(), torch.tensor([800.0, 820.0]).double(),
        torch.tensor([470.0, 350.0]).double(),
    )  # fmt: skip
    np.testing.assert_allclose(again.numpy(), bodies.translation_cam, rtol=1e-4)
    np.testing.assert_allclose(
        bodies.joints_px, project(bodies.joints_cam, frame.camera), rtol=1e-4, atol=1e-2
    )


def test_translation_with_the_originals_focal_length_is_the_originals(recovery, frame):
    """On a camera with the original's focal length and centre, the depth is 2 F / (b s)."""
    focal = 5000 / 256 * 960
    bodies = recovery.recover(
        Frame(frame.image_bgr, 0, Camera(focal, focal, 480, 360, 960, 720)), detections()
    )
    real = recovery.recover(frame, detections())
    # The network sees the same crops, so that only focal length and centre move the body.
    ratio = bodies.translation_cam[:, 2] / real.translation_cam[:, 2]
    np.testing.assert_allclose(ratio, focal / 810, rtol=1e-4)
    np.testing.assert_allclose(bodies.body_pose, real.body_pose, atol=1e-6)


def test_vertices_and_joints_are_the_posed_bodys(recovery, frame):
    bodies = recovery.recover(frame, detections())
    posed = recovery.body(
        torch.tensor(bodies.global_orient), torch.tensor(bodies.body_pose),
        torch.tensor(bodies.betas),
    )  # fmt: skip
    translation = bodies.translation_cam[:, None]
    np.testing.assert_allclose(bodies.vertices_cam - translation, posed.vertices, atol=2e-4)
    np.testing.assert_allclose(bodies.joints_cam - translation, posed.joints, atol=2e-4)


def test_rows_of_a_batch_do_not_depend_on_each_other(recovery, frame):
    together = recovery.recover(frame, detections())
    alone = recovery.recover(frame, detections(BOXES[1]))
    np.testing.assert_allclose(together.joints_cam[1:2], alone.joints_cam, rtol=1e-3, atol=1e-3)


def test_no_boxes_and_odd_boxes_are_an_empty_result(recovery, frame):
    odd = [(5, 5, 5, 90), (np.nan, 0, 9, 9), (2000, 0, 2100, 90), (9, 9, 2, 2), (0, 0, np.inf, 5)]
    for boxes in (np.zeros((0, 4)), odd):
        bodies = recovery.recover(frame, detections(boxes))
        assert len(bodies) == 0
        assert bodies.vertices_cam.shape == (0, 6890, 3) and bodies.body_model == "smpl"


def test_a_hundred_boxes_and_one_larger_than_the_image(recovery, frame):
    boxes = np.concatenate((np.repeat(BOXES[:1], 99, 0), [[-3000, -3000, 4000, 4000]]))
    bodies = recovery.recover(frame, detections(boxes))
    assert len(bodies) == 100 and np.isfinite(bodies.vertices_cam).all()
    np.testing.assert_allclose(bodies.betas[98], bodies.betas[0], atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (7680, 4320)])
def test_images_of_any_size(recovery, size):
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    frame = Frame(image, 0, Camera(width, width, width / 2, height / 2, width, height))
    box = (-1, -1, width + 1, height + 1)
    assert np.isfinite(recovery.recover(frame, detections(box)).joints_cam).all()


def test_a_distorted_camera_moves_the_body_to_its_ideal_ray(recovery, frame):
    lens = Camera(800, 820, 470, 350, 960, 720, (-0.2, 0.05, 0, 0, 0))
    straight = recovery.recover(frame, detections()).translation_cam
    bent = recovery.recover(Frame(frame.image_bgr, 0, lens), detections()).translation_cam
    centers = (BOXES[:, :2] + BOXES[:, 2:]) / 2
    # The weak camera's own offset is in metres and does not depend on the lens.
    offset = straight[:, :2] - pixels_to_rays(centers, frame.camera) * straight[:, 2:]
    rays = (bent[:, :2] - offset) / bent[:, 2:]
    np.testing.assert_allclose(rays, pixels_to_rays(centers, lens), atol=1e-4)


def test_auto_takes_the_checkpoint_that_is_named_else_the_default(tiny_hmr2, monkeypatch):
    assert create_recovery("auto").name == "landmarks"
    assert create_recovery("auto", checkpoint=tiny_hmr2).name == "hmr2"
    monkeypatch.setenv("HUMANS4D_CHECKPOINT", str(tiny_hmr2))
    recovery = create_recovery("auto")
    assert recovery.name == "hmr2" and "cpu" in recovery.description
    assert create_recovery("landmarks").name == "landmarks"


def test_hmr2_without_a_checkpoint_says_how_to_give_one(monkeypatch):
    with pytest.raises(ModelFileError, match="--checkpoint.*HUMANS4D_CHECKPOINT"):
        create_recovery("hmr2")
    monkeypatch.setenv("HUMANS4D_CHECKPOINT", "nowhere.ckpt")
    with pytest.raises(ModelFileError, match="nowhere.ckpt does not exist"):
        create_recovery("auto")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_absent_is_said(tiny_hmr2):
    with pytest.raises(Humans4dError, match="cuda"):
        create_recovery("hmr2", checkpoint=tiny_hmr2, device="cuda")
