"""A detector of the user's own: tiny networks of each layout, made here.

Their boxes are constants; the scores of the first three are the mean of the red, green and blue
channel as the network gets it, so that the image's way into the network is tested too.
"""

import numpy as np
import pytest
from onnx_files import FLOAT, INT64, node, write_onnx

from humans4d_core.detection import create_detector
from humans4d_core.errors import Humans4dError, ImageError, ModelFileError

SIDE = 64
#: Mean of each channel (BGR) of the test's image, and its size: twice as wide as high.
COLOR = (51, 102, 204)
WIDTH, HEIGHT = 320, 160
#: Boxes relative to the image, as centre and size; the last three overlap nobody.
CENTERS = np.array([[0.2, 0.5, 0.2, 0.8], [0.5, 0.5, 0.2, 0.8], [0.8, 0.5, 0.2, 0.8]], np.float32)
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.fixture
def image():
    return np.full((HEIGHT, WIDTH, 3), COLOR, np.uint8)


def expected_px():
    center, extent = np.split(CENTERS * np.tile([WIDTH, HEIGHT], 2), 2, axis=1)
    return np.concatenate((center - extent / 2, center + extent / 2), axis=1)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, float)))


def logits_of_channels(image_name, output, classes, person):
    """Nodes and tensors: (1, 3, classes), the channels' means at `person`, -9 elsewhere."""
    left = np.full((1, 3, person), -9, np.float32)
    right = np.full((1, 3, classes - person - 1), -9, np.float32)
    nodes = [
        node("ReduceMean", [image_name], "mean", axes=[2, 3], keepdims=1),
        node("Reshape", ["mean", "column"], "means"),
        node("Concat", ["left", "means", "right"], output, axis=2),
    ]
    return nodes, {"left": left, "right": right, "column": np.array([1, 3, 1], np.int64)}


def relative_detr(path, image="input", logits="labels", boxes="dets", classes=91, person=1,
                  size=(SIDE, SIDE), **more):  # fmt: skip
    nodes, tensors = logits_of_channels(image, logits, classes, person)
    nodes.append(node("Identity", ["centers"], boxes))
    outputs = {boxes: (FLOAT, (1, 3, 4)), logits: (FLOAT, (1, 3, classes))}
    tensors["centers"] = CENTERS[None]
    return write_onnx(path, {image: (FLOAT, (1, 3, *size))}, outputs, nodes, tensors, **more)


def decoded_detr(path, labels=(0, 7, 0), scores=(0.9, 0.8, 0.6)):
    """Boxes are the relative ones times the sizes that the network is given."""
    corners = expected_px() / np.tile([WIDTH, HEIGHT], 2)
    nodes = [
        node("Cast", ["orig_target_sizes"], "size", to=FLOAT),
        node("Concat", ["size", "size"], "sizes", axis=1),
        node("Mul", ["corners", "sizes"], "boxes"),
        node("Identity", ["all_labels"], "labels"),
        node("ReduceMean", ["images"], "mean", axes=[1, 2, 3], keepdims=0),
        node("Mul", ["mean", "zero"], "nothing"),
        node("Add", ["all_scores", "nothing"], "scores"),
    ]
    tensors = {
        "corners": corners[None].astype(np.float32), "all_labels": np.array([labels], np.int64),
        "all_scores": np.array([scores], np.float32), "zero": np.zeros(1, np.float32),
    }  # fmt: skip
    inputs = {"images": (FLOAT, ("N", 3, SIDE, SIDE)), "orig_target_sizes": (INT64, ("N", 2))}
    outputs = {"labels": (INT64, ("N", 3)), "boxes": (FLOAT, ("N", 3, 4)),
               "scores": (FLOAT, ("N", 3))}  # fmt: skip
    return write_onnx(path, inputs, outputs, nodes, tensors)


