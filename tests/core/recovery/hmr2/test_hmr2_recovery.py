"""HMR 2.0 in the product: which checkpoint, what bodies, what happens to odd boxes."""

import numpy as np
import pytest
import torch

from humans4d_core.config import RecoveryConfig
from humans4d_core.errors import Humans4dError, ModelFileError
from humans4d_core.geometry import crop_camera_to_translation, pixels_to_rays, project
from humans4d_core.recovery import create_recovery
from humans4d_core.recovery.hmr2 import hmr2_recovery as recovery_module
from humans4d_core.recovery.hmr2.hmr2_recovery import _ideal_squares
from humans4d_core.types import Camera, Detections, Frame

BOXES = np.array([[100, 50, 300, 600], [500, 200, 700, 500], [-40, 300, 90, 790]], np.float32)


@pytest.fixture(scope="module")
def recovery(tiny_hmr2):
    return create_recovery(RecoveryConfig("hmr2", checkpoint=str(tiny_hmr2)))


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
    weak = np.column_stack((scale, offset))
    again = crop_camera_to_translation(
        weak, crops_centers.numpy(), sizes.numpy(), (800.0, 820.0), (470.0, 350.0)
    )
    np.testing.assert_allclose(again, bodies.translation_cam, rtol=1e-4)
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
        bodies.global_orient, bodies.body_pose, bodies.betas,
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
    assert create_recovery(RecoveryConfig("auto")).name == "landmarks"
    assert create_recovery(RecoveryConfig("auto", checkpoint=str(tiny_hmr2))).name == "hmr2"
    monkeypatch.setenv("HUMANS4D_CHECKPOINT", str(tiny_hmr2))
    recovery = create_recovery(RecoveryConfig("auto"))
    assert recovery.name == "hmr2" and "cpu" in recovery.description
    assert create_recovery(RecoveryConfig("landmarks")).name == "landmarks"


def test_hmr2_without_a_checkpoint_says_how_to_give_one(monkeypatch):
    with pytest.raises(ModelFileError, match="--checkpoint.*HUMANS4D_CHECKPOINT"):
        create_recovery(RecoveryConfig("hmr2"))
    monkeypatch.setenv("HUMANS4D_CHECKPOINT", "nowhere.ckpt")
    with pytest.raises(ModelFileError, match="nowhere.ckpt does not exist"):
        create_recovery(RecoveryConfig("auto"))


LENS = (-0.4, 0.05, 0.0, 0.0, 0.0)  # shows nothing beyond some 45 degrees


@pytest.mark.parametrize(
    "box", [(-3000, -3000, 4000, 4000), (-900, 100, 60, 700), (900, 0, 2500, 4000)]
)
def test_boxes_that_reach_beyond_what_a_lens_shows_give_finite_bodies(recovery, frame, box):
    lens = Camera(800, 820, 470, 350, 960, 720, LENS)
    bodies = recovery.recover(Frame(frame.image_bgr, 0, lens), detections(box))
    assert len(bodies) == 1
    for array in (bodies.vertices_cam, bodies.translation_cam, bodies.pelvis_covariance_cam):
        assert np.isfinite(array).all()


def test_a_square_beyond_the_image_goes_on_as_at_its_border(frame):
    """No jump where a box leaves the image."""
    lens = Camera(800, 820, 470, 350, 960, 720, LENS)
    left = np.linspace(-5.0, 5.0, 101)
    centers = np.stack((left, np.full(101, 350.0)), axis=1)
    middles, sides = _ideal_squares(centers, np.full(101, 200.0), lens)
    steps = np.diff(middles[:, 0])
    assert (steps > 0.1).all() and (steps < 0.3).all()
    assert np.abs(np.diff(sides)).max() < 1


def test_boxes_of_absurd_size_do_no_harm(recovery, frame):
    boxes = np.array([(-3e38, -3e38, 3e38, 3e38), (-1e9, -1e9, 1e9, 1e9), BOXES[0]])
    bodies = recovery.recover(frame, detections(boxes))
    np.testing.assert_array_equal(bodies.boxes_px, BOXES[:1])


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.camera.__setitem__((1, 0), -0.5),  # looks the other way
        lambda found: found.camera.__setitem__((1, 1), np.nan),
        lambda found: found.joints.__setitem__((1, 3), np.inf),
    ],
)
def test_what_is_no_body_is_left_out(recovery, frame, monkeypatch, change):
    predict = recovery._predict.of_images

    def spoiled(images, boxes):
        (found,) = predict(images, boxes)
        found = type(found)(*(None if array is None else array.copy() for array in found))
        change(found)
        return [found]

    everybody = recovery.recover(frame, detections())
    monkeypatch.setattr(recovery._predict, "of_images", spoiled)
    others = recovery.recover(frame, detections())
    np.testing.assert_array_equal(others.boxes_px, BOXES[[0, 2]])
    np.testing.assert_array_equal(others.vertices_cam, everybody.vertices_cam[[0, 2]])


def test_the_engine_can_be_named(tiny_hmr2, frame):
    recovery = create_recovery(
        RecoveryConfig("hmr2", checkpoint=str(tiny_hmr2), device="cpu", engine="torch:fp32")
    )
    assert recovery.description.endswith("on cpu (torch): CPU: torch fp32")
    fewer = create_recovery(
        RecoveryConfig("hmr2", checkpoint=str(tiny_hmr2), device="cpu", engine="torch:fp32:100")
    )
    assert "100 tokens after layer 8" in fewer.description
    assert len(fewer.recover(frame, detections())) == 3


@pytest.mark.parametrize(
    "engine, message",
    [
        ("turbo", "engine 'turbo' is not known: auto, torch"),
        ("torch:fp8", "precision 'fp8' is not known: auto, fp32"),
        ("torch:fp32:95", "not ENGINE:PRECISION:TOKENS with 96 to 191 tokens"),
        ("torch:fp32:many", "not ENGINE:PRECISION:TOKENS"),
        ("torch:fp32:96:8", "not ENGINE:PRECISION:TOKENS"),
        ("", "engine '' is not known"),
    ],
)
def test_an_engine_that_is_none_is_one_sentence(tiny_hmr2, engine, message):
    with pytest.raises(Humans4dError, match=message):
        create_recovery(RecoveryConfig("hmr2", checkpoint=str(tiny_hmr2), engine=engine))


def test_what_cannot_be_had_is_said_before_the_weights_are_read(tiny_hmr2, monkeypatch):
    monkeypatch.setattr(recovery_module, "load_checkpoint", None)
    for options in ({"device": "cuda:99"}, {"device": "tpu"}, {"engine": "turbo"}):
        with pytest.raises(Humans4dError):
            create_recovery(RecoveryConfig("hmr2", checkpoint=str(tiny_hmr2), **options))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_absent_is_said(tiny_hmr2):
    with pytest.raises(Humans4dError, match="cuda"):
        create_recovery(RecoveryConfig("hmr2", checkpoint=str(tiny_hmr2), device="cuda"))
