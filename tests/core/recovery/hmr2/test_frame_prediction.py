"""From an image and boxes to bodies on the host."""

import numpy as np
import pytest
import torch

from humans4d_core.errors import Humans4dError, ImageError
from humans4d_core.recovery.engines import NetworkOutput
from humans4d_core.recovery.engines.rotation_deviation import rotation_deviation
from humans4d_core.recovery.hmr2 import crop_people
from humans4d_core.recovery.hmr2 import frame_prediction as frame_module
from humans4d_core.recovery.hmr2.engines.torch_cpu import TorchCpuEngine
from humans4d_core.recovery.hmr2.frame_prediction import FramePredictor


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)


BOXES = np.array(((20, 10, 120, 230), (150, 40, 230, 200), (280, 100, 400, 300)), np.float64)


def test_a_frame_gives_what_crops_and_engine_give(model_with_body, image):
    engine = TorchCpuEngine(model_with_body)
    people = FramePredictor(engine)(image, BOXES)
    crops = crop_people(image, BOXES)
    output, bodies = engine.run_bodies(crops.images)
    assert np.array_equal(people.body_pose, output.body_pose.numpy())
    assert np.array_equal(people.vertices, bodies.vertices.numpy())
    assert np.array_equal(people.centers, crops.centers)


def test_a_frame_on_a_device_travels_once_each_way(model_with_body, image, monkeypatch):
    """The way of a GPU, on the CPU: the device's crops, one buffer up, one down."""
    engine = TorchCpuEngine(model_with_body)
    on_host = FramePredictor(engine)(image, BOXES)
    monkeypatch.setattr(frame_module, "_stays_on_host", lambda device: False)
    predict = FramePredictor(engine)
    on_device = predict(image, BOXES)
    assert on_device.vertices.shape == on_host.vertices.shape
    assert np.array_equal(on_device.sizes, on_host.sizes)
    angles = rotation_deviation(*(
        NetworkOutput(torch.from_numpy(p.global_orient), torch.from_numpy(p.body_pose), None, None)
        for p in (on_device, on_host)
    ))  # fmt: skip
    assert angles.mean() < 0.5
    kept = on_device.vertices.copy()
    predict(image[::-1].copy(), BOXES[:2])
    assert np.array_equal(on_device.vertices, kept), "a later frame wrote over an earlier result"


@pytest.mark.parametrize("on_host", [True, False])
def test_a_frame_without_people_is_empty(model_with_body, image, monkeypatch, on_host):
    monkeypatch.setattr(frame_module, "_stays_on_host", lambda device: on_host)
    people = FramePredictor(TorchCpuEngine(model_with_body))(image, np.zeros((0, 4)))
    assert people.vertices.shape == (0, model_with_body.body.model.num_vertices, 3)
    assert people.body_pose.shape == (0, 23, 3, 3)
    assert people.centers.shape == (0, 2)


@pytest.mark.parametrize("on_host", [True, False])
def test_what_is_no_image_is_refused(model_with_body, monkeypatch, on_host):
    monkeypatch.setattr(frame_module, "_stays_on_host", lambda device: on_host)
    with pytest.raises(ImageError, match="expected"):
        FramePredictor(TorchCpuEngine(model_with_body))(np.zeros((5, 5), np.uint8), BOXES)


def test_crops_that_do_not_fit_are_tried_again_and_then_said(model_with_body, image, monkeypatch):
    engine = TorchCpuEngine(model_with_body)
    predict = FramePredictor(engine)
    monkeypatch.setattr(predict, "_crop", fails := Failing(1, predict._crop))
    assert len(predict(image, BOXES).betas) == 3
    fails.times = 2
    with pytest.raises(Humans4dError, match="does not hold the crops of 3 people"):
        predict(image, BOXES)


class Failing:
    """Runs out of memory so many times."""

    def __init__(self, times: int, function):
        self.times, self.function = times, function

    def __call__(self, *arguments):
        if self.times:
            self.times -= 1
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return self.function(*arguments)


@pytest.mark.parametrize("on_host", [True, False])
def test_a_crowd_is_cropped_and_predicted_in_bounded_batches(
    model_with_body, image, monkeypatch, on_host
):
    monkeypatch.setattr(frame_module, "_stays_on_host", lambda device: on_host)
    predict = FramePredictor(TorchCpuEngine(model_with_body))
    whole = predict(image, BOXES[[0, 1, 2, 0, 1]])
    sizes, predict_batch = [], predict._predict

    def counted(part):
        sizes.append(sum(len(boxes) for _, boxes in part))
        return predict_batch(part)

    monkeypatch.setattr(predict, "_predict", counted)
    monkeypatch.setattr(frame_module, "MAX_BATCH", 2)
    parts = predict(image, BOXES[[0, 1, 2, 0, 1]])
    assert sizes == [2, 2, 1]
    for one, other in zip(whole, parts, strict=True):
        if one is not None:
            np.testing.assert_allclose(other, one, atol=1e-4)


@pytest.mark.parametrize("on_host", [True, False])
def test_people_of_many_images_are_those_of_each_in_fewer_batches(
    model_with_body, image, monkeypatch, on_host
):
    monkeypatch.setattr(frame_module, "_stays_on_host", lambda device: on_host)
    monkeypatch.setattr(frame_module, "MAX_BATCH", 4)
    predict = FramePredictor(TorchCpuEngine(model_with_body))
    images = [image, image[::-1, :250].copy(), image[:100].copy(), image[:, ::-1].copy()]
    boxes = [BOXES[:2], BOXES, BOXES[:0], BOXES[1:]]
    sizes, predict_batch = [], predict._predict

    def counted(part):
        sizes.append(sum(len(boxes) for _, boxes in part))
        return predict_batch(part)

    monkeypatch.setattr(predict, "_predict", counted)
    together = predict.of_images(images, boxes)
    assert sizes == [4, 3]
    for of_image, *each in zip(together, images, boxes, strict=True):
        for one, other in zip(of_image, predict(*each), strict=True):
            np.testing.assert_allclose(one, other, atol=2e-5)
