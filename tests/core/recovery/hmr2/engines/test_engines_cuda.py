"""On a real GPU: graphs, memory and copies, as nothing can stand in for them elsewhere."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from humans4d_core.recovery.engines.rotation_deviation import (
    rotation_deviation,
    sample_crops_like_images,
)
from humans4d_core.recovery.hmr2.engines import choose_engine
from humans4d_core.recovery.hmr2.engines.torch_cpu import TorchCpuEngine
from humans4d_core.recovery.hmr2.engines.torch_cuda import TorchCudaEngine
from humans4d_core.recovery.hmr2.frame_prediction import FramePredictor
from humans4d_core.recovery.hmr2.token_reduction import TokenReduction

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]

BOXES = np.array(((20, 10, 120, 230), (150, 40, 230, 200), (-80, 100, 900, 800)), np.float64)


@pytest.fixture
def embodied(tiny_model, body):
    model = copy.copy(tiny_model)
    model.body = body
    return model


@pytest.fixture
def engine(embodied, caplog):
    engine = TorchCudaEngine(embodied, "fp32")
    yield engine
    assert "cannot be recorded" not in caplog.text


def assert_same(found, expected, tolerance=1e-4):
    for one, other in zip(found, expected, strict=True):
        if other is not None:
            torch.testing.assert_close(one.cpu(), other, atol=tolerance, rtol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 16, 19])
def test_graphs_compute_what_the_cpu_computes(engine, embodied, count):
    crops = sample_crops_like_images(count, seed=count)
    output, bodies = engine.run_bodies(crops)
    expected, expected_bodies = TorchCpuEngine(embodied).run_bodies(crops)
    assert_same(output, expected)
    assert_same(bodies, expected_bodies)


def test_graphs_that_share_memory_run_in_any_order(engine, embodied):
    """What one leaves in the memory they share is nobody's, and results stay what they were."""
    engine.warm_up()
    sets = [sample_crops_like_images(count, seed=count) for count in (1, 16, 2, 8, 4, 1, 16, 3)]
    results = [engine.run_bodies(crops) for crops in sets]
    reference = TorchCpuEngine(embodied)
    for crops, (output, bodies) in zip(sets, results, strict=True):
        expected, expected_bodies = reference.run_bodies(crops)
        assert_same(output, expected)
        assert_same(bodies, expected_bodies)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_is_recorded_and_near(embodied, precision):
    crops = sample_crops_like_images(5)
    output = TorchCudaEngine(embodied, precision).run(crops)
    assert rotation_deviation(output, embodied(crops)).mean() < 0.5


def test_merging_tokens_can_be_recorded(embodied):
    crops = sample_crops_like_images(2)
    reduction = TokenReduction(1, 100)
    with_graphs = TorchCudaEngine(embodied, "fp32", reduction=reduction).run(crops)
    launched = TorchCudaEngine(embodied, "fp32", reduction=reduction, use_graphs=False).run(crops)
    assert_same(with_graphs, [tensor.cpu() for tensor in launched])


def test_memory_given_back_is_taken_again(engine, embodied):
    crops = sample_crops_like_images(2)
    first = engine.run(crops)
    assert engine.free_memory() and not engine.free_memory()
    assert_same(engine.run(crops), [tensor.cpu() for tensor in first])


def test_a_worker_thread_runs_what_another_recorded(engine, embodied):
    engine.warm_up((2,))
    crops = sample_crops_like_images(2)
    with ThreadPoolExecutor(1) as worker:
        output = worker.submit(engine.run, crops).result()
    assert_same(output, embodied(crops))


def test_frames_follow_each_other_without_a_mix(embodied):
    """Buffers are used again while the device may still read them."""
    predict = FramePredictor(TorchCudaEngine(embodied, "fp32"))
    images = np.random.default_rng(0).integers(0, 256, (12, 480, 640, 3), np.uint8)
    alone = [FramePredictor(predict.engine)(image, BOXES) for image in images]
    for image, expected in zip(images, alone, strict=True):
        found = predict(image, BOXES)
        np.testing.assert_allclose(found.vertices, expected.vertices, atol=1e-5)


def test_a_frame_on_the_gpu_is_near_that_on_the_cpu(embodied):
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    on_gpu = FramePredictor(choose_engine(embodied).engine)(image, BOXES)
    on_cpu = FramePredictor(choose_engine(embodied, "cpu", "torch", "fp32").engine)(image, BOXES)
    assert np.abs(on_gpu.vertices - on_cpu.vertices).mean() < 0.01
