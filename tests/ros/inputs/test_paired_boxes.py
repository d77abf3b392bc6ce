"""Boxes of another node find their image, and say what they are."""

import math
import os
from types import SimpleNamespace

import numpy as np
import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.inputs.paired_boxes import (
    CAPACITY,
    MAX_MESSAGE_BYTES,
    Pairing,
    boxes_message,
    detections_from_message,
)
from humans4d_ros.inputs.refusals import BoxesError


def box(x, y, width, height, *results, theta=0.0):
    """vision_msgs/Detection2D, of which only the fields count; results: (class_id, score)."""
    position = SimpleNamespace(x=float(x), y=float(y))
    center = SimpleNamespace(position=position, theta=float(theta))
    return SimpleNamespace(
        bbox=SimpleNamespace(center=center, size_x=float(width), size_y=float(height)),
        results=[
            SimpleNamespace(hypothesis=SimpleNamespace(class_id=name, score=score))
            for name, score in results
        ],
    )


def boxes(*detections):
    return SimpleNamespace(detections=detections)


def test_boxes_are_corners_and_scores():
    message = boxes(
        box(100, 200, 40, 80, ("person", 0.75)), box(10, 20, 4, 8, ("dog", 0.9), ("person", 0.25))
    )
    detections = detections_from_message(message, "person")
    assert (detections.boxes_px.dtype, detections.scores.dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(detections.boxes_px, [[80, 160, 120, 240], [8, 16, 12, 24]])
    np.testing.assert_array_equal(detections.scores, [0.75, 0.25])


def test_only_people_are_taken():
    message = boxes(box(1, 2, 3, 4, ("dog", 0.9)), box(1, 2, 3, 4))
    assert len(detections_from_message(message, "person")) == 0


def test_without_a_class_every_box_is_a_persons():
    message = boxes(box(1, 2, 3, 4, ("7", 0.5), ("8", 0.75)), box(1, 2, 3, 4))
    np.testing.assert_array_equal(detections_from_message(message, "").scores, [0.75, 1.0])


def test_a_turned_box_becomes_the_upright_one_around_it():
    message = boxes(
        box(50, 50, 20, 40, ("person", 0.5), theta=math.pi / 2),
        box(50, 50, 20, 20, ("person", 0.5), theta=-math.pi / 4),
    )
    corners = detections_from_message(message, "person").boxes_px
    half = 10 * math.sqrt(2)
    np.testing.assert_allclose(
        corners, [[30, 40, 70, 60], [50 - half, 50 - half, 50 + half, 50 + half]], rtol=1e-6
    )


def test_nobody_is_an_empty_list():
    assert len(detections_from_message(boxes(), "person")) == 0


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (box(math.nan, 2, 3, 4, ("person", 0.5)), "not finite"),
        (box(1, 2, math.inf, 4, ("person", 0.5)), "not finite"),
        (box(1, 2, 0, 4, ("person", 0.5)), "no size"),
        (box(1, 2, 3, -4, ("person", 0.5)), "no size"),
        (box(1, 2, 3, 4, ("person", 93.0)), "score 93: give 0 to 1"),
        (box(1, 2, 3, 4, ("person", -0.5)), "score -0.5: give 0 to 1"),
        (box(1, 2, 3, 4, ("person", math.nan)), "not finite"),
        (box(1e300, 2, 3, 4, ("person", 0.5)), "larger than any image"),
    ],
)
def test_boxes_that_cannot_be_are_refused(bad, told):
    with pytest.raises(BoxesError, match=told):
        detections_from_message(boxes(box(1, 2, 3, 4, ("person", 0.5)), bad), "person")


def test_image_and_boxes_find_each_other_whichever_comes_first():
    pairing = Pairing()
    assert pairing.add_image(1, "image 1", 0.0) is None
    assert pairing.add_boxes(1, "boxes 1") == (("image 1", "boxes 1"), 0)
    assert pairing.add_boxes(2, "boxes 2") == (None, 0)
    assert pairing.add_image(2, "image 2", 0.0) == ("image 2", "boxes 2")
    assert pairing.add_image(2, "image 2 again", 0.0) is None


def test_images_that_the_other_node_left_out_are_told():
    pairing = Pairing()
    for stamp in (1, 2, 3, 4):
        pairing.add_image(stamp, f"image {stamp}", 0.0)
    assert pairing.add_boxes(3, "boxes 3") == (("image 3", "boxes 3"), 2)
    assert pairing.add_boxes(4, "boxes 4") == (("image 4", "boxes 4"), 0)


def test_images_wait_so_long_and_no_longer():
    pairing = Pairing()
    pairing.add_image(1, "image 1", 10.0)
    pairing.add_image(2, "image 2", 10.15)
    assert pairing.expire(0.2, 10.15) == 0
    assert pairing.expire(0.2, 10.25) == 1
    assert pairing.add_boxes(1, "boxes 1") == (None, 0)
    assert pairing.add_boxes(2, "boxes 2") == (("image 2", "boxes 2"), 0)


def test_neither_images_nor_boxes_pile_up():
    pairing, expired = Pairing(), 0
    for stamp in range(1000):
        pairing.add_image(2 * stamp, "image", 0.0)
        pairing.add_boxes(2 * stamp + 1, "boxes")
        expired += pairing.expire(1e9, 0.0)
    assert len(pairing._images) <= CAPACITY
    assert len(pairing._boxes) <= CAPACITY
    assert expired == 1000 - len(pairing._images)


def test_a_message_of_a_million_boxes_is_refused_before_it_is_read():
    with pytest.raises(BoxesError, match="100 MB: at most 8 MB"):
        boxes_message(bytes(100 << 20))


def test_a_message_of_ten_thousand_boxes_is_read(underlay):
    from rclpy.serialization import serialize_message
    from vision_msgs import msg as vision_msgs

    one = vision_msgs.Detection2D()
    one.bbox.size_x = one.bbox.size_y = 5.0
    one.results.append(vision_msgs.ObjectHypothesisWithPose())
    one.results[0].hypothesis.class_id, one.results[0].hypothesis.score = "person", 0.5
    serialized = serialize_message(vision_msgs.Detection2DArray(detections=[one] * 10_000))
    assert len(serialized) < MAX_MESSAGE_BYTES
    assert len(detections_from_message(boxes_message(serialized), "person")) == 10_000


def test_pairs_come_in_the_order_of_their_stamps():
    """Boxes that were there before their image overtake an image that still waits for its own."""
    pairing = Pairing()
    assert pairing.add_image(3, "image 3", 0.0) is None
    assert pairing.add_boxes(4, "boxes 4") == (None, 0)
    assert pairing.add_image(4, "image 4", 0.0) == ("image 4", "boxes 4")
    assert pairing.add_boxes(3, "boxes 3") == (None, 1)
    assert pairing.add_image(5, "image 5", 0.0) is None
    assert pairing.add_boxes(5, "boxes 5") == (("image 5", "boxes 5"), 0)
