"""What a person costs is learned from images as they come."""

import numpy as np
import pytest

from humans4d_core.recovery.budget.recovery_cost import RecoveryCost


def test_nothing_is_known_before_the_first_image():
    cost = RecoveryCost()
    assert cost.people_within(0.1) is None
    cost.add(4, 0.08)
    assert cost.people_within(0.1) == 5


@pytest.mark.parametrize(("base", "each"), [(0.0, 0.02), (0.03, 0.01), (0.1, 0.002)])
def test_base_and_slope_are_told_apart(base, each):
    rng, cost = np.random.default_rng(0), RecoveryCost()
    for _ in range(50):
        people = int(rng.integers(1, 12))
        cost.add(people, (base + each * people) * rng.normal(1, 0.01))
    assert cost.people_within(base + 6.5 * each) == pytest.approx(6, abs=1)


def test_a_machine_that_becomes_slower_is_known_soon():
    cost = RecoveryCost()
    for _ in range(50):
        cost.add(5, 0.05)
    for _ in range(15):
        cost.add(5, 0.15)
    assert 3 <= cost.people_within(0.12) <= 5


def test_one_person_is_recovered_however_little_time_there_is():
    cost = RecoveryCost()
    for people in (3, 5, 8):
        cost.add(people, 0.1 * people)
    assert cost.people_within(1e-4) == 1
