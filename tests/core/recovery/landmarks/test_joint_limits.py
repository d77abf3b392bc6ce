import numpy as np

from humans4d_core.recovery.landmarks.joint_limits import ACTIVE_JOINTS, joint_limits

LEFT_RIGHT = ((1, 2), (4, 5), (7, 8), (13, 14), (16, 17), (18, 19), (20, 21))


def test_ranges_hold_rest_and_are_ordered():
    low, high, spread = joint_limits()
    assert (low <= 0).all() and (high >= 0).all() and (low < high).all() and (spread > 0).all()


def test_right_side_mirrors_the_left():
    low, high, _ = joint_limits()
    row = {joint: k for k, joint in enumerate(ACTIVE_JOINTS)}
    for left, right in LEFT_RIGHT:
        np.testing.assert_allclose(low[row[right]][0], low[row[left]][0])
        np.testing.assert_allclose(low[row[right]][1:], -high[row[left]][1:])
        np.testing.assert_allclose(high[row[right]][1:], -low[row[left]][1:])


def test_knees_and_elbows_do_not_bend_backwards():
    low, high, _ = joint_limits()
    row = {joint: k for k, joint in enumerate(ACTIVE_JOINTS)}
    assert low[row[4], 0] == 0 and high[row[18], 1] == 0 and low[row[19], 1] == 0
