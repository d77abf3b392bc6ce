"""What all engines have in common, and which is chosen."""

import sys

import numpy as np
import pytest
import torch

from humans4d_core.body import load_body
from humans4d_core.errors import Humans4dError, ImageError
from humans4d_core.recovery.hmr2 import Hmr2Output, crop_people, load_checkpoint
from humans4d_core.recovery.hmr2.engines import FramePredictor, choose, choose_engine
from humans4d_core.recovery.hmr2.engines import frame as frame_module
from humans4d_core.recovery.hmr2.engines.base import OUTPUT_SHAPES, BatchedEngine
from humans4d_core.recovery.hmr2.engines.deviation import (
    rotation_deviation,
    sample_crops_like_images,
)
from humans4d_core.recovery.hmr2.engines.torch_cpu import ProductSpeeds, TorchCpuEngine
from humans4d_core.recovery.hmr2.token_reduction import TokenReduction

CPU = torch.device("cpu")
AMD = ProductSpeeds(plain=2.0, onednn=1.0, bf16=0.5)
NO_BF16 = ProductSpeeds(plain=1.0, onednn=float("inf"), bf16=3.0)


def numbered(images: torch.Tensor) -> Hmr2Output:
    """Every output of a person is the first pixel of the crop."""
    values = images[:, 0, 0, 0]
    return Hmr2Output(
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

    def __call__(self, images: torch.Tensor) -> Hmr2Output:
        self.batches.append(len(images))
        if len(images) > self.people:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return numbered(images)


@pytest.fixture(scope="module")
def body():
    return load_body()


@pytest.fixture
def model(tiny_model, body):
    tiny_model.body = body
    yield tiny_model
    tiny_model.body = None


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


def test_nobody_launches_nothing(body):
    network = SmallMemory(0)
    engine = BatchedEngine("idle", "fp32", CPU, network, body, max_batch=16)
    output, bodies = engine.run_bodies(torch.empty(0, 3, 256, 256))
    assert network.batches == []
    assert [value.shape for value in output] == [(0, *shape) for shape in OUTPUT_SHAPES]
    assert bodies.vertices.shape == (0, body.num_vertices, 3)


def test_crops_of_another_size_are_refused():
    engine = BatchedEngine("split", "fp32", CPU, numbered, None, max_batch=8)
    with pytest.raises(ValueError, match=r"\(2, 3, 256, 192\)"):
        engine.run(torch.zeros(2, 3, 256, 192))


def test_bodies_are_those_of_the_parameters(model, body):
    output, bodies = TorchCpuEngine(model).run_bodies(sample_crops_like_images(2))
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
    outputs = [Hmr2Output(r[:, :1], r[:, 1:], None, None) for r in (turn, eye)]
    degrees = rotation_deviation(*outputs)
    assert degrees.shape == (1, 24)
    assert degrees[0, 5] == pytest.approx(np.degrees(0.01), rel=1e-4)
    assert degrees.sum() == pytest.approx(degrees[0, 5].item())


def test_deviation_of_a_network_that_overflowed_is_not_a_number():
    eye = torch.eye(3).expand(1, 24, 3, 3)
    broken = Hmr2Output(eye[:, :1] * float("nan"), eye[:, 1:], None, None)
    assert rotation_deviation(broken, Hmr2Output(eye[:, :1], eye[:, 1:], None, None)).isnan().any()


@pytest.mark.parametrize("has_openvino", [True, False])
def test_auto_takes_bf16_where_it_is_faster(has_openvino, tiny_model, monkeypatch):
    if has_openvino:
        pytest.importorskip("openvino")
    monkeypatch.setattr(choose.openvino, "is_installed", lambda: has_openvino)
    monkeypatch.setattr(choose, "product_speeds", lambda: AMD)
    choice = choose_engine(tiny_model, "cpu")
    assert choice.engine.name == ("openvino" if has_openvino else "torch")
    assert choice.engine.precision == "bf16"
    assert "degrees of fp32" in choice.reason


def test_auto_takes_fp32_where_bf16_is_slower(tiny_model, monkeypatch):
    monkeypatch.setattr(choose, "product_speeds", lambda: NO_BF16)
    choice = choose_engine(tiny_model, "cpu")
    assert choice.engine.precision == "fp32"
    assert "bf16 is not faster" in choice.reason


def test_auto_leaves_out_what_deviates_too_much(tiny_model, monkeypatch):
    monkeypatch.setattr(choose, "product_speeds", lambda: AMD)
    monkeypatch.setattr(choose, "_mean_deviation", lambda engine, model: 0.7)
    choice = choose_engine(tiny_model, "cpu")
    assert choice.engine.precision == "fp32"
    assert "bf16 was left out, it is off by 0.7 degrees" in choice.reason


def test_auto_leaves_out_what_overflows(tiny_model, monkeypatch):
    monkeypatch.setattr(choose, "product_speeds", lambda: AMD)
    monkeypatch.setattr(choose, "_mean_deviation", lambda engine, model: float("nan"))
    choice = choose_engine(tiny_model, "cpu")
    assert choice.engine.precision == "fp32"
    assert "no finite rotations" in choice.reason


def test_without_openvino_torch_takes_over_and_says_so(tiny_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(choose.openvino, "is_installed", lambda: False)
    monkeypatch.setattr(choose, "product_speeds", lambda: NO_BF16)
    choice = choose_engine(tiny_model, "cpu")
    assert (choice.engine.name, choice.engine.precision) == ("torch", "fp32")
    assert "pip install 'humans4d[openvino]'" in choice.reason
    with pytest.raises(Humans4dError, match="OpenVINO is not installed"):
        choose_engine(tiny_model, "cpu", "openvino")


def test_what_is_named_is_taken_and_its_deviation_said(tiny_model, monkeypatch):
    monkeypatch.setattr(choose, "_mean_deviation", lambda engine, model: 3.0)
    choice = choose_engine(tiny_model, "cpu", "torch", "bf16")
    assert choice.engine.precision == "bf16"
    assert "within 3 degrees" in choice.reason


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_said_and_not_replaced(tiny_model):
    with pytest.raises(Humans4dError, match="cuda was asked for, .* no GPU"):
        choose_engine(tiny_model, "cuda")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("tpu9",), "tpu9 is not a device"),
        (("meta",), "meta is not supported"),
        (("cpu", "tensorflow"), "engine tensorflow is not known"),
        (("cpu", "torch", "fp8"), "precision fp8 is not known"),
        (("cpu", "torch", "int8"), "torch computes in int8 on cpu: take bf16, fp32"),
        (("cpu", "auto", "fp16"), "no engine computes in fp16 on cpu"),
        (("cpu", "openvino", "fp32", TokenReduction()), "cannot reduce tokens"),
    ],
)
def test_what_cannot_be_had_is_refused(tiny_model, arguments, message):
    with pytest.raises(Humans4dError, match=message):
        choose_engine(tiny_model, *arguments)


