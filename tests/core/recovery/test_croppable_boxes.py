import numpy as np
import pytest

from humans4d_core.recovery.croppable_boxes import croppable


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((10, 10, 50, 90), True),
        ((-30, -30, 5, 5), True),  # one corner inside
        ((-1e6, -1e6, 1e6, 1e6), True),  # larger than the image
        ((-30, 10, 0, 90), False),  # left of the image
        ((100, 10, 140, 90), False),  # right of it
        ((10, 10, 12, 90), False),  # two pixels wide
        ((50, 10, 10, 90), False),  # corners exchanged
        ((-1e7, 10, 50, 90), False),  # no person is that large
        ((10, 10, np.inf, 90), False),
        ((np.nan, 10, 50, 90), False),
    ],
)
def test_only_boxes_with_something_of_the_image_can_be_cropped(box, expected):
    assert croppable(np.array([box], np.float32), 100, 80).tolist() == [expected]


def test_no_boxes_give_an_empty_mask():
    assert croppable(np.zeros((0, 4), np.float32), 100, 80).shape == (0,)
