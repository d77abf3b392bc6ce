import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.detection.letterbox import letterbox, to_detections


@given(height=st.integers(1, 700), width=st.integers(1, 700))
def test_the_input_is_as_small_as_its_stride_allows(height, width):
    batch, scale = letterbox(np.full((height, width, 3), 9, np.uint8), 416)
    _, h, w, _ = batch.shape
    assert max(h, w) == 416 and h % 32 == 0 and w % 32 == 0
    inside = max(1, round(height * scale)), max(1, round(width * scale))
    assert h - inside[0] < 32 and w - inside[1] < 32
    assert (batch[0, : inside[0], : inside[1]] == 9).all()
    assert batch.sum() == 9 * 3 * inside[0] * inside[1]


def test_boxes_come_back_in_pixels_of_the_original_image():
    found = to_detections(np.float32([[10, 20, 30, 60]]), np.float32([0.9]), (480, 640), 0.5)
    np.testing.assert_array_equal(found.boxes_px, [[20, 40, 60, 120]])


@pytest.mark.parametrize(
    "box",
    [(50, 50, 50, 90), (90, 50, 50, 90), (-40, 10, -5, 60), (700, 10, 800, 60),
     (np.nan, 10, 50, 60), (10, 10, np.nan, 60)],
    ids=["no width", "inverted", "left of the image", "right of the image", "nan", "nan too"],
)  # fmt: skip
def test_a_box_that_shows_nothing_is_dropped(box):
    boxes = np.float32([box, (100, 100, 200, 300)])
    found = to_detections(boxes, np.float32([0.9, 0.5]), (480, 640), 1.0)
    np.testing.assert_array_equal(found.boxes_px, [[100, 100, 200, 300]])


def test_the_better_of_two_boxes_of_one_person_stays_and_neighbours_do_too():
    boxes = np.float32([[100, 100, 200, 300], [105, 102, 204, 305], [160, 100, 260, 300]])
    found = to_detections(boxes, np.float32([0.6, 0.8, 0.7]), (480, 640), 1.0)
    np.testing.assert_array_equal(found.boxes_px, boxes[[1, 2]])
    np.testing.assert_allclose(found.scores, [0.8, 0.7])