def test_token_reduction_is_taken_unjudged_and_said(tiny_model):
    choice = choose_engine(tiny_model, "cpu", precision="fp32", reduction=TokenReduction(1))
    assert "96 tokens after layer 1" in choice.reason
    assert "degrees of fp32" in choice.reason


@pytest.mark.parametrize("engine, precision", [("torch", "fp32"), ("torch", "bf16")])
def test_the_parity_checkpoint_runs_as_the_original(golden, parity_folder, tiny_config, engine,
                                                    precision):  # fmt: skip
    model = load_checkpoint(parity_folder / "tiny_hmr2", tiny_config)
    output, bodies = choose_engine(model, "cpu", engine, precision).engine.run_bodies(golden["img"])
    expected = Hmr2Output(golden["pred_global_orient"], golden["pred_body_pose"], None, None)
    assert rotation_deviation(output, expected).mean() < {"fp32": 2e-3, "bf16": 0.5}[precision]
    tolerance = {"fp32": 2e-5, "bf16": 2e-2}[precision]
    assert (bodies.vertices - golden["pred_vertices"]).abs().max() < tolerance


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)


BOXES = np.array(((20, 10, 120, 230), (150, 40, 230, 200), (280, 100, 400, 300)), np.float64)


def test_a_frame_gives_what_crops_and_engine_give(model, image):
    engine = TorchCpuEngine(model)
    people = FramePredictor(engine)(image, BOXES)
    crops = crop_people(image, BOXES)
    output, bodies = engine.run_bodies(crops.images)
    assert np.array_equal(people.body_pose, output.body_pose.numpy())
    assert np.array_equal(people.vertices, bodies.vertices.numpy())
    assert np.array_equal(people.centers, crops.centers)
    assert people.joints45 is None or people.joints45.shape == (3, 45, 3)


def test_a_frame_on_a_device_travels_once_each_way(model, image, monkeypatch):
    """The way of a GPU, on the CPU: the device's crops, one buffer up, one down."""
    engine = TorchCpuEngine(model)
    predict = FramePredictor(engine)
    on_host = predict(image, BOXES)
    monkeypatch.setattr(frame_module, "_crops_on_host", lambda device: False)
    on_device = predict(image, BOXES)
    assert on_device.vertices.shape == on_host.vertices.shape
    assert np.array_equal(on_device.sizes, on_host.sizes)
    angles = rotation_deviation(*(
        Hmr2Output(torch.from_numpy(p.global_orient), torch.from_numpy(p.body_pose), None, None)
        for p in (on_device, on_host)
    ))  # fmt: skip
    assert angles.mean() < 0.5
    kept = on_device.vertices.copy()
    predict(image[::-1].copy(), BOXES[:2])
    assert np.array_equal(on_device.vertices, kept), "a later frame wrote over an earlier result"


@pytest.mark.parametrize("on_host", [True, False])
def test_a_frame_without_people_is_empty(model, image, monkeypatch, on_host):
    monkeypatch.setattr(frame_module, "_crops_on_host", lambda device: on_host)
    people = FramePredictor(TorchCpuEngine(model))(image, np.zeros((0, 4)))
    assert people.vertices.shape == (0, model.body.num_vertices, 3)
    assert people.body_pose.shape == (0, 23, 3, 3)
    assert people.centers.shape == (0, 2)


@pytest.mark.parametrize("on_host", [True, False])
def test_what_is_no_image_is_refused(model, monkeypatch, on_host):
    monkeypatch.setattr(frame_module, "_crops_on_host", lambda device: on_host)
    with pytest.raises(ImageError, match="expected"):
        FramePredictor(TorchCpuEngine(model))(np.zeros((5, 5), np.uint8), BOXES)
