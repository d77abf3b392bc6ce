"""The embedded files are what their README says, and answer like the published models."""

import hashlib
import re

import numpy as np
import pytest
from places import ROOT, SHARED

from humans4d_core.onnx_session import ASSETS, open_session

MODELS = SHARED / "models"
README = (ASSETS / "README.md").read_text()
FILES = sorted(path.name for path in ASSETS.iterdir() if path.suffix in (".onnx", ".npz"))


@pytest.fixture(scope="module")
def reference():
    with np.load(ROOT / "tests" / "data" / "embedded_models.npz") as data:
        return dict(data)


def test_the_readme_names_exactly_the_files_that_are_there():
    assert sorted(set(re.findall(r"`(\w+\.(?:onnx|npz))`", README))) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_checksum_of_the_readme(name):
    checksum = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()
    assert f"{checksum}  {name}" in README


def test_nanodet_answers_like_the_float32_original(reference):
    session = open_session("nanodet_g.onnx", threads=1)
    scores, bins = session.run(["scores", "bins"], {"image": reference["nanodet_image"][None]})
    cells = reference["nanodet_cells"]
    assert scores.shape == (1, 52 * 52 + 26 * 26 + 13 * 13)
    np.testing.assert_allclose(scores[0, cells], reference["nanodet_scores"], atol=1e-5)
    np.testing.assert_allclose(bins[0][..., cells], reference["nanodet_bins"], atol=1e-3)


def test_movenet_boxes_lie_within_a_tenth_of_a_pixel_of_the_float32_original(reference):
    session = open_session("movenet_multipose.onnx", threads=1)
    image = reference["movenet_image"][None]
    centers, maps = session.run(["centers", "boxes"], {"image": image})
    best = np.argsort(-centers.ravel())[: len(reference["movenet_boxes"])]
    rows, columns = np.divmod(best, centers.shape[3])
    y, x, height, width = maps[0][:, rows, columns] * 4
    x, y, width, height = x + columns * 4, y + rows * 4, width.clip(0), height.clip(0)
    boxes = np.stack((x - width / 2, y - height / 2, x + width / 2, y + height / 2), axis=1)
    boxes = boxes.clip(0, (image.shape[2], image.shape[1]) * 2)
    np.testing.assert_allclose(boxes, reference["movenet_boxes"], atol=0.1)


def blazepose_input(image_bgr: np.ndarray) -> np.ndarray:
    """(256, 256, 3) uint8 -> (1, 3, 256, 256) float32 RGB in [0, 1]."""
    return (image_bgr[..., ::-1].transpose(2, 0, 1)[None] / 255).astype(np.float32)


def test_blazepose_answers_like_the_tflite_file(reference):
    image = blazepose_input(reference["blazepose_image"])
    names = ["landmarks", "world_landmarks", "presence", "heatmap"]
    outputs = open_session("blazepose_full.onnx", threads=1).run(names, {"image": image})
    landmarks, world, presence, heatmap = (output[0] for output in outputs)
    np.testing.assert_allclose(
        landmarks[:, [0, 1, 3, 4]], reference["blazepose_landmarks"][:, [0, 1, 3, 4]], atol=2e-3
    )
    np.testing.assert_allclose(landmarks[:, 2], reference["blazepose_landmarks"][:, 2], atol=1e-2)
    np.testing.assert_allclose(world, reference["blazepose_world_landmarks"], atol=1e-3)
    np.testing.assert_allclose(presence, reference["blazepose_presence"], atol=1e-3)
    np.testing.assert_allclose(heatmap[:, ::8, ::8], reference["blazepose_heatmap"], atol=5e-3)


def test_a_batch_of_people_gets_the_answers_of_each(reference):
    image = blazepose_input(reference["blazepose_image"])
    crops = np.concatenate((image, image[..., ::-1], np.zeros_like(image)))
    session = open_session("blazepose_full.onnx", threads=1)
    together = session.run(["landmarks", "presence"], {"image": crops})
    for index in range(len(crops)):
        alone = session.run(["landmarks", "presence"], {"image": crops[index : index + 1]})
        np.testing.assert_allclose(together[0][index], alone[0][0], atol=1e-3)
        np.testing.assert_allclose(together[1][index], alone[1][0], atol=1e-5)


def test_the_tflite_converter_rebuilds_blazepose(tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    tflite = pytest.importorskip("tflite", reason="needs the convert extra")
    source = MODELS / "pose_landmark_full.tflite"
    if not source.is_file():
        pytest.skip(f"{source.name} is not in ../shared/models")
    monkeypatch.syspath_prepend(str(ROOT / "tools" / "assets"))
    import onnx
    from tflite_to_onnx import Converter, Output
    from to_float16 import store_float16

    model = Converter(tflite.Model.GetRootAs(source.read_bytes(), 0)).convert(
        [Output("Identity", "landmarks", (39, 5)), Output("Identity_1", "presence", (1,))]
    )
    assert store_float16(model) == 0
    onnx.save(model, tmp_path / "rebuilt.onnx")
    image = np.random.default_rng(0).random((1, 3, 256, 256), np.float32)
    rebuilt = open_session(tmp_path / "rebuilt.onnx", 1).run(["landmarks"], {"image": image})[0]
    shipped = open_session("blazepose_full.onnx", 1).run(["landmarks"], {"image": image})[0]
    np.testing.assert_allclose(rebuilt, shipped, atol=1e-3)
