"""How cameras differ is found from the people whom they see together."""

import numpy as np
import pytest

from humans4d_core.fusion.camera_agreement import CameraAgreement


def watched(offset, skew, speed, lists=60):
    """Two cameras and three people who walk; the second camera differs."""
    rng, agreement = np.random.default_rng(0), CameraAgreement()
    for number in range(lists):
        angle = rng.uniform(0, 2 * np.pi, 3)
        velocity = speed * np.column_stack((np.cos(angle), np.sin(angle), np.zeros(3)))
        first = rng.normal(0, 3, (3, 3))
        second = first + offset - skew * velocity + rng.normal(0, 0.05, (3, 3))
        agreement.add(
            number * 10**8, np.repeat([0, 1], 3), np.tile(np.arange(3), 2),
            np.concatenate((first, second)), np.tile(velocity, (2, 1)),
        )  # fmt: skip
    return agreement.told()


@pytest.mark.parametrize("skew", [0.0, 0.12, -0.3])
def test_an_offset_and_late_stamps_are_told_apart(skew):
    offset = np.array([0.2, -0.1, 0.05])
    (found,) = watched(offset, skew, 1.2)
    assert (found.first, found.second) == (0, 1)
    np.testing.assert_allclose(found.offset, offset, atol=0.03)
    assert found.skew == pytest.approx(skew, abs=0.03)


def test_of_people_who_stand_nothing_is_said_about_clocks():
    (found,) = watched(np.array([0.3, 0, 0]), 0.5, 0.0)
    assert np.isnan(found.skew)
    np.testing.assert_allclose(found.offset, [0.3, 0, 0], atol=0.03)


def test_a_few_sights_say_nothing():
    assert watched(np.zeros(3), 0.0, 1.0, lists=4) == []


def test_what_was_long_ago_is_forgotten():
    agreement = CameraAgreement()
    places = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    for seconds in [*np.arange(0, 10, 0.1), *np.arange(200, 210, 0.1)]:
        if seconds >= 200:
            places[1] = 0
        agreement.add(
            int(seconds * 1e9), np.array([0, 1]), np.zeros(2, int), places, np.zeros((2, 3))
        )
    (found,) = agreement.told()
    assert np.linalg.norm(found.offset) < 0.01
