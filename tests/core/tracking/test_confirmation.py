import numpy as np

from humans4d_core.tracking.confirmation import is_sure, may_start


def test_a_sure_score_is_wrong_far_more_seldom_whatever_the_detectors_scale():
    assert is_sure(np.array([0.5, 0.6, 0.65]), 0.5).tolist() == [False, False, True]
    assert is_sure(np.array([0.9, 0.95, 0.97]), 0.9).tolist() == [False, False, True]
    assert is_sure(np.array([0.0, 1.0]), 0.0).all()


def test_who_lies_has_to_be_surer_than_who_stands():
    upright, lying = (0, 0, 40, 100), (0, 0, 100, 40)
    boxes = np.array([upright, lying, lying], np.float32)
    assert may_start(boxes, np.array([0.55, 0.55, 0.7]), 0.5).tolist() == [True, False, True]
    assert not may_start(boxes, np.full(3, 0.4), 0.5).any()
