"""What all engines have in common."""

import numpy as np
import pytest
import torch

from humans4d_core.errors import Humans4dError
from humans4d_core.recovery.engines import NetworkOutput
from humans4d_core.recovery.engines.engine import OUTPUT_SHAPES, BatchedEngine, is_out_of_memory
from humans4d_core.recovery.engines.rotation_deviation import (
    rotation_deviation,
    sample_crops_like_images,
)
from humans4d_core.recovery.hmr2.engines.torch_cpu import TorchCpuEngine

CPU = torch.device("cpu")


def numbered(images: torch.Tensor) -> NetworkOutput:
    """Every output of a person is the first pixel of the crop."""
    values = images[:, 0, 0, 0]
    return NetworkOutput(
        *(values.view(-1, *[1] * len(shape)).expand(-1, *shape) for shape in OUTPUT_SHAPES)
    )


def numbered_crops(count: int) -> torch.Tensor:
    crops = torch.zeros(count, 3, 256, 256)
    crops[:, 0, 0, 0] = torch.arange(1, count + 1)
    return crops


class SmallMemory:
    """Holds so many people, then runs out as a GPU does."""

    def __init__(self, people: int):
        self.people, self.batches = people, []

    def __call__(self, images: torch.Tensor) -> NetworkOutput:
        self.batches.append(len(images))
        if len(images) > self.people:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return numbered(images)


def test_a_crowd_is_split_and_keeps_its_order():
    engine = BatchedEngine("split", "fp32", CPU, numbered, None, max_batch=8)
    output = engine.run(numbered_crops(21))
    assert output.body_pose.shape == (21, 23, 3, 3)
    assert output.betas[:, 0].tolist() == list(range(1, 22))


def test_out_of_memory_halves_the_batch_for_good():
    network = SmallMemory(3)
    engine = BatchedEngine("small", "fp32", CPU, network, None, max_batch=16)
    assert engine.run(numbered_crops(9)).camera[:, 0].tolist() == list(range(1, 10))
    assert network.batches == [9, 4, 2, 2, 2, 2, 1]
    network.batches.clear()
    engine.run(numbered_crops(3))
    assert network.batches == [2, 1]


def test_out_of_memory_at_one_person_is_one_sentence():
    network = SmallMemory(0)
    engine = BatchedEngine("none", "fp32", CPU, network, None, max_batch=16)
    with pytest.raises(Humans4dError, match="memory of cpu .*--device cpu"):
        engine.run(numbered_crops(5))
    assert network.batches == [5, 2, 1]


class ManyGraphs(BatchedEngine):
    """An engine whose memory for speed leaves none to run in, until it is given back."""

    def __init__(self, in_the_end: int):
        self.network_at_work = SmallMemory(0)
        self.in_the_end = in_the_end
        super().__init__("many", "fp32", CPU, self.network_at_work, None, max_batch=4)

    def free_memory(self) -> bool:
        had_any = self.network_at_work.people == 0
        self.network_at_work.people = self.in_the_end
        return had_any


def test_one_person_is_tried_again_when_memory_came_back():
    engine = ManyGraphs(in_the_end=1)
    assert engine.run(numbered_crops(1)).camera[:, 0].tolist() == [1]
    assert engine.network_at_work.batches == [1, 1]


def test_memory_that_never_suffices_is_not_waited_for():
    engine = ManyGraphs(in_the_end=0)
    with pytest.raises(Humans4dError, match="on one person"):
        engine.run(numbered_crops(1))
    assert engine.network_at_work.batches == [1, 1]


def test_a_smaller_batch_is_said_aloud(caplog):
    BatchedEngine("small", "fp32", CPU, SmallMemory(3), None, max_batch=16).run(numbered_crops(5))
    assert "memory of cpu ran out with 5 people at once: 2 from now on" in caplog.text


@pytest.mark.parametrize(
    "error, is_it",
    [
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (KeyError("memory"), False),
    ],
)
def test_all_who_run_out_of_memory_are_understood(error, is_it):
    def network(images):
        if len(images) > 1:
            raise error
        return numbered(images)

    engine = BatchedEngine("small", "fp32", CPU, network, None, max_batch=16)
    if is_it:
        assert engine.run(numbered_crops(3)).camera[:, 0].tolist() == [1, 2, 3]
    else:
        with pytest.raises(type(error)):
            engine.run(numbered_crops(3))


def test_an_error_on_top_of_running_out_of_memory_is_that():
    """The end of a recording that ran out of memory can fail by itself, in other words."""
    try:
        try:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        finally:
            raise RuntimeError("operation failed due to a previous error during capture")
    except RuntimeError as error:
        assert is_out_of_memory(error)


def test_nobody_launches_nothing(body):
    network = SmallMemory(0)
    engine = BatchedEngine("idle", "fp32", CPU, network, body, max_batch=16)
    output, bodies = engine.run_bodies(torch.empty(0, 3, 256, 256))
    assert network.batches == []
    assert [value.shape for value in output] == [(0, *shape) for shape in OUTPUT_SHAPES]
    assert bodies.vertices.shape == (0, body.model.num_vertices, 3)


def test_crops_of_another_size_are_refused():
    engine = BatchedEngine("split", "fp32", CPU, numbered, None, max_batch=8)
    with pytest.raises(ValueError, match=r"\(2, 3, 256, 192\)"):
        engine.run(torch.zeros(2, 3, 256, 192))


def test_bodies_are_those_of_the_parameters(model_with_body, body):
    output, bodies = TorchCpuEngine(model_with_body).run_bodies(sample_crops_like_images(2))
    expected = body(output.global_orient, output.body_pose, output.betas)
    assert torch.equal(bodies.vertices, expected.vertices)


def test_an_engine_without_body_gives_parameters_only(tiny_model):
    output, bodies = TorchCpuEngine(tiny_model).run_bodies(sample_crops_like_images(1))
    assert bodies is None
    assert output.betas.shape == (1, 10)


def test_deviation_is_the_angle_between_rotations():
    eye = torch.eye(3).expand(1, 24, 3, 3)
    angle = torch.tensor(0.01)
    turn = eye.clone()
    turn[0, 5, :2, :2] = torch.stack(
        (torch.stack((angle.cos(), -angle.sin())), torch.stack((angle.sin(), angle.cos())))
    )
    outputs = [NetworkOutput(r[:, :1], r[:, 1:], None, None) for r in (turn, eye)]
    degrees = rotation_deviation(*outputs)
    assert degrees.shape == (1, 24)
    assert degrees[0, 5] == pytest.approx(np.degrees(0.01), rel=1e-4)
    assert degrees.sum() == pytest.approx(degrees[0, 5].item())


def test_deviation_of_a_network_that_overflowed_is_not_a_number():
    eye = torch.eye(3).expand(1, 24, 3, 3)
    broken = NetworkOutput(eye[:, :1] * float("nan"), eye[:, 1:], None, None)
    assert (
        rotation_deviation(broken, NetworkOutput(eye[:, :1], eye[:, 1:], None, None)).isnan().any()
    )
