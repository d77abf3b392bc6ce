import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.evaluation.truth.times import at_images, nearest_image

STAMPS = st.lists(st.integers(0, 10_000), min_size=1, max_size=30, unique=True)


@given(STAMPS, STAMPS, st.integers(0, 5000))
def test_the_nearest_image_is_no_farther_than_any_other(stamps, images, tolerance):
    stamps, images = np.array(stamps), np.array(images)
    rows = nearest_image(stamps, images, tolerance)
    gaps = np.abs(stamps[:, None] - images[None])
    for row, gap in zip(rows, gaps, strict=True):
        if row < 0:
            assert gap.min() > tolerance
        else:
            assert gap[row] == gap.min() <= tolerance


@given(STAMPS, STAMPS)
def test_a_straight_way_is_met_at_every_image_between(stamps, images):
    stamps, images = np.sort(np.array(stamps)), np.array(images)
    places = stamps[:, None] * np.array((1.0, -2.0, 0.5)) + 3
    found = at_images(stamps, places, images, 10_000)
    inside = (images >= stamps[0]) & (images <= stamps[-1])
    np.testing.assert_array_equal(np.isfinite(found).all(1), inside)
    expected = images[inside, None] * np.array((1.0, -2.0, 0.5)) + 3
    np.testing.assert_allclose(found[inside], expected, rtol=1e-9)


def test_a_gap_longer_than_the_tolerance_is_not_crossed():
    found = at_images(np.array([0, 100, 1000]), np.zeros((3, 3)), np.array([50, 500]), 60)
    assert np.isfinite(found[0]).all() and np.isnan(found[1]).all()
