import numpy as np
import pytest

from humans4d_core.detection import GivenBoxes
from humans4d_core.detection.score_scale import ScoreScale
from humans4d_core.types import Detections


def scale(scores, images=50):
    learned = ScoreScale()
    for some in np.array_split(np.asarray(scores), images):
        learned.watch(some)
    return learned.start_score


def test_before_the_first_box_every_score_will_do():
    assert ScoreScale().start_score == 0.0
    assert scale([], 3) == 0.0


@pytest.mark.parametrize(
    ("lowest", "highest", "start"), [(0.15, 0.5, 0.22), (0.35, 0.85, 0.51), (0.5, 0.999, 0.70)]
)
def test_a_start_score_lies_within_the_scores_that_a_detector_gives(lowest, highest, start):
    """Weak ones, middling ones, and those that are as good as 1."""
    assert scale(np.tile(np.linspace(lowest, highest, 200), 10)) == pytest.approx(start, abs=0.05)


def test_what_comes_later_changes_nothing_before():
    first = np.full(100, 0.5)
    learned = ScoreScale()
    learned.watch(first)
    early = learned.start_score
    learned.watch(np.full(1000, 0.99))
    assert early == scale(first) and learned.start_score > early


def test_a_detector_that_changes_is_learned_anew():
    learned = ScoreScale()
    for _ in range(300):
        learned.watch(np.full(100, 0.95))
    for _ in range(500):
        learned.watch(np.full(100, 0.4))
    assert learned.start_score == pytest.approx(scale(np.full(100, 0.4)), abs=0.02)


def test_given_boxes_learn_unless_the_score_is_given():
    boxes = Detections(np.zeros((10, 4), np.float32), np.full(10, 0.6, np.float32))
    learning, told = GivenBoxes(), GivenBoxes(0.3)
    for detector in (learning, told):
        detector.watch(boxes)
    assert learning.start_score == pytest.approx(scale(np.full(10, 0.6), 1))
    assert told.start_score == 0.3
