import cv2
import numpy as np
import pytest
from places import SHARED

from humans4d_core.detection import DETECTORS, create_detector
from humans4d_core.errors import Humans4dError, ImageError

MEDIA = SHARED / "media"


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request):
    return create_detector(request.param, threads=1)


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU (N, M) of boxes (N, 4) and (M, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clip(0).prod(-1)
    areas = [(x[:, 2:] - x[:, :2]).prod(-1) for x in (a, b)]
    return both / (areas[0][:, None] + areas[1][None] - both)


@pytest.mark.parametrize(
    "size, people",
    [
        ((480, 640), [(200, 60, 380), (420, 150, 250)]),
        ((720, 1280), [(300, 150, 500), (620, 300, 250)]),
        ((1280, 720), [(350, 300, 700)]),
        ((2000, 3000), [(1500, 300, 1500)]),
    ],
)
def test_people_are_found_where_they_are(detector, draw_people, size, people):
    image, boxes = draw_people(*size, people)
    found = detector.detect(image)
    assert len(found) == len(people)
    assert (overlap(boxes, found.boxes_px).max(axis=1) > 0.75).all()


def test_twenty_people_are_found(detector, draw_people):
    people = [(100 + 92 * k, 300 + 250 * (k % 2), 230) for k in range(20)]
    image, boxes = draw_people(1080, 1920, people)
    found = detector.detect(image)
    assert len(found) == 20
    assert (overlap(boxes, found.boxes_px).max(axis=1) > 0.75).all()


def test_result_is_float32_clipped_to_the_image_and_best_first(detector, draw_people):
    people = [(100 + 130 * k, 250, 260) for k in range(5)]
    image, _ = draw_people(480, 640, people)
    found = detector.detect(image)
    assert len(found) >= 4
    assert found.boxes_px.dtype == found.scores.dtype == np.float32
    assert (found.boxes_px >= 0).all() and (found.boxes_px <= (640, 480, 640, 480)).all()
    assert (found.boxes_px[:, 2:] > found.boxes_px[:, :2]).all()
    assert (np.diff(found.scores) <= 0).all() and (found.scores <= 1).all()


def test_nobody_is_an_empty_result(detector, draw_people):
    image, _ = draw_people(480, 640)
    found = detector.detect(image)
    assert found.boxes_px.shape == (0, 4) and found.scores.shape == (0,)


@pytest.mark.parametrize("size", [(1, 1), (4, 4000), (4000, 4), (31, 33), (6000, 8000)])
@pytest.mark.parametrize("value", [0, 255])
def test_an_image_of_any_size_is_taken(detector, size, value):
    assert len(detector.detect(np.full((*size, 3), value, np.uint8))) == 0


def test_a_view_that_is_not_contiguous_gives_the_same_boxes(detector, draw_people):
    image, _ = draw_people(480, 640, [(200, 60, 380)])
    view = np.ascontiguousarray(image[:, ::-1, ::-1])[:, ::-1, ::-1]
    np.testing.assert_array_equal(detector.detect(view).boxes_px, detector.detect(image).boxes_px)


def test_detecting_does_not_change_the_image(detector, draw_people):
    image, _ = draw_people(320, 416, [(200, 20, 280)])
    before = image.copy()
    detector.detect(image)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((480, 640), np.uint8),
        np.zeros((480, 640, 4), np.uint8),
        np.zeros((480, 640, 3), np.float32),
        np.zeros((0, 640, 3), np.uint8),
    ],
    ids=["grayscale", "alpha", "float", "empty"],
)
def test_what_is_not_a_colour_image_is_refused(detector, image):
    with pytest.raises(ImageError, match="image"):
        detector.detect(image)


def test_an_unknown_detector_is_refused_with_the_known_names():
    with pytest.raises(
        Humans4dError, match="detector is 'yolo': give one of nanodet, movenet, onnx:FILE"
    ):
        create_detector("yolo")


#: Least recall and precision at IoU .5 on every 40th frame.
PETS = {"nanodet": (0.86, 0.75), "movenet": (0.86, 0.9)}


def test_pedestrians_of_pets_are_found(detector):
    folder = MEDIA / "pets09-s2l1"
    if not (folder / "vtest.avi").is_file():
        pytest.skip("PETS09-S2L1 is not in ../shared/media")
    truth = np.loadtxt(folder / "gt.txt", delimiter=",")
    truth[:, 4:6] += truth[:, 2:4]
    video = cv2.VideoCapture(str(folder / "vtest.avi"))
    hits = people = boxes = 0
    for number in range(1, 796):
        video.grab()
        if number % 40 != 1:
            continue
        found = detector.detect(video.retrieve()[1])
        rows = truth[(truth[:, 0] == number) & (truth[:, 6] != 0)]
        hits += (overlap(rows[:, 2:6], found.boxes_px) > 0.5).any(axis=1).sum()
        people += len(rows)
        boxes += len(found)
    recall, precision = PETS[detector.name]
    assert people > 80
    assert hits / people >= recall and hits / boxes >= precision


def test_a_runner_who_fills_the_image_is_found(detector):
    path = MEDIA / "clips" / "runner.mp4"
    if not path.is_file():
        pytest.skip("runner.mp4 is not in ../shared/media")
    video = cv2.VideoCapture(str(path))
    counts = []
    for number in range(180):
        video.grab()
        if number % 6 == 0:
            counts.append(len(detector.detect(video.retrieve()[1])))
    least = {"nanodet": 0.8, "movenet": 1.0}
    assert np.mean(np.array(counts) == 1) >= least[detector.name]