def yolox(path, is_decoded, scale=SIDE / WIDTH, classes=80):
    """84 cells of a 64 px input; three of them see the three people."""
    rows = np.zeros((84, 5 + classes), np.float32)
    corner = np.concatenate(
        [np.stack(np.mgrid[: SIDE // s, : SIDE // s][::-1], -1).reshape(-1, 2) for s in (8, 16, 32)]
    )
    stride = np.repeat([8, 16, 32], [64, 16, 4])[:, None]
    if is_decoded:
        rows[:, :4] = np.concatenate(((corner + 0.5) * stride, stride, stride), axis=1)
    for cell, box, score in zip((10, 70, 82), expected_px() * scale, (0.9, 0.7, 0.8), strict=True):
        center, extent = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        if is_decoded:
            rows[cell, :4] = (*center, *extent)
        else:
            rows[cell, :2] = center / stride[cell] - corner[cell]
            rows[cell, 2:4] = np.log(extent / stride[cell])
        rows[cell, 4:6] = score
    nodes = [
        node("ReduceMean", ["images"], "mean", axes=[1, 2, 3], keepdims=1),
        node("Reshape", ["mean", "one"], "flat"),
        node("Mul", ["flat", "zero"], "nothing"),
        node("Add", ["rows", "nothing"], "output"),
    ]
    tensors = {"rows": rows[None], "zero": np.zeros(1, np.float32), "one": np.array([1], np.int64)}
    inputs, outputs = {"images": (FLOAT, (1, 3, SIDE, SIDE))}, {"output": (FLOAT, (1, 84, 85))}
    return write_onnx(path, inputs, outputs, nodes, tensors)


def detect(path, image):
    return create_detector(f"onnx:{path}", 1).detect(image)


@pytest.mark.parametrize(
    ("names", "normalised"),
    [
        ({}, True),
        ({"image": "pixel_values", "logits": "logits", "boxes": "pred_boxes", "classes": 80,
          "person": 0}, False),
    ],
    ids=["RF-DETR", "RT-DETR of Hugging Face"],
)  # fmt: skip
def test_a_relative_detr_gets_rgb_and_its_boxes_lie_in_the_image(
    tmp_path, image, names, normalised
):
    found = detect(relative_detr(tmp_path / "net.onnx", **names), image)
    rgb = np.array(COLOR[::-1]) / 255
    scores = sigmoid((rgb - MEAN) / STD if normalised else rgb)
    order = np.argsort(-scores)
    np.testing.assert_allclose(found.scores, scores[order], atol=1e-4)
    np.testing.assert_allclose(found.boxes_px, expected_px()[order], atol=1e-3)


def test_a_decoded_detr_is_told_the_images_size_and_only_people_are_taken(tmp_path, image):
    found = detect(decoded_detr(tmp_path / "net.onnx"), image)
    np.testing.assert_allclose(found.scores, [0.9, 0.6], atol=1e-6)
    np.testing.assert_allclose(found.boxes_px, expected_px()[[0, 2]], atol=1e-3)


@pytest.mark.parametrize("is_decoded", [False, True])
def test_yolox_says_its_boxes_decoded_or_not(tmp_path, image, is_decoded):
    found = detect(yolox(tmp_path / "net.onnx", is_decoded), image)
    np.testing.assert_allclose(found.scores, np.square([0.9, 0.8, 0.7]), atol=1e-6)
    np.testing.assert_allclose(found.boxes_px, expected_px()[[0, 2, 1]], atol=0.01)


def test_the_files_own_list_of_classes_tells_the_person(tmp_path, image):
    metadata = {"names": "{0: 'car', 3: 'person', 4: 'personnel'}"}
    found = detect(relative_detr(tmp_path / "net.onnx", person=3, metadata=metadata), image)
    assert len(found) == 3
    assert len(detect(relative_detr(tmp_path / "none.onnx", person=3), image)) == 0


def test_a_network_of_any_size_gets_640_px(tmp_path, image):
    path = relative_detr(tmp_path / "net.onnx", size=("height", "width"))
    detector = create_detector(f"onnx:{path}", 1)
    assert detector._size == (640, 640) and len(detector.detect(image)) == 3


def test_weak_boxes_and_those_that_are_none_are_left_out(tmp_path, image):
    path = decoded_detr(tmp_path / "net.onnx", (0, 0, 0), (0.9, 0.2, float("nan")))
    assert len(detect(path, image)) == 1


def test_an_image_that_is_none_is_refused(tmp_path):
    detector = create_detector(f"onnx:{yolox(tmp_path / 'net.onnx', True)}", 1)
    with pytest.raises(ImageError, match=r"expected \(H, W, 3\)"):
        detector.detect(np.zeros((10, 10), np.uint8))


def other_layout(path, outputs=("a", "b"), image=(FLOAT, (1, 3, SIDE, SIDE)), **sizes):
    nodes = [node("Identity", ["x"], name) for name in outputs]
    shapes = {name: (image[0], image[1]) for name in outputs}
    return write_onnx(path, {"x": image}, shapes, nodes, {})


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (other_layout, "inputs x and outputs a, b: that is none of"),
        (lambda path: other_layout(path, image=(FLOAT, (1, 9))), "takes no image"),
        (lambda path: other_layout(path, image=(INT64, (1, 3, 8, 8))), "takes x of"),
        (lambda path: other_layout(path, image=(FLOAT, (1, 3, 9999, 8))), "at most 4096"),
        (lambda path: relative_detr(path, classes=2, metadata={"names": "{7: 'person'}"}),
         "cannot be run as RF-DETR"),
        (lambda path: path.write_bytes(b"nothing") and path, "is not an ONNX model"),
        (lambda path: path, "does not exist"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_detector_is_one_sentence(tmp_path, make, told):
    with pytest.raises(ModelFileError, match=told) as caught:
        create_detector(f"onnx:{make(tmp_path / 'net.onnx')}", 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["onnx:", "onnx", "yolo"])
def test_a_name_without_a_file_is_refused(name):
    with pytest.raises(Humans4dError, match="give one of nanodet, movenet, onnx:FILE"):
        create_detector(name)
